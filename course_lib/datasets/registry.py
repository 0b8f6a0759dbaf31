"""The registry of data sets: description, licence, citation and files of each.

A new data set is a new table in ``assets/datasets.toml``, and a reader where its loader lives.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes
    ----------
    path : str
        Path relative to the cache folder and to every mirror folder.
    size : int, optional
        Length in bytes; None where none is published.
    sha256 : str, optional
        Checksum in hexadecimal digits; None where none is published, see the module
        ``records``.
    url : str, optional
        Public address of exactly this file; none for a repacked file.
    shipped : str, optional
        ``package/path`` of the file inside an installed Python package, for embedded sets.
    """

    path: str
    size: int | None = None
    sha256: str | None = None
    url: str | None = None
    shipped: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes
    ----------
    name : str
        The short name that loaders and the command line take.
    what : str
        What it is, in one line.
    files : tuple of File
    license : str
        The licence as far as the source states one.
    citation : str
        Who made it: the paper to cite, or the source.
    """

    name: str
    what: str
    files: tuple[File, ...]
    license: str
    citation: str

    @property
    def kind(self) -> Literal["embedded", "remote"]:
        """``embedded`` where every file ships inside a package, else ``remote``."""
        return "embedded" if all(file.shipped for file in self.files) else "remote"

    @property
    def size(self) -> int | None:
        """Length of all files together, in bytes; None where one of them is not known."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


def read_registry(path: Path) -> dict[str, Dataset]:
    """Read a registry in TOML: one table for each data set, in it one for each file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Dataset(name, **{**row, "files": tuple(File(**file) for file in row["files"])})
        for name, row in rows.items()
    }


REGISTRY = read_registry(Path(__file__).resolve().parents[1] / "assets" / "datasets.toml")


def unknown_name(name: object, known: Collection[str], kind: str = "data set") -> str:
    """Return the error message for an unknown name: similar names, then all."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=3) if isinstance(name, str) else []
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no {kind} called {name!r}.{hint} Known: {', '.join(known)}."
