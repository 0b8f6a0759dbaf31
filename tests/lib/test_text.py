"""text: tokens, sentences, vocabulary, windows, sub-sampling."""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import text

MAT = ["The", "fat", "cat", "sat", "on", "the", "mat"]
TABLE = ["The", "fat", "cat", "sat", "on", "the", "table"]


def test_tokenize_keeps_words_and_drops_punctuation() -> None:
    assert text.tokenize("Don't stop, well-known DOG! 3.5 (강아지)") == [
        "don't",
        "stop",
        "well-known",
        "dog",
        "3",
        "5",
        "강아지",
    ]
    assert text.tokenize("The the", lower=False) == ["The", "the"]
    assert text.tokenize("  ... ") == []


def test_tokenize_refuses_a_list() -> None:
    with pytest.raises(TypeError, match="one string, not list"):
        text.tokenize(["a", "b"])


def test_sentences_end_at_marks_before_capitals_and_at_line_ends() -> None:
    assert text.split_sentences('It rained. "Why?" she asked. No one knew!\nNew line') == [
        "It rained.",
        '"Why?" she asked.',
        "No one knew!",
        "New line",
    ]
    assert text.split_sentences("about 3.5 metres. end") == ["about 3.5 metres. end"]


def test_vocabulary_is_sorted_by_count_then_first_appearance() -> None:
    vocabulary = text.Vocabulary.build([["b", "a", "c", "a"], ["c", "d"]])
    assert vocabulary.words == ["a", "c", "b", "d"]
    assert vocabulary.counts.tolist() == [2, 2, 1, 1]
    assert vocabulary["c"] == 1 and "z" not in vocabulary and len(vocabulary) == 4


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), max_size=12), st.integers(1, 4))
def test_vocabulary_agrees_with_a_plain_count(sentences: list[list[str]], min_count: int) -> None:
    plain = {w: n for w, n in Counter(chain.from_iterable(sentences)).items() if n >= min_count}
    if not plain:
        with pytest.raises(ValueError, match=r"empty|min_count"):
            text.Vocabulary.build(sentences, min_count=min_count)
        return
    vocabulary = text.Vocabulary.build(sentences, min_count=min_count)
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == plain
    encoded = vocabulary.encode(sentences)
    decoded = [[vocabulary.words[i] for i in sentence] for sentence in encoded]
    assert decoded == [[w for w in sentence if w in plain] for sentence in sentences]
    assert len(encoded) == len(sentences) and encoded.ids.dtype == np.int32


def test_max_size_keeps_the_most_frequent() -> None:
    assert text.Vocabulary.build([["a", "b", "b", "c", "c", "c"]], max_size=2).words == ["c", "b"]


def test_vocabulary_errors() -> None:
    with pytest.raises(ValueError, match="empty"):
        text.Vocabulary.build([])
    with pytest.raises(ValueError, match=r"'a', occurs 1 times. Lower min_count"):
        text.Vocabulary.build([["a"]], min_count=2)
    with pytest.raises(ValueError, match="min_count is 0"):
        text.Vocabulary.build([["a"]], min_count=0)
    with pytest.raises(TypeError, match="must be a list of words, not str: 'a sentence'"):
        text.Vocabulary.build(["a sentence"])


def test_unknown_word_names_close_ones() -> None:
    vocabulary = text.Vocabulary.build([["orange", "oranges", "apple"]])
    with pytest.raises(KeyError, match=r"'oranze' is not among the 3 words.*orange"):
        vocabulary["oranze"]
    with pytest.raises(KeyError, match="No word is spelt alike"):
        vocabulary["zzzz"]


def test_windows_of_the_mat_sentence() -> None:
    assert text.context_windows(MAT, 2) == [
        ("The", ["fat", "cat"]),
        ("fat", ["The", "cat", "sat"]),
        ("cat", ["The", "fat", "sat", "on"]),
        ("sat", ["fat", "cat", "on", "the"]),
        ("on", ["cat", "sat", "the", "mat"]),
        ("the", ["sat", "on", "mat"]),
        ("mat", ["on", "the"]),
    ]


def test_examples_per_position() -> None:
    assert [len(context) for _, context in text.context_windows(TABLE, 2)] == [2, 3, 4, 4, 4, 3, 2]
    lower = Counter(center for center, _ in text.skipgram_pairs([w.lower() for w in TABLE], 2))
    assert lower["the"] == 5


@given(st.lists(st.text(max_size=2), max_size=9), st.integers(1, 5))
def test_pairs_agree_with_two_loops(sentence: list[str], window: int) -> None:
    wanted = [
        (sentence[i], sentence[j])
        for i in range(len(sentence))
        for j in range(len(sentence))
        if i != j and abs(i - j) <= window
    ]
    assert text.skipgram_pairs(sentence, window) == wanted


def test_window_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="window is 0"):
        text.skipgram_pairs(MAT, 0)


def test_keep_probability_is_the_program_s_formula() -> None:
    counts = np.array([900, 90, 9, 1])
    got = text.keep_probability(counts, 1e-2)
    for count, kept in zip(counts, got, strict=True):
        # word2vec.c: ran = (sqrt(cn / (sample * words)) + 1) * (sample * words) / cn
        wanted = (math.sqrt(count / (1e-2 * 1000)) + 1) * (1e-2 * 1000) / count
        assert kept == pytest.approx(min(1, wanted))
    assert text.keep_probability(counts, 0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("sample", [-1e-3, math.nan, math.inf])
def test_keep_probability_refuses(sample: float) -> None:
    with pytest.raises(ValueError, match="sample is"):
        text.keep_probability(np.array([1, 2]), sample)


def test_noise_distribution() -> None:
    got = text.noise_distribution(np.array([16, 1]))
    assert got == pytest.approx([8 / 9, 1 / 9])
    assert text.noise_distribution(np.array([16, 1]), 0) == pytest.approx([0.5, 0.5])


def test_punctuation_marks_are_words_of_their_own_where_they_are_asked_for() -> None:
    sentence = 'He said: "Don\'t, well-known friend (8/10)!"'
    assert text.tokenize(sentence, lower=False, punctuation=True) == [
        "He", "said", ":", '"', "Don't", ",", "well-known", "friend", "(", "8", "/", "10", ")",
        "!", '"',
    ]  # fmt: skip
    assert [
        w for w in text.tokenize(sentence, punctuation=True) if w[0].isalnum()
    ] == text.tokenize(sentence)
