"""How a biLM is trained, and the sizes there are."""

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
    """How a biLM is trained.

    Attributes
    ----------
    epochs, batch_size, length : int
        Passes, B (of each process) and T.
    samples : int, optional
        Words drawn for the softmax while training; measuring always uses all.
    optimizer : {"adamw", "adagrad"}
        AdamW with weight decay 0.01, or Adagrad with squares that start at 1.
    alpha : float
        Highest learning rate.
    schedule : {"linear", "constant"}
        As :func:`course_lib.pretrain.learning_rate` has it, or the same in every step.
    clip : float
        Gradients longer than this are scaled down to it.
    seed : int
        For the order of shards and sentences and for the words drawn.
    every : int
        Steps between two rows of the history, two measurements and two checkpoints.
    patience : int, optional
        Stop when so many measurements in a row brought nothing better on held-out text; the best
        weights are then the result. Needs held-out text, and a folder for the best weights.
    bfloat16 : bool
        Matrix products of numbers cut to bfloat16 where the processor multiplies those, to TF32
        on a GPU; their sums and all else stay in float32.
    """

    epochs: int = 1
    batch_size: int = 32
    length: int = 20
    samples: int | None = None
    optimizer: Literal["adamw", "adagrad"] = "adamw"
    alpha: float = 2e-3
    schedule: Literal["linear", "constant"] = "linear"
    clip: float = 1.0
    seed: int = 1
    every: int = 100
    patience: int | None = None
    bfloat16: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name in ("epochs", "batch_size", "length", "every", "samples", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        for name in ("alpha", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0.")
        for name, known in (
            ("optimizer", ("adamw", "adagrad")),
            ("schedule", ("linear", "constant")),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; use one of {known}.")

    def rate(self, step: int, total: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        if self.schedule == "constant":
            return self.alpha
        return learning_rate(self.alpha, step, total)
