"""Plausible mistakes in the exercises of notebook 10, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from exercises.planted import Planted

# 10.1


def not_raised(word, width):
    ids = [258, *word.encode("utf-8")[: width - 2], 259]
    return ids + [260] * (width - len(ids))


def zeros_for_padding(word, width):
    ids = [259, *(byte + 1 for byte in word.encode("utf-8")[: width - 2]), 260]
    return ids + [0] * (width - len(ids))


def code_points(word, width):
    ids = [259, *(ord(letter) + 1 for letter in word[: width - 2]), 260]
    return ids + [261] * (width - len(ids))


def never_cut(word, width):
    ids = [259, *(byte + 1 for byte in word.encode("utf-8")), 260]
    return ids + [261] * (width - len(ids))


def cut_with_its_mark(word, width):
    ids = [259, *(byte + 1 for byte in word.encode("utf-8")), 260][:width]
    return ids + [261] * (width - len(ids))


# 10.2


def window_too_far():
    return "CADBE"


def never_answered():
    return "CE"


def no_list():
    return "FDBE"


def no_window():
    return "CFBE"


def nothing_returned():
    return "CFDB"


def returns_in_the_loop():
    return "CFED"


# 10.3


def turned_round(letters, kernel, bias):
    return right(letters, kernel[::-1], bias)


def without_bias(letters, kernel, bias):
    return right(letters, kernel, 0.0)


def without_relu(letters, kernel, bias):
    answers = [
        (letters[t : t + len(kernel)] * kernel).sum() + bias
        for t in range(len(letters) - len(kernel) + 1)
    ]
    return int(np.argmax(answers)), max(answers)


def last_of_equals(letters, kernel, bias):
    place, feature = right(letters[::-1], kernel[::-1], bias)
    return len(letters) - len(kernel) - place, feature


def end_of_window(letters, kernel, bias):
    place, feature = right(letters, kernel, bias)
    return place + len(kernel) - 1, feature


def from_one(letters, kernel, bias):
    place, feature = right(letters, kernel, bias)
    return place + 1, feature


def changed_places(letters, kernel, bias):
    return right(letters, kernel, bias)[::-1]


def all_answers(letters, kernel, bias):
    n = len(kernel)
    return np.array(
        [(letters[t : t + n] * kernel).sum() + bias for t in range(len(letters) - n + 1)]
    )


def last_window_missing(letters, kernel, bias):
    answers = all_answers(letters, kernel, bias)[:-1]
    return int(answers.argmax()), max(answers.max(), 0.0)


def mean_of_answers(letters, kernel, bias):
    answers = all_answers(letters, kernel, bias)
    return int(answers.argmax()), max(answers.mean(), 0.0)


def sum_of_answers(letters, kernel, bias):
    answers = all_answers(letters, kernel, bias)
    return int(answers.argmax()), max(answers.sum(), 0.0)


def without_sign(letters, kernel, bias):
    answers = abs(all_answers(letters, kernel, bias))
    return int(answers.argmax()), answers.max()


def weakest(letters, kernel, bias):
    answers = all_answers(letters, kernel, bias)
    return int(answers.argmin()), max(answers.max(), 0.0)


def right(letters, kernel, bias):
    answers = [
        (letters[t : t + len(kernel)] * kernel).sum() + bias
        for t in range(len(letters) - len(kernel) + 1)
    ]
    place = int(np.argmax(answers))
    return place, max(answers[place], 0.0)


# 10.4


def gate_swapped(x, W, b, W_gate, b_gate):
    gate = expit(x @ W_gate.T + b_gate)
    return gate * x + (1 - gate) * np.maximum(x @ W.T + b, 0)


def residual(x, W, b, W_gate, b_gate):
    return expit(x @ W_gate.T + b_gate) * np.maximum(x @ W.T + b, 0) + x


def no_sigmoid(x, W, b, W_gate, b_gate):
    gate = x @ W_gate.T + b_gate
    return gate * np.maximum(x @ W.T + b, 0) + (1 - gate) * x


def relu_of_all(x, W, b, W_gate, b_gate):
    gate = expit(x @ W_gate.T + b_gate)
    return np.maximum(gate * (x @ W.T + b) + (1 - gate) * x, 0)


def not_transposed(x, W, b, W_gate, b_gate):
    gate = expit(x @ W_gate + b_gate)
    return gate * np.maximum(x @ W + b, 0) + (1 - gate) * x


# 10.5


def count(vector_size, filters, n_highway, projection_dim, *, bias=1, matrices=2, rows=262):
    size = sum(number for _, number in filters)
    found = rows * vector_size
    found += sum(number * (width * vector_size + bias) for width, number in filters)
    found += n_highway * matrices * (size * size + bias * size)
    return found + (size + bias) * projection_dim


def no_biases(vector_size, filters, n_highway, projection_dim):
    return count(vector_size, filters, n_highway, projection_dim, bias=0)


def one_matrix(vector_size, filters, n_highway, projection_dim):
    return count(vector_size, filters, n_highway, projection_dim, matrices=1)


def no_table(vector_size, filters, n_highway, projection_dim):
    return count(vector_size, filters, n_highway, projection_dim, rows=0)


def width_forgotten(vector_size, filters, n_highway, projection_dim):
    return count(vector_size, [(1, m) for _, m in filters], n_highway, projection_dim)


def rows_of_the_file(vector_size, filters, n_highway, projection_dim):
    return count(vector_size, filters, n_highway, projection_dim, rows=261)


# 10.6


def training_finds_spelling():
    return "A"


def better_than_fasttext():
    return "B"


def count_instead():
    return "D"


PLANTED = {
    "10.1": [
        Planted(not_raised, says="raise each by one"),
        Planted(zeros_for_padding, says="padding is no empty place"),
        Planted(code_points, says="these are code points"),
        Planted(never_cut, says="cut what is too long"),
        Planted(cut_with_its_mark, says="keep the end mark"),
    ],
    "10.2": [
        Planted(window_too_far, says="NumPy stretches it without a word"),
        Planted(never_answered, says="the largest of no answers"),
        Planted(no_list, says="answers is used before"),
        Planted(no_window, says="window is used before"),
        Planted(nothing_returned, says="the lines give nothing back"),
        Planted(returns_in_the_loop, says="expected an indented block"),
    ],
    "10.3": [
        Planted(turned_round, says="the filter is turned round"),
        Planted(without_bias, says="the bias is missing"),
        Planted(without_relu, says="relu makes it 0"),
        Planted(last_of_equals, says="all windows are equal"),
        Planted(end_of_window, says="where the window ends"),
        Planted(from_one, says="counts places from 1"),
        Planted(changed_places, says="the place comes first"),
        Planted(last_window_missing, says="the last window is left out"),
        Planted(mean_of_answers, says="the mean of the answers"),
        Planted(sum_of_answers, says="the sum of the answers"),
        Planted(without_sign, says="the sign is lost"),
        Planted(weakest, says="the smallest answer"),
    ],
    "10.4": [
        Planted(gate_swapped, says="the wrong way round"),
        Planted(residual, says="x is added whole"),
        Planted(no_sigmoid, says="put σ round it"),
        Planted(relu_of_all, says="with all gates shut x comes through"),
        Planted(not_transposed, says="x @ W.T for a batch"),
    ],
    "10.5": [
        Planted(no_biases, says="biases are missing"),
        Planted(one_matrix, says="two matrices"),
        Planted(no_table, says="the table of characters is missing"),
        Planted(width_forgotten, says="weights for each letter of its window"),
        Planted(rows_of_the_file, says="vector_size 16"),
    ],
    "10.6": [
        Planted(training_finds_spelling, says="the untrained network finds more"),
        Planted(better_than_fasttext, says="not trained on the same text"),
        Planted(count_instead, says="it gives no vector"),
    ],
}
