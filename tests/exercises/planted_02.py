"""Plausible mistakes in the exercises of notebook 02, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted


def _means(W, ids, m, context):
    return np.stack([W[context(ids, place, m)].mean(axis=0) for place in range(len(ids))])


def with_the_center(W, ids, m):
    return _means(W, ids, m, lambda ids, i, m: ids[max(0, i - m) : i + m + 1])


def negative_start(W, ids, m):
    return _means(W, ids, m, lambda ids, i, m: ids[i - m : i] + ids[i + 1 : i + 1 + m])


def one_sided(W, ids, m):
    rows = [W[ids[max(0, i - m) : i]].mean(axis=0) for i in range(1, len(ids))]
    return np.stack([W[ids[1]], *rows])


def _sum(W, ids, i, m):
    return W[ids[max(0, i - m) : i] + ids[i + 1 : i + 1 + m]].sum(axis=0)


def summed(W, ids, m):
    return np.stack([_sum(W, ids, i, m) for i in range(len(ids))])


def always_full(W, ids, m):
    return summed(W, ids, m) / (2 * m)


def repeated_once(W, ids, m):
    return _means(
        W, ids, m, lambda ids, i, m: sorted({*ids[max(0, i - m) : i], *ids[i + 1 : i + 1 + m]})
    )


def overflowing(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def less_the_mean(scores):
    exponentials = np.exp(scores - scores.mean(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def less_the_smallest(scores):
    exponentials = np.exp(scores - scores.min(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def one_maximum_for_all(scores):
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def one_sum_for_all(scores):
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def columns(scores):
    exponentials = np.exp(scores - scores.max(axis=0))
    return exponentials / exponentials.sum(axis=0)


def not_divided(scores):
    return np.exp(scores - scores.max(axis=1, keepdims=True))


def whole_slope():
    return "BEFCAG"


def both_moves():
    return "BEFCADG"


def output_table_first():
    return "BEFACD"


def one_taken_late():
    return "BECAFD"


def slope_before_its_error():
    return "BCEFAD"


def only_the_input():
    return "BEFCD"


def _slopes(W, context_ids, center):
    """Return h, dL/dz and dL/dh, as the lesson's cells have them."""
    h = W[context_ids].mean(axis=0)
    error = np.exp(W @ h)
    error = error / error.sum()
    error[center] -= 1
    return h, error, W.T @ error


def uphill(W, context_ids, center, alpha):
    h, error, d_h = _slopes(W, context_ids, center)
    slope = np.outer(error, h)
    np.add.at(slope, context_ids, d_h / len(context_ids))
    return W + alpha * slope


def copied_cell_input(W, context_ids, center, alpha):
    *_, d_h = _slopes(W, context_ids, center)
    d_W = np.zeros_like(W)
    for word in context_ids:
        d_W[word] += d_h / len(context_ids)
    return W - alpha * d_W


def copied_cell_output(W, context_ids, center, alpha):
    h, error, _ = _slopes(W, context_ids, center)
    return W - alpha * np.outer(error, h)


def copied_cell_both(W, context_ids, center, alpha):
    return copied_cell_input(W, context_ids, center, alpha), copied_cell_output(
        W, context_ids, center, alpha
    )


def whole_gradient(W, context_ids, center, alpha):
    h, error, d_h = _slopes(W, context_ids, center)
    slope = np.outer(error, h)
    np.add.at(slope, context_ids, d_h)
    return W - alpha * slope


def one_after_the_other(W, context_ids, center, alpha):
    h, error, _ = _slopes(W, context_ids, center)
    W = W - alpha * np.outer(error, h)
    d_h = W.T @ error
    for word in context_ids:
        W[word] -= alpha * d_h / len(context_ids)
    return W


def repeated_moves_once(W, context_ids, center, alpha):
    h, error, d_h = _slopes(W, context_ids, center)
    slope = np.outer(error, h)
    slope[context_ids] += d_h / len(context_ids)
    return W - alpha * slope


def in_place(W, context_ids, center, alpha):
    h, error, d_h = _slopes(W, context_ids, center)
    slope = np.outer(error, h)
    np.add.at(slope, context_ids, d_h / len(context_ids))
    W -= alpha * slope
    return W


def by_heart():
    return 0.0


def one_of_the_two():
    return np.log(2)


def no_idea():
    return 5 * np.log(3)


def three_share():
    return 2 * np.log(3)


def below_the_yardsticks():
    return "A"


def higher_is_better():
    return "B"


def one_test_for_all():
    return "d"


def raw(input_table, output_table):
    return np.hstack([input_table, output_table])


def scaled_after(input_table, output_table):
    joined = np.hstack([input_table, output_table])
    return joined / np.linalg.norm(joined, axis=1, keepdims=True)


def scaled_columns(input_table, output_table):
    tables = (input_table, output_table)
    return np.hstack([table / np.linalg.norm(table, axis=0) for table in tables])


def stacked(input_table, output_table):
    tables = (input_table, output_table)
    return np.vstack([table / np.linalg.norm(table, axis=1, keepdims=True) for table in tables])


PLANTED = {
    "02.1": [
        Planted(with_the_center, says="the centre itself is in the mean"),
        Planted(negative_start, says="counts a negative start from the back"),
        Planted(one_sided, says="only the words before the centre"),
        Planted(summed, says="these are sums"),
        Planted(always_full, says="at the ends the window holds fewer words"),
        Planted(repeated_once, says="counts twice, here once"),
    ],
    "02.2": [
        Planted(overflowing, says="for scores near 1000"),
        Planted(less_the_mean, says="for the row [4000.0, 0, 0, 0]"),
        Planted(less_the_smallest, says="for the row [1000.0, 0]"),
        Planted(one_maximum_for_all, says="for the row [-1000.0, 0]"),
        Planted(one_sum_for_all, says="the whole table sums to 1"),
        Planted(columns, says="each column sums to 1"),
        Planted(not_divided, says="not divided by the sum of their row"),
    ],
    "02.3": [
        Planted(whole_slope, says="the whole slope of h"),
        Planted(both_moves, says="lines D and G both move W"),
        Planted(output_table_first, says="belongs to the old W_out"),
        Planted(one_taken_late, says="before the error is used"),
        Planted(slope_before_its_error, says="uses 'error' before any line has made it"),
        Planted(only_the_input, says="no line moves W_out"),
    ],
    "02.4": [
        Planted(uphill, says="W went uphill"),
        Planted(copied_cell_input, says="as the table of contexts alone"),
        Planted(copied_cell_output, says="as the table of answers alone"),
        Planted(copied_cell_both, says="there is one table"),
        Planted(whole_gradient, says="a context row gets 1/n"),
        Planted(one_after_the_other, says="had moved already"),
        Planted(repeated_moves_once, says="moved once"),
        Planted(in_place, says="changed what it was given"),
    ],
    "02.5": [
        Planted(by_heart, says="two are red + red"),
        Planted(one_of_the_two, says="the sum has both"),
        Planted(no_idea, says="no idea at all"),
        Planted(three_share, says="not three"),
    ],
    "02.6": [
        Planted(below_the_yardsticks, says="the yardsticks know no context"),
        Planted(higher_is_better, says="with so few pairs"),
        Planted(one_test_for_all, says="two tests"),
    ],
    "02.7": [
        Planted(raw, says="their rows have the old lengths"),
        Planted(scaled_after, says="the long row has length 1"),
        Planted(scaled_columns, says="each column has length 1"),
        Planted(stacked, says="one above the other"),
    ],
}
