"""Reading vector files: the layout of word2vec, text or binary, and that of GloVe.

A file is read as a stream, a piece at a time, so that little more memory is needed than for the
matrix that comes out, and next to none where only some words are asked for.
"""

from __future__ import annotations

import codecs
import math
import re
import warnings
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from course_lib.checks import word_list
from course_lib.vectors.packing import BINARY_SUFFIX, TEXT_SUFFIXES, Errors, is_binary, opened
from course_lib.writing import normalize, spelling

NUMBER = re.compile(rb"[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan|inf(inity)?)", re.IGNORECASE)
CHUNK = 1 << 20  # bytes read at a time
LONGEST_HEADER = 100  # bytes; two numbers
LONGEST_WORD = 1 << 16  # bytes

Rows = tuple[list[str], np.ndarray]


def read(
    path: Path,
    *,
    words: Iterable[str] | None = None,
    vector_size: int | None = None,
    errors: Errors = "strict",
) -> Rows:
    """Read a vector file, packed or not.

    Parameters
    ----------
    path : Path
        Ends in ``.bin``, ``.txt`` or ``.vec``, then ``.gz``, ``.bz2`` or ``.xz`` if it is packed;
        or in ``.zip``, with one such file inside.
    words, vector_size, errors
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
    with opened(path, (*TEXT_SUFFIXES, BINARY_SUFFIX), errors) as (stream, inner):
        reader = read_binary if is_binary(inner) else read_text
        return reader(stream, str(path), words=words, vector_size=vector_size, errors=errors)


def read_text(
    stream: BinaryIO,
    name: str,
    *,
    words: Iterable[str] | None = None,
    vector_size: int | None = None,
    errors: Errors = "strict",
) -> Rows:
    """Read vectors in text form; gensim would stop at the number of rows the header announces.

    From the right, M numbers are taken off each line, between blanks or tabs, as many as there
    are; what is left is the word. A byte order mark in front of all is passed over.

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
    errors : {"strict", "replace", "ignore"}
        What is done about a word that is not UTF-8: refuse the file, put U+FFFD for the bytes,
        or drop them, as gensim's ``unicode_errors`` does.

    Returns
    -------
    words : list of str, n
        In the order of the file. Of a word that stands there twice the first row is kept, with
        a warning, as in gensim.
    matrix : numpy.ndarray, float32, (n, M)

    Raises
    ------
    ValueError
        For a line that is not a word and M numbers, with its number; for a cut file, other
        dimensions, or if none of ``words`` is there.
    """
    wanted = wanted_words(words)
    # A row is looked at if its first piece may begin a word that is wanted.
    begins = None
    if wanted is not None and errors == "strict":
        forms = [normalize(spelling(word), form) for word in wanted for form in ("NFC", "NFD")]
        begins = {piece for word in (*wanted, *forms) for piece in _bytes(word).split(None, 1)[:1]}
    normal = None if wanted is None else set(map(spelling, wanted))
    missing = set() if wanted is None else set(wanted)
    found: list[str] = []
    lines = array("q")  # the line of each word that was found
    numbers = array("f")  # grows in place where the system can
    announced = size = None
    passed, line = 0, b""
    for number, line in enumerate(stream, 1):
        first = line.split(None, 1)[:1]
        if None not in (begins, size) and first and first[0] not in begins:
            passed += 1
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        # Bytes are split at ASCII white space only: some words hold other white space.
        fields = line.split()
        if number == 1 and len(fields) == 2 and all(map(bytes.isdigit, fields)):
            announced, size = map(int, fields)
            _check_size(size, vector_size, name)
            continue
        if not fields:
            continue
        if size is None:
            size = max(len(list(takewhile(NUMBER.fullmatch, reversed(fields[1:])))), 1)
            _check_size(size, vector_size, name)
        try:
            word = word_of(line, size, errors)
            if normal is not None and spelling(word) not in normal:
                passed += 1
                continue
            row = array("f", map(float, fields[-size:]))
            if not math.isfinite(sum(row)):
                raise ValueError("NaN or infinity among the numbers, or one above all float32")
        except ValueError as error:  # a UnicodeDecodeError is one too
            raise ValueError(
                f"{name}, line {number}: {error}. Each line must hold a word and its numbers, "
                "with blanks between them. Fetch or save the file again"
                + (", or give errors='replace'." if isinstance(error, UnicodeError) else ".")
            ) from error
        numbers.extend(row)
        found.append(word)
        lines.append(number)
        missing.discard(word)
        if wanted is not None and not missing:
            announced = None  # how many rows follow is not known
            break
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
    if not found:
        raise ValueError(none_of(wanted, name))
    return _each_once(found, numbers, name, lambda row: f"line {lines[row]}")


def read_binary(
    stream: BinaryIO,
    name: str,
    *,
    words: Iterable[str] | None = None,
    vector_size: int | None = None,
    errors: Errors = "strict",
) -> Rows:
    """Read vectors in the binary form of word2vec.

    gensim reads this form too, but cannot read some words only, needs the file's own name, and
    passes over bytes that follow the last row. Each row
    is a word, a space, and M float32 numbers with the low byte first; the original C program
    ends it with a line end, gensim does not.

    Parameters, returns and errors are those of :func:`read_text`; errors count rows.
    """
    advice = (
        "Fetch or save it again; the ending must fit: .bin binary, .txt or .vec text, and "
        "FastTextVectors.load reads the .bin of the fastText program."
    )
    broken = f"{name} is not a whole word2vec file in binary form"
    wanted = None if (asked := wanted_words(words)) is None else set(map(_bytes, asked))
    header = stream.readline(LONGEST_HEADER).split()
    if len(header) != 2 or not all(field.isdigit() for field in header) or 0 in map(int, header):
        raise ValueError(f"{broken}: its first line is not two whole numbers. {advice}")
    announced, size = map(int, header)
    _check_size(size, vector_size, name)
    normal = None if asked is None else set(map(spelling, asked))
    missing = set() if wanted is None else set(wanted)
    numbers, found = array("f"), []
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
        if wanted is not None:
            known = word if errors == "strict" else word.decode("utf-8", errors).encode()
            # ASCII has one form only; of other words any that is alike in normal form is read.
            if known not in wanted and (
                known.isascii() or spelling(known.decode(errors="replace")) not in normal
            ):
                continue
            missing.discard(known)
        try:
            found.append(word.decode("utf-8", errors))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{broken}: the word of row {row:,} ({error}). {advice} Or give errors='replace'."
            ) from error
        if not word:
            raise ValueError(f"{broken}: row {row:,} has no word. {advice}")
        numbers.frombytes(memoryview(buffer)[space + 1 : position])
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
    return _each_once(found, numbers, name, lambda row: f"row {row + 1:,} of those that were read")


def _bytes(word: str) -> bytes:
    return word.encode(errors="surrogatepass")  # half a pair is asked for: no file has it


def _check_size(size: int, wanted: int | None, name: str) -> None:
    if wanted not in (None, size):
        raise ValueError(f"{name} holds vectors of {size} numbers, not of {wanted}.")


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


def word_of(line: bytes, size: int, errors: Errors = "strict") -> str:
    """Return what stands in front of the last ``size`` fields of a line; it must be a word."""
    head, *numbers = line.rsplit(None, size) if size else line.split()
    if line[:1] == b" " and len(numbers) == size - 1:
        raise ValueError("there is no word in front of the numbers")
    if not 0 < len(numbers) == size:
        raise ValueError(f"numbers after the word: {len(numbers)}, wanted: {size}")
    if any(map(NUMBER.fullmatch, head.split()[1:])):
        raise ValueError(f"more than {size} numbers follow the word {head.split()[0]!r}")
    if not (word := head.lstrip().decode("utf-8", errors)):
        raise ValueError(f"of the word {head!r} nothing is left")
    return word


def check_writable(words: Sequence[str], *, binary: bool, header: bool) -> None:
    """Raise a ValueError unless :func:`read` would give back each word as it is."""
    for number, word in enumerate(words):
        first = number == 0 and not header
        try:
            row = word.encode()
            if not binary:
                row = word_of((row.removeprefix(codecs.BOM_UTF8) if first else row) + b" 0", 1)
            refused = (b" " in row or row[:1] == b"\n") if binary else (row != word or "\n" in row)
        except ValueError:  # a UnicodeEncodeError is one too
            refused = True
        if not word or refused:
            raise ValueError(
                f"The word {word!r} could not be read back: it is empty, holds half a surrogate "
                "pair, begins with a byte order mark, or has blanks, line ends or numbers where "
                "the file has its own. Rename it, or try the other form (.bin or .txt)."
            )


def _each_once(words: list[str], numbers: array, name: str, place: Callable[[int], str]) -> Rows:
    """Return words and matrix with the first row alone of each word that stands there again."""
    matrix = np.frombuffer(numbers, np.float32).reshape(len(words), -1)
    if not (twice := repeated(words)):
        return words, matrix
    seen: dict[str, int] = {}
    rows = [row for row, word in enumerate(words) if seen.setdefault(word, row) == row]
    warnings.warn(
        f"{name}: {len(words) - len(rows):,} rows hold a word that was there before, first "
        f"{words[twice[0]]!r}, {place(twice[1])}, as in {place(twice[0])}. The first row is kept.",
        stacklevel=5,
    )
    for start in range(0, len(rows), 1024):  # upwards in place: no second matrix
        part = rows[start : start + 1024]
        matrix[start : start + len(part)] = matrix[part]
    return [words[row] for row in rows], matrix[: len(rows)]


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
