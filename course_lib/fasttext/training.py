"""The call that trains FastText vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from course_lib.checks import check_corpus, check_whole_numbers
from course_lib.fasttext.model import FastText
from course_lib.fasttext.subwords import Subwords
from course_lib.fasttext.vectors import FastTextVectors
from course_lib.text import Vocabulary
from course_lib.word2vec.loop import descend
from course_lib.word2vec.options import Options


def train(
    corpus: Iterable[Iterable[str]],
    *,
    vector_size: int = 100,
    min_count: int = 5,
    min_n: int = 3,
    max_n: int = 6,
    bucket: int = 200_000,
    normalizer: str = "none",
    seed: int = 1,
    device: str | torch.device | None = None,
    vocabulary: Vocabulary | None = None,
    **options: Any,
) -> FastTextVectors:
    """Train Skip-gram with negative sampling over sub-words.

    Parameters
    ----------
    corpus : iterable of iterables of str
        Tokenised sentences; read more than once, so no generator. No window crosses the end of one.
    vector_size, min_count, seed, device, vocabulary
        As in :func:`course_lib.word2vec.train`.
    min_n, max_n : int
        Shortest and longest n-gram, in characters, the marks ``<`` and ``>`` included.
    bucket : int
        Rows that all n-grams share. gensim and the fastText program take 2,000,000, which at
        100 dimensions is 800 MB; a course-sized text has far fewer different n-grams.
    normalizer : {"none", "jamo"}
        ``"jamo"`` takes the n-grams of a Korean word over its jamo instead of its syllables;
        ``min_n`` and ``max_n`` then count jamo.
    **options
        ``window``, ``negative``, ``sample``, ``epochs``, ``alpha``, ``min_alpha``,
        ``ns_exponent``, ``workers``, ``batch_size``, ``autograd``: as there, defaults too.

    Returns
    -------
    FastTextVectors
        ``matrix`` holds the vectors of the vocabulary; unknown words are put together from
        ``ngram_matrix`` when asked for. ``history`` as in :func:`course_lib.word2vec.train`.

    Raises
    ------
    ValueError
        If the corpus is empty, no word reaches ``min_count``, no centre has a context, or an
        option is out of range: among them ``min_n`` above ``max_n`` and an unknown
        normaliser.
    FloatingPointError
        If the vectors grow beyond all bounds; nothing is returned then.

    References
    ----------
    Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information". For jamo: Park
    et al. 2018, "Subword-level Word Vector Representations for Korean".
    """
    corpus = check_corpus(corpus)
    subwords = Subwords(min_n, max_n, bucket, normalizer)
    setting = Options(architecture="skipgram", loss="negative", seed=seed, **options)
    check_whole_numbers(vector_size=vector_size)
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = FastText(vocabulary.words, vector_size, subwords)
    model.to(device or "cpu")

    history = descend(model, corpus, vocabulary, setting, name="FastText")
    return FastTextVectors(
        vocabulary.words,
        model.word_vectors(),
        ngram_matrix=model.input.weight[len(vocabulary) :].detach().cpu().numpy(),
        subwords=subwords,
        counts=vocabulary.counts,
        context=model.output.weight.detach().cpu().numpy(),
        history=history,
    )
