"""Checks of the exercises of notebook 04 and its companion: negative sampling."""

from __future__ import annotations

import math

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_exercises.lines import assembled, expect_choice
from course_exercises.variants import orders, renamed


@exercise("04.1", "The loss of one example")
def example_loss(answer: Answer) -> str:
    """Compare with SciPy's log of the sigmoid, and with the limit at large scores."""
    from scipy.special import log_expit

    rng = np.random.default_rng(0)
    center, context, noise = rng.normal(size=5), rng.normal(size=5), rng.normal(size=(3, 5))
    pull, push = -log_expit(context @ center), -log_expit(-noise @ center)
    got = answer(center, context, noise)
    expect_shape(got, ())
    expect_not_close(
        got, pull - log_expit(noise @ center).sum(), "noise pairs have label 0: turn their sign"
    )
    expect_not_close(
        got, pull + push.mean(), "the noise terms are added up, not averaged: a sum over k words"
    )
    expect_not_close(got, -(pull + push.sum()), "this is what the paper maximises: turn the sign")
    expect_close(
        got, pull + push.sum(), "-log σ(u·v) for the pair, -log σ(-u·v) for each noise word"
    )
    big = answer(np.array([40.0, 0.0]), np.array([-20.0, 0.0]), np.array([[20.0, 0.0], [0.0, 1.0]]))
    expect(
        np.isfinite(big),
        "scores of 800 give no finite loss: use np.logaddexp(0, x), which is log(1 + exp(x))",
    )
    expect_close(big, 1600 + math.log(2), "here the scores are -800, 800 and 0")
    return "a random example agrees with SciPy, and scores of 800 stay finite"


@exercise("04.2", "The gradients of one example")
def example_gradients(answer: Answer) -> str:
    """Compare with central differences of the loss."""
    rng = np.random.default_rng(1)
    center, context, noise = rng.normal(size=4), rng.normal(size=4), rng.normal(size=(3, 4))
    got = answer(center, context, noise)
    expect_type(got, (tuple, list))
    expect(len(got) == 3, f"{len(got)} results; wanted three gradients: centre, context, noise")
    wanted = _differences(center, context, noise)
    names = ("the gradient by the centre", "the gradient by the context", "by the noise rows")
    for mine, right, name in zip(got, wanted, names, strict=True):
        expect_shape(mine, right.shape, name)
    expect_not_close(
        got[1], -wanted[1], "this is the step; the gradient points uphill: probability minus label"
    )
    positive = 1 / (1 + np.exp(-context @ center)) - 1
    pulled = np.outer(1 / (1 + np.exp(-noise @ center)) - 1, center)
    alone = "the centre gets a share from every noise word as well"
    label = "noise words have label 0: the error is σ(z), not σ(z) - 1"
    as_given = np.allclose(got[0], positive * context) and np.allclose(got[2], pulled)
    expect(not as_given, "both faults are there: which label has a noise word, and who moves v?")
    expect_not_close(got[0], positive * context, alone)
    expect_not_close(got[2], pulled, label)
    for mine, right, name in zip(got, wanted, names, strict=True):
        expect_close(mine, right, "(σ(z) - label) times the other vector", what=name)
    return "all 20 numbers agree with differences of the loss"


def _differences(*parts: np.ndarray) -> list[np.ndarray]:
    """Return the central differences of the loss by every number of the three arrays."""

    def loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
        pull = math.log1p(math.exp(-sum(a * b for a, b in zip(center, context, strict=True))))
        return pull + sum(
            math.log1p(math.exp(sum(a * b for a, b in zip(center, row, strict=True))))
            for row in noise
        )

    step, gradients = 1e-5, [np.zeros_like(part) for part in parts]
    for which, part in enumerate(parts):
        for place in np.ndindex(part.shape):
            ends = []
            for sign in (1, -1):
                moved = [other.copy() for other in parts]
                moved[which][place] += sign * step
                ends.append(loss(*moved))
            gradients[which][place] = (ends[0] - ends[1]) / (2 * step)
    return gradients


