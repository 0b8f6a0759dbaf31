"""Hyperparameters of training, and model sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course_lib.bilm import BiLMOptions
from course_lib.charcnn import OFFICIAL_FILTERS, CharCNNOptions
from course_lib.pretrain import learning_rate

_COURSE_FILTERS = ((1, 16), (2, 16), (3, 32), (4, 64), (5, 128), (6, 128))
SIZES = {  # the last three are the official ones
    "course": BiLMOptions(CharCNNOptions(16, _COURSE_FILTERS, 1, "relu", 128), 384, 128),
    "small": BiLMOptions(CharCNNOptions(16, OFFICIAL_FILTERS, 1, "relu", 128), 1024, 128),
    "medium": BiLMOptions(CharCNNOptions(16, OFFICIAL_FILTERS, 1, "relu", 256), 2048, 256),
    "original": BiLMOptions(CharCNNOptions(16, OFFICIAL_FILTERS, 2, "relu", 512), 4096, 512),
}


@dataclass(frozen=True)
class Settings:
    """Hyperparameters of training.

    Attributes
    ----------
    epochs, batch_size, length : int
        Passes, B (of each process) and T.
    samples : int, optional
        Classes drawn for the sampled softmax; evaluation uses the full softmax.
    optimizer : {"adamw", "adagrad"}
        AdamW with weight decay 0.01, or Adagrad with an initial accumulator of 1.
    alpha : float
        Highest learning rate.
    schedule : {"linear", "constant", "trapezoid"}
        As :func:`course_lib.pretrain.learning_rate`; the same in every step; or a rise over the
        first ``warm_up`` steps, a level part, and a fall to 0 over the last ``fall`` steps. A run
        with the last one may go on with other ``epochs``, ``steps``, ``fall``, ``every`` and
        ``alpha``: its level part need not know where it ends.
    steps : int, optional
        Stop after so many; by default after all windows of all epochs.
    warm_up, fall : int
        Of the trapezoid, in steps.
    clip : float
        Maximum norm of the gradient.
    seed : int
        For the order of shards and sentences and for the sampled softmax.
    every : int
        Steps between two rows of the history, two evaluations and two checkpoints.
    patience : int, optional
        Early stopping: stop after so many evaluations in a row without a lower loss on held-out
        text; the result is the best weights. Needs held-out text, and a folder for the weights.
    bfloat16 : bool
        Matrix products in reduced precision: bfloat16 on a processor that supports it, TF32 on a
        GPU; accumulation and all else stay in float32.

    References
    ----------
    Haegele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations": the trapezoid, and falls that branch off a run that goes on.
    """

    epochs: int = 1
    batch_size: int = 32
    length: int = 20
    samples: int | None = None
    optimizer: Literal["adamw", "adagrad"] = "adamw"
    alpha: float = 2e-3
    schedule: Literal["linear", "constant", "trapezoid"] = "linear"
    steps: int | None = None
    warm_up: int = 500
    fall: int = 0
    clip: float = 1.0
    seed: int = 1
    every: int = 100
    patience: int | None = None
    bfloat16: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for impossible values."""
        for name in ("epochs", "batch_size", "length", "every", "samples", "patience", "steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        for name in ("alpha", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if self.warm_up < 1 or self.fall < 0:
            raise ValueError(
                f"warm_up is {self.warm_up}, fall {self.fall}; use 1 or more, and 0 or more."
            )
        if self.fall and self.schedule != "trapezoid":
            raise ValueError(
                f"fall is {self.fall}, but the schedule is {self.schedule!r}; only 'trapezoid' "
                "has a fall of its own."
            )
        for name, known in (
            ("optimizer", ("adamw", "adagrad")),
            ("schedule", ("linear", "constant", "trapezoid")),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; use one of {known}.")

    def rate(self, step: int, total: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        if self.schedule == "constant":
            return self.alpha
        if self.schedule == "trapezoid":
            left = (total - step + 1) / self.fall if self.fall else 1.0
            return self.alpha * min(1.0, step / self.warm_up, left)
        return learning_rate(self.alpha, step, total)
