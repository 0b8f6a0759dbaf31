"""Marks for a folder of notebooks: right answers, broken files, hostile answers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import CHECKS, sample_notebook
from exercises import styles

from course_exercises import taken
from course_tools import editions, grade
from course_tools.grading import check, files, flags, sandbox, submissions

SETUP = """
import os
import sample_checks
from course_exercises import check
"""
HIDDEN = """
### BEGIN HIDDEN TESTS
assert times_4(7) == 28
### END HIDDEN TESTS"""
COURSE = sandbox.ROOT / "course_lib" / "__init__.py"
RIGHT = {k: f"def times_{k + 1}(x):\n    return {k + 1} * x" for k in (1, 2, 3)}


def refused() -> str:
    """Return why this machine cannot shut an answer in; nothing where it can."""
    try:
        sandbox.command(Path(), ())
    except sandbox.NoSandboxError as error:
        return str(error).splitlines()[0]
    return ""


REFUSED = refused()
shut_in = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)


def master() -> nbformat.NotebookNode:
    """Return the sample with a light set-up, 1 to 3 stars, and a hidden test in the third check."""
    notebook = sample_notebook()
    for cell in notebook.cells:
        if cell.id == "setup":
            cell.source = SETUP.strip()
        for k in (2, 3):
            if cell.id == f"task-{k}":
                cell.source = cell.source.replace("★☆☆", "★" * k + "☆" * (3 - k))
        if cell.id == "check-3":
            cell.source += HIDDEN
    return notebook


def answered(*answers: str) -> nbformat.NotebookNode:
    """Return a student copy whose first solution cells are written; an empty text leaves one."""
    notebook = editions.student(master(), "90_sample.ipynb", set())
    for k, source in enumerate(answers, 1):
        for cell in notebook.cells:
            if cell.id == f"answer-{k}" and source:
                cell.source = source
    return notebook


class Room:
    """A folder of masters and one of submissions."""

    def __init__(self, folder: Path) -> None:
        self.masters, self.handed_in = folder / "masters", folder / "handed in"
        self.masters.mkdir()
        self.handed_in.mkdir()
        (self.masters / "sample_checks.py").write_text(CHECKS, encoding="utf-8")
        nbformat.write(master(), self.masters / "90_sample.ipynb")

    def hand_in(self, name: str, *answers: str) -> Path:
        path = self.handed_in / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(answered(*answers), path)
        return path

    def grade(self, **options: Any) -> dict[str, dict[str, str]]:
        """Return the rows of the CSV by the name of the file."""
        usual = {"masters": self.masters, "seconds": 5, "memory_mb": 300, "jobs": 2}
        usual["trust"] = bool(REFUSED)
        found = grade.table(grade.grade(self.handed_in, **{**usual, **options}))
        return {row["submission"]: row for row in csv.DictReader(io.StringIO(found))}

    def hashes(self) -> dict[Path, str]:
        paths = [p for f in (self.masters, self.handed_in) for p in f.rglob("*")]
        paths = [p for p in (*paths, COURSE) if p.is_file()]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_lesson_and_its_companion_are_told_apart(room: Room) -> None:
    """They share a number; what an exercise is called decides, then the name of the file."""
    companion = master()
    for cell in companion.cells:
        if cell.get("metadata", {}).get("course"):
            cell.metadata["course"]["exercise"] = cell.metadata["course"]["exercise"] + "1"
        cell.source = re.sub(r"90\.([123])", r"90.\g<1>1", cell.source)
    (room.masters / "deeper").mkdir()
    nbformat.write(companion, room.masters / "deeper" / "90_more.ipynb")
    known = submissions.masters(room.masters)
    assert list(known) == ["90_sample", "90_more"]
    for number, stem in (("90.1", "90_sample"), ("90.11", "90_more")):
        cells = [{"source": f'check("{number}", f)', "id": "x", "metadata": {}}]
        assert submissions._master_of(cells, "Kim/04.ipynb", known)[0] is known[stem]
        cells[0].update(source="", metadata={"course": {"exercise": number}})
        assert submissions._master_of(cells, "Kim/04.ipynb", known)[0] is known[stem]
    sources = ('check("90.1", f)', "check('90.2', f)", 'check("90.11", f)')
    both = {"cells": [{"cell_type": "code", "source": source} for source in sources]}
    loaded = submissions.load(files.HandedIn("Kim.ipynb", json.dumps(both).encode()), known)
    assert loaded.master is known["90_sample"]
    told = "it also has exercises of 90_more, which are not graded from here"
    assert loaded.remark == told
    for name, stem in (("90_more", "90_more"), ("90_sample-newer", "90_sample")):
        assert submissions._master_of([], f"Kim/{name}.ipynb", known)[0] is known[stem]


