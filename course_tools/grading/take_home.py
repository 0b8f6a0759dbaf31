"""The options of ``python -m course_tools.grade`` that are about students, and what they write."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from course_tools import variants
from course_tools.grading import feedback, gradebook, roster, submissions
from course_tools.grading.gradebook import BEST, LAST, Gradebook, Graded
from course_tools.grading.roster import Student
from course_tools.grading.submissions import Master, Submission
from course_tools.grading.tables import harmless, try_to_write, write

STUDENTS, CANVAS, MOODLE = "students.csv", "canvas.csv", "moodle.csv"
FEEDBACK = "feedback.zip"
_NEEDED = ("roster", "due", "attempt", "column", "lessons")  # what only --gradebook uses


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("for each student (docs/grading.md)")
    add = group.add_argument
    add("--gradebook", type=Path, metavar="FOLDER", help=f"write {STUDENTS} and the rest there")
    add("--roster", type=Path, metavar="CSV", help="names and ids of all students")
    add("--attempt", choices=(BEST, LAST), help=f"which counts ({BEST})")
    add("--due", metavar="TIME", help="2026-12-01T23:59: newer files are late")
    add("--column", metavar="NAME", help="one column for Canvas and Moodle instead of one a lesson")
    add("--lessons", metavar="ADDRESS", help="https://…: the folder that feedback links to")
    add("--seed", metavar="TEXT", help="the copies have numbers that were drawn from this text")
    add("--per-student", action="store_true", help="and from the student's id in the roster")
    add("--exercises", nargs="+", default=(), metavar="NUMBER", help="04.1, or 04: these count")


@dataclass(frozen=True)
class Plan:
    """What is to be written, all of it looked at before the first answer runs."""

    folder: Path
    students: list[Student] | None
    attempt: str
    due: datetime | None
    column: str
    lessons: str

    def files(self) -> list[str]:
        """Return the names of the files."""
        return [STUDENTS, *[CANVAS, MOODLE] * (self.students is not None), FEEDBACK]


def plan(given: argparse.Namespace) -> Plan | None:
    """Return what the options ask for; None where they ask for nothing.

    Raises
    ------
    FileNotFoundError, ValueError
        If an option or the roster is wrong, or a file could not be written.
    """
    if given.gradebook is None:
        unused = [name for name in _NEEDED if getattr(given, name)]
        if unused:
            raise ValueError(
                f"--{unused[0]} needs --gradebook FOLDER, where its result is written."
            )
        return None
    if given.lessons and not given.lessons.startswith(("https://", "http://")):
        raise ValueError(f"--lessons {given.lessons}: give an address that begins with https://.")
    try:
        due = roster.moment(given.due) if given.due else None
    except ValueError as error:
        raise ValueError(f"--due: {error}") from None
    students = roster.read(given.roster) if given.roster else None
    found = Plan(
        given.gradebook,
        students,
        given.attempt or BEST,
        due,
        given.column or "",
        given.lessons or "",
    )
    for name in found.files():
        place = given.gradebook / name
        try:
            if place.is_dir():
                raise OSError(f"{place} is a folder")
            try_to_write(place)
        except OSError as error:
            raise ValueError(
                f"--gradebook: {place} cannot be written ({error.strerror or error}); close it "
                "where it is open, or give another folder."
            ) from None
    if students is not None:  # so that a roster that Moodle cannot use is told of now
        gradebook.moodle(gradebook.collect([], found.folder, [], students=students))
    return found


def numbers(given: argparse.Namespace, wanted: Plan | None) -> Callable[[Submission], str] | None:
    """Return what gives a submission's variant, and remarks on one that names another.

    What a submission itself names decides nothing, but where its student is not known.

    Raises
    ------
    ValueError
        If the options do not fit together.
    """
    if given.seed is None:
        if given.per_student:
            raise ValueError("--per-student needs the --seed of the copies.")
        return None
    common = variants.of(given.seed)
    if not given.per_student:
        return lambda one: _compared(one, common, {common: "all students"})
    if wanted is None or wanted.students is None:
        raise ValueError("--per-student needs --roster and --gradebook: the ids are in the roster.")
    students = wanted.students
    drawn = {student.id: variants.of(given.seed, student.id) for student in students}
    named = {drawn[s.id]: f"{s.name} ({s.id})" for s in students}
    named[common] = "all students"

    def variant(one: Submission) -> str:
        owner, _ = roster.owner(one, students)
        return _compared(one, drawn[owner.id] if owner else "", named)

    return variant


def _compared(one: Submission, variant: str, named: dict[str, str]) -> str:
    """Return the variant that counts, with a remark where the submission names another."""
    asked = variants.recorded([cell["source"] for cell in one.cells])
    if asked == variant or not any(variants.varying(task.number) for task in one.master.tasks):
        return variant
    whose = (
        f"the numbers of {named[asked]}" if asked in named else "numbers of no copy of this seed"
    )
    told = f"its checks name {whose if asked else 'the published numbers'}"
    if not variant:
        variant = asked if asked in named else ""
        told += (
            f", and it is graded with {'these' if variant or not asked else 'the published ones'}"
        )
    else:
        told += f"; it is graded with those of {named[variant]}"
    one.remark = " | ".join(filter(None, (one.remark, told)))
    return variant


def chosen(known: dict[str, Master], which: Sequence[str]) -> dict[str, Master]:
    """Return the masters with the exercises that count alone; all of them if none is named.

    Parameters
    ----------
    known : dict of str to Master
    which : sequence of str
        ``"04.1"`` is an exercise; ``"04"`` is all of lesson 04 and its companion.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    numbers = [task.number for master in known.values() for task in master.tasks]
    for name in which:
        if not any(name in (number, number[:2]) for number in numbers):
            lessons = ", ".join(sorted({number[:2] for number in numbers}))
            there = [number for number in numbers if number[:2] == name[:2]]
            told = f"{name[:2]} has {', '.join(there)}" if there else f"there are {lessons}"
            raise ValueError(f"--exercises: no exercise {name!r}; {told}. FOLDER goes before it.")
    if not which:
        return known
    return {
        stem: replace(
            master, tasks=tuple(t for t in master.tasks if {t.number, t.number[:2]} & set(which))
        )
        for stem, master in known.items()
    }


