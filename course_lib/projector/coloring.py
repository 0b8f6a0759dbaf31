"""Colours of the explorer's points: by word frequency or by k-means cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.plots import PALETTE, plain

# Light blue is rare. Blue, because the words that are searched for have the other colours.
FREQUENT, RARE = np.array([8, 48, 107]), np.array([166, 200, 228])
CLASSES = len(PALETTE)


@dataclass(frozen=True)
class Coloring:
    """The class of each point; colours and names of the classes; title of the legend.

    Colours are given by class, not by point: plotly validates every point's colour again at each
    change, which for 20,000 points takes longer than all else.
    """

    classes: np.ndarray
    colors: Sequence[str]
    names: Sequence[str]
    title: str


def color_by_frequency(n: int, counts: np.ndarray | None) -> Coloring:
    """Colour n words by the power of ten of their count, or of their rank without counts."""
    values = np.arange(1, n + 1) if counts is None else np.maximum(counts[:n], 1)
    powers = np.minimum(np.log10(values).astype(int), CLASSES - 1)
    first, last = int(powers.min()), int(powers.max())
    names = [f"{10**p:,} to {10 ** (p + 1) - 1:,}" for p in range(first, last)]
    names.append(f"{10**last:,} and more")
    steps = np.linspace(FREQUENT, RARE, len(names)).round().astype(np.uint8)
    shades = [f"#{bytes(step).hex()}" for step in steps]
    if counts is None:
        return Coloring(powers - first, shades, names, "rank")
    # The most frequent first, as in the order of ranks.
    return Coloring(last - powers, shades, names[::-1], "count")


def color_by_cluster(unit: np.ndarray, words: Sequence[str], clusters: int, seed: int) -> Coloring:
    """Colour words by k-means on vectors of length 1; a cluster is named by its middle word."""
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(min(clusters, len(unit)), random_state=seed, n_init=3)
    found = model.fit_predict(unit)
    kinds, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    order = np.argsort(first)  # the cluster of the first word comes first
    middles = model.cluster_centers_[kinds[order]]
    names = [plain(words[row], 14) for row in (unit @ middles.T).argmax(axis=0)]
    return Coloring(np.argsort(order)[numbers], PALETTE[: len(names)], names, "cluster around")