def test_points_by_exercise(room: Room) -> None:
    room.hand_in("all.ipynb", RIGHT[1], RIGHT[2], RIGHT[3])
    room.hand_in("none.ipynb")
    wrong = "def times_3(x):\n    return x + 3"
    # It passes the check that students see, not the hidden one.
    learnt = "def times_4(x):\n    return {5: 20}.get(x)"
    room.hand_in("Kim/some.ipynb", RIGHT[1], wrong, learnt)
    found = room.grade()
    assert list(found) == ["Kim/some.ipynb", "all.ipynb", "none.ipynb"]
    columns = ("notebook", "points", "maximum", "90.1", "90.2", "90.3")
    told = {name: [row[c] for c in columns] for name, row in found.items()}
    assert told["all.ipynb"] == ["90_sample", "6", "6", "1", "2", "3"]
    assert told["none.ipynb"] == ["90_sample", "0", "6", "0", "0", "0"]
    assert told["Kim/some.ipynb"] == ["90_sample", "1", "6", "1", "0", "0"]
    assert found["all.ipynb"]["remarks"] == ""
    assert found["none.ipynb"]["remarks"].count("not started yet") == 3
    remarks = found["Kim/some.ipynb"]["remarks"]
    assert remarks == "90.2: that adds; multiply | 90.3: a hidden test failed"


def edited(room: Room, name: str, change) -> None:
    path = room.hand_in(name, RIGHT[1])
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_what_students_do_to_a_notebook(room: Room) -> None:
    def cell(notebook, cell_id):
        return next(c for c in notebook.cells if c.id == cell_id)

    def rename(notebook):
        for place, one in enumerate(notebook.cells):
            one["id"] = f"c{place}"
            one.metadata.clear()

    def check_made_easy(notebook):
        cell(notebook, "check-2").source = 'print("90.2 correct: 5 times 3")'
        cell(notebook, "setup").source = "check = None"

    def twice(notebook):
        first = cell(notebook, "answer-1")
        notebook.cells.append({**first, "id": "later", "source": "def times_2(x):\n    return 7"})

    edited(room, "cells renamed.ipynb", rename)
    edited(room, "check changed.ipynb", check_made_easy)
    edited(room, "a later cell of the exercise counts.ipynb", twice)
    edited(
        room,
        "stub left, answer in a new cell.ipynb",
        lambda n: n.cells.append(nbformat.v4.new_code_cell(RIGHT[2])),
    )
    edited(room, "exercise gone.ipynb", lambda n: n.cells.remove(cell(n, "answer-1")))
    edited(room, "set-up gone.ipynb", lambda n: n.cells.remove(cell(n, "setup")))
    edited(
        room, "function renamed.ipynb", lambda n: cell(n, "answer-1").update(source="def f(): 1")
    )
    more = (
        "%matplotlib inline\nimport math\nTWO = 2\ndef half(x):\n    return x * TWO / math.sqrt(4)"
    )
    more += "\nprint(nothing)\ndef times_2(x):\n    return half(x) * 2\ntimes_2(no_such_name)"
    room.hand_in("helper, import, constant, call.ipynb", more)
    room.hand_in("syntax error.ipynb", "def times_2(x):\n    return 2 x", "", RIGHT[3])
    room.hand_in("crash.ipynb", "def times_2(x):\n    y = 0\n    return x / y")
    computed = "EPS = len('ab')\ndef times_2(x):\n    return EPS * x"
    room.hand_in("computed constant.ipynb", computed)
    room.hand_in("a list of its own.ipynb", "def times_2(x):\n    return [x, x].pop() * 2")
    found = room.grade()
    points = {name.removesuffix(".ipynb"): int(row["points"]) for name, row in found.items()}
    assert points == {
        "a later cell of the exercise counts": 0,
        "cells renamed": 1,
        "a list of its own": 1,
        "check changed": 1,
        "computed constant": 1,
        "crash": 0,
        "exercise gone": 0,
        "function renamed": 0,
        "helper, import, constant, call": 1,
        "set-up gone": 1,
        "stub left, answer in a new cell": 3,
        "syntax error": 3,
    }
    remarks = {name.removesuffix(".ipynb"): row["remarks"] for name, row in found.items()}
    assert remarks["syntax error"].startswith("90.1: the cell is not Python, line 2: ")
    nobody = (
        "90.1: no cell defines a function times_2; give it the name that the exercise asks for |"
    )
    assert remarks["exercise gone"].startswith(nobody)
    assert remarks["function renamed"].startswith(nobody)
    assert "ZeroDivisionError: division by zero your line 3: return x / y" in remarks["crash"]


