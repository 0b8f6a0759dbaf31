"""The files that were handed in: every one below a folder, and what a zip archive holds.

Nothing is written and no link is followed. A file that cannot be graded is there too, with the
reason; so is one that no student made, such as the hidden files of a Mac.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_BYTES = 20 * 2**20  # of a notebook, outputs and pictures included, and of an archive
MOST_FILES = 500  # of one archive
MOST_UNPACKED = 10 * MOST_BYTES  # of all notebooks of one archive
ASK = "ask for the .ipynb file that Jupyter saves"
_LEFT_BEHIND = {  # by the system, in a folder or an archive: nobody handed it in
    ".ipynb_checkpoints": "an older copy that Jupyter keeps",
    "__MACOSX": "an extra file of a Mac's archives",
    "Thumbs.db": "a file of Windows",
    "desktop.ini": "a file of Windows",
}
_PACKED = {".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip"}
_MOODLE = re.compile(r"(.+?)_(\d+)_assignsubmission_[a-z]+_(.*)", re.DOTALL)
_CANVAS = re.compile(r"([^_]+)_(LATE_)?(\d{3,})_(\d{3,})_(.+)", re.DOTALL)
_BLACKBOARD = re.compile(r".+_([^_]+)_attempt_\d{4}(-\d\d){5}(_.*|\.txt)", re.DOTALL)
_AGAIN = re.compile(r"-(\d{1,3})$")  # Canvas: the same name was handed in before
_ATTEMPT = re.compile(r"attempt[ _#-]*(\d{1,3})$", re.IGNORECASE)


@dataclass(frozen=True)
class HandedIn:
    """One file.

    Attributes
    ----------
    path : str
        Below the folder, with slashes; what an archive holds stands behind the archive's path.
    content : bytes
        What may be a notebook; empty where ``remark`` or ``left`` says something.
    remark : str
        Why it is not graded.
    left : str
        What it is, if the system has left it behind: it gets a line, and no row.
    """

    path: str
    content: bytes = b""
    remark: str = ""
    left: str = ""


@dataclass(frozen=True)
class Sender:
    """What a path tells of who handed a file in.

    Attributes
    ----------
    student : str
        The name in an export of Moodle, Canvas or Blackboard. Else the first folder that is not
        called after an attempt; for a file outside of any, its name without suffix.
    number : str
        The number behind the name in such an export; empty elsewhere.
    attempt : int
        1 for the first.
    late : bool
        Canvas says so, or a folder of the name ``late``.
    """

    student: str
    number: str = ""
    attempt: int = 1
    late: bool = False


def sender(path: str) -> Sender:
    """Return who handed a file in, by its path; what stands inside of an archive does not count.

    Parameters
    ----------
    path : str
        Below the folder, with slashes: ``Kim Lee_123_assignsubmission_file_/04.ipynb`` (Moodle),
        ``leekim_LATE_123_456_04-1.ipynb`` (Canvas) or ``student_01/attempt 2/04.ipynb``.
    """
    parts = list(PurePosixPath(path).parts)
    packed = [place for place, part in enumerate(parts) if part.lower().endswith(".zip")]
    parts = parts[: packed[0] + 1] if packed else parts
    late = "late" in (part.lower() for part in parts[:-1])
    tried = [int(found[1]) for part in parts if (found := _ATTEMPT.search(_stem(part)))]
    attempt = tried[-1] if tried else 1
    for part in parts:
        if found := _MOODLE.fullmatch(part):
            return Sender(found[1], found[2], attempt, late)
        if found := _CANVAS.fullmatch(part):
            again = _AGAIN.search(_stem(found[5]))
            attempt = int(again[1]) + 1 if again else attempt
            return Sender(found[1], found[3], attempt, late or bool(found[2]))
        if found := _BLACKBOARD.fullmatch(part):
            return Sender(found[1], "", attempt, late)
    own = [p for p in parts[:-1] if p.lower() != "late" and not _ATTEMPT.fullmatch(p)]
    return Sender(own[0] if own else _stem(parts[-1]), "", attempt, late)


def _stem(name: str) -> str:
    """Return a name without its suffixes, as far as they are those of files handed in."""
    while re.search(r"\.(ipynb|txt|json|zip|py)$", name, re.IGNORECASE):
        name = name.rpartition(".")[0]
    return name


def below(folder: Path) -> Iterator[HandedIn]:
    """Yield every file below a folder, at any depth, in the order of the paths."""
    shut: list[OSError] = []
    paths = []
    for place, folders, names in os.walk(folder, onerror=shut.append):
        paths += [Path(place, name) for name in names]
        # What is no folder to walk into, or is called like a notebook, is told of.
        paths += [
            path
            for path in (Path(place, name) for name in folders)
            if path.is_symlink() or path.suffix.lower() == ".ipynb"
        ]
    for path in sorted({*paths, *(Path(error.filename) for error in shut)}):
        yield from _read(path, path.relative_to(folder).as_posix())


def _left_behind(path: str) -> str:
    for part in PurePosixPath(path).parts:
        if part in _LEFT_BEHIND:
            return _LEFT_BEHIND[part]
        if part.startswith(".") and part != "..":
            return "a hidden file (its name begins with a dot)"
    told = _BLACKBOARD.fullmatch(PurePosixPath(path).name)
    return "what Blackboard says of a submission" if told and told[3] == ".txt" else ""


def _read(path: Path, told: str) -> Iterator[HandedIn]:
    """Yield a file, or what it holds if it is an archive."""
    if left := _left_behind(told):
        yield HandedIn(told, left=left)
        return
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise ValueError(f"it is a link to another file, which is not followed; {ASK}")
        if stat.S_ISDIR(status.st_mode):
            os.listdir(path)  # noqa: PTH208 - one that cannot be read is told of below
            raise ValueError(f"it is a folder, not a file; {ASK}")
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"it is no ordinary file; {ASK}")
        if not status.st_size:
            raise ValueError(f"the file is empty; {ASK}")
        if status.st_size > MOST_BYTES:
            raise ValueError(_too_big(status.st_size))
        # Not what may have come in its place since: a link or a pipe.
        with open(path, "rb", opener=_no_link) as file:
            if path.suffix.lower() == ".zip" and file.peek(1)[:1] != b"{":
                yield from _unpacked(zipfile.ZipFile(file), told)
            else:
                yield HandedIn(told, *_content(told, file.read(MOST_BYTES + 1)))
    except OSError as error:
        why = f"it cannot be read ({error.strerror}); give yourself the right to read it"
        yield HandedIn(told, remark=why)
    except (ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        if isinstance(error, ValueError):
            yield HandedIn(told, remark=str(error))
        else:
            yield HandedIn(told, remark=f"it is a damaged archive ({error}); {ASK}")


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _too_big(size: int) -> str:
    return (
        f"the file has {size / 2**20:.0f} MB, and at most {MOST_BYTES >> 20} are read; "
        "ask for one without outputs"
    )


def _content(told: str, raw: bytes) -> tuple[bytes, str]:
    """Return what may be a notebook, and else why it is none, by name and by the first byte."""
    suffix = PurePosixPath(told).suffix.lower()
    if raw.startswith(b"PK\3\4") and suffix in ("", ".ipynb", ".json", ".txt"):
        return b"", "it is a zip archive of another name; let it end in .zip, and grade again"
    if suffix == ".ipynb" or raw.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"{":
        return raw, ""
    if suffix in _PACKED:
        return b"", f"it is an archive of a kind that is not opened; {ASK}, or a .zip of it"
    kind = f"a {suffix} file" if suffix else "a file without suffix"
    return b"", f"it is no notebook but {kind}; {ASK}"


def _unpacked(archive: zipfile.ZipFile, told: str) -> Iterator[HandedIn]:
    """Yield the files of an archive; they are read into memory, and only as far as allowed."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    if not members:
        raise ValueError(f"it is an archive without a file; {ASK}")
    if len(members) > MOST_FILES:
        raise ValueError(
            f"it is an archive of {len(members):,} files, and at most {MOST_FILES} are read; {ASK}"
        )
    room = MOST_UNPACKED
    for info in members:
        inside = info.filename.replace("\\", "/")
        path = f"{told}/{inside.lstrip('/')}"
        if left := _left_behind(inside):
            yield HandedIn(path, left=left)
            continue
        content, why = b"", ""
        if re.match(r"/|[A-Za-z]:", inside) or ".." in PurePosixPath(inside).parts:
            path = f"{told}/{PurePosixPath(inside).name}"
            why = f"the archive puts it outside of itself ({inside}); {ASK}"
        elif stat.S_ISLNK(info.external_attr >> 16):
            why = f"the archive holds a link instead of the file; {ASK}"
        elif info.flag_bits & 1:
            why = f"the archive has a password; {ASK}"
        elif info.file_size > min(MOST_BYTES, room):
            why = _too_big(info.file_size)
        else:
            try:
                with archive.open(info) as file:
                    raw = file.read(min(MOST_BYTES, room) + 1)
                room -= len(raw)
                if len(raw) > info.file_size:
                    why = f"it is larger than its archive says; {ASK}"
                else:
                    content, why = _content(inside, raw) if raw else (b"", f"it is empty; {ASK}")
            except Exception as error:  # a damaged member raises what its compression raises
                why = f"its archive is damaged here ({error}); {ASK}"
        yield HandedIn(path, content, why)
