"""Plausible mistakes in the exercises of notebook 08, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted

# 08.1


def cut_behind(ids, length):
    kept = ids[:length]
    return [0] * (length - len(kept)) + kept


def filled_behind(ids, length):
    kept = ids[max(0, len(ids) - length) :]
    return kept + [0] * (length - len(kept))


def never_cut(ids, length):
    return [0] * (length - len(ids)) + ids


def always_one_zero(ids, length):
    return ([0] * length + ids)[-length - 1 : -1]


# 08.2


def scores(vectors, filters, bias, front=None):
    kernel = filters.shape[2]
    front = kernel // 2 if front is None else front
    wider = np.pad(vectors, ((front, kernel - 1 - front), (0, 0)))
    windows = [wider[place : place + kernel] for place in range(len(vectors))]
    return np.array([(filters * window.T).sum((1, 2)) + bias for window in windows]).T


def without_relu(vectors, filters, bias):
    return scores(vectors, filters, bias)


def without_bias(vectors, filters, bias):
    return np.maximum(0, scores(vectors, filters, 0))


def turned_round(vectors, filters, bias):
    return np.maximum(0, scores(vectors, filters[:, :, ::-1], bias))


def without_padding(vectors, filters, bias):
    half = filters.shape[2] // 2
    return np.maximum(0, scores(vectors, filters, bias))[:, half : len(vectors) - half]


def padded_in_front(vectors, filters, bias):
    return np.maximum(0, scores(vectors, filters, bias, front=filters.shape[2] - 1))


def time_first(vectors, filters, bias):
    return np.maximum(0, scores(vectors, filters, bias)).T


# 08.3: orders of lines, in PLANTED

# 08.4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_steps(X, W, U, b, step):
    h = np.zeros(U.shape[1])
    for x in X:
        from_x, from_h = np.split(W @ x + b, 3), np.split(U @ h, 3)
        h = step(from_x, from_h, h, np.split(U, 3)[2])
    return h


def right_step(from_x, from_h, h, U_n):
    r, z = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
    return (1 - z) * np.tanh(from_x[2] + r * from_h[2]) + z * h


def padding_read(X, ids, W, U, b):
    return gru_steps(X, W, U, b, right_step)


def z_turned(X, ids, W, U, b):
    def step(from_x, from_h, h, U_n):
        r, z = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
        return z * np.tanh(from_x[2] + r * from_h[2]) + (1 - z) * h

    return gru_steps(X[ids != 0], W, U, b, step)


def gates_exchanged(X, ids, W, U, b):
    def step(from_x, from_h, h, U_n):
        z, r = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
        return (1 - z) * np.tanh(from_x[2] + r * from_h[2]) + z * h

    return gru_steps(X[ids != 0], W, U, b, step)


def reset_inside(X, ids, W, U, b):
    def step(from_x, from_h, h, U_n):
        r, z = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
        return (1 - z) * np.tanh(from_x[2] + U_n @ (r * h)) + z * h

    return gru_steps(X[ids != 0], W, U, b, step)


def last_word_alone(X, ids, W, U, b):
    return gru_steps(X[ids != 0][-1:], W, U, b, right_step)


def from_the_end(X, ids, W, U, b):
    return gru_steps(X[ids != 0][::-1], W, U, b, right_step)


# 08.5


def padding_included(answers, ids):
    return answers.max(axis=2)


def padding_set_to_zero(answers, ids):
    return (answers * (ids != 0)[:, None, :]).max(axis=2)


def empty_text_minus_infinity(answers, ids):
    return np.where((ids != 0)[:, None, :], answers, -np.inf).max(axis=2)


def mean_of_the_words(answers, ids):
    words = (ids != 0)[:, None, :]
    return (answers * words).sum(axis=2) / np.maximum(1, words.sum(axis=2))


def over_the_filters(answers, ids):
    return np.where((ids != 0)[:, None, :], answers, -9.0).max(axis=1)


PLANTED = {
    "08.1": [
        Planted(cut_behind, says="keep the end and cut the front"),
        Planted(filled_behind, says="the zeros stand behind the ids"),
        Planted(never_cut, says="it has length 7"),
        Planted(always_one_zero, says="what [1, 7, 4, 2, 9, 3, 8] becomes"),
    ],
    "08.2": [
        Planted(without_relu, says="relu is missing"),
        Planted(without_bias, says="the bias is missing"),
        Planted(turned_round, says="the filter is turned round"),
        Planted(without_padding, says="the ends are missing"),
        Planted(padded_in_front, says="the window ends at its word"),
        Planted(time_first, says="has shape (7, 4)"),
    ],
    "08.3": [
        Planted(lambda: "CFDBA", says="the new cell, not the old one"),
        Planted(lambda: "EFBDA", says="g before o"),
        Planted(lambda: "CFGDA", says="f keeps the old, i lets in"),
        Planted(lambda: "CBFDA", says="before they are used"),
        Planted(lambda: "FCBDA", says="before any line has made it"),
        Planted(lambda: "CFDA", says="the cell comes back as it was"),
        Planted(lambda: "CFBA", says="the state comes back as it was"),
        Planted(lambda: "CFBD", says="must return both"),
    ],
    "08.4": [
        Planted(padding_read, says="padding was read"),
        Planted(z_turned, says="z keeps the old"),
        Planted(gates_exchanged, says="in the order r, z, n"),
        Planted(reset_inside, says="that is the paper's GRU"),
        Planted(last_word_alone, says="carried from word to word"),
        Planted(from_the_end, says="word by word"),
    ],
    "08.5": [
        Planted(padding_included, says="padding wins"),
        Planted(padding_set_to_zero, says="padding was set to 0"),
        Planted(empty_text_minus_infinity, says="the text that is all padding"),
        Planted(mean_of_the_words, says="the largest answer among the places"),
        Planted(over_the_filters, says="has shape (4, 5)"),
    ],
    "08.6": [
        Planted(lambda: "A", says="ahead of it by more than six points"),
        Planted(lambda: "C", says="a point above the mean"),
        Planted(lambda: "D", says="they see other words"),
    ],
}
