"""Checks of the exercises of notebook 01: what must come out, found by counting one by one."""

from __future__ import annotations

import math

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import expect, expect_close, expect_not_close, expect_shape
from course_exercises.lines import assembled, expect_choice


@exercise(
    "01.1",
    "Cosines of all pairs",
    forbidden=(
        *("cosine_similarity", "cosine_distances", "CosineSimilarity"),
        *("cdist", "pdist", "pairwise_distances"),
    ),
)
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


@exercise("01.2", "Neighbours within a window", forbidden=("cooccurrence",))
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


_NEAR = np.array(  # its PPMI has singular values well apart
    [
        [18, 1, 7, 0, 9, 7],
        [1, 4, 5, 0, 2, 0],
        [7, 5, 0, 9, 4, 0],
        [0, 0, 9, 0, 0, 4],
        [9, 2, 4, 0, 14, 9],
        [7, 0, 0, 4, 9, 8],
    ]
)
_LINES = {
    "A": "chance = np.outer(share.sum(axis=1), share.sum(axis=0))",
    "B": "left, values, right = np.linalg.svd(information)",
    "C": "return left[:k] * np.sqrt(values[:k])",
    "D": "share = near / near.sum()",
    "E": "information = np.maximum(np.log(share / chance), 1)",
    "F": "return left[:, :k] * np.sqrt(values[:k])",
    "G": "information = np.log(np.maximum(share / chance, 1))",
}


@exercise("01.3", "From counts to dense vectors")
def counts_to_vectors(answer: Answer) -> str:
    """Run the lines, and compare the dot products with an eigendecomposition."""
    order = answer()
    program = assembled(order, _LINES, "near, k")
    program.__globals__["np"] = np
    expect(
        "C" not in order.upper(),
        "line C keeps the first k words with all their numbers; wanted are the first k numbers "
        "of every word.",
    )
    expect(
        "E" not in order.upper(),
        "line E cuts after the logarithm, at 1 nat: a pair that meets as often as by chance gets "
        "1, and one that never meets too. The cut is at ln 1 = 0.",
    )
    try:
        got = program(_NEAR, 2)
    except NameError as error:
        expect(False, f"a line uses a name that no line above it has made: {error}")
    expect(
        got is not None,
        "nothing is returned: the last line of the body is the one with return.",
    )
    expect_shape(got, (6, 2))
    information = _smoothed(_NEAR, 1.0)
    squares, directions = np.linalg.eigh(information @ information.T)  # the smallest first
    wanted = directions[:, -2:] * np.sqrt(squares[-2:]) @ directions[:, -2:].T
    rows = np.asarray(got, dtype=float)
    expect_close(rows @ rows.T, wanted, "the dot products of the short vectors.")
    return "your lines give the vectors that an eigendecomposition of PPMI gives."


@exercise("01.4", "A new word in an old table")
def fold_in(answer: Answer) -> str:
    """Compare with the vectors of old words and with a least-squares fit."""
    near = _NEAR
    information = _smoothed(near, 1.0)
    left, values, right = np.linalg.svd(information)
    share, k = near.sum(axis=0) / near.sum(), 2
    values, right = values[:k], right[:k]
    wanted = left[:, :k] * np.sqrt(values)
    word = 1  # met one word never, and one less often than by chance
    with np.errstate(divide="ignore", invalid="ignore"):
        got = answer(near[word], share, values, right)
    expect_shape(got, (k,))
    got = np.asarray(got, dtype=float)
    expect(
        np.isfinite(got).all(),
        "the result is no number: a word that was never met gives ln 0; cut at 1 before the "
        "logarithm.",
    )
    row = information[word]
    root = np.sqrt(values)
    for scale, because in (
        (1, "that is U · S; the short vector is U times the root of S."),
        (values, "that is a row of U; the short vector is U times the root of S."),
        (1 / root, "you multiplied by the root of the singular values: look at what A · Q leaves."),
    ):
        expect_not_close(got, row @ right.T / scale, because)
    ways = {
        "these are the counts times Q: step 1 is missing.": near[word].astype(float),
        "step 1 ends at the shares: compare them with P(j) and take the logarithm.": near[word]
        / near[word].sum(),
        "new_counts / P(j) compares a count with a share: divide the counts by their sum first.": (
            np.log(np.maximum(near[word] / share, 1))
        ),
        "the cut is missing: a pair that meets less often than by chance gets 0.": np.log(
            np.where(near[word] > 0, near[word] / near[word].sum() / share, 1)
        ),
    }
    for because, other in ways.items():
        for scale in (1, values, root, 1 / root):
            expect_not_close(got, other @ right.T / scale, because)
    expect_close(got, wanted[word], "the counts of an old word must give back its own vector.")
    new = np.array([5, 0, 0, 1, 0, 3])
    with np.errstate(divide="ignore"):
        row = np.maximum(np.log(new / new.sum() / share), 0)
    fitted = np.linalg.lstsq((root[:, None] * right).T, row, rcond=None)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        got = answer(new, share, values, right)
    expect(
        np.isfinite(np.asarray(got, dtype=float)).all(),
        "the result is no number: a word that was never met gives ln 0; cut at 1 before the "
        "logarithm.",
    )
    expect_close(got, fitted, f"for the new counts {new.tolist()}.")
    return "an old word gets its own vector back, a new one the best fit to its PPMI row."


@exercise("01.5", "What does the table allow?")
def allowed(answer: Answer) -> str:
    """Expect the one sentence that the table allows."""
    expect_choice(
        answer(),
        "weighting",
        {
            "method": "method and text changed together: word2vec read 21 times as many words. The "
            "table cannot tell which of the two made the difference.",
            "size": "the two rows differ by less than what luck does to so few pairs. And who "
            "chooses a setting on the test can no longer test with it.",
            "meaning": "an analogy counts only if the one expected word comes first of thousands, "
            "and on WordSim-353 the same vectors are many times the scatter away from 0.",
        },
    )
    return "same text, same size, and a lead of several times the scatter."


@exercise("01.6", "PPMI with smoothed contexts", forbidden=("ppmi",))
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
