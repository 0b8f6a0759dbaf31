"""Plausible mistakes in the exercises of notebook 13, and what the learner must be told."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from exercises.planted import Planted

# 13.1


def given_code(texts, share):
    cut = int(share * len(texts))
    parts = pd.Series(texts[:cut]), pd.Series(texts[cut:])
    train, test = (np.flatnonzero(~part.duplicated()) for part in parts)
    return train.tolist(), (test + cut).tolist()


def split_of(texts, bare, share, keep="first"):
    rows = np.flatnonzero(~pd.Series(bare).duplicated(keep=keep))
    cut = int(share * len(rows))
    return rows[:cut].tolist(), rows[cut:].tolist()


def only_equal_texts(texts, share):
    return split_of(texts, texts, share)


def with_digits(texts, share):
    return split_of(texts, [text.lower() for text in texts], share)


def with_capitals(texts, share):
    return split_of(texts, pd.Series(texts).str.replace(r"\d", "0", regex=True), share)


def bare(texts):
    return pd.Series(texts).str.lower().str.replace(r"\d", "0", regex=True)


def share_of_all_rows(texts, share):
    rows, cut = np.flatnonzero(~bare(texts).duplicated()), int(share * len(texts))
    return rows[rows < cut].tolist(), rows[rows >= cut].tolist()


def last_twin_stays(texts, share):
    return split_of(texts, bare(texts), share, keep="last")


def places_not_rows(texts, share):
    n = int((~bare(texts).duplicated()).sum())
    cut = int(share * n)
    return list(range(cut)), list(range(cut, n))


# 13.2


def filter_accuracy(X, y, scaled_by, learn, ask, alpha):
    scaler = StandardScaler().fit(X[scaled_by])
    net = LogisticRegression(C=1 / alpha).fit(scaler.transform(X[learn]), y[learn])
    return net.score(scaler.transform(X[ask]), y[ask])


def given_accuracy(X, y, n_train, alphas):
    X = StandardScaler().fit_transform(X)
    nets = [LogisticRegression(C=1 / a).fit(X[:n_train], y[:n_train]) for a in alphas]
    return max(net.score(X[n_train:], y[n_train:]) for net in nets)


def scaler_left(X, y, n_train, alphas):
    every, train, test = slice(None), slice(n_train), slice(n_train, None)
    part = slice(n_train - n_train // 5)
    judge = slice(part.stop, n_train)
    best = max(alphas, key=lambda a: filter_accuracy(X, y, every, part, judge, a))
    return filter_accuracy(X, y, every, train, test, best)


def choice_left(X, y, n_train, alphas):
    train, test = slice(n_train), slice(n_train, None)
    return max(filter_accuracy(X, y, train, train, test, alpha) for alpha in alphas)


def chosen_where_learned(X, y, n_train, alphas):
    train, test = slice(n_train), slice(n_train, None)
    best = max(alphas, key=lambda a: filter_accuracy(X, y, train, train, train, a))
    return filter_accuracy(X, y, train, train, test, best)


def not_learned_again(X, y, n_train, alphas):
    part, test = slice(n_train - n_train // 5), slice(n_train, None)
    judge = slice(part.stop, n_train)
    best = max(alphas, key=lambda a: filter_accuracy(X, y, part, part, judge, a))
    return filter_accuracy(X, y, part, part, test, best)


# 13.3


def for_all_messages():
    return "ECDF"


def above_one():
    return "ECAB"


def tail_before_counts():
    return "AECF"


def nothing_returned():
    return "ECA"


# 13.4


def all_ways(truth, one, other):
    differ, gaps = np.flatnonzero(one != other), []
    for way in product((False, True), repeat=len(differ)):
        swapped, both = differ[list(way)], [one.copy(), other.copy()]
        both[0][swapped], both[1][swapped] = other[swapped], one[swapped]
        first, second = (f1_score(truth, verdict, zero_division=0) for verdict in both)
        gaps.append(first - second)
    return np.array(gaps)


def with_its_sign(truth, one, other):
    gaps = all_ways(truth, one, other)
    return np.mean(np.sign(gaps[0]) * gaps >= abs(gaps[0]) - 1e-9)


def only_larger(truth, one, other):
    gaps = np.abs(all_ways(truth, one, other))
    return np.mean(gaps > gaps[0] + 1e-9)


def mcnemars(truth, one, other):
    b = int(((one == truth) & (other != truth)).sum())
    c = int(((one != truth) & (other == truth)).sum())
    tail = sum(comb(b + c, i) for i in range(min(b, c) + 1))
    return min(1.0, 2 * tail / 2 ** (b + c))


def of_ham(truth, one, other):
    gaps = np.abs(all_ways(1 - truth, 1 - one, 1 - other))
    return np.mean(gaps >= gaps[0] - 1e-9)


def number_of_ways(truth, one, other):
    gaps = np.abs(all_ways(truth, one, other))
    return float(np.sum(gaps >= gaps[0] - 1e-9))


# 13.5 and 13.8


def says_a():
    return "A"


def says_b():
    return "B"


def says_c():
    return "C"


def says_d():
    return "D"


# 13.6


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


# 13.7


def line_of(truth, score, lost, passed, lines, strict=False):
    def cost(line):
        called = score > line if strict else score >= line
        return lost * np.sum(called & (truth == 0)) + passed * np.sum(~called & (truth == 1))

    return min(lines, key=cost)


def from_above(score):
    return [np.inf, *sorted(set(score), reverse=True)]


def costs_swapped(truth, score, lost, passed):
    return line_of(truth, score, passed, lost, from_above(score))


def always_some_spam(truth, score, lost, passed):
    return line_of(truth, score, lost, passed, from_above(score)[1:])


def lowest_of_equals(truth, score, lost, passed):
    return line_of(truth, score, lost, passed, from_above(score)[::-1])


def equal_is_ham(truth, score, lost, passed):
    return line_of(truth, score, lost, passed, from_above(score), strict=True)


def half(truth, score, lost, passed):
    return 0.5


PLANTED = {
    "13.1": [
        Planted(given_code, says="has a twin in the training part"),
        Planted(only_equal_texts, says="only equal texts are found"),
        Planted(with_digits, says="digits do not count"),
        Planted(with_capitals, says="capitals do not count"),
        Planted(share_of_all_rows, says="not of all rows"),
        Planted(last_twin_stays, says="the first stays"),
        Planted(places_not_rows, says="places among the different texts"),
    ],
    "13.2": [
        Planted(given_accuracy, says="both faults are still there"),
        Planted(scaler_left, says="come from the test rows too"),
        Planted(choice_left, says="still chosen by the test rows"),
        Planted(chosen_where_learned, says="the rows it has learned from"),
        Planted(not_learned_again, says="not from four fifths"),
    ],
    "13.3": [
        Planted(for_all_messages, says="not for all of them"),
        Planted(above_one, says="at most 1"),
        Planted(tail_before_counts, says="before any line has made it"),
        Planted(nothing_returned, says="no line returns anything"),
    ],
    "13.4": [
        Planted(with_its_sign, says="on either side"),
        Planted(only_larger, says="as large as the real one counts too"),
        Planted(mcnemars, says="McNemar's p"),
        Planted(of_ham, says="F1 of ham"),
        Planted(number_of_ways, says="divide by all of them"),
    ],
    "13.5": [
        Planted(says_a, says="look at the column of the best one"),
        Planted(says_c, says="read the last row"),
        Planted(says_d, says="LSA knows no context"),
    ],
    "13.6": [
        Planted(ham_above, says="where the ham is higher"),
        Planted(equal_is_lost, says="half, not 0"),
        Planted(equal_is_won, says="half, not 1"),
        Planted(number_of_pairs, says="divide by all pairs"),
        Planted(of_every_pair, says="spam times ham"),
    ],
    "13.7": [
        Planted(costs_swapped, says="the two costs are swapped"),
        Planted(always_some_spam, says="was not tried"),
        Planted(lowest_of_equals, says="the highest is wanted"),
        Planted(equal_is_ham, says="equal to the line is called spam"),
        Planted(half, says="try each score"),
    ],
    "13.8": [
        Planted(says_a, says="asks ham in digits"),
        Planted(says_b, says="it falls furthest"),
        Planted(says_d, says="may learn them"),
    ],
}
