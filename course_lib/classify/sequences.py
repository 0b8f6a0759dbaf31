"""Encoding of texts as ids, and padding to one length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from course_lib.checks import token_lists
from course_lib.text import Vocabulary

PADDING, START, UNKNOWN = 0, 1, 2


def first_id(*, marks: bool = True) -> int:
    """Return the id of the most frequent word, after those of padding and marks."""
    return 3 if marks else 1


def encode(
    documents: Iterable[Iterable[str]],
    vocabulary: Vocabulary,
    *,
    marks: bool = True,
) -> list[np.ndarray]:
    """Put the words of each text into ids.

    Id 0 is kept for padding. With marks, 1 opens a text and 2 stands for an unknown word, as in
    the IMDB data set of Keras, and the most frequent word has the id 3. Without marks the most
    frequent word has the id 1.

    Parameters
    ----------
    documents : iterable of iterables of str
        Tokenised texts.
    vocabulary : Vocabulary
    marks : bool
        Put ``START`` in front of each text, and ``UNKNOWN`` in the place of each word outside
        the vocabulary. Without marks such words are dropped.

    Returns
    -------
    list of numpy.ndarray, int64
        One a text.

    Raises
    ------
    ValueError
        For a text without words, or without a known word: a classifier could only guess.
    TypeError
        If a text is no list of words, see :func:`course_lib.checks.token_lists`.
    """
    first = first_id(marks=marks)
    index, other = vocabulary.index, (UNKNOWN if marks else PADDING) - first
    encoded = []
    for number, words in enumerate(token_lists(documents, "documents")):
        if len(words) == 0:
            raise ValueError(f"Text {number} is empty: leave it out, and its label too.")
        row = [first + index.get(word, other) for word in words]
        if max(row) < first:
            raise ValueError(
                f"Text {number} has no known word: {' '.join(words)!r:.60}. Leave it out, with "
                "its label, or build the vocabulary with more words."
            )
        row = [START, *row] if marks else [i for i in row if i != PADDING]
        encoded.append(np.array(row, dtype=np.int64))
    return encoded


def pad(
    sequences: Sequence[Sequence[int]],
    length: int | None = None,
    *,
    padding: Literal["front", "back"] = "front",
    truncation: Literal["front", "back"] = "front",
) -> np.ndarray:
    """Bring all rows to one length: cut the long ones, fill the short ones with ``PADDING``.

    Parameters
    ----------
    sequences : sequence of int sequences
    length : int, optional
        Columns of the result; by default the length of the longest row.
    padding : {"front", "back"}
        Where zeros are added.
    truncation : {"front", "back"}
        Which side of a long row is cut away; ``"front"`` keeps the end of the text.

    Returns
    -------
    numpy.ndarray, int64, (n, length)
    """
    for name, side in (("padding", padding), ("truncation", truncation)):
        if side not in ("front", "back"):
            raise ValueError(f'{name} is {side!r}; it must be "front" or "back".')
    length = max(map(len, sequences), default=0) if length is None else length
    if length < 1:
        raise ValueError(f"The rows would have length {length}; 1 or more is needed.")
    padded = np.full((len(sequences), length), PADDING, dtype=np.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        kept = sequence[-length:] if truncation == "front" else sequence[:length]
        if padding == "back":
            row[: len(kept)] = kept
        else:
            row[length - len(kept) :] = kept
    return padded
