"""Checks of the exercises of notebook 07."""

from __future__ import annotations

import struct
from collections import Counter

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
from course_exercises.wrong_answer import WrongAnswer
from course_lib.text import tokenize


@exercise("07.1", "The padded matrix")
def padded_matrix(answer: Answer) -> str:
    """Compare with torch's padding of the ends that torch cut off."""
    import torch

    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 90, n).tolist() for n in (3, 1, 5, 8, 4)]
    got = answer(sequences, 5)
    expect_shape(got, (5, 5))
    front = [[0] * (5 - len(s)) + s[-5:] for s in sequences]
    expect_not_close(got, front, "the zeros stand in front: put them behind the words")
    first = [s[:5] + [0] * (5 - len(s)) for s in sequences]
    expect_not_close(got, first, "of a row that is too long the *last* ids stay, not the first")
    wanted = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(s)[-5:] for s in sequences], batch_first=True
    )
    expect_close(got, wanted, "words first, then zeros; the end of a long row is kept")
    longer = answer([[7, 8]], 4)
    expect_shape(longer, (1, 4), "with length 4 for one row of two ids, the result")
    expect_close(longer, [[7, 8, 0, 0]], what="[[7, 8]] with length 4")
    return "five rows of 1 to 8 ids agree with torch's pad_sequence"


@exercise("07.2", "From vectors to a table")
def table_from_vectors(answer: Answer) -> str:
    """Compare with pandas: reindex by the words, fill holes with the column means."""
    import pandas as pd

    rng = np.random.default_rng(1)
    vectors = {word: rng.normal(1, 1, size=4) for word in ("film", "bad", "good", "sea", "tree")}
    words = ["good", "superb", "bad", "dull", "film"]
    rows = pd.DataFrame(vectors).T.reindex(words)  # (V, M), NaN where there is no vector
    wanted = np.vstack([np.zeros(4), rows.fillna(rows.mean()).to_numpy()])
    got = answer(words, vectors)
    expect_shape(got, (6, 4))
    expect_not_close(got, np.vstack([wanted[1:], np.zeros(4)]), "row 0 is padding, it comes first")
    everything = np.mean(list(vectors.values()), axis=0)
    for filler, because in (
        (np.zeros(4), "a word without a vector gets the mean, not zeros"),
        (everything, "the mean is taken over the rows that were found, not over all vectors"),
        (np.vstack([np.zeros(4), rows.dropna()]).mean(axis=0), "padding is no part of the mean"),
    ):
        table = wanted.copy()
        table[[2, 4]] = filler
        expect_not_close(got, table, because)
    expect(not np.any(np.asarray(got)[0]), "row 0 is padding: it must be all zeros")
    expect_close(got, wanted, "row 1 + i belongs to word i of the list")
    return "five words, two of them without a vector, agree with pandas' reindex"


@exercise("07.3", "Two shares and a list")
def coverage_of(answer: Answer) -> str:
    """Compare with a Counter, on a text in which the two shares differ."""
    line = "a dull film and a dull plot but a fine cast and a fine score and a fine sea"
    tokens = tokenize(line)
    known = {"a", "and", "film", "but", "plot", "sea", "zebra"}
    count = Counter(tokens)
    words = sum(word in known for word in count) / len(count)
    running = sum(n for word, n in count.items() if word in known) / count.total()
    got = answer(tokens, known)
    expect_type(got, (tuple, list))
    expect_equal(len(got), 3, "return the two shares and the word", what="the number of results")
    if np.allclose(got[:2], [running, words]):
        raise WrongAnswer("the shares are swapped: first that of the different words")
    expect_not_close(got[0], len(known) / len(count), "known holds words that are not in the text")
    expect_not_close(got[1], words, "the second share counts every occurrence, not every word")
    expect_close(got[0], words, "words with a vector / different words", what="the share of words")
    expect_close(
        got[1], running, "places with a vector / all places", what="the share of running text"
    )
    expect_equal(got[2], "fine", "it has no vector and occurs most often", what="the missing word")
    tie = answer(["b", "c", "a", "c", "b"], {"a"})
    expect_equal(tie[2], "b", "b and c occur twice, b comes first", what="of b c a c b, the word")
    nothing = answer(["a", "a"], {"a"})
    expect_equal(
        nothing[2] is None, True, "all words have a vector: return None", what="that it is None"
    )
    return "a text of 19 words, a tie and a text without gaps agree with a count"


