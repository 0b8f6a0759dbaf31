"""Stand-ins for numba and tqdm, where they are not installed; nothing on a GPU needs them.

Import this before ``course_lib``.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

ABSENT = [name for name in ("gensim", "numba", "tqdm") if find_spec(name) is None]


class _Silent:
    """A progress bar that shows nothing, where tqdm is not installed."""

    def __init__(self, items: Any = None, **_: Any) -> None:
        self.items = items

    def __iter__(self) -> Iterator:
        return iter(self.items)

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing, like all the others."""

    def update(self, *_: object) -> None: ...

    def set_postfix(self, *_: object, **__: object) -> None: ...

    def close(self) -> None: ...


def _replace_absent() -> None:
    """Let the library be imported; compiled functions stay Python."""
    if "numba" in ABSENT:
        numba = types.ModuleType("numba")
        numba.njit = lambda **_: lambda function: function
        sys.modules["numba"] = numba
    if "tqdm" in ABSENT:
        for name in ("tqdm", "tqdm.auto"):
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].tqdm = _Silent


_replace_absent()
