"""The mechanism of the exercise checks."""

from __future__ import annotations

import linecache
import textwrap

import numpy as np
import pytest
import torch
from scipy import sparse

import course_exercises
from course_exercises import Answer, WrongAnswer, exercises
from course_exercises.exercises import check, exercise, registered
from course_exercises.wrong_answer import content, describe


@pytest.fixture(autouse=True)
def own_register(monkeypatch):
    """Let each test register checks of notebook 90 and forget them."""
    monkeypatch.setattr(exercises, "_REGISTER", {})

    @exercise("90.2", "Half")
    def half(answer: Answer) -> str:
        got = answer(np.array([2.0, 4.0]))
        course_exercises.expect_not_close(got, [4, 8], "that is twice; multiply by 0.5")
        course_exercises.expect_close(got, [1, 2], "half of x is x / 2")
        return "half of [2, 4] is [1, 2]"

    @exercise("90.10", "Tenth")
    def tenth(answer: Answer) -> str:
        return str(answer(10).nonsense)


def learner(source: str):
    """Return the one function of a source, as IPython makes it from a cell."""
    source = textwrap.dedent(source)
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space: dict[str, object] = {}
    exec(compile(source, name, "exec"), space)
    return next(value for key, value in space.items() if callable(value) and key != "half")


def message(answer, number="90.2") -> str:
    with pytest.raises(WrongAnswer) as caught:
        check(number, answer)
    return str(caught.value)


def test_a_right_answer_prints_what_was_shown(capsys):
    assert check("90.2", lambda x: x / 2) is None
    assert capsys.readouterr().out == "90.2 correct: half of [2, 4] is [1, 2]\n"


def test_wrong_answers_get_their_own_message():
    assert message(lambda x: x * 2) == "90.2: that is twice; multiply by 0.5"
    assert message(lambda x: x) == "90.2: the result[0] is 2; wanted 1. Hint: half of x is x / 2"
    assert "None: does your function end in `return …`?" in message(lambda x: None)
    assert "has shape (1, 2); wanted (2,)" in message(lambda x: x[None] / 2)
    assert "the result[0] is nan, not a number" in message(lambda x: x * np.nan)
    assert "'half', of type str; wanted numbers" in message(lambda x: "half")
    assert "the result[0] is inf" in message(lambda x: x + np.inf)


def test_a_stub_is_not_started():
    def stub(x):
        raise NotImplementedError("your turn: Half")

    assert message(stub) == "90.2: not started yet: your turn: Half"


def test_an_exception_names_the_call_and_the_learners_line():
    answer = learner(
        """
        def half(x):
            two = 0
            return list(map(lambda v: 1 / two, [1]))
    """.replace("half", "mine")
    )
    said = message(answer)
    assert "stopped with ZeroDivisionError: division by zero" in said
    assert "called as: mine([2., 4.] (ndarray of shape (2,), float64))" in said
    assert "your line 4: return list(map(lambda v: 1 / two, [1]))" in said


def test_an_exception_inside_a_library_names_the_learners_line():
    answer = learner("""
        def mine(x):
            import json
            return json.loads("{")
    """)
    assert 'your line 4: return json.loads("{")' in message(answer)


def test_an_unfinished_answer_of_another_kind_is_an_exception():
    def unfinished(x):
        raise NotImplementedError("no idea")

    assert "stopped with NotImplementedError: no idea" in message(unfinished)


def test_an_answer_that_changes_its_argument_is_told():
    def in_place(x):
        x /= 2
        return x

    assert "changed what it was given" in message(in_place)


def test_all_of_an_argument_is_looked_at():
    """Its description is short, and the grader compares everything."""
    large, tensor = np.zeros(100), torch.zeros(50)
    table, letters, counts = {"a": list(range(99))}, set("abcdefgh"), sparse.csr_array(np.eye(9))
    held = [large, tensor, table, letters, counts]
    for change in (
        lambda: large.put(50, 1),
        lambda: tensor[25].add_(1),
        lambda: table["a"].pop(50),
        lambda: letters.remove("h"),
        lambda: counts.setdiag(2),
    ):
        before = content(held)
        assert content([large.copy(), *held[1:]]) == before
        change()
        assert content(held) != before


