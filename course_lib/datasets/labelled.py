"""Texts with a label, to train a classifier on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from course_lib.datasets import store
from course_lib.datasets.readers import read_nsmc_rows
from course_lib.datasets.registry import unknown_name

if TYPE_CHECKING:
    import pandas as pd


def load_nsmc(split: Literal["train", "test"] = "train", *, download: bool = False) -> pd.DataFrame:
    """Read Korean film reviews, each rated good or bad by the person who wrote it.

    Parameters
    ----------
    split : {"train", "test"}
        150,000 or 50,000 reviews, as the authors divided them.
    download : bool
        Fetch the file if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        Columns ``id`` (int), ``document`` (str; eight are empty) and ``label`` (int: 1 good,
        0 bad). ``.attrs`` holds ``name`` and ``source``.

    Raises
    ------
    ValueError
        If there is no such split.
    DataUnavailable
        If the file is not at hand, or is cut or altered.

    Notes
    -----
    In the file a document with a quotation mark is quoted twice, as in CSV. Here it stands as
    its author wrote it.
    """
    import pandas as pd

    if split not in ("train", "test"):
        raise ValueError(unknown_name(split, ("train", "test"), "split of nsmc"))
    paths = dict(zip(("train", "test"), store.locate("nsmc", download=download), strict=True))
    table = pd.DataFrame(read_nsmc_rows(paths[split]), columns=["id", "document", "label"])
    table.attrs.update(name="nsmc", source=store.used()["nsmc"])
    return table
