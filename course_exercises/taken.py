"""What of a notebook is taken as the answer to an exercise: one decision for check and grader.

The answer is the last definition of the exercise's function that is no untouched stub, in
whatever cell. With it goes what it needs, found by following names: other functions and classes,
imports, values that are computed, and what changes these later. Nothing else of the notebook is
run. ``check`` takes it from the cells that the kernel has run, the grader from those of the file.
"""

from __future__ import annotations

import ast
import dis
import importlib
import linecache
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import CodeType
from typing import Any

from course_exercises import names
from course_exercises.names import Unit

CELL = "<your cell>"
ALONE = "the answer is taken out of the notebook with what its cells define, and nothing else"
UNDEFINED = f": {ALONE}. Define the name in a cell, or in the function"
_EVER = 10**9
_OPEN = {"check", "expect", "predict", "progress", "reveal", "sliders"}  # to a set-up cell
_STARRED = {  # importing these does nothing else
    *("cmath", "collections", "course_lib", "functools", "itertools", "math", "numpy", "operator"),
    *("pandas", "random", "re", "scipy", "sklearn", "statistics", "string", "torch", "typing"),
}
_PYTHON_MAGIC = re.compile(r"%%(time|capture|prun)\b.*")
_SESSION = re.compile(r"In|Out|get_ipython|_+|_i*\d*")
_MADE = re.compile(r"(train|(partial_)?fit\w*|load(?!s$)\w*|fetch\w*|from_files|course_model)$")
_OUTSIDE = re.compile(r"(open|input|loadtxt|genfromtxt|fromfile|urlopen|urlretrieve|read_\w+)$")
MODULES = {  # what the course installs, and the standard library
    *sys.stdlib_module_names,
    *("course_exercises", "course_lib", "gensim", "h5py", "IPython", "ipywidgets", "matplotlib"),
    *("nltk", "numba", "numpy", "packaging", "pandas", "PIL", "plotly", "regex", "scipy"),
    *("sklearn", "torch", "tqdm"),
}


class Missing(Exception):
    """The notebook has no answer that can be taken; the message says why and what to do."""


@dataclass(frozen=True)
class Taken:
    """An answer that was taken out of a notebook.

    Attributes
    ----------
    name : str
        The function.
    source : str
        Its cell.
    units : list of Unit
        The statements to run, in order.
    started : bool
        It is more than the stub.
    """

    name: str
    source: str
    units: list[Unit]
    started: bool
    _cells: Sequence[str] = field(repr=False)
    _flags: int = 0

    def refuse(self, forbidden: Collection[str]) -> None:
        """Raise Missing if the answer uses what an exercise forbids."""
        used = {name for unit in self.units for name in names.taken_from(unit.node)}
        if any(name for unit in self.units for name in names.reached(unit.node)):
            used |= {word for unit in self.units for word in names.texts(unit.node)}
        own = {name for unit in self.units if not _imports(unit) for name in unit.binds}
        wanted = {name for unit in self.units for both in names.needs(unit.node) for name in both}
        refuse_used(used | wanted - own, forbidden)

    def compiled(self) -> list[CodeType]:
        """Return the code of the statements.

        Raises
        ------
        Missing
            If a statement is none outside of Jupyter, such as ``await`` beside a function.
        """
        found = []
        for unit in self.units:
            text = self._cells[unit.place]
            file = CELL if text == self.source else f"<your cell {unit.place + 1}>"
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            try:
                module = ast.Module([unit.node], [])
                found.append(compile(module, file, "exec", self._flags, dont_inherit=True))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise Missing(f"{self.name} needs a line that is no Python: {error}") from None
        return found

    def run(self, space: dict[str, Any]) -> Any:
        """Run the statements in a namespace, and return the function.

        Raises
        ------
        Missing
            If no function of the name is there after them.
        Exception
            Whatever they raise.
        """
        space.setdefault("display", lambda *shown, **how: None)  # as in Jupyter; nothing is shown
        for code in self.compiled():
            exec(code, space)
        if not callable(function := space.get(self.name)):
            raise Missing(_nobody(self.name))
        return function


def refuse_used(used: Collection[str], forbidden: Collection[str]) -> None:
    """Raise Missing if a name is used that an exercise forbids."""
    if found := sorted(set(used) & set(forbidden)):
        raise Missing(
            f"it uses {', '.join(found)}, and the exercise is to write out what that does; do it "
            "without"
        )


