"""Plausible mistakes in the exercises of notebook 05, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted

# 05.1


def counted(ids, size, window, *, both=True, weigh=True, add=(True, True)):
    table = np.zeros((size, size))
    for place, center in enumerate(ids):
        for distance in range(1, window + 1):
            if place + distance < len(ids):
                context = ids[place + distance]
                value = 1 / distance if weigh else 1
                table[center, context] = value + add[0] * table[center, context]
                if both:
                    table[context, center] = value + add[1] * table[context, center]
    return table


def given_counts(ids, size, window):
    return counted(ids, size, window - 1, add=(True, False))


def one_cell_alone(ids, size, window):
    return counted(ids, size, window, both=False)


def every_pair_alike(ids, size, window):
    return counted(ids, size, window, weigh=False)


def second_cell_replaced(ids, size, window):
    return counted(ids, size, window, add=(True, False))


def both_cells_replaced(ids, size, window):
    return counted(ids, size, window, add=(False, False))


# 05.2


def ratio_of_counts(counts, first, second):
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = counts[first] / counts[second]
    return np.where((counts[first] > 0) & (counts[second] > 0), ratio, np.nan)


def upside_down(counts, first, second):
    return right_ratio(counts, second, first)


def zeros_divided(counts, first, second):
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts / counts.sum(axis=1, keepdims=True)
        return share[first] / share[second]


def right_ratio(counts, first, second):
    ratio = zeros_divided(counts, first, second)
    return np.where((counts[first] > 0) & (counts[second] > 0), ratio, np.nan)


def always_the_first_two(counts, first, second):
    return right_ratio(counts, 0, 1)


# 05.5


def errors(word, context, word_bias, context_bias, counts):
    """Return f(X) and the errors, both 0 where the count is 0."""
    seen = counts > 0
    logs = np.log(np.where(seen, counts, 1))
    error = word @ context.T + word_bias[:, None] + context_bias - logs
    return np.minimum(1, counts / 100) ** 0.75, seen * error


def gradients(word, context, word_bias, context_bias, counts):
    weights, error = errors(word, context, word_bias, context_bias, counts)
    pull = 2 * weights * error
    return pull @ context, pull.T @ word, pull.sum(axis=1), pull.sum(axis=0)


def log_of_zero_gradients(word, context, word_bias, context_bias, counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        error = word @ context.T + word_bias[:, None] + context_bias - np.log(counts)
        pull = 2 * np.minimum(1, counts / 100) ** 0.75 * error
        return pull @ context, pull.T @ word, pull.sum(axis=1), pull.sum(axis=0)


def without_the_two(*parts):
    return tuple(part / 2 for part in gradients(*parts))


def downhill(*parts):
    return tuple(-part for part in gradients(*parts))


def gradients_unweighted(word, context, word_bias, context_bias, counts):
    pull = 2 * errors(word, context, word_bias, context_bias, counts)[1]
    return pull @ context, pull.T @ word, pull.sum(axis=1), pull.sum(axis=0)


def untransposed(word, context, word_bias, context_bias, counts):
    weights, error = errors(word, context, word_bias, context_bias, counts)
    pull = 2 * weights * error
    return pull @ context, pull @ word, pull.sum(axis=1), pull.sum(axis=0)


def bias_sums_swapped(*parts):
    by_word, by_context, rows, columns = gradients(*parts)
    return by_word, by_context, columns, rows


def vectors_only(*parts):
    return gradients(*parts)[:2]


PLANTED = {
    "05.1": [
        Planted(given_counts, says="range stops before its end"),
        Planted(one_cell_alone, says="counts in both cells"),
        Planted(every_pair_alike, says="a pair at distance d counts 1 / d"),
        Planted(second_cell_replaced, says="one of the two cells is set anew"),
        Planted(both_cells_replaced, says="a later meeting replaces the count"),
    ],
    "05.2": [
        Planted(ratio_of_counts, says="these are ratios of counts"),
        Planted(upside_down, says="upside down"),
        Planted(zeros_divided, says="it must be NaN at places 0, 1 and 3"),
        Planted(always_the_first_two, says="another pair of words"),
    ],
    "05.3": [
        Planted(lambda: "A", says="look for a larger difference"),
        Planted(lambda: "B", says="one word differs by far more"),
        Planted(lambda: "D", says="the smallest of all"),
    ],
    "05.4": [
        Planted(lambda: "AFBDE", says="plain gradient descent"),
        Planted(lambda: "AFBGDE", says="not only the last one"),
        Planted(lambda: "AFBDCE", says="add the square of this step's gradient first"),
        Planted(lambda: "AFBCD", says="nothing is returned"),
        Planted(lambda: "AFCBDE", says="a name is used before it is there"),
        Planted(lambda: "FABCDE", says="no Python"),
    ],
    "05.5": [
        Planted(without_the_two, says="has a factor 2"),
        Planted(downhill, says="the gradient points uphill"),
        Planted(gradients_unweighted, says="the weights f(x) are missing"),
        Planted(untransposed, says="transpose the matrix of errors"),
        Planted(bias_sums_swapped, says="times the other vector"),
        Planted(vectors_only, says="2 results; wanted four"),
        Planted(log_of_zero_gradients, says="leave the cells out"),
    ],
    "05.6": [
        Planted(lambda: "A", says="read every column"),
        Planted(lambda: "C", says="no row has billions of tokens"),
        Planted(lambda: "D", says="what differs between them is x_max"),
    ],
}
