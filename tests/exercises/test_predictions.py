"""Predictions: the question as text and as a widget, the guess beside the result, the notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import course_exercises
from course_exercises import predict, predictions, reveal
from course_exercises import record as module


@pytest.fixture
def notes(tmp_path, monkeypatch) -> Path:
    """Stand where a learner stands: no headless run, a file of one's own."""
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "notes.jsonl"))
    monkeypatch.setattr(module, "_said", False)
    monkeypatch.setattr(predictions, "_ASKED", {})
    return tmp_path / "notes.jsonl"


def test_a_headless_run_shows_text_alone_and_no_guess(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    asked = predict("90.p1", "How many?", choices=("one", "two"))
    said = "Your prediction 90.p1: How many?\n  one / two"
    assert asked._repr_mimebundle_() == {"text/plain": said}
    assert predictions.ASKED.fullmatch(said).groups() == ("90.p1", "How many?", "one / two")
    reveal("90.p1", "two")
    told = capsys.readouterr().out
    assert told == "90.p1 · no guess yet · result: two\n"
    assert predictions.TOLD.findall(f"before\n{told}after") == [("90.p1", "two")]


def test_a_click_is_noted_and_stands_beside_the_result(notes, capsys):
    asked = predict("90.p1", "How <many>?", choices=("one", "two"))
    assert "application/vnd.jupyter.widget-view+json" in asked._repr_mimebundle_()
    box = asked.widget()
    assert "How &lt;many&gt;?" in box.children[0].value
    for button in box.children[1].children[:2]:
        button.click()
    reveal("90.p1", "one")
    assert capsys.readouterr().out == "90.p1 · your guess: two · result: one\n"
    written = [json.loads(line) for line in notes.read_text("utf-8").splitlines() if line]
    assert [(line["prediction"], line["guess"]) for line in written] == [
        ("90.p1", "one"),
        ("90.p1", "two"),
    ]
    table = course_exercises.progress().set_index("number")
    assert table.loc["90.p1", "title"] == "prediction: two" and table.loc["90.p1", "passed"]


def test_a_number_is_asked_in_a_field(notes, capsys):
    box = predict("90.p2", "How many pairs?", number="pairs").widget()
    field, button = box.children[1].children[:2]
    field.value = 12
    button.click()
    reveal("90.p2", 10.5)
    assert capsys.readouterr().out == "90.p2 · your guess: 12.0 · result: 10.5\n"


def test_a_guess_of_an_earlier_session_is_kept(notes, capsys, monkeypatch):
    predict("90.p1", "How many?", number="x").answer(3)
    monkeypatch.setattr(predictions, "_ASKED", {})
    predict("90.p1", "How many?", number="x")
    reveal("90.p1", 4)
    assert "your guess: 3 · result: 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "4.p1", "number": "x"}, "write it as '04.p2'"),
        ({"name": "04.1", "number": "x"}, "write it as '04.p2'"),
        ({"name": "90.p1"}, "either two or more"),
        ({"name": "90.p1", "choices": ("a",)}, "either two or more"),
        ({"name": "90.p1", "choices": ("a", "a")}, "either two or more"),
        ({"name": "90.p1", "choices": ("a", "b"), "number": "x"}, "either two or more"),
    ],
)
def test_a_wrong_question_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        predict(given.pop("name"), "?", **given)


def test_wrong_guesses_and_results_are_refused(notes):
    with pytest.raises(ValueError, match=r"nobody asked for '90\.p9'"):
        reveal("90.p9", 1)
    asked = predict("90.p1", "?", choices=("a", "b"))
    with pytest.raises(ValueError, match="'c' is none of the choices: a, b"):
        asked.answer("c")
    with pytest.raises(ValueError, match=r"none of the choices of 90\.p1"):
        reveal("90.p1", "c")
    with pytest.raises(ValueError, match="could not convert"):
        predict("90.p2", "?", number="x").answer("many")
    assert not notes.exists()