def test_a_result_that_the_check_cannot_read_is_the_answers_fault():
    said = message(lambda x: [x], number="90.10")
    assert "returned [10], which the check cannot read (AttributeError" in said


def test_a_result_in_place_of_the_function():
    assert "give the function itself" in message(np.ones(3))


def test_unknown_exercises_are_named():
    with pytest.raises(ValueError, match=r"no exercise '90.3'; notebook 90 has 90.2, 90.10"):
        check("90.3", len)
    for wrong in ("1.1", 1.1):
        with pytest.raises(ValueError, match=r"write it as '01.1'"):
            check(wrong, len)
    with pytest.raises(ValueError, match="no exercise number"):
        exercise("1.1", "bad")


def test_the_register_keeps_order_and_refuses_a_second_check():
    assert list(registered("90")) == ["90.2", "90.10"]
    assert registered("91") == {}

    def half(answer):
        return ""

    with pytest.raises(ValueError, match=r"90\.2 already has a check"):
        exercise("90.2", "Half")(half)


def test_the_message_alone_is_rendered():
    assert WrongAnswer("one\ntwo")._render_traceback_() == ["one", "two"]


def test_jupyter_shows_the_message_without_a_traceback(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    source = "from course_exercises import WrongAnswer\nraise WrongAnswer('90.2: not yet')"
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[0].outputs[0].traceback == ["90.2: not yet"]


def test_close_reads_every_kind_of_array():
    torch = pytest.importorskip("torch")
    for got in (
        [[1, 0], [0, 2]],
        sparse.csr_array(np.diag([1, 2])),
        torch.diag(torch.tensor([1.0, 2.0], requires_grad=True)),
    ):
        course_exercises.expect_close(got, np.diag([1, 2]))
        with pytest.raises(WrongAnswer, match=r"the result\[1, 1\] is 2; wanted 3"):
            course_exercises.expect_close(got, np.diag([1, 3]))
    course_exercises.expect_close(-np.inf, -np.inf)
    course_exercises.expect_close(1.0, 1.0 + 1e-9)
    with pytest.raises(WrongAnswer, match="the loss is 1; wanted 2"):
        course_exercises.expect_close(1.0, 2.0, what="the loss")
    with pytest.raises(WrongAnswer, match="rows of equal length"):
        course_exercises.expect_close([[1], [1, 2]], [[1, 2], [1, 2]])
    course_exercises.expect_close(1.0, 1.05, tolerance=0.1)


def test_close_is_not_fooled_by_nan_or_by_one_infinity():
    for got, wanted in ((np.nan, 1), (np.inf, 1), (1, np.inf), (np.inf, -np.inf)):
        with pytest.raises(WrongAnswer):
            course_exercises.expect_close(got, wanted)


def test_equal_names_the_first_difference():
    course_exercises.expect_equal([("a", "b")], [("a", "b")])
    with pytest.raises(WrongAnswer, match=r"the result\[0\]\[1\] is 'c'; wanted 'b'. Hint: why"):
        course_exercises.expect_equal([("a", "c")], [("a", "b")], "why")
    with pytest.raises(WrongAnswer, match="the pairs has length 1; wanted 2"):
        course_exercises.expect_equal(["a"], ["a", "b"], what="the pairs")
    with pytest.raises(WrongAnswer, match="wanted 3"):
        course_exercises.expect_equal(np.ones(2), 3)


def test_type_and_condition():
    course_exercises.expect_type(3, (int, float))
    with pytest.raises(WrongAnswer, match=r"of type list \(\[1\]\); wanted int or float"):
        course_exercises.expect_type([1], (int, float))
    course_exercises.expect(True, "no")
    with pytest.raises(WrongAnswer, match=r"^no$"):
        course_exercises.expect([], "no")


def test_a_known_mistake_of_another_shape_is_left_to_the_next_check():
    course_exercises.expect_not_close([1, 2], [[1, 2]], "no")
    course_exercises.expect_not_close("words", [1], "no")


def test_descriptions_are_short():
    assert describe(np.zeros((100, 100), np.float32)) == "ndarray of shape (100, 100), float32"
    assert len(describe(list(range(10_000)))) < 100
    assert describe(np.float64(0.5)) == "0.5"
    assert "\n" not in describe("a\nb" * 3)
