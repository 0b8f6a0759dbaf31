"""Exercises: the register of their checks, and ``check``, which a notebook calls.

A check lives in ``course_exercises/checks_NN.py`` (NN is the notebook) and looks like this::

    @exercise("01.1", "Cosine of two vectors")
    def cosine(answer: Answer) -> str:
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(2, 5))
        got = answer(a, b)
        expect_not_close(got, a @ b, "this is the dot product: divide it by both lengths")
        expect_close(got, 1 - scipy.spatial.distance.cosine(a, b), "cos = a·b / (|a| |b|)")
        return "the cosine of two random vectors agrees with SciPy"

It compares with something independent of the solution (brute force, a closed form, another
library), raises ``WrongAnswer`` through the ``expect`` functions, and returns one line that says
what was shown. Answers return their result; one that changes its arguments is told so.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import linecache
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial, update_wrapper
from typing import Any

from course_exercises import session, taken, variants
from course_exercises.record import record
from course_exercises.wrong_answer import WrongAnswer, content, describe

YOUR_TURN = "your turn"  # how the message of an unfinished exercise begins
NOT_STARTED = "not started yet"  # how the check answers it
_ID = re.compile(r"\d\d\.\d+")


@dataclass(frozen=True)
class Exercise:
    """One exercise: number such as ``"01.1"``, title, check, what varies, what is forbidden."""

    number: str
    title: str
    check: Callable[..., str]
    varies: variants.Varies = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()

    def drawn(self, variant: str) -> Exercise:
        """Return the exercise with the values of a variant, or with the published ones."""
        if not self.varies:
            return self
        values = variants.drawn(self.number, self.varies, variant)
        return replace(self, check=update_wrapper(partial(self.check, **values), self.check))


_REGISTER: dict[str, Exercise] = {}


class Answer:
    """A learner's function, as a check calls it.

    It passes arguments on and turns what goes wrong inside into a ``WrongAnswer`` that names
    the exception, the call and the learner's own line.

    Attributes
    ----------
    function : callable
        The learner's function.
    last_call : str
        The latest call, for messages; empty before the first.
    last_result : object
        What the latest call returned.
    """

    def __init__(
        self, function: Callable[..., Any], told: Callable[[BaseException], str] = str
    ) -> None:
        self.function = function
        self._told = told
        self.last_call = ""
        self.last_result: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the learner's function."""
        self.last_call = self._call(args, kwargs)
        before = content([args, kwargs])
        try:
            self.last_result = self.function(*args, **kwargs)
        except NotImplementedError as error:
            if str(error).startswith(YOUR_TURN):
                raise WrongAnswer(f"{NOT_STARTED}: {error}") from None
            raise self._failure(error) from error
        except Exception as error:
            raise self._failure(error) from error
        if content([args, kwargs]) != before:
            raise WrongAnswer(
                f"your function changed what it was given.\n  called as: {self.last_call}\n"
                "  Work on a copy (for an array: x = x.copy()) and return the result."
            )
        return self.last_result

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        given = [describe(value) for value in args]
        given += [f"{name}={describe(value)}" for name, value in kwargs.items()]
        return f"{getattr(self.function, '__name__', 'answer')}({', '.join(given)})"

    def _failure(self, error: Exception) -> WrongAnswer:
        """Return the message for an exception that left the learner's function."""
        lines = [f"your function stopped with {type(error).__name__}: {self._told(error)}"]
        lines.append(f"  called as: {self.last_call}")
        filename = getattr(getattr(self.function, "__code__", None), "co_filename", None)
        step, number = error.__traceback__, None
        while step is not None:
            if step.tb_frame.f_code.co_filename == filename:
                number = step.tb_lineno  # the innermost line of the learner's own cell
            step = step.tb_next
        if filename is not None and number is not None:
            source = linecache.getline(filename, number).strip()
            lines.append(f"  your line {number}: {source}")
        return WrongAnswer("\n".join(lines))


def _require_number(number: str) -> None:
    if not _ID.fullmatch(str(number)):
        raise ValueError(f"{number!r} is no exercise number; write it as '01.1'.")


