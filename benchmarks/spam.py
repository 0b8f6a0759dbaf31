"""Spam or not, from short messages: ELMo frozen, with other vectors, fine-tuned; linear models.

Which network goes to the test is chosen by cross-validation inside the training messages: the part
"validation". How to pool, to scale, how long to fine-tune, and the settings of the linear models
were settled before, on some of these folds. The test messages are looked at after that, once for
each trained model. Fine-tuning reads the text of the training messages alone, without labels.

    python benchmarks/spam.py --seeds 5 --write
    python benchmarks/spam.py --only validation
    python benchmarks/spam.py --only few attack

The table is printed, written into docs/benchmarks.md with --write, and stored with every single
run in benchmarks/spam.json. The real messages are needed:
python data_scripts/fetch_data.py get sms_spam
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import torch
from scipy.stats import binomtest
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import LinearSVC

from course_lib import classify, datasets, runtime, text
from course_lib.classify import messages
from course_lib.elmo import Elmo

Head = tuple[np.ndarray, dict[str, Any]]  # vectors of all messages, sizes of the network
PARTS = ("validation", "curves", "file", "unique", "few", "attack")
TUNING = {"epochs": 4, "alpha": 2e-3}  # of the biLM
HEAD = {"batch_size": 64, "alpha": 1e-3}
EPOCHS = (1, 20)
CUTS = {"file": 4457, "unique": 4135}  # messages to learn from, the first of the file
LABELS = (50, 100, 200, 500, 1000, 2000, 4457)
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
PUBLISHED = {"file": "97.49 and 97.67", "unique": "98.07 after 1 epoch, 98.16 after 20"}
ELMO, STATIC, TUNED = "ELMo", "ELMo ⊕ static", "ELMo, biLM fine-tuned"
LOWEST = "layer 0 alone"
SVM, LSA, BESIDE_LSA = "character n-grams, SVM", "character LSA", f"{TUNED} ⊕ LSA"


def character_counts() -> TfidfVectorizer:
    """Return the counts of all runs of one to four characters, weighed by TF-IDF."""
    return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True)


def topics() -> Pipeline:
    """Return latent semantic analysis of characters: 50 numbers a message, of length 1."""
    return make_pipeline(character_counts(), TruncatedSVD(50, random_state=0), Normalizer())


def balanced_regression() -> LogisticRegression:
    """Return the classifier for few labels; both classes have the same weight."""
    return LogisticRegression(C=10, class_weight="balanced", max_iter=1000)


def linear_models() -> dict[str, Pipeline]:
    """Return the baselines, untrained; the last two weigh both classes alike."""
    return {
        "TF-IDF, logistic regression": make_pipeline(
            TfidfVectorizer(), LogisticRegression(max_iter=1000)
        ),
        LSA: make_pipeline(topics(), balanced_regression()),
        SVM: make_pipeline(character_counts(), LinearSVC(class_weight="balanced")),
    }


class Messages:
    """All messages, what each split learns from and is tested on, and their pooled layers."""

    def __init__(self) -> None:
        table = datasets.load_sms_spam()
        if table.attrs["source"] == "sample":
            sys.exit("The SMS messages are not at hand: fetch_data.py get sms_spam")
        self.texts, self.labels = table["text"].tolist(), table["label"].to_numpy()
        self.tokens = [tokens(message) for message in self.texts]
        rows = {
            "file": np.arange(len(table)),
            "unique": np.flatnonzero(~table["text"].duplicated()),
        }
        self.splits = {name: (rows[name][:cut], rows[name][cut:]) for name, cut in CUTS.items()}
        self.elmo = Elmo.course_model()
        self.plain = means_of(self.elmo, self.tokens)
        vectors = static_vectors()
        lower = [text.tokenize(message) for message in self.texts]
        self.static = messages.mean_vectors(vectors, lower)

    @cache  # noqa: B019 - one object, which lives as long as the program
    def tuned(self, training: str, seed: int) -> tuple[Elmo, np.ndarray, list[list[float]]]:
        """Fine-tune on the text of a split's or a fold's training messages.

        Returns the model, the pooled layers of all messages, and the perplexity of held-out
        messages before and after (empty for a split, whose test messages stay unread).
        """
        held_out = None
        if training in self.splits:
            rows, _ = self.splits[training]
        else:
            rows, other = self.folds()[int(training)]
            held_out = [self.tokens[i] for i in other]
        elmo, perplexity = messages.fine_tune(
            self.elmo.model,
            [self.tokens[i] for i in rows],
            held_out=held_out,
            seed=seed,
            **TUNING,
        )
        return elmo, means_of(elmo, self.tokens), perplexity.to_numpy().tolist()

    def folds(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Cut the messages that both splits learn from into five: rows to learn from, to judge."""
        rows, _ = self.splits["unique"]
        cut = StratifiedKFold(5, shuffle=True, random_state=0)
        return [(rows[a], rows[b]) for a, b in cut.split(rows, self.labels[rows])]

    def heads(self, rows: np.ndarray, tuned: np.ndarray) -> dict[str, Head]:
        """Return what each network sees of all messages, scaled by those to learn from."""
        plain, tuned, static = (
            StandardScaler().fit(table[rows]).transform(table)
            for table in (self.plain, tuned, self.static)
        )
        sizes = {"n_layers": self.elmo.n_layers, "vector_size": self.elmo.vector_size}
        both = sizes | {"static": static.shape[1]}
        size = self.elmo.vector_size
        one = {"n_layers": 1, "vector_size": size, "learned": False}
        alone = one | {"vector_size": static.shape[1]}
        return {
            "mean static vectors": (static, alone),
            LOWEST: (plain[:, :size], one),
            "last layer alone": (plain[:, -size:], one),
            "all layers alike": (plain, sizes | {"learned": False}),
            ELMO: (plain, sizes),
            STATIC: (np.hstack([plain, static]), both),
            TUNED: (tuned, sizes),
            f"{TUNED} ⊕ static": (np.hstack([tuned, static]), both),
        }