def cells_of(style: list[str], number: int) -> list[str]:
    """Return the cells of a style for another exercise: 90.1 asks for times 2, and so on."""
    return [cell.replace("_2", f"_{number + 1}") for cell in style]


def test_what_is_correct_in_the_notebook_gets_points(room: Room) -> None:
    """The styles of the issue, and what cannot be taken in the words of the check."""
    chosen = (
        *("a failed try, and the right one below", "a helper in its own cell", "a lambda"),
        *("split after its imports", "a computed constant", "under if"),
        *("time", "capture", "ends in a question", "a table that grows", "a class", "a decorator"),
        *("what a module goes by is set", "own functions at work in a loop"),
    )
    names = [*chosen, *styles.REFUSED]
    for place in range(0, len(names), 3):
        copy = answered()
        for number, name in enumerate(names[place : place + 3], 1):
            style = styles.HONEST[name] if name in styles.HONEST else styles.REFUSED[name][0]
            at = next(k for k, c in enumerate(copy.cells) if c.id == f"check-{number}")
            made = [nbformat.v4.new_code_cell(cell) for cell in cells_of(style, number)]
            copy.cells[at:at] = made
        nbformat.write(copy, room.handed_in / f"{place}.ipynb")
    found = room.grade()
    for place, name in enumerate(names):
        row = found[f"{place // 3 * 3}.ipynb"]
        number = place % 3 + 1
        right = name in styles.HONEST
        assert row[f"90.{number}"] == str(number * right), (name, row["remarks"])
        if not right:
            (words,) = cells_of([styles.REFUSED[name][1]], number)
            if words.startswith("no cell"):
                words = "not started yet"  # the stub is still there
            assert f"90.{number}: {words}" in row["remarks"]


def test_the_order_of_the_runs_counts_where_the_check_said_correct(room: Room) -> None:
    """The right answer stands above a later, wrong try, and was run after it."""

    def change(notebook, said: str) -> None:
        wrong = nbformat.v4.new_code_cell("def times_2(x):\n    return 7", execution_count=3)
        for place, cell in enumerate(notebook.cells):
            if cell.id == "answer-1":
                cell.execution_count = 4
            elif cell.id == "check-1":
                cell.execution_count = 5
                cell.outputs = [nbformat.v4.new_output("stream", text=said)]
                where = place
        notebook.cells.insert(where, wrong)

    edited(room, "right.ipynb", lambda n: change(n, "90.1 correct: 5 times 2\n"))
    edited(room, "wrong.ipynb", lambda n: change(n, "not yet\n"))
    found = room.grade()
    assert (found["right.ipynb"]["90.1"], found["wrong.ipynb"]["90.1"]) == ("1", "0")


def test_another_reading_of_the_cells_may_be_the_right_one(room: Room) -> None:
    """Counts of two sessions, and a name that was used again below the check."""

    def insert(notebook, cell_id: str, after: bool, source: str, count: int | None = None) -> None:
        at = next(k for k, cell in enumerate(notebook.cells) if cell.id == cell_id)
        made = nbformat.v4.new_code_cell(source, execution_count=count)
        notebook.cells.insert(at + after, made)

    def two_days(notebook) -> None:
        """The failed try was run yesterday, as third; the right one today, as second."""
        insert(notebook, "answer-1", False, styles.WRONG, 3)
        for cell in notebook.cells:
            if cell.id in ("answer-1", "check-1"):
                cell.execution_count = 2 if cell.id == "answer-1" else 4
            if cell.id == "check-1":
                cell.outputs = [nbformat.v4.new_output("stream", text="90.1 correct: 5\n")]

    edited(room, "two days.ipynb", two_days)
    for name, below in {
        "a result": "times_2 = times_2(4)",
        "a loop": "for times_2 in range(3):\n    pass",
    }.items():
        edited(room, f"{name}.ipynb", lambda n, below=below: insert(n, "check-1", True, below))
    edited(room, "wrong.ipynb", lambda n: insert(n, "check-1", False, styles.WRONG))
    found = {name: row["90.1"] for name, row in room.grade(exercises=["90.1"]).items()}
    assert found.pop("wrong.ipynb") == "0"
    assert set(found.values()) == {"1"}, found


