"""Every exercise of the course: the solution passes, the stub and planted answers do not."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

import course_exercises
from course_exercises.exercises import check, registered
from course_tools import notebooks
from exercises.planted import Planted
from exercises.proof import (
    define,
    prove_main_comparison,
    prove_planted,
    prove_stub,
    setup_names,
)

EXERCISES = [
    pytest.param(path, item, id=item.number)
    for path in notebooks.find()
    for item in notebooks.exercises(notebooks.read(path))
]
each = pytest.mark.parametrize(("path", "item"), EXERCISES)


@functools.cache
def names(path: Path) -> dict[str, Any]:
    return setup_names(notebooks.read(path))


def planted(notebook: str) -> dict[str, list[Planted]]:
    name = f"exercises.planted_{notebook}"
    found = importlib.util.find_spec(name)
    return importlib.import_module(name).PLANTED if found else {}


@each
def test_the_solution_passes(path, item, capsys):
    check(item.number, define(item.solution.source, names(path)))
    assert capsys.readouterr().out.startswith(f"{item.number} correct: ")


@each
def test_the_stub_does_not(path, item):
    prove_stub(item, names(path))


@each
def test_planted_answers_are_each_told_what_is_wrong(path, item):
    prove_planted(item.number, planted(path.name[:2]).get(item.number, []))


@each
def test_numbers_that_are_slightly_off_are_not_taken(path, item):
    prove_main_comparison(item, names(path))


def test_checks_planted_answers_and_exercises_belong_together():
    in_notebooks = {param.values[1].number for param in EXERCISES}
    folders = (Path(course_exercises.__file__).parent, Path(__file__).parent)
    numbers = [sorted(p.stem[-2:] for p in f.glob("*_[0-9][0-9].py")) for f in folders]
    assert {number for two in numbers[0] for number in registered(two)} == in_notebooks
    assert {number for two in numbers[1] for number in planted(two)} == in_notebooks


# The proof itself, on the sample notebook.


def thrice(x: float) -> float:
    return 3 * x


def plus_2(x: float) -> float:
    return x + 2


def crash(x: float) -> float:
    raise ValueError("no")


RIGHT = [Planted(thrice, "is 15; wanted 10"), Planted(plus_2, "that adds; multiply")]


@pytest.fixture
def first(sample, course) -> notebooks.ExerciseCells:
    course(sample)  # registers its checks
    return next(notebooks.exercises(sample))


def test_the_proof_accepts_what_is_right(first):
    prove_stub(first, {})
    prove_planted(first.number, RIGHT)
    answer = define(first.solution.source, {"rng": None})
    assert answer.__name__ == "times_2"
    check(first.number, answer)


def test_a_solution_sees_the_set_up_alone(sample):
    setup, addition = (cell for cell in sample.cells if cell.id in ("setup", "addition"))
    setup.source, addition.source = "seen = 1", "hidden = 1"
    found = setup_names(sample)
    assert found["seen"] == 1
    assert "hidden" not in found
    answer = define("def f(x):\n    return hidden", found)
    with pytest.raises(NameError):
        answer(1)


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (RIGHT[:1], "90.1 has 1 planted answers"),
        ([*RIGHT, Planted(lambda x: x * 2, "never")], "takes <lambda> for right"),
        ([RIGHT[0], Planted(plus_2, "that is a sum")], "plus_2 is told: 90.1: that adds"),
        ([RIGHT[0], Planted(plus_2, " ")], "plus_2 expects nothing"),
        ([RIGHT[0], Planted(crash, "ValueError")], "crash only crashes"),
        ([RIGHT[0], Planted(lambda x: x * 4, "; wanted 10")], "has no message of its own"),
    ],
)
def test_the_proof_rejects(first, planted, said):
    with pytest.raises(AssertionError) as failed:
        prove_planted("90.1", planted)
    assert said in str(failed.value)


def test_the_proof_rejects_a_check_that_takes_anything(first, monkeypatch):
    known = registered("90")["90.1"]
    monkeypatch.setitem(vars(known), "check", lambda answer: "anything goes")
    with pytest.raises(AssertionError, match=r"90\.1 takes times_2 for right"):
        prove_stub(first, {})
