"""The list of data sets: what each one is, whose it is, and the files it stands in.

A new data set is a new row in ``text_rows``, ``vector_rows`` or ``model_rows``, and a reader
where its loader lives.
"""

from __future__ import annotations

from collections.abc import Collection

from course_lib.datasets.entries import Dataset, File
from course_lib.datasets.model_rows import MODELS
from course_lib.datasets.text_rows import TEXTS
from course_lib.datasets.vector_rows import EVALUATION_SETS, PRETRAINED

__all__ = ["REGISTRY", "Dataset", "File", "unknown_name"]

REGISTRY: dict[str, Dataset] = {
    row.name: row for row in (*TEXTS, *EVALUATION_SETS, *PRETRAINED, *MODELS)
}


def unknown_name(name: object, known: Collection[str], kind: str = "data set") -> str:
    """Return the sentence that answers an unknown name: the close ones, then all."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=3) if isinstance(name, str) else []
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no {kind} called {name!r}.{hint} Known: {', '.join(known)}."
