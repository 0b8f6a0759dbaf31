"""What passes between the process of a check and that of an answer."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections import deque
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exercises.proof import define, setup_names

from course_exercises.exercises import check
from course_tools import notebooks
from course_tools.grading import answer, submissions, values
from course_tools.grading.check import Ended, Proxy

GENERATOR = np.random.default_rng(3)
VALUES = [
    *(None, True, 3, 10**300, 2.5, float("inf"), "텍스트 \ud800", 1j, b"\x00\xff"),
    *([1, [2, (3,)]], {"a": [1], (1, 2): {3}}, frozenset({1}), np.float32(2.5), np.int64(3)),
    *(np.arange(6.0).reshape(2, 3), np.zeros((0, 4), dtype=bool), np.array(["a", "bc"])),
    np.array([None, [1]], dtype=object),
]


def through(value: Any) -> Any:
    return values.unpack(json.loads(json.dumps(values.pack(value))), lambda number: number)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}")
def test_values_arrive_as_they_were(value: Any) -> None:
    got = through(value)
    assert type(got) is type(value)
    if isinstance(value, np.ndarray):
        assert (got.shape, got.dtype) == (value.shape, value.dtype)
        assert got.tolist() == value.tolist()
    else:
        assert got == value


def test_tensors_generators_and_stand_ins() -> None:
    import torch
    from scipy import sparse

    tensor = torch.arange(4.0, requires_grad=True)
    assert torch.equal(through(tensor), tensor)
    assert (through(sparse.csr_array(np.eye(2))).toarray() == np.eye(2)).all()
    rng = np.random.default_rng(5)
    rng.random()
    assert (through(rng).random(3) == rng.random(3)).all()
    assert list(through(x for x in "ab")) == ["a", "b"]
    assert (through(Fraction(1, 2)), through(Decimal("2.5"))) == (0.5, 2.5)
    for sized in (range(3), deque([1, 2]), {"a": 1}.values()):
        got = through(sized)
        assert (len(got), [*got], got[-1]) == (len(sized), [*sized], [*sized][-1])
        assert type(got).__name__ == type(sized).__name__
    for strange in (len, int):
        got = through(strange)
        assert type(got).__name__ == type(strange).__name__
        assert repr(got) == repr(strange)


@pytest.mark.parametrize(
    "forged",
    [
        ["no such kind", 1],
        [],
        ["array", "|O", [1], "AAAAAAAAAAA="],
        ["array", "<f8", [10**9], "AAAAAAAAAAA="],
        ["array", "<f8", [-1, -1], ""],
        ["dict", [[["list", []], 1]]],
        ["generator", ["dict", [["bit_generator", "MT19937"]]]],
        ["function", "os.system"],
        ["bytes", "no base64"],
    ],
)
def test_forged_values_are_refused(forged: Any) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        values.unpack(forged, [].__getitem__)


class Line:
    """Both ends of an answer's process, in this one."""

    expired = False

    def __init__(self, function: Any, source: str = "") -> None:
        (a, b), (c, d) = os.pipe(), os.pipe()
        self._reader, theirs = os.fdopen(a, "rb"), os.fdopen(b, "wb")
        mine, self._writer = os.fdopen(c, "rb"), os.fdopen(d, "wb")
        self._theirs = (mine, theirs)
        self._thread = threading.Thread(target=answer.serve, args=(function, source, mine, theirs))
        self._thread.start()

    def send(self, message: Any) -> None:
        values.send(self._writer, message)

    def receive(self, most: int | None = None) -> Any:
        return values.receive(self._reader, most)

    def close(self) -> None:
        self._writer.close()
        self._thread.join()
        for stream in (self._reader, *self._theirs):
            stream.close()


def test_arguments_functions_and_errors_pass_between_the_processes() -> None:
    def work(items: list[int], rng: np.random.Generator, *, grow: Any) -> tuple[float, int]:
        return rng.random(), grow(items[0], by=2)

    def fails(given: list[int]) -> None:
        raise KeyError("gone")

    rng, same = np.random.default_rng(1), np.random.default_rng(1)
    line = Line(work)
    got = Proxy("work", line, 9)([3], rng, grow=lambda n, by: n * by)
    assert got == (same.random(), 6)
    assert rng.random() == same.random()  # the generator has moved on here too
    line.close()
    line = Line(fails)
    with pytest.raises(Exception, match="gone") as caught:
        Proxy("fails", line, 9)([1])
    assert type(caught.value).__name__ == "KeyError"
    line.close()


def test_an_answer_cannot_change_what_the_check_compares_with() -> None:
    def zero(table: np.ndarray, names: dict[str, list[int]]) -> int:
        table[:] = 0
        names["a"].append(1)
        return 0

    table, names = np.ones(50), {"a": [0]}
    line = Line(zero)
    with pytest.raises(ValueError, match="changed what it was given"):
        Proxy("zero", line, 9)(table, names)
    assert (table.sum(), names) == (50, {"a": [0]})
    line.close()


def test_a_process_that_talks_nonsense_has_ended() -> None:
    for nonsense in (["result"], ["call", 7, []], ["strange", 1], ["result", ["array"], None], 3):

        class Nonsense:
            expired = False

            def send(self, message: Any) -> None:
                pass

            def receive(self, most: int, said: Any = nonsense) -> Any:
                return said

        with pytest.raises(Ended, match="cannot be read"):
            Proxy("f", Nonsense(), 9)(1)


@functools.cache
def names(path: Path) -> dict[str, Any]:
    return setup_names(notebooks.read(path))


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_every_solution_of_the_course_passes_from_another_process(path: Path, capsys) -> None:
    items = list(notebooks.exercises(notebooks.read(path)))
    if not items:  # a page of reference
        return
    tasks = submissions.masters(path.parent)[path.stem].tasks
    assert [task.number for task in tasks] == [item.number for item in items]
    for task, item in zip(tasks, items, strict=True):
        line = Line(define(item.solution.source, names(path)))
        try:
            check(task.number, Proxy(task.name, line, 60))
        finally:
            line.close()
        assert capsys.readouterr().out.startswith(f"{task.number} correct: ")