def used_by(function: Any) -> set[str]:
    """Return the names that a function takes from modules and objects, by its code."""
    found: set[str] = set()
    todo = [getattr(function, "__code__", None)]
    known = getattr(function, "__globals__", {})
    while todo:
        code = todo.pop()
        if not isinstance(code, CodeType):
            continue
        todo += code.co_consts
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
                found.add(step.argval)
            elif step.opname == "LOAD_GLOBAL":
                held = known.get(step.argval)
                if getattr(held, "__module__", None) != getattr(function, "__module__", None):
                    found.add(str(getattr(held, "__name__", "")))
    return found


def _nobody(name: str) -> str:
    return f"no cell defines a function {name}; give it the name that the exercise asks for"


def explained(error: BaseException) -> str:
    """Return the text of an exception, with what to do where a name is missing."""
    try:
        told = str(error)[:2000]
    except Exception:  # it is the student's class
        told = ""
    return told + UNDEFINED if isinstance(error, NameError) else told


def take(
    name: str, cells: Sequence[str], given: Collection[str] = (), end: int | None = None
) -> Taken:
    """Return the answer to an exercise.

    Parameters
    ----------
    name : str
        The function that the exercise asks for.
    cells : sequence of str
        The code cells in the order in which they were run.
    given : collection of str
        What the set-up defines, where it has been run already.
    end : int, optional
        How many of the cells had been run when the answer was checked. What stands below counts
        where nothing above defines a name. Without it, those up to the last one that checks or
        defines the function.

    Raises
    ------
    Missing
        If no cell defines the function, or it needs what cannot be taken.
    """
    try:
        return _Search(name, cells, given, end).answer()
    except (RecursionError, MemoryError):
        raise Missing(
            f"{name} is nested too deeply to be read; write it in smaller parts"
        ) from None


def _given(unit: Unit) -> bool:
    """Return whether a statement is an import of the set-up cell."""
    return unit.is_setup and _imports(unit)


def _imports(unit: Unit) -> bool:
    return isinstance(unit.node, (ast.Import, ast.ImportFrom))


@lru_cache(1024)  # every check of a notebook reads all its cells
def _parsed(source: str) -> names.Cell:
    """Take a cell apart; a magic that runs the rest of its cell is passed over."""
    lines = source.split("\n")
    for place, line in enumerate(lines):
        if line.strip() and not _PYTHON_MAGIC.fullmatch(line.strip()):
            break
        lines[place] = ""
    text = re.sub(r"^([ \t]*)%time +", r"\1", "\n".join(lines), flags=re.MULTILINE)
    try:
        return names.cell(ast.parse(text, CELL))
    except SyntaxError as error:  # magics, prompts, a cell that is indented as a whole
        from IPython.core.inputtransformer2 import TransformerManager

        with suppress(SyntaxError):
            return names.cell(ast.parse(TransformerManager().transform_cell(text), CELL))
        raise error from None


