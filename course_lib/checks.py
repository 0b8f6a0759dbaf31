"""What is asked of every input: that words are words, sentences lists of them, numbers whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral

from course_lib.writing import spelling


class _Checked(list):
    """Token lists that were looked at: training reads a corpus several times."""


def one_string(text: str, name: str) -> str:
    """Return a string as it came; anything else is a TypeError, which calls it ``name``."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be one string, not {type(text).__name__}: {text!r:.60}")
    return text


def word_list(words: Iterable[str], name: str = "words") -> list[str]:
    """Return words as a list, from any container or iterator that holds nothing but strings.

    Everything that takes words, a sentence or texts asks here; what takes sentences asks
    :func:`token_lists`.

    Parameters
    ----------
    words : iterable of str
        A list, a tuple, a set, an array, a pandas Series or Index, a generator; of a dictionary,
        the keys.
    name : str
        What error messages call it.

    Raises
    ------
    TypeError
        For one string (its letters would be taken for words) or a table, and if one of the words
        is no string: None, NaN, bytes, a number.
    """
    if isinstance(words, list):
        found = words
    elif getattr(words, "ndim", 1) == 1 and hasattr(words, "tolist"):
        found = words.tolist()  # list(words) would hold strings of NumPy or of Arrow
    elif _many(words) and not hasattr(words, "ndim"):
        found = list(words)
    else:
        raise TypeError(
            f"{name} must be a list of words, not {type(words).__name__}: {words!r:.60}. "
            "Split a text first with course_lib.text.tokenize."
        )
    try:
        "".join(found)  # the quickest look at every type
    except TypeError:
        place, word = next((i, w) for i, w in enumerate(found) if not isinstance(w, str))
        raise TypeError(
            f"{name}[{place}] is {word!r:.60} ({type(word).__name__}), but a word is a string."
        ) from None
    return found


def token_lists(sentences: Iterable[Iterable[str]], name: str = "sentences") -> Iterator[list[str]]:
    """Yield sentences as :func:`word_list` gives them, one after the other.

    Parameters
    ----------
    sentences : iterable of iterables of str
    name : str
        What error messages call it.

    Raises
    ------
    TypeError
        If a sentence is no list of words, or there is no list of sentences at all.
    """
    if isinstance(sentences, _Checked):
        yield from sentences
        return
    for number, sentence in _numbered(sentences, name, "token lists, one for each sentence"):
        yield word_list(sentence, f"{name}[{number}]")


def strings(texts: Iterable[str], name: str = "texts") -> Iterator[str]:
    """Yield texts one after the other; a TypeError where one is no string, or all are one."""
    for number, text in _numbered(texts, name, "texts"):
        yield one_string(text, f"{name}[{number}]")


def _numbered(things: Iterable, name: str, what: str) -> Iterator[tuple[int, object]]:
    if not _many(things):
        raise TypeError(
            f"{name} must be a list of {what}, not {type(things).__name__}: {things!r:.60}."
        )
    return enumerate(things)


def _many(things: object) -> bool:
    """Tell whether to walk over something gives its items, not letters or names of columns."""
    no_list = isinstance(things, (str, bytes)) or hasattr(things, "columns")
    return isinstance(things, Iterable) and not no_list


def check_corpus(corpus: Iterable[Iterable[str]], name: str = "corpus") -> list[list[str]]:
    """Return a corpus that is read more than once, as :func:`token_lists` gives it.

    Raises
    ------
    TypeError
        For a generator or another iterator, as in gensim; and if a sentence is no list of words.
    ValueError
        If there is no sentence.
    """
    if isinstance(corpus, Iterator):
        raise TypeError(
            f"{name} is a {type(corpus).__name__}, which can be read only once; it is read more "
            "than once. Give a list: list(...)."
        )
    checked = _Checked(token_lists(corpus, name))
    if not checked:
        raise ValueError(f"The {name} is empty: it holds no sentence.")
    return checked


def check_whole_numbers(**options: object) -> None:
    """Raise a ValueError unless each of the options is a whole number above 0."""
    for name, value in options.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} is {value!r}; it must be a whole number above 0.")


def unknown_word(word: object, words: Sequence[str]) -> str:
    """Return the error message for an unknown word, with the words spelt most like it."""
    from difflib import get_close_matches

    normal = spelling(word) if isinstance(word, str) else ""
    close = get_close_matches(normal, words, n=5, cutoff=0.7)
    hint = f" Words spelt alike: {', '.join(close)}." if close else " No word is spelt alike."
    return f"{word!r} is not among the {len(words):,} words.{hint}"
