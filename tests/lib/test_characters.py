"""Words as bytes between marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import characters


def test_the_ids_of_a_word_written_out() -> None:
    assert characters.word_to_ids("dog") == [258, 100, 111, 103, 259] + [260] * 45
    assert characters.word_to_ids("한", width=8) == [258, 0xED, 0x95, 0x9C, 259, 260, 260, 260]
    assert characters.word_to_ids("", width=3) == [258, 259, 260]
    assert characters.sentence_mark_ids(256, width=5) == [258, 256, 259, 260, 260]
    assert characters.sentence_mark_ids(257, width=4) == [258, 257, 259, 260]


def test_a_long_word_is_cut_to_48_bytes_even_inside_a_letter() -> None:
    ids = characters.word_to_ids("가" * 20)
    assert len(ids) == 50 and ids[0] == 258 and ids[-1] == 259
    assert bytes(ids[1:-1]) == ("가" * 16).encode()
    assert characters.word_to_ids("a" * 48) == [258, *b"a" * 48, 259]
    assert characters.word_to_ids("a" * 49) == characters.word_to_ids("a" * 48)
    assert bytes(characters.word_to_ids("가" * 3, width=10)[1:-1]) == "가가가".encode()[:8]


@given(st.text(max_size=60).filter(lambda text: text.isprintable()), st.integers(3, 80))
def test_the_bytes_can_be_read_back(word: str, width: int) -> None:
    ids = characters.word_to_ids(word, width=width)
    assert len(ids) == width and ids[0] == 258
    end = ids.index(259)
    assert bytes(ids[1:end]) == word.encode()[: width - 2]
    assert set(ids[end + 1 :]) <= {260}


def test_a_batch_is_raised_by_one_with_zeros_where_no_word_is() -> None:
    batch = characters.batch_to_ids([["a", "bc"], ["a"]], width=5)
    assert batch.dtype == np.int64 and batch.shape == (2, 4, 5)
    assert batch[0].tolist() == [
        [259, 257, 260, 261, 261],
        [259, 98, 260, 261, 261],
        [259, 99, 100, 260, 261],
        [259, 258, 260, 261, 261],
    ]
    assert batch[1, :3].tolist() == [batch[0, i].tolist() for i in (0, 1, 3)]
    assert not batch[1, 3].any()


@given(st.lists(st.lists(st.text("ab가", max_size=3), min_size=1), min_size=1))
def test_distinct_words_are_those_of_numpy(sentences: list[list[str]]) -> None:
    batch = characters.batch_to_ids(sentences, width=6)
    words, rows = characters.distinct(batch)
    assert rows.shape == batch.shape[:2] and np.array_equal(rows < 0, ~batch.any(2))
    assert np.array_equal(np.where(rows[:, :, None] < 0, 0, words[rows]), batch)
    assert np.array_equal(np.unique(words, axis=0), np.unique(batch[batch.any(2)], axis=0))
    assert len(np.unique(words, axis=0)) == len(words)


def test_the_byte_zero_is_a_character_and_no_mask() -> None:
    assert characters.batch_to_ids([["\0"]], width=4)[0, 1].tolist() == [259, 1, 260, 261]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("a sentence", TypeError, "sentences must be a list of token lists"),
        (
            ["a sentence"],
            TypeError,
            "sentences\\[0\\] must be a list of words, not str: 'a sentence'",
        ),
        ([["a"], []], ValueError, "Sentence 1 is empty"),
        ([], ValueError, "batch is empty"),
        ([["a", 3]], TypeError, "sentences\\[0\\]\\[1\\] is 3 \\(int\\)"),
        ([["a", None]], TypeError, "NoneType"),
        ([[b"a"]], TypeError, "bytes"),
    ],
)
def test_wrong_batches(given: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        characters.batch_to_ids(given)  # type: ignore[arg-type]


def test_wrong_words() -> None:
    with pytest.raises(TypeError, match="not int"):
        characters.word_to_ids(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="surrogates not allowed"):
        characters.word_to_ids("\ud800")
    with pytest.raises(ValueError, match="width is 2"):
        characters.word_to_ids("a", width=2)
    with pytest.raises(ValueError, match="mark is 255"):
        characters.sentence_mark_ids(255)
