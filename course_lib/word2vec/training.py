"""The call that trains CBOW and Skip-gram vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch

from course_lib.checks import check_corpus, check_whole_numbers
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors
from course_lib.word2vec.loop import descend
from course_lib.word2vec.model import Architecture, Word2Vec
from course_lib.word2vec.options import Options


def train(
    corpus: Iterable[Iterable[str]],
    architecture: Architecture = "skipgram",
    loss: Literal["negative", "softmax"] = "negative",
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
    seed: int = 1,
    workers: int = 1,
    device: str | torch.device | None = None,
    vocabulary: Vocabulary | None = None,
    batch_size: int | None = None,
    exact_gradient: bool = False,
    autograd: bool = False,
) -> WordVectors:
    """Train word vectors by prediction.

    Parameters
    ----------
    corpus : iterable of iterables of str
        Tokenised sentences; read more than once, so no generator. No window crosses the end of one.
    architecture : {"skipgram", "cbow"}
        Predict the context from the centre, or the centre from the mean of its context.
    loss : {"negative", "softmax"}
        Negative sampling, or cross-entropy over the whole vocabulary.
    vector_size, window, negative, min_count, sample, epochs, alpha, min_alpha, ns_exponent, seed
        As in gensim: dimensions; largest distance; noise words per example; rarest word kept;
        sub-sampling threshold (0: none); passes; first and last learning rate (linear decay);
        exponent of the noise distribution; seed.
    workers : int
        Threads that update the same tables without waiting for each other: only for negative
        sampling on the CPU, without autograd. With 1 the result depends on the seed alone; with
        more, on timing as well. A small corpus gets fewer.
    device : str or torch.device, optional
        The CPU if not given, which has the compiled loop; any other learns by autograd.
    vocabulary : Vocabulary, optional
        Use this one instead of building it with ``min_count``.
    batch_size : int, optional
        Centres a step by autograd (the compiled loop takes one at a time). If not given, at
        most 1,024, and fewer where one word makes up much of the text: a step adds up all
        changes to a row, and many at once overshoot.
    exact_gradient : bool
        See :class:`Word2Vec`.
    autograd : bool
        Take the gradients of negative sampling from :class:`Word2Vec` instead of the compiled
        loop. Same loss, slower.

    Returns
    -------
    WordVectors
        ``matrix`` is the input table, ``context`` the output table, ``history`` has a row an
        epoch: ``epoch``, ``loss`` (nats per example), ``seconds``, ``words_per_second`` (raw
        tokens).

    Raises
    ------
    ValueError
        If the corpus is empty, no word reaches ``min_count``, no centre has a context, or an
        option is out of range.
    FloatingPointError
        If the vectors grow beyond all bounds; nothing is returned then.

    References
    ----------
    Mikolov et al. 2013a, 2013b. Updating without locks: Niu et al. 2011, "Hogwild!".
    Sharing noise words inside a block follows the idea of Ji et al. 2016, "Parallelizing
    Word2Vec in Shared and Distributed Memory".
    """
    corpus = check_corpus(corpus)
    options = Options(
        architecture=architecture,
        loss=loss,
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
    check_whole_numbers(vector_size=vector_size)
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = Word2Vec(len(vocabulary), vector_size, architecture, exact_gradient=exact_gradient)
    model.to(device or "cpu")

    history = descend(model, corpus, vocabulary, options, name="word2vec")
    return WordVectors(
        vocabulary.words,
        model.input.weight.detach().cpu().numpy(),
        counts=vocabulary.counts,
        context=model.output.weight.detach().cpu().numpy(),
        history=history,
    )
