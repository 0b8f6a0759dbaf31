"""A row for each student, what Canvas and Moodle import, and the pages of feedback."""

from __future__ import annotations

import argparse
import csv
import io
import os
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from conftest import sample_notebook
from test_grade import REFUSED, RIGHT, Room, run

from course_tools import notebooks
from course_tools.grading import check as grading_check
from course_tools.grading import feedback, gradebook, roster, take_home
from course_tools.grading.files import sender
from course_tools.grading.roster import Student
from course_tools.grading.submissions import Master, Submission, Task, masters

KIM = Student("s1001", "Kim Lee", number="s1001")
ANA = Student("s1002", "Ána Müller-Ortiz", number="s1002")
BO = Student("s1003", "Bo", number="s1003")
ALL = (KIM, ANA, BO)


@dataclass
class Marked:
    """A file with points, as the grader gives it."""

    submission: Submission
    points: dict[str, int] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    flags: list[str] = field(default_factory=list)


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "handed in"
    folder.mkdir()
    return folder


@pytest.fixture
def sample(tmp_path: Path) -> Master:
    """Return the sample notebook, 1 point for each of its three exercises."""
    folder = tmp_path / "masters"
    folder.mkdir()
    nbformat.write(sample_notebook(), folder / "90_sample.ipynb")
    return masters(folder)["90_sample"]


def submitted(path: str, master: Master | None = None, remark: str = "") -> Submission:
    told = sender(path)
    return Submission(
        path, told.student, told.number, told.attempt, told.late, master, remark=remark
    )


def marked(path: str, master: Master, *points: int, **more) -> Marked:
    numbers = [task.number for task in master.tasks]
    return Marked(submitted(path, master), dict(zip(numbers, points, strict=True)), **more)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# Whose file is it?


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("s1001/04.ipynb", KIM),
        ("S1001/attempt 2/04.ipynb", KIM),
        ("04_s1001.ipynb", KIM),
        ("s1001.ipynb", KIM),
        ("week 3/s1001 final.ipynb", KIM),
        ("Kim Lee_4711_assignsubmission_file_/04.ipynb", KIM),
        ("Lee Kim_4711_assignsubmission_file_/04.ipynb", KIM),
        ("leekim_901_77001_04-1.ipynb", KIM),
        ("leekim_LATE_901_77001_04.ipynb", KIM),
        ("Kim Lee/04.ipynb", KIM),
        ("04 kim_lee.ipynb", KIM),
        ("mullerortizana_902_77002_04.ipynb", ANA),
        ("Ana Muller-Ortiz_4712_assignsubmission_file_/x.ipynb", ANA),
        ("Bo/04.ipynb", BO),
        ("Bob/04.ipynb", None),
        ("Kimberly Lee/04.ipynb", None),
        ("s10012/04.ipynb", None),
        ("hw.ipynb", None),
        ("Kim/04.ipynb", None),  # half of a name is nobody's
    ],
)
def test_whose_a_file_is(path: str, student: Student | None) -> None:
    found, why = roster.owner(submitted(path), ALL)
    assert found is student
    assert bool(why) == (student is None)


def test_a_file_that_fits_two_students_is_nobodys() -> None:
    other = Student("s2000", "Lee Kim")
    found, why = roster.owner(submitted("leekim_901_77001_04.ipynb"), [*ALL, other])
    assert found is None
    assert why == "'leekim' fits several students: Kim Lee (s1001), Lee Kim (s2000)"
    # An id settles it, and goes before the name.
    assert roster.owner(submitted("Kim Lee s2000.ipynb"), [*ALL, other])[0] is other


def test_the_number_of_canvas_is_an_id_and_that_of_moodle_is_none() -> None:
    students = [Student("901", "Kim Lee", canvas="901"), Student("4711", "Bo Ray", canvas="4711")]
    assert roster.owner(submitted("xyz_901_4711_04.ipynb"), students)[0] is students[0]
    path = "Kim Lee_4711_assignsubmission_file_/04.ipynb"
    assert roster.owner(submitted(path), students)[0] is students[0]


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("20261234_김철수_과제4.ipynb", True),
        (unicodedata.normalize("NFD", "김철수 04.ipynb"), True),
        ("A-김철수_77_assignsubmission_file_/04.ipynb", True),
        ("김철수진_과제4.ipynb", False),
    ],
)
def test_a_korean_name_is_one_word_and_may_stand_beside_others(path: str, fits: bool) -> None:
    student = Student("s9", "김철수")
    assert roster.owner(submitted(path), [*ALL, student])[0] is (student if fits else None)