def write_all(
    wanted: Plan,
    grades: Iterable[Graded],
    folder: Path,
    masters: Path | None = None,
    exercises: Sequence[str] = (),
    say: Callable[[str], object] = print,
) -> bool:
    """Write the files; those of an earlier run stay until theirs are complete.

    Parameters
    ----------
    wanted : Plan
    grades : iterable of Graded
    folder : Path
        Of what was handed in.
    masters : Path, optional
        With it the notebooks of this folder that have one of the ``exercises`` count, whoever has
        handed one in; without it those of which somebody has.
    exercises : sequence of str
        As in :func:`chosen`.
    say : callable
        Gets what is to be shown.

    Returns
    -------
    bool
        Whether each is in its place.
    """
    grades = list(grades)
    counting: list[Master] = [one.submission.master for one in grades if one.submission.master]
    if masters is not None:
        counting = list(chosen(submissions.masters(masters), exercises).values())
    counting = list({one.path: one for one in counting if one.tasks}.values())
    counting.sort(key=lambda master: master.path.name)
    book = gradebook.collect(
        grades, folder, counting, students=wanted.students, attempt=wanted.attempt, due=wanted.due
    )
    made = {STUDENTS: ("\ufeff" + gradebook.students_table(book)).encode()}
    if wanted.students is not None:
        made[CANVAS] = gradebook.canvas(book, wanted.column).encode()
        made[MOODLE] = gradebook.moodle(book, wanted.column).encode()
    made[FEEDBACK] = feedback.archive(book, wanted.lessons)
    places = {name: write(wanted.folder / name, content) for name, content in made.items()}
    for name, place in places.items():
        say(str(place) if place else f"{name} is lost: give another --gradebook and run it again.")
    _summary(book, wanted, say)
    return all(place == wanted.folder / name for name, place in places.items())


def _summary(book: Gradebook, wanted: Plan, say: Callable[[str], object]) -> None:
    kept = [row for row in book.rows if row.kept]
    late = sum(row.late for row in kept)
    say(f"Students: {len(book.rows)}, of whom {len(kept)} have work that counts, {late} late.")
    for row in book.rows:
        if not row.kept:
            say(f"{row.status}: {harmless(row.student.name)} ({harmless(row.student.id)})")
    for one, why in book.strangers:
        say(f"{gradebook.STRANGER}: {harmless(one.submission.path)}: {harmless(why)}")
