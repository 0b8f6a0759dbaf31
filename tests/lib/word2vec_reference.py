"""Negative sampling as the compiled loop does it, in plain Python and float64: an independent copy.

It draws the same numbers in the same order, so that a whole training can be compared.
"""

from __future__ import annotations

import math

import numpy as np

BLOCK = 16


class Draws:
    """A linear congruential generator modulo 2^64; its upper 53 bits make a number below 1."""

    def __init__(self, state: int) -> None:
        self.state = state

    def __call__(self) -> float:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53


def train(
    tables: tuple[np.ndarray, np.ndarray],
    parts: list[list[int]],
    sentences: list[list[int]],
    *,
    keep: np.ndarray,
    noise: np.ndarray,
    cbow: bool,
    exact: bool,
    window: int,
    negative: int,
    rates: tuple[float, float],
    state: int,
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Return both tables after one pass, the summed loss and the number of examples."""
    W, U = (table.astype(np.float64) for table in tables)
    draw, loss, examples, centers = Draws(state), 0.0, 0, 0
    gathered: list[tuple[int, np.ndarray]] = []  # what is to be added to the rows of noise words
    total, before = sum(map(len, sentences)), 0
    for sentence in sentences:
        rate = rates[0] + (rates[1] - rates[0]) * before / total
        before += len(sentence)
        kept = [word for word in sentence if draw() < keep[word]]
        for i, center in enumerate(kept):
            reach = 1 + int(draw() * window)
            context = kept[max(0, i - reach) : i] + kept[i + 1 : i + 1 + reach]
            if not context:
                continue
            if centers % BLOCK == 0:
                for word, change in gathered:
                    U[word] += change
                gathered = []
                drawn = [int((np.cumsum(noise) <= draw()).sum()) for _ in range(BLOCK)]
                noise_rows = U[drawn]
            inputs, targets = (context, [center]) if cbow else (parts[center], context)
            h = W[inputs].mean(axis=0)
            terms = [(u, 0.0, len(targets) * negative / BLOCK) for u in noise_rows]
            change_of_h = np.zeros_like(h)
            looked = 0.0
            for number, (u, label, weight) in enumerate(terms):
                s = 1 / (1 + math.exp(-(u @ h)))
                looked -= weight * math.log(1 - s)
                change_of_h += rate * weight * (label - s) * u
                gathered.append((drawn[number], rate * weight * (label - s) * h))
            for target in targets:  # one that stands twice has moved once by then
                s = 1 / (1 + math.exp(-(U[target] @ h)))
                looked -= math.log(s)
                change_of_h += rate * (1 - s) * U[target]
                U[target] += rate * (1 - s) * h
            for row in inputs:
                W[row] += change_of_h / (len(inputs) if exact else 1)
            loss, examples = loss + looked, examples + len(targets)
            centers += 1
    for word, change in gathered:
        U[word] += change
    return W, U, loss, examples
