"""hangul: all 11,172 syllables, against Unicode's own rules, arithmetic and letter names."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import hangul

SYLLABLES = [chr(code) for code in range(0xAC00, 0xD7A4)]
PLAIN = ["ㅋㅋㅋ ㅠㅠ", "Hello, café 3.5", "ｶﾞ 漢字 ∅", "😀👩‍👩‍👧 ♥", "", "ﾡ"]


def test_every_syllable_against_unicode_and_arithmetic() -> None:
    assert len(SYLLABLES) == 11_172
    for number, syllable in enumerate(SYLLABLES):
        letters = hangul.decompose(syllable)
        assert len(letters) == 3
        assert letters.replace(hangul.NO_FINAL, "") == unicodedata.normalize("NFD", syllable)
        leading, vowel, final = number // 588, number % 588 // 28, number % 28
        assert ord(letters[0]) == 0x1100 + leading and ord(letters[1]) == 0x1161 + vowel
        assert letters[2] == (chr(0x11A7 + final) if final else hangul.NO_FINAL)
        assert hangul.compose(letters) == syllable


def test_the_mark_is_visible_and_in_no_word() -> None:
    assert unicodedata.category(hangul.NO_FINAL) == "Sm" and not hangul.NO_FINAL.isalnum()
    assert hangul.readable(hangul.decompose("값가")) == "ㄱㅏㅄㄱㅏ∅"


@pytest.mark.parametrize("text", PLAIN)
def test_everything_else_is_left_alone(text: str) -> None:
    assert hangul.decompose(text) == text == hangul.compose(text)


# Letters that meet one another often, where Hypothesis alone would seldom put them side by side.
MIXED = st.text(st.sampled_from("가각갛힣먹었다ᄀ까ᅵᆨᇂᅀᅶᇃㄱㅏㅋ∅aé e😀"), max_size=12)


@given(st.text() | MIXED)
def test_round_trip_gives_the_text_with_its_own_jamo_joined(text: str) -> None:
    expected = re.sub(
        "[\u1100-\u11ff\uac00-\ud7a3]+", lambda run: unicodedata.normalize("NFC", run[0]), text
    )
    assert hangul.compose(hangul.decompose(text)) == expected
    assert unicodedata.normalize("NFC", expected) == unicodedata.normalize("NFC", text)
    if not re.search("[\u1100-\u11ff]", text):
        assert expected == text


@given(MIXED)
def test_compose_joins_nothing_but_three_letters(text: str) -> None:
    joined = hangul.compose(text)
    assert len(text) - len(joined) == 2 * len(
        re.findall("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2∅]", text)
    )


def test_words_in_both_unicode_forms_are_one() -> None:
    word = "한국어를"
    assert hangul.decompose(unicodedata.normalize("NFD", word)) == hangul.decompose(word)
    assert hangul.decompose("가∅") == hangul.decompose("가") + "∅"  # a mark of the text's own


def test_a_second_pass_loses_nothing_but_adds_a_mark() -> None:
    once = hangul.decompose("값가")
    assert hangul.decompose(once) == once + hangul.NO_FINAL


def test_a_long_text_takes_linear_time() -> None:
    text = "한국어" * 100_000  # a pattern that backtracks would need hours
    assert hangul.compose(hangul.decompose(text)) == text


def test_letters_against_their_unicode_names() -> None:
    def names(first: int, row: str, kind: str) -> None:
        for i, letter in enumerate(row):
            conjoining = unicodedata.name(chr(first + i)).removeprefix(f"HANGUL {kind} ")
            assert unicodedata.name(letter) == f"HANGUL LETTER {conjoining}"

    names(0x1100, hangul.LEADING, "CHOSEONG")
    names(0x1161, hangul.VOWELS, "JUNGSEONG")
    names(0x11A8, hangul.FINALS, "JONGSEONG")
    assert (len(hangul.LEADING), len(hangul.VOWELS), len(hangul.FINALS)) == (19, 21, 27)


@pytest.mark.parametrize(
    ("korean", "latin"),
    # Place names as they stand on road signs, where no sound changes between syllables.
    [
        ("부산", "busan"),
        ("서울", "seoul"),
        ("광주", "gwangju"),
        ("대전", "daejeon"),
        ("ㅋㅋㅋ ㅠㅠ", "kkk yuyu"),
        ("A ∅", "A ∅"),
    ],
)
def test_romanize(korean: str, latin: str) -> None:
    assert hangul.romanize(korean) == latin
    assert hangul.romanize(hangul.decompose(korean)) == latin
    assert hangul.romanize(unicodedata.normalize("NFD", korean)) == latin


def test_romanize_leaves_no_korean() -> None:
    assert not hangul.is_korean(
        hangul.romanize("".join(SYLLABLES) + hangul.LEADING + hangul.VOWELS + hangul.FINALS)
    )
    assert hangul.is_korean("a ㅋ") and hangul.is_korean("ᄀ") and not hangul.is_korean("か漢a∅")


def test_misspellings_are_those_people_make() -> None:
    assert hangul.misspellings("재미") == ["제미"]
    assert hangul.misspellings("됐다") == ["됬다", "됏다"]
    assert hangul.misspellings("많이") == ["만이"] and hangul.misspellings("좋아") == ["조아"]
    assert hangul.misspellings("있다") == ["잇다"] and "갠찮다" not in hangul.misspellings("괜찮다")
    assert hangul.misspellings("영화") == [] == hangul.misspellings("ㅋㅋ abc")


@given(st.text(st.sampled_from("재밌었다괜찮은데까맣게aㅋ "), max_size=8))
def test_a_misspelling_differs_by_one_letter(word: str) -> None:
    right = hangul.decompose(word)
    for wrong in map(hangul.decompose, hangul.misspellings(word)):
        assert len(wrong) == len(right)
        assert sum(a != b for a, b in zip(wrong, right, strict=True)) == 1


# --- words ------------------------------------------------------------------------------------

SENTENCE = "어제 본 영화를 또 봤다. 그 감독은 학생이다ㅋㅋ"
EOJEOLS = ["어제", "본", "영화를", "또", "봤다", "그", "감독은", "학생이다ㅋㅋ"]


def test_texts_are_split_at_blanks() -> None:
    assert list(hangul.tokenize_korean([SENTENCE, ""])) == [EOJEOLS, []]
    with pytest.raises(TypeError, match="texts must be a list of texts"):
        next(hangul.tokenize_korean(SENTENCE))
