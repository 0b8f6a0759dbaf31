"""From a word to its n-grams, and from an n-gram to a row of the table.

The table of a model with V words and B buckets has V + B rows: one for each word as a whole,
then one for each bucket. An n-gram has no row of its own: its hash picks a bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from course_lib import hangul
from course_lib.checks import check_whole_numbers, one_string, word_list

BEGIN, END = "<", ">"
LINE_END = "</s>"  # the word the fastText program writes for a line end; it has no n-grams
NORMALIZERS: dict[str, Callable[[str], str]] = {"none": str, "jamo": hangul.decompose}


def ngrams(word: str, min_n: int = 3, max_n: int = 6) -> list[str]:
    """List the character n-grams of a word between the marks ``<`` and ``>``.

    Parameters
    ----------
    word : str
    min_n, max_n : int
        Shortest and longest n-gram, in characters, the marks included.

    Returns
    -------
    list of str
        Shorter ones first, each length from left to right. ``"apple"`` has 14 for n = 3 to 6.
        A mark alone is no n-gram.

    Raises
    ------
    ValueError
        If ``min_n`` is below 1 or above ``max_n``.

    References
    ----------
    Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", section 3.2.
    """
    check_lengths(min_n, max_n)
    marked = f"{BEGIN}{one_string(word, 'word')}{END}"
    return [
        marked[start : start + n]
        for n in range(min_n, max_n + 1)
        for start in range(len(marked) - n + 1)
        if not (n == 1 and start in (0, len(marked) - 1))
    ]


def hash_ngram(ngram: str) -> int:
    """Return the 32-bit FNV-1a hash of an n-gram, as in the fastText file format.

    For each byte of the UTF-8 text: h = (h XOR byte) · 16777619 modulo 2^32. The original
    program reads a byte as a signed number: one of 128 or more first becomes negative, which
    sets all the higher bits of h's partner to 1. Letters beyond ASCII therefore hash
    otherwise than in a textbook.

    Parameters
    ----------
    ngram : str

    Returns
    -------
    int
        From 0 to 2^32 - 1.

    References
    ----------
    Fowler, Noll and Vo, "FNV hash"; Bojanowski et al. 2017, section 3.2.
    """
    value = 2166136261
    for byte in one_string(ngram, "ngram").encode("utf-8", "surrogatepass"):
        signed_byte = byte | 0xFFFFFF00 if byte >= 128 else byte
        value = (value ^ signed_byte) * 16777619 & 0xFFFFFFFF
    return value


def check_lengths(min_n: int, max_n: int) -> None:
    """Raise a ValueError unless 1 <= min_n <= max_n."""
    check_whole_numbers(min_n=min_n, max_n=max_n)
    if min_n > max_n:
        raise ValueError(
            f"min_n is {min_n} and max_n is {max_n}: no n-gram has at least {min_n} and at most "
            f"{max_n} characters. Give min_n <= max_n."
        )


@dataclass(frozen=True)
class Subwords:
    """How words are cut and hashed.

    Parameters
    ----------
    min_n, max_n : int
        Shortest and longest n-gram in characters; both 0 means no n-grams at all.
    bucket : int
        B, how many rows all n-grams share.
    normalizer : {"none", "jamo"}
        What is done to a word before it is cut: nothing, or Korean syllables into jamo.
    """

    min_n: int = 3
    max_n: int = 6
    bucket: int = 200_000
    normalizer: str = "none"

    def __post_init__(self) -> None:
        """Refuse options that cannot work."""
        if (self.min_n, self.max_n) != (0, 0):
            check_lengths(self.min_n, self.max_n)
        if self.max_n:
            check_whole_numbers(bucket=self.bucket)
        if self.normalizer not in NORMALIZERS:
            raise ValueError(
                f"normaliser is {self.normalizer!r}; it must be one of {tuple(NORMALIZERS)}."
            )

    def ngrams(self, word: str) -> list[str]:
        """Return the n-grams of a word after it was normalised; a line end (``</s>``) has none."""
        if self.max_n == 0 or word == LINE_END:
            return []
        word = NORMALIZERS[self.normalizer](one_string(word, "word"))
        longest = min(self.max_n, len(word) + 2)  # max_n may be beyond all bounds
        return ngrams(word, self.min_n, longest) if self.min_n <= longest else []

    def buckets(self, word: str) -> list[int]:
        """Return the bucket of each n-gram, 0 to B - 1, in the order of :meth:`ngrams`."""
        return [hash_ngram(ngram) % self.bucket for ngram in self.ngrams(word)]

    def table(self, words: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the parts of every word: the word itself, then its n-grams.

        Parameters
        ----------
        words : iterable of str
            The V words of the vocabulary.

        Returns
        -------
        rows : numpy.ndarray, int64, (parts of all words,)
            The parts of word i are ``rows[starts[i]:starts[i + 1]]``; a bucket b is row V + b.
        starts : numpy.ndarray, int64, (V + 1,)
        """
        words = word_list(words)
        parts = [[i, *(len(words) + b for b in self.buckets(word))] for i, word in enumerate(words)]
        starts = np.cumsum([0, *map(len, parts)])
        return np.concatenate([*parts, []]).astype(np.int64), starts
