"""The training loop: counts in, word vectors out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_lib import runtime
from course_lib.checks import check_corpus, check_whole_numbers
from course_lib.counts import check_counts, cooccurrence
from course_lib.glove.adagrad import adagrad_steps
from course_lib.glove.entries import Entries, blocks
from course_lib.glove.model import GloVe
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import sparray

BATCH_SIZE = 4096  # Entries in a step of torch's: larger ones learn less an epoch.
Step = Callable[[Entries], "float | torch.Tensor"]


def train(
    corpus: Iterable[Iterable[str]],
    *,
    window: int = 5,
    min_count: int = 5,
    vocabulary: Vocabulary | None = None,
    **options: Any,
) -> WordVectors:
    """Count a corpus and fit GloVe vectors to the counts.

    Parameters
    ----------
    corpus : iterable of iterables of str
        Tokenised sentences; read more than once, so no generator. A pair at distance d counts
        1/d; no window crosses the end of a sentence.
    window : int
        The largest distance counted.
    min_count : int
        Words that occur less often are left out.
    vocabulary : Vocabulary, optional
        Use this one instead of building it with ``min_count``.
    **options
        ``vector_size``, ``epochs``, ``alpha``, ``x_max``, ``exponent``, ``seed``, ``workers``,
        ``device``, ``batch_size``, ``autograd``: see :func:`fit`.

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
    corpus = check_corpus(corpus)
    if vocabulary is None:
        vocabulary = Vocabulary.build(corpus, min_count=min_count)
    counts = cooccurrence(corpus, vocabulary, window=window, weighting="inverse")
    return fit(counts, vocabulary, **options)


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
        Threads of the CPU, of use up to 16. The result does not depend on their number.
    device : str or torch.device, optional
        The CPU if not given. A step follows each entry there (:func:`adagrad_steps`), on the
        :func:`blocks` of the matrix; each epoch takes the diagonals in another order.
    autograd : bool
        Take gradients from :class:`GloVe` and steps from ``torch.optim.Adagrad``, for many
        entries at once. On a GPU it is always so.
    batch_size : int
        How many entries that is. They are spread over batches at random, once; each epoch
        takes the batches in another order.

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

    check_whole_numbers(vector_size=vector_size, epochs=epochs)
    check_whole_numbers(workers=workers, batch_size=batch_size)
    for name, number in {"alpha": alpha, "x_max": x_max}.items():
        if not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} is {number}; it must be a number above 0.")
    if not 0 <= exponent < math.inf:
        raise ValueError(f"exponent is {exponent}; it must be 0 or more.")
    counts = csr_array(counts).tocoo()  # adds up what stands at the same place
    if counts.shape != (size := len(vocabulary),) * 2:
        raise ValueError(f"The shape of the counts is {counts.shape}, not ({size}, {size}).")
    check_counts(counts.data)
    target = torch.device(device or "cpu")
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):  # the caller's own random numbers go on undisturbed
        torch.manual_seed(seed)
        model = GloVe(len(vocabulary), vector_size).to(target)
    entries = Entries.shuffled(counts, rng, x_max=x_max, exponent=exponent)
    if autograd or target.type != "cpu":
        groups = [[part] for part in _batches(entries, batch_size, target)]
        step, threads = _autograd_step(model, alpha), 1
    else:
        groups, step, threads = blocks(entries), _compiled_step(model, alpha), workers
        step(entries.part(0, 0))  # compiled here, not in the first epoch
    # Threads of their own, so the limit on torch's cores does not outlive the training.
    with ThreadPoolExecutor(
        threads, initializer=torch.set_num_threads, initargs=(workers,)
    ) as pool:
        history = _epochs(groups, step, epochs, rng, pool)
    return WordVectors(
        vocabulary.words,
        model.vectors(),
        counts=vocabulary.counts,
        context=model.context[:, :-1].detach().cpu().numpy(),
        history=history,
    )


def _batches(entries: Entries, batch_size: int, device: torch.device) -> list[Entries]:
    """Split shuffled entries into batches of tensors on a device."""
    on_device = Entries(*(torch.from_numpy(values).to(device) for values in entries))
    starts = range(0, len(entries.rows), batch_size)
    return [on_device.part(start, start + batch_size) for start in starts]


def _compiled_step(model: GloVe, alpha: float) -> Step:
    tables = [table.detach().numpy() for table in (model.word, model.context)]
    squares = [np.ones_like(table) for table in tables]
    steps = runtime.compiled(adagrad_steps)
    return lambda entries: steps(*tables, *squares, *entries, np.float32(alpha))


def _autograd_step(model: GloVe, alpha: float) -> Step:
    optimizer = torch.optim.Adagrad(model.parameters(), lr=alpha, initial_accumulator_value=1.0)

    def step(entries: Entries) -> torch.Tensor:
        optimizer.zero_grad()
        loss = model.loss(*entries)
        loss.backward()
        optimizer.step()
        return loss.detach().double()

    return step


def _epochs(
    groups: list[list[Entries]],
    step: Step,
    epochs: int,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
) -> pd.DataFrame:
    """Go over all entries ``epochs`` times, a group at once in the pool; return the history."""
    import pandas as pd

    history = []
    sizes = [sum(len(part.rows) for part in group) for group in groups]
    with runtime.progress(total=sum(sizes) * epochs, desc="GloVe", unit=" entries") as bar:
        for epoch in range(1, epochs + 1):
            started, total = time.perf_counter(), 0.0
            for number in rng.permutation(len(groups)):
                total += sum(pool.map(step, groups[number]))
                bar.update(sizes[number])
            loss = float(total) / sum(sizes)
            if not math.isfinite(loss):
                raise FloatingPointError(
                    "The vectors have grown beyond all bounds. Lower alpha, the learning rate."
                )
            seconds = time.perf_counter() - started
            history.append((epoch, loss, seconds, sum(sizes) / seconds))
            bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
    return pd.DataFrame(history, columns=["epoch", "loss", "seconds", "entries_per_second"])
