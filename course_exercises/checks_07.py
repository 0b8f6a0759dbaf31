"""Checks of the exercises of notebook 07 and its companion."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

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
from course_exercises.lines import assembled, expect_choice, expect_lines
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


LINES_OF_MEAN = {
    "A": "return [number / real for number in total]",
    "B": "    if i == 0:",
    "C": "        continue",
    "D": "    total = [a + b for a, b in zip(total, table[i])]",
    "E": "total, real = [0.0] * len(table[0]), 0",
    "F": "    real += 1",
    "G": "for i in ids:",
    "H": "return [number / len(ids) for number in total]",
}


@exercise("07.2", "A mean without the padding")
def order_of_mean(answer: Answer) -> str:
    """Run the lines in the learner's order on texts whose mean numpy gives."""
    order = answer()
    mean = assembled(order, LINES_OF_MEAN, "ids, table")
    because = (
        "divides by all places, the padding included: a longer row of zeros would make the same "
        "text shorter."
    )
    letters = expect_lines(order, LINES_OF_MEAN, unneeded={"H": because}, last="A")
    table = np.random.default_rng(3).normal(size=(6, 3))
    for ids in ([1, 2, 0, 0], [3, 3, 5], [0, 4, 0, 2]):
        try:
            got = mean(ids, table)
        except NameError as error:
            expect(False, f"a line uses a name before another line gives it a value: {error}.")
        expect(got is not None, "nothing is returned: line A stands inside another block.")
        rows = table[[i for i in ids if i]]
        because = f"ids {ids}"
        if not np.allclose(got, rows.mean(axis=0)):
            because = (
                "the padding is counted among the words: ask for it before anything is counted"
                if letters.index("F") < letters.index("C")
                else "the row of the padding is added: ask for it before anything is added"
            )
        expect_close(got, rows.mean(axis=0), because, what="the mean")
    return "three texts, with padding behind, between and none, agree with numpy's mean"


@exercise("07.3", "The gradient of the table")
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
    expect_not_close(
        got,
        autograd(mean=False, padding=True),
        "that is the sum over all places, as after flatten: here it is a mean, without padding",
    )
    expect(
        not np.any(np.asarray(got, dtype=float)[0]), "row 0 is padding: it gets no gradient at all"
    )
    expect_close(got, autograd(), "each place adds (p - y) / (N · L) · d to the row of its word")
    return "four texts, one with a word twice, agree with torch's autograd"


@exercise("07.4", "From vectors to a table")
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


@exercise("07.5", "Two shares and a word")
def coverage_of(answer: Answer) -> str:
    """Compare with a Counter, on a text in which the two shares differ, and on many ties."""
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
    expect(
        not np.allclose(got[:2], [len(known) / len(count), words]),
        "the faults are there still. Which words may known hold? And how often does a word count "
        "in the running text?",
    )
    expect_not_close(got[0], len(known) / len(count), "known holds words that are not in the text")
    expect_not_close(got[1], words, "the second share counts every occurrence, not every word")
    expect_close(got[0], words, "words with a vector / different words", what="the share of words")
    expect_close(
        got[1], running, "places with a vector / all places", what="the share of running text"
    )
    expect_equal(got[2], "fine", "it has no vector and occurs most often", what="the missing word")
    _expect_first_of_ties(answer)
    nothing = answer(["a", "a"], {"a"})
    expect_equal(
        nothing[2] is None, True, "all words have a vector: return None", what="that it is None"
    )
    return "a text of 19 words, six ties and a text without gaps agree with a count"


def _expect_first_of_ties(answer: Answer) -> None:
    """Turn a tie of six words, each first once: no fixed order is right by luck."""
    ties, got = ["sad", "dull", "grim", "weak", "flat", "cold"], []
    turns = [ties[turn:] + ties[:turn] for turn in range(6)]
    for turned in turns:
        got.append(answer([*turned, "a", *turned], {"a"})[2])
    first, last = ([turned[end] for turned in turns] for end in (0, -1))
    expect(got != last, "of several equally common words the first in the text, not the last.")
    wrong = [turned for turned, word in zip(turns, got, strict=True) if word != turned[0]]
    expect(
        got == first,
        f"six words occur twice, {wrong[0][0] if wrong else ''} comes first in the text, but the "
        "answer is another. A set has no order that you may rely on.",
    )


