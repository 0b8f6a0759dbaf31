"""Entries of the co-occurrence matrix, and the order in which they are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from scipy.sparse import coo_array

PARTS = 16  # Rows and columns are cut into so many; more threads than that have nothing to do.


def weight(
    counts: np.ndarray | torch.Tensor, *, x_max: float = 100.0, exponent: float = 0.75
) -> np.ndarray | torch.Tensor:
    """Return how much the error at a count matters: f(x) = min(1, (x / x_max)^exponent).

    Parameters
    ----------
    counts : numpy.ndarray or torch.Tensor, float, any shape
        x, co-occurrence counts of 0 or more.
    x_max : float
        From this count on, all entries weigh 1.
    exponent : float
        The paper's alpha, 3/4. (``alpha`` is the learning rate everywhere in this course.)

    Returns
    -------
    numpy.ndarray or torch.Tensor
        As ``counts``, from 0 to 1.

    References
    ----------
    Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation",
    equation 9.
    """
    return (counts / x_max).clip(max=1) ** exponent


class Entries(NamedTuple):
    """Some non-zero entries X_ij of the co-occurrence matrix.

    Attributes
    ----------
    rows, columns : numpy.ndarray, int32, (n,)
        i and j.
    log_counts, weights : numpy.ndarray, float32, (n,)
        log X_ij and f(X_ij).
    """

    rows: np.ndarray
    columns: np.ndarray
    log_counts: np.ndarray
    weights: np.ndarray

    @classmethod
    def shuffled(
        cls,
        counts: coo_array,
        rng: np.random.Generator,
        *,
        x_max: float = 100.0,
        exponent: float = 0.75,
    ) -> Entries:
        """Take the entries above 0 of a matrix, in an order drawn at random.

        Parameters
        ----------
        counts : scipy.sparse.coo_array, (V, V)
        rng : numpy.random.Generator
        x_max, exponent : float
            See :func:`weight`.
        """
        order = rng.permutation(counts.nnz)
        order = order[counts.data[order] > 0]
        rows, columns = (ids[order].astype(np.int32) for ids in counts.coords)
        values = counts.data[order].astype(np.float32)
        return cls(rows, columns, np.log(values), weight(values, x_max=x_max, exponent=exponent))

    def part(self, start: int, stop: int) -> Entries:
        """Return the entries from ``start`` to before ``stop``."""
        return Entries(*(values[start:stop] for values in self))


def blocks(entries: Entries) -> list[list[Entries]]:
    """Cut the matrix into blocks, listed by diagonals.

    Rows are cut into ``PARTS`` runs of about as many entries, columns likewise. Block (p, q)
    stands in the diagonal q - p, counted in a circle. The blocks of one diagonal share no row
    and no column, so threads can train on them at the same time and never touch the same
    number: what comes out does not depend on how many threads there are. A block also touches
    few rows of the tables, which stay in the processor's cache.

    Parameters
    ----------
    entries : Entries

    Returns
    -------
    list of list of Entries
        In each diagonal the largest block first; entries keep their order inside a block.

    References
    ----------
    Gemulla, Nijkamp, Haas and Sismanis 2011, "Large-Scale Matrix Factorization with
    Distributed Stochastic Gradient Descent", section 4.
    """
    p, q = (_run_of_each(ids) for ids in (entries.rows, entries.columns))
    block = ((q - p) % PARTS * PARTS + p).astype(np.int16)  # int16 is sorted in linear time
    order = np.argsort(block, kind="stable")
    ordered = Entries(*(values[order] for values in entries))
    stops = np.bincount(block, minlength=PARTS**2).cumsum()
    cut = [ordered.part(*ends) for ends in zip([0, *stops[:-1]], stops, strict=True)]
    return [
        sorted((p for p in cut[start : start + PARTS] if len(p.rows)), key=lambda p: len(p.rows))[
            ::-1
        ]
        for start in range(0, PARTS**2, PARTS)
    ]


def _run_of_each(ids: np.ndarray) -> np.ndarray:
    """Return for each id the number of its run, from 0: int, (n,)."""
    entries_so_far = np.bincount(ids).cumsum()
    return ((entries_so_far - 1) * PARTS // entries_so_far[-1])[ids]
