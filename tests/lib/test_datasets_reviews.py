"""IMDB and the course's own reviews: the real archive, its two layouts, and what stands in."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from course_lib import datasets
from course_lib.datasets import labeled, store
from course_lib.datasets.registry import REGISTRY, Dataset, File

FOLDERS = [Path(f) for f in os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep) if f]

REVIEWS = {
    "test/neg/10_1.txt": "Never again.",
    "test/neg/2_4.txt": "Dull.<br /><br />Very.",
    "test/pos/0_9.txt": "Fine <b>film</b>.",
    "train/neg/0_3.txt": "Dull, 3/10.",
    "train/neg/1_1.txt": "Bad.<BR>Bad.<br/>Bad.",
    "train/pos/0_10.txt": "Très bien.",
    "train/pos/1_7.txt": "Good.",
    "train/unsup/0_0.txt": "No label here.",
    "train/urls_pos.txt": "http://example",
    "train/labeledBow.feat": "9 0:9",
    "imdb.vocab": "the",
    "README": "Large Movie Review Dataset",
}


@pytest.fixture(autouse=True)
def no_reviews_kept() -> Iterator[None]:
    """Reviews are kept in memory from test to test, but for this."""
    labeled._reviews.cache_clear()
    yield
    labeled._reviews.cache_clear()


def archive(packing: str) -> bytes:
    """Return an archive in the layout of the real one, its files in no order."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as tar:
        for folder in ("aclImdb", "aclImdb/train", "aclImdb/train/pos"):
            info = tarfile.TarInfo(folder)
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        for name, text in reversed(REVIEWS.items()):
            info = tarfile.TarInfo(f"aclImdb/{name}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


def register(monkeypatch, name: str, content: bytes, folder: Path, url: str | None = None) -> Path:
    """Put a toy in the place of a real data set, and its file below a folder."""
    row, (file,) = REGISTRY[name], REGISTRY[name].files
    toy = File(file.path, len(content), hashlib.sha256(content).hexdigest(), url)
    monkeypatch.setitem(REGISTRY, name, Dataset(name, row.what, (toy,), row.license, row.citation))
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("name", "packing"), [("imdb", "gz"), ("imdb_packed", "xz")])
def test_both_layouts_of_the_archive(offline, monkeypatch, tmp_path, name, packing):
    register(monkeypatch, name, archive(packing), offline)
    before = sorted(tmp_path.rglob("*"))
    train, test = datasets.load_imdb(), datasets.load_imdb("test")
    assert list(train.itertuples(index=False, name=None)) == [
        ("Dull, 3/10.", 0, 3),
        ("Très bien.", 1, 10),
        ("Bad.\nBad.\nBad.", 0, 1),
        ("Good.", 1, 7),
    ]
    assert list(test.itertuples(index=False, name=None)) == [
        ("Fine <b>film</b>.", 1, 9),
        ("Dull.\n\nVery.", 0, 4),
        ("Never again.", 0, 1),
    ]
    assert list(train.columns) == ["text", "label", "stars"] and list(test.index) == [0, 1, 2]
    assert train.attrs == test.attrs == {"name": "imdb", "source": "cache"}
    assert datasets.used() == {name: "cache"}
    assert sorted(tmp_path.rglob("*")) == before  # nothing was unpacked to disk


def test_the_archive_is_unpacked_once_and_tables_are_copies(offline, monkeypatch):
    register(monkeypatch, "imdb", archive("gz"), offline)
    opened = []
    true_open = tarfile.open
    monkeypatch.setattr(tarfile, "open", lambda *a, **k: opened.append(a) or true_open(*a, **k))
    train = datasets.load_imdb()
    train.loc[0, "text"] = "changed"
    train["extra"] = 1
    train.attrs["source"] = "changed"
    datasets.load_imdb("test")
    again = datasets.load_imdb()
    assert len(opened) == 1 and again["text"][0] == "Dull, 3/10."
    assert "extra" not in again and again.attrs["source"] == "cache"


def test_the_canonical_archive_comes_first_and_the_sample_last(offline, monkeypatch):
    assert datasets.load_imdb().attrs == {"name": "reviews", "source": "sample"}
    assert datasets.used() == {"reviews": "sample"}
    register(monkeypatch, "imdb_packed", archive("xz"), offline)
    assert len(datasets.load_imdb()) == 4 and "imdb_packed" in datasets.used()
    # With a whole copy at hand, download=True has nothing to fetch.
    assert len(datasets.load_imdb(download=True)) == 4
    register(monkeypatch, "imdb", archive("gz"), offline)
    assert len(datasets.load_imdb()) == 4 and datasets.used()["imdb"] == "cache"


