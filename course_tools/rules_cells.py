"""Lint rules for cells: ids, length, counts, tags, code and stored outputs."""

from __future__ import annotations

import ast
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from course_tools.notebooks import (
    BEGIN,
    BEGIN_HIDDEN,
    CHECK,
    END,
    END_HIDDEN,
    EXERCISE,
    FIGURE,
    IGNORE,
    LATE,
    NOTES,
    OFF_SLIDE,
    RESULT,
    SETUP,
    VERIFY,
    tags,
)
from course_tools.page import Page

Finding = tuple[str, str]  # cell id, what is wrong

KNOWN_TAGS = {SETUP, IGNORE, EXERCISE, CHECK, VERIFY, FIGURE, NOTES, OFF_SLIDE, RESULT, LATE}
MEDIAN_LINES, MOST_LINES = 6, 25
COMPARED_SHARE = 0.6

# A path that only the author's machine has. Behind a letter, a dot or a slash it is part of
# something else, such as a web address.
_MACHINE = re.compile(
    r"(?<![\w.:/~-])/(?:home|root|Users|tmp|var|private|usr|opt|mnt|srv|work|workspaces?|content)/"
    r"|(?<![A-Za-z])[A-Z]:\\{1,2}\w"
    r"|(?<![A-Za-z])[A-Za-z]:/Users"
    r"|\bfile:/"
)


def metadata(page: Page) -> Iterator[Finding]:
    """Expect the kernel python3, and nothing stored that changes from run to run."""
    first = page.cells[0].id
    if page.node.metadata.get("kernelspec", {}).get("name") != "python3":
        yield first, "the notebook's kernel is not python3"
    if "widgets" in page.node.metadata:
        yield first, "the state of widgets is stored in the notebook"
    for cell in page.cells:
        if "execution" in cell.metadata:
            yield cell.id, "times of execution are stored in the cell"
        for tool in ("slideshow", "nbgrader"):
            if tool in cell.metadata:
                yield cell.id, f"{tool} metadata are stored; they are computed at the export"


def ids(page: Page) -> Iterator[Finding]:
    """Expect of each cell a name of its own that says what it is."""
    for cell_id, count in Counter(cell.id for cell in page.cells).items():
        if count > 1:
            yield cell_id, f"{count} cells have this id"
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", cell_id):
            yield cell_id, "the id was drawn at random; give it a name"
        elif not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell_id):
            yield cell_id, "an id is lower-case words with hyphens"


def length(page: Page) -> Iterator[Finding]:
    """Expect short cells; blank lines are not counted.

    Cells that only verify do not count, no student has them; nor does the folded code of a
    figure in the median.
    """
    lines: list[int] = []
    for cell in page.code():
        if VERIFY in tags(cell):
            continue
        count = sum(bool(line.strip()) for line in cell.source.splitlines())
        if FIGURE not in tags(cell):
            lines.append(count)
        if count > MOST_LINES:
            yield cell.id, f"{count} lines of code; at most {MOST_LINES}"
        if count == 0:
            yield cell.id, "the cell is empty"
    median = statistics.median(lines) if lines else 0
    if median > MEDIAN_LINES:
        yield page.cells[0].id, f"the median cell has {median:g} lines; at most {MEDIAN_LINES}"


def counts(page: Page) -> Iterator[Finding]:
    """Expect one run from top to bottom: nbval compares nothing in an unrun cell."""
    for wanted, cell in enumerate(page.code(), 1):
        if cell.execution_count != wanted:
            yield cell.id, f"execution count {cell.execution_count}; wanted {wanted}: run it again"
            return
    if not any(cell.outputs for cell in page.code()):
        yield page.cells[0].id, "no output is stored: run it again"


def errors(page: Page) -> Iterator[Finding]:
    """Expect no cell to have ended in an error or a warning."""
    for cell in page.code():
        for output in cell.outputs:
            if output.output_type == "error":
                yield cell.id, f"a stored error: {output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                yield cell.id, f"a stored warning: {output.text.strip().splitlines()[-1:]}"


