"""Count-based vectors: one-hot, term-document, co-occurrence, PPMI and LSA.

Counts of a real text are almost all zero, so every matrix with a row per word is sparse
(scipy). V is the size of the vocabulary, m the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from course_lib.checks import check_whole_numbers
from course_lib.vectors import WordVectors

if TYPE_CHECKING:
    from scipy.sparse import csr_array, sparray

    from course_lib.text import EncodedCorpus, Vocabulary


def one_hot(ids: Sequence[int] | np.ndarray, size: int) -> np.ndarray:
    """Return one row for each id, with a 1 at the id and 0 elsewhere.

    Parameters
    ----------
    ids : sequence of int, (n,)
    size : int
        V, the length of a row.

    Returns
    -------
    numpy.ndarray, float32, (n, size)

    Raises
    ------
    IndexError
        If an id is negative or not below ``size``.
    TypeError
        If an id is no whole number, or they stand in no single row.
    """
    positions = np.asarray(ids)
    if positions.size == 0:
        positions = positions.astype(np.int64)
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise TypeError(f"ids are whole numbers in one row, not {positions.dtype}: {ids!r:.60}")
    if positions.size and not (positions.min() >= 0 and positions.max() < size):
        raise IndexError(f"Ids run from 0 to {size - 1}; got {positions.min()}–{positions.max()}.")
    rows = np.zeros((len(positions), size), dtype=np.float32)
    rows[np.arange(len(positions)), positions] = 1
    return rows


def term_document(documents: Iterable[Iterable[str]], vocabulary: Vocabulary) -> csr_array:
    """Count how often each word occurs in each document (bag of words).

    Parameters
    ----------
    documents : iterable of iterables of str
        Tokenised documents.
    vocabulary : Vocabulary
        Words outside it are not counted.

    Returns
    -------
    scipy.sparse.csr_array, int64, (documents, V)
    """
    from scipy.sparse import coo_array

    encoded = vocabulary.encode(documents)
    lengths = np.diff(encoded.offsets)
    rows = np.repeat(np.arange(len(encoded)), lengths)
    ones = np.ones(len(encoded.ids), dtype=np.int64)
    shape = (len(encoded), len(vocabulary))
    return coo_array((ones, (rows, encoded.ids)), shape=shape).tocsr()


def tf_idf(counts: sparray) -> csr_array:
    """Weight a term-document matrix by TF-IDF.

    Entry (d, w) becomes count · (ln((1 + D) / (1 + df(w))) + 1), where D is the number of
    documents and df(w) the number that contain w; each row is then scaled to length 1. This is
    the default of scikit-learn, which computes it.

    Parameters
    ----------
    counts : sparse array, (documents, V)

    Returns
    -------
    scipy.sparse.csr_array, float64, (documents, V)
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfTransformer

    return csr_array(TfidfTransformer().fit_transform(counts))


def cooccurrence(
    corpus: Iterable[Iterable[str]] | EncodedCorpus,
    vocabulary: Vocabulary,
    *,
    window: int = 5,
    weighting: Literal["constant", "inverse"] = "constant",
) -> csr_array:
    """Count how often two words stand within ``window`` words of each other.

    No window crosses the end of a sentence. The work is done one distance at a time: all
    pairs at distance 1, then all pairs at distance 2, and so on, each as one array.

    Parameters
    ----------
    corpus : iterable of iterables of str, or EncodedCorpus
        Tokenised sentences.
    vocabulary : Vocabulary
        Words outside it are dropped before windows are laid.
    window : int
        m, the largest distance counted.
    weighting : {"constant", "inverse"}
        Each pair counts 1, or 1 / distance as in GloVe.

    Returns
    -------
    scipy.sparse.csr_array, float64, (V, V)
        Symmetric. Entry (i, j) is the (weighted) number of times j stands near i.

    Raises
    ------
    ValueError
        For a window below 1 or an unknown weighting.
    """
    from scipy.sparse import coo_array, csr_array

    check_whole_numbers(window=window)
    if weighting not in ("constant", "inverse"):
        raise ValueError(f"weighting is {weighting!r}; it must be 'constant' or 'inverse'.")
    encoded = corpus if hasattr(corpus, "offsets") else vocabulary.encode(corpus)
    ids, size = encoded.ids, len(vocabulary)
    sentence = np.repeat(np.arange(len(encoded), dtype=np.int32), np.diff(encoded.offsets))
    total = csr_array((size, size), dtype=np.float64)
    for distance in range(1, min(window, max(len(ids) - 1, 0)) + 1):
        same = sentence[:-distance] == sentence[distance:]
        left, right = ids[:-distance][same], ids[distance:][same]
        weight = 1.0 if weighting == "constant" else 1.0 / distance
        pairs = coo_array((np.full(len(left), weight), (left, right)), shape=(size, size))
        total = total + pairs.tocsr()  # tocsr adds up what stands at the same place
    return (total + total.T).tocsr()


