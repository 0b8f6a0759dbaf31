"""What an instructor takes home: a row for each student, and files that Canvas and Moodle import.

The formats are those that the two programs read (``docs/grading.md`` names the pages and sources).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from course_tools.grading import roster
from course_tools.grading.roster import Student
from course_tools.grading.submissions import Master, Submission
from course_tools.grading.tables import harmless, rows, short

BEST, LAST = "best", "last"
GRADED, MISSING, UNREADABLE = "graded", "missing", "not readable"
STRANGER = "not on the roster"
HIDDEN = "a hidden test failed"  # all that a student hears of it


class Graded(Protocol):
    """A file with its points, as ``course_tools.grade`` gives it."""

    submission: Submission
    points: dict[str, int]
    messages: dict[str, str]
    hidden: set[str]
    flags: list[str]


@dataclass
class Row:
    """What counts for one student.

    Attributes
    ----------
    student : Student
    kept : dict of str to Graded
        The attempt that counts, by notebook.
    others : list of Graded
        Attempts that do not count, and files that cannot be read.
    late : bool
        One of those that count came late.
    """

    student: Student
    kept: dict[str, Graded] = field(default_factory=dict)
    others: list[Graded] = field(default_factory=list)
    late: bool = False

    @property
    def points(self) -> dict[str, int]:
        """By exercise, over all notebooks that count."""
        return {n: p for one in self.kept.values() for n, p in one.points.items()}

    @property
    def status(self) -> str:
        """One word for the table."""
        if self.kept:
            return GRADED
        return UNREADABLE if self.others else MISSING


@dataclass(frozen=True)
class Gradebook:
    """All students, what belongs to nobody, and the notebooks that count."""

    rows: list[Row]
    strangers: list[tuple[Graded, str]]
    masters: list[Master]

    @property
    def maximum(self) -> int:
        """The points of all exercises that count."""
        return sum(master.maximum for master in self.masters)


def collect(
    grades: Iterable[Graded],
    folder: Path,
    masters: Sequence[Master],
    *,
    students: Sequence[Student] | None = None,
    attempt: str = BEST,
    due: datetime | None = None,
) -> Gradebook:
    """Put the files of each student together.

    Parameters
    ----------
    grades : iterable of Graded
    folder : Path
        Where the files are: their times tell which are late.
    masters : sequence of Master
        The notebooks whose exercises count. A student who hands in nothing for one of them has no
        points there.
    students : sequence of Student, optional
        The roster. Without it whoever has handed something in is a student.
    attempt : str
        ``BEST``: of several files of a student for one notebook, the one with most points counts,
        of equal ones the latest. ``LAST``: the one with the highest number of attempt, then the
        latest.
    due : datetime, optional
        Files that are newer are late, where the student has no time of his or her own.
    """
    grades = list(grades)
    alone = {} if students is not None else _senders(grades)
    students = [*alone.values()] if students is None else students
    found = {student.id: Row(student) for student in students}
    strangers = []
    times = {id(one): time_of(folder, one.submission.path) for one in grades}

    def rank(one: Graded) -> tuple[float, ...]:
        latest = (one.submission.attempt, times[id(one)].timestamp())
        return (sum(one.points.values()), *latest) if attempt == BEST else latest

    for one in sorted(grades, key=rank):
        told = (one.submission.student, one.submission.number)
        student, why = (alone[told], "") if alone else roster.owner(one.submission, students)
        if student is None:
            strangers.append((one, why))
            continue
        row, master = found[student.id], one.submission.master
        if master is None or not master.tasks:
            row.others.append(one)
            continue
        if master.path.stem in row.kept:
            row.others.append(row.kept[master.path.stem])
        row.kept[master.path.stem] = one
    for row in found.values():
        limit = row.student.due or due
        row.late = any(
            one.submission.late or (limit is not None and times[id(one)] > limit)
            for one in row.kept.values()
        )
    strangers.sort(key=lambda pair: pair[0].submission.path)
    return Gradebook(list(found.values()), strangers, list(masters))


def _senders(grades: Iterable[Graded]) -> dict[tuple[str, str], Student]:
    """Return who has handed something in; two of one name are told apart by an export's number."""
    told = dict.fromkeys((one.submission.student, one.submission.number) for one in grades)
    often = Counter(name for name, _ in told)
    named = {key: key[0] if often[key[0]] == 1 else " ".join(key).strip() for key in told}
    return {key: Student(name, name) for key, name in named.items()}


def time_of(folder: Path, path: str) -> datetime:
    """Return when a file was last changed; of one in an archive, when the archive was."""
    place = folder / path
    while not place.exists() and place != folder:
        place = place.parent
    return datetime.fromtimestamp(place.lstat().st_mtime, UTC)