def test_two_of_one_name_are_two_students_without_a_roster(handed_in: Path, sample: Master) -> None:
    """Moodle calls them all Participant where it marks blindly."""
    paths = [f"Participant_{n}_assignsubmission_file_/04.ipynb" for n in (7, 8)]
    grades = [marked(path, sample, 1, 0, 0) for path in (*paths, "Kim/04.ipynb")]
    book = gradebook.collect(grades, handed_in, [sample])
    told = {row.student.id: len(row.kept) for row in book.rows}
    assert told == {"Participant 7": 1, "Participant 8": 1, "Kim": 1}


def test_a_day_ends_at_midnight() -> None:
    day = roster.moment("2026-12-01")
    assert (day.date(), day.hour, day.minute) == (datetime(2026, 12, 1).date(), 23, 59)
    assert roster.moment("2026-12-01T23:59+09:00").astimezone(UTC).hour == 14


# The roster.


def rostered(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[Student]:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding=encoding)
    return roster.read(path)


def test_a_plain_roster(tmp_path: Path) -> None:
    text = "Name;ID;Email;due\n Kim  Lee ;s1;k@x.org;2026-12-03T12:00\n\n;s2;b@x.org;\n"
    kim, bo = rostered(tmp_path, text, "utf-8-sig")
    assert (kim.id, kim.name, kim.number, kim.email) == ("s1", "Kim Lee", "s1", "k@x.org")
    assert kim.due == datetime(2026, 12, 3, 12).astimezone()
    assert (bo.id, bo.name, bo.due) == ("s2", "s2", None)


def test_a_roster_that_a_spreadsheet_has_saved(tmp_path: Path) -> None:
    """With a line for Excel, and a name that is no word."""
    text = "\r\nsep=;\r\nStudent number;Name\r\n0012;=1+1\r\n"
    (student,) = rostered(tmp_path, text, "utf-8-sig")
    assert (student.id, student.name) == ("0012", "=1+1")
    path = "=1+1_13_assignsubmission_file_/04.ipynb"
    assert roster.owner(submitted(path), [*ALL, student])[0] is student


def test_an_export_of_canvas_is_a_roster(tmp_path: Path) -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (17)\n"
        '"    Points Possible",,,,,10\n"Lee, Kim",901,,klee,A,\n'
        '"Müller-Ortiz, Ána",902,s2,ana,A,3\n"Student, Test",999,,,A,\n'
    )
    kim, ana = rostered(tmp_path, text)
    assert (kim.id, kim.canvas, kim.number, kim.login) == ("klee", "901", "", "klee")
    assert (ana.id, ana.canvas, ana.number, ana.section) == ("ana", "902", "s2", "A")
    assert roster.owner(submitted("leekim_901_1234_04.ipynb"), [kim, ana])[0] is kim


def test_an_export_of_moodle_is_a_roster(tmp_path: Path) -> None:
    text = '"First name","Last name","ID number","Email address"\nKim,Lee,,k@x.org\nBo,Ray,7,b@x\n'
    kim, bo = rostered(tmp_path, text)
    assert (kim.id, kim.name, bo.id, bo.number) == ("k@x.org", "Kim Lee", "b@x", "7")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,grade\nKim,1\n", "has no column with ids: its first line has name, grade. Call one"),
        ("", "its first line has nothing"),
        ("id\n", "has no student below its first line"),
        ("id,name\ns1,Kim\ns1,Bo\n", "line 3: the id 's1' stands there twice"),
        ("id,name\ns1,Kim\n,Bo\n", "line 3: no id; every student needs one"),
        ("id,name\n=1+1,Kim\n", "line 2: '=1+1' would be a formula"),
        ("id,due\ns1,tomorrow\n", "line 2, column due: 'tomorrow' is no time; write it as 2026"),
        ('id,name\ns1,"Kim\n', "is no CSV (unexpected end of data); save it as one"),
    ],
)
def test_a_wrong_roster_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"^roster\.csv") as raised:
        rostered(tmp_path, text)
    assert told in str(raised.value)


def test_a_roster_of_another_encoding_or_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not UTF-8; save it as 'CSV UTF-8'"):
        rostered(tmp_path, "id,name\ns1,Müller\n", "latin-1")
    with pytest.raises(FileNotFoundError, match=r"no roster .*gone\.csv; give a CSV"):
        roster.read(tmp_path / "gone.csv")


