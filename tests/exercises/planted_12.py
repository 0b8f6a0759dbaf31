"""Plausible mistakes in the exercises of notebook 12, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from exercises.planted import Planted

# 12.1


def scores_as_weights(layers, scores, gamma):
    return gamma * np.tensordot(scores, layers, 1)


def without_gamma(layers, scores, gamma):
    return np.tensordot(softmax(scores), layers, 1)


def that_overflows(layers, scores, gamma):
    with np.errstate(all="ignore"):
        s = np.exp(scores) / np.exp(scores).sum()
    return gamma * np.tensordot(s, layers, 1)


def divided_by_sum(layers, scores, gamma):
    return gamma * np.tensordot(scores / scores.sum(), layers, 1)


def gamma_inside(layers, scores, gamma):
    return np.tensordot(softmax(gamma * scores), layers, 1)


def gamma_twice(layers, scores, gamma):
    return gamma * np.tensordot(softmax(gamma * scores), layers, 1)


def divided_by_number(layers, scores, gamma):
    raised = np.exp(scores)
    return gamma * np.tensordot(raised / len(raised), layers, 1)


def as_given(layers, scores, gamma):
    raised = np.exp(gamma * scores)
    return np.tensordot(raised / len(raised), layers, 1)


# 12.2


def mixed(layers, scores, gamma):
    return gamma * np.tensordot(softmax(scores), layers, 1)


def over_padding(layers, mask, scores, gamma):
    return mixed(layers, scores, gamma).mean(1)


def zeros_counted(layers, mask, scores, gamma):
    return (mixed(layers, scores, gamma) * mask[:, :, None]).mean(1)


def padding_in_the_sum(layers, mask, scores, gamma):
    return mixed(layers, scores, gamma).sum(1) / mask.sum(1, keepdims=True)


def summed(layers, mask, scores, gamma):
    return (mixed(layers, scores, gamma) * mask[:, :, None]).sum(1)


def by_the_batch(layers, mask, scores, gamma):
    return (mixed(layers, scores, gamma) * mask[:, :, None]).sum(1) / mask.sum()


def pooled_without_gamma(layers, mask, scores, gamma):
    return summed(layers, mask, scores, 1.0) / mask.sum(1, keepdims=True)


def pooled_scores(layers, mask, scores, gamma):
    words = gamma * np.tensordot(scores, layers, 1)
    return (words * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)


def equal_weights(layers, mask, scores, gamma):
    return summed(layers, mask, 0 * scores, gamma) / mask.sum(1, keepdims=True)


def first_word(layers, mask, scores, gamma):
    return mixed(layers, scores, gamma)[:, 0]


def largest(layers, mask, scores, gamma):
    return np.where(mask[:, :, None], mixed(layers, scores, gamma), -np.inf).max(1)


# 12.3


def by_dot_product():
    return "CDFAE"


def lengths_count():
    return "DFAB"


def lengths_count_late():
    return "DFACB"


def lengths_count_twice():
    return "DFAE"


def senses_sorted():
    return "CGDFAB"


def both_answers():
    return "CDFABE"


def no_table():
    return "CFAB"


def nothing_in_it():
    return "CDB"


def no_answer():
    return "CDFA"


# 12.4


def answered(vectors, senses, keep=False, unit=True, mean_length=True, worst=False):
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    known, senses, found = rows if unit else vectors, np.asarray(senses), []
    for i, row in enumerate(rows):
        others = np.full(len(rows), True)
        others[i] = keep
        cosines = {}
        for sense in np.unique(senses[others]):
            mean = known[others & (senses == sense)].mean(0)
            cosines[sense] = mean @ row / (np.linalg.norm(mean) if mean_length else 1)
        found.append((min if worst else max)(cosines, key=cosines.get))
    return found


def with_itself(vectors, senses):
    return answered(vectors, senses, keep=True)


def as_long_as_they_are(vectors, senses):
    return answered(vectors, senses, unit=False)


def dot_with_the_mean(vectors, senses):
    return answered(vectors, senses, mean_length=False)


def most_distant(vectors, senses):
    return answered(vectors, senses, worst=True)


def nearest_occurrence(vectors, senses):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [senses[k] for k in (unit @ unit.T - 3 * np.eye(len(unit))).argmax(1)]


def senses_returned(vectors, senses):
    return list(senses)


def falls_back_on_itself(vectors, senses):
    found = answered(vectors, senses)
    return [own if senses.count(own) == 1 else got for own, got in zip(senses, found, strict=True)]


def one_for_each_sense(vectors, senses):
    return sorted(set(senses))


# 12.5


def elmo_alone():
    return "A"


def layer_1():
    return "B"


def useless():
    return "D"


def bank_decides():
    return "E"


# 12.6


def not_transposed(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([input_weight, state_weight], 1), 4)
    return np.concatenate([i, g, f, o])


def old_order(input_weight, state_weight):
    return np.concatenate([input_weight, state_weight], 1).T


def content_last(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([input_weight, state_weight], 1), 4)
    return np.concatenate([i, f, o, g]).T


def state_first(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([state_weight, input_weight], 1), 4)
    return np.concatenate([i, g, f, o]).T


def reshaped(input_weight, state_weight):
    i, f, g, o = np.split(np.concatenate([input_weight, state_weight], 1), 4)
    return np.concatenate([i, g, f, o]).reshape(2 * input_weight.shape[1], -1)


def word_alone(input_weight, state_weight):
    i, f, g, o = np.split(input_weight, 4)
    return np.concatenate([i, g, f, o]).T


PLANTED = {
    "12.1": [
        Planted(scores_as_weights, says="take their softmax"),
        Planted(without_gamma, says="γ is missing"),
        Planted(that_overflows, says="subtract the largest score first"),
        Planted(divided_by_sum, says="gives no softmax"),
        Planted(gamma_inside, says="γ is inside the softmax"),
        Planted(gamma_twice, says="γ stands twice"),
        Planted(divided_by_number, says="the weights do not add up to 1"),
        Planted(as_given, says="both faults are there"),
    ],
    "12.2": [
        Planted(over_padding, says="the mean runs over all places"),
        Planted(zeros_counted, says="still counted"),
        Planted(padding_in_the_sum, says="padding is still in the sum"),
        Planted(summed, says="this is the sum"),
        Planted(by_the_batch, says="the words of the whole batch"),
        Planted(pooled_without_gamma, says="γ is missing"),
        Planted(pooled_scores, says="take their softmax"),
        Planted(equal_weights, says="the plain mean of the layers"),
        Planted(first_word, says="the first word of each sentence"),
        Planted(largest, says="the largest value over the words"),
    ],
    "12.3": [
        Planted(by_dot_product, says="favours senses with many sentences"),
        Planted(lengths_count, says="which line makes all alike"),
        Planted(lengths_count_late, says="too late to change the sums"),
        Planted(lengths_count_twice, says="lengths count twice"),
        Planted(senses_sorted, says="no longer stand beside their own vectors"),
        Planted(both_answers, says="after the first return nothing runs"),
        Planted(no_table, says="uses 'means' before"),
        Planted(nothing_in_it, says="which line fills the means"),
        Planted(no_answer, says="returns nothing"),
    ],
    "12.4": [
        Planted(with_itself, says="in the mean of its own sense"),
        Planted(as_long_as_they_are, says="bring all to length 1"),
        Planted(dot_with_the_mean, says="divide by the length of the mean"),
        Planted(most_distant, says="take the highest cosine"),
        Planted(nearest_occurrence, says="the nearest occurrence"),
        Planted(senses_returned, says="answer from the means"),
        Planted(falls_back_on_itself, says="'data' occurs once"),
        Planted(one_for_each_sense, says="return one for each"),
    ],
    "12.5": [
        Planted(elmo_alone, says="holds context too"),
        Planted(layer_1, says="layer 2 is ahead with every seed"),
        Planted(useless, says="far ahead on part of speech"),
        Planted(bank_decides, says="within its spread"),
    ],
    "12.6": [
        Planted(not_transposed, says="transpose it"),
        Planted(old_order, says="i, f, g (= j), o; the file has i, j, f, o"),
        Planted(content_last, says="i, f, o, g (= j); the file has i, j, f, o"),
        Planted(state_first, says="the rows of the word come first"),
        Planted(reshaped, says="transpose the matrix instead"),
        Planted(word_alone, says="share a matrix"),
    ],
}
