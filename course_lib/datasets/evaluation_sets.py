"""Test sets for word vectors: rated word pairs, analogy questions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from course_lib.datasets import store
from course_lib.datasets.registry import unknown_name
from course_lib.writing import normalize

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
                yield normalize(line.rstrip("\n"))


def load_similarity(name: str = "wordsim353", *, download: bool = False) -> pd.DataFrame:
    """Read word pairs with their mean human rating.

    Parameters
    ----------
    name : {"wordsim353", "simlex999", "men", "rw", "mturk771", "simverb3500", "wordsim353_ko"}
        The first two ship with gensim and are always at hand.
    download : bool
        Fetch the file if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``word1``, ``word2``, ``score``; words spelt as in the file (NFC). The scale is that
        of the set (see ``REGISTRY[name].what``). ``.attrs`` holds ``name`` and ``source``.

    Raises
    ------
    ValueError
        If there is no such set.
    DataUnavailable
        If the file is not at hand, or is truncated or altered.
    """
    if name not in SIMILARITY_SETS:
        raise ValueError(unknown_name(name, SIMILARITY_SETS, "similarity set"))
    (path,) = store.locate(name, download=download)
    lines = (line.split() for line in _lines(path))
    if path.suffix == ".csv":  # begins with a byte-order mark and the names of the columns
        lines = csv.reader(normalize(path.read_text(encoding="utf-8-sig")).splitlines()[1:])
    rows = [(word1, word2, float(score)) for word1, word2, score in lines]
    return store.table(rows, ["word1", "word2", "score"], name)


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
        Columns ``section``, ``a``, ``b``, ``c``, ``d``; words spelt as in the file (NFC).

    Raises
    ------
    ValueError
        If there are no such questions.
    DataUnavailable
        If the file is not at hand, or is truncated or altered.

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
    return store.table(rows, ["section", "a", "b", "c", "d"], name)
