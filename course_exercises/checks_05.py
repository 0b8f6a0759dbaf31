"""Checks of the exercises of notebook 05: GloVe."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_exercises.lines import assembled, expect_choice


@exercise("05.1", "Count with the weight 1/distance", forbidden=("cooccurrence",))
def weighted_counts(answer: Answer) -> str:
    """Compare with tables made by eye."""
    half, third = 1 / 2, 1 / 3
    ids = [0, 1, 2, 3]
    got = answer(ids, 4, 3)
    expect_shape(got, (4, 4))
    expect_not_close(
        got,
        [[0, 1, half, 0], [1, 0, 1, half], [half, 1, 0, 1], [0, half, 1, 0]],
        "words at the full distance of the window are left out: range stops before its end",
    )
    wanted = [[0, 1, half, third], [1, 0, 1, half], [half, 1, 0, 1], [third, half, 1, 0]]
    upper = np.triu(wanted)
    expect_not_close(got, upper, "each pair counts in both cells, (i, j) and (j, i)")
    expect_not_close(
        got, np.asarray(np.array(wanted) > 0, dtype=float), "a pair at distance d counts 1 / d"
    )
    expect_close(got, wanted, "1 / distance in both cells", what="the table of four words")
    # A word that comes again: each meeting adds to what is there already.
    again = answer([0, 1, 0, 1], 2, 1)
    expect_not_close(
        again, [[0, 1], [1, 0]], "a later meeting replaces the count: add to it in both cells"
    )
    expect_not_close(
        again, [[0, 2], [1, 0]], "one of the two cells is set anew by a later meeting: add to it"
    )
    expect_close(again, [[0, 3], [3, 0]], "three meetings", what="the table of 0 1 0 1")
    expect_close(
        answer([1, 1], 2, 5), [[0, 0], [0, 2]], "a word beside itself counts from both sides"
    )
    return "four words in a window of three, and words that come again, agree with counts by eye"


@exercise("05.2", "The ratio of two probabilities")
def probability_ratio(answer: Answer) -> str:
    """Compare with quotients of whole numbers, one word at a time."""
    rows = ([0, 4, 6, 0, 10], [4, 0, 3, 0, 1], [6, 3, 0, 2, 5], [0, 0, 2, 0, 0], [10, 1, 5, 0, 0])
    counts = np.array(rows)
    totals = counts.sum(axis=1).tolist()  # 20, 8, 16, 2, 16
    got = np.asarray(answer(counts, 0, 1), dtype=float)
    expect_shape(got, (5,))
    known = np.array([False, False, True, False, True])  # both words have met the third
    wanted = np.array([6 / totals[0] / (3 / totals[1]), 10 / totals[0] / (1 / totals[1])])
    expect_not_close(
        got[known], [2, 10], "these are ratios of counts: divide each row by its sum first"
    )
    expect_not_close(got[known], 1 / wanted, "upside down: the first word belongs on top")
    expect(
        np.isnan(got[~known]).all(),
        f"the result is {got.round(3).tolist()}: it must be NaN at places 0, 1 and 3, where at "
        "least one count is 0 and says nothing",
    )
    expect_close(got[known], wanted, "P(k | first) / P(k | second)", what="the defined part")
    again = np.asarray(answer(counts, 2, 4), dtype=float)
    expect_close(again[[0, 1]], [6 / 10, 3.0], "another pair of words", what="the ratio")
    return "two ratios agree with quotients of whole numbers, three stay undefined"


@exercise("05.3", "What if it were a difference?")
def stands_out(answer: Answer) -> str:
    """Expect water: of the four differences of the toy its own is by far the largest."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "solid has 0.008 - 0.001 = 0.007: look for a larger difference.",
            "B": "gas has 0.001 - 0.008 = -0.007; one word differs by far more.",
            "D": "fashion has 0.002 - 0.002 = 0, the smallest of all.",
        },
    )
    return "0.08 for water: a difference tells how frequent a word is, a ratio does not"


_LINES = {
    "A": "squares = np.ones(len(values))",
    "B": "    gradient = gradient_of(values)",
    "C": "    squares = squares + gradient**2",
    "D": "    values = values - alpha * gradient / np.sqrt(squares)",
    "E": "return values",
    "F": "for _ in range(steps):",
    "G": "    squares = gradient**2",
}


@exercise("05.4", "AdaGrad in order")
def order_of_walk(answer: Answer) -> str:
    """Compare the assembled walk with torch's optimiser on a bowl, steep one way, flat another."""
    import torch

    steepness = np.array([100.0, 1.0, 0.01])
    start = np.array([1.0, -2.0, 3.0])

    def gradient(values: np.ndarray) -> np.ndarray:
        return steepness * np.asarray(values)

    leaf = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.Adagrad([leaf], lr=0.5, initial_accumulator_value=1.0)
    for _ in range(7):
        optimizer.zero_grad()
        (torch.from_numpy(steepness) / 2 * leaf**2).sum().backward()
        optimizer.step()
    program = assembled(answer(), _LINES, "values, gradient_of, alpha, steps")
    program.__globals__["np"] = np
    try:
        with np.errstate(all="ignore"):
            got = program(start.copy(), gradient, 0.5, 7)
    except (NameError, UnboundLocalError) as error:
        expect(False, f"in this order a name is used before it is there: {error}")
    expect(got is not None, "nothing is returned: the last line gives the values back")
    expect_shape(got, (3,))
    for rule, because in _SLIPS:
        expect_not_close(got, _walk(start, gradient, rule), because)
    expect_close(got, leaf.detach().numpy(), "s += g², then value -= alpha · g / √s")
    return "seven steps in three dimensions agree with torch.optim.Adagrad"


