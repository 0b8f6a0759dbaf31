"""Checks of the exercises of notebook 10: characters, convolution, highway."""

from __future__ import annotations

from math import exp

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


@exercise("10.1", "The ids of a word")
def ids_in_a_batch(answer: Answer) -> str:
    """Compare with ids written out by hand, and with bytes read by NumPy."""
    got = answer("dog", 7)
    expect_type(got, (list, tuple, np.ndarray))
    got = list(got)
    by_hand = [259, 101, 112, 104, 260, 261, 261]
    expect(got != [i - 1 for i in by_hand], "these are the ids of the word: raise each by one")
    expect(
        got != [259, 101, 112, 104, 260, 0, 0],
        "padding is no empty place: its id is 260, and 261 once it is raised",
    )
    expect_equal(got, by_hand, "d, o, g are the bytes 100, 111, 103")
    got = list(answer("학교", 10))
    expect(
        got[1:3] != [ord(letter) + 1 for letter in "학교"],
        "these are code points of letters: take the bytes of UTF-8, three a syllable here",
    )
    expect_equal(got, [259, 238, 150, 154, 235, 182, 145, 260, 261, 261], "학 is 237, 149, 153")
    got = list(answer("electrofishing", 8))
    expect(
        len(got) == 8,
        f"a word of 14 bytes has {len(got)} ids where width is 8: cut what is too long",
    )
    expect(got[-1] == 260, f"the last id of a word that was cut is {got[-1]}: keep the end mark")
    expect_equal(got, [259, 102, 109, 102, 100, 117, 115, 260], "6 bytes are left of it: electr")
    for word, width in (("é😀가x", 50), ("가나다라마바사", 20), ("a" * 48, 50), ("b" * 49, 50)):
        inner = np.frombuffer(word.encode(), dtype=np.uint8)[: width - 2].astype(int) + 1
        wanted = np.pad(np.r_[259, inner, 260], (0, width - 2 - len(inner)), constant_values=261)
        expect_equal(list(answer(word, width)), wanted.tolist(), f"{word:.9}, width {width}")
    return "seven words agree with ids written by hand and with NumPy's bytes"


LINES = {
    "A": "for t in range(len(letters)):",
    "B": "    answers.append((window * kernel).sum() + bias)",
    "C": "answers = []",
    "D": "    window = letters[t : t + len(kernel)]",
    "E": "return max(max(answers), 0.0)",
    "F": "for t in range(len(letters) - len(kernel) + 1):",
}


@exercise("10.2", "A filter over a word")
def order_of_filter(answer: Answer) -> str:
    """Run the lines in the order given, on words whose feature is known by hand."""
    feature = assembled(answer(), LINES, "letters, kernel, bias")
    kernel = np.array([[1.0, 0.0], [0.0, 1.0]])
    for letters, bias, wanted, where in (
        ([[1, 0], [0, 1], [0, 0]], 0.5, 2.5, "the first window"),
        ([[0, 0], [0, 0], [1, 0], [0, 1]], 0.0, 2.0, "the last window"),
        ([[0, 0], [0, 0], [1, 1]], 0.0, 1.0, "the last window; the last letter has no second"),
        ([[0, 0], [0, 0], [0, 0]], -1.0, 0.0, "none: all answers are -1, and relu gives 0"),
    ):
        try:
            got = feature(np.array(letters, dtype=float), kernel, bias)
        except NameError as error:
            expect(False, f"{error.name} is used before it has a value.")
        except ValueError:
            expect(False, "the largest of no answers is asked for: was a window answered before?")
        expect(got is not None, "the lines give nothing back: which one returns the feature?")
        expect(
            where.find("no second") < 0 or got == wanted,
            "the last window holds one letter, and NumPy stretches it without a word: where must "
            "the last window begin?",
        )
        expect_close(got, wanted, f"letters {letters}, bias {bias}: the strongest is {where}")
    return "four words have the feature that they have by hand"


