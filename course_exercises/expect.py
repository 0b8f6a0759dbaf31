"""Small sentences for checks: each raises ``WrongAnswer`` with a message that helps.

``what`` names the thing that is looked at, ``because`` is the reason or the hint that ends the
message. Arrays may be NumPy arrays, torch tensors (on any device), sparse arrays or nested lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_exercises.wrong_answer import WrongAnswer, describe

if TYPE_CHECKING:
    import numpy as np

RESULT = "the result"


def expect(condition: Any, message: str) -> None:
    """Raise ``WrongAnswer(message)`` unless the condition holds."""
    if not condition:
        raise WrongAnswer(message)


def expect_type(got: Any, wanted: type | tuple[type, ...], what: str = RESULT) -> None:
    """Expect an instance of one of the types; a forgotten ``return`` is named as such."""
    _expect_something(got, what)
    if not isinstance(got, wanted):
        types = wanted if isinstance(wanted, tuple) else (wanted,)
        names = " or ".join(kind.__name__ for kind in types)
        raise WrongAnswer(
            f"{what} is of type {type(got).__name__} ({describe(got)}); wanted {names}."
        )


def expect_shape(got: Any, shape: tuple[int, ...], what: str = RESULT) -> None:
    """Expect numbers of this shape; ``()`` is a single number."""
    found = _array(got, what).shape
    if found != tuple(shape):
        raise WrongAnswer(f"{what} has shape {found}; wanted {tuple(shape)}.")


def expect_close(
    got: Any, wanted: Any, because: str = "", *, tolerance: float = 1e-6, what: str = RESULT
) -> None:
    """Expect the same numbers.

    Parameters
    ----------
    got, wanted : array_like
        Of the same shape.
    because : str
        A hint added to the message, such as the formula.
    tolerance : float
        Largest difference allowed, relative to the larger of 1 and ``|wanted|``.
    what : str
        What is compared.
    """
    import numpy as np

    found, goal = _array(got, what), _array(wanted, "the wanted value")
    expect_shape(found, goal.shape, what)
    bad = ~np.isfinite(found) & np.isfinite(goal)
    if bad.any():
        place = _place(bad)
        raise WrongAnswer(_join(f"{what}{place[1]} is {found[place[0]]}, not a number.", because))
    with np.errstate(invalid="ignore"):
        distance = np.abs(found - goal) / np.maximum(1, np.abs(goal))
    distance = np.where(found == goal, 0, np.nan_to_num(distance, nan=np.inf))
    if (distance > tolerance).any():
        index, text = _place(distance == distance.max())
        message = f"{what}{text} is {found[index]:.6g}; wanted {goal[index]:.6g}."
        raise WrongAnswer(_join(message, because))


def expect_not_close(got: Any, mistake: Any, because: str, *, tolerance: float = 1e-6) -> None:
    """Name a known mistake: raise ``WrongAnswer(because)`` where ``got`` is what it gives.

    A result of another shape or kind passes; ``expect_close`` says what is wrong with it.
    """
    import numpy as np

    try:
        found, wrong = _array(got, RESULT), _array(mistake, RESULT)
    except WrongAnswer:
        return
    if found.shape == wrong.shape and np.allclose(
        found, wrong, rtol=tolerance, atol=tolerance, equal_nan=True
    ):
        raise WrongAnswer(because)


def expect_equal(got: Any, wanted: Any, because: str = "", *, what: str = RESULT) -> None:
    """Expect equal values (words, lists of words, pairs, whole numbers).

    Two lists or tuples are compared item by item, and the first difference is named.
    """
    _expect_something(got, what)
    if isinstance(got, (list, tuple)) and isinstance(wanted, (list, tuple)):
        for place, (mine, right) in enumerate(zip(got, wanted, strict=False)):
            expect_equal(mine, right, because, what=f"{what}[{place}]")
        if len(got) != len(wanted):
            message = f"{what} has length {len(got)}; wanted {len(wanted)}."
            raise WrongAnswer(_join(message, because))
        return
    try:
        same = bool(got == wanted)
    except Exception:  # an array has no single truth value
        same = False
    if not same:
        message = f"{what} is {describe(got)}; wanted {describe(wanted)}."
        raise WrongAnswer(_join(message, because))


def _join(message: str, because: str) -> str:
    return f"{message} Hint: {because}" if because else message


def _expect_something(got: Any, what: str) -> None:
    if got is None:
        raise WrongAnswer(f"{what} is None: does your function end in `return …`?")


def _array(value: Any, what: str) -> np.ndarray:
    """Return the value as a float64 array, or raise ``WrongAnswer``."""
    import numpy as np

    _expect_something(value, what)
    if hasattr(value, "detach"):  # a torch tensor, perhaps on a GPU
        value = value.detach().cpu()
    if hasattr(value, "toarray"):  # scipy.sparse
        value = value.toarray()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        kind = f"{describe(value)}, of type {type(value).__name__}"
        raise WrongAnswer(f"{what} is {kind}; wanted numbers in rows of equal length.") from None


def _place(mask: np.ndarray) -> tuple[tuple[int, ...], str]:
    """Return the first true place, as an index and as text: ``[0, 2]``, or "" for one number."""
    import numpy as np

    index = tuple(int(i) for i in np.argwhere(mask)[0])
    return index, str(list(index)) if index else ""
