"""Checks of the exercises of notebook 02."""

from __future__ import annotations

from collections import Counter

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
)
from course_exercises.lines import assembled, expect_choice

TOLERANCE = 1e-8
STEP = {
    "A": "W_out -= alpha * error[:, None] * h",
    "B": "h = W[context_ids].mean(axis=0)",
    "C": "d_h = W_out.T @ error",
    "D": "for c in context_ids: W[c] -= alpha * d_h / len(context_ids)",
    "E": "error = softmax(W_out @ h)",
    "F": "error[center] -= 1",
    "G": "for c in context_ids: W[c] -= alpha * d_h",
}


@exercise("02.1", "The hidden vector of every position")
def hidden_vectors(answer: Answer) -> str:
    """Compare with a band matrix of 0 and 1 times the rows."""
    for seed, (ids, m) in enumerate((([0, 1, 2, 3, 4, 5, 6], 2), ([3, 5, 3, 1, 5, 5], 3))):
        W = np.random.default_rng(seed).normal(size=(7, 4))
        got = answer(W, list(ids), m)
        expect_shape(got, (len(ids), 4))
        rows, place = W[ids], np.arange(len(ids))
        far = np.abs(place[:, None] - place)
        band = ((far > 0) & (far <= m)).astype(float)
        wanted = band @ rows / band.sum(axis=1, keepdims=True)
        left = np.tril(band)[1:] @ rows / np.tril(band)[1:].sum(axis=1, keepdims=True)
        different = np.stack([_of_different_words(W, ids, row) for row in band])
        expect_not_close(
            got,
            (band + np.eye(len(ids))) @ rows / (band.sum(axis=1, keepdims=True) + 1),
            "the centre itself is in the mean; it is what must be guessed, so leave it out",
        )
        expect_not_close(got, band @ rows, "these are sums: divide by the number of words")
        expect_not_close(
            got,
            band @ rows / (2 * m),
            f"you divide by {2 * m} everywhere; at the ends the window holds fewer words",
        )
        expect_not_close(
            np.asarray(got)[1:], left, "only the words before the centre are in; take both sides"
        )
        cut = band * ~((place[:, None] < m) & (place < place[:, None]))
        expect_not_close(
            got,
            cut @ rows / cut.sum(axis=1, keepdims=True),
            "words on the left are missing at the beginning: ids[place - m : place] is empty where "
            "place < m, for Python counts a negative start from the back. Use max(0, place - m)",
        )
        if len(set(ids)) < len(ids):
            expect_not_close(
                got, different, "a word that stands twice in the window counts twice, here once"
            )
        expect_close(got, wanted, "row i is the mean of W[ids[j]] for 0 < |i - j| ≤ m")
    return "two sentences, one with repeated words, agree with a band matrix times their rows"


def _of_different_words(W: np.ndarray, ids: list[int], inside: np.ndarray) -> np.ndarray:
    return W[sorted({word for word, yes in zip(ids, inside, strict=True) if yes})].mean(axis=0)


@exercise(
    "02.2",
    "A softmax that does not overflow",
    forbidden=("softmax", "log_softmax", "softmin", "Softmax", "LogSoftmax", "Softmin"),
)
def softmax(answer: Answer) -> str:
    """Compare with SciPy, on small and on huge scores."""
    from scipy import special

    small = np.random.default_rng(0).normal(size=(3, 4))
    with np.errstate(all="ignore"):
        got = answer(small)
    expect_shape(got, small.shape)
    shifted = np.exp(small - small.max(axis=1, keepdims=True))
    expect_not_close(
        got, special.softmax(small, axis=0), "each column sums to 1: the sum must run over axis 1"
    )
    expect_not_close(
        got,
        special.softmax(small),
        "the whole table sums to 1; each row by itself must: sum over axis 1 with keepdims=True",
    )
    for unscaled in (shifted, np.exp(small), np.exp(small - small.max())):
        expect_not_close(
            got, unscaled, "the numbers are positive, but not divided by the sum of their row"
        )
    expect_close(got, special.softmax(small, axis=1), "y_j = exp(z_j) / sum of exp(z_i)")
    for huge in (small + 1000, small - 1000):
        with np.errstate(all="ignore"):
            got = np.asarray(answer(huge), dtype=float)
        expect(
            np.isfinite(got).all(),
            f"for scores near {huge.flat[0]:.0f} your softmax overflows (infinity, or 0 / 0). "
            "Subtract the largest score of each row before exp",
        )
        expect_close(got, special.softmax(huge, axis=1), "take the largest of each row by itself")
    for apart in ([[1000.0, 0], [-1000.0, 0]], [[4000.0, 0, 0, 0]], [[0.0, 3000, 0]]):
        with np.errstate(all="ignore"):
            got = np.asarray(answer(np.array(apart)), dtype=float)
        for row, found in zip(apart, got, strict=True):
            expect(
                np.isfinite(found).all(),
                f"for the row {row} the result is no number: what you subtract lies far from the "
                "largest score of the row. After the subtraction that one should be 0",
            )
        expect_close(got, special.softmax(apart, axis=1), "take the largest of each row by itself")
    return "agrees with SciPy for small scores, for large ones and for scores far apart"