@pytest.mark.parametrize("name", ["imdb", "imdb_packed"])
def test_a_damaged_archive_is_an_error_and_not_the_sample(offline, monkeypatch, name):
    path = register(monkeypatch, name, archive("gz"), offline)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(datasets.DataUnavailable, match=rf"'{name}' in the cache is damaged"):
        datasets.load_imdb()
    path.write_bytes(bytes(REGISTRY[name].files[0].size))
    with pytest.raises(datasets.DataUnavailable, match="SHA-256"):
        datasets.load_imdb("test")
    assert datasets.used() == {}


def test_download_fetches_the_canonical_archive(offline, monkeypatch):
    content = archive("gz")
    register(monkeypatch, "imdb", content, offline, url="https://example/imdb").unlink()

    def transfer(dataset, file, folder):
        path = Path(folder) / "got"
        path.write_bytes(content)
        return str(path)

    monkeypatch.setattr(store, "_transfer", transfer)
    assert len(datasets.load_imdb()) == 200  # not unless it is asked for
    assert len(datasets.load_imdb(download=True)) == 4
    assert datasets.load_imdb("test").attrs == {"name": "imdb", "source": "cache"}


def at_hand(name: str) -> bool:
    return any((folder / REGISTRY[name].files[0].path).is_file() for folder in FOLDERS)


@pytest.mark.skipif(
    not at_hand("imdb") and not at_hand("imdb_packed"),
    reason="neither imdb nor imdb_packed is in a COURSE_DATA_MIRROR folder",
)
def test_imdb():
    train, test = datasets.load_imdb(), datasets.load_imdb("test")
    for table in (train, test):
        # The numbers of the paper, section 4.1.
        assert table["label"].value_counts().to_dict() == {0: 12_500, 1: 12_500}
        assert ((table["stars"] >= 7) == (table["label"] == 1)).all()
        assert set(table["stars"]) == {1, 2, 3, 4, 7, 8, 9, 10}
        assert table["label"][:100].sum() == 50
        assert not table["text"].str.contains("<br", case=False).any()
        assert table["text"].str.contains("\n").any() and table["text"].str.len().min() > 20
        assert table.attrs["name"] == "imdb" and table.attrs["source"] in ("mirror", "cache")
    assert train["text"][1].startswith("Bromwell High is a cartoon comedy.")
    assert train["stars"][1] == 9 and train["label"][1] == 1


# --- the course's own sample ---------------------------------------------------------------------


def test_the_sample_of_reviews(offline):
    train, test = datasets.load_imdb(), datasets.load_imdb("test")
    assert (len(train), len(test)) == (200, 100)
    both = pd.concat([train, test])
    for table in (train, test):
        assert 2 * table["label"].sum() == len(table) and table["label"][:10].sum() == 5
        assert table.attrs == {"name": "reviews", "source": "sample"}
    assert ((both["stars"] >= 7) == (both["label"] == 1)).all()
    assert set(both["stars"]) == {1, 2, 3, 4, 7, 8, 9, 10}
    assert both["text"].str.split().str.len().between(25, 60).all()
    assert not both["text"].str.contains("\t|  |^ | $").any()


def test_no_two_reviews_of_the_sample_are_alike(offline):
    texts = [*datasets.load_imdb()["text"], *datasets.load_imdb("test")["text"]]
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    # No sentence of more than four words stands twice, and few reviews begin alike.
    sentences = [s.strip().lower() for text in texts for s in re.split(r"(?<=[.!?])\s", text)]
    long = [sentence for sentence in sentences if len(sentence.split()) > 4]
    assert len(long) == len(set(long)) > 800
    starts = [tuple(review[:3]) for review in words]
    assert len(set(starts)) > 280
    runs = [run for review in words for run in {tuple(review[i : i + 6]) for i in range(99)}]
    runs = [run for run in runs if len(run) == 6]
    assert len(set(runs)) > 0.995 * len(runs)
    assert sum("8/10" in text or "/10" in text for text in texts) >= 3
    assert sum(bool(re.search(r"\bnot (good|bad|scary|funny)\b", t, re.I)) for t in texts) >= 3
