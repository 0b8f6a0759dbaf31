"""Lint rules for the size of a lesson and for what it asks of its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from course_tools import notebooks
from course_tools.notebooks import tags
from course_tools.page import Page
from course_tools.rules_page import SHORT

Finding = tuple[str, str]  # cell id, what is wrong

MOST_CELLS, MOST_WORDS, MOST_MINUTES = 75, 2_800, 90
LESSONS_WORDS, COURSE_WORDS = 38_000, 58_000
SHORT_WORDS, NOTES_WORDS = 250, 80
WORDS_A_MINUTE = 180
KINDS = ("write it", "change and explain", "find the fault", "order the lines", "judge")
FEWEST_KINDS = 3

_EXERCISE = re.compile(r"[Dd]ifficulty[:* ]*([★☆]{3})[* ·]*(\d+) min(?:utes)?(?: · ([a-z ]+))?")
_MINUTES = re.compile(
    r"\*\*Minutes on CPU\*\*: (?:about |less than )?(\d+) to run, (?:about )?(\d+)"
)


class Size(NamedTuple):
    """The size of a notebook.

    Attributes
    ----------
    cells : int
        All but the speaker's notes.
    words : int
        Of the text cells, the speaker's notes apart.
    exercises : int
        Minutes of the exercises, as their difficulty lines say.
    run : int
        Minutes that its header says it runs; 0 where the header says nothing.
    """

    cells: int
    words: int
    exercises: int
    run: int

    @property
    def minutes(self) -> int:
        """Minutes of reading, exercises and running, rounded up to five."""
        exact = self.words / WORDS_A_MINUTE + self.exercises + self.run
        return -5 * int(-exact // 5)


def size(page: Page) -> Size:
    """Return the size of a notebook."""
    cells = [cell for cell in page.cells if notebooks.NOTES not in tags(cell)]
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    exercises = sum(int(m[2]) for text in texts for m in _EXERCISE.finditer(text))
    run = _MINUTES.search(page.cells[0].source)
    return Size(len(cells), sum(map(_words, texts)), exercises, int(run[1]) if run else 0)


def _words(text: str) -> int:
    return len(text.split())


def limits(page: Page) -> Iterator[Finding]:
    """Expect a lesson within its size, and a header that says its minutes."""
    first, found = page.cells[0].id, size(page)
    said = _MINUTES.search(page.cells[0].source)
    if said is None:
        yield first, "the minutes are not written '**Minutes on CPU**: 1 to run, 60 to read and …'"
    elif int(said[2]) != found.minutes:
        yield first, f"the header says {said[2]} minutes; counted are {found.minutes}"
    if page.deeper:
        return
    if found.cells > MOST_CELLS:
        yield first, f"{found.cells} cells; at most {MOST_CELLS}"
    if found.words > MOST_WORDS:
        yield first, f"{found.words} words; at most {MOST_WORDS}"
    if found.minutes > MOST_MINUTES:
        yield first, f"{found.minutes} minutes; at most {MOST_MINUTES}"
    if (words := _words(page.section(SHORT))) > SHORT_WORDS:
        yield first, f"'{SHORT}' has {words} words; at most {SHORT_WORDS}"


def notes(page: Page) -> Iterator[Finding]:
    """Expect short notes for the speaker."""
    for cell in page.cells:
        if notebooks.NOTES in tags(cell) and (words := _words(cell.source)) > NOTES_WORDS:
            yield cell.id, f"{words} words of notes; at most {NOTES_WORDS}"


def kinds(page: Page) -> Iterator[Finding]:
    """Expect exercises of several kinds; lines to order before each of three stars; a judgement."""
    seen: list[str] = []
    for item in notebooks.exercises(page.node):
        line = _EXERCISE.search(item.heading.source) if item.heading is not None else None
        if line is None:
            continue  # the rules of the page say so
        if line[3] not in KINDS:
            yield item.heading.id, f"the kind of exercise is {line[3]!r}; use one of {KINDS}"
        if line[1] == "★★★" and not page.deeper and seen[-1:] != ["order the lines"]:
            yield item.heading.id, "an exercise of three stars stands after one of lines to order"
        seen.append(line[3])
    if page.deeper:
        return
    if len(set(seen)) < FEWEST_KINDS:
        yield page.cells[-1].id, f"exercises of {len(set(seen))} kinds; wanted {FEWEST_KINDS}"
    if "judge" not in seen:
        yield page.cells[-1].id, "no exercise asks for a judgement from a table"


def answered(page: Page) -> Iterator[Finding]:
    """Expect in every numbered section an exercise, a prediction or a change to make."""
    if page.deeper:
        return
    section, asks = None, True
    for cell in page.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^## (.+)$", cell.source, re.M)):
            if section and not asks:
                yield section[0], f"section '{section[1]}' asks nothing of its reader"
            section = (cell.id, found[1]) if re.match(r"\d", found[1]) else None
            asks = False
        asks |= "predict(" in cell.source or "**Change it.**" in cell.source
        asks |= notebooks.EXERCISE in tags(cell)


def predictions(page: Page) -> Iterator[Finding]:
    """Expect every prediction to be named in order and its result to be shown after it."""
    names = re.findall(r'\bpredict\(\s*"([^"]+)"', "\n".join(c.source for c in page.code()))
    for cell in page.code():
        for name in re.findall(r'\breveal\(\s*"([^"]+)"', cell.source):
            if name not in names:
                yield cell.id, f"reveal({name!r}) of no prediction"
    shown = re.findall(r'\breveal\(\s*"([^"]+)"', "\n".join(c.source for c in page.code()))
    for place, name in enumerate(names, 1):
        if not name.startswith(f"{page.number}.p") or names.count(name) > 1:
            yield page.cells[0].id, f"the prediction {name!r} is not named '{page.number}.p{place}'"
        if name not in shown:
            yield page.cells[0].id, f"no cell reveals the result of prediction {name}"


def sums(pages: list[Page]) -> tuple[int, int]:
    """Return the words of the lessons, and those of all notebooks."""
    words = [(page.deeper, size(page).words) for page in pages]
    return sum(n for deeper, n in words if not deeper), sum(n for _, n in words)


def too_long(pages: list[Page]) -> Iterator[str]:
    """Expect the lessons together, and the whole course, within their words."""
    names = "the lessons", "lessons and deeper notebooks"
    most_of_each = LESSONS_WORDS, COURSE_WORDS
    for name, words, most in zip(names, sums(pages), most_of_each, strict=True):
        if words > most:
            yield f"{name} have {words:,} words together; at most {most:,}"


def table(pages: list[Page]) -> list[str]:
    """Return the sizes, a line for each notebook and the sums."""
    lines = ["notebook                                       cells  words  minutes"]
    for page in pages:
        found = size(page)
        name = f"deeper/{page.path.name}" if page.deeper else page.path.name
        lines.append(f"{name:<46} {found.cells:>5} {found.words:>6} {found.minutes:>8}")
    lessons, course = sums(pages)
    lines.append(
        f"words: lessons {lessons:,} (at most {LESSONS_WORDS:,}), with the deeper notebooks "
        f"{course:,} (at most {COURSE_WORDS:,})"
    )
    return lines


RULES = (limits, notes, kinds, answered, predictions)