# One row a student.


def put(folder: Path, path: str, when: str) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch()
    stamp = datetime.fromisoformat(when).timestamp()
    os.utime(place, (stamp, stamp))


def test_the_best_or_the_last_attempt_counts(handed_in: Path, sample: Master) -> None:
    files = {"s1001/attempt 1/04.ipynb": (1, 1, 0), "s1001/attempt 2/04.ipynb": (1, 0, 0)}
    grades = [marked(path, sample, *points) for path, points in files.items()]
    for path in files:
        put(handed_in, path, "2026-12-01T10:00")
    for which, wanted in ((gradebook.BEST, 2), (gradebook.LAST, 1)):
        for given in (grades, grades[::-1]):
            book = gradebook.collect(given, handed_in, [sample], students=ALL, attempt=which)
            row = read(gradebook.students_table(book))[0]
            assert (row["id"], row["status"], row["points"]) == ("s1001", "graded", str(wanted))
            assert row["maximum"] == "3"
            assert {row["files"], row["other files"]} == set(files)


def test_of_files_of_one_attempt_the_newest_is_the_last(handed_in: Path, sample: Master) -> None:
    put(handed_in, "s1001/a.ipynb", "2026-12-02T10:00")
    put(handed_in, "s1001/b.ipynb", "2026-12-01T10:00")
    grades = [marked(f"s1001/{x}.ipynb", sample, *([x == "b"] * 3)) for x in "ab"]
    book = gradebook.collect(grades, handed_in, [sample], students=ALL, attempt=gradebook.LAST)
    assert book.rows[0].kept["90_sample"].submission.path == "s1001/a.ipynb"


def test_who_is_missing_and_what_belongs_to_nobody(handed_in: Path, sample: Master) -> None:
    broken = Marked(submitted("s1002/04.ipynb", remark="it is no notebook"))
    grades = [broken, marked("who knows/04.ipynb", sample, 1, 1, 1)]
    book = gradebook.collect(grades, handed_in, [sample], students=ALL)
    kim, ana, bo, stranger = read(gradebook.students_table(book))
    assert (kim["status"], kim["points"], kim["90.1"]) == ("missing", "0", "")
    assert (ana["status"], bo["status"]) == ("not readable", "missing")
    assert ana["remarks"] == "s1002/04.ipynb: it is no notebook"
    assert (stranger["status"], stranger["points"]) == ("not on the roster", "3")
    assert stranger["files"] == "who knows/04.ipynb"
    assert stranger["remarks"] == "nobody on the roster fits 'who knows'"


def test_late_by_the_time_of_the_file_by_its_name_or_by_the_roster(
    handed_in: Path, sample: Master
) -> None:
    kim = Student("s1001", "Kim Lee", due=roster.moment("2026-12-03T00:00"))
    bo = Student("s1004", "Bo Ray")
    paths = ("s1001/04.ipynb", "s1002/hw.zip/04.ipynb", "late/s1004/04.ipynb")
    for path in ("s1001/04.ipynb", "s1002/hw.zip", "late/s1004/04.ipynb"):
        put(handed_in, path, "2026-12-02T00:00")
    grades = [marked(path, sample, 1, 0, 0) for path in paths]

    def late(due: str | None) -> list[str]:
        given = roster.moment(due) if due else None
        students = (kim, ANA, bo)
        book = gradebook.collect(grades, handed_in, [sample], students=students, due=given)
        return [row["late"] for row in read(gradebook.students_table(book))]

    assert late(None) == ["", "", "yes"]
    assert late("2026-12-01T23:59") == ["", "yes", "yes"]  # Kim has another day
    assert late("2026-12-05T00:00") == ["", "", "yes"]


def test_without_a_roster_those_who_handed_in_are_the_students(
    handed_in: Path, sample: Master
) -> None:
    grades = [marked("Kim/04.ipynb", sample, 1, 1, 1), marked("Bo/04.ipynb", sample, 0, 0, 0)]
    book = gradebook.collect(grades, handed_in, [sample])
    assert [(r["id"], r["points"]) for r in read(gradebook.students_table(book))] == [
        ("Kim", "3"),
        ("Bo", "0"),
    ]


