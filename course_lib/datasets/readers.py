"""Readers of corpus files: documents as (title, sentences of plain text), one at a time.

Compressed files are read as streams, lazily; nothing is unpacked to disk.
"""

from __future__ import annotations

import bz2
import csv
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from pathlib import Path

from course_lib import runtime
from course_lib.text import split_sentences

Document = tuple[str, Iterable[str]]
Review = tuple[str, int, str, int, int]  # split, number, text, label (1 good), stars

# Sections of lists: books, links, footnotes. None of it is prose.
_BACK_MATTER = re.compile(
    r"(?:selected )?bibliography|citations|endnotes|external links|footnotes|further reading|"
    r"(?:notes and )?references|(?:references and )?notes|see also|sources|works cited|"
    r"각주|같이 보기|더 보기|더 읽을거리|바깥 ?고리|외부 링크|주석|"
    r"참고 ?문헌|참고 ?자료|출처",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\b[^>]*>", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br */?>", re.IGNORECASE)
_HEADING = re.compile(r"(=+)(.+?)=+")
_PICTURE = re.compile(r"^[^|]*\.(?:jpe?g|png|gif|svg|tiff?|og[gv]|webm)\s*(?:\||$)", re.IGNORECASE)
_PICTURE_OPTION = re.compile(r"\|\s*(?:thumb|left|right|center|upright)\b|\|?\balt=.*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_REVIEW = re.compile(r"/(train|test)/(neg|pos)/(\d+)_(\d+)\.txt$")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|\{\{[^{}]*\}\}")
_PLACEHOLDER = re.compile(r"\b(?:formula|codice)_\d+")
_TABLE = re.compile(r"\s*(?:[|!}]|#if|\{[{|])|\W*(?:em;|style=|class=|align=)")


def read_wikipedia(path: Path) -> Iterator[Document]:
    """Yield the articles of gensim's Wikipedia slice, a compressed XML dump in wiki markup."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(path) as stream:
        for title, markup, _ in extract_pages(stream, ("0",)):
            if not markup or markup.lstrip()[:9].lower() == "#redirect":
                continue
            # gensim deletes tags without a trace, which would glue the words beside a break.
            yield title, _sentences(_prose(filter_wiki(_BREAK.sub(" ", markup))))


def _prose(text: str) -> Iterator[str]:
    """Yield the lines of running text that gensim's filter leaves, without its left-overs."""
    hidden_below: int | None = None
    for line in text.split("\n"):
        if heading := _HEADING.fullmatch(line.strip()):
            level, title = len(heading[1]), heading[2].strip()
            if hidden_below is None or level <= hidden_below:
                hidden_below = level if _BACK_MATTER.fullmatch(title) else None
            line = title
        # A line that begins with a blank was a table cell or program text, unless it is long.
        elif line.startswith(" ") and len(line.split()) < 10:
            continue
        if hidden_below is not None:
            continue
        line = _PICTURE_OPTION.sub("", _PICTURE.sub("", line))
        line = _ADDRESS.sub("", line.lstrip("*#:;= "))
        # '' is italic and ''' bold; the third of ''Time'''s is the apostrophe.
        line = re.sub(r"'{2,}", "", re.sub(r"(?<=\w)'''(?=s\b)", "'", line))
        if any(letter.isalpha() for letter in line):
            yield line


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from split_sentences(line)


def read_lee(path: Path) -> Iterator[Document]:
    """Yield the news texts of the Lee corpus; a line of the file is a text."""
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            yield str(number), split_sentences(line)


def read_wikiextractor(path: Path) -> Iterator[Document]:
    """Yield the articles of a tar.xz of WikiExtractor files, ``<doc title="…">`` … ``</doc>``."""
    with tarfile.open(path, "r|xz") as archive:
        for member in archive:
            if not member.isfile():
                continue
            text = archive.extractfile(member).read().decode("utf-8")
            for article in text.split("<doc ")[1:]:
                header, _, body = article.partition(">\n")
                title = unescape(header.partition('title="')[2].removesuffix('"'))
                lines = body.removesuffix("\n").removesuffix("</doc>").split("\n")
                yield title, _sentences(_extracted(lines[1:]))  # line 0 repeats the title


