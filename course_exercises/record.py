"""The file of tries and guesses: ``check`` and ``predict`` add to it, ``progress`` reads it.

The notes are a small file on the learner's own machine, ``exercises.jsonl`` in the cache folder of
the course, or the file that ``COURSE_RECORD`` names. One line is one try or guess. Lines are only
ever added, each in a single write at the end of the file, so that two notebooks may check at the
same time and a crash costs at most the line that was being written.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_said = False  # the warning comes once in a process, not at every check


def record_file() -> Path:
    """Return the file of the notes: ``COURSE_RECORD``, else one in the cache folder."""
    if chosen := os.environ.get("COURSE_RECORD", "").strip():
        return Path(chosen).expanduser()
    from course_lib.datasets.store import cache_dir

    return cache_dir() / "exercises.jsonl"


def record(number: str, *, passed: bool) -> None:
    """Note one try of an exercise. Called by ``check``, which it never disturbs.

    Parameters
    ----------
    number : str
        The exercise, such as ``"01.1"``.
    passed : bool
        What the check said.
    """
    _add({"exercise": number, "passed": passed}, f"exercise {number} is checked")


def record_guess(name: str, guess: str) -> None:
    """Note a prediction. Called by its widget, which it never disturbs."""
    _add({"prediction": name, "guess": guess}, f"prediction {name} is made")


def _add(entry: dict[str, object], done: str) -> None:
    """Add a line to the file.

    Headless runs execute the solved notebooks, so their checks say nothing about a learner:
    nothing is noted where ``COURSE_PROGRESS`` is 0 or pytest runs. A file that cannot be written
    gives one warning in a process.
    """
    if os.environ.get("COURSE_PROGRESS", "").strip() == "0" or "PYTEST_VERSION" in os.environ:
        return
    global _said
    try:
        when = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({**entry, "when": when}, ensure_ascii=False)
        path = record_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        # The line end stands in front too: after half a line of a crash, a new line begins.
        written = f"\n{line}\n".encode()
        with path.open("ab", buffering=0) as file:
            if file.write(written) != len(written):
                raise OSError("the disk is full")
    except Exception as error:  # whatever it is, it is no reason to lose the check
        if not _said:
            _said = True
            with suppress(Warning):  # raised where warnings are errors
                warnings.warn(
                    f"{done}, but the result could not be noted for "
                    f"progress(): {error}. To mend it, set COURSE_RECORD to a file that "
                    "you may write. This is said once.",
                    stacklevel=4,
                )


def tries(path: Path) -> Iterator[tuple[str, bool, datetime]]:
    """Yield number, verdict and local time of each try; what is no whole line is passed over."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError, TypeError, KeyError, OverflowError):
            entry = json.loads(line)
            when = datetime.fromisoformat(entry["when"]).astimezone().replace(tzinfo=None)
            yield str(entry["exercise"]), entry["passed"] is True, when


def guesses(path: Path) -> dict[str, str]:
    """Return the latest guess of each prediction, by its name."""
    found: dict[str, str] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError, KeyError):
                entry = json.loads(line)
                found[str(entry["prediction"])] = str(entry["guess"])
    return found
