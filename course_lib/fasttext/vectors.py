"""Word vectors that also answer for words never seen, and the fastText binary file."""

from __future__ import annotations

import re
import struct
import warnings
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from course_lib.fasttext.subwords import Subwords
from course_lib.vectors import WordVectors, files
from course_lib.vectors.packing import opened
from course_lib.writing import Form, spelling

MAGIC, VERSIONS = 793_712_314, (11, 12)
UNSIGNED = 1 << 64  # the program compares lengths as unsigned numbers: -1 is the largest


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
        self.min_n, self.max_n, self.bucket, self.normalizer = vars(subwords).values()
        self._cut = subwords

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has a vector: it is known, or has an n-gram."""
        known = word in self.index
        return known or (isinstance(word, str) and bool(self._cut.ngrams(self._normal(word))))

    def _normal(self, word: str) -> str:
        """Return a word as it stands in the vocabulary, or in normal form."""
        row = self.index.get(word)
        return spelling(word, self.form) if row is None else self.words[row]

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
        rows = (len(self) + bucket for bucket in self._cut.buckets(word))
        return [*whole, *zip(self._cut.ngrams(word), rows, strict=True)]

    def _vector(self, word: str) -> np.ndarray:
        if word not in self.index and word in self:
            return self.ngram_matrix[self._cut.buckets(self._normal(word))].mean(axis=0)
        return super()._vector(word)

    def save(self, path: str | Path, *, header: bool = True) -> None:
        """Write the vectors of the vocabulary as text; see ``WordVectors.save``.

        N-grams are not part of that format: what is loaded again knows no unknown words.

        Raises
        ------
        ValueError
            For ``.bin``, which for FastText means a file with n-grams.
        """
        if Path(path).suffix.lower() == ".bin":
            raise ValueError(
                f"{Path(path).name}: FastText vectors are not written as .bin, a reader would "
                "look for their n-grams. Save the vocabulary as .vec or .txt."
            )
        super().save(path, header=header)

    @classmethod
    def load(
        cls, path: str | Path, *, errors: files.Errors = "strict", form: Form | None = "NFC"
    ) -> Self:
        """Read a binary file of the fastText program.

        gensim reads such files too, but gives n-grams to a line end, none to words where the
        shortest was said to be of length 0 (``-minn 0``, which the program takes as 1), and takes
        pruned tables for whole ones. With ``-minn`` above ``-maxn`` or ``-maxn 0`` there are none.

        Parameters
        ----------
        path : str or Path
            A ``.bin`` file trained without labels (``skipgram`` or ``cbow``), of version 11 or
            12 of the format; it may be packed, with ``.gz``, ``.bz2`` or ``.xz`` after that,
            or be the one such file in a ``.zip``.
        errors : {"strict", "replace", "ignore"}
            As in :meth:`course_lib.vectors.WordVectors.load`. The row of a word that is not UTF-8
            is made from its bytes, whatever is put for them.
        form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
            Unknown words are cut in this form; None cuts them as they come, as the program does.

        Warns
        -----
        UserWarning
            If a word stands there twice: the last row is kept, as in the program.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is of another format, of another version, cut, or pruned, or holds NaN, infinity
            or a classifier.
        """
        source = Path(path).expanduser()
        with opened(source, (".bin",), errors) as (stream, _):
            words, counts, matrix, ngrams, subwords = _read(stream, source, errors)
        if twice := files.repeated(words):
            warnings.warn(
                f"{source}: words stand there more than once, first {words[twice[0]]!r}. The last "
                "row of each is kept.",
                stacklevel=2,
            )
            rows = dict(zip(words, range(len(words)), strict=True))
            words, last = list(rows), list(rows.values())
            counts, matrix = np.take(counts, last), matrix[last]
        return cls(words, matrix, ngram_matrix=ngrams, subwords=subwords, counts=counts, form=form)


def _read(
    stream: BinaryIO, path: Path, errors: files.Errors
) -> tuple[list[str], list[int], np.ndarray, np.ndarray, Subwords]:
    """Return words, counts, the vectors of words and of buckets, and how words are cut."""
    advice = "Fetch it again."

    def take(size: int) -> bytes:
        content = stream.read(size)
        if len(content) < size:
            raise ValueError(f"{path} is cut: it ends after {stream.tell():,} bytes. {advice}")
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
    if labels or entries != n_words or min(size - 1, n_words, bucket) < 0:
        raise ValueError(
            f"{path} holds a classifier with {labels} labels, or its sizes are broken: {size} "
            f"dimensions, {n_words} words, {bucket} buckets. Only word vectors can be read; train "
            "with skipgram or cbow."
        )
    if pruned >= 0:
        raise ValueError(f"{path} is pruned, as .ftz files are; only plain models can be read.")
    written, words, counts = [], [], []
    for row in range(n_words):
        written.append(b"".join(iter(lambda: take(1), b"\0")))
        try:
            words.append(written[-1].decode("utf-8", errors))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}, word {row}: {error}. Give errors='replace', or train it on UTF-8 text."
            ) from error
        counts.append(numbers("qb")[0])
    # As in the program: n-grams are 1 letter long or more, and there are none above max_n.
    min_n, max_n = max(min_n % UNSIGNED, 1), max_n % UNSIGNED
    cut = Subwords(min_n, max_n, bucket) if bucket and min_n <= max_n else None
    tables = []
    for name, most in (("input", n_words + bucket), ("output", n_words)):
        quantized, rows, columns = numbers("?2q")
        if quantized and name == "input":  # of the output it says what -qout asked for
            raise ValueError(f"{path} is quantised (.ftz); only plain models can be read.")
        if columns != size or not (rows == most or (name == "output" and 0 <= rows <= most)):
            raise ValueError(
                f"{path}: the {name} matrix is said to be ({rows}, {columns}), not ({most}, "
                f"{size}). {advice}"
            )
        values = array("f")
        for start in range(0, 4 * size * rows, files.CHUNK):
            part = take(min(files.CHUNK, 4 * size * rows - start))
            if name == "input":
                values.frombytes(part)
                if not np.isfinite(np.frombuffer(part, np.float32)).all():
                    raise ValueError(f"{path} holds NaN or infinity among its numbers. {advice}")
        tables.append(np.frombuffer(values, np.float32).reshape(-1, size))
    if stream.read(1):
        raise ValueError(f"{path} has more than its {stream.tell() - 1:,} bytes. {advice}")
    matrix, ngram_matrix = tables[0][:n_words].copy(), tables[0][n_words:]
    cut = cut or Subwords(0, 0, bucket)
    for row, (word, raw) in enumerate(zip(words, written, strict=True)):
        buckets = cut.buckets(word) if word.encode() == raw else _buckets(raw, cut)
        matrix[row] = (matrix[row] + ngram_matrix[buckets].sum(axis=0)) / (1 + len(buckets))
    return words, counts, matrix, ngram_matrix, cut


def _buckets(word: bytes, cut: Subwords) -> list[int]:
    """Return the buckets of a word that is not UTF-8: to the program, 10xxxxxx begins no letter."""
    from gensim.models.fasttext_inner import ft_hash_bytes  # hash_ngram takes letters alone

    letters = re.findall(rb"(?s).[\x80-\xbf]*", b"<%b>" % word)
    lengths = range(cut.min_n, min(cut.max_n, len(letters)) + 1) if cut.max_n else ()
    return [
        ft_hash_bytes(b"".join(letters[i : i + n])) % cut.bucket
        for n in lengths
        for i in range(len(letters) - n + 1)
        if n > 1 or 0 < i < len(letters) - 1
    ]
