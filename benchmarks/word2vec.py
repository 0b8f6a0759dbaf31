"""Measure this library's word2vec beside gensim's and others: speed, memory and quality.

All get the same tokenised sentences, the same vocabulary rules and the same hyper-parameters
(vector_size 100, window 5, negative 5, min_count 5, sample 1e-3, alpha 0.025). Timed is the
whole training without the building of the vocabulary; words are raw tokens times epochs. The
runs take turns: one round runs each of them once, on a machine that does nothing else.
``OMP_NUM_THREADS`` is left as it is and stored with each round.

    python benchmarks/word2vec.py                 # the largest corpus at hand, 5 rounds
    OMP_NUM_THREADS=1 python benchmarks/word2vec.py --only speed --add    # 5 more, so set
    python benchmarks/word2vec.py --peer word2vec.c=../word2vec/word2vec
    python benchmarks/word2vec.py --gpu           # on a GPU, against gensim with all cores

``--peer`` takes any program with word2vec's command line (see peers.py); one whose help does not
name ``-cbow`` is asked for Skip-gram alone. The table is printed, written into docs/benchmarks.md
with --write, and stored with every single round in benchmarks/word2vec.json.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import pandas as pd
import peers

from course_lib import datasets, evaluate, word2vec
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


Train = Callable[[str, int, int, int], peers.Run]  # architecture, epochs, seed, workers


def train_ours(
    sentences: Any,
    vocabulary: Vocabulary,
    architecture: str,
    epochs: int,
    seed: int,
    workers: int,
    **more: Any,
) -> peers.Run:
    """Train with this library; return vectors and words/s."""
    start = time.perf_counter()
    vectors = word2vec.train(
        sentences,
        architecture,
        vocabulary=vocabulary,
        min_count=MIN_COUNT,
        epochs=epochs,
        seed=seed,
        workers=workers,
        **OPTIONS,
        **more,
    )
    seconds = time.perf_counter() - start
    return vectors, sum(map(len, sentences)) * epochs / seconds


def train_gensim(
    sentences: Any, architecture: str, epochs: int, seed: int, workers: int
) -> peers.Run:
    """Train with gensim; return vectors and words/s."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        sg=int(architecture == "skipgram"),
        min_count=MIN_COUNT,
        workers=workers,
        seed=seed,
        **OPTIONS,
    )
    model.build_vocab(sentences)
    start = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    seconds = time.perf_counter() - start
    vectors = WordVectors.from_keyed_vectors(model.wv)
    return vectors, sum(map(len, sentences)) * epochs / seconds


def libraries(
    sentences: Any, programs: list[tuple[str, Path]], gpu: bool
) -> dict[str, tuple[Train, tuple[str, ...]]]:
    """Return what trains, and which architectures it has."""
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)

    def ours(architecture: str, epochs: int, seed: int, workers: int) -> peers.Run:
        more = {"device": "cuda"} if gpu else {}
        return train_ours(
            sentences, vocabulary, architecture, epochs, seed, 1 if gpu else workers, **more
        )

    found: dict[str, tuple[Train, tuple[str, ...]]] = {
        "course": (ours, ARCHITECTURES),
        "gensim": (lambda *options: train_gensim(sentences, *options), ARCHITECTURES),
    }
    for name, path in programs:

        def theirs(
            architecture: str, epochs: int, seed: int, workers: int, path: Path = path
        ) -> peers.Run:
            options = OPTIONS | {"min_count": MIN_COUNT}
            return peers.word2vec(path, sentences, architecture, epochs, workers, options)

        found[name] = theirs, ARCHITECTURES if peers.has_cbow(path) else ("skipgram",)
    return found


