"""Reading vector files: the layout of word2vec, text or binary, and that of GloVe.

A file is read as a stream, a piece at a time, so that little more memory is needed than for the
matrix that comes out, and next to none where only some words are asked for.
"""

from __future__ import annotations

import gzip
import lzma
import math
import re
import warnings
import zipfile
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from course_lib.checks import word_list

BINARY_SUFFIX = ".bin"
TEXT_SUFFIXES = (".txt", ".vec")
PACKED = {".gz": gzip.open, ".xz": lzma.open}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
CHUNK = 1 << 20  # bytes read at a time
LONGEST_HEADER = 100  # bytes; two numbers
LONGEST_WORD = 1 << 16  # bytes

Rows = tuple[list[str], np.ndarray]


def is_binary(path: Path) -> bool:
    """Tell the form of a vector file from the ending of its name."""
    if path.suffix == BINARY_SUFFIX:
        return True
    if path.suffix in TEXT_SUFFIXES:
        return False
    raise ValueError(
        f"{path.name} ends in {path.suffix or 'nothing'!r}; use .bin (binary) or .txt, .vec (text)."
    )


def read(path: Path, *, words: Iterable[str] | None = None, vector_size: int | None = None) -> Rows:
    """Read a vector file, packed (``.gz``, ``.xz``) or not.

    Parameters
    ----------
    path : Path
        Ends in ``.bin``, ``.txt`` or ``.vec``, and then ``.gz`` or ``.xz`` if it is packed.
    words, vector_size
        As in :func:`read_text`.

    Returns
    -------
    words : list of str, n
    matrix : numpy.ndarray, float32, (n, M)

    Raises
    ------
    FileNotFoundError, ValueError
        As :meth:`course_lib.vectors.WordVectors.load` says.
    """
    unpacked = path.with_suffix("") if path.suffix in PACKED else path
    reader = read_binary if is_binary(unpacked) else read_text
    if not path.is_file():
        raise FileNotFoundError(f"There is no vector file {path}.")
    with whole(str(path)), PACKED.get(path.suffix, open)(path, "rb") as stream:
        return reader(stream, str(path), words=words, vector_size=vector_size)


@contextmanager
def whole(name: str) -> Iterator[None]:
    """Turn what the unpacking modules raise for a cut or altered file into one ValueError."""
    try:
        yield
    except (
        EOFError,
        gzip.BadGzipFile,
        lzma.LZMAError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"{name} cannot be unpacked: {error}. It is cut, altered, or not packed as its ending "
            "says. Fetch it again."
        ) from error


