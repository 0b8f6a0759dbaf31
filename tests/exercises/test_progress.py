"""What ``check`` notes, what ``progress`` shows, and what happens when the file is in trouble."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import course_exercises
from course_exercises import Answer, WrongAnswer, exercises
from course_exercises import record as module
from course_lib.datasets import store
from course_tools import notebooks

ROOT = Path(__file__).resolve().parents[2]
HALF = "90.1 correct: half of 6 is 3\n"


@pytest.fixture
def notes(tmp_path, monkeypatch) -> Path:
    """Stand where a learner stands: no headless run, a file of one's own, one new exercise."""
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "new" / "notes.jsonl"))
    monkeypatch.setattr(module, "_said", False)
    course_exercises.progress()  # fills the register before it is copied
    monkeypatch.setattr(exercises, "_REGISTER", dict(exercises._REGISTER))

    @exercises.exercise("90.1", "Half")
    def half(answer: Answer) -> str:
        course_exercises.expect_close(answer(6), 3, "half of x is x / 2")
        return "half of 6 is 3"

    return tmp_path / "new" / "notes.jsonl"


def right(x):
    return x / 2


def wrong(x):
    return x * 2


def entries(path: Path) -> list[tuple[str, bool]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(entry["exercise"], entry["passed"]) for entry in lines]


def row(number: str) -> pd.Series:
    table = course_exercises.progress().set_index("number")
    return table.loc[number]


def test_every_exercise_of_the_notebooks_is_listed_with_its_title(notes):
    wanted = {}
    for path in notebooks.find():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            found = re.findall(r"^### Exercise (\S+) · (.+)$", "".join(cell["source"]), re.M)
            wanted |= {number: (title.strip(), path.name[:2]) for number, title in found}
    table = course_exercises.progress()
    assert list(table.columns) == ["number", "title", "notebook", "passed", "last_tried"]
    assert list(table.number) == sorted(table.number)
    listed = {n: (t, b) for n, t, b in zip(table.number, table.title, table.notebook, strict=True)}
    assert len(wanted) > 50
    assert {number: listed[number] for number in wanted} == wanted
    assert table.passed.dtype == bool and not table.passed.any()
    assert table.last_tried.dtype.kind == "M" and table.last_tried.isna().all()
    assert not notes.exists()


