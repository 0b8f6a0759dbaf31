"""Checks of the exercises of notebook 06 and its companion on Korean: FastText."""

from __future__ import annotations

import unicodedata
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
from course_exercises.lines import assembled, expect_choice
from course_exercises.variants import orders


@exercise(
    "06.1",
    "How much two words share",
    forbidden=("ngrams", "everygrams", "compute_ngrams", "compute_ngrams_bytes"),
)
def shared_pieces(answer: Answer) -> str:
    """Compare with pieces found by gensim, and with fractions counted by hand."""
    from gensim.models.fasttext_inner import compute_ngrams

    # In both: <re rea ead <rea read. Only in reader (11 in all): ade der er> eade ader der>.
    # Only in reading (13 in all): adi din ing ng> eadi adin ding ing>.
    got = answer("reader", "reading", 3, 4)
    expect_shape(got, ())
    expect_not_close(got, 5 / 11, "divided by the pieces of the first word: take those of either")
    expect_not_close(got, 5 / 13, "divided by the pieces of the second word: take those of either")
    expect_not_close(got, 5 / 24, "pieces in both are counted twice below the line: take the union")
    expect_not_close(got, 3 / 13, "there are no marks: put < before and > after each word")
    expect_not_close(got, 5, "this counts the common pieces: divide by the pieces in either word")
    expect_close(got, 5 / 19, "<re, rea, ead, <rea and read are in both, 19 pieces are in either")
    expect_close(
        answer("banana", "bandana", 3, 3),
        # <ba ban ana nan na> / <ba ban and nda dan ana na>: four of eight
        4 / 8,
        "different pieces are asked for, however often one occurs in a word: use sets here",
    )
    for first, second in combinations(["학교에", "학교에서", "apple", "pineapple"], 2):
        one, two = (set(compute_ngrams(word, 3, 6)) for word in (first, second))
        expect_close(
            answer(first, second, 3, 6), len(one & two) / len(one | two), f"{first}, {second}"
        )
    expect_close(answer("table", "table", 3, 6), 1, "a word shares everything with itself")
    return "reader and reading share 5 of 19 pieces, and six pairs agree with gensim's n-grams"


@exercise("06.2", "The vector of an unknown word")
def unknown_vector(answer: Answer) -> str:
    """Compare with gensim's FastTextKeyedVectors holding the same rows."""
    from gensim.models.fasttext import FastTextKeyedVectors

    rng = np.random.default_rng(6)
    table = rng.normal(size=(50, 4)).astype(np.float32)
    gensim = FastTextKeyedVectors(vector_size=4, min_n=3, max_n=5, bucket=50)
    gensim.vectors_ngrams = table
    words = ["oranze", "banana", "electrofishing", "학교를", "😀😀😀", "to"]
    for word in words:
        wanted = gensim.get_vector(word)
        got = answer(word, table, 3, 5)
        expect_shape(got, (4,))
        pieces = len(_lengths(word))
        if pieces > 1:
            expect_not_close(got, wanted * pieces, "this is the sum of the rows: take their mean")
            expect_not_close(
                got,
                wanted * pieces / (pieces + 1),
                "divided by one piece too many: an unknown word has no row of its own",
            )
        because = f"the mean of the rows hash % 50 of the n-grams of {word!r}"
        if word == "banana":
            because = "'banana' has the piece 'ana' twice: the pieces are a list, keep repeats"
        expect_close(got, wanted, because, tolerance=1e-5)
    got = answer("a", table, 4, 5)  # <a> has three characters: no n-gram of 4
    expect_shape(got, (4,))
    expect_close(got, np.zeros(4), "a word without n-grams gets a vector of zeros")
    return f"{len(words)} words agree with gensim, and a word without pieces gives zeros"


def _lengths(word: str) -> list[int]:
    """List the lengths of the 3-, 4- and 5-grams of a word, one entry an n-gram."""
    return [n for n in (3, 4, 5) for _ in range(len(word) + 2 - n + 1)]


STEP = {
    "A": "for g in rows: W[g] += delta",
    "B": "W_out[target] -= alpha * error * h",
    "C": "delta = -alpha * error * W_out[target]",
    "D": "for g in rows: W[g] += delta / len(rows)",
    "E": "h = W[rows].mean(axis=0)",
    "F": "error = sigmoid(W_out[target] @ h) - label",
}


