"""How a notebook becomes slides: the slide type of every cell, by rule, and what a deck leaves out.

A section is a column of slides, and each text in it begins a new one. Code joins the slide above
it where both fit, and what is too much for a slide is divided. That is an estimate, in lines;
``deck/deck.js`` measures the page itself and sets it smaller wherever the estimate was wrong.
"""

from __future__ import annotations

import ast
import base64
import copy
import html
import math
import re
import struct
from collections.abc import Iterator

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_exercises.predictions import ASKED, TOLD
from course_lib import plots
from course_tools import markdown, notebooks
from course_tools.notebooks import (
    CHECK,
    EXERCISE,
    FIGURE,
    LATE,
    NOTES,
    OFF_SLIDE,
    RESULT,
    SETUP,
    VERIFY,
    tags,
)

COURSE = "Word vectors, from one-hot to ELMo"

SKIP = "skip if late"  # the mark of a slide that can be passed over, and the speaker's note

LINES, COLUMNS = 16, 95  # of text on a slide
MOST = 17  # lines that fit when they are set smaller
SHORT = 5  # lines of text that may stand below a result
FULL = 99.0  # lines on a slide with a figure: nothing joins it
_DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
_DOCSTRING = re.compile(r'^( +"""[^\n"]+)\n.*?"""', re.DOTALL | re.MULTILINE)
# Sections that are for reading.
_READ = re.compile(r"^## (?:Recap|References) *$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_TO_DO = re.compile(r"\*\*Change it\.\*\*(?:[^\n]|\n(?!\n))*")  # a paragraph
_NEEDED = re.compile(r"^\*\*You need\*\*.*", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"[-*|] |\d+\. ")  # a row or an item begins
_FENCE = re.compile(r"^(```.*?^```)", re.DOTALL | re.MULTILINE)
_LINKS_ALONE = re.compile(
    r"^ *(?:First notebook · )?(?:\[[^\]\n]*\]\([^)\n]*\.ipynb[^)\n]*\)(?: · )?)+ *$\n?",
    re.MULTILINE,
)


def is_skipped(cell: NotebookNode) -> bool:
    """Tell whether a deck leaves a cell out: machinery, what is kept off slides, or nothing."""
    left_out = {SETUP, EXERCISE, CHECK, VERIFY, OFF_SLIDE}
    source = _READ.sub("", cell.source) if cell.cell_type == "markdown" else cell.source
    return not source.strip() or bool(left_out & set(tags(cell)))


def is_drawing(cell: NotebookNode) -> bool:
    """Tell whether a code cell draws a figure; its slide is the figure, large."""
    return FIGURE in tags(cell)


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
        return 1.3 * data["text/html"].count("<tr") + 0.7
    return _code_height(
        data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
    )


def _figure_height(cell: NotebookNode) -> float:
    """Return the lines that a figure needs for its text to have 20 px."""
    for output in cell.outputs:
        picture = base64.b64decode(output.get("data", {}).get("image/png", ""))
        if picture.startswith(b"\x89PNG"):
            width, height = struct.unpack(">2I", picture[16:24])
            tall = min(plots.SLIDE[1], plots.SLIDE[0] * height / width)
            text = output.get("metadata", {}).get("image/png", {}).get("text", 20)
            return LINES * tall / plots.SLIDE[1] * 20 / text
    return LINES


def for_deck(notebook: NotebookNode) -> NotebookNode:
    """Return the copy of a notebook that a deck is made from.

    Each cell has its slide type: ``"slide"`` begins a column of slides, ``"subslide"`` a slide
    below, ``"-"`` stays on the slide above, ``"notes"`` are the speaker's. A slide that goes on
    with a section carries its heading. What is too much for a slide is divided. A prediction is
    its question, and its result the last step of the slide that computes it. Folded answers, what
    the reader is to change, what the lesson needs, the code of a figure and its description become
    notes, of the long docstrings in a listing the first line is left, and links between notebooks
    are left out. Machinery is gone.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs, as the division depends on them; it stays as it is.
    """
    deck = copy.deepcopy(notebook)
    deck.cells = []
    heading = COURSE  # above the title
    used = math.inf  # lines on the current slide
    noted = 0  # where a note of the current cell goes: of a divided text, to its first slide
    asked = False  # whether the last text is in the deck
    for cell in copy.deepcopy(notebook.cells):
        if cell.cell_type == "markdown" and NOTES not in tags(cell):
            asked = not is_skipped(cell)
        if EXERCISE in tags(cell) and asked:
            deck.cells.append(_signature(cell, used))
            used = math.inf  # what follows is no part of the exercise
        if is_skipped(cell):
            continue
        parts = _text_parts if cell.cell_type == "markdown" else _code_parts
        used = math.inf if LATE in tags(cell) else used  # it begins a slide
        for place, (piece, kind, lines) in enumerate(list(parts(cell, used))):
            piece.id = f"{cell.id[:50]}-{place}" if place else cell.id
            told = [text for level, text in _headings(piece) if level <= 2]
            if kind != "notes":
                used = lines
                kind = "slide" if told or not deck.cells else kind
            data = {"heading": heading} if kind == "subslide" or not deck.cells else {}
            skipped = LATE in tags(cell) and kind in ("slide", "subslide")
            data |= {"skip": SKIP} if skipped else {}
            piece.metadata["slideshow"] = {"slide_type": kind} | ({"data": data} if data else {})
            heading = told[-1] if told and kind != "notes" else heading
            if NOTES in tags(cell):
                deck.cells.insert(noted, piece)
                noted += 1
                continue
            deck.cells.append(piece)
            if skipped:
                note = new_markdown_cell(f"**{SKIP.capitalize()}.**", id=f"{piece.id}-late")
                note.metadata["slideshow"] = {"slide_type": "notes"}
                deck.cells.append(note)
            noted = len(deck.cells) if place == 0 or cell.cell_type == "code" else noted
    return deck


def _signature(cell: NotebookNode, used: float) -> NotebookNode:
    """Return the function that an exercise asks for, without solution, for the exercise's slide.

    Faulty code that is to be mended is shown where it fits.
    """
    task = notebooks.solution(cell.source)
    stub = _DOCSTRING.sub(r'\1 …"""', task.stub).rstrip()
    whole = f"{stub}\n{task.given}".rstrip()
    shown = whole if used + _code_height(whole) <= MOST + 1 else stub
    piece = new_markdown_cell(f"```python\n{shown}\n```", id=f"{cell.id}-signature")
    piece.metadata["slideshow"] = {"slide_type": "-"}
    return piece


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    return list(markdown.headings(cell.source)) if cell.cell_type == "markdown" else []


def _text_parts(cell: NotebookNode, used: float) -> Iterator[tuple[NotebookNode, str, float]]:
    """Yield a text in pieces that fit on a slide, and a note for each folded part.

    With each piece come its slide type and the lines that are then used on its slide.
    """
    if NOTES in tags(cell):
        yield cell, "notes", used
        return
    summary, source = "", _READ.sub("", _LINKS_ALONE.sub("", cell.source)).strip()
    aside = [found[0] for way in (_TO_DO, _NEEDED) for found in way.finditer(source)]
    source = _NEEDED.sub("", _TO_DO.sub("", source)).strip()
    if source.startswith("#") or _text_height(_DETAILS.sub("", source)) > SHORT:
        used = math.inf  # it begins a slide
    for place, part in enumerate(_DETAILS.split(source)):  # text, summary, body, text, ...
        if place % 3 == 1:
            summary = part.strip()
        elif place % 3 == 2:
            yield _text(cell, f"**{summary}**\n\n{part.strip()}"), "notes", used
        else:
            for number, text in enumerate(_pages(part)):
                begins = number > 0 or used + _text_height(text) > MOST
                used = _text_height(text) + (0 if begins else used)
                yield _text(cell, text), "subslide" if begins else "-", used
    for text in aside:
        yield _text(cell, text), "notes", used


def _text(cell: NotebookNode, source: str) -> NotebookNode:
    piece = new_markdown_cell(source)
    piece.attachments = cell.get("attachments", {})
    return piece


def _pages(text: str) -> list[str]:
    """Return the paragraphs of a text in groups that fit on a slide."""
    blocks: list[str] = []
    for place, chunk in enumerate(_FENCE.split(text)):
        for block in [chunk] if place % 2 else re.split(r"\n\s*\n", chunk):
            blocks += _rows(block.strip()) if block.strip() else []
    total = _text_height(text)
    most = 1.15 * total / max(1, math.ceil(total / MOST))  # no slide is nearly empty
    pages: list[str] = []
    for block in blocks:
        together = f"{pages[-1]}\n\n{block}" if pages else ""
        full = _text_height(together) > most and not pages[-1].endswith(":")
        if not pages or full:
            pages.append(block)
        else:
            pages[-1] = together
    return pages


def _rows(block: str) -> list[str]:
    """Return a paragraph, or the parts of a table or list that is too long for a slide."""
    lines = block.splitlines()
    head = lines[:2] if block.startswith("|") else []
    parts: list[list[str]] = [head[:]]
    for line in lines[len(head) :]:
        if _ITEM.match(line) and _text_height("\n".join([*parts[-1], line])) > MOST:
            parts.append(head[:])
        parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _question(cell: NotebookNode) -> str:
    """Return what a cell with a prediction asks, as HTML; "" for any other cell."""
    text = cell.outputs[0].get("data", {}).get("text/plain", "") if len(cell.outputs) == 1 else ""
    if not (asked := ASKED.fullmatch(text)):
        return ""
    choices = asked[3].split(" / ")
    told = "".join(f"<li>{html.escape(choice)}</li>" for choice in choices)
    told = f"<ol>{told}</ol>" if len(choices) > 1 else f"<p>{html.escape(asked[3])}</p>"
    return f'<div class="asked"><p>{html.escape(asked[2])}</p>{told}</div>'


def _take_answers(cell: NotebookNode) -> str:
    """Take the results of predictions from code and outputs, and return them as HTML."""
    answers: list[str] = []
    for output in cell.outputs:
        if TOLD.search(output.get("text", "")):
            answers += [result for _, result in TOLD.findall(output.text)]
            output.text = TOLD.sub("", output.text)
    cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    if answers:
        lines = cell.source.splitlines()
        for part in reversed(ast.parse(cell.source).body):
            if isinstance(part, ast.Expr) and ast.unparse(part).startswith("reveal("):
                del lines[part.lineno - 1 : part.end_lineno]
        cell.source = "\n".join(lines).strip()
    told = "".join(f"<p>Result: <strong>{html.escape(text)}</strong></p>" for text in answers)
    return f'<div class="told">{told}</div>' if told else ""


def _code_parts(cell: NotebookNode, used: float) -> Iterator[tuple[NotebookNode, str, float]]:
    """Yield code with the results that fit below it, the other results, and what is noted."""
    if asked := _question(cell):
        needed = 2 + sum(
            math.ceil(len(line) / COLUMNS)
            for line in cell.outputs[0].data["text/plain"].splitlines()
        )
        begins = used + needed > MOST
        yield _text(cell, asked), "subslide" if begins else "-", needed + (0 if begins else used)
        return
    answers = _take_answers(cell)
    for piece, kind, lines in _shown(cell, used):
        used = lines if kind != "notes" else used
        yield piece, kind, lines
    if answers:
        begins = used >= FULL
        yield _text(cell, answers), "subslide" if begins else "-", 2.5 + (0 if begins else used)


def _shown(cell: NotebookNode, used: float) -> Iterator[tuple[NotebookNode, str, float]]:
    if is_drawing(cell):
        kind = "subslide" if used + _figure_height(cell) > LINES else "-"
        cell.metadata["tags"] = [*tags(cell), RESULT]
        yield cell, kind, FULL
        told = [o.get("metadata", {}).get("image/png", {}).get("alt", "") for o in cell.outputs]
        figures = "".join(f"Figure: {alt}\n\n" for alt in told if alt)
        yield _code_as_note(cell, figures), "notes", FULL
        return
    bare = RESULT in tags(cell)
    outputs = [piece for whole in cell.outputs for piece in _listings(whole)]
    heights = [_output_height(output) for output in outputs]
    needed = 0.0 if bare else _code_height(cell.source)
    together = needed + sum(heights)
    cell.outputs = []
    if not bare and not cell.source:
        return
    kind = "-"
    if used + together > MOST and (together <= MOST or used + needed > LINES):
        kind = "subslide"
    used = needed + (used if kind == "-" else 0)
    for output, height in zip(outputs, heights, strict=True):
        if used > SHORT and used + height > MOST:
            if cell.outputs or not bare:
                yield cell, kind, used
            cell = copy.deepcopy(cell)
            cell.outputs, cell.metadata["tags"] = [], sorted({*tags(cell), RESULT})
            kind, used = "subslide", 0.0
        used += height
        cell.outputs.append(output)
    yield cell, kind, used
    if bare:
        yield _code_as_note(cell), "notes", used


def _code_as_note(cell: NotebookNode, before: str = "") -> NotebookNode:
    # nbconvert closes every HTML block at its end, so that a folded one stands on one line.
    code = html.escape(cell.source).replace("\n", "&#10;")
    folded = f"<details><summary>Code</summary><pre>{code}</pre></details>"
    return new_markdown_cell(f"{before}{folded}")


def _listings(output: NotebookNode) -> Iterator[NotebookNode]:
    """Yield an output in pieces: a long listing is divided, at empty lines where there are any."""
    text = output.get("data", {}).get("text/markdown", "")
    text = _DOCSTRING.sub(r'\1 …"""', text)
    before, fence, body = text.partition("```python\n")
    body, _, after = body.partition("\n```")
    lines, most = body.splitlines(), round(MOST / 0.8) - 2  # its title is above it
    if not fence:
        yield output
        return
    while lines:
        end = most if len(lines) > most + 2 else len(lines)
        empty = [place for place in range(end // 2, end) if not lines[place].strip()]
        end = empty[-1] if empty and end < len(lines) else end
        piece = copy.deepcopy(output)
        last = "" if lines[end:] else after
        piece.data["text/markdown"] = "\n".join(
            [before + fence.strip(), *lines[:end], "```" + last]
        )
        yield piece
        before, lines = "", lines[end:]


def title(notebook: NotebookNode) -> str:
    """Return the title of a notebook, its first heading."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return next((text for source in texts for _, text in markdown.headings(source)), "")
