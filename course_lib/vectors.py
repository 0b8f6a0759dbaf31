"""Word vectors: a list of words and a matrix with one row for each.

Every method of the course ends in a :class:`WordVectors`, so that one evaluation and one set
of figures serve all of them. Files have the layout of word2vec (text or binary) or of GloVe
(text without a header).
"""

from __future__ import annotations

import math
import re
import warnings
from array import array
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
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


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
        return self._vector(word)

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
        return float(self._direction(first) @ self._direction(second))

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
            return self._ranked(self._vector(word), k, leave_out=[word])
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
        directions = [self._direction(word) for word in (a, b, c)]
        return self._ranked(directions[1] - directions[0] + directions[2], k, leave_out=(a, b, c))

    def _ranked(
        self, vector: np.ndarray, k: int, leave_out: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one neighbour.")
        cosines = self._unit @ _unit_length(vector)
        rows = {self.index[word] for word in leave_out if word in self.index}
        cosines[list(rows)] = -np.inf
        best = np.argsort(-cosines, kind="stable")[: min(k, len(self) - len(rows))]
        return [(self.words[i], float(cosines[i])) for i in best]

    def _vector(self, word: str) -> np.ndarray:
        """Return the vector of a word; a subclass may make one for a word that has no row."""
        try:
            return self.matrix[self.index[word]]
        except KeyError:
            raise KeyError(unknown_word(word, self.words)) from None

    def _direction(self, word: str) -> np.ndarray:
        return _unit_length(self._vector(word))

    def save(self, path: str | Path, *, header: bool = True) -> None:
        """Write words and matrix in the word2vec format, or in GloVe's.

        GloVe's text files are those of word2vec without the first line, which says how many
        rows and dimensions follow. Text holds every digit that float32 needs.

        The file is written beside its place and renamed when it is whole: if the disk fills
        up, an older file of that name stays as it was. Counts, context and history are not
        part of the formats.

        Parameters
        ----------
        path : str or Path
            Ends in ``.txt`` or ``.vec`` (text) or ``.bin`` (binary).
        header : bool
            False leaves the first line out, as GloVe does (text only).

        Raises
        ------
        ValueError
            For another ending, for a word with white space, which the formats cannot hold, or
            for a binary file without a header.
        OSError
            If the file cannot be written.
        """
        target = Path(path)
        binary = _is_binary(target)
        if binary and not header:
            raise ValueError(f"{target.name} would be binary, which needs a header; use .txt.")
        for word in self.words:
            if not word or any(letter.isspace() for letter in word):
                raise ValueError(
                    f"The word {word!r} is empty or holds white space, which separates the fields "
                    "of the file: it could not be read back."
                )
        vectors = self.to_keyed_vectors()
        if not target.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {target.parent}; make it first.")
        part = target.with_name(f".{target.name}.part")
        try:
            vectors.save_word2vec_format(
                str(part), binary=binary, write_header=header, sort_attr=None
            )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read vectors in the word2vec format (text or binary) or in GloVe's (text, no header).

        A first line of two whole numbers is a header: rows, dimensions. Any other first line
        is already a vector. In a text file each row is a word and M numbers between single
        spaces. Words may be anything (``<unk>``, punctuation), even several pieces with
        spaces between them, as a few in GloVe's largest file, as long as no piece after the
        first is a number.

        Parameters
        ----------
        path : str or Path
            Ends in ``.txt`` or ``.vec`` (text) or ``.bin`` (binary).

        Warns
        -----
        UserWarning
            If the header of a text file counts other rows than follow. All are read.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is cut, of another format, or holds a word twice, with the line where there
            is one; if a binary file does not hold the number of words it announces.
        """
        source = Path(path)
        binary = _is_binary(source)
        if not source.is_file():
            raise FileNotFoundError(f"There is no vector file {source}.")
        return cls(*(_read_binary(source) if binary else _read_text(source)))

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


def _read_binary(path: Path) -> tuple[list[str], np.ndarray]:
    from gensim.models import KeyedVectors

    advice = "Fetch or save it again; the ending must fit: .bin binary, .txt or .vec text."
    try:
        vectors = KeyedVectors.load_word2vec_format(str(path), binary=True)
    except (EOFError, ValueError, UnicodeDecodeError, IndexError) as error:
        raise ValueError(
            f"{path} is not a whole word2vec file in binary form ({error}). {advice}"
        ) from error
    words = vectors.index_to_key
    with path.open("rb") as file:
        whole = len(file.readline()) + 4 * vectors.vectors.size
    whole += sum(len(word.encode()) + 1 for word in words if word)
    # gensim stops at the number announced, or fills up with empty words. The original C program
    # ends each row with a line end, gensim does not.
    if not all(words) or path.stat().st_size not in (whole, whole + len(words)):
        raise ValueError(
            f"{path} does not hold the number of different words its first line announces. {advice}"
        )
    return words, vectors.vectors


def _read_text(path: Path) -> tuple[list[str], np.ndarray]:
    """Read each row of a text file; gensim would stop at the number the header announces."""
    index: dict[str, int] = {}  # word -> line
    numbers, size, announced, line = array("f"), None, None, b""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                # Only "\n" ends a row and only " " separates: some words hold other white space.
                fields = line.decode("utf-8").rstrip(" \r\n").split(" ")
                if number == 1 and len(fields) == 2 and all(f.isdecimal() for f in fields):
                    announced, size = map(int, fields)
                    continue
                if fields == [""]:
                    continue
                size = max(len(fields) - 1, 1) if size is None else size
                word = _word_of(fields, size)
                row = array("f", map(float, fields[-size:]))
                if not math.isfinite(sum(row)):
                    raise ValueError("NaN or infinity among the numbers, or one above all float32")
            except ValueError as error:  # a UnicodeDecodeError is one too
                raise ValueError(
                    f"{path}, line {number}: {error}. Each line must hold a word and its numbers, "
                    "single spaces between them. Fetch or save the file again."
                ) from error
            if index.setdefault(word, number) != number:
                raise ValueError(
                    f"{path}, line {number}: {word!r} stands in line {index[word]} already."
                )
            numbers.extend(row)
    if not index:
        raise ValueError(f"{path} holds no vector. Fetch or save it again.")
    if announced not in (None, len(index)):
        message = f"{path} holds {len(index):,} rows, but its first line announces {announced:,}."
        if announced > len(index) and not line.endswith(b"\n"):
            raise ValueError(f"{message} Its last line has no end: it was cut. Fetch it again.")
        if size == 1:
            raise ValueError(f"{message} Is it a vector of one number? Then put a header on top.")
        warnings.warn(f"{message} All {len(index):,} are read.", stacklevel=3)
    return list(index), np.frombuffer(numbers, dtype=np.float32).reshape(-1, size)


def _word_of(fields: list[str], size: int) -> str:
    """Return what stands in front of the last ``size`` fields; it must be a word."""
    if not 0 < size < len(fields):
        raise ValueError(f"numbers after the word: {len(fields) - 1}, wanted: {size}")
    word, *pieces = fields[:-size]
    if any(map(NUMBER.fullmatch, pieces)):
        raise ValueError(f"more than {size} numbers follow the word {word!r}")
    if not word:
        raise ValueError("there is no word in front of the numbers")
    return " ".join([word, *pieces])


def _unit_length(vector: np.ndarray) -> np.ndarray:
    return vector / (float(np.linalg.norm(vector)) or 1.0)


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