def test_files_that_are_no_submission(room: Room) -> None:
    room.hand_in("Kim.ipynb", RIGHT[1])
    folder = room.handed_in
    texts = {
        "empty": "",
        "no JSON": "{'cells'",
        "a list": "[1]",
        "deep": "[" * 200_000,
        "old": '{"nbformat": 3, "worksheets": []}',
        "no code": '{"cells": [{"cell_type": "markdown", "source": "def times_2"}]}',
        "odd": '{"cells": [1, null, {"cell_type": "code", "source": [1, {}], "metadata": []}]}',
        "=1+1": "",
        "@SUM(A1)": "",
    }
    for name, told in texts.items():
        (folder / f"{name}.ipynb").write_text(told, encoding="utf-8")
    (folder / "bytes.ipynb").write_bytes(bytes(range(256)))
    (folder / "folder.ipynb").mkdir()
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "__MACOSX").mkdir()
    left = (".ipynb_checkpoints/Kim.ipynb", "._Kim.ipynb", "__MACOSX/Kim.ipynb")
    for name in left:
        (folder / name).write_text("", encoding="utf-8")
    with (folder / "huge.ipynb").open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    nbformat.write(other, folder / "another notebook.ipynb")
    lines: list[str] = []
    found = room.grade(said=lines.append)
    assert lines == [
        "Not read: ._Kim.ipynb: a hidden file (its name begins with a dot).",
        "Not read: .ipynb_checkpoints/Kim.ipynb: an older copy that Jupyter keeps.",
        "Not read: __MACOSX/Kim.ipynb: an extra file of a Mac's archives.",
    ]
    assert found.pop("Kim.ipynb")["points"] == "1"
    assert {row["points"] for row in found.values()} == {"0"}
    remarks = {name.removesuffix(".ipynb"): row["remarks"] for name, row in found.items()}
    ask = f"; {files.ASK}"
    nothing = f"it is no notebook: no JSON, line 1{ask}"
    no_exercise = "no exercise of the course is in it; ask for the lesson's own notebook"
    assert remarks == {
        "'=1+1": f"the file is empty{ask}",
        "'@SUM(A1)": f"the file is empty{ask}",
        "a list": f"it is no notebook of format 4: it has no cells{ask}",
        "another notebook": no_exercise,
        "bytes": nothing,
        "deep": f"it is no notebook: no JSON{ask}",
        "empty": f"the file is empty{ask}",
        "folder": f"it is a folder, not a file{ask}",
        "huge": "the file has 20 MB, and at most 20 are read; ask for one without outputs",
        "no JSON": nothing,
        "no code": f"it has no code cells{ask}",
        "odd": no_exercise,
        "old": f"it is no notebook of format 4: it has no cells{ask}",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_not_read(room: Room) -> None:
    os.mkfifo(room.handed_in / "pipe.ipynb")  # reading it would wait without end
    (file,) = files.below(room.handed_in)
    assert file.remark == f"it is no ordinary file; {files.ASK}"


def test_cheats_are_refused_or_flagged(room: Room) -> None:
    checks = CHECKS.replace('"90.2", "Times 3"', '"90.2", "Times 3", forbidden=("mul",)')
    (room.masters / "sample_checks.py").write_text(checks, encoding="utf-8")
    (room.handed_in / "link.ipynb").symlink_to(room.masters / "90_sample.ipynb")
    (room.handed_in / "Kim").symlink_to(room.masters)
    room.hand_in(
        "checks.ipynb",
        "from course_exercises import checks_04 as c\ndef times_2(x):\n    return bool(c) * 2 * x",
        "import operator as o\ndef times_3(x):\n    return o.mul(3, x)",
        "def times_4(x):\n    from course_exercises.exercises import _REGISTER\n    return 4 * x",
    )
    room.hand_in(
        "library.ipynb",
        "from course_lib import text as t\ndef times_2(x):\n    return len(t.tokenize('a b')) * x",
        "from operator import mul as times\ndef times_3(x):\n    return times(3, x)",
        "def times_4(x):\n    import importlib as i\n"
        "    name = 'course' + '_exercises.ch' + 'ecks_04'\n"
        "    return len(i.import_module(name).__name__) and 4 * x",
    )
    secret = "def times_2(x):\n    raise ValueError('a\\n\\x07' + 'secret' * 900)"
    room.hand_in("says.ipynb", secret)
    notebook = nbformat.read(room.handed_in / "says.ipynb", nbformat.NO_CONVERT)
    for cell in notebook.cells:
        if cell.id == "check-1":
            cell.outputs = [nbformat.v4.new_output("stream", text="90.1 correct: 5 times 2\n")]
            cell.execution_count = 9
    nbformat.write(notebook, room.handed_in / "says.ipynb")
    found = room.grade()
    link = f"it is a link to another file, which is not followed; {files.ASK}"
    for name in ("link.ipynb", "Kim"):
        assert (found[name]["points"], found[name]["remarks"]) == ("0", link)
    row = found["checks.ipynb"]
    assert (row["points"], row["flags"]) == ("0", "")
    own = "the checks, and what they compute, are no part of an answer; write it yourself"
    mul = "it uses mul, and the exercise is to write out what that does; do it without"
    assert (
        f"90.1: it uses course_exercises.checks_04: {own} | 90.2: {mul} | 90.3: it uses "
        in (row["remarks"])
    )
    row = found["library.ipynb"]
    assert row["flags"] == "90.1 uses text.tokenize | 90.3 reaches by import_module"
    assert (row["90.1"], row["90.2"]) == ("1", "0")
    assert mul in row["remarks"]
    if not REFUSED:
        assert row["90.3"] == "0"
        assert "ModuleNotFoundError: No module named 'course_exercises.checks_04'" in row["remarks"]
    row = found["says.ipynb"]
    assert row["flags"] == "90.1 correct in the notebook"
    said = row["remarks"].partition(" | ")[0]
    assert said.startswith("90.1: your function stopped with ValueError: a secretsecret")
    assert said.count("secret") == (check.MOST_SAID - 2) // 6 + 1  # and in the line
    assert said.isprintable()


def test_a_copy_of_the_published_solution_is_flagged() -> None:
    solution = """def f(scores, k):
        \"\"\"Return it.\"\"\"
        shifted = scores - scores.max()
        total = sum(shifted)
        return [s / total for s in shifted][:k]"""
    renamed = """def f(a, k=3):
        b = a - a.max()
        c = sum(b)
        return [x / c for x in b][:k]"""
    other = renamed.replace("a - a.max()", "a - max(a)")
    for source, wanted in ((renamed, ("as published, but for names",)), (other, ())):
        assert flags.of(taken.take("f", [source]), solution, "import os") == wanted


ROUNDABOUT = [
    "from torch.nn.functional import *\ndef f(x):\n    return softmax(x, 0)",
    "def f(x):\n    return softmax(x)",  # as the set-up has it
    "import torch\ndef f(x, by=torch.softmax):\n    return by(x, 0)",
    "import torch\ndef f(x):\n    return getattr(torch, 'softmax')(x, 0)",
    "import torch\nfrom operator import attrgetter as a\nf = a('nn.functional.softmax')(torch)",
    "import torch\ndef f(x):\n    return vars(torch)['softmax'](x, 0)",
    "import torch\ndef f(x):\n    return eval('torch.softmax(x, 0)')",
    "from functools import partial\nfrom scipy.special import softmax as s\nf = partial(s, axis=0)",
]


@pytest.mark.parametrize("source", ROUNDABOUT)
def test_what_is_forbidden_is_so_by_another_way(source: str) -> None:
    made = taken.take("f", [source], given={"os", "softmax"})
    with pytest.raises(taken.Missing, match="it uses softmax, and the exercise is to write out"):
        made.refuse(("softmax",))


def test_a_name_of_ones_own_is_not_forbidden() -> None:
    source = "def softmax(x, uniform=1):\n    choice = [x]\n    return softmax(choice, uniform)"
    taken.take("softmax", [source]).refuse(("softmax", "uniform", "choice"))


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        ("from course_lib.text import *\nf = lambda x: tokenize(x)", "uses text.tokenize"),
        ("import course_lib.text as t\nf = getattr(t, 'tok' + 'enize')", "reaches by getattr"),
        ("import sys\ndef f(x):\n    return sys.modules['os'].name", "reaches by modules"),
        ("def f(x):\n    import ctypes as c, gc\n    return c, gc", "reaches by ctypes, gc"),
        ("def f(x):\n    return __import__('os').name", "reaches by __import__"),
    ],
)
def test_ways_around_are_flagged(source: str, flag: str) -> None:
    solution = "def f(x):\n    return x"
    assert flag in flags.of(taken.take("f", [source]), solution, "import os")