@exercise("10.3", "The winning window")
def winning_window(answer: Answer) -> str:
    """Compare with scipy.signal.correlate2d; each likely slip is worked out and named."""
    from scipy.signal import correlate2d

    rng = np.random.default_rng(3)
    for case in range(40):
        places, n, d = 7 + case % 4, 1 + case % 4, 3
        letters, kernel = rng.normal(size=(places, d)), rng.normal(size=(n, d))
        bias = float(rng.normal(scale=3)) if case else 0.25
        if case == 39:  # every window answers alike: the first one wins
            letters = np.ones((places, d))
        answers = correlate2d(letters, kernel, mode="valid")[:, 0] + bias
        got = answer(letters, kernel, bias)
        expect_type(got, (tuple, list, np.ndarray), "the result, a pair (place, feature),")
        expect(len(got) == 2, f"a pair (place, feature) is wanted, not {len(got)} values")
        for value, what in zip(got, ("the place", "the feature"), strict=True):
            expect_shape(value, (), what)
        place, feature = (float(np.asarray(value)) for value in got)
        best, wanted = int(answers.argmax()), max(answers.max(), 0.0)
        if (place, feature) == (best, wanted):
            continue
        expect(
            not (abs(place - wanted) < 1e-9 and feature == best),
            "the place comes first, then the feature",
        )
        for slip, because in _slips(letters, kernel, bias, answers):
            expect(abs(slip - wanted) < 1e-6 or abs(feature - slip) > 1e-6, because)
        for slip, because in (
            (best + n - 1, "this is where the window ends: say where it begins"),
            (best + 1, "this counts places from 1: the first window begins in place 0"),
            (int(abs(answers).argmax()), "the window of the largest number without its sign"),
            (int(answers.argmin()), "this is the window of the smallest answer"),
        ):
            expect(slip == best or place != slip or np.ptp(answers) < 1e-9, because)
        if np.ptp(answers) < 1e-9:
            expect_equal(int(place), 0, "all windows are equal: the first one wins", what="place")
        expect_equal(place, best, "where the answer is largest", what="place")
        expect_close(feature, wanted, "relu of the largest answer", what="the feature")
    return "40 filters agree with scipy.signal.correlate2d"


def _slips(
    letters: np.ndarray, kernel: np.ndarray, bias: float, answers: np.ndarray
) -> list[tuple[float, str]]:
    """Return the features that likely slips give, with what to say about each."""
    from scipy.signal import correlate2d

    turned = correlate2d(letters, kernel[::-1], mode="valid")[:, 0] + bias
    strongest = answers.max()
    slips = [
        (
            max(turned.max(), 0),
            "the filter is turned round: lay its first row on the first letter of the window",
        ),
        (max(strongest - bias, 0), "the bias is missing: add it to each answer"),
        (strongest, f"the strongest answer is {strongest:.2f}: relu makes it 0"),
        (max(answers.mean(), 0), "this is the mean of the answers: the pool keeps the largest"),
        (max(answers.sum(), 0), "this is the sum of the answers: the pool keeps the largest"),
        (abs(answers).max(), "the sign is lost: an answer of -5 is weaker than one of 2"),
    ]
    if len(answers) > 1:
        short = max(answers[:-1].max(), 0)
        slips.append((short, "the last window is left out: there are places - n + 1 of them"))
    return slips


