"""One decision for the check in a notebook and for the grader: what is taken as the answer."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_exercises import session, taken
from course_exercises.exercises import WrongAnswer, registered
from course_tools import editions, notebooks
from exercises.styles import HONEST, REFUSED, STUB, WRONG, N

SETUP = "import os\nimport sample_checks\nfrom course_exercises import check"
CHECK = 'check("90.1", times_2)'


@pytest.fixture
def shell(course: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator:
    """A notebook's interpreter, without a kernel around it."""
    monkeypatch.setitem(sys.modules, "sample_checks", types.ModuleType("sample_checks"))
    monkeypatch.setattr(session, "_cell_of", {})
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config({"HistoryManager": {"enabled": False}})
    made = InteractiveShell.instance(config=config)
    session.watch()
    yield made
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, *cells: str, ids: bool = True) -> BaseException | None:
    """Run cells and return what stopped the last one."""
    last = None
    for place, cell in enumerate(cells):
        name = {"cell_id": f"c{place}"} if ids else {}
        last = shell.run_cell(cell, store_history=True, **name)
    return last.error_in_exec or last.error_before_exec


@pytest.mark.parametrize("style", HONEST)
def test_what_is_correct_in_the_notebook_can_be_taken(shell, style: str, capsys) -> None:
    cells = [SETUP, *HONEST[style]]
    if style == "the stub stays below":
        cells = cells[:-1]
    assert run(shell, *cells, CHECK) is None
    assert "90.1 correct: 5 times 2" in capsys.readouterr().out
    made = taken.take("times_2", [SETUP, *HONEST[style], CHECK])
    assert made.run({"__name__": "__main__"})(21) == 42
    made = taken.take("times_2", [*HONEST[style], CHECK], given={"os", "check", "sample_checks"})
    assert made.run({"__name__": "__main__"})(21) == 42


def test_where_no_history_is_kept_nothing_more_is_asked(shell) -> None:
    """As nbval runs a notebook."""
    for cell in (SETUP, *HONEST[next(iter(HONEST))], CHECK):
        ran = shell.run_cell(cell, store_history=False)
    assert ran.error_in_exec is None and session.cells() == []


@pytest.mark.parametrize("style", REFUSED)
def test_what_cannot_be_taken_is_said_by_the_check(shell, style: str, monkeypatch) -> None:
    own = types.ModuleType("own_module_of_mine")
    own.K = 2
    monkeypatch.setitem(sys.modules, "own_module_of_mine", own)
    cells, words = REFUSED[style]
    asked = "my_times_2" if style == "another name" else "times_2"
    error = run(shell, SETUP, *cells, f'check("90.1", {asked})')
    assert isinstance(error, WrongAnswer)
    assert str(error).startswith(f"90.1: right here, but not as it would be graded: {words}")
    assert ("is called my_times_2" in str(error)) == (style == "another name")


def test_a_wrong_answer_is_told_what_it_always_was(shell) -> None:
    error = run(shell, SETUP, WRONG, CHECK)
    assert str(error).startswith("90.1: ") and "graded" not in str(error)
    error = run(shell, SETUP, STUB, CHECK)
    assert str(error).startswith("90.1: not started yet: your turn")


@pytest.mark.parametrize("ids", [True, False])
def test_a_cell_that_was_run_again_counts_once(shell, ids: bool) -> None:
    """As in the file: so what the kernel has added up over the runs is not what is graded."""
    use = "def times_2(x):\n    return ROWS_2[0] * x"
    assert run(shell, SETUP, "ROWS_2 = [1]", ids=ids) is None
    for cell in ("ROWS_2[0] += 1", "ROWS_2[0] -= 1", "ROWS_2[0] += 1"):
        shell.run_cell(cell, store_history=True, cell_id="again" if ids else None)
    shell.run_cell(use, store_history=True, cell_id="use" if ids else None)
    error = shell.run_cell(CHECK, store_history=True).error_in_exec
    assert (error is None) == ids


def test_what_no_cell_holds_any_more_is_not_taken(shell) -> None:
    """The kernel keeps what a cell has defined before it was changed; the file does not."""
    use = "def times_2(x):\n    return half_2(x) * 2"
    assert run(shell, SETUP, "def half_2(x):\n    return x", use, CHECK) is None
    shell.run_cell("def other_2(x):\n    return x", store_history=True, cell_id="c1")
    error = shell.run_cell(CHECK, store_history=True, cell_id="c3").error_in_exec
    assert "NameError: name 'half_2' is not defined" in str(error)
    assert "Define the name in a cell, or in the function" in str(error)


def test_nothing_else_of_the_notebook_is_run() -> None:
    cells = [
        "raise SystemExit",
        "import os\nos.abort()",
        N + "print(undefined)\ndel N\nN = 2",
        "def times_2(x):\n    return N * x\ntimes_2(no_such_name)\nassert False",
        "N = undefined",
    ]
    made = taken.take("times_2", cells)
    assert [unit.place for unit in made.units] == [2, 3]
    assert made.run({})(3) == 6


def test_what_was_run_up_to_the_check_counts() -> None:
    """Cells come in the order of their execution; what was not run comes behind them."""
    right, wrong = "def times_2(x):\n    return K * x", WRONG
    assert taken.take("times_2", ["K = 2", right, wrong, "K = 3"], end=2).run({})(3) == 6
    assert taken.take("times_2", [right, "K = 2", "K = 3"]).run({})(3) == 6
    assert taken.take("times_2", [wrong, "K = 2", right], end=1).run({})(3) == 103
    assert taken.take("times_2", ["K = 2", right], end=0).run({})(3) == 6


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([], "no cell defines a function f; give it the name that the exercise asks for"),
        (["def f(x):\n    return 2 x"], "the cell is not Python, line 2: invalid syntax"),
        (["f = 3"], "no cell defines a function f;"),
        (["import asyncio\nK = await asyncio.sleep(0, 2)\ndef f(): return K"], "f needs a line"),
        (["from nowhere import *\ndef f(): return x\n", "f = f()"], "NameError"),
        (["def f():\n    return " + "-" * 40_000 + "1"], "the cell is not Python"),
    ],
)
def test_what_cannot_be_taken_says_why(cells: list[str], words: str) -> None:
    with pytest.raises((taken.Missing, NameError)) as caught:
        taken.take("f", cells).run({})
    assert words in f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_the_lessons_answer_none_of_their_exercises(path: Path) -> None:
    """In a student's copy that is as it was, no other cell stands in for a stub."""
    full = notebooks.read(path)
    copy = editions.student(full, path.name, set())
    sources = [cell.source for cell in notebooks.code_cells(copy)]
    for item in notebooks.exercises(full):
        solution = notebooks.solution(item.solution.source)
        check = registered(item.number[:2])[item.number].check
        assert check.__name__ == solution.name, "a check is called as the function it asks for"
        made = taken.take(solution.name, sources)
        assert made.started == bool(solution.given), item.number
        solved = [c.source for c in notebooks.code_cells(full)]
        made = taken.take(solution.name, solved)
        assert made.source == item.solution.source
