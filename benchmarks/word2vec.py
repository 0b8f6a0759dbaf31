"""Measure this library's word2vec beside gensim's: speed, memory and quality.

Both get the same tokenised sentences, the same vocabulary rules and the same hyper-parameters
(vector_size 100, window 5, negative 5, min_count 5, sample 1e-3, alpha 0.025). Timed is the
whole training without the building of the vocabulary; words are raw tokens times epochs. The
runs take turns: one round runs each of them once, on a machine that does nothing else.

    python benchmarks/word2vec.py                 # the largest corpus at hand, 5 rounds
    python benchmarks/word2vec.py --corpus wikipedia --rounds 5 --seeds 3
    python benchmarks/word2vec.py --gpu           # on a GPU, against gensim with all cores

The table is printed, written into docs/benchmarks.md with --write, and stored with every single
round in benchmarks/word2vec.json.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads are counted in workers on both sides
os.environ["COURSE_PROGRESS"] = "0"

import common
import pandas as pd

from course_lib import datasets, evaluate, runtime, word2vec
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "alpha": 0.025,
}
MIN_COUNT = 5
ARCHITECTURES = ("skipgram", "cbow")
AUTOGRAD_TOKENS = 100_000  # enough for a stable figure of the readable model


def train_ours(
    corpus: Any,
    architecture: str,
    epochs: int,
    seed: int,
    workers: int,
    vocabulary: Vocabulary,
    **more: Any,
) -> tuple[WordVectors, float, float]:
    """Train with this library; return vectors, wall seconds and CPU seconds."""
    start = time.perf_counter(), time.process_time()
    vectors = word2vec.train(
        corpus,
        architecture,
        vocabulary=vocabulary,
        min_count=MIN_COUNT,
        epochs=epochs,
        seed=seed,
        workers=workers,
        **OPTIONS,
        **more,
    )
    return vectors, time.perf_counter() - start[0], time.process_time() - start[1]


def train_gensim(
    corpus: Any, architecture: str, epochs: int, seed: int, workers: int
) -> tuple[WordVectors, float, float]:
    """Train with gensim; return vectors, wall seconds and CPU seconds."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        sg=int(architecture == "skipgram"),
        min_count=MIN_COUNT,
        workers=workers,
        seed=seed,
        **OPTIONS,
    )
    model.build_vocab(corpus)
    start = time.perf_counter(), time.process_time()
    model.train(corpus, total_examples=model.corpus_count, epochs=epochs)
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    return WordVectors.from_keyed_vectors(model.wv), wall, cpu


def speed(corpus: Any, rounds: int, epochs: int, threads: list[int], gpu: bool) -> list[dict]:
    """Time both libraries in turns; a row for each single run."""
    sentences, words = corpus.sentences, corpus.n_tokens * epochs
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    small = datasets.load_corpus(corpus.name, max_tokens=AUTOGRAD_TOKENS)
    rows: list[dict] = []

    def note(library: str, architecture: str, workers: int, number: int, run: Any, n: int) -> None:
        _, wall, cpu = run
        row = {
            "library": library,
            "architecture": architecture,
            "threads": workers,
            "round": number,
            "words_per_second": n / wall,
            "words_per_cpu_second": n / cpu,
        }
        common.tell(rows, row)

    for number in range(rounds):
        for architecture in ARCHITECTURES:
            for workers in threads:
                more = {"device": "cuda"} if gpu else {}
                run = train_ours(
                    sentences, architecture, epochs, 1, 1 if gpu else workers, vocabulary, **more
                )
                note("course", architecture, workers, number, run, words)
                run = train_gensim(sentences, architecture, epochs, 1, workers)
                note("gensim", architecture, workers, number, run, words)
            run = train_ours(small, architecture, 1, 1, 1, vocabulary, autograd=True)
            note("course, autograd", architecture, 1, number, run, small.n_tokens)
    return rows


def quality(corpus: Any, seeds: int, epochs: int, workers: int) -> list[dict]:
    """Evaluate both libraries over seeds; a row for each training."""
    vocabulary = Vocabulary.build(corpus.sentences, min_count=MIN_COUNT)
    rows = []
    for seed in range(1, seeds + 1):
        for architecture in ARCHITECTURES:
            for library in ("course", "gensim"):
                if library == "course":
                    vectors, *_ = train_ours(
                        corpus.sentences, architecture, epochs, seed, workers, vocabulary
                    )
                else:
                    vectors, *_ = train_gensim(
                        corpus.sentences, architecture, epochs, seed, workers
                    )
                row = {"library": library, "architecture": architecture, "seed": seed}
                row |= common.marks(vectors, ("wordsim353", "simlex999", "men"))
                row["analogies"] = evaluate.analogies(vectors).accuracy
                common.tell(rows, row)
    return rows


