"""Korean words as an analyser cuts them: for the comparison of cuts, not for the course.

The analyser is kiwipiepy, https://github.com/bab2min/kiwipiepy (the extra ``korean``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

from course_lib import hangul
from course_lib.datasets import store
from course_lib.datasets.readers import READERS
from course_lib.text import tokenize
from course_lib.writing import normalize

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

Unit = Literal["eojeol", "word", "morpheme"]


def splitter(unit: Unit) -> str:
    """Say what cuts words of this unit."""
    if unit not in get_args(Unit):
        raise ValueError(f"unit is {unit!r}; choose one of {', '.join(get_args(Unit))}.")
    return "whitespace" if unit == "eojeol" else f"kiwipiepy {version('kiwipiepy')}, unit {unit}"


def load_corpus(name: str, *, max_tokens: int, unit: Unit) -> list[list[str]]:
    """Return sentences of a Korean corpus, cut by unit: about 15,000 words a second."""
    sentences: list[list[str]] = []
    n_tokens = 0
    for path in store.locate(name):
        for _, document in READERS[name](path):
            for words in tokenize_korean(document, unit=unit):
                if len(words) > 1:
                    sentences.append(words)
                    n_tokens += len(words)
                if n_tokens >= max_tokens:
                    return sentences
    return sentences


def tokenize_korean(texts: Iterable[str], *, unit: Unit = "word") -> Iterator[list[str]]:
    """Split Korean texts into words, with all cores; punctuation is dropped.

    ``eojeol`` is what stands between blanks: 영화를 is one. ``word`` cuts off particles, which
    Korean grammar counts as words of their own (영화 + 를), and leaves inflected verbs whole, so
    that sub-words have something to do. ``morpheme`` cuts these too: 먹 + 었 + 다.
    """
    if unit == "eojeol":
        yield from hangul.tokenize_korean(texts)
        return
    # The analyser counts characters, and joins conjoining jamo without asking.
    joined = (hangul.join_letters(text) for text in texts)
    for analysis, text in _kiwi().tokenize(joined, echo=True):
        if unit == "morpheme":
            words = (word for token in analysis for word in token.form.lower().split())
            yield [normalize(word) for word in words if any(map(str.isalnum, word))]
        else:
            yield tokenize(_cut_particles(text, analysis))


def _cut_particles(text: str, analysis: list) -> str:
    """Put blanks around each particle that is written apart, and one in front of 이다."""
    cuts, end = {0, len(text)}, 0
    for token in analysis:
        # In 난 (나 + ㄴ) the particle shares a character with the word: nothing to cut.
        apart = token.len > 0 and token.start == end
        end = token.start + token.len
        if apart and token.tag.startswith("J"):
            cuts |= {token.start, end}
        elif apart and token.tag == "VCP":
            cuts.add(token.start)
    places = sorted(cuts)
    return " ".join(text[start:stop] for start, stop in pairwise(places))


@cache
def _kiwi() -> Kiwi:
    from kiwipiepy import Kiwi

    return Kiwi()
