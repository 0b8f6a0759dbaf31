"""Checks of the exercises of notebook 01: what must come out, found by counting one by one."""

from __future__ import annotations

import math

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import expect, expect_close, expect_not_close, expect_shape


@exercise("01.1", "Cosines of all pairs")
def cosines_of_all_pairs(answer: Answer) -> str:
    """Compare with SciPy's cosine distance, pair by pair."""
    from scipy.spatial.distance import cosine

    matrix = np.random.default_rng(1).normal(size=(4, 3)) * [[1.0], [2.0], [3.0], [0.5]]
    got = answer(matrix)
    expect_shape(got, (4, 4))
    dots = matrix @ matrix.T
    squares = (matrix**2).sum(axis=1, keepdims=True)
    expect_not_close(
        got, dots, "these are the dot products: divide each by the lengths of both rows."
    )
    expect_not_close(
        got,
        dots / np.sqrt(squares),
        "you divided by the length of one row of each pair only; divide by both.",
    )
    expect_not_close(
        got,
        dots / squares / squares.T,
        "the length of a row is the square root of the sum of its squares: the root is missing.",
    )
    scaled = matrix / np.sqrt((matrix**2).sum(axis=0))
    expect_not_close(
        got, scaled @ scaled.T, "you scaled the columns; a word is a row (axis=1) of the matrix."
    )
    wanted = [[1 - cosine(a, b) for b in matrix] for a in matrix]
    expect_close(got, wanted, "cos(a, b) = a·b / (|a| |b|) for every pair of rows.")
    with np.errstate(divide="ignore", invalid="ignore"):
        got = np.asarray(answer(np.array([[3.0, 4.0], [0.0, 0.0], [4.0, 3.0]])), dtype=float)
    expect(
        not np.isnan(got).any(),
        "a row of zeros gives 0 / 0 = nan. Its cosines shall be 0: divide by 1 where the "
        "length is 0.",
    )
    expect_close(
        got,
        [[1, 0, 0.96], [0, 0, 0], [0.96, 0, 1]],
        "a row of zeros has the cosine 0 with every row, itself included.",
    )
    return "16 cosines agree with SciPy, and a row of zeros does no harm."


@exercise("01.2", "Neighbours within a window")
def neighbor_counts(answer: Answer) -> str:
    """Compare with a look at every pair of positions."""
    alone = [[0, 1, 2, 3]]
    got = answer(alone, 4, 2)
    expect_shape(got, (4, 4))
    wanted = _near(alone, 4, 2)
    expect_not_close(
        got, _near(alone, 4, 1), "window 2 must reach two words: range(1, window) ends at 1."
    )
    expect_not_close(got, np.triu(wanted), "you count only to the right; count both sides.")
    expect_not_close(got, np.tril(wanted), "you count only to the left; count both sides.")
    expect_not_close(
        got, wanted + np.eye(4), "a position is not its own neighbour: leave distance 0 out."
    )
    expect_not_close(got, np.minimum(wanted, 0), "nothing is counted: is the loop ever entered?")
    expect_close(got, wanted, "for the sentence [0, 1, 2, 3] and window 2.")
    two = [[0, 1], [2], [3, 0, 0, 1, 3]]
    got = answer(two, 4, 2)
    wanted = _near(two, 4, 2)
    expect_not_close(
        got,
        _near([[word for sentence in two for word in sentence]], 4, 2),
        "a window crosses the end of a sentence: go through each sentence by itself.",
    )
    expect_not_close(
        got, np.minimum(wanted, 1), "a pair that meets twice counts 2: add 1 instead of setting 1."
    )
    expect_not_close(
        got,
        wanted * (1 - np.eye(4, dtype=int)),
        "a word that stands twice in a window is its own neighbour: leave out the same position "
        "(j == i), not the same word.",
    )
    expect_close(got, wanted, f"for the sentences {two} and window 2.")
    expect_close(answer(two, 5, 9), _near(two, 5, 9), f"for {two}, size 5 and window 9.")
    return "all counts agree with a look at every pair of positions."


def _near(sentences: list[list[int]], size: int, window: int) -> np.ndarray:
    near = np.zeros((size, size), dtype=int)
    for sentence in sentences:
        for i, center in enumerate(sentence):
            for j, context in enumerate(sentence):
                near[center, context] += 0 < abs(i - j) <= window
    return near


