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


# 08.3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gates(x, h, W, U, b):
    return np.split(W @ x + U @ h + b, 4)


def right_step(x, h, c, W, U, b):
    i, f, g, o = gates(x, h, W, U, b)
    new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(new_c), new_c


def cell_first(x, h, c, W, U, b):
    return right_step(x, h, c, W, U, b)[::-1]


def four_gates(x, h, c, W, U, b):
    i, f, g, o = map(sigmoid, gates(x, h, W, U, b))
    new_c = f * c + i * g
    return o * np.tanh(new_c), new_c


def output_before_new(x, h, c, W, U, b):
    i, f, o, g = gates(x, h, W, U, b)
    new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(new_c), new_c


def forget_and_input_exchanged(x, h, c, W, U, b):
    f, i, g, o = gates(x, h, W, U, b)
    new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(new_c), new_c


def cell_shown_as_it_is(x, h, c, W, U, b):
    _, new_c = right_step(x, h, c, W, U, b)
    return sigmoid(gates(x, h, W, U, b)[3]) * new_c, new_c


def old_cell_shown(x, h, c, W, U, b):
    _, new_c = right_step(x, h, c, W, U, b)
    return sigmoid(gates(x, h, W, U, b)[3]) * np.tanh(c), new_c


def without_state(x, h, c, W, U, b):
    return right_step(x, 0 * h, c, W, U, b)


# 08.4


def counted(V, M, F, K, H, D):
    return [V * M, F * M * K + F, 4 * H * (F + H + 1), H * D + D, D + 1]


def changed(place, formula):
    def count(V, M, F, K, H, D):
        numbers = counted(V, M, F, K, H, D)
        numbers[place] = formula(V, M, F, K, H, D)
        return numbers

    return count


def without_biases(V, M, F, K, H, D):
    return [V * M, F * M * K, 4 * H * (F + H), H * D, D]


def total_only(V, M, F, K, H, D):
    return [sum(counted(V, M, F, K, H, D))]


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
        Planted(cell_first, says="the state comes first"),
        Planted(four_gates, says="g is no gate"),
        Planted(output_before_new, says="g before o"),
        Planted(forget_and_input_exchanged, says="f keeps the old, i lets in"),
        Planted(cell_shown_as_it_is, says="the state shows tanh of the cell"),
        Planted(old_cell_shown, says="not the old one"),
        Planted(without_state, says="the cell[0] is"),
    ],
    "08.4": [
        Planted(changed(2, lambda V, M, F, K, H, D: 4 * H * (F + H + 2)), says="not two"),
        Planted(changed(2, lambda V, M, F, K, H, D: H * (F + H + 1)), says="four such layers"),
        Planted(changed(1, lambda V, M, F, K, H, D: F * K + F), says="every dimension"),
        Planted(without_biases, says="the biases are missing"),
        Planted(changed(0, lambda V, M, F, K, H, D: V * M + M), says="number of the embedding"),
        Planted(total_only, says="1 numbers; wanted five"),
    ],
    "08.5": [
        Planted(padding_included, says="padding wins"),
        Planted(padding_set_to_zero, says="padding was set to 0"),
        Planted(empty_text_minus_infinity, says="the text that is all padding"),
        Planted(mean_of_the_words, says="the largest answer among the places"),
        Planted(over_the_filters, says="has shape (4, 5)"),
    ],
}
