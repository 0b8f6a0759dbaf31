"""Word vectors: a list of words and a matrix with one row for each.

Every method of the course ends in a :class:`WordVectors`, so that one evaluation and one set
of figures serve all of them. Files are read and written by gensim's KeyedVectors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from course_lib.text import unknown_word

if TYPE_CHECKING:
    import pandas as pd
    from gensim.models import KeyedVectors

BINARY_SUFFIX = ".bin"
TEXT_SUFFIXES = (".txt", ".vec")


class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words : sequence of str
        n distinct words, by convention the most frequent first.
    matrix : array_like, (n, M)
        Row i is the vector of word i. Kept as float32.
    counts : array_like of int, (n,), optional
        How often each word occurred in the training text.
    context : array_like, (n, M), optional
        The second table of a model that trains two (W' of word2vec), kept as float32.
    history : pandas.DataFrame, optional
        One row an epoch: loss, seconds, words per second.

    Raises
    ------
    ValueError
        If words repeat, a shape does not fit, or a vector holds NaN or infinity.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: np.ndarray,
        *,
        counts: np.ndarray | None = None,
        context: np.ndarray | None = None,
        history: pd.DataFrame | None = None,
    ) -> None:
        self.words = list(words)
        self.matrix = self._checked(matrix, "matrix")
        self.context = None if context is None else self._checked(context, "context")
        self.counts = None if counts is None else np.asarray(counts, dtype=np.int64)
        self.history = history
        if self.counts is not None and self.counts.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words, but counts of shape {self.counts.shape}.")
        if self.context is not None and self.context.shape != self.matrix.shape:
            raise ValueError(f"matrix is {self.matrix.shape}, but context {self.context.shape}.")
        self.index = {word: i for i, word in enumerate(self.words)}
        if len(self.index) < len(self.words):
            twice = next(word for i, word in enumerate(self.words) if self.index[word] != i)
            raise ValueError(f"The word {twice!r} stands in the list more than once.")

    def _checked(self, values: np.ndarray, name: str) -> np.ndarray:
        array = np.asarray(values, dtype=np.float32)
        if array.ndim != 2 or len(array) != len(self.words):
            raise ValueError(
                f"{name} has the shape {array.shape}; {len(self.words)} words need "
                f"({len(self.words)}, M), one row for each."
            )
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise ValueError(
                f"{name} holds NaN or infinity, first at the word {self.words[row]!r}."
            )
        return array

    def __len__(self) -> int:
        """Return n, the number of words."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has a vector."""
        return word in self.index

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word: float32, (M,). A KeyError names words spelt alike."""
        return self.matrix[self._row(word)]

    def __repr__(self) -> str:
        """Return the two sizes."""
        return f"WordVectors({len(self):,} words x {self.vector_size} dimensions)"

    @property
    def vector_size(self) -> int:
        """M, the number of dimensions."""
        return self.matrix.shape[1]

    @cached_property
    def _unit(self) -> np.ndarray:
        norms = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        return self.matrix / np.where(norms > 0, norms, 1)

    def normalised(self) -> np.ndarray:
        """Return every vector scaled to length 1: float32, (n, M); a zero row stays zero."""
        return self._unit.copy()

    def similarity(self, first: str, second: str) -> float:
        """Return the cosine of the angle between the vectors of two words, -1 to 1."""
        return float(self._unit[self._row(first)] @ self._unit[self._row(second)])

    def nearest(self, word: str | np.ndarray, k: int = 10) -> list[tuple[str, float]]:
        """Return the k words with the largest cosine to a word or to a vector.

        Parameters
        ----------
        word : str or array_like, (M,)
            A word itself is left out of its own neighbours.
        k : int

        Returns
        -------
        list of (str, float)
            Words and cosines, the nearest first.
        """
        if isinstance(word, str):
            return self._ranked(self._unit[self._row(word)], k, leave_out=[self._row(word)])
        vector = np.asarray(word, dtype=np.float32)
        if vector.shape != (self.vector_size,):
            raise ValueError(
                f"The vector has the shape {vector.shape}; here it must be ({self.vector_size},)."
            )
        return self._ranked(vector, k)

    def analogy(self, a: str, b: str, c: str, k: int = 5) -> list[tuple[str, float]]:
        """Answer "a is to b as c is to ...?" by the word nearest to b - a + c.

        Each of the three vectors is first scaled to length 1 (3CosAdd); the three words
        themselves are left out of the answer.

        Parameters
        ----------
        a, b, c : str
            For example ``"man", "king", "woman"``.
        k : int

        Returns
        -------
        list of (str, float)
            Words and cosines, the nearest first.

        References
        ----------
        Mikolov, Yih, Zweig 2013, "Linguistic Regularities in Continuous Space Word
        Representations", section 4. Named 3CosAdd by Levy and Goldberg 2014.
        """
        rows = [self._row(word) for word in (a, b, c)]
        unit_a, unit_b, unit_c = self._unit[rows]
        return self._ranked(unit_b - unit_a + unit_c, k, leave_out=rows)

    def _ranked(
        self, vector: np.ndarray, k: int, leave_out: Sequence[int] = ()
    ) -> list[tuple[str, float]]:
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one neighbour.")
        length = float(np.linalg.norm(vector))
        cosines = self._unit @ (vector / (length or 1.0))
        cosines[list(leave_out)] = -np.inf
        k = min(k, len(self) - len(set(leave_out)))
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(self.words[i], float(cosines[i])) for i in best]

    def _row(self, word: str) -> int:
        try:
            return self.index[word]
        except KeyError:
            raise KeyError(unknown_word(word, self.words)) from None

    def save(self, path: str | Path) -> None:
        """Write words and matrix in the word2vec format, text or binary.

        The file is written beside its place and renamed when it is whole: if the disk fills
        up, an older file of that name stays as it was. Counts, context and history are not
        part of the format.

        Parameters
        ----------
        path : str or Path
            Ends in ``.txt`` or ``.vec`` (text) or ``.bin`` (binary).

        Raises
        ------
        ValueError
            For another ending, or for a word with white space, which the format cannot hold.
        OSError
            If the file cannot be written.
        """
        target = Path(path)
        binary = _is_binary(target)
        for word in self.words:
            if not word or any(letter.isspace() for letter in word):
                raise ValueError(
                    f"The word {word!r} is empty or holds white space; the word2vec format "
                    "separates by white space and could not be read back."
                )
        vectors = self.to_keyed_vectors()
        if not target.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {target.parent}; make it first.")
        part = target.with_name(f".{target.name}.part")
        try:
            vectors.save_word2vec_format(str(part), binary=binary, sort_attr=None)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file in the word2vec format, text (``.txt``, ``.vec``) or binary (``.bin``).

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is cut, of another format, or says another number of words than it holds.
        """
        from gensim.models import KeyedVectors

        source = Path(path)
        binary = _is_binary(source)
        if not source.is_file():
            raise FileNotFoundError(f"There is no vector file {source}.")
        try:
            vectors = KeyedVectors.load_word2vec_format(str(source), binary=binary)
        except (EOFError, ValueError, UnicodeDecodeError, IndexError) as error:
            kind = "binary" if binary else "text"
            raise ValueError(
                f"{source} is not a whole word2vec file in {kind} form ({error}). "
                "Fetch or save it again; the ending must fit: .bin binary, .txt or .vec text."
            ) from error
        if _rows_differ(source, vectors, binary):
            raise ValueError(
                f"{source} does not hold the number of different words its first line announces. "
                "Correct the first line (words, dimensions) or fetch the file again."
            )
        return cls.from_keyed_vectors(vectors)

    def to_keyed_vectors(self) -> KeyedVectors:
        """Return the same words and vectors as gensim's KeyedVectors."""
        from gensim.models import KeyedVectors

        vectors = KeyedVectors(self.vector_size)
        vectors.add_vectors(self.words, self.matrix)
        if self.counts is not None:
            for word, count in zip(self.words, self.counts, strict=True):
                vectors.set_vecattr(word, "count", int(count))
        return vectors

    @classmethod
    def from_keyed_vectors(cls, vectors: KeyedVectors) -> Self:
        """Take words and vectors (and counts, where all words have one) from gensim."""
        words = vectors.index_to_key
        counts = vectors.expandos.get("count")
        return cls(words, vectors.vectors[: len(words)], counts=counts)


