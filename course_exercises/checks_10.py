"""Checks of the exercises of notebook 10: characters, convolution, highway."""

from __future__ import annotations

from itertools import accumulate
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


@exercise("10.2", "Cut between letters")
def whole_letters(answer: Answer) -> str:
    """Compare with the sums of the bytes of single letters, letter by letter."""
    got = answer("dog", 50)
    expect_type(got, str)
    expect_equal(got, "dog", "a word that fits is not cut")
    movement = "3·1운동및대한민국임시정부수립기념사업회"
    got = answer(movement, 50)
    expect(
        got != movement[:48],
        "this counts letters: a Korean syllable takes three of the 48 places",
    )
    expect("\ufffd" not in got, "there is a sign for a broken letter at the end: leave it out")
    for word, width in (
        (movement, 50),
        ("가" * 20, 50),
        ("x" * 60, 50),
        ("aé😀가" * 5, 20),
        ("aé😀가" * 5, 21),
        ("가나다", 4),
    ):
        sums = list(accumulate(len(letter.encode("utf-8")) for letter in word))
        wanted = word[: sum(total <= width - 2 for total in sums)]
        got = answer(word, width)
        expect_type(got, str)
        used = len(got.encode("utf-8"))
        expect(
            used <= width - 2,
            f"{used} bytes are kept where width is {width}: the two marks need a place as well",
        )
        expect_equal(got, wanted, f"{width - 2} bytes are free; the letters' bytes: {sums[:20]}")
    return "seven words of one to four bytes a letter agree with a count letter by letter"


@exercise("10.3", "The winning window")
def winning_window(answer: Answer) -> str:
    """Compare with scipy.signal.correlate2d."""
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
        place, feature = got
        wanted = max(answers.max(), 0)
        if case < 39 and n > 1 and wanted > 0:
            turned = correlate2d(letters, kernel[::-1], mode="valid")[:, 0] + bias
            expect_not_close(
                feature,
                max(turned.max(), 0),
                "the filter is turned round: lay its first row on the first letter of the window",
            )
        if wanted > 0:
            expect_not_close(
                feature, answers.max() - bias, "the bias is missing: add it to each answer"
            )
        if answers.max() < 0:
            expect_not_close(
                feature, answers.max(), f"the strongest answer is {answers.max():.2f}: relu gives 0"
            )
        expect(
            places - n >= int(place) >= 0,
            f"place {place}: {places} letters have {places - n + 1} windows of {n}, from 0 on",
        )
        if np.ptp(answers) < 1e-9:
            expect_equal(int(place), 0, "all windows are equal: the first one wins", what="place")
        expect_equal(int(place), int(answers.argmax()), "where the answer is largest", what="place")
        expect_close(feature, wanted, "relu of the largest answer", what="the feature")
    return "40 filters agree with scipy.signal.correlate2d"


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
