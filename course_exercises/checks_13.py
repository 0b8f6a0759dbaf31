"""Checks of the exercises of notebook 13: ELMo against spam."""

from __future__ import annotations

from itertools import product
from math import comb

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


@exercise("13.1", "A split without twins")
def split_without_twins(answer: Answer) -> str:
    """Compare with every pair of texts, letter by letter."""
    texts = ["WIN 100", "ok", "Ok", "WIN 250", "see you", "ok", "free", "see you", "call", "CALL"]
    got = answer(texts, 0.5)
    expect_type(got, (tuple, list))
    expect(len(got) == 2, "two lists of row numbers are wanted, to learn from and to test on")
    got = tuple([int(row) for row in part] for part in got)
    for mistake, because in (
        (([0, 1, 2, 3, 4], [0, 1, 2, 3, 4]), "count the test rows from the start of the file"),
        (([0, 1, 2, 3], [4, 6, 8, 9]), "only equal texts are found: 'ok' and 'Ok' are twins too"),
        (([0, 1, 3], [4, 6, 8]), "'WIN 100' and 'WIN 250' are twins too: digits do not count"),
        (([0, 1, 2], [4, 6, 8, 9]), "'ok' and 'Ok' are twins too: capitals do not count"),
        (([0, 1, 4], [6, 8]), "the share is one of the different texts, not of all rows"),
        (([3, 5], [6, 7, 9]), "of twins the first stays, not the last"),
        (([0, 1], [2, 3, 4]), "these are places among the different texts: give rows of the file"),
    ):
        expect(got != mistake, because)
    seen = {_bare(texts[row]) for row in got[0]}
    both = [texts[row] for row in got[1] if _bare(texts[row]) in seen]
    expect(not both, f"{both[:1]} of the test part has a twin in the training part")
    expect_equal(got, ([0, 1], [4, 6, 8]), "half of five different texts, rounded down, are two")
    rng = np.random.default_rng(13)
    lines = [" ".join(rng.choice(["a1", "A2", "b", "B", "c10", "C9"], size=3)) for _ in range(150)]
    rows = _first_rows(lines)
    cut = int(0.8 * len(rows))
    found = [[int(row) for row in part] for part in answer(lines, 0.8)]
    expect_equal(found, [rows[:cut], rows[cut:]], "150 random texts")
    return "ten texts by hand, and 150 random ones agree with a comparison of all pairs"


def _bare(text: str) -> str:
    return "".join("0" if sign.isdigit() else sign.casefold() for sign in text)


def _first_rows(texts: list[str]) -> list[int]:
    """Return the rows that have no twin before them."""
    return [
        row
        for row, text in enumerate(texts)
        if not any(_bare(text) == _bare(earlier) for earlier in texts[:row])
    ]


@exercise("13.2", "The scaler has seen too much")
def test_accuracy(answer: Answer) -> str:
    """Compare with numbers scaled by hand; the known faults give another accuracy."""
    for seed in _SCALED_SEEDS:
        X, y, n_train, alphas = _filter_data(seed)
        got = answer(X.copy(), y.copy(), n_train, alphas)
        expect_shape(got, ())
        wanted = _accuracy(X, y, n_train, alphas, "")
        for kind, because in _SCALED_FAULTS.items():
            mistake = _accuracy(X, y, n_train, alphas, kind)
            if mistake != wanted:
                expect_not_close(got, mistake, because)
        expect_close(got, wanted, "choose on the last fifth of the training rows, then learn anew")
    return f"{len(_SCALED_SEEDS)} sets of numbers agree with scaling by hand"


_SCALED_SEEDS = (22, 19, 15, 3)
_SCALED_FAULTS = {
    "scaled by all": "mean and deviation still come from the test rows too",
    "chosen by training": "chosen on the rows it has learned from, the weakest pull always wins",
    "both": "both faults are still there: test rows scale, and test rows choose",
    "chosen by test": "the setting is still chosen by the test rows",
    "not again": "the chosen filter learns from all training rows, not from four fifths",
    "test scaled apart": "the test rows are scaled by their own mean and deviation",
}


