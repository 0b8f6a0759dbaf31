"""From a corpus of word ids to blocks of centres, each with the words around it.

A block is a run of ``BLOCK`` neighbouring centres. Its contexts lie in the same run, widened
by the window m on both sides, so one small matrix product gives all scores of a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from course_lib.text import EncodedCorpus

BLOCK = 16  # centres in a block, and noise words they share


@dataclass(frozen=True)
class Batch:
    """Some blocks of centres with their contexts.

    Attributes
    ----------
    centers : torch.Tensor, int64, (blocks, BLOCK)
    nearby : torch.Tensor, int64, (blocks, BLOCK + 2 * window)
    mask : torch.Tensor, float32, (blocks, BLOCK, BLOCK + 2 * window)
        1 where the nearby word is a context of the centre, else 0.
    """

    centers: torch.Tensor
    nearby: torch.Tensor
    mask: torch.Tensor


def subsample(
    corpus: EncodedCorpus, keep: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Drop each occurrence of word w with the chance 1 - keep[w].

    Parameters
    ----------
    corpus : EncodedCorpus
    keep : numpy.ndarray, float, (V,)
        From :func:`course_lib.text.keep_probability`.
    rng : numpy.random.Generator

    Returns
    -------
    ids : numpy.ndarray, int64, (kept,)
    sentence : numpy.ndarray, int64, (kept,)
        The number of the sentence each kept word stands in.
    """
    kept = rng.random(len(corpus.ids), dtype=np.float32) < keep[corpus.ids]
    sentence = np.repeat(np.arange(len(corpus)), np.diff(corpus.offsets))
    return corpus.ids[kept].astype(np.int64), sentence[kept]


def batches(
    ids: torch.Tensor,
    sentence: torch.Tensor,
    *,
    window: int,
    size: int,
    generator: torch.Generator,
) -> Iterator[Batch]:
    """Walk over a corpus in steps of ``size`` centres.

    Parameters
    ----------
    ids, sentence : torch.Tensor, int64, (tokens,)
        Word ids, and the number of the sentence each stands in.
    window : int
        m. Each centre draws its own window from 1 to m, so that near words are met more
        often than far ones (Mikolov et al. 2013a, section 3.2).
    size : int
        Centres in a batch, a multiple of ``BLOCK``.
    generator : torch.Generator
        On the device of ``ids``.

    Yields
    ------
    Batch
        The last one is filled up with centres that have no context.
    """
    device, n_blocks = ids.device, size // BLOCK
    # No real sentence has the number -1 or -2, so a filler never meets a word.
    before = torch.full((window,), -1, device=device)
    after = torch.full((window + size,), -2, device=device)
    ids = torch.cat([before.clamp(min=0), ids, after.clamp(min=0)])
    sentence = torch.cat([before, sentence, after])

    places = torch.arange(BLOCK + 2 * window, device=device)
    distance = (places[None, :] - places[:BLOCK, None] - window).abs()  # (BLOCK, BLOCK + 2m)
    distance[distance == 0] = window + 1  # a word is not its own context
    length = len(ids) - size - 2 * window

    for start in range(0, length, size):
        shape, stride = (n_blocks, BLOCK + 2 * window), (BLOCK, 1)
        nearby = ids.as_strided(shape, stride, start)
        nearby_sentence = sentence.as_strided(shape, stride, start)
        home = nearby_sentence[:, window : window + BLOCK, None]  # the centre's sentence
        reach = torch.randint(1, window + 1, home.shape, generator=generator, device=device)
        mask = (distance <= reach) & (home == nearby_sentence[:, None, :]) & (home >= 0)
        yield Batch(nearby[:, window : window + BLOCK], nearby, mask.to(torch.float32))
