"""What the tools share: finding notebooks, reading, writing, and the parts of a cell."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

import course_lib

ROOT = Path(course_lib.__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

SETUP, IGNORE, EXERCISE, CHECK = "setup", "nbval-ignore-output", "exercise", "check"
VERIFY, FIGURE = "verify", "figure"  # assertions for CI; code that draws: both stand folded
NOTES = "notes"  # a text that only the speaker sees
OFF_SLIDE = "off-slide"  # a cell that no deck shows, nor what it prints
RESULT = "result"  # a slide shows what the cell prints; its code is the speaker's
LATE = "late"  # the slide that begins here may be passed over when time is short
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
GIVEN = "### GIVEN"  # below END, as comments: the faulty code that the student's copy holds
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"  # nbgrader's too

# A headless run is the same on every machine: one thread, so that sums round alike, one order
# of sets, and no progress bar in an output.
HEADLESS = {
    "COURSE_PROGRESS": "0",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    # No Python version: it would change the file with every interpreter that runs it.
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def find(which: Iterable[str | Path] = (), folder: Path | None = None) -> list[Path]:
    """Return notebooks in order.

    Parameters
    ----------
    which : iterable of str or Path
        Numbers such as ``"04"``, a lesson with its deeper notebooks, or paths; nothing gives
        every notebook of the folder.
    folder : Path, optional
        Where numbers are looked up, ``notebooks/`` without it: there and in ``deeper/``.

    Raises
    ------
    FileNotFoundError
        If one of them is not there; the message lists those that are.
    """
    folder = folder or NOTEBOOKS
    there = [*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("deeper/*.ipynb"))]
    chosen: list[Path] = []
    for item in which:
        number = str(item).zfill(2)
        if re.fullmatch(r"\d\d", number):
            found = [path for path in there if path.name.startswith(f"{number}_")]
        else:
            found = [path for path in [Path(item)] if path.suffix == ".ipynb" and path.is_file()]
        if not found:
            listed = ", ".join(path.name for path in there) or "none"
            raise FileNotFoundError(f"no notebook {str(item)!r}; in {folder.name}/ are: {listed}.")
        chosen += found
    return list(dict.fromkeys(chosen)) if chosen else there


def family(path: Path) -> list[Path]:
    """Return a lesson and its companions in ``deeper/``, in order; a path is one of them."""
    folder = path.parent.parent if path.parent.name == "deeper" else path.parent
    return find([path.name[:2]], folder)


def read(path: Path) -> NotebookNode:
    """Read a notebook of format 4.

    Raises
    ------
    ValueError
        If the file is no notebook, or one with cells that have no id (format below 4.5).
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text)
        # nbformat would invent missing ids in silence, and others with each reading.
        named = raw["nbformat"] == 4 and all("id" in cell for cell in raw["cells"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name} is no notebook: {error!r}") from error
    if not named or raw["nbformat_minor"] < 5:
        raise ValueError(
            f"{path.name} has cells without an id; save it in JupyterLab (format 4.5)."
        )
    notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
    return notebook


def text_of(notebook: NotebookNode) -> str:
    """Return the file's text: the same notebook gives the same bytes on every machine."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def write(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook atomically."""
    write_text(path, text_of(notebook))


def write_text(path: Path, text: str) -> None:
    """Write a file atomically: the old one stays until the new one is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def exercise_number(cell: NotebookNode) -> str | None:
    """Return the exercise a cell belongs to, such as ``"01.1"``."""
    return cell.metadata.get("course", {}).get("exercise")


_EXERCISE_HEADING = re.compile(r"^### Exercise (\d\d\.\d+) · (.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class ExerciseCells:
    """The cells of one exercise: its text, its solution and the code cell after that."""

    number: str
    title: str
    heading: NotebookNode | None
    solution: NotebookNode
    check: NotebookNode | None


def exercises(notebook: NotebookNode) -> Iterator[ExerciseCells]:
    """Yield the exercises of a notebook in order, also unfinished ones (lint reports those)."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or EXERCISE not in tags(cell):
            continue
        before = notebook.cells[place - 1] if place else None
        heading = None
        if before is not None and before.cell_type == "markdown":
            heading = _EXERCISE_HEADING.search(before.source)
        later = [c for c in notebook.cells[place + 1 :] if c.cell_type == "code"]
        number = exercise_number(cell) or (heading[1] if heading else "")
        title = heading[2] if heading and heading[1] == number else ""
        check = later[0] if later and CHECK in tags(later[0]) else None
        yield ExerciseCells(number, title, before if title else None, cell, check)


@dataclass(frozen=True)
class Solution:
    """A solution cell taken apart.

    Attributes
    ----------
    name : str
        The one function it defines.
    stub : str
        The cell up to the first marker: signature and docstring.
    indent : str
        White space in front of the markers.
    given : str
        The code that students get to change, with its indentation; empty where they write it.
    """

    name: str
    stub: str
    indent: str
    given: str = ""

    def student(self, title: str) -> str:
        """Return the cell for students: it runs, and raises only when it is called.

        Where code is given, the function is that code.
        """
        if self.given:
            return f"{self.stub}{self.given}"
        message = json.dumps(f"your turn: {title}", ensure_ascii=False)  # Python reads it too
        return (
            f"{self.stub}{self.indent}# Replace this line by your code.\n"
            f"{self.indent}raise NotImplementedError({message})"
        )


def solution(source: str) -> Solution:
    """Take the source of a solution cell apart.

    Raises
    ------
    ValueError
        If it is not one function whose whole body, its docstring apart, lies between one
        ``### BEGIN SOLUTION`` and one ``### END SOLUTION``; or if what stands below
        ``### GIVEN`` is no comment.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"the solution is not Python: {error}") from error
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        raise ValueError("a solution cell defines one function and nothing else")
    function = body[0]
    lines = source.splitlines()
    begins = [i for i, line in enumerate(lines) if line.strip() == BEGIN]
    ends = [i for i, line in enumerate(lines) if line.strip() == END]
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        raise ValueError(f"a solution cell holds one {BEGIN!r} and, below it, one {END!r}")
    inside = [s for s in function.body if begins[0] < s.lineno - 1 < ends[0]]
    outside = [s for s in function.body if s not in inside]
    if ast.get_docstring(function) is None or outside != function.body[:1]:
        raise ValueError("the docstring, and it alone, stands outside the solution's markers")
    first = lines[begins[0]]
    stub = "".join(f"{line}\n" for line in lines[: begins[0]])
    indent = first[: len(first) - len(first.lstrip())]
    below = [line.strip() for line in lines[ends[0] + 1 :] if line.strip()]
    if below and below[0] != GIVEN:
        raise ValueError(f"below {END!r} stands {below[0]!r}; only a block {GIVEN!r} may")
    if any(not re.match("# |#$", line) for line in below[1:]):
        raise ValueError(f"the lines below {GIVEN!r} are comments, '# ' and the code")
    given = "\n".join(f"{indent}{line[2:]}".rstrip() for line in below[1:])
    return Solution(function.name, stub, indent, given)


def without_hidden(source: str) -> str:
    """Return the source of a check cell as students see it: without its hidden tests.

    Raises
    ------
    ValueError
        If a marker stands without its partner.
    """
    kept: list[str] = []
    hidden = False
    for line in source.splitlines():
        if line.strip() in (BEGIN_HIDDEN, END_HIDDEN):
            if hidden != (line.strip() == END_HIDDEN):
                raise ValueError(f"{line.strip()!r} without its partner")
            hidden = not hidden
        elif not hidden:
            kept.append(line)
    if hidden:
        raise ValueError(f"{BEGIN_HIDDEN!r} without its partner")
    return "\n".join(kept).rstrip()


def headless(profile: str = "laptop") -> dict[str, str]:
    """Return the environment of a headless kernel: this process's, pinned, in one profile.

    The kernel imports the course_lib that runs now, not another one that is installed.
    """
    earlier = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(ROOT), earlier] if earlier else [str(ROOT)])
    return {**os.environ, **HEADLESS, "COURSE_PROFILE": profile, "PYTHONPATH": path}
