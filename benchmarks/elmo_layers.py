"""What each layer of an ELMo knows: word sense (CoarseWSD-20) and part of speech (Brown).

Linear probes by cross-validation and the nearest other sentence of the word, as in notebook 12,
on more sentences than the notebook has time for. For the difference of the two upper layers the
range that holds in 19 of 20 cases is given; both layers answer the same questions.

    python benchmarks/elmo_layers.py
    python benchmarks/elmo_layers.py --model small

Written into benchmarks/elmo_layers.json, a record for each model. The real data is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import common
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict

from course_lib import datasets, elmo, runtime

OUT = common.ROOT / "benchmarks" / "elmo_layers.json"


def layers_of(model: elmo.Elmo, sentences: list[list[str]]) -> list[np.ndarray]:
    """Return the layers of each sentence, (layers, words, 2 P), in batches of like lengths."""
    found: dict[int, np.ndarray] = {}
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    for start in runtime.progress(range(0, len(order), 32), desc="embed"):
        part = order[start : start + 32]
        output = model.embed([sentences[i] for i in part]).layers.cpu().numpy()
        found |= {i: output[:, row, : len(sentences[i])] for row, i in enumerate(part)}
    return [found[i] for i in range(len(sentences))]


def compared(right: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the share right of each layer, and layer 2 minus layer 1 with its range."""
    gap = right["layer 2"].astype(float) - right["layer 1"]
    row: dict[str, Any] = {name: float(np.mean(values)) for name, values in right.items()}
    return row | {"gap": float(gap.mean()), "range": float(1.96 * gap.std() / np.sqrt(len(gap)))}


def senses(model: elmo.Elmo, per_word: int, seed: int) -> list[dict[str, Any]]:
    """Ask for the sense of a word, by the nearest sentence and by a probe for each word."""
    table = datasets.load_senses("coarsewsd20")
    table = table[table["tokens"].map(len) <= 50].sample(frac=1, random_state=seed)
    table = table.groupby("word").head(per_word)
    table = table[table.groupby(["word", "sense"])["position"].transform("size") >= 5]
    table = table[table.groupby("word")["sense"].transform("nunique") > 1]
    found = layers_of(model, table["tokens"].tolist())
    at = np.stack(
        [one[:, position] for one, position in zip(found, table["position"], strict=True)], 1
    )
    word, sense = table["word"].to_numpy(), table["sense"].to_numpy()
    nearest: dict[str, np.ndarray] = {}
    probe: dict[str, np.ndarray] = {}
    for layer in (1, 2):
        name = f"layer {layer}"
        nearest[name], probe[name] = (np.zeros(len(table), dtype=bool) for _ in range(2))
        for each in np.unique(word):
            rows = np.flatnonzero(word == each)
            values, answers = at[layer, rows], sense[rows]
            unit = values / np.linalg.norm(values, axis=1, keepdims=True)
            cosines = unit @ unit.T - 2 * np.eye(len(unit))
            nearest[name][rows] = answers[cosines.argmax(axis=1)] == answers
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            fitted = LogisticRegression(max_iter=2000)
            probe[name][rows] = cross_val_predict(fitted, values, answers, cv=folds) == answers
    usual = table.groupby("word")["sense"].agg(lambda s: s.value_counts().max()).sum()
    about = {"seed": seed, "asked": len(table), "baseline": float(usual / len(table))}
    return [
        {"task": "sense", "asked by": how, **about, **compared(right)}
        for how, right in (("1-nearest", nearest), ("probe", probe))
    ]


def tags(model: elmo.Elmo, n_sentences: int, seed: int) -> list[dict[str, Any]]:
    """Ask a probe for the part of speech of every word."""
    tagged = datasets.load_tagged("brown")
    order = np.random.default_rng(seed).permutation(len(tagged))
    chosen = [i for i in order if 4 <= len(tagged.tokens[i]) <= 40][:n_sentences]
    values = np.concatenate(layers_of(model, [tagged.tokens[i] for i in chosen]), axis=1)
    answers = np.array([tag for i in chosen for tag in tagged.tags[i]])
    group = np.array([i for i in chosen for _ in tagged.tags[i]])
    folds = list(GroupKFold(3, shuffle=True, random_state=seed).split(group, groups=group))
    right = {}
    for layer in range(3):
        scaled = (values[layer] - values[layer].mean(0)) / (values[layer].std(0) + 1e-6)
        probe = LogisticRegression(C=0.1, max_iter=1000)
        right[f"layer {layer}"] = cross_val_predict(probe, scaled, answers, cv=folds) == answers
    about = {"seed": seed, "asked": len(answers)}
    return [{"task": "part of speech", "asked by": "probe", **about, **compared(right)}]


def main() -> None:
    """Measure one model and store its record."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", default="course", help="course, or an official name: small …")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--per-word", type=int, default=300, help="sentences for each homonym")
    options.add_argument("--sentences", type=int, default=2000, help="of Brown")
    given = options.parse_args()
    official = given.model != "course"
    model = elmo.Elmo.official(given.model) if official else elmo.Elmo.course_model()
    digest = hashlib.sha256()
    for weight in model.model.state_dict().values():
        digest.update(weight.cpu().numpy().tobytes())
    runs: list[dict[str, Any]] = []
    for seed in range(given.seeds):
        for row in senses(model, given.per_word, seed) + tags(model, given.sentences, seed):
            common.tell(runs, row)
    records = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    command = "python benchmarks/elmo_layers.py" + (f" --model {given.model}" if official else "")
    records[given.model] = {
        "command": command,
        "machine": common.machine("scikit-learn", "numpy"),
        "weights": digest.hexdigest()[:16],
        "data": {"sense": "CoarseWSD-20", "part of speech": "Brown, twelve classes"},
        "runs": runs,
    }
    OUT.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
