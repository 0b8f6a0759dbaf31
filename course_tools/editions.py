"""Write the copies for students: ``python -m course_tools.editions [--output FOLDER]``.

With ``--seed`` some exercises get other numbers than the published ones
(``course_tools.variants``), with ``--roster`` too each student others, in an archive for each.

In ``notebooks/student/`` the solutions are replaced by stubs that raise only when they are
called; hidden tests, verification cells and the speaker's notes are left out, the checks may fail
without stopping Run All, and no outputs are stored. The same notebooks give the same bytes.

A copy that a student has worked in is never overwritten, nor is one that cannot be read any more:
the newer copy is written beside it, with a message.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import io
import json
import posixpath
import re
import sys
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_tools import assignments, markdown, notebooks, variants
from course_tools.execute import tidy
from course_tools.grading import roster, tables

RECORD = ".copies.json"  # in the folder of the copies: SHA-256 of each as it was written

_VARIANT = re.compile(r'variant=\\"[0-9a-f]{12}\\"')  # in a call, as JSON writes it

NOTE = """\
> **Student copy.** It is generated from `{name}`: solutions are left out, and a check says
> *not started yet* until you write your own. What you write here stays: a newer copy is never
> written over it, but laid beside it.
"""
OWN_NUMBERS = """
>
> Exercise {numbers}: this copy has numbers, or an order of lines, of its own. An answer to another
> copy may be wrong here.
"""


def student(
    notebook: NotebookNode, name: str, siblings: Collection[str], variant: str = ""
) -> NotebookNode:
    """Return the student copy of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The full one; it stays as it is.
    name : str
        Its path below ``notebooks/``, such as ``"04_x.ipynb"`` or ``"deeper/04_y.ipynb"``.
    siblings : collection of str
        The paths that have a student copy too: links to them stay among the copies.
    variant : str
        Whose numbers the exercises have; nothing for the published ones.

    Raises
    ------
    ValueError
        If an exercise cannot be taken apart; lint says the same.
    """
    notebook = copy.deepcopy(notebook)
    graded = assignments.cells(notebook)
    notebook.cells = [
        c for c in notebook.cells if not assignments.LEFT_OUT & set(notebooks.tags(c))
    ]
    varied = []
    for item in notebooks.exercises(notebook):
        try:
            if variant and variants.apply(item, variant):
                varied.append(item.number)
            item.solution.source = notebooks.solution(item.solution.source).student(item.title)
            if item.check is not None:
                item.check.source = notebooks.without_hidden(item.check.source)
        except ValueError as error:
            raise ValueError(f"{name}, cell {item.solution.id}: {error}.") from error
        if not item.title:
            raise ValueError(f"{name}, cell {item.solution.id}: no heading right before it.")
        if item.check is not None:
            item.check.metadata["tags"] = [*notebooks.tags(item.check), "raises-exception"]
    for cell in notebook.cells:
        variants.forget(cell)
        if cell.id in graded:
            cell.metadata["nbgrader"] = graded[cell.id]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif cell.cell_type == "markdown":
            cell.source = markdown.replace_targets(
                cell.source, lambda target: _relative_link(target, name, siblings)
            )
    tidy(notebook)
    told = NOTE.format(name=name).strip()
    if varied:
        told += OWN_NUMBERS.format(numbers=", ".join(varied)).rstrip()
    note = new_markdown_cell(told, id="student-note")
    notebook.cells.insert(0, note)
    return notebook


def _relative_link(target: str, name: str, siblings: Collection[str]) -> str:
    """Rewrite a relative link for a notebook one folder deeper."""
    inner = target.strip("<>")
    if re.match(r"#|[a-zA-Z][a-zA-Z0-9+.-]*:|/", inner):
        return target
    led = posixpath.normpath(posixpath.join(posixpath.dirname(name), inner.partition("#")[0]))
    return target if led in siblings else target.replace(inner, f"../{inner}", 1)


def build(folder: Path, variant: str = "") -> dict[str, str]:
    """Return the text of the student copy of every notebook, by its path below the folder."""
    return build_each(folder, [variant])[0]


def build_each(folder: Path, drawn: Sequence[str]) -> list[dict[str, str]]:
    """Return the copies of every notebook as ``build`` does, for each of several variants."""
    paths = {path.relative_to(folder).as_posix(): path for path in notebooks.find(folder=folder)}
    sets: list[dict[str, str]] = [{} for _ in drawn]
    for name, path in paths.items():
        solved = notebooks.read(path)
        vary = any(variants.varying(item.number) for item in notebooks.exercises(solved))
        text = ""
        for copies, variant in zip(sets, drawn, strict=True):
            if vary or not text:  # most notebooks are the same in all sets
                text = notebooks.text_of(student(solved, name, paths, variant))
            copies[name] = text
    return sets


def archive(made: Mapping[str, str]) -> bytes:
    """Return copies as a zip for ``notebooks/student``; the same copies give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in made.items():
            info = zipfile.ZipInfo(name)  # its time is that of 1980
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, text.encode())
    return out.getvalue()


