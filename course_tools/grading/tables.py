"""CSV cells that do no harm, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

LONGEST = 300  # characters of the message about one exercise
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Return a text for a CSV cell: one line, and no formula to a spreadsheet."""
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def short(text: str) -> str:
    """Return a message as it stands in a cell: one line of at most ``LONGEST`` characters."""
    line = harmless(text)
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"


def rows(lines: Iterable[Iterable[object]]) -> str:
    """Return the CSV of rows of cells that are harmless already."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def names(ids: Sequence[str]) -> list[str]:
    """Return a name for a file of each id, without suffix: none leads elsewhere or stands twice."""
    found: list[str] = []
    for own in ids:
        stem = re.sub(r"[^\w.@-]", "_", own).strip(".") or "student"
        number = 1
        name = stem
        while name.casefold() in {other.casefold() for other in found}:
            number += 1
            name = f"{stem}-{number}"
        found.append(name)
    return found


def try_to_write(path: Path) -> None:
    """Raise OSError if a file cannot be written; what it holds stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
    if path.exists():
        with path.open("ab"):  # fails where a spreadsheet holds the file
            pass


def write(path: Path, content: bytes) -> Path | None:
    """Write a file atomically; where that fails, beside its place, and say so.

    Returns
    -------
    Path or None
        The file it is in; None if it is in none.
    """
    free = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    for place in (path, next(place for place in free if not place.exists())):
        part = place.with_name(f".{place.name}.part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(place)
            return place
        except OSError as error:
            print(f"{place} cannot be written: {error.strerror or error}.")
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return None


def show(text: str) -> None:
    """Print a text on any screen, whatever letters it knows."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
