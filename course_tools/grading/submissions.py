"""Reading masters and submissions: which exercises there are, and which cells answer them.

A submission may be any file; what is wrong with it becomes a remark.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from course_tools import assignments, notebooks
from course_tools.grading.files import ASK, HandedIn, sender

MOST_CELL = 50_000  # characters


class Unreadable(ValueError):
    """A submission that cannot be graded at all; the message is the remark."""


@dataclass(frozen=True)
class Task:
    """One exercise of a master notebook."""

    number: str
    name: str
    points: int
    check: str
    cell_id: str


@dataclass(frozen=True)
class Master:
    """What grading needs of a master notebook."""

    path: Path
    setup: str
    tasks: tuple[Task, ...]

    @property
    def maximum(self) -> int:
        """The points of all its exercises."""
        return sum(task.points for task in self.tasks)


@dataclass
class Submission:
    """One file that was handed in.

    Attributes
    ----------
    path : str
        Inside the folder, with slashes.
    student, number : str
        Who handed it in, by the path (``files.sender``); the number is that of an export.
    attempt : int
        1 for the first.
    late : bool
        The path says so.
    master : Master or None
        The notebook it answers.
    cells : list of dict
        Its code cells: ``source``, ``id`` and ``metadata``.
    remark : str
        Why it cannot be graded, or was not read to the end; empty where it was.
    """

    path: str
    student: str = ""
    number: str = ""
    attempt: int = 1
    late: bool = False
    master: Master | None = None
    cells: list[dict[str, Any]] = field(default_factory=list)
    remark: str = ""

    def sources(self, task: Task) -> tuple[list[str], list[str]]:
        """Return the cells marked as the answer to an exercise, and those that may hold it.

        The latter come last cell first, as the latest definition counts in Jupyter too.
        """
        own, others = [], []
        for cell in self.cells:
            if _answers(cell, task):
                own.append(cell["source"])
            elif re.search(rf"def\s+{task.name}\b", cell["source"]):
                others.append(cell["source"])
        return own[::-1], others[::-1]


def masters(folder: Path) -> dict[str, Master]:
    """Return the masters of a folder that have exercises, by name without suffix.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If one of them is no solved notebook.
    """
    found: dict[str, Master] = {}
    for path in notebooks.find(folder=folder):
        notebook = notebooks.read(path)
        setup = [c.source for c in notebook.cells if notebooks.SETUP in notebooks.tags(c)]
        tasks = []
        for item in notebooks.exercises(notebook):
            if item.check is None:
                raise ValueError(f"{path.name}: exercise {item.number} has no check.")
            try:
                name = notebooks.solution(item.solution.source).name
                points = assignments.points(item)
            except ValueError as error:
                raise ValueError(f"{path.name}, exercise {item.number}: {error}.") from error
            tasks.append(Task(item.number, name, points, item.check.source, item.solution.id))
        if tasks:
            found[path.stem] = Master(path, "\n".join(setup), tuple(tasks))
    if not found:
        raise FileNotFoundError(
            f"no solved notebook with exercises in {folder}; give the folder of the solved ones."
        )
    return found


def load(file: HandedIn, known: dict[str, Master]) -> Submission:
    """Read one submission; never raises because of what is in the file."""
    told = sender(file.path)
    submission = Submission(file.path, told.student, told.number, told.attempt, told.late)
    try:
        if file.remark:
            raise Unreadable(file.remark)
        submission.cells, submission.remark = _code_cells(file.content)
        submission.master = _master_of(submission.cells, file.path, known)
    except Unreadable as error:
        submission.remark = str(error)
    return submission


def _code_cells(content: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the code cells, and what was passed over."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        # The text of the file itself is not repeated.
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"it is no notebook: no JSON{where}; {ASK}") from None
    cells = raw.get("cells") if isinstance(raw, dict) else None
    if not isinstance(cells, list):
        raise Unreadable(f"it is no notebook of format 4: it has no cells; {ASK}")
    found, passed = [], ""
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(map(str, source))
        if not isinstance(source, str):
            continue
        if len(source) > MOST_CELL:
            passed = f"a cell of {len(source):,} characters was not read; at most {MOST_CELL:,}"
            continue
        metadata = cell.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        found.append({"source": source, "id": cell.get("id"), "metadata": metadata})
    if not found:
        raise Unreadable(passed or f"it has no code cells; {ASK}")
    return found, passed


def _within(metadata: dict[str, Any], *names: str) -> Any:
    for name in names:
        metadata = metadata.get(name) if isinstance(metadata, dict) else None
    return metadata


def _is_check(cell: dict[str, Any]) -> bool:
    marked = cell["metadata"].get("tags")
    return isinstance(marked, list) and notebooks.CHECK in marked


def _answers(cell: dict[str, Any], task: Task) -> bool:
    names = (cell["id"], _within(cell["metadata"], "nbgrader", "grade_id"))
    number = _within(cell["metadata"], "course", "exercise")
    return task.cell_id in names or (number == task.number and not _is_check(cell))


def _master_of(cells: list[dict[str, Any]], path: str, known: dict[str, Master]) -> Master:
    """Return the master that most of the exercise cells name, else that of the file's name."""
    holder = {task.number: stem for stem, master in known.items() for task in master.tasks}
    votes: Counter[str] = Counter()
    for cell in cells:
        number = _within(cell["metadata"], "course", "exercise")
        asked = re.findall(r"check\(\s*[\"'](\d\d\.\d+)", cell["source"])
        numbers = [number] if isinstance(number, str) else asked
        votes.update(holder[n] for n in numbers if n in holder)
    if votes:
        return known[votes.most_common(1)[0][0]]
    name = PurePosixPath(path).name
    named = re.match(r"\d\d_", name)
    alike = [stem for stem in known if named and stem.startswith(named[0])]
    if not alike:
        raise Unreadable("no exercise of the course is in it; ask for the lesson's own notebook")
    stem = name.partition(".")[0]
    return known[stem if stem in alike else alike[0]]  # companions share a number
