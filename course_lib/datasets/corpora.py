"""Running text for training: a corpus is a list of sentences, a sentence a list of words."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import Any, Literal

from course_lib import hangul
from course_lib.datasets import store
from course_lib.datasets.readers import READERS
from course_lib.datasets.registry import REGISTRY, unknown_name
from course_lib.text import tokenize

_LARGEST_FIRST = {
    "english": ("enwiki", "brown", "wikipedia", "lee"),
    "korean": ("kowiki", "nsmc", "korean"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Corpus(Sequence[list[str]]):
    """A tokenised text, read-only: a sequence of sentences.

    Attributes
    ----------
    sentences : list of list of str
        Words in lower case, punctuation dropped (both kept with ``as_written``), no sentence
        shorter than two words.
    name : str
        The name in ``REGISTRY``.
    source : str
        Where it was found: ``"cache"``, ``"mirror"``, ``"embedded"`` or ``"sample"``.
    license : str
    titles : list of str
        The title of each document: article, news text, file or topic; the id of a review.
    starts : list of int
        Document i begins at sentence ``starts[i]``.
    """

    sentences: list[list[str]]
    name: str
    source: str
    license: str
    titles: list[str]
    starts: list[int]

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.sentences)

    def __getitem__(self, index: int | slice) -> Any:
        """Return one sentence, or a list of them for a slice."""
        return self.sentences[index]

    def __repr__(self) -> str:
        """Return a one-line summary."""
        return (
            f"Corpus({self.name!r}, {len(self):,} sentences, {self.n_tokens:,} tokens, "
            f"source={self.source!r})"
        )

    @cached_property
    def n_tokens(self) -> int:
        """The number of words of all sentences together."""
        return sum(map(len, self.sentences))

    def documents(self) -> list[tuple[str, list[str]]]:
        """Return each document as (title, all its words in one list)."""
        ends = [*self.starts[1:], len(self)]
        return [
            (title, [word for sentence in self.sentences[start:end] for word in sentence])
            for title, start, end in zip(self.titles, self.starts, ends, strict=True)
        ]


def load_corpus(
    name: str,
    *,
    max_tokens: int | None = None,
    as_written: bool = False,
    download: bool = False,
) -> Corpus:
    """Read a corpus from the cache, a mirror folder or the package it ships in.

    Parameters
    ----------
    name : {"wikipedia", "lee", "korean", "enwiki", "brown", "kowiki", "nsmc"}
        The first three are always at hand: two ship with gensim, ``korean`` with this course.
    max_tokens : int, optional
        Stop at the first sentence end at which this many words have been read.
    as_written : bool
        Keep capitals, and punctuation marks as words of their own: for language models.
    download : bool
        Fetch the file if it is not at hand. Without it, nothing touches the network.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If there is no such corpus, ``max_tokens`` is below 1, or a Korean corpus is asked for
        ``as_written``.
    DataUnavailable
        If the file is not at hand, or is truncated or altered.

    Notes
    -----
    Sentences come from ``text.split_sentences`` (Brown brings its own), words from
    ``text.tokenize`` or, in Korean, from ``hangul.tokenize_korean``. A sentence of one word is
    dropped: it has no context to learn from.
    """
    if name not in READERS:
        raise ValueError(unknown_name(name, READERS, "corpus"))
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}; give 1 or more, or None for all.")
    korean = name in _LARGEST_FIRST["korean"]
    if as_written and korean:
        raise ValueError(f"as_written is for the English corpora, not for {name!r}.")
    words_of = partial(map, partial(tokenize, lower=not as_written, punctuation=as_written))
    if korean:
        words_of = hangul.tokenize_korean
    paths = store.locate(name, download=download)
    sentences: list[list[str]] = []
    titles: list[str] = []
    starts: list[int] = []
    left = math.inf if max_tokens is None else max_tokens
    for title, document in chain.from_iterable(map(READERS[name], paths)):
        titles.append(title)
        starts.append(len(sentences))
        for words in words_of(document):
            if len(words) >= 2 and left > 0:
                # One string object a word: ten million tokens then cost a pointer each.
                sentences.append(list(map(sys.intern, words)))
                left -= len(words)
        if left <= 0:
            break
    source, license = store.used()[name], REGISTRY[name].license
    return Corpus(sentences, name, source, license, titles, starts)


def largest_corpus(
    language: Literal["english", "korean"] = "english", *, max_tokens: int | None = None
) -> Corpus:
    """Return the largest corpus at hand.

    Parameters
    ----------
    language : {"english", "korean"}
        English: enwiki, else brown, else wikipedia. Korean: kowiki, else nsmc, else the sample.
    max_tokens : int, optional
        As in ``load_corpus``.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If there is no corpus of that language.
    DataUnavailable
        If a file is there but truncated or altered: no smaller corpus replaces it silently.
    """
    if language not in _LARGEST_FIRST:
        raise ValueError(unknown_name(language, _LARGEST_FIRST, "language"))
    name = store.choose(_LARGEST_FIRST[language])
    return load_corpus(name, max_tokens=max_tokens)
