"""Plausible mistakes in the exercises of notebook 11, and what the learner must be told."""

from __future__ import annotations

import math

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


# 11.3


def shifted(rows, by):
    """Return the rows moved down by one, or up, with zeros where nothing is."""
    nothing = np.zeros((1, rows.shape[1]))
    return np.vstack([nothing, rows[:-1]] if by == 1 else [rows[1:], nothing])


def both_shifted_alike(forward, backward):
    return shifted(forward, 1), shifted(backward, 1)


def backward_not_shifted(forward, backward):
    return shifted(forward, 1), backward


def forward_not_shifted(forward, backward):
    return forward, shifted(backward, -1)


def sides_exchanged(forward, backward):
    return shifted(backward, -1), shifted(forward, 1)


def backward_left_out(forward, backward):
    return shifted(forward, 1), np.zeros_like(backward)


def two_words_on(forward, backward):
    return shifted(forward, 1), shifted(shifted(backward, -1), -1)


# 11.5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_layer(inputs, layer, cell_clip, proj_clip, forget=1.0, late=False, gates=(0, 1, 2, 3)):
    """Read the inputs in the order given and return the outputs in this order."""
    W, U, b, V_P = layer
    h, c, outputs = np.zeros(len(V_P)), np.zeros(V_P.shape[1]), []
    for x in inputs:
        scores = np.split(W @ x + U @ h + b, 4)
        i, f, g, o = (scores[gate] for gate in gates)
        fresh = sigmoid(f + forget) * c + sigmoid(i) * np.tanh(g)
        c = np.clip(fresh, -cell_clip, cell_clip)
        shown = sigmoid(o) * np.tanh(fresh if late else c)
        h = np.clip(V_P @ shown, -proj_clip, proj_clip)
        outputs.append(h)
    return np.array(outputs)


def stack(vectors, layers, *bounds, first=False, skip=True, turn=True, **faults):
    found = []
    for number, layer in enumerate(layers):
        outputs = one_layer(vectors[::-1], layer, *bounds, **faults)
        outputs = outputs[::-1] if turn else outputs
        vectors = outputs + vectors if skip and (number or first) else outputs
        found.append(vectors)
    return np.array(found)


def from_the_left(vectors, layers, *bounds):
    return stack(vectors[::-1], layers, *bounds)[:, ::-1]


def not_turned_back(*given):
    return stack(*given, turn=False)


def without_forget_bias(*given):
    return stack(*given, forget=0.0)


def gates_in_another_order(*given):
    return stack(*given, gates=(0, 2, 1, 3))


def without_cell_clip(vectors, layers, cell_clip, proj_clip):
    return stack(vectors, layers, 1e9, proj_clip)


def without_projection_clip(vectors, layers, cell_clip, proj_clip):
    return stack(vectors, layers, cell_clip, 1e9)


def clipped_after_showing(*given):
    return stack(*given, late=True)


def without_skip(*given):
    return stack(*given, skip=False)


def skip_in_the_first(*given):
    return stack(*given, first=True)


def state_renewed(vectors, layers, *bounds):
    words = [stack(row[None], layers, *bounds) for row in vectors]
    return np.concatenate(words, axis=1)


def last_layer_alone(*given):
    return stack(*given)[-1]


PLANTED = {
    "11.1": [
        Planted(cross_entropy, says="take exp of it"),
        Planted(without_mean, says="divide by the number of words"),
        Planted(mean_of_probabilities, says="not of the probabilities"),
        Planted(two_bases, says="the bases differ"),
        Planted(product, says="add up logarithms instead"),
    ],
    "11.2": [
        Planted(turned, says="rows are outputs, columns are inputs"),
        Planted(first_number_only, says="in any of its numbers"),
        Planted(own_output_only, says="look at all outputs"),
        Planted(how_much, says="wanted True or False"),
        Planted(without_copy, says="changed what it was given"),
    ],
    "11.3": [
        Planted(both_shifted_alike, says="move it the other way"),
        Planted(backward_not_shifted, says="the backward half has read word"),
        Planted(forward_not_shifted, says="the forward half has read word"),
        Planted(sides_exchanged, says="first from the left, then from the right"),
        Planted(backward_left_out, says="has read nothing anywhere"),
        Planted(two_words_on, says="may use all words after the target"),
    ],
    "11.4": [
        Planted(lambda: "DGAFB", says="reads from the left"),
        Planted(lambda: "DCAFB", says="turn them back"),
        Planted(lambda: "DCFAE", says="first the step"),
        Planted(lambda: "CAFDE", says="where does the list begin"),
        Planted(lambda: "DCAF", says="nothing is returned"),
    ],
    "11.5": [
        Planted(from_the_left, says="takes the last word first"),
        Planted(not_turned_back, says="turn them back to that of the text"),
        Planted(without_forget_bias, says="the forget bias is missing"),
        Planted(gates_in_another_order, says="f before g"),
        Planted(without_cell_clip, says="the cell is not clipped"),
        Planted(without_projection_clip, says="the output is not clipped"),
        Planted(clipped_after_showing, says="see section 4"),
        Planted(without_skip, says="the skip connection is missing"),
        Planted(skip_in_the_first, says="the first layer has no skip connection"),
        Planted(state_renewed, says="not at each word"),
        Planted(last_layer_alone, says="not of the last one alone"),
    ],
    "11.6": [
        Planted(lambda: "A", says="it is one model"),
        Planted(lambda: "C", says="the paragraph above says it"),
        Planted(lambda: "D", says="look at the other rows"),
    ],
}