@exercise("04.3", "No noise at all")
def without_noise(answer: Answer) -> str:
    """Compare with the reading of the loss and of the two means that the cells print."""
    said = {
        "A": "look at the printed losses: they start at log 2 and do not stay there.",
        "B": "look at the mean ŷ of the other pairs: ½ would be a score of 0, and it is higher.",
    }
    expect_choice(answer(), "C", said)
    return "only pulls: nothing ever says no, so yes is said to what never occurred"


LINES = {
    "A": "total = 0.0",
    "B": "        return word",
    "C": "    if point <= total:",
    "D": "for word, probability in enumerate(probabilities):",
    "E": "    if point < total:",
    "F": "    total += probability",
}


@exercise(
    "04.4", "Into which piece does a point fall?", varies={"order": orders("ABCDEF", "ADFEB")}
)
def order_of_piece(answer: Answer, order: str) -> str:
    """Run the lines in the order given, for points inside the pieces and on their borders."""
    lines = {renamed(letter, order): line for letter, line in LINES.items()}
    piece = assembled(answer(), dict(sorted(lines.items())), "probabilities, point")
    probabilities = [0.0, 0.25, 0.5, 0.25]
    for point, wanted in ((0.1, 1), (0.3, 2), (0.9, 3), (0.25, 2), (0.75, 3), (0.0, 1)):
        try:
            got = piece(probabilities, point)
        except NameError:
            expect(False, "total is used before it has a value: where does the line begin?")
        where = f"pieces {probabilities}, point {point}: word {got}, wanted {wanted}."
        expect(got is not None, f"{where} Without a return the loop ends and gives nothing.")
        expect(got <= wanted, f"{where} The piece of a word must be added before it is compared.")
        expect(got >= wanted, f"{where} On a border the piece that begins there has the point.")
    return "six points, two of them on a border and one at 0, fall where they should"


def _giving(point: float) -> np.random.Generator:
    """Return a generator whose first ``random`` is a given point, a multiple of 2**-53.

    NumPy's PCG64 moves its 128 bits on (times a constant, plus the increment) and gives the lower
    64 where the upper ones are 0; the state before that is found backwards. So no stand-in is
    needed, and the grader's process gets what a notebook gets.
    """
    step, size = 0x2360ED051FC65DA44385DF649FCCF645, 2**128
    rng = np.random.default_rng(0)
    state = rng.bit_generator.state
    wanted = int(point * 2**53) << 11  # random() is the upper 53 bits
    state["state"]["state"] = (wanted - state["state"]["inc"]) * pow(step, -1, size) % size
    rng.bit_generator.state = state
    return rng


LAST = 1 - 2.0**-53  # the largest number that rng.random gives


@exercise(
    "04.5",
    "Draw noise words",
    forbidden=(
        *("choice", "choices", "integers", "multinomial", "uniform", "sample", "rvs", "randint"),
        *("Categorical", "Multinomial", "WeightedRandomSampler"),
    ),
)
def draw_words(answer: Answer) -> str:
    """Draw many and test the counts by chi-square; then throw points exactly on the borders."""
    from scipy.stats import chisquare

    n, weights = 50_000, np.array([3.2, 0.0, 2.4, 1.6, 0.0, 0.56, 0.24])
    got = np.asarray(answer(weights, n, np.random.default_rng(2)))
    expect_shape(got, (n,))
    whole = got.astype(np.int64)
    expect_equal(bool((whole == got).all()), True, "word ids are whole numbers", what="all whole")
    low, high = int(whole.min()), int(whole.max())
    expect(
        low >= 0,
        f"the smallest id is {low}: one too low; np.searchsorted already gives the piece itself",
    )
    expect(high < 7, f"the largest id is {high}, but there are 7 words, 0 to 6")
    expect(
        high > 0,
        "only word 0 came: the weights add up to 8, so points from 0 to 1 reach only its piece",
    )
    seen = np.bincount(whole, minlength=7)
    possible = weights > 0
    expect(not seen[~possible].any(), "words of weight 0 were drawn: the ids must follow `weights`")
    p = chisquare(seen[possible], n * weights[possible] / 8).pvalue
    expect(
        p > 1e-6,
        f"the counts {seen.tolist()} do not fit (chi-square test: p = {p:.0e}); expected about "
        f"{(n * weights / 8).astype(int).tolist()}: throw points evenly over the running sum",
    )
    pair = [np.asarray(answer(weights, 20, np.random.default_rng(3))) for _ in range(2)]
    expect((pair[0] == pair[1]).all(), "the same seed gave other words: draw from `rng` alone")
    _borders(answer)
    return f"50,000 draws fit (chi-square test, p = {p:.2f}), and points on borders fall right"


