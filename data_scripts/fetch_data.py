"""Fetch, check and pass on the data sets of the course.

python data_scripts/fetch_data.py list
python data_scripts/fetch_data.py get men brown
python data_scripts/fetch_data.py get all
python data_scripts/fetch_data.py verify
python data_scripts/fetch_data.py mirror /media/usb/course-data
python data_scripts/fetch_data.py mirror /media/usb/course-data imdb glove_6b
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

try:
    from course_lib.datasets import store
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib.datasets import store

from course_lib.datasets import records
from course_lib.datasets.registry import REGISTRY, Dataset, unknown_name
from course_lib.datasets.store import DataUnavailable

EXIT_CODES = """\
exit codes:
  0    all that was asked for was done
  1    something failed, is missing or is damaged; the output says what, and how to mend it
  2    the command itself was wrong (an unknown name, a missing argument)
  130  interrupted; nothing half-written is left, the same command starts again cleanly
"""
MANIFEST = "MANIFEST.json"
MANIFEST_NOTE = "built by data_scripts/fetch_data.py mirror"


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: print(_indent(str(message)))
            return arguments.run(arguments)
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing half-written is left; run the same command again.")
        return 130
    except OSError as error:
        print(f"Stopped: {error}. Nothing half-written is left.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fetch_data.py",
        description="Fetch, check and pass on the data sets of the course.",
        epilog=EXIT_CODES
        + "\nenvironment:\n"
        + "  COURSE_DATA_CACHE   folder for downloads (default: the cache folder of the system)\n"
        + "  COURSE_DATA_MIRROR  folders with ready files, separated as in PATH\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, words in (
        (list_sets, "show every data set: size, where it was found, licence, source"),
        (get, "download data sets into the cache"),
        (verify, "check every file in the cache, the mirrors and the packages"),
        (mirror, "build a folder of files for a lecture room without network"),
    ):
        name = run.__name__.removesuffix("_sets")
        command = commands.add_parser(
            name,
            help=words,
            description=words[0].upper() + words[1:] + ".",
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        if run is get:
            command.add_argument("names", nargs="+", metavar="NAME", type=_known, help="or 'all'")
        if run is mirror:
            command.add_argument("folder", metavar="DIR", type=Path)
            command.add_argument(
                "names", nargs="*", metavar="NAME", type=_known, help="which data sets; default all"
            )
    return parser


def _known(name: str) -> str:
    if name != "all" and name not in REGISTRY:
        raise argparse.ArgumentTypeError(unknown_name(name, REGISTRY))
    return name


def list_sets(arguments: argparse.Namespace) -> int:
    """Print one line a data set, and its source below."""
    for row in REGISTRY.values():
        size = store.readable_size(row.size)
        print(f"{row.name:<18} {size:>8}  {store.state(row):<9} {row.license}")
        print(f"{'':<18} {row.what}. {row.citation}.")
    print(f"\ncache:  {store.cache_dir()}")
    for folder in store.mirror_dirs():
        print(f"mirror: {folder}{'' if folder.is_dir() else ' (no such folder)'}")
    return 0


def get(arguments: argparse.Namespace) -> int:
    """Download data sets one after the other; a failure does not stop the rest."""
    rows = _chosen(arguments.names)
    return 0 if len([row for row in rows if _obtain(row)]) == len(rows) else 1


def _chosen(names: list[str]) -> list[Dataset]:
    """Return the data sets of these names, and say how much of them has to be downloaded."""
    rows = list(REGISTRY.values())
    if "all" not in names:
        rows = [REGISTRY[name] for name in dict.fromkeys(names)]
    missing = [f.size for row in rows for f in row.files if f.url and not store.find(f)]
    if missing:
        known = [size for size in missing if size is not None]
        parts = [store.readable_size(sum(known))] if known else []
        if unknown := len(missing) - len(known):
            parts.append(f"{unknown} file{'s' * (unknown > 1)} of a length that is not published")
        print(f"To download: {' and '.join(parts)}. Ctrl-C stops it cleanly.")
    return rows


def _obtain(row: Dataset) -> tuple[Path, ...] | None:
    """Find or download a data set and say so; None where that fails."""
    print(f"{row.name}: {row.what}")
    print(f"  licence: {row.license}. Source: {row.citation}.")
    try:
        paths = store.locate(row.name, download=True)
    except DataUnavailable as error:
        print(_indent(str(error)))
        return None
    print(f"  ready:   {store.used()[row.name]}, {', '.join(map(str, paths))}")
    return paths


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


def verify(arguments: argparse.Namespace) -> int:
    """Hash every copy of every file, wherever it stands."""
    damaged = 0
    for folder in store.mirror_dirs():
        if not folder.is_dir():
            damaged += 1
            print(f"WRONG    {folder} is named in COURSE_DATA_MIRROR, but there is no such folder.")
    for row in REGISTRY.values():
        for file in row.files:
            copies = [place for place in store.places(file) if place.path.is_file()]
            for place in copies:
                trouble = store.problem(place, file)
                damaged += trouble is not None
                print(f"{'WRONG' if trouble else 'right':<8} {row.name:<18} {place.path}")
                if trouble:
                    print(f"{'':<8} {trouble}")
                    first = "" if place.ships else "delete this file; then "
                    print(f"{'':<8} to mend: {first}{store.repair_advice(row, file)}")
            if not copies:
                print(f"{'absent':<8} {row.name:<18} {file.path}")
    print(f"\n{damaged} wrong." if damaged else "\nNothing is wrong.")
    return 1 if damaged else 0


def mirror(arguments: argparse.Namespace) -> int:
    """Copy data sets that do not ship with a package into a folder, checked."""
    folder: Path = arguments.folder
    manifest = folder / MANIFEST
    if manifest.exists() and MANIFEST_NOTE not in manifest.read_text(encoding="utf-8"):
        print(f"{manifest} was not written by this command. Choose another folder.")
        return 1
    included, left_out = [], []
    for row in _chosen(arguments.names or ["all"]):
        if row.kind == "embedded":
            continue
        paths = _obtain(row)
        if paths is None:
            left_out.append(row.name)
            continue
        try:
            for file, path in zip(row.files, paths, strict=True):
                copy = store.Place(folder / file.path, "mirror")
                if file.sha256 is None:  # the copy is checked against the record of this file
                    known = records.with_record(path, file)
                    records.write(
                        copy.path, known if known.sha256 else records.measured(path, file)
                    )
                if not copy.path.is_file() or store.problem(copy, file):
                    _copy(path, copy.path)
        except OSError as error:
            print(f"  {folder / file.path} could not be written: {error.strerror or error}.")
            left_out.append(row.name)
            continue
        included.append(row)
    if included:  # what an earlier call has put there stays on the list
        remote = [row for row in REGISTRY.values() if row.kind == "remote"]
        _write_manifest(folder, [row for row in remote if _stands_in(folder, row)])
    print(f"\nIncluded: {', '.join(row.name for row in included) or 'nothing'}.")
    if left_out:
        print(f"Not included, see above: {', '.join(left_out)}.")
    if included:
        print(f"To use it: set COURSE_DATA_MIRROR to {folder.resolve()}")
    return 1 if left_out else 0


def _stands_in(folder: Path, row: Dataset) -> bool:
    copies = [(store.Place(folder / file.path, "mirror"), file) for file in row.files]
    return not any(store.problem(place, file) for place, file in copies)


def _copy(source: Path, target: Path) -> None:
    """Copy atomically: under a temporary name, then rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as staging:
        Path(shutil.copyfile(source, Path(staging) / target.name)).replace(target)


def _write_manifest(folder: Path, rows: list[Dataset]) -> None:
    manifest = folder / MANIFEST
    content = {
        "note": MANIFEST_NOTE,
        "datasets": [
            {
                "name": row.name,
                "what": row.what,
                "license": row.license,
                "source": row.citation,
                "files": [
                    {"path": file.path, "bytes": held.size, "sha256": held.sha256}
                    for file in row.files
                    for held in [records.with_record(folder / file.path, file)]
                ],
            }
            for row in rows
        ],
    }
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=manifest.parent) as staging:
        draft = Path(staging) / MANIFEST
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(manifest)


if __name__ == "__main__":
    sys.exit(main())
