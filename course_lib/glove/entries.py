"""Entries of the co-occurrence matrix, laid out so that a step can sum them row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


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


@dataclass(frozen=True)
class Entries:
    """Some non-zero entries X_ij of the co-occurrence matrix, sorted by row.

    Attributes
    ----------
    rows, columns : torch.Tensor, int32, (n,)
        i and j.
    log_counts, weights : torch.Tensor, float, (n,)
        log X_ij and f(X_ij).
    row_ids, row_starts : torch.Tensor, int32, (different rows,)
        Each row that occurs, and the place of its first entry.
    by_column : torch.Tensor, int32, (n,)
        The order that sorts the entries by column.
    column_ids, column_starts : torch.Tensor, int32, (different columns,)
        As for the rows, in that order.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    log_counts: torch.Tensor
    weights: torch.Tensor
    row_ids: torch.Tensor
    row_starts: torch.Tensor
    by_column: torch.Tensor
    column_ids: torch.Tensor
    column_starts: torch.Tensor

    @classmethod
    def of(
        cls,
        rows: torch.Tensor,
        columns: torch.Tensor,
        counts: torch.Tensor,
        *,
        x_max: float = 100.0,
        exponent: float = 0.75,
    ) -> Entries:
        """Sort entries and note where each row and each column begins.

        Parameters
        ----------
        rows, columns : torch.Tensor, int, (n,)
        counts : torch.Tensor, float, (n,)
            X_ij, above 0.
        x_max, exponent : float
            See :func:`weight`.
        """
        order = torch.argsort(rows, stable=True)
        rows, columns, counts = rows[order].int(), columns[order].int(), counts[order]
        by_column = torch.argsort(columns, stable=True).int()
        return cls(
            rows,
            columns,
            counts.log(),
            weight(counts, x_max=x_max, exponent=exponent),
            *_runs(rows),
            by_column,
            *_runs(columns[by_column]),
        )

    def __len__(self) -> int:
        """Return n."""
        return len(self.rows)

    def to(self, device: torch.device) -> Entries:
        """Return the same entries on another device."""
        return Entries(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def _runs(sorted_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the different ids and the place where each begins."""
    ids, lengths = torch.unique_consecutive(sorted_ids, return_counts=True)
    return ids, (lengths.cumsum(0) - lengths).int()
