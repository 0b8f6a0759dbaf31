"""Test sets for word vectors: rated word pairs, rated pairs in context, analogy questions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from course_lib.datasets import store
from course_lib.datasets.registry import unknown_name

if TYPE_CHECKING:
    import pandas as pd

SIMILARITY_SETS = (
    "wordsim353",
    "simlex999",
    "men",
    "rw",
    "mturk771",
    "simverb3500",
    "wordsim353_ko",
)
QUESTIONS = {"english": "analogies", "korean": "analogies_ko"}  # language: name in REGISTRY


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n")


def _table(rows: list[tuple], columns: list[str], name: str) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=columns)
    table.attrs.update(name=name, source=store.used()[name])
    return table


def load_similarity(name: str = "wordsim353", *, download: bool = False) -> pd.DataFrame:
    """Read word pairs with the mean score people gave them.

    Parameters
    ----------
    name : {"wordsim353", "simlex999", "men", "rw", "mturk771", "simverb3500", "wordsim353_ko"}
        The first two ship with gensim and are always at hand.
    download : bool
        Fetch the file if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``word1``, ``word2``, ``score``; words spelt as in the file. The scale is that
        of the set (see ``REGISTRY[name].what``). ``.attrs`` holds ``name`` and ``source``.

    Raises
    ------
    ValueError
        If there is no such set.
    DataUnavailable
        If the file is not at hand, or is cut or altered.
    """
    if name not in SIMILARITY_SETS:
        if name == "scws":
            raise ValueError("scws rates words in context; read it with load_scws().")
        raise ValueError(unknown_name(name, SIMILARITY_SETS, "similarity set"))
    (path,) = store.locate(name, download=download)
    lines = (line.split() for line in _lines(path))
    if path.suffix == ".csv":  # begins with a byte-order mark and the names of the columns
        lines = csv.reader(path.read_text(encoding="utf-8-sig").splitlines()[1:])
    rows = [(word1, word2, float(score)) for word1, word2, score in lines]
    return _table(rows, ["word1", "word2", "score"], name)


def load_scws(*, download: bool = False) -> pd.DataFrame:
    """Read Stanford's contextual word similarities: two words, each in a passage.

    Parameters
    ----------
    download : bool
        Fetch the file if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``word1``, ``pos1`` (part of speech), ``context1`` (list of tokens),
        ``position1`` (index of the word in its context), the same four for the second word,
        and ``score`` (mean of ten ratings, 0 to 10).

    Raises
    ------
    DataUnavailable
        If the file is not at hand, or is cut or altered.

    References
    ----------
    Huang et al. 2012, "Improving Word Representations via Global Context and Multiple Word
    Prototypes".
    """
    (path,) = store.locate("scws", download=download)
    rows = []
    for line in _lines(path):
        _, word1, pos1, word2, pos2, marked1, marked2, score, *_ = line.split("\t")
        context1, position1 = _unmark(marked1)
        context2, position2 = _unmark(marked2)
        first = (word1, pos1, context1, position1)
        rows.append((*first, word2, pos2, context2, position2, float(score)))
    columns = [f"{field}{i}" for i in (1, 2) for field in ("word", "pos", "context", "position")]
    return _table(rows, [*columns, "score"], "scws")


def _unmark(context: str) -> tuple[list[str], int]:
    """Take the marks of ``a <b> word </b> in context`` away, and tell where they stood."""
    tokens = context.split()
    position = tokens.index("<b>")
    return [token for token in tokens if token not in ("<b>", "</b>")], position


def load_analogies(
    questions: Literal["english", "korean"] = "english", *, download: bool = False
) -> pd.DataFrame:
    """Read analogy questions "a is to b as c is to d".

    Parameters
    ----------
    questions : {"english", "korean"}
        The 19,544 questions of the word2vec paper, which ship with gensim, or the 10,000 Korean
        ones of Park et al.: five sections on meaning (``sem``), five on grammar (``syn``).
    download : bool
        Fetch the file if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``section``, ``a``, ``b``, ``c``, ``d``; words spelt as in the file.

    Raises
    ------
    ValueError
        If there are no such questions.
    DataUnavailable
        If the file is not at hand, or is cut or altered.

    References
    ----------
    Mikolov et al. 2013a, "Efficient Estimation of Word Representations in Vector Space",
    section 4.1. Park et al. 2018, "Subword-level Word Vector Representations for Korean",
    section 4.2.
    """
    if questions not in QUESTIONS:
        raise ValueError(unknown_name(questions, QUESTIONS, "set of analogy questions"))
    name = QUESTIONS[questions]
    (path,) = store.locate(name, download=download)
    rows, section = [], ""
    for line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip()
        else:
            rows.append((section, *line.split()))
    return _table(rows, ["section", "a", "b", "c", "d"], name)
