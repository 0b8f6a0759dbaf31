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


def one_fault_left(sentences, size, window):
    words = [word for sentence in sentences for word in sentence]
    near = np.zeros((size, size), dtype=int)
    for distance in range(1, window + 1):
        for left, right in zip(words[:-distance], words[distance:], strict=True):
            near[left, right] += 1
            near[right, left] += 1
    return near


def met_or_not(sentences, size, window):
    return np.minimum(_count(sentences, size, _both_sides(window)), 1)


def never_the_same_word(sentences, size, window):
    return _count(sentences, size, _both_sides(window), itself=False)


def first_words():
    return "DAGBC"


def cut_after_the_logarithm():
    return "DAEBF"


def chance_before_share():
    return "ADGBF"


def without_return():
    return "DAGB"


def _projected(row, right, scale):
    return row @ right.T / scale


def _information(new_counts, context_share):
    return np.log(np.maximum(new_counts / new_counts.sum() / context_share, 1))


def not_divided(new_counts, context_share, singular_values, right):
    return _projected(_information(new_counts, context_share), right, 1)


def divided_by_the_whole(new_counts, context_share, singular_values, right):
    return _projected(_information(new_counts, context_share), right, singular_values)


def multiplied(new_counts, context_share, singular_values, right):
    root = np.sqrt(singular_values)
    return _projected(_information(new_counts, context_share), right, 1 / root)


def counts_alone(new_counts, context_share, singular_values, right):
    return _projected(new_counts, right, np.sqrt(singular_values))


def shares_alone(new_counts, context_share, singular_values, right):
    return _projected(new_counts / new_counts.sum(), right, np.sqrt(singular_values))


def counts_by_shares(new_counts, context_share, singular_values, right):
    row = np.log(np.maximum(new_counts / context_share, 1))
    return _projected(row, right, np.sqrt(singular_values))


def negative_values_kept(new_counts, context_share, singular_values, right):
    ratio = new_counts / new_counts.sum() / context_share
    row = np.log(np.where(ratio > 0, ratio, 1))
    return _projected(row, right, np.sqrt(singular_values))


def infinite(new_counts, context_share, singular_values, right):
    row = np.log(new_counts / new_counts.sum() / context_share)
    return _projected(row, right, np.sqrt(singular_values))


def the_larger_number():
    return "method"


def tuned_on_the_test():
    return " Size"


def analogies_alone():
    return "meaning"


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
        Planted(one_fault_left, says="crosses the end of a sentence"),
        Planted(met_or_not, says="a pair that meets twice counts 2"),
        Planted(never_the_same_word, says="not the same word"),
    ],
    "01.3": [
        Planted(first_words, says="line C keeps the first k words"),
        Planted(cut_after_the_logarithm, says="cuts after the logarithm, at 1 nat"),
        Planted(chance_before_share, says="no line above it has made"),
        Planted(without_return, says="nothing is returned"),
    ],
    "01.4": [
        Planted(not_divided, says="that is U · S;"),
        Planted(divided_by_the_whole, says="that is a row of U;"),
        Planted(multiplied, says="you multiplied by the root"),
        Planted(counts_alone, says="step 1 is missing"),
        Planted(shares_alone, says="step 1 ends at the shares"),
        Planted(counts_by_shares, says="compares a count with a share"),
        Planted(negative_values_kept, says="less often than by chance gets 0"),
        Planted(infinite, says="gives ln 0"),
    ],
    "01.5": [
        Planted(the_larger_number, says="method and text changed together"),
        Planted(tuned_on_the_test, says="less than what luck does"),
        Planted(analogies_alone, says="the one expected word"),
    ],
    "01.6": [
        Planted(unsmoothed, says="alpha is not used"),
        Planted(smoothed_words, says="you smoothed the words (rows)"),
        Planted(smoothed_both, says="you smoothed words and contexts"),
        Planted(base_2, says="base 2"),
        Planted(without_cut, says="the cut is missing"),
        Planted(minus_infinity, says="ln 0 = -inf"),
        Planted(not_shares, says="do not sum to 1"),
    ],
}
