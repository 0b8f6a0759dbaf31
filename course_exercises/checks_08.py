"""Checks of the exercises of notebook 08: sequence classification."""

from __future__ import annotations

from collections import deque
from typing import Any

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


@exercise("08.1", "Cut and pad at the front")
def front_cut(answer: Answer) -> str:
    """Compare with a queue of fixed length: whoever comes last pushes the first one out."""
    for ids in ([1, 7, 4, 2, 9, 3, 8], [1, 5, 6], [1, 2, 3, 4, 5], [1]):
        queue = deque([0] * 5, maxlen=5)
        queue.extend(ids)
        wanted = list(queue)
        got = answer(list(ids), 5)
        expect_type(got, (list, tuple, np.ndarray))
        got = [int(number) for number in got]
        expect(
            len(got) == 5,
            f"for {ids} and length 5 the result is {got}: it has length {len(got)}",
        )
        filled_behind = ids + [0] * (5 - len(ids))
        expect(
            got == wanted or got != filled_behind,
            f"for {ids} the zeros stand behind the ids: put them in front",
        )
        expect(
            got == wanted or got != ids[:5],
            f"for {ids} the end is cut away: keep the end and cut the front",
        )
        expect_equal(got, wanted, f"what {ids} becomes with length 5")
    return "long, short and fitting rows agree with a queue of fixed length"


