"""What holds a student's answer: a process of its own, limits, no network, no foreign files.

Not every system can do all of it. ``isolation`` says what this one does, and ``docs/grading.md``
what remains open.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import course_lib
from course_tools.grading import landlock, values

ROOT = Path(course_lib.__file__).resolve().parents[1]
FILE_SIZE = 64 * 2**20  # bytes of one file that an answer may write
MORE_PROCESSES = 64
# New namespaces: no network, and no other processes; all inside ends with the first. Without a
# /proc of its own, which not every system allows, an answer can still read about the others.
_CUTS = (
    *("unshare -npf --mount-proc --kill-child", "unshare -rnpf --mount-proc --kill-child"),
    *("unshare -npf --kill-child", "unshare -rnpf --kill-child", "unshare -n", "unshare -rn"),
)
_KEPT = ("PATH", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_REFUSED = (
    *("socket.", "subprocess.", "pty.", "resource.", "winreg.", "webbrowser."),
    *("os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile"),
    *("os.kill", "signal.pthread_kill", "_winapi.CreateProcess"),
)
_ON_PATHS = {f"os.{name}" for name in ("remove", "rename", "rmdir", "mkdir", "link", "symlink")}
_ON_PATHS |= {f"os.{name}" for name in ("truncate", "chmod", "chown", "utime")}
_ON_PATHS |= {"sqlite3.connect"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def cut() -> list[str]:
    """Return the command in front of an answer that cuts the network off, or nothing."""
    for line in _CUTS if shutil.which("unshare") else ():
        with suppress(OSError, subprocess.TimeoutExpired):
            if not subprocess.run(
                [*line.split(), "true"], capture_output=True, timeout=20
            ).returncode:
                return line.split()
    return []


def isolation(prefix: Sequence[str]) -> str:
    """Say in two sentences what keeps an answer from the network, and from files."""
    network = "a network namespace" if prefix else "Python's audit hook alone"
    files = "Landlock" if landlock.version() else "Python's audit hook alone"
    return f"The network is cut off by {network}. Files outside are protected by {files}."


def environment(home: Path) -> dict[str, str]:
    """Return the environment variables of a process: few, and the same on every machine."""
    from course_tools.notebooks import HEADLESS

    folders = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **HEADLESS,
        **folders,
        "COURSE_PROFILE": "laptop",
        "CUDA_VISIBLE_DEVICES": "",
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "MPLBACKEND": "agg",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }


class Child:
    """A module of the course in a process group of its own; messages go through its pipes.

    Parameters
    ----------
    module : str
        Run as ``python -m``.
    home : Path
        Its working folder and HOME.
    prefix : sequence of str
        Put in front of the command.
    """

    def __init__(self, module: str, home: Path, prefix: Sequence[str] = ()) -> None:
        self.expired = False
        # -P keeps the working folder off sys.path.
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-P", "-s", "-B", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=environment(home),
            start_new_session=True,
        )

    def send(self, message: Any) -> None:
        """Send a message; one that ended is found out by ``receive``."""
        with suppress(OSError):
            values.send(self._process.stdin, message)

    def receive(self, most: int | None = None) -> Any:
        """Wait for a message; raises what ``values.receive`` raises."""
        return values.receive(self._process.stdout, most)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Kill it if the block takes longer; ``expired`` is true then."""
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        self.kill()

    def kill(self) -> None:
        """End the process and its group at once."""
        if hasattr(os, "killpg") and self._process.returncode is None:
            # Not yet waited for, so the number cannot belong to another group by now.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def close(self, grace: float = 0) -> None:
        """Close its input, so that it may end by itself; after ``grace`` seconds end it."""
        with suppress(OSError):
            self._process.stdin.close()
        if grace:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.kill()
        self._process.wait()
        self._process.stdout.close()


def channel() -> tuple[Any, Any]:
    """Take over standard input and output for messages; what is printed goes nowhere."""
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return reader, writer


def hold(folder: Path, *, seconds: float, memory_mb: int, threads: int) -> None:
    """Put this process under its limits, for good.

    Parameters
    ----------
    folder : Path
        The one folder it may write to.
    seconds : float
        Of CPU time from now on.
    memory_mb : int
        Megabytes of address space beyond what it has now.
    threads : int
        What ``threads`` counted outside: a namespace hides the others, and some kernels count them.

    Raises
    ------
    OSError
        If the kernel has Landlock and does not switch it on.
    """
    _limit(seconds, memory_mb, threads)
    system = [Path(p) for p in ("/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev")]
    # Not the course's folder as a whole: the solved notebooks stand there.
    packages = [Path(p) for p in sys.path if "site-packages" in p]
    course = [ROOT / name for name in ("course_lib", "course_exercises", "course_tools")]
    python = [Path(sys.prefix), Path(sys.base_prefix), *packages, *course]
    restricted = landlock.restrict([*system, *python], [folder, Path(os.devnull)])
    if landlock.version() and not restricted:
        raise OSError("Landlock could not be switched on; grade on another machine")
    _no_programs()
    sys.addaudithook(_hook(str(folder.resolve())))


def _no_programs() -> None:
    """Take away the one way to start a program that raises no audit event."""

    def refuse(*given: Any) -> None:
        raise PermissionError("an answer may not do this: fork_exec")

    with suppress(ImportError):  # Windows has no such module
        import _posixsubprocess

        _posixsubprocess.fork_exec = refuse
        if hasattr(subprocess, "_fork_exec"):  # its own name for the same function
            subprocess._fork_exec = refuse


def _limit(seconds: float, memory_mb: int, threads: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the clock on the wall is all there is
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds) + 2
    wanted = {
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: FILE_SIZE,
        resource.RLIMIT_CORE: 0,
    }
    memory = Path("/proc/self/statm")
    if memory.exists():
        pages = int(memory.read_text(encoding="ascii").split()[0])
        wanted[resource.RLIMIT_AS] = pages * resource.getpagesize() + memory_mb * 2**20
        own = sum(1 for _ in Path("/proc/self/task").iterdir())
        wanted[resource.RLIMIT_NPROC] = threads + own + MORE_PROCESSES
    for what, value in wanted.items():
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        with suppress(OSError, ValueError):  # a system may not know one of them
            resource.setrlimit(what, (value, value))


def threads() -> int:
    """Return how many threads this user has (Linux): the limit counts all of them."""
    count = 0
    for status in Path("/proc").glob("[0-9]*/task"):
        with suppress(OSError):
            if status.stat().st_uid == os.getuid():
                count += sum(1 for _ in status.iterdir())
    return count


def _hook(folder: str) -> Any:
    inside = os.path.join(folder, "")  # noqa: PTH118 - text, as the events carry it
    resolve, fspath, decode = os.path.realpath, os.fspath, os.fsdecode

    def allowed(path: Any) -> bool:
        if isinstance(path, int) or path is None or path == os.devnull:
            return True
        try:
            place = decode(resolve(fspath(path)))
        except TypeError:
            return True
        return place == folder or place.startswith(inside)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & _WRITING)
            refused = writes and not allowed(path)
        elif event in _ON_PATHS:
            paths = [a for a in args if isinstance(a, (str, bytes, os.PathLike))]
            # A name in an opened folder (the last argument, -1 for none) may be anywhere.
            elsewhere = event != "os.truncate" and isinstance(args[-1], int) and args[-1] != -1
            refused = elsewhere or not all(map(allowed, paths))
        elif event == "import":
            refused = args[0] == "_posixsubprocess"  # a second copy would have what we took away
        else:
            refused = event.startswith(_REFUSED)
        if refused:
            raise PermissionError(f"an answer may not do this: {event}")

    return hook
