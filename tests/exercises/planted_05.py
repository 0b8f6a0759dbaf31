"""Plausible mistakes in the exercises of notebook 05, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted

# 05.1


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


# 05.2


def without_limit(counts, x_max, exponent=0.75):
    return (counts / x_max) ** exponent


def straight_line(counts, x_max, exponent=0.75):
    return np.minimum(1, counts / x_max)


def power_of_the_count_alone(counts, x_max, exponent=0.75):
    return np.minimum(1, counts**exponent / x_max)


def fixed_exponent(counts, x_max, exponent=0.75):
    return np.minimum(1, counts / x_max) ** 0.75


# 05.3 and 05.4


def errors(word, context, word_bias, context_bias, counts):
    """Return f(X) and the errors, both 0 where the count is 0."""
    seen = counts > 0
    logs = np.log(np.where(seen, counts, 1))
    error = word @ context.T + word_bias[:, None] + context_bias - logs
    return np.minimum(1, counts / 100) ** 0.75, seen * error


def log_of_zero(word, context, word_bias, context_bias, counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        error = word @ context.T + word_bias[:, None] + context_bias - np.log(counts)
        return (np.minimum(1, counts / 100) ** 0.75 * error**2).sum()


def unweighted(*parts):
    return (errors(*parts)[1] ** 2).sum()


def without_biases(word, context, word_bias, context_bias, counts):
    weights, error = errors(word, context, 0 * word_bias, 0 * context_bias, counts)
    return (weights * error**2).sum()


def absolute(*parts):
    weights, error = errors(*parts)
    return (weights * np.abs(error)).sum()


def averaged(*parts):
    weights, error = errors(*parts)
    return (weights * error**2)[parts[-1] > 0].mean()


def biases_swapped(word, context, word_bias, context_bias, counts):
    weights, error = errors(word, context, context_bias, word_bias, counts)
    return (weights * error**2).sum()


def gradients(word, context, word_bias, context_bias, counts):
    weights, error = errors(word, context, word_bias, context_bias, counts)
    pull = 2 * weights * error
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


# 05.5


def descent(start, gradient_of, alpha, steps):
    values = np.array(start)
    for _ in range(steps):
        values = values - alpha * gradient_of(values)
    return values


def with_sums_from(first, root=True, forget=False, late=False):
    def walk(start, gradient_of, alpha, steps):
        values, squares = np.array(start), np.full(np.shape(start), float(first))
        for _ in range(steps):
            gradient = gradient_of(values)
            added = squares + gradient**2
            divisor = squares if late else added
            values = values - alpha * gradient / (np.sqrt(divisor) if root else divisor)
            squares = squares if forget else added
        return values

    return walk


def one_sum_for_all(start, gradient_of, alpha, steps):
    values, squares = np.array(start), 1.0
    for _ in range(steps):
        gradient = gradient_of(values)
        squares = squares + (gradient**2).sum()
        values = values - alpha * gradient / np.sqrt(squares)
    return values


PLANTED = {
    "05.1": [
        Planted(ratio_of_counts, says="these are ratios of counts"),
        Planted(upside_down, says="upside down"),
        Planted(zeros_divided, says="it must be NaN at places 0, 1 and 3"),
        Planted(always_the_first_two, says="another pair of words"),
    ],
    "05.2": [
        Planted(without_limit, says="no weight is above 1"),
        Planted(straight_line, says="use the exponent"),
        Planted(power_of_the_count_alone, says="x_max belongs inside the power"),
        Planted(fixed_exponent, says="here the exponent is ½"),
    ],
    "05.3": [
        Planted(log_of_zero, says="Leave the empty cells out"),
        Planted(unweighted, says="the weight f(x) is missing"),
        Planted(without_biases, says="the two biases are missing"),
        Planted(absolute, says="the error is squared"),
        Planted(averaged, says="not a mean"),
        Planted(biases_swapped, says="the bias of the word goes with the row"),
    ],
    "05.4": [
        Planted(without_the_two, says="has a factor 2"),
        Planted(downhill, says="the gradient points uphill"),
        Planted(gradients_unweighted, says="the weights f(x) are missing"),
        Planted(untransposed, says="transpose the matrix of errors"),
        Planted(bias_sums_swapped, says="times the other vector"),
        Planted(vectors_only, says="2 results; wanted four"),
    ],
    "05.5": [
        Planted(descent, says="plain gradient descent"),
        Planted(with_sums_from(0), says="starts at 1, not at 0"),
        Planted(with_sums_from(1, root=False), says="square *root*"),
        Planted(with_sums_from(1, forget=True), says="not only the last one"),
        Planted(with_sums_from(1, late=True), says="add the square of this step's gradient first"),
        Planted(one_sum_for_all, says="s += g², then value -= alpha"),
    ],
}
