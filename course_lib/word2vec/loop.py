"""The loop around a model that learns by negative sampling or softmax.

word2vec and FastText differ in how a centre gets its vector; everything here is common to
both: the rates, the noise words, the threads, the history.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from course_lib import runtime
from course_lib.text import Vocabulary, keep_probability, noise_distribution
from course_lib.word2vec.batches import BLOCK, STEPS_AT_ONCE, Batch, batches, subsample
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.options import Options

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

LARGEST_BATCH = 1024  # centres in one step
WORDS_A_WORKER = 50_000  # a thread with less to do in an epoch would only disturb the others
LOSS_EVERY = 16  # the loss is taken on one step in 16: it costs as much as the step

# Changes the tables in place for one batch, its noise words and a learning rate.
Step = Callable[[Batch, torch.Tensor, float], None]
Loss = tuple[torch.Tensor, torch.Tensor]  # of one step: the sum, and over how many examples


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
    seeds = [options.seed * 1_000_003 + epoch for epoch in range(options.epochs)]
    rows = []
    with runtime.progress(total=raw_tokens * options.epochs, desc=name, unit=" words") as bar:
        trainer = Trainer(model, step, noise, options, batch_size, raw_tokens, bar)
        for epoch, (fall, seed) in enumerate(zip(pairwise(rates), seeds, strict=True), 1):
            started = time.perf_counter()
            loss = trainer.epoch(*subsample(encoded, keep, rng), fall, seed)
            seconds = time.perf_counter() - started
            rows.append((epoch, loss, seconds, raw_tokens / seconds))
    return pd.DataFrame(rows, columns=["epoch", "loss", "seconds", "words_per_second"])


@dataclass
class Trainer:
    """Passes over the kept words, by one thread or several on the same tables.

    Attributes
    ----------
    model : Word2Vec
    step : callable
        See :func:`descend`.
    noise : torch.Tensor, float, (V,)
        Running sum of the distribution of the noise words.
    options : Options
    batch_size : int
        Centres a step.
    raw_tokens : int
        Tokens of the corpus before any is left out: what the progress bar counts.
    bar : tqdm
    """

    model: Word2Vec
    step: Step
    noise: torch.Tensor
    options: Options
    batch_size: int
    raw_tokens: int
    bar: tqdm
    stop: threading.Event = field(default_factory=threading.Event)

    def epoch(
        self, ids: np.ndarray, sentence: np.ndarray, fall: tuple[float, float], seed: int
    ) -> float:
        """Train on all words once and return the mean loss an example.

        Parameters
        ----------
        ids, sentence : numpy.ndarray, int, (tokens,)
            The word at each place, and the number of its sentence.
        fall : (float, float)
            First and last learning rate.
        seed : int
        """
        workers = max(1, min(self.options.workers, len(ids) // WORDS_A_WORKER))
        edges = np.linspace(0, len(ids), workers + 1).astype(int)
        # Threads of their own, so that the limit of one core does not outlive the training.
        one_core = {"initializer": torch.set_num_threads, "initargs": (1,)}
        with ThreadPoolExecutor(workers, **one_core) as pool:
            shares = [
                pool.submit(self._work, ids[a:b], sentence[a:b], fall, seed * workers + part)
                for part, (a, b) in enumerate(pairwise(edges))
            ]
            try:
                losses = [loss for share in shares for loss in share.result()]
            except BaseException:
                self.stop.set()  # an interrupt ends the threads after their present step
                raise
        return self._mean(losses, fall[0])

    def _work(
        self, ids: np.ndarray, sentence: np.ndarray, fall: tuple[float, float], seed: int
    ) -> list[Loss]:
        """Do what one thread does in an epoch: go over its share of the words."""
        try:
            with torch.no_grad():
                return self._steps(ids, sentence, fall, seed)
        except BaseException:
            self.stop.set()
            raise

    def _steps(
        self, ids: np.ndarray, sentence: np.ndarray, fall: tuple[float, float], seed: int
    ) -> list[Loss]:
        options, device = self.options, self.model.input.weight.device
        generator = torch.Generator(device).manual_seed(seed)
        words = [torch.from_numpy(part).to(device) for part in (ids, sentence)]
        n_steps = max(1, math.ceil(len(ids) / self.batch_size))
        steps = batches(*words, window=options.window, size=self.batch_size, generator=generator)
        noise = self._noise_words(generator)
        raw_words = self.raw_tokens * LOSS_EVERY // n_steps
        losses: list[Loss] = []
        for number, batch in enumerate(steps):
            if self.stop.is_set():
                break
            rate = fall[0] + (fall[1] - fall[0]) * number / n_steps
            negatives = next(noise) if options.loss == "negative" else None
            look = number % LOSS_EVERY == 0
            if look or options.by_autograd:
                losses.append((self._loss(batch, negatives, rate), self._examples(batch)))
            if not options.by_autograd:
                self.step(batch, negatives, rate)
            if look:
                loss, examples = map(float, losses[-1])
                self.bar.set_postfix(loss=f"{loss / max(examples, 1.0):.3f}", refresh=False)
                self.bar.update(raw_words)
        return losses

    def _noise_words(self, generator: torch.Generator) -> Iterator[torch.Tensor]:
        """Yield the noise words of one step after the other, (blocks, BLOCK) each."""
        shape = (STEPS_AT_ONCE, self.batch_size // BLOCK, BLOCK)
        while True:
            yield from draw_noise(self.noise, shape, generator)

    def _loss(self, batch: Batch, negatives: torch.Tensor | None, rate: float) -> torch.Tensor:
        """Return the loss of a step; where autograd is asked for, do the step too."""
        tables = list(self.model.parameters())
        with torch.set_grad_enabled(self.options.by_autograd):
            if negatives is None:
                loss = self.model.softmax_loss(batch)
            else:
                loss = self.model.negative_loss(batch, negatives, self.options.negative)
            if not self.options.by_autograd:
                return loss
            gradients = torch.autograd.grad(loss, tables)
        for table, gradient in zip(tables, gradients, strict=True):
            table.sub_(gradient, alpha=rate)
        return loss.detach()

    def _examples(self, batch: Batch) -> torch.Tensor:
        per_center = batch.mask.sum(dim=2)
        return (per_center if self.options.architecture == "skipgram" else per_center > 0).sum()

    def _mean(self, losses: list[Loss], rate: float) -> float:
        if not losses:  # sub-sampling has left no word in this epoch
            return math.nan
        loss, examples = (float(torch.stack(part).sum()) for part in zip(*losses, strict=True))
        mean = loss / max(examples, 1.0)
        untrained = math.log(2) * (1 + self.options.negative)
        if self.options.loss == "softmax":
            untrained = math.log(len(self.noise))
        # NaN is not below anything, so the comparison refuses it too.
        if not mean < 2 * untrained or not torch.isfinite(self.model.input.weight).all():
            raise FloatingPointError(
                f"The vectors grow beyond all bounds: a loss of {mean:.4g}, where untrained ones "
                f"have {untrained:.4g}, at a learning rate of {rate:.4g} with "
                f"{self.batch_size} centres a step. Lower alpha or batch_size; if neighbouring "
                "sentences repeat the same words, shuffle the sentences."
            )
        return mean


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
