"""Epochs by the compiled loop: threads that share the tables take one job after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile

import numpy as np
from tqdm import tqdm

from course_lib.text import EncodedCorpus
from course_lib.word2vec.batches import BLOCK
from course_lib.word2vec.kernel import learn
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.options import Options

JOB = 10_000  # words; a sentence is cut where a job ends
WORDS_A_WORKER = 50_000  # a thread with less to do in an epoch would only disturb the others

# Trains on the text once, given the number of the epoch, from 0, and its first and last learning
# rate; returns the summed loss and the number of examples.
Epoch = Callable[[int, tuple[float, float]], tuple[float, float]]


def by_kernel(
    model: Word2Vec,
    text: EncodedCorpus,
    keep: np.ndarray,
    noise: np.ndarray,
    options: Options,
    bar: tqdm,
) -> Epoch:
    """Return what trains a model on the CPU in place, compiled already.

    ``keep`` and ``noise``, float64 (V,), are the chances with which an occurrence of each word
    is kept, and with which the word is drawn as noise. ``bar`` counts words.
    """
    tables = model.input.weight.detach().numpy(), model.output.weight.detach().numpy()
    edges = np.arange(0, len(text.ids), JOB)
    ends = np.concatenate([text.offsets, edges])
    ends.sort()
    first = np.append(np.searchsorted(ends, edges), len(ends) - 1)  # end each job begins with
    noise_sum = np.cumsum(noise)
    noise_sum[-1] = 1.0  # rounding must leave no gap
    kind = options.architecture == "cbow", model.exact_gradient
    parts, chances = model.parts(), (keep, noise_sum)
    setting = chances, kind, options.window, np.float32(options.negative / BLOCK)
    learn(tables, parts, (text.ids, ends[:1]), *setting, (0.0, 0.0), np.zeros(1, np.uint64))

    def epoch(number: int, rate: tuple[float, float]) -> tuple[float, float]:
        jobs, stop = iter(range(len(edges))), threading.Event()
        rates = np.interp(ends[first], (0, len(text.ids)), rate).tolist()

        def job(n: int) -> tuple[float, int]:
            part = ends[first[n] : first[n + 1] + 1]
            seed = np.random.SeedSequence((options.seed, number, n))
            state = seed.generate_state(1, np.uint64)
            fall = rates[n], rates[n + 1]
            found = learn(tables, parts, (text.ids, part), *setting, fall, state)
            bar.update(int(part[-1] - part[0]))
            return found

        def work() -> list[tuple[float, int]]:
            return [job(n) for n in takewhile(lambda _: not stop.is_set(), jobs)]

        workers = max(1, min(options.workers, len(text.ids) // WORDS_A_WORKER))
        with ThreadPoolExecutor(workers) as pool:
            shares = [pool.submit(work) for _ in range(workers)]
            try:
                losses = [loss for share in shares for loss in share.result()]
            except BaseException:
                stop.set()  # an interrupt ends the threads after their present job
                raise
        loss, examples = map(sum, zip(*losses, strict=True))
        return loss, examples

    return epoch
