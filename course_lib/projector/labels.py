"""Label placement in crowded scatter plots."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

import numpy as np

LETTER, LINE = 7.0, 18.0  # width of a letter (a Korean one: twice), height of a line, in pixels
_ANGLES = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_NEAR, _FAR, _STEP = 18, 140, 11


def offsets(points: np.ndarray, texts: Sequence[str], size: tuple[float, float]) -> np.ndarray:
    """Place a label near each point with little overlap.

    Greedy: one label after the other takes the free position nearest to its point.

    Parameters
    ----------
    points : numpy.ndarray, float, (n, 2)
        Pixels from the top left corner.
    texts : sequence of str
    size : (float, float)
        Width and height of the picture in pixels.

    Returns
    -------
    numpy.ndarray, float, (n, 2)
        From each point to the centre of its label, in pixels, y downwards.
    """
    points = np.asarray(points, dtype=float)
    wide = [sum(1 + (east_asian_width(letter) in "WF") for letter in text) for text in texts]
    halves = np.array([[LETTER * letters / 2 + 4, LINE / 2 + 1] for letters in wide])
    rings = np.arange(_NEAR, _FAR, _STEP)
    # (rings x angles, 2); wider than high, as names are
    steps = rings[:, None, None] * np.stack([1.4 * np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
    steps, distance = steps.reshape(-1, 2), np.repeat(rings, len(_ANGLES))
    found = np.zeros_like(points)
    for i, (point, half) in enumerate(zip(points, halves, strict=True)):
        middles = point + steps + np.sign(steps.round(6)) * [half[0] - halves[:, 0].min(), 0]
        names = _overlap(middles, half, points[:i] + found[:i], halves[:i])
        dots = _overlap(middles, half, points, np.full((len(points), 2), 5.0))
        outside = np.maximum(half - middles, 0) + np.maximum(middles + half - size, 0)
        cost = distance + 3 * names + 1.5 * dots + 20 * outside.sum(axis=1)
        found[i] = middles[cost.argmin()] - point
    return found


def _overlap(
    middles: np.ndarray, half: np.ndarray, others: np.ndarray, halves: np.ndarray
) -> np.ndarray:
    """Return the area of overlap of a box at each place with other boxes: (places,)."""
    apart = np.abs(middles[:, None] - others)  # (places, others, 2)
    return np.maximum(half + halves - apart, 0).prod(axis=2).sum(axis=1)
