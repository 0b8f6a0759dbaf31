"""Pairs of words, each marked in a text of its own: WiC and SCWS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from course_lib.datasets import store
from course_lib.datasets.registry import unknown_name


def load_pairs_in_context(
    name: Literal["scws", "wic"] = "wic", *, download: bool = False
) -> pd.DataFrame:
    """Read pairs of words, each marked in a text of its own.

    Parameters
    ----------
    name : {"scws", "wic"}
        ``"scws"``: 2,003 pairs of mostly different words in passages from Wikipedia, rated for
        similarity. ``"wic"``: 7,466 pairs of one word in two sentences, with one sense or two.
    download : bool
        Fetch the files if they are not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``split`` (``"train"``, ``"dev"``, ``"test"``; SCWS has ``"test"`` alone),
        ``word1``, ``tokens1`` (list of str), ``position1`` (int: index of the word), the same
        three for the second word, and ``score``: the mean of ten ratings from 0 to 10, or 1
        where the senses of a pair are the same and 0 where not.

    Raises
    ------
    ValueError
        If there is no such set.
    DataUnavailable
        If a file is not at hand, or is truncated or altered.

    References
    ----------
    Huang et al. 2012, "Improving Word Representations via Global Context and Multiple Word
    Prototypes", section 4.2. Pilehvar & Camacho-Collados 2019, "WiC: the Word-in-Context Dataset".
    """
    if name not in ("scws", "wic"):
        raise ValueError(unknown_name(name, ("scws", "wic"), "set of pairs in context"))
    paths, rows = store.locate(name, download=download), []
    if name == "scws":
        for line in _lines(paths[0]):
            _, word1, _, word2, _, marked1, marked2, score, *_ = line.split("\t")
            rows.append(("test", word1, *_unmark(marked1), word2, *_unmark(marked2), float(score)))
    else:
        for data, gold in zip(paths[::2], paths[1::2], strict=True):
            for line, answer in zip(_lines(data), _lines(gold), strict=True):
                word, _, at, *texts = line.split("\t")
                (one, other), (i, j) = map(str.split, texts), map(int, at.split("-"))
                rows.append((data.parent.name, word, one, i, word, other, j, float(answer == "T")))
    columns = [f"{field}{i}" for i in (1, 2) for field in ("word", "tokens", "position")]
    return store.table(rows, ["split", *columns, "score"], name)


def _lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as stream:
        return [line.rstrip("\n") for line in stream if line.strip()]


def _unmark(text: str) -> tuple[list[str], int]:
    """Remove the marks of ``a <b> word </b> in context``, and return where they stood."""
    tokens = text.split()
    return [token for token in tokens if token not in ("<b>", "</b>")], tokens.index("<b>")
