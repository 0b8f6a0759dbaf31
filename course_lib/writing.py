"""How words are written: normal forms of Unicode, Korean letters, words found in any of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, get_args

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
"""The four normal forms of Unicode; None, where it may stand, leaves a text as it is."""

LEADING = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
NO_FINAL = "∅"
"""Stands where a syllable has no final consonant; no letter of any text."""

_FIRST_SYLLABLE = 0xAC00  # 가
_HALF_WIDTH = re.compile("[ﾡ-ﾾￂ-ￇￊ-ￏￒ-ￗￚ-ￜ]")
_VOWEL_KEYS = dict(
    zip(re.findall("..", "ㅗㅏㅗㅐㅗㅣㅜㅓㅜㅔㅜㅣㅡㅣ"), "ㅘㅙㅚㅝㅞㅟㅢ", strict=True)
)
_KEYS = re.findall("..", "ㄱㅅㄴㅈㄴㅎㄹㄱㄹㅁㄹㅂㄹㅅㄹㅌㄹㅍㄹㅎㅂㅅ")  # of a letter with two
_ONE_LETTER = _VOWEL_KEYS | dict(zip(_KEYS, "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", strict=True))
_VOWEL, _FINAL = "|".join([*_VOWEL_KEYS, f"[{VOWELS}]"]), "|".join([*_KEYS, f"[{FINALS}]"])
_TYPED = re.compile(f"([{LEADING}])({_VOWEL})(?:({_FINAL})(?![{VOWELS}]))?")


def normalize(text: str, form: Form | None = "NFC") -> str:
    """Write a text in one of Unicode's normal forms: the one place of the course that does.

    ``é`` may be one character or two (e and an accent), 값 one or three. They look alike, but
    are different strings. So training text, words that are looked up and evaluation sets all
    come through here (words by :func:`spelling`), by default to the composed form of most texts.

    Parameters
    ----------
    text : str
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        None leaves the text as it is. The forms with K also fold what is only written otherwise,
        such as ``ﬁ`` or full width.

    Raises
    ------
    ValueError
        If there is no such form.

    References
    ----------
    Unicode Standard Annex 15, "Unicode Normalization Forms".
    """
    if form not in (None, *get_args(Form)):
        raise ValueError(f"form is {form!r}; choose one of {', '.join(get_args(Form))}, or None.")
    return text if form is None else unicodedata.normalize(form, text)


def spelling(text: str, form: Form | None = "NFC") -> str:
    """Return how words are looked up: as :func:`normalize`, with NFC as :func:`join_letters`."""
    if form != "NFC":
        return normalize(text, form)
    return text if str.isascii(text) else join_letters(text)


def join_letters(text: str) -> str:
    """Put separate letters together to syllables, as a keyboard does: ㅇㅕㅇㅎㅗㅏ becomes 영화.

    A consonant closes a syllable unless a vowel follows it; two keys may make one letter (ㅄ, ㅘ).
    What makes no syllable, as ㅋㅋ and ㅠㅠ, stays; half-width letters become ordinary ones. The
    result is in normal form (NFC).

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return _TYPED.sub(lambda letters: joined(*letters.groups("")), full_width(normalize(text)))


def full_width(text: str) -> str:
    """Turn half-width Korean letters into ordinary ones."""
    # Unicode's table says "<narrow> 3131" of the half-width ㄱ.
    return _HALF_WIDTH.sub(
        lambda half: chr(int(unicodedata.decomposition(half[0]).split()[1], 16)), text
    )


def joined(leading: str, vowel: str, final: str) -> str:
    """Return the syllable of two or three letters; the last may be empty."""
    number = LEADING.index(leading) * 21 + VOWELS.index(_ONE_LETTER.get(vowel, vowel))
    last = (
        FINALS.find(_ONE_LETTER.get(final, final) or NO_FINAL) + 1
    )  # 0 for the mark, which is not in the row
    return chr(_FIRST_SYLLABLE + number * 28 + last)


class WordIndex(dict[str, int]):
    """The row of each word; a word that is not there is looked up in its :func:`spelling` as well.

    Parameters
    ----------
    words : sequence of str
        Row i is word i. Two words may differ in form alone; each is found as it is written.
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        None: only a word that is written alike is found.
    """

    def __init__(self, words: Sequence[str], form: Form | None = "NFC") -> None:
        super().__init__((word, row) for row, word in enumerate(words))
        self.form = form

    @cached_property
    def _normal(self) -> dict[str, int]:
        """The words that are not in normal form, in that form."""
        odd = ((spelling(word, self.form), word) for word in reversed(self))
        return {normal: self[word] for normal, word in odd if normal != word}

    def __missing__(self, word: object) -> int:
        normal = spelling(word, self.form) if isinstance(word, str) else word
        row = super().get(normal)
        return self._normal[normal] if row is None else row

    def get(self, word: object, default: int | None = None) -> int | None:
        """Return the row of a word, or ``default``."""
        try:
            return self[word]
        except KeyError:
            return default

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has a row."""
        return self.get(word) is not None