def tokens(message: str) -> list[str]:
    """Split as the biLM has read: capitals and marks kept."""
    return text.tokenize(message, lower=False, punctuation=True)


def static_vectors() -> Any:
    """Return the static vectors that are put beside ELMo's."""
    return datasets.load_course_vectors()


def network(
    head: Head, rows: np.ndarray, labels: np.ndarray, seed: int, **options: Any
) -> tuple[messages.MixedMeans, Any]:
    """Train a network on some messages from one seed; return it and its history."""
    vectors, sizes = head
    runtime.seed_everything(seed)
    model = messages.MixedMeans(**sizes)
    history = messages.fit_mixed(model, vectors[rows], labels, seed=seed, **(HEAD | options))
    return model, history


def is_spam(model: messages.MixedMeans, vectors: np.ndarray) -> np.ndarray:
    """Return the model's verdicts, bool, (n,)."""
    return classify.predict(model, vectors) > 0.5


def means_of(elmo: Elmo, sentences: list[list[str]]) -> np.ndarray:
    """Return the pooled layers of messages, one behind the other."""
    return messages.pooled_layers(elmo, sentences).reshape(len(sentences), -1)


def judged(rows: np.ndarray, labels: np.ndarray, found: np.ndarray) -> dict[str, Any]:
    """Return the share of right verdicts, those on spam, and the messages that are wrong."""
    wanted = labels[rows] == 1
    right, said = int((found & wanted).sum()), int(found.sum())
    return {
        "accuracy": float((found == wanted).mean()),
        "precision": right / said if said else 0.0,
        "recall": right / int(wanted.sum()),
        "f1": 2 * right / (said + int(wanted.sum())),
        "wrong": rows[found != wanted].tolist(),
    }


def everybody(
    data: Messages, train: np.ndarray, test: np.ndarray, tuned: np.ndarray, seed: int
) -> Iterator[dict[str, Any]]:
    """Train every model on some messages and judge it on others; linear ones know no seed."""
    labels = data.labels
    if seed == 0:
        yield {"model": "majority", **judged(test, labels, np.zeros(len(test), bool))}
        for name, model in linear_models().items():
            model.fit([data.texts[i] for i in train], labels[train])
            found = model.predict([data.texts[i] for i in test]) == 1
            yield {"model": name, **judged(test, labels, found)}
    for name, head in data.heads(train, tuned).items():
        batches = (60, 64) if name in (ELMO, TUNED) else (64,)
        for epochs, batch_size in ((e, b) for e in EPOCHS for b in batches):
            options = {"epochs": epochs, "batch_size": batch_size}
            model, history = network(head, train, labels[train], seed, **options)
            weights = history.filter(like="s_").iloc[-1].tolist()
            found = judged(test, labels, is_spam(model, head[0][test]))
            yield {"model": name, **options, "s": weights, **found}


