"""Negative sampling, compiled: one centre after the other, straight into the two tables.

Numba turns these functions into machine code when they are first called, and keeps it in a
cache. The step is that of ``Word2Vec.negative_loss`` for one centre: with s = sigmoid(u·h) and
the label y (1 for a target, 0 for a noise word), both vectors move by y - s times the other one.

Noise words of its own for each centre would cost more than the step. So ``BLOCK`` centres share
``BLOCK`` noise words: their rows are copied once, and what the centres change in them is gathered
and added once. That also keeps two threads from waiting for each other's rows.
"""

from __future__ import annotations

import math

import numpy as np

from course_lib import runtime
from course_lib.word2vec.batches import BLOCK

ZERO, ONE = np.float32(0), np.float32(1)
TINY = 1e-300  # keeps the logarithm of a product of chances finite


@runtime.compiled
def draw(state: np.ndarray) -> float:
    """Return a random number from 0 to below 1, and move on the state: uint64, (1,)."""
    state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    return np.float64(state[0] >> np.uint64(11)) * 2.0**-53


@runtime.compiled
def sigmoid_of_dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return 1 / (1 + exp(-a·b)) for two vectors, float32."""
    total = ZERO
    for d in range(len(a)):
        total += a[d] * b[d]
    return ONE / (ONE + math.exp(-total))


@runtime.compiled
def add(vector: np.ndarray, factor: np.float32, other: np.ndarray) -> None:
    """Add a multiple of another vector to a vector, in place."""
    for d in range(len(vector)):
        vector[d] += factor * other[d]


@runtime.compiled
def add_rows(table: np.ndarray, rows: np.ndarray, change: np.ndarray) -> None:
    """Add a change to some rows of a table, also where a row stands twice; then forget it."""
    for i in range(len(rows)):
        add(table[rows[i]], ONE, change[i])
    change[:] = ZERO


@runtime.compiled
def step(
    W: np.ndarray,
    U: np.ndarray,
    inputs: np.ndarray,
    targets: np.ndarray,
    noise: np.ndarray,
    noise_change: np.ndarray,
    weight: np.float32,
    rate: np.float32,
    exact_gradient: bool,
    room: np.ndarray,
) -> float:
    """Do one step of gradient descent for one hidden vector, in place; return the loss before it.

    Parameters
    ----------
    W, U : numpy.ndarray, float32, (rows, M) and (V, M)
        The input and the output table.
    inputs : numpy.ndarray, int64, (n,)
        Rows of W whose mean is the hidden vector: the centre (Skip-gram), its context words
        (CBOW), or the parts of the centre (FastText).
    targets : numpy.ndarray, int64, (t,)
        Rows of U to be predicted: the context words; for CBOW the centre.
    noise, noise_change : numpy.ndarray, float32, (K, M)
        Copies of the rows of U of the noise words; what is to be added to these rows.
    weight, rate : float32
        Of each noise word for each target, k / K; the learning rate.
    exact_gradient : bool
        Give each input row an n-th of the change of the hidden vector, as calculus asks.
    room : numpy.ndarray, float32, (2, M)
        To work in: the hidden vector and its change.
    """
    hidden, change = room[0], room[1]
    share, weight = ONE / np.float32(len(inputs)), weight * np.float32(len(targets))
    hidden[:] = ZERO
    change[:] = ZERO
    for i in range(len(inputs)):
        add(hidden, share, W[inputs[i]])
    all_noise, all_true = 1.0, 1.0  # products of the chances of the right label
    for n in range(len(noise)):
        s = sigmoid_of_dot(hidden, noise[n])
        all_noise *= ONE - s
        add(change, -rate * weight * s, noise[n])
        add(noise_change[n], -rate * weight * s, hidden)
    for t in range(len(targets)):
        u = U[targets[t]]
        s = sigmoid_of_dot(hidden, u)
        all_true *= s
        add(change, rate * (ONE - s), u)
        add(u, rate * (ONE - s), hidden)
    for i in range(len(inputs)):
        add(W[inputs[i]], share if exact_gradient else ONE, change)
    return -weight * math.log(all_noise + TINY) - math.log(all_true + TINY)


@runtime.compiled
def learn(
    tables: tuple[np.ndarray, np.ndarray],
    parts: tuple[np.ndarray, np.ndarray],
    text: tuple[np.ndarray, np.ndarray],
    chances: tuple[np.ndarray, np.ndarray],
    kind: tuple[bool, bool],
    window: int,
    weight: np.float32,
    rates: tuple[float, float],
    state: np.ndarray,
) -> tuple[float, int]:
    """Train on some sentences once; return the summed loss and the number of examples.

    Parameters
    ----------
    tables, weight
        W and U, and the weight of a noise word, as in :func:`step`.
    parts : (rows, starts), int64
        The rows of W that make up word w are ``rows[starts[w]:starts[w + 1]]``.
    text : (ids, ends), int32 (tokens,) and int64 (sentences + 1,)
        Sentence i is ``ids[ends[i]:ends[i + 1]]``.
    chances : (keep, noise_sum), float64 (V,)
        With which an occurrence of a word is kept; the running sum of the distribution of the
        noise words, up to 1.
    kind : (cbow, exact_gradient)
        Predict the centre from its context, not the context from the centre; see :func:`step`.
    window : int
        m; each centre draws its own window from 1 to m.
    rates : (float, float)
        Learning rate at the first of these words and after the last.
    state : numpy.ndarray, uint64, (1,)
        Of the random numbers. Drawn are, for each word of a sentence, whether it is kept; then
        for each centre its window and, where a block begins, its noise words.
    """
    (W, U), (rows, starts), (ids, ends), (keep, noise_sum) = tables, parts, text, chances
    room, noise = np.empty((2, W.shape[1]), np.float32), np.zeros((BLOCK, W.shape[1]), np.float32)
    noise_words, noise_change = np.zeros(BLOCK, np.int64), np.zeros_like(noise)
    kept, nearby = np.empty(ends[-1] - ends[0], np.int64), np.empty(2 * window, np.int64)
    loss, examples, centers = 0.0, 0, 0
    for sentence in range(len(ends) - 1):
        done = (ends[sentence] - ends[0]) / max(1, ends[-1] - ends[0])
        rate, length = np.float32(rates[0] + done * (rates[1] - rates[0])), 0
        for word in ids[ends[sentence] : ends[sentence + 1]]:
            if draw(state) < keep[word]:
                kept[length] = word
                length += 1
        for i in range(length):
            reach, near = 1 + int(draw(state) * window), 0
            for j in range(max(0, i - reach), min(length, i + reach + 1)):
                if j != i:
                    nearby[near] = kept[j]
                    near += 1
            if near == 0:
                continue
            if centers % BLOCK == 0:
                add_rows(U, noise_words, noise_change)
                for n in range(BLOCK):
                    noise_words[n] = np.searchsorted(noise_sum, draw(state), side="right")
                    noise[n] = U[noise_words[n]]
            inputs, targets = rows[starts[kept[i]] : starts[kept[i] + 1]], nearby[:near]
            if kind[0]:
                inputs, targets = nearby[:near], kept[i : i + 1]
            loss += step(W, U, inputs, targets, noise, noise_change, weight, rate, kind[1], room)
            examples += len(targets)
            centers += 1
    add_rows(U, noise_words, noise_change)
    return loss, examples
