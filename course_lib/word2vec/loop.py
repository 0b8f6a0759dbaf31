"""The loop around a model that learns by negative sampling or softmax.

word2vec and FastText differ in how a centre gets its vector; everything here is common to
both: the rates, the noise words, the threads, the history.
"""

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
from course_lib.word2vec.batches import BLOCK, STEPS_AT_ONCE, Batch, batches, subsample
from course_lib.word2vec.model import Architecture, Word2Vec

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

LARGEST_BATCH = 1024  # centres in one step
WORDS_A_WORKER = 50_000  # a thread with less to do in an epoch would only disturb the others
LOSS_EVERY = 16  # the loss is taken on one step in 16: it costs as much as the step

# Changes the tables in place for one batch, its noise words and a learning rate.
Step = Callable[[Batch, torch.Tensor, float], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to train. The names are those of :func:`course_lib.word2vec.train`.

    Raises
    ------
    ValueError
        If an option is out of range; before any time is spent.
    """

    architecture: Architecture = "skipgram"
    loss: Literal["negative", "softmax"] = "negative"
    window: int
    negative: int
    sample: float
    epochs: int
    alpha: float
    min_alpha: float
    ns_exponent: float
    seed: int
    workers: int
    batch_size: int | None
    autograd: bool

    def __post_init__(self) -> None:
        """Refuse options that cannot work."""
        choices = {"architecture": ("skipgram", "cbow"), "loss": ("negative", "softmax")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {allowed}.")
        for name in ("window", "negative", "epochs", "workers"):
            check_whole_number(name, getattr(self, name))
        for name in ("alpha", "min_alpha"):
            rate = getattr(self, name)
            if not (math.isfinite(rate) and rate > 0):
                raise ValueError(f"{name} is {rate}; a learning rate is a number above 0.")
        if self.min_alpha > self.alpha:
            raise ValueError(
                f"min_alpha, {self.min_alpha}, is above alpha, {self.alpha}; "
                "the learning rate falls from alpha to min_alpha."
            )
        if self.workers > 1 and (self.autograd or self.loss == "softmax"):
            raise ValueError(
                f"workers is {self.workers}, but autograd needs tables that nobody else "
                "changes: use workers=1, or negative sampling without autograd."
            )
        size = self.batch_size
        if size is not None and (size < BLOCK or size % BLOCK):
            raise ValueError(f"batch_size is {size}; it must be a multiple of {BLOCK}.")


def check_whole_number(name: str, value: object) -> None:
    """Raise a ValueError unless the option ``name`` is a whole number above 0."""
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {value!r}; it must be a whole number above 0.")


def check_corpus(corpus: object) -> None:
    """Raise a TypeError or ValueError unless ``corpus`` can be read more than once."""
    if isinstance(corpus, (str, EncodedCorpus)) or not hasattr(corpus, "__len__"):
        raise TypeError(
            f"corpus must be a list of tokenised sentences (lists of words), not "
            f"{type(corpus).__name__}: it is read more than once."
        )
    if len(corpus) == 0:
        raise ValueError("The corpus is empty: it holds no sentence.")


def descend(
    model: Word2Vec,
    step: Step,
    corpus: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    options: Options,
    *,
    name: str,
) -> pd.DataFrame:
    """Train a model in place.

    Parameters
    ----------
    model : Word2Vec
        Gives the losses; trained on the device it stands on.
    step : callable
        ``step(batch, negatives, learning_rate)`` does what a step on ``model.negative_loss``
        does, faster.
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
    batch_size = options.batch_size or _batch_size(vocabulary.counts * keep, options)
    target = model.output.weight.device
    noise = np.cumsum(noise_distribution(vocabulary.counts, options.ns_exponent))
    noise = torch.from_numpy(noise)
    noise = noise.to(target, torch.float32 if target.type == "mps" else torch.float64)
    rng = np.random.default_rng(options.seed)
    rates = np.linspace(options.alpha, options.min_alpha, options.epochs + 1)
    rows = []
    with runtime.progress(total=raw_tokens * options.epochs, desc=name, unit=" words") as bar:
        for epoch, (first, last) in enumerate(pairwise(rates)):
            started = time.perf_counter()
            ids, sentence = subsample(encoded, keep, rng)
            work = _Epoch(model, step, noise, options, batch_size, first, last, bar, raw_tokens)
            mean_loss = work.run(ids, sentence, options.workers, options.seed * 1_000_003 + epoch)
            seconds = time.perf_counter() - started
            rows.append((epoch + 1, mean_loss, seconds, raw_tokens / seconds))
    return pd.DataFrame(rows, columns=["epoch", "loss", "seconds", "words_per_second"])


class _Epoch:
    """One pass over the kept words, by one thread or several on the same tables."""

    def __init__(
        self,
        model: Word2Vec,
        step: Step,
        noise: torch.Tensor,
        options: Options,
        batch_size: int,
        first_rate: float,
        last_rate: float,
        bar: tqdm,
        raw_tokens: int,
    ) -> None:
        self.model, self.step, self.noise, self.options = model, step, noise, options
        self.batch_size, self.bar = batch_size, bar
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
        mean = loss / max(examples, 1.0)
        untrained = math.log(2) * (1 + self.options.negative)
        if self.options.loss == "softmax":
            untrained = math.log(len(self.noise))
        # NaN is not below anything, so the comparison refuses it too.
        if not mean < 2 * untrained or not torch.isfinite(self.model.input.weight).all():
            raise FloatingPointError(
                f"The vectors grow beyond all bounds: a loss of {mean:.4g}, where untrained ones "
                f"have {untrained:.4g}, at a learning rate of {self.first_rate:.4g} with "
                f"{self.batch_size} centres a step. Lower alpha or batch_size; if neighbouring "
                "sentences repeat the same words, shuffle the sentences."
            )
        return mean

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
        n_steps = max(1, math.ceil(len(ids) / self.batch_size))
        steps = batches(*words, window=options.window, size=self.batch_size, generator=generator)
        noise = self._noise_words(self.batch_size // BLOCK, generator)
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
        def loss() -> torch.Tensor:
            return self.model.negative_loss(batch, negatives, self.options.negative)

        if self.options.autograd:
            self._descend(loss, batch, rate)
            return
        if with_loss:
            self._note(loss(), batch)
        self.step(batch, negatives, rate)

    def _descend(self, loss: Callable[[], torch.Tensor], batch: Batch, rate: float) -> None:
        """Do one step with the gradients of autograd."""
        with torch.enable_grad():
            value = loss()
            gradients = torch.autograd.grad(value, list(self.model.parameters()))
        for table, gradient in zip(self.model.parameters(), gradients, strict=True):
            table.sub_(gradient, alpha=rate)
        self._note(value.detach(), batch)

    def _note(self, loss: torch.Tensor, batch: Batch) -> None:
        per_center = batch.mask.sum(dim=2)
        examples = per_center if self.options.architecture == "skipgram" else per_center > 0
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


def _batch_size(kept_counts: np.ndarray, options: Options) -> int:
    """Return how many centres a step may hold.

    A step adds up all changes to a row. The row of the most frequent word, a share of the
    kept text, gets (window + 1) · (1 + negative) of them for each centre, each up to
    ``alpha`` long. The limits were found by trial: half of where vectors begin to overshoot.
    """
    limit = {"skipgram": 5.0, "cbow": 10.0}[options.architecture]
    changes = (options.window + 1) * (1 + options.negative)
    if options.loss == "softmax":  # every word answers every time
        limit, changes = 0.5, options.window + 1
    share = kept_counts.max() / kept_counts.sum()
    size = limit / (options.alpha * share * changes)
    return int(min(LARGEST_BATCH, max(BLOCK, size // BLOCK * BLOCK)))
