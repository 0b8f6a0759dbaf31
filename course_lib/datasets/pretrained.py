"""Pretrained word vectors: GloVe, word2vec and those of the course."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.datasets import store
from course_lib.datasets.registry import REGISTRY
from course_lib.writing import spelling

if TYPE_CHECKING:
    import numpy as np

    from course_lib.vectors import WordVectors

GLOVE_SIZES = (50, 100, 200, 300)
_DIFFERENT = {"king", "queen"}  # in the slice scaled to length 1, unlike the official file


def load_glove(
    *, dim: int = 100, words: Iterable[str] | None = None, download: bool = False
) -> WordVectors:
    """Read the GloVe vectors that their authors trained on 6 billion words of English.

    The text was Wikipedia of 2014 and the news corpus Gigaword 5, in lower case. The official
    file holds 400,000 words. For ``dim=50`` the same words in the extra ``glove`` serve too, else
    4,197 of them. ``datasets.used()`` says ``glove_6b``, ``glove_6b_50d`` or ``glove_6b_slice``.

    Parameters
    ----------
    dim : {50, 100, 200, 300}
        M, the number of dimensions.
    words : iterable of str, optional
        Read only the rows of these words, which takes little memory. Words that are not there
        are passed over.
    download : bool
        Fetch the official file (862 MB) if it is not at hand.

    Returns
    -------
    WordVectors
        Words in the order of the file, roughly the most frequent first.

    Raises
    ------
    ValueError
        For another ``dim``, or if none of ``words`` is there.
    DataUnavailable
        If nothing at hand has so many dimensions, or a file is truncated or altered.

    References
    ----------
    Pennington, Socher & Manning 2014, "GloVe: Global Vectors for Word Representation".
    """
    if dim not in GLOVE_SIZES:
        raise ValueError(f"dim is {dim!r}; these vectors have 50, 100, 200 or 300 dimensions.")
    whole, instead = (
        (("glove_6b",), ()) if dim != 50 else (("glove_6b", "glove_6b_50d"), ("glove_6b_slice",))
    )
    chosen = store.choose(whole, instead, download=download)
    try:
        path, *more = store.locate(chosen, download=download)
    except store.DataUnavailable as error:
        small = store.choose(("glove_6b_50d",), ("glove_6b_slice",))
        if dim == 50 or store.state(REGISTRY[small]) == "missing":
            raise
        raise store.DataUnavailable(f"{error}\n  or take:   dim=50, for {small} at hand") from error
    from course_lib.vectors import WordVectors, files

    if chosen == "glove_6b_50d":
        import numpy as np
        import pandas as pd

        known = pd.read_parquet(*more)["index"].tolist()
        return _restricted(known, np.load(path, mmap_mode="r"), words, str(path))
    if chosen == "glove_6b":
        member = f"glove.6B.{dim}d.txt"
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            rows = files.read_text(stream, f"{path}/{member}", words=words, vector_size=dim)
    else:
        with path.open("rb") as stream:
            stream.readline()  # a header that counts one row too few
            rows = files.read_text(stream, str(path), words=words, vector_size=dim)
    return WordVectors(*rows)


def load_course_vectors() -> WordVectors:
    """Read the word vectors that ship with this course: always the same, on every machine.

    Returns
    -------
    WordVectors
        20,000 lower-case English words of 100 dimensions, the most frequent first, with counts.
        Skip-gram with negative sampling, trained by ``data_scripts/train_vectors.py`` on 3,851
        articles of English Wikipedia; those inside gensim are not among them. The card is
        ``course_lib/assets/vectors/README.md``.

    Raises
    ------
    DataUnavailable
        If the file is missing from the installed course, or is truncated or altered.
    """
    (path,) = store.locate("course_vectors")
    import h5py

    from course_lib.vectors import WordVectors

    with h5py.File(path) as file:
        words = file["words"][:].tobytes().decode("utf-8").split("\n")
        return WordVectors(words, file["matrix"][:], counts=file["counts"][:])


def load_word2vec(*, words: Iterable[str] | None = None, download: bool = False) -> WordVectors:
    """Read the word2vec vectors that Google trained on about 100 billion words of news.

    The official file holds 3,000,000 words and phrases (``New_York``), in upper and lower case,
    of 300 dimensions: 3.6 GB in memory. Where it is not at hand, a slice of 1,241 words serves.
    ``datasets.used()`` tells which it was: ``googlenews`` or ``googlenews_slice``.

    Parameters
    ----------
    words : iterable of str, optional
        Read only the rows of these words, which takes little memory. Words that are not there
        are passed over.
    download : bool
        Fetch the official file (1.6 GB) if it is not at hand.

    Returns
    -------
    WordVectors
        Of the official file, the vectors as they are, words in its order. **Of the slice, every
        vector is scaled to length 1.** It comes from two places: one holds 257 words with their
        exact values, the other 1,000 words scaled to length 1 and rounded to six decimals, and
        a mixture of lengths would mean nothing. Cosines, neighbours and analogies are those of
        the official vectors, up to that rounding; lengths are lost.

    Raises
    ------
    ValueError
        If none of ``words`` is there.
    DataUnavailable
        If neither is at hand, or a file is truncated or altered.

    References
    ----------
    Mikolov et al. 2013b, "Distributed Representations of Words and Phrases and their
    Compositionality".
    """
    chosen = store.choose(("googlenews",), ("googlenews_slice",), download=download)
    paths = store.locate(chosen, download=download)
    from course_lib.vectors import WordVectors, files

    if chosen == "googlenews":
        return WordVectors(*files.read(paths[0], words=words, vector_size=300))
    return _joined_slices(*paths, words)


def _joined_slices(exact: Path, scaled: Path, words: Iterable[str] | None) -> WordVectors:
    """Return the words of both slices, each vector of length 1; the exact ones take precedence."""
    import numpy as np

    from course_lib.vectors import WordVectors

    first, second = WordVectors.load(exact), WordVectors.load(scaled)
    more = [word for word in second.words if word not in first and word not in _DIFFERENT]
    matrix = np.concatenate(
        [first.normalized(), second.normalized()[[second.index[word] for word in more]]]
    )
    known = [*first.words, *more]
    return _restricted(known, matrix, words, f"{exact} with {scaled}")


def _restricted(
    known: list[str], matrix: np.ndarray, words: Iterable[str] | None, name: str
) -> WordVectors:
    """Return the vectors of the words that are wanted, or of all."""
    from course_lib.vectors import WordVectors, files

    if words is None:
        return WordVectors(known, matrix[:])
    wanted = set(map(spelling, files.wanted_words(words)))
    rows = [row for row, word in enumerate(known) if spelling(word) in wanted]
    if not rows:
        raise ValueError(files.none_of(wanted, name))
    return WordVectors([known[row] for row in rows], matrix[rows])