def test_the_exercises_that_count() -> None:
    tasks = [Task(f"04.{k}", f"f{k}", k, "") for k in (1, 2, 3)]
    known = {"04_x": Master(Path("04_x.ipynb"), "", tuple(tasks))}
    other = (Task("05.1", "g", 2, ""),)
    known["05_y"] = Master(Path("05_y.ipynb"), "", other)
    some = take_home.chosen(known, ["04.1", "04.3"])
    assert (some["04_x"].maximum, some["05_y"].maximum) == (4, 0)
    assert take_home.chosen(known, ["04"])["04_x"].maximum == 6
    assert take_home.chosen(known, []) == known
    for wrong, told in (("04.9", "04 has 04.1, 04.2, 04.3"), ("4", "there are 04, 05")):
        with pytest.raises(ValueError, match=f"no exercise '{wrong}'; {told}"):
            take_home.chosen(known, [wrong])


def test_what_deserves_a_look_is_told_to_the_instructor_alone(
    handed_in: Path, sample: Master
) -> None:
    flags = ["90.1 calls the library", "90.2 =1+1"]
    one = marked("s1001/04.ipynb", sample, 1, 1, 0, flags=flags)
    book = gradebook.collect([one], handed_in, [sample], students=ALL)
    row = read(gradebook.students_table(book))[0]
    assert row["flags"] == "90.1 calls the library | 90.2 =1+1"
    assert "library" not in gradebook.moodle(book) + gradebook.canvas(book)
    assert "library" not in feedback.page(book.rows[0], book)


# Canvas and Moodle.


def test_the_gradebook_of_canvas(handed_in: Path, sample: Master) -> None:
    students = (Student("klee", "Lee, Kim", login="klee", canvas="901", section="A"), ANA)
    grades = [marked("klee/04.ipynb", sample, 1, 0, 1)]
    book = gradebook.collect(grades, handed_in, [sample], students=students)
    assert gradebook.canvas(book).splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,90_sample",
        "    Points Possible,,,,,3",
        '"Lee, Kim",901,,klee,A,2',
        "Ána Müller-Ortiz,,s1002,,,",  # an empty cell leaves a grade as it is
    ]
    assert "Section,Week 4" in gradebook.canvas(book, "Week 4")


def test_the_importer_of_canvas_finds_its_columns(handed_in: Path, sample: Master) -> None:
    """As its GradebookImporter asks: where the titles stand, and how the line of maxima begins."""
    book = gradebook.collect([], handed_in, [sample], students=ALL)
    head, most, *rest = csv.reader(io.StringIO(gradebook.canvas(book)))
    assert "Student" in head[0] and "ID" in head[1]
    assert head[2:4] == ["SIS User ID", "SIS Login ID"] and "Section" in head[4]
    assert "Points Possible" in most[0]
    assert {len(row) for row in (head, most, *rest)} == {6}
    # It would take a number in brackets for that of an assignment.
    assert not any("(" in title for title in head)


def test_the_gradebook_of_moodle(handed_in: Path, sample: Master) -> None:
    students = [
        Student("k@x", "Kim Lee", number="7", email="k@x"),
        Student("b@x", "Bo Ray", email="b@x"),
    ]
    told = {"90.2": "a secret", "90.3": "that adds; multiply"}
    grades = [marked("Kim Lee/04.ipynb", sample, 1, 0, 0, messages=told, hidden={"90.2"})]
    book = gradebook.collect(grades, handed_in, [sample], students=students)
    kim, bo = read(gradebook.moodle(book))
    assert list(kim) == ["Email address", "Full name", "90_sample", "90_sample (feedback)"]
    assert kim["90_sample"] == "1"
    said = "90.2: a hidden test failed | 90.3: that adds; multiply"
    assert kim["90_sample (feedback)"] == said
    assert (bo["90_sample"], bo["90_sample (feedback)"]) == ("-", "")


def test_moodle_needs_an_id_of_everybody(handed_in: Path, sample: Master) -> None:
    """It gives a row without one to the student before."""
    students = [Student("1", "Kim", canvas="1"), Student("2", "Bo", canvas="2")]
    book = gradebook.collect([], handed_in, [sample], students=students)
    with pytest.raises(ValueError, match="Moodle knows students by ID number, username or email"):
        gradebook.moodle(book)


# Feedback.


