"""Plausible mistakes in the exercises of notebook 00, and what the learner must be told."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch

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


def all_rows_alike() -> str:
    return "A"


def subjects_compared() -> str:
    return "c"


def arithmetic_useless() -> str:
    return "D"


def no_letter() -> str:
    return "plural"


def two_letters() -> list[str]:
    return ["A", "B"]


def never_cleared(start: float, alpha: float, steps: int) -> float:
    w = torch.tensor(start, requires_grad=True)
    for _ in range(steps):
        ((w - 3) ** 2).backward()
        with torch.no_grad():
            w -= alpha * w.grad
    return w.item()


def uphill(start: float, alpha: float, steps: int) -> float:
    for _ in range(steps):
        start += alpha * 2 * (start - 3)
    return start


def one_step(start: float, alpha: float, steps: int) -> float:
    return start - alpha * 2 * (start - 3)


def without_the_two(start: float, alpha: float, steps: int) -> float:
    return 3 + (start - 3) * (1 - alpha) ** steps


def cleared_at_the_end(start: float, alpha: float, steps: int) -> float:
    end = never_cleared(start, alpha, max(steps - 1, 1))
    return one_step(end, alpha, 1) if steps > 1 else end


PLANTED = {
    "00.1": [
        Planted(fraction_upside_down, "turn the fraction round"),
        Planted(split_at_blanks, "use text.tokenize"),
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
        Planted(no_square_root, "take its root"),
        Planted(without_sign, "the sign is lost"),
        Planted(cosine_distance, "leave out the 1 -"),
        Planted(not_summed, "has shape (3,); wanted ()"),
        Planted(centered, "wanted -0.666667. Hint: cos = a·b"),
    ],
    "00.3": [
        Planted(all_rows_alike, "differs from row to row"),
        Planted(subjects_compared, "the rows ask different things"),
        Planted(arithmetic_useless, "how many answers does 'c alone' find"),
        Planted(no_letter, "none of the choices"),
        Planted(two_letters, "of type list"),
    ],
    "00.4": [
        Planted(never_cleared, "clear w.grad in each step"),
        Planted(uphill, "move against the gradient"),
        Planted(one_step, "three were asked for"),
        Planted(without_the_two, "is 0.3; wanted 0.6"),
        Planted(cleared_at_the_end, "the share 2 · alpha of the distance"),
    ],
}
