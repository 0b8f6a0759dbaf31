"""Word vectors that also answer for words never seen, and the fastText binary file."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from course_lib.fasttext.subwords import Subwords
from course_lib.vectors import WordVectors

MAGIC, VERSION = 793_712_314, 12
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
        ``counts``, ``context``, ``history`` as in :class:`course_lib.vectors.WordVectors`.

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
        return word in self.index or (isinstance(word, str) and bool(self._cut.ngrams(word)))

    def subwords(self, word: str) -> list[tuple[str, int]]:
        """List the parts of a word with their rows in a table of words, then buckets.

        Returns
        -------
        list of (str, int)
            The word itself if it is known, with its row 0 … V - 1; then its n-grams, bucket b
            as row V + b.
        """
        whole = [(word, self.index[word])] if word in self.index else []
        if word == LINE_END and whole:
            return whole
        rows = (len(self) + bucket for bucket in self._cut.buckets(word))
        return [*whole, *zip(self._cut.ngrams(word), rows, strict=True)]

    def _vector(self, word: str) -> np.ndarray:
        buckets = [] if word in self.index else self._cut.buckets(word)
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
        """Read a binary file of the fastText program, through gensim.

        Parameters
        ----------
        path : str or Path
            A ``.bin`` file trained without labels (``skipgram`` or ``cbow``).

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is of another format, of another version, cut, or holds a classifier.
        """
        from gensim.models.fasttext import load_facebook_vectors

        source = Path(path)
        if not source.is_file():
            raise FileNotFoundError(f"There is no fastText file {source}.")
        _check_file(source)
        try:
            vectors = load_facebook_vectors(str(source))
        except (EOFError, ValueError, IndexError, struct.error, AssertionError) as error:
            raise ValueError(
                f"{source} is not a whole fastText file ({error or type(error).__name__}). "
                "Fetch it again."
            ) from error
        words, matrix = vectors.index_to_key, vectors.vectors
        if LINE_END in vectors.key_to_index:
            row = vectors.key_to_index[LINE_END]
            matrix[row] = vectors.vectors_vocab[row]  # gensim gives it n-grams
        lengths = (vectors.min_n, vectors.max_n) if vectors.max_n else (0, 0)
        ngrams = Subwords(*lengths, vectors.bucket)
        return cls(
            words,
            matrix,
            ngram_matrix=vectors.vectors_ngrams,
            subwords=ngrams,
            counts=vectors.expandos.get("count"),
        )


def _check_file(path: Path) -> None:
    """Walk over the file as far as its sizes, so that gensim reads only whole files.

    A file cut in the list of words would keep gensim reading for ever.
    """
    advice = "Fetch it again."
    with path.open("rb") as file:

        def take(layout: str) -> tuple[int, ...]:
            content = file.read(struct.calcsize(layout))
            if len(content) < struct.calcsize(layout):
                raise ValueError(f"{path} is cut: it ends after {file.tell():,} bytes. {advice}")
            return struct.unpack(layout, content)

        magic, version = take("<ii")
        if magic != MAGIC:
            raise ValueError(
                f"{path} is no fastText file: it begins with the number {magic}, not {MAGIC}. "
                "Vectors in the word2vec format are read by WordVectors.load."
            )
        if version != VERSION:
            raise ValueError(f"{path} is of version {version} of the fastText format, not 12.")
        options = take("<12id")
        size, bucket, max_n = options[0], options[8], options[10]
        entries, words, labels = take("<3i")
        take("<2q")
        if labels or entries != words:
            raise ValueError(
                f"{path} holds a classifier with {labels} labels, or its number of words is "
                "broken. Only word vectors can be read."
            )
        for _ in range(words):
            while take("<c") != (b"\0",):
                pass
            take("<qb")
        for name, rows in (("input", words + (bucket if max_n else 0)), ("output", words)):
            (quantized,) = take("<?")
            if quantized:
                raise ValueError(f"{path} is quantised (.ftz); only plain models can be read.")
            found = take("<2q")
            if found[1] != size or (name == "input" and found[0] < words) or found[0] > rows:
                raise ValueError(
                    f"{path}: the {name} matrix is said to be {found}, not ({rows}, {size}). "
                    f"{advice}"
                )
            file.seek(4 * found[0] * size, 1)
        end, length = file.tell(), path.stat().st_size
        if end != length:
            raise ValueError(f"{path} should have {end:,} bytes, but has {length:,}. {advice}")
