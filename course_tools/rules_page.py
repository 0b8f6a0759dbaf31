"""Lint rules for the page: header, sections, links, pictures, exercises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

from course_exercises import exercises as register
from course_tools import markdown, notebooks
from course_tools.page import Page

Finding = tuple[str, str]  # cell id, what is wrong

HEADER = ("You will be able to", "You need", "Minutes on CPU", "Data")
SHORT = "In five minutes"
FEWEST_EXERCISES = 3
LAST_SECTIONS = ("Recap", "Test yourself", "References")
_WEB = re.compile(r"(https?|mailto):", re.IGNORECASE)


def header(page: Page) -> Iterator[Finding]:
    """Expect the number in the title; then goals (3 to 5), needs, minutes, data in order.

    A companion in ``deeper/`` may have fewer goals, down to one.
    """
    first = page.cells[0]
    if first.cell_type != "markdown":
        yield first.id, "the first cell is not the header"
        return
    if not re.match(rf"# {page.number} · \S", first.source):
        yield first.id, f"the title is not '# {page.number} · …'"
    places = [first.source.find(f"**{name}") for name in HEADER]
    for name, place in zip(HEADER, places, strict=True):
        if place < 0:
            yield first.id, f"the header has no **{name}**"
    if -1 not in places:
        if places != sorted(places):
            yield first.id, f"the header's parts do not stand in the order {', '.join(HEADER)}"
        goals = re.findall(r"^[-*] ", first.source[places[0] : places[1]], re.MULTILINE)
        fewest = 1 if page.deeper else 3
        if not fewest <= len(goals) <= 5:
            said = f"{len(goals)} goals under 'You will be able to'"
            yield first.id, f"{said}; {fewest} to 5 are wanted"


def sections(page: Page) -> Iterator[Finding]:
    """Expect one title; the result first; sections numbered 1, 2, …; recap, self-test, references.

    Exercises stand where their idea is. A companion in ``deeper/`` begins with its first section,
    and may do without recap and self-test.
    """
    found = [(cell.id, level, text) for cell, level, text in page.headings()]
    for cell_id, level, text in found[1:]:
        if level == 1:
            yield cell_id, f"a second title: '# {text}'"
    second = [(cell_id, text) for cell_id, level, text in found if level == 2]
    names = [text for _, text in second]
    if names[:1] == [SHORT]:
        second = second[1:]
    elif not page.deeper:
        yield page.cells[0].id, f"the first section is not '## {SHORT}'"
    numbered = [(cell_id, text) for cell_id, text in second if re.match(r"\d", text)]
    for wanted, (cell_id, text) in enumerate(numbered, 1):
        if not re.match(rf"{wanted} · \S", text):
            yield cell_id, f"'## {text}' should read '## {wanted} · …'"
    last = page.cells[-1].id
    if not numbered:
        yield last, "no numbered section '## 1 · …'"
    after = [text for _, text in second[len(numbered) :]]
    wanted_names = [n for n in LAST_SECTIONS if n in after or not page.deeper or n == "References"]
    if after != wanted_names:
        there = ", ".join(after) or "nothing"
        yield last, f"after the numbered sections come {there}; wanted {', '.join(wanted_names)}"


def self_test(page: Page) -> Iterator[Finding]:
    """Expect folded answers in the self-test."""
    text = page.section("Test yourself")
    opened, named = text.count("<details>"), text.count("<summary>")
    if text and not opened == named == text.count("</details>") == text.count("</summary>") > 0:
        yield page.cells[-1].id, "'Test yourself' needs <details><summary>…</summary> answers"


def neighbors(page: Page) -> Iterator[Finding]:
    """Expect links to the lessons before and after in the first and the last cell.

    A companion in ``deeper/`` links to its lesson instead, and its lesson somewhere to it.
    """
    lessons = sorted(page.path.parents[1 if page.deeper else 0].glob("*.ipynb"))
    names = [path.name for path in lessons]
    if page.deeper:
        wanted = [f"../{name}" for name in names if name.startswith(page.number)]
    else:
        here = names.index(page.path.name)
        wanted = [names[place] for place in (here - 1, here + 1) if 0 <= place < len(names)]
    for cell in (page.cells[0], page.cells[-1]):
        if cell.cell_type != "markdown":
            yield cell.id, "the first and the last cell are text with links to the neighbours"
            continue
        linked = markdown.targets(cell.source)
        for name in wanted:
            if name not in linked:
                yield cell.id, f"no link to {name}"
    if not page.deeper:
        linked = [t.partition("#")[0] for c in page.markdown() for t in markdown.targets(c.source)]
        for path in sorted(page.path.parent.glob(f"deeper/{page.number}_*.ipynb")):
            if f"deeper/{path.name}" not in linked:
                yield page.cells[0].id, f"no link to its companion deeper/{path.name}"


def links(page: Page) -> Iterator[Finding]:
    """Expect links to files, and to headings in notebooks, to lead somewhere."""
    for cell in page.markdown():
        for target in markdown.targets(cell.source):
            if _WEB.match(target):
                continue
            if target.startswith("attachment:"):
                if target.removeprefix("attachment:") not in cell.get("attachments", {}):
                    yield cell.id, f"no such attachment: {target}"
                continue
            file, _, anchor = unquote(target).partition("#")
            path = page.path.parent / file if file else page.path
            if file.startswith(("/", "\\", "file:")) or re.match(r"[A-Za-z]:", file):
                yield cell.id, f"the link {target} is not relative"
            elif not path.exists():
                yield cell.id, f"the link {target} leads to nothing"
            elif anchor and path.suffix == ".ipynb" and anchor not in _anchors(path):
                yield cell.id, f"the link {target} names no heading there"


def _anchors(path: Path) -> set[str]:
    try:
        cells = notebooks.read(path).cells
    except ValueError:  # that notebook has its own finding
        return set()
    return markdown.anchors("\n\n".join(c.source for c in cells if c.cell_type == "markdown"))


SMALLEST = 20  # pixels of the smallest text on a slide, as plots.show measures it


def alt_text(page: Page) -> Iterator[Finding]:
    """Expect every picture to say in words what it shows."""
    for cell in page.markdown():
        for picture in markdown.pictures_without_text(cell.source):
            yield cell.id, f"a picture without alt text: {picture}"
    for cell in page.code():
        for output in cell.outputs:
            yield from _output_without_text(cell, output)


def _output_without_text(cell: NotebookNode, output: NotebookNode) -> Iterator[Finding]:
    for kind, value in output.get("data", {}).items():
        if kind.startswith("image/"):
            about = output.metadata.get(kind, {})
            if not str(about.get("alt", "")).strip():
                yield cell.id, f"a figure without alt text ({kind}): show it by plots.show"
            if (text := about.get("text", SMALLEST)) < SMALLEST:
                yield cell.id, f"text of {text} px in a figure on a slide; at least {SMALLEST}"
        elif kind == "text/html":
            for picture in markdown.html_without_text(value):
                yield cell.id, f"a picture without alt text in HTML: {picture}"
        elif kind == "text/markdown":
            for picture in markdown.pictures_without_text(value):
                yield cell.id, f"a picture without alt text: {picture}"


def exercises(page: Page) -> Iterator[Finding]:
    """Expect heading, solution and check of each exercise, in order and known.

    The exercises of a lesson and of its companions share one row of numbers.
    """
    found = list(notebooks.exercises(page.node))
    if not page.deeper and found and len(found) < FEWEST_EXERCISES:
        yield page.cells[-1].id, f"{len(found)} exercises; wanted {FEWEST_EXERCISES} or more"
    known = register.registered(page.number)
    family = notebooks.family(page.path)
    asked = []
    for path in family[: family.index(page.path)]:
        with suppress(ValueError):  # that notebook has its own finding
            asked += [item.number for item in notebooks.exercises(notebooks.read(path))]
    for place, item in enumerate(found, len(asked) + 1):
        cell_id = item.solution.id
        if item.number != f"{page.number}.{place}":
            yield cell_id, f"the exercise is {item.number!r}; wanted {page.number}.{place}"
        yield from _exercise_text(item)
        try:
            name = notebooks.solution(item.solution.source).name
        except ValueError as error:
            yield cell_id, str(error)
        else:
            yield from _exercise_check(item, name)
            for cell in page.code_after(item.solution):
                if cell is not item.check and name in page.names(cell):
                    yield cell.id, f"uses {name} of exercise {item.number}: students lack it"
        if item.number not in known:
            yield cell_id, f"no check for exercise {item.number}"
        elif item.title and known[item.number].title != item.title:
            yield cell_id, f"its check is called {known[item.number].title!r}, not {item.title!r}"
    missing = sorted(set(known) - {*asked, *(item.number for item in found)})
    if missing and page.path == family[-1]:
        yield page.cells[-1].id, f"nobody asks for the checks {', '.join(missing)}"


def _exercise_text(item: notebooks.ExerciseCells) -> Iterator[Finding]:
    if item.heading is None:
        yield item.solution.id, f"no text '### Exercise {item.number} · title' right before it"
    elif not re.search(r"[Dd]ifficulty[:* ]*[★☆]{3}[* ·]*\d+ min", item.heading.source):
        yield item.heading.id, "the exercise needs a line like 'difficulty: ★☆☆ · 10 minutes'"


def _exercise_check(item: notebooks.ExerciseCells, name: str) -> Iterator[Finding]:
    if item.check is None:
        yield item.solution.id, "the next code cell is not its check (tag 'check')"
    elif notebooks.exercise_number(item.check) != item.number:
        yield item.check.id, f"the check's metadata do not name exercise {item.number}"
    else:
        wanted = f'check("{item.number}", {name})'
        try:
            if notebooks.without_hidden(item.check.source).strip() != wanted:
                yield item.check.id, f"the check should read {wanted}"
        except ValueError as error:
            yield item.check.id, str(error)


RULES = (header, sections, self_test, neighbors, links, alt_text, exercises)