def validation(data: Messages) -> list[dict]:
    """Judge every model on each fifth of the training messages, learning from the other four."""
    rows: list[dict] = []
    for number, (train, judge) in enumerate(data.folds()):
        _, pooled, perplexity = data.tuned(str(number), 0)
        common.tell(rows, {"fold": number, "model": "perplexity", "perplexity": perplexity})
        for row in everybody(data, train, judge, pooled, 0):
            common.tell(rows, {"fold": number, **row})
    return rows


def runs(data: Messages, split: str, seeds: int) -> list[dict]:
    """Train on a split from several seeds, which also shuffle the fine-tuning."""
    rows: list[dict] = []
    train, test = data.splits[split]
    for seed in range(seeds):
        _, pooled, _ = data.tuned(split, seed)
        for row in everybody(data, train, test, pooled, seed):
            common.tell(rows, {"split": split, "seed": seed, **row})
    return rows


def curves(data: Messages) -> list[dict]:
    """Write down loss, accuracy and the mix in every epoch, on the first fold."""
    (train, judge), labels = data.folds()[0], data.labels
    _, pooled, _ = data.tuned("0", 0)
    heads = data.heads(train, pooled)
    rows = []
    for name in (ELMO, STATIC, TUNED):
        checked = (heads[name][0][judge], labels[judge])
        _, history = network(
            heads[name], train, labels[train], 0, validation=checked, epochs=max(EPOCHS)
        )
        del history["seconds"]
        rows.append({"model": name, "history": history.to_dict("records")})
    return rows


def few(data: Messages, seeds: int) -> list[dict]:
    """Learn from few labels, drawn at random, of the split in file order.

    The text of all training messages is read by fine-tuning and by LSA: text costs nothing, labels
    do. The last of the models is both, 50 numbers of each a message.
    """
    rows: list[dict] = []
    (train, test), labels = data.splits["file"], data.labels
    lsa = topics().fit([data.texts[i] for i in train]).transform(data.texts)
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(train)
        _, pooled, _ = data.tuned("file", seed)
        heads = data.heads(train, pooled)
        of_layers = PCA(50, random_state=0).fit(heads[TUNED][0][train])
        reduced = Normalizer().fit_transform(of_layers.transform(heads[TUNED][0]))
        for size in LABELS:
            part, said = order[:size], {}
            for name in (LOWEST, ELMO, TUNED):
                # Few messages are read up to ten times as often, for about as many steps.
                epochs = max(EPOCHS) * min(10, round(len(train) / size))
                model, _ = network(heads[name], part, labels[part], seed, epochs=epochs)
                said[name] = is_spam(model, heads[name][0][test])
            for name, vectors in ((LSA, lsa), (BESIDE_LSA, np.hstack([reduced, lsa]))):
                linear = balanced_regression().fit(vectors[part], labels[part])
                said[name] = linear.predict(vectors[test]) == 1
            svm = linear_models()[SVM].fit([data.texts[i] for i in part], labels[part])
            said[SVM] = svm.predict([data.texts[i] for i in test]) == 1
            for name, verdict in said.items():
                found = judged(test, labels, verdict)
                del found["wrong"]
                common.tell(rows, {"labels": size, "seed": seed, "model": name, **found})
    return rows


def attack(data: Messages, seeds: int) -> list[dict]:
    """Misspell more and more words of the test spam; the models have seen none of that."""
    rows: list[dict] = []
    (train, test), labels = data.splits["file"], data.labels
    spam = test[labels[test] == 1]
    for seed in range(seeds):
        tuned, pooled, _ = data.tuned("file", seed)
        models = linear_models()
        for model in models.values():
            model.fit([data.texts[i] for i in train], labels[train])
        networks = {
            name: network(
                data.heads(train, pooled)[name], train, labels[train], seed, epochs=max(EPOCHS)
            )[0]
            for name in (ELMO, TUNED)
        }
        for way in ("digits", "swap"):
            for share in SHARES:
                changed = [
                    messages.disguise(
                        data.texts[i],
                        share=share,
                        way=way,
                        rng=np.random.default_rng([seed, int(i)]),
                    )
                    for i in spam
                ]
                about = {"way": way, "share": share, "seed": seed}
                for name, model in models.items():
                    recall = float((model.predict(changed) == 1).mean())
                    common.tell(rows, {**about, "model": name, "recall": recall})
                words = [tokens(message) for message in changed]
                known = ((ELMO, data.elmo, data.plain), (TUNED, tuned, pooled))
                for name, elmo, table in known:
                    vectors = StandardScaler().fit(table[train]).transform(means_of(elmo, words))
                    recall = float(is_spam(networks[name], vectors).mean())
                    common.tell(rows, {**about, "model": name, "recall": recall})
    return rows