def _filter_data(seed: int) -> tuple[np.ndarray, np.ndarray, int, list[float]]:
    """Return numbers whose test rows are larger than those to learn from."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 90)
    X = rng.normal(size=(90, 12))
    X[:, :3] += 0.7 * y[:, None]
    X[60:, :3] = X[60:, :3] * 3 + 1.5
    return X, y, 60, [0.01, 1.0, 100.0, 10_000.0]


def _accuracy(X: np.ndarray, y: np.ndarray, n_train: int, alphas: list[float], fault: str) -> float:
    from sklearn.linear_model import LogisticRegression

    n, part = len(X), n_train - n_train // 5

    def score(alpha: float, learn: int, ask: range) -> float:
        seen = n if fault in ("both", "scaled by all") else learn
        rows = [*ask] if fault == "test scaled apart" else [*range(seen)]
        by_train, by_asked = X[:seen], X[rows]
        net = LogisticRegression(C=1 / alpha)
        net.fit((X[:learn] - by_train.mean(0)) / by_train.std(0), y[:learn])
        asked = (X[ask] - by_asked.mean(0)) / by_asked.std(0)
        return float((net.predict(asked) == y[ask]).mean())

    test = range(n_train, n)
    if fault in ("both", "chosen by test"):
        return max(score(alpha, n_train, test) for alpha in alphas)
    if fault == "chosen by training":
        best = max(alphas, key=lambda alpha: score(alpha, n_train, range(n_train)))
    else:
        best = max(alphas, key=lambda alpha: score(alpha, part, range(part, n_train)))
    return score(best, part if fault == "not again" else n_train, test)


MCNEMAR = {
    "A": "tail = sum(comb(b + c, i) for i in range(min(b, c) + 1))",
    "B": "return 2 * tail / 2 ** (b + c)",
    "C": "c = sum(y == t != x for t, x, y in zip(truth, one, other))",
    "D": "tail = sum(comb(len(truth), i) for i in range(min(b, c) + 1))",
    "E": "b = sum(x == t != y for t, x, y in zip(truth, one, other))",
    "F": "return min(1.0, 2 * tail / 2 ** (b + c))",
}


@exercise("13.3", "McNemar's test, in order")
def mcnemar_in_order(answer: Answer) -> str:
    """Run the lines and compare with SciPy's binomial test; every order that works is right."""
    from scipy.stats import binomtest

    program = assembled(answer(), MCNEMAR, "truth, one, other")
    program.__globals__["comb"] = comb
    for b, c, right, wrong in ((9, 3, 20, 2), (2, 7, 11, 5), (5, 5, 3, 1), (12, 1, 0, 4)):
        given = _verdicts(b, c, right, wrong)
        try:
            got = program(*given)
        except NameError as error:
            missing = str(error).split("'")[1]
            expect(False, f"a line uses {missing!r} before any line has made it")
        expect(got is not None, "no line returns anything")
        n, wanted = len(given[0]), binomtest(b, b + c).pvalue
        of_all = min(1.0, 2 * sum(comb(n, i) for i in range(min(b, c) + 1)) / 2 ** (b + c))
        if of_all != wanted:
            because = "the coin is thrown for the discordant messages alone, not for all of them"
            expect_not_close(got, of_all, because)
        if b == c:
            expect(got <= 1 + 1e-9, f"{b} to {c} gives {got:.2f}: a probability is at most 1")
        expect_close(got, wanted, f"{b} and {c} discordant messages")
    return "four pairs of filters agree with SciPy's binomial test"


def _verdicts(b: int, c: int, right: int, wrong: int) -> tuple[list[int], list[int], list[int]]:
    """Return truth and two verdicts with these counts, in a shuffled order."""
    rng = np.random.default_rng(b + c)
    first = np.repeat([1, 0, 1, 0], (b, c, right, wrong))
    second = np.repeat([0, 1, 1, 0], (b, c, right, wrong))
    order = rng.permutation(len(first))
    truth = rng.integers(0, 2, len(first))
    one, other = (np.where(x[order] == 1, truth, 1 - truth) for x in (first, second))
    return truth.tolist(), one.tolist(), other.tolist()


@exercise("13.4", "A test for F1")
def swap_test(answer: Answer) -> str:
    """Compare with every way to swap any of all verdicts, F1 counted by hand."""
    from scipy.stats import binomtest

    rng = np.random.default_rng(4)
    for n in (8, 9, 10):
        truth, gaps = np.zeros(n, int), np.zeros(1)
        while gaps[0] == 0 or len(set(gaps.round(9))) < 4:
            truth, one, other = rng.integers(0, 2, (3, n))
            gaps = _gaps(truth, one, other)
        got = answer(truth.copy(), one.copy(), other.copy())
        expect_shape(got, ())
        real = gaps[0]
        wanted = (np.abs(gaps) >= abs(real) - 1e-9).mean()
        differ = one != other
        b, d = int((one == truth)[differ].sum()), int(differ.sum())
        tail = binomtest(b, d).pvalue
        one_sided = (np.sign(real) * gaps >= abs(real) - 1e-9).mean()
        larger = (np.abs(gaps) > abs(real) + 1e-9).mean()
        of_ham = np.abs(_gaps(1 - truth, 1 - one, 1 - other))
        for mistake, because in (
            (one_sided, "the difference counts without its sign, on either side"),
            (larger, "a difference as large as the real one counts too"),
            (tail, "this is McNemar's p, for accuracy: F1 is asked for"),
            ((of_ham >= of_ham[0] - 1e-9).mean(), "this is F1 of ham: class 1 is spam"),
            (wanted * 2**d, "this is a number of ways: divide by all of them"),
        ):
            if abs(mistake - wanted) > 1e-6:
                expect_not_close(got, mistake, because)
        expect_close(got, wanted, f"{d} verdicts differ, so there are {2**d} ways")
    truth, silent = np.array([0, 1, 1]), np.array([0, 0, 0])
    expect_close(answer(truth, silent, silent), 1.0, "no verdict differs: p is 1")
    expect_close(answer(truth, silent, np.array([0, 1, 0])), 1.0, "F1 of no spam caught is 0")
    return "three pairs of filters agree with all ways to swap, F1 counted by hand"


