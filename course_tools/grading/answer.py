"""The process of one answer: it defines the student's function and calls it when asked.

Only the return values of the function affect the points: the checks run in another process.
"""

from __future__ import annotations

import ast
import json
import math
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from course_exercises import names, taken
from course_tools.grading import values

FILE_SIZE = 64 * 2**20  # bytes of one file that an answer may write


def problem(error: BaseException, source: str) -> list[Any]:
    """Return the message for an exception: its type, its text, the student's line."""
    told = line = ""
    with suppress(Exception):  # it is the student's class
        told = str(error)[:2000]
    with suppress(Exception):
        frames = traceback.extract_tb(error.__traceback__)
        number = [frame.lineno for frame in frames if frame.filename == taken.CELL][-1]
        line = f"your line {number}: {source.splitlines()[number - 1].strip()}"
    return ["error", type(error).__name__, told, line[:300]]


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
    given = names.cell(ast.parse(job["setup"])).bound
    answer = taken.take(job["name"], job["cells"], given, job["end"])  # the checker has tried it
    space: dict[str, Any] = {"__name__": "__main__"}
    sys.path.insert(0, job["folder"])  # a kernel of the master notebook runs there
    exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), space)
    limit(job["seconds"], job["memory_mb"])
    values.send(writer, ["loaded"])  # from here on its time is counted
    try:
        function = answer.run(space)
    except BaseException as error:
        values.send(writer, problem(error, answer.source))
        return
    values.send(writer, ["ready"])
    serve(function, answer.source, reader, writer)


if __name__ == "__main__":
    main()
