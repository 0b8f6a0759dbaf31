"""Word vectors that also answer for words never seen, and the fastText binary file."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from course_lib.fasttext.subwords import Subwords
from course_lib.vectors import WordVectors
from course_lib.vectors.packing import TEXT_SUFFIXES, opened
from course_lib.writing import normalize

MAGIC, VERSIONS = 793_712_314, (11, 12)
ROWS_AT_ONCE = 4096
LINE_END = "</s>"  # the word the fastText program writes for a line end; it has no n-grams


class FastTextVectors(WordVectors):
    """Words, their vectors, and the vectors of n-grams.

    A word of the vocabulary has its row of ``matrix``. Any other word that has an n-gram gets
    the mean of the rows of its n-grams: ``in``, ``[]``, ``nearest``, ``similarity`` and
    ``analogy`` take such words too. Answers always come from the vocabulary.

    Parameters
    ----------
    words, matrix
        As in :class:`course_lib.vectors.WordVectors`. A row of ``matrix`` is the mean of the
        word's own row and those of its n-grams.
    ngram_matrix : array_like, (B, M)
        One row a bucket, kept as float32.
    subwords : Subwords
        How a word is cut and hashed.
    **more
        ``counts``, ``context``, ``history`` and ``form`` as in
        :class:`course_lib.vectors.WordVectors`. An unknown word is cut in this form.

    References
    ----------
    Bojanowski et al. 2017, section 3.2.
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: np.ndarray,
        *,
        ngram_matrix: np.ndarray,
        subwords: Subwords,
        **more: Any,
    ) -> None:
        super().__init__(words, matrix, **more)
        self.ngram_matrix = np.asarray(ngram_matrix, dtype=np.float32)
        if self.ngram_matrix.shape != (subwords.bucket, self.vector_size):
            raise ValueError(
                f"ngram_matrix has the shape {self.ngram_matrix.shape}; {subwords.bucket} buckets "
                f"need ({subwords.bucket}, {self.vector_size})."
            )
        self.min_n, self.max_n = subwords.min_n, subwords.max_n
        self.bucket, self.normalizer = subwords.bucket, subwords.normalizer
        self._cut = subwords

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has a vector: it is known, or has an n-gram."""
        known = word in self.index
        return known or (isinstance(word, str) and bool(self._cut.ngrams(self._normal(word))))

    def _normal(self, word: str) -> str:
        """Return a word as it stands in the vocabulary, or in normal form."""
        row = self.index.get(word)
        return normalize(word, self.form) if row is None else self.words[row]

    def subwords(self, word: str) -> list[tuple[str, int]]:
        """List the parts of a word with their rows in a table of words, then buckets.

        Returns
        -------
        list of (str, int)
            The word itself if it is known, with its row 0 … V - 1; then its n-grams, bucket b
            as row V + b.
        """
        word = self._normal(word)
        whole = [(word, self.index[word])] if word in self.index else []
        if word == LINE_END and whole:
            return whole
        rows = (len(self) + bucket for bucket in self._cut.buckets(word))
        return [*whole, *zip(self._cut.ngrams(word), rows, strict=True)]

    def _vector(self, word: str) -> np.ndarray:
        buckets = [] if word in self.index else self._cut.buckets(self._normal(word))
        return self.ngram_matrix[buckets].mean(axis=0) if buckets else super()._vector(word)

    def save(self, path: str | Path, *, header: bool = True) -> None:
        """Write the vectors of the vocabulary as text; see ``WordVectors.save``.

        N-grams are not part of that format: what is loaded again knows no unknown words.

        Raises
        ------
        ValueError
            For ``.bin``, which for FastText means a file with n-grams.
        """
        if Path(path).suffix == ".bin":
            raise ValueError(
                f"{Path(path).name}: FastText vectors are not written as .bin, a reader would "
                "look for their n-grams. Save the vocabulary as .vec or .txt."
            )
        super().save(path, header=header)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a binary file of the fastText program.

        gensim reads such files too, but gives n-grams to a line end, and none to words where
        the shortest n-gram was said to be of length 0 (``-minn 0``), which the program takes
        as 1. Where ``-minn`` is above ``-maxn``, or ``-maxn`` is 0, there are no n-grams.

        Parameters
        ----------
        path : str or Path
            A ``.bin`` file trained without labels (``skipgram`` or ``cbow``), of version 11 or
            12 of the format; it may be packed, with ``.gz`` or ``.xz`` after that, or be the
            one such file in a ``.zip``.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is of another format, of another version, cut, or holds a classifier.
        """
        source = Path(path)
        if not source.is_file():
            raise FileNotFoundError(f"There is no fastText file {source}.")
        if source.suffix.lower() in TEXT_SUFFIXES:
            raise ValueError(f"{source} is text, without n-grams: WordVectors.load reads it.")
        with opened(source, (".bin",)) as (stream, _):
            words, counts, matrix, ngram_matrix, subwords = _read(stream, source)
        return cls(words, matrix, ngram_matrix=ngram_matrix, subwords=subwords, counts=counts)


