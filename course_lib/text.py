"""From text to numbers: tokens, the vocabulary, windows, sub-sampling, the noise distribution.

Symbols used here and in the notebooks: V is the number of distinct words (the vocabulary),
f(w) the share of the corpus that is word w, m the window (words on either side of a centre).
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from course_lib.checks import one_string, token_lists, unknown_word, word_list

if TYPE_CHECKING:
    import numpy as np

# A word is letters and digits of any script, with inner apostrophes or hyphens (don't, well-known).
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_WORD_OR_MARK = re.compile(_WORD.pattern + r"|[^\w\s]")
# A sentence ends at . ! ? (and closing quotes or brackets) before a space and a capital or quote.
_SENTENCE_END = re.compile(r"(?<=[.!?。])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9가-힣])|\n+")


def tokenize(text: str, *, lower: bool = True, punctuation: bool = False) -> list[str]:
    """Split a text into words; punctuation is dropped, or kept as words of its own.

    Parameters
    ----------
    text : str
        Any text. Hyphens and apostrophes inside a word are kept (``well-known``, ``don't``).
    lower : bool
        Put every word into lower case first.
    punctuation : bool
        Keep each punctuation mark as a word. Language models read them.

    Returns
    -------
    list of str
    """
    pattern = _WORD_OR_MARK if punctuation else _WORD
    text = one_string(text, "text")
    return pattern.findall(text.lower() if lower else text)


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences at ``. ! ?`` before a capital, and at line ends.

    A rule this short errs at abbreviations (``Dr. Smith``). A window that is cut there loses
    a few pairs; a window that crosses a real sentence end would invent some.
    """
    parts = _SENTENCE_END.split(one_string(text, "text"))
    return [part.strip() for part in parts if part.strip()]


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus as numbers, in one piece.

    Attributes
    ----------
    ids : numpy.ndarray, int32, (tokens,)
        The word ids of all sentences, one after the other.
    offsets : numpy.ndarray, int64, (sentences + 1,)
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
    """

    ids: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the ids of one sentence after the other."""
        for start, stop in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.ids[start:stop]


@dataclass(frozen=True)
class Vocabulary:
    """The words of a corpus with their ids and counts.

    Attributes
    ----------
    words : list of str
        By falling count; words of equal count stand in order of first appearance.
    counts : numpy.ndarray, int64, (V,)
        How often each word occurs.
    """

    words: list[str]
    counts: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse words that are none: a TypeError."""
        object.__setattr__(self, "words", word_list(self.words))

    @classmethod
    def build(
        cls, sentences: Iterable[Iterable[str]], *, min_count: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """Count the words of ``sentences`` and keep the frequent ones.

        Parameters
        ----------
        sentences : iterable of iterables of str
            Tokenised sentences.
        min_count : int
            Words that occur less often are left out.
        max_size : int, optional
            Keep at most this many words, the most frequent first.

        Raises
        ------
        ValueError
            If the corpus is empty or no word reaches ``min_count``.
        TypeError
            If a sentence is no list of words, see :func:`token_lists`.
        """
        import numpy as np

        if min_count < 1:
            raise ValueError(f"min_count is {min_count}; it must be 1 or more.")
        counter: Counter[str] = Counter()
        for sentence in token_lists(sentences):
            counter.update(sentence)
        if not counter:
            raise ValueError("The corpus is empty: it holds no word at all.")
        # sorted() is stable and Counter keeps the order of first appearance, so ties stay put.
        kept = sorted(
            (item for item in counter.items() if item[1] >= min_count), key=lambda item: -item[1]
        )
        if not kept:
            word, count = counter.most_common(1)[0]
            raise ValueError(
                f"No word occurs min_count={min_count} times; the most frequent, {word!r}, "
                f"occurs {count} times. Lower min_count or use a larger corpus."
            )
        kept = kept[:max_size]
        return cls([str(word) for word, _ in kept], np.array([n for _, n in kept], dtype=np.int64))

    @cached_property
    def index(self) -> dict[str, int]:
        """The id of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        """Return V, the number of words."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has an id."""
        return word in self.index

    def __getitem__(self, word: str) -> int:
        """Return the id of a word; a KeyError names words that are spelt alike."""
        try:
            return self.index[word]
        except KeyError:
            raise KeyError(unknown_word(word, self.words)) from None

    def encode(self, sentences: Iterable[Iterable[str]]) -> EncodedCorpus:
        """Turn sentences into ids; a word without an id is dropped, as word2vec does.

        Dropping closes the gap: the window then reaches one word further.

        Parameters
        ----------
        sentences : iterable of iterables of str

        Returns
        -------
        EncodedCorpus
            With as many sentences as went in; some may be empty.

        Raises
        ------
        TypeError
            If a sentence is no list of words, see :func:`token_lists`.
        """
        import numpy as np

        ids, offsets = array("i"), array("q", [0])
        for sentence in token_lists(sentences):
            ids.extend(map(self.index.__getitem__, filter(self.index.__contains__, sentence)))
            offsets.append(len(ids))
        return EncodedCorpus(np.asarray(ids, np.int32), np.asarray(offsets, np.int64))


def context_windows(sentence: Iterable[str], window: int) -> list[tuple[str, list[str]]]:
    """List each word of a sentence (the centre) with the words around it (the context).

    Parameters
    ----------
    sentence : iterable of str
    window : int
        m, the number of words taken on either side. At the ends there are fewer.

    Returns
    -------
    list of (str, list of str)
        One entry a position, context from left to right. This is what CBOW trains on.
    """
    _check_window(window)
    sentence = word_list(sentence, "sentence")
    return [
        (center, [*sentence[max(0, i - window) : i], *sentence[i + 1 : i + 1 + window]])
        for i, center in enumerate(sentence)
    ]


def skipgram_pairs(sentence: Iterable[str], window: int) -> list[tuple[str, str]]:
    """List all (centre, context) pairs of a sentence: what Skip-gram trains on.

    Parameters
    ----------
    sentence : iterable of str
    window : int
        m, the number of words on either side.

    Returns
    -------
    list of (str, str)
    """
    return [
        (center, context)
        for center, contexts in context_windows(sentence, window)
        for context in contexts
    ]


def keep_probability(counts: np.ndarray, sample: float) -> np.ndarray:
    """Return the chance with which one occurrence of each word is kept for training.

    The word2vec program uses (sqrt(f / t) + 1) · t / f, at most 1, with t = ``sample``. The
    paper prints sqrt(t / f), which differs; see notebook 04.

    Parameters
    ----------
    counts : numpy.ndarray, int, (V,)
    sample : float
        The threshold t, usually 1e-3 to 1e-5. 0 keeps every word.

    Returns
    -------
    numpy.ndarray, float64, (V,)

    References
    ----------
    Mikolov et al. 2013b, "Distributed Representations of Words and Phrases", section 2.3.
    """
    import numpy as np

    if not 0 <= sample < np.inf:
        raise ValueError(f"sample is {sample}; give 0 (keep all) or a small share such as 1e-3.")
    counts = np.asarray(counts, dtype=np.float64)
    if sample == 0:
        return np.ones(len(counts))
    ratio = counts / counts.sum() / sample
    return np.minimum(1.0, (np.sqrt(ratio) + 1.0) / ratio)


def noise_distribution(counts: np.ndarray, power: float = 0.75) -> np.ndarray:
    """Return the distribution negative samples are drawn from: count**power, normalised.

    Parameters
    ----------
    counts : numpy.ndarray, int, (V,)
    power : float
        1 is the unigram distribution, 0 the uniform one; word2vec uses 3/4.

    Returns
    -------
    numpy.ndarray, float64, (V,)
        Sums to 1.

    References
    ----------
    Mikolov et al. 2013b, section 2.2.
    """
    import numpy as np

    weights = np.asarray(counts, dtype=np.float64) ** power
    return weights / weights.sum()


def _check_window(window: int) -> None:
    if window < 1:
        raise ValueError(f"window is {window}; it must be 1 or more words on either side.")