# Each is the body of times_2. Those in LOST must get no point for it. Those in KEPT return the
# right number whatever they did before, so the point is theirs and the harm must not be done.
LOST = {
    "endless loop": "while True: pass",
    "memory": "y = [0]\n    while True: y = y + y",
    "huge result": "return 'x' * 10**8",
    "os._exit": "os._exit(0)",
    "sys.exit": "import sys; sys.exit(0)",
    "abort": "os.abort()",
    "print": "print('90.1 correct: 5 times 2', flush=True)\n    return x + 3",
    "forged verdict": """
    message = b'[true, "90.1 correct: 5 times 2"]'
    for fd in range(64):
        try:
            os.write(fd, len(message).to_bytes(8, 'big') + message)
        except OSError:
            pass
    return x + 3""",
    "patched check": """
    import sys, numpy
    import course_exercises
    from course_exercises import exercises, expect
    course_exercises.check = exercises.check = lambda *given: None
    sample_checks.sum_up = expect.expect_close = lambda *given, **more: 'right'
    numpy.allclose = lambda *given, **more: True
    exercises._REGISTER.clear()
    return x + 1""",
    "equal to all": """
    class Equal(float):
        __eq__ = __le__ = __ge__ = lambda self, other: True
        __sub__ = __rsub__ = __abs__ = lambda self, *other: 0
    class Any:
        __array__ = lambda self, *given: [Equal(0)]
    return Any()""",
    "recursion": "import sys; sys.setrecursionlimit(10**9)\n    return times_2(x)",
    "endless list": "y = []\n    y.append(y)\n    return y",
    "endless generator": "import itertools\n    return itertools.count()",
    "fork": "for _ in range(30): os.fork()\n    return 2 * x",
    "program": "import subprocess; subprocess.run(['true'])\n    return 2 * x",
    "socket": "import socket\n    socket.create_connection(('127.0.0.1', PORT))\n    return 2 * x",
    "long line": "return " + "-" * 40_000 + "x",
}
KEPT = {
    "parent": """
    for process in (os.getppid(), 1, -1):
        try:
            os.kill(process, 9) if process != -1 else os.killpg(os.getppid(), 9)
        except (PermissionError, ProcessLookupError):
            pass""",
    "output": """
    for _ in range(10):
        os.write(1, b'x' * 10**8)
        print('x' * 10**7, flush=True)""",
    "threads": """
    import threading, time
    try:
        for _ in range(300):
            threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
    except RuntimeError:
        pass""",
    "files": """
    import pathlib, shutil
    for path in PATHS:
        place = pathlib.Path(path)
        for act in (
            lambda: place.write_text('x'),
            lambda: place.open('a').write('x'),
            lambda: os.write(os.open(path, os.O_RDWR), b'x'),
            lambda: os.truncate(path, 0),
            lambda: place.rename(path + '.old'),
            lambda: place.unlink(),
            lambda: shutil.rmtree(place.parent),
            lambda: place.with_name('new.ipynb').write_text('x'),
            lambda: os.symlink('/', path + '.link'),
        ):
            try:
                act()
            except OSError:
                pass
    try:
        open(COURSE, 'a')  # and nothing more: if this test fails, the course must survive it
        return 0
    except OSError:
        return 2 * x""",
    "past the checks of Python": """
    import ctypes, h5py, sqlite3
    outside = os.path.dirname(PATHS[0])
    for act in (
        lambda: os.open('new.txt', os.O_WRONLY | os.O_CREAT, dir_fd=os.open(outside, os.O_RDONLY)),
        lambda: sqlite3.connect('own.db').execute(f"ATTACH '{outside}/data.db' AS d"),
        lambda: h5py.File(outside + '/numbers.h5', 'w'),
        lambda: (os.symlink(PATHS[0], 'link'), open('link', 'w')),
        lambda: os.mkdir(outside + '/folder'),
        lambda: os.chmod(PATHS[0], 0),
    ):
        try:
            act()
            return 0
        except (OSError, sqlite3.OperationalError):
            pass
    libc = ctypes.CDLL(None)
    for path in PATHS:
        libc.unlink(path.encode())
        libc.truncate(path.encode(), 0)
        libc.open(path.encode(), os.O_WRONLY | os.O_TRUNC)
    return 2 * x""",
    "own folder": """
    with open('note.txt', 'w') as file:
        file.write('x')
    assert open('note.txt').read() == 'x'
    assert os.path.samefile(os.path.expanduser('~'), '.') and len(os.environ) < 30""",
    "native program": """
    import ctypes
    ctypes.CDLL(None).system(f"echo x >> '{PATHS[0]}'".encode())""",
    "native socket": """
    import ctypes, struct
    libc = ctypes.CDLL(None)
    address = struct.pack('=HH4s8x', 2, (PORT >> 8) | (PORT & 255) << 8, bytes([127, 0, 0, 1]))
    libc.connect(libc.socket(2, 1, 0), address, 16)""",
    "native parent": """
    import ctypes
    if os.getppid() > 1:
        ctypes.CDLL(None).kill(os.getppid(), 9)""",
}