def memory(name: str, max_tokens: int | None) -> list[dict]:
    """Measure each library's peak memory in a process of its own, above the loaded corpus."""
    rows: list[dict] = []
    for architecture in ARCHITECTURES:
        for library in ("course", "gensim"):
            arguments = ["--memory-of", library, "--corpus", name, "--architecture", architecture]
            arguments += ["--max-tokens", str(max_tokens)] if max_tokens else []
            megabytes = common.in_own_process(__file__, *arguments)
            row = {"library": library, "architecture": architecture, "megabytes": megabytes}
            common.tell(rows, row)
    return rows


def memory_of(library: str, corpus: Any, architecture: str) -> float:
    """Return the growth of the peak memory of this process by one training, in MB."""
    vocabulary = Vocabulary.build(corpus.sentences, min_count=MIN_COUNT)
    if library == "course":
        return common.peak_memory(
            lambda: train_ours(corpus.sentences, architecture, 1, 1, 2, vocabulary)
        )
    return common.peak_memory(lambda: train_gensim(corpus.sentences, architecture, 1, 1, 2))


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    runs, marks = pd.DataFrame(result["speed"]), pd.DataFrame(result["quality"])
    used = pd.DataFrame(result["memory"])
    lines = [
        "| | threads | this course, words/s | gensim, words/s | ratio of medians (each round) "
        "| per CPU second |",
        "|---|---|---|---|---|---|",
    ]
    for (architecture, threads), group in runs.groupby(["architecture", "threads"], sort=False):
        ours, theirs = (
            group[group["library"] == name].set_index("round") for name in ("course", "gensim")
        )
        ratios = ours["words_per_second"] / theirs["words_per_second"]
        fast, slow = ours["words_per_second"].median(), theirs["words_per_second"].median()
        cpu = ours["words_per_cpu_second"].median() / theirs["words_per_cpu_second"].median()
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(
            f"| {architecture} | {threads} | {fast:,.0f} | {slow:,.0f} "
            f"| **{fast / slow:.2f}** ({each}) | {cpu:.2f} |"
        )
    lines += ["", "| | WordSim-353 | SimLex-999 | MEN | analogies | peak memory |"]
    lines += ["|---|---|---|---|---|---|"]
    for (architecture, library), group in marks.groupby(["architecture", "library"], sort=False):
        cells = [
            common.spread(group[name].dropna().tolist())
            for name in ("wordsim353", "simlex999", "men", "analogies")
        ]
        same = (used["architecture"] == architecture) & (used["library"] == library)
        cells.append(f"{used[same]['megabytes'].iloc[0]:,.0f} MB" if same.any() else "–")
        lines.append(f"| {architecture}, {library} | " + " | ".join(cells) + " |")
    readable = runs[runs["library"] == "course, autograd"].groupby("architecture", sort=False)
    speeds = [f"{name} {rows['words_per_second'].median():,.0f}" for name, rows in readable]
    lines += [
        "",
        f"Text: {result['corpus']} ({result['tokens']:,} tokens), {result['rounds']} rounds in "
        f"turns of {result['speed_epochs']} epochs; quality: mean ± standard deviation over "
        f"{result['seeds']} seeds, {result['epochs']} epochs. The readable autograd model on one "
        f"thread: {', '.join(speeds)} words/s. Peak memory is above the loaded text. Machine: "
        f"{common.machine_words(result['machine'])}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = common.parser(__doc__, ("speed", "memory", "quality"))
    parser.add_argument("--epochs", type=int, default=5, help="of each training for quality")
    parser.add_argument("--speed-epochs", type=int, default=2, help="of each timed training")
    parser.add_argument("--memory-of", choices=("course", "gensim"), help=argparse.SUPPRESS)
    parser.add_argument("--architecture", choices=ARCHITECTURES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.gpu and runtime.device().type != "cuda":
        parser.error("--gpu: torch finds no CUDA device here")
    corpus = common.load(options)
    if options.memory_of:
        print(memory_of(options.memory_of, corpus, options.architecture))
        return
    threads = [os.cpu_count() or 1] if options.gpu else [1, 2]
    about = {
        "machine": common.machine("gensim", "numpy", gpu=options.gpu),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "epochs": options.epochs,
        "speed_epochs": options.speed_epochs,
        "options": OPTIONS | {"min_count": MIN_COUNT},
    }
    parts = {
        "speed": lambda: speed(corpus, options.rounds, options.speed_epochs, threads, options.gpu),
        "memory": lambda: [] if options.gpu else memory(corpus.name, options.max_tokens),
        "quality": lambda: quality(corpus, options.seeds, options.epochs, max(threads)),
    }
    common.measure("word2vec", options, about, parts, table)


if __name__ == "__main__":
    main()
