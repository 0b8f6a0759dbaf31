"""Classify IMDB reviews: the 39,053-parameter network, its parts, linear rivals, where texts end.

Every choice (learning rate, averaging, length of the texts) is made on a validation part of the
training reviews, in the part "choices". The test reviews are looked at once for each trained
model, after its last epoch.

    python benchmarks/imdb.py --seeds 5 --write
    python benchmarks/imdb.py --only choices
    python benchmarks/imdb.py --only larger       # the larger original; on a GPU with --gpu

Seconds are those of the processor, one thread: training and the looks at the validation part.
The table is printed, written into docs/benchmarks.md with --write, and stored with every single
run in benchmarks/imdb.json. The real reviews are needed: python data_scripts/fetch_data.py get imdb
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import torch
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from course_lib import classify, counts, datasets, runtime, text
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

SIZE, LENGTH = 500, 100  # ids, and words of a review
VALIDATION = 2_500
CHOOSING = 5_000  # held out while choosing: fewer chance differences
OPTIONS = {"epochs": 5, "batch_size": 64, "alpha": 3e-3, "averaged": 2}
PARTS = ("choices", "runs", "ablation", "rivals", "filters", "truncation", "larger")
CHOICES = tuple(
    {"alpha": alpha, "averaged": averaged}
    for alpha, averaged in (
        (1e-3, 0),
        (2e-3, 0),
        (1e-3, 2),
        (2e-3, 2),
        (3e-3, 2),
        (4e-3, 2),
        (2e-3, 3),
        (3e-3, 3),
    )
)


class Reviews:
    """Both splits as ids of one length; the first of a shuffled training split are held out."""

    def __init__(
        self,
        size: int = SIZE,
        length: int = LENGTH,
        truncation: str = "front",
        held_out: int = VALIDATION,
    ) -> None:
        tables = {split: datasets.load_imdb(split) for split in ("train", "test")}
        if tables["train"].attrs["name"] != "imdb":
            sys.exit("The IMDB reviews are not at hand: fetch_data.py get imdb")
        tokens = {
            split: [text.tokenize(t) for t in table["text"]] for split, table in tables.items()
        }
        order = np.random.default_rng(0).permutation(len(tokens["train"]))
        chosen, rest = order[:held_out], order[held_out:]
        self.vocabulary = Vocabulary.build((tokens["train"][i] for i in rest), max_size=size - 3)
        ids = {
            split: classify.pad(
                classify.encode(texts, self.vocabulary), length, truncation=truncation
            )
            for split, texts in tokens.items()
        }
        labels = {split: table["label"].to_numpy() for split, table in tables.items()}
        self.words = {
            "train": [tokens["train"][i] for i in rest],
            "validation": [tokens["train"][i] for i in chosen],
            "test": tokens["test"],
        }
        self.train = ids["train"][rest], labels["train"][rest]
        self.validation = ids["train"][chosen], labels["train"][chosen]
        self.test = ids["test"], labels["test"]


def train(model: torch.nn.Module, reviews: Reviews, seed: int, **options: Any) -> dict:
    """Train a model and return its history and its accuracy on held-out and test reviews."""
    start = time.process_time()  # other work on the machine does not count
    history = classify.fit(
        model, *reviews.train, validation=reviews.validation, seed=seed, **(OPTIONS | options)
    )
    return {
        "seconds": time.process_time() - start,
        "validation_accuracy": float(history["validation_accuracy"].iloc[-1]),
        "history": history.to_dict("records"),
    }


def network(reviews: Reviews, seed: int, **sizes: int) -> torch.nn.Module:
    """Return the untrained network of one seed."""
    runtime.seed_everything(seed)
    return classify.ConvLSTM(len(reviews.vocabulary) + 3, **sizes)


def measured(reviews: Reviews, seed: int, **sizes: int) -> dict:
    """Train the network from one seed, with its test accuracy."""
    model = network(reviews, seed, **sizes)
    found = train(model, reviews, seed)
    del found["seconds"]
    return {"seed": seed, **found, "test_accuracy": classify.accuracy(model, *reviews.test)}


def choices(reviews: Reviews, seeds: int) -> list[dict]:
    """Compare learning rates and averaging on the validation part; no test review is read."""
    rows: list[dict] = []
    for options in CHOICES:
        for seed in range(seeds):
            found = train(network(reviews, seed), reviews, seed, **options)
            del found["history"], found["seconds"]
            common.tell(rows, {**options, "seed": seed, **found})
    return rows


def runs(reviews: Reviews, seeds: int, **sizes: int) -> list[dict]:
    """Train the network from several seeds."""
    rows: list[dict] = []
    for seed in range(seeds):
        common.tell(rows, measured(reviews, seed, **sizes))
    return rows


def bag_of_words(ids: np.ndarray, size: int) -> sparse.csr_array:
    """Return how often each id occurs in each row, without padding: (n, size)."""
    rows = np.repeat(np.arange(len(ids)), ids.shape[1])
    table = sparse.csr_array((np.ones(ids.size), (rows, ids.ravel())), (len(ids), size))
    return counts.tf_idf(table[:, 1:])


def ablation(reviews: Reviews, seeds: int) -> list[dict]:
    """Add one layer after the other, on the same ids."""
    rows: list[dict] = []
    size = len(reviews.vocabulary) + 3
    bags = [
        bag_of_words(part[0], size) for part in (reviews.train, reviews.validation, reviews.test)
    ]
    start = time.process_time()
    linear = LogisticRegression(max_iter=1000).fit(bags[0], reviews.train[1])
    row = {
        "model": "bag of words",
        "seed": 0,
        "parameters": linear.coef_.size + 1,
        "seconds": time.process_time() - start,
        "validation_accuracy": linear.score(bags[1], reviews.validation[1]),
        "test_accuracy": linear.score(bags[2], reviews.test[1]),
    }
    common.tell(rows, row)
    kinds = {
        "embedding, mean": classify.MeanEmbedding,
        "+ convolution": classify.ConvMax,
        "+ LSTM": classify.ConvLSTM,
    }
    for seed in range(seeds):
        for name, kind in kinds.items():
            runtime.seed_everything(seed)
            model = kind(size)
            found = train(model, reviews, seed)
            del found["history"]
            row = {
                "model": name,
                "seed": seed,
                "parameters": int(classify.parameters(model)["parameters"].iloc[-1]),
                **found,
                "test_accuracy": classify.accuracy(model, *reviews.test),
            }
            common.tell(rows, row)
    return rows


def grams(sequence: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the words and the pairs of neighbours of a text; id 0, padding, is no word."""
    kept = [item for item in sequence if not isinstance(item, int) or item > 0]
    return [*((item,) for item in kept), *pairwise(kept)]