def write(made: Mapping[str, str], folder: Path) -> list[str]:
    """Write copies into a folder, and over none that was changed since it was written.

    Parameters
    ----------
    made : mapping of str to str
        The text of each copy by its path below the folder.
    folder : Path

    Returns
    -------
    list of str
        A line for each copy that stays while the newer one lies beside it, and one for those that
        stay alone, as they have numbers of their own and the new ones have not.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _record(folder)
    written, said = dict(before), []
    needed: set[str] = set()
    own: list[str] = []
    try:
        for name, text in made.items():
            if (folder / name).exists() and not _VARIANT.search(text):
                there = (folder / name).read_text(encoding="utf-8", errors="replace")
                if _VARIANT.search(there):
                    own.append(name)
                    needed.add(name)
                    continue
            new = _hash(text.encode("utf-8"))
            why = ""
            for place in _places(name):
                file = folder / place
                needed.add(place)
                there = _hash(file.read_bytes()) if file.exists() else None
                if there in (None, before.get(place), new):  # nothing of the student's is in it
                    if there != new:
                        notebooks.write_text(file, text)
                    if why:
                        said.append(f"{name} {why} and stays; newer: {place}")
                    written[place] = new
                    break
                whole = _is_notebook(file)
                why = why or ("holds your work" if whole else "is damaged")
                if whole and before.get(place) == new:  # the student works in this very version
                    break
        for place in sorted(set(written) - needed):  # of a notebook gone, or no longer the newer
            file = folder / place
            if not file.exists() or _hash(file.read_bytes()) == written[place]:
                file.unlink(missing_ok=True)
                del written[place]
    finally:
        if written != before:
            listed = json.dumps(written, indent=1, sort_keys=True)
            notebooks.write_text(folder / RECORD, f"{listed}\n")
    if own:
        said.append(f"With numbers of their own, so they stay: {', '.join(own)}")
    return said


def _places(name: str) -> Iterator[str]:
    """Yield the paths that a copy may have: as given, with ``-newer``, then ``-newer-2`` and on."""
    stem = name.removesuffix(".ipynb")
    yield name
    for number in range(1, 100):
        yield f"{stem}-newer{f'-{number}' if number > 1 else ''}.ipynb"


def _is_notebook(file: Path) -> bool:
    try:
        return "cells" in json.loads(file.read_bytes())
    except (ValueError, TypeError):
        return False


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _record(folder: Path) -> dict[str, str]:
    """Return the hash of each copy as it was written; nothing where the record is damaged."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if a copy cannot be made or written."""
    parser = argparse.ArgumentParser(prog="course_tools.editions", description=__doc__)
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="notebooks/student")
    parser.add_argument("--seed", metavar="TEXT", help="other numbers, drawn from this text")
    parser.add_argument("--roster", type=Path, metavar="CSV", help="others for each student")
    given = parser.parse_args(arguments)
    if given.roster and given.seed is None:
        parser.error(
            "--roster needs --seed TEXT, from which the numbers of each student are drawn."
        )
    try:
        if given.roster:
            return _one_for_each(given.seed, given.roster, given.output)
        given.output = given.output or notebooks.NOTEBOOKS / "student"
        variant = "" if given.seed is None else variants.of(given.seed)
        made = build(notebooks.NOTEBOOKS, variant)
        said = write(made, given.output)
    except OSError as error:
        wanted = "Copies need a folder that can be written; name one with --output"
        print(f"Stopped: {error}. {wanted}.", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    print(*said, f"{len(made)} student copies in {given.output}.", sep="\n")
    return 0


def _one_for_each(seed: str, listed: Path, output: Path | None) -> int:
    """Write an archive of copies for each student of a roster."""
    students = roster.read(listed)
    folder = output or notebooks.ROOT / "build" / "copies"
    drawn = [variants.of(seed, student.id) for student in students]
    made = build_each(notebooks.NOTEBOOKS, drawn)
    for name, copies in zip(tables.names([s.id for s in students]), made, strict=True):
        if tables.write(folder / f"{name}.zip", archive(copies)) != folder / f"{name}.zip":
            raise OSError(f"{folder / name}.zip is not in its place")
    print(f"Copies for {len(students)} students in {folder}, an archive for each.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