@exercise("07.6", "Which way would you take?")
def which_way(answer: Answer) -> str:
    """Compare with what the stored sweep allows."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "compare the two frozen columns: the vectors with fewer words, from the right "
            "text, are ahead at every number of labels.",
            "B": "that is one row of nine. Read the rows of 50 to 500 labels too.",
            "D": "the column shows one classifier, a mean and one unit, on 50 dimensions. A limit "
            "of this pair says nothing about every classifier, and three quarters is far "
            "above chance.",
        },
    )
    return "few labels: vectors from the right text, frozen; many labels: let the table learn"


@exercise("07.7", "The effect size")
def effect_size(answer: Answer) -> str:
    """Compare with plain Python, and with a case that can be seen: two targets, two attributes."""
    flat = [np.array(rows, float) for rows in ([[1, 0]], [[0, 1]], [[2, 0]], [[0, 3]])]
    got = answer(*flat)
    expect_shape(got, ())
    expect_not_close(got, 2 / 1, "divide by the standard deviation with n - 1 (ddof=1)")
    expect_close(got, np.sqrt(2), "s is 1 and -1: their distance is 2, their deviation root 2")
    rng = np.random.default_rng(7)
    groups = [rng.normal(size=(n, 5)) * rng.uniform(0.2, 4, size=(n, 1)) for n in (6, 6, 4, 5)]
    got = answer(*groups)
    wanted = _effect(*groups)
    X, Y, A, B = groups
    expect_not_close(got, _effect(Y, X, A, B), "the sign is wrong: X minus Y, and A minus B")
    expect_not_close(
        got,
        _effect(X, Y, A, B, by_product=True),
        "the rows have any length: take cosines, not products",
    )
    expect_not_close(
        got,
        _effect(X, Y, A, B, pooled=True),
        "the deviation is that of all s together, over X and Y, not the mean of two deviations",
    )
    expect_close(got, wanted, "mean s of X minus mean s of Y, over the deviation of all s")
    return "a case of four arrows, and one of 21 random rows, agree with plain Python"


def _leaning(w: np.ndarray, A: np.ndarray, B: np.ndarray, *, by_product: bool = False) -> float:
    def closeness(a: np.ndarray) -> float:
        return float(w @ a) / (1 if by_product else np.sqrt(float(w @ w) * float(a @ a)))

    return sum(map(closeness, A)) / len(A) - sum(map(closeness, B)) / len(B)


def _effect(
    X: np.ndarray,
    Y: np.ndarray,
    A: np.ndarray,
    B: np.ndarray,
    *,
    by_product: bool = False,
    pooled: bool = False,
) -> float:
    x, y = ([_leaning(w, A, B, by_product=by_product) for w in group] for group in (X, Y))
    spread = (np.std(x, ddof=1) + np.std(y, ddof=1)) / 2 if pooled else np.std(x + y, ddof=1)
    return float((sum(x) / len(x) - sum(y) / len(y)) / spread)


@exercise("07.8", "The permutation test", forbidden=("permutation_test",))
def permutation_p(answer: Answer) -> str:
    """Compare with every split named one by one."""
    rng = np.random.default_rng(8)
    cases = [
        (np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0])),
        (rng.normal(0.6, 1, 5), rng.normal(size=5)),
        (rng.normal(-1, 1, 4), rng.normal(size=4)),
    ]
    for x, y in cases:
        got = answer(x.copy(), y.copy())
        expect_shape(got, ())
        together, n = np.concatenate([x, y]), len(x)
        seen = x.sum() - y.sum()
        every = [
            2 * together[list(chosen)].sum() - together.sum()
            for chosen in combinations(range(2 * n), n)
        ]
        reached = np.array(every) >= seen - 1e-9
        expect_not_close(
            got,
            (reached.sum() - 1) / len(every),
            "the split that was seen is one of all splits: count those that reach it, not only "
            "those above it",
        )
        expect_not_close(
            got,
            np.mean(np.abs(every) >= abs(seen) - 1e-9),
            "this counts both sides; the test is one-sided, X above Y",
        )
        expect_not_close(got, 1 - reached.mean(), "this is the share of splits that fall short")
        expect_not_close(got, reached.sum(), "this is a number of splits; divide by all of them")
        expect_close(got, reached.mean(), f"{len(every)} splits into halves of {n}")
    return "20, 252 and 70 splits agree with a list of them all"


@exercise("07.9", "What does the test show?")
def what_the_test_shows(answer: Answer) -> str:
    """Compare with what was measured in the notebook."""
    expect_choice(
        answer(),
        "B",
        {
            "A": "p is about these word lists and a random split of them; it says nothing of how "
            "any person thinks or acts.",
            "C": "look at the last experiment: the direction is gone, and the groups are still "
            "told apart by their neighbours.",
            "D": "d has no unit that could be compared: it is divided by the scatter of other "
            "words in other dimensions, and the lists differ where words are missing.",
        },
    )
    return "an association in these lists, stronger than chance; no measure of harm, and no cure"
