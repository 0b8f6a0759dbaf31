"""Checks of the exercises of notebook 06: FastText."""

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


@exercise("06.1", "How much two words share")
def shared_pieces(answer: Answer) -> str:
    """Compare with pieces found by gensim, and with fractions counted by hand."""
    from gensim.models.fasttext_inner import compute_ngrams

    # cat: <ca cat at> <cat cat> <cat>; cats: <ca cat ats ts> <cat cats ats> <cats cats>
    got = answer("cat", "cats", 3, 5)
    expect_shape(got, ())
    expect_not_close(got, 3 / 6, "divided by the pieces of one word: divide by those of either")
    expect_not_close(got, 3 / 15, "pieces in both are counted twice below the line: take the union")
    expect_not_close(got, 1 / 3, "there are no marks: put < before and > after each word")
    expect_not_close(got, 3, "this counts the common pieces: divide by the pieces in either word")
    expect_close(got, 3 / 12, "<ca, cat and <cat are in both, twelve pieces are in either")
    expect_close(
        answer("banana", "bandana", 3, 3),
        # <ba ban ana nan na> / <ba ban and nda dan ana na>: four of eight
        4 / 8,
        "a piece counts once, however often it occurs in a word: use sets",
    )
    for first, second in combinations(["학교에", "학교에서", "apple", "pineapple"], 2):
        one, two = (set(compute_ngrams(word, 3, 6)) for word in (first, second))
        expect_close(
            answer(first, second, 3, 6), len(one & two) / len(one | two), f"{first}, {second}"
        )
    expect_close(answer("table", "table", 3, 6), 1, "a word shares everything with itself")
    return "cat and cats share 3 of 12 pieces, and six pairs agree with gensim's n-grams"


@exercise("06.2", "Find the collisions")
def collisions(answer: Answer) -> str:
    """Compare every pair of pieces by gensim's hash."""
    from gensim.models.fasttext_inner import ft_hash_bytes

    pieces = ["<ap", "app", "ppl", "ple", "le>", "학교", "가", "나다", "é>", "😀>", "<th", "the"]
    for bucket in (7, 50, 2**32):
        rows = {piece: ft_hash_bytes(piece.encode()) % bucket for piece in pieces}
        wanted = {frozenset(p) for p in combinations(pieces, 2) if rows[p[0]] == rows[p[1]]}
        got = answer(pieces, bucket)
        expect_type(got, (list, set, tuple))
        found = [tuple(pair) for pair in got]
        expect(all(len(pair) == 2 for pair in found), "each entry is a pair of two pieces")
        expect(
            all(a != b for a, b in found), "a piece does not collide with itself: skip equal pieces"
        )
        expect(
            len({frozenset(pair) for pair in found}) == len(found),
            "each pair belongs into the list once, not as (a, b) and again as (b, a)",
        )
        if bucket == 2**32:
            expect(not found, "different hashes in different buckets: compare rows, hash % bucket")
        expect(
            found or not wanted,
            f"no pair is found: with {bucket} buckets the row is the hash modulo {bucket}",
        )
        missing = sorted(map(sorted, wanted - {frozenset(pair) for pair in found}))
        expect(
            not missing,
            f"with {bucket} buckets the pair {missing[:1]} is missing: compare what "
            "fasttext.hash_ngram gives, each modulo the number of buckets",
        )
        expect_equal(
            {frozenset(pair) for pair in found},
            wanted,
            f"two pieces collide if their hashes are equal modulo {bucket}",
        )
    expect_equal(list(answer([], 5)), [], "no pieces, no collisions")
    return "all pairs of twelve pieces agree with gensim's hash, for three numbers of buckets"


@exercise("06.3", "The vector of an unknown word")
def unknown_vector(answer: Answer) -> str:
    """Compare with gensim's FastTextKeyedVectors holding the same rows."""
    from gensim.models.fasttext import FastTextKeyedVectors

    rng = np.random.default_rng(6)
    table = rng.normal(size=(50, 4)).astype(np.float32)
    gensim = FastTextKeyedVectors(vector_size=4, min_n=3, max_n=5, bucket=50)
    gensim.vectors_ngrams = table
    words = ["oranze", "electrofishing", "학교를", "😀😀😀", "to"]
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
        expect_close(
            got,
            wanted,
            f"the mean of the rows hash % 50 of the n-grams of {word!r}",
            tolerance=1e-5,
        )
    got = answer("a", table, 4, 5)  # <a> has three characters: no n-gram of 4
    expect_shape(got, (4,))
    expect_close(got, np.zeros(4), "a word without n-grams gets a vector of zeros")
    return f"{len(words)} words agree with gensim, and a word without pieces gives zeros"


def _lengths(word: str) -> list[int]:
    """List the lengths of the 3-, 4- and 5-grams of a word, one entry an n-gram."""
    return [n for n in (3, 4, 5) for _ in range(len(word) + 2 - n + 1)]


@exercise("06.4", "The gradients of one example")
def example_gradients(answer: Answer) -> str:
    """Compare with differences: nudge each number and see how the loss changes."""
    rng = np.random.default_rng(4)
    pieces, context, noise = rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(2, 5))
    wanted = _by_differences(pieces, context, noise)
    got = answer(pieces, context, noise)
    expect_type(got, (tuple, list))
    expect(len(got) == 3, f"three gradients are wanted; your function returns {len(got)}")
    by_pieces, by_context, by_noise = got
    expect_shape(by_pieces, (3, 5), "the gradient by the pieces")
    expect_not_close(
        by_pieces,
        3 * wanted[0],
        "this is what the program does; calculus divides by the number of pieces",
    )
    expect_not_close(by_pieces, -wanted[0], "the sign of the gradient by the pieces is turned")
    expect_close(
        by_pieces,
        wanted[0],
        "the chain rule: the gradient by v, and v is a mean of three rows",
        tolerance=1e-5,
        what="the gradient by the pieces",
    )
    expect_shape(by_context, (5,), "the gradient by the context")
    expect_close(
        by_context,
        wanted[1],
        "(σ(u·v) - 1) v, with v the mean of the pieces",
        tolerance=1e-5,
        what="the gradient by the context",
    )
    expect_shape(by_noise, (2, 5), "the gradient by the noise rows")
    expect_close(
        by_noise,
        wanted[2],
        "σ(n·v) v for each noise row n, whose label is 0",
        tolerance=1e-5,
        what="the gradient by the noise rows",
    )
    return "all 30 numbers agree with differences of the loss"


def _by_differences(*arrays: np.ndarray) -> list[np.ndarray]:
    """Return the gradients of the loss by central differences."""
    step = 1e-5
    gradients = []
    for which, array in enumerate(arrays):
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            up, down = ([part.copy() for part in arrays] for _ in range(2))
            up[which][place] += step
            down[which][place] -= step
            gradient[place] = (_loss(*up) - _loss(*down)) / (2 * step)
        gradients.append(gradient)
    return gradients


def _loss(pieces: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    vector = pieces.sum(axis=0) / len(pieces)
    return float(np.logaddexp(0, -context @ vector) + np.logaddexp(0, noise @ vector).sum())


@exercise("06.5", "Choose the particle")
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
