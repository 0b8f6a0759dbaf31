"""Plausible mistakes in the exercises of notebook 01, and what the learner must be told."""

from __future__ import annotations

import numpy as np

from exercises.planted import Planted


def dot_products(matrix):
    return matrix @ matrix.T


def scaled_columns(matrix):
    unit = matrix / np.linalg.norm(matrix, axis=0)
    return unit @ unit.T


def one_length(matrix):
    return matrix @ matrix.T / np.linalg.norm(matrix, axis=1, keepdims=True)


def without_root(matrix):
    squares = (matrix**2).sum(axis=1)
    return matrix @ matrix.T / np.outer(squares, squares)


def zero_by_zero(matrix):
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit @ unit.T


def zero_like_itself(matrix):
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = matrix / np.where(lengths > 0, lengths, 1)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 1)
    return cosines


def _count(sentences, size, positions, itself=True):
    near = np.zeros((size, size), dtype=int)
    for sentence in sentences:
        for i, center in enumerate(sentence):
            for j in positions(i):
                if 0 <= j < len(sentence) and (itself or sentence[j] != center):
                    near[center, sentence[j]] += 1
    return near


def off_by_one(sentences, size, window):
    steps = range(1, window)
    return _count(sentences, size, lambda i: [*(i - d for d in steps), *(i + d for d in steps)])


def to_the_right(sentences, size, window):
    return _count(sentences, size, lambda i: range(i + 1, i + window + 1))


def its_own_neighbor(sentences, size, window):
    return _count(sentences, size, lambda i: range(i - window, i + window + 1))


def _both_sides(window):
    return lambda i: [j for j in range(i - window, i + window + 1) if j != i]


def across_sentences(sentences, size, window):
    return _count([[word for s in sentences for word in s]], size, _both_sides(window))


def met_or_not(sentences, size, window):
    return np.minimum(_count(sentences, size, _both_sides(window)), 1)


def never_the_same_word(sentences, size, window):
    return _count(sentences, size, _both_sides(window), itself=False)


def with_padding(ids, table):
    return table[ids].mean(axis=1)


def wrong_axis(ids, table):
    return table[ids].mean(axis=0)


def divided_by_width(ids, table):
    return (table[ids] * (ids != 0)[:, :, None]).mean(axis=1)


def padding_in_the_sum(ids, table):
    return table[ids].sum(axis=1) / np.maximum((ids != 0).sum(axis=1, keepdims=True), 1)


def only_summed(ids, table):
    return (table[ids] * (ids != 0)[:, :, None]).sum(axis=1)


def each_word_once(ids, table):
    return np.stack([table[sorted(set(text) - {0})].mean(axis=0) for text in ids.tolist()])


def padding_alone(ids, table):
    return only_summed(ids, table) / (ids != 0).sum(axis=1, keepdims=True)


def _ppmi(near, words, contexts, log=np.log, cut=True):
    chance = np.outer(words / words.sum(), contexts / contexts.sum())
    ratio = near / near.sum() / chance
    return log(np.maximum(ratio, 1)) if cut else np.where(ratio > 0, log(ratio), 0)


def unsmoothed(near, alpha):
    return _ppmi(near, near.sum(axis=1), near.sum(axis=0))


def smoothed_words(near, alpha):
    return _ppmi(near, near.sum(axis=1) ** alpha, near.sum(axis=0))


def smoothed_both(near, alpha):
    return _ppmi(near, near.sum(axis=1) ** alpha, near.sum(axis=0) ** alpha)


def base_2(near, alpha):
    return _ppmi(near, near.sum(axis=1), near.sum(axis=0) ** alpha, log=np.log2)


def without_cut(near, alpha):
    return _ppmi(near, near.sum(axis=1), near.sum(axis=0) ** alpha, cut=False)


def minus_infinity(near, alpha):
    contexts = near.sum(axis=0) ** alpha
    chance = np.outer(near.sum(axis=1) / near.sum(), contexts / contexts.sum())
    return np.log(near / near.sum() / chance)


def not_shares(near, alpha):
    share = near / near.sum()
    chance = np.outer(share.sum(axis=1), share.sum(axis=0) ** alpha)
    return np.log(np.maximum(share / chance, 1))


PLANTED = {
    "01.1": [
        Planted(dot_products, says="divide each by the lengths of both rows"),
        Planted(scaled_columns, says="you scaled the columns"),
        Planted(one_length, says="the length of one row of each pair only"),
        Planted(without_root, says="the root is missing"),
        Planted(zero_by_zero, says="0 / 0 = nan"),
        Planted(zero_like_itself, says="the cosine 0 with every row, itself included"),
    ],
    "01.2": [
        Planted(off_by_one, says="range(1, window) ends at 1"),
        Planted(to_the_right, says="only to the right"),
        Planted(its_own_neighbor, says="leave distance 0 out"),
        Planted(across_sentences, says="crosses the end of a sentence"),
        Planted(met_or_not, says="a pair that meets twice counts 2"),
        Planted(never_the_same_word, says="not the same word"),
    ],
    "01.3": [
        Planted(with_padding, says="the padding is in your mean"),
        Planted(wrong_axis, says="the mean over the texts"),
        Planted(divided_by_width, says="you divide by the length of the array"),
        Planted(padding_in_the_sum, says="still in the sum"),
        Planted(only_summed, says="this is the sum"),
        Planted(each_word_once, says="counts twice in the mean"),
        Planted(padding_alone, says="all padding gives 0 / 0"),
    ],
    "01.4": [
        Planted(unsmoothed, says="alpha is not used"),
        Planted(smoothed_words, says="you smoothed the words (rows)"),
        Planted(smoothed_both, says="you smoothed words and contexts"),
        Planted(base_2, says="base 2"),
        Planted(without_cut, says="the cut is missing"),
        Planted(minus_infinity, says="ln 0 = -inf"),
        Planted(not_shares, says="do not sum to 1"),
    ],
}