Rule = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# The next sum of squares and the divisor, from the sum s so far and the gradient g.
_SLIPS: tuple[tuple[Rule, str], ...] = (
    (
        lambda s, g: (s, np.sqrt(s)),
        "this is plain gradient descent: the squares of the gradient are never added",
    ),
    (
        lambda s, g: (g**2, np.sqrt(g**2)),
        "the squares of all steps so far are added up, not only the last one",
    ),
    (
        lambda s, g: (s + g**2, np.sqrt(s)),
        "add the square of this step's gradient first, then divide",
    ),
    (
        lambda s, g: (np.ones_like(g) + g**2, np.sqrt(1 + g**2)),
        "the sum must live through all steps: it starts once, before the loop",
    ),
)


def _walk(
    values: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray], rule: Rule
) -> np.ndarray:
    """Walk seven steps with a wrong rule."""
    squares = np.ones_like(values)
    for _ in range(7):
        gradient = gradient_of(values)
        squares, divisor = rule(squares, gradient)
        with np.errstate(all="ignore"):
            values = values - 0.5 * gradient / divisor
    return values


def _model(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors and biases of five words with three dimensions, and counts with zeros."""
    rng = np.random.default_rng(seed)
    counts = np.triu(rng.choice([0.0, 0.5, 3.0, 40.0, 250.0], size=(5, 5)))
    counts[0, 1], counts[2, 3] = 0.0, 250.0
    return (*rng.normal(size=(2, 5, 3)), *rng.normal(size=(2, 5)), counts + np.triu(counts, 1).T)


def _loss(
    word: np.ndarray,
    context: np.ndarray,
    word_bias: np.ndarray,
    context_bias: np.ndarray,
    counts: np.ndarray,
    x_max: float,
    power: float,
) -> float:
    """Return equation 8 of the paper, added up in plain Python."""
    total = 0.0
    for (i, j), x in np.ndenumerate(counts):
        if x > 0:
            dot = sum(a * b for a, b in zip(word[i], context[j], strict=True))
            error = dot + word_bias[i] + context_bias[j] - math.log(x)
            total += min(1.0, (x / x_max) ** power) * error**2
    return total


WEIGHTING = {"x_max": (100, 5, 10, 20, 50, 200), "power": (0.75, 0.25, 0.4, 0.5, 0.6, 0.9)}


@exercise("05.5", "The gradients of the whole loss", varies=WEIGHTING)
def loss_gradients(answer: Answer, x_max: float, power: float) -> str:
    """Compare with central differences of the loss."""
    parts = _model(2)
    got = answer(*parts)
    expect_type(got, (tuple, list))
    expect(len(got) == 4, f"{len(got)} results; wanted four: word, context and the two biases")
    wanted = _differences(*parts, weighting=(x_max, power))
    names = ("the gradient by the word vectors", "the gradient by the context vectors")
    names += ("the gradient by the word biases", "the gradient by the context biases")
    for mine, right, name in zip(got, wanted, names, strict=True):
        expect_shape(mine, right.shape, name)
    expect(
        all(np.isfinite(np.asarray(mine, dtype=float)).all() for mine in got),
        "a gradient is not finite: leave the cells out whose count is 0",
    )
    expect_not_close(got[0], wanted[0] / 2, "the derivative of a square has a factor 2")
    expect_not_close(got[0], -wanted[0], "this is the way down; the gradient points uphill")
    word, context, word_bias, context_bias, counts = parts
    weights = np.minimum(1, (counts / x_max) ** power)
    safe = np.where(counts > 0, counts, 1.0)
    error = word @ context.T + word_bias[:, None] + context_bias - np.log(safe)
    unweighted = 2 * (counts > 0) * error
    expect_not_close(got[0], unweighted @ context, "the weights f(x) are missing")
    untransposed = 2 * weights * error @ word
    expect_not_close(
        got[1], untransposed, "context row j sums over the words i: transpose the matrix of errors"
    )
    for mine, right, name in zip(got, wanted, names, strict=True):
        expect_close(mine, right, "2 f(X_ij) · error, times the other vector", what=name)
    return "all 40 numbers agree with differences of the loss"


def _differences(*parts: np.ndarray, weighting: tuple[float, float]) -> list[np.ndarray]:
    """Return the central differences of the loss by every number of the first four arrays."""
    step, gradients = 1e-5, [np.zeros_like(part) for part in parts[:4]]
    for which, part in enumerate(parts[:4]):
        for place in np.ndindex(part.shape):
            ends = []
            for sign in (1, -1):
                moved = [other.copy() for other in parts]
                moved[which][place] += sign * step
                ends.append(_loss(*moved, *weighting))
            gradients[which][place] = (ends[0] - ends[1]) / (2 * step)
    return gradients


@exercise("05.6", "What do the tables allow?")
def conclusion(answer: Answer) -> str:
    """Expect what the two tables bear out."""
    expect_choice(
        answer(),
        "B",
        {
            "A": "in neither table is it level with SGNS everywhere; read every column.",
            "C": "no row has billions of tokens: the paper says so, these tables cannot.",
            "D": "both rows of GloVe had as many epochs; what differs between them is x_max.",
        },
    )
    return (
        "counting leads both tables at WordSim-353 and analogies, and costs one count and one SVD"
    )