@exercise("08.2", "A convolution over words")
def convolution(answer: Answer) -> str:
    """Compare with SciPy, one dimension of the vectors after the other."""
    from scipy.ndimage import correlate1d

    rng = np.random.default_rng(8)
    for time, size, kernel in ((7, 3, 5), (4, 2, 3), (6, 2, 1)):
        vectors = rng.normal(size=(time, size))
        filters, bias = rng.normal(size=(4, size, kernel)), rng.normal(size=4)

        def scores(weights: np.ndarray, x: np.ndarray = vectors) -> np.ndarray:
            answers = [
                sum(
                    correlate1d(x[:, m], one[m], mode="constant", output=float)
                    for m in range(x.shape[1])
                )
                for one in weights
            ]
            return np.array(answers)  # (F, time)

        plain = scores(filters) + bias[:, None]
        got = answer(vectors, filters, bias)
        _name_mistakes(got, plain, scores(filters), scores(filters[:, :, ::-1]), bias)
        if kernel > 1:
            valid = np.maximum(0, plain[:, kernel // 2 : time - kernel // 2])
            missing = "the ends are missing: same padding adds zeros at both ends"
            expect_not_close(got, valid, missing)
        late = np.maximum(0, np.roll(plain, kernel // 2, axis=1))
        expect(
            kernel == 1
            or np.shape(got) != plain.shape
            or not np.allclose(np.asarray(got)[:, kernel - 1 :], late[:, kernel - 1 :]),
            "the window ends at its word: put half of the zeros in front and half behind, so that "
            "the word stands in the middle",
        )
        expect_shape(got, plain.shape)
        expect_close(got, np.maximum(0, plain), "b + the sum over window and dimensions, then relu")
    return "four filters of 5, 3 and 1 words agree with SciPy's correlate1d"


def _name_mistakes(
    got: Any, plain: np.ndarray, unbiased: np.ndarray, flipped: np.ndarray, bias: np.ndarray
) -> None:
    """Raise for the mistakes that keep the shape."""
    expect_not_close(got, plain, "relu is missing: negative answers become zero")
    expect_not_close(got, np.maximum(0, unbiased), "the bias is missing")
    if not np.allclose(flipped, unbiased):
        expect_not_close(
            got,
            np.maximum(0, flipped + bias[:, None]),
            "the filter is turned round: its first column belongs to the word before",
        )


@exercise("08.3", "One step of an LSTM")
def lstm_step(answer: Answer) -> str:
    """Compare with torch.nn.LSTMCell in double precision."""
    import torch

    rng = np.random.default_rng(3)
    for inputs, hidden in ((3, 4), (5, 2)):
        x, h, c = rng.normal(size=inputs), rng.normal(size=hidden), rng.normal(size=hidden)
        W, U = rng.normal(size=(4 * hidden, inputs)), rng.normal(size=(4 * hidden, hidden))
        b = rng.normal(size=4 * hidden)
        cell = torch.nn.LSTMCell(inputs, hidden).double()
        with torch.no_grad():
            for parameter, value in zip(cell.parameters(), (W, U, b, 0 * b), strict=True):
                parameter.copy_(torch.from_numpy(value))
            state = torch.from_numpy(h), torch.from_numpy(c)
            wanted_h, wanted_c = (part.numpy() for part in cell(torch.from_numpy(x), state))
        got = answer(x, h, c, W, U, b)
        expect_type(got, tuple)
        expect(len(got) == 2, f"{len(got)} results; wanted two: the state and the cell")
        _name_lstm_mistakes(got, wanted_h, wanted_c, (W @ x + U @ h + b).reshape(4, hidden), c)
        expect_shape(got[0], (hidden,), "the state")
        expect_shape(got[1], (hidden,), "the cell")
        expect_close(got[1], wanted_c, "c' = f c + i g", tolerance=1e-9, what="the cell")
        expect_close(got[0], wanted_h, "h' = o tanh c'", tolerance=1e-9, what="the state")
    return "state and cell of two sizes agree with torch.nn.LSTMCell"


def _name_lstm_mistakes(
    got: tuple[Any, Any],
    wanted_h: np.ndarray,
    wanted_c: np.ndarray,
    scores: np.ndarray,
    c: np.ndarray,
) -> None:
    expect_not_close(got[0], wanted_c, "the state comes first, then the cell")
    i, f, g, o = 1 / (1 + np.exp(-scores))
    new = np.tanh(scores[2])
    expect_not_close(got[1], f * c + i * g, "g is no gate: it goes through tanh, not sigmoid")
    expect_not_close(got[1], f * c + i * np.tanh(scores[3]), "the order is i, f, g, o: g before o")
    expect_not_close(
        got[1], i * c + f * new, "input and forget gate are exchanged: f keeps the old, i lets in"
    )
    expect_not_close(got[0], o * wanted_c, "the state shows tanh of the cell")
    expect_not_close(got[0], o * np.tanh(c), "the state shows the new cell, not the old one")


@exercise("08.4", "Count the parameters")
def count_parameters(answer: Answer) -> str:
    """Build the layers in PyTorch and count."""
    from torch import nn

    for V, M, F, K, H, D in ((500, 32, 32, 5, 50, 25), (11, 3, 4, 7, 2, 6)):
        lstm = nn.LSTM(F, H)
        layers = (nn.Embedding(V, M), nn.Conv1d(M, F, K), lstm, nn.Linear(H, D), nn.Linear(D, 1))
        wanted = [sum(weight.numel() for weight in layer.parameters()) for layer in layers]
        second_bias = lstm.bias_hh_l0.numel()
        wanted[2] -= second_bias
        got = answer(V, M, F, K, H, D)
        expect_type(got, (list, tuple))
        expect(len(got) == 5, f"{len(got)} numbers; wanted five, one a layer")
        case = f"with V={V}, M={M}, F={F}, K={K}, H={H}, D={D}: "
        expect(got[2] != wanted[2] + second_bias, f"{case}count one bias of the LSTM, not two")
        expect(got[1] != F * K + F, f"{case}a filter has weights for every dimension of a vector")
        expect(
            got[2] * 4 != wanted[2],
            f"{case}the LSTM has four such layers, one for each of i, f, g, o",
        )
        expect(
            [got[1], got[3], got[4]] != [F * M * K, H * D, D],
            f"{case}the biases are missing: one for each filter and each unit",
        )
        for name, mine, right in zip(_LAYERS, got, wanted, strict=True):
            expect_equal(int(mine), right, f"{case}see section 5", what=f"the number of the {name}")
    return "two networks agree with the sizes of PyTorch's own layers"


_LAYERS = ("embedding", "convolution", "LSTM", "dense layer", "last unit")


@exercise("08.5", "The strongest answer, without padding")
def masked_maximum(answer: Answer) -> str:
    """Compare with Python's max over the words of each text."""
    rng = np.random.default_rng(5)
    ids = np.array([[0, 0, 4, 2, 9], [3, 1, 2, 5, 6], [7, 8, 0, 0, 0], [0, 0, 0, 0, 0]])
    answers = rng.normal(-1.5, 0.4, size=(4, 3, 5))
    answers[0, :, :2] = answers[2, :, 2:] = 1.0  # padding has the strongest answers of all
    wanted = np.zeros((4, 3))
    for text, number in np.ndindex(4, 3):
        of_words = [answers[text, number, place] for place in range(5) if ids[text, place] != 0]
        wanted[text, number] = max(of_words, default=0.0)
    got = answer(answers, ids)
    expect_shape(got, (4, 3))
    expect_not_close(got, answers.max(axis=2), "padding wins: look at the words only")
    zeroed = (answers * (ids != 0)[:, None, :]).max(axis=2)
    expect_not_close(
        got, zeroed, "padding was set to 0, which is larger than every negative answer of a word"
    )
    expect(
        np.isfinite(np.asarray(got, dtype=float)[3]).all(),
        "the text that is all padding has no word, and its maximum is not a number: give zeros",
    )
    expect_close(got, wanted, "the largest answer among the places whose id is not 0")
    return "four texts, one of them all padding, agree with Python's max"
