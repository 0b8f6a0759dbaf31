"""A folder of text files, read one at a time."""

from __future__ import annotations

import codecs
import gzip
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

BadLines = Literal["refuse", "skip"]


def read(
    path: Path, *, bad_lines: BadLines = "refuse", max_words: int | None = None
) -> list[list[str]]:
    """Read a text file: UTF-8, one sentence a line, its tokens separated by white space.

    Parameters
    ----------
    path : Path
        Compressed where it ends in ``.gz``.
    bad_lines : {"refuse", "skip"}
        What to do about a line that is not UTF-8 or holds a NUL byte, and about a truncated
        compressed file: raise, or warn and leave out the line (or the rest of the file).
    max_words : int, optional
        Longer sentences are left out.

    Raises
    ------
    ValueError
        For a bad line; the message names file and line.
    """
    found = []
    for line in _lines(path, bad_lines):
        words = line.split()
        if words and (max_words is None or len(words) <= max_words):
            found.append(words)
    return found


def _lines(path: Path, bad_lines: BadLines) -> Iterator[str]:
    def bad(what: str, lost: str) -> None:
        text = f"{path}, line {number}, {what}"
        if bad_lines == "refuse":
            raise ValueError(f"{text}. Mend the file, or have {lost} left out (bad lines: skip).")
        warnings.warn(f"{text}; {lost} is left out.", stacklevel=4)

    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        try:
            for number, raw in enumerate(stream, 1):
                if number == 1:
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    where = f"byte {raw[error.start]:#04x} at place {error.start + 1}"
                    bad(f"is not UTF-8 ({where})", "the line")
                    continue
                if "\0" in line:
                    bad("holds a NUL byte", "the line")
                    continue
                yield line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            number += 1
            bad(f"cannot be read ({error})", "the rest of the file")


class Shards(Sequence[list[list[str]]]):
    """The ``.txt`` and ``.txt.gz`` files of a folder by name, each a list of tokenised sentences.

    Only the file asked for is in memory, see :func:`read`. Names that begin with a dot are
    ignored.

    Parameters
    ----------
    folder : str or Path
    bad_lines, max_words
        See :func:`read`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no such file in it.
    """

    def __init__(
        self, folder: str | Path, *, bad_lines: BadLines = "refuse", max_words: int | None = None
    ) -> None:
        if bad_lines not in ("refuse", "skip"):
            raise ValueError(f'bad_lines is {bad_lines!r}; use "refuse" or "skip".')
        self.folder, self.bad_lines, self.max_words = Path(folder), bad_lines, max_words
        if not self.folder.is_dir():
            raise FileNotFoundError(f"There is no folder {self.folder}.")
        self.paths = sorted(
            p
            for p in self.folder.iterdir()
            if p.name.endswith((".txt", ".txt.gz")) and not p.name.startswith(".") and p.is_file()
        )
        if not self.paths:
            raise FileNotFoundError(f"{self.folder} holds no file NAME.txt or NAME.txt.gz.")

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> list[list[str]]:
        return read(self.paths[number], bad_lines=self.bad_lines, max_words=self.max_words)

    def count(self) -> tuple[Counter[str], list[int]]:
        """Count words and tokens in one pass over all files.

        Returns
        -------
        Counter
            How often each word occurs.
        list of int
            The tokens of each file, with one sentence mark for each sentence.
        """
        words: Counter[str] = Counter()
        tokens = []
        for sentences in self:
            for sentence in sentences:
                words.update(sentence)
            tokens.append(sum(map(len, sentences)) + len(sentences))
        return words, tokens
