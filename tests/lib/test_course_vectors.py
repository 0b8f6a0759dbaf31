"""The word vectors that ship with the course, and the script that makes them."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from course_lib import datasets, evaluate
from course_lib.datasets import corpora, store
from course_lib.datasets.registry import REGISTRY
from course_lib.vectors import WordVectors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "course_lib" / "assets" / "vectors"


@pytest.fixture(scope="module")
def train_vectors():
    path = ROOT / "data_scripts" / "train_vectors.py"
    spec = importlib.util.spec_from_file_location("train_vectors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_shape_and_words(offline):
    vectors = datasets.load_course_vectors()
    assert vectors.matrix.shape == (20_000, 100) and vectors.matrix.dtype == np.float32
    assert np.isfinite(vectors.matrix).all() and np.linalg.norm(vectors.matrix, axis=1).min() > 0.1
    assert vectors.words[:3] == ["the", "of", "and"] and (np.diff(vectors.counts) <= 0).all()
    assert vectors.counts.min() >= 5 and all(word == word.lower() for word in vectors.words)
    assert datasets.used() == {"course_vectors": "sample"}
    assert (FOLDER / "vectors.hdf5").stat().st_size <= 5_000_000


def test_the_card_tells_the_truth(offline):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = evaluate.report({"": datasets.load_course_vectors()}).iloc[0]
    for name in ("WordSim-353", "SimLex-999", "analogies"):
        stated = re.search(rf"\| {name} \| ([0-9.]+) \|", card)
        assert float(stated[1]) == pytest.approx(row[name], abs=0.0015)
    assert f"{int(row['pairs'])} of 353 pairs" in card
    assert f"{int(row['asked']):,} of 19,544 questions" in card
    assert "CC BY-SA" in card and "python data_scripts/train_vectors.py" in card


def test_a_missing_or_altered_file_says_how_to_bring_it_back(offline, monkeypatch, tmp_path):
    real = store.places
    moved = tmp_path / "vectors.hdf5"

    def elsewhere(file):
        return (store.Place(moved, p.where) if p.ships else p for p in real(file))

    monkeypatch.setattr(store, "places", elsewhere)
    with pytest.raises(datasets.DataUnavailable, match=r"git checkout.*vectors\.hdf5") as caught:
        datasets.load_course_vectors()
    assert str(moved) in str(caught.value)
    shutil.copyfile(FOLDER / "vectors.hdf5", moved)
    assert len(datasets.load_course_vectors()) == 20_000
    moved.write_bytes(moved.read_bytes()[:-9])
    with pytest.raises(datasets.DataUnavailable, match="SHA-256"):
        datasets.load_course_vectors()


def test_the_script_leaves_out_what_gensim_holds(train_vectors, monkeypatch, tmp_path, capsys):
    kept = [["red", "green", "blue", "black"], ["green", "red", "white", "blue"]] * 40
    held_out = [["secret", "words"]] * 40

    def load_corpus(name):
        sentences, titles = {
            "enwiki": ([*held_out, *kept, *held_out], ["Abacus", "Colours", "Algae"]),
            "wikipedia": (held_out, ["Algae", "Abacus"]),
        }[name]
        starts = [0, 40, 120][: len(titles)]
        return corpora.Corpus(sentences, name, "mirror", "none", titles, starts)

    monkeypatch.setattr(datasets, "load_corpus", load_corpus)
    monkeypatch.setattr(train_vectors, "KEPT", 4)
    assert train_vectors.main([str(tmp_path / "out"), "--epochs", "1"]) == 0
    out = capsys.readouterr().out
    assert "1 articles, 320 words, 80 sentences" in out and "WordSim-353" in out
    with h5py.File(tmp_path / "out" / "vectors.hdf5") as file:
        words = file["words"][:].tobytes().decode().split("\n")
        assert words == ["red", "green", "blue", "black"]
        assert file["counts"][:].tolist() == [80, 80, 80, 40]
        assert file["matrix"].shape == (4, 100) and file["matrix"].dtype == np.float16


def test_the_file_holds_what_was_trained_up_to_half_precision(train_vectors, tmp_path):
    words = ["été", "naïve", "word"]
    matrix = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    returned = train_vectors.write(
        tmp_path / "v.hdf5", WordVectors(words, matrix, counts=[9, 7, 5])
    )
    with h5py.File(tmp_path / "v.hdf5") as file:
        assert file["words"][:].tobytes().decode("utf-8") == "\n".join(words)
        assert np.array_equal(returned.matrix, file["matrix"][:].astype(np.float32))
    assert np.abs(returned.matrix - matrix).max() < 2e-3
    assert [path.name for path in tmp_path.iterdir()] == ["v.hdf5"]


def test_it_belongs_to_the_package():
    assert REGISTRY["course_vectors"].kind == "embedded"
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'course_lib = \[[^\]]*"assets/\*\*/\*"', settings)
