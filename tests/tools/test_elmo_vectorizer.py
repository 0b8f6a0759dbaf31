"""ELMo in a scikit-learn pipeline, against plain loops over the reference model."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from elmo_reference import Reference, generate
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from test_elmo import options

from course_lib.elmo import Elmo, ScalarMix
from course_tools import elmo_vectorizer
from course_tools.elmo_vectorizer import ElmoVectorizer

TEXTS = ["A good film, really!", "No.", "It was BAD (very bad) and long", "한국어 영화", "No."]
WORDS = [
    ["A", "good", "film", ",", "really", "!"],
    ["No", "."],
    ["It", "was", "BAD", "(", "very", "bad", ")", "and", "long"],
    ["한국어", "영화"],
    ["No", "."],
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return generate(tmp_path_factory.mktemp("elmo"), options())


@pytest.fixture(scope="module")
def layers(files: tuple[Path, Path]) -> list[np.ndarray]:
    """(L + 1, T, 2 P) of each text, from the loops."""
    return [Reference(*files).layers(words) for words in WORDS]


@pytest.fixture
def model(files: tuple[Path, Path]) -> Elmo:
    return Elmo.from_files(*files, device="cpu")


def seen_by(model: Elmo) -> list[tuple[str, ...]]:
    """Return a list that every sentence the model embeds from now on is added to."""
    seen: list[tuple[str, ...]] = []
    plain = model.embed
    model.embed = lambda batch: seen.extend(batch) or plain(batch)
    return seen


def given_mix() -> ScalarMix:
    mix = ScalarMix(3)
    with torch.no_grad():
        mix.scores.copy_(torch.tensor([0.5, -1.0, 2.0]))
        mix.gamma.fill_(1.5)
    return mix


E = np.exp([0.5, -1.0, 2.0])


@pytest.mark.parametrize("batch_size", [1, 2, 32])
@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
@pytest.mark.parametrize(
    ("how", "weights"),
    [
        ({}, [1 / 3] * 3),
        ({"layer": 0}, [1, 0, 0]),
        ({"layer": 2}, [0, 0, 1]),
        ({"layer": -2}, [0, 1, 0]),
        ({"mix": given_mix()}, 1.5 * E / E.sum()),
    ],
)
def test_vectors_are_those_of_the_loops(model, layers, how, weights, pooling, batch_size) -> None:
    found = ElmoVectorizer(model, pooling=pooling, batch_size=batch_size, **how)
    found = found.fit_transform(TEXTS)
    assert found.dtype == np.float32 and found.shape == (5, 10)
    for row, of_text in zip(found, layers, strict=True):
        mixed = sum(w * layer for w, layer in zip(weights, of_text, strict=True))  # (T, 2 P)
        words = list(mixed)
        wanted = {"mean": sum(words) / len(words), "max": np.max(words, 0), "first": words[0]}
        np.testing.assert_allclose(row, wanted[pooling], rtol=0, atol=1e-5)


def test_a_tokenizer_of_ones_own(model, files) -> None:
    found = ElmoVectorizer(model, tokenizer=str.split, layer=2).fit_transform(["it's bad, no?"])
    wanted = Reference(*files).layers(["it's", "bad,", "no?"])[2].mean(0)
    np.testing.assert_allclose(found[0], wanted, rtol=0, atol=1e-5)
    with pytest.raises(TypeError, match="gave a string, 'no', not a list of words"):
        ElmoVectorizer(model, tokenizer=str.strip).fit(["no "])


def test_each_text_goes_through_the_model_once(model) -> None:
    seen = seen_by(model)
    vectorizer = ElmoVectorizer(model, batch_size=2).fit(TEXTS)
    assert seen == []  # nothing is learned, so nothing is computed
    first = vectorizer.transform(TEXTS)
    assert sorted(map(tuple, seen)) == sorted(set(map(tuple, WORDS)))
    assert list(map(len, seen)) == [2, 2, 6, 9]  # like length beside like length
    assert np.array_equal(vectorizer.transform(TEXTS[::-1]), first[::-1]) and len(seen) == 4
    assert np.array_equal(first[1], first[4])
    vectorizer.set_params(pooling="max").transform(TEXTS[:1])
    assert len(seen) == 5  # another vector, hence computed anew


@pytest.mark.parametrize(("cache", "again"), [(0, 4), (1, 3), (3, 1), (4, 0)])
def test_the_cache_is_bounded_and_exact(model, cache, again) -> None:
    vectorizer = ElmoVectorizer(model, cache=cache).fit(TEXTS)
    first = vectorizer.transform(TEXTS)
    assert len(vectorizer._known.held) == cache
    assert all(
        vector.base is None for vector in vectorizer._known.held.values()
    )  # no batch is kept
    seen = seen_by(model)
    np.testing.assert_allclose(vectorizer.transform(TEXTS), first, rtol=0, atol=1e-6)
    assert len(seen) == again and len(vectorizer._known.held) == cache
    first[:] = 0  # a caller may write into what it got
    assert vectorizer.transform(TEXTS).any(1).all()


def test_a_changed_mix_is_not_answered_from_the_cache(model) -> None:
    mix = given_mix()
    vectorizer = ElmoVectorizer(model, mix=mix).fit(TEXTS)
    before = vectorizer.transform(TEXTS)
    with torch.no_grad():
        mix.gamma.fill_(3.0)
    np.testing.assert_allclose(vectorizer.transform(TEXTS), 2 * before, rtol=1e-4, atol=1e-6)


def test_clones_share_the_model_and_what_it_has_read(model) -> None:
    vectorizer = ElmoVectorizer(model, mix=given_mix(), pooling="max").fit(TEXTS)
    first = vectorizer.transform(TEXTS)
    seen = seen_by(model)
    twin = clone(vectorizer)
    assert twin.model is model and twin.mix is not vectorizer.mix
    assert twin.get_params().keys() == vectorizer.get_params().keys()
    assert (twin.pooling, twin.mix.gamma.item()) == ("max", 1.5)
    with pytest.raises(NotFittedError):
        twin.transform(TEXTS)
    assert np.array_equal(twin.fit_transform(TEXTS), first) and seen == []


def test_pickled_and_back(model) -> None:
    vectorizer = ElmoVectorizer(model, mix=given_mix(), tokenizer=str.split).fit(TEXTS)
    first = vectorizer.transform(TEXTS)
    back = pickle.loads(pickle.dumps(vectorizer))
    assert not hasattr(back, "_known")
    np.testing.assert_allclose(back.transform(TEXTS), first, rtol=0, atol=1e-6)


def test_a_name_is_loaded_once_and_not_pickled(model, monkeypatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(Elmo, "course_model", lambda: loaded.append("course") or model)
    monkeypatch.setattr(Elmo, "official", lambda name: loaded.append(name) or model)
    elmo_vectorizer._named.cache_clear()
    try:
        vectorizer = ElmoVectorizer().fit(TEXTS)
        first = vectorizer.transform(TEXTS)
        assert np.array_equal(clone(vectorizer).fit_transform(TEXTS), first)
        assert loaded == ["course"]
        assert len(pickle.dumps(vectorizer)) < 1000
        ElmoVectorizer("small").fit(TEXTS)
        assert loaded == ["course", "small"]
    finally:
        elmo_vectorizer._named.cache_clear()


def test_names_of_the_numbers_and_tables(model) -> None:
    vectorizer = ElmoVectorizer(model).fit(TEXTS)
    names = [f"elmovectorizer{i}" for i in range(10)]
    assert vectorizer.get_feature_names_out().tolist() == names and vectorizer.vector_size_ == 10
    column = pd.Series(TEXTS, index=list("abcde"))
    table = vectorizer.set_output(transform="pandas").transform(column)
    assert table.columns.tolist() == names
    plain = ElmoVectorizer(model).fit_transform(np.array(TEXTS))
    assert np.array_equal(table.to_numpy(), plain)
    assert "ElmoVectorizer(" in repr(vectorizer) and vectorizer._repr_html_()


def test_pipeline_and_grid_search(model) -> None:
    """Texts that differ in a word are told apart, and each fold computes only what is new."""
    good = [f"{name} was a wonderful film" for name in ("It", "This", "Her", "His", "Ours", "That")]
    bad = [text.replace("wonderful", "dull") for text in good]
    texts, labels = [*good, *bad], [1] * 6 + [0] * 6
    seen = seen_by(model)
    pipeline = Pipeline([("elmo", ElmoVectorizer(model)), ("linear", LogisticRegression(C=100.0))])
    grid = {"elmo__pooling": ["mean", "max"], "elmo__layer": [0, 2], "linear__C": [1.0, 100.0]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(texts, labels)
    assert len(search.cv_results_["params"]) == 8 and not search.cv_results_["std_fit_time"][0] < 0
    assert len(seen) == 4 * 12  # two poolings of two layers; not once more for the folds or C
    assert search.best_score_ == 1.0
    assert search.predict(["They had a wonderful film", "They had a dull film"]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("texts", "error", "says"),
    [
        (["good", "", "bad"], ValueError, r"Text 1 has no word: ''\. Leave it out, and its label"),
        (["good", "bad", " \n"], ValueError, r"Text 2 has no word"),
        (["good", None], TypeError, "Text 1 is NoneType, not a string: None"),
        (["good", 3.5], TypeError, "Text 1 is float"),
        ([["good"]], TypeError, "Text 0 is list"),
        ("good", TypeError, "X is one string, 'good': give a list"),
        ([], ValueError, "X is empty"),
        (pd.DataFrame({"text": ["good"]}), TypeError, "give one of its columns"),
    ],
)
def test_wrong_texts(model, texts: Any, error: type[Exception], says: str) -> None:
    vectorizer = ElmoVectorizer(model)
    with pytest.raises(error, match=says):
        vectorizer.fit(texts)
    vectorizer.fit(["good"])
    seen = seen_by(model)
    with pytest.raises(error, match=says):
        vectorizer.transform(texts)
    assert seen == []


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"pooling": "sum"}, "pooling is 'sum'; choose one of mean, max, first"),
        ({"layer": 3}, "layer is 3; the model has 3"),
        ({"layer": -4}, "layer is -4"),
        ({"layer": 0, "mix": ScalarMix(3)}, "layer is 0 and a mix is given"),
        ({"mix": ScalarMix(2)}, "mix is for 2 layers; the model has 3"),
        ({"mix": ScalarMix(3, layer_norm=True)}, "layer_norm cannot be used"),
        ({"batch_size": 0}, "batch_size is 0; it must be 1 or more"),
        ({"cache": -1}, "cache is -1"),
    ],
)
def test_wrong_parameters(model, parameters: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ElmoVectorizer(model, **parameters).fit(TEXTS)


def test_wrong_models(files) -> None:
    with pytest.raises(ValueError, match="carries its state"):
        ElmoVectorizer(Elmo.from_files(*files, device="cpu", stateful=True)).fit(TEXTS)
    with pytest.raises(TypeError, match=r"model is \w+Path; give an Elmo"):
        ElmoVectorizer(files[0]).fit(TEXTS)
    with pytest.raises(ValueError, match=r"called 'smal'.*mean small"):
        ElmoVectorizer("smal").fit(TEXTS)
