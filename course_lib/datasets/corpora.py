"""Running text for training: a corpus is a list of sentences, a sentence a list of words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from course_lib.datasets import store
from course_lib.datasets.readers import READERS
from course_lib.datasets.registry import REGISTRY, unknown_name
from course_lib.text import tokenise

_LARGEST_FIRST = ("enwiki", "brown", "wikipedia", "lee")


@dataclass(frozen=True, eq=False, repr=False)
class Corpus(Sequence[list[str]]):
    """A tokenised text, read-only: a sequence of sentences.

    Attributes
    ----------
    sentences : list of list of str
        Words in lower case, punctuation dropped, no sentence shorter than two words.
    name : str
        The name in ``REGISTRY``.
    source : str
        Where it was found: ``"cache"``, ``"mirror"`` or ``"embedded"``.
    licence : str
    titles : list of str
        The title of each document: article, news text or file.
    starts : list of int
        Document i begins at sentence ``starts[i]``.
    """

    sentences: list[list[str]]
    name: str
    source: str
    licence: str
    titles: list[str]
    starts: list[int]

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.sentences)

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[str]]: ...
    def __getitem__(self, index: int | slice) -> list[str] | list[list[str]]:
        """Return one sentence, or a list of them for a slice."""
        return self.sentences[index]

    def __repr__(self) -> str:
        """Say what it is in one line."""
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


def load_corpus(name: str, *, max_tokens: int | None = None, download: bool = False) -> Corpus:
    """Read a corpus from the cache, a mirror folder or the package it ships in.

    Parameters
    ----------
    name : {"wikipedia", "lee", "enwiki", "brown"}
        The first two ship with gensim and are always at hand.
    max_tokens : int, optional
        Stop at the first sentence end at which this many words have been read.
    download : bool
        Fetch the file if it is not at hand. Without it, nothing touches the network.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If there is no such corpus, or ``max_tokens`` is below 1.
    DataUnavailable
        If the file is not at hand, or is cut or altered.

    Notes
    -----
    Sentences come from ``text.split_sentences`` (Brown brings its own), words from
    ``text.tokenise``. A sentence of one word is dropped: it has no context to learn from.
    """
    if name not in READERS:
        raise ValueError(unknown_name(name, READERS, "corpus"))
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}; give 1 or more, or None for all.")
    (path,) = store.locate(name, download=download)
    sentences: list[list[str]] = []
    titles: list[str] = []
    starts: list[int] = []
    n_tokens = 0
    for title, document in READERS[name](path):
        titles.append(title)
        starts.append(len(sentences))
        for sentence in document:
            words = tokenise(sentence)
            if len(words) < 2:
                continue
            # One string object a word: ten million tokens then cost a pointer each.
            sentences.append(list(map(sys.intern, words)))
            n_tokens += len(words)
            if max_tokens is not None and n_tokens >= max_tokens:
                break
        if max_tokens is not None and n_tokens >= max_tokens:
            break
    return Corpus(sentences, name, store.used()[name], REGISTRY[name].licence, titles, starts)


def largest_corpus(*, max_tokens: int | None = None) -> Corpus:
    """Return the largest corpus at hand: enwiki, else brown, else wikipedia.

    Parameters
    ----------
    max_tokens : int, optional
        As in ``load_corpus``.

    Returns
    -------
    Corpus

    Raises
    ------
    DataUnavailable
        If a file is there but cut or altered: a smaller corpus is not taken in silence.
    """
    name = next(name for name in _LARGEST_FIRST if store.state(REGISTRY[name]) != "missing")
    return load_corpus(name, max_tokens=max_tokens)
