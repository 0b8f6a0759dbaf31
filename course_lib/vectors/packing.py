"""Vector files as they are downloaded: packed, or the one file inside an archive."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, get_args

BINARY_SUFFIX = ".bin"
TEXT_SUFFIXES = (".txt", ".vec")
PACKED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
Errors = Literal["strict", "replace", "ignore"]
_DAMAGED = (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)


def is_binary(path: Path) -> bool:
    """Tell the form of a vector file from the ending of its name."""
    if path.suffix.lower() == BINARY_SUFFIX:
        return True
    if path.suffix.lower() in TEXT_SUFFIXES:
        return False
    raise ValueError(
        f"{path.name} ends in {path.suffix or 'nothing'!r}; use .bin (binary) or .txt, .vec (text)."
    )


@contextmanager
def opened(path: Path, suffixes: Sequence[str], errors: Errors) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file, packed or not; give its bytes, and the name that it has unpacked.

    Of a ``.zip`` the one member whose name ends in one of ``suffixes``. Also checks ``errors``.
    """
    if errors not in get_args(Errors):
        raise ValueError(f"errors is {errors!r}; use 'strict', 'replace' or 'ignore'.")
    packing = path.suffix.lower()
    inner = path.with_suffix("") if packing in PACKED else path
    if packing != ".zip":
        is_binary(inner)  # a name that says nothing is refused before the file is looked for
    if not path.is_file():
        raise FileNotFoundError(f"There is no vector file {path}.")
    if packing != ".zip":
        with whole(str(path)), PACKED.get(packing, open)(path, "rb") as stream:
            yield stream, inner
        return
    with whole(str(path)), zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.startswith("__MACOSX/") and n[-1] != "/"]
        fitting = [name for name in names if Path(name).suffix.lower() in suffixes]
        if len(fitting) != 1:
            raise ValueError(
                f"{path} holds {', '.join(names) or 'nothing'}; one file that ends in "
                f"{', '.join(suffixes)} was expected. Unpack it, and give the file itself."
            )
        with archive.open(fitting[0]) as stream:
            yield stream, Path(fitting[0])


@contextmanager
def whole(name: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn what is raised for a cut or altered file, by unpacking or as said, into a ValueError."""
    try:
        yield
    except (*_DAMAGED, RuntimeError, *errors) as error:  # the last: a password is asked for
        if getattr(error, "errno", None):  # the disk's, not that of a file in gz or bz2
            raise
        raise ValueError(
            f"{name} cannot be unpacked: {error}. It is cut, altered, or not what its ending "
            "says. Fetch it again."
        ) from error
