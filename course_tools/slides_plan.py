"""How a notebook becomes slides: the slide type of every cell, by rule, and what a deck leaves out.

A section is a column of slides, and each text in it begins a new one. Code joins the slide above
it where both fit. That is an estimate, in lines; ``deck/deck.js`` measures the page itself and
goes on to a next slide wherever the estimate was wrong.
"""

from __future__ import annotations

import ast
import copy
import math
import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_tools import markdown
from course_tools.notebooks import CHECK, EXERCISE, NOTES, SETUP, VERIFY, tags

DRAWING = "drawing"  # the tag, in the copy for a deck, of code that draws a figure

LINES, COLUMNS = 16, 95  # of text on a slide
SHORT = 5  # lines of text that a figure may have above it
_DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
_DOCSTRING = re.compile(r'^( +"""[^\n"]+)\n.*?"""', re.DOTALL | re.MULTILINE)
_LINKS_ALONE = re.compile(
    r"^ *(?:First notebook · )?(?:\[[^\]\n]*\]\([^)\n]*\.ipynb[^)\n]*\)(?: · )?)+ *$\n?",
    re.MULTILINE,
)


def slide_types(notebook: NotebookNode) -> dict[str, str]:
    """Return the slide type of every cell, by cell id.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs: whether code joins the slide above depends on them.

    Returns
    -------
    dict of str to str
        ``"slide"`` for the first cell and for headings of a section, ``"subslide"`` for other
        cells that begin a slide, ``"-"`` for code on the slide above it, ``"notes"`` for cells
        with the tag ``notes``, ``"skip"`` for set-up, solutions, checks and mere assertions.
    """
    found: dict[str, str] = {}
    used = math.inf  # lines on the current slide
    for place, cell in enumerate(notebook.cells):
        if NOTES in tags(cell):
            found[cell.id] = "notes"
            continue
        if is_skipped(cell):
            found[cell.id] = "skip"
            continue
        lines, text = height(cell), cell.cell_type != "code"
        # Where only the result is too much, the result alone goes on to a next slide.
        needed = lines if text else _code_height(cell.source)
        if is_drawing(cell):
            needed = LINES - SHORT
        if place == 0 or (text and any(n <= 2 for n, _ in markdown.headings(cell.source))):
            found[cell.id] = "slide"
        elif text or used + needed > LINES:
            found[cell.id] = "subslide"
        else:
            found[cell.id] = "-"
            lines += used
        used = lines
    return found


def is_skipped(cell: NotebookNode) -> bool:
    """Tell whether a cell is machinery: set-up, solution, check, or mostly assertions."""
    if cell.cell_type != "code":
        return not cell.source.strip()
    if {SETUP, EXERCISE, CHECK, VERIFY} & set(tags(cell)):
        return True
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    asserts = sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
    return not cell.outputs and asserts >= len(tree.body) / 2


def is_drawing(cell: NotebookNode) -> bool:
    """Tell whether a code cell draws a figure; its slide is the figure, large."""
    return cell.cell_type == "code" and "plots.show(" in cell.source


def height(cell: NotebookNode) -> float:
    """Return about how many lines of text a cell takes on a slide."""
    if cell.cell_type != "code":
        return _text_height(_DETAILS.sub("", cell.source))
    if is_drawing(cell):
        return LINES
    shown = sum(_output_height(output) for output in cell.outputs)
    return shown + _code_height(cell.source)


def _text_height(source: str) -> float:
    parts = [part.strip() for part in re.split(r"\n\s*\n", source) if part.strip()]
    total = 0.0
    for part in parts:
        for line in part.splitlines():
            heading = line.startswith("#")
            total += 1.6 if heading else max(1, math.ceil(len(line) / COLUMNS))
        total += 1.5 if "$$" in part else 0.5
    return total


def _code_height(source: str) -> float:
    return 0.8 * len(source.splitlines()) + 0.9


def _output_height(output: NotebookNode) -> float:
    data = output.get("data", {})
    if any(kind.startswith("image/") for kind in data):
        return LINES
    if "<img" in data.get("text/html", ""):
        return LINES
    if "text/html" in data:
        return 1.1 * data["text/html"].count("<tr") + 0.5
    return _code_height(
        data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
    )


def for_deck(notebook: NotebookNode) -> NotebookNode:
    """Return the copy of a notebook that a deck is made from.

    The slide types are set. Folded answers become notes of their own, of the long docstrings in
    a listing the first line is left, links between notebooks are left out, and code that draws a
    figure is marked with the tag ``drawing``. Cells that are skipped are gone.
    """
    notebook = copy.deepcopy(notebook)
    types = slide_types(notebook)
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        kind = types[cell.id]
        if kind == "skip":
            continue
        if cell.cell_type == "markdown":
            cells += _unfolded(cell, kind)
            continue
        cell.metadata["slideshow"] = {"slide_type": kind}
        if is_drawing(cell):
            cell.metadata["tags"] = [*tags(cell), DRAWING]
        for output in cell.get("outputs", []):
            if listing := output.get("data", {}).get("text/markdown"):
                output.data["text/markdown"] = _DOCSTRING.sub(r'\1 …"""', listing)
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _unfolded(cell: NotebookNode, kind: str) -> list[NotebookNode]:
    """Return a text cell as texts and notes in turn: a note for each folded part."""
    source = _LINKS_ALONE.sub("", cell.source).strip()
    found: list[NotebookNode] = []
    for place, part in enumerate(_DETAILS.split(source)):  # text, summary, body, text, ...
        if not part.strip() or place % 3 == 1:
            continue
        note = place % 3 == 2
        text = (
            f"**{_DETAILS.split(source)[place - 1].strip()}**\n\n{part.strip()}" if note else part
        )
        piece = new_markdown_cell(text.strip(), id=f"{cell.id[:50]}-{place}" if found else cell.id)
        piece.metadata["slideshow"] = {"slide_type": "notes" if note else kind}
        kind = kind if note else "-"
        piece.attachments = cell.get("attachments", {})
        found.append(piece)
    return found


def title(notebook: NotebookNode) -> str:
    """Return the title of a notebook, as its first heading tells it."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return next((text for source in texts for _, text in markdown.headings(source)), "")
