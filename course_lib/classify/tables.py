"""Pretrained vectors as weights of an embedding layer, and their coverage of a vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from course_lib.classify.sequences import first_id
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

if TYPE_CHECKING:
    import pandas as pd

Missing = Literal["zero", "mean", "random", "subword"]
_CHOICES = ("zero", "mean", "random", "subword")


def coverage(vocabulary: Vocabulary, vectors: WordVectors) -> pd.DataFrame:
    """Return the words of a vocabulary and whether each has a vector.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of the collection, with its counts.
    vectors : WordVectors

    Returns
    -------
    pandas.DataFrame
        Columns ``word``, ``count``, ``known`` (bool), by falling count. ``.attrs["words"]`` is
        the share of distinct words that are known, ``.attrs["tokens"]`` their share of the
        running text, both 0 to 1.
    """
    import pandas as pd

    known = np.array([word in vectors.index for word in vocabulary.words], dtype=bool)
    words = pd.Series(vocabulary.words, dtype=object)  # Arrow refuses half a surrogate pair
    table = pd.DataFrame({"word": words, "count": vocabulary.counts, "known": known})
    table.attrs["words"] = float(known.mean())
    table.attrs["tokens"] = float(vocabulary.counts[known].sum() / vocabulary.counts.sum())
    return table


def embedding_table(
    vectors: WordVectors,
    vocabulary: Vocabulary,
    *,
    marks: bool = True,
    missing: Missing = "zero",
    seed: int = 0,
) -> np.ndarray:
    """Put pretrained vectors into the order of a vocabulary's ids.

    Parameters
    ----------
    vectors : WordVectors
        n words of M dimensions.
    vocabulary : Vocabulary
        V words.
    marks : bool
        As given to :func:`~course_lib.classify.sequences.encode`.
    missing : {"zero", "mean", "random", "subword"}
        The row of a word that has no vector, and of the two marks: zeros; the mean of the rows
        that were found; normal random numbers with the mean and the standard deviation of each
        column of those; the vector that ``vectors[word]`` makes from n-grams (``"subword"``
        needs vectors that can, and gives the mean to the marks and to words too short).
    seed : int
        For the random rows.

    Returns
    -------
    numpy.ndarray, float32, (first + V, M)
        ``first`` is 3 with marks, else 1. Row 0, padding, is zero.

    Raises
    ------
    ValueError
        If no word of the vocabulary has a vector, or ``missing`` is not one of the four.
    TypeError
        If ``"subword"`` is asked of vectors without sub-words.
    """
    if missing not in _CHOICES:
        raise ValueError(f"missing is {missing!r}; choose one of {', '.join(_CHOICES)}.")
    if missing == "subword" and not hasattr(vectors, "subwords"):
        raise TypeError(f"{vectors!r} has no sub-words; take FastTextVectors or another choice.")
    first = first_id(marks=marks)
    rows = [vectors.index.get(word, -1) for word in vocabulary.words]
    source = np.array([-1] * first + rows)  # (first + V,)
    found = source >= 0
    if not found.any():
        raise ValueError(
            f"None of the {len(vocabulary):,} words of the vocabulary has a vector, for example "
            f"{', '.join(map(repr, vocabulary.words[:5]))}. Another language, or upper case?"
        )
    table = np.zeros((len(source), vectors.vector_size), dtype=np.float32)
    table[found] = vectors.matrix[source[found]]
    if missing in ("mean", "subword"):
        table[~found] = table[found].mean(axis=0)
    if missing == "random":
        rng = np.random.default_rng(seed)
        shape = (int((~found).sum()), vectors.vector_size)
        table[~found] = rng.normal(table[found].mean(axis=0), table[found].std(axis=0), shape)
    if missing == "subword":
        for row, word in enumerate(vocabulary.words, first):
            if not found[row] and word in vectors:
                table[row] = vectors[word]
    table[0] = 0.0
    return table
