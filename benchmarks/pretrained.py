"""Measure where pretrained vectors pay: film reviews classified with 50 to 25,000 labels.

The classifier is the mean of the word vectors and one dense unit. Its table starts from small
random numbers (scratch), from published vectors (GloVe 6B, or the slice of it that is at hand), or
from Skip-gram vectors trained on the text of the training reviews, labels unseen. Pretrained tables
are kept frozen or trained on (tuned). Learning rate and number of epochs are chosen for each
setting and size on the last 2,500 training reviews; the test reviews are looked at once, at the
end. The rival without any vectors is a logistic regression on tf-idf weights of the same words. A
second part keeps the table frozen and compares what is put in the place of missing vectors; a
dense unit on frozen vectors is a logistic regression, so scikit-learn fits it.

    python benchmarks/pretrained.py                  # all parts
    python benchmarks/pretrained.py --only missing
    python benchmarks/pretrained.py --only --write  # only the table

The table is printed, written into docs/benchmarks.md with --write, and stored with every single
training in benchmarks/pretrained.json.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_lib import classify, counts, datasets, fasttext, runtime, text, word2vec
from course_lib.vectors import WordVectors

WORDS, LENGTH, VECTOR_SIZE = 10_000, 200, 50
SIZES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000)
MISSING_SIZES, VALIDATION, BATCH = (500, 5_000), 2_500, 32
RATES = {"trained": (1e-3, 1e-2), "frozen": (1e-2, 3e-2, 1e-1)}
PENALTIES = (0.01, 0.1, 1.0)  # C of the logistic regression on mean vectors
BAG_PENALTIES = (0.1, 1.0, 10.0, 100.0)  # and on tf-idf weights


def most_epochs(size: int, freeze: bool) -> int:
    """Return how many epochs are tried: many where an epoch is a few steps, or cheap ones."""
    return max(5, min(60, (100_000 if freeze else 50_000) // size))


class Reviews:
    """The reviews as ids, the vectors that are tried, and the training of one classifier."""

    def __init__(self, corpus: str, max_tokens: int | None) -> None:
        frames = {split: datasets.load_imdb(split) for split in ("train", "test")}
        self.source = frames["train"].attrs["name"]
        self.tokens = {
            split: [text.tokenize(review) for review in frame["text"]]
            for split, frame in frames.items()
        }
        self.labels = {split: frame["label"].to_numpy() for split, frame in frames.items()}
        self.vocabulary = text.Vocabulary.build(self.tokens["train"], max_size=WORDS)
        self.ids = {
            split: classify.pad(
                classify.encode(documents, self.vocabulary, marks=False), length=LENGTH
            )
            for split, documents in self.tokens.items()
        }
        self.corpus, self.max_tokens = corpus, max_tokens

    @cached_property
    def published(self) -> WordVectors:
        """Return GloVe's 50 dimensions: all words where they are at hand, else the slice."""
        return datasets.load_glove(dim=VECTOR_SIZE, words=self.vocabulary.words)

    @cached_property
    def own(self) -> WordVectors:
        """Return vectors trained on the training reviews, without their labels."""
        return word2vec.train(
            self.tokens["train"], vector_size=VECTOR_SIZE, vocabulary=self.vocabulary
        )

    @cached_property
    def subword(self) -> fasttext.FastTextVectors:
        """Return vectors that have an answer for every word, from another text."""
        corpus = datasets.load_corpus(self.corpus, max_tokens=self.max_tokens)
        return fasttext.train(corpus, vector_size=VECTOR_SIZE)

    def sample(self, size: int, seed: int, *, stop: int) -> np.ndarray:
        """Draw reviews from the first ``stop``, half good, half bad: rows, (size,)."""
        rng, labels = np.random.default_rng(seed), self.labels["train"][:stop]
        halves = [rng.permutation(np.flatnonzero(labels == label)) for label in (0, 1)]
        return np.concatenate([half[: size // 2] for half in halves])

    def model(self, table: np.ndarray | None, freeze: bool, seed: int) -> classify.MeanEmbedding:
        """Return a fresh classifier."""
        runtime.seed_everything(seed)
        shape = (1 + len(self.vocabulary), VECTOR_SIZE) if table is None else table.shape
        return classify.MeanEmbedding(*shape, table=table, freeze=freeze)

    def choose(self, table: np.ndarray | None, freeze: bool, size: int) -> dict[str, Any]:
        """Return the learning rate and the epoch with the least loss on the validation part."""
        stop = len(self.labels["train"]) - VALIDATION
        rows = self.sample(min(size, stop), 0, stop=stop)
        held = self.ids["train"][stop:], self.labels["train"][stop:]
        tried = []
        for alpha in RATES["frozen" if freeze else "trained"]:
            history = classify.fit(
                self.model(table, freeze, 0),
                self.ids["train"][rows],
                self.labels["train"][rows],
                validation=held,
                epochs=most_epochs(size, freeze),
                batch_size=BATCH,
                alpha=alpha,
                seed=0,
            )
            best = history.loc[history["validation_loss"].idxmin()]  # less of a jump than accuracy
            tried.append((float(best["validation_loss"]), alpha, int(best["epoch"])))
        loss, alpha, epochs = min(tried)
        return {"alpha": alpha, "epochs": epochs, "validation_loss": loss}

    def trainings(
        self, table: np.ndarray | None, freeze: bool, size: int, seeds: int
    ) -> Iterator[dict]:
        """Choose, then train with each seed and look at the test reviews."""
        chosen = self.choose(table, freeze, size)
        for seed in range(1, seeds + 1):
            rows = self.sample(size, seed, stop=len(self.labels["train"]))
            model = self.model(table, freeze, seed)
            classify.fit(
                model,
                self.ids["train"][rows],
                self.labels["train"][rows],
                epochs=chosen["epochs"],
                batch_size=BATCH,
                alpha=chosen["alpha"],
                seed=seed,
            )
            score = classify.accuracy(model, self.ids["test"], self.labels["test"])
            yield {"size": size, "seed": seed, **chosen, "accuracy": score}

    def curve(self, kind: str, seeds: int) -> list[dict]:
        """Train with all sizes, from scratch or on one kind of vectors, frozen and tuned."""
        settings: dict[str, tuple[np.ndarray | None, bool]] = {"scratch": (None, False)}
        if kind != "scratch":
            vectors = self.published if kind == "published" else self.own
            table = classify.embedding_table(vectors, self.vocabulary, marks=False)
            settings = {f"{kind}, frozen": (table, True), f"{kind}, tuned": (table, False)}
        rows: list[dict] = []
        for setting, (table, freeze) in settings.items():
            for size in SIZES:
                for row in self.trainings(table, freeze, size, seeds):
                    common.tell(rows, {"setting": setting, **row})
        return rows

    def bag(self, seeds: int) -> list[dict]:
        """Fit the bag of words, one weight a word, with the samples of the other settings."""
        rows: list[dict] = []
        stop = len(self.labels["train"]) - VALIDATION
        for size in SIZES:
            held = self.regression_on_words(self.sample(min(size, stop), 0, stop=stop))
            tried = [
                (-log_loss(self.labels["train"][stop:], held(penalty, "train", stop)), -penalty)
                for penalty in BAG_PENALTIES
            ]
            loss, penalty = (-number for number in max(tried))
            for seed in range(1, seeds + 1):
                fitted = self.regression_on_words(
                    self.sample(size, seed, stop=len(self.labels["train"]))
                )
                right = (fitted(penalty, "test", 0) > 0.5) == self.labels["test"]
                row = {"setting": "bag of words", "size": size, "seed": seed, "C": penalty}
                common.tell(rows, row | {"validation_loss": loss, "accuracy": float(right.mean())})
        return rows

    def regression_on_words(self, rows: np.ndarray) -> Callable[[float, str, int], np.ndarray]:
        """Return a function that fits tf-idf weights of these reviews, and predicts others."""
        weights = TfidfTransformer(sublinear_tf=True).fit(self.bags["train"][rows])
        inputs, labels = weights.transform(self.bags["train"][rows]), self.labels["train"][rows]

        def fitted(penalty: float, split: str, start: int) -> np.ndarray:
            model = LogisticRegression(C=penalty, max_iter=1_000).fit(inputs, labels)
            return model.predict_proba(weights.transform(self.bags[split][start:]))[:, 1]

        return fitted

    def missing(self, seeds: int) -> list[dict]:
        """Fit frozen tables that differ only in the rows of words without a vector."""
        rows: list[dict] = []
        for kind, vectors in {"published": self.published, "sub-word": self.subword}.items():
            for choice in ("zero", "mean", "random", "subword"):
                if choice == "subword" and kind == "published":
                    continue
                for size in MISSING_SIZES:
                    for seed in range(1, seeds + 1):
                        found = classify.embedding_table(
                            vectors, self.vocabulary, marks=False, missing=choice, seed=seed
                        )
                        row = {"vectors": kind, "missing": choice, "size": size, "seed": seed}
                        common.tell(rows, row | self.regression(found, size, seed))
        return rows

    def regression(self, table: np.ndarray, size: int, seed: int) -> dict[str, float]:
        """Fit a logistic regression on mean vectors; the penalty is chosen on held-out reviews."""
        means = {split: shares @ table[1:] for split, shares in self.shares.items()}  # (n, M)
        stop = len(means["train"]) - VALIDATION
        rows = self.sample(size, seed, stop=stop)
        held = means["train"][stop:], self.labels["train"][stop:]
        tried = []
        for penalty in PENALTIES:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=1_000))
            model.fit(means["train"][rows], self.labels["train"][rows])
            tried.append((model.score(*held), -penalty, model))
        score, penalty, model = max(tried, key=lambda entry: entry[:2])
        accuracy = model.score(means["test"], self.labels["test"])
        return {"C": -penalty, "validation": score, "accuracy": accuracy}

    @cached_property
    def bags(self) -> dict[str, Any]:
        """Return how often each word occurs in each review, cut as all are: sparse, (n, V)."""
        found = {}
        for split, ids in self.ids.items():
            known = [row[row > 0] for row in ids]
            words = [[self.vocabulary.words[i - 1] for i in row] for row in known]
            found[split] = csr_array(counts.term_document(words, self.vocabulary))
        return found

    @cached_property
    def shares(self) -> dict[str, Any]:
        """Return the share of each word in each review: sparse, (n, V)."""
        return {
            split: csr_array(bags / bags.sum(axis=1)[:, None]) for split, bags in self.bags.items()
        }


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    curve = pd.DataFrame(
        [*result["scratch"], *result["published"], *result["reviews"], *result["bag"]]
    )
    settings = curve["setting"].unique()
    lines = ["| labels | " + " | ".join(settings) + " |", "|---" * (1 + len(settings)) + "|"]
    for size, group in curve.groupby("size"):
        cells = [
            common.spread(group.loc[group["setting"] == name, "accuracy"].tolist())
            for name in settings
        ]
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    sizes = [f"{size:,} labels" for size in MISSING_SIZES]
    lines += [
        "",
        f"| frozen vectors | words without one | {' | '.join(sizes)} |",
        "|---|---|---|---|",
    ]
    of_missing = pd.DataFrame(result["missing"]).groupby(["vectors", "missing"], sort=False)
    for (vectors, choice), group in of_missing:
        by_size = group.groupby("size")["accuracy"]
        cells = [common.spread(by_size.get_group(size).tolist()) for size in MISSING_SIZES]
        lines.append(f"| {vectors} | {choice} | {' | '.join(cells)} |")
    covered = result["coverage"]
    lines += [
        "",
        f"Reviews: {result['reviews_source']}, last {LENGTH} words, the {WORDS:,} commonest words; "
        f"test accuracy, mean ± standard deviation over {result['seeds']} seeds (sample, start and "
        f"order). Published: {result['published_source']}, {covered['published']:.0%} of the "
        f"running text inside the vocabulary has a vector. Reviews: Skip-gram, {VECTOR_SIZE} "
        f"dimensions, trained on the text of the training reviews. Sub-word: FastText on "
        f"{result['corpus']}, {covered['sub-word']:.0%}. "
        f"Machine: {common.machines(result)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = common.parser(__doc__, ("scratch", "published", "reviews", "bag", "missing"))
    parser.set_defaults(rounds=1)  # nothing is timed
    options = parser.parse_args()
    corpus = options.corpus or "wikipedia"
    reviews = Reviews(corpus, options.max_tokens)
    about = {
        "machine": common.machine("numpy"),
        "reviews_source": reviews.source,
        "published_source": "",
        "corpus": corpus,
        "coverage": {},
        "options": {"words": WORDS, "length": LENGTH, "batch_size": BATCH, "rates": RATES},
    }
    for kind, vectors in {"published": reviews.published, "sub-word": reviews.subword}.items():
        about["coverage"][kind] = classify.coverage(reviews.vocabulary, vectors).attrs["tokens"]
    about["published_source"] = next(name for name in datasets.used() if name.startswith("glove"))
    parts = {
        "scratch": lambda: reviews.curve("scratch", options.seeds),
        "published": lambda: reviews.curve("published", options.seeds),
        "reviews": lambda: reviews.curve("reviews", options.seeds),
        "bag": lambda: reviews.bag(options.seeds),
        "missing": lambda: reviews.missing(options.seeds),
    }
    common.measure("pretrained", options, about, parts, table)


if __name__ == "__main__":
    main()
