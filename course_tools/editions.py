"""Make the copies for students: ``python -m course_tools.editions [--check]``.

In ``notebooks/student/`` the solutions are replaced by stubs that raise only when they are
called, hidden tests and the speaker's notes are left out, the checks may fail without stopping
Run All, and no outputs are stored. The same notebooks give the same bytes; ``--check`` compares
and writes nothing.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_tools import markdown, notebooks
from course_tools.execute import tidy
from course_tools.slides_plan import NOTES

NOTE = """\
> **Student copy.** It is generated from `{name}`: solutions are left out, and a check says
> *not started yet* until you write your own. Save your work under another name: the next
> generated copy overwrites this file.
"""


def student(notebook: NotebookNode, name: str, siblings: set[str]) -> NotebookNode:
    """Return the student copy of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The full one; it stays as it is.
    name : str
        Its file name, for the note at the top.
    siblings : set of str
        The file names that have a student copy too: links to them stay among the copies.

    Raises
    ------
    ValueError
        If an exercise cannot be taken apart; lint says the same.
    """
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if NOTES not in notebooks.tags(cell)]
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
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif cell.cell_type == "markdown":
            cell.source = markdown.replace_targets(cell.source, lambda t: _moved(t, siblings))
    tidy(notebook)
    note = new_markdown_cell(NOTE.format(name=name).strip(), id="student-note")
    notebook.cells.insert(0, note)
    return notebook


def _moved(target: str, siblings: set[str]) -> str:
    """Return a link as it reads from one folder further down."""
    inner = target.strip("<>")
    if re.match(r"#|[a-zA-Z][a-zA-Z0-9+.-]*:|/", inner) or inner.partition("#")[0] in siblings:
        return target
    return target.replace(inner, f"../{inner}", 1)


def build(folder: Path) -> dict[str, str]:
    """Return the text of the student copy of every notebook in a folder, by file name."""
    paths = notebooks.find(folder=folder)
    names = {path.name for path in paths}
    made = {path.name: student(notebooks.read(path), path.name, names) for path in paths}
    return {name: notebooks.text_of(notebook) for name, notebook in made.items()}


def stale(folder: Path) -> list[str]:
    """Return how ``folder/student`` differs from the copies that would be made now."""
    wanted, target = build(folder), folder / "student"
    found = []
    for name, text in wanted.items():
        file = target / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif file.read_text(encoding="utf-8") != text:
            found.append(f"{name} has aged")
    return found + [f"{path.name} has no notebook it comes from" for path in _left_over(folder)]


def generate(folder: Path) -> int:
    """Write the copies to ``folder/student``, delete those of notebooks gone; return how many."""
    made = build(folder)
    for name, text in made.items():
        notebooks.write_text(folder / "student" / name, text)
    for path in _left_over(folder):
        path.unlink()
    return len(made)


def _left_over(folder: Path) -> list[Path]:
    copies = sorted((folder / "student").glob("*.ipynb"))
    return [path for path in copies if not (folder / path.name).is_file()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if ``--check`` finds copies that differ."""
    parser = argparse.ArgumentParser(prog="course_tools.editions", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    if parser.parse_args(arguments).check:
        found = stale(notebooks.NOTEBOOKS)
        for line in found:
            print(f"notebooks/student: {line}")
        if found:
            print("Run: python -m course_tools.editions")
        return 1 if found else 0
    print(f"{generate(notebooks.NOTEBOOKS)} student copies in notebooks/student/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
