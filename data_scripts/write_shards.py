"""Write a corpus of the course as a folder of text files to pretrain a biLM on.

python data_scripts/write_shards.py shards --held-out held_out.txt

The text is the slice of English Wikipedia (name: enwiki), with capitals and punctuation. Articles
that also ship inside gensim are left out: those make the held-out file. Articles are spread over
the files at random, whole and with a fixed seed. One sentence a line, tokens separated by a blank.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

try:
    from course_lib import datasets, runtime
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib import datasets, runtime


def articles(corpus: datasets.Corpus) -> list[tuple[str, list[list[str]]]]:
    """Return title and sentences of each article."""
    bounds = pairwise([*corpus.starts, len(corpus)])
    return [
        (title, list(corpus.sentences[first:last]))
        for title, (first, last) in zip(corpus.titles, bounds, strict=True)
    ]


def write(path: Path, found: list[tuple[str, list[list[str]]]]) -> int:
    """Write articles atomically, one sentence a line; return the number of tokens."""
    with (
        runtime.atomic_write(path) as part,
        part.open("w", encoding="utf-8", newline="\n") as stream,
    ):
        for _, sentences in found:
            stream.writelines(" ".join(words) + "\n" for words in sentences)
    return sum(len(words) for _, sentences in found for words in sentences)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", type=Path, help="also write gensim's articles into this file")
    parser.add_argument("--corpus", default="enwiki", choices=("enwiki", "brown", "lee"))
    parser.add_argument("--files", type=int, default=8, help="how many (default 8)")
    options = parser.parse_args(arguments)
    if options.files < 1:
        parser.error(f"--files is {options.files}; it must be 1 or more.")
    names = [f"{options.corpus}-{number:03}.txt" for number in range(options.files)]
    there = options.folder.glob("*.txt*") if options.folder.is_dir() else ()
    if strange := sorted({path.name for path in there} - set(names)):
        parser.error(
            f"{options.folder} holds {', '.join(strange)}, which would be trained on too; take it "
            "away, or another folder."
        )
    if options.held_out and options.held_out.parent.resolve() == options.folder.resolve():
        parser.error(f"{options.held_out} would be trained on; put it outside {options.folder}.")
    try:
        corpus = datasets.load_corpus(options.corpus, as_written=True)
    except datasets.DataUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    held_out = articles(datasets.load_corpus("wikipedia", as_written=True))
    titles = {title for title, _ in held_out}
    kept = [article for article in articles(corpus) if article[0] not in titles]
    where = np.random.default_rng(0).integers(options.files, size=len(kept))
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        total = sum(
            write(options.folder / name, [kept[i] for i in np.flatnonzero(where == number)])
            for number, name in enumerate(names)
        )
        print(f"{len(kept):,} articles, {total:,} tokens in {len(names)} files: {options.folder}")
        if options.held_out is not None:
            tokens = write(options.held_out, held_out)
            print(f"{len(held_out)} held-out articles, {tokens:,} tokens: {options.held_out}")
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
