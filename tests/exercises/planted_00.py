"""Plausible mistakes in the exercises of notebook 00, and what the learner must be told."""

from __future__ import annotations

from collections import Counter

import numpy as np

from course_lib.text import tokenize
from exercises.planted import Planted


def fraction_upside_down(sentence: str) -> float:
    tokens = tokenize(sentence)
    return len(tokens) / len(set(tokens))


def split_at_blanks(sentence: str) -> float:
    tokens = sentence.split()
    return len(set(tokens)) / len(tokens)


def case_kept(sentence: str) -> float:
    tokens = tokenize(sentence, lower=False)
    return len(set(tokens)) / len(tokens)


def over_letters(sentence: str) -> float:
    return len(set(sentence)) / len(sentence)


def types_alone(sentence: str) -> int:
    return len(set(tokenize(sentence)))


def rounded_to_whole(sentence: str) -> int:
    tokens = tokenize(sentence)
    return len(set(tokens)) // len(tokens)


def once_only(sentence: str) -> float:
    counts = Counter(tokenize(sentence))
    return sum(n == 1 for n in counts.values()) / counts.total()


def without_lengths(first: np.ndarray, second: np.ndarray) -> float:
    return first @ second


def one_length(first: np.ndarray, second: np.ndarray) -> float:
    return first @ second / np.linalg.norm(first)


def other_length(first: np.ndarray, second: np.ndarray) -> float:
    return first @ second / np.linalg.norm(second)


def no_square_root(first: np.ndarray, second: np.ndarray) -> float:
    return first @ second / ((first @ first) * (second @ second))


def without_sign(first: np.ndarray, second: np.ndarray) -> float:
    return abs(first @ second) / (np.linalg.norm(first) * np.linalg.norm(second))


def cosine_distance(first: np.ndarray, second: np.ndarray) -> float:
    return 1 - first @ second / (np.linalg.norm(first) * np.linalg.norm(second))


def not_summed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first * second / (np.linalg.norm(first) * np.linalg.norm(second))


def centered(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def _counted(sentences: list[list[str]]) -> Counter[str]:
    return Counter(word for sentence in sentences for word in sentence)


def pairs(sentences: list[list[str]], k: int) -> list[tuple[str, int]]:
    return _counted(sentences).most_common(k)


def rarest(sentences: list[list[str]], k: int) -> list[str]:
    counts = _counted(sentences)
    return sorted(counts, key=counts.get)[:k]


def ties_by_alphabet(sentences: list[list[str]], k: int) -> list[str]:
    counts = _counted(sentences)
    return sorted(counts, key=lambda word: (-counts[word], word))[:k]


def sentences_counted(sentences: list[list[str]], k: int) -> list[str]:
    counts = Counter(word for sentence in sentences for word in dict.fromkeys(sentence))
    return [word for word, _ in counts.most_common(k)]


def one_too_few(sentences: list[list[str]], k: int) -> list[str]:
    return [word for word, _ in _counted(sentences).most_common(k)][: k - 1]


def without_order(sentences: list[list[str]], k: int) -> set[str]:
    return {word for word, _ in _counted(sentences).most_common(k)}


PLANTED = {
    "00.1": [
        Planted(fraction_upside_down, "turn the fraction round"),
        Planted(split_at_blanks, "use tokenise"),
        Planted(case_kept, "put all in lower case"),
        Planted(over_letters, "cut the text into words first"),
        Planted(types_alone, "divide by the number of tokens"),
        Planted(rounded_to_whole, "is 0; wanted 0.727"),
        Planted(once_only, "is 0.545455; wanted 0.727"),
    ],
    "00.2": [
        Planted(without_lengths, "divide it by both lengths"),
        Planted(one_length, "length of the second vector too"),
        Planted(other_length, "length of the first vector too"),
        Planted(no_square_root, "the square root of the sum of squares"),
        Planted(without_sign, "the sign is lost"),
        Planted(cosine_distance, "leave out the 1 -"),
        Planted(not_summed, "has shape (3,); wanted ()"),
        Planted(centered, "wanted -0.666667. Hint: cos = a·b"),
    ],
    "00.3": [
        Planted(pairs, "return the words alone"),
        Planted(rarest, "put the largest counts first"),
        Planted(ties_by_alphabet, "the word that came first wins"),
        Planted(sentences_counted, "this counts sentences"),
        Planted(one_too_few, "has length 3; wanted 4"),
        Planted(without_order, "of type set"),
    ],
}
