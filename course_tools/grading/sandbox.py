"""The sandbox of a student's answer: a process of its own under bubblewrap, with limits.

Bubblewrap (the program ``bwrap``, which Flatpak uses) starts a process that sees a few folders,
which it cannot change, no network and no other process. ``docs/grading.md`` says what remains open.
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

from course_tools.grading import values
from course_tools.notebooks import HEADLESS, ROOT

WALL_CLOCK_FACTOR = 10  # wall-clock limit in multiples of the CPU limit: the machine may be busy
DISK = 64 * 2**20  # bytes that an answer may write
_HOME = "/tmp"  # inside the sandbox, where it is new, empty and the only place to write to
_NOBODY = "65534"
_SYSTEM = [Path("/", name) for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64")]
_FOR_THE_LOADER = [Path("/etc/ld.so.cache"), Path("/etc/alternatives")]
_KEPT = ("PATH", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_REFUSED = """no answer was run: {why}
Answers are code that somebody else wrote. On Linux this command shuts them in with bubblewrap
(Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), which needs a system that
allows namespaces (docs/grading.md). With --trust they run without it, as if you had opened each
notebook yourself: they can read and delete your files and use your network. Give it only for code
that you trust, or inside a container or virtual machine that holds nothing of yours."""


class NoSandboxError(RuntimeError):
    """Answers cannot be sandboxed here; the message says why and what to do."""


def command(helpers: Path, hidden: Sequence[Path]) -> list[str]:
    """Return the isolation prefix of an answer's command: bubblewrap and what it binds.

    Parameters
    ----------
    helpers : Path
        Folder whose Python files can be imported.
    hidden : sequence of Path
        Folders that are empty inside, also where they lie below a folder that can be read; what
        an answer needs of them is there all the same.

    Raises
    ------
    NoSandboxError
        If bubblewrap is missing, or the system refuses what it asks for.
    """
    if shutil.which("bwrap") is None:
        raise NoSandboxError(_REFUSED.format(why="bubblewrap (bwrap) is not installed."))
    python = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    python += [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    course = [ROOT / "course_lib", ROOT / "course_tools"]
    exercises = (ROOT / "course_exercises").glob("*.py")  # but not what the checks compute
    course += [path for path in exercises if not path.name.startswith("checks_")]
    shown = [*_SYSTEM, *_FOR_THE_LOADER, *python, *course, *helpers.resolve().glob("*.py")]
    places = {path: ["--ro-bind", str(path)] for path in shown if path.exists() and path.name}
    places |= {p: ["--symlink", str(p.readlink())] for p in _SYSTEM if p.is_symlink()}
    empty = {path.resolve() for path in hidden} - places.keys()
    empty = {path for path in empty if any(path.is_relative_to(place) for place in places)}
    places |= {path: ["--tmpfs"] for path in empty}
    above = {parent for path in places for parent in path.parents if parent.name}
    places |= {path: ["--perms", "0755", "--dir"] for path in above - places.keys()}
    found = ["bwrap", "--die-with-parent", "--new-session"]
    found += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    end = ["--"]
    if os.geteuid():
        found += ["--unshare-user"]
    else:  # root keeps no rights, and is counted by the limit of processes like anyone else
        found += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        end += ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    found += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(DISK)]
    found += ["--tmpfs", _HOME]
    for path in sorted(places, key=lambda path: len(path.parts)):  # a folder before what it holds
        found += [*places[path], str(path)]
    for path in ("/", "/dev", *empty):
        found += ["--remount-ro", str(path)]
    found += ["--chdir", _HOME, *end]
    tried = subprocess.run(
        [*found, "true"], capture_output=True, text=True, errors="replace", env=environment(_HOME)
    )
    if tried.returncode:
        raise NoSandboxError(_REFUSED.format(why=f"it was refused: {tried.stderr.strip()}"))
    return found


def environment(home: str) -> dict[str, str]:
    """Return the environment variables of a process: few, and the same on every machine."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **HEADLESS,
        **dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), home),
        "USER": "answer",
        "COURSE_PROFILE": "laptop",
        "CUDA_VISIBLE_DEVICES": "",
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "MPLBACKEND": "agg",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }


class Child:
    """A module of the course in a process of its own; messages go through its pipes.

    Parameters
    ----------
    module : str
        Run as ``python -m``.
    home : Path
        Its working folder and HOME, unless a sandbox gives it another.
    sandbox : sequence of str
        What ``command`` returned; nothing for a module that runs no answer, or for trusted ones.
    """

    def __init__(self, module: str, home: Path, sandbox: Sequence[str] = ()) -> None:
        self.expired = False
        # -P keeps the working folder off sys.path.
        self._process = subprocess.Popen(
            [*sandbox, sys.executable, "-P", "-s", "-B", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=environment(_HOME if sandbox else str(home)),
            start_new_session=True,
        )

    def send(self, message: Any) -> None:
        """Send a message; that the process has ended shows in ``receive``."""
        with suppress(OSError):
            values.send(self._process.stdin, message)

    def receive(self, most: int | None = None) -> Any:
        """Wait for a message; raises what ``values.receive`` raises."""
        return values.receive(self._process.stdout, most)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block exceeds a wall-clock time; ``expired`` is true then."""
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

    def used_up(self) -> bool:
        """Return whether the process ended at the limit of its CPU time."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            return hasattr(signal, "SIGXCPU") and code in (-signal.SIGXCPU, 128 + signal.SIGXCPU)
        return False

    def kill(self) -> None:
        """End the process at once; a sandbox ends with it, and an answer has started no other."""
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
