"""GloVe as a formula: two tables with biases, a squared error. Gradients come from autograd."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class GloVe(nn.Module):
    """A vector and a bias for each word and for each context, and the loss that ties them.

    Parameters
    ----------
    vocabulary_size : int
        V, the number of words.
    vector_size : int
        M, the length of a vector.

    Attributes
    ----------
    word, context : torch.nn.Parameter, (V, M + 1)
        Row i of ``word`` is w_i and its bias b_i; row j of ``context`` is the context vector
        w~_j and its bias b~_j. All start uniform in -1/2M … 1/2M.

    References
    ----------
    Pennington, Socher and Manning 2014, section 3.
    """

    def __init__(self, vocabulary_size: int, vector_size: int) -> None:
        super().__init__()
        start = (torch.rand(2, vocabulary_size, vector_size + 1) - 0.5) / vector_size
        self.word, self.context = (nn.Parameter(table) for table in start)

    def loss(
        self,
        rows: torch.Tensor,
        columns: torch.Tensor,
        log_counts: torch.Tensor,
        weights: torch.Tensor,
    ) -> torch.Tensor:
        """Return the sum of f(X_ij) (w_i·w~_j + b_i + b~_j - log X_ij)² over some entries.

        Equation 8 of the paper; the four tensors, (n,), are those of :class:`Entries`.
        """
        w, c = self.word[rows], self.context[columns]  # (n, M + 1), the bias last
        fitted = (w[:, :-1] * c[:, :-1]).sum(dim=1) + w[:, -1] + c[:, -1]  # (n,)
        return (weights * (fitted - log_counts) ** 2).sum()

    def vectors(self) -> np.ndarray:
        """Return W + W~, the sum of both vectors of each word: float32, (V, M)."""
        total = self.word[:, :-1] + self.context[:, :-1]
        return total.detach().cpu().numpy()
