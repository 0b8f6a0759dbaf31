"""Checks of the exercises of notebook 02."""

from __future__ import annotations

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
    expect_type,
)

TOLERANCE = 1e-8


@exercise("02.1", "The averaged one-hot vector")
def averaged_one_hot(answer: Answer) -> str:
    """Compare with NumPy's count of each id."""
    for ids, size in (([0, 1, 3, 4], 7), ([2, 5, 2, 6], 8)):
        got = answer(ids, size)
        expect(
            np.shape(got) != (len(ids),),
            "there is one number for each context word: you averaged over the vocabulary. "
            "Average over the context words (axis 0 of the one-hot matrix)",
        )
        expect_shape(got, (size,))
        how_often = np.bincount(ids, minlength=size)
        expect_not_close(
            got, how_often, "this is the sum of the one-hot vectors: divide it by their number"
        )
        once = (how_often > 0) / len(ids)
        if how_often.max() > 1:
            expect_not_close(
                got, once, "a word that stands twice in the window counts twice, here it does not"
            )
            expect_not_close(
                got,
                (how_often > 0) / np.count_nonzero(how_often),
                "you average over different words; a repeated word counts as often as it stands",
            )
        expect_close(got, how_often / len(ids), "bag[w] = (how often w stands there) / n")
    return "a context of four words, and one with a repeated word, agree with the counts of ids"


@exercise("02.2", "A softmax that does not overflow")
def stable_softmax(answer: Answer) -> str:
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
    for huge in (small + 1000, small - 1000, np.array([[1000.0, 0.0], [-1000.0, 0.0]])):
        with np.errstate(all="ignore"):
            got = np.asarray(answer(huge), dtype=float)
        expect(
            np.isfinite(got).all(),
            f"for scores near {huge.flat[0]:.0f} your softmax overflows (infinity, or 0 / 0). "
            "Subtract the largest score of each row before exp",
        )
        expect_close(got, special.softmax(huge, axis=1), "take the largest of each row by itself")
    return "agrees with SciPy for small scores and for scores of 1,000 and -1,000"


@exercise("02.3", "One vote for each table")
def one_vote_each(answer: Answer) -> str:
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


@exercise("02.4", "One whole step of CBOW")
def whole_step(answer: Answer) -> str:
    """Compare with autograd; name the four usual mistakes."""
    rng = np.random.default_rng(2)
    for context_ids, center in (([0, 1, 3, 4], 2), ([5, 2, 5], 0)):
        tables = rng.normal(size=(7, 5)), rng.normal(size=(5, 7))
        got = answer(*tables, context_ids, center, 0.1)
        expect_type(got, (tuple, list))
        expect(len(got) == 2, f"return two tables, W and W'; there are {len(got)} things")
        expect_shape(got[0], (7, 5), "the new W")
        expect_shape(got[1], (5, 7), "the new W'")
        _name_mistakes(got, tables, context_ids, center, 0.1)
    return "both new tables agree with autograd, also where a context word stands twice"


def _name_mistakes(
    got: tuple[np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray],
    context_ids: list[int],
    center: int,
    alpha: float,
) -> None:
    slopes = _slopes(*tables, context_ids, center)
    right = [table - alpha * slope for table, slope in zip(tables, slopes, strict=True)]
    up = [table + alpha * slope for table, slope in zip(tables, slopes, strict=True)]
    whole = tables[0] - alpha * len(context_ids) * slopes[0]
    late = tables[0] - alpha * _slopes(tables[0], right[1], context_ids, center, tables[1])[0]
    number = np.bincount(context_ids, minlength=7).clip(min=1)[:, None]
    mistakes = (
        (0, up[0], "W went uphill: subtract the gradient, do not add it"),
        (1, up[1], "W' went uphill: subtract the gradient, do not add it"),
        (0, tables[0], "W did not change: return the new table"),
        (1, tables[1], "W' did not change: return the new table"),
        (
            0,
            whole,
            "each context row moved by the whole slope of h. That is what the word2vec program "
            "does; the exact gradient divides by the number of context words",
        ),
        (
            0,
            late,
            "the gradient of W was taken with the new W'. Compute both gradients first, "
            "then change the tables",
        ),
    )
    for place, mistake, because in mistakes:
        expect_not_close(got[place], mistake, because)
    if number.max() > 1:
        expect_not_close(
            got[0],
            tables[0] - alpha * slopes[0] / number,
            "a context word that stands twice moved once: table[ids] -= x keeps only one of two "
            "changes to a row. Use a loop, or np.add.at",
        )
    for place, name in enumerate(("the new W", "the new W'")):
        because = "see the four steps of section 5"
        expect_close(got[place], right[place], because, tolerance=TOLERANCE, what=name)


def _slopes(
    input_table: np.ndarray,
    output_weights: np.ndarray,
    context_ids: list[int],
    center: int,
    scoring: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Return dL/dW and dL/dW' from autograd.

    With ``scoring``, the error y - t comes from that table and only the way back to h goes
    through ``output_weights``: the mistake of changing W' too early.
    """
    import torch
    from torch.nn.functional import cross_entropy

    W, W_out = (
        torch.tensor(table, dtype=torch.float64, requires_grad=True)
        for table in (input_table, output_weights)
    )
    hidden = W[context_ids].mean(dim=0)
    if scoring is None:
        loss = cross_entropy(hidden @ W_out, torch.tensor(center))
    else:
        error = torch.softmax(hidden.detach() @ torch.from_numpy(scoring), dim=0)
        error[center] -= 1
        loss = hidden @ W_out @ error
    return [slope.numpy() for slope in torch.autograd.grad(loss, (W, W_out))]