def _is_binary(path: Path) -> bool:
    if path.suffix == BINARY_SUFFIX:
        return True
    if path.suffix in TEXT_SUFFIXES:
        return False
    raise ValueError(
        f"{path.name} ends in {path.suffix or 'nothing'!r}; use .bin (binary) or .txt, .vec (text)."
    )


def _rows_differ(path: Path, vectors: KeyedVectors, binary: bool) -> bool:
    """Tell whether a file has other rows than its first line says; gensim stops or fills up."""
    if not binary:
        with path.open(encoding="utf-8") as lines:
            return sum(1 for line in lines if line.strip()) - 1 != len(vectors)
    if not all(vectors.index_to_key):  # an empty or missing word: the bytes are not vectors
        return True
    with path.open("rb") as file:
        header = len(file.readline())
    words = sum(len(word.encode()) + 1 for word in vectors.index_to_key)
    whole = header + words + 4 * vectors.vectors.size
    # The original C program ends each row with a line end, gensim does not.
    return path.stat().st_size not in (whole, whole + len(vectors))


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Return the cosine of the angle between two vectors; 0 if one of them is zero.

    Parameters
    ----------
    first, second : array_like, (M,)
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"Two vectors of one length are needed, not the shapes {first.shape}, {second.shape}."
        )
    lengths = math.hypot(*first) * math.hypot(*second)
    return float(first @ second) / lengths if lengths else 0.0