def hostile(body: str, *, port: int, paths: list[str]) -> str:
    rest = "" if "return" in body else "\n    return 2 * x"
    body = body.strip("\n").lstrip()
    # Called by its name, open is refused before anything runs; here the sandbox must hold.
    body = re.sub(r"\b(\w+)\.open\(", r"getattr(\1, 'open')(", body)
    body = re.sub(r"(?<![\w.'])open\(", "getattr(__import__('builtins'), 'open')(", body)
    names = f"PORT, PATHS, COURSE = {port}, {paths!r}, {str(COURSE)!r}"
    return f"{names}\ndef times_2(x):\n    {body}{rest}"


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def told_by(room: Room, listener: socket.socket, bodies: dict[str, str], **options: Any):
    """Grade hostile answers beside honest ones; expect no harm; return the hostile rows."""
    honest = [room.hand_in(name, *RIGHT.values()) for name in ("aaa.ipynb", "zzz.ipynb")]
    paths = [*honest, *room.masters.iterdir()]
    given = {"port": listener.getsockname()[1], "paths": [str(path) for path in paths]}
    for name, body in bodies.items():
        room.hand_in(f"{name}.ipynb", hostile(body, **given), RIGHT[2])
    before = room.hashes()
    found = room.grade(**options)
    assert room.hashes() == before
    with pytest.raises(BlockingIOError):
        listener.accept()
    for path in honest:
        assert found.pop(path.name)["points"] == "6"
    assert len(found) == len(bodies)
    for name, row in found.items():
        assert row["90.2"] == "2", (name, row["remarks"])  # its next exercise is not harmed either
    return {name.removesuffix(".ipynb"): row for name, row in found.items()}


