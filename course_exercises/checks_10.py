"""Checks of the exercises of notebook 10: characters, convolution, highway."""

from __future__ import annotations

import re
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


@exercise("10.1", "The ids of a word", forbidden=("word_to_ids", "batch_to_ids"))
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
            name = re.search(r"'(\w+)'", str(error))[1]  # error.name may be None before 3.12
            expect(False, f"{name} is used before it has a value.")
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


@exercise("10.3", "Who wins, and who learns")
def features_and_learners(answer: Answer) -> str:
    """Compare features with scipy.signal.correlate2d, and who learns with torch's autograd."""
    rng = np.random.default_rng(3)
    for case in range(20):
        letters = rng.normal(size=(6 + case % 4, 3))
        filters = [(rng.normal(size=(n, 3)), float(rng.normal(scale=3))) for n in (2, 1, 4, 3, 2)]
        if case == 0:  # one filter of width 2, with a bias to be seen
            filters = [(filters[0][0], 1.5)]
        got = answer(letters, list(filters))
        expect_type(got, (tuple, list), "the result, a pair (features, learners),")
        expect(len(got) == 2, f"a pair (features, learners) is wanted, not {len(got)} values")
        sizes = [np.shape(each) for each in got]
        expect(
            sizes != [(len(letters),), (len(filters),)],
            "the features come first, then the learners",
        )
        expect_shape(got[0], (len(filters),), "the features")
        expect_shape(got[1], (len(letters),), "the learners")
        right = _word(letters, filters)
        for number, (what, wanted) in enumerate(zip(("features", "learners"), right, strict=True)):
            mine = np.asarray(got[number], dtype=float)
            if np.allclose(mine, wanted):
                continue
            for slip, because in _SLIPS[what].items():
                other = _word(letters, filters, slip)[number]
                if not np.allclose(other, wanted):
                    expect_not_close(mine, other, because)
            expect_close(mine, wanted, f"case {case}, {len(filters)} filter(s)", what=what)
    letters, filters = np.ones((5, 2)), [(np.ones((2, 2)), 0.0)]
    got = answer(letters, list(filters))
    expect_equal(
        np.asarray(got[1]).tolist(), [1, 1, 0, 0, 0], "all windows are equal: the first one wins"
    )
    return "20 words agree with scipy.signal.correlate2d and with the gradients of torch"


_SLIPS = {
    "features": {
        "turned": "the filter is turned round: lay its first row on the window's first letter",
        "bias": "the bias is missing: add it to each answer",
        "relu": "a negative answer is left: relu makes it 0",
        "mean": "this is the mean of the answers: the pool keeps the largest",
        "sum": "this is the sum of the answers: the pool keeps the largest",
        "sign": "the sign is lost: an answer of -5 is weaker than one of 2",
        "short": "the last window is left out: there are places - n + 1 of them",
    },
    "learners": {
        "flat": "a filter whose feature is 0 reaches nobody: relu is flat there",
        "begin": "the whole winning window learns, not its first letter alone",
        "end": "the whole winning window learns, not its last letter alone",
        "any": "count the filters: a letter may stand in the winning window of several",
        "all": "only the window of the largest answer gets a gradient, not every one above 0",
        "late": "the winning window begins one place earlier: the first is place 0",
    },
}


def _word(
    letters: np.ndarray, filters: list[tuple[np.ndarray, float]], slip: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Return features (F,) and learners (places,), right by SciPy and autograd or with a slip."""
    from scipy.signal import correlate2d

    features, learners = [], np.zeros(len(letters))
    for kernel, bias in filters:
        n = len(kernel)
        laid = kernel[::-1] if slip == "turned" else kernel
        answers = correlate2d(letters, laid, mode="valid")[:, 0] + (slip != "bias") * bias
        answers = abs(answers) if slip == "sign" else answers
        answers = answers[:-1] if slip == "short" else answers
        pooled = {"mean": answers.mean(), "sum": answers.sum()}.get(slip, answers.max())
        features.append(pooled if slip == "relu" else max(pooled, 0.0))
        best = int(answers.argmax())
        reached = np.zeros(len(letters))
        if slip == "all":
            for place in np.flatnonzero(answers > 0):
                reached[place : place + n] = 1
        elif slip == "late":
            reached[best + 1 : best + 1 + n] = features[-1] > 0
        elif slip == "flat":
            reached[best : best + n] = 1
        elif slip in ("begin", "end"):
            reached[best + (n - 1) * (slip == "end")] = features[-1] > 0
        else:
            reached = _reached(letters, kernel, bias)
        learners += reached
    return np.array(features), np.minimum(learners, 1) if slip == "any" else learners


def _reached(letters: np.ndarray, kernel: np.ndarray, bias: float) -> np.ndarray:
    """Return 1 for each place whose letter gets a gradient from one feature, else 0: (places,)."""
    import torch

    rows = torch.tensor(letters, requires_grad=True)
    answers = torch.nn.functional.conv1d(rows.T[None], torch.tensor(kernel.T[None]))[0, 0] + bias
    answers.max().relu().backward()
    return (rows.grad != 0).any(dim=1).double().numpy()


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


_ROWS = 262  # of the original ELMo


@exercise(
    "10.5",
    "Count the parameters",
    varies={"rows": (262, 90, 130, 180, 300, 400, 520)},
    forbidden=("numel", "nelement", "parameters", "named_parameters", "state_dict"),
)
def n_parameters(answer: Answer, rows: int) -> str:
    """Compare with layers of torch, counted one by one."""
    cases = [
        (16, [(1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024)], 2, 512),
        (4, [(1, 3), (3, 5)], 1, 7),
        (2, [(2, 6)], 0, 3),
        (5, [(4, 2), (6, 2)], 3, 8),
    ]
    for case in cases:
        wanted, biases, table = _by_torch(*case, rows)
        got = answer(*case)
        expect_shape(got, ())
        size = sum(number for _, number in case[1])
        why = f"vector_size {case[0]}, filters {case[1]}, {case[2]} highways, projection {case[3]}"
        expect_not_close(got, wanted - biases, f"biases are missing, {biases} of them here")
        missing = f"the table of characters is missing: {rows} rows"
        expect_not_close(got, wanted - table, missing)
        if rows != _ROWS:
            usual = wanted - table + _ROWS * case[0]
            expect_not_close(got, usual, f"the table of characters has {rows} rows in your copy")
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
    if rows != _ROWS:
        return f"four sizes agree with layers of torch, all with {rows} characters"
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
    vector_size: int,
    filters: list[tuple[int, int]],
    n_highway: int,
    projection_dim: int,
    rows: int,
) -> tuple[int, int, int]:
    """Return how many parameters there are, how many of them biases, and how many in the table."""
    from torch import nn

    size = sum(number for _, number in filters)
    table = nn.Embedding(rows, vector_size)
    layers: list[nn.Module] = [nn.Conv1d(vector_size, m, n) for n, m in filters]
    layers += [nn.Linear(size, size) for _ in range(2 * n_highway)]
    layers.append(nn.Linear(size, projection_dim))
    biases = sum(layer.bias.numel() for layer in layers)
    found = sum(each.numel() for layer in [table, *layers] for each in layer.parameters())
    return found, biases, table.weight.numel()
