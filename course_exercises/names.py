"""The statements of a cell, the names they give, and the names they need."""

from __future__ import annotations
import __future__

import ast
import builtins
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = (*_Function, ast.ClassDef)
_Own = (*_Definition, ast.Lambda)  # their bodies have names of their own
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_Conditional = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match)
_IN_PLACE = {"at", "copyto", "fill_diagonal", "heapify", "heappush", "insort", "put", "shuffle"}
_IN_PLACE |= {"heappop", "next", "setattr"}  # these change their first argument,
_TAKES = {"pop", "popitem", "popleft", "setdefault"}  # and these change what they belong to
_REACH = {"attrgetter", "builtins", "ctypes", "currentframe", "eval", "exec", "f_back", "gc"}
_REACH |= {"getattr", "globals", "import_module", "inspect", "locals", "methodcaller", "modules"}
_REACH |= {"pickle", "runpy", "subprocess", "system", "vars", "__builtins__", "__closure__"}
_REACH |= {"__dict__", "__getattribute__", "__globals__", "__import__", "__subclasses__"}
_REACH |= {"_getframe"}
_SHOWN = {"check", "display", "predict", "progress", "reveal"}
_SETS = re.compile(r"set\w*|simplefilter|filterwarnings")
_AT_ONCE = {"genexpr", "listcomp", "setcomp", "dictcomp"}  # names that symtable gives their scopes


@dataclass(frozen=True, eq=False)
class Unit:
    """A statement at the top of a cell; one below ``if`` comes with its ``if``.

    Attributes
    ----------
    place : int
        Its cell.
    index : int
        Its place among all statements.
    node : ast.stmt
        Without trial calls in its blocks.
    binds : frozenset of str
        The names it gives a value.
    changes : frozenset of str
        The names whose value it changes in place.
    is_setup : bool
        Its cell imports the checks.
    """

    place: int
    index: int
    node: ast.stmt
    binds: frozenset[str]
    changes: frozenset[str]
    is_setup: bool

    @property
    def sets(self) -> bool:
        """Whether it sets what a module goes by, such as ``torch.set_default_dtype(…)``."""
        if isinstance(self.node, ast.Expr):
            return bool(_SETS.fullmatch(next(calls(self.node), ("", False))[0]))
        into = getattr(self.node, "targets", [getattr(self.node, "target", None)])
        return any(isinstance(part, (ast.Attribute, ast.Subscript)) for part in into)

    @property
    def conditional(self) -> bool:
        """Whether the names may keep the value they had."""
        return isinstance(self.node, _Conditional)


@dataclass(frozen=True)
class Cell:
    """A cell taken apart: its statements with what they bind and change, and what it asks for."""

    statements: tuple[tuple[ast.stmt, frozenset[str], frozenset[str]], ...]
    is_setup: bool
    flags: int

    @property
    def bound(self) -> set[str]:
        """The names it gives a value."""
        return {name for _, binds, _ in self.statements for name in binds}

    def units(self, place: int, first: int) -> list[Unit]:
        """Return its statements, numbered from ``first`` on."""
        return [
            Unit(place, index, *parts, self.is_setup)
            for index, parts in enumerate(self.statements, first)
        ]


def cell(tree: ast.Module) -> Cell:
    """Take a cell apart."""
    found = []
    for node in _split(tree.body):
        changes = frozenset(_changes(node)) - {""}
        found.append((node, frozenset(_binds(node)) - changes, changes))
    setup = any(module.split(".")[0] == "course_exercises" for module in modules(tree))
    return Cell(tuple(found), setup, future_flags(tree))


