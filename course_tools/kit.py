"""Build the lecture-room kit: ``python -m course_tools.kit [--data FOLDER]``.

One archive sets up a room without internet: student copies, slides, pages for the instructor,
the course and wheels of all that it needs for the platform at hand, and data where they may be
passed on. ``--platform win_amd64 macosx_14_0_arm64 --python 3.12`` takes the wheels of other
platforms and of one Python instead. ``--prove`` unpacks an archive, installs from it with the
network cut, and runs a notebook there; for other platforms it resolves the course from the wheels.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import course_lib
from course_lib.datasets import REGISTRY, Dataset, store
from course_tools import (
    editions,
    kit_install,
    kit_prove,
    kit_start,
    kit_wheels,
    leaks,
    notebooks,
)
from course_tools.kit_wheels import Target

NAME = "word-vectors-course-kit"
DEFAULT = notebooks.ROOT / "build" / f"{NAME}.zip"
SLIDES = notebooks.ROOT / "build" / "slides"
# What stands beside course_lib in a checkout and is read by notebooks or people.
BESIDE = (
    "LICENSE",
    "README.md",
    "constraints.txt",
    "pyproject.toml",
    "benchmarks/*.json",
    "data_scripts/*.py",
    "docs/*.md",
)
PACKAGES = ("course_lib", "course_exercises", "course_tools")
_MADE = ("__pycache__", "node_modules")  # made by tools, in the middle of the sources
Member = Path | bytes

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def course_files(root: Path) -> dict[str, Member]:
    """Return the course itself, as a checkout holds it, without notebooks and tests."""
    found: dict[str, Member] = {}
    paths = [path for pattern in BESIDE for path in root.glob(pattern)]
    for path in (p for name in PACKAGES for p in (root / name).rglob("*")):
        parts = path.relative_to(root).parts
        if not any(part in _MADE or part.startswith(".") for part in parts):
            paths.append(path)
    for path in paths:
        if path.is_file():
            found[f"course/{path.relative_to(root).as_posix()}"] = path
    return found


def tree(folder: Path, name: str) -> dict[str, Member]:
    """Return every file of a folder under a new name; nothing if it is not there."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return {f"{name}/{p.relative_to(folder).as_posix()}": p for p in paths if p.is_file()}


def may_be_passed_on(row: Dataset) -> bool:
    """Tell whether the source of a data set states a licence; all that are stated allow it."""
    return not row.license.startswith("not stated")


def sort_data(folder: Path) -> tuple[list[Dataset], list[Dataset]]:
    """Return the complete data sets of a folder: to pass on, and to leave out.

    Raises
    ------
    ValueError
        If there is no such folder, nothing of the course in it, or a file in it is damaged.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    there = []
    for row in REGISTRY.values():
        copies = [(store.Place(folder / file.path, "mirror"), file) for file in row.files]
        if row.kind == "embedded" or not all(place.path.is_file() for place, _ in copies):
            continue
        for place, file in copies:
            if trouble := store.problem(place, file):
                raise ValueError(f"{place.path} is damaged: {trouble}")
        there.append(row)
    if not there:
        raise ValueError(f"no data set of the course stands whole in {folder}")
    return [r for r in there if may_be_passed_on(r)], [r for r in there if not may_be_passed_on(r)]


def fill_data(source: Path, rows: Sequence[Dataset], target: Path) -> None:
    """Copy data sets as ``fetch_data.py mirror`` does, checked, with their list and licences."""
    script = notebooks.ROOT / "data_scripts" / "fetch_data.py"
    command = [sys.executable, str(script), "mirror", str(target), *(row.name for row in rows)]
    with tempfile.TemporaryDirectory() as empty:
        places = {"COURSE_DATA_MIRROR": str(source), "COURSE_DATA_CACHE": empty}
        subprocess.run(command, env={**os.environ, **places}, check=True, stdout=subprocess.DEVNULL)


def readme(
    passed_on: Sequence[Dataset],
    left_out: Sequence[Dataset],
    slides: bool,
    targets: Sequence[Target] = (),
) -> str:
    """Return the page that says what the kit holds and how a room is set up with it."""
    python, platforms = _platforms(targets)
    rooms = "; ".join(kit_install.named(p) for p in platforms)
    about = (
        "| folder | what |\n|---|---|\n"
        "| `notebooks` | the student copies, without solutions |\n"
        + ("| `slides` | one folder for each notebook; open `index.html` |\n" if slides else "")
        + "| `course` | the library and what the notebooks read; `course/docs` for instructors |\n"
        "| `wheels` | Python packages |\n"
        + ("| `data` | data sets of others, each under its own licence |\n" if passed_on else "")
    )
    data = ""
    if passed_on:
        lines = "".join(
            f"| `{r.name}` | {r.what} | {r.license} | {r.citation} |\n" for r in passed_on
        )
        data = f"\n## Data\n\n| name | what | licence | source |\n|---|---|---|---|\n{lines}"
    if left_out:
        names = ", ".join(f"`{row.name}`" for row in left_out)
        data += (
            f"\nNot in the kit, since their sources state no licence: {names}. Whoever has them "
            "puts them into a folder of the room and names it in `COURSE_DATA_MIRROR` before the "
            "start.\n"
        )
    return f"""\
