"""The training loop: counts in, word vectors out."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch

from course_lib import runtime
from course_lib.counts import cooccurrence
from course_lib.glove.entries import Entries
from course_lib.glove.fast import adagrad_step
from course_lib.glove.model import GloVe
from course_lib.text import Vocabulary, check_corpus, check_whole_number
from course_lib.vectors import WordVectors

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import coo_array, sparray

BATCH_SIZE = 4096  # Entries in a step: larger ones are little faster and learn less an epoch.


def train(
    corpus: Sequence[Sequence[str]],
    *,
    vector_size: int = 100,
    window: int = 5,
    min_count: int = 5,
    epochs: int = 25,
    alpha: float = 0.05,
    x_max: float = 100.0,
    exponent: float = 0.75,
    seed: int = 1,
    workers: int = 1,
    device: str | torch.device | None = None,
    vocabulary: Vocabulary | None = None,
    batch_size: int = BATCH_SIZE,
    autograd: bool = False,
) -> WordVectors:
    """Count a corpus and fit GloVe vectors to the counts.

    Parameters
    ----------
    corpus : sequence of sequences of str
        Tokenised sentences. A pair at distance d counts 1/d; no window crosses the end of a
        sentence.
    window : int
        The largest distance counted.
    min_count : int
        Words that occur less often are left out.
    vocabulary : Vocabulary, optional
        Use this one instead of building it with ``min_count``.
    vector_size, epochs, alpha, x_max, exponent, seed, workers, device, batch_size, autograd
        See :func:`fit`.

    Returns
    -------
    WordVectors
        See :func:`fit`.

    Raises
    ------
    ValueError
        As :func:`fit`; also if the corpus is empty or no word reaches ``min_count``.

    References
    ----------
    Pennington, Socher and Manning 2014.
    """
    check_corpus(corpus)
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    counts = cooccurrence(corpus, vocabulary, window=window, weighting="inverse")
    return fit(
        counts,
        vocabulary,
        vector_size=vector_size,
        epochs=epochs,
        alpha=alpha,
        x_max=x_max,
        exponent=exponent,
        seed=seed,
        workers=workers,
        device=device,
        batch_size=batch_size,
        autograd=autograd,
    )


def fit(
    counts: sparray | np.ndarray,
    vocabulary: Vocabulary,
    *,
    vector_size: int = 100,
    epochs: int = 25,
    alpha: float = 0.05,
    x_max: float = 100.0,
    exponent: float = 0.75,
    seed: int = 1,
    workers: int = 1,
    device: str | torch.device | None = None,
    batch_size: int = BATCH_SIZE,
    autograd: bool = False,
) -> WordVectors:
    """Fit GloVe vectors to a co-occurrence matrix.

    Parameters
    ----------
    counts : sparse array or numpy.ndarray, (V, V)
        Entry (i, j) is X_ij, how often word j stands near word i. Only entries above 0 count.
    vocabulary : Vocabulary
        The V words.
    vector_size : int
        M, the number of dimensions.
    epochs : int
        Passes over all entries.
    alpha : float
        Learning rate of AdaGrad, whose sums of squares start at 1 as in the GloVe program.
    x_max, exponent : float
        See :func:`weight`.
    seed : int
    workers : int
        Threads of the CPU. The result does not depend on their number.
    device : str or torch.device, optional
        The CPU if not given.
    batch_size : int
        Entries a step. They are spread over batches at random, once; each epoch takes the
        batches in another order.
    autograd : bool
        Take gradients from :class:`GloVe` and steps from ``torch.optim.Adagrad``. Same
        result, slower.

    Returns
    -------
    WordVectors
        ``matrix`` is W + W~, ``context`` is W~ alone, ``history`` has a row an epoch:
        ``epoch``, ``loss`` (weighted squared error, mean over entries), ``seconds``,
        ``entries_per_second``.

    Raises
    ------
    ValueError
        If the matrix is empty, not square, of another size than the vocabulary, all zero, or
        holds a negative number, NaN or infinity; or if an option is out of range.
    FloatingPointError
        If the vectors grow beyond all bounds; nothing is returned then.

    References
    ----------
    Pennington, Socher and Manning 2014, sections 3 and 4.2.
    """
    from scipy.sparse import csr_array

    sizes = {"vector_size": vector_size, "epochs": epochs}
    for name, number in {**sizes, "workers": workers, "batch_size": batch_size}.items():
        check_whole_number(name, number)
    for name, number in {"alpha": alpha, "x_max": x_max}.items():
        if not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} is {number}; it must be a number above 0.")
    if not 0 <= exponent < math.inf:
        raise ValueError(f"exponent is {exponent}; it must be 0 or more.")
    counts = csr_array(counts).tocoo()  # adds up what stands at the same place
    _check_counts(counts, vocabulary)
    target = torch.device(device or "cpu")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = GloVe(len(vocabulary), vector_size).to(target)
    batches = _batches(counts, batch_size, generator, x_max, exponent, target)
    step = _autograd_step(model, alpha) if autograd else _fast_step(model, alpha)
    stop = threading.Event()
    # A thread of its own, so the limit on cores does not outlive the training.
    with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(workers,)) as pool:
        try:
            history = pool.submit(_epochs, batches, step, epochs, generator, stop).result()
        finally:
            stop.set()  # an interrupt ends the training after the present step
    return WordVectors(
        vocabulary.words,
        model.vectors(),
        counts=vocabulary.counts,
        context=model.context[:, :-2].detach().cpu().numpy(),
        history=history,
    )


def _batches(
    counts: coo_array,
    batch_size: int,
    generator: torch.Generator,
    x_max: float,
    exponent: float,
    device: torch.device,
) -> list[Entries]:
    """Shuffle the entries above 0 and split them into batches of ``batch_size``."""
    rows, columns = (torch.from_numpy(ids.astype(np.int32)) for ids in counts.coords)
    values = torch.from_numpy(counts.data.astype(np.float32))
    order = torch.randperm(len(values), generator=generator)
    order = order[values[order] > 0]
    return [
        Entries.of(rows[part], columns[part], values[part], x_max=x_max, exponent=exponent).to(
            device
        )
        for part in order.split(batch_size)
    ]


def _fast_step(model: GloVe, alpha: float) -> Callable[[Entries], torch.Tensor]:
    word, context = model.word.data, model.context.data
    word_squares, context_squares = torch.ones_like(word), torch.ones_like(context)

    def step(entries: Entries) -> torch.Tensor:
        return adagrad_step(word, context, word_squares, context_squares, entries, alpha=alpha)

    return step


def _autograd_step(model: GloVe, alpha: float) -> Callable[[Entries], torch.Tensor]:
    optimizer = torch.optim.Adagrad(model.parameters(), lr=alpha, initial_accumulator_value=1.0)

    def step(entries: Entries) -> torch.Tensor:
        optimizer.zero_grad()
        loss = model.loss(entries)
        loss.backward()
        model.freeze_ones()
        optimizer.step()
        return loss.detach()

    return step


def _epochs(
    batches: list[Entries],
    step: Callable[[Entries], torch.Tensor],
    epochs: int,
    generator: torch.Generator,
    stop: threading.Event,
) -> pd.DataFrame:
    """Go over all batches ``epochs`` times and return the history."""
    import pandas as pd

    rows = []
    n_entries = sum(map(len, batches))
    with runtime.progress(total=n_entries * epochs, desc="GloVe", unit=" entries") as bar:
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            total = torch.zeros((), dtype=torch.float64, device=batches[0].rows.device)
            for number in torch.randperm(len(batches), generator=generator).tolist():
                if stop.is_set():
                    break
                total += step(batches[number])
                bar.update(len(batches[number]))
            loss = float(total) / n_entries
            if not math.isfinite(loss):
                raise FloatingPointError(
                    "The vectors have grown beyond all bounds. Lower alpha, the learning rate."
                )
            seconds = time.perf_counter() - started
            rows.append((epoch, loss, seconds, n_entries / seconds))
            bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
    return pd.DataFrame(rows, columns=["epoch", "loss", "seconds", "entries_per_second"])


def _check_counts(counts: coo_array, vocabulary: Vocabulary) -> None:
    """Refuse a matrix that no vectors can be fitted to."""
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(
            f"The counts have the shape {counts.shape}; a co-occurrence matrix is square, with "
            "a row and a column for each word."
        )
    if counts.shape[0] == 0:
        raise ValueError("The co-occurrence matrix is empty: it has no row and no column.")
    if counts.shape[0] != len(vocabulary):
        raise ValueError(f"The matrix has {counts.shape[0]} rows for {len(vocabulary)} words.")
    values = counts.data
    if not np.isfinite(values).all():
        raise ValueError("The counts hold NaN or infinity.")
    if len(values) and values.min() < 0:
        raise ValueError(f"Counts cannot be negative; the smallest is {values.min()}.")
    if not np.any(values):
        raise ValueError("All counts are zero: no two words ever stand near each other.")
