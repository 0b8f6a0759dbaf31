"""The same step as ``FastText.negative_loss`` with gradients written out by hand."""

from __future__ import annotations

import torch
from torch.nn.functional import embedding_bag

from course_lib.fasttext.model import FastText
from course_lib.word2vec import Batch, negative_step


def subword_step(
    model: FastText,
    batch: Batch,
    negatives: torch.Tensor,
    *,
    negative: int,
    learning_rate: float,
) -> None:
    """Do one step of gradient descent on both tables, in place.

    Each different word of the batch is put together once. These vectors take an ordinary
    Skip-gram step; what it changes in a vector is then added to each part of the word.

    Parameters
    ----------
    model : FastText
    batch : Batch
    negatives : torch.Tensor, int64, (blocks, K)
        Noise words, shared by the centres of a block.
    negative : int
        k; the K shared noise words together weigh k.
    learning_rate : float
    """
    table = model.input.weight
    words, place = batch.centers.unique(return_inverse=True)
    rows, offsets, lengths = model.bags(words)
    before = embedding_bag(rows, table, offsets, mode="mean")  # (different words, M)
    after = before.clone()
    negative_step(
        after,
        model.output.weight,
        Batch(place, batch.nearby, batch.mask),
        negatives,
        architecture="skipgram",
        negative=negative,
        learning_rate=learning_rate,
    )
    change = after.sub_(before)
    whole = change.repeat_interleave(lengths, dim=0, output_size=len(rows))  # (parts, M)
    table.index_add_(0, rows, whole)
