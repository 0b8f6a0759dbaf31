"""The options of training by prediction, refused at once where they cannot work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from course_lib.checks import check_whole_numbers
from course_lib.word2vec.batches import BLOCK
from course_lib.word2vec.model import Architecture


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to train. The names are those of :func:`course_lib.word2vec.train`.

    Raises
    ------
    ValueError
        If an option is out of range; before any time is spent.
    """

    architecture: Architecture = "skipgram"
    loss: Literal["negative", "softmax"] = "negative"
    window: int = 5
    negative: int = 5
    sample: float = 1e-3
    epochs: int = 5
    alpha: float = 0.025
    min_alpha: float = 1e-4
    ns_exponent: float = 0.75
    seed: int = 1
    workers: int = 1
    batch_size: int | None = None
    autograd: bool = False

    def __post_init__(self) -> None:
        """Refuse options that cannot work."""
        choices = {"architecture": ("skipgram", "cbow"), "loss": ("negative", "softmax")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {allowed}.")
        whole = ("window", "negative", "epochs", "workers")
        check_whole_numbers(**{name: getattr(self, name) for name in whole})
        for name in ("alpha", "min_alpha"):
            rate = getattr(self, name)
            if not (math.isfinite(rate) and rate > 0):
                raise ValueError(f"{name} is {rate}; a learning rate is a number above 0.")
        if self.min_alpha > self.alpha:
            raise ValueError(
                f"min_alpha, {self.min_alpha}, is above alpha, {self.alpha}; "
                "the learning rate falls from alpha to min_alpha."
            )
        if self.workers > 1 and (self.autograd or self.loss == "softmax"):
            raise ValueError(
                f"workers is {self.workers}, but autograd needs tables that nobody else "
                "changes: use workers=1, or negative sampling without autograd."
            )
        size = self.batch_size
        if size is not None and (size < BLOCK or size % BLOCK):
            raise ValueError(f"batch_size is {size}; it must be a multiple of {BLOCK}.")