def messages(one: Graded) -> dict[str, str]:
    """Return what a student may read, by exercise: nothing of a hidden test but that it failed."""
    return {n: HIDDEN if n in one.hidden else told for n, told in one.messages.items()}


def remarks(one: Graded, told: Mapping[str, str]) -> str:
    """Return what is said of a file in one cell."""
    parts = [one.submission.remark] if one.submission.remark else []
    return harmless(" | ".join([*parts, *(f"{n}: {short(text)}" for n, text in told.items())]))


def students_table(book: Gradebook) -> str:
    """Return the CSV of all students, and below them the files that belong to nobody."""
    numbers = [task.number for master in book.masters for task in master.tasks]
    head = ["id", "name", "section", "status", "points", "maximum", "late"]
    lines: list[list[object]] = [[*head, *numbers, "files", "other files", "remarks", "flags"]]
    for row in book.rows:
        points, student = row.points, row.student
        told = " | ".join(filter(None, (remarks(o, o.messages) for o in row.kept.values())))
        unread = [
            f"{one.submission.path}: {one.submission.remark}"
            for one in row.others
            if one.submission.remark
        ]
        lines.append(
            [
                *map(harmless, (student.id, student.name, student.section)),
                row.status,
                sum(points.values()),
                book.maximum,
                "yes" if row.late else "",
                *(points.get(number, "") for number in numbers),
                harmless(" | ".join(o.submission.path for o in row.kept.values())),
                harmless(" | ".join(o.submission.path for o in row.others)),
                harmless(" | ".join(filter(None, (told, *unread)))),
                harmless(" | ".join(flag for one in row.kept.values() for flag in one.flags)),
            ]
        )
    for one, why in book.strangers:
        lines.append(
            [
                "",
                harmless(one.submission.student),
                "",
                STRANGER,
                sum(one.points.values()),
                book.maximum,
                "yes" if one.submission.late else "",
                *(one.points.get(number, "") for number in numbers),
                harmless(one.submission.path),
                "",
                harmless(" | ".join(filter(None, (why, remarks(one, one.messages))))),
                harmless(" | ".join(one.flags)),
            ]
        )
    return rows(lines)


def _columns(book: Gradebook, column: str) -> list[tuple[str, list[Master]]]:
    """Return the columns of a gradebook: one for each notebook, or one for all."""
    if column:
        return [(harmless(column), book.masters)]
    return [(master.path.stem, [master]) for master in book.masters]


def _points(row: Row, masters: Sequence[Master], nothing: str) -> object:
    """Return the points of one column, or the mark for no submission."""
    kept = [row.kept[m.path.stem] for m in masters if m.path.stem in row.kept]
    return sum(sum(one.points.values()) for one in kept) if kept else nothing


def canvas(book: Gradebook, column: str = "") -> str:
    """Return the CSV that Canvas imports into its gradebook.

    Canvas looks a student up by its own number (ID), else by the SIS ids, else by the name. An
    empty cell changes no grade. An assignment of the same name gets the points, and where there is
    none Canvas offers to make one, with the maximum of the line ``Points Possible``.
    """
    columns = _columns(book, column)
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    lines: list[list[object]] = [[*head, *(name for name, _ in columns)]]
    most = [sum(master.maximum for master in masters) for _, masters in columns]
    lines.append(["    Points Possible", "", "", "", "", *most])
    for row in book.rows:
        student = row.student
        about = (student.name, student.canvas, student.number, student.login, student.section)
        told = [_points(row, masters, "") for _, masters in columns]
        lines.append([*map(harmless, about), *told])
    return rows(lines)


def moodle(book: Gradebook, column: str = "") -> str:
    """Return the CSV that Moodle imports: ids, and points and feedback for each grade item.

    A row without an id would go to the student before it, so only those columns of ids are there
    that every student has. ``-`` is no grade.
    """
    columns = _columns(book, column)
    named = {"ID number": "number", "Username": "login", "Email address": "email"}
    ids = {
        title: what
        for title, what in named.items()
        if book.rows and all(getattr(row.student, what) for row in book.rows)
    }
    if not ids:
        raise ValueError(
            "Moodle knows students by ID number, username or email; the roster has none of them "
            "for everybody. Add such a column."
        )
    head = [*ids, "Full name"]
    for name, _ in columns:
        head += [name, f"{name} (feedback)"]
    lines: list[list[object]] = [list(head)]
    for row in book.rows:
        line: list[object] = [harmless(getattr(row.student, what)) for what in ids.values()]
        line.append(harmless(row.student.name))
        for _, masters in columns:
            kept = [row.kept[m.path.stem] for m in masters if m.path.stem in row.kept]
            # What is said of the file itself, such as whose numbers it has, is for you alone.
            told = [f"{n}: {short(text)}" for one in kept for n, text in messages(one).items()]
            line += [_points(row, masters, "-"), harmless(" | ".join(told))]
        lines.append(line)
    return rows(lines)