def _borders(answer: Answer) -> None:
    """Throw points exactly on the ends of pieces, where weights are 0 and where sums round."""
    weights, points = np.array([0.0, 1.0, 0.0, 2.0, 1.0, 0.0]), [0.0, 0.25, 0.75, LAST]
    got = np.array([np.ravel(answer(weights, 1, _giving(point)))[0] for point in points])
    expect(
        got[0] != 0,
        "the point 0 gave word 0, whose weight is 0: a point on a border belongs to the piece "
        "that begins there; look at `side` of np.searchsorted",
    )
    expect_equal(got.tolist(), [1, 3, 4, 4], f"weights {weights.tolist()}, points {points}")
    weights = np.array([0.1] * 10 + [0.0])  # their running sum ends at 0.9999999999999999
    got = np.ravel(answer(weights, 1, _giving(LAST)))
    expect(
        got[0] == 9,
        f"ten weights of 0.1 and one of 0: the last point gave id {int(got[0])}, wanted 9. By "
        "rounding the line ends just below 1: stretch the points to its real end",
    )


@exercise("04.6", "What does the table allow?")
def conclusion(answer: Answer) -> str:
    """Compare with what the rows differ in, and with how far chance goes."""
    said = {
        "A": "the only text on which counting has a row is the slice; is it behind there?",
        "C": "the difference is within one standard error, the analogies say the opposite, and "
        "window, epochs and learning rate changed together.",
        "D": "the row above the shipped vectors had as many epochs.",
    }
    expect_choice(answer(), "B", said)
    return "the last two rows differ in their text alone, and by far more than one standard error"


@exercise("04.7", "Where a score comes to rest")
def resting_scores(answer: Answer) -> str:
    """Compare with the lowest point of the loss of each pair, found by a numeric search."""
    from scipy.optimize import minimize_scalar

    pairs = np.array([[12, 3, 0], [5, 40, 9]])  # 2 centres, 3 context words
    noise, k = np.array([0.2, 0.5, 0.3]), 5

    def lowest(met: int, drawn: float) -> float:
        def loss(z: float) -> float:
            return met * np.logaddexp(0, -z) + drawn * np.logaddexp(0, z)

        return float(minimize_scalar(loss, bracket=(-1, 1), tol=1e-12).x)

    got = np.asarray(answer(pairs, noise, k), dtype=float)
    expect_shape(got, (2, 3))
    expect(got[0, 2] == -np.inf, "a pair that was never met has the score -inf, the log of 0")
    of_center = pairs.sum(axis=1)
    wanted = np.array(
        [
            [
                lowest(met, k * of_center[w] * noise[c]) if met else -np.inf
                for c, met in enumerate(row)
            ]
            for w, row in enumerate(pairs.tolist())
        ]
    )
    expect_not_close(got, wanted + math.log(k), "this is the PMI: shift it down by log k")
    expect_not_close(got, wanted + 2 * math.log(k), "log k is taken away, not added")
    with np.errstate(divide="ignore"):
        of_all = np.log(pairs / pairs.sum() / noise) - math.log(k)
    expect_not_close(got, of_all, "divide by the pairs of the centre, not by all pairs")
    expect_close(got, wanted, "log(#(w, c) / (k #(w) P_n(c)))", tolerance=1e-5)
    return "five scores lie at the lowest point of their loss, and the sixth at -inf"
