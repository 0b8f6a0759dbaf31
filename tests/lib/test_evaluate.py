"""evaluate: the same figures as gensim's own evaluation, on vectors of real words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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


def test_sections_of_the_analogies_sum_to_the_whole(vectors: WordVectors) -> None:
    got = evaluate.analogies(vectors)
    assert len(got.sections) == 14 and got.sections["questions"].sum() == 19_544
    assert got.sections["correct"].sum() == got.correct
    assert got.sections["asked"].sum() == got.asked
    _, sections = vectors.to_keyed_vectors().evaluate_word_analogies(
        datapath("questions-words.txt"), restrict_vocab=30_000
    )
    theirs = {each["section"]: len(each["correct"]) for each in sections[:-1]}
    ours = got.sections["correct"]
    assert all(abs(ours[name] - correct) <= 2 for name, correct in theirs.items())


def korean_toy(monkeypatch: pytest.MonkeyPatch) -> WordVectors:
    """Put Korean questions and pairs made by hand where the loaders would find the real ones."""
    questions = pd.DataFrame(
        [
            ("sem", "서울", "한국", "도쿄", "일본"),
            ("syn", "먹다", "먹었다", "가다", "갔다"),
            ("syn", "먹다", "먹었다", "보다", "봤다"),  # 봤다 has no vector
        ],
        columns=["section", "a", "b", "c", "d"],
    )
    pairs = pd.DataFrame(
        [
            ("서울", "도쿄", 8.0),
            ("서울", "먹다", 1.0),
            ("한국", "일본", 7.0),
            ("봤다", "가다", 5.0),
        ],
        columns=["word1", "word2", "score"],
    )
    loaders = {"load_analogies": questions, "load_similarity": pairs}
    asked = {"load_analogies": "korean", "load_similarity": "wordsim353_ko"}
    for name, table in loaders.items():
        monkeypatch.setattr(
            evaluate.datasets,
            name,
            lambda got, name=name, table=table: table.copy() if got == asked[name] else 1 / 0,
        )
    rows = {"서울": [1, 0, 0], "한국": [1, 1, 0], "도쿄": [1, 0, 0.2], "일본": [1, 1, 0.2]}
    rows |= {"먹다": [0, 0, 1], "먹었다": [-1, 0, 1], "가다": [0, 0.5, 1], "갔다": [1, 1, 1]}
    rows |= {"보다": [0.2, 0, 1]}
    return WordVectors(list(rows), np.array(list(rows.values()), dtype=np.float32))


def test_korean_sets_on_vectors_made_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = korean_toy(monkeypatch)
    got = evaluate.analogies(vectors, "korean")
    # 한국 - 서울 + 도쿄 = (1, 1, 0.2) is 일본 itself; 먹었다 - 먹다 + 가다 = (-1, 0.5, 1) is
    # nearest to no 갔다 (1, 1, 1).
    assert (got.correct, got.asked, got.accuracy) == (1, 2, 0.5)
    assert got.coverage == pytest.approx(2 / 3)
    assert got.sections.to_dict("index") == {
        "sem": {"correct": 1, "asked": 1, "questions": 1},
        "syn": {"correct": 0, "asked": 1, "questions": 2},
    }
    pairs = evaluate.similarity(vectors, "wordsim353_ko")
    assert (pairs.pairs, pairs.coverage) == (3, 0.75)
    assert pairs.spearman == pytest.approx(0.5)  # cosines 0.98, 0, 0.99 against 8, 1, 7


def test_nothing_known_gives_nan_not_an_error() -> None:
    nobody = WordVectors(["qqq", "www"], np.eye(2))
    assert math.isnan(evaluate.similarity(nobody).spearman)
    assert math.isnan(evaluate.analogies(nobody).accuracy)
    assert evaluate.analogies(nobody).coverage == 0
    assert evaluate.analogies(nobody).sections["asked"].sum() == 0


def test_report_has_a_row_for_each_label(vectors: WordVectors) -> None:
    table = evaluate.report({"first": vectors, "second": vectors})
    assert table.index.tolist() == ["first", "second"]
    assert table.loc["first"].equals(table.loc["second"])
    assert table.loc["first", "WordSim-353"] == evaluate.similarity(vectors).spearman


def test_unknown_set_is_refused(vectors: WordVectors) -> None:
    with pytest.raises((KeyError, ValueError), match="wordsim353"):
        evaluate.similarity(vectors, "wordsim-353")


@pytest.mark.parametrize("case_insensitive", [True, False])
def test_letter_case_is_treated_as_in_gensim(case_insensitive: bool) -> None:
    """Capitals, small letters, both, and spellings of one word beside each other."""
    table = datasets.load_analogies("english")
    rng = np.random.default_rng(0)
    words: list[str] = []
    for word in sorted(set(table[["a", "b", "c", "d"]].to_numpy().ravel()))[:500]:
        forms = [word, word.lower(), word.upper(), word.swapcase()]
        words += [form for form in forms if rng.random() < 0.4]
    pairs = datasets.load_similarity("wordsim353")
    words += [word.upper() for word in pairs["word1"]] + list(pairs["word2"])
    words = list(dict.fromkeys(words))
    vectors = WordVectors(words, rng.normal(size=(len(words), 4)))
    theirs = vectors.to_keyed_vectors()
    _, sections = theirs.evaluate_word_analogies(
        datapath("questions-words.txt"), case_insensitive=case_insensitive
    )
    ours = evaluate.analogies(vectors, case_insensitive=case_insensitive)
    right, wrong = (len(sections[-1][kind]) for kind in ("correct", "incorrect"))
    assert (ours.correct, ours.asked) == (right, right + wrong)
    assert ours.asked > (0 if case_insensitive else -1)
    _, rho, unknown = theirs.evaluate_word_pairs(
        datapath("wordsim353.tsv"), case_insensitive=case_insensitive
    )
    found = evaluate.similarity(vectors, case_insensitive=case_insensitive)
    assert found.spearman == pytest.approx(rho.statistic, abs=1e-6)
    assert found.coverage == pytest.approx(1 - unknown / 100)


LETTERS = ["Paris", "France", "Rome", "ITALY", "ı", "ß", "ﬁ", "σ", "ǆ", "é", "ᾳ", "x"]
LIKE = {"Paris": "paris", "ITALY": "italy", "ı": "I", "ß": "ss", "ﬁ": "FI", "σ": "ς", "ǆ": "Ǆ"}


@pytest.mark.parametrize("seed", range(12))
def test_questions_about_few_words_agree_with_gensim(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One word stands there in two spellings, as gensim looks at the five best alone."""
    rng = np.random.default_rng(seed)
    words = rng.permutation(LETTERS)[: rng.integers(3, len(LETTERS))].tolist()
    words.insert(rng.integers(len(words)), next((LIKE[w] for w in words if w in LIKE), "y"))
    vectors = WordVectors(words, rng.normal(size=(len(words), 4)))
    questions = rng.choice([*LETTERS, *LIKE.values()], (120, 4)).tolist()
    twice = [row for row in questions if row[3].upper() in {word.upper() for word in row[:3]}]
    path, report = tmp_path / "questions.txt", vectors.to_keyed_vectors().evaluate_word_analogies

    def asked(rows: list[list[str]], **options: Any) -> tuple[int, int]:
        table = pd.DataFrame([["all", *row] for row in rows], columns=["section", *"abcd"])
        monkeypatch.setattr(datasets, "load_analogies", lambda name: table.copy())
        got = evaluate.analogies(vectors, **options)
        return got.correct, got.asked

    new = [row for row in questions if row not in twice]
    path.write_text(": all\n" + "".join(" ".join(row) + "\n" for row in new), encoding="utf-8")
    for insensitive in (True, False):
        for most in (1, 2, 3, 4, 9, 100):
            options = {"most_frequent": most, "case_insensitive": insensitive}
            got = asked(new, **options)
            options["restrict_vocab"] = options.pop("most_frequent")
            _, (*_, total) = report(str(path), **options)
            right, wrong = len(total["correct"]), len(total["incorrect"])
            assert got == (right, right + wrong), options
            # A given word is no answer, even where there is no other.
            got = asked(twice, most_frequent=most, case_insensitive=True)
            assert got[0] == 0, options


def test_no_vectors_answer_no_question() -> None:
    nothing = WordVectors([], np.zeros((0, 3)))
    assert evaluate.analogies(nothing).asked == evaluate.similarity(nothing).pairs == 0
    row = evaluate.report({"nothing": nothing}).loc["nothing"]
    assert row["words"] == row["pairs"] == row["asked"] == 0 and math.isnan(row["analogies"])
