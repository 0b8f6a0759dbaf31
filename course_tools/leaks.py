"""Look for solutions where none may stand: in everything that students are given.

A line of a solution, or of a hidden test, is secret if it is long enough to be told from chance
and stands nowhere else in its notebook. It is looked for in whole files, however it is wrapped
there: in the lists of strings of a notebook, in HTML with coloured code, in escaped or base64 text.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_tools import notebooks

_BEGINS = (notebooks.BEGIN, notebooks.BEGIN_HIDDEN)
LENGTH = 30  # characters; a shorter line may stand anywhere by chance
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{40,}={0,2}\s*")


@dataclass(frozen=True)
class Leak:
    """A line of a solution, and the file it was found in."""

    file: str
    exercise: str
    line: str

    def __str__(self) -> str:
        return f"{self.file}: a line of the solution of exercise {self.exercise}: {self.line}"


@dataclass(frozen=True)
class Master:
    """A full notebook: what is secret in it, and what everybody may read."""

    stem: str
    node: NotebookNode

    @cached_property
    def public(self) -> str:
        """All its text outside of the solutions, without white space."""
        cells = []
        for cell in self.node.cells:
            kept = dict(cell)
            if cell.cell_type == "code":
                kept["source"] = "\n".join(_outside(cell.source))
            cells.append(kept)
        return _squashed("\n".join(_strings({"metadata": self.node.metadata, "cells": cells})))

    @cached_property
    def secrets(self) -> list[tuple[str, str]]:
        """Exercise and line for each line that nobody may find."""
        found = []
        for item in notebooks.exercises(self.node):
            check = item.check.source if item.check is not None else ""
            for line in secret_lines(f"{item.solution.source}\n{check}"):
                if len(line) >= LENGTH and _squashed(line) not in self.public:
                    found.append((item.number, line))
        return list(dict.fromkeys(found))


def masters(paths: Iterable[Path]) -> list[Master]:
    """Read the full notebooks."""
    return [Master(path.stem, notebooks.read(path)) for path in paths]


def secret_lines(source: str) -> list[str]:
    """Return the lines of solutions and hidden tests, without the white space around them."""
    return [line.strip() for line, inside in _marked(source) if inside and line.strip()]


def _outside(source: str) -> list[str]:
    return [line for line, inside in _marked(source) if not inside]


def _marked(source: str) -> Iterator[tuple[str, bool]]:
    inside = False
    for line in source.splitlines():
        marker = line.strip() in (*_BEGINS, notebooks.END, notebooks.END_HIDDEN)
        if marker:
            inside = line.strip() in _BEGINS
        yield line, inside and not marker


def find(known: Sequence[Master], files: Mapping[str, bytes]) -> list[Leak]:
    """Look for the secret lines of all notebooks in files.

    Parameters
    ----------
    known : sequence of Master
        The full notebooks.
    files : mapping of str to bytes
        Content by name. A file whose name holds that of a notebook may show what the notebook
        shows outside of its solutions.

    Returns
    -------
    list of Leak
    """
    found = []
    for name, content in files.items():
        views = _views(content)
        public = [master.public for master in known if master.stem in name]
        for master in known:
            for exercise, line in master.secrets:
                wanted = _squashed(line)
                if any(wanted in view for view in views) and not any(wanted in o for o in public):
                    found.append(Leak(name, exercise, line))
    return found


def _views(content: bytes) -> list[str]:
    """Return a file's text in each way in which a line may be written down in it."""
    text = content.decode("utf-8", errors="replace")
    with contextlib.suppress(ValueError):  # no notebook, no JSON
        text = "\n".join([text, *_strings(json.loads(text))])
    plain = html.unescape(re.sub(r"<[^<>]*>", "", text))
    unescaped = re.sub(r"\\[nrt]", " ", text).replace('\\"', '"').replace("\\'", "'")
    return list(dict.fromkeys(map(_squashed, (text, plain, unescaped))))


def _strings(node: Any) -> Iterator[str]:
    """Yield every text in a tree of JSON, joined where it is stored line by line."""
    if isinstance(node, str):
        yield node
        if _BASE64.fullmatch(node):
            with contextlib.suppress(binascii.Error):  # it only looked like base64
                yield base64.b64decode(node).decode("utf-8", errors="replace")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(node, (list, tuple)):
        if node and all(isinstance(part, str) for part in node):
            yield from _strings("".join(node))
        else:
            for part in node:
                yield from _strings(part)


def _squashed(text: str) -> str:
    """Return the text without white space: how a line was broken or indented hides nothing."""
    return "".join(text.split())
