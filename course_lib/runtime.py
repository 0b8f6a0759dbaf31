"""Run profile, device, figures of a GPU, compilation, seed, atomic writes, progress bars.

The lowest module of the library: it imports nothing else of the course.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch
    from tqdm import tqdm

T = TypeVar("T")

PROFILES = ("smoke", "laptop", "gpu")


@dataclass(frozen=True)
class Profile:
    """The size of a run.

    Attributes
    ----------
    name : str
        ``"smoke"`` (seconds, for continuous integration), ``"laptop"`` (minutes on two
        cores; the stored outputs come from it) or ``"gpu"`` (the real size).
    """

    name: str

    def pick(self, *, smoke: T, laptop: T, gpu: T) -> T:
        """Return the value that belongs to this profile."""
        return {"smoke": smoke, "laptop": laptop, "gpu": gpu}[self.name]


def profile() -> Profile:
    """Return the profile named by the environment variable ``COURSE_PROFILE``.

    Returns
    -------
    Profile
        ``laptop`` where the variable is not set.

    Raises
    ------
    ValueError
        If the variable holds another word than ``smoke``, ``laptop`` or ``gpu``.
    """
    name = os.environ.get("COURSE_PROFILE", "").strip().lower() or "laptop"
    if name not in PROFILES:
        raise ValueError(
            f"COURSE_PROFILE is {name!r}, which is no profile. Set it to one of "
            f"{', '.join(PROFILES)}, or remove it for 'laptop'."
        )
    return Profile(name)


def device() -> torch.device:
    """Return the GPU where torch finds one, else the CPU.

    Returns
    -------
    torch.device
        ``cuda``, else ``mps`` (Apple), else ``cpu``.
    """
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def gpu_record(part: str) -> pd.DataFrame | str:
    """Return what ``benchmarks/gpu.py`` recorded on a GPU, or "not measured on a GPU yet".

    Parameters
    ----------
    part : {"static", "embedding", "training", "perplexity"}

    Returns
    -------
    pandas.DataFrame or str
        A row for each measurement; the name of the GPU stands above the index.
    """
    import pandas as pd

    path = Path(__file__).resolve().parents[1] / "benchmarks" / "gpu.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if part not in record:
        return "not measured on a GPU yet"
    table = pd.DataFrame(record[part], dtype=object).fillna("").rename_axis(columns=record["gpu"])
    return table.map(lambda value: f"{value:,.2f}" if isinstance(value, float) else value)


@cache
def compiled(function: Callable[..., T]) -> Callable[..., T]:
    """Compile a function on NumPy arrays with numba, without the GIL, cached on disk.

    Fast-math is on, except that NaN and infinity keep their meaning: sums may be reordered and
    functions approximated to the last bit.

    Parameters
    ----------
    function : callable
        On NumPy arrays and numbers; it works uncompiled too, slowly.
    """
    import numba

    options = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"afn", "arcp", "contract", "nsz", "reassoc"},
    }
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep it in
        return numba.njit(**options)(function)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy's old global generator and torch, and return a new NumPy generator.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1, the range NumPy's global generator accepts.

    Returns
    -------
    numpy.random.Generator
        Seeded with the same number; draw from this one in your own code.

    Raises
    ------
    TypeError
        If the seed is not an integer.
    ValueError
        If it is out of range.
    """
    import random

    import numpy as np

    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be a whole number, not {seed!r} ({type(seed).__name__}).")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; give a whole number from 0 to {2**32 - 1}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(int(seed))
    return np.random.default_rng(int(seed))


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Write atomically: yield a temporary path, renamed to ``path`` if the block succeeds."""
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent}; make it first.")
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def progress(
    iterable: Iterable[Any] | None = None,
    *,
    total: int | None = None,
    desc: str = "",
    unit: str = "it",
) -> tqdm:
    """Return a tqdm bar that is cleared at its end and disabled in headless runs.

    Parameters
    ----------
    iterable : iterable, optional
        What to iterate over; without it, call ``update`` on the bar.
    total : int, optional
        Number of steps, where the iterable has no length.
    desc, unit : str
        Prefix of the bar, and name of one step.

    Notes
    -----
    ``COURSE_PROGRESS=0`` disables every bar. All headless runs set it, so that a bar never
    becomes part of a stored output.
    """
    from tqdm.auto import tqdm

    silent = os.environ.get("COURSE_PROGRESS", "1").strip() == "0"
    return tqdm(
        iterable, total=total, desc=desc, unit=unit, unit_scale=True, leave=False, disable=silent
    )
