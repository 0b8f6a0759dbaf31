"""What is ELMo worth beside what costs almost nothing? Five tasks, the same probe for every vector.

A word in its sentence becomes a vector in several ways: static vectors of the word and of the
words around it, layer 0 of the biLM (the characters alone), layer 0 with the static vectors of
both neighbors, the layers with context, a mix of them, and the mix beside the static vectors. The
same linear probe reads each: ridge regression, on the classes as numbers 0 and 1. The window of
the words around, the mix and the penalty are chosen by cross-validation within the sentences to
learn from. The sentences of the test are asked once, after that. A seed draws other sentences to
learn from.

    python benchmarks/elmo_layers.py --write
    python benchmarks/elmo_layers.py --model small
    python benchmarks/elmo_layers.py --only wic scws

The table is printed, written into docs/benchmarks.md with --write, and every run is stored in
benchmarks/elmo_layers.json, of an official model in elmo_layers_NAME.json. The real data is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import common
import numpy as np
import pandas as pd
import torch
from context_pairs import load_pairs_in_context
from scipy.stats import spearmanr
from sklearn.metrics import silhouette_score
from sklearn.model_selection import GroupKFold, StratifiedKFold

from course_lib import datasets, elmo, runtime
from course_lib.vectors import WordVectors

WINDOWS = (0, 1, 2, 3, 5, 10, 30)  # words on either side; 0: the word alone
PENALTIES = tuple(10.0**k for k in range(-3, 4))
MIXES = {"layer 1": [1], "layer 2": [2], "layers 1, 2": [1, 2], "layers 0, 1, 2": [0, 1, 2]}
FREQUENT, STATIC, ELMO, BOTH = "most frequent answer", "static, window", "ELMo", "ELMo ⊕ static"
RIVALS = (STATIC, "layer 0", "layer 0 ⊕ neighbors")
TASKS = {
    "coarsewsd20": "word sense, CoarseWSD-20",
    "sample": "word sense, the course's sample",
    "bank": "word sense, `bank` of the sample",
    "tags": "part of speech, Brown",
    "wic": "same sense?, WiC",
    "scws": "similarity, SCWS (Spearman's ρ)",
}
Blocks = list[np.ndarray]  # vectors of the same words, (words, numbers) each


@dataclass
class Task:
    """Words in sentences, or pairs of them, with an answer for each.

    Attributes
    ----------
    read : dict
        The vectors of each word, by name; of both words for a pair.
    answers : numpy.ndarray, (n,)
        Classes, or numbers where ``rated``.
    kinds : numpy.ndarray, (n,)
        What the most frequent answer is looked up by.
    probes : numpy.ndarray, (n,)
        Rows of one value share a probe.
    units : numpy.ndarray, (n,)
        Rows of one value stay together in cross-validation.
    splits : callable
        From a seed to rows to learn from and rows to be asked.
    """

    read: list[dict[str, np.ndarray]]
    answers: np.ndarray
    kinds: np.ndarray
    probes: np.ndarray
    units: np.ndarray
    splits: Callable[[int], Iterator[tuple[np.ndarray, np.ndarray]]]
    rated: bool = False

    def features(self, names: Sequence[str]) -> np.ndarray:
        """Return what a probe sees: the vectors end to end; of a pair, how they compare.

        Two vectors u and v of a pair become |u - v|, u ∘ v and their cosine.
        """
        parts: Blocks = []
        for name in names:
            blocks = [side[name] for side in self.read]
            if len(blocks) == 2:
                u, v = (b / (np.linalg.norm(b, axis=1, keepdims=True) + 1e-9) for b in blocks)
                blocks = [np.abs(u - v), u * v, (u * v).sum(1, keepdims=True)]
            parts += blocks
        return np.hstack(parts)


def read_words(
    model: elmo.Elmo, vectors: WordVectors, sentences: list[list[str]], places: list[list[int]]
) -> dict[str, np.ndarray]:
    """Return all vectors of some words of each sentence, in the order of the sentences."""
    layers: dict[int, np.ndarray] = {}
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    for start in runtime.progress(range(0, len(order), 32), desc="embed"):
        part = order[start : start + 32]
        output = model.embed([sentences[i] for i in part]).layers.cpu().numpy()
        layers |= {i: output[:, row, places[i]].swapaxes(0, 1) for row, i in enumerate(part)}
    of_word = np.concatenate([layers[i] for i in range(len(sentences))])  # (words, layers, 2 P)
    zero = np.zeros(vectors.vector_size, np.float32)
    found: dict[str, list[np.ndarray]] = {f"around {window}": [] for window in WINDOWS[1:]}
    found |= {"word": [], "left": [], "right": []}
    for tokens, positions in zip(sentences, places, strict=True):
        known = [vectors.index.get(token.lower()) for token in tokens]
        rows = [zero if k is None else vectors.matrix[k] for k in known]
        for at in positions:
            found["word"].append(rows[at])
            found["left"].append(rows[at - 1] if at else zero)
            found["right"].append(rows[at + 1] if at + 1 < len(rows) else zero)
            for window in WINDOWS[1:]:
                near = known[max(0, at - window) : at] + known[at + 1 : at + 1 + window]
                near = [k for k in near if k is not None]
                mean = vectors.matrix[near].mean(0) if near else zero
                found[f"around {window}"].append(mean)
    blocks = {name: np.stack(rows) for name, rows in found.items()}
    blocks["layer 0"] = of_word[:, 0, : model.vector_size // 2]  # the second half repeats it
    return blocks | {name: of_word[:, chosen].mean(1) for name, chosen in MIXES.items()}


def variants(system: str, chosen: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the vectors among which a row of the table may choose."""
    if system == STATIC:
        return [("word",), *(("word", f"around {window}") for window in WINDOWS[1:])]
    if system == ELMO:
        return [(name,) for name in MIXES]
    if system == BOTH:
        return [(*chosen[ELMO], *chosen[STATIC])]
    return [("layer 0", "left", "right") if "neighbors" in system else (system,)]