def ppmi(counts: sparray, *, shift: float = 0.0, smoothing: float = 1.0) -> csr_array:
    """Turn co-occurrence counts into positive pointwise mutual information.

    PMI(i, j) = ln( P(i, j) / (P(i) · P(j)) ): how much more often two words meet than they
    would by chance. Negative values, and pairs that never met, become 0.

    Parameters
    ----------
    counts : sparse array, (V, V)
        Row: word, column: context.
    shift : float
        Subtracted from every PMI before the cut at 0; ln k gives the shifted PMI that
        Skip-gram with k negative samples factorises.
    smoothing : float
        Exponent on the context counts before P(j) is taken; 0.75 tames rare contexts.

    Returns
    -------
    scipy.sparse.csr_array, float64, (V, V)

    Raises
    ------
    ValueError
        If no count is above zero, one is negative, NaN or infinite, or an option is not finite.

    References
    ----------
    Church and Hanks 1990 (PMI); Levy and Goldberg 2014, "Neural Word Embedding as Implicit
    Matrix Factorization", section 3; Levy, Goldberg and Dagan 2015, section 3.2 (smoothing).
    """
    from scipy.sparse import coo_array

    if not (0 <= smoothing < np.inf and np.isfinite(shift)):
        raise ValueError(f"shift is {shift}, smoothing {smoothing}; give finite numbers.")
    entries = coo_array(counts, dtype=np.float64, copy=True)
    entries.eliminate_zeros()
    values = entries.data
    check_counts(values)
    values /= values.max()  # only shares matter, and no sum of them overflows
    rows, columns = entries.coords
    word_share = entries.sum(axis=1) / values.sum()
    contexts = entries.sum(axis=0)
    context_weight = (contexts / contexts.max()) ** smoothing
    context_share = context_weight / context_weight.sum()
    pmi = np.log(values / values.sum()) - np.log(word_share[rows]) - np.log(context_share[columns])
    result = coo_array((np.maximum(pmi - shift, 0.0), (rows, columns)), shape=entries.shape).tocsr()
    result.eliminate_zeros()
    return result


def check_counts(values: np.ndarray) -> None:
    """Raise a ValueError for counts that are negative, NaN or infinite, or all zero."""
    if not np.isfinite(values).all():
        raise ValueError("The counts hold NaN or infinity.")
    if values.min(initial=0) < 0:
        raise ValueError(f"Counts cannot be negative; the smallest is {values.min()}.")
    if not values.any():
        raise ValueError("All counts are zero: no two words ever stand near each other.")


def lsa(matrix: sparray, vocabulary: Vocabulary, *, vector_size: int = 100) -> WordVectors:
    """Shorten the rows of a count matrix to ``vector_size`` numbers by truncated SVD.

    The matrix is close to U · S · Vt with only the largest ``vector_size`` singular values;
    row i of U · sqrt(S) is the vector of word i. The square root keeps the first few
    directions from drowning the rest (Levy, Goldberg and Dagan 2015, section 3.3).

    Parameters
    ----------
    matrix : sparse array, (V, columns)
        One row a word: PPMI, or a term-document matrix transposed.
    vocabulary : Vocabulary
        Gives the words of the rows.
    vector_size : int
        M, the number of dimensions kept; below both sides of the matrix.

    Returns
    -------
    WordVectors
        V words, M dimensions, the largest singular value first. The sign of a direction is
        arbitrary; it is set so that its largest entry is positive. Of a matrix of zeros, zeros.

    Raises
    ------
    ValueError
        If the rows are not one a word, ``vector_size`` does not fit the matrix, or it holds NaN or
        infinity.

    References
    ----------
    Deerwester et al. 1990, "Indexing by Latent Semantic Analysis".
    """
    from scipy.sparse import issparse
    from scipy.sparse.linalg import svds
    from sklearn.utils.extmath import svd_flip

    matrix = matrix if issparse(matrix) else np.asarray(matrix)
    if matrix.shape[0] != len(vocabulary):
        raise ValueError(f"The matrix has {matrix.shape[0]} rows for {len(vocabulary)} words.")
    if vector_size not in range(1, min(matrix.shape)):
        raise ValueError(
            f"vector_size is {vector_size}; for a matrix of shape {matrix.shape} it must be "
            f"from 1 to {min(matrix.shape) - 1}."
        )
    matrix = matrix.astype(np.float64)
    largest = abs(matrix).max()
    if not np.isfinite(largest):
        raise ValueError("The matrix holds NaN or infinity.")
    rows = np.zeros((len(vocabulary), vector_size))
    if largest > 0:
        start = np.random.default_rng(0).random(min(matrix.shape))  # has no say in the result
        left, singular_values, right = svds(matrix / largest, vector_size, v0=start)
        left, _ = svd_flip(left[:, ::-1], right[::-1])
        rows = left * np.sqrt(singular_values[::-1] * largest)
    return WordVectors(vocabulary.words, rows, counts=vocabulary.counts)
