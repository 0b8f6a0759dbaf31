"""Show the source of the code that runs, so that a listing in a notebook is never outdated."""

from __future__ import annotations

import functools
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any


def show_source(*objects: Any) -> None:
    """Show the source of functions, methods or classes: a code block in Jupyter, else printed.

    Each block is headed by the file, relative to the folder of the package, and the number of
    lines. Absolute paths and line numbers are omitted: stored outputs are compared on other
    machines.

    Raises
    ------
    TypeError
        If an object is no function, method or class, or has no Python source.
    """
    for item in objects:
        caption, source = _read(item)
        ipython = sys.modules.get("IPython")  # not imported: this is no notebook
        if ipython is None or ipython.get_ipython() is None:
            print(f"# {caption}\n{source}\n")
            continue
        longest = max(map(len, re.findall("`+", source)), default=0)
        fence = "`" * max(3, longest + 1)
        markdown = f"{caption}\n\n{fence}python\n{source}\n{fence}"
        from IPython.display import display

        display({"text/markdown": markdown, "text/plain": f"# {caption}\n{source}"}, raw=True)


def _read(item: Any) -> tuple[str, str]:
    """Return the caption and the dedented source."""
    if isinstance(item, property):
        item = item.fget
    if isinstance(item, functools.partial):
        item = item.func
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
    count = len(source.splitlines())
    lines = f"{count} line" + ("s" if count != 1 else "")
    return f"`{_relative_path(item)}` · `{item.__qualname__}` · {lines}", source


def _relative_path(item: Any) -> str:
    """Return the file relative to the folder of its top package: ``course_lib/counts.py``."""
    top = item.__module__.partition(".")[0]
    root = getattr(sys.modules.get(top), "__file__", None)
    file = inspect.getsourcefile(item)
    if top == "__main__" or root is None or file is None:
        return "this notebook"
    path = Path(file)
    folder = Path(root).parent
    if Path(root).name == "__init__.py":  # a package: name its folder too
        folder = folder.parent
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
