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


@exercise("05.1", "The ratio of two probabilities")
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


@exercise("05.2", "The weight of a count")
def count_weight(answer: Answer) -> str:
    """Compare with powers that come out even."""
    counts = np.array([[0.0, 1.0, 16.0], [81.0, 256.0, 1e6]])
    got = answer(counts, 16.0)
    expect_shape(got, (2, 3))
    powers = [[0, 1 / 8, 1], [27 / 8, 8, (1e6 / 16) ** 0.75]]
    expect_not_close(got, powers, "no weight is above 1: counts from x_max on all weigh 1")
    expect_not_close(got, np.minimum(1, counts / 16), "use the exponent")
    expect_not_close(
        got, np.minimum(1, counts**0.75 / 16), "x_max belongs inside the power: (x / x_max)^¾"
    )
    expect_close(got, [[0, 1 / 8, 1], [1, 1, 1]], "min(1, (x / x_max)^exponent)")
    expect_close(answer(np.array([4.0, 25.0]), 100.0, 0.5), [0.2, 0.5], "here the exponent is ½")
    return "six counts by fourth roots and two by square roots agree"


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
) -> float:
    """Return equation 8 of the paper, added up in plain Python."""
    total = 0.0
    for (i, j), x in np.ndenumerate(counts):
        if x > 0:
            dot = sum(a * b for a, b in zip(word[i], context[j], strict=True))
            error = dot + word_bias[i] + context_bias[j] - math.log(x)
            total += min(1.0, (x / 100) ** 0.75) * error**2
    return total


@exercise("05.3", "The loss of a matrix")
def matrix_loss(answer: Answer) -> str:
    """Compare with a plain loop over the cells."""
    parts = _model(0)
    word, context, word_bias, context_bias, counts = parts
    wanted = _loss(*parts)
    got = answer(*parts)
    expect_shape(got, ())
    expect(
        np.isfinite(float(got)),
        "the loss is not finite: log 0 is minus infinity, and even 0 times it is no number. "
        "Leave the empty cells out",
    )
    seen = counts > 0
    safe = np.where(seen, counts, 1.0)
    weights = np.minimum(1, (counts / 100) ** 0.75)
    error = word @ context.T + word_bias[:, None] + context_bias - np.log(safe)
    expect_not_close(got, (error**2)[seen].sum(), "every cell weighs 1: the weight f(x) is missing")
    bare = word @ context.T - np.log(safe)
    expect_not_close(got, (weights * bare**2).sum(), "the two biases are missing")
    expect_not_close(got, (weights * np.abs(error)).sum(), "the error is squared")
    expect_not_close(got, (weights * error**2)[seen].mean(), "a sum over the cells, not a mean")
    turned = word @ context.T + word_bias + context_bias[:, None] - np.log(safe)
    expect_not_close(
        got,
        (weights * turned**2).sum(),
        "the bias of the word goes with the row, that of the context with the column",
    )
    expect_close(got, wanted, "Σ f(X_ij) (w_i·w̃_j + b_i + b̃_j - log X_ij)²")
    expect_close(answer(*_model(1)), _loss(*_model(1)), "a second matrix", what="the loss")
    return "two matrices with empty cells agree with a loop over the cells"


@exercise("05.4", "The gradients of the loss")
def loss_gradients(answer: Answer) -> str:
    """Compare with central differences of the loss."""
    parts = _model(2)
    got = answer(*parts)
    expect_type(got, (tuple, list))
    expect(len(got) == 4, f"{len(got)} results; wanted four: word, context and the two biases")
    wanted = _differences(*parts)
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
    weights = np.minimum(1, (counts / 100) ** 0.75)
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


def _differences(*parts: np.ndarray) -> list[np.ndarray]:
    """Return the central differences of the loss by every number of the first four arrays."""
    step, gradients = 1e-5, [np.zeros_like(part) for part in parts[:4]]
    for which, part in enumerate(parts[:4]):
        for place in np.ndindex(part.shape):
            ends = []
            for sign in (1, -1):
                moved = [other.copy() for other in parts]
                moved[which][place] += sign * step
                ends.append(_loss(*moved))
            gradients[which][place] = (ends[0] - ends[1]) / (2 * step)
    return gradients


@exercise("05.5", "Walk with AdaGrad")
def adagrad_walk(answer: Answer) -> str:
    """Compare with torch's optimiser on a bowl that is steep one way and flat the other."""
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
    got = answer(start, gradient, 0.5, 7)
    expect_shape(got, (3,))
    for first_sum, rule, because in _SLIPS:
        wrong = _walk(start, gradient, first_sum, rule)
        expect_not_close(got, wrong, because)
    expect_close(got, leaf.detach().numpy(), "s += g², then value -= alpha · g / √s")
    expect_close(answer(start, gradient, 0.5, 0), start, "no step, no move", what="after 0 steps")
    return "seven steps in three dimensions agree with torch.optim.Adagrad"


Rule = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# The sum of squares at the start, and the next sum and the divisor from the sum s and gradient g.
_SLIPS: tuple[tuple[float, Rule, str], ...] = (
    (
        1.0,
        lambda s, g: (s, np.ones_like(g)),
        "this is plain gradient descent: divide by the root of the sum of squares",
    ),
    (
        0.0,
        lambda s, g: (s + g**2, np.sqrt(s + g**2)),
        "the sum of squares starts at 1, not at 0",
    ),
    (1.0, lambda s, g: (s + g**2, s + g**2), "divide by the square *root* of the sum"),
    (
        1.0,
        lambda s, g: (s, np.sqrt(s + g**2)),
        "the squares of all steps so far are added up, not only the last one",
    ),
    (
        1.0,
        lambda s, g: (s + g**2, np.sqrt(s)),
        "add the square of this step's gradient first, then divide",
    ),
)


def _walk(
    values: np.ndarray,
    gradient_of: Callable[[np.ndarray], np.ndarray],
    first_sum: float,
    rule: Rule,
) -> np.ndarray:
    """Walk seven steps with a wrong rule."""
    squares = np.full_like(values, first_sum)
    for _ in range(7):
        gradient = gradient_of(values)
        squares, divisor = rule(squares, gradient)
        values = values - 0.5 * gradient / divisor
    return values