# Word vectors, the kit for a lecture room

Version {course_lib.__version__}, for Python {python} on {rooms}. No network is needed.

## Set up

Unpack the archive where it shall stay, in a folder with a short name. In that folder:

    python install.py

That checks every file, makes an environment in `.venv` and copies the notebooks to `work`. Where
`python` is not Python {python}, write `python{python}`, on Windows `py -{python}`. Given again, the
command mends what is missing, and leaves alone what a student has written in `work`.

## Start

    python start.py

opens JupyterLab in `work`. `COURSE_PROFILE=smoke` makes every notebook small and fast.

## What is in it

{about}{data}
The course is under the Apache licence 2.0 (`course/LICENSE`), each package under its own. More:
`course/docs/lecture_room.md`.
"""


def _platforms(targets: Sequence[Target]) -> tuple[str, list[dict[str, str]]]:
    """Return the Python and the platforms of a kit; without a target those of this machine."""
    if targets:
        every = [{"system": t.system, "machine": t.machine, "tag": t.tag} for t in targets]
        return targets[0].python, every
    return kit_install.here()


def contents(
    *,
    slides: Path = SLIDES,
    wheels: Path | None = None,
    data: Path | None = None,
    passed_on: Sequence[Dataset] = (),
    left_out: Sequence[Dataset] = (),
    targets: Sequence[Target] = (),
) -> dict[str, Member]:
    """Return every file of the kit by its name there, without the list of files.

    Raises
    ------
    ValueError
        If a line of a solution stands in what students are given, or a name is not safe.
    """
    copies = editions.build(notebooks.NOTEBOOKS)
    shown = {f"notebooks/{name}": text.encode("utf-8") for name, text in copies.items()}
    decks = tree(slides, "slides")
    members: dict[str, Member] = {**shown, **decks, **course_files(notebooks.ROOT)}
    members |= tree(wheels, "wheels") if wheels else {}
    members |= tree(data, "data") if data else {}
    for module, name in ((kit_install, "install.py"), (kit_start, "start.py")):
        members[name] = Path(module.__file__)
    members["README.md"] = readme(passed_on, left_out, bool(decks), targets).encode("utf-8")
    pages = [name for name in decks if name.endswith((".html", ".ipynb", ".md"))]
    pages += [name for name in members if name.startswith("course/docs/")]
    pages += ["course/README.md"]
    searched = {**shown, **{name: _bytes(members[name]) for name in pages}}
    if found := leaks.find(leaks.masters(notebooks.find()), searched):
        told = "\n".join(f"  {leak}" for leak in found[:10])
        raise ValueError(f"{len(found)} lines of solutions would be handed out:\n{told}")
    check_names(members)
    return members


def check_names(names: Sequence[str] | Mapping[str, Member]) -> None:
    """Check that every system can unpack the names, inside the folder of the kit.

    Raises
    ------
    ValueError
        For a name that leads out of the kit, holds a character that Windows forbids, is one of
        its reserved words, is longer than 180 characters, or differs from another in case only.
    """
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        bad = any(
            part in ("", ".", "..")
            or not re.fullmatch(r"[\w .,+()@=~!#$%&'{}\[\]-]+", part, re.ASCII)
            or part.endswith((".", " "))
            or _RESERVED.fullmatch(part)
            for part in parts
        )
        if bad or len(name) > 180:
            raise ValueError(f"the name {name!r} cannot be unpacked on every system")
        if seen.setdefault(name.lower(), name) != name:
            raise ValueError(f"the names {name!r} and {seen[name.lower()]!r} differ in case only")


def _bytes(member: Member) -> bytes:
    return member if isinstance(member, bytes) else member.read_bytes()


def manifest(members: Mapping[str, Member], targets: Sequence[Target] = ()) -> bytes:
    """Return the list of files with length and SHA-256, which ``install.py`` checks."""
    files = {}
    for name in sorted(members):
        member = members[name]
        if isinstance(member, bytes):
            size, digest = len(member), hashlib.sha256(member).hexdigest()
        else:
            with member.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = member.stat().st_size
        files[name] = {"bytes": size, "sha256": digest}
    python, platforms = _platforms(targets)
    about = {"version": course_lib.__version__, "python": python, "platforms": platforms}
    text = json.dumps({**about, "files": files}, indent=1)
    return f"{text}\n".encode()


def write(members: Mapping[str, Member], output: Path, targets: Sequence[Target] = ()) -> None:
    """Write the archive atomically and reproducibly: the same files give the same bytes."""
    every = {**members, kit_install.MANIFEST: manifest(members, targets)}
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_name(f".{output.name}.part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(every):
                # Always the same date; a wheel is compressed already.
                info = zipfile.ZipInfo(f"{NAME}/{name}", (1980, 1, 1, 0, 0, 0))
                info.create_system, info.external_attr = 3, 0o100644 << 16
                packed = name.endswith((".whl", ".zip", ".gz", ".xz", ".png", ".woff2"))
                info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                member = every[name]
                if isinstance(member, bytes):
                    archive.writestr(info, member)
                else:
                    info.file_size = member.stat().st_size  # tells zipfile of very large ones
                    with member.open("rb") as source, archive.open(info, "w") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def build(output: Path, *, data: Path | None = None, targets: Sequence[Target] = ()) -> int:
    """Build the kit with wheels, and with data from a mirror folder; return its bytes.

    Raises
    ------
    ValueError
        If the data are damaged, a solution would be handed out, or a target lacks a wheel.
    subprocess.CalledProcessError
        If the wheels cannot be downloaded.
    """
    passed_on, left_out = sort_data(data) if data else ([], [])
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kit-", dir=output.parent) as staging:
        wheels, copies = Path(staging) / "wheels", Path(staging) / "data"
        wheels.mkdir()
        kit_wheels.fill(wheels, targets)
        if data and passed_on:
            fill_data(data, passed_on, copies)
        told = {"passed_on": passed_on, "left_out": left_out, "targets": targets}
        write(contents(wheels=wheels, data=copies, **told), output, targets)
    return output.stat().st_size


def summary(archive: Path) -> str:
    """Return what a kit holds, in a line, with the notebooks that have no slides."""
    with zipfile.ZipFile(archive) as packed:
        parts = [name.split("/")[1:] for name in packed.namelist()]
    # A lesson is named by its number, a companion by its whole name.
    copies = {
        Path(part[-1]).stem: part[1][:2] if len(part) == 2 else Path(part[-1]).stem
        for part in parts
        if part[0] == "notebooks"
    }
    decks = {part[1] for part in parts if part[0] == "slides"}
    data = sum(part[0] == "data" for part in parts)
    text = f"{len(copies)} student copies, {len(copies.keys() & decks)} with slides, "
    text += f"{data} files of data"
    if missing := sorted(name for stem, name in copies.items() if stem not in decks):
        text += f"; no slides for {', '.join(missing)}: run `make slides`"
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if the kit could not be built, or does not work."""
    parser = argparse.ArgumentParser(prog="course_tools.kit", description=__doc__)
    parser.add_argument("--output", type=Path, default=DEFAULT, help="the archive")
    parser.add_argument("--data", type=Path, help="mirror folder; default: COURSE_DATA_MIRROR")
    parser.add_argument("--platform", nargs="+", default=[], metavar="TAG", help="not this one's")
    parser.add_argument("--python", metavar="3.N", help="the Python of the other platforms")
    parser.add_argument("--prove", action="store_true", help="install from it, network cut")
    parser.add_argument("--notebooks", nargs="+", default=["00", "05"], metavar="NN", help="to run")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.prove:
            return kit_prove.prove(chosen.output, chosen.notebooks)
        folders = [chosen.data] if chosen.data else store.mirror_dirs()
        if len(folders) > 1:
            raise ValueError("COURSE_DATA_MIRROR names several folders; choose one with --data")
        if chosen.python and not chosen.platform:
            raise ValueError("--python goes with --platform; alone, start this with that Python")
        python = chosen.python or kit_install.here()[0]
        targets = [kit_wheels.Target(tag, python) for tag in chosen.platform]
        size = build(chosen.output, data=folders[0] if folders else None, targets=targets)
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"Stopped{'' if chosen.prove else ', no kit was written'}: {error}", file=sys.stderr)
        return 1
    print(f"{chosen.output}: {store.readable_size(size)}; {summary(chosen.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