def fit_and_ask(
    task: Task, x: np.ndarray, train: np.ndarray, test: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    """Fit the probe on some rows, and return for each penalty what it says to others.

    Of rows X with mean 0 and deviation 1 and answers Y, it is W = (XᵀX + penalty · n)⁻¹ XᵀY,
    which is Xᵀ(XXᵀ + penalty · n)⁻¹Y too. The eigenvectors of the smaller of the two matrices
    serve all penalties.
    """
    said = [np.empty(len(test), task.answers.dtype) for _ in penalties]
    for probe in np.unique(task.probes[test]):
        learn, ask = train[task.probes[train] == probe], task.probes[test] == probe
        answers, classes = task.answers[learn][:, None], np.unique(task.answers[learn])
        y = answers if task.rated else (answers == classes).astype(float)  # (n, classes)
        mean, deviation = x[learn].mean(0), x[learn].std(0) + 1e-6
        rows, others = ((x[part] - mean) / deviation for part in (learn, test[ask]))
        wide, centered = rows.shape[1] > len(rows), y - y.mean(0)
        values, basis = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
        inside = basis.T @ (centered if wide else rows.T @ centered)
        outside = (others @ rows.T if wide else others) @ basis
        for each, penalty in zip(said, penalties, strict=True):
            found = outside @ (inside / (values + penalty * len(learn))[:, None]) + y.mean(0)
            each[ask] = found[:, 0] if task.rated else classes[found.argmax(1)]
    return said


def score(task: Task, rows: np.ndarray, said: np.ndarray) -> float:
    """Return the share right, or Spearman's rank correlation with the ratings."""
    truth = task.answers[rows]
    return float(spearmanr(said, truth).statistic if task.rated else (said == truth).mean())


def choose(
    task: Task, system: str, chosen: dict[str, tuple[str, ...]], train: np.ndarray, seed: int
) -> tuple[tuple[str, ...], float]:
    """Return the vectors and the penalty that do best in cross-validation of the rows."""
    folds = GroupKFold(3, shuffle=True, random_state=seed)
    cut = [(train[a], train[b]) for a, b in folds.split(train, groups=task.units[train])]
    found = {}
    for names in variants(system, chosen):
        x = task.features(names)
        marks = [
            [score(task, held, said) for said in fit_and_ask(task, x, learn, held, PENALTIES)]
            for learn, held in cut
        ]
        found |= {(names, p): m for p, m in zip(PENALTIES, np.mean(marks, 0), strict=True)}
    return max(found, key=found.__getitem__)


def measured(task: Task, seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, list[str]]]:
    """Yield for each row of the table the rows asked, the answers, and what was chosen."""
    systems = (STATIC, "layer 0", "layer 0 ⊕ neighbors", "layer 1", "layer 2", ELMO, BOTH)
    said: dict[str, list[np.ndarray]] = {name: [] for name in (FREQUENT, *systems)}
    choices: dict[str, list[str]] = {name: [] for name in said}
    tests = []
    for train, test in task.splits(seed):
        tests.append(test)
        learned = pd.DataFrame({"kind": task.kinds[train], "answer": task.answers[train]})
        usual = learned.groupby("kind")["answer"].agg(lambda a: a.mode()[0])
        most = learned["answer"].mode()[0]
        said[FREQUENT].append(np.array([usual.get(kind, most) for kind in task.kinds[test]]))
        chosen: dict[str, tuple[str, ...]] = {}
        for system in systems:
            names, penalty = choose(task, system, chosen, train, seed)
            chosen[system] = names
            choices[system].append(f"{' ⊕ '.join(names)}, {penalty:g}")
            said[system] += fit_and_ask(task, task.features(names), train, test, [penalty])
    if task.rated:
        del said[FREQUENT]  # one answer to all has no rank
    for system, answers in said.items():
        yield system, np.concatenate(tests), np.concatenate(answers), choices[system]