@shut_in
def test_hostile_answers(room: Room, listener: socket.socket) -> None:
    found = told_by(room, listener, {**LOST, **KEPT})
    points = {name: row["90.1"] for name, row in found.items()}
    assert points == {**dict.fromkeys(LOST, "0"), **dict.fromkeys(KEPT, "1")}
    remarks = {name: row["remarks"] for name, row in found.items()}
    assert "it took more than 5 s of processor time" in remarks["endless loop"]
    for name in ("os._exit", "abort"):
        assert "its process ended before there was a result" in remarks[name]
    for name, error in {
        "sys.exit": "SystemExit",
        "fork": "BlockingIOError",
        "program": "BlockingIOError",
        "socket": "ConnectionRefusedError",
    }.items():
        assert error in remarks[name], name


@shut_in
def test_an_answer_that_waits_is_ended_by_the_clock(room: Room, listener: socket.socket) -> None:
    body = "import time; time.sleep(10_000)"
    found = told_by(room, listener, {"sleep": body}, seconds=1)["sleep"]
    assert found["90.1"] == "0"
    assert "it took more than 10 s by the clock" in found["remarks"]


@shut_in
def test_an_answer_cannot_read_the_solutions(room: Room, listener: socket.socket) -> None:
    body = "return [len(open(path).read()) for path in PATHS if path.endswith('.ipynb')] and 2 * x"
    found = told_by(room, listener, {"reader": body})
    assert found["reader"]["90.1"] == "0"
    assert "FileNotFoundError: [Errno 2] No such file or directory" in found["reader"]["remarks"]


@shut_in
def test_an_answer_cannot_see_other_processes(room: Room, listener: socket.socket) -> None:
    body = "return 2 * x if len([n for n in os.listdir('/proc') if n.isdigit()]) < 5 else 0"
    assert told_by(room, listener, {"looker": body})["looker"]["90.1"] == "1"


