"""Predictions: a guess before the result appears, and both side by side after it."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from typing import Any

from course_exercises.record import guesses, record_file, record_guess

_ID = re.compile(r"\d\d\.p\d+")
# How a question and a result stand in a stored notebook, for slides and site: name, question,
# answers; name, result.
ASKED = re.compile(r"Your prediction (\d\d\.p\d+): (.+)\n  (.+)", re.DOTALL)
TOLD = re.compile(r"^(\d\d\.p\d+) · [^\n]* · result: (.*)\n?", re.MULTILINE)


class Prediction:
    """A question with room for a guess; displayed as the last expression of a cell.

    In JupyterLab it is a widget, elsewhere the question with its choices as text.

    Attributes
    ----------
    name, question : str
    choices : tuple of str
        Empty where the guess is a number.
    guess : str, optional
        What was answered last; None before.
    """

    def __init__(self, name: str, question: str, choices: Sequence[str], unit: str) -> None:
        self.name, self.question = name, question
        self.choices, self.unit = tuple(choices), unit
        self.guess: str | None = None

    def answer(self, guess: object) -> None:
        """Note a guess, as a click on the widget does.

        Raises
        ------
        ValueError
            If it is none of the choices, or no number where one is asked for.
        """
        said = str(guess).strip()
        if self.choices and said not in self.choices:
            raise ValueError(f"{said!r} is none of the choices: {', '.join(self.choices)}.")
        if not self.choices:
            float(said)
        self.guess = said
        record_guess(self.name, said)

    def __repr__(self) -> str:
        """Return the question and its choices as one text."""
        asked = " / ".join(self.choices) if self.choices else f"a number of {self.unit}"
        return f"Your prediction {self.name}: {self.question}\n  {asked}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if os.environ.get("COURSE_PROGRESS", "").strip() != "0":  # someone is there to answer
            bundle |= self.widget()._repr_mimebundle_()
            bundle["text/plain"] = repr(self)
        return bundle

    def widget(self) -> Any:
        """Return the question as an ipywidgets box: buttons, or a field and a button."""
        import ipywidgets as widgets

        said = widgets.HTML()

        def note(guess: object) -> None:
            self.answer(guess)
            said.value = f'<span role="status">noted: {html.escape(str(self.guess))}</span>'

        asked = widgets.HTML(f"<b>{self.name}</b> {html.escape(self.question)}")
        if not self.choices:
            field = widgets.FloatText(description=self.unit)
            done = widgets.Button(description="My guess")
            done.on_click(lambda button: note(field.value))
            return widgets.VBox([asked, widgets.HBox([field, done, said])])
        buttons = [widgets.Button(description=c, layout={"width": "auto"}) for c in self.choices]
        for button in buttons:
            button.on_click(lambda pressed: note(pressed.description))
        row = {"flex_flow": "row wrap"}
        return widgets.VBox([asked, widgets.HBox([*buttons, said], layout=row)])


_ASKED: dict[str, Prediction] = {}


def predict(
    name: str, question: str, *, choices: Sequence[str] = (), number: str = ""
) -> Prediction:
    """Ask for a guess before the result appears.

    Parameters
    ----------
    name : str
        Two digits of the notebook and a number: ``"04.p2"``.
    question : str
    choices : sequence of str
        What can be chosen; at least two.
    number : str
        Instead of choices: what is counted or measured, such as ``"pairs"``.

    Raises
    ------
    ValueError
        If the name has another form, or not exactly one of choices and number is given.
    """
    if not _ID.fullmatch(name):
        raise ValueError(f"{name!r} is no prediction's name; write it as '04.p2'.")
    if bool(number) == bool(choices) or len(set(choices)) != len(choices) or len(choices) == 1:
        raise ValueError(f"{name}: give either two or more different choices, or number='unit'.")
    _ASKED[name] = Prediction(name, question, choices, number)
    return _ASKED[name]


def reveal(name: str, result: object) -> None:
    """Print the guess beside the result.

    Parameters
    ----------
    name : str
        Of a prediction that was asked in this notebook.
    result : object
        One of the choices, or the number.

    Raises
    ------
    ValueError
        If nobody asked, or the result is none of the choices.
    """
    if name not in _ASKED:
        raise ValueError(f"nobody asked for {name!r}: run the cell with predict({name!r}, …).")
    asked = _ASKED[name]
    shown = f"{result:,.6g}" if isinstance(result, float) else str(result)
    if asked.choices and shown not in asked.choices:
        raise ValueError(f"{shown!r} is none of the choices of {name}: {', '.join(asked.choices)}.")
    guess = asked.guess
    if guess is None and os.environ.get("COURSE_PROGRESS", "").strip() != "0":
        guess = guesses(record_file()).get(name)  # of an earlier session
    said = "no guess yet" if guess is None else f"your guess: {guess}"
    print(f"{name} · {said} · result: {shown}")
