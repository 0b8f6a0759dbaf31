"""evaluate: the same figures as gensim's own evaluation, on vectors of real words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gensim.test.utils import datapath

from course_lib import counts, datasets, evaluate
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    corpus = datasets.load_corpus("wikipedia", max_tokens=150_000)
    vocabulary = Vocabulary.build(corpus, min_count=3)
    table = counts.ppmi(counts.cooccurrence(corpus, vocabulary, window=3))
    return counts.lsa(table, vocabulary, vector_size=40)


@pytest.mark.parametrize(
    ("name", "file"), [("wordsim353", "wordsim353.tsv"), ("simlex999", "simlex999.txt")]
)
def test_similarity_agrees_with_gensim(vectors: WordVectors, name: str, file: str) -> None:
    got = evaluate.similarity(vectors, name)
    _, spearman, unknown = vectors.to_keyed_vectors().evaluate_word_pairs(datapath(file))
    assert got.spearman == pytest.approx(float(spearman[0]), abs=1e-6)
    assert 100 * (1 - got.coverage) == pytest.approx(unknown, abs=1e-9)
    assert got.pairs > 50


def test_analogies_agree_with_gensim(vectors: WordVectors) -> None:
    got = evaluate.analogies(vectors)
    score, sections = vectors.to_keyed_vectors().evaluate_word_analogies(
        datapath("questions-words.txt"), restrict_vocab=30_000
    )
    total = sections[-1]
    assert got.asked == len(total["correct"]) + len(total["incorrect"])
    # float32 products tie or round differently on a question or two
    assert abs(got.correct - len(total["correct"])) <= 2
    assert got.accuracy == pytest.approx(score, abs=1e-3)
    assert got.asked > 300 and got.correct > 0


def test_nothing_known_gives_nan_not_an_error() -> None:
    nobody = WordVectors(["qqq", "www"], np.eye(2))
    assert math.isnan(evaluate.similarity(nobody).spearman)
    assert math.isnan(evaluate.analogies(nobody).accuracy)
    assert evaluate.analogies(nobody).coverage == 0


def test_report_has_a_row_for_each_label(vectors: WordVectors) -> None:
    table = evaluate.report({"first": vectors, "second": vectors})
    assert table.index.tolist() == ["first", "second"]
    assert table.loc["first"].equals(table.loc["second"])
    assert table.loc["first", "WordSim-353"] == evaluate.similarity(vectors).spearman


def test_unknown_set_is_refused(vectors: WordVectors) -> None:
    with pytest.raises((KeyError, ValueError), match="wordsim353"):
        evaluate.similarity(vectors, "wordsim-353")