@exercise("10.4", "A highway layer")
def highway(answer: Answer) -> str:
    """Compare with loops over single numbers, and with gates that are open or shut."""
    rng = np.random.default_rng(7)
    x, W, W_gate = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    b, b_gate = rng.normal(size=(2, 3))
    wanted, swapped, halved, unsquashed = (np.zeros((4, 3)) for _ in range(4))
    for row in range(4):
        for j in range(3):
            score = sum(W_gate[j, i] * x[row, i] for i in range(3)) + b_gate[j]
            new = max(sum(W[j, i] * x[row, i] for i in range(3)) + b[j], 0.0)
            g = 1 / (1 + exp(-score))
            wanted[row, j] = g * new + (1 - g) * x[row, j]
            swapped[row, j] = g * x[row, j] + (1 - g) * new
            halved[row, j] = g * new + x[row, j]
            unsquashed[row, j] = score * new + (1 - score) * x[row, j]
    got = answer(x, W, b, W_gate, b_gate)
    expect_shape(got, (4, 3))
    expect_not_close(got, swapped, "the gate is the wrong way round: g is the share of the new")
    expect_not_close(got, halved, "x is added whole: its share is 1 - g")
    expect_not_close(got, unsquashed, "a gate lies between 0 and 1: put σ round it")
    shut = answer(x, W, b, W_gate, np.full(3, -300.0))
    expect_close(shut, x, "with all gates shut x comes through, negative numbers too")
    expect_close(got, wanted, "each row of W and W_gate belongs to one output: x @ W.T for a batch")
    for size in (1, 6):
        x = rng.normal(size=(2, size))
        zero, open_ = np.zeros((size, size)), np.full(size, 300.0)
        expect_close(
            answer(x, np.eye(size), np.zeros(size), zero, open_),
            x.clip(0),
            "with all gates open y = relu(Wx + b)",
        )
    return "12 numbers agree with loops; gates shut give x, gates open relu(Wx + b)"


@exercise("10.5", "Count the parameters")
def n_parameters(answer: Answer) -> str:
    """Compare with layers of torch, counted one by one."""
    cases = [
        (16, [(1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024)], 2, 512),
        (4, [(1, 3), (3, 5)], 1, 7),
        (2, [(2, 6)], 0, 3),
        (5, [(4, 2), (6, 2)], 3, 8),
    ]
    for case in cases:
        wanted, biases, table = _by_torch(*case)
        got = answer(*case)
        expect_shape(got, ())
        size = sum(number for _, number in case[1])
        why = f"vector_size {case[0]}, filters {case[1]}, {case[2]} highways, projection {case[3]}"
        expect_not_close(got, wanted - biases, f"biases are missing, {biases} of them here")
        expect_not_close(got, wanted - table, "the table of characters is missing: 262 rows")
        if case[2]:
            expect_not_close(
                got,
                wanted - case[2] * (size * size + size),
                "a highway layer has two matrices, one of them for the gate",
            )
        flat = sum(number * (case[0] + 1) for _, number in case[1])
        full = sum(number * (width * case[0] + 1) for width, number in case[1])
        expect_not_close(
            got, wanted - full + flat, "a filter has weights for each letter of its window: width"
        )
        expect_equal(int(np.asarray(got)), wanted, why)
    return "four sizes agree with layers of torch, the original ELMo's 18,037,856 among them"


@exercise("10.6", "What the two tables allow")
def tables_allow(answer: Answer) -> str:
    """Name what speaks against each other sentence."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "the untrained network finds more of the misspelt words than the trained one.",
            "B": "the two were not trained on the same text, so the lead may be the text's.",
            "D": "counting ranks spellings; it gives no vector that a model could go on with.",
        },
    )
    return "spelling needs no training; that a form stands by its stem was learnt"


def _by_torch(
    vector_size: int, filters: list[tuple[int, int]], n_highway: int, projection_dim: int
) -> tuple[int, int, int]:
    """Return how many parameters there are, how many of them biases, and how many in the table."""
    from torch import nn

    size = sum(number for _, number in filters)
    table = nn.Embedding(262, vector_size)
    layers: list[nn.Module] = [nn.Conv1d(vector_size, m, n) for n, m in filters]
    layers += [nn.Linear(size, size) for _ in range(2 * n_highway)]
    layers.append(nn.Linear(size, projection_dim))
    biases = sum(layer.bias.numel() for layer in layers)
    found = sum(each.numel() for layer in [table, *layers] for each in layer.parameters())
    return found, biases, table.weight.numel()
