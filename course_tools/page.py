"""One notebook as lint sees it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from course_tools import markdown, notebooks


@dataclass(frozen=True)
class Page:
    """A notebook with its place: links and neighbours depend on that."""

    path: Path
    node: NotebookNode

    @property
    def number(self) -> str:
        """The two digits the file's name begins with."""
        return self.path.name[:2]

    @property
    def deeper(self) -> bool:
        """Whether it is a companion of a lesson, in ``deeper/``."""
        return self.path.parent.name == "deeper"

    @property
    def cells(self) -> list[NotebookNode]:
        """All cells in order."""
        return self.node.cells

    def code(self) -> list[NotebookNode]:
        """Return the code cells."""
        return notebooks.code_cells(self.node)

    def markdown(self) -> list[NotebookNode]:
        """Return the text cells."""
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    def code_after(self, cell: NotebookNode) -> list[NotebookNode]:
        """Return the code cells below a cell."""
        place = next(i for i, c in enumerate(self.cells) if c is cell)
        return [c for c in self.cells[place + 1 :] if c.cell_type == "code"]

    def headings(self) -> Iterator[tuple[NotebookNode, int, str]]:
        """Yield every heading: its cell, level and text."""
        for cell in self.markdown():
            for level, text in markdown.headings(cell.source):
                yield cell, level, text

    def section(self, title: str) -> str:
        """Return the text cells of the section ``## title``, joined; empty where it is missing.

        The speaker's notes are no part of it.
        """
        text, inside = [], False
        for cell in self.markdown():
            if notebooks.NOTES in notebooks.tags(cell):
                continue
            for level, heading in markdown.headings(cell.source):
                if level <= 2:
                    inside = heading == title
            if inside:
                text.append(cell.source)
        return "\n\n".join(text)

    @cached_property
    def _trees(self) -> dict[str, ast.Module | None]:
        return {cell.id: _parsed(cell.source) for cell in self.code()}

    def tree(self, cell: NotebookNode) -> ast.Module | None:
        """Return the syntax tree of a code cell; None where it is not plain Python."""
        return self._trees[cell.id]

    def loads(self, cell: NotebookNode) -> set[str]:
        """Return the plain names that a code cell reads."""
        nodes = ast.walk(self.tree(cell) or ast.Module([], []))
        return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}

    def names(self, cell: NotebookNode) -> set[str]:
        """Return the plain names a code cell mentions."""
        tree = self.tree(cell)
        return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None