def read_text(
    stream: BinaryIO,
    name: str,
    *,
    words: Iterable[str] | None = None,
    vector_size: int | None = None,
) -> Rows:
    """Read vectors in text form; gensim would stop at the number of rows the header announces.

    Parameters
    ----------
    stream : binary file object
        Gives the unpacked bytes; iterating over it gives lines.
    name : str
        What error messages call it.
    words : iterable of str, optional
        Read only the rows of these words. The others are passed over unchecked, and reading
        ends at the last row that is wanted.
    vector_size : int, optional
        The dimensions M that the file must have.

    Returns
    -------
    words : list of str, n
        In the order of the file.
    matrix : numpy.ndarray, float32, (n, M)

    Raises
    ------
    ValueError
        For a line that is not a word and M numbers, with its number; for a word that stands
        there twice, a cut file, other dimensions, or if none of ``words`` is there.
    """
    wanted = wanted_words(words)
    # A row is looked at if its first piece may begin a word that is wanted.
    begins = None if wanted is None else {w.encode().split(b" ", 1)[0] for w in wanted}
    missing = set() if wanted is None else set(wanted)
    found: list[str] = []
    lines = array("q")  # the line of each word that was found
    table: _Table | None = None
    announced = size = None
    passed, line = 0, b""
    for number, line in enumerate(stream, 1):
        if None not in (begins, size) and line.split(b" ", 1)[0] not in begins:
            passed += not line.isspace()
            continue
        try:
            # Only "\n" ends a row and only " " separates: some words hold other white space.
            fields = line.decode("utf-8").rstrip(" \r\n").split(" ")
            if number == 1 and len(fields) == 2 and all(f.isdecimal() for f in fields):
                announced, size = map(int, fields)
                _check_size(size, vector_size, name)
                continue
            if fields == [""]:
                continue
            if size is None:
                size = max(len(fields) - 1, 1)
                _check_size(size, vector_size, name)
            word = _word_of(fields, size)
            if wanted is not None and word not in wanted:
                passed += 1
                continue
            row = array("f", map(float, fields[-size:]))
            if not math.isfinite(sum(row)):
                raise ValueError("NaN or infinity among the numbers, or one above all float32")
        except _OtherSize:
            raise
        except ValueError as error:  # a UnicodeDecodeError is one too
            raise ValueError(
                f"{name}, line {number}: {error}. Each line must hold a word and its numbers, "
                "single spaces between them. Fetch or save the file again."
            ) from error
        if table is None:
            table = _Table(size)
        table.append(row)
        found.append(word)
        lines.append(number)
        missing.discard(word)
        if wanted is not None and not missing:
            announced = None  # how many rows follow is not known
            break
    if twice := repeated(found):
        first, again = twice
        raise ValueError(
            f"{name}, line {lines[again]}: {found[again]!r} stands in line {lines[first]} already."
        )
    count = len(found) + passed
    if not count:
        raise ValueError(f"{name} holds no vector. Fetch or save it again.")
    if announced not in (None, count):
        message = f"{name} holds {count:,} rows, but its first line announces {announced:,}."
        if announced > count and not line.endswith(b"\n"):
            raise ValueError(f"{message} Its last line has no end: it was cut. Fetch it again.")
        if size == 1:
            raise ValueError(f"{message} Is it a vector of one number? Then put a header on top.")
        warnings.warn(f"{message} All {count:,} are read.", stacklevel=4)
    if table is None:
        raise ValueError(none_of(wanted, name))
    return found, table.finished()