def _split(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, each of a block below ``if`` with the condition it stands under."""
    for node in body:
        if isinstance(node, ast.If):
            for inner in _split(node.body):
                yield ast.copy_location(ast.If(node.test, [inner], []), node)
            for inner in _split(node.orelse):
                nothing = ast.copy_location(ast.Pass(), node)
                yield ast.copy_location(ast.If(node.test, [nothing], [inner]), node)
        else:
            yield _WithoutTrials().visit(node)


def _counts(node: ast.stmt) -> bool:
    """Return whether a statement in a block may do more than show, try or assert something."""
    if not isinstance(node, (ast.Expr, ast.Assert)) or any(_changes(node)):
        return True
    name = getattr(getattr(getattr(node, "value", None), "func", None), "id", "")
    return bool(name) and not hasattr(builtins, name) and name not in _SHOWN


class _WithoutTrials(ast.NodeTransformer):
    """Leave out of blocks what only shows, tries or asserts something."""

    def _kept(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _kept

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Go through the blocks of a compound statement."""
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                kept = [
                    self.visit(inner)
                    for inner in block
                    if _counts(inner) or (name == "body" and isinstance(node, ast.Try))
                ]
                if block and not kept:
                    kept = [ast.copy_location(ast.Pass(), block[0])]
                setattr(node, name, kept)
        for handler in getattr(node, "handlers", []):
            self.visit(handler)
        return node


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it that share its names."""
    yield node
    if isinstance(node, _Own):
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _binds(node: ast.AST) -> Iterator[str]:
    inside = {
        id(name)
        for part in _walk(node)
        if isinstance(part, _Comprehension)
        for generator in part.generators
        for name in ast.walk(generator.target)
    }
    for part in _walk(node):
        if isinstance(part, _Definition):
            yield part.name
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            for alias in part.names:
                if alias.name != "*":
                    yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Store) and id(part) not in inside:
                yield part.id
        elif isinstance(part, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and part.name:
            yield part.name


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changes(node: ast.AST) -> Iterator[str]:
    alone = set()  # calls whose result nobody uses
    for part in _walk(node):
        root = ""
        if isinstance(part, ast.Expr):
            value = part.value
            alone.add(id(value.elt if isinstance(value, (ast.ListComp, ast.SetComp)) else value))
        elif isinstance(part, ast.AugAssign):
            root = _root(part.target)
        elif isinstance(part, (ast.Attribute, ast.Subscript)):
            root = _root(part) if not isinstance(part.ctx, ast.Load) else ""
        elif isinstance(part, ast.Call):
            name = _called(part)
            inside = name.endswith("_") and name != "ix_"  # torch's mark of what works in place
            taken = id(part) in alone or name in _TAKES or inside
            if isinstance(part.func, ast.Attribute) and taken:
                yield _root(part.func.value)
            if (name in _IN_PLACE or inside) and part.args:
                root = _root(part.args[0])
            yield from (_root(given.value) for given in part.keywords if given.arg == "out")
        elif isinstance(part, _Definition):
            marks = [d.func if isinstance(d, ast.Call) else d for d in part.decorator_list]
            yield from (_root(mark) for mark in marks if isinstance(mark, ast.Attribute))
        if root:
            yield root


def _called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


Effects = tuple[set[str], set[int]]


def effects(node: ast.stmt) -> dict[str, Effects]:
    """Return what the functions that a statement defines change: names of cells, and arguments.

    Those of methods stand under their name with a dot in front.
    """
    found = {}
    for part in _walk(node):
        if isinstance(part, _Function):
            found[part.name] = _effects(part)
        for inner in part.body if isinstance(part, ast.ClassDef) else ():
            if isinstance(inner, _Function):
                found[f".{inner.name}"] = _effects(inner)
    return found


def _effects(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Effects:
    own = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    body = [part for inner in function.body for part in _walk(inner)]
    shared = {name for part in body if isinstance(part, ast.Global) for name in part.names}
    bound = {name for part in function.body for name in _binds(part)}
    changed = {name for part in function.body for name in _changes(part)}
    below = {n for part in body if isinstance(part, _Function) for n in _effects(part)[0]}
    outside = shared & (bound | changed) | (changed | below) - bound - set(own)
    anew = {n for part in function.body for n in {*_binds(part)} - {*_changes(part)}}
    return outside, {k for k, arg in enumerate(own) if arg in changed - anew}


def called_for(node: ast.stmt, known: dict[str, Effects]) -> Iterator[str]:
    """Yield the names that a statement changes by calling functions with ``effects``."""
    for part in _walk(node):
        for mark in part.decorator_list if isinstance(part, _Definition) else ():
            name = getattr(mark.func if isinstance(mark, ast.Call) else mark, "id", "")
            yield from known.get(name, ((), ()))[0]
        if isinstance(part, ast.Call):
            method = isinstance(part.func, ast.Attribute)
            outside, places = known.get("." * method + _called(part), ((), ()))
            given = [part.func.value, *part.args] if method else part.args
            yield from outside
            yield from filter(None, (_root(a) for k, a in enumerate(given) if k in places))


def needs(node: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the names a statement needs when it is run, and those its functions need later."""
    text = ast.unparse(ast.fix_missing_locations(ast.Module([node], [])))
    try:
        table = symtable.symtable(text, "<cell>", "exec")
    except SyntaxError:  # said when it is compiled
        return set(), set()
    now = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    later: set[str] = set()

    def below(scope: symtable.SymbolTable, at_once: bool) -> None:
        for child in scope.get_children():
            soon = at_once and (child.get_type() == "class" or child.get_name() in _AT_ONCE)
            used = {s.get_name() for s in child.get_symbols() if s.is_global()}
            (now if soon else later).update(used)
            below(child, soon)

    below(table, True)
    return now, later - now


def modules(node: ast.AST) -> Iterator[str]:
    """Yield the modules that are imported, also inside functions, but for those below ``try``."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield f"{'.' * node.level}{node.module or ''}"
    if not isinstance(node, ast.Try):
        for child in ast.iter_child_nodes(node):
            yield from modules(child)


def imported(node: ast.AST) -> Iterator[str]:
    """Yield what is imported, with its module, and texts that name a module of checks."""
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            yield from (f"{part.module}.{alias.name}" for alias in part.names)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found = re.search(r"course_exercises[\w.]*|checks_\d\d", part.value)
            if found:
                yield "course_exercises." + found[0].removeprefix("course_exercises.")


def taken_from(node: ast.AST) -> Iterator[str]:
    """Yield the names that are taken from modules and objects: ``softmax`` of ``f.softmax``."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.ImportFrom):
            yield from (alias.name for alias in part.names)


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the words of its texts, which are names to ``getattr`` and its like."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from re.findall(r"\w+", part.value)


def reached(node: ast.AST) -> Iterator[str]:
    """Yield by what code reaches what it does not name."""
    for part in ast.walk(node):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            named = {alias.name.partition(".")[0] for alias in part.names}
            named.add((getattr(part, "module", None) or "").partition(".")[0])
        elif getattr(part, "attr", "") == "modules" and _root(part) != "sys":
            continue  # those of a network
        else:
            named = {getattr(part, "attr", getattr(part, "id", ""))}
        yield from sorted(named & _REACH)


def calls(node: ast.AST, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the last names of what is called, and whether that is inside a function."""
    if isinstance(node, ast.Call):
        yield _called(node), inside
    within = inside or isinstance(node, (*_Function, ast.Lambda))
    for child in ast.iter_child_nodes(node):
        yield from calls(child, within)


def is_star(node: ast.stmt) -> bool:
    """Return whether a statement is ``from x import *``."""
    return isinstance(node, ast.ImportFrom) and bool(node.module) and node.names[0].name == "*"


def future_flags(tree: ast.Module) -> int:
    """Return what ``from __future__ import`` in a cell asks of the compiler."""
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def is_stub(node: ast.stmt, name: str) -> bool:
    """Return whether a function only raises NotImplementedError, as those of student copies do."""
    found = [n for n in _walk(node) if isinstance(n, _Function) and n.name == name]
    if not found:
        return False
    function = found[-1]
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
