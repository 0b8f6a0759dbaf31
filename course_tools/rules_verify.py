"""Lint rules for assertions and the code of figures: readers see neither."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Iterator
from types import CodeType

from nbformat import NotebookNode

from course_tools.notebooks import CHECK, EXERCISE, FIGURE, IGNORE, VERIFY, tags
from course_tools.page import Page

Finding = tuple[str, str]  # cell id, what is wrong
BUILTIN = set(dir(builtins))


def assertions(page: Page) -> Iterator[Finding]:
    """Expect assertions in cells with the tag ``verify`` (and in exercises) alone."""
    for cell in page.code():
        tree = page.tree(cell)
        if tree and not {VERIFY, EXERCISE, CHECK} & set(tags(cell)) and _asserts(tree):
            yield cell.id, f"an assertion that readers see: move it to a cell tagged '{VERIFY}'"


def verify_cells(page: Page) -> Iterator[Finding]:
    """Expect of a verify cell that it is folded, asserts, and does nothing else."""
    cells = [cell for cell in page.code() if page.tree(cell)]
    for place, cell in enumerate(cells):
        if VERIFY not in tags(cell):
            continue
        yield from _folded(cell, VERIFY)
        if not _asserts(page.tree(cell)):
            yield cell.id, f"'{VERIFY}' without an assert"
        for node in ast.walk(page.tree(cell)):
            if isinstance(node, ast.Assert) and _always(node.test):
                yield cell.id, f"{ast.unparse(node)}: it cannot fail"
        if cell.outputs:
            yield cell.id, f"'{VERIFY}' with an output: a reader would not see what made it"
        for node in page.tree(cell).body:
            if isinstance(node, ast.Expr):
                yield cell.id, f"{ast.unparse(node)}: a '{VERIFY}' cell only asserts"
        _, bound = names(cell.source)
        mentioned = [name for c in cells[place:] if VERIFY in tags(c) for name in page.loads(c)]
        if unused := sorted(bound - set(mentioned) - {"_"}):
            yield cell.id, f"no assertion needs {', '.join(unused)}"
        for later in cells[place + 1 :]:
            if VERIFY not in tags(later):
                free, new = names(later.source)
                for name in sorted(bound & free):
                    yield cell.id, f"binds {name}, which {later.id} uses: students lack this cell"
                bound -= free | new


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the free names of a piece of code, and those that it binds.

    What a function or a comprehension reads counts at the place where it is defined.
    """
    free: set[str] = set()
    bound: set[str] = set()

    def read(code: CodeType) -> None:
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in bound:
                free.add(step.argval)
            elif step.opname == "STORE_NAME" and code is whole:
                bound.add(step.argval)
            elif isinstance(step.argval, CodeType):
                read(step.argval)

    whole = compile(source, "<cell>", "exec", dont_inherit=True)
    read(whole)
    return free, bound


def verified(page: Page) -> Iterator[Finding]:
    """Expect a verify cell after what is not compared, before the next output that is."""
    code = page.code()
    for place, cell in enumerate(code):
        if IGNORE in tags(cell):
            others = (c for c in code[place + 1 :] if not _passed_over(c))
            after = next(others, None)
            if after is None or VERIFY not in tags(after):
                yield cell.id, f"'{IGNORE}' without a '{VERIFY}' cell after it"


def _passed_over(cell: NotebookNode) -> bool:
    """Tell whether a cell may stand between an output that is not compared and its assertions."""
    return VERIFY not in tags(cell) and (
        bool({FIGURE, IGNORE} & set(tags(cell))) or not cell.outputs
    )


def figures(page: Page) -> Iterator[Finding]:
    """Expect a cell that shows a figure to be tagged and folded, its description in one piece."""
    for cell in page.code():
        calls = [node for node in ast.walk(page.tree(cell) or ast.Module([], []))]
        calls = [node for node in calls if isinstance(node, ast.Call) and _draws(node)]
        if FIGURE in tags(cell):
            yield from _folded(cell, FIGURE)
            if not calls:
                yield cell.id, f"'{FIGURE}', but it shows none"
        elif calls:
            yield cell.id, f"it shows a figure: tag it '{FIGURE}' and fold its code"
        for call in calls:
            for given in call.keywords:
                if given.arg == "alt" and not isinstance(given.value, ast.Constant | ast.JoinedStr):
                    yield cell.id, f"alt={ast.unparse(given.value)}: give the text itself"


def titled(page: Page) -> Iterator[Finding]:
    """Expect a title where a figure is shown; that of a legend is none."""
    for cell in page.code():
        nodes = ast.walk(page.tree(cell) or ast.Module([], []))
        calls = [(ast.unparse(n.func), n) for n in nodes if isinstance(n, ast.Call)]
        if any(name == "plots.show" for name, _ in calls) and not any(
            name.endswith((".suptitle", ".set_title"))
            or (not name.endswith(".legend") and any(k.arg == "title" for k in call.keywords))
            for name, call in calls
        ):
            yield cell.id, 'a figure without a title: fig.suptitle("…") says what to see in it'


def _draws(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("plots.show", "plots.animate")


def _asserts(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def _always(test: ast.expr) -> bool:
    """Tell whether a condition holds whatever the notebook computes."""
    nodes = list(ast.walk(test))
    known = {node.id for node in nodes if isinstance(node, ast.Name)} - BUILTIN
    if isinstance(test, ast.Tuple) or not known:
        return True
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(_always(part) for part in test.values)
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.GtE):
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            size = isinstance(node.ops[0], ast.GtE) and left.startswith("len(") and right == "0"
            if left == right or size:
                return True
    return False


def _folded(cell: NotebookNode, tag: str) -> Iterator[Finding]:
    if not cell.metadata.get("jupyter", {}).get("source_hidden"):
        yield cell.id, f"'{tag}', but its code is not folded (jupyter.source_hidden)"


RULES = (assertions, verify_cells, verified, figures, titled)