def exercise(
    number: str,
    title: str,
    *,
    varies: variants.Varies | None = None,
    forbidden: Collection[str] = (),
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Register the check of one exercise.

    Parameters
    ----------
    number : str
        Two digits of the notebook, a dot, the exercise: ``"01.1"``.
    title : str
        As in the exercise's heading.
    varies : mapping, optional
        For arguments of the check, their values: the published one, then those that copies with a
        variant may have instead (:mod:`course_exercises.variants`).
    forbidden : collection of str
        Names of what would be the answer itself, such as ``"softmax"``: whatever module or object
        they are taken from, an answer that uses one is refused, by ``check`` and by the grader.

    Raises
    ------
    ValueError
        If the number has another form, or another check has it.
    """
    _require_number(number)

    def register(function: Callable[..., str]) -> Callable[..., str]:
        old = _REGISTER.get(number)
        if old is not None and (old.check.__module__, old.check.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise ValueError(f"exercise {number} already has a check: {old.check.__qualname__}.")
        _REGISTER[number] = Exercise(number, title, function, varies or {}, frozenset(forbidden))
        return function

    return register


def registered(notebook: str) -> dict[str, Exercise]:
    """Return the exercises of one notebook in order, by number.

    Parameters
    ----------
    notebook : str
        Its two digits, such as ``"01"``. A notebook without checks gives an empty dict.
    """
    name = f"course_exercises.checks_{notebook}"
    if importlib.util.find_spec(name) is not None:
        importlib.import_module(name)
    found = [item for number, item in _REGISTER.items() if number.startswith(f"{notebook}.")]
    return {item.number: item for item in sorted(found, key=lambda e: int(e.number[3:]))}


def check(number: str, answer: Callable[..., Any], *, variant: str = "") -> None:
    """Check the answer to an exercise and print what was shown; ``progress`` will know of it.

    Parameters
    ----------
    number : str
        The exercise, such as ``"01.1"``.
    answer : callable
        Your function itself: ``check("01.1", cosine)``.
    variant : str
        Whose numbers the exercise has, if not the published ones; it stands in your copy.

    Raises
    ------
    WrongAnswer
        If the answer is not right yet; the message says what to look at.
    ValueError
        If there is no such exercise, or no such variant.
    """
    _require_number(number)
    known = registered(number[:2])
    if number not in known:
        there = ", ".join(known) or "none"
        raise ValueError(f"no exercise {number!r}; notebook {number[:2]} has {there}.")
    item = known[number].drawn(variant)
    try:
        shown = _shown(item, answer)
        _stands_alone(item, answer)
    except WrongAnswer as error:
        if not str(error).startswith(f"{number}: {NOT_STARTED}"):
            record(number, passed=False)
        raise
    record(number, passed=True)
    print(f"{number} correct: {shown}")


def _stands_alone(item: Exercise, answer: Callable[..., Any]) -> None:
    """Raise ``WrongAnswer`` where the grader would not find this answer in the notebook.

    It is taken from the cells of the running notebook as the grader takes it from the file, defined
    once more by itself, and checked again. Where no notebook runs, nothing is asked.
    """
    cells = session.cells()
    if not cells:
        return
    name = item.check.__name__
    try:
        made = taken.take(name, cells, end=len(cells))
        made.refuse(item.forbidden)
        alone = made.run({"__name__": "__main__"})
        with contextlib.redirect_stdout(io.StringIO()):
            item.check(Answer(alone, taken.explained))
    except (taken.Missing, WrongAnswer) as error:
        why = str(error)
    except Exception as error:
        why = f"{type(error).__name__}: {taken.explained(error)}"
    else:
        return
    if getattr(answer, "__name__", name) not in (name, "<lambda>"):
        why += f" (what you checked is called {answer.__name__})"
    raise WrongAnswer(f"{item.number}: right here, but not as it would be graded: {why}.")


def _shown(item: Exercise, answer: Callable[..., Any]) -> str:
    """Return what the check of an exercise has shown, or raise ``WrongAnswer``."""
    if not callable(answer):
        raise WrongAnswer(
            f"{item.number}: give the function itself, not what it returns "
            f"(got {describe(answer)}): check({item.number!r}, your_function)"
        )
    asked = Answer(answer)
    try:
        taken.refuse_used(taken.used_by(answer), item.forbidden)
        return item.check(asked)
    except taken.Missing as error:
        raise WrongAnswer(f"{item.number}: {error}.") from None
    except WrongAnswer as error:
        raise WrongAnswer(f"{item.number}: {error}") from error.__cause__
    except Exception as error:
        raise WrongAnswer(
            f"{item.number}: your function returned {describe(asked.last_result)}, which the "
            f"check cannot read ({type(error).__name__}: {error}).\n"
            f"  called as: {asked.last_call}"
        ) from error
