"""Plausible mistakes in the exercises of notebook 06, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit
from scipy.stats import spearmanr

from course_lib.fasttext import hash_ngram, ngrams
from exercises.planted import Planted

# 06.1


def pieces(word, min_n, max_n):
    marked = f"<{word}>"
    sizes = range(min_n, max_n + 1)
    return [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]


def from_the_library(first, second, min_n, max_n):
    one, two = set(ngrams(first, min_n, max_n)), set(ngrams(second, min_n, max_n))
    return len(one & two) / len(one | two)


def share_of_first(first, second, min_n, max_n):
    one, two = set(pieces(first, min_n, max_n)), set(pieces(second, min_n, max_n))
    return len(one & two) / len(one)


def share_of_second(first, second, min_n, max_n):
    one, two = set(pieces(first, min_n, max_n)), set(pieces(second, min_n, max_n))
    return len(one & two) / len(two)


def twice_below(first, second, min_n, max_n):
    one, two = set(pieces(first, min_n, max_n)), set(pieces(second, min_n, max_n))
    return len(one & two) / (len(one) + len(two))


def without_marks(first, second, min_n, max_n):
    one, two = (
        {word[i : i + n] for n in range(min_n, max_n + 1) for i in range(len(word) - n + 1)}
        for word in (first, second)
    )
    return len(one & two) / len(one | two)


def only_counted(first, second, min_n, max_n):
    return len(set(pieces(first, min_n, max_n)) & set(pieces(second, min_n, max_n)))


def with_repeats(first, second, min_n, max_n):
    one, two = pieces(first, min_n, max_n), pieces(second, min_n, max_n)
    both = sum(piece in two for piece in one)
    return both / (len(one) + len(two) - both)


def whole_word_too(first, second, min_n, max_n):
    one, two = ({*pieces(word, min_n, max_n), f"[{word}]"} for word in (first, second))
    return len(one & two) / len(one | two)


# 06.2


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


def pieces_as_a_set(word, table, min_n, max_n):
    rows = [hash_ngram(piece) % len(table) for piece in set(ngrams(word, min_n, max_n))]
    return table[rows].mean(axis=0) if rows else np.zeros(table.shape[1])


# 06.3


def moves_the_output_first():
    return "EFBCA"


def divides_as_calculus():
    return "EFCBD"


def both_changes():
    return "EFCABD"


def error_before_h():
    return "FECBA"


def forgets_the_pieces():
    return "EFCB"


# 06.4


def by_h(W, rows, u, noise):
    h = W[rows].mean(axis=0)
    return (expit(u @ h) - 1) * u + expit(noise @ h) @ noise


def undivided(W, rows, u, noise):  # the step of the lesson
    gradient = np.zeros_like(W)
    np.add.at(gradient, rows, by_h(W, rows, u, noise))
    return gradient


def repeats_count_once(W, rows, u, noise):
    gradient = np.zeros_like(W)
    gradient[rows] += by_h(W, rows, u, noise) / len(rows)
    return gradient


def turned(W, rows, u, noise):
    gradient = np.zeros_like(W)
    np.add.at(gradient, rows, -by_h(W, rows, u, noise) / len(rows))
    return gradient


def listed_rows_only(W, rows, u, noise):
    return np.tile(by_h(W, rows, u, noise) / len(rows), (len(rows), 1))


def vector_is_the_sum(W, rows, u, noise):
    h, gradient = W[rows].sum(axis=0), np.zeros_like(W)
    slope = (expit(u @ h) - 1) * u + expit(noise @ h) @ noise
    np.add.at(gradient, rows, slope)
    return gradient


# 06.5


def pairs_of_each(ratings, first, second):
    known = [~np.isnan(model) for model in (first, second)]
    return [
        spearmanr(ratings[k], model[k]).statistic
        for k, model in zip(known, (first, second), strict=True)
    ]


def nothing_left_out(ratings, first, second):
    return [spearmanr(ratings, model).statistic for model in (first, second)]


def missing_is_zero(ratings, first, second):
    return [spearmanr(ratings, np.nan_to_num(model)).statistic for model in (first, second)]


def places_changed(ratings, first, second):
    known = ~np.isnan(first + second)
    return [spearmanr(ratings[known], model[known]).statistic for model in (second, first)]


# 06.6


def understands_the_world():
    return "A"


def pieces_hurt():
    return "C"


def replace_all():
    return "D"


# 06.7


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


# 06.8


def jamo_win_everywhere():
    return "A"


def default_is_fine():
    return "B"


def longer_is_better():
    return "D"


PLANTED = {
    "06.1": [
        Planted(from_the_library, says="it uses ngrams, and the exercise is to write out"),
        Planted(share_of_first, says="the pieces of the first word"),
        Planted(share_of_second, says="the pieces of the second word"),
        Planted(twice_below, says="take the union"),
        Planted(without_marks, says="put < before and > after"),
        Planted(only_counted, says="this counts the common pieces"),
        Planted(with_repeats, says="use sets"),
        Planted(whole_word_too, says="19 pieces are in either"),
    ],
    "06.2": [
        Planted(summed, says="take their mean"),
        Planted(one_too_many, says="has no row of its own"),
        Planted(python_hash, says="the mean of the rows hash % 50"),
        Planted(nothing_for_short_words, says="gets a vector of zeros"),
        Planted(pieces_as_a_set, says="has the piece 'ana' twice"),
    ],
    "06.3": [
        Planted(moves_the_output_first, says="belongs to the old row"),
        Planted(divides_as_calculus, says="the whole of delta"),
        Planted(both_changes, says="A and D both move W"),
        Planted(error_before_h, says="uses 'h' before"),
        Planted(forgets_the_pieces, says="no line moves W"),
    ],
    "06.4": [
        Planted(undivided, says="calculus divides by the number of pieces"),
        Planted(repeats_count_once, says="got its share once"),
        Planted(turned, says="the sign of the gradient"),
        Planted(listed_rows_only, says="one for each of the 7 rows"),
        Planted(vector_is_the_sum, says="times how far each row moves h"),
    ],
    "06.5": [
        Planted(pairs_of_each, says="9 pairs and 10 others"),
        Planted(nothing_left_out, says="a nan is among the answers"),
        Planted(missing_is_zero, says="no cosine of 0"),
        Planted(places_changed, says="changed places"),
    ],
    "06.6": [
        Planted(understands_the_world, says="which spelling answers"),
        Planted(pieces_hurt, says="LSA is not FastText without pieces"),
        Planted(replace_all, says="depends on the task"),
    ],
    "06.7": [
        Planted(particles_swapped, says="책 ends in ㄱ"),
        Planted(looks_at_the_first_syllable, says="not at the first"),
        Planted(counts_from_zero, says="syllable number 0"),
        Planted(divides_by_27, says="28 syllables share"),
        Planted(particle_alone, says="the noun itself comes first"),
    ],
    "06.8": [
        Planted(jamo_win_everywhere, says="ahead of jamo"),
        Planted(default_is_fine, says="hardly answers questions of grammar"),
        Planted(longer_is_better, says="do worse than 3 to 6 jamo"),
    ],
}
