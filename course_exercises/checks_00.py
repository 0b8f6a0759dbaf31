"""Checks of the exercises of notebook 00."""

from __future__ import annotations

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


@exercise("00.1", "Types and tokens")
def type_token_ratio(answer: Answer) -> str:
    """Compare with a text counted by hand, and with shuffled texts whose ratio is known."""
    text = "The fat cat sat on the mat. The mat was red."
    got = answer(text)
    expect_shape(got, ())
    letters = len(set(text)) / len(text)
    expect_not_close(got, letters, "these are letters: cut the text into words first")
    expect_not_close(got, 11 / 8, "this is tokens ÷ types: turn the fraction round")
    expect_not_close(got, 10 / 11, "split() takes 'mat.' and 'mat' for two types: use tokenise")
    expect_not_close(got, 9 / 11, "'The' and 'the' are one type here: put all in lower case")
    expect_not_close(got, 8, "these are the types: divide by the number of tokens")
    expect_close(got, 8 / 11, f"{text!r} has 11 tokens and 8 types")
    rng = np.random.default_rng(0)
    for types, times in ((1, 4), (5, 3), (40, 2), (7, 1)):
        words = rng.permutation([f"w{i}" for i in range(types)] * times)
        because = f"{types} types, each of them {times} times in the text"
        expect_close(answer(" ".join(words)), 1 / times, because)
    return "a text counted by hand, and four shuffled texts whose ratio is known"


@exercise("00.2", "Cosine of two vectors")
def cosine(answer: Answer) -> str:
    """Compare with SciPy, and with angles that are known."""
    from scipy.spatial import distance

    a = np.array([3.0, 0.0, 4.0])  # length 5
    b = np.array([-2.0, 2.0, -1.0])  # length 3, and a · b = -10
    got = answer(a, b)
    expect_shape(got, ())
    expect_not_close(got, -10, "this is the dot product: divide it by both lengths")
    expect_not_close(got, -10 / 5, "divide by the length of the second vector too")
    expect_not_close(got, -10 / 3, "divide by the length of the first vector too")
    expect_not_close(got, -10 / (25 * 9), "a length is the square root of the sum of squares")
    expect_not_close(got, 10 / 15, "the sign is lost: opposite directions have a cosine below 0")
    expect_not_close(got, 1 + 10 / 15, "this is the distance 1 - cos: leave out the 1 -")
    expect_close(got, 1 - distance.cosine(a, b), "cos = a·b / (|a| |b|)")
    for first, second, wanted in (
        ((3, 4), (6, 8), 1),
        ((1, 2), (-2, 1), 0),
        ((1, 1), (-3, -3), -1),
    ):
        because = "same direction 1, right angle 0, opposite direction -1"
        expect_close(answer(np.array(first), np.array(second)), wanted, because)
    for one, other in np.random.default_rng(0).normal(size=(10, 2, 6)):
        expect_close(answer(one, other), 1 - distance.cosine(one, other), "cos = a·b / (|a| |b|)")
    return "eleven pairs agree with SciPy, and three known angles come out right"


@exercise("00.3", "The k most frequent words")
def most_frequent(answer: Answer) -> str:
    """Compare with counting each word by itself, without a counter."""
    lines = ("the cat sat on the mat", "a dog sat by the door", "a dog is a dog is a dog")
    sentences = [line.split() for line in lines]
    got = answer(sentences, 4)
    expect_type(got, (list, tuple))
    got = list(got)
    expect(
        not any(isinstance(item, (list, tuple)) for item in got),
        "these are pairs of word and count: return the words alone",
    )
    expect(
        got != ["cat", "on", "mat", "by"],
        "these are the rarest words: put the largest counts first",
    )
    expect(
        got != ["a", "dog", "the", "is"],
        "'sat' and 'is' both occur twice; of equal counts the word that came first wins",
    )
    expect(
        got != ["the", "sat", "a", "dog"],
        "this counts sentences: a word that occurs twice in one sentence counts twice",
    )
    expect_equal(got, _by_hand(sentences, 4), "a 4, dog 4, the 3, sat 2, is 2, the others 1")
    rng = np.random.default_rng(0)
    for k in (1, 2, 3, 5, 20):
        sentences = [list(rng.choice(list("abcdefg"), size=6)) for _ in range(4)]
        sentences = [[str(word) for word in sentence] for sentence in sentences]
        expect_equal(list(answer(sentences, k)), _by_hand(sentences, k), f"k = {k}")
    return "the toy text and five random texts agree with counting word by word"


def _by_hand(sentences: list[list[str]], k: int) -> list[str]:
    """Return the k words with the most occurrences, the earlier word first where they tie."""
    tokens = [word for sentence in sentences for word in sentence]
    return sorted(set(tokens), key=lambda word: (-tokens.count(word), tokens.index(word)))[:k]