class Checked(HTMLParser):
    """Collects the text, and what a page must not have: a tag of someone else, one left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(" ".join(data.split()))


def pages(content: bytes) -> dict[str, Checked]:
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        for name in packed.namelist():
            found[name] = Checked()
            found[name].feed(packed.read(name).decode("utf-8"))
            found[name].close()
            assert not found[name].open
    return found


EVIL = "<script>alert('x')</script> & \x07<b>"


def test_a_page_for_each_student(handed_in: Path, sample: Master) -> None:
    told = {"90.2": f"{EVIL}\n  called as: f(5)", "90.3": "assert times_4(77) == 308"}
    path = "s1001/<img src=x>.ipynb"
    grades = [marked(path, sample, 1, 0, 0, messages=told, hidden={"90.3"})]
    evil = Student("../s 4", "<i>Bo</i>", number="../s 4")
    book = gradebook.collect(grades, handed_in, [sample], students=(KIM, evil))
    made = feedback.archive(book)
    assert made == feedback.archive(book)
    found = pages(made)
    assert list(found) == ["s1001.html", "_s_4.html"]  # no name leads out of the folder
    page = found["s1001.html"]
    assert {"script", "b", "i", "img"}.isdisjoint({tag for tag, _ in page.tags})
    assert ("html", {"lang": "en"}) in page.tags
    scopes = [attributes["scope"] for tag, attributes in page.tags if tag == "th"]
    assert scopes == ["col"] * 4 + ["row"] * 3
    text = " | ".join(filter(None, page.text))
    assert "Feedback for Kim Lee | 1 of 3 points." in text
    assert "90.1 · Times 2 | 1 of 1 | Solved. |" in text
    assert "0 of 1 | <script>alert('x')</script> & ?<b> called as: f(5) | Section 1 · First" in text
    assert "a hidden test failed" in text
    assert "308" not in text and "times_4" not in text  # nothing of the hidden test
    assert "Nothing was handed in: 0 of 3 points." in found["_s_4.html"].text
    assert "Feedback for <i>Bo</i>" in found["_s_4.html"].text


def test_two_ids_that_give_one_name_have_a_page_each(handed_in: Path, sample: Master) -> None:
    students = [Student("a/b", "Kim"), Student("a b", "Bo"), Student("A_B", "Li")]
    book = gradebook.collect([], handed_in, [sample], students=students)
    assert list(pages(feedback.archive(book))) == ["a_b.html", "a_b-2.html", "A_B-3.html"]


def test_feedback_links_to_the_section_before_the_exercise(handed_in: Path, sample: Master) -> None:
    grades = [marked("s1001/04.ipynb", sample, 0, 0, 0, messages={"90.1": "no"})]
    book = gradebook.collect(grades, handed_in, [sample], students=[KIM])
    links = [
        attributes["href"]
        for page in pages(feedback.archive(book, 'https://hub.org/lab/tree/"x"/')).values()
        for tag, attributes in page.tags
        if tag == "a"
    ]
    assert links == ['https://hub.org/lab/tree/"x"/90_sample.ipynb#1-%C2%B7-First']


# The options, and the files.


def options(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    take_home.add_options(parser)
    return parser.parse_args(given)


def test_options_without_a_gradebook_are_no_silent_wish(tmp_path: Path) -> None:
    assert take_home.plan(options("--exercises", "04.1")) is None
    with pytest.raises(ValueError, match="--due needs --gradebook FOLDER"):
        take_home.plan(options("--due", "2026-12-01T23:59"))
    for more, told in (
        (["--due", "Monday"], "--due: 'Monday' is no time; write it as 2026-12-01T23:59"),
        (["--lessons", "javascript:x"], "give an address that begins with https://"),
        (["--roster", "gone.csv"], r"no roster gone\.csv"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=told):
            take_home.plan(options("--gradebook", str(tmp_path), *more))
    (tmp_path / "feedback.zip").mkdir()
    with pytest.raises(ValueError, match=r"feedback\.zip cannot be written"):
        take_home.plan(options("--gradebook", str(tmp_path)))


def test_the_files_are_written_and_earlier_ones_are_not_lost(
    tmp_path: Path, handed_in: Path, sample: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "roster.csv"
    listed.write_text("id,name\ns1001,=Kim\n", encoding="utf-8")
    folder = tmp_path / "book"
    wanted = take_home.plan(options("--gradebook", str(folder), "--roster", str(listed)))
    grades = [marked("s1001/04.ipynb", sample, 1, 1, 1, messages={})]
    said: list[str] = []
    assert take_home.write_all(wanted, grades, handed_in, say=said.append)
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(made) == {"students.csv", "canvas.csv", "moodle.csv", "feedback.zip"}
    assert made["students.csv"].startswith(b"\xef\xbb\xbfid,name,")
    for name in ("students.csv", "canvas.csv", "moodle.csv"):
        assert b"'=Kim" in made[name]
    assert "Students: 1, of whom 1 have work that counts, 0 late." in said

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said.clear()
    assert not take_home.write_all(wanted, [], handed_in, say=said.append)
    assert "students.csv is lost: give another --gradebook and run it again." in said
    assert made == {path.name: path.read_bytes() for path in folder.iterdir()}


# All of it together: the command, with a hidden test that fails.


def test_the_command_with_a_roster_and_a_hidden_test(tmp_path: Path, capsys) -> None:
    room = Room(tmp_path)
    solved = room.masters / "90_sample.ipynb"
    planted = solved.read_text(encoding="utf-8").replace("== 28", "== 28, 'seven gives 28'")
    solved.write_text(planted, encoding="utf-8")
    learnt = "def times_4(x):\n    return {5: 20}.get(x)"  # right for the check, not beyond it
    room.hand_in("Kim Lee_4711_assignsubmission_file_/04.ipynb", RIGHT[1], RIGHT[2], learnt)
    room.hand_in("s9/04.ipynb")
    listed = tmp_path / "roster.csv"
    listed.write_text("id,name\ns1,Kim Lee\ns2,Bo Ray\n", encoding="utf-8")
    output, book = tmp_path / "grades.csv", tmp_path / "book"
    given = ["--output", str(output), "--gradebook", str(book), "--roster", str(listed)]
    given += ["--exercises", "90.1", "90.3", *["--trust"] * bool(REFUSED)]
    assert run(room, *given) == 0
    said = capsys.readouterr().out
    assert "missing: Bo Ray (s2)" in said
    assert "not on the roster: s9/04.ipynb: nobody on the roster fits 's9'" in said
    kim, bo, stranger = read((book / "students.csv").read_text(encoding="utf-8-sig"))
    assert [kim[c] for c in ("id", "points", "maximum", "90.1", "90.3")] == [
        "s1",
        "1",
        "4",
        "1",
        "0",
    ]
    assert "90.2" not in kim
    assert (bo["status"], stranger["status"]) == ("missing", "not on the roster")
    page = " ".join(pages((book / "feedback.zip").read_bytes())["s1.html"].text)
    assert "1 of 4 points." in page and "a hidden test failed" in page
    assert "28" not in page and "seven" not in page and "times_4(7)" not in page
    assert "90.3: seven gives 28" in kim["remarks"]  # the instructor is told
    assert "Times 3" not in page
    assert (
        "90.3: a hidden test failed" in read((book / "moodle.csv").read_text("utf-8"))[0].values()
    )
    rows = read(output.read_text(encoding="utf-8-sig"))
    assert [row["maximum"] for row in rows] == ["4", "4"]


def test_a_wrong_exercise_or_roster_stops_before_any_answer_runs(tmp_path: Path, capsys) -> None:
    room = Room(tmp_path)
    room.hand_in("s1/04.ipynb", RIGHT[1])
    output = tmp_path / "grades.csv"
    output.write_text("of last week", encoding="utf-8")
    for given, told in (
        (["--exercises", "90.7"], "no exercise '90.7'; 90 has 90.1, 90.2, 90.3"),
        (["--gradebook", str(tmp_path), "--roster", "gone.csv"], "no roster gone.csv"),
    ):
        with pytest.raises(SystemExit):
            run(room, "--output", str(output), *given)
        assert told in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "of last week"


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("assert times_4(7) == 28, 'twenty-eight'", "twenty-eight"),
        ("assert twice(times_4(7)) == 28", "ZeroDivisionError"),
    ],
)
def test_a_hidden_test_is_known_by_its_place_in_the_cell(block: str, told: str) -> None:
    lines = ["def twice(x):", "    return 1 / 0", notebooks.BEGIN_HIDDEN, block]
    source = "\n".join([*lines, notebooks.END_HIDDEN, "1 / 0"])
    for shown, hidden in ((source, True), (source.replace(block, "pass"), False)):
        with pytest.raises((AssertionError, ZeroDivisionError)) as raised:
            exec(compile(shown, grading_check.CHECK, "exec"), {"times_4": lambda x: 0})
        assert grading_check._hidden(shown, raised.value) is hidden
