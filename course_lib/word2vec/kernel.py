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

LOSS_EVERY = 15  # the loss is taken on one centre in 15, at another place of each block
ZERO, ONE = np.float32(0), np.float32(1)


@runtime.compiled
def draw(state: np.ndarray) -> float:
    """Return a random number from 0 to below 1, and move on the state: uint64, (1,)."""
    state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    return np.float64(state[0] >> np.uint64(11)) * 2.0**-53


@runtime.compiled
def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)), float32."""
    return ONE / (ONE + math.exp(-x))


@runtime.compiled
def dot(vector: np.ndarray, table: np.ndarray, row: int) -> float:
    """Return the dot product of a vector with a row of a table."""
    total = ZERO
    for d in range(len(vector)):
        total += vector[d] * table[row, d]
    return total


@runtime.compiled
def mean_rows(W: np.ndarray, inputs: np.ndarray, hidden: np.ndarray) -> None:
    """Write the mean of some rows of W into ``hidden``."""
    share = ONE / np.float32(len(inputs))
    hidden[:] = ZERO
    for i in range(len(inputs)):
        row = inputs[i]
        for d in range(len(hidden)):
            hidden[d] += share * W[row, d]


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
    hidden: np.ndarray,
    change: np.ndarray,
) -> None:
    """Do one step of gradient descent for one hidden vector, in place.

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
    hidden, change : numpy.ndarray, float32, (M,)
        Room for the hidden vector and its change.
    """
    M = W.shape[1]
    mean_rows(W, inputs, hidden)
    change[:] = ZERO
    for n in range(len(noise)):
        score = ZERO
        for d in range(M):
            score += hidden[d] * noise[n, d]
        push = -rate * weight * np.float32(len(targets)) * sigmoid(score)
        for d in range(M):
            change[d] += push * noise[n, d]
            noise_change[n, d] += push * hidden[d]
    for t in range(len(targets)):
        row = targets[t]
        score = ZERO
        for d in range(M):
            score += hidden[d] * U[row, d]
        pull = rate * sigmoid(-score)  # 1 - s
        for d in range(M):
            change[d] += pull * U[row, d]
            U[row, d] += pull * hidden[d]
    share = ONE / np.float32(len(inputs)) if exact_gradient else ONE
    for i in range(len(inputs)):
        row = inputs[i]
        for d in range(M):
            W[row, d] += share * change[d]


@runtime.compiled
def step_loss(
    W: np.ndarray,
    U: np.ndarray,
    inputs: np.ndarray,
    targets: np.ndarray,
    noise: np.ndarray,
    weight: np.float32,
    hidden: np.ndarray,
) -> float:
    """Return the loss before a step, summed over its targets; arguments as in :func:`step`."""
    loss = 0.0
    mean_rows(W, inputs, hidden)
    for n in range(len(noise)):
        loss += weight * len(targets) * np.logaddexp(ZERO, dot(hidden, noise, n))
    for t in range(len(targets)):
        loss += np.logaddexp(ZERO, -dot(hidden, U, targets[t]))
    return loss


@runtime.compiled
def add_rows(table: np.ndarray, rows: np.ndarray, change: np.ndarray) -> None:
    """Add a change to some rows of a table, also where a row stands twice; then forget it."""
    for i in range(len(rows)):
        table[rows[i]] += change[i]
    change[:] = ZERO


@runtime.compiled
def learn(
    W: np.ndarray,
    U: np.ndarray,
    parts: np.ndarray,
    starts: np.ndarray,
    text: np.ndarray,
    ends: np.ndarray,
    keep: np.ndarray,
    noise_sum: np.ndarray,
    cbow: bool,
    exact: bool,
    window: int,
    weight: np.float32,
    rates: tuple[float, float],
    state: np.ndarray,
) -> tuple[float, int]:
    """Train on some sentences once; return the loss and the number of examples looked at.

    Parameters
    ----------
    W, U, exact, weight
        See :func:`step`.
    parts, starts : numpy.ndarray, int64
        The rows of W that make up word w are ``parts[starts[w]:starts[w + 1]]``.
    text, ends : numpy.ndarray, int32, (tokens,) and int64, (sentences + 1,)
        Word ids. Sentence i is ``text[ends[i]:ends[i + 1]]``.
    keep, noise_sum : numpy.ndarray, float64, (V,)
        The chance with which an occurrence of a word is kept; the running sum of the
        distribution of the noise words, up to 1.
    cbow : bool
        Predict the centre from its context, else the context from the centre.
    window : int
        m; each centre draws its own window from 1 to m.
    rates : (float, float)
        Learning rate at the first of these words and after the last.
    state : numpy.ndarray, uint64, (1,)
        Of the random numbers. Drawn are, for each word of a sentence, whether it is kept; then
        for each centre its window and, where a block begins, its noise words.
    """
    M, fall = W.shape[1], (rates[1] - rates[0]) / max(1, ends[-1] - ends[0])
    noise, noise_change = np.zeros((BLOCK, M), np.float32), np.zeros((BLOCK, M), np.float32)
    noise_words, nearby = np.zeros(BLOCK, np.int64), np.empty(2 * window, np.int64)
    hidden, change = np.empty(M, np.float32), np.empty(M, np.float32)
    kept = np.empty(ends[-1] - ends[0], np.int64)
    loss, examples, centers = 0.0, 0, 0
    for sentence in range(len(ends) - 1):
        rate = np.float32(rates[0] + fall * (ends[sentence] - ends[0]))
        length = 0
        for place in range(ends[sentence], ends[sentence + 1]):
            if draw(state) < keep[text[place]]:
                kept[length] = text[place]
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
            inputs, targets = parts[starts[kept[i]] : starts[kept[i] + 1]], nearby[:near]
            if cbow:
                inputs, targets = nearby[:near], kept[i : i + 1]
            if centers % LOSS_EVERY == 0:
                loss += step_loss(W, U, inputs, targets, noise, weight, hidden)
                examples += len(targets)
            step(W, U, inputs, targets, noise, noise_change, weight, rate, exact, hidden, change)
            centers += 1
    add_rows(U, noise_words, noise_change)
    return loss, examples
