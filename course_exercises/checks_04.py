"""Checks of the exercises of notebook 04: negative sampling."""

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


@exercise("04.1", "The noise distribution")
def noise_probabilities(answer: Answer) -> str:
    """Compare with powers taken one word at a time: fourth roots that come out even."""
    counts = np.array([10_000, 625, 16, 1])
    raised = [math.isqrt(math.isqrt(int(count))) ** 3 for count in counts]  # 1000, 125, 8, 1
    got = answer(counts)
    expect_shape(got, (4,))
    expect_not_close(got, raised, "these are the weights: divide them by their sum")
    expect_not_close(got, counts / counts.sum(), "these are the shares of the text: use `power`")
    expect_not_close(
        got,
        (counts / counts.sum()) ** 0.75,
        "the power was taken after the division: they no longer sum to 1",
    )
    expect_close(got, [w / sum(raised) for w in raised], "count ** 0.75 over the sum of all")
    expect_close(answer(counts, power=0), [0.25] * 4, "power 0 makes every word equally likely")
    expect_close(answer(counts, 1), counts / counts.sum(), "power 1 is the unigram distribution")
    return "10,000 to 1 became 1,000 to 1, and the powers 0 and 1 are uniform and unigram"


@exercise("04.2", "The chance of being kept")
def chance_kept(answer: Answer) -> str:
    """Compare with the program's rule for single words, worked out in plain numbers."""
    counts, sample = np.array([8000, 1600, 300, 90, 9, 1]), 0.01
    ratios = [int(count) / 10_000 / sample for count in counts]  # f / t: 80, 16, 3 …
    wanted = [min(1.0, (math.sqrt(ratio) + 1) / ratio) for ratio in ratios]
    got = answer(counts, sample)
    expect_shape(got, (6,))
    paper = np.minimum(1.0, np.sqrt(1 / np.array(ratios)))
    expect_not_close(got, paper, "this is the rule of the paper; the program adds t / f")
    expect_not_close(got, 1 - np.array(wanted), "this is the chance of being dropped")
    high = np.asarray(got, dtype=float).max() > 1
    expect(not high, "a chance cannot be above 1: cut it with np.minimum")
    expect_close(got, wanted, "f is the share of the text, a count over the sum of all counts")
    return "six words agree with the rule of the program, and no chance is above 1"


@exercise("04.3", "The loss of one example")
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


@exercise("04.4", "The gradients of one example")
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
    expect_not_close(
        got[0], positive * context, "the centre gets a share from every noise word as well"
    )
    pulled = np.outer(1 / (1 + np.exp(-noise @ center)) - 1, center)
    expect_not_close(got[2], pulled, "noise words have label 0: the error is σ(x), not σ(x) - 1")
    for mine, right, name in zip(got, wanted, names, strict=True):
        expect_close(mine, right, "(σ(x) - label) times the other vector", what=name)
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


@exercise("04.5", "Draw noise words")
def draw_words(answer: Answer) -> str:
    """Draw many and test the counts by chi-square; a word of chance 0 must never come."""
    from scipy.stats import chisquare

    rng = np.random.default_rng(2)
    n, probabilities = 50_000, np.array([0.4, 0.0, 0.3, 0.2, 0.0, 0.07, 0.03])
    got = np.asarray(answer(probabilities, n, rng))
    expect_shape(got, (n,))
    whole = got.astype(np.int64)
    expect_equal(bool((whole == got).all()), True, "word ids are whole numbers", what="all whole")
    low, high = int(whole.min()), int(whole.max())
    expect(
        low >= 0,
        f"the smallest id is {low}: one too low; np.searchsorted already gives the piece itself",
    )
    expect(high < 7, f"the largest id is {high}, but there are 7 words, 0 to 6")
    seen = np.bincount(whole, minlength=7)
    possible = probabilities > 0
    expect(
        not seen[~possible].any(),
        "words of chance 0 were drawn: the ids must follow `probabilities`",
    )
    p = chisquare(seen[possible], n * probabilities[possible]).pvalue
    expect(
        p > 1e-6,
        f"the counts {seen.tolist()} do not fit (chi-square test: p = {p:.0e}); expected about "
        f"{(n * probabilities).astype(int).tolist()}: throw points evenly over the running sum",
    )
    pair = [np.asarray(answer(probabilities, 20, np.random.default_rng(3))) for _ in range(2)]
    expect((pair[0] == pair[1]).all(), "the same seed gave other words: draw from `rng` alone")
    return f"50,000 draws fit the distribution (chi-square test, p = {p:.2f})"
