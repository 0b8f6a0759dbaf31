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
from course_exercises.lines import assembled, expect_choice


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


@exercise("08.2", "A convolution over words", forbidden=("conv1d", "Conv1d", "conv2d", "Conv2d"))
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


STEP = {
    "A": "return h, c",
    "B": "c = f * c + i * g",
    "C": "i, f, g, o = np.split(W @ x + U @ h + b, 4)",
    "D": "h = o * np.tanh(c)",
    "E": "i, f, o, g = np.split(W @ x + U @ h + b, 4)",
    "F": "i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)",
    "G": "c = i * c + f * g",
}


@exercise("08.3", "One step of an LSTM, in order")
def order_of_step(answer: Answer) -> str:
    """Run the lines and compare with torch.nn.LSTMCell; every order that works is right."""
    import torch
    from scipy.special import expit

    program = assembled(answer(), STEP, "x, h, c, W, U, b, np, sigmoid")
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
        try:
            got = program(x, h, c, W, U, b, np, expit)
        except UnboundLocalError as error:
            missing = str(error).split("'")[1]
            expect(False, f"a line uses {missing!r} before any line has made it")
        expect(got is not None, "nothing comes back: the last line must return both")
        _name_lstm_mistakes(got, (W @ x + U @ h + b).reshape(4, hidden), h, c)
        expect_close(got[1], wanted_c, "c' = f c + i g", tolerance=1e-9, what="the cell")
        expect_close(got[0], wanted_h, "h' = o tanh c'", tolerance=1e-9, what="the state")
    return "state and cell of two sizes agree with torch.nn.LSTMCell"


def _name_lstm_mistakes(
    got: tuple[Any, Any], scores: np.ndarray, h: np.ndarray, c: np.ndarray
) -> None:
    expect_not_close(got[1], c, "the cell comes back as it was: a line must change it")
    expect_not_close(got[0], h, "the state comes back as it was: a line must change it")
    i, f, g, o = scores
    plain = "gates must be between 0 and 1, and g between -1 and 1, before they are used"
    expect_not_close(got[1], f * c + i * g, plain)
    i, f, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o))
    new = np.tanh(g)
    expect_not_close(got[1], f * c + i * np.tanh(scores[3]), "the order is i, f, g, o: g before o")
    expect_not_close(
        got[1], i * c + f * new, "input and forget gate are exchanged: f keeps the old, i lets in"
    )
    expect_not_close(got[0], o * np.tanh(c), "the state shows the new cell, not the old one")


@exercise(
    "08.4",
    "Another cell: the GRU reads a whole review",
    forbidden=("GRU", "GRUCell", "gru", "gru_cell"),
)
def gru_last(answer: Answer) -> str:
    """Compare with torch.nn.GRU over the words alone, in double precision."""
    import torch

    rng = np.random.default_rng(4)
    cases = (([0, 0, 5, 3, 9], 3, 4), ([7, 2, 0, 4, 0, 0], 2, 3), ([6], 4, 2), ([0, 0], 2, 2))
    for ids, inputs, hidden in cases:
        ids, X = np.array(ids), rng.normal(size=(len(ids), inputs))
        W, U = rng.normal(size=(3 * hidden, inputs)), rng.normal(size=(3 * hidden, hidden))
        b = rng.normal(size=3 * hidden)
        layer = torch.nn.GRU(inputs, hidden, batch_first=True).double()
        with torch.no_grad():
            for parameter, value in zip(layer.parameters(), (W, U, b, 0 * b), strict=True):
                parameter.copy_(torch.from_numpy(value))

            def read(rows: np.ndarray, layer: torch.nn.GRU = layer) -> np.ndarray:
                if len(rows) == 0:
                    return np.zeros(layer.hidden_size)
                states, _ = layer(torch.from_numpy(rows)[None])
                return states[0, -1].numpy()  # (H,)

            wanted, with_padding = read(X[ids != 0]), read(X)
        got = answer(X.copy(), ids.copy(), W, U, b)
        expect_shape(got, (hidden,))
        if (ids == 0).any():
            expect_not_close(got, with_padding, "padding was read: where the id is 0, h stays")
        if (ids != 0).sum() > 1:
            _name_gru_mistakes(got, X[ids != 0], W, U, b)
        case = f"ids {ids.tolist()}: "
        if not ids.any():
            expect_close(got, wanted, f"{case}no word at all, so h stays 0")
        expect_close(got, wanted, f"{case}r, z, n and then h', word by word", tolerance=1e-9)
    return "four rows, with padding in front, between and behind, agree with torch.nn.GRU"


def _name_gru_mistakes(
    got: Any, X: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray
) -> None:
    def last(exchanged: bool = False, inside: bool = False, turned: bool = False) -> np.ndarray:
        h = np.zeros(U.shape[1])
        for x in X:
            from_x, from_h = np.split(W @ x + b, 3), np.split(U @ h, 3)
            first, second = (1 / (1 + np.exp(-from_x[k] - from_h[k])) for k in (0, 1))
            r, z = (second, first) if exchanged else (first, second)
            hidden = np.split(U @ (r * h), 3)[2] if inside else r * from_h[2]
            n = np.tanh(from_x[2] + hidden)
            h = z * n + (1 - z) * h if turned else (1 - z) * n + z * h
        return h

    expect_not_close(got, last(turned=True), "z keeps the old: h' = (1 - z) n + z h")
    expect_not_close(got, last(exchanged=True), "the rows are stacked in the order r, z, n")
    expect_not_close(
        got,
        last(inside=True),
        "that is the paper's GRU; here r multiplies U_n h, after the product",
    )
    alone = W @ X[-1] + b
    _, z, n = np.split(alone, 3)
    fresh = (1 - 1 / (1 + np.exp(-z))) * np.tanh(n)
    expect_not_close(got, fresh, "h must be carried from word to word; this is the last word alone")


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


@exercise("08.6", "What the table allows")
def table_allows(answer: Answer) -> str:
    """Name what speaks against each other sentence."""
    wrong = {
        "A": "linear models that read the whole review are ahead of it by more than six points.",
        "C": "its median lies a point above the mean of vectors; that is little, and not nothing.",
        "D": "they see other words: their lead says what was left out, not who learned by heart.",
    }
    expect_choice(answer(), "B", wrong)
    return "an order of two words, counted, brings as much as the network"
