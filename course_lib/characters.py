"""Character ids of words: UTF-8 bytes between begin-of-word and end-of-word.

A word becomes ``width`` ids: begin-of-word, its bytes, end-of-word, then padding. In a batch
every id is incremented by one, so that 0 is padding: no word.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from course_lib.checks import one_string, token_lists

if TYPE_CHECKING:
    import numpy as np

BEGIN_SENTENCE, END_SENTENCE, BEGIN_WORD, END_WORD, PADDING = 256, 257, 258, 259, 260
WIDTH = 50
N_CHARACTERS = 262  # ids of a batch: 0 for no word, then the 261 above raised by one


def word_to_ids(word: str, *, width: int = WIDTH) -> list[int]:
    """Return the ids of a word: begin-of-word, UTF-8 bytes, end-of-word, padding.

    Parameters
    ----------
    word : str
    width : int
        Length of the result. A word of more than ``width - 2`` bytes is cut, even in the
        middle of a letter of several bytes.

    Returns
    -------
    list of int
        Ids 0 to 260, ``width`` of them.

    Raises
    ------
    TypeError
        If the word is not a string.
    ValueError
        If ``width`` leaves no room for a byte, or the word holds half a surrogate pair.

    Examples
    --------
    >>> word_to_ids("dog", width=7)
    [258, 100, 111, 103, 259, 260, 260]
    """
    try:
        return _marked(list(one_string(word, "token").encode("utf-8")), width)
    except UnicodeEncodeError as error:
        raise ValueError(f"The token {word!r:.40} is not valid Unicode: {error.reason}.") from None


def sentence_mark_ids(mark: int, *, width: int = WIDTH) -> list[int]:
    """Return the ids of the begin-of-sentence or end-of-sentence mark.

    Parameters
    ----------
    mark : int
        ``BEGIN_SENTENCE`` or ``END_SENTENCE``.
    width : int
    """
    if mark not in (BEGIN_SENTENCE, END_SENTENCE):
        raise ValueError(f"mark is {mark}; sentences begin with 256 and end with 257.")
    return _marked([mark], width)


def _marked(inner: list[int], width: int) -> list[int]:
    if width < 3:
        raise ValueError(f"width is {width}; two marks and a byte need 3.")
    ids = [BEGIN_WORD, *inner[: width - 2], END_WORD]
    return ids + [PADDING] * (width - len(ids))


def check_sentences(sentences: Iterable[Iterable[str]]) -> list[list[str]]:
    """Return the sentences of a batch: at least one, none of them empty.

    Raises
    ------
    TypeError
        If a sentence is no list of words, see :func:`course_lib.checks.token_lists`.
    ValueError
        If a sentence or the batch is empty.
    """
    batch = list(token_lists(sentences))
    if not batch:
        raise ValueError("The batch is empty: give at least one sentence.")
    if not all(batch):
        raise ValueError(f"Sentence {batch.index([])} is empty: leave it out.")
    return batch


def batch_to_ids(sentences: Iterable[Iterable[str]], *, width: int = WIDTH) -> np.ndarray:
    """Return the ids of a batch of sentences in their marks, incremented by one, padded with 0.

    Parameters
    ----------
    sentences : iterable of iterables of str
        Tokenised sentences.
    width : int

    Returns
    -------
    numpy.ndarray, int64, (batch, time, width)
        ``time`` is the length of the longest sentence, with its marks.

    Raises
    ------
    TypeError
        If a sentence is no list of words, see :func:`course_lib.checks.token_lists`.
    ValueError
        If a sentence or the batch is empty.
    """
    import numpy as np

    sentences = check_sentences(sentences)
    index = {word: row for row, word in enumerate(dict.fromkeys(chain(*sentences)), 3)}
    marks_ids = [sentence_mark_ids(mark, width=width) for mark in (BEGIN_SENTENCE, END_SENTENCE)]
    spelled = [[-1] * width, *marks_ids, *(word_to_ids(word, width=width) for word in index)]
    rows = [[1, *(index[word] for word in sentence), 2] for sentence in sentences]
    time = max(map(len, rows))
    padded = [row + [0] * (time - len(row)) for row in rows]
    return np.array(spelled)[padded] + 1


def distinct(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each distinct word of a batch once, and which of them stands at each place.

    Parameters
    ----------
    ids : numpy.ndarray, int, (..., width)
        Ids of a batch: raised by one, 0 where there is no word.

    Returns
    -------
    numpy.ndarray, int64, (words, width)
        The distinct words, in the order in which they come.
    numpy.ndarray, int64, (...)
        A row of them for each word of the batch; -1 where there is no word.
    """
    import numpy as np

    *places, width = ids.shape
    # A word as one value of 2 * width bytes, which a dictionary looks up.
    spelled = np.ascontiguousarray(ids, np.int16).reshape(-1, width)
    words = spelled.view(f"V{2 * width}").ravel().tolist()
    index = {bytes(2 * width): -1}
    rows = [index.setdefault(word, len(index) - 1) for word in words]
    spelled = np.frombuffer(b"".join(list(index)[1:]), np.int16).reshape(-1, width)
    return spelled.astype(np.int64), np.array(rows, np.int64).reshape(places)
