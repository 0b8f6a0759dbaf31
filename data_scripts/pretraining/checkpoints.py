"""Checkpoints: the state of a training run in one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from course_lib.runtime import atomic_write


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint atomically, with fsync.

    Raises
    ------
    OSError
        If it cannot be written, for example on a full disk; the previous file stays.
    """
    try:
        with atomic_write(path) as part, part.open("wb") as stream:
            torch.save(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        reason = error.__context__ if isinstance(error.__context__, OSError) else error
        kept = f"the one written before it is whole: {path}" if path.exists() else "there is none"
        raise OSError(
            f"The checkpoint could not be written ({reason}); {kept}. Make room on the disk, "
            "then take the run up again."
        ) from error


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


def difference(checkpoint: dict[str, Any], here: dict[str, Any]) -> str | None:
    """Return how the run of a checkpoint differs from this one; None if it does not.

    A run of schedule "trapezoid" is the same one with another end, see ``Settings.schedule``.
    """
    there = checkpoint.get("about")
    if there is None:
        return "it holds weights alone"
    free = ("epochs", "steps", "fall", "every", "alpha")
    for name, value in here["settings"].items():
        if name in free and here["settings"]["schedule"] == "trapezoid":
            continue
        if there["settings"].get(name) != value:
            return f"{name} was {there['settings'].get(name)!r}, is {value!r}"
    if there["world"] != here["world"]:
        return f"it had {there['world']} processes, this one has {here['world']}"
    if len(there["tokens"]) != len(here["tokens"]):
        return f"its text had {len(there['tokens'])} shards, this one has {len(here['tokens'])}"
    for number, (was, is_) in enumerate(zip(there["tokens"], here["tokens"], strict=True)):
        if was != is_:
            return f"shard {number} of its text had {was:,} words, this one has {is_:,}"
    if there.get("words", here["words"]) != here["words"]:
        return "its softmax had other words, or in another order"
    return None
