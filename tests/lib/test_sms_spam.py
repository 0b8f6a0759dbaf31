"""Text messages: the real file read in another way, and the course's own sample."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from course_lib import datasets
from course_lib.datasets import readers, store
from course_lib.datasets.registry import REGISTRY, Dataset, File

FOLDERS = [Path(f) for f in os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep) if f]
REAL = [f / "sms_spam" / "spam.csv" for f in FOLDERS if (f / "sms_spam" / "spam.csv").is_file()]
needs_real = pytest.mark.skipif(not REAL, reason="no sms_spam in a COURSE_DATA_MIRROR folder")


def pairs(table: pd.DataFrame) -> list[tuple[str, int]]:
    return list(table.itertuples(index=False, name=None))


# --- the real file -------------------------------------------------------------------------------


@needs_real
def test_the_numbers_of_the_collection():
    table, unique = datasets.load_sms_spam(), datasets.load_sms_spam(deduplicated=True)
    assert list(table.columns) == ["text", "label"] and list(unique.index) == list(range(5_169))
    assert table["label"].value_counts().to_dict() == {0: 4_825, 1: 747}
    assert unique["label"].value_counts().to_dict() == {0: 4_516, 1: 653}
    assert len(table) - len(unique) == 403 and unique["text"].is_unique
    first = int(0.8 * len(table))
    assert (first, len(table) - first) == (4_457, 1_115)
    assert table.attrs["name"] == unique.attrs["name"] == "sms_spam"
    assert table.attrs["source"] in ("mirror", "cache")


@needs_real
def test_the_real_file_against_another_reader():
    table = datasets.load_sms_spam()
    # Lines end in CR LF, the last one in nothing; a lone CR inside a message is no line end.
    lines = REAL[0].read_bytes().decode("latin-1").split("\r\n")
    assert lines[0] == "v1,v2,,,"
    for line, (text, label) in zip(lines[1:], pairs(table), strict=True):
        kind, rest = line.split(",", 1)
        assert kind == ("spam" if label else "ham")
        # Without the quotation marks of CSV, nothing is missing and nothing is added.
        assert text.replace('"', "") == re.sub(r",{0,3}$", "", rest.replace('"', ""))
    columns = pd.read_csv(REAL[0], encoding="latin-1")
    second = columns["v2"].tolist()
    assert all(text.startswith(part) for text, part in zip(table["text"], second, strict=True))
    longer = [i for i, part in enumerate(second) if table["text"][i] != part]
    assert len(longer) == 50 and longer == list(columns.index[columns["Unnamed: 2"].notna()])


def test_a_message_cut_at_its_commas_is_whole_again(tmp_path):
    path = tmp_path / "spam.csv"
    path.write_bytes(
        b"v1,v2,,,\r\n"
        b"ham,Ok lar...,,,\r\n"
        b'ham,"Yes, but, when?",,,\r\n'
        b'spam,"Text ""MIX"" to 1", PO Box 5," MK17""",\r\n'
        b"ham,GM,GN,GE,GNT\r\n"
        b'ham,"one \xa33\rham",two,,\r\n'
    )
    assert list(readers.read_sms_rows(path)) == [
        ("Ok lar...", 0),
        ("Yes, but, when?", 0),
        ('Text "MIX" to 1, PO Box 5, MK17"', 1),
        ("GM,GN,GE,GNT", 0),
        ("one £3\rham,two", 0),
    ]


# --- which file is read --------------------------------------------------------------------------


def test_the_real_file_comes_first_and_a_damaged_one_is_an_error(offline, monkeypatch):
    assert datasets.load_sms_spam().attrs == {"name": "messages", "source": "sample"}
    assert datasets.used() == {"messages": "sample"}
    content = b"v1,v2,,,\r\nham,hello,,,\r\nspam,win,,,\r\nham,hello,,,\r\n"
    row, (file,) = REGISTRY["sms_spam"], REGISTRY["sms_spam"].files
    toy = File(file.path, len(content), hashlib.sha256(content).hexdigest())
    row = Dataset("sms_spam", row.what, (toy,), row.license, row.citation)
    monkeypatch.setitem(REGISTRY, "sms_spam", row)
    path = offline / file.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    table = datasets.load_sms_spam()
    assert pairs(table) == [("hello", 0), ("win", 1), ("hello", 0)]
    assert pairs(datasets.load_sms_spam(deduplicated=True)) == [("hello", 0), ("win", 1)]
    assert table.attrs == {"name": "sms_spam", "source": "cache"}
    path.write_bytes(content[:-4])
    with pytest.raises(datasets.DataUnavailable, match="'sms_spam' in the cache is damaged"):
        datasets.load_sms_spam()


def test_it_stands_in_the_list_of_data_sets(offline):
    status = datasets.status().set_index("name")
    assert status["where"]["sms_spam"] == "missing" and status["where"]["messages"] == "sample"
    assert "get sms_spam" in store.repair_advice(
        REGISTRY["sms_spam"], REGISTRY["sms_spam"].files[0]
    )
    assert REGISTRY["messages"].kind == "embedded"


# --- the course's own sample ---------------------------------------------------------------------


def test_the_sample_of_messages(offline):
    table, unique = datasets.load_sms_spam(), datasets.load_sms_spam(deduplicated=True)
    assert table["label"].value_counts().to_dict() == {0: 340, 1: 60}
    assert unique["label"].value_counts().to_dict() == {0: 332, 1: 56}
    assert pairs(unique) == list(dict.fromkeys(pairs(table)))  # the first of equal ones is kept
    for part in (table, unique):
        cut = int(0.8 * len(part))
        assert 0.1 < part["label"][:cut].mean() < 0.2 and 0.1 < part["label"][cut:].mean() < 0.2
    text = table["text"]
    assert text.str.len().between(1, 160).all() and (text == text.str.strip()).all()
    assert not text.str.contains("  ").any()
    # Copies on both sides of the split: what the notebook shows.
    assert len(set(text[:320]) & set(text[320:])) >= 5


def test_the_sample_names_nobody(offline):
    spam = datasets.load_sms_spam().query("label == 1")["text"]
    # Premium and free numbers of zeros with two digits of their own, short codes likewise.
    invented = re.compile(r"\b(?:0[89]00 000 00\d\d|000\d\d)\b")
    assert sum(len(invented.findall(text)) for text in spam) > 35
    # Prices and counts may be left, but nothing of five digits in a row or in groups.
    rest = [invented.sub("", text).replace(",000", "") for text in spam]
    assert not [text for text in rest if re.search(r"\d(?: ?\d){4}", text)]
    addresses = [a for text in spam for a in re.findall(r"\b[\w-]+(?:\.[\w-]+)+\b(?<!\d)", text)]
    sites = [address for address in addresses if re.search(r"\.[a-z]{2,}$", address)]
    assert len(sites) > 15 and all(site.endswith(".example") for site in sites)
    assert not spam.str.contains(r"http|@|\.com\b|\.co\.uk\b").any()


def test_no_two_messages_of_the_sample_are_alike(offline):
    words = [
        re.findall(r"\w+", text.lower())
        for text in datasets.load_sms_spam(deduplicated=True)["text"]
    ]
    runs = [run for w in words for run in {tuple(w[i : i + 5]) for i in range(len(w) - 4)}]
    assert len(runs) - len(set(runs)) <= 0.01 * len(runs)
    starts = {tuple(w[:3]) for w in words}
    assert len(starts) > 0.95 * len(words)