@exercise("02.3", "One step, in order")
def step_in_order(answer: Answer) -> str:
    """Run the lines and compare both tables with autograd; every order that works is right."""
    order = answer()
    program = assembled(order, STEP, "W, W_out, context_ids, center, alpha, softmax")
    rng = np.random.default_rng(3)
    for context_ids, center in (([0, 1, 3, 4], 2), ([5, 2, 5], 0)):
        W, W_out = rng.normal(size=(2, 7, 3))
        moved = W.copy(), W_out.copy()
        try:
            program(*moved, context_ids, center, 0.1, _softmax)
        except NameError as error:
            missing = str(error).split("'")[1]
            expect(False, f"a line uses {missing!r} before any line has made it")
        slopes = _slopes(W, W_out, context_ids, center)
        right = W - 0.1 * slopes[0], W_out - 0.1 * slopes[1]
        for place, name in enumerate(("W", "W_out")):
            table = (W, W_out)[place]
            expect_not_close(moved[place], table, f"no line moves {name}, or by 0")
        n = len(context_ids)
        whole, both = W - 0.1 * n * slopes[0], W - 0.1 * (n + 1) * slopes[0]
        expect_not_close(
            moved[0], whole, "each context row moves by the whole slope of h: it gets 1/n of it"
        )
        expect_not_close(moved[0], both, "lines D and G both move W; one of them is not needed")
        expect_close(
            moved[1],
            right[1],
            "the slope by z is ŷ - y: the 1 is taken away before the error is used",
            tolerance=TOLERANCE,
            what="the new W_out",
        )
        expect_close(
            moved[0],
            right[0],
            "its slope belongs to the old W_out and to ŷ - y: see where d_h is computed",
            tolerance=TOLERANCE,
            what="the new W",
        )
    return "both tables agree with autograd, also where a context word stands twice"


def _softmax(scores: np.ndarray) -> np.ndarray:
    from scipy import special

    return special.softmax(scores)


def _slopes(
    W: np.ndarray, W_out: np.ndarray, context_ids: list[int], center: int
) -> list[np.ndarray]:
    """Return dL/dW and dL/dW' from autograd."""
    import torch

    tables = [torch.tensor(table, requires_grad=True) for table in (W, W_out)]
    z = tables[1] @ tables[0][context_ids].mean(dim=0)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(center))
    return [slope.numpy() for slope in torch.autograd.grad(loss, tables)]


@exercise("02.4", "One table instead of two")
def tied_step(answer: Answer) -> str:
    """Compare with autograd; name the usual mistakes."""
    rng = np.random.default_rng(2)
    for context_ids, center in (([0, 1, 3, 4], 2), ([5, 2, 5], 0), ([1, 4, 6], 4)):
        W = rng.normal(size=(7, 5))
        got = answer(W, context_ids, center, 0.1)
        expect(not isinstance(got, (tuple, list)), "there is one table: return it alone")
        expect_shape(got, (7, 5))
        # Of two tables with the same numbers, autograd keeps the two ways apart.
        by_context, by_answer = _slopes(W, W, context_ids, center)
        number = np.bincount(context_ids, minlength=7).clip(min=1)[:, None]
        moved = W - 0.1 * by_answer
        late = moved - 0.1 * _late(W, moved, context_ids, center)
        slope, n = by_context + by_answer, len(context_ids)
        for mistake, because in (
            (W, "W did not change: return the new table"),
            (W + 0.1 * slope, "W went uphill: subtract the slope, do not add it"),
            (W - 0.1 * by_context, "W moved as the table of contexts alone; it also answers"),
            (W - 0.1 * by_answer, "W moved as the table of answers alone; it also gives h"),
            (W - 0.1 * (n * by_context + by_answer), "a context row gets 1/n of the slope of h"),
            (late, "the second slope was taken from a table that had moved already"),
        ):
            expect_not_close(got, mistake, because)
        if number.max() > 1:
            expect_not_close(
                got,
                W - 0.1 * (by_context / number + by_answer),
                "a context word that stands twice moved once: table[ids] += x keeps only one of "
                "two changes to a row. Use a loop, or np.add.at",
            )
        because = "slope = (ŷ - y) hᵀ, and 1/n of Wᵀ(ŷ - y) for each context row"
        expect_close(got, W - 0.1 * slope, because, tolerance=TOLERANCE, what="the new table")
    return "agrees with autograd, also for a repeated word and for a centre in its own context"


