"""Checks of the exercises of notebook 13: ELMo against spam."""

from __future__ import annotations

import re

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


@exercise("13.1", "The mean over the mask")
def masked_means(answer: Answer) -> str:
    """Compare with sums taken word by word."""
    rng = np.random.default_rng(13)
    lengths = (4, 1, 3)
    layers = rng.normal(5, 1, size=(2, 3, 4, 6))  # padding holds numbers too
    mask = np.arange(4) < np.array(lengths)[:, None]
    wanted = np.zeros((3, 2, 6))
    for message, n in enumerate(lengths):
        for layer in range(2):
            for place in range(n):
                wanted[message, layer] += layers[layer, message, place] / n
    got = answer(layers, mask)
    expect_not_close(
        got,
        wanted.transpose(1, 0, 2),
        "messages come first in the result, then layers: transpose",
    )
    expect_shape(got, (3, 2, 6))
    expect_not_close(
        got, layers.mean(2).transpose(1, 0, 2), "this is the mean over all places: use the mask"
    )
    expect_not_close(
        got,
        (layers.sum(2) / mask.sum(1)[:, None]).transpose(1, 0, 2),
        "the padding was added too: here it is not 0, so multiply by the mask first",
    )
    expect_not_close(
        got,
        (layers * mask[:, :, None]).mean(2).transpose(1, 0, 2),
        "the sums are right, but they were divided by the places: divide by the words",
    )
    expect_close(got, wanted, "sum over the words of a message, divided by their number")
    return "three messages in two layers agree with sums taken word by word"


@exercise("13.2", "Precision, recall, F1")
def spam_scores(answer: Answer) -> str:
    """Compare with scikit-learn."""
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(2)
    cases = [([1, 0, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 1, 0, 0, 0])]
    for share in (0.2, 0.7):
        truth = (rng.random(60) < 0.3).astype(int)
        noisy = np.where(rng.random(60) < share, 1 - truth, truth)
        cases.append((truth.tolist(), noisy.tolist()))
    cases += [([0, 1, 1], [0, 0, 0]), ([1, 0, 0], [0, 1, 0])]
    for truth, verdict in cases:
        got = answer(truth, verdict)
        expect_type(got, (tuple, list, np.ndarray))
        expect_shape(got, (3,))
        precision, recall, f1, _ = precision_recall_fscore_support(
            truth, verdict, average="binary", zero_division=0
        )
        swapped = (recall, precision, f1)
        if abs(precision - recall) > 1e-9:
            expect_not_close(
                got,
                swapped,
                "precision and recall are swapped: precision divides by what was called spam",
            )
            expect_not_close(
                got,
                (precision, recall, (precision + recall) / 2),
                "F1 is the harmonic mean 2 p r / (p + r), not half of the sum",
            )
        if not any(verdict):
            expect_not_close(
                got[0], 1, "nothing was called spam: precision is 0 then by convention, not 1"
            )
        if len(truth) > 3:
            of_ham = precision_recall_fscore_support(
                truth, verdict, average="binary", pos_label=0, zero_division=0
            )
            expect_not_close(got, of_ham[:3], "these are the scores of ham: class 1 is spam")
        expect_close(got, (precision, recall, f1), "caught / called spam, caught / spam, F1")
    return "five filters agree with scikit-learn, one that never says spam too"


@exercise("13.3", "McNemar's test")
def mcnemar(answer: Answer) -> str:
    """Compare with SciPy's binomial test."""
    from scipy.stats import binomtest

    for b, c, both_right, both_wrong in ((9, 3, 20, 2), (2, 7, 11, 5), (5, 5, 3, 1), (12, 1, 0, 4)):
        truth, one, other = _verdicts(b, c, both_right, both_wrong)
        got = answer(truth, one, other)
        expect_shape(got, ())
        wanted = binomtest(b, b + c).pvalue
        n = len(truth)
        errors = (c + both_wrong, b + both_wrong)
        if b != c:
            expect_not_close(
                got, wanted / 2, "this is one tail: the other side counts too, times 2"
            )
            if both_wrong:
                expect_not_close(
                    got,
                    binomtest(errors[0], sum(errors)).pvalue,
                    "messages that both get wrong say nothing: count the discordant ones alone",
                )
            expect_not_close(
                got,
                min(1.0, 2 * binomtest(min(b, c), n, alternative="less").pvalue),
                "the coin is thrown for the discordant messages only, not for all",
            )
        else:
            expect(float(got) <= 1 + 1e-9, "p is larger than 1: a probability is at most 1")
        expect_close(got, wanted, f"{b} and {c} discordant messages")
    expect_close(answer([0, 1, 1], [0, 1, 0], [0, 1, 0]), 1.0, "no discordant message: p is 1")
    return "five pairs of filters agree with SciPy's binomial test"