def _read(
    stream: BinaryIO, path: Path
) -> tuple[list[str], list[int], np.ndarray, np.ndarray, Subwords]:
    """Return words, counts, the vectors of words and of buckets, and how words are cut."""
    advice = "Fetch it again."
    read = 0

    def take(size: int) -> bytes:
        nonlocal read
        content = stream.read(size)
        read += len(content)
        if len(content) < size:
            raise ValueError(f"{path} is cut: it ends after {read:,} bytes. {advice}")
        return content

    def numbers(layout: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{layout}", take(struct.calcsize(f"<{layout}")))

    magic, version = numbers("ii")
    if magic != MAGIC:
        raise ValueError(
            f"{path} is no fastText file: it begins with the number {magic}, not {MAGIC}. "
            "Vectors in the word2vec format are read by WordVectors.load."
        )
    if version not in VERSIONS:
        raise ValueError(
            f"{path} is of version {version} of the fastText format, not one of {VERSIONS}. Train "
            "or save it again with fastText 0.9."
        )
    options = numbers("12id")
    size, bucket, min_n, max_n = options[0], *options[8:11]
    entries, n_words, labels, _, pruned = numbers("3i2q")
    if labels or entries != n_words or min(size, n_words, bucket) < 0:
        raise ValueError(
            f"{path} holds a classifier with {labels} labels, or its number of words is "
            "broken. Only word vectors can be read; train with skipgram or cbow."
        )
    words, counts = [], []
    for row in range(n_words):
        word = b"".join(iter(lambda: take(1), b"\0"))
        try:
            words.append(word.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, word {row}: {error}. Train it on UTF-8 text.") from error
        counts.append(numbers("qb")[0])
    take(8 * max(pruned, 0))
    # As in the program: n-grams are 1 letter long or more, and there are none above max_n.
    cut = Subwords(max(min_n, 1), max_n, bucket) if bucket and max(min_n, 1) <= max_n else None
    tables = []
    for name in ("input", "output"):
        (quantized,) = numbers("?")
        if quantized:
            raise ValueError(f"{path} is quantised (.ftz); only plain models can be read.")
        rows, columns = numbers("2q")
        most = n_words + (bucket if name == "input" else 0)
        if columns != size or not (rows == most or (name == "output" and 0 <= rows <= most)):
            raise ValueError(
                f"{path}: the {name} matrix is said to be ({rows}, {columns}), not ({most}, "
                f"{size}). {advice}"
            )
        values = array("f")
        for start in range(0, rows, ROWS_AT_ONCE):
            part = take(4 * size * min(ROWS_AT_ONCE, rows - start))
            if name == "input":
                values.frombytes(part)
        tables.append(np.frombuffer(values, np.float32).reshape(-1, size))
    if stream.read(1):
        raise ValueError(f"{path} has more than the {read:,} bytes it should have. {advice}")
    matrix, ngram_matrix = tables[0][:n_words].copy(), tables[0][n_words:]
    for row, word in enumerate(words if cut else ()):
        if word != LINE_END and (buckets := cut.buckets(word)):
            matrix[row] = (matrix[row] + ngram_matrix[buckets].sum(axis=0)) / (1 + len(buckets))
    return words, counts, matrix, ngram_matrix, cut or Subwords(0, 0, bucket)
