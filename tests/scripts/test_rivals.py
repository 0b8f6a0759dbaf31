"""The probe, the choice and the verdict of the comparison of ELMo with its rivals; Kneser-Ney."""

from __future__ import annotations

import importlib
import os
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from nltk.lm import KneserNeyInterpolated
from sklearn.linear_model import Ridge

from course_lib.datasets.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = [["the", "dog", "barks"], ["a", "dog", "and", "the", "cat"], ["the", "cat", "sat"]]


def at_hand(name: str) -> bool:
    folders = os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep)
    files = REGISTRY[name].files
    return any(f and all((Path(f) / file.path).is_file() for file in files) for f in folders)


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("elmo_layers")
    finally:
        sys.path.pop(0)


def task(layers: ModuleType, x: np.ndarray, answers: np.ndarray, *, rated: bool = False) -> object:
    one, rows = np.zeros(len(x), int), np.arange(len(x))
    splits = lambda seed: iter([(rows[:40], rows[40:])])  # noqa: E731
    return layers.Task([{"word": x}], answers, one, one, rows, splits, rated)


@pytest.mark.parametrize("size", [5, 80], ids=["fewer numbers than rows", "more"])
@pytest.mark.parametrize("rated", [False, True])
def test_the_probe_is_ridge_regression(layers: ModuleType, size: int, rated: bool) -> None:
    rng = np.random.default_rng(0)
    x, classes = rng.normal(2, 3, size=(60, size)), rng.integers(0, 3, 60)
    answers = rng.normal(size=60) if rated else classes
    one = task(layers, x, answers, rated=rated)
    penalties, train, test = (0.1, 1.0), np.arange(40), np.arange(40, 60)
    found = layers.fit_and_ask(one, x, train, test, penalties)
    scaled = (x - x[train].mean(0)) / (x[train].std(0) + 1e-6)
    for said, penalty in zip(found, penalties, strict=True):
        wanted = answers[train] if rated else np.eye(3)[classes[train]]
        theirs = Ridge(alpha=penalty * 40).fit(scaled[train], wanted).predict(scaled[test])
        if rated:
            np.testing.assert_allclose(said, theirs, atol=1e-8)
        else:
            assert said.tolist() == theirs.argmax(1).tolist()


def test_no_row_of_the_test_takes_part_in_a_choice(layers: ModuleType) -> None:
    rng = np.random.default_rng(1)
    x, answers = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    one, train = task(layers, x, answers), np.arange(40)
    chosen = layers.choose(one, "word", {}, train, 0)
    x[40:], answers[40:] = np.nan, 7
    assert layers.choose(task(layers, x, answers), "word", {}, train, 0) == chosen


def test_pairs_are_told_by_difference_product_and_cosine(layers: ModuleType) -> None:
    u, v = np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
    one = task(layers, u, np.zeros(1))
    one.read = [{"word": u}, {"word": v}]
    np.testing.assert_allclose(one.features(["word"]), [[0.6, 0.2, 0, 0.8, 0.8]], atol=1e-6)


def test_a_lead_counts_if_it_is_larger_than_its_spread(layers: ModuleType) -> None:
    leads = {"tags": [0.03, 0.04, 0.05], "wic": [-0.01, 0.02, 0.01], "bank": [-0.3, -0.2, -0.3]}
    index = pd.MultiIndex.from_product([leads, range(3)], names=["task", "seed"])
    rival = pd.Series(0.5, index)
    table = pd.DataFrame({name: rival - 0.1 * i for i, name in enumerate(layers.RIVALS)})
    table[layers.ELMO] = rival + np.concatenate(list(leads.values()))
    table[layers.BOTH] = table[layers.ELMO] - 0.01
    found = layers.verdicts(table)
    assert found["ahead"].to_dict() == {"tags": "ELMo", "wic": "nobody", "bank": "the rival"}
    assert set(found["best rival"]) == {layers.STATIC}
    assert found.loc["tags", "lead"] == pytest.approx(0.04)
    assert found.loc["tags", "±"] == pytest.approx(0.01)


@pytest.mark.skipif(not at_hand("scws"), reason="scws is in no COURSE_DATA_MIRROR folder")
def test_scws(layers: ModuleType) -> None:
    table = layers.load_pairs_in_context("scws")
    assert len(table) == 2003 and table["score"].between(0, 10).all()
    for side in "12":
        hits = [
            tokens[place].lower() == word.lower()
            for word, tokens, place in zip(
                table[f"word{side}"],
                table[f"tokens{side}"],
                table[f"position{side}"],
                strict=True,
            )
        ]
        assert all(hits)
    assert not any("<b>" in tokens for tokens in table["tokens1"])


@pytest.mark.skipif(not at_hand("wic"), reason="wic is in no COURSE_DATA_MIRROR folder")
def test_wic(layers: ModuleType) -> None:
    table = layers.load_pairs_in_context("wic")
    # The sizes of its paper's table 1; half of the pairs of each part have one sense.
    by_part = table.groupby("split")["score"].agg(["size", "mean"])
    assert by_part["size"].to_dict() == {"dev": 638, "test": 1400, "train": 5428}
    assert (by_part["mean"] == 0.5).all() and set(table["score"]) == {0, 1}
    for side in "12":  # as in the dictionary, or inflected: the beginning is the same
        places = zip(table[f"tokens{side}"], table[f"position{side}"], strict=True)
        words = [tokens[at].lower() for tokens, at in places]
        same = [a[:2] == b[:2].lower() for a, b in zip(words, table["word1"], strict=True)]
        assert sum(same) > 0.97 * len(same)
    with pytest.raises(ValueError, match="pairs in context called 'wic1'"):
        layers.load_pairs_in_context("wic1")


def test_kneser_ney_is_nltks() -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        ours = importlib.import_module("kneser_ney").KneserNey(SENTENCES)
    finally:
        sys.path.pop(0)
    theirs, every = KneserNeyInterpolated(3, discount=0.75), []
    for sentence in SENTENCES:
        words = ["<S>", "<S>", *sentence, "</S>"]
        pairs = pairwise(words[1:])
        triples = zip(words, words[1:], words[2:], strict=False)
        every.append([*((w,) for w in words[2:]), *pairs, *triples])
    theirs.fit(every, [word for sentence in every for ngram in sentence for word in ngram])
    for context in (("<S>", "the"), ("a", "dog"), ("never", "seen")):
        for word in ("dog", "cat", "</S>"):
            assert ours.probability(word, context) == pytest.approx(theirs.score(word, context))
