"""Plausible mistakes in the exercises of notebook 12, and what the learner must be told."""

from __future__ import annotations

from collections import Counter

import numpy as np

from exercises.planted import Planted

# 12.1


def scores_as_weights(layers, scores, gamma):
    return gamma * np.tensordot(scores, layers, 1)


def without_gamma(layers, scores, gamma):
    s = np.exp(scores - scores.max())
    return np.tensordot(s / s.sum(), layers, 1)


def that_overflows(layers, scores, gamma):
    with np.errstate(all="ignore"):
        s = np.exp(scores) / np.exp(scores).sum()
    return gamma * np.tensordot(s, layers, 1)


def divided_by_sum(layers, scores, gamma):
    return gamma * np.tensordot(scores / scores.sum(), layers, 1)


# 12.2


def over_padding(layer, mask):
    return (layer - layer.mean()) / layer.std()


def padding_not_zero(layer, mask):
    return (layer - layer[mask].mean()) / layer[mask].std()


def each_word_alone(layer, mask):
    result = np.zeros_like(layer)
    words = layer[mask]
    result[mask] = (words - words.mean(1, keepdims=True)) / words.std(1, keepdims=True)
    return result


def by_n_minus_one(layer, mask):
    words, result = layer[mask], np.zeros_like(layer)
    result[mask] = (words - words.mean()) / words.std(ddof=1)
    return result


# 12.3


def by_dot_product(known, known_senses, new):
    return [known_senses[row] for row in (new @ known.T).argmax(1)]


def by_distance(known, known_senses, new):
    distances = np.linalg.norm(new[:, None] - known[None], axis=2)
    return [known_senses[row] for row in distances.argmin(1)]


def farthest(known, known_senses, new):
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    return [known_senses[row] for row in (new @ unit.T).argmin(1)]


def one_for_each_known(known, known_senses, new):
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    return [known_senses[row % len(known_senses)] for row in (new @ unit.T).argmax(0)]


# 12.4


def not_transposed(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([input_weight, state_weight], 1), 4)
    return np.concatenate([i, g, f, o])


def old_order(input_weight, state_weight):
    return np.concatenate([input_weight, state_weight], 1).T


def state_first(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([state_weight, input_weight], 1), 4)
    return np.concatenate([i, g, f, o]).T


# 12.5


def from_test(train, test):
    usual = {w: Counter(s for v, s in test if v == w).most_common(1)[0][0] for w, _ in test}
    known = {w for w, _ in train}
    return sum(w in known and usual[w] == s for w, s in test) / len(test)


def without_unknown(train, test):
    usual = {w: Counter(s for v, s in train if v == w).most_common(1)[0][0] for w, _ in train}
    asked = [(w, s) for w, s in test if w in usual]
    return sum(usual[w] == s for w, s in asked) / len(asked)


def one_for_all(train, test):
    usual = Counter(s for _, s in train).most_common(1)[0][0]
    return sum(usual == s for _, s in test) / len(test)


def not_divided(train, test):
    usual = {w: Counter(s for v, s in train if v == w).most_common(1)[0][0] for w, _ in train}
    return float(sum(usual.get(w) == s for w, s in test))


PLANTED = {
    "12.1": [
        Planted(scores_as_weights, says="take their softmax"),
        Planted(without_gamma, says="γ is missing"),
        Planted(that_overflows, says="subtract the largest score first"),
        Planted(divided_by_sum, says="gives no softmax"),
    ],
    "12.2": [
        Planted(over_padding, says="over the padding as well"),
        Planted(padding_not_zero, says="must be 0 in the result too"),
        Planted(each_word_alone, says="a mean of its own"),
        Planted(by_n_minus_one, says="not by n - 1"),
    ],
    "12.3": [
        Planted(by_dot_product, says="divide by the known vectors' lengths"),
        Planted(by_distance, says="take the cosine instead"),
        Planted(farthest, says="take the highest cosine"),
        Planted(one_for_each_known, says="one for each row of new"),
    ],
    "12.4": [
        Planted(not_transposed, says="transpose it"),
        Planted(old_order, says="the file has i, j, f, o"),
        Planted(state_first, says="the rows of the word come first"),
    ],
    "12.5": [
        Planted(from_test, says="learn it in training"),
        Planted(without_unknown, says="divide by all test sentences"),
        Planted(one_for_all, says="each word has a most frequent one"),
        Planted(not_divided, says="this is the number right"),
    ],
}
