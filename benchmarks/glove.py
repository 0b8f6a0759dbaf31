"""Measure GloVe: counting beside a Python dict, training, and quality beside other methods.

Counting and training are timed in turns: one round runs each of them once, on a machine that
does nothing else. Counted is with window 5 and weight 1/distance. Training is on the counts of
window 10, as in the paper; entries per second are those of five epochs, without what comes
before them. ``OMP_NUM_THREADS`` is left as it is and stored with each round. Quality compares
vectors of the same size from the same text: LSA on PPMI, Skip-gram with negative sampling, GloVe.

    python benchmarks/glove.py                    # the largest corpus at hand, 5 rounds
    python benchmarks/glove.py --max-tokens 1000000 --peer glove.c=../GloVe/build/glove --write
    OMP_NUM_THREADS=1 python benchmarks/glove.py --only training --add    # 5 more, so set
    python benchmarks/glove.py --gpu --only training

``--peer`` takes any program with the command line of Stanford's ``glove`` (see peers.py). The
table is printed, written into docs/benchmarks.md with --write, and stored with every single
round in benchmarks/glove.json.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import pandas as pd
import peers

from course_lib import counts, evaluate, glove, word2vec
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

WINDOW, MIN_COUNT, VECTOR_SIZE = 5, 5, 100
TRAINING = {"window": 10, "epochs": 5}
COUNTED_TOKENS = 1_000_000  # a dict of all pairs of a larger text fills the memory
EPOCHS = {"GloVe": 50, "Skip-gram": 5}
SETS = ("wordsim353", "simlex999", "men")


def count_in_a_dict(sentences: list[list[str]], vocabulary: Vocabulary) -> dict:
    """Count pairs as one writes it down first: a loop over words, a dict of pairs of ids."""
    index, found = vocabulary.index, defaultdict(float)
    for sentence in sentences:
        ids = [index[word] for word in sentence if word in index]
        for place, word in enumerate(ids):
            for distance in range(1, min(WINDOW, place) + 1):
                other = ids[place - distance]
                found[word, other] += 1 / distance
                found[other, word] += 1 / distance
    return found


def counting(sentences: list[list[str]], rounds: Iterable[int]) -> list[dict]:
    """Time both ways to count, on the same sentences and vocabulary."""
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    tokens = sum(map(len, sentences))
    rows: list[dict] = []
    for number in rounds:
        start = time.perf_counter()
        matrix = counts.cooccurrence(sentences, vocabulary, window=WINDOW, weighting="inverse")
        course = time.perf_counter() - start
        start = time.perf_counter()
        pairs = count_in_a_dict(sentences, vocabulary)
        plain = time.perf_counter() - start
        if number == 0:  # both must have counted the same
            places = np.array(list(pairs)).T
            assert matrix.nnz == len(pairs)
            assert np.allclose(matrix[places[0], places[1]], list(pairs.values()))
        row = {"round": number, "omp": common.threads_variable()}
        common.tell(rows, row | {"course": tokens / course, "dict": tokens / plain})
    return rows


def fit(matrix: Any, vocabulary: Vocabulary, workers: int, **more: Any) -> peers.Run:
    """Fit vectors with this library; return them and the entries/s."""
    options = {"vector_size": VECTOR_SIZE, "epochs": TRAINING["epochs"], "workers": workers}
    vectors = glove.fit(matrix, vocabulary, **(options | more))
    speeds = vectors.history["entries_per_second"]
    return vectors, len(speeds) / (1 / speeds).sum()


def training(
    sentences: list[list[str]], rounds: Iterable[int], programs: list[tuple[str, Path]], gpu: bool
) -> list[dict]:
    """Time training on the same entries, in turns; a row for each single run."""
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    matrix = counts.cooccurrence(
        sentences, vocabulary, window=TRAINING["window"], weighting="inverse"
    ).tocoo()
    fitted = partial(fit, matrix, vocabulary)
    kinds: dict[str, Any] = {"course": fitted}
    if gpu:
        on_gpu = partial(fitted, device="cuda")
        kinds |= {"course, GPU": on_gpu}
        kinds |= {"course, GPU, 65,536 entries a step": partial(on_gpu, batch_size=65_536)}
    for name, path in programs:
        options = {"vector_size": VECTOR_SIZE, "x_max": 100, "seed": 1}
        kinds[name] = partial(_theirs, path, matrix, vocabulary, options)
    kinds["course, autograd"] = partial(fitted, autograd=True, epochs=1)
    rows: list[dict] = []
    for number in rounds:
        for workers in (1, 2):
            for name, train in kinds.items():
                if name == "course, autograd" and workers > 1:
                    continue
                vectors, speed = train(workers)
                row = {"library": name, "threads": workers, "omp": common.threads_variable()}
                row |= {"round": number, "entries_per_second": speed}
                common.tell(rows, row | common.marks(vectors, ("wordsim353",)))
    return rows


def _theirs(
    path: Path, matrix: Any, vocabulary: Vocabulary, options: dict[str, Any], workers: int
) -> peers.Run:
    return peers.glove(path, matrix, vocabulary, TRAINING["epochs"], workers, options)


def methods(
    sentences: list[list[str]],
    matrix: Any,
    vocabulary: Vocabulary,
    seed: int,
    programs: list[tuple[str, Path]],
) -> Iterator[tuple[str, WordVectors]]:
    """Train every method with one seed, one after the other."""
    options = {"vector_size": VECTOR_SIZE, "seed": seed}
    if seed == 1:  # nothing is random in it
        plain = counts.cooccurrence(sentences, vocabulary, window=WINDOW)
        yield "LSA on PPMI", counts.lsa(counts.ppmi(plain), vocabulary, vector_size=VECTOR_SIZE)
    yield (
        "Skip-gram",
        word2vec.train(
            sentences, vocabulary=vocabulary, window=WINDOW, epochs=EPOCHS["Skip-gram"], **options
        ),
    )
    for x_max in (100, 10):
        summed = glove.fit(matrix, vocabulary, epochs=EPOCHS["GloVe"], x_max=x_max, **options)
        yield f"GloVe, x_max {x_max}", summed
        alone = WordVectors(summed.words, summed.matrix - summed.context)
        yield f"GloVe, x_max {x_max}, W alone", alone
        for name, path in programs:
            vectors, _ = peers.glove(
                path, matrix.tocoo(), vocabulary, EPOCHS["GloVe"], 1, options | {"x_max": x_max}
            )
            yield f"{name} (outside), x_max {x_max}", vectors


def quality(
    sentences: list[list[str]],
    matrix: Any,
    vocabulary: Vocabulary,
    seeds: int,
    programs: list[tuple[str, Path]],
) -> list[dict]:
    """Evaluate every method over seeds; a row for each training."""
    rows: list[dict] = []
    for seed in range(1, seeds + 1):
        for method, vectors in methods(sentences, matrix, vocabulary, seed, programs):
            questions = evaluate.analogies(vectors)
            row: dict[str, Any] = {"method": method, "seed": seed}
            row |= common.marks(vectors, SETS)
            row["analogies"] = questions.accuracy
            semantic = ~questions.sections.index.str.startswith("gram")
            for name, part in {"semantic": semantic, "syntactic": ~semantic}.items():
                sections = questions.sections[part]
                row[name] = float(sections["correct"].sum() / sections["asked"].sum())
            common.tell(rows, row)
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    counted = pd.DataFrame(result["counting"])
    ratios = counted["course"] / counted["dict"]
    each = ", ".join(f"{ratio:.1f}" for ratio in ratios)
    lines = [
        "| | this course, tokens/s | Python dict, tokens/s | ratio of medians (each round) |",
        "|---|---|---|---|",
        f"| counting | {counted['course'].median():,.0f} | {counted['dict'].median():,.0f} "
        f"| **{counted['course'].median() / counted['dict'].median():.1f}** ({each}) |",
        "",
        *common.comparison(result["training"], ["threads"], "entries_per_second", "entries/s"),
    ]
    columns = [*SETS, "analogies", "semantic", "syntactic"]
    lines += ["", "| | WordSim-353 | SimLex-999 | MEN | analogies | semantic | syntactic |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for method, group in pd.DataFrame(result["quality"]).groupby("method", sort=False):
        cells = [common.spread(group[name].dropna().tolist()) for name in columns]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Text: {result['corpus']} ({result['tokens']:,} tokens, {result['entries']:,} non-zero "
        f"entries; counting and training: its first {result['counted_tokens']:,} tokens, training "
        f"with window {TRAINING['window']}, {TRAINING['epochs']} epochs a round). "
        f"{common.second_thread(result['training'], 'entries_per_second')}"
        f"Quality: mean ± standard deviation over {result['seeds']} seeds, "
        "one training where there is no ±; "
        f"GloVe {EPOCHS['GloVe']} epochs, Skip-gram {EPOCHS['Skip-gram']}. "
        f"Machine: {common.machines(result)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = common.parser(__doc__, ("counting", "training", "quality"), peers_of="GloVe")
    options = parser.parse_args()
    corpus = common.load(options)
    vocabulary = Vocabulary.build(corpus.sentences, min_count=MIN_COUNT)
    matrix = counts.cooccurrence(corpus, vocabulary, window=WINDOW, weighting="inverse")
    first, total = [], 0
    for sentence in corpus:
        first.append(sentence)
        total += len(sentence)
        if total >= COUNTED_TOKENS:
            break
    about = {
        "machine": common.machine("numba", "scipy", gpu=options.gpu),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "entries": matrix.nnz,
        "counted_tokens": total,
        "options": {"window": WINDOW, "min_count": MIN_COUNT, "vector_size": VECTOR_SIZE},
    }
    parts = {
        "counting": lambda: counting(first, common.numbers("glove", options, "counting")),
        "training": lambda: training(
            first, common.numbers("glove", options, "training"), options.peer, options.gpu
        ),
        "quality": lambda: quality(
            corpus.sentences, matrix, vocabulary, options.seeds, options.peer
        ),
    }
    common.measure("glove", options, about, parts, table)


if __name__ == "__main__":
    main()