class _Search:
    """One search; the arguments are those of ``take``."""

    def __init__(
        self, name: str, cells: Sequence[str], given: Collection[str], end: int | None
    ) -> None:
        self.name, self.cells, self.given = name, cells, set(given)
        self.units: list[Unit] = []
        self.broken = ""  # the last cell with the function that is no Python
        self.flags = 0
        for place, source in enumerate(cells):
            try:
                cell = _parsed(source)
                self.units += cell.units(place, len(self.units))
                self.flags |= cell.flags
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                if re.search(rf"\bdef\s+{re.escape(name)}\b", source):
                    line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
                    self.broken = f"the cell is not Python{line}: {error}; mend that line"
        self.made = {n: e for unit in self.units for n, e in names.effects(unit.node).items()}
        for place, unit in enumerate(self.units):
            if also := set(names.called_for(unit.node, self.made)):
                self.units[place] = replace(unit, changes=unit.changes | also)
        stubs = [unit for unit in self.units if names.is_stub(unit.node, name)]
        found = [u for u in self.units if name in u.binds and u not in stubs and not _given(u)]
        above = [u for u in found if end is None or u.place < end]
        self.last = (above or found or stubs or [None])[-1]
        self.started = bool(found)
        self.stubs = {unit.index for unit in stubs} if found else set()
        last = [self.last.place] if self.last else []
        if end is None:
            asked = re.compile(rf"check\([^)]*\b{re.escape(name)}\b")
            last += [place for place, source in enumerate(cells) if asked.search(source)]
        end = max([end or 0, *(place + 1 for place in last)])
        self.end = next((u.index for u in self.units if u.place >= end), _EVER)
        self.wanted: dict[int, Unit] = {}
        self.first: dict[int, set[int]] = {}  # what must have run before a statement
        self.seen: set[tuple[int, int]] = set()

    def answer(self) -> Taken:
        if self.last is None or (self.broken and not self.started):
            raise Missing(self.broken or _nobody(self.name))
        if self.started:
            for unit in self._bindings(self.name, _EVER):
                self._follow(unit, _EVER)
        else:
            self._follow(self.last, _EVER)
        for unit in self.units:  # what holds for functions that name no module
            if unit.index < self.end and ("setrecursionlimit", False) in names.calls(unit.node):
                self._follow(unit, unit.index)
        source = self.cells[self.last.place]
        return Taken(self.name, source, self._ordered(), self.started, self.cells, self.flags)

    def _bindings(self, name: str, before: int) -> list[Unit]:
        """Return the statements that give a name its value, up to a certain one; latest first."""
        limit = min(before, self.end)
        above = [u for u in self.units if u.index < limit and name in u.binds]
        below = [u for u in self.units if u.index >= limit and name in u.binds]
        found: list[Unit] = []
        for unit in above[::-1] or below[:1]:
            if unit.index in self.stubs and name == self.name:
                continue
            found.append(unit)
            if not unit.conditional:
                break
        made = found[-1].index if found else -1
        later = [u for u in self.units if made < u.index < limit and name in u.changes]
        given = name in self.given and all(unit.is_setup for unit in found)
        if given or (found and _imports(found[-1])):
            later = [unit for unit in later if unit.sets]
        return later if given else found + later

    def _follow(self, unit: Unit, called: int) -> None:
        """Want a statement and what it needs; ``called`` is when its functions are called."""
        if (unit.index, called) in self.seen:
            return
        self.seen.add((unit.index, called))
        self.wanted[unit.index] = unit
        self._refuse(unit)
        now, later = names.needs(unit.node)
        for name, when in [
            *((n, unit.index) for n in sorted(now)),
            *((n, called) for n in sorted(later)),
        ]:
            found = self._bindings(name, when)
            if not any(name in other.binds for other in found):
                found = [*self._starred(name), *found]
            for other in found:
                if when < _EVER and other.index != when:
                    self.first.setdefault(when, set()).add(other.index)
                self._follow(other, when)

    def _starred(self, name: str) -> Iterator[Unit]:
        """Yield the ``from x import *`` that gives a name."""
        if _SESSION.fullmatch(name):
            raise Missing(
                f"{self.name} needs {name}, which belongs to the running notebook: {ALONE}. Give "
                "what it needs a name in a cell"
            )
        if name in self.given:
            return
        for unit in self.units:
            if names.is_star(unit.node) and unit.node.module.partition(".")[0] in _STARRED:
                with suppress(Exception):
                    module = importlib.import_module(unit.node.module)
                    if name in getattr(module, "__all__", vars(module)):
                        yield unit

    def _refuse(self, unit: Unit) -> None:
        """Raise Missing for what would not be the same, or not be there, in another process."""
        for whole in names.imported(unit.node):
            package, _, inside = whole.partition(".")
            if package == "course_exercises" and inside not in _OPEN:
                raise Missing(
                    f"it uses {whole}: the checks, and what they compute, are no part of an "
                    "answer; write it yourself"
                )
        for module in names.modules(unit.node):
            if module.partition(".")[0] not in MODULES and (self.given or not unit.is_setup):
                raise Missing(
                    f"it imports {module}, which is no part of the course and is not there when "
                    "answers are graded; write what it gives into a cell"
                )
        bound = ", ".join(sorted(unit.binds)) or "a value"
        for call, inside in names.calls(unit.node):
            if (not inside and _MADE.match(call)) or (
                _OUTSIDE.match(call) and call not in self.made
            ):
                raise Missing(
                    f"{self.name} needs {bound}, made by {call}(…): what is trained, loaded, read "
                    "or typed in is not there when answers are graded; let the function work "
                    "with its arguments, or write the numbers into a cell"
                )

    def _ordered(self) -> list[Unit]:
        """Return the wanted statements in the order of the notebook, but none before its needs."""
        found: dict[int, Unit] = {}
        begun: set[int] = set()

        def add(index: int) -> None:
            if index in begun:
                return
            begun.add(index)
            for other in sorted(self.first.get(index, ())):
                add(other)
            found[index] = self.wanted[index]

        for index in sorted(self.wanted):
            add(index)
        return list(found.values())