def draws(pool: np.ndarray, test: np.ndarray, groups: np.ndarray, size: int) -> Any:
    """Return splits that draw up to ``size`` rows of each group from a pool to learn from."""

    def split(seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        mixed = pd.Series(np.random.default_rng(seed).permutation(pool))
        yield mixed.groupby(groups[mixed]).head(size).to_numpy(), test

    return split


def senses(name: str, model: elmo.Elmo, vectors: WordVectors) -> Task:
    """Ask for the sense of a word; each word has a probe of its own."""
    table = datasets.load_senses("homonyms" if name == "sample" else name)
    table = table[table["tokens"].map(len) <= 50].sample(frac=1, random_state=0)
    if name == "coarsewsd20":
        train = table[table["split"] == "train"].groupby("word").head(300)
        table = pd.concat([train, table[table["split"] == "test"].groupby("word").head(100)])
    read = read_words(model, vectors, table["tokens"].tolist(), [[p] for p in table["position"]])
    word, rows = table["word"].to_numpy(), np.arange(len(table))
    answers = (table["word"] + " " + table["sense"]).to_numpy()

    def folds(seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from StratifiedKFold(5, shuffle=True, random_state=seed).split(rows, answers)

    pool, test = (rows[table["split"] == split] for split in ("train", "test"))
    splits = folds if name == "sample" else draws(pool, test, word, 100)
    return Task([read], answers, word, word, rows, splits)


def tags(model: elmo.Elmo, vectors: WordVectors) -> Task:
    """Ask for the part of speech of words that have several in the sentences of the pool."""
    tagged = datasets.load_tagged("brown")
    order = np.random.default_rng(0).permutation(len(tagged))
    order = [i for i in order if 4 <= len(tagged["tokens"][i]) <= 40][:3000]
    table = pd.DataFrame(
        [(i, at, token.lower(), tag) for i in order for at, (token, tag)
         in enumerate(zip(tagged["tokens"][i], tagged["tags"][i], strict=True))],
        columns=["sentence", "at", "word", "tag"],
    )  # fmt: skip
    table["learn"] = table["sentence"].isin(order[:2000])
    several = table[table["learn"]].groupby("word")["tag"].nunique() > 1
    table = table[table["word"].map(several).fillna(False).astype(bool)]
    places = [group["at"].tolist() for _, group in table.groupby("sentence", sort=False)]
    sentences = [tagged["tokens"][i] for i in table["sentence"].unique()]
    read, rows = read_words(model, vectors, sentences, places), np.arange(len(table))
    pool, test = rows[table["learn"]], rows[~table["learn"]]
    one = np.zeros(len(table), int)
    kinds, units = table["word"].to_numpy(), table["sentence"].to_numpy()
    splits = draws(pool, test, one, 2000)
    return Task([read], table["tag"].to_numpy(), kinds, one, units, splits)


def pairs(name: str, model: elmo.Elmo, vectors: WordVectors) -> Task:
    """Ask whether a word has one sense in two sentences, or how similar two words are."""
    table = load_pairs_in_context(name)
    read = []
    for i in "12":
        tokens, places = table[f"tokens{i}"].tolist(), [[p] for p in table[f"position{i}"]]
        if name == "scws":  # passages of a hundred words: the thirty on either side
            tokens = [t[max(0, p - 30) : p + 31] for t, (p,) in zip(tokens, places, strict=True)]
            places = [[min(p, 30)] for (p,) in places]
        read.append(read_words(model, vectors, tokens, places))
    rows, one = np.arange(len(table)), np.zeros(len(table), int)
    units = pd.factorize(table["word1"].str.lower())[0]

    def halves(seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        mixed = np.random.default_rng(seed).permutation(rows)
        yield mixed[: len(rows) // 2], mixed[len(rows) // 2 :]

    pool, test = (rows[table["split"] == split] for split in ("train", "test"))
    splits = halves if name == "scws" else draws(pool, test, one, 2000)
    return Task([*read], table["score"].to_numpy(), one, one, units, splits, name == "scws")


def silhouettes(task: Task) -> dict[str, dict[str, float]]:
    """Return for each word how far the senses come apart, by cosine, in layers 1 and 2."""
    found = {}
    for word in np.unique(task.kinds):
        rows = task.kinds == word
        found[word] = {
            layer: float(
                silhouette_score(task.read[0][layer][rows], task.answers[rows], metric="cosine")
            )
            for layer in ("layer 1", "layer 2")
        }
    return found


def measure(name: str, task: Task, seeds: int) -> list[dict[str, Any]]:
    """Return the scores of all rows of the table; the sample gives `bank` a row of its own."""
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        for system, rows, said, choices in measured(task, seed):
            about = {"seed": seed, "vectors": system}
            run = {"task": name, **about, "asked": len(rows), "score": score(task, rows, said)}
            common.tell(runs, run | {"chosen": choices})
            if name == "sample":
                bank = task.kinds[rows] == "bank"
                run = {"task": "bank", **about, "asked": int(bank.sum())}
                common.tell(runs, run | {"score": score(task, rows[bank], said[bank])})
    return runs


def scores(runs: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the score of each seed: a row for each task and seed, a column for each vector."""
    table = pd.DataFrame(runs).pivot(index=["task", "seed"], columns="vectors", values="score")
    systems = list(dict.fromkeys(run["vectors"] for run in runs))
    return table.loc[[task for task in TASKS if task in table.index.levels[0]], systems]


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each task the best rival, and what ELMo is ahead of it, with the spread.

    Seeds are compared one by one. ELMo counts as ahead where the mean lead is larger than the
    standard deviation of the leads, and as behind where it is that much smaller than nothing.
    """
    rows = {}
    for task, each in table.groupby("task", sort=False):
        rival = each[list(RIVALS)].mean().idxmax()
        ours = each[[ELMO, BOTH]].mean().idxmax()
        leads = each[ours] - each[rival]
        mean, spread = leads.mean(), leads.std()
        who = "ELMo" if mean > spread else "the rival" if mean < -spread else "nobody"
        rows[task] = {"best rival": rival, "best with ELMo": ours, "lead": mean, "±": spread}
        rows[task]["ahead"] = who
    return pd.DataFrame(rows).T


def table(record: dict[str, Any]) -> str:
    """Return the table of one model in Markdown."""
    runs = scores(record["runs"])
    asked_of = pd.DataFrame(record["runs"]).groupby("task")["asked"].first()
    lines = ["| task | questions | " + " | ".join(runs.columns) + " | lead of ELMo |"]
    lines.append("|---" * (len(runs.columns) + 3) + "|")
    found = verdicts(runs)
    for task, each in runs.groupby("task", sort=False):
        best, cells = each.mean().max(), []
        for name in runs.columns:
            cell = common.spread(each[name].dropna().tolist())
            cells.append(f"**{cell}**" if each[name].mean() == best else cell)
        verdict = found.loc[task]
        lead = f"{verdict['lead']:+.3f} ± {verdict['±']:.3f}"
        lines.append(f"| {TASKS[task]} | {asked_of[task]:,} | {' | '.join(cells)} | {lead} |")
    seeds = runs.index.get_level_values("seed").nunique()
    return "\n".join(lines) + (
        f"\n\nShare right, for SCWS Spearman's ρ; mean ± standard deviation of {seeds} seeds, each "
        "with other sentences to learn from. Bold: the best of the row. The lead is the better of "
        f"the two columns of ELMo minus the best of {', '.join(RIVALS)}, seed by seed. "
        "*static, window*: the static vector of the word beside the mean of those around it. The "
        "window (0 to 30 words on either side), the layers of the mix (1; 2; both; all three) and "
        "the penalty were chosen by threefold cross-validation within the "
        "sentences to learn from; no question of the test was read for it. The sample is asked "
        "fold by fold, of five; of SCWS one half; CoarseWSD-20 and WiC have a test part. "
        f"Machine: {common.machine_words(record['machine'])}."
    )


def main() -> None:
    """Measure one model and store its record."""
    parts = [name for name in TASKS if name != "bank"]
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", default="course", help="course, or an official name: small …")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--only", nargs="*", choices=parts, help="keep the others as stored")
    options.add_argument("--write", action="store_true", help="write the table into docs")
    given = options.parse_args()
    torch.set_num_threads(1)
    official = given.model != "course"
    model = elmo.Elmo.official(given.model) if official else elmo.Elmo.course_model()
    vectors = datasets.load_course_vectors()
    digest = hashlib.sha256()
    for weight in model.model.state_dict().values():
        digest.update(weight.cpu().numpy().tobytes())
    command = "python benchmarks/elmo_layers.py" + (f" --model {given.model}" if official else "")
    about = {
        "command": command,
        "machine": common.machine("scikit-learn", "numpy"),
        "weights": digest.hexdigest()[:16],
    }
    out = common.ROOT / "benchmarks" / f"elmo_layers{f'_{given.model}' if official else ''}.json"
    record = common.stored(out) if given.only is not None else {}
    if record and record["weights"] != about["weights"]:
        raise SystemExit("The stored runs are of another model: measure all tasks, without --only.")
    record = record | about
    for name in parts if given.only is None else given.only:
        if name in ("wic", "scws"):
            task = pairs(name, model, vectors)
        else:
            task = tags(model, vectors) if name == "tags" else senses(name, model, vectors)
        if name == "sample":
            record["silhouettes"] = silhouettes(task)
        kept = [
            run
            for run in record.get("runs", [])
            if run["task"] not in (name, *["bank"] * (name == "sample"))
        ]
        record["runs"] = kept + measure(name, task, given.seeds)
        out.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = f"{table(record)} Command: `{command}`. Every run: `benchmarks/{out.name}`."
    print("\n" + text)
    if given.write:
        common.write_table("elmo_layers", text)


if __name__ == "__main__":
    main()