@shut_in
def test_folders_below_those_that_can_be_read_are_hidden(tmp_path: Path, monkeypatch) -> None:
    python = tmp_path / "python" / "site-packages"
    solved = python / "checkout" / "notebooks"
    packages = python / "checkout" / "course_lib"
    for folder in (solved, packages):
        folder.mkdir(parents=True)
    for place in (solved / "solved.ipynb", solved / "helper.py", packages / "text.py"):
        place.touch()
    monkeypatch.syspath_prepend(str(python))
    monkeypatch.setattr(sandbox, "ROOT", python / "checkout")
    command = sandbox.command(solved, [solved, python / "checkout", python])
    listed = [*command, "find", str(python), "-type", "f", "-printf", "%f "]
    done = subprocess.run(listed, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["helper.py", "text.py"]


@pytest.mark.parametrize("program", [None, "#!/bin/sh\necho bwrap: No permissions >&2; exit 1"])
def test_without_a_sandbox_no_answer_runs(
    room: Room, tmp_path: Path, capsys, monkeypatch, program: str | None
) -> None:
    room.hand_in("Kim.ipynb", RIGHT[1])
    if program:
        if os.name != "posix":
            pytest.skip("no shell scripts on this system")
        (tmp_path / "bwrap").write_text(program, encoding="utf-8")
        (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    output = tmp_path / "grades.csv"
    with pytest.raises(SystemExit) as stopped:
        run(room, "--output", str(output))
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    reason = "it was refused: bwrap: No permissions" if program else "(bwrap) is not installed."
    assert reason in said
    assert "With --trust they run without it" in said
    assert not output.exists()
    assert run(room, "--output", str(output), "--trust") == 0
    assert "with all your rights (--trust)" in capsys.readouterr().out
    (row,) = csv.DictReader(io.StringIO(output.read_text(encoding="utf-8-sig")))
    assert row["points"] == "1"


# The command.


def run(room: Room, *more: str) -> int:
    given = [str(room.handed_in), "--masters", str(room.masters), "--seconds", "5", *more]
    return grade.main(given)


def test_the_command_writes_a_table(room: Room, tmp_path: Path, capsys) -> None:
    room.hand_in("=Kim.ipynb", RIGHT[1], "def times_3(x):\n    raise ValueError('=1+1\\n@x')")
    output = tmp_path / "new" / "grades.csv"
    assert run(room, "--output", str(output), *["--trust"] * bool(REFUSED)) == 0
    said = capsys.readouterr().out
    assert f"1 file in {output}." in said
    assert ("in a sandbox" in said) != bool(REFUSED)
    data = output.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfsubmission,")  # a spreadsheet sees that it is UTF-8
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert row["submission"] == "'=Kim.ipynb"
    assert "\n" not in row["remarks"]
    assert os.listdir(output.parent) == ["grades.csv"]  # noqa: PTH208


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r\n=1", "  =1"])
def test_formulas_are_made_harmless(text: str) -> None:
    assert grade.harmless(text).startswith("'")


@pytest.mark.parametrize("room_beside_it", [True, False])
def test_the_marks_are_kept_if_their_file_is_lost(
    room: Room, tmp_path: Path, capsys, monkeypatch, room_beside_it: bool
) -> None:
    room.hand_in("Kim.ipynb")
    output = tmp_path / "grades.csv"
    (tmp_path / "grades-2.csv").write_text("of last week", encoding="utf-8")
    monkeypatch.setattr(grade, "grade", lambda *given, **more: output.mkdir() or [])
    if not room_beside_it:

        def full(path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
    assert run(room, "--output", str(output)) == 1
    said = capsys.readouterr().out
    assert f"{output} cannot be written: " in said
    header = "submission,notebook,points,maximum,remarks,student,number,attempt,late,flags\n"
    beside = tmp_path / "grades-3.csv"
    if room_beside_it:
        assert beside.read_text(encoding="utf-8-sig") == header
        assert f"0 files in {beside}." in said
    else:
        assert header in said
        assert "0 files in the table above." in said
    assert (tmp_path / "grades-2.csv").read_text(encoding="utf-8") == "of last week"


def test_wrong_folders(room: Room, capsys) -> None:
    def told(*more: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            run(room, *more)
        assert stopped.value.code == 2
        return capsys.readouterr().err

    assert f"no file in {room.handed_in}; give the folder of what was handed in." in told()
    room.hand_in("90_sample.ipynb")
    gone = room.handed_in / "gone"
    assert f"no solved notebook with exercises in {gone};" in told("--masters", str(gone))
    solved_nothing = "90_sample.ipynb, exercise 90.1: a solution cell holds one"
    assert solved_nothing in told("--masters", str(room.handed_in))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seconds", "0"], "--seconds is 0"),
        (["--memory-mb", "-1"], "--memory-mb is -1"),
        (["--output", "."], "is a folder"),
        (["--output", str(COURSE / "x.csv")], "x.csv cannot be written ("),
        ([], "no file in"),
    ],
)
def test_wrong_calls(room: Room, capsys, more: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(room, *more)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        grade.main([str(room.handed_in / "missing")])
    assert "no folder" in capsys.readouterr().err
