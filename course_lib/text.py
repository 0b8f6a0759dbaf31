"""From text to numbers: tokens, the vocabulary, windows, sub-sampling, the noise distribution.

Symbols used here and in the notebooks: V is the number of distinct words (the vocabulary),
f(w) the share of the corpus that is word w, m the window (words on either side of a centre).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

import regex

from course_lib.checks import check_whole_numbers, one_string, token_lists, unknown_word, word_list
from course_lib.writing import Form, WordIndex, normalize, spelling

if TYPE_CHECKING:
    import numpy as np

# A word is letters and digits of any script, each with its marks (कि, é in two characters), and
# inner apostrophes or hyphens (don't, well-known). Invisible characters that shape letters stay
# inside it; of these only U+200B separates words.
_INSIDE = r"[\p{L}\p{N}\p{M}_]++"
_WORD = regex.compile(
    rf"(?!\p{{M}}){_INSIDE}(?:['’‐‑׳״-]?[\p{{Cf}}--\u200b]*+{_INSIDE})*+", regex.V1
)
# A mark is one sign as a reader sees it: an emoji may be many characters.
_WORD_OR_MARK = regex.compile(rf"{_WORD.pattern}|(?![\s\p{{Cc}}\p{{Cf}}\p{{M}}])\X", regex.V1)
# A sentence ends at . ! ? (and closing quotes or brackets) before a space and a capital, a letter
# of a script without capitals, or a number; at 。 । ؟ and their like before anything but a small
# letter; and with a line. What stands before \K stays.
_CLOSE = r"""["'\p{Pe}\p{Pf}\p{Pi}]"""
_BEGIN = r"""["'¿¡\p{Ps}\p{Pi}\p{Pf}]*[\p{Lu}\p{Lt}\p{Lo}\p{N}]"""
_SENTENCE_END = regex.compile(
    rf"[\p{{STerm}}…]{_CLOSE}*\K\s+(?={_BEGIN})"
    rf"|[\p{{STerm}}།༎--.!?‼‽⁇⁈⁉]{_CLOSE}*+\K(?!\p{{STerm}}|\s*\p{{Ll}})\s*"
    r"|[\n\v\f\r\x85\u2028\u2029]",
    regex.V1,
)


def tokenize(
    text: str, *, lower: bool = True, punctuation: bool = False, form: Form | None = "NFC"
) -> list[str]:
    """Split a text into words; punctuation is dropped, or kept as words of its own.

    Parameters
    ----------
    text : str
        Any text. Hyphens and apostrophes inside a word are kept (``well-known``, ``don't``).
    lower : bool
        Put every word into lower case first.
    punctuation : bool
        Keep each punctuation mark as a word. Language models read them.
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        See :func:`normalize`.

    Returns
    -------
    list of str
    """
    pattern = _WORD_OR_MARK if punctuation else _WORD
    text = normalize(one_string(text, "text"), form)
    return pattern.findall(normalize(text.lower(), form) if lower else text)


def split_sentences(text: str, *, form: Form | None = "NFC") -> list[str]:
    """Split a text into sentences at ``. ! ?`` before a capital, and at line ends.

    Other scripts end sentences with other signs (``。 । ؟``), and some have no capitals; ``form``
    is that of :func:`normalize`.

    A rule this short errs at abbreviations (``Dr. Smith``). A window that is cut there loses
    a few pairs; a window that crosses a real sentence end would invent some.
    """
    parts = _SENTENCE_END.sub("\n", normalize(one_string(text, "text"), form)).split("\n")
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
    form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        What words are brought to when they are looked up, see :func:`spelling`.
    """

    words: list[str]
    counts: np.ndarray = field(repr=False)
    form: Form | None = field(default="NFC", repr=False)

    def __post_init__(self) -> None:
        """Refuse words that are none: a TypeError."""
        object.__setattr__(self, "words", word_list(self.words))

    @classmethod
    def build(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        form: Form | None = "NFC",
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
        form : {"NFC", "NFD", "NFKC", "NFKD"}, optional
            Words that are alike in this form are one; None: only words written alike are.

        Raises
        ------
        ValueError
            If the corpus is empty or no word reaches ``min_count``.
        TypeError
            If a sentence is no list of words, see :func:`token_lists`.
        """
        import numpy as np

        check_whole_numbers(min_count=min_count)
        if max_size is not None:
            check_whole_numbers(max_size=max_size)
        written: Counter[str] = Counter()
        for sentence in token_lists(sentences):
            written.update(sentence)
        counter: Counter[str] = Counter()
        for word, count in written.items():
            counter[spelling(word, form)] += count
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
        counts = np.array([count for _, count in kept], dtype=np.int64)
        return cls([str(word) for word, _ in kept], counts, form)

    @cached_property
    def index(self) -> WordIndex:
        """The id of each word."""
        return WordIndex(self.words, self.form)

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
        row_of = cache(partial(self.index.get, default=-1))  # each word is looked up once
        for sentence in token_lists(sentences):
            ids.extend(filter((-1).__lt__, map(row_of, sentence)))
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
    check_whole_numbers(window=window)
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
    counts = _relative(counts)
    if sample == 0:
        return np.ones(len(counts))
    ratio = counts / counts.sum() / sample
    with np.errstate(divide="ignore", over="ignore"):  # a word that never occurs is kept
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

    Raises
    ------
    ValueError
        If a count is negative or not finite, all are 0, or ``power`` is below 0 or not finite.

    References
    ----------
    Mikolov et al. 2013b, section 2.2.
    """
    import numpy as np

    if not 0 <= power < np.inf:
        raise ValueError(f"power is {power}; give a number from 0 (uniform) to 1 (unigram).")
    weights = _relative(counts) ** power
    return weights / weights.sum()


def _relative(counts: np.ndarray) -> np.ndarray:
    """Return counts as shares of the largest one, none of which overflows when it is added up."""
    import numpy as np

    counts = np.asarray(counts, dtype=np.float64)
    if not (np.isfinite(counts).all() and counts.min(initial=0) >= 0 and counts.any()):
        raise ValueError(f"counts are {counts}; give numbers of 0 or more, not all of them 0.")
    return counts / counts.max()