def read_binary(
    stream: BinaryIO,
    name: str,
    *,
    words: Iterable[str] | None = None,
    vector_size: int | None = None,
) -> Rows:
    """Read vectors in the binary form of word2vec.

    gensim reads this form too, but cannot read some words only, needs the file's own name,
    passes over a word that stands there twice and over bytes that follow the last row. Each row
    is a word, a space, and M float32 numbers with the low byte first; the original C program
    ends it with a line end, gensim does not.

    Parameters, returns and errors are those of :func:`read_text`; errors count rows.
    """
    advice = "Fetch or save it again; the ending must fit: .bin binary, .txt or .vec text."
    broken = f"{name} is not a whole word2vec file in binary form"
    wanted = None if (asked := wanted_words(words)) is None else {w.encode() for w in asked}
    header = stream.readline(LONGEST_HEADER).split()
    if len(header) != 2 or not all(field.isdigit() for field in header) or 0 in map(int, header):
        raise ValueError(f"{broken}: its first line is not two whole numbers. {advice}")
    announced, size = map(int, header)
    _check_size(size, vector_size, name)
    missing = set() if wanted is None else set(wanted)
    table = _Table(size, announced if wanted is None else min(announced, len(wanted)), name)
    found: list[str] = []
    buffer, position = b"", 0
    for row in range(1, announced + 1):
        while (space := buffer.find(b" ", position)) < 0 or len(buffer) < space + 1 + 4 * size:
            chunk = stream.read(CHUNK)
            if not chunk:
                raise ValueError(f"{broken}: it ends in row {row:,} of {announced:,}. {advice}")
            if space < 0 and len(buffer) - position > LONGEST_WORD:
                raise ValueError(f"{broken}: row {row:,} begins with no word. {advice}")
            buffer, position = buffer[position:] + chunk, 0
        word = buffer[position:space].removeprefix(b"\n")
        position = space + 1 + 4 * size
        if wanted is not None and word not in wanted:
            continue
        try:
            found.append(word.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(f"{broken}: the word of row {row:,} ({error}). {advice}") from error
        if not word:
            raise ValueError(f"{broken}: row {row:,} has no word. {advice}")
        table.append(np.frombuffer(buffer, "<f4", size, space + 1))
        missing.discard(word)
        if wanted is not None and not missing:
            break
    else:
        if (buffer[position:] + stream.read(2)) not in (b"", b"\n"):
            raise ValueError(
                f"{broken}: more follows after the {announced:,} rows its first line announces. "
                f"{advice}"
            )
    if not found:
        raise ValueError(none_of(asked, name))
    if twice := repeated(found):
        raise ValueError(f"{broken}: the word {found[twice[0]]!r} stands there twice. {advice}")
    return found, table.finished()


class _Table:
    """A matrix that grows row by row: in small steps, and never copied whole by NumPy."""

    def __init__(self, size: int, rows: int = 64, name: str = "") -> None:
        try:
            self.matrix = np.empty((rows, size), dtype=np.float32)
        except (MemoryError, ValueError) as error:
            raise ValueError(
                f"{name} announces {rows:,} rows of {size:,} numbers, more than fit into memory. "
                "If that is true, read only some words of it; if not, fetch it again."
            ) from error
        self.filled = 0

    def append(self, row: Sequence[float] | np.ndarray) -> None:
        if self.filled == len(self.matrix):
            self._resize(self.filled + max(self.filled // 32, 64))
        self.matrix[self.filled] = row
        self.filled += 1

    def finished(self) -> np.ndarray:
        self._resize(self.filled)
        return self.matrix

    def _resize(self, rows: int) -> None:
        # Nobody else holds the matrix yet; it grows in place where the system can.
        self.matrix.resize((rows, self.matrix.shape[1]), refcheck=False)


class _OtherSize(ValueError):
    """The vectors of a file have other dimensions than they must have."""


def _check_size(size: int, wanted: int | None, name: str) -> None:
    if wanted not in (None, size):
        raise _OtherSize(f"{name} holds vectors of {size} numbers, not of {wanted}.")


def wanted_words(words: Iterable[str] | None) -> set[str] | None:
    """Return the words as a set; None stands for all of a file."""
    if words is None:
        return None
    found = set(word_list(words))
    if not found:
        raise ValueError("words is empty; name at least one, or leave it out to read all.")
    return found


def none_of(wanted: Collection[str], name: str) -> str:
    """Return the sentence that says that a file has none of the words asked for."""
    wanted = sorted(wanted)
    some = ", ".join(map(repr, wanted[:5])) + (" …" if len(wanted) > 5 else "")
    return f"{name} holds none of the {len(wanted):,} words asked for: {some}."


def _word_of(fields: list[str], size: int) -> str:
    """Return what stands in front of the last ``size`` fields; it must be a word."""
    if not 0 < size < len(fields):
        raise ValueError(f"numbers after the word: {len(fields) - 1}, wanted: {size}")
    word, *pieces = fields[:-size]
    if any(map(NUMBER.fullmatch, pieces)):
        raise ValueError(f"more than {size} numbers follow the word {word!r}")
    if not word:
        raise ValueError("there is no word in front of the numbers")
    return " ".join([word, *pieces])


def repeated(words: Sequence[str]) -> tuple[int, int] | None:
    """Return the two places of the first word that stands in a list again; None if none does.

    Hash values tell in a fifth of the memory of a set that all words differ.
    """
    hashes = np.fromiter(map(hash, words), dtype=np.int64, count=len(words))
    hashes.sort()
    if not (hashes[1:] == hashes[:-1]).any():
        return None
    seen: dict[str, int] = {}
    for place, word in enumerate(words):
        if seen.setdefault(word, place) != place:
            return seen[word], place
    return None
