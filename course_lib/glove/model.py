"""GloVe as a formula: two tables, two biases, a squared error. Gradients come from autograd."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.glove.entries import Entries


class GloVe(nn.Module):
    """Two vectors and two biases for each word, and the loss that ties them to the counts.

    Parameters
    ----------
    vocabulary_size : int
        V, the number of words.
    vector_size : int
        M, the length of a vector.

    Attributes
    ----------
    word, context : torch.nn.Parameter, (V, M + 2)
        Row i of ``word`` is w_i, its bias b_i and a 1; row j of ``context`` is the context
        vector w~_j, a 1 and its bias b~_j. So one dot product gives w_i·w~_j + b_i + b~_j.
        Vectors and biases start uniform in -1/2M … 1/2M; the ones are never trained.

    References
    ----------
    Pennington, Socher and Manning 2014, section 3.
    """

    def __init__(self, vocabulary_size: int, vector_size: int) -> None:
        super().__init__()
        start = (torch.rand(2, vocabulary_size, vector_size + 2) - 0.5) / vector_size
        start[0, :, -1] = start[1, :, -2] = 1.0
        self.word, self.context = (nn.Parameter(table) for table in start)

    def loss(self, entries: Entries) -> torch.Tensor:
        """Return the sum of f(X_ij) (w_i·w~_j + b_i + b~_j - log X_ij)² over some entries.

        Equation 8 of the paper; f and log X are part of the entries.
        """
        rows, columns = self.word[entries.rows], self.context[entries.columns]  # (n, M + 2)
        error = (rows * columns).sum(dim=1) - entries.log_counts  # (n,)
        return (entries.weights * error**2).sum()

    def freeze_ones(self) -> None:
        """Set the gradients of the two columns of ones to zero."""
        self.word.grad[:, -1] = 0
        self.context.grad[:, -2] = 0

    def vectors(self) -> np.ndarray:
        """Return W + W~, the sum of both vectors of each word: float32, (V, M)."""
        total = self.word[:, :-2] + self.context[:, :-2]
        return total.detach().cpu().numpy()
