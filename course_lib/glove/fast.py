"""The same step as ``GloVe.loss`` with ``torch.optim.Adagrad``, gradients written out by hand."""

from __future__ import annotations

import torch
from torch.nn.functional import embedding_bag

from course_lib.glove.entries import Entries


def adagrad_step(
    word: torch.Tensor,
    context: torch.Tensor,
    word_squares: torch.Tensor,
    context_squares: torch.Tensor,
    entries: Entries,
    *,
    alpha: float,
) -> torch.Tensor:
    """Do one step of AdaGrad on both tables, in place.

    With e_ij the error of an entry, the gradient of row i is the sum over its entries of
    2 f(X_ij) e_ij times row j of the other table. AdaGrad adds the square of each number's
    gradient g to a running sum s and moves the number by -alpha · g / sqrt(s).

    Parameters
    ----------
    word, context : torch.Tensor, float, (V, M + 2)
        As in :class:`GloVe`.
    word_squares, context_squares : torch.Tensor, float, (V, M + 2)
        The sums s so far.
    entries : Entries
    alpha : float
        The learning rate.

    Returns
    -------
    torch.Tensor, float, ()
        The loss before the step, summed over the entries.

    References
    ----------
    Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods", section 1.1.
    """
    rows, columns = entries.rows, entries.columns
    error = torch.linalg.vecdot(word.index_select(0, rows), context.index_select(0, columns))
    error -= entries.log_counts  # (n,)
    pull = 2 * entries.weights * error
    loss = 0.5 * (pull @ error)

    # A bag sums rows of a table, each times a number: here over all entries of one word.
    word_gradient = embedding_bag(
        columns, context, entries.row_starts, mode="sum", per_sample_weights=pull
    )  # (different rows, M + 2)
    context_gradient = embedding_bag(
        rows.index_select(0, entries.by_column),
        word,
        entries.column_starts,
        mode="sum",
        per_sample_weights=pull.index_select(0, entries.by_column),
    )
    word_gradient[:, -1] = 0
    context_gradient[:, -2] = 0
    for table, squares, ids, gradient in (
        (word, word_squares, entries.row_ids, word_gradient),
        (context, context_squares, entries.column_ids, context_gradient),
    ):
        squares.index_add_(0, ids, gradient * gradient)
        table.index_add_(0, ids, gradient / squares.index_select(0, ids).sqrt_(), alpha=-alpha)
    return loss
