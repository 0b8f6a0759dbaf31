"""Measure this library's word2vec beside gensim's: speed, memory and quality.

Both get the same tokenised sentences, the same vocabulary rules and the same hyper-parameters
(vector_size 100, window 5, negative 5, min_count 5, sample 1e-3, alpha 0.025). Timed is the
whole training without the building of the vocabulary; words are raw tokens times epochs. The
runs take turns: one round runs each of them once, on a machine that does nothing else.

    python benchmarks/word2vec.py                 # the largest corpus at hand, 5 rounds
    python benchmarks/word2vec.py --corpus wikipedia --rounds 5 --seeds 3
    python benchmarks/word2vec.py --gpu           # on a GPU, against gensim with all cores

The table is printed, written into README.md with --readme, and stored with every single round
in benchmarks/word2vec.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads are counted in workers on both sides
os.environ["COURSE_PROGRESS"] = "0"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402 - the number of threads is set first

from course_lib import datasets, evaluate, runtime, word2vec  # noqa: E402
from course_lib.text import Vocabulary  # noqa: E402
from course_lib.vectors import WordVectors  # noqa: E402

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
        rows.append(row)
        print(json.dumps(row), flush=True)

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
                for name in ("wordsim353", "simlex999", "men"):
                    try:
                        row[name] = evaluate.similarity(vectors, name).spearman
                    except datasets.DataUnavailable:
                        row[name] = None  # the table shows a dash
                row["analogies"] = evaluate.analogies(vectors).accuracy
                rows.append(row)
                print(json.dumps(row), flush=True)
    return rows


def memory(name: str, max_tokens: int | None) -> list[dict]:
    """Measure each library's peak memory in a process of its own, above the loaded corpus."""
    rows = []
    for architecture in ARCHITECTURES:
        for library in ("course", "gensim"):
            command = [sys.executable, __file__, "--memory-of", library, "--corpus", name]
            command += ["--architecture", architecture]
            command += ["--max-tokens", str(max_tokens)] if max_tokens else []
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            megabytes = float(done.stdout.split()[-1])
            rows.append({"library": library, "architecture": architecture, "megabytes": megabytes})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def memory_of(library: str, corpus: Any, architecture: str) -> float:
    """Return the growth of the peak memory of this process by one training, in MB."""
    import psutil

    vocabulary = Vocabulary.build(corpus.sentences, min_count=MIN_COUNT)
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if library == "course":
        train_ours(corpus.sentences, architecture, 1, 1, 2, vocabulary)
    else:
        train_gensim(corpus.sentences, architecture, 1, 1, 2)
    done.set()
    watcher.join()
    return (peak - before) / 1e6


def machine(gpu: bool) -> dict[str, Any]:
    """Say what the figures were measured on."""
    import gensim
    import numpy
    import torch

    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    found = {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "gensim": gensim.__version__,
        "numpy": numpy.__version__,
    }
    return found | ({"gpu": torch.cuda.get_device_name()} if gpu else {})


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
            _spread(group[name].dropna().tolist())
            for name in ("wordsim353", "simlex999", "men", "analogies")
        ]
        same = (used["architecture"] == architecture) & (used["library"] == library)
        cells.append(f"{used[same]['megabytes'].iloc[0]:,.0f} MB" if same.any() else "–")
        lines.append(f"| {architecture}, {library} | " + " | ".join(cells) + " |")
    readable = runs[runs["library"] == "course, autograd"].groupby("architecture", sort=False)
    speeds = [f"{name} {rows['words_per_second'].median():,.0f}" for name, rows in readable]
    where = result["machine"]
    lines += [
        "",
        f"Text: {result['corpus']} ({result['tokens']:,} tokens), {result['rounds']} rounds in "
        f"turns of {result['speed_epochs']} epochs; quality: mean ± standard deviation over "
        f"{result['seeds']} seeds, {result['epochs']} epochs. The readable autograd model on one "
        f"thread: {', '.join(speeds)} words/s. Peak memory is above the loaded text. Machine: "
        f"{where['processor']}, {where['cores']} cores"
        + (f", {where['gpu']}" if "gpu" in where else "")
        + f", Python {where['python']}, torch {where['torch']}, gensim {where['gensim']}. "
        f"Command: `{result['command']}`. Every round: `benchmarks/word2vec.json`.",
    ]
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return "–"
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {spread:.3f}"


def write_readme(text: str) -> None:
    """Put the table between its markers in README.md."""
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    start, end = "<!-- benchmark:word2vec -->", "<!-- /benchmark -->"
    before, rest = readme.split(start)
    after = rest.split(end, 1)[1]
    path.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", help="a corpus of course_lib.datasets (default: the largest)")
    parser.add_argument("--max-tokens", type=int, help="stop reading the corpus here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="of each training for quality")
    parser.add_argument("--speed-epochs", type=int, default=2, help="of each timed training")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=("speed", "memory", "quality"),
        help="measure these parts again and keep the others from the JSON file",
    )
    parser.add_argument("--gpu", action="store_true", help="ours on the GPU, gensim on all cores")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    parser.add_argument("--memory-of", choices=("course", "gensim"), help=argparse.SUPPRESS)
    parser.add_argument("--architecture", choices=ARCHITECTURES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.gpu and runtime.device().type != "cuda":
        parser.error("--gpu: torch finds no CUDA device here")

    corpus = (
        datasets.load_corpus(options.corpus, max_tokens=options.max_tokens)
        if options.corpus
        else datasets.largest_corpus(max_tokens=options.max_tokens)
    )
    if options.memory_of:
        print(memory_of(options.memory_of, corpus, options.architecture))
        return
    threads = [os.cpu_count() or 1] if options.gpu else [1, 2]
    out = ROOT / "benchmarks" / ("word2vec_gpu.json" if options.gpu else "word2vec.json")
    result: dict[str, Any] = {}
    if options.only:
        result = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    result |= {
        "command": "python benchmarks/word2vec.py"
        + (" --gpu" if options.gpu else "")
        + (f" --max-tokens {options.max_tokens}" if options.max_tokens else ""),
        "machine": machine(options.gpu),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "rounds": options.rounds,
        "seeds": options.seeds,
        "epochs": options.epochs,
        "speed_epochs": options.speed_epochs,
        "options": OPTIONS | {"min_count": MIN_COUNT},
    }
    parts = {
        "speed": lambda: speed(corpus, options.rounds, options.speed_epochs, threads, options.gpu),
        "memory": lambda: [] if options.gpu else memory(corpus.name, options.max_tokens),
        "quality": lambda: quality(corpus, options.seeds, options.epochs, max(threads)),
    }
    for name in options.only or parts:
        result[name] = parts[name]()
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if missing := parts.keys() - result.keys():
        print(f"Not measured yet: {', '.join(sorted(missing))}.")
        return
    print("\n" + table(result))
    if options.readme:
        write_readme(table(result))


if __name__ == "__main__":
    main()
