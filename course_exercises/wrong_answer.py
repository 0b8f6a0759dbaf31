"""The one exception of an exercise, and how a value is named in its message."""

from __future__ import annotations

import math
import reprlib
from typing import Any

MAX_NUMBERS = 30  # an array up to this size is shown in full: toy examples are smaller


class WrongAnswer(AssertionError):
    """An exercise is not right yet. Jupyter shows the message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython prints in place of a traceback."""
        return str(self).splitlines()


def describe(value: Any) -> str:
    """Return a value in one short line: small arrays in full, large ones by their shape."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape and dtype is not None:
        kind = f"{type(value).__name__} of shape {tuple(shape)}, {dtype}"
        if math.prod(shape) > MAX_NUMBERS or not hasattr(value, "tolist"):
            return kind
        import numpy as np

        text = np.array2string(np.asarray(value.tolist()), precision=4, separator=", ")
        return f"{' '.join(text.split())} ({kind})"
    if shape == () and hasattr(value, "item"):
        value = value.item()  # a NumPy or torch number
    short = reprlib.Repr()
    short.maxlist = short.maxtuple = 10
    short.maxstring = short.maxother = 80
    return " ".join(short.repr(value).split())


def content(value: Any) -> Any:
    """Return all that a value holds, to be compared: ``describe`` leaves out what is long."""
    if isinstance(value, dict):
        return [(content(key), content(held)) for key, held in value.items()]
    if isinstance(value, (list, tuple)):
        return [content(held) for held in value]
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    for plain in ("toarray", "detach", "numpy"):  # a sparse array, a tensor
        value = getattr(value, plain)() if hasattr(value, plain) else value
    if hasattr(value, "tobytes"):
        return value.dtype.str, value.shape, value.tobytes()
    return describe(value)
