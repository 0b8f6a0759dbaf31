"""Train the word vectors that ship with the course, and measure them.

python data_scripts/train_vectors.py vectors

The text is the slice of English Wikipedia (name: enwiki) without the articles that also ship
inside gensim: on those, other vectors are trained and tested in the notebooks. Skip-gram with
negative sampling, one thread, a fixed seed: the same machine makes the same numbers again.

Output: vectors.hdf5 in the folder, with the data sets `words` (UTF-8 text, one word a line, the
most frequent first, as bytes), `counts` (int32) and `matrix` (float16), for the first 20,000 words.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

try:
    from course_lib import datasets
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib import datasets

from course_lib import evaluate, runtime, word2vec
from course_lib.vectors import WordVectors

SIZE = 100
KEPT = 20_000


def sentences() -> list[list[str]]:
    """Return the sentences of all articles of enwiki that gensim does not hold."""
    corpus = datasets.load_corpus("enwiki")
    held_out = set(datasets.load_corpus("wikipedia").titles)
    bounds = pairwise([*corpus.starts, len(corpus)])
    kept = [
        ends for title, ends in zip(corpus.titles, bounds, strict=True) if title not in held_out
    ]
    found = [words for first, last in kept for words in corpus.sentences[first:last]]
    print(f"{len(kept):,} articles, {sum(map(len, found)):,} words, {len(found):,} sentences")
    return found


def write(path: Path, vectors: WordVectors) -> WordVectors:
    """Write the most frequent words atomically, and return the contents of the file."""
    words, counts = vectors.words[:KEPT], vectors.counts[:KEPT]
    matrix = vectors.matrix[:KEPT].astype(np.float16)
    text = np.frombuffer("\n".join(words).encode("utf-8"), dtype=np.uint8)
    with runtime.atomic_write(path) as part, h5py.File(part, "w") as file:
        for name, data in (("words", text), ("counts", np.int32(counts)), ("matrix", matrix)):
            file.create_dataset(name, data=data, compression="gzip", shuffle=True)
    return WordVectors(words, matrix, counts=counts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=15, help="passes over the text (default 15)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    try:
        text = sentences()
    except datasets.DataUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    trained = word2vec.train(
        text,
        "skipgram",
        "negative",
        vector_size=SIZE,
        window=5,
        negative=5,
        min_count=5,
        epochs=options.epochs,
        seed=options.seed,
        workers=1,
        device="cpu",
    )
    minutes = (time.perf_counter() - started) / 60
    print(f"{len(trained):,} words trained in {minutes:.1f} minutes")
    path = options.folder / "vectors.hdf5"
    shown = {"all words, float32": trained, path.name: write(path, trained)}
    print(evaluate.report(shown).round(4).T.to_string())
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
