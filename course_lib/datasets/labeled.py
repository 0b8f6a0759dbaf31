"""Labelled texts for classification."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from course_lib.datasets import store
from course_lib.datasets.readers import (
    read_imdb_rows,
    read_message_rows,
    read_review_rows,
    read_sms_rows,
)
from course_lib.datasets.registry import unknown_name

if TYPE_CHECKING:
    import pandas as pd


def load_imdb(split: Literal["train", "test"] = "train", *, download: bool = False) -> pd.DataFrame:
    """Read English film reviews labelled by sentiment (IMDB).

    Where the real data is not at hand, 300 short reviews written for this course stand in:
    200 to train on, 100 to test on.

    Parameters
    ----------
    split : {"train", "test"}
        25,000 reviews each, as the authors divided them: half good, half bad, and no film in
        both.
    download : bool
        Fetch the real data (84 MB) if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``text`` (str), ``label`` (int: 1 good, 0 bad) and ``stars`` (int: 7 to 10 for
        a good one, 1 to 4 for a bad one). The rows follow the numbers of the files, the bad
        review of a number before the good one, so that any even number of first rows is half
        good; reviews of one film stand near each other. ``.attrs`` holds ``name``, ``"imdb"``
        or ``"reviews"``, and ``source``, which is ``"sample"`` for the latter.

    Raises
    ------
    ValueError
        If there is no such split.
    DataUnavailable
        If a file is truncated or altered, or cannot be fetched.

    Notes
    -----
    The line breaks of the web page, ``<br />``, are line ends here. Reviews without a label,
    which the original archive holds too, are left out.

    References
    ----------
    Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis", section 4.1.
    """
    if split not in ("train", "test"):
        raise ValueError(unknown_name(split, ("train", "test"), "split of imdb"))
    name = store.choose(("imdb", "imdb_packed"), ("reviews",), download=download)
    (path,) = store.locate(name, download=download)
    table = _reviews(path, path.stat().st_mtime_ns)[split].copy()
    table.attrs.update(name=name.removesuffix("_packed"), source=store.used()[name])
    return table


def load_sms_spam(*, deduplicated: bool = False, download: bool = False) -> pd.DataFrame:
    """Read English text messages labelled as spam or not.

    Where the real data is not at hand, 400 messages written for this course stand in: 60 of them
    spam, 12 of them exact copies of others.

    Parameters
    ----------
    deduplicated : bool
        Drop repeated messages: 403 of the 5,572.
    download : bool
        Has no effect: one of the two ships, the other has no public address of its own.

    Returns
    -------
    pandas.DataFrame
        Columns ``text`` (str) and ``label`` (int: 1 spam, 0 not), in the order of the file.
        ``.attrs`` holds ``name``, ``"sms_spam"`` or ``"messages"``, and ``source``, which is
        ``"sample"`` for the latter.

    Raises
    ------
    DataUnavailable
        If a file is truncated or altered.

    Notes
    -----
    The file is the collection as CSV, which has lost some characters on the way: a backslash
    stands where a quotation opens, ``å£`` often where a pound sign stood, and twice
    the next message was glued on, hence 5,572 rows for 5,574 messages. Those stay as they are.
    Messages that were cut at a comma, about fifty, are whole again here; programs that read the
    second column alone miss the rest of them.

    References
    ----------
    Almeida, Gomez Hidalgo & Yamakami 2011, "Contributions to the Study of SMS Spam Filtering".
    """
    name = store.choose(("sms_spam",), ("messages",), download=download)
    (path,) = store.locate(name, download=download)
    read = read_sms_rows if name == "sms_spam" else read_message_rows
    table = store.table(read(path), ["text", "label"], name)
    return table.drop_duplicates("text", ignore_index=True) if deduplicated else table


@lru_cache(maxsize=1)
def _reviews(path: Path, changed: int) -> dict[str, pd.DataFrame]:
    """Return both splits, cached, since the archive holds 50,000 files."""
    import pandas as pd

    read = read_review_rows if path.suffix == ".tsv" else read_imdb_rows
    table = pd.DataFrame(read(path), columns=["split", "number", "text", "label", "stars"])
    table = table.sort_values(["number", "label"], kind="stable")
    return {
        split: rows[["text", "label", "stars"]].reset_index(drop=True)
        for split, rows in table.groupby("split")
    }
