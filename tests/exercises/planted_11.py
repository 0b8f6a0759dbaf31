"""Plausible mistakes in the exercises of notebook 11, and what the learner must be told."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np

from exercises.planted import Planted

# 11.1


def cross_entropy(probabilities):
    return -np.log(probabilities).mean()


def without_mean(probabilities):
    return math.exp(-np.log(probabilities).sum())


def mean_of_probabilities(probabilities):
    return 1 / probabilities.mean()


def two_bases(probabilities):
    return math.exp(-np.log2(probabilities).mean())


def product(probabilities):
    with np.errstate(divide="ignore"):
        return np.prod(probabilities) ** (-1 / len(probabilities))


# 11.2


def pairs_of(sentences, first="<S>", last="</S>"):
    marked = [[*first.split(), *sentence, *last.split()] for sentence in sentences]
    return [pair for words in marked for pair in pairwise(words)]


def shares(words):
    counts = Counter(words)
    return {word: count / counts.total() for word, count in counts.items()}


def all_occurrences(sentences):
    return shares(word for _, word in pairs_of(sentences))


def words_behind(sentences):
    pairs = set(pairs_of(sentences))
    found = shares(word for word, _ in pairs)
    found.pop("<S>")
    return found | {"</S>": 0.0}


def counts_only(sentences):
    return dict(Counter(word for _, word in set(pairs_of(sentences))))


def without_end(sentences):
    return shares(word for _, word in set(pairs_of(sentences, last="")))


def begin_predicted(sentences):
    return shares(word for _, word in set(pairs_of(sentences, first="<S> <S>")))


# 11.3


def step(x, h, c, W, U, b, V_P, cell_clip, proj_clip, forget_bias=1.0):
    i, f, g, o = np.split(W @ x + U @ h + b, 4)
    new_c = sigmoid(f + forget_bias) * c + sigmoid(i) * np.tanh(g)
    new_c = np.clip(new_c, -cell_clip, cell_clip)
    return np.clip(V_P @ (sigmoid(o) * np.tanh(new_c)), -proj_clip, proj_clip), new_c


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def without_forget_bias(*given):
    return step(*given, forget_bias=0.0)


def exchanged(*given):
    return step(*given)[::-1]


def without_projection(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    new_c = step(x, h, c, W, U, b, V_P, cell_clip, proj_clip)[1]
    o = np.split(W @ x + U @ h + b, 4)[3]
    return np.clip(sigmoid(o) * np.tanh(new_c), -proj_clip, proj_clip), new_c


def without_cell_clip(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    return step(x, h, c, W, U, b, V_P, 1e9, proj_clip)


def clipped_after_showing(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    new_h, new_c = step(x, h, c, W, U, b, V_P, 1e9, proj_clip)
    return new_h, np.clip(new_c, -cell_clip, cell_clip)


def without_projection_clip(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    return step(x, h, c, W, U, b, V_P, cell_clip, 1e9)


def without_output_gate(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    new_c = step(x, h, c, W, U, b, V_P, cell_clip, proj_clip)[1]
    return np.clip(V_P @ new_c, -proj_clip, proj_clip), new_c


def gates_in_another_order(x, h, c, W, U, b, V_P, cell_clip, proj_clip):
    i, g, f, o = np.split(W @ x + U @ h + b, 4)
    new_c = np.clip(sigmoid(f + 1) * c + sigmoid(i) * np.tanh(g), -cell_clip, cell_clip)
    return np.clip(V_P @ (sigmoid(o) * np.tanh(new_c)), -proj_clip, proj_clip), new_c


# 11.4


def changes(network, vectors, differs):
    table = []
    for place in range(len(vectors)):
        other = vectors.copy()
        other[place] += 1.0
        table.append(differs(network(other), network(vectors), place))
    return np.array(table)


def turned(network, vectors):
    return changes(network, vectors, lambda a, b, place: (a != b).any(axis=1))


def first_number_only(network, vectors):
    return changes(network, vectors, lambda a, b, place: a[:, 0] != b[:, 0]).T


def own_output_only(network, vectors):
    here = np.arange(len(vectors))
    return changes(network, vectors, lambda a, b, t: (a != b).any(axis=1) & (here == t)).T


def how_much(network, vectors):
    return changes(network, vectors, lambda a, b, place: abs(a - b).max(axis=1)).T


def without_copy(network, vectors):
    before, table = network(vectors), []
    for place in range(len(vectors)):
        vectors[place] += 1.0
        table.append((network(vectors) != before).any(axis=1))
    return np.array(table).T


# 11.5


def each_number(gradients, bound):
    return [np.clip(gradient, -bound, bound) for gradient in gradients]


def each_array(gradients, bound):
    return [g * min(1, bound / max(np.linalg.norm(g), 1e-12)) for g in gradients]


def always_to_the_bound(gradients, bound):
    norm = math.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * bound / norm for gradient in gradients]


def absolute_values(gradients, bound):
    norm = sum(abs(gradient).sum() for gradient in gradients)
    return [gradient * min(1, bound / norm) for gradient in gradients]


def one_array(gradients, bound):
    flat = np.concatenate([gradient.ravel() for gradient in gradients])
    return [flat * min(1, bound / np.linalg.norm(flat))]


def zero_divided(gradients, bound):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    with np.errstate(invalid="ignore", divide="ignore"):
        return [gradient * np.minimum(1, bound / norm) * (norm / norm) for gradient in gradients]


PLANTED = {
    "11.1": [
        Planted(cross_entropy, says="take exp of it"),
        Planted(without_mean, says="divide by the number of words"),
        Planted(mean_of_probabilities, says="not of the probabilities"),
        Planted(two_bases, says="the bases differ"),
        Planted(product, says="add up logarithms instead"),
    ],
    "11.2": [
        Planted(all_occurrences, says="count each pair once"),
        Planted(words_behind, says="not after it"),
        Planted(counts_only, says="these are counts"),
        Planted(without_end, says="</S> is missing"),
        Planted(begin_predicted, says="<S> is in the result"),
    ],
    "11.3": [
        Planted(without_forget_bias, says="the forget bias is missing"),
        Planted(exchanged, says="first the output, then the cell"),
        Planted(without_projection, says="the projection V_P is missing"),
        Planted(without_cell_clip, says="the cell is not clipped"),
        Planted(clipped_after_showing, says="clip the cell first"),
        Planted(without_projection_clip, says="the output is not clipped"),
        Planted(without_output_gate, says="the output gate is missing"),
        Planted(gates_in_another_order, says="f before g"),
    ],
    "11.4": [
        Planted(turned, says="rows are outputs, columns are inputs"),
        Planted(first_number_only, says="in any of its numbers"),
        Planted(own_output_only, says="look at all outputs"),
        Planted(how_much, says="wanted True or False"),
        Planted(without_copy, says="changed what it was given"),
    ],
    "11.5": [
        Planted(each_number, says="clipping each number changes its direction"),
        Planted(each_array, says="one norm of all arrays together"),
        Planted(always_to_the_bound, says="stays as it is"),
        Planted(absolute_values, says="times each array"),
        Planted(one_array, says="1 arrays; wanted 3"),
        Planted(zero_divided, says="has norm 0 and stays zero"),
    ],
}
