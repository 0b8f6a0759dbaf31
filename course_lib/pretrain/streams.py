"""Training text of a biLM: lexicon, token streams, windows of truncated back-propagation.

Symbols: B batch size (parallel streams), T words of a window (length of back-propagation),
V size of the softmax.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from course_lib import characters
from course_lib.checks import token_lists, word_list

BEGIN, END, UNKNOWN = "<S>", "</S>", "<UNK>"
Sentences = Iterable[Iterable[str]]


@dataclass(frozen=True)
class Lexicon:
    """Input and output vocabulary: the character ids and the softmax target of each word type.

    The character CNN reads any word; the softmax predicts V words, and all others are ``<UNK>``
    as targets. So there are two indices; a :class:`~course_lib.text.Vocabulary` has one, and
    drops unknown words.

    Attributes
    ----------
    words : list of str, V
        The outputs of the softmax: ``</S>``, ``<S>``, ``<UNK>``, then by falling count.
    types : dict of str to int
        The row, in the arrays below, of each distinct word and of the two sentence marks.
    spelling : numpy.ndarray, int16, (types, width)
        Character ids, incremented by one as in a batch.
    targets : numpy.ndarray, int64, (types,)
        The index of each type in ``words``.
    """

    words: list[str]
    types: dict[str, int]
    spelling: np.ndarray
    targets: np.ndarray

    @classmethod
    def build(
        cls, sentences: Sentences, *, max_size: int | None = None, width: int = characters.WIDTH
    ) -> Lexicon:
        """Count the words of a text and keep the ``max_size`` most frequent as targets."""
        counts = Counter(chain.from_iterable(token_lists(sentences)))
        return cls.of_counts(counts, list(counts), max_size=max_size, width=width)

    @classmethod
    def of_counts(
        cls, counts: Counter[str], text: Iterable[str], *, max_size: int | None, width: int
    ) -> Lexicon:
        """Take the most frequent words as targets; ``text`` holds every word that will be read."""
        if not counts:
            raise ValueError("The text has no words.")
        frequent = (word for word, _ in counts.most_common() if word not in (END, BEGIN, UNKNOWN))
        words = [END, BEGIN, UNKNOWN, *islice(frequent, max_size)]
        return cls.of_words(words, text, width=width)

    @classmethod
    def of_words(cls, words: list[str], text: Iterable[str], *, width: int) -> Lexicon:
        """Take the targets as given, for example those of another text."""
        words = word_list(words)
        if words[:3] != [END, BEGIN, UNKNOWN]:
            raise ValueError(f"words begins with {words[:3]}, not with {[END, BEGIN, UNKNOWN]}.")
        index = {word: i for i, word in enumerate(words)}
        types = {END: 0, BEGIN: 1}
        for word in word_list(text, "text"):
            types.setdefault(word, len(types))
        spelling = [characters.word_to_ids(word, width=width) for word in types]
        spelling[0] = characters.sentence_mark_ids(characters.END_SENTENCE, width=width)
        spelling[1] = characters.sentence_mark_ids(characters.BEGIN_SENTENCE, width=width)
        targets = [index.get(word, index[UNKNOWN]) for word in types]
        return cls(words, types, np.array(spelling, np.int16) + 1, np.array(targets))


class Window(NamedTuple):
    """Inputs and targets of one direction in one training step: types of ``Lexicon``, (B, T)."""

    inputs: np.ndarray
    targets: np.ndarray


def stream(
    sentences: Sentences,
    lexicon: Lexicon,
    *,
    backward: bool = False,
    order: np.ndarray | None = None,
) -> Window:
    """Concatenate sentences into the inputs and targets of one direction, as types.

    The forward model reads ``<S> w1 ... wn`` and predicts ``w1 ... wn </S>``; the backward
    model reads ``</S> wn ... w1`` and predicts ``wn ... w1 <S>``.

    Returns
    -------
    Window
        Two arrays, int32, (tokens,): n + 1 for each sentence.
    """
    sentences = list(token_lists(sentences))
    first, last = (END, BEGIN) if backward else (BEGIN, END)
    inputs: list[int] = []
    targets: list[int] = []
    for number in range(len(sentences)) if order is None else order:
        words = sentences[number]
        ids = [lexicon.types[word] for word in (reversed(words) if backward else words)]
        inputs += [lexicon.types[first], *ids]
        targets += [*ids, lexicon.types[last]]
    return Window(np.array(inputs, np.int32), np.array(targets, np.int32))


def windows(text: Window, batch_size: int, length: int) -> Iterator[Window]:
    """Split a stream into B parallel streams, and those into windows of T words.

    Row b of a window continues row b of the previous window. The remainder is dropped.
    """
    columns = len(text.inputs) // batch_size
    if columns < length:
        raise ValueError(
            f"{len(text.inputs):,} words in {batch_size} streams are {columns} each, less than a "
            f"window of {length}. Give more text, or smaller batches."
        )
    rows = [part[: batch_size * columns].reshape(batch_size, columns) for part in text]
    for start in range(0, columns - length + 1, length):
        yield Window(*(part[:, start : start + length] for part in rows))


def n_windows(sentences: Sentences, batch_size: int, length: int) -> int:
    """Return the number of :func:`windows` of sentences, with one mark for each sentence."""
    return sum(len(words) + 1 for words in token_lists(sentences)) // batch_size // length


def batches(
    sentences: Sentences,
    lexicon: Lexicon,
    *,
    batch_size: int,
    length: int,
    seed: int,
    epoch: int = 0,
    shard: int = 0,
) -> Iterator[tuple[Window, Window]]:
    """Yield the windows of one epoch, in pairs of forward and backward stream.

    The sentences are shuffled separately for each direction and epoch; the order depends on
    seed, epoch and shard only.
    """
    sentences = list(token_lists(sentences))
    streams = []
    for backward in (False, True):
        order = np.random.default_rng((seed, epoch, shard, int(backward))).permutation(
            len(sentences)
        )
        streams.append(stream(sentences, lexicon, backward=backward, order=order))
    yield from zip(*(windows(text, batch_size, length) for text in streams), strict=True)
