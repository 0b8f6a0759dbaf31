"""Tagged sentences and sentences with senses: the real files, their layout, and what stands in."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from course_lib import datasets
from course_lib.datasets.registry import REGISTRY, Dataset, File

FOLDERS = [Path(f) for f in os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep) if f]


def register(monkeypatch, name: str, content: bytes, folder: Path) -> Path:
    """Put a toy in the place of a real data set, and its file below a folder."""
    row, (file,) = REGISTRY[name], REGISTRY[name].files
    toy = File(file.path, len(content), hashlib.sha256(content).hexdigest(), file.url)
    monkeypatch.setitem(REGISTRY, name, Dataset(name, row.what, (toy,), row.license, row.citation))
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def brown(texts: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("brown/README", "not/at a/at text/nn")
        for name, text in texts.items():
            archive.writestr(f"brown/{name}", text)
    return packed.getvalue()


def coarsewsd(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


# --- parts of speech -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("nn nns-tl np$ nr nps-hl nn-tl-hl nn+bez", "NOUN"),
        ("vb vbd bez* md+hv dod* hvz vbn-tl-nc", "VERB"),
        ("jj jjr jjt-tl od ap", "ADJ"),
        ("rb rbr wrb ql * rb$", "ADV"),
        ("ppss+md pps pn$ ppls wps ex", "PRON"),
        ("at dti pp$ wdt-nc abn", "DET"),
        ("in in-tl in+in", "ADP"),
        ("cd cd-tl", "NUM"),
        ("cc cs", "CONJ"),
        ("to rp rp-hl", "PRT"),
        (". , : -- `` '' ' ( ) .-hl (-hl", "."),
        ("uh fw-nn fw-in+at-tl nil", "X"),
    ],
)
def test_fine_tags_become_coarse(tags, wanted):
    assert {datasets.coarse_tag(tag) for tag in tags.split()} == {wanted}
    assert wanted in datasets.TAGS


def test_what_is_no_tag_of_brown_is_refused():
    for wrong in ("NOUN", "xy", "", "nn-xx"):
        with pytest.raises(ValueError, match=f"'{wrong}' is no tag of the Brown corpus"):
            datasets.coarse_tag(wrong)


def test_brown_is_read_in_order(offline, monkeypatch):
    texts = {
        "cb01": "He/pps said/vbd ``/`` 1/2/cd ''/'' ./.\n",
        "ca02": "\n\n\tIt/pps isn't/bez* New/jj-tl York's/np$-tl ./.\n\nNo/rb !/.\n",
    }
    register(monkeypatch, "brown", brown(texts), offline)
    found = datasets.load_tagged()
    assert found["tokens"].tolist() == [
        ["It", "isn't", "New", "York's", "."],
        ["No", "!"],
        ["He", "said", '"', "1/2", '"', "."],
    ]
    assert found["tags"].tolist() == [
        ["PRON", "VERB", "ADJ", "NOUN", "."],
        ["ADV", "."],
        ["PRON", "VERB", ".", "NUM", ".", "."],
    ]
    assert found.attrs == {"name": "brown", "source": "cache"}


def test_the_sample_stands_in_for_brown_and_damage_is_an_error(offline, monkeypatch):
    found = datasets.load_tagged("brown")
    assert found.attrs == {"name": "homonyms", "source": "sample"} and len(found) == 240
    assert datasets.used() == {"homonyms": "sample"}
    path = register(monkeypatch, "brown", brown({"ca01": "A/at\n"}), offline)
    path.write_bytes(b"cut")
    with pytest.raises(datasets.DataUnavailable, match="'brown' in the cache is damaged"):
        datasets.load_tagged()
    assert datasets.load_tagged("homonyms").attrs["name"] == "homonyms"


def test_unknown_names(offline):
    with pytest.raises(ValueError, match=r"no tagged text called 'broun'.*Did you mean brown"):
        datasets.load_tagged("broun")
    with pytest.raises(ValueError, match="no set of senses called 'wic'"):
        datasets.load_senses("wic")


# --- senses --------------------------------------------------------------------------------------

TOY = {
    "CoarseWSD-20/seal/classes_map.txt": '{"0": "seal_seal_(mammal)", "1": "seal_navy"}',
    "CoarseWSD-20/seal/train.data.txt": "1\tthe seal dived .\n0\tseal teams .",
    "CoarseWSD-20/seal/train.gold.txt": "0\n1\n",
    "CoarseWSD-20/seal/test.data.txt": "2\ta grey seal",
    "CoarseWSD-20/seal/test.gold.txt": "0",
    "CoarseWSD-20/bank/classes_map.txt": '{"0": "bank_bank"}',
    "CoarseWSD-20/bank/train.data.txt": "1\tmy bank",
    "CoarseWSD-20/bank/train.gold.txt": "0",
    "CoarseWSD-20/bank/test.data.txt": "",
    "CoarseWSD-20/bank/test.gold.txt": "",
    "CoarseWSD-20.outofdomain.tsv": "club\tclub_club\t0\tclub",
}


def test_coarsewsd_is_read(offline, monkeypatch):
    register(monkeypatch, "coarsewsd20", coarsewsd(TOY), offline)
    found = datasets.load_senses()
    assert list(found.itertuples(index=False, name=None)) == [
        ("bank", "bank", "train", ["my", "bank"], 1),
        ("seal", "seal_(mammal)", "train", ["the", "seal", "dived", "."], 1),
        ("seal", "navy", "train", ["seal", "teams", "."], 0),
        ("seal", "seal_(mammal)", "test", ["a", "grey", "seal"], 2),
    ]
    assert found.attrs == {"name": "coarsewsd20", "source": "cache"}


def test_the_sample_stands_in_for_coarsewsd_and_damage_is_an_error(offline, monkeypatch):
    assert datasets.load_senses().attrs == {"name": "homonyms", "source": "sample"}
    assert len(datasets.load_senses(download=True)) == 240  # there is nothing to fetch
    path = register(monkeypatch, "coarsewsd20", coarsewsd(TOY), offline)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(datasets.DataUnavailable, match="'coarsewsd20' in the cache is damaged"):
        datasets.load_senses()


def test_the_sample_of_homonyms(offline):
    table = datasets.load_senses("homonyms")
    assert table["word"].nunique() == 8 and {"bank", "play"} <= set(table["word"])
    counts = Counter(zip(table["word"], table["sense"], table["split"], strict=True))
    assert len(counts) == 8 * 2 * 2
    assert all(count == (10 if key[2] == "train" else 5) for key, count in counts.items())
    for row in table.itertuples():
        assert row.tokens[row.position] == row.word and row.tokens.count(row.word) == 1
        assert row.tokens[-1] == "." and row.tokens[0][0].isupper() and 6 <= len(row.tokens) <= 20
    texts = [" ".join(tokens).lower() for tokens in table["tokens"]]
    runs = [tuple(text.split()[i : i + 5]) for text in texts for i in range(len(text.split()) - 4)]
    assert len(set(texts)) == 240 and len(set(runs)) > 0.98 * len(runs)
    assert len({word for text in texts for word in text.split()}) > 800


def test_the_tags_of_the_sample(offline):
    tagged = datasets.load_tagged("homonyms")
    table = datasets.load_senses("homonyms")
    assert tagged["tokens"].tolist() == table["tokens"].tolist()
    known = {"the": "DET", "a": "DET", "of": "ADP", "and": "CONJ", ".": ".", "was": "VERB"}
    known |= {"he": "PRON", "not": "ADV", "two": "NUM"}
    for words, tags in zip(tagged["tokens"], tagged["tags"], strict=True):
        assert len(words) == len(tags) and set(tags) <= set(datasets.TAGS) and "VERB" in tags
        assert all(known.get(w.lower(), tag) == tag for w, tag in zip(words, tags, strict=True))
    of_target = Counter(
        (row.word, row.sense, tags[row.position])
        for row, tags in zip(table.itertuples(), tagged.tags, strict=True)
    )
    assert of_target["light", "weight", "ADJ"] == of_target["light", "lamp", "NOUN"] == 15
    assert of_target["play", "theatre", "NOUN"] == of_target["play", "game", "VERB"] == 15
    nouns = [count for (word, _, tag), count in of_target.items() if word not in ("light", "play")]
    assert nouns == [15] * 12 and sum(of_target.values()) == 240


# --- the real files ------------------------------------------------------------------------------


def at_hand(name: str) -> bool:
    return any((folder / REGISTRY[name].files[0].path).is_file() for folder in FOLDERS)


@pytest.mark.skipif(not at_hand("brown"), reason="brown is not in a COURSE_DATA_MIRROR folder")
def test_brown():
    found = datasets.load_tagged("brown")
    assert (len(found), sum(map(len, found["tokens"]))) == (57_340, 1_161_192)  # as NLTK has them
    assert found["tokens"][0][:4] == ["The", "Fulton", "County", "Grand"]
    assert found["tags"][0][:5] == ["DET", "NOUN", "NOUN", "ADJ", "NOUN"]
    share = Counter(tag for tags in found["tags"] for tag in tags)
    assert set(share) == set(datasets.TAGS)
    assert share["X"] < 2500 and share["NOUN"] > share["VERB"] > share["ADJ"]


@pytest.mark.skipif(
    not at_hand("coarsewsd20"), reason="coarsewsd20 is not in a COURSE_DATA_MIRROR folder"
)
def test_coarsewsd():
    found = datasets.load_senses("coarsewsd20")
    assert found["word"].nunique() == 20 and found["split"].value_counts()["train"] > 23_000
    # Loureiro et al. 2021, Table 1, gives two senses to bank, three to spring.
    of = found.groupby("word")["sense"].unique()
    assert set(of["bank"]) == {"bank", "bank_(geography)"} and len(of["spring"]) == 3
    for row in found.sample(2000, random_state=0).itertuples():
        assert row.tokens[row.position].startswith(row.word[:3]), row
