"""What the registry is made of: a data set, and the files it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes
    ----------
    path : str
        Where the file stands below the cache folder and below every mirror folder.
    size : int, optional
        Length in bytes; None where none is published.
    sha256 : str, optional
        Checksum of the right file, in hexadecimal digits; None where none is published. The
        module ``records`` says what such a file is held to.
    url : str, optional
        Public address of exactly this file; none for a file that was packed anew.
    shipped : str, optional
        ``package/path`` of the file inside an installed Python package, for embedded sets.
    """

    path: str
    size: int | None
    sha256: str | None
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


def own_sample(name: str, size: int, sha256: str) -> tuple[File]:
    """Return the one file of a sample written for this course."""
    return (File(f"samples/{name}", size, sha256, shipped=f"course_lib/assets/{name}"),)


def in_gensim(name: str, size: int, sha256: str) -> tuple[File]:
    """Return the one file of a data set that ships with the gensim package."""
    return (File(f"gensim/{name}", size, sha256, shipped=f"gensim/test/test_data/{name}"),)
