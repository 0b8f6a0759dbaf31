"""The call that trains FastText vectors."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from course_lib.checks import check_corpus, check_whole_number
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
    window: int = 5,
    negative: int = 5,
    min_count: int = 5,
    sample: float = 1e-3,
    epochs: int = 5,
    alpha: float = 0.025,
    min_alpha: float = 1e-4,
    ns_exponent: float = 0.75,
    min_n: int = 3,
    max_n: int = 6,
    bucket: int = 200_000,
    normalizer: str = "none",
    seed: int = 1,
    workers: int = 1,
    device: str | torch.device | None = None,
    vocabulary: Vocabulary | None = None,
    batch_size: int | None = None,
    autograd: bool = False,
) -> FastTextVectors:
    """Train Skip-gram with negative sampling over sub-words.

    Parameters
    ----------
    corpus : iterable of iterables of str
        Tokenised sentences; read more than once, so no generator. No window crosses the end of one.
    vector_size, window, negative, min_count, sample, epochs, alpha, min_alpha, ns_exponent
        As in :func:`course_lib.word2vec.train`.
    min_n, max_n : int
        Shortest and longest n-gram, in characters, the marks ``<`` and ``>`` included.
    bucket : int
        Rows that all n-grams share. gensim and the fastText program take 2,000,000, which at
        100 dimensions is 800 MB; a course-sized text has far fewer different n-grams.
    normalizer : {"none", "jamo"}
        ``"jamo"`` takes the n-grams of a Korean word over its jamo instead of its syllables;
        ``min_n`` and ``max_n`` then count jamo.
    seed, workers, device, vocabulary, batch_size, autograd
        As in :func:`course_lib.word2vec.train`.

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
    options = Options(
        window=window,
        negative=negative,
        sample=sample,
        epochs=epochs,
        alpha=alpha,
        min_alpha=min_alpha,
        ns_exponent=ns_exponent,
        seed=seed,
        workers=workers,
        batch_size=batch_size,
        autograd=autograd,
    )
    for name, number in {"vector_size": vector_size, "min_count": min_count}.items():
        check_whole_number(name, number)
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = FastText(vocabulary.words, vector_size, subwords)
    model.to(device or "cpu")

    history = descend(model, corpus, vocabulary, options, name="FastText")
    return FastTextVectors(
        vocabulary.words,
        model.word_vectors(),
        ngram_matrix=model.input.weight[len(vocabulary) :].detach().cpu().numpy(),
        subwords=subwords,
        counts=vocabulary.counts,
        context=model.output.weight.detach().cpu().numpy(),
        history=history,
    )
