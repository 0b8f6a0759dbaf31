"""Plausible mistakes in the exercises of notebook 06, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from course_lib.fasttext import hash_ngram, ngrams
from exercises.planted import Planted

# 06.1


def share_of_first(first, second, min_n, max_n):
    one, two = set(ngrams(first, min_n, max_n)), set(ngrams(second, min_n, max_n))
    return len(one & two) / len(one)


def twice_below(first, second, min_n, max_n):
    one, two = set(ngrams(first, min_n, max_n)), set(ngrams(second, min_n, max_n))
    return len(one & two) / (len(one) + len(two))


def without_marks(first, second, min_n, max_n):
    one, two = (
        {word[i : i + n] for n in range(min_n, max_n + 1) for i in range(len(word) - n + 1)}
        for word in (first, second)
    )
    return len(one & two) / len(one | two)


def only_counted(first, second, min_n, max_n):
    return len(set(ngrams(first, min_n, max_n)) & set(ngrams(second, min_n, max_n)))


def with_repeats(first, second, min_n, max_n):
    one, two = ngrams(first, min_n, max_n), ngrams(second, min_n, max_n)
    both = sum(piece in two for piece in one)
    return both / (len(one) + len(two) - both)


def whole_word_too(first, second, min_n, max_n):
    one, two = ({*ngrams(word, min_n, max_n), f"[{word}]"} for word in (first, second))
    return len(one & two) / len(one | two)


# 06.2


def hash_without_modulo(pieces, bucket):
    hashes = [hash_ngram(piece) for piece in pieces]
    pairs = [(i, j) for i in range(len(pieces)) for j in range(i + 1, len(pieces))]
    return [(pieces[i], pieces[j]) for i, j in pairs if hashes[i] == hashes[j]]


def both_ways(pieces, bucket):
    rows = {piece: hash_ngram(piece) % bucket for piece in pieces}
    return [(a, b) for a in pieces for b in pieces if a != b and rows[a] == rows[b]]


def with_itself(pieces, bucket):
    rows = [hash_ngram(piece) % bucket for piece in pieces]
    pairs = [(i, j) for i in range(len(pieces)) for j in range(i, len(pieces))]
    return [(pieces[i], pieces[j]) for i, j in pairs if rows[i] == rows[j]]


def unsigned_bytes(pieces, bucket):
    rows = []
    for piece in pieces:
        value = 2166136261
        for byte in piece.encode():
            value = (value ^ byte) * 16777619 % 2**32
        rows.append(value % bucket)
    pairs = [(i, j) for i in range(len(pieces)) for j in range(i + 1, len(pieces))]
    return [(pieces[i], pieces[j]) for i, j in pairs if rows[i] == rows[j]]


# 06.3


def summed(word, table, min_n, max_n):
    rows = [hash_ngram(piece) % len(table) for piece in ngrams(word, min_n, max_n)]
    return table[rows].sum(axis=0)


def one_too_many(word, table, min_n, max_n):
    rows = [hash_ngram(piece) % len(table) for piece in ngrams(word, min_n, max_n)]
    return table[rows].sum(axis=0) / (len(rows) + 1)


def python_hash(word, table, min_n, max_n):
    rows = [sum(piece.encode()) % len(table) for piece in ngrams(word, min_n, max_n)]
    return table[rows].mean(axis=0) if rows else np.zeros(table.shape[1])


def nothing_for_short_words(word, table, min_n, max_n):
    rows = [hash_ngram(piece) % len(table) for piece in ngrams(word, min_n, max_n)]
    return table[rows].mean(axis=0) if rows else table.mean(axis=0)


# 06.4


def undivided(pieces, context, noise_rows):
    v = pieces.mean(axis=0)
    positive, negative = expit(context @ v) - 1, expit(noise_rows @ v)
    by_v = positive * context + negative @ noise_rows
    return np.tile(by_v, (len(pieces), 1)), positive * v, np.outer(negative, v)


def turned(pieces, context, noise_rows):
    v = pieces.mean(axis=0)
    positive, negative = expit(context @ v) - 1, expit(noise_rows @ v)
    by_v = -(positive * context + negative @ noise_rows) / len(pieces)
    return np.tile(by_v, (len(pieces), 1)), positive * v, np.outer(negative, v)


def vector_is_the_sum(pieces, context, noise_rows):
    v = pieces.sum(axis=0)
    positive, negative = expit(context @ v) - 1, expit(noise_rows @ v)
    by_v = positive * context + negative @ noise_rows
    return np.tile(by_v, (len(pieces), 1)), positive * v, np.outer(negative, v)


def one_row_only(pieces, context, noise_rows):
    v = pieces.mean(axis=0)
    positive, negative = expit(context @ v) - 1, expit(noise_rows @ v)
    by_v = (positive * context + negative @ noise_rows) / len(pieces)
    return by_v, positive * v, np.outer(negative, v)


def noise_labeled_1(pieces, context, noise_rows):
    v = pieces.mean(axis=0)
    positive, negative = expit(context @ v) - 1, expit(noise_rows @ v)
    by_v = (positive * context + negative @ noise_rows) / len(pieces)
    return np.tile(by_v, (len(pieces), 1)), positive * v, np.outer(negative - 1, v)


# 06.5


def particles_swapped(noun):
    return noun + ("를" if (ord(noun[-1]) - ord("가")) % 28 else "을")


def looks_at_the_first_syllable(noun):
    return noun + ("을" if (ord(noun[0]) - ord("가")) % 28 else "를")


def counts_from_zero(noun):  # the number of the character, not of the syllable
    return noun + ("을" if ord(noun[-1]) % 28 else "를")


def divides_by_27(noun):
    return noun + ("을" if (ord(noun[-1]) - ord("가")) % 27 else "를")


def particle_alone(noun):
    return "을" if (ord(noun[-1]) - ord("가")) % 28 else "를"


PLANTED = {
    "06.1": [
        Planted(share_of_first, says="divide by those of either"),
        Planted(twice_below, says="take the union"),
        Planted(without_marks, says="put < before and > after"),
        Planted(only_counted, says="this counts the common pieces"),
        Planted(with_repeats, says="use sets"),
        Planted(whole_word_too, says="twelve pieces are in either"),
    ],
    "06.2": [
        Planted(hash_without_modulo, says="no pair is found"),
        Planted(both_ways, says="not as (a, b) and again"),
        Planted(with_itself, says="does not collide with itself"),
        Planted(unsigned_bytes, says="compare what fasttext.hash_ngram gives"),
    ],
    "06.3": [
        Planted(summed, says="take their mean"),
        Planted(one_too_many, says="has no row of its own"),
        Planted(python_hash, says="the mean of the rows hash % 50"),
        Planted(nothing_for_short_words, says="gets a vector of zeros"),
    ],
    "06.4": [
        Planted(undivided, says="calculus divides by the number of pieces"),
        Planted(turned, says="sign of the gradient by the pieces"),
        Planted(vector_is_the_sum, says="v is a mean of three rows"),
        Planted(one_row_only, says="shape (5,)"),
        Planted(noise_labeled_1, says="whose label is 0"),
    ],
    "06.5": [
        Planted(particles_swapped, says="책 ends in ㄱ"),
        Planted(looks_at_the_first_syllable, says="not at the first"),
        Planted(counts_from_zero, says="syllable number 0"),
        Planted(divides_by_27, says="28 syllables share"),
        Planted(particle_alone, says="the noun itself comes first"),
    ],
}
