"""The data sets: facts known from elsewhere, the order of look-up, and everything that can go
wrong with a file or a server. The only network is a server on the loopback address."""

from __future__ import annotations

import bz2
import errno
import hashlib
import io
import json
import lzma
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course_lib import datasets
from course_lib.datasets import readers, store
from course_lib.datasets.registry import REGISTRY, Dataset, File, read_registry

MODELS = [row for name, row in REGISTRY.items() if name.startswith("elmo_")]
MIRROR = os.environ.get("COURSE_DATA_MIRROR", "")


def _needs(name: str):
    """Skip where the mirror folders do not hold a data set."""
    folders = [Path(folder) for folder in MIRROR.split(os.pathsep) if folder]
    at_hand = all(
        any((folder / file.path).is_file() for folder in folders) for file in REGISTRY[name].files
    )
    return pytest.mark.skipif(not at_hand, reason=f"{name} is in no COURSE_DATA_MIRROR folder")


@pytest.fixture
def no_sockets(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


PAIRS = b"cat\tdog\t7.5\nnull\tnan\t0.5\n"


def _toy(monkeypatch, *, url: str | None = None, content: bytes = PAIRS, shipped=None) -> File:
    """Put a data set of one small file into the registry, under a name the loaders know."""
    file = File("toy/pairs.txt", len(content), hashlib.sha256(content).hexdigest(), url, shipped)
    monkeypatch.setitem(REGISTRY, "men", Dataset("men", "a toy", (file,), "none", "nobody"))
    return file


def _put(folder: Path, file: File, content: bytes) -> Path:
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


# --- facts ------------------------------------------------------------------------------------


def test_wikipedia_slice(alone, no_sockets):
    corpus = datasets.load_corpus("wikipedia")
    assert len(corpus.titles) == len(set(corpus.titles)) == 106
    assert (corpus.titles[0], corpus.titles[-1]) == ("Anarchism", "Algorithm")
    assert corpus.source == "embedded" and "CC BY-SA" in corpus.license
    assert corpus.n_tokens == sum(len(sentence) for sentence in corpus)
    # The slice has 480,399 space-separated pieces after gensim's own filter, of which about 6 %
    # are tables, reference lists and markup.
    assert 440_000 <= corpus.n_tokens <= 460_000
    assert all(len(sentence) >= 2 for sentence in corpus)
    counts = Counter(word for sentence in corpus for word in sentence)
    assert counts.most_common(1)[0][0] == "the" and 0.06 < counts["the"] / corpus.n_tokens < 0.08
    left_overs = "ref br nbsp jpg png svg thumb colspan rowspan bgcolor px alt http https www"
    assert sum(counts[word] for word in left_overs.split()) <= 12
    assert not any("''" in word or "[" in word or "=" in word for word in counts)
    assert all(word == word.lower() for word in counts)


def test_wikipedia_keeps_the_words_of_a_known_article(alone):
    corpus = datasets.load_corpus("wikipedia", max_tokens=5_000)
    first = " ".join(corpus[0])
    assert first.startswith("anarchism is a political philosophy that advocates")
    title, words = corpus.documents()[0]
    assert title == "Anarchism" and words[: len(corpus[0])] == corpus[0]


def test_lee_news(alone, no_sockets):
    corpus = datasets.load_corpus("lee")
    assert len(corpus.titles) == 300
    raw = next(p for p in store.places(REGISTRY["lee"].files[0]) if p.where == "embedded")
    words = re.findall(r"[a-z0-9]+", raw.path.read_text(encoding="utf-8").lower())
    inner = sum(len(re.findall(r"['-]", word)) for sentence in corpus for word in sentence)
    # The plain pattern cuts at every apostrophe and hyphen; ours keeps them inside a word.
    assert corpus.n_tokens + inner == pytest.approx(len(words), rel=0.002)


@pytest.mark.parametrize(
    ("name", "pairs", "low", "high"),
    [
        ("wordsim353", 353, 0, 10),
        ("simlex999", 999, 0, 10),
        pytest.param("men", 3000, 0, 50, marks=_needs("men")),
        pytest.param("rw", 2034, 0, 10, marks=_needs("rw")),
        pytest.param("mturk771", 771, 1, 5, marks=_needs("mturk771")),
        pytest.param("simverb3500", 3500, 0, 10, marks=_needs("simverb3500")),
        pytest.param("wordsim353_ko", 353, 0, 10, marks=_needs("wordsim353_ko")),
    ],
)
def test_similarity_sets(name, pairs, low, high):
    table = datasets.load_similarity(name)
    assert list(table.columns) == ["word1", "word2", "score"] and len(table) == pairs
    assert table["score"].between(low, high).all() and table["score"].std() > (high - low) / 10
    assert not table.isna().any().any()
    assert table.attrs["name"] == name and table.attrs["source"] in ("embedded", "mirror", "cache")


def test_similarity_rows(alone):
    wordsim = datasets.load_similarity("wordsim353").set_index(["word1", "word2"])["score"]
    assert wordsim["tiger", "cat"] == 7.35 and wordsim["tiger", "tiger"] == 10.0
    simlex = datasets.load_similarity("simlex999").set_index(["word1", "word2"])["score"]
    assert simlex["old", "new"] == 1.58


def test_analogies(alone, no_sockets):
    table = datasets.load_analogies()
    assert len(table) == 19_544 and table["section"].nunique() == 14
    # 8,869 questions on meaning and 10,675 on grammar: Mikolov et al. 2013a, section 4.1.
    grammar = table["section"].str.startswith("gram")
    assert (int((~grammar).sum()), int(grammar.sum())) == (8_869, 10_675)
    assert table.iloc[0].tolist() == [
        "capital-common-countries",
        *("Athens", "Greece", "Baghdad", "Iraq"),
    ]


def test_korean_sample(alone, no_sockets):
    corpus = datasets.load_corpus("korean")
    assert len(corpus) >= 500 and len(corpus.titles) >= 10 and corpus.starts[0] == 0
    assert len(set(map(tuple, corpus))) > 0.99 * len(corpus)
    assert repr(corpus).endswith("source='sample')")
    assert datasets.used() == {"korean": "sample"} and datasets.largest_corpus("korean")
    words = Counter(word for sentence in corpus for word in sentence)
    assert sum(bool(re.fullmatch("[가-힣]+", word)) for word in words) > 0.99 * len(words)
    for stem, forms in {"먹": 8, "영화": 5, "재미있": 6, "친구": 8, "학교": 5, "보": 4}.items():
        assert len({word for word in words if word.startswith(stem)}) >= forms, stem


def test_a_damaged_sample_says_how_to_bring_it_back(alone, tmp_path):
    file = REGISTRY["korean"].files[0]
    assert store.find(file).where == "sample" and REGISTRY["korean"].kind == "embedded"
    damaged = tmp_path / "sample.txt"
    damaged.write_bytes(store.find(file).path.read_bytes().replace(b"\n", b"\r\n"))
    assert store.problem(store.Place(damaged, "sample"), file) is None  # a Windows checkout
    damaged.write_bytes(b"")
    assert "SHA-256" in store.problem(store.Place(damaged, "sample"), file)
    assert "git checkout" in store.repair_advice(REGISTRY["korean"], file)


@_needs("kowiki")
def test_kowiki_capped():
    corpus = datasets.load_corpus("kowiki", max_tokens=200_000)
    assert 200_000 <= corpus.n_tokens < 200_200
    assert corpus.titles[0] == "지미 카터" and "CC BY-SA" in corpus.license
    with tarfile.open(store.locate("kowiki")[0]) as packed:
        text = packed.extractfile("kowiki_slice/AA/wiki_00").read().decode("utf-8")
    bodies = re.findall(r'title="([^"]*)">\n(.*?)\n</doc>', text, re.DOTALL)
    ours = dict(corpus.documents()[:-1])  # the last one is cut by max_tokens
    whole = [(title, body) for title, body in bodies if title in ours]
    assert len(whole) >= 20
    expected = sum(len(re.findall("[가-힣]{2,}", body)) for _, body in whole)
    counted = sum(len(re.findall("[가-힣]{2,}", " ".join(ours[title]))) for title, _ in whole)
    assert counted == pytest.approx(expected, rel=0.02)


@_needs("nsmc")
def test_nsmc():
    train, test = (list(readers.read_nsmc_rows(path)) for path in store.locate("nsmc"))
    # The numbers of the corpus's own description: 200,000 reviews, half of them good.
    assert (len(train), len(test)) == (150_000, 50_000)
    for rows, good, empty in ((train, 74_827, 5), (test, 25_173, 3)):
        numbers, documents, labels = zip(*rows, strict=True)
        assert sum(labels) == good and set(labels) == {0, 1}
        assert documents.count("") == empty and len(set(numbers)) == len(rows)
    assert train[0][1] == "아 더빙.. 진짜 짜증나네요 목소리"
    quoted = [document for _, document, _ in test if '"' in document]
    assert len(quoted) == 233 and not any('""""' in document for document in quoted)


@_needs("nsmc")
def test_nsmc_as_a_corpus():
    corpus = datasets.load_corpus("nsmc", max_tokens=1_000)
    assert corpus[0] == ["아", "더빙"] and corpus[1] == ["진짜", "짜증나네요", "목소리"]
    assert corpus.titles[:2] == ["9976970", "3819312"]


@_needs("analogies_ko")
def test_korean_analogies():
    table = datasets.load_analogies("korean")
    assert len(table) == 10_000 and set(table["section"].value_counts()) == {1_000}
    assert table["section"].str.startswith("sem").sum() == 5_000
    assert table.iloc[0].tolist()[1:] == ["아테네", "그리스", "바그다드", "이라크"]
    assert table.attrs["name"] == "analogies_ko"


def test_nsmc_reader_on_a_file_made_by_hand(tmp_path):
    path = tmp_path / "ratings_train.txt.xz"
    rows = ["id\tdocument\tlabel", "1\t좋다. 정말\t1", "2\t\t0", "3\tnull\t0"]
    rows.append('4\t"""또 """"보고"""" 싶다"""\t1')
    rows.append('5\t"""""""명작""""이다"""\t1')
    path.write_bytes(lzma.compress(("\n".join(rows) + "\n").encode()))
    assert list(readers.read_nsmc_rows(path)) == [
        (1, "좋다. 정말", 1),
        (2, "", 0),
        (3, "null", 0),
        (4, '또 "보고" 싶다', 1),
        (5, '"명작"이다', 1),
    ]
    documents = [(title, list(sentences)) for title, sentences in readers.read_nsmc(path)]
    assert documents[0] == ("1", ["좋다.", "정말"]) and documents[1] == ("3", ["null"])


@_needs("brown")
def test_brown():
    archive = store.locate("brown")[0]
    with zipfile.ZipFile(archive) as packed:
        texts = [
            packed.read(name).decode("ascii")
            for name in packed.namelist()
            if re.search(r"/c[a-r]\d+$", name)
        ]
    assert len(texts) == 500
    assert sum(len(re.findall(r"\S+/\S+", text)) for text in texts) == 1_161_192
    sentences = [line for text in texts for line in text.splitlines() if line.strip()]
    assert len(sentences) == 57_340  # the number NLTK gives for the corpus
    bare = [re.findall(r"\w[\w'-]*", re.sub(r"/[^/\s]+(?=\s|$)", " ", line)) for line in sentences]
    bare = [words for words in bare if len(words) > 1]

    corpus = datasets.load_corpus("brown")
    assert len(corpus.titles) == 500 and corpus.titles[0] == "ca01"
    assert len(corpus) == pytest.approx(len(bare), rel=0.002)
    assert corpus.n_tokens == pytest.approx(sum(map(len, bare)), rel=0.005)
    assert " ".join(corpus[0]).startswith("the fulton county grand jury said friday an")


@_needs("enwiki")
def test_enwiki_capped():
    corpus = datasets.load_corpus("enwiki", max_tokens=300_000)
    assert 300_000 <= corpus.n_tokens < 300_200
    assert corpus.titles[0] == "Anarchism"
    with tarfile.open(store.locate("enwiki")[0]) as packed:
        text = packed.extractfile("enwiki_2015_slice/AA/wiki_00").read().decode("utf-8")
    bodies = re.findall(r'title="([^"]*)">\n(.*?)\n</doc>', text, re.DOTALL)
    ours = dict(corpus.documents()[:-1])  # the last one is cut by max_tokens
    whole = [(title, body) for title, body in bodies if title in ours]
    assert len(whole) >= 20
    expected = sum(len(re.findall(r"[A-Za-z]{3,}", body)) for _, body in whole)
    counted = sum(
        len(re.findall(r"[a-z]{3,}", " ".join(ours[title]), re.IGNORECASE)) for title, _ in whole
    )
    assert counted == pytest.approx(expected, rel=0.02)
    words = {word for sentence in corpus for word in sentence}
    assert not any(word.startswith(("formula_", "codice_", "<", "&")) for word in words)


@_needs("men")
def test_registry_agrees_with_the_manifest_of_the_mirror():
    folders = [Path(folder) for folder in MIRROR.split(os.pathsep) if folder]
    manifest = next(f / "MANIFEST.json" for f in folders if (f / "MANIFEST.json").is_file())
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    listed = listed["datasets"] if isinstance(listed, dict) else listed
    known = {
        file["path"]: (file["bytes"], file["sha256"]) for row in listed for file in row["files"]
    }
    ours = {
        file.path: (file.size, file.sha256)
        for row in REGISTRY.values()
        if row.kind == "remote"
        for file in row.files
    }
    # The mirror need not hold three official archives, since it holds what stands in for them,
    # nor the official models.
    official = {REGISTRY[name].files[0].path for name in ("imdb", "glove_6b", "googlenews")}
    official |= {file.path for row in MODELS for file in row.files}
    there = {path: facts for path, facts in ours.items() if path in known}
    assert set(ours) - set(there) <= official and len(there) > 10
    assert there == {path: known[path] for path in there}


def test_registry_rows_are_complete():
    for name, row in REGISTRY.items():
        assert row.name == name and row.files
        for said in (row.what, row.license, row.citation):
            assert isinstance(said, str) and said and "\n" not in said
        for file in row.files:
            assert isinstance(file.path, str) and isinstance(file.size, int | None)
            if row in MODELS:  # neither is published; tests/test_datasets_elmo.py
                assert file.sha256 is None and file.size is None
            else:
                assert re.fullmatch(r"[0-9a-f]{64}", file.sha256) and file.size > 0
            assert not Path(file.path).is_absolute() and "\\" not in file.path
            # A public address must name a commit, or what it gives may change; three old
            # archives stand at addresses of their own.
            assert (
                file.url is None
                or re.search(r"/[0-9a-f]{40}/", file.url)
                or name in ("imdb", "glove_6b", "googlenews")
                or row in MODELS
            )
            assert file.url is None or file.url.startswith("https://")


def test_a_registry_is_read_into_data_sets_and_nothing_else(tmp_path):
    path = tmp_path / "datasets.toml"
    head = '[toy]\nwhat = "a toy"\nlicense = "none"\ncitation = "nobody"\n'
    path.write_text(f'{head}[[toy.files]]\npath = "a"\nsize = 1_000\n[[toy.files]]\npath = "b"\n')
    (row,) = read_registry(path).values()
    assert row == Dataset("toy", "a toy", (File("a", 1000), File("b")), "none", "nobody")
    assert row.size is None and row.kind == "remote"
    for wrong, named in (("sha257 = 1", "sha257"), ('path = "b"\nlenght = 3', "lenght")):
        path.write_text(f"{head}[[toy.files]]\n{wrong}\n")
        with pytest.raises(TypeError, match=named):
            read_registry(path)


# --- readers, on files made by hand -------------------------------------------------------------

DUMP = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">
<page><title>Old name</title><ns>0</ns><id>1</id><revision><id>1</id>
<text>#REDIRECT [[Fish]]</text></revision></page>
<page><title>Talk:Fish</title><ns>1</ns><id>2</id><revision><id>2</id>
<text>Not an article at all.</text></revision></page>
<page><title>Fish</title><ns>0</ns><id>3</id><revision><id>3</id><text>'''Fish''' live in
[[Sea|the sea]].&lt;ref&gt;A book.&lt;/ref&gt; ''Time'''s cover showed one. Two&lt;br/&gt;lines.
== Food ==
&lt;gallery&gt;
File:Plate of fish.jpg|A plate of fried fish
&lt;/gallery&gt;
* Fish is [[food]] for many.
{| class="wikitable"
|-
| 12 || 13
|}
== References ==
* A book nobody reads.
=== Old ones ===
* Another book.
== Trade ==
Fish are sold.
</text></revision></page>
</mediawiki>"""


def test_wikipedia_reader_on_a_dump_made_by_hand(tmp_path):
    path = tmp_path / "dump.bz2"
    path.write_bytes(bz2.compress(DUMP.encode()))
    ((title, sentences),) = readers.read_wikipedia(path)
    assert title == "Fish"
    assert [sentence.strip() for sentence in sentences] == [
        "Fish live in",
        "the sea.",
        "Time's cover showed one.",
        "Two lines.",
        "Food",
        "A plate of fried fish",
        "Fish is food for many.",
        "Trade",
        "Fish are sold.",
    ]


def test_enwiki_reader_on_an_archive_made_by_hand(tmp_path):
    text = (
        '<doc id="1" url="u" title="A &amp; B">\nA &amp; B\n\nOne sentence. Here is &quot;two&quot;'
        "<br>and more.\n|- table\nEm;\nHistory.\nGive them; and formula_12 too.\nReferences.\n"
        '</doc>\n<doc id="2" url="u" title="C">\nC\n\nLast one.\n\n</doc>\n'
    )
    path = tmp_path / "slice.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        info = tarfile.TarInfo("slice/AA/wiki_00")
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))
    documents = [
        (title, [" ".join(sentence.split()) for sentence in sentences])
        for title, sentences in readers.read_wikiextractor(path)
    ]
    assert documents == [
        (
            "A & B",
            ["One sentence.", 'Here is "two" and more.', "Em;", "History.", "Give them; and too."],
        ),
        ("C", ["Last one."]),
    ]


def test_brown_reader_keeps_a_slash_inside_a_word(tmp_path):
    path = tmp_path / "brown.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("brown/CONTENTS", "not a text")
        archive.writestr("brown/ca01", "\n\n\tHalf/nn is/bez 1/2/cd ,/, Mr./np Poe/np ./.\n")
    ((title, sentences),) = readers.read_brown(path)
    assert title == "ca01"
    assert [sentence for sentence in sentences if sentence] == ["Half is 1/2 , Mr. Poe ."]


# --- a corpus as a sequence ------------------------------------------------------------------


def test_corpus_is_a_sequence_of_sentences(alone):
    corpus = datasets.load_corpus("lee", max_tokens=1_000)
    assert 1_000 <= corpus.n_tokens < 1_000 + len(corpus[-1])
    assert sum(map(len, corpus[:-1])) < 1_000  # it stopped at the first sentence end after that
    assert list(corpus) == corpus.sentences and corpus[:2] == corpus.sentences[:2]
    assert repr(corpus) == (
        f"Corpus('lee', {len(corpus)} sentences, {corpus.n_tokens:,} tokens, source='embedded')"
    )
    joined = [word for _, words in corpus.documents() for word in words]
    assert joined == [word for sentence in corpus for word in sentence]
    with pytest.raises(AttributeError):
        corpus.name = "other"


def test_equal_words_are_one_object(alone):
    corpus = datasets.load_corpus("lee")
    assert len({id(word) for sentence in corpus for word in sentence}) == len(
        {word for sentence in corpus for word in sentence}
    )


def test_largest_corpus_falls_back_to_what_ships(alone, no_sockets):
    assert datasets.largest_corpus(max_tokens=100).name == "wikipedia"


def test_largest_corpus_does_not_pass_over_a_damaged_one(alone):
    _put(alone, REGISTRY["enwiki"].files[0], b"cut")
    with pytest.raises(datasets.DataUnavailable, match="damaged"):
        datasets.largest_corpus()


def test_wrong_arguments_are_answered():
    with pytest.raises(ValueError, match=r"no corpus called 'wikipeda'.*mean wikipedia"):
        datasets.load_corpus("wikipeda")
    with pytest.raises(ValueError, match=r"'simlex'.*mean simlex999"):
        datasets.load_similarity("simlex")
    with pytest.raises(ValueError, match=r"language called 'Korean'.*mean korean"):
        datasets.largest_corpus("Korean")
    with pytest.raises(ValueError, match=r"called 'koreans'.*mean korean"):
        datasets.load_analogies("koreans")
    with pytest.raises(ValueError, match=r"split of imdb called 'tset'.*mean test"):
        datasets.load_imdb("tset")
    with pytest.raises(ValueError, match="max_tokens is 0"):
        datasets.load_corpus("lee", max_tokens=0)
    with pytest.raises(ValueError, match=r"no data set called 'mem'.*mean men"):
        store.locate("mem")


# --- look-up ---------------------------------------------------------------------------------


def test_order_cache_then_mirrors_then_package(alone, monkeypatch, tmp_path):
    package = tmp_path / "site" / "toypackage"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (package / "pairs.txt").write_bytes(PAIRS)
    monkeypatch.syspath_prepend(str(package.parent))
    file = _toy(monkeypatch, shipped="toypackage/pairs.txt")
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("COURSE_DATA_MIRROR", os.pathsep.join(map(str, (first, second))))

    seen = []
    for folder in (None, second, first, alone):
        if folder:
            _put(folder, file, PAIRS)
        table = datasets.load_similarity("men")
        assert table["word1"].tolist() == ["cat", "null"]
        seen.append((table.attrs["source"], store.locate("men")[0]))
    assert seen == [
        ("embedded", package / "pairs.txt"),
        ("mirror", second / file.path),
        ("mirror", first / file.path),
        ("cache", alone / file.path),
    ]
    assert datasets.used() == {"men": "cache"}


def test_used_holds_what_was_read_and_is_a_copy(alone):
    assert datasets.used() == {}
    datasets.load_similarity("wordsim353")
    datasets.load_corpus("lee", max_tokens=10)
    assert datasets.used() == {"wordsim353": "embedded", "lee": "embedded"}
    datasets.used().clear()
    assert len(datasets.used()) == 2


def test_status_reads_no_file(alone, monkeypatch, no_sockets, tmp_path):
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    _put(tmp_path / "room", REGISTRY["rw"].files[0], bytes(REGISTRY["rw"].files[0].size))
    _put(alone, REGISTRY["men"].files[0], b"cut")
    monkeypatch.setattr(hashlib, "sha256", None)
    monkeypatch.setattr(hashlib, "file_digest", None)
    table = datasets.status()
    assert list(table.columns) == ["name", "what", "where", "size", "license"]
    where = dict(zip(table["name"], table["where"], strict=True))
    assert list(where) == list(REGISTRY)
    assert (where["lee"], where["rw"], where["men"]) == ("embedded", "mirror", "damaged")
    assert where["mturk771"] == where["enwiki"] == "missing"


def test_nothing_is_downloaded_unasked(alone, no_sockets):
    for load in (
        lambda: datasets.load_similarity("men"),
        lambda: datasets.load_similarity("wordsim353_ko"),
        lambda: datasets.load_analogies("korean"),
        lambda: datasets.load_corpus("brown"),
    ):
        with pytest.raises(datasets.DataUnavailable, match=r"fetch_data\.py get") as caught:
            load()
        assert isinstance(caught.value, FileNotFoundError)
    assert not alone.exists()


def test_a_missing_file_is_named_with_all_that_was_expected(alone, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    with pytest.raises(datasets.DataUnavailable) as caught:
        datasets.load_similarity("men")
    message, file = str(caught.value), REGISTRY["men"].files[0]
    for part in (
        *(file.path, file.sha256, "53,593 bytes", "python data_scripts/fetch_data.py get men"),
        *(str(alone / file.path), str(tmp_path / "room" / file.path)),
    ):
        assert part in message
    for load in (
        lambda: datasets.load_corpus("enwiki", download=True),
        lambda: datasets.load_corpus("kowiki", download=True),
        lambda: datasets.load_corpus("nsmc", download=True),
    ):
        with pytest.raises(
            datasets.DataUnavailable, match=r"no public address.*COURSE_DATA_MIRROR"
        ):
            load()


@pytest.mark.parametrize("where", ["cache", "mirror"])
@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (PAIRS[:-5], f"{len(PAIRS) - 5} bytes long, {len(PAIRS)} are expected"),
        (b"x" + PAIRS[1:], "its SHA-256 is"),
    ],
    ids=["cut", "altered"],
)
def test_a_wrong_file_never_reaches_a_notebook(
    alone, monkeypatch, tmp_path, where, content, trouble
):
    file = _toy(monkeypatch)
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    path = _put(alone if where == "cache" else tmp_path / "room", file, content)
    with pytest.raises(datasets.DataUnavailable) as caught:
        datasets.load_similarity("men")
    for part in (trouble, str(path), file.sha256, "COURSE_DATA_MIRROR", where):
        assert part in str(caught.value)
    assert datasets.used() == {} and path.read_bytes() == content
    path.write_bytes(PAIRS)
    assert len(datasets.load_similarity("men")) == 2  # mended, so the same process reads it


def test_a_file_is_hashed_once_and_again_when_it_changes(alone, monkeypatch):
    file = _toy(monkeypatch)
    path = _put(alone, file, PAIRS)
    hashed = []
    true_digest = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda *args: hashed.append(1) or true_digest(*args)
    )
    datasets.load_similarity("men")
    datasets.load_similarity("men")
    assert len(hashed) == 1
    path.write_bytes(PAIRS.replace(b"7.5", b"7.6"))
    os.utime(path, ns=(1, 1))
    with pytest.raises(datasets.DataUnavailable, match="SHA-256"):
        datasets.load_similarity("men")
    assert len(hashed) == 2


def test_windows_line_ends_of_a_shipped_file_are_no_damage(alone, tmp_path):
    file = REGISTRY["wordsim353"].files[0]
    shipped = store.find(file).path.read_bytes().replace(b"\r\n", b"\n")
    windows = tmp_path / "windows.tsv"
    windows.write_bytes(shipped.replace(b"\n", b"\r\n"))
    assert store.problem(store.Place(windows, "embedded"), file) is None
    windows.write_bytes(shipped[:-10])
    assert "SHA-256" in store.problem(store.Place(windows, "embedded"), file)


# --- download, from a server on the loopback address --------------------------------------------


class _Server:
    """Answers each request with the next of ``answers``; the last one goes on for ever."""

    def __init__(self):
        self.answers: list = []
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                code, body, length = answer
                self.send_response(code)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/pairs.txt"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    monkeypatch.setattr(store, "PAUSE", 0.0)
    running = _Server()
    yield running
    running.close()


RIGHT = (200, PAIRS, len(PAIRS))
BUSY = (500, b"busy", 4)


def test_download_is_asked_for_once_and_kept(alone, monkeypatch, server):
    file = _toy(monkeypatch, url=server.url)
    server.answers = [RIGHT]
    assert len(datasets.load_similarity("men", download=True)) == 2
    assert datasets.used() == {"men": "cache"}
    assert _files_below(alone) == [alone / file.path]
    datasets.load_similarity("men", download=True)
    datasets.load_similarity("men")
    assert server.asked == ["/pairs.txt"]


def test_busy_server_is_asked_again(alone, monkeypatch, server):
    _toy(monkeypatch, url=server.url)
    server.answers = [BUSY, RIGHT]
    assert len(datasets.load_similarity("men", download=True)) == 2
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("answer", "asked", "trouble"),
    [
        (BUSY, store.ATTEMPTS, "500"),
        ((404, b"no", 2), 1, "404"),
        ((200, PAIRS[:-5], len(PAIRS)), store.ATTEMPTS, "trouble"),
        ((200, PAIRS[:-5], len(PAIRS) - 5), store.ATTEMPTS, "hash"),
        ((200, b"<html>sign in</html>", 20), store.ATTEMPTS, "hash"),
    ],
    ids=["always-busy", "not-found", "cut-off", "cut-file", "wrong-file"],
)
def test_failed_download_leaves_no_file(alone, monkeypatch, server, answer, asked, trouble):
    _toy(monkeypatch, url=server.url)
    server.answers = [answer]
    with pytest.raises(datasets.DataUnavailable) as caught:
        datasets.load_similarity("men", download=True)
    assert len(server.asked) == asked
    for part in (trouble, server.url, "fetch_data.py get men", f"{len(PAIRS)} bytes"):
        assert part in str(caught.value)
    assert _files_below(alone) == []


def test_server_that_is_not_there(alone, monkeypatch, server):
    _toy(monkeypatch, url=server.url)
    server.close()
    with pytest.raises(datasets.DataUnavailable, match="could not be downloaded"):
        datasets.load_similarity("men", download=True)
    assert _files_below(alone) == []


@pytest.mark.parametrize("where", ["cache", "mirror"])
def test_download_mends_a_damaged_file(alone, monkeypatch, tmp_path, server, where):
    file = _toy(monkeypatch, url=server.url)
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    damaged = _put(alone if where == "cache" else tmp_path / "room", file, PAIRS[:-5])
    server.answers = [RIGHT]
    assert len(datasets.load_similarity("men", download=True)) == 2
    assert (alone / file.path).read_bytes() == PAIRS
    if where == "mirror":
        assert damaged.read_bytes() == PAIRS[:-5]  # a mirror is other people's: never written to


def test_failed_download_leaves_the_old_file_alone(alone, monkeypatch, server):
    file = _toy(monkeypatch, url=server.url)
    old = _put(alone, file, PAIRS[:-5])
    server.answers = [BUSY]
    with pytest.raises(datasets.DataUnavailable):
        datasets.load_similarity("men", download=True)
    assert old.read_bytes() == PAIRS[:-5]


class _FailingFile(io.FileIO):
    """A file whose first write fails half-way."""

    error: BaseException

    def write(self, data):
        super().write(data[:5])
        raise self.error


def _fail_in_mid_write(monkeypatch, error: BaseException) -> None:
    monkeypatch.setattr(_FailingFile, "error", error, raising=False)
    monkeypatch.setattr("pooch.downloaders.open", _FailingFile, raising=False)


def test_interrupted_download_leaves_no_file(alone, monkeypatch, server):
    _toy(monkeypatch, url=server.url)
    server.answers = [RIGHT]
    _fail_in_mid_write(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        datasets.load_similarity("men", download=True)
    assert server.asked and list(alone.rglob("*")) == [alone / "toy"]


def test_full_disk_leaves_no_file_and_says_how_much_is_needed(alone, monkeypatch, server):
    _toy(monkeypatch, url=server.url)
    server.answers = [RIGHT]
    _fail_in_mid_write(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(datasets.DataUnavailable) as caught:
        datasets.load_similarity("men", download=True)
    for part in ("No space left on device", f"needed:    {len(PAIRS)} bytes", "COURSE_DATA_CACHE"):
        assert part in str(caught.value)
    assert len(server.asked) == 1 and list(alone.rglob("*")) == [alone / "toy"]


def test_left_overs_of_a_killed_download_are_swept(alone, monkeypatch, server):
    _toy(monkeypatch, url=server.url)
    server.answers = [RIGHT]
    for name, age in ((".partial-old", 1), (".partial-new", None)):
        (alone / name).mkdir(parents=True)
        if age is not None:
            os.utime(alone / name, (age, age))
    datasets.load_similarity("men", download=True)
    # A young one may belong to a download that is still running beside this one.
    assert [path.name for path in alone.glob(".partial-*")] == [".partial-new"]


def test_import_is_light():
    code = (
        "import sys, course_lib.datasets; "
        "heavy = {'torch', 'pandas', 'numpy', 'gensim', 'pooch', 'requests'} & set(sys.modules); "
        "print(*sorted(heavy))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.split() == []


def test_a_text_as_written_keeps_capitals_and_punctuation() -> None:
    plain = datasets.load_corpus("lee", max_tokens=3000)
    written = datasets.load_corpus("lee", max_tokens=3000, as_written=True)
    words = [w.lower() for s in written for w in s if any(c.isalnum() for c in w)]
    assert words[:1000] == [w for s in plain for w in s][:1000]
    marks = {w for s in written for w in s if not any(c.isalnum() or c == "_" for c in w)}
    assert {".", ","} <= marks and all(len(mark) == 1 for mark in marks)
    assert any(w[0].isupper() for s in written for w in s)
    with pytest.raises(ValueError, match="English corpora, not for 'korean'"):
        datasets.load_corpus("korean", as_written=True)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (499, "499 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (862_182_613, "862.2 MB"),
        (999_960_000, "1.0 GB"),
        (1_647_046_227, "1.6 GB"),
    ],
)
def test_a_size_never_rounds_to_nothing_nor_to_a_thousand(size: int, said: str) -> None:
    assert store.readable_size(size) == said
