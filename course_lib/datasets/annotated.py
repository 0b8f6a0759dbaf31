"""Text with labelled tokens: parts of speech and word senses."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.datasets import store
from course_lib.datasets.readers import read_brown_pairs
from course_lib.datasets.registry import unknown_name
from course_lib.text import tokenize

if TYPE_CHECKING:
    import pandas as pd

# Brown has 88 tags, and several hundred with their endings. These classes are those of Petrov,
# Das & McDonald 2012, "A Universal Part-of-Speech Tagset", with two differences: `that` and `if`
# count as conjunctions, not as prepositions, and `all`, `half`, `such` as determiners.
_CLASSES = {
    "NOUN": "nn nns np nps nr nrs",
    "VERB": "vb vbd vbg vbn vbz be bed bedz beg bem ben ber bez do dod doz hv hvd hvg hvn hvz md",
    "ADJ": "jj jjr jjs jjt ap od",
    "ADV": "rb rbr rbt rn ql qlp wql wrb *",
    "PRON": "pn ppl ppls ppo pps ppss wp wpo wps ex",
    "DET": "at dt dti dts dtx wdt pp abl abn abx",
    "ADP": "in",
    "NUM": "cd",
    "CONJ": "cc cs",
    "PRT": "rp to",
    ".": ". , : ( ) -- `` '' '",
    "X": "fw uh nil",
}
_CLASS_OF = {tag: kind for kind, tags in _CLASSES.items() for tag in tags.split()}
TAGS = tuple(_CLASSES)
"""The classes: nouns, verbs, adjectives, adverbs, pronouns, determiners, prepositions, numbers,
conjunctions, particles, punctuation, anything else."""
_ENDINGS = re.compile(r"(?:-(?:tl|hl|nc))+$")  # in a title, in a headline, cited
_QUOTES = {"``": '"', "''": '"'}


def load_tagged(name: str = "brown", *, download: bool = False) -> pd.DataFrame:
    """Read sentences whose words are tagged with their part of speech.

    Where Brown is not at hand, the 240 sentences of the course's own ``homonyms`` stand in.

    Parameters
    ----------
    name : {"brown", "homonyms"}
    download : bool
        Fetch Brown if it is not at hand.

    Returns
    -------
    pandas.DataFrame
        A row for each sentence: ``tokens`` (list of str, words and punctuation marks as written)
        and ``tags`` (list of str, one of ``TAGS`` for each). ``.attrs`` holds ``name``,
        ``"brown"`` or ``"homonyms"``, and ``source``.

    Raises
    ------
    ValueError
        If there is no such text.
    DataUnavailable
        If a file is truncated or altered, or cannot be fetched.

    Notes
    -----
    Brown's fine tags are brought to the twelve classes of ``TAGS`` by :func:`coarse_tag`. Its
    quotation marks, two strokes each, are one character here.
    """
    if name not in ("brown", "homonyms"):
        raise ValueError(unknown_name(name, ("brown", "homonyms"), "tagged text"))
    if name == "brown":
        name = store.choose(("brown",), ("homonyms",), download=download)
    (path,) = store.locate(name, download=download)
    rows = _brown(path) if name == "brown" else _homonyms(path)
    return store.table(rows, ["tokens", "tags"], name)


def coarse_tag(tag: str) -> str:
    """Return which of ``TAGS`` a tag of the Brown corpus belongs to.

    Examples
    --------
    >>> coarse_tag("nn-tl"), coarse_tag("bez*"), coarse_tag("np$"), coarse_tag("fw-nn")
    ('NOUN', 'VERB', 'NOUN', 'X')

    Raises
    ------
    ValueError
        If it is no tag of Brown.
    """
    if tag.startswith("fw-"):
        return "X"
    # "ppss+md" is I'll and "bez*" isn't: the first part counts. "$" marks a genitive.
    stem = _ENDINGS.sub("", tag).split("+")[0]
    found = _CLASS_OF.get(stem.rstrip("$*") or stem)
    if found is None:
        raise ValueError(f"{tag!r} is no tag of the Brown corpus.")
    return found


def _brown(path: Path) -> Iterator[dict[str, Any]]:
    for _, sentences in read_brown_pairs(path):
        for pairs in sentences:
            words = [_QUOTES.get(word, word) for word, _ in pairs]
            yield {"tokens": words, "tags": [coarse_tag(tag) for _, tag in pairs]}


def load_senses(name: str = "coarsewsd20", *, download: bool = False) -> pd.DataFrame:
    """Read sentences with an ambiguous word and its sense (word sense disambiguation).

    Where CoarseWSD-20 is not at hand, the course's own sample stands in: eight words with two
    senses each and fifteen sentences for each sense, ten to train on and five to test on.

    Parameters
    ----------
    name : {"coarsewsd20", "homonyms"}
    download : bool
        Has no effect on these two: one ships, the other has no public address of its own.

    Returns
    -------
    pandas.DataFrame
        Columns ``word``, ``sense`` (str), ``split`` (``"train"`` or ``"test"``), ``tokens``
        (list of str) and ``position`` (int: index of the word). ``.attrs`` holds ``name`` and
        ``source``.

    Raises
    ------
    ValueError
        If there is no such data set.
    DataUnavailable
        If a file is truncated or altered.

    References
    ----------
    Loureiro, Rezaee, Pilehvar & Camacho-Collados 2021, "Analysis and Evaluation of Language
    Models for Word Sense Disambiguation", section 4: CoarseWSD-20, from Wikipedia, lower case.
    """
    if name not in ("coarsewsd20", "homonyms"):
        raise ValueError(unknown_name(name, ("coarsewsd20", "homonyms"), "set of senses"))
    if name == "coarsewsd20":
        name = store.choose(("coarsewsd20",), ("homonyms",), download=download)
    (path,) = store.locate(name, download=download)
    rows = _coarsewsd(path) if name == "coarsewsd20" else _homonyms(path)
    return store.table(rows, ["word", "sense", "split", "tokens", "position"], name)


def _coarsewsd(path: Path) -> list[dict[str, Any]]:
    """Return the rows of the archive: for each word its senses, sentences and labels."""
    files: dict[tuple[str, str], str] = {}
    with tarfile.open(path, "r|xz") as archive:
        for member in archive:
            folder, _, file = member.name.rpartition("/")
            if member.isfile() and file.endswith(".txt"):
                text = archive.extractfile(member).read().decode("utf-8")
                files[folder.rpartition("/")[2], file] = text
    rows = []
    for word in sorted({word for word, file in files if file == "classes_map.txt"}):
        senses = json.loads(files[word, "classes_map.txt"])
        for split in ("train", "test"):
            lines = files[word, f"{split}.data.txt"].splitlines()
            answers = files[word, f"{split}.gold.txt"].split()
            for line, answer in zip(lines, answers, strict=True):
                position, _, sentence = line.partition("\t")
                sense = senses[answer].removeprefix(f"{word}_")
                tokens = sentence.split()
                row = {"word": word, "sense": sense, "split": split}
                rows.append(row | {"tokens": tokens, "position": int(position)})
    return rows


def _homonyms(path: Path) -> list[dict[str, Any]]:
    """Return the rows of the course's own sample: word, sense, split, sentence, tags, a line."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines:
        word, sense, split, sentence, tags = line.split("\t")
        tokens = tokenize(sentence, lower=False, punctuation=True)
        row = {"word": word, "sense": sense, "split": split, "tokens": tokens}
        rows.append(row | {"tags": tags.split(), "position": tokens.index(word)})
    return rows
