"""Training a biLM on sentences in memory."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn

from course_lib import runtime
from course_lib.bilm import BiLM
from course_lib.checks import check_corpus, check_whole_numbers
from course_lib.pretrain.losses import evaluate, losses
from course_lib.pretrain.streams import Lexicon, Sentences, batches, n_windows

if TYPE_CHECKING:
    import pandas as pd


def learning_rate(alpha: float, step: int, total: int) -> float:
    """Warm up linearly to ``alpha`` over 5 % of the steps, from step 1, then decay to 0."""
    return alpha * min(step / (total / 20 + 1), (total - step + 1) / (total * 0.95))


def train(
    model: BiLM,
    lexicon: Lexicon,
    sentences: Sentences,
    *,
    held_out: Sentences | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    length: int = 20,
    alpha: float = 2e-3,
    clip: float = 1.0,
    seed: int = 1,
    every: int = 100,
) -> pd.DataFrame:
    """Train both directions by truncated back-propagation with AdamW, in place.

    Parameters
    ----------
    model : BiLM
        With a softmax of ``len(lexicon.words)`` rows, on the device to train on.
    lexicon : Lexicon
        Must hold every word of the text and of the held-out text.
    sentences, held_out : iterable of iterables of str
        Training text, and text for evaluation.
    epochs, batch_size, length : int
        Passes, B parallel streams, T words of a window.
    alpha : float
        Highest learning rate, see :func:`learning_rate`.
    clip : float
        Maximum norm of the gradient.
    seed : int
        For the order of the sentences.
    every : int
        Steps between two rows of the history.

    Returns
    -------
    pandas.DataFrame
        Columns ``step``, ``tokens`` (of one direction), ``forward``, ``backward`` (nats per word
        since the last row), ``gradient_norm`` (before clipping, largest since the last row),
        ``seconds``; with held-out text ``held_out_forward``, ``held_out_backward``.

    Raises
    ------
    ValueError
        If there is no sentence, a number of steps, words or streams is below 1, or the text is
        too short for a window.
    RuntimeError
        If a gradient is NaN or infinite.
    """
    import pandas as pd

    check_whole_numbers(epochs=epochs, batch_size=batch_size, length=length, every=every)
    sentences = check_corpus(sentences, "sentences")
    if held_out is not None:
        held_out = check_corpus(held_out, "held_out")
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), alpha, weight_decay=0.01, fused=True)
    total = epochs * n_windows(sentences, batch_size, length)
    shape = {"batch_size": batch_size, "length": length}
    passes = (batches(sentences, lexicon, **shape, seed=seed, epoch=n) for n in range(epochs))
    pairs = runtime.progress(chain.from_iterable(passes), total=total, desc="biLM", unit="step")
    state, recent, rows, began = model.initial_state(batch_size), [], [], time.perf_counter()
    for step, pair in enumerate(pairs, 1):
        optimizer.param_groups[0]["lr"] = learning_rate(alpha, step, total)
        model.train()
        loss, state = losses(model, lexicon, pair, state)  # (2,), [(h, c)]
        optimizer.zero_grad()
        loss.mean().backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip, error_if_nonfinite=True)
        optimizer.step()
        recent.append([*loss.tolist(), norm.item()])
        if step % every == 0 or step == total:
            forward, backward, norms = zip(*recent, strict=True)
            row = {"step": step, "tokens": step * batch_size * length}
            row |= {"forward": sum(forward) / len(recent), "backward": sum(backward) / len(recent)}
            row |= {"gradient_norm": max(norms)}
            if held_out is not None:
                measured = evaluate(model, lexicon, held_out, length=length)
                row |= {"held_out_forward": measured[0], "held_out_backward": measured[1]}
            rows.append(row | {"seconds": time.perf_counter() - began})
            recent = []
    model.eval()
    return pd.DataFrame(rows)