def _extracted(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of running text that WikiExtractor left, without tags and tables."""
    for line in lines:
        if line and not _TABLE.match(line) and not _BACK_MATTER.fullmatch(line.rstrip(". ")):
            yield _PLACEHOLDER.sub(" ", unescape(_TAG.sub(" ", line)))


def read_brown_pairs(path: Path) -> Iterator[tuple[str, list[list[tuple[str, str]]]]]:
    """Yield name and sentences of each text of the Brown corpus, in (word, tag) pairs."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if re.fullmatch(r"brown/c[a-r]\d\d", name):
                lines = archive.read(name).decode("ascii").splitlines()
                pairs = [[pair.rpartition("/")[::2] for pair in line.split()] for line in lines]
                yield name.removeprefix("brown/"), [sentence for sentence in pairs if sentence]


def read_brown(path: Path) -> Iterator[Document]:
    """Yield the texts of the Brown corpus without their tags."""
    for name, sentences in read_brown_pairs(path):
        yield name, (" ".join(word for word, _ in sentence) for sentence in sentences)


def read_nsmc_rows(path: Path) -> Iterator[tuple[int, str, int]]:
    """Yield id, document and label of each review; some documents are empty."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        next(stream)  # the names of the columns
        for line in stream:
            number, document, label = line.rstrip("\n").split("\t")
            # A document with a quotation mark in it was quoted as in CSV, and that twice.
            for _ in range(2):
                if document.startswith('"') and document.endswith('"'):
                    document = document[1:-1].replace('""', '"')
            yield int(number), document, int(label)


def read_nsmc(path: Path) -> Iterator[Document]:
    """Yield the reviews of one file of NSMC that are not empty."""
    for number, document, _ in read_nsmc_rows(path):
        if document:
            yield str(number), split_sentences(document)


def read_imdb_rows(path: Path) -> Iterator[Review]:
    """Yield the labelled reviews of the IMDB archive, in its order.

    Such a file is called ``aclImdb/train/neg/0_3.txt``: review number 0, three stars.
    """
    with tarfile.open(path, "r|*") as archive:  # packed with gzip or xz
        for member in runtime.progress(archive, desc="imdb", unit="file"):
            if found := _REVIEW.search(member.name):
                split, kind, number, stars = found.groups()
                text = archive.extractfile(member).read().decode("utf-8")
                text = _LINE_BREAK.sub("\n", text)
                yield split, int(number), text, int(kind == "pos"), int(stars)


def read_review_rows(path: Path) -> Iterator[Review]:
    """Yield the reviews of the course's own sample: split, label, stars and text, a line each."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        split, label, stars, text = line.split("\t")
        yield split, number, text, int(label), int(stars)


def read_sms_rows(path: Path) -> Iterator[tuple[str, int]]:
    """Yield text and label (1 spam) of each message of the SMS Spam Collection as CSV.

    Whoever made the file cut some messages at their commas: the rest stands in further columns.
    """
    with path.open(encoding="latin-1", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)  # the names of the columns
        for kind, *parts in rows:
            while len(parts) > 1 and not parts[-1]:
                parts.pop()
            yield ",".join(parts), int(kind == "spam")


def read_message_rows(path: Path) -> Iterator[tuple[str, int]]:
    """Yield text and label (1 spam) of each message of the course's own sample, a line each."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        kind, text = line.split("\t")
        yield text, int(kind == "spam")


def read_sample(path: Path) -> Iterator[Document]:
    """Yield the documents of a sample: ``# title``, then a sentence a line."""
    for block in path.read_text(encoding="utf-8").split("# ")[1:]:
        title, *sentences = block.splitlines()
        yield title, sentences


READERS: dict[str, Callable[[Path], Iterator[Document]]] = {
    "wikipedia": read_wikipedia,
    "lee": read_lee,
    "enwiki": read_wikiextractor,
    "brown": read_brown,
    "kowiki": read_wikiextractor,
    "nsmc": read_nsmc,
    "korean": read_sample,
}
