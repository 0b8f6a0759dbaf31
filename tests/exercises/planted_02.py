"""Plausible mistakes in the exercises of notebook 02, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted


def summed(context_ids, size):
    bag = np.zeros(size)
    for word in context_ids:
        bag[word] += 1
    return bag


def repeated_once(context_ids, size):
    bag = np.zeros(size)
    bag[context_ids] += 1 / len(context_ids)
    return bag


def over_different_words(context_ids, size):
    return np.eye(size)[sorted(set(context_ids))].mean(axis=0)


def over_the_vocabulary(context_ids, size):
    return np.eye(size)[context_ids].mean(axis=1)


def overflowing(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def one_maximum_for_all(scores):
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def columns(scores):
    exponentials = np.exp(scores - scores.max(axis=0))
    return exponentials / exponentials.sum(axis=0)


def not_divided(scores):
    return np.exp(scores - scores.max(axis=1, keepdims=True))


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


def _gradients(input_table, output_weights, context_ids, center):
    hidden = input_table[context_ids].mean(axis=0)
    exponentials = np.exp(hidden @ output_weights)
    error = exponentials / exponentials.sum()
    error[center] -= 1
    return hidden, error


def uphill(input_table, output_weights, context_ids, center, alpha):
    hidden, error = _gradients(input_table, output_weights, context_ids, center)
    new = input_table.copy()
    np.add.at(new, context_ids, alpha * output_weights @ error / len(context_ids))
    return new, output_weights + alpha * np.outer(hidden, error)


def whole_gradient(input_table, output_weights, context_ids, center, alpha):
    hidden, error = _gradients(input_table, output_weights, context_ids, center)
    new = input_table.copy()
    np.add.at(new, context_ids, -alpha * output_weights @ error)
    return new, output_weights - alpha * np.outer(hidden, error)


def output_first(input_table, output_weights, context_ids, center, alpha):
    hidden, error = _gradients(input_table, output_weights, context_ids, center)
    output_weights = output_weights - alpha * np.outer(hidden, error)
    new = input_table.copy()
    np.add.at(new, context_ids, -alpha * output_weights @ error / len(context_ids))
    return new, output_weights


def repeated_moves_once(input_table, output_weights, context_ids, center, alpha):
    hidden, error = _gradients(input_table, output_weights, context_ids, center)
    new = input_table.copy()
    new[context_ids] -= alpha * output_weights @ error / len(context_ids)
    return new, output_weights - alpha * np.outer(hidden, error)


def only_the_output(input_table, output_weights, context_ids, center, alpha):
    hidden, error = _gradients(input_table, output_weights, context_ids, center)
    return input_table, output_weights - alpha * np.outer(hidden, error)


PLANTED = {
    "02.1": [
        Planted(summed, says="divide it by their number"),
        Planted(repeated_once, says="counts twice, here it does not"),
        Planted(over_different_words, says="you average over different words"),
        Planted(over_the_vocabulary, says="you averaged over the vocabulary"),
    ],
    "02.2": [
        Planted(overflowing, says="your softmax overflows"),
        Planted(one_maximum_for_all, says="the whole table sums to 1"),
        Planted(columns, says="each column sums to 1"),
        Planted(not_divided, says="not divided by the sum of their row"),
    ],
    "02.3": [
        Planted(raw, says="their rows have the old lengths"),
        Planted(scaled_after, says="the long row has length 1"),
        Planted(scaled_columns, says="each column has length 1"),
        Planted(stacked, says="one above the other"),
    ],
    "02.4": [
        Planted(uphill, says="W went uphill"),
        Planted(whole_gradient, says="the whole slope of h"),
        Planted(output_first, says="with the new W'"),
        Planted(repeated_moves_once, says="moved once"),
        Planted(only_the_output, says="W did not change"),
    ],
}
