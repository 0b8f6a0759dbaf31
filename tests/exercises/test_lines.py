"""Answers that are letters: lines in an order, and one choice of several."""

from __future__ import annotations

import pytest

from course_exercises import WrongAnswer, assembled, expect_choice
from course_exercises.lines import expect_lines

LINES = {"A": "total = 0", "B": "for x in xs:", "C": "    total += x", "D": "return total"}


def test_lines_in_the_right_order_run():
    assert assembled("abc, d", LINES, "xs")([1, 2, 3]) == 6


def test_any_order_that_is_python_runs():
    assert assembled("AD", LINES, "xs")([1, 2]) == 0


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (None, "the order is None: does your function"),
        (["A"], "the order is of type list"),
        ("", "the order is empty"),
        ("ABX", "there is no line X; the lines are A, B, C, D"),
        ("ABCBD", "line B stands more than once"),
        ("ABD", "no Python: expected an indented block.*, at line D"),
    ],
)
def test_a_wrong_order_is_told_what_is_wrong(order, message):
    with pytest.raises(WrongAnswer, match=message):
        assembled(order, LINES, "xs")


def test_a_choice():
    expect_choice(" b ", "B", {"A": "too small"})
    with pytest.raises(WrongAnswer, match="not a: too small"):
        expect_choice("a", "B", {"A": "too small"})
    with pytest.raises(WrongAnswer, match="'c' is none of the choices: A, B"):
        expect_choice("c", "B", {"A": "too small"})
    with pytest.raises(WrongAnswer, match="the choice is of type int"):
        expect_choice(2, "B", {"A": "too small"})


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("AB", "line D is missing: 3 lines are needed"),
        ("ABCD", "line C counts twice"),
        ("DAB", "line D stands last"),
    ],
)
def test_a_line_too_few_or_too_many_is_named(order, message):
    with pytest.raises(WrongAnswer, match=message):
        expect_lines(order, LINES, unneeded={"C": "counts twice"}, last="D")
    assert expect_lines("a, b d", LINES, unneeded={"C": "counts twice"}, last="D") == "ABD"
