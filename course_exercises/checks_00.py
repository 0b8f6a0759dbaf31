"""Checks of the exercises of notebook 00."""

from __future__ import annotations

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import expect_close, expect_not_close, expect_shape
from course_exercises.lines import expect_choice


@exercise("00.1", "Types and tokens")
def type_token_ratio(answer: Answer) -> str:
    """Compare with a text counted by hand, and with shuffled texts whose ratio is known."""
    text = "The fat cat sat on the mat. The mat was red."
    got = answer(text)
    expect_shape(got, ())
    letters = len(set(text)) / len(text)
    expect_not_close(got, letters, "these are letters: cut the text into words first")
    expect_not_close(got, 11 / 8, "this is tokens ÷ types: turn the fraction round")
    expect_not_close(
        got, 10 / 11, "split() takes 'mat.' and 'mat' for two types: use text.tokenize"
    )
    expect_not_close(got, 9 / 11, "'The' and 'the' are one type here: put all in lower case")
    expect_not_close(got, 8, "these are the types: divide by the number of tokens")
    expect_close(got, 8 / 11, f"{text!r} has 11 tokens and 8 types")
    rng = np.random.default_rng(0)
    for types, times in ((1, 4), (5, 3), (40, 2), (7, 1)):
        words = rng.permutation([f"w{i}" for i in range(types)] * times)
        because = f"{types} types, each of them {times} times in the text"
        expect_close(answer(" ".join(words)), 1 / times, because)
    return "a text counted by hand, and four shuffled texts whose ratio is known"


@exercise(
    "00.2",
    "Cosine of two vectors",
    forbidden=(
        *("cosine", "cosine_similarity", "cosine_distances", "CosineSimilarity", "cossim"),
        *("cdist", "pdist", "pairwise_distances"),
    ),
)
def cosine_of(answer: Answer) -> str:
    """Compare with SciPy, and with angles that are known."""
    from scipy.spatial import distance

    a = np.array([3.0, 0.0, 4.0])  # length 5
    b = np.array([-2.0, 2.0, -1.0])  # length 3, and a · b = -10
    got = answer(a, b)
    expect_shape(got, ())
    expect_not_close(got, -10, "this is the dot product: divide it by both lengths")
    expect_not_close(got, -10 / 5, "divide by the length of the second vector too")
    expect_not_close(got, -10 / 3, "divide by the length of the first vector too")
    expect_not_close(got, -10 / (25 * 9), "a @ a is the square of a length: take its root")
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


@exercise("00.3", "What the table allows")
def conclusion(answer: Answer) -> str:
    """Compare with the one conclusion that every row of the table bears out."""
    expect_choice(
        answer(),
        "B",
        {
            "A": "the last column is what the whole procedure finds; what the subtraction adds is "
            "the difference from the better rival, and that differs from row to row.",
            "C": "the rows ask different things of different words; a larger share right does not "
            "say that one subject is known better than another.",
            "D": "look at the row 'nationality': how many answers does 'c alone' find there?",
        },
    )
    return "the difference from the better rival is what subtracting adds, row by row"


@exercise("00.4", "Steps downhill", varies={"lowest": (3, 2, 4, 5, 6, 7, 8)})
def downhill(answer: Answer, lowest: int) -> str:
    """Compare with the closed form: each step shrinks the distance to 3 by 1 - 2 alpha."""
    one, first = answer(0.0, 0.1, 1), 0.2 * lowest
    expect_shape(one, ())
    expect_not_close(one, -first, "the step goes uphill: move against the gradient")
    slope = f"one step of 0.1 from 0, where the slope of (w - {lowest})² is -{2 * lowest}"
    expect_close(one, first, slope)
    got = answer(0.0, 0.1, 3)
    summed = "after three steps the slopes of all steps are added up: clear w.grad in each step"
    expect_not_close(got, _summed(0.0, 0.1, 3, lowest), summed)
    expect_not_close(got, first, "this is one step; three were asked for")
    walks = ((0.0, 0.1, 3), (5.0, 0.25, 4), (-2.0, 0.4, 6), (3.0, 0.1, 2))
    for start, alpha, steps in walks:
        wanted = lowest + (start - lowest) * (1 - 2 * alpha) ** steps
        because = f"each step takes away the share 2 · alpha of the distance to {lowest}"
        expect_close(answer(start, alpha, steps), wanted, because, tolerance=1e-5)
    form = f"{lowest} + (w - {lowest})(1 - 2 alpha)^steps"
    return f"four walks end where the closed form {form} says"


def _summed(w: float, alpha: float, steps: int, lowest: float) -> float:
    """Return where a walk ends whose gradients are never cleared."""
    slope = 0.0
    for _ in range(steps):
        slope += 2 * (w - lowest)
        w -= alpha * slope
    return w
