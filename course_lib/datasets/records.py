"""Checksums of files: the published one, or the one recorded at the first read.

Some publishers give no checksum. The first read of such a file in the cache, which follows its
download, writes its length and SHA-256 into a small JSON file beside it, with a warning; every
later read, and every later download, is checked against that record. A mirror folder is never
written to: there a file without a record is accepted, with the same warning once in each
process. ``fetch_data.py mirror`` puts the records beside the copies it makes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from course_lib.datasets.registry import File
from course_lib.runtime import atomic_write


def record_path(path: Path) -> Path:
    """Return the path of a file's record, beside it."""
    return path.with_name(f"{path.name}.record.json")


def with_record(path: Path, file: File) -> File:
    """Add the recorded length and SHA-256; an unreadable record counts as none."""
    if file.sha256:
        return file
    try:
        found = json.loads(record_path(path).read_text(encoding="utf-8"))
        return replace(file, size=int(found["size"]), sha256=str(found["sha256"]))
    except (OSError, ValueError, KeyError, TypeError):
        return file


def measured(path: Path, file: File) -> File:
    """Add the length and SHA-256 of the file at a path."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return replace(file, size=path.stat().st_size, sha256=digest)


def write(path: Path, file: File) -> None:
    """Write the record of a file atomically."""
    target = record_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"size": file.size, "sha256": file.sha256}
    with atomic_write(target) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def accept(path: Path, found: File, *, keep: bool) -> str:
    """Record a file without a published checksum, if ``keep``; return a message about it."""
    what = f"No checksum is published for {path.name}"
    is_so = f"SHA-256 {found.sha256}, {found.size:,} bytes"
    if not keep:
        return f"{what}, and none is recorded beside {path}. Accepted with {is_so}."
    try:
        write(path, found)
    except OSError as error:
        return (
            f"{what}, and {record_path(path)} cannot be written ({error}). Accepted with {is_so}."
        )
    return f"{what}. Recorded {is_so}, in {record_path(path)}; later reads are held to it."


def content_error(path: Path) -> str | None:
    """Return what is wrong with the format of a file without a checksum, None if nothing is.

    A sign-in page under the name of the file, or a truncated file, must not be recorded.
    """
    if path.suffix == ".json":
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            return f"it is not a whole JSON file ({error})"
    if path.suffix == ".hdf5":
        import h5py

        try:
            with h5py.File(path):
                pass
        except OSError as error:
            return f"it is not a whole hdf5 file ({error})"
    return None


def expected(path: Path, file: File) -> str:
    """Describe the file expected at a path, for a message."""
    wanted = with_record(path, file)
    if wanted.sha256 is None:
        return f"{file.path}; neither its length nor a checksum is published"
    said = f"{file.path}, {wanted.size:,} bytes, SHA-256 {wanted.sha256}"
    if file.sha256:
        return said
    return f"{said},\n             as recorded in {record_path(path)} (delete it to take another)"
