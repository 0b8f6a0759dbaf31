"""The same step as ``Word2Vec.negative_loss`` with gradients written out by hand.

With s = sigmoid(score), the gradient of -log s(score) is s - 1 and that of -log s(-score)
is s. Everything else is matrix products over blocks, and adding rows into the two tables.
"""

from __future__ import annotations

import torch

from course_lib.word2vec.batches import Batch
from course_lib.word2vec.model import Architecture


def negative_step(
    input_table: torch.Tensor,
    output_table: torch.Tensor,
    batch: Batch,
    negatives: torch.Tensor,
    *,
    architecture: Architecture,
    negative: int,
    learning_rate: float,
    exact_gradient: bool = False,
) -> None:
    """Do one step of gradient descent on both tables, in place.

    Parameters
    ----------
    input_table, output_table : torch.Tensor, float32, (V, M)
        W and W'.
    batch : Batch
    negatives : torch.Tensor, int64, (blocks, K)
        Noise words, shared by the centres of a block.
    architecture : {"skipgram", "cbow"}
    negative : int
        k; the K shared noise words together weigh k.
    learning_rate : float
    exact_gradient : bool
        See :class:`course_lib.word2vec.Word2Vec`.
    """
    size = input_table.shape[1]
    number = batch.mask.sum(dim=2, keepdim=True)  # contexts of each centre
    nearby_table = output_table if architecture == "skipgram" else input_table
    nearby = _rows(nearby_table, batch.nearby)  # (blocks, BLOCK + 2m, M)
    centers = _rows(input_table if architecture == "skipgram" else output_table, batch.centers)
    noise = _rows(output_table, negatives)  # (blocks, K, M)

    if architecture == "skipgram":
        hidden, weight = centers, number
        pull = torch.bmm(hidden, nearby.mT).neg_().sigmoid_()  # 1 - s: how far from 1
        pull.mul_(batch.mask).mul_(learning_rate)  # (blocks, BLOCK, BLOCK + 2m)
        hidden_change = torch.bmm(pull, nearby)
        nearby_change = torch.bmm(pull.mT, hidden)
    else:
        mean = batch.mask / number.clamp(min=1)
        hidden, weight = torch.bmm(mean, nearby), (number > 0).to(mean.dtype)
        pull = (hidden * centers).sum(dim=2, keepdim=True).neg_().sigmoid_()
        pull.mul_(weight).mul_(learning_rate)  # (blocks, BLOCK, 1)
        hidden_change = pull * centers
        center_change = pull * hidden

    push = torch.bmm(hidden, noise.mT).sigmoid_()  # s: how far from 0
    push.mul_(weight * (-learning_rate * negative / negatives.shape[1]))
    hidden_change.baddbmm_(push, noise)
    noise_change = torch.bmm(push.mT, hidden)

    if architecture == "skipgram":
        center_change = hidden_change
    else:
        share = mean if exact_gradient else batch.mask
        nearby_change = torch.bmm(share.mT, hidden_change)
    center_table = input_table if architecture == "skipgram" else output_table
    center_table.index_add_(0, batch.centers.reshape(-1), center_change.view(-1, size))
    nearby_table.index_add_(0, batch.nearby.reshape(-1), nearby_change.view(-1, size))
    output_table.index_add_(0, negatives.reshape(-1), noise_change.view(-1, size))


def _rows(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Look up rows: (V, M) and (blocks, n) give (blocks, n, M)."""
    return table.index_select(0, ids.reshape(-1)).view(*ids.shape, -1)