@exercise("06.3", "One step, in order")
def step_in_order(answer: Answer) -> str:
    """Run the lines and compare both tables with autograd; every order that works is right."""
    from scipy.special import expit

    program = assembled(answer(), STEP, "W, W_out, rows, target, label, alpha, sigmoid")
    rng = np.random.default_rng(5)
    for rows, target, label in (([0, 3, 5], 1, 1), ([2, 4, 6, 4], 2, 0)):
        W, W_out = rng.normal(size=(8, 3)), rng.normal(size=(4, 3))
        moved = W.copy(), W_out.copy()
        try:
            program(*moved, rows, target, label, 0.1, expit)
        except NameError as error:
            missing = str(error).split("'")[1]
            expect(False, f"a line uses {missing!r} before any line has made it")
        by_h, by_u = _pair_slopes(W, W_out[target], rows, label)
        wanted, times = W_out.copy(), np.bincount(rows, minlength=len(W))[:, None]
        wanted[target] -= 0.1 * by_u
        expect_not_close(moved[0], W, "no line moves W")
        expect_not_close(moved[1], W_out, "no line moves W_out")
        expect_not_close(
            moved[0],
            W - 0.1 * by_h * times / len(rows),
            "this is what calculus does; the program gives each piece the whole of delta",
        )
        expect_not_close(
            moved[0],
            W - 0.1 * by_h * times * (1 + 1 / len(rows)),
            "lines A and D both move W; one of them is not needed",
        )
        expect_close(
            moved[0], W - 0.1 * by_h * times, "delta belongs to the old row of W_out", what="W"
        )
        expect_close(moved[1], wanted, "its change is the error times h", what="W_out")
    return "both tables agree with autograd, also where a piece is listed twice"


