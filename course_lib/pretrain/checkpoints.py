"""The state of a training run in one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint under another name, and rename it when it is whole and on the disk.

    Raises
    ------
    OSError
        If it cannot be written, for example on a full disk; the file of before stays.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            torch.save(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        kept = f"the one written before it is whole: {path}" if path.exists() else "there is none"
        raise OSError(
            f"The checkpoint could not be written ({error}); {kept}. Make room on the disk, "
            "then take the run up again."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing in the file is executed.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is not a checkpoint.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint {path}; start without resuming.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} is not a checkpoint of a training run ({error}).") from error
