"""Plausible mistakes in the exercises of notebook 13, and what the learner must be told."""

from __future__ import annotations

from math import comb

import numpy as np

from exercises.planted import Planted

# 13.1


def over_all_places(layers, mask):
    return layers.mean(axis=2).transpose(1, 0, 2)


def with_the_padding(layers, mask):
    return (layers.sum(axis=2) / mask.sum(axis=1)[:, None]).transpose(1, 0, 2)


def divided_by_places(layers, mask):
    return (layers * mask[:, :, None]).mean(axis=2).transpose(1, 0, 2)


def layers_first(layers, mask):
    return (layers * mask[:, :, None]).sum(axis=2) / mask.sum(axis=1)[:, None]


# 13.2


def swapped(truth, verdict):
    caught = sum(t and v for t, v in zip(truth, verdict, strict=True))
    precision = caught / sum(truth) if sum(truth) else 0.0
    recall = caught / sum(verdict) if sum(verdict) else 0.0
    both = precision + recall
    return precision, recall, (2 * precision * recall / both if both else 0.0)


def arithmetic_mean(truth, verdict):
    caught = sum(t and v for t, v in zip(truth, verdict, strict=True))
    precision = caught / sum(verdict) if sum(verdict) else 0.0
    recall = caught / sum(truth) if sum(truth) else 0.0
    return precision, recall, (precision + recall) / 2


def of_ham(truth, verdict):
    caught = sum(not t and not v for t, v in zip(truth, verdict, strict=True))
    precision = caught / verdict.count(0)
    recall = caught / truth.count(0)
    return precision, recall, 2 * precision * recall / (precision + recall)


def silence_is_precise(truth, verdict):
    caught = sum(t and v for t, v in zip(truth, verdict, strict=True))
    precision = caught / sum(verdict) if sum(verdict) else 1.0
    recall = caught / sum(truth)
    both = precision + recall
    return precision, recall, (2 * precision * recall / both if both else 0.0)


# 13.3


def discordant(truth, one, other):
    b = sum(x == t != y for t, x, y in zip(truth, one, other, strict=True))
    c = sum(y == t != x for t, x, y in zip(truth, one, other, strict=True))
    return b, c


def one_tail(truth, one, other):
    b, c = discordant(truth, one, other)
    return sum(comb(b + c, i) for i in range(min(b, c) + 1)) / 2 ** (b + c)


def above_one(truth, one, other):
    return 2 * one_tail(truth, one, other)


def from_all_errors(truth, one, other):
    errors = [sum(x != t for t, x in zip(truth, v, strict=True)) for v in (one, other)]
    n = sum(errors)
    return min(1.0, 2 * sum(comb(n, i) for i in range(min(errors) + 1)) / 2**n)


def for_all_messages(truth, one, other):
    few, n = min(discordant(truth, one, other)), len(truth)
    return min(1.0, 2 * sum(comb(n, i) for i in range(few + 1)) / 2**n)


# 13.4


def bare(line):
    return " ".join("".join("0" if x.isdigit() else x for x in line).lower().split())


def not_among_themselves(train, test):
    seen = {bare(line) for line in train}
    return [row for row, line in enumerate(test) if bare(line) not in seen]


def exactly_equal(train, test):
    return [row for row, line in enumerate(test) if line not in [*train, *test[:row]]]


def with_digits(train, test):
    forms = [" ".join(line.lower().split()) for line in [*train, *test]]
    return [
        row for row in range(len(test)) if forms[len(train) + row] not in forms[: len(train) + row]
    ]


def with_capitals(train, test):
    forms = [" ".join("".join("0" if x.isdigit() else x for x in line).split()) for line in train]
    rows = []
    for row, line in enumerate(test):
        form = " ".join("".join("0" if x.isdigit() else x for x in line).split())
        if form not in forms:
            rows.append(row)
        forms.append(form)
    return rows


def with_spaces(train, test):
    forms = ["".join("0" if x.isdigit() else x for x in line).lower() for line in [*train, *test]]
    return [
        row for row in range(len(test)) if forms[len(train) + row] not in forms[: len(train) + row]
    ]


def the_old_ones(train, test):
    forms = [bare(line) for line in [*train, *test]]
    return [row for row in range(len(test)) if forms[len(train) + row] in forms[: len(train) + row]]


# 13.5


def ham_above(truth, score):
    above = score[truth == 0][:, None] - score[truth == 1]
    return np.mean((above > 0) + 0.5 * (above == 0))


def equal_is_lost(truth, score):
    return np.mean(score[truth == 1][:, None] > score[truth == 0])


def equal_is_won(truth, score):
    return np.mean(score[truth == 1][:, None] >= score[truth == 0])


def number_of_pairs(truth, score):
    above = score[truth == 1][:, None] - score[truth == 0]
    return np.sum((above > 0) + 0.5 * (above == 0))


def of_every_pair(truth, score):
    return number_of_pairs(truth, score) / (len(truth) * (len(truth) - 1) / 2)


PLANTED = {
    "13.1": [
        Planted(over_all_places, says="use the mask"),
        Planted(with_the_padding, says="multiply by the mask first"),
        Planted(divided_by_places, says="divide by the words"),
        Planted(layers_first, says="messages come first"),
    ],
    "13.2": [
        Planted(swapped, says="are swapped"),
        Planted(arithmetic_mean, says="harmonic mean"),
        Planted(of_ham, says="the scores of ham"),
        Planted(silence_is_precise, says="by convention, not 1"),
    ],
    "13.3": [
        Planted(one_tail, says="this is one tail"),
        Planted(above_one, says="at most 1"),
        Planted(from_all_errors, says="count the discordant ones alone"),
        Planted(for_all_messages, says="discordant messages only"),
    ],
    "13.4": [
        Planted(not_among_themselves, says="an earlier test text"),
        Planted(exactly_equal, says="bring both sides to one form"),
        Planted(with_digits, says="digits are left"),
        Planted(with_capitals, says="capitals are left"),
        Planted(with_spaces, says="white space"),
        Planted(the_old_ones, says="return the others"),
    ],
    "13.5": [
        Planted(ham_above, says="where the ham is higher"),
        Planted(equal_is_lost, says="half, not 0"),
        Planted(equal_is_won, says="half, not 1"),
        Planted(number_of_pairs, says="divide by all pairs"),
        Planted(of_every_pair, says="spam times ham"),
    ],
}
