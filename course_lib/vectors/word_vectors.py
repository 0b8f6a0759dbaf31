"""Word vectors: a list of words and a matrix with one row for each.

Every method of the course ends in a :class:`WordVectors`, so that one evaluation and one set
of figures serve all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from course_lib.checks import check_whole_numbers, unknown_word, word_list
from course_lib.runtime import atomic_write
from course_lib.vectors import files
from course_lib.vectors.packing import is_binary
from course_lib.writing import Form, WordIndex

if TYPE_CHECKING:
    import pandas as pd
    from gensim.models import KeyedVectors

SLICE = 1024  # rows taken together, where all at once would make a second matrix


class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words : iterable of str
        n distinct words, by convention the most frequent first.
    matrix : array_like, (n, M)
        Row i is the vector of word i. Kept as float32.
    counts : array_like of int, (n,), optional
        How often each word occurred in the training text.
    context : array_like, (n, M), optional
        The second table of a model that trains two (W' of word2vec), kept as float32.
    history : pandas.DataFrame, optional
        One row an epoch: loss, seconds, words per second.
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        A word that is not there is looked up in this form as well, see
        :func:`course_lib.writing.normalize`; the words themselves stay as they are. None: not so.

    Raises
    ------
    ValueError
        If words repeat, a shape does not fit, or a vector holds NaN or infinity.
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: np.ndarray,
        *,
        counts: np.ndarray | None = None,
        context: np.ndarray | None = None,
        history: pd.DataFrame | None = None,
        form: Form | None = "NFC",
    ) -> None:
        self.words, self.form = list(map(str, word_list(words))), form
        self.matrix = self._checked(matrix, "matrix")
        self.context = None if context is None else self._checked(context, "context")
        self.counts = None if counts is None else np.asarray(counts, dtype=np.int64)
        self.history = history
        if self.counts is not None and self.counts.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words, but counts of shape {self.counts.shape}.")
        if self.context is not None and self.context.shape != self.matrix.shape:
            raise ValueError(f"matrix is {self.matrix.shape}, but context {self.context.shape}.")
        if twice := files.repeated(self.words):
            word = self.words[twice[0]]
            raise ValueError(f"The word {word!r} stands in the list more than once.")

    def _checked(self, values: np.ndarray, name: str) -> np.ndarray:
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
            array = np.asarray(values, dtype=np.float32)
        if array.ndim != 2 or len(array) != len(self.words):
            raise ValueError(
                f"{name} has the shape {array.shape}; {len(self.words)} words need "
                f"({len(self.words)}, M), one row for each."
            )
        for start in range(0, len(array), SLICE):
            finite = np.isfinite(array[start : start + SLICE]).all(axis=1)
            if not finite.all():
                word = self.words[start + int(finite.argmin())]
                raise ValueError(f"{name} holds NaN or infinity, first at the word {word!r}.")
        return array

    @cached_property
    def index(self) -> WordIndex:
        """The row of each word; made when it is first asked for."""
        return WordIndex(self.words, self.form)

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
        unit = np.empty_like(self.matrix)
        for start in range(0, len(unit), SLICE):
            unit[start : start + SLICE] = _unit_length(self.matrix[start : start + SLICE])
        return unit

    def normalized(self) -> np.ndarray:
        """Return every vector scaled to length 1: float32, (n, M); a zero row stays zero."""
        return self._unit.copy()

    def similarity(self, first: str, second: str) -> float:
        """Return the cosine of the angle between the vectors of two words, -1 to 1."""
        return cosine(self._vector(first), self._vector(second))

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
            Words and cosines, the nearest first; all cosines are 0 for a zero vector.

        Raises
        ------
        KeyError
            If the word has no vector.
        ValueError
            If ``k`` is no whole number above 0, or the vector has another length than M or holds
            NaN or infinity.
        """
        if isinstance(word, str):
            return self._ranked(self._vector(word), k, leave_out=[word])
        vector = np.asarray(word, dtype=np.float64)
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
        first, second, third = (_unit_length(self._vector(word)) for word in (a, b, c))
        return self._ranked(second - first + third, k, leave_out=(a, b, c))

    def _ranked(
        self, vector: np.ndarray, k: int, leave_out: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        check_whole_numbers(k=k)
        cosines = np.clip(self._unit @ _unit_length(vector).astype(np.float32), -1, 1)
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
            For another ending, where there is no number at all, for a word that :meth:`load` could
            not give back (a binary file holds no blanks, text no blank at either end and no line
            end; other white space is written as it is), or for a binary file without a header.
        OSError
            If the file cannot be written.
        """
        target = Path(path).expanduser()
        binary = is_binary(target)
        if binary and not header:
            raise ValueError(f"{target.name} would be binary, which needs a header; use .txt.")
        if not self.matrix.size:
            raise ValueError(f"{self!r}: there is no number to write, and none could be read back.")
        files.check_writable(self.words, binary=binary, header=header)
        vectors = self.to_keyed_vectors()
        with atomic_write(target) as part:
            vectors.save_word2vec_format(
                str(part), binary=binary, write_header=header, sort_attr=None
            )

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        words: Iterable[str] | None = None,
        vector_size: int | None = None,
        errors: files.Errors = "strict",
    ) -> Self:
        """Read vectors in the word2vec format (text or binary) or in GloVe's (text, no header).

        A first line of two whole numbers is a header: rows, dimensions. Any other first line
        is already a vector. In a text file each row is a word and M numbers, with blanks or
        tabs between them. Words may be anything (``<unk>``, punctuation), even several pieces
        with blanks between them, as a few in GloVe's largest file, as long as no piece after
        the first is a number. White space beyond ASCII belongs to the word. A byte order mark
        is passed over.

        The file is read piece by piece: the memory needed is that of the matrix and of the
        words, at most 1.3 times the matrix from about 100 dimensions on.

        Parameters
        ----------
        path : str or Path
            Ends in ``.txt`` or ``.vec`` (text) or ``.bin`` (binary); it may be packed, with
            ``.gz``, ``.bz2`` or ``.xz`` after that, or be the one such file in a ``.zip``.
        words : iterable of str, optional
            Read only the rows of these words, in the order of the file; words that are not
            there are passed over. Reading ends when all are found, and the other rows are not
            checked.
        vector_size : int, optional
            The dimensions M that the file must have.
        errors : {"strict", "replace", "ignore"}
            What is done about a word that is not UTF-8, as gensim's ``unicode_errors``: refuse
            the file, put U+FFFD for the bytes, or drop them.

        Warns
        -----
        UserWarning
            If a word stands there twice: the first row is kept, as in gensim. If the header of
            a text file counts other rows than follow: all are read.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is cut, of another format, or of other dimensions than ``vector_size``, with
            the line where there is one; if a binary file does not hold the number of words it
            announces; if a ``.zip`` holds another number of such files than one; if none of
            ``words`` is there.
        """
        path = Path(path).expanduser()
        return cls(*files.read(path, words=words, vector_size=vector_size, errors=errors))

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


def _unit_length(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to length 1, float64; first to a largest number of 1, whose square fits."""
    vectors = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(vectors).all():
        raise ValueError("The vector holds NaN or infinity.")
    largest = np.abs(vectors).max(axis=-1, keepdims=True, initial=0)
    vectors = vectors / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Return the cosine of the angle between two vectors, -1 to 1; 0 if one of them is zero.

    Parameters
    ----------
    first, second : array_like, (M,)

    Raises
    ------
    ValueError
        If they are no vectors of one length, or hold NaN or infinity.
    """
    first, second = _unit_length(first), _unit_length(second)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"Two vectors of one length are needed, not the shapes {first.shape}, {second.shape}."
        )
    return float(np.clip(first @ second, -1, 1))