def _late(W: np.ndarray, moved: np.ndarray, context_ids: list[int], center: int) -> np.ndarray:
    """Return the slope by the contexts where the way back to h goes through a moved table."""
    error = _softmax(W @ W[context_ids].mean(axis=0))
    error[center] -= 1
    slope = np.zeros_like(W)
    np.add.at(slope, context_ids, moved.T @ error / len(context_ids))
    return slope


SENTENCES = (
    "red cat red dog red",
    "red cat red dog red cow red",
    "red fox red cat red hen red",
    "red cow red hen red dog red cat red",
    "red dog red cat red fox red cow red",
    "red hen red cow red cat red dog red fox red",
)


@exercise("02.5", "A loss that no training can reach", varies={"words": SENTENCES})
def lowest_loss(answer: Answer, words: str) -> str:
    """Compare with the entropy of the centres, context by context."""
    sentence = words.split()
    n, k = len(sentence), len(set(sentence) - {"red"})  # k animals, each between two red
    many = ("two", "three", "four", "five", "six")[k - 2 :]
    around = [
        tuple(sorted(sentence[max(0, i - 1) : i] + sentence[i + 1 : i + 2])) for i in range(n)
    ]
    of_context, of_both = Counter(around), Counter(zip(around, sentence, strict=True))
    lowest = -sum(m * np.log(m / of_context[context]) for (context, _), m in of_both.items())
    got, every = answer(), "both" if k == 2 else f"all {many[0]}"
    for mistake, because in (
        (0, f"0 needs contexts that are all different. Write them down: {many[0]} are red + red"),
        (np.log(k), f"that is the loss of one of the {many[0]} centres; the sum has {every}"),
        (n * np.log(k + 1), "that is the loss of no idea at all; training does better"),
        (
            k * np.log(k + 1),
            f"red is not possible there: {many[0]} words share the probability, not {many[1]}",
        ),
    ):
        expect_not_close(got, mistake, because)
    expect_close(got, lowest, "for the same context ŷ is the same: how is it best shared out?")
    return (
        f"{lowest:.4f}: with the same context, {' and '.join(sentence[1::2])} get 1/{k} each. "
        "To the model they are the same word"
    )


@exercise("02.6", "What the two tables say")
def tables_allow(answer: Answer) -> str:
    """Say what speaks against each other choice."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "the yardsticks know no context; a count of the two neighbours fills more gaps.",
            "B": "with so few pairs the room around each value is wider than their difference.",
            "D": "filling gaps and being alike are two tests; one does not decide the other.",
        },
    )
    return "one test was decided; the other had too few pairs to decide anything"


@exercise("02.7", "One vote for each table")
def side_by_side(answer: Answer) -> str:
    """Compare the cosines of the answer with the mean of two tables of cosines from SciPy."""
    from scipy.spatial.distance import cdist

    first, second = np.random.default_rng(1).normal(size=(2, 6, 3))
    first, second = 4 * first, second * np.arange(1, 7)[:, None]
    got = answer(first, second)
    expect(
        np.shape(got) != (12, 3),
        "the tables stand one above the other; put them side by side (axis 1, np.hstack)",
    )
    expect_shape(got, (6, 6))
    raw = np.hstack([first, second])
    expect_not_close(got, raw, "the tables are side by side, but their rows have the old lengths")
    expect_not_close(
        got,
        raw / np.linalg.norm(raw, axis=1, keepdims=True),
        "the long row has length 1, so the table with longer rows still weighs more: "
        "scale each table before you join them",
    )
    expect_not_close(
        got,
        np.hstack([table / np.linalg.norm(table, axis=0) for table in (first, second)]),
        "each column has length 1; each row should: take the norm over axis 1, keepdims=True",
    )
    wanted = 1 - (cdist(first, first, "cosine") + cdist(second, second, "cosine")) / 2
    cosines = 1 - cdist(np.asarray(got, dtype=float), np.asarray(got, dtype=float), "cosine")
    because = "cosine = (cosine in W + cosine in W') / 2"
    expect_close(cosines, wanted, because, what="the table of cosines of your result")
    return "every cosine is the mean of the two cosines that SciPy finds in the tables"