def speed(
    corpus: Any,
    rounds: Iterable[int],
    epochs: int,
    threads: list[int],
    programs: list[tuple[str, Path]],
    gpu: bool,
) -> list[dict]:
    """Time all libraries in turns; a row for each single run."""
    small = datasets.load_corpus(corpus.name, max_tokens=AUTOGRAD_TOKENS).sentences
    few_words = Vocabulary.build(small, min_count=MIN_COUNT)
    trained = libraries(corpus.sentences, programs, gpu)
    rows: list[dict] = []

    def note(library: str, architecture: str, workers: int, number: int, run: peers.Run) -> None:
        row = {
            "library": library,
            "architecture": architecture,
            "threads": workers,
            "omp": common.threads_variable(),
            "round": number,
            "words_per_second": run[1],
        }
        if library == "course":  # without encoding the text, which one thread does
            row["epoch_words_per_second"] = run[0].history["words_per_second"].median()
        common.tell(rows, row | common.marks(run[0], ("wordsim353",)))

    # What is compiled at the first call, and read from the disk, belongs to no round.
    train_ours(small, few_words, "skipgram", 1, 1, 1)
    train_ours(small, few_words, "cbow", 1, 1, 1)
    for number in rounds:
        for architecture in ARCHITECTURES:
            for workers in threads:
                for name, (train, known) in trained.items():
                    if architecture in known:
                        run = train(architecture, epochs, 1, workers)
                        note(name, architecture, workers, number, run)
            run = train_ours(small, few_words, architecture, 1, 1, 1, autograd=True)
            note("course, autograd", architecture, 1, number, run)
    return rows


def quality(
    corpus: Any, seeds: int, epochs: int, workers: int, programs: list[tuple[str, Path]]
) -> list[dict]:
    """Evaluate all libraries over seeds; a row for each training."""
    trained = libraries(corpus.sentences, programs, gpu=False)
    rows: list[dict] = []
    for seed in range(1, seeds + 1):
        for architecture in ARCHITECTURES:
            for library, (train, known) in trained.items():
                if architecture not in known:
                    continue
                vectors, _ = train(architecture, epochs, seed, workers)
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

    def train(sentences: Any) -> None:
        libraries(sentences, [], gpu=False)[library][0](architecture, 1, 1, 2)

    train(corpus.sentences[:5000])  # what is imported and compiled does not count
    return common.peak_memory(lambda: train(corpus.sentences))


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    marks, used = pd.DataFrame(result["quality"]), pd.DataFrame(result["memory"])
    by = ["architecture", "threads"]
    lines = common.comparison(result["speed"], by, "words_per_second", "words/s")
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
    lines += [
        "",
        f"Text: {result['corpus']} ({result['tokens']:,} tokens), rounds in turns of "
        f"{result['speed_epochs']} epochs. "
        f"{common.second_thread(result['speed'], 'epoch_words_per_second')}"
        f"Quality: mean ± standard deviation over {result['seeds']} seeds, {result['epochs']} "
        f"epochs. Peak memory is above the loaded text and packages. Machine: "
        f"{common.machines(result)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = common.parser(__doc__, ("speed", "memory", "quality"), peers_of="word2vec")
    parser.add_argument("--epochs", type=int, default=5, help="of each training for quality")
    parser.add_argument("--speed-epochs", type=int, default=2, help="of each timed training")
    parser.add_argument("--memory-of", choices=("course", "gensim"), help=argparse.SUPPRESS)
    parser.add_argument("--architecture", choices=ARCHITECTURES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    corpus = common.load(options)
    if options.memory_of:
        print(memory_of(options.memory_of, corpus, options.architecture))
        return
    threads = [os.cpu_count() or 1] if options.gpu else [1, 2]
    about = {
        "machine": common.machine("gensim", "numba", "numpy", gpu=options.gpu),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "epochs": options.epochs,
        "speed_epochs": options.speed_epochs,
        "options": OPTIONS | {"min_count": MIN_COUNT},
    }
    parts = {
        "speed": lambda: speed(
            corpus,
            common.numbers("word2vec", options, "speed"),
            options.speed_epochs,
            threads,
            options.peer,
            options.gpu,
        ),
        "memory": lambda: [] if options.gpu else memory(corpus.name, options.max_tokens),
        "quality": lambda: quality(
            corpus, options.seeds, options.epochs, max(threads), options.peer
        ),
    }
    common.measure("word2vec", options, about, parts, table)


if __name__ == "__main__":
    main()
