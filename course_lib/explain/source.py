"""Show the source of the code that runs, so that a listing in a notebook is never outdated."""

from __future__ import annotations

import functools
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any


def show_source(*objects: Any, start: str = "", end: str = "") -> None:
    """Show the source of functions, methods or classes: a code block in Jupyter, else printed.

    Each block is headed by the file, relative to the folder of the package, and the number of
    lines. Absolute paths and line numbers are omitted: stored outputs are compared on other
    machines. ``start`` and ``end`` are parts of the first and the last line to show.

    Raises
    ------
    TypeError
        If an object is no function, method or class, or has no Python source.
    ValueError
        If no line has ``start``, or no later one ``end``.
    """
    for item in objects:
        caption, source = _read(item)
        lines = source.splitlines()
        first = next((i for i, line in enumerate(lines) if start in line), len(lines))
        last = next((i for i, line in enumerate(lines) if i >= first and end and end in line), -1)
        if first == len(lines) or (end and last < 0):
            raise ValueError(f"{caption} has no lines from {start!r} to {end!r}.")
        source = textwrap.dedent("\n".join(lines[first : last + 1 or None]))
        ipython = sys.modules.get("IPython")  # not imported: this is no notebook
        if ipython is None or ipython.get_ipython() is None:
            print(f"# {caption}\n{source}\n")
            continue
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", source)), default=0))
        markdown = f"{caption}\n\n{fence}python\n{source}\n{fence}"
        from IPython.display import display

        display({"text/markdown": markdown, "text/plain": f"# {caption}\n{source}"}, raw=True)


def _read(item: Any) -> tuple[str, str]:
    """Return the caption and the dedented source."""
    item = item.fget if isinstance(item, property) else item
    item = item.func if isinstance(item, functools.partial) else item
    item = inspect.unwrap(item) if callable(item) else item
    if not (inspect.isroutine(item) or inspect.isclass(item)):
        raise TypeError(
            f"show_source takes functions, methods and classes, not {item!r}; "
            f"for an object, give its class: show_source(type(x))."
        )
    try:
        source = textwrap.dedent(inspect.getsource(item)).rstrip()
    except (OSError, TypeError) as error:
        raise TypeError(f"{item!r} has no Python source: it is compiled or typed in.") from error
    n = len(source.splitlines())
    caption = f"`{_relative_path(item)}` · `{item.__qualname__}` · {n} line{'' if n == 1 else 's'}"
    return caption, source


def _relative_path(item: Any) -> str:
    """Return the file relative to the folder of its top package: ``course_lib/counts.py``."""
    file = inspect.getsourcefile(item)
    if item.__module__ == "__main__" or file is None:
        return "this notebook"
    package = "/__init__" if Path(file).stem == "__init__" else ""
    return f"{item.__module__.replace('.', '/')}{package}.py"