def compared(result: dict[str, Any], split: str) -> dict[str, Any]:
    """Return McNemar's test: the chosen ELMo of the middle seed against the best linear one.

    Only messages that one has right and the other wrong count; if both are as good, each falls to
    either side like a coin. The exact test is that of the coin.
    """
    rows = result[split]
    elmo = sorted(final(rows, chosen(result)), key=lambda row: row["accuracy"])
    middle = elmo[len(elmo) // 2]
    (linear,) = (row for row in rows if row["model"] == SVM)
    worse, better = (
        len(set(one["wrong"]) - set(other["wrong"]))
        for one, other in ((middle, linear), (linear, middle))
    )
    p = binomtest(worse, worse + better).pvalue if worse + better else 1.0
    return {"seed": middle["seed"], "only_elmo": worse, "only_linear": better, "p": float(p)}


def chosen(result: dict[str, Any]) -> str:
    """Return the network with ELMo that the folds of the training messages put first."""
    names = {row["model"] for row in result["validation"] if row["model"].startswith(ELMO)}
    means = {
        name: statistics.mean(row["accuracy"] for row in final(result["validation"], name))
        for name in sorted(names)
    }
    return max(means, key=means.__getitem__)


def final(rows: list[dict], model: str) -> list[dict]:
    """Return the runs of a model, those after most epochs and with batches of 64."""
    wanted = {"epochs": max(EPOCHS), "batch_size": 64}
    return [
        row
        for row in rows
        if row["model"] == model and all(row.get(key, v) == v for key, v in wanted.items())
    ]


def of_few(rows: list[dict]) -> list[str]:
    """Return lines of Markdown: F1 of spam for each number of labels."""
    sizes = list(dict.fromkeys(row["labels"] for row in rows))
    lines = [f"| F1 of spam, labels: | {' | '.join(f'{n:,}' for n in sizes)} |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name in dict.fromkeys(row["model"] for row in rows):
        cells = [
            common.spread([r["f1"] for r in rows if r["model"] == name and r["labels"] == size])
            for size in sizes
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def table(result: dict[str, Any]) -> str:
    """Return the tables in Markdown."""

    def percent(rows: list[dict], key: str = "accuracy") -> str:
        values = [100 * row[key] for row in rows]
        if len(values) == 1:
            return f"{values[0]:.2f}"
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    lines = [
        "| model | validation, % | file order, % | F1 of spam | no duplicates, % | F1 of spam |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["model"] for row in result["file"]):
        cells = [f"{100 * np.mean([r['accuracy'] for r in final(result['validation'], name)]):.2f}"]
        for split in CUTS:
            rows = final(result[split], name)
            f1 = statistics.median(row["f1"] for row in rows)
            cells += [percent(rows), f"{f1:.3f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append(f"| published, ELMo | – | {PUBLISHED['file']} | – | {PUBLISHED['unique']} | – |")
    tests = "; ".join(
        f"{split}: wrong with ELMo alone {found['only_elmo']}, with the SVM alone "
        f"{found['only_linear']}, p = {found['p']:.2f}"
        for split, found in ((split, compared(result, split)) for split in CUTS)
    )
    return "\n".join(lines) + (
        f"\n\nTest accuracy, median and range of {result['seeds']} seeds; networks after "
        f"{max(EPOCHS)} epochs. Validation: the mean of five folds of the training messages. "
        f"The folds chose *{chosen(result)}*. McNemar's test of it, the middle seed, against "
        f"*{SVM}* ({tests}).\n\n"
        + "\n".join(of_few(result["few"]))
        + "\n\nTest messages in file order; mean ± standard deviation of the draws of labels. "
        "Fine-tuning and LSA have read the text of all training messages, without labels. "
        f"Machine: {common.machines(result)}."
    )


def main() -> None:
    """Run the command line."""
    options = common.parser(__doc__, PARTS).parse_args()
    torch.set_num_threads(1)
    about = {
        "machine": common.machine("scikit-learn", gpu=options.gpu),
        "corpus": "sms_spam",
        "options": {"fine-tuning": TUNING, "head": HEAD, "epochs": EPOCHS},
    }
    data = Messages()
    parts = {
        "validation": lambda: validation(data),
        "curves": lambda: curves(data),
        "file": lambda: runs(data, "file", options.seeds),
        "unique": lambda: runs(data, "unique", options.seeds),
        "few": lambda: few(data, options.seeds),
        "attack": lambda: attack(data, options.seeds),
    }
    common.measure("spam", options, about, parts, table)


if __name__ == "__main__":
    main()
