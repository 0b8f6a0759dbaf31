"""The roster: who is in the course, and to whom a file belongs.

``docs/grading.md`` has the rules by which files are matched.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_tools.grading.submissions import Submission

# Titles of columns, in small letters, and what they hold. Those of a Canvas gradebook and of
# Moodle's lists are among them, so that such an export is a roster as it is.
COLUMNS = {
    "name": ("name", "student", "full name", "student name"),
    "first": ("first name", "firstname"),
    "last": ("last name", "lastname", "surname"),
    "number": ("id", "student id", "student number", "sis user id", "id number", "idnumber"),
    "login": ("login", "sis login id", "username"),
    "email": ("email", "email address", "e-mail"),
    "canvas": ("canvas id",),
    "section": ("section",),
    "due": ("due",),
}
_IDS = ("number", "login", "email", "canvas")  # the first that every student has is the id
_NO_STUDENT = ("points possible", "student, test", "test student")  # rows of a Canvas export
_SHORT = 3  # characters: a shorter id is found only where it stands alone


@dataclass(frozen=True)
class Student:
    """One line of the roster.

    Attributes
    ----------
    id : str
        What the archive of feedback and the tables call the student.
    name : str
    number, login, email, canvas, section : str
        As in the roster; empty where it has no such column.
    due : datetime or None
        When this student's work is due, if not when everybody's is.
    """

    id: str
    name: str
    number: str = ""
    login: str = ""
    email: str = ""
    canvas: str = ""
    section: str = ""
    due: datetime | None = None

    @property
    def ids(self) -> set[str]:
        """Everything that tells this student from others, in small letters."""
        given = (self.id, self.number, self.login, self.email, self.canvas)
        return {text.casefold() for text in given if text}


def moment(text: str) -> datetime:
    """Return a time such as ``2026-12-01T23:59``, by the clock of this machine if it has no zone.

    A day alone ends at midnight: what comes on it is not late.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = text.strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            text += "T23:59:59.999999"
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise ValueError(f"{text!r} is no time; write it as 2026-12-01T23:59.") from None


def read(path: Path) -> list[Student]:
    """Read a roster: a CSV with a line of titles, fields separated by commas, semicolons or tabs.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read, has no column with ids, or one id twice.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no roster {path}; give a CSV file with a column id or email.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except ValueError:
        raise ValueError(
            f"{path.name} is not UTF-8; save it as 'CSV UTF-8' and try again."
        ) from None
    text = re.sub(r"\A\s*(sep=.\s*\n)?\s*", "", text)  # empty lines, and one for Excel
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=mark, strict=True)]
    except csv.Error as error:
        raise ValueError(
            f"{path.name} is no CSV ({error}); save it as one and try again."
        ) from None
    titles = [title.strip().casefold() for title in rows[0]] if rows else []
    places = _places(titles)
    if not set(places) & set(_IDS):
        told = ", ".join(title for title in titles if title) or "nothing"
        raise ValueError(
            f"{path.name} has no column with ids: its first line has {told}. Call one column id, "
            "email or username."
        )
    found = []
    for line, row in enumerate(rows[1:], 2):
        cells = {what: " ".join(row[at].split()) for what, at in places.items() if at < len(row)}
        joined = " ".join(filter(None, (cells.pop("first", ""), cells.pop("last", ""))))
        cells["name"] = cells.get("name") or joined
        if any(cells.values()) and cells["name"].casefold() not in _NO_STUDENT:
            found.append((line, cells))
    return _students(path.name, found)


def _places(titles: Sequence[str]) -> dict[str, int]:
    """Return the column of each field; in an export of Canvas ``ID`` is Canvas's own number."""
    places: dict[str, int] = {}
    canvas = "student" in titles and "section" in titles
    for what, names in COLUMNS.items():
        for name in names:
            if name in titles and not (canvas and name == "id"):
                places.setdefault(what, titles.index(name))
    if canvas and "id" in titles:
        places["canvas"] = titles.index("id")
    return places


def _students(file: str, rows: list[tuple[int, dict[str, str]]]) -> list[Student]:
    if not rows:
        raise ValueError(f"{file} has no student below its first line.")
    full = [what for what in _IDS if all(cells.get(what) for _, cells in rows)]
    if not full:
        line = next(line for line, cells in rows if not any(cells.get(what) for what in _IDS[:3]))
        raise ValueError(f"{file}, line {line}: no id; every student needs one in the same column.")
    found: dict[str, Student] = {}
    for line, cells in rows:
        own = cells[full[0]]
        for what in _IDS:
            value = cells.get(what, "")
            if value.startswith(("=", "+", "-", "@")):
                raise ValueError(
                    f"{file}, line {line}: {value!r} would be a formula to a spreadsheet; an id "
                    "begins with a letter or a digit."
                )
        if own.casefold() in found:
            raise ValueError(
                f"{file}, line {line}: the id {own!r} stands there twice; give each student one "
                "line."
            )
        try:
            due = moment(cells["due"]) if cells.get("due") else None
        except ValueError as error:
            raise ValueError(f"{file}, line {line}, column due: {error}") from None
        given = {what: cells.get(what, "") for what in (*_IDS, "section")}
        found[own.casefold()] = Student(own, cells["name"] or own, due=due, **given)
    return list(found.values())


def words(text: str) -> list[str]:
    """Return the words of a name as they are compared: small letters, no accents, no marks."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.findall(r"[^\W\d_]+", bare)


def _turns(name: list[str]) -> list[list[str]]:
    """Return the orders of a name: ``Kim Lee``, and ``Lee, Kim`` as lists have it."""
    return [name[i:] + name[:i] for i in range(len(name))]


def owner(submission: Submission, students: Iterable[Student]) -> tuple[Student | None, str]:
    """Return the student of a file, or None and why nobody's name fits.

    Ids go before names, and what an export of Canvas or Moodle says goes before the rest of the
    path. Two students whom it fits equally well are none.
    """
    students = list(students)
    export = "_assignsubmission_" in submission.path
    told = [submission.student]
    if submission.number and not export:
        told.insert(0, submission.number)  # Moodle's number counts the participants of the task
    elif not submission.number:
        told += [part for part in submission.path.split("/") if part != submission.student]
    for fits in (_by_id, _by_name):
        for text in told:
            found = [student for student in students if fits(text, student)]
            if len(found) == 1:
                return found[0], ""
            if found:
                both = ", ".join(f"{student.name} ({student.id})" for student in found)
                return None, f"{text!r} fits several students: {both}"
    return None, f"nobody on the roster fits {submission.student!r}"


def _by_id(text: str, student: Student) -> bool:
    bare = text.casefold()
    stem = bare.removesuffix(".ipynb")
    if {bare, stem} & student.ids:
        return True
    return any(
        len(own) >= _SHORT and re.search(rf"(?<![^\W_]){re.escape(own)}(?![^\W_])", stem)
        for own in student.ids
    )


def _by_name(text: str, student: Student) -> bool:
    there, name = words(text.removesuffix(".ipynb")), words(student.name)
    if not name or not there:
        return text.casefold() == student.name.casefold()
    if len(name) == 1:  # one in letters without capitals, such as Korean, is a whole name
        return there == name or (name[0].upper() == name[0].lower() and name[0] in there)
    if "".join(there) in ("".join(turn) for turn in _turns(name)):  # Canvas writes leekim
        return True
    runs = [there[i : i + len(name)] for i in range(len(there) - len(name) + 1)]
    return any(turn in runs for turn in _turns(name))
