"""Checks of the exercises of notebook 03, Skip-gram."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

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


@exercise("03.1", "How many pairs has a text?")
def count_pairs(answer: Answer) -> str:
    """Compare with the pairs found by trying every two places."""
    cases = [([7], 2), ([3, 1, 12], 5), ([2, 2, 2, 2], 4), ([40, 6, 11], 1), ([], 3)]
    for lengths, window in cases:
        got = answer(list(lengths), window)
        expect_type(got, (int, np.integer))
        if lengths:
            expect_not_close(
                got,
                2 * window * sum(lengths),
                "this gives every word 2m neighbours: the words near the two ends of a "
                "sentence have fewer.",
            )
        if len(lengths) > 1:
            expect_not_close(
                got,
                _tried([sum(lengths)], window),
                "this is the number for one long text: a window must not cross the end of a "
                "sentence.",
            )
        if lengths and min(lengths) <= window:
            expect_not_close(
                got,
                sum(2 * window * n - window * (window + 1) for n in lengths),
                f"2mn − m(m + 1) holds only for sentences longer than m. Here m = {window} and "
                f"the shortest length is {min(lengths)}.",
            )
        expect_equal(
            int(got),
            _tried(lengths, window),
            "place i of n has min(i, m) neighbours on the left and min(n − 1 − i, m) on the right.",
            what=f"the number of pairs for lengths {lengths}, m = {window},",
        )
    return "five texts agree with a count that tries every two places"


def _tried(lengths: list[int], window: int) -> int:
    return sum(0 < abs(i - j) <= window for n in lengths for i in range(n) for j in range(n))


@exercise("03.2", "Pairs of one dynamic draw")
def dynamic_pairs(answer: Answer) -> str:
    """Compare with a filter over all pairs of places."""
    rng = np.random.default_rng(3)
    cases = [(["a", "b", "c", "d", "e"], [1, 2, 1, 3, 2])]
    cases += [([f"w{i}" for i in range(n)], rng.integers(1, 6, n).tolist()) for n in (1, 2, 9, 15)]
    mistakes = {
        _reach_of_context: "each pair stands the wrong way round, or you asked the context word "
        "for its reach. The centre draws: the pair (centre, context) is used if the distance is "
        "at most the centre's reach.",
        _stops_early: "the farthest neighbours are missing: a word at distance r itself is still "
        "inside a reach of r (a Python range stops before its end).",
        _with_itself: "a word is paired with itself: leave out distance 0.",
    }
    for sentence, reach in cases:
        got = answer(list(sentence), list(reach))
        expect_type(got, list)
        got = [tuple(pair) for pair in got]
        right = _near(sentence, reach, _used)
        for mistake, because in mistakes.items():
            wrong = sorted(_near(sentence, reach, mistake))
            expect(sorted(got) != wrong or wrong == sorted(right), because)
        expect_equal(got, right, "centres from left to right, and so the contexts of each.")
    return "five sentences agree with a filter over all pairs of places"


def _used(i: int, j: int, reach: list[int]) -> bool:
    return 0 < abs(i - j) <= reach[i]


def _reach_of_context(i: int, j: int, reach: list[int]) -> bool:
    return 0 < abs(i - j) <= reach[j]


def _stops_early(i: int, j: int, reach: list[int]) -> bool:
    return 0 < abs(i - j) < reach[i]


def _with_itself(i: int, j: int, reach: list[int]) -> bool:
    return abs(i - j) <= reach[i]


def _near(
    sentence: list[str], reach: list[int], used: Callable[[int, int, list[int]], bool]
) -> list[tuple[str, str]]:
    places = range(len(sentence))
    return [(sentence[i], sentence[j]) for i in places for j in places if used(i, j, reach)]


@exercise("03.3", "The gradient of one centre")
def center_gradient(answer: Answer) -> str:
    """Compare with central differences of the loss."""
    rng = np.random.default_rng(33)
    for contexts in ([4], [0, 2, 3], [1, 1, 5, 0]):
        vector, table = rng.normal(size=4), rng.normal(size=(6, 4))
        got = answer(vector.copy(), table.copy(), list(contexts))
        expect_shape(got, (4,), "the gradient")
        right = _slope(vector, table, contexts)
        if len(contexts) > 1:
            p = np.exp(table @ vector - np.logaddexp.reduce(table @ vector))
            wanted = np.bincount(contexts, minlength=len(table))
            expect_not_close(
                got,
                right / len(contexts),
                "this is the mean over the contexts; the loss of this centre is their sum.",
            )
            expect_not_close(
                got,
                (p - wanted) @ table,
                f"here p counts only once. There are {len(contexts)} examples, each with "
                "its own p − y, so p counts as often as there are contexts.",
            )
        expect_not_close(
            got, -right, "the sign is turned round: the gradient points to where the loss grows."
        )
        expect_close(
            got,
            right,
            "sum over the contexts of Σ_w (p_w − y_w) u_w, with u_w row w of the output table.",
            tolerance=1e-5,
            what="the gradient",
        )
    large = answer(np.array([60.0, 0.0]), np.array([[20.0, 1.0], [0.0, 1.0]]), [1])
    expect(
        np.isfinite(np.asarray(large, dtype=float)).all(),
        "with scores of 1,200 the exponential overflows: subtract the largest score first.",
    )
    expect_close(large, [20.0, 0.0], "one word has all the probability here.")
    return "three centres agree with measured slopes of the loss, and large scores do no harm"


def _loss(vector: np.ndarray, table: np.ndarray, contexts: list[int]) -> float:
    scores = table @ vector
    return float(sum(np.logaddexp.reduce(scores) - scores[c] for c in contexts))


def _slope(vector: np.ndarray, table: np.ndarray, contexts: list[int]) -> np.ndarray:
    step = 1e-6
    return np.array(
        [
            (_loss(vector + step * e, table, contexts) - _loss(vector - step * e, table, contexts))
            / (2 * step)
            for e in np.eye(len(vector))
        ]
    )


@exercise("03.4", "The lowest loss there is")
def lowest_loss(answer: Answer) -> str:
    """Compare with the entropy of the pairs less the entropy of the centres."""
    rng = np.random.default_rng(34)
    words = "abcdef"
    cases = [
        [("x", "a"), ("x", "b"), ("y", "a"), ("x", "a")],
        [("x", "a"), ("y", "b"), ("z", "a")],
        [(words[i], words[j]) for i, j in rng.integers(0, 6, (200, 2)) ** 2 % 6],
    ]
    for pairs in cases:
        got = answer(list(pairs))
        expect_shape(got, (), "the loss")
        joint, centers = _entropy(Counter(pairs)), _entropy(Counter(c for c, _ in pairs))
        right = joint - centers
        if right > 0:
            expect_not_close(
                got, right / math.log(2), "that is in bits: use the natural logarithm (nats)."
            )
            expect_not_close(
                got,
                joint,
                "this is the entropy of the pairs, −log of count(centre, context) / all pairs. "
                "The centre is given: divide by the count of the centre.",
            )
            by_center = [
                _entropy(Counter(o for c, o in pairs if c == center))
                for center in {c for c, _ in pairs}
            ]
            expect_not_close(
                got,
                float(np.mean(by_center)),
                "this gives every centre the same weight. The mean is over examples, so a "
                "centre with many pairs counts more.",
            )
        expect_close(
            got,
            right,
            "the best p(context | centre) is its share among the pairs of that centre; take "
            "the mean of −log p over all pairs.",
            what="the loss",
        )
    return "three lists of pairs agree with entropy(pairs) − entropy(centres)"


def _entropy(counts: Counter) -> float:
    shares = np.array(list(counts.values())) / counts.total()
    return float(-(shares * np.log(shares)).sum())
