"""counts: held to plain loops, to scikit-learn's vectorisers and to closed forms."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from course_lib import counts
from course_lib.text import Vocabulary

TOY = ["I like deep learning", "I like NLP", "I enjoy flying"]
sentences_of_letters = st.lists(st.lists(st.sampled_from("abcde"), max_size=9), max_size=6)


def test_one_hot() -> None:
    assert counts.one_hot([4, 0], 5).tolist() == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    assert counts.one_hot([], 5).shape == (0, 5)
    for wrong in ([5], [-1]):
        with pytest.raises(IndexError, match="from 0 to 4"):
            counts.one_hot(wrong, 5)


def test_term_document_and_tf_idf_agree_with_scikit_learn() -> None:
    documents = [line.split() for line in TOY]
    vocabulary = Vocabulary.build(documents)
    options = {"analyzer": str.split, "vocabulary": vocabulary.index, "lowercase": False}
    wanted = CountVectorizer(**options).fit_transform(TOY)
    got = counts.term_document(documents, vocabulary)
    assert (got.toarray() == wanted.toarray()).all()
    weighted = TfidfVectorizer(**options).fit_transform(TOY)
    np.testing.assert_allclose(counts.tf_idf(got).toarray(), weighted.toarray(), atol=1e-12)


def test_cooccurrence_of_the_three_sentences() -> None:
    vocabulary = Vocabulary.build([line.split() for line in TOY])
    got = counts.cooccurrence([line.split() for line in TOY], vocabulary, window=1).toarray()
    once = [
        ("I", "enjoy"),
        ("like", "deep"),
        ("like", "NLP"),
        ("deep", "learning"),
        ("enjoy", "flying"),
    ]
    wanted = np.zeros((7, 7))
    for first, second, n in [("I", "like", 2), *((a, b, 1) for a, b in once)]:
        wanted[vocabulary[first], vocabulary[second]] = n
        wanted[vocabulary[second], vocabulary[first]] = n
    assert (got == wanted).all()


@given(sentences_of_letters, st.integers(1, 4), st.sampled_from(["constant", "inverse"]))
def test_cooccurrence_agrees_with_a_dict(
    sentences: list[list[str]], window: int, weighting: str
) -> None:
    vocabulary = Vocabulary.build([["a", "b", "c", "d"]])  # e has no id and is dropped first
    plain: Counter[tuple[int, int]] = Counter()
    for sentence in sentences:
        ids = [vocabulary[word] for word in sentence if word in vocabulary]
        for i, first in enumerate(ids):
            for j in range(max(0, i - window), min(len(ids), i + window + 1)):
                if i != j:
                    plain[first, ids[j]] += 1 if weighting == "constant" else 1 / abs(i - j)
    got = counts.cooccurrence(sentences, vocabulary, window=window, weighting=weighting)
    wanted = np.zeros((4, 4))
    for place, value in plain.items():
        wanted[place] = value
    np.testing.assert_allclose(got.toarray(), wanted, atol=1e-12)
    assert (got != got.T).nnz == 0


def test_cooccurrence_errors() -> None:
    vocabulary = Vocabulary.build([["a", "b"]])
    with pytest.raises(ValueError, match="window is 0"):
        counts.cooccurrence([["a", "b"]], vocabulary, window=0)
    with pytest.raises(ValueError, match="'linear'"):
        counts.cooccurrence([["a", "b"]], vocabulary, weighting="linear")


@pytest.mark.parametrize("shift", [0.0, math.log(5)])
@pytest.mark.parametrize("smoothing", [1.0, 0.75])
def test_ppmi_agrees_with_the_definition(shift: float, smoothing: float) -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 4, size=(6, 6))
    table = table + table.T
    total = table.sum()
    context = table.sum(axis=0) ** smoothing / (table.sum(axis=0) ** smoothing).sum()
    wanted = np.zeros((6, 6))
    for i in range(6):
        for j in range(6):
            if table[i, j]:
                pmi = math.log(table[i, j] / total / (table[i].sum() / total * context[j]))
                wanted[i, j] = max(0.0, pmi - shift)
    got = counts.ppmi(csr_array(table), shift=shift, smoothing=smoothing)
    np.testing.assert_allclose(got.toarray(), wanted, atol=1e-12)
    assert (got.data > 0).all()


def test_independent_words_have_no_information() -> None:
    table = np.outer([1, 2, 3], [1, 2, 3])  # P(i, j) = P(i) P(j) everywhere
    assert np.abs(counts.ppmi(csr_array(table)).toarray()).max() < 1e-12


def test_ppmi_errors() -> None:
    with pytest.raises(ValueError, match="All counts are zero"):
        counts.ppmi(csr_array((3, 3)))
    with pytest.raises(ValueError, match="smallest is -1"):
        counts.ppmi(csr_array(np.array([[1, -1], [-1, 1]])))


def test_lsa_keeps_the_best_approximation() -> None:
    rng = np.random.default_rng(1)
    half = rng.random((30, 4))
    table = half @ half.T + 0.01 * np.eye(30)
    vocabulary = Vocabulary.build([[f"w{i}" for i in range(30)]])
    vectors = counts.lsa(csr_array(table), vocabulary, vector_size=4)
    left, singular, _ = np.linalg.svd(table)
    wanted = left[:, :4] * np.sqrt(singular[:4])
    # Each column may come with either sign; the products of rows do not depend on it.
    np.testing.assert_allclose(vectors.matrix @ vectors.matrix.T, wanted @ wanted.T, atol=1e-3)
    assert vectors.words == vocabulary.words


def test_lsa_errors() -> None:
    vocabulary = Vocabulary.build([["a", "b", "c"]])
    with pytest.raises(ValueError, match="2 rows for 3 words"):
        counts.lsa(csr_array((2, 2)), vocabulary, vector_size=1)
    with pytest.raises(ValueError, match="from 1 to 2"):
        counts.lsa(csr_array((3, 3)), vocabulary, vector_size=3)


def test_the_largest_entry_of_each_lsa_dimension_is_positive() -> None:
    rng = np.random.default_rng(3)
    vocabulary = Vocabulary([f"w{i}" for i in range(30)], np.full(30, 2))
    matrix = csr_array(rng.normal(size=(30, 25)))
    found = counts.lsa(matrix, vocabulary, vector_size=10).matrix
    largest = found[np.abs(found).argmax(axis=0), np.arange(10)]
    assert (largest > 0).all()