def _gaps(truth: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the differences of F1 of all ways to swap any verdicts; the first swaps none."""

    def f1(verdict: np.ndarray) -> float:
        both = int(verdict.sum() + truth.sum())
        return 2 * int((verdict * truth).sum()) / both if both else 0.0

    ways = [np.array(way) for way in product((0, 1), repeat=len(truth))]
    return np.array([f1(np.where(way, other, one)) - f1(np.where(way, one, other)) for way in ways])


@exercise("13.5", "What the table allows")
def table_allows(answer: Answer) -> str:
    """Name what speaks against each other sentence."""
    expect_choice(
        answer(),
        "B",
        {
            "A": "the SVM is not every rival: look at the column of the best one.",
            "C": "with all labels they are behind the SVM: read the last row.",
            "D": "LSA knows no context and leads with few labels: it has read text.",
        },
    )
    return "the best rival of each row is what a lead is counted from"


@exercise(
    "13.6",
    "The area under the ROC curve",
    forbidden=("roc_auc_score", "roc_curve", "auc", "mannwhitneyu", "ranksums", "somersd"),
)
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


@exercise("13.7", "The cheapest line")
def cheapest_line(answer: Answer) -> str:
    """Compare with the cost of every line, counted message by message."""
    rng = np.random.default_rng(7)
    cases = [([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 1, 1), ([0, 1, 0], [0.9, 0.2, 0.3], 5, 1)]
    for levels, lost, passed in ((1000, 1, 10), (8, 10, 1), (30, 3, 1), (12, 1, 4)):
        truth = rng.integers(0, 2, 40)
        score = np.round((rng.integers(0, levels, 40) + truth * levels * 0.4) / levels / 1.4, 3)
        cases.append((truth.tolist(), score.tolist(), lost, passed))
    for truth, score, lost, passed in cases:
        got = answer(np.array(truth), np.array(score), lost, passed)
        expect_shape(got, ())
        lines = [np.inf, *sorted(set(score), reverse=True)]
        wanted = _cheapest(truth, score, lost, passed, lines)
        for mistake, because in (
            (_cheapest(truth, score, passed, lost, lines), "the two costs are swapped"),
            (
                _cheapest(truth, score, lost, passed, lines[1:]),
                "the line above all scores, numpy.inf, was not tried",
            ),
            (
                _cheapest(truth, score, lost, passed, lines[::-1]),
                "of lines that cost the same the highest is wanted",
            ),
            (
                _cheapest(truth, score, lost, passed, lines, strict=True),
                "a score that is equal to the line is called spam",
            ),
        ):
            if mistake != wanted:
                expect(float(got) != mistake, because)
        expect_equal(float(got), float(wanted), "try each score, and numpy.inf, as the line")
    return "six sets of scores agree with the cost of every line, counted message by message"


def _cheapest(
    truth: list[int],
    score: list[float],
    lost: float,
    passed: float,
    lines: list[float],
    *,
    strict: bool = False,
) -> float:
    """Return the first of the cheapest lines."""
    costs = []
    for line in lines:
        called = [x > line if strict else x >= line for x in score]
        pairs = list(zip(truth, called, strict=True))
        wrong_ham = sum(c and not t for t, c in pairs)
        costs.append(lost * wrong_ham + passed * sum(t and not c for t, c in pairs))
    return lines[costs.index(min(costs))]


@exercise("13.8", "What the attack shows")
def attack_allows(answer: Answer) -> str:
    """Name what speaks against each other sentence."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "recall cannot tell; the other table asks ham in digits, and much of it is lost.",
            "B": "in either panel it falls furthest of all.",
            "D": "no model had seen misspelt words with a label; one that has may learn them.",
        },
    )
    return "robust against a disguise is only who still lets friends through"
