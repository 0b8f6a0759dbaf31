"""Write the copies for students: ``python -m course_tools.editions [--output FOLDER]``.

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
import json
import posixpath
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_tools import assignments, markdown, notebooks
from course_tools.execute import tidy

RECORD = ".copies.json"  # in the folder of the copies: SHA-256 of each as it was written

NOTE = """\
> **Student copy.** It is generated from `{name}`: solutions are left out, and a check says
> *not started yet* until you write your own. What you write here stays: a newer copy is never
> written over it, but laid beside it.
"""


def student(notebook: NotebookNode, name: str, siblings: Collection[str]) -> NotebookNode:
    """Return the student copy of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The full one; it stays as it is.
    name : str
        Its path below ``notebooks/``, such as ``"04_x.ipynb"`` or ``"deeper/04_y.ipynb"``.
    siblings : collection of str
        The paths that have a student copy too: links to them stay among the copies.

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
    for item in notebooks.exercises(notebook):
        try:
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
        if cell.id in graded:
            cell.metadata["nbgrader"] = graded[cell.id]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif cell.cell_type == "markdown":
            cell.source = markdown.replace_targets(
                cell.source, lambda target: _relative_link(target, name, siblings)
            )
    tidy(notebook)
    note = new_markdown_cell(NOTE.format(name=name).strip(), id="student-note")
    notebook.cells.insert(0, note)
    return notebook


def _relative_link(target: str, name: str, siblings: Collection[str]) -> str:
    """Rewrite a relative link for a notebook one folder deeper."""
    inner = target.strip("<>")
    if re.match(r"#|[a-zA-Z][a-zA-Z0-9+.-]*:|/", inner):
        return target
    led = posixpath.normpath(posixpath.join(posixpath.dirname(name), inner.partition("#")[0]))
    return target if led in siblings else target.replace(inner, f"../{inner}", 1)


def build(folder: Path) -> dict[str, str]:
    """Return the text of the student copy of every notebook, by its path below the folder."""
    paths = {path.relative_to(folder).as_posix(): path for path in notebooks.find(folder=folder)}
    made = {name: student(notebooks.read(path), name, paths) for name, path in paths.items()}
    return {name: notebooks.text_of(notebook) for name, notebook in made.items()}


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
        A line for each copy that stays while the newer one lies beside it.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _record(folder)
    written, said = dict(before), []
    needed: set[str] = set()
    try:
        for name, text in made.items():
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
    parser.add_argument("--output", type=Path, default=notebooks.NOTEBOOKS / "student")
    given = parser.parse_args(arguments)
    try:
        made = build(notebooks.NOTEBOOKS)
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


if __name__ == "__main__":
    sys.exit(main())
