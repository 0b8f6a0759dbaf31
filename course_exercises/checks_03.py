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
from course_exercises.lines import assembled, expect_choice, expect_lines
from course_exercises.variants import orders


@exercise("03.1", "How many pairs has a text?", forbidden=("skipgram_pairs", "context_windows"))
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


@exercise("03.2", "Pairs of one dynamic draw", forbidden=("skipgram_pairs", "context_windows"))
def dynamic_pairs(answer: Answer) -> str:
    """Compare with a filter over all pairs of places."""
    rng = np.random.default_rng(3)
    cases = [(["a", "b", "c", "d", "e"], [1, 2, 1, 3, 2])]
    cases += [([f"w{i}" for i in range(n)], rng.integers(1, 6, n).tolist()) for n in (1, 2, 9, 15)]
    mistakes = {
        _as_given: "both faults are there still. Take the example by hand: how far does 'b' look, "
        "whose reach is 2, and which pairs have 'b' as their centre?",
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


def _as_given(i: int, j: int, reach: list[int]) -> bool:
    return 0 < abs(i - j) < reach[j]


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


LINES_OF_A_STEP = {
    "A": "to_center = error @ W_out",
    "B": "W[center] -= alpha * to_center",
    "C": "error = softmax(W_out @ h)",
    "D": "h = W[center].copy()",
    "E": "W_out -= alpha * np.outer(error, h)",
    "F": "error[context] -= 1",
}


@exercise("03.3", "One step for one pair")
def order_of_a_step(answer: Answer) -> str:
    """Run the lines in the learner's order; compare with measured slopes of the loss."""
    order = answer()
    step = assembled(order, LINES_OF_A_STEP, "W, W_out, center, context, alpha")
    step.__globals__.update(np=np, softmax=_softmax)
    letters = expect_lines(order, LINES_OF_A_STEP)
    rng, alpha = np.random.default_rng(33), 0.3
    for center, context in ((1, 4), (0, 0), (2, 3)):
        W, W_out = rng.normal(size=(2, 6, 4))
        got, got_out = W.copy(), W_out.copy()
        try:
            step(got, got_out, center, context, alpha)
        except NameError as error:
            expect(False, f"a line uses a name before another line gives it a value: {error}.")
        right = W.copy()
        right[center] -= alpha * _slope(lambda v, u=W_out, c=context: _loss(v, u, c), W[center])
        right_out = W_out - alpha * _slope(lambda u, v=W[center], c=context: _loss(v, u, c), W_out)
        after = W.copy()
        error = _softmax(W_out @ W[center]) - np.eye(6)[context]
        after[center] -= alpha * error @ got_out
        if letters.index("F") < letters.index("E") < letters.index("A"):
            expect_not_close(
                got,
                after,
                "the centre's slope is taken from an output table that has already made its step.",
            )
        tolerance = {"tolerance": 1e-5}
        because = "no step may be taken before 1 is subtracted from ŷ at the context."
        expect_close(got_out, right_out, because, what="the output table", **tolerance)
        because = "the slope of the centre needs an error that is ŷ − y already."
        expect_close(got, right, because, what="the input table", **tolerance)
    return "after the step both tables agree with measured slopes of the loss, for three pairs"


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max())
    return e / e.sum()


def _loss(vector: np.ndarray, table: np.ndarray, context: int) -> float:
    scores = table @ vector
    return float(np.logaddexp.reduce(scores) - scores[context])


def _slope(loss: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Return central differences of a loss, of the shape of ``at``."""
    slopes, width = np.empty_like(at), 1e-6
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = width
        slopes[place] = (loss(at + step) - loss(at - step)) / (2 * width)
    return slopes


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


@exercise("03.5", "What does the table allow?", varies={"order": orders("ABCD", "C")})
def what_the_table_allows(answer: Answer, order: str) -> str:
    """Compare with what the notebook's own assertions hold."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "look at the dashed lines, rate 0.1: there the ranks of both lie close together. "
            "A property of the architecture would not go with the rate.",
            "B": "seeds that touch do not show that two methods are alike. The means still "
            "differ, one way on WordSim-353 and the other on SimLex-999, and three seeds settle "
            "neither.",
            "D": "look at the last row: it has made no pass over the text, and is not behind on "
            "WordSim-353 or the analogies.",
        },
        order=order,
    )
    return "at rate 0.1 most of the lead on rare words is gone, and the table allows no more"
