"""How words are written: the normal forms of Unicode, and words found in any of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, get_args

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
"""The four normal forms of Unicode; None, where it may stand, leaves a text as it is."""


def normalize(text: str, form: Form | None = "NFC") -> str:
    """Write a text in one of Unicode's normal forms: the one place of the course that does.

    ``é`` may be one character or two (e and an accent), 값 one or three. They look alike, but
    are different strings. So training text, words that are looked up and evaluation sets all
    come through here, by default to the composed form that most texts have.

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


class WordIndex(dict[str, int]):
    """The row of each word; a word that is not there is looked up in normal form as well.

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
        odd = ((normalize(word, self.form), word) for word in reversed(self))
        return {normal: self[word] for normal, word in odd if normal != word}

    def __missing__(self, word: object) -> int:
        normal = normalize(word, self.form) if isinstance(word, str) else word
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