def means(texts: Sequence[Sequence[str]], vectors: WordVectors) -> np.ndarray:
    """Return the mean vector of the known words of each text, of length 1: (n, M)."""
    unit, rows = vectors.normalized(), np.zeros((len(texts), vectors.matrix.shape[1]))
    for row, words in zip(rows, texts, strict=True):
        known = [vectors.index[word] for word in words if word in vectors.index]
        row += unit[known].mean(axis=0) if known else 0
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12)


def rivals(reviews: Reviews) -> list[dict]:
    """Train linear models: on the ids that the network sees, and on whole reviews.

    The regularization, and whether it is a logistic regression or a linear support vector machine,
    is chosen on the validation part.
    """
    parts = ("train", "validation", "test")
    ids = dict(zip(parts, (reviews.train, reviews.validation, reviews.test), strict=True))
    labels = {part: ids[part][1] for part in parts}
    cut = {part: [row.tolist() for row in ids[part][0]] for part in parts}
    vectors = datasets.load_course_vectors()
    kinds: dict[str, tuple[dict[str, Any], Any]] = {
        "1- and 2-grams of the same ids": (cut, grams),
        "mean of shipped vectors, whole reviews": (reviews.words, None),
        "all words, whole reviews": (reviews.words, list),
        "all 1- and 2-grams, whole reviews": (reviews.words, grams),
    }
    rows: list[dict] = []
    for name, (texts, analyzer) in kinds.items():
        if analyzer is None:
            features = {part: means(texts[part], vectors) for part in parts}
        else:
            tf_idf = TfidfVectorizer(analyzer=analyzer, min_df=2, sublinear_tf=True)
            tf_idf.fit(texts["train"])
            features = {part: tf_idf.transform(texts[part]) for part in parts}
        trained = {
            f"{kind.__name__}, C = {C}": kind(C=C, max_iter=1000)
            for kind, strengths in ((LogisticRegression, (1, 10, 100)), (LinearSVC, (0.1, 0.3, 1)))
            for C in strengths
        }
        held_out = {}
        for setting, model in trained.items():
            model.fit(features["train"], labels["train"])
            held_out[setting] = model.score(features["validation"], labels["validation"])
        best = max(held_out, key=lambda setting: held_out[setting])
        row = {
            "model": name,
            "setting": best,
            "parameters": trained[best].coef_.size + 1,
            "validation_accuracy": held_out[best],
            "test_accuracy": trained[best].score(features["test"], labels["test"]),
        }
        common.tell(rows, row)
    return rows


