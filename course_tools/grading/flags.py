"""What deserves a look in an answer that may well be right: the column ``flags``."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from contextlib import suppress

from course_exercises import names
from course_exercises.taken import Taken

SHORTEST = 3  # statements; shorter answers are alike by chance


def of(made: Taken, solution: str, setup: str) -> tuple[str, ...]:
    """Return what deserves a look.

    Parameters
    ----------
    made : Taken
        The answer.
    solution : str
        The published cell.
    setup : str
        Source of the set-up, whose imports an answer uses.
    """
    try:
        return tuple(_seen(made, solution, setup))
    except RecursionError:
        return ("nested too deeply to be compared",)


def _seen(made: Taken, solution: str, setup: str) -> list[str]:
    found = []
    right = ast.parse(solution)
    function = next(n for n in right.body if isinstance(n, ast.FunctionDef))
    statements = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 2
    same = {
        _shape(node)
        for unit in made.units
        for node in ast.walk(unit.node)
        if isinstance(node, ast.FunctionDef)
    }
    if statements >= SHORTEST and _shape(function) in same:
        found.append("as published, but for names")
    imports = [ast.parse(setup), *(unit.node for unit in made.units)]
    known = dict(pair for node in imports for pair in _from_course(node))
    published = set(_used(right, known))
    used = {name for unit in made.units for name in _used(unit.node, known)}
    found += [f"uses {name}" for name in sorted(used - published)]
    around = {name for unit in made.units for name in names.reached(unit.node)}
    if around := around - set(names.reached(right)):
        found.append(f"reaches by {', '.join(sorted(around))}")
    return found


def _shape(function: ast.FunctionDef) -> str:
    """Return the code of a function's body with its own names numbered, without docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    own = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    stored = [
        node.id
        for part in body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    number = {name: f"v{k}" for k, name in enumerate(dict.fromkeys([*own, *stored]))}
    tree = ast.parse(ast.unparse(ast.Module(body, [])))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = number.get(node.id, node.id)
    return ast.dump(tree)


def _from_course(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield names that are imported from course_lib, with what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "course_lib":
            for alias in node.names:
                module = f"{node.module}.".removeprefix("course_lib.")
                yield alias.asname or alias.name, module + alias.name
                if alias.name == "*":
                    with suppress(ImportError):
                        inside = vars(importlib.import_module(node.module))
                        yield from ((name, module + name) for name in inside)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "course_lib":
                    yield alias.asname or "course_lib", alias.name if alias.asname else "course_lib"


def _used(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Yield what code takes from course_lib: ``text.tokenize``."""
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            roots.add(id(node.value))
            if node.value.id in known:
                yield f"{known[node.value.id]}.{node.attr}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known and id(node) not in roots:
            yield known[node.id]
