"""What a file ``planted_NN.py`` holds: plausible wrong answers to the exercises of notebook NN.

PLANTED = {"01.1": [Planted(without_lengths, says="divide it by both lengths"), …]}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Planted:
    """A wrong answer, and a part of the message that only this mistake may get."""

    answer: Callable[..., Any]
    says: str
