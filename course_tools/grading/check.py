"""The process that checks one submission: it decides, and runs nothing of the submission itself.

The student's functions run in processes of their own (``answer``); here they are proxies whose
results arrive as plain values. So nothing that an answer prints, changes in a module or ends can
touch a check.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from course_exercises import exercises, names, taken
from course_tools import notebooks
from course_tools.grading import flags, sandbox, values

CHANGED = "it changed what it was given; work on a copy (for an array: x = x.copy())"
MOST_SAID = 120  # characters of what an answer says
CHECK = "<check>"  # as what the cell of the check is compiled
STARTUP = 300.0  # seconds for the set-up of the notebook, which is ours


class Verdict(NamedTuple):
    """What a checker says of one exercise: why it is not solved, and what deserves a look.

    ``hidden`` tells that a hidden test said why.
    """

    passed: bool
    message: str
    hidden: bool = False
    flags: tuple[str, ...] = ()


class Ended(RuntimeError):
    """The process that runs an answer has ended, or has sent an invalid message."""


class Proxy:
    """A student's function as a check sees it; each call happens in the answer's process.

    Parameters
    ----------
    name : str
        The function's name, for messages.
    child : Child
        The answer's process, which is ready.
    seconds : float
        The time limit, for the message.
    """

    def __init__(self, name: str, child: sandbox.Child, seconds: float) -> None:
        self.__name__ = name
        self._child = child
        self._seconds = seconds

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        The arguments stay as they are here whatever it does to its own, so that a check may go on
        using them; only random generators move on.

        Raises
        ------
        ValueError
            If it changed its arguments.
        """
        functions: list[Any] = []
        self._child.send(["call", values.pack([list(args), kwargs], functions)])
        while True:
            try:
                kind, *rest = receive(self._child, self._seconds)
                if kind == "call":
                    call, packed = functions[int(rest[0])], rest[1]
                    values_given = values.unpack(packed, functions.__getitem__)
                elif kind == "result":
                    result = values.unpack(rest[0], functions.__getitem__)
                    changed = bool(rest[1])
                    moved = [values.unpack(one, functions.__getitem__) for one in rest[2]]
                    for mine, theirs in zip(
                        values.generators(list(args), kwargs), moved, strict=True
                    ):
                        mine.bit_generator.state = theirs.bit_generator.state
                else:
                    name, told, line = (one_line(str(part)) for part in rest)
            except (Ended, TimeoutError):
                raise
            except Exception as error:
                kind = type(error).__name__
                raise Ended(f"its process sent what cannot be read: {kind}") from None
            if kind == "call":
                self._call_back(call, *values_given)
            elif kind == "result":
                if changed:
                    raise ValueError(CHANGED)
                return result
            elif name == "NotImplementedError":
                raise NotImplementedError(told)
            else:
                raise type(name if name.isidentifier() else "Error", (Exception,), {})(
                    _with_line(name, told, line)
                )

    def _call_back(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
        try:
            reply = ["value", values.pack(function(*args, **kwargs))]
        except Exception as error:
            reply = ["raise", type(error).__name__, str(error)]
        self._child.send(reply)


def one_line(text: str) -> str:
    """Return what an answer says in one short line of printable characters.

    More would be a way out for what it has seen, such as the numbers of hidden tests.
    """
    text = "".join(c if c.isprintable() else " " for c in text[: 4 * MOST_SAID])
    text = " ".join(text.split())
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"


def _with_line(name: str, told: str, line: str) -> str:
    """Return the message for an exception in an answer, with the student's line."""
    told += taken.UNDEFINED if name == "NameError" else ""
    return f"{told}\n  {line}" if line else told


def receive(child: sandbox.Child, seconds: float) -> list[Any]:
    """Receive one message from the process that runs an answer.

    Raises
    ------
    TimeoutError
        If its time is over.
    Ended
        If it has ended, or sent no message.
    """
    try:
        message = child.receive(values.MOST)
        if isinstance(message, list) and message:
            return message
        raise ValueError("it is no message")
    except (ValueError, RecursionError) as error:
        told = one_line(str(error))
        raise Ended(f"its process sent what cannot be read: {told}") from None
    except (EOFError, OSError):
        if child.expired:
            told = f"it took more than {sandbox.WALL_CLOCK_FACTOR * seconds:g} s by the clock"
            raise TimeoutError(told) from None
        if child.used_up():
            raise TimeoutError(f"it took more than {seconds:g} s of processor time") from None
        raise Ended("its process ended before there was a result") from None


class Checker:
    """State shared by the exercises of one submission.

    Parameters
    ----------
    job : dict
        ``setup`` (source), ``folder`` (of the master), ``seconds``, ``memory_mb``,
        ``sandbox`` (the isolation prefix).
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._names: dict[str, Any] | None = None
        self.running: sandbox.Child | None = None

    def _setup_names(self) -> dict[str, Any]:
        """Return what the set-up defines; it runs when it is first needed."""
        if self._names is None:
            self._names = {"__name__": "__main__"}
            sys.path.insert(0, self._job["folder"])
            exec(compile(self._job["setup"], "<setup>", "exec"), self._names)
        return dict(self._names)

    def verdict(self, exercise: dict[str, Any]) -> Verdict:
        """Return whether an exercise is solved, in one of the readings of its cells."""
        first: Verdict | None = None
        tried = []
        for cells, end in exercise["readings"]:
            try:
                made = self._taken(exercise, cells, end)
            except taken.Missing as error:
                said = Verdict(False, str(error))
            else:
                if made is None:
                    said = Verdict(False, "not started yet")
                else:
                    nodes = [(cells[unit.place], unit.node) for unit in made.units]
                    same = [(text, node.lineno, node.col_offset) for text, node in nodes]
                    if same in tried:
                        continue
                    tried.append(same)
                    said = self._run(exercise, made, cells, end)
            if said.passed:
                return said
            first = first or said
        return first or Verdict(False, "not started yet")

    def _taken(
        self, exercise: dict[str, Any], cells: list[str], end: int | None
    ) -> taken.Taken | None:
        """Return the answer; None if nothing but the stub is there."""
        setup = names.cell(ast.parse(self._job["setup"]))
        made = taken.take(exercise["name"], cells, setup.bound, end)
        if not made.started:
            return None
        self._setup_names()
        number = exercise["number"]
        item = exercises.registered(number[:2]).get(number)
        made.refuse(item.forbidden if item else ())
        made.compiled()  # says what is no Python
        return made

    def _run(
        self, exercise: dict[str, Any], made: taken.Taken, cells: list[str], end: int | None
    ) -> Verdict:
        """Run an answer, and the check that asks it."""
        space = self._setup_names()
        seen = flags.of(made, exercise["solution"], self._job["setup"])
        module = "course_tools.grading.answer"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            child = self.running = sandbox.Child(module, Path(home), self._job["sandbox"])
            try:
                given = {"name": exercise["name"], "cells": cells, "end": end}
                return self._ask(child, given, exercise, space)._replace(flags=seen)
            except (TimeoutError, Ended) as error:
                return Verdict(False, str(error), flags=seen)
            finally:
                self.running = None
                child.close()

    def _ask(
        self,
        child: sandbox.Child,
        given: dict[str, Any],
        exercise: dict[str, Any],
        space: dict[str, Any],
    ) -> Verdict:
        seconds = self._job["seconds"]
        with child.at_most(STARTUP):
            # Without the check: its hidden tests are no business of the answer's process.
            child.send({**self._job, **given})
            receive(child, STARTUP)
        with child.at_most(sandbox.WALL_CLOCK_FACTOR * seconds):
            kind, *rest = receive(child, seconds)
            if kind != "ready":
                name, told, line = ([one_line(str(part)) for part in rest] + [""] * 3)[:3]
                if name == "Missing":  # the name is no function
                    return Verdict(False, told)
                told = _with_line(name, told, line)
                return Verdict(False, f"the cell stopped with {name}: {told}")
            space[exercise["name"]] = Proxy(exercise["name"], child, seconds)
            try:
                with contextlib.redirect_stdout(io.StringIO()) as said:
                    exec(compile(exercise["check"], CHECK, "exec"), space)
            except Exception as error:
                number, told = exercise["number"], str(error)
                if not isinstance(error, AssertionError):
                    told = f"{type(error).__name__}: {told}"
                told = told.removeprefix(f"{number}: ") or "a hidden test failed"
                return Verdict(False, told, _hidden(exercise["check"], error))
        return Verdict(True, said.getvalue().strip().removeprefix(f"{exercise['number']} "))


def _hidden(source: str, error: BaseException) -> bool:
    """Return whether an error came from the hidden tests of a check cell."""
    marks = [line.strip() for line in source.splitlines()]
    for frame in traceback.extract_tb(error.__traceback__):
        above = marks[: frame.lineno or 0] if frame.filename == CHECK else []
        if above.count(notebooks.BEGIN_HIDDEN) > above.count(notebooks.END_HIDDEN):
            return True
    return False


def _end_with_parent(reader: BinaryIO, checker: Checker) -> None:
    """Wait until the grader closes the channel or dies, then end, and the answer with it."""
    with contextlib.suppress(OSError):
        os.read(reader.fileno(), 1)
    if checker.running is not None:
        checker.running.kill()
    os._exit(0)


def main() -> None:
    """Read a submission, and send a verdict for each of its exercises."""
    reader, writer = values.channel()
    job = values.receive(reader)
    asked = job.pop("exercises")
    checker = Checker(job)
    threading.Thread(target=_end_with_parent, args=(reader, checker), daemon=True).start()
    for exercise in asked:
        values.send(writer, checker.verdict(exercise))


if __name__ == "__main__":
    main()
