"""Progress bar and TensorBoard scalars of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from course_lib import runtime


@contextlib.contextmanager
def bar(total: int, done: int, *, show: bool) -> Iterator[Callable[[], object]]:
    """Yield a function that advances a progress bar by a step, if tqdm is installed."""
    try:
        found = runtime.progress(total=total, desc="biLM", unit="step") if show else None
    except ModuleNotFoundError:
        found = None
    if found is None:
        yield lambda: None
        return
    with found:
        found.update(done)
        yield found.update


@contextlib.contextmanager
def scalars(folder: Path | None) -> Iterator[Callable[[dict[str, float]], None]]:
    """Yield a function that writes a row for TensorBoard, if that is installed."""
    try:
        if folder is None:
            raise ImportError
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield lambda row: None
        return
    with SummaryWriter(str(folder / "tensorboard")) as writer:

        def write(row: dict[str, float]) -> None:
            for name, value in row.items():
                writer.add_scalar(name, value, row["step"])

        yield write