@exercise("07.4", "A row of a binary file")
def read_row(answer: Answer) -> str:
    """Let the answer walk through files whose numbers hold the bytes of spaces and line ends."""
    space, line_end = struct.unpack("<2f", b"\0  A\0\n\nB")  # 10.0…, 34.5…
    rows = {"nice": (0.5, space, -1.0), "좋다": (line_end, 2.0, 1.5), "bad": (0.25, 8.0, space)}
    for ending in (b"", b"\n"):
        content, places = b"3 3\n", []
        for word, numbers in rows.items():
            places.append(len(content))
            content += word.encode() + b" " + struct.pack("<3f", *numbers)
            places.append(len(content))
            content += ending
        start = places[0]
        for number, (word, numbers) in enumerate(rows.items()):
            got = answer(content, start, 3)
            expect_type(got, (tuple, list))
            expect_equal(len(got), 3, "word, vector, next place", what="the number of results")
            where = f"in row {number + 1}"
            if isinstance(got[0], str) and got[0] == f"\n{word}":
                raise WrongAnswer("the word begins with a line end: skip it if there is one")
            expect_equal(got[0], word, "the word ends at the first space", what=f"{where} the word")
            expect_shape(got[1], (3,), f"{where} the vector")
            wrong = struct.unpack(">3f", struct.pack("<3f", *numbers))
            if np.isfinite(wrong).all():
                expect_not_close(got[1], wrong, 'the lowest byte comes first: "<f4", not ">f4"')
            expect_close(
                got[1],
                numbers,
                "4 bytes a number, right behind the space",
                what=f"{where} the vector",
            )
            expect_equal(
                int(got[2]),
                places[2 * number + 1],
                "right behind the last number, a line end not yet passed",
                what=f"{where} the place behind",
            )
            start = int(got[2])
    return "three rows, with and without line ends, Korean and awkward bytes among them"


@exercise("07.5", "The gradient of the table")
def mean_table_gradient(answer: Answer) -> str:
    """Compare with automatic differentiation by torch."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(2)
    ids = np.array([[1, 2, 1, 0], [3, 0, 0, 0], [2, 4, 3, 1], [4, 4, 0, 0]])  # 5 never occurs
    labels = np.array([1, 0, 0, 1])
    table, dense, bias = rng.normal(size=(6, 3)), rng.normal(size=3), 0.3

    def autograd(mean: bool = True, reduction: str = "mean", padding: bool = False) -> np.ndarray:
        weights = torch.tensor(table, requires_grad=True)
        words = torch.from_numpy(ids)
        real = torch.ones_like(words) if padding else (words != 0)
        total = (functional.embedding(words, weights) * real[:, :, None]).sum(1)
        vectors = total / real.sum(1, keepdim=True) if mean else total
        logits = vectors @ torch.tensor(dense) + bias
        wanted = torch.tensor(labels, dtype=torch.float64)
        functional.binary_cross_entropy_with_logits(logits, wanted, reduction=reduction).backward()
        return weights.grad.numpy()

    got = answer(ids, labels, table, dense, bias)
    expect_shape(got, (6, 3))
    expect_not_close(got, -autograd(), "the sign is wrong: the factor is p - y, not y - p")
    expect_not_close(got, autograd(reduction="sum"), "J is a *mean* over the texts: divide by N")
    expect_not_close(got, autograd(mean=False), "a text's vector is the mean: divide by L")
    expect_not_close(got, autograd(padding=True), "padding is no part of the mean")
    expect(
        not np.any(np.asarray(got, dtype=float)[0]), "row 0 is padding: it gets no gradient at all"
    )
    expect_close(got, autograd(), "each place adds (p - y) / (N · L) · d to the row of its word")
    return "four texts, one with a word twice, agree with torch's autograd"
