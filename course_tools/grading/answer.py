"""The process of one answer: it defines the student's function and calls it when asked.

Only the return values of the function affect the points: the checks run in another process.
"""

from __future__ import annotations

import ast
import json
import linecache
import math
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from course_tools.grading import values

CELL = "<your cell>"
ONLY = "only functions, classes, imports and literal constants of the cell are used"
FILE_SIZE = 64 * 2**20  # bytes of one file that an answer may write
_KEPT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class Missing(Exception):
    """The submission has no such function; the message says what it has."""


def pick(name: str, own: list[str], others: list[str]) -> tuple[str, ast.Module]:
    """Return the source of the cell that defines a function, and of its code what is run.

    Definitions, imports and constants of the cell are run; what calls or prints is left out. A stub
    that was left untouched counts only where nothing else defines the function.

    Parameters
    ----------
    name : str
        The function.
    own : list of str
        The cells that say they belong to the exercise; they must be Python.
    others : list of str
        The cells to look through after those.

    Raises
    ------
    Missing
        If no cell defines it.
    """
    stub = None
    for place, source in enumerate([*own, *others]):
        try:
            tree = _parsed(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if place < len(own):
                line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
                raise Missing(f"the cell is not Python{line}: {error}") from None
            continue
        kept = [node for node in tree.body if isinstance(node, _KEPT) or _constant(node)]
        if any(isinstance(node, ast.FunctionDef) and node.name == name for node in kept):
            tree = ast.Module(kept, [])
            if not not_started(tree, name):
                return source, tree
            stub = stub or (source, tree)
    if stub:
        return stub
    raise Missing(f"no cell defines a function {name}")


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source, CELL)
    except SyntaxError:
        if not any(line.lstrip()[:1] in ("%", "!", "?") for line in source.splitlines()):
            raise
    from IPython.core.inputtransformer2 import TransformerManager

    return ast.parse(TransformerManager().transform_cell(source), CELL)


def _constant(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        ast.literal_eval(node.value)
        return True
    return False


def not_started(tree: ast.Module, name: str) -> bool:
    """Return whether the function only raises NotImplementedError, as the stubs do."""
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    function = functions[-1]
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def problem(error: BaseException, source: str) -> list[Any]:
    """Return the message for an exception: its type, its text, the student's line."""
    try:
        told = str(error)
    except Exception:
        told = ""
    told = told[:2000]
    if type(error) is NameError:
        told += f" ({ONLY})"
    line = ""
    with suppress(Exception):
        frames = traceback.extract_tb(error.__traceback__)
        number = [frame.lineno for frame in frames if frame.filename == CELL][-1]
        line = f"\n  your line {number}: {source.splitlines()[number - 1].strip()}"
    return ["error", type(error).__name__, f"{told}{line[:300]}"]


def _fixed(args: list[Any], kwargs: dict[str, Any]) -> str:
    """Serialize the arguments that a call must not change: all but random generators."""
    moving = values.generators(args, kwargs)
    fixed = [v for v in (*args, *kwargs.values()) if not any(v is one for one in moving)]
    return json.dumps(values.pack(fixed))


def serve(function: Callable[..., Any], source: str, reader: BinaryIO, writer: BinaryIO) -> None:
    """Call the function with whatever arrives, until the other side ends."""

    def ask(number: int, args: tuple, kwargs: dict) -> Any:
        values.send(writer, ["call", number, values.pack([list(args), kwargs])])
        kind, *rest = values.receive(reader)
        if kind == "value":
            return values.unpack(rest[0], remote)
        raise type(rest[0], (Exception,), {})(rest[1])

    def remote(number: int) -> values.Remote:
        return values.Remote(number, ask)

    while True:
        try:
            _, packed = values.receive(reader)
        except EOFError:
            return
        try:
            args, kwargs = values.unpack(packed, remote)
            moving = values.generators(args, kwargs)
            before = _fixed(args, kwargs)
            result = values.pack(function(*args, **kwargs))
            changed = _fixed(args, kwargs) != before
            reply = ["result", result, changed, [values.pack(one) for one in moving]]
        except BaseException as error:
            reply = problem(error, source)
        values.send(writer, reply)


def limit(seconds: float, memory_mb: int) -> None:
    """Set the resource limits of this process, irrevocably; it can start no process or thread.

    Parameters
    ----------
    seconds : float
        CPU time from now on, rounded up.
    memory_mb : int
        Megabytes of address space beyond what it has now (Linux).
    """
    try:
        import resource
    except ImportError:  # Windows: only wall-clock time is limited
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = math.ceil(used.ru_utime + used.ru_stime + seconds)
    wanted = {
        resource.RLIMIT_CPU: (processor, processor + 1),  # SIGXCPU, then SIGKILL
        resource.RLIMIT_FSIZE: (FILE_SIZE, FILE_SIZE),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NPROC: (0, 0),  # so that these limits hold for all it does
    }
    memory = Path("/proc/self/statm")
    if memory.exists():
        pages = int(memory.read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + memory_mb * 2**20
        wanted[resource.RLIMIT_AS] = (most, most)
    for what, (soft, hard) in wanted.items():
        with suppress(OSError, ValueError):  # a system may not know one, or hold a lower one
            resource.setrlimit(what, (soft, hard))


def main() -> None:
    """Read the function's source, define it under the limits, and serve calls."""
    reader, writer = values.channel()
    job = values.receive(reader)
    try:
        source, tree = pick(job["name"], job["own"], job["others"])
    except Missing as error:
        values.send(writer, ["missing", str(error)])
        return
    if not_started(tree, job["name"]):
        values.send(writer, ["not started"])
        return
    space: dict[str, Any] = {"__name__": "__main__"}
    sys.path.insert(0, job["folder"])  # a kernel of the master notebook runs there
    exec(compile(job["setup"], "<setup>", "exec"), space)
    limit(job["seconds"], job["memory_mb"])
    values.send(writer, ["loaded"])  # from here on its time is counted
    linecache.cache[CELL] = (len(source), None, source.splitlines(keepends=True), CELL)
    try:
        exec(compile(tree, CELL, "exec"), space)
        function = space[job["name"]]
    except BaseException as error:
        values.send(writer, problem(error, source))
        return
    values.send(writer, ["ready"])
    serve(function, source, reader, writer)


if __name__ == "__main__":
    main()