def _verdicts(b: int, c: int, right: int, wrong: int) -> tuple[list[int], list[int], list[int]]:
    """Return truth and two verdicts with these counts, in a shuffled order."""
    rng = np.random.default_rng(b + c)
    first = np.repeat([1, 0, 1, 0], (b, c, right, wrong))
    second = np.repeat([0, 1, 1, 0], (b, c, right, wrong))
    order = rng.permutation(len(first))
    truth = rng.integers(0, 2, len(first))
    one, other = (np.where(x[order] == 1, truth, 1 - truth) for x in (first, second))
    return truth.tolist(), one.tolist(), other.tolist()


@exercise("13.4", "Test messages that are really new")
def really_new(answer: Answer) -> str:
    """Compare with every pair of texts, letter by letter."""
    train = ["Call 0800 now", "ok", "See you at 6"]
    test = ["Call 0900 now", "Ok!", "see you at 6", "ok", "Free tone", " See  you at 6", "call now"]
    test.append("Free tone")
    got = answer(train, test)
    expect_type(got, (list, tuple))
    got = list(got)
    for mistake, because in (
        ([1, 4, 6, 7], "a test text may also be the same as an earlier test text"),
        ([0, 1, 2, 4, 5, 6], "only equal texts were found: bring both sides to one form first"),
        ([1, 4, 5, 6], "runs of white space are not one space yet: split() and join"),
        ([1, 2, 4, 6], "capitals are left: lower() both sides"),
        ([0, 1, 4, 6], "digits are left: turn each into 0"),
        ([0, 2, 3, 5, 7], "these are the texts that are not new: return the others"),
    ):
        expect(got != mistake, because)
    expect_equal(got, [1, 4, 6], "'Ok!' has a mark more, 'call now' no number: both are new")
    rng = np.random.default_rng(4)
    parts = ["a1", "A2", "b", "B ", " c", "c10", "C9"]
    lines = [" ".join(rng.choice(parts, size=rng.integers(1, 3))) for _ in range(90)]
    expect_equal(
        list(answer(lines[:40], lines[40:])), _pairwise(lines[:40], lines[40:]), "90 random texts"
    )
    return "eight texts by hand, and 90 random ones agree with a comparison of all pairs"


def _pairwise(train: list[str], test: list[str]) -> list[int]:
    """Return the rows of ``test`` that match no text before them."""

    def same(one: str, other: str) -> bool:
        shapes = [
            re.sub(r"\s+", " ", "".join("0" if x.isdigit() else x.casefold() for x in line)).strip()
            for line in (one, other)
        ]
        return shapes[0] == shapes[1]

    return [
        row
        for row, line in enumerate(test)
        if not any(same(line, earlier) for earlier in [*train, *test[:row]])
    ]


@exercise("13.5", "The area under the ROC curve")
def area_under_roc(answer: Answer) -> str:
    """Compare with scikit-learn's area."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    for n, levels in ((12, 1000), (60, 5), (80, 3)):
        truth = np.concatenate([[0, 1], rng.integers(0, 2, n - 2)])
        score = (rng.integers(0, levels, n) + truth * levels * 0.3).round(0)
        got = answer(truth, score)
        expect_shape(got, ())
        wanted = roc_auc_score(truth, score)
        gaps = score[truth == 1][:, None] - score[truth == 0]
        expect_not_close(
            got, roc_auc_score(1 - truth, score), "this counts pairs where the ham is higher"
        )
        if (gaps == 0).any():
            expect_not_close(got, (gaps > 0).mean(), "equal scores count half, not 0")
            expect_not_close(got, (gaps >= 0).mean(), "equal scores count half, not 1")
        expect_not_close(got, gaps.size * wanted, "this is a number of pairs: divide by all pairs")
        expect_not_close(
            got,
            gaps.size * wanted / (n * (n - 1) / 2),
            "pairs of two spam or two ham messages do not count: divide by spam times ham",
        )
        expect_close(got, wanted, "the share of pairs of spam and ham with the spam on top")
    return "three sets of scores, two with many equal ones, agree with scikit-learn"
