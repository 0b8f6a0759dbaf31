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


def no_window():  # not yet: its line comes after the one that reads it
    return "CFBDE"


def nothing_returned():
    return "CFDB"


def returns_in_the_loop():
    return "CFED"


# 10.3


def answers_to(letters, kernel, bias):
    n = len(kernel)
    return np.array(
        [(letters[t : t + n] * kernel).sum() + bias for t in range(len(letters) - n + 1)]
    )


def by_filter(letters, filters, pool=np.max, relu=True, learns=None):
    """Return the right pair, or one with another pool, no relu, or other learners."""
    features, learners = [], np.zeros(len(letters), dtype=int)
    for kernel, bias in filters:
        answers = answers_to(letters, kernel, bias)
        feature = pool(answers)
        features.append(max(feature, 0) if relu else feature)
        place, n = int(answers.argmax()), len(kernel)
        if learns:
            learns(learners, answers, place, n)
        elif features[-1] > 0:
            learners[place : place + n] += 1
    return np.array(features), learners


def turned_round(letters, filters):
    return by_filter(letters, [(kernel[::-1], bias) for kernel, bias in filters])


def without_bias(letters, filters):
    return by_filter(letters, [(kernel, 0.0) for kernel, _ in filters])


def without_relu(letters, filters):
    return by_filter(letters, filters, relu=False)


def last_of_equals(letters, filters):
    features, learners = by_filter(letters[::-1], [(k[::-1], bias) for k, bias in filters])
    return features, learners[::-1]


def end_of_window(letters, filters):
    def learns(learners, answers, place, n):
        learners[place + n - 1] += answers.max() > 0

    return by_filter(letters, filters, learns=learns)


def one_too_late(letters, filters):
    def learns(learners, answers, place, n):
        learners[place + 1 : place + 1 + n] += answers.max() > 0

    return by_filter(letters, filters, learns=learns)


def first_letter_alone(letters, filters):
    def learns(learners, answers, place, n):
        learners[place] += answers.max() > 0

    return by_filter(letters, filters, learns=learns)


def flat_filters_too(letters, filters):
    def learns(learners, answers, place, n):
        learners[place : place + n] += 1

    return by_filter(letters, filters, learns=learns)


def every_window_above_zero(letters, filters):
    def learns(learners, answers, place, n):
        hit = np.zeros(len(learners), dtype=bool)
        for t in np.flatnonzero(answers > 0):
            hit[t : t + n] = True
        learners += hit

    return by_filter(letters, filters, learns=learns)


def whether_and_not_how_many(letters, filters):
    features, learners = by_filter(letters, filters)
    return features, learners > 0


def changed_places(letters, filters):
    return by_filter(letters, filters)[::-1]


def last_window_missing(letters, filters):
    return by_filter(letters, filters, pool=lambda answers: answers[:-1].max())


def mean_of_answers(letters, filters):
    return by_filter(letters, filters, pool=np.mean)


def sum_of_answers(letters, filters):
    return by_filter(letters, filters, pool=np.sum)


def without_sign(letters, filters):
    return by_filter(letters, filters, pool=lambda answers: abs(answers).max())


def cell_of_the_lesson(letters, filters):
    of_word = []
    for kernel, bias in filters:
        windows = np.lib.stride_tricks.sliding_window_view(letters, kernel.shape)[:, 0]
        strongest = (windows * kernel).sum(axis=(1, 2)).max() + bias
        of_word.append(int(max(strongest, 0)))
    return of_word


def cell_of_the_lesson_with_a_guess(letters, filters):
    windows = np.lib.stride_tricks.sliding_window_view
    features = [
        max((windows(letters, kernel.shape)[:, 0] * kernel).sum(axis=(1, 2)).max() + bias, 0)
        for kernel, bias in filters
    ]
    return np.array(features), np.zeros(len(letters))


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
        Planted(end_of_window, says="not its last letter alone"),
        Planted(one_too_late, says="begins one place earlier"),
        Planted(first_letter_alone, says="not its first letter alone"),
        Planted(flat_filters_too, says="reaches nobody"),
        Planted(every_window_above_zero, says="not every one above 0"),
        Planted(whether_and_not_how_many, says="count the filters"),
        Planted(changed_places, says="the features come first"),
        Planted(last_window_missing, says="the last window is left out"),
        Planted(mean_of_answers, says="the mean of the answers"),
        Planted(sum_of_answers, says="the sum of the answers"),
        Planted(without_sign, says="the sign is lost"),
        Planted(cell_of_the_lesson, says="a pair (features, learners)"),
        Planted(cell_of_the_lesson_with_a_guess, says="case 0, 1 filter"),
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