def tag_rules(page: Page) -> Iterator[Finding]:
    """Expect known tags, set-up first, and a check for each exercise."""
    for cell in page.cells:
        if unknown := sorted(set(tags(cell)) - KNOWN_TAGS):
            yield cell.id, f"unknown tag {', '.join(unknown)}"
    for place, cell in enumerate(page.code()):
        if (SETUP in tags(cell)) != (place == 0):
            yield cell.id, f"the first code cell, and it alone, has the tag '{SETUP}'"
        if place == 0 and "runtime.seed_everything(" not in cell.source:
            yield cell.id, "the set-up does not call runtime.seed_everything"
        if "NBVAL_" in cell.source:
            yield cell.id, "nbval is steered by tags, not by comments"
        if EXERCISE not in tags(cell) and (BEGIN in cell.source or END in cell.source):
            yield cell.id, f"a solution without the tag '{EXERCISE}'"
        if CHECK not in tags(cell) and (BEGIN_HIDDEN in cell.source or END_HIDDEN in cell.source):
            yield cell.id, f"hidden tests without the tag '{CHECK}'"
    solved = [cell for cell in page.code() if EXERCISE in tags(cell)]
    if len(solved) != sum(CHECK in tags(cell) for cell in page.code()):
        yield page.cells[-1].id, "there are not as many checks as exercises"


def code(page: Page) -> Iterator[Finding]:
    """Expect plain Python: no magics, no shell; figures shown by plots.show alone."""
    for cell in page.code():
        tree = page.tree(cell)
        if tree is None:
            yield cell.id, "not plain Python (no %magic, no !shell, no ?help)"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "get_ipython":
                yield cell.id, "get_ipython: magics and shell commands are left out"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if node.func.attr == "show" and owner != "plots":
                    yield cell.id, f"{owner}.show(): figures are shown by plots.show(fig, alt=…)"
                if (owner, node.func.attr) in {("os", "system"), ("subprocess", "run")}:
                    yield cell.id, f"{owner}.{node.func.attr}: no shell commands"


def control_characters(page: Page) -> Iterator[Finding]:
    """Expect no tab or form feed; "t" and "f" behind a backslash in a formula turn into these."""
    for cell in page.cells:
        if found := re.search(r"[\x00-\x09\x0b-\x1f].{0,12}", cell.source):
            yield cell.id, f"a control character stands in the text: {found[0]!r}"


def machine_paths(page: Page) -> Iterator[Finding]:
    """Expect no output that names a place on the author's machine."""
    for cell in page.code():
        for output in cell.outputs:
            for text in _texts(output):
                if found := _MACHINE.search(text):
                    around = text[found.start() : found.start() + 40].splitlines()[0]
                    yield cell.id, f"a path of this machine in the output: {around!r}"
                    break


def _texts(output: NotebookNode) -> Iterator[str]:
    for name in ("text", "evalue"):
        if name in output:
            yield output[name]
    yield from output.get("traceback", [])
    for kind, value in output.get("data", {}).items():
        if kind != "text/latex" and (not kind.startswith("image/") or kind == "image/svg+xml"):
            yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def share(page: Page) -> tuple[int, int]:
    """Return how many output cells are compared by nbval, and how many output cells there are."""
    shown = [cell for cell in page.code() if cell.outputs]
    return sum(IGNORE not in tags(cell) for cell in shown), len(shown)


def compared(page: Page) -> Iterator[Finding]:
    """Expect most outputs to be compared."""
    done, all_of_them = share(page)
    if all_of_them and done / all_of_them < COMPARED_SHARE:
        said = f"{done} of {all_of_them} outputs are compared"
        yield page.cells[0].id, f"{said}; wanted at least {COMPARED_SHARE:.0%}"


def pasted(pages: list[Page]) -> Iterator[tuple[Page, str, str]]:
    """Yield functions whose code stands in a cell a second time, in any notebook.

    A body that only returns a constant, the letter of a judgement, may be the same by chance.
    """
    seen: dict[str, str] = {}
    for page in pages:
        for cell in page.code():
            for node in ast.walk(page.tree(cell) or ast.Module([], [])):
                if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    continue
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                if len(body) == 1 and _constant(body[0]):
                    continue
                key = " ".join(ast.dump(part) for part in body)
                if isinstance(node, ast.FunctionDef):
                    key += ast.dump(node.args)
                here = f"{page.path.name}, cell {cell.id}"
                if key in seen:
                    yield page, cell.id, f"{node.name} stands already in {seen[key]}"
                seen.setdefault(key, here)


def _constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Return) and isinstance(statement.value, ast.Constant)


RULES = (
    metadata,
    ids,
    length,
    counts,
    errors,
    tag_rules,
    code,
    control_characters,
    machine_paths,
    compared,
)