def _pair_slopes(
    W: np.ndarray, u: np.ndarray, rows: list[int], label: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the loss of one pair by h and by u, from autograd."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    h, leaf = (torch.tensor(part, requires_grad=True) for part in (W[rows].mean(axis=0), u))
    loss = binary_cross_entropy_with_logits(h @ leaf, torch.tensor(float(label)).double())
    return tuple(slope.numpy() for slope in torch.autograd.grad(loss, [h, leaf]))


@exercise("06.4", "The gradient as calculus has it")
def input_gradient(answer: Answer) -> str:
    """Compare with differences: nudge each number and see how the loss changes."""
    rng = np.random.default_rng(4)
    for rows in ([0, 2, 5], [4, 1, 1, 3, 1]):
        W, u, noise = rng.normal(size=(7, 4)), rng.normal(size=4), rng.normal(size=(2, 4))
        wanted = _by_differences(W, rows, u, noise)
        got = answer(W, rows, u, noise)
        expect(
            np.shape(got) != (len(rows), 4),
            f"the result has a row for each of the {len(rows)} listed pieces; wanted is one for "
            "each of the 7 rows of W, zero where a row is not listed",
        )
        expect_shape(got, (7, 4))
        expect_not_close(got, -wanted, "the sign of the gradient is turned")
        expect_not_close(
            got,
            len(rows) * wanted,
            "this is what the program does; calculus divides by the number of pieces",
        )
        if len(set(rows)) < len(rows):
            times = np.bincount(rows, minlength=7)[:, None].clip(1)
            expect_not_close(
                got,
                wanted / times,
                "row 1 is listed three times and got its share once: see np.add.at",
            )
        expect_close(
            got,
            wanted,
            "the gradient by h, times how far each row moves h",
            tolerance=1e-5,
        )
    return "56 numbers agree with differences of the loss, also where a row is listed three times"


def _by_differences(W: np.ndarray, rows: list[int], u: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the gradient of the loss by W by central differences."""
    step, gradient = 1e-5, np.zeros_like(W)
    for place in np.ndindex(W.shape):
        up, down = W.copy(), W.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (_loss(up, rows, u, noise) - _loss(down, rows, u, noise)) / (2 * step)
    return gradient


def _loss(W: np.ndarray, rows: list[int], u: np.ndarray, noise: np.ndarray) -> float:
    h = sum(W[row] for row in rows) / len(rows)
    return float(np.logaddexp(0, -u @ h) + np.logaddexp(0, noise @ h).sum())


@exercise("06.5", "A fair comparison")
def fair_rhos(answer: Answer) -> str:
    """Compare with Pearson's correlation of ranks, on the pairs that neither model lacks."""
    rng = np.random.default_rng(7)
    ratings = rng.permutation(12).astype(float)
    first, second = ratings + rng.normal(size=(2, 12)) * np.array([[4.0], [2.0]])
    first[[0, 5, 6]], second[[6, 9]] = np.nan, np.nan
    both = [i for i in range(12) if i not in (0, 5, 6, 9)]
    either = [[i for i in range(12) if i not in lost] for lost in ((0, 5, 6), (6, 9))]
    got = answer(ratings, first, second)
    expect_type(got, (list, tuple, np.ndarray))
    expect_shape(got, (2,))
    expect(not np.isnan(got).any(), "a nan is among the answers: leave out pairs that one lacks")
    apart = [
        _rho(ratings[kept], model[kept])
        for kept, model in zip(either, (first, second), strict=True)
    ]
    expect_not_close(
        got, apart, "each model is asked the pairs that it knows itself: 9 pairs and 10 others"
    )
    only_first = [_rho(ratings[either[0]], np.nan_to_num(m[either[0]])) for m in (first, second)]
    zeros = [_rho(ratings, np.nan_to_num(model)) for model in (first, second)]
    because = "a missing cosine is no cosine of 0: leave such a pair out"
    expect_not_close(got, zeros, because)
    expect_not_close(got, only_first, because)
    wanted = [_rho(ratings[both], model[both]) for model in (first, second)]
    expect_not_close(got, wanted[::-1], "the two models have changed places")
    expect_close(got, wanted, "8 of the 12 pairs have a cosine in both")
    return "both models are asked the same 8 of 12 pairs"


def _rho(one: np.ndarray, two: np.ndarray) -> float:
    """Return Spearman's ρ as Pearson's correlation of the ranks."""
    ranks = [[np.mean([(v > o) + (v == o) / 2 for o in x]) for v in x] for x in (one, two)]
    return float(np.corrcoef(ranks)[0, 1])


@exercise("06.6", "What the table allows", varies={"order": orders("ABCD", "B")})
def table_allows(answer: Answer, order: str) -> str:
    """Name what speaks against each other sentence."""
    expect_choice(
        answer(),
        "B",
        {
            "A": "its lead comes from form, which spelling answers; look at the facts.",
            "C": "LSA is not FastText without pieces: SGNS is, and that is not ahead of it.",
            "D": "LSA is ahead in WordSim-353, and which test matters depends on the task.",
        },
        order=order,
    )
    return "one column is decided, by spelling; the others show no lead"


@exercise("06.7", "Choose the particle")
def as_object(answer: Answer) -> str:
    """Compare with nouns as they are written, and with Unicode's decomposition of all syllables."""
    got = answer("책")
    expect_type(got, str)
    expect(got.startswith("책"), f"the result is {got!r}: the noun itself comes first")
    expect(got != "책를", "책 ends in ㄱ, a final consonant: it takes 을, not 를")
    expect(
        answer("휴가") != "휴가을",
        "the result is '휴가을', but 가 has no final consonant: it is syllable number 0, "
        "count from it",
    )
    nouns = {"영화": "영화를", "사람": "사람을", "대학": "대학을", "한국어": "한국어를"}
    given = {noun: answer(noun) for noun in nouns}
    by_first = {noun: noun + ("을" if _has_final(noun[0]) else "를") for noun in nouns}
    expect(
        given != by_first,
        f"the results are {given}: look at the last syllable of a noun, not at the first",
    )
    because = "28 syllables share their first two letters: one without a final consonant, 27 with"
    for noun, wanted in nouns.items():
        expect_equal(given[noun], wanted, because)
    for code in range(0xAC00, 0xD7A4, 5):  # every fifth syllable: all letters and finals occur
        syllable = chr(code)
        wanted = syllable + ("을" if _has_final(syllable) else "를")
        expect_equal(answer(syllable), wanted, because)
    return "six nouns, and 2,235 syllables agree with Unicode's decomposition"


def _has_final(syllable: str) -> bool:
    return len(unicodedata.normalize("NFD", syllable)) == 3


@exercise("06.8", "What two million words allow")
def korean_table_allows(answer: Answer) -> str:
    """Name what speaks against each other sentence."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "on WordSim-353 and on meaning, syllables of 1 to 4 are ahead of jamo.",
            "B": "the default of 3 to 6 hardly answers questions of grammar; 1 to 4 does.",
            "D": "3 to 12 jamo cover what 1 to 4 syllables cover, and do worse than 3 to 6 jamo.",
        },
    )
    return "each alphabet is good at another task, and the length of the pieces matters as much"
