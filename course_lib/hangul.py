"""Korean writing: syllables taken apart into letters (jamo), and text cut into words.

A syllable such as 값 is one character, but it is written with letters: a leading consonant
(초성, ㄱ), a vowel (중성, ㅏ) and, often, a final consonant (종성, ㅄ). Unicode holds all
19 x 21 x 28 = 11,172 syllables in that order, so the letters follow from the number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from course_lib import writing
from course_lib.checks import one_string, strings
from course_lib.text import tokenize
from course_lib.writing import FINALS, LEADING, NO_FINAL, VOWELS, join_letters, normalize

_FIRST_LEADING, _FIRST_VOWEL, _FIRST_FINAL = 0x1100, 0x1161, 0x11A8  # conjoining jamo
_KOREAN = re.compile("[가-힣ㄱ-ㆎ\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\uffa0-\uffdc]")
_SYLLABLE = re.compile("[가-힣]")
_RUN = re.compile("[가-힣\u1100-\u11ff]+")
_THREE_LETTERS = re.compile(f"[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2{NO_FINAL}]")
# Letters that sound alike or sit on one key (with and without Shift), and so are mistaken for
# each other: 재미 and 제미, 됐다 and 됬다, 있다 and 잇다, 많이 and 만이.
_MISTAKEN = (
    dict(zip("ㄲㄸㅃㅆㅉ", "ㄱㄷㅂㅅㅈ", strict=True)),
    {"ㅐ": "ㅔ", "ㅔ": "ㅐ", "ㅒ": "ㅖ", "ㅖ": "ㅒ", "ㅙ": "ㅚ", "ㅚ": "ㅙ", "ㅞ": "ㅚ"},
    dict(zip("ㅆㄲㄶㅀㅄㄵㄺㅎ", f"ㅅㄱㄴㄹㅂㄴㄹ{NO_FINAL}", strict=True)),
)


def decompose(text: str) -> str:
    """Take every Korean syllable apart into exactly three characters.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Each syllable (U+AC00 to U+D7A3) as a leading consonant (U+1100 ...), a vowel
        (U+1161 ...) and a final consonant (U+11A8 ...) or ``NO_FINAL``. Everything else stays:
        single letters as in ㅋㅋ, Latin, digits, emoji.

    Notes
    -----
    ``compose(decompose(text)) == text`` for every text without conjoining jamo of its own. Where
    a text holds some (macOS writes file names that way), they are first joined to the syllables
    that Unicode defines as equal (NFC), then treated like these; what joins to no syllable, such
    as an archaic or a lone letter, stays as it is. A ``NO_FINAL`` in the text stays as well. So
    nothing is lost, but a text must be taken apart once only: a second pass reads the letters of
    the first as syllables, and adds a second mark after the first one.

    References
    ----------
    The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
    """
    text = _RUN.sub(lambda run: normalize(run[0]), text)
    return _SYLLABLE.sub(lambda syllable: _three_letters(syllable[0]), text)


def _three_letters(syllable: str) -> str:
    """Return the leading consonant, the vowel and the final consonant or its mark."""
    return normalize(syllable, "NFD").ljust(3, NO_FINAL)


def compose(text: str) -> str:
    """Put syllables together again: the inverse of :func:`decompose`.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Each run of leading consonant, vowel, and final consonant or ``NO_FINAL`` becomes one
        syllable. Everything else stays, for example the broken syllable at the end of an n-gram.
    """
    return _THREE_LETTERS.sub(lambda run: normalize(run[0].replace(NO_FINAL, "")), text)


def readable(text: str) -> str:
    """Write conjoining jamo as separate letters, to look at: ``ㄱㅏㅂㅅ``, ``ㄱㅏ∅``.

    A browser draws conjoining jamo as a syllable, so that 값 and its three letters look alike.
    The result is for the eye: ㄱ no longer tells whether it led or closed a syllable.
    """
    return one_string(text, "text").translate(_readable_letters())


@cache
def _readable_letters() -> dict[int, str]:
    rows = ((_FIRST_LEADING, LEADING), (_FIRST_VOWEL, VOWELS), (_FIRST_FINAL, FINALS))
    return {first + i: letter for first, row in rows for i, letter in enumerate(row)}


def is_korean(text: str) -> bool:
    """Tell whether a text holds Korean syllables or letters."""
    return bool(_KOREAN.search(text))


def romanize(text: str) -> str:
    """Write Korean in Latin letters, for places that cannot show Korean ones.

    Each syllable is written by itself, as Unicode names it: 국물 is ``gugmul``, though it sounds
    like ``gungmul``.
    """
    joined = normalize(compose(writing.full_width(text)))
    spelled = _SYLLABLE.sub(lambda syllable: _name(syllable[0]), readable(joined))
    return spelled.translate(_roman_letters())


def _name(syllable: str) -> str:
    """Return what Unicode calls a syllable: 값 is HANGUL SYLLABLE GABS."""
    return unicodedata.name(syllable).split()[-1].lower()


@cache
def _roman_letters() -> dict[int, str]:
    """Return what each letter adds to the name of a syllable."""
    letters = {letter: _name(writing.joined("ㅇ", "ㅏ", letter))[1:] for letter in FINALS}
    letters |= {letter: _name(writing.joined(letter, "ㅏ", ""))[:-1] for letter in LEADING}
    letters |= {letter: _name(writing.joined("ㅇ", letter, "")) for letter in VOWELS}
    return str.maketrans(letters | {"ㅇ": "ng", "ㆍ": "·"})  # the old vowel is used as a dot


def misspellings(word: str) -> list[str]:
    """List the spellings that differ from a word by one letter people often mistake.

    A vowel that sounds the same (재미, 제미), Shift not held (있다, 잇다), a final consonant that
    is not heard (많이, 만이). Real Korean text on the web is full of these.

    Parameters
    ----------
    word : str

    Returns
    -------
    list of str
        From left to right; empty where no letter of the word is in the table. The letters of
        the word are first put together by :func:`join_letters`.
    """
    found, word = [], join_letters(one_string(word, "word"))
    for place, syllable in enumerate(word):
        if not _SYLLABLE.match(syllable):
            continue
        letters = list(readable(_three_letters(syllable)))
        for row, (letter, mistaken) in enumerate(zip(letters, _MISTAKEN, strict=True)):
            if letter in mistaken:
                changed = [*letters[:row], mistaken[letter], *letters[row + 1 :]]
                found.append(word[:place] + writing.joined(*changed) + word[place + 1 :])
    return found


def tokenize_korean(
    texts: Iterable[str], *, form: writing.Form | None = "NFC"
) -> Iterator[list[str]]:
    """Split Korean texts at blanks, where an eojeol ends; punctuation is dropped.

    Parameters
    ----------
    texts : iterable of str
        A generator too.
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        See :func:`course_lib.writing.spelling`: with NFC, letters that stand apart or in half
        width are put together.

    Yields
    ------
    list of str
        The words of one text after the other.
    """
    for text in strings(texts):
        yield tokenize(writing.spelling(text, form), form=form)
