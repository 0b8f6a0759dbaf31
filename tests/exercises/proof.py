"""How an exercise is proven: its solution passes, its stub and its planted answers do not."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from nbformat import NotebookNode

from course_exercises.exercises import WrongAnswer, check
from course_tools import notebooks
from exercises.planted import Planted

FEWEST = 2


def slightly_off(value: Any, seen: list[Any]) -> Any:
    """Return a result whose real numbers are two per cent off; note each that was changed."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(slightly_off(held, seen) for held in value)
    if isinstance(value, dict):
        return {key: slightly_off(held, seen) for key, held in value.items()}
    real = isinstance(value, (float, np.floating))
    real |= isinstance(value, np.ndarray) and value.dtype.kind == "f"
    real |= isinstance(value, torch.Tensor) and value.is_floating_point()
    if not real:
        return value
    seen.append(value)
    return value * 1.02 + 0.01


def prove_main_comparison(item: notebooks.ExerciseCells, names: dict[str, Any]) -> None:
    """Fail if a check takes the solution's own numbers, each slightly off, for right.

    Once all numbers are off, and once those of the first call that gives any: what is asked later,
    of other examples, must not stand in for the comparison with the example itself.
    """
    right = define(item.solution.source, names)
    for first_alone in (False, True):
        seen: list[Any] = []

        def off(
            *given: Any, first_alone: bool = first_alone, seen: list[Any] = seen, **more: Any
        ) -> Any:
            result = right(*given, **more)
            return result if first_alone and seen else slightly_off(result, seen)

        try:
            check(item.number, off)
        except WrongAnswer:
            continue
        which = "the first example's numbers" if first_alone else "numbers"
        assert not seen, f"{item.number} takes {which}, two per cent off, for right"


def setup_names(notebook: NotebookNode) -> dict[str, Any]:
    """Return what the set-up cell defines: all that a solution may use."""
    names: dict[str, Any] = {}
    for cell in notebooks.code_cells(notebook):
        if notebooks.SETUP in notebooks.tags(cell):
            exec(compile(cell.source, f"<{cell.id}>", "exec"), names)
    return names


def define(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """Run the source of a solution cell, or of its stub, and return its function."""
    file = "<answer>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space = dict(names)
    exec(compile(source, file, "exec"), space)
    return space[ast.parse(source).body[0].name]


def message(number: str, answer: Callable[..., Any]) -> str:
    """Return what a wrong answer is told; fail if it passes."""
    try:
        check(number, answer)
    except WrongAnswer as error:
        return str(error)
    raise AssertionError(f"{number} takes {answer.__name__} for right")


def prove_stub(item: notebooks.ExerciseCells, names: dict[str, Any]) -> None:
    """Fail unless the stub is met by the words 'not started yet', and given code is refused."""
    solution = notebooks.solution(item.solution.source)
    said = message(item.number, define(solution.student(item.title), names))
    if solution.given:
        assert "which the check cannot read" not in said, said
        return
    assert said == f"{item.number}: not started yet: your turn: {item.title}"


def prove_planted(number: str, planted: Iterable[Planted]) -> None:
    """Fail unless there are two wrong answers, each rejected with a message of its own."""
    answers = list(planted)
    assert len(answers) >= FEWEST, f"{number} has {len(answers)} planted answers"
    said = [message(number, wrong.answer) for wrong in answers]
    for place, wrong in enumerate(answers):
        name = wrong.answer.__name__
        for machine in ("your function stopped with", "which the check cannot read"):
            assert machine not in said[place], f"{name} only crashes: {said[place]}"
        assert wrong.says.strip(), f"{name} expects nothing"
        assert wrong.says in said[place], f"{name} is told: {said[place]}"
        others = said[:place] + said[place + 1 :]
        assert not any(wrong.says in other for other in others), f"{name} has no message of its own"