@exercise("01.3", "One vector for a whole text")
def text_vectors(answer: Answer) -> str:
    """Compare with a sum over the words one by one."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(6, 3))
    ids = np.array([[4, 2, 2, 0, 0], [5, 1, 3, 2, 4]])
    got = answer(ids, table)
    rows = table[ids]  # (n, words, M)
    expect_not_close(
        got, rows.mean(axis=2), "this is the mean over the dimensions: take it over the words."
    )
    expect_not_close(
        got, rows.mean(axis=0), "this is the mean over the texts: take it over the words (axis=1)."
    )
    expect_shape(got, (2, 3))
    expect_not_close(
        got, rows.mean(axis=1), "the padding is in your mean: row 0 of the table must not count."
    )
    real = (ids != 0)[:, :, None]
    expect_not_close(
        got,
        (rows * real).mean(axis=1),
        "you divide by the length of the array: divide by the number of words that are no padding.",
    )
    expect_not_close(
        got,
        rows.sum(axis=1) / real.sum(axis=1),
        "the number of words is right, but the row of the padding is still in the sum.",
    )
    expect_not_close(
        got, (rows * real).sum(axis=1), "this is the sum: divide it by the number of words."
    )
    expect_not_close(
        got,
        [table[sorted(set(text) - {0})].mean(axis=0) for text in ids.tolist()],
        "a word that occurs twice counts twice in the mean.",
    )
    expect_close(got, _means(ids, table), "the mean of the rows of all ids that are not 0.")
    ids = np.array([[0, 0, 0], [1, 0, 2]])  # padding may also stand between words
    with np.errstate(divide="ignore", invalid="ignore"):
        got = np.asarray(answer(ids, table), dtype=float)
    expect(
        not np.isnan(got).any(),
        "a text that is all padding gives 0 / 0 = nan; it shall get the zero vector.",
    )
    expect_close(got, _means(ids, table), f"for the ids {ids.tolist()}.")
    return "the means agree with a sum word by word, and padding is left out."


def _means(ids: np.ndarray, table: np.ndarray) -> list[list[float]]:
    means = []
    for text in ids.tolist():
        kept = [table[word] for word in text if word != 0]
        columns = range(table.shape[1])
        means.append([sum(row[m] for row in kept) / max(len(kept), 1) for m in columns])
    return means


@exercise("01.4", "PPMI with smoothed contexts")
def smoothed_ppmi(answer: Answer) -> str:
    """Compare with the formula, cell by cell."""
    near = np.array([[0, 8, 1, 2], [3, 0, 1, 0], [5, 1, 0, 2], [1, 0, 2, 4]])
    with np.errstate(divide="ignore", invalid="ignore"):
        got = np.asarray(answer(near, 0.5), dtype=float)
    expect_shape(got, (4, 4))
    expect(
        np.isfinite(got).all(),
        "a pair that never meets gives ln 0 = -inf; it shall get 0.",
    )
    wanted = _smoothed(near, 0.5)
    expect(
        got.min() >= 0,
        "some values are below 0: the cut is missing. PPMI is the larger of PMI and 0.",
    )
    expect_not_close(got, wanted / math.log(2), "that is the logarithm to base 2; use np.log.")
    expect_not_close(
        got, _smoothed(near, 1.0), "this is PPMI without smoothing: alpha is not used."
    )
    expect_not_close(
        got,
        _smoothed(near.T, 0.5).T,
        "you smoothed the words (rows): smooth the contexts (columns).",
    )
    share = near / near.sum()
    both = [n**0.5 / (n**0.5).sum() for n in (near.sum(axis=1), near.sum(axis=0))]
    with np.errstate(divide="ignore"):
        smoothed_twice = np.maximum(np.log(share / np.outer(*both)), 0)
        unscaled = np.maximum(
            np.log(share / np.outer(share.sum(axis=1), share.sum(axis=0) ** 0.5)), 0
        )
    expect_not_close(got, smoothed_twice, "you smoothed words and contexts: only the contexts.")
    expect_not_close(
        got,
        unscaled,
        "the smoothed shares do not sum to 1: divide n_j ** alpha by the sum of all n_j ** alpha.",
    )
    expect_close(got, wanted, "max(ln(P(i, j) / (P(i) · P_alpha(j))), 0), alpha = 0.5.")
    expect_close(answer(near, 1), _smoothed(near, 1.0), "alpha = 1 is PPMI without smoothing.")
    return "every cell agrees with the formula, for alpha 0.5 and 1."


def _smoothed(near: np.ndarray, alpha: float) -> np.ndarray:
    total = near.sum()
    smoothed = [column.sum() ** alpha for column in near.T]
    result = np.zeros(near.shape)
    for (i, j), count in np.ndenumerate(near):
        if count:
            chance = near[i].sum() / total * smoothed[j] / sum(smoothed)
            result[i, j] = max(math.log(count / total / chance), 0)
    return result
