"""Measure this library's FastText beside gensim's and the fastText program.

All get the same tokenised sentences and the same hyper-parameters (Skip-gram, vector_size 100,
window 5, negative 5, min_count 5, sample 1e-3, alpha 0.025, n-grams of 3 to 6 characters in
200,000 buckets). Timed are the epochs, without vocabulary, hashes and first values. Words are
raw tokens times epochs. The runs take turns: one round runs each of them once, on a machine
that does nothing else. ``OMP_NUM_THREADS`` is left as it is and stored with each round.

    python benchmarks/fasttext.py                 # the largest corpus at hand, 5 rounds
    python benchmarks/fasttext.py --peer fastText=../fastText/fasttext --write
    OMP_NUM_THREADS=1 python benchmarks/fasttext.py --only speed --add    # 5 more, so set

``--peer`` takes any program with fastText's command line (see peers.py). The table is printed,
written into docs/benchmarks.md with --write, and stored with every single round in
benchmarks/fasttext.json.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import pandas as pd
import peers

from course_lib import datasets, evaluate, fasttext, word2vec
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "alpha": 0.025,
}
NGRAMS = {"min_n": 3, "max_n": 6}
BUCKET, MIN_COUNT = 200_000, 5
BUCKETS = (1_000, 5_000, 20_000, 100_000, 500_000, 2_000_000)
SETS = ("wordsim353", "men", "rw")
Train = Callable[..., tuple[WordVectors, float]]  # vectors and seconds


def train_course(
    sentences: Any, epochs: int, seed: int, workers: int, **more: Any
) -> tuple[WordVectors, float]:
    vocabulary = more.pop("vocabulary", None)
    vocabulary = vocabulary or Vocabulary.build(sentences, min_count=MIN_COUNT)
    options = {"bucket": BUCKET, "seed": seed, "workers": workers, **NGRAMS, **OPTIONS, **more}
    vectors = fasttext.train(sentences, epochs=epochs, vocabulary=vocabulary, **options)
    return vectors, float(vectors.history["seconds"].sum())


def train_sgns(sentences: Any, epochs: int, seed: int, workers: int) -> tuple[WordVectors, float]:
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    start = time.perf_counter()
    options = {"seed": seed, "workers": workers, **OPTIONS}
    vectors = word2vec.train(sentences, epochs=epochs, vocabulary=vocabulary, **options)
    return vectors, time.perf_counter() - start


def train_gensim(sentences: Any, epochs: int, seed: int, workers: int) -> tuple[WordVectors, float]:
    from gensim.models import FastText

    model = FastText(
        sg=1, min_count=MIN_COUNT, bucket=BUCKET, workers=workers, seed=seed, **NGRAMS, **OPTIONS
    )
    model.build_vocab(sentences)
    start = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    seconds = time.perf_counter() - start
    cut = fasttext.Subwords(bucket=BUCKET, **NGRAMS)
    vectors = fasttext.FastTextVectors(
        model.wv.index_to_key,
        model.wv.vectors,
        ngram_matrix=model.wv.vectors_ngrams,
        subwords=cut,
    )
    return vectors, seconds


def libraries(programs: list[tuple[str, Path]]) -> dict[str, Train]:
    """Return what trains: this library, gensim and the programs."""
    return {"course": train_course, "gensim": train_gensim} | {
        name: partial(train_outside, path) for name, path in programs
    }


def train_outside(
    path: Path, sentences: Any, epochs: int, seed: int, workers: int
) -> tuple[WordVectors, float]:
    options = OPTIONS | NGRAMS | {"min_count": MIN_COUNT, "bucket": BUCKET}
    vectors, speed = peers.fast_text(path, sentences, epochs, workers, options)
    return vectors, sum(map(len, sentences)) * epochs / speed


def speed(
    corpus: Any,
    rounds: Iterable[int],
    threads: list[int],
    programs: list[tuple[str, Path]],
    gpu: bool,
) -> list[dict]:
    """Time all libraries in turns, one epoch each; a row for each single run."""
    rows: list[dict] = []
    # What is compiled at the first call, and read from the disk, belongs to no round.
    train_course(corpus.sentences[:5000], 1, 1, 1)
    for number in rounds:
        for workers in threads:
            for library, train in libraries(programs).items():
                more = {"device": "cuda"} if gpu and library == "course" else {}
                n = 1 if more else workers
                vectors, seconds = train(corpus.sentences, 1, 1, n, **more)
                row = {"library": library, "threads": workers, "omp": common.threads_variable()}
                row |= {"round": number, "words_per_second": corpus.n_tokens / seconds}
                common.tell(rows, row | common.marks(vectors, ("wordsim353",)))
    return rows


def quality(
    corpus: Any, seeds: int, epochs: int, workers: int, programs: list[tuple[str, Path]]
) -> list[dict]:
    """Evaluate all libraries and plain SGNS over seeds; a row for each training."""
    rows: list[dict] = []
    kinds = {"SGNS, course": train_sgns} | libraries(programs)
    for seed in range(1, seeds + 1):
        for library, train in kinds.items():
            vectors, _ = train(corpus.sentences, epochs, seed, workers)
            row = {"library": library, "seed": seed} | common.marks(vectors, SETS)
            row["analogies"] = evaluate.analogies(vectors).accuracy
            if row["rw"] is not None:
                known = WordVectors(vectors.words, vectors.matrix)
                row["rw_known"] = evaluate.similarity(known, "rw").spearman
                row["rw_coverage"] = evaluate.similarity(vectors, "rw").coverage
            common.tell(rows, row)
    return rows


def buckets(seeds: int, epochs: int, workers: int) -> list[dict]:
    """Train with few and many buckets on the embedded text."""
    sentences = datasets.load_corpus("wikipedia").sentences
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    rows: list[dict] = []
    for bucket in BUCKETS:
        cut = fasttext.Subwords(bucket=bucket, **NGRAMS)
        grams = {gram for word in vocabulary.words for gram in cut.ngrams(word)}
        used = np.bincount([fasttext.hash_ngram(gram) % bucket for gram in grams])
        shared = float(used[used > 1].sum() / len(grams))
        for seed in range(1, seeds + 1):
            vectors, _ = train_course(
                sentences, epochs, seed, workers, bucket=bucket, vocabulary=vocabulary
            )
            row = {"bucket": bucket, "seed": seed, "ngrams": len(grams), "shared": shared}
            common.tell(rows, row | common.marks(vectors, SETS))
    return rows


def memory(name: str, max_tokens: int | None) -> list[dict]:
    """Measure each library's peak memory in a process of its own, above the loaded corpus."""
    rows: list[dict] = []
    for library in libraries([]):
        arguments = ["--memory-of", library, "--corpus", name]
        arguments += ["--max-tokens", str(max_tokens)] if max_tokens else []
        megabytes = common.in_own_process(__file__, *arguments)
        common.tell(rows, {"library": library, "megabytes": megabytes})
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    marks = pd.DataFrame(result["quality"])
    used = {row["library"]: row["megabytes"] for row in result["memory"]}
    lines = common.comparison(result["speed"], ["threads"], "words_per_second", "words/s")
    names = {"wordsim353": "WordSim-353", "men": "MEN", "rw": "RW, all pairs with a vector"}
    names |= {"rw_known": "RW, both words trained", "rw_coverage": "RW, share of pairs"}
    names |= {"analogies": "analogies"}
    lines += ["", "| | " + " | ".join(names.values()) + " | peak memory |"]
    lines += ["|---" * (len(names) + 2) + "|"]
    for library, group in marks.groupby("library", sort=False):
        cells = [
            common.spread(group[name].dropna().tolist()) if name in group else "–" for name in names
        ]
        cells.append(f"{used[library]:,.0f} MB" if library in used else "–")
        lines.append(f"| {library} | " + " | ".join(cells) + " |")
    lines += ["", "| buckets | n-grams that share one | WordSim-353 | MEN | RW |", "|---" * 5 + "|"]
    for bucket, group in pd.DataFrame(result["buckets"]).groupby("bucket", sort=False):
        cells = [common.spread(group[name].dropna().tolist()) for name in SETS]
        shared = f"{group['shared'].iloc[0]:.0%}"
        lines.append(f"| {bucket:,} | {shared} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Text: {result['corpus']} ({result['tokens']:,} tokens), rounds in turns of "
        f"one epoch. {common.second_thread(result['speed'], 'words_per_second')}"
        f"Quality: mean ± standard deviation over {result['seeds']} seeds, "
        f"{result['epochs']} epochs. SGNS is asked the pairs of known words only, the others all "
        f"pairs. The table of buckets is from the embedded Wikipedia text. Peak memory is above "
        f"the loaded text and packages. Machine: "
        f"{common.machines(result)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = common.parser(__doc__, ("speed", "memory", "buckets", "quality"), peers_of="fastText")
    parser.add_argument("--epochs", type=int, default=5, help="of each training for quality")
    parser.add_argument("--memory-of", choices=("course", "gensim"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    corpus = common.load(options)
    if options.memory_of:
        train = libraries([])[options.memory_of]
        train(corpus.sentences[:5000], 1, 1, 2)  # what is imported and compiled does not count
        print(common.peak_memory(lambda: train(corpus.sentences, 1, 1, 2)))
        return
    threads = [os.cpu_count() or 1] if options.gpu else [1, 2]
    workers = min(2, os.cpu_count() or 1)
    about = {
        "machine": common.machine("gensim", "numba", "numpy", gpu=options.gpu),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "epochs": options.epochs,
        "options": OPTIONS | NGRAMS | {"min_count": MIN_COUNT, "bucket": BUCKET},
    }
    parts = {
        "speed": lambda: speed(
            corpus,
            common.numbers("fasttext", options, "speed"),
            threads,
            options.peer,
            options.gpu,
        ),
        "memory": lambda: [] if options.gpu else memory(corpus.name, options.max_tokens),
        "buckets": lambda: buckets(options.seeds, options.epochs, workers),
        "quality": lambda: quality(corpus, options.seeds, options.epochs, workers, options.peer),
    }
    common.measure("fasttext", options, about, parts, table)


if __name__ == "__main__":
    main()
