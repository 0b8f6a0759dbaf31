"""The loop around a model that learns by negative sampling or softmax.

word2vec and FastText differ in which rows make up a hidden vector; everything here is common to
both: what is drawn, the rates, the history. An epoch is done by :mod:`compiled` or :mod:`gradient`.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from course_lib import runtime
from course_lib.text import Vocabulary, keep_probability, noise_distribution
from course_lib.word2vec.compiled import by_kernel
from course_lib.word2vec.gradient import by_autograd
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.options import Options

if TYPE_CHECKING:
    import pandas as pd


def descend(
    model: Word2Vec,
    corpus: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    options: Options,
    *,
    name: str,
) -> pd.DataFrame:
    """Train a model in place, on the device it stands on.

    Parameters
    ----------
    model : Word2Vec
    corpus : sequence of sequences of str
    vocabulary : Vocabulary
    options : Options
    name : str
        Stands before the progress bar.

    Returns
    -------
    pandas.DataFrame
        A row an epoch: ``epoch``, ``loss``, ``seconds``, ``words_per_second``.

    Raises
    ------
    ValueError
        If no centre has a context.
    FloatingPointError
        If the vectors grow beyond all bounds.
    """
    import pandas as pd

    encoded = vocabulary.encode(corpus)
    raw_tokens = sum(len(sentence) for sentence in corpus)
    if np.diff(encoded.offsets).max(initial=0) < 2:
        raise ValueError(
            "No sentence keeps two words of the vocabulary, so no word has a context. "
            f"Lower min_count (the rarest word kept occurs {vocabulary.counts.min()} times) or "
            "use longer sentences."
        )
    keep = keep_probability(vocabulary.counts, options.sample)
    noise = noise_distribution(vocabulary.counts, options.ns_exponent)
    plain = options.autograd or options.loss == "softmax" or not model.input.weight.is_cpu
    untrained = math.log(2) * (1 + options.negative)
    if options.loss == "softmax":
        untrained = math.log(len(vocabulary))
    rates = np.linspace(options.alpha, options.min_alpha, options.epochs + 1).tolist()
    rows = []
    words = len(encoded.ids) * options.epochs
    with runtime.progress(total=words, desc=name, unit=" words") as bar:
        way = by_autograd if plain else by_kernel
        train = way(model, encoded, keep, noise, options, bar)
        for epoch, fall in enumerate(pairwise(rates)):
            started = time.perf_counter()
            loss, examples = train(epoch, fall)
            seconds = time.perf_counter() - started
            mean = loss / examples if examples else math.nan  # sub-sampling may leave no word
            total = model.input.weight.sum().item()  # isfinite() would copy the table
            if not math.isfinite(total) or (examples and not mean < 2 * untrained):
                raise FloatingPointError(
                    f"The vectors grow beyond all bounds: a loss of {mean:.4g}, where untrained "
                    f"ones have {untrained:.4g}, at a learning rate of {fall[0]:.4g}. Lower alpha "
                    "(or batch_size, by autograd); if neighbouring sentences repeat the same "
                    "words, shuffle the sentences."
                )
            rows.append((epoch + 1, mean, seconds, raw_tokens / seconds))
            bar.set_postfix(loss=f"{mean:.3f}", refresh=False)
    if idle := sum(math.isnan(row[1]) for row in rows):
        warnings.warn(
            f"In {idle} of {len(rows)} epochs there was no example to learn from; their loss is "
            "NaN. Sub-sampling left no two words beside each other: raise sample "
            f"({options.sample}), or give 0, which keeps every word; or use a larger corpus.",
            stacklevel=3,
        )
    return pd.DataFrame(rows, columns=["epoch", "loss", "seconds", "words_per_second"])
