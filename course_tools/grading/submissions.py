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
_CORRECT = re.compile(r"^(\d\d\.\d+) correct: ", re.MULTILINE)


class Unreadable(ValueError):
    """A submission that cannot be graded at all; the message is the remark."""


@dataclass(frozen=True)
class Task:
    """One exercise of a master notebook."""

    number: str
    name: str
    points: int
    check: str
    solution: str = ""


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
        Its code cells: ``source``, ``metadata``, ``count`` (0 where it was not run) and
        ``correct``, the exercises whose check has said so.
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

    def readings(self, task: Task) -> list[tuple[list[str], int | None]]:
        """Return how its code cells may be read for an exercise; the first that is right counts.

        Each is the cells for ``taken.take`` and how many of them had been run for the check. Where
        the file holds the word "correct" of the check, these are the cells run up to it, in the
        order of their execution counts, and all others behind them. Then come all in the order of
        the file, as the counts of two sessions say nothing of each other; and at last only what
        stands above the check, where no cell below defines the function: its name has been used
        for something else since.
        """
        inside = [cell["source"] for cell in self.cells]
        found: list[tuple[list[str], int | None]] = [(inside, None)]
        said = [c["count"] for c in self.cells if task.number in c["correct"] and c["count"]]
        if said:
            before = [cell for cell in self.cells if 0 < cell["count"] <= max(said)]
            others = [cell for cell in self.cells if not 0 < cell["count"] <= max(said)]
            ordered = sorted(before, key=lambda cell: cell["count"]) + others
            found.insert(0, ([cell["source"] for cell in ordered], len(before)))
        asked = re.compile(rf"check\(\s*[\"']{re.escape(task.number)}[\"']")
        checked = [place for place, source in enumerate(inside, 1) if asked.search(source)]
        name = re.escape(task.name)
        defines = re.compile(rf"\b(def|class)\s+{name}\b|\b{name}\s*=\s*lambda\b")
        if checked and not any(map(defines.search, inside[checked[-1] :])):
            found.append((inside, checked[-1]))
        return found

    def says_correct(self, number: str) -> bool:
        """Return whether the file holds the word "correct" of an exercise's check."""
        return any(number in cell["correct"] for cell in self.cells)


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
            tasks.append(Task(item.number, name, points, item.check.source, item.solution.source))
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
        submission.master, others = _master_of(submission.cells, file.path, known)
        if others:
            told = f"it also has exercises of {', '.join(others)}, which are not graded from here"
            submission.remark = " | ".join(filter(None, (submission.remark, told)))
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
        count = cell.get("execution_count")
        count = count if type(count) is int else 0
        correct = set(_CORRECT.findall(_printed(cell.get("outputs"))))
        found.append({"source": source, "metadata": metadata, "count": count, "correct": correct})
    if not found:
        raise Unreadable(passed or f"it has no code cells; {ASK}")
    return found, passed


def _printed(outputs: Any) -> str:
    """Return what a cell has printed."""
    found = []
    for output in outputs if isinstance(outputs, list) else []:
        text = output.get("text") if isinstance(output, dict) else None
        found.append("".join(map(str, text)) if isinstance(text, list) else str(text or ""))
    return "\n".join(found)


def _within(metadata: dict[str, Any], *names: str) -> Any:
    for name in names:
        metadata = metadata.get(name) if isinstance(metadata, dict) else None
    return metadata


def _master_of(
    cells: list[dict[str, Any]], path: str, known: dict[str, Master]
) -> tuple[Master, list[str]]:
    """Return the master that most of the exercise cells name, else that of the file's name.

    The names of further ones come with it.
    """
    holder = {task.number: stem for stem, master in known.items() for task in master.tasks}
    votes: Counter[str] = Counter()
    for cell in cells:
        number = _within(cell["metadata"], "course", "exercise")
        asked = re.findall(r"check\(\s*[\"'](\d\d\.\d+)", cell["source"])
        numbers = [number] if isinstance(number, str) else asked
        votes.update(holder[n] for n in numbers if n in holder)
    if votes:
        first, *others = (stem for stem, _ in votes.most_common())
        return known[first], others
    name = PurePosixPath(path).name
    named = re.match(r"\d\d_", name)
    alike = [stem for stem in known if named and stem.startswith(named[0])]
    if not alike:
        raise Unreadable("no exercise of the course is in it; ask for the lesson's own notebook")
    stem = name.partition(".")[0]
    return known[stem if stem in alike else alike[0]], []  # companions share a number
