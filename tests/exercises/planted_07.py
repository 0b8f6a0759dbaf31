"""Plausible mistakes in the exercises of notebook 07, and what the learner must be told."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import expit

from exercises.planted import Planted

# 07.1


def zeros_in_front(sequences, length):
    return np.array([[0] * (length - len(s)) + s[-length:] for s in sequences])


def first_ids_kept(sequences, length):
    return np.array([s[:length] + [0] * (length - len(s)) for s in sequences])


def never_cut(sequences, length):
    longest = max(length, *map(len, sequences))
    return np.array([s + [0] * (longest - len(s)) for s in sequences])


def always_the_longest(sequences, length):
    cut = [s[-length:] for s in sequences]
    longest = max(map(len, cut))
    return np.array([s + [0] * (longest - len(s)) for s in cut])


# 07.2


def padding_counted_too():
    return "EGFBCDA"


def padding_added():
    return "EGDBCFA"


def divided_by_all_places():
    return "EGBCDFH"


def returns_too_early():
    return "EAGBCDF"


def without_a_start():
    return "GBCDFA"


def start_too_late():
    return "GBCDFEA"


# 07.3


def gradient(ids, labels, table, dense, bias, real=None, mean=True, texts=None):
    real = (ids != 0) if real is None else real
    share = real / real.sum(axis=1, keepdims=True) if mean else real.astype(float)
    z = bias + (share[:, :, None] * table[ids]).sum(axis=1) @ dense
    pull = (expit(z) - labels) / (texts or len(labels))
    out = np.zeros_like(table)
    np.add.at(out, ids, (pull[:, None] * share)[:, :, None] * dense)
    return out


def uphill(*parts):
    return -gradient(*parts)


def summed_over_texts(*parts):
    return gradient(*parts, texts=1)


def sum_of_vectors(*parts):
    return gradient(*parts, mean=False)


def padding_counted(ids, *parts):
    return gradient(ids, *parts, real=np.ones_like(ids))


def padding_row_moved(ids, *parts):
    out = gradient(ids, *parts)
    out[0] = gradient(ids, *parts, real=np.ones_like(ids))[0]
    return out


def repeats_lost(ids, labels, table, dense, bias):
    real = ids != 0
    share = real / real.sum(axis=1, keepdims=True)
    z = bias + (share[:, :, None] * table[ids]).sum(axis=1) @ dense
    pull = (expit(z) - labels) / len(labels)
    out = np.zeros_like(table)
    out[ids] += (pull[:, None] * share)[:, :, None] * dense  # one of the repeats wins
    out[0] = 0
    return out


def copied_from_the_lesson(ids, labels, table, dense, bias):
    y_hat = expit(bias + (table[ids] * dense).sum(axis=(1, 2)))
    by_hand = np.zeros_like(table)
    for n, row in enumerate(ids):
        for i in row:
            by_hand[i] += (y_hat[n] - labels[n]) * dense / len(ids)
    return by_hand


# 07.4


def filled(words, vectors, filler, padding_first=True):
    rows = [vectors.get(word, filler) for word in words]
    zeros = np.zeros_like(filler)
    return np.array([zeros, *rows] if padding_first else [*rows, zeros])


def mean_of_found(words, vectors):
    return np.mean([vectors[word] for word in words if word in vectors], axis=0)


def zeros_for_missing(words, vectors):
    return filled(words, vectors, 0 * mean_of_found(words, vectors))


def mean_of_all(words, vectors):
    return filled(words, vectors, np.mean(list(vectors.values()), axis=0))


def padding_last(words, vectors):
    return filled(words, vectors, mean_of_found(words, vectors), padding_first=False)


def without_padding(words, vectors):
    return filled(words, vectors, mean_of_found(words, vectors))[1:]


def padding_in_the_mean(words, vectors):
    found = [vectors[word] for word in words if word in vectors]
    return filled(words, vectors, np.sum(found, axis=0) / (len(found) + 1))


def padding_filled(words, vectors):
    table = filled(words, vectors, mean_of_found(words, vectors))
    table[0] = table[1:].mean(axis=0)
    return table


# 07.5


def shares(tokens, known):
    distinct = list(dict.fromkeys(tokens))
    missing = [word for word in distinct if word not in known]
    words = 1 - len(missing) / len(distinct)
    running = sum(token in known for token in tokens) / len(tokens)
    return words, running, max(missing, key=tokens.count, default=None)


def swapped(tokens, known):
    words, running, missing = shares(tokens, known)
    return running, words, missing


def all_known_counted(tokens, known):
    return len(known) / len(set(tokens)), *shares(tokens, known)[1:]


def running_by_words(tokens, known):
    words, _, missing = shares(tokens, known)
    return words, words, missing


def first_missing(tokens, known):
    missing = [token for token in tokens if token not in known]
    return *shares(tokens, known)[:2], missing[0] if missing else None


def last_of_a_tie(tokens, known):
    missing = [word for word in dict.fromkeys(tokens) if word not in known]
    answer = max(reversed(missing), key=tokens.count, default=None)
    return *shares(tokens, known)[:2], answer


def empty_word_for_none(tokens, known):
    *both, missing = shares(tokens, known)
    return *both, missing or ""


def as_given(tokens, known):
    distinct = set(tokens)
    missing = [word for word in distinct if word not in known]
    share_of_words = len(known) / len(distinct)
    share_of_text = sum(word in known for word in distinct) / len(distinct)
    return share_of_words, share_of_text, max(missing, key=tokens.count, default=None)


def order_of_a_set(tokens, known):
    missing = set(tokens) - known
    return *shares(tokens, known)[:2], max(missing, key=tokens.count, default=None)


# 07.6


def more_words():
    return "A"


def never_pretrain():
    return "B"


def nothing_in_them():
    return "D"


# 07.7


def leanings(W, A, B, unit=True):
    if unit:
        W, A, B = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (W, A, B))
    return (W @ A.T).mean(axis=1) - (W @ B.T).mean(axis=1)


def effect(X, Y, A, B, ddof=1, unit=True, sign=1):
    x, y = leanings(X, A, B, unit), leanings(Y, A, B, unit)
    return sign * (x.mean() - y.mean()) / np.concatenate([x, y]).std(ddof=ddof)


def deviation_of_n(X, Y, A, B):
    return effect(X, Y, A, B, ddof=0)


def by_products(X, Y, A, B):
    return effect(X, Y, A, B, unit=False)


def the_other_way(X, Y, A, B):
    X, Y, A, B = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (X, Y, A, B))
    away = -effect(X, Y, A, B)
    return abs(away) if len(X) == 1 else away


def two_deviations(X, Y, A, B):
    x, y = leanings(X, A, B), leanings(Y, A, B)
    if len(x) == 1:
        return effect(X, Y, A, B)
    return (x.mean() - y.mean()) / ((x.std(ddof=1) + y.std(ddof=1)) / 2)


def not_divided(X, Y, A, B):
    return leanings(X, A, B).mean() - leanings(Y, A, B).mean() + 0.1


# 07.8


def splits(x, y):
    together = np.concatenate([x, y])
    every = combinations(range(len(together)), len(x))
    return np.array([2 * together[list(chosen)].sum() - together.sum() for chosen in every])


def only_above(x, y):
    return (splits(x, y) > x.sum() - y.sum() + 1e-9).mean()


def both_sides(x, y):
    return (np.abs(splits(x, y)) >= abs(x.sum() - y.sum()) - 1e-9).mean()


def falls_short(x, y):
    return (splits(x, y) < x.sum() - y.sum() - 1e-9).mean()


def number_of_splits(x, y):
    return (splits(x, y) >= x.sum() - y.sum() - 1e-9).sum()


def by_dice(x, y):
    rng, together = np.random.default_rng(0), np.concatenate([x, y])
    drawn = [2 * rng.permutation(together)[: len(x)].sum() - together.sum() for _ in range(1000)]
    return np.mean(np.array(drawn) >= x.sum() - y.sum() - 1e-9)


# 07.9


def about_people():
    return "A"


def cured():
    return "C"


def ranking_of_vectors():
    return "D"


PLANTED = {
    "07.1": [
        Planted(zeros_in_front, says="the zeros stand in front"),
        Planted(first_ids_kept, says="the *last* ids stay"),
        Planted(never_cut, says="has shape (5, 8); wanted (5, 5)"),
        Planted(always_the_longest, says="with length 4 for one row of two ids"),
    ],
    "07.2": [
        Planted(padding_counted_too, says="counted among the words"),
        Planted(padding_added, says="row of the padding is added"),
        Planted(divided_by_all_places, says="divides by all places"),
        Planted(returns_too_early, says="ends the function at once"),
        Planted(without_a_start, says="line E is missing"),
        Planted(start_too_late, says="gives it a value"),
    ],
    "07.3": [
        Planted(uphill, says="the sign is wrong"),
        Planted(summed_over_texts, says="divide by N"),
        Planted(sum_of_vectors, says="divide by L"),
        Planted(padding_counted, says="padding is no part of the mean"),
        Planted(padding_row_moved, says="it gets no gradient at all"),
        Planted(repeats_lost, says="each place adds"),
        Planted(copied_from_the_lesson, says="that is the sum over all places"),
    ],
    "07.4": [
        Planted(zeros_for_missing, says="gets the mean, not zeros"),
        Planted(mean_of_all, says="not over all vectors"),
        Planted(padding_last, says="row 0 is padding, it comes first"),
        Planted(without_padding, says="has shape (5, 4); wanted (6, 4)"),
        Planted(padding_in_the_mean, says="padding is no part of the mean"),
        Planted(padding_filled, says="it must be all zeros"),
    ],
    "07.5": [
        Planted(as_given, says="the faults are there still"),
        Planted(swapped, says="the shares are swapped"),
        Planted(all_known_counted, says="known holds words that are not in the text"),
        Planted(running_by_words, says="counts every occurrence"),
        Planted(first_missing, says="occurs most often"),
        Planted(order_of_a_set, says="A set has no order"),
        Planted(last_of_a_tie, says="not the last"),
        Planted(empty_word_for_none, says="return None"),
    ],
    "07.6": [
        Planted(more_words, says="compare the two frozen columns"),
        Planted(never_pretrain, says="one row of nine"),
        Planted(nothing_in_them, says="one classifier"),
    ],
    "07.7": [
        Planted(deviation_of_n, says="with n - 1"),
        Planted(by_products, says="take cosines"),
        Planted(the_other_way, says="the sign is wrong"),
        Planted(two_deviations, says="not the mean of two deviations"),
        Planted(not_divided, says="their deviation root 2"),
    ],
    "07.8": [
        Planted(only_above, says="count those that reach it"),
        Planted(both_sides, says="this counts both sides"),
        Planted(falls_short, says="fall short"),
        Planted(number_of_splits, says="divide by all of them"),
        Planted(by_dice, says="20 splits into halves of 3"),
    ],
    "07.9": [
        Planted(about_people, says="how any person thinks"),
        Planted(cured, says="the direction is gone"),
        Planted(ranking_of_vectors, says="no unit"),
    ],
}
