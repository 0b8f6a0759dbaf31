"""The training loop: one call for both architectures, both losses, CPU and GPU."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from course_lib import runtime
from course_lib.text import EncodedCorpus, Vocabulary, keep_probability, noise_distribution
from course_lib.vectors import WordVectors
from course_lib.word2vec.batches import BLOCK, STEPS_AT_ONCE, Batch, batches, subsample
from course_lib.word2vec.fast import negative_step
from course_lib.word2vec.model import Architecture, Word2Vec

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

LARGEST_BATCH = 1024  # centres in one step
WORDS_A_WORKER = 50_000  # a thread with less to do in an epoch would only disturb the others
LOSS_EVERY = 16  # the loss is taken on one step in 16: it costs as much as the step


@dataclass(frozen=True)
class _Options:
    """What one step needs to know."""

    architecture: Architecture
    loss: Literal["negative", "softmax"]
    window: int
    negative: int
    batch_size: int
    exact_gradient: bool
    autograd: bool


def train(
    corpus: Sequence[Sequence[str]],
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
    corpus : sequence of sequences of str
        Tokenised sentences. No window crosses the end of one.
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
        sampling without autograd. With 1 the result depends on the seed alone; with more, on
        timing as well. A small corpus gets fewer.
    device : str or torch.device, optional
        The CPU if not given: only long runs gain from a GPU.
    vocabulary : Vocabulary, optional
        Use this one instead of building it with ``min_count``.
    batch_size : int, optional
        Centres a step. If not given, at most 1,024, and fewer where one word makes up much
        of the text: a step adds up all changes to a row, and many at once overshoot.
    exact_gradient : bool
        See :class:`Word2Vec`.
    autograd : bool
        Take the gradients of negative sampling from :class:`Word2Vec` instead of the written
        out step. Same result, slower.

    Returns
    -------
    WordVectors
        ``matrix`` is the input table, ``context`` the output table, ``history`` has a row an
        epoch: ``epoch``, ``loss`` (nats per example, sampled), ``seconds``,
        ``words_per_second`` (raw tokens).

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
    given = locals()
    _check(given)
    target = torch.device(device or "cpu")
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    encoded = vocabulary.encode(corpus)
    raw_tokens = sum(len(sentence) for sentence in corpus)
    if np.diff(encoded.offsets).max(initial=0) < 2:
        raise ValueError(
            "No sentence keeps two words of the vocabulary, so no word has a context. "
            f"Lower min_count (now {min_count}) or use longer sentences."
        )
    keep = keep_probability(vocabulary.counts, sample)
    if batch_size is None:
        batch_size = _batch_size(vocabulary.counts * keep, given)
    options = _Options(architecture, loss, window, negative, batch_size, exact_gradient, autograd)

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = Word2Vec(len(vocabulary), vector_size, architecture, exact_gradient=exact_gradient)
    model.to(target)
    noise = torch.from_numpy(np.cumsum(noise_distribution(vocabulary.counts, ns_exponent)))
    noise = noise.to(target, torch.float32 if target.type == "mps" else torch.float64)
    rates = np.linspace(alpha, min_alpha, epochs + 1)
    rows = []
    with runtime.progress(total=raw_tokens * epochs, desc="word2vec", unit=" words") as bar:
        for epoch in range(epochs):
            started = time.perf_counter()
            ids, sentence = subsample(encoded, keep, rng)
            work = _Epoch(model, noise, options, rates[epoch], rates[epoch + 1], bar, raw_tokens)
            mean_loss = work.run(ids, sentence, workers, seed * 1_000_003 + epoch)
            seconds = time.perf_counter() - started
            rows.append((epoch + 1, mean_loss, seconds, raw_tokens / seconds))
    return WordVectors(
        vocabulary.words,
        model.input.weight.detach().cpu().numpy(),
        counts=vocabulary.counts,
        context=model.output.weight.detach().cpu().numpy(),
        history=_history(rows),
    )


class _Epoch:
    """One pass over the kept words, by one thread or several on the same tables."""

    def __init__(
        self,
        model: Word2Vec,
        noise: torch.Tensor,
        options: _Options,
        first_rate: float,
        last_rate: float,
        bar: tqdm,
        raw_tokens: int,
    ) -> None:
        self.model, self.noise, self.options, self.bar = model, noise, options, bar
        self.first_rate, self.last_rate, self.raw_tokens = first_rate, last_rate, raw_tokens
        self.stop = threading.Event()
        self.losses: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.errors: list[BaseException] = []

    def run(self, ids: np.ndarray, sentence: np.ndarray, workers: int, seed: int) -> float:
        """Train on all words and return the mean loss an example."""
        workers = max(1, min(workers, len(ids) // WORDS_A_WORKER))
        edges = np.linspace(0, len(ids), workers + 1).astype(int)
        threads = [
            threading.Thread(
                target=self._guarded, args=(ids[a:b], sentence[a:b], seed * workers + part)
            )
            for part, (a, b) in enumerate(pairwise(edges))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            self.stop.set()  # an interrupt ends the threads after their present step
        if self.errors:
            raise self.errors[0]
        if not self.losses:  # sub-sampling has left no word in this epoch
            return math.nan
        loss, examples = (float(torch.stack(part).sum()) for part in zip(*self.losses, strict=True))
        if not math.isfinite(loss) or not torch.isfinite(self.model.input.weight).all():
            raise FloatingPointError(
                f"The vectors have grown beyond all bounds at a learning rate of "
                f"{self.first_rate:.4g} with {self.options.batch_size} centres a step. "
                "Lower alpha or batch_size."
            )
        return loss / max(examples, 1.0)

    def _guarded(self, ids: np.ndarray, sentence: np.ndarray, seed: int) -> None:
        try:
            # A thread of its own, so the limit of one core does not outlive the training.
            torch.set_num_threads(1)
            with torch.no_grad():
                self._steps(ids, sentence, seed)
        except BaseException as error:
            self.errors.append(error)
            self.stop.set()

    def _steps(self, ids: np.ndarray, sentence: np.ndarray, seed: int) -> None:
        options, device = self.options, self.model.input.weight.device
        generator = torch.Generator(device).manual_seed(seed)
        words = [torch.from_numpy(part).to(device) for part in (ids, sentence)]
        n_steps = max(1, math.ceil(len(ids) / options.batch_size))
        steps = batches(*words, window=options.window, size=options.batch_size, generator=generator)
        noise = self._noise_words(options.batch_size // BLOCK, generator)
        raw_words = self.raw_tokens * LOSS_EVERY // max(1, n_steps)
        for number, batch in enumerate(steps):
            if self.stop.is_set():
                return
            rate = self.first_rate + (self.last_rate - self.first_rate) * number / n_steps
            with_loss = number % LOSS_EVERY == 0
            if options.loss == "negative":
                self._negative(batch, next(noise), rate, with_loss)
            else:
                self._descend(lambda batch=batch: self.model.softmax_loss(batch), batch, rate)
            if with_loss:
                loss, examples = (float(value) for value in self.losses[-1])
                self.bar.set_postfix(loss=f"{loss / max(examples, 1.0):.3f}", refresh=False)
                self.bar.update(raw_words)

    def _noise_words(self, blocks: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
        """Yield the noise words of one step after the other, (blocks, BLOCK) each."""
        while True:
            yield from draw_noise(self.noise, (STEPS_AT_ONCE, blocks, BLOCK), generator)

    def _negative(
        self, batch: Batch, negatives: torch.Tensor, rate: float, with_loss: bool
    ) -> None:
        options = self.options

        def loss() -> torch.Tensor:
            return self.model.negative_loss(batch, negatives, options.negative)

        if options.autograd:
            self._descend(loss, batch, rate)
            return
        if with_loss:
            self._note(loss(), batch)
        negative_step(
            self.model.input.weight,
            self.model.output.weight,
            batch,
            negatives,
            architecture=options.architecture,
            negative=options.negative,
            learning_rate=rate,
            exact_gradient=options.exact_gradient,
        )

    def _descend(self, loss: Callable[[], torch.Tensor], batch: Batch, rate: float) -> None:
        """Do one step with the gradients of autograd."""
        with torch.enable_grad():
            value = loss()
            gradients = torch.autograd.grad(value, list(self.model.parameters()))
        for table, gradient in zip(self.model.parameters(), gradients, strict=True):
            table.sub_(gradient, alpha=rate)
        self._note(value.detach(), batch)

    def _note(self, loss: torch.Tensor, batch: Batch) -> None:
        per_centre = batch.mask.sum(dim=2)
        examples = per_centre if self.options.architecture == "skipgram" else per_centre > 0
        self.losses.append((loss, examples.sum()))


def draw_noise(
    cumulative: torch.Tensor, shape: tuple[int, ...], generator: torch.Generator
) -> torch.Tensor:
    """Draw word ids from a distribution given as its running sum.

    Parameters
    ----------
    cumulative : torch.Tensor, float, (V,)
        Ends at 1.
    shape : tuple of int
    generator : torch.Generator

    Returns
    -------
    torch.Tensor, int64, ``shape``
    """
    points = torch.rand(
        shape, generator=generator, dtype=cumulative.dtype, device=cumulative.device
    )
    return torch.searchsorted(cumulative, points, right=True).clamp_(max=len(cumulative) - 1)


def _batch_size(kept_counts: np.ndarray, options: dict) -> int:
    """Return how many centres a step may hold.

    A step adds up all changes to a row. The row of the most frequent word, a share of the
    kept text, gets (window + 1) · (1 + negative) of them for each centre, each up to
    ``alpha`` long. The limits were found by trial: half of where vectors begin to overshoot.
    """
    limit = {"skipgram": 5.0, "cbow": 10.0}[options["architecture"]]
    changes = (options["window"] + 1) * (1 + options["negative"])
    if options["loss"] == "softmax":  # every word answers every time
        limit, changes = 0.5, options["window"] + 1
    share = kept_counts.max() / kept_counts.sum()
    size = limit / (options["alpha"] * share * changes)
    return int(min(LARGEST_BATCH, max(BLOCK, size // BLOCK * BLOCK)))


def _history(rows: list[tuple[int, float, float, float]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["epoch", "loss", "seconds", "words_per_second"])


def _check(options: dict) -> None:
    """Refuse options that cannot work, before any time is spent."""
    choices = {"architecture": ("skipgram", "cbow"), "loss": ("negative", "softmax")}
    for name, allowed in choices.items():
        if options[name] not in allowed:
            raise ValueError(f"{name} is {options[name]!r}; it must be one of {allowed}.")
    for name in ("vector_size", "window", "negative", "min_count", "epochs", "workers"):
        if not isinstance(options[name], (int, np.integer)) or options[name] < 1:
            raise ValueError(f"{name} is {options[name]!r}; it must be a whole number above 0.")
    for name in ("alpha", "min_alpha"):
        if not (math.isfinite(options[name]) and options[name] > 0):
            raise ValueError(f"{name} is {options[name]}; a learning rate is a number above 0.")
    if options["min_alpha"] > options["alpha"]:
        raise ValueError(
            f"min_alpha, {options['min_alpha']}, is above alpha, {options['alpha']}; "
            "the learning rate falls from alpha to min_alpha."
        )
    if options["workers"] > 1 and (options["autograd"] or options["loss"] == "softmax"):
        raise ValueError(
            f"workers is {options['workers']}, but autograd needs tables that nobody else "
            "changes: use workers=1, or negative sampling without autograd."
        )
    size = options["batch_size"]
    if size is not None and (size < BLOCK or size % BLOCK):
        raise ValueError(f"batch_size is {size}; it must be a multiple of {BLOCK}.")
    corpus = options["corpus"]
    if isinstance(corpus, (str, EncodedCorpus)) or not hasattr(corpus, "__len__"):
        raise TypeError(
            f"corpus must be a list of tokenised sentences (lists of words), not "
            f"{type(corpus).__name__}: it is read more than once."
        )
    if len(corpus) == 0:
        raise ValueError("The corpus is empty: it holds no sentence.")