def test_check_notes_each_verdict_and_says_the_same_as_before(notes, capsys):
    with pytest.raises(WrongAnswer, match=r"^90\.1: the result is 12; wanted 3\."):
        course_exercises.check("90.1", wrong)
    with pytest.raises(WrongAnswer, match="give the function itself"):
        course_exercises.check("90.1", 3)
    with pytest.raises(WrongAnswer, match="stopped with ZeroDivisionError") as caught:
        course_exercises.check("90.1", lambda x: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert course_exercises.check("90.1", right) is None
    assert capsys.readouterr() == (HALF, "")
    assert entries(notes) == [("90.1", False)] * 3 + [("90.1", True)]


def test_a_stub_and_an_unknown_exercise_are_no_tries(notes):
    def stub(x):
        raise NotImplementedError("your turn: Half")

    with pytest.raises(WrongAnswer, match="not started yet"):
        course_exercises.check("90.1", stub)
    with pytest.raises(ValueError, match="no exercise"):
        course_exercises.check("90.9", right)
    assert not notes.exists()


def test_the_table_shows_what_was_checked(notes):
    before = datetime.now().replace(microsecond=0)
    module.record("01.1", passed=False)
    assert not row("01.1").passed
    module.record("01.1", passed=True)
    module.record("01.1", passed=False)  # solved once is solved
    module.record("02.1", passed=False)
    module.record("77.7", passed=True)  # an exercise that is there no more
    table = course_exercises.progress()
    assert list(table.number[table.passed]) == ["01.1"]
    assert list(table.number[table.last_tried.notna()]) == ["01.1", "02.1"]
    assert before <= row("01.1").last_tried <= datetime.now() + timedelta(seconds=1)


def test_all_rows_are_shown_by_lesson_with_a_bar(notes):
    module.record("01.2", passed=True)
    module.record("01.1", passed=False)
    module.record_guess("01.p1", "<b>many</b>")
    table = course_exercises.progress()
    assert len(table) > pd.get_option("display.max_rows")  # where pandas leaves rows out
    text, page = repr(table), table._repr_html_()
    assert all(f" {number}  {title}" in text for number, title in table[["number", "title"]].values)
    found = re.findall(r"<tr><td.*?>[■□·] (.*?)</td>", page)
    assert sorted(found) == sorted(table.number)
    bars = dict(re.findall(r"^(\d\d)  ([■□]+ \d+ of \d+)$", text, re.MULTILINE))
    assert bars == dict(re.findall(r"<summary>(\d\d) <code>(.*?)</code>", page))
    exercises_only = table[table.last_tried.notna() | ~table.passed]
    for lesson, rows in exercises_only.groupby("notebook"):
        boxes = "".join("■" if passed else "□" for passed in rows.passed)
        assert bars[lesson] == f"{boxes} {rows.passed.sum()} of {len(rows)}"
    assert bars["01"].startswith("□■□") and "<b>" not in page and "&lt;b&gt;many" in page
    assert re.search(r"■ 01\.2  .*  \d{4}-\d\d-\d\d \d\d:\d\d$", text, re.MULTILINE)
    assert type(table[table.notebook == "01"]) is pd.DataFrame  # a part is shown as pandas does


@pytest.mark.parametrize("sign", [("COURSE_PROGRESS", "0"), ("PYTEST_VERSION", "9")])
def test_headless_runs_leave_no_notes(notes, monkeypatch, capsys, sign):
    monkeypatch.setenv(*sign)
    course_exercises.check("90.1", right)
    with pytest.raises(WrongAnswer):
        course_exercises.check("90.1", wrong)
    assert capsys.readouterr() == (HALF, "")
    assert not notes.exists()


def test_a_notebook_that_is_executed_for_the_course_leaves_no_notes(notes):
    from course_tools.notebooks import headless

    environment = headless()
    environment.pop("PYTEST_VERSION", None)  # as in `make course`
    environment["COURSE_RECORD"] = str(notes)
    code = "from course_exercises.record import record; record('01.1', passed=True)"
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    assert not notes.exists()
    del environment["COURSE_PROGRESS"]  # the same command of a learner
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    assert entries(notes) == [("01.1", True)]


def test_the_file_stands_in_the_cache_folder_unless_it_is_named(notes, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_CACHE", str(tmp_path / "cache"))
    assert module.record_file() == notes
    monkeypatch.setenv("COURSE_RECORD", " ")
    assert module.record_file() == store.cache_dir() / "exercises.jsonl"
    assert module.record_file().parent == tmp_path / "cache"
    monkeypatch.setenv("COURSE_RECORD", "~/notes.jsonl")
    assert module.record_file() == Path.home() / "notes.jsonl"


def test_writers_at_the_same_time_lose_nothing(notes):
    code = (
        "import sys; from course_exercises.record import record\n"
        "sys.stdin.readline()\n"  # all begin together
        "for k in range(200): record(f'{sys.argv[1]}.{k}', passed=k % 2 == 0)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, name], stdin=subprocess.PIPE, cwd=ROOT)
        for name in ("11", "22", "33")
    ]
    for writer in writers:
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.stdin.close()
    wanted = [(f"{n}.{k}", k % 2 == 0) for n in ("11", "22", "33") for k in range(200)]
    assert sorted(entries(notes)) == sorted(wanted)


@pytest.mark.parametrize("kept", [1, 2, 20, -2])
def test_half_a_line_of_a_crash_costs_that_line_only(notes, kept):
    module.record("01.1", passed=True)
    whole = notes.read_bytes()
    module.record("01.2", passed=True)
    notes.write_bytes(whole + notes.read_bytes()[len(whole) :][:kept])
    module.record("01.3", passed=True)
    table = course_exercises.progress()
    assert list(table.number[table.passed]) == ["01.1", "01.3"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"7",
        b"null",
        b'{"exercise": "01.2"}',
        b'{"exercise": "01.2", "passed": true, "when": 3}',
        b'{"exercise": "01.2", "passed": true, "when": "yesterday"}',
        b'{"exercise": ["01.2"], "passed": true, "when": "2026-01-01T00:00:00+00:00"}',
    ],
)
def test_lines_that_are_no_notes_are_passed_over(notes, rubbish):
    module.record("01.1", passed=True)
    notes.write_bytes(rubbish + b"\n" + notes.read_bytes() + rubbish)
    table = course_exercises.progress()
    assert list(table.number[table.passed]) == ["01.1"]


def test_a_file_that_cannot_be_written_is_said_once(notes, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "file" / "notes.jsonl"))
    with pytest.warns(UserWarning, match=r"90\.1 is checked, but .*COURSE_RECORD") as caught:
        course_exercises.check("90.1", right)
    assert caught[0].filename == __file__  # it points at the learner's cell
    with warnings.catch_warnings(record=True) as later:
        warnings.simplefilter("always")
        course_exercises.check("90.1", right)
        with pytest.raises(WrongAnswer, match="half of x"):
            course_exercises.check("90.1", wrong)
    assert later == []
    assert capsys.readouterr().out == 2 * HALF


def test_a_folder_without_the_right_to_write(notes, monkeypatch, capsys):
    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied", str(notes))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.warns(UserWarning, match="Permission denied"):
        course_exercises.check("90.1", right)
    assert capsys.readouterr().out == HALF


def test_warnings_as_errors_do_not_fail_a_check(notes, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path))  # a folder, not a file
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        course_exercises.check("90.1", right)
    assert capsys.readouterr().out == HALF


def test_a_full_disk_is_told(notes, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def write(self, data):
            return len(data) - 1

    monkeypatch.setattr(Path, "open", lambda *args, **options: Full())
    with pytest.warns(UserWarning, match="the disk is full"):
        course_exercises.check("90.1", right)


def test_reset_begins_anew_and_keeps_the_old_notes(notes):
    assert not course_exercises.progress(reset=True).passed.any()  # nothing there yet
    module.record("01.1", passed=True)
    old = notes.read_bytes()
    assert not course_exercises.progress(reset=True).passed.any()
    assert not notes.exists()
    module.record("01.2", passed=True)
    course_exercises.progress(reset=True)
    kept = sorted(notes.parent.iterdir())
    assert len(kept) == 2 and kept[0].read_bytes() == old
    assert all(re.fullmatch(r"notes-\d{8}-\d{6}-\d{6}\.jsonl", path.name) for path in kept)


def test_explain_stays_light():
    code = (
        "import sys; import course_exercises\n"
        "heavy = {'torch', 'pandas', 'sklearn', 'gensim', 'pooch', 'requests', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "course_exercises.progress()\n"
        "print(sorted((heavy - {'pandas', 'pooch', 'requests'}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