def filters(reviews: Reviews) -> list[dict]:
    """Find what the filters of the network of seed 0 answer to most, among validation reviews.

    The effect of a filter is the mean change of the logit that its answers make: with the filter,
    minus without. The four filters with the largest and the smallest effect are kept.
    """
    model = network(reviews, 0)
    train(model, reviews, 0)
    model.eval()
    ids = torch.from_numpy(reviews.validation[0])
    names = np.array(["·", "(start)", "?", *reviews.vocabulary.words])
    wide = names[np.pad(reviews.validation[0], ((0, 0), (2, 2)))]  # two neighbours at every place
    layer, effects = model.windows.convolution, []
    with torch.inference_mode():
        answers = model.windows(ids)  # (reviews, F, time)
        whole = model(ids).mean().item()
        for number in range(answers.shape[1]):
            kept = layer.weight[number].clone(), layer.bias[number].clone()
            layer.weight[number], layer.bias[number] = 0, 0
            effects.append(whole - model(ids).mean().item())
            layer.weight[number], layer.bias[number] = kept
    rows: list[dict] = []
    order = np.argsort(effects)
    for number in [*order[::-1][:4].tolist(), *order[:4].tolist()]:
        found: dict[str, None] = {}
        for flat in answers[:, number].flatten().argsort(descending=True)[:50].tolist():
            review, place = divmod(flat, LENGTH)
            found[" ".join(wide[review, place : place + 5])] = None
        rows.append({"filter": number, "effect": effects[number], "windows": [*found][:3]})
    return rows


def truncation(seeds: int) -> list[dict]:
    """Keep the end of each review, or its beginning."""
    rows: list[dict] = []
    for side in ("front", "back"):
        reviews = Reviews(truncation=side)
        for seed in range(seeds):
            found = measured(reviews, seed)
            del found["history"]
            common.tell(rows, {"truncation": side, **found})
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the tables in Markdown."""

    def line(name: str, rows: list[dict]) -> str:
        seconds = "–"
        if "seconds" in rows[0]:
            seconds = f"{statistics.median(row['seconds'] for row in rows):.1f}"
        test = [100 * row["test_accuracy"] for row in rows]
        held_out = [100 * row["validation_accuracy"] for row in rows]
        spread = f"{statistics.median(test):.2f} ({min(test):.2f} to {max(test):.2f})"
        return (
            f"| {name} | {rows[0].get('parameters', '')} | {spread} "
            f"| {statistics.median(held_out):.2f} | {seconds} |"
        )

    lines = [
        "| model | parameters | test accuracy, %, median (range) | validation, % | CPU seconds |",
        "|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["model"] for row in result.get("ablation", [])):
        lines.append(line(name, [row for row in result["ablation"] if row["model"] == name]))
    for row in result.get("rivals", []):
        lines.append(line(f"{row['model']} ({row['setting']})", [row]))
    for side, name in (("front", "the last 100 words (as above)"), ("back", "the first 100 words")):
        rows = [row for row in result.get("truncation", []) if row["truncation"] == side]
        if rows:
            lines.append(line(f"+ LSTM, {name}", rows))
    if "larger" in result:
        name = "larger original: 5,000 ids, 500 words, LSTM of 100"
        lines.append(line(name, result["larger"]))
    if "runs" not in result:  # on a GPU the larger network alone
        return "\n".join(lines) + f"\n\nMachine: {common.machines(result)}."
    test = [100 * row["test_accuracy"] for row in result["runs"]]
    each = ", ".join(f"{value:.2f}" for value in test)
    about = result["options"]
    return "\n".join(lines) + (
        f"\n\nThe network of notebook 08, seeds 0 to {len(test) - 1}: {each}; median "
        f"{statistics.median(test):.2f} % of 25,000 test reviews. "
        f"{about['epochs']} epochs, batches "
        f"of {about['batch_size']}, Adam at {about['alpha']}, weights averaged over the last "
        f"{about['averaged']} epochs; {VALIDATION:,} of the 25,000 training reviews held out. "
        f"Machine: {common.machines(result)}."
    )


def main() -> None:
    """Run the command line."""
    options = common.parser(__doc__, PARTS).parse_args()
    torch.set_num_threads(1)
    seeds, large = options.seeds, {"size": 5000, "length": 500}
    about = {
        "machine": common.machine("scikit-learn", gpu=options.gpu),
        "corpus": "imdb",
        "options": OPTIONS | {"vocabulary": SIZE, "length": LENGTH, "validation": VALIDATION},
    }
    parts = {
        "choices": lambda: choices(Reviews(held_out=CHOOSING), 3),
        "runs": lambda: runs(Reviews(), seeds),
        "ablation": lambda: ablation(Reviews(), seeds),
        "rivals": lambda: rivals(Reviews()),
        "filters": lambda: filters(Reviews()),
        "truncation": lambda: truncation(seeds),
        "larger": lambda: runs(Reviews(**large), min(seeds, 3), hidden=100),
    }
    if options.gpu:
        parts = {"larger": parts["larger"]}
    elif "larger" not in (options.only or ()):  # a quarter of an hour on a CPU
        del parts["larger"]
    common.measure("imdb", options, about, parts, table)


if __name__ == "__main__":
    main()
