"""What docstrings promise to raise is raised: a call that fails for each "Raises" entry."""

from __future__ import annotations

import ast
import builtins
import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

import course_lib
from course_lib import (
    bilm,
    characters,
    checks,
    counts,
    datasets,
    elmo,
    elmo_files,
    explain,
    fasttext,
    glove,
    plots,
    pretrain,
    projector,
    runtime,
    text,
    word2vec,
    writing,
)
from course_lib.charcnn import CharCNNOptions
from course_lib.classify import sequences, tables, training
from course_lib.datasets import store
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors, cosine, files

LIBRARY = Path(course_lib.__file__).parent
SENTENCES = [["red", "green", "blue"], ["green", "red"]] * 3
VOCABULARY = Vocabulary.build(SENTENCES)
VECTORS = WordVectors(["red", "green", "blue", "grey"], np.eye(4, 5))
OPTIONS = bilm.BiLMOptions(CharCNNOptions(3, ((1, 4),), 1, "relu", 6, 9), 8, 6, 1)
COUNTS = csr_array(np.ones((3, 3)))
NOTHING = csr_array((3, 3))


def promises() -> Iterator[str]:
    """Each public name with each error that its docstring lists: ``counts.lsa ValueError``."""
    for path in sorted(LIBRARY.rglob("*.py")):
        module = ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
        yield from _in(ast.parse(path.read_text(encoding="utf-8")), module)


def _in(node: ast.AST, name: str) -> Iterator[str]:
    for part in node.body:
        if not isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            continue
        inner = f"{name}.{part.name}"
        section = re.search(
            r"^Raises\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)",
            ast.get_docstring(part) or "",
            re.DOTALL | re.MULTILINE,
        )
        for line in section[1].splitlines() if section else ():
            if line and not line.startswith(" "):
                yield from (f"{inner} {kind.strip()}" for kind in line.split(","))
        if isinstance(part, ast.ClassDef):
            yield from _in(part, inner)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COURSE_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    return tmp_path


def damaged(name: str, call: Callable[[], Any]) -> Callable[[], Any]:
    """Put a file of nothing sensible where the data set is looked for first, then call."""

    def run() -> Any:
        for file in datasets.REGISTRY[name].files:
            path = store.cache_dir() / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"damaged")
        return call()

    return run


def small_biLM() -> bilm.BiLM:
    return bilm.BiLM(OPTIONS, vocabulary_size=6)


def written(where: Path, name: str, content: bytes | str) -> Path:
    path = where / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def exploding(train: Callable[..., Any], **more: Any) -> Callable[[], Any]:
    return lambda: train(SENTENCES, min_count=1, vector_size=3, epochs=30, alpha=1e30, **more)


def calls(where: Path, patch: pytest.MonkeyPatch) -> dict[str, Callable[[], Any]]:
    """A call for each promise, in which it must be kept."""
    model = small_biLM()
    lexicon = pretrain.Lexicon.build(SENTENCES, width=9)
    ids = torch.from_numpy(characters.batch_to_ids([["a"]], width=9))
    nan = np.full((3, 2), np.nan)
    new = where / "new"

    def no_umap() -> None:
        patch.setitem(sys.modules, "umap", None)
        patch.setattr(projector.explorer, "available", lambda: ["pca", "tsne"])

    def no_such_word() -> Any:
        slice_ = written(where, "slice.txt", "2 2\na 1 2\nb 3 4\n")
        patch.setattr(store, "choose", lambda *_, **__: "googlenews_slice")
        patch.setattr(store, "locate", lambda *_, **__: (slice_, slice_))
        return datasets.load_word2vec(words=["purple"])

    def profile() -> Any:
        patch.setenv("COURSE_PROFILE", "huge")
        return runtime.profile()

    def not_a_number() -> Any:
        broken = small_biLM()
        with torch.no_grad():
            broken.softmax.bias.fill_(torch.nan)
        return pretrain.train(broken, lexicon, SENTENCES, batch_size=1, length=2)

    def elmo_of(options: str | bytes, weights: str | bytes = b"") -> tuple[Path, Path]:
        return written(where, "options.json", options), written(where, "weights.hdf5", weights)

    flat = elmo.Elmo(model, device="cpu")
    explorer = projector.Explorer(VECTORS)
    return {
        "bilm.model.BiLM.forward ValueError": lambda: model(ids, model.initial_state(3)),
        "characters.word_to_ids TypeError": lambda: characters.word_to_ids(3),
        "characters.word_to_ids ValueError": lambda: characters.word_to_ids("a", width=2),
        "characters.check_sentences TypeError": lambda: characters.check_sentences("ab"),
        "characters.check_sentences ValueError": lambda: characters.check_sentences([[]]),
        "characters.batch_to_ids TypeError": lambda: characters.batch_to_ids(["ab"]),
        "characters.batch_to_ids ValueError": lambda: characters.batch_to_ids([]),
        "checks.word_list TypeError": lambda: checks.word_list("ab"),
        "checks.token_lists TypeError": lambda: list(checks.token_lists(["ab"])),
        "checks.check_corpus TypeError": lambda: checks.check_corpus(iter(SENTENCES)),
        "checks.check_corpus ValueError": lambda: checks.check_corpus([]),
        "classify.sequences.encode ValueError": lambda: sequences.encode([[]], VOCABULARY),
        "classify.sequences.encode TypeError": lambda: sequences.encode(["red"], VOCABULARY),
        "classify.tables.embedding_table ValueError": lambda: tables.embedding_table(
            WordVectors(["x"], [[1.0]]), VOCABULARY
        ),
        "classify.tables.embedding_table TypeError": lambda: tables.embedding_table(
            VECTORS, VOCABULARY, missing="subword"
        ),
        "classify.training.fit ValueError": lambda: training.fit(
            torch.nn.Flatten(), np.ones((2, 1)), [0, 2]
        ),
        "counts.one_hot IndexError": lambda: counts.one_hot([3], 3),
        "counts.one_hot TypeError": lambda: counts.one_hot([0.5], 3),
        "counts.cooccurrence ValueError": lambda: counts.cooccurrence(
            SENTENCES, VOCABULARY, window=0
        ),
        "counts.ppmi ValueError": lambda: counts.ppmi(NOTHING),
        "counts.lsa ValueError": lambda: counts.lsa(COUNTS, VOCABULARY, vector_size=3),
        "datasets.annotated.load_tagged ValueError": lambda: datasets.load_tagged("x"),
        "datasets.annotated.load_tagged DataUnavailable": damaged("brown", datasets.load_tagged),
        "datasets.annotated.coarse_tag ValueError": lambda: datasets.coarse_tag("x"),
        "datasets.annotated.load_senses ValueError": lambda: datasets.load_senses("x"),
        "datasets.annotated.load_senses DataUnavailable": damaged(
            "coarsewsd20", datasets.load_senses
        ),
        "datasets.corpora.load_corpus ValueError": lambda: datasets.load_corpus("x"),
        "datasets.corpora.load_corpus DataUnavailable": lambda: datasets.load_corpus("nsmc"),
        "datasets.corpora.largest_corpus ValueError": lambda: datasets.largest_corpus("x"),
        "datasets.corpora.largest_corpus DataUnavailable": damaged(
            "enwiki", datasets.largest_corpus
        ),
        "datasets.evaluation_sets.load_similarity ValueError": lambda: datasets.load_similarity(
            "x"
        ),
        "datasets.evaluation_sets.load_similarity DataUnavailable": lambda: (
            datasets.load_similarity("men")
        ),
        "datasets.evaluation_sets.load_analogies ValueError": lambda: datasets.load_analogies("x"),
        "datasets.evaluation_sets.load_analogies DataUnavailable": lambda: datasets.load_analogies(
            "korean"
        ),
        "datasets.labeled.load_imdb ValueError": lambda: datasets.load_imdb("x"),
        "datasets.labeled.load_imdb DataUnavailable": damaged("imdb", datasets.load_imdb),
        "datasets.labeled.load_sms_spam DataUnavailable": damaged(
            "sms_spam", datasets.load_sms_spam
        ),
        "datasets.pretrained.load_glove ValueError": lambda: datasets.load_glove(dim=51),
        "datasets.pretrained.load_glove DataUnavailable": lambda: datasets.load_glove(dim=300),
        "datasets.pretrained.load_course_vectors DataUnavailable": damaged(
            "course_vectors", datasets.load_course_vectors
        ),
        "datasets.pretrained.load_word2vec ValueError": no_such_word,
        "datasets.pretrained.load_word2vec DataUnavailable": damaged(
            "googlenews", datasets.load_word2vec
        ),
        "datasets.store.locate ValueError": lambda: store.locate("x"),
        "datasets.store.locate DataUnavailable": lambda: store.locate("nsmc"),
        "elmo.Elmo.from_files FileNotFoundError": lambda: elmo.Elmo.from_files(new, new),
        "elmo.Elmo.from_files ValueError": lambda: elmo.Elmo.from_files(*elmo_of("no JSON")),
        "elmo.Elmo.official ValueError": lambda: elmo.Elmo.official("x"),
        "elmo.Elmo.official DataUnavailable": lambda: elmo.Elmo.official("medium"),
        "elmo.Elmo.embed TypeError": lambda: flat.embed(["ab"]),
        "elmo.Elmo.embed ValueError": lambda: flat.embed([[]]),
        "elmo_files.read_options FileNotFoundError": lambda: elmo_files.read_options(new),
        "elmo_files.read_options ValueError": lambda: elmo_files.read_options(elmo_of("{}")[0]),
        "elmo_files.read_weights FileNotFoundError": lambda: elmo_files.read_weights(new, model),
        "elmo_files.read_weights ValueError": lambda: elmo_files.read_weights(
            elmo_of("", b"no hdf5")[1], model
        ),
        "explain.explorable.Explorable ValueError": lambda: explain.Explorable("spiral"),
        "explain.source.show_source TypeError": lambda: explain.show_source(3),
        "explain.source.show_source ValueError": lambda: explain.show_source(
            text.tokenize, start="no such line"
        ),
        "fasttext.subwords.ngrams ValueError": lambda: fasttext.ngrams("a", 3, 2),
        "fasttext.training.train ValueError": lambda: fasttext.train(SENTENCES, min_count=99),
        "fasttext.training.train FloatingPointError": exploding(fasttext.train, sample=0),
        "fasttext.vectors.FastTextVectors.save ValueError": lambda: fasttext.FastTextVectors(
            ["a"], [[1.0]], ngram_matrix=[[1.0]], subwords=fasttext.Subwords(3, 3, 1)
        ).save(where / "a.bin"),
        "fasttext.vectors.FastTextVectors.load FileNotFoundError": lambda: (
            fasttext.FastTextVectors.load(where / "new.bin")
        ),
        "fasttext.vectors.FastTextVectors.load ValueError": lambda: fasttext.FastTextVectors.load(
            written(where, "a.bin", b"no model at all")
        ),
        "glove.training.train ValueError": lambda: glove.train([]),
        "glove.training.fit ValueError": lambda: glove.fit(NOTHING, VOCABULARY),
        "glove.training.fit FloatingPointError": exploding(glove.train),
        "plots.show ValueError": lambda: plots.show(plots.figure()[0], alt=" "),
        "pretrain.training.train ValueError": lambda: pretrain.train(model, lexicon, []),
        "pretrain.training.train RuntimeError": not_a_number,
        "projector.explorer.Explorer ValueError": lambda: projector.Explorer(VECTORS, method="x"),
        "projector.explorer.Explorer ImportError": lambda: (
            no_umap() or projector.Explorer(VECTORS, method="umap")
        ),
        "projector.explorer.Explorer.search KeyError": lambda: explorer.search("purple"),
        "projector.explorer.Explorer.search ValueError": lambda: explorer.search("a b c d e f"),
        "projector.files.export ValueError": lambda: projector.export(VECTORS, where, name="a/b"),
        "projector.files.export OSError": lambda: projector.export(
            VECTORS, written(where, "file", "") / "folder"
        ),
        "projector.projections.project ValueError": lambda: projector.project(nan),
        "projector.projections.project ImportError": lambda: (
            no_umap() or projector.project(np.eye(5), "umap", neighbors=2)
        ),
        "runtime.profile ValueError": profile,
        "runtime.seed_everything TypeError": lambda: runtime.seed_everything("1"),
        "runtime.seed_everything ValueError": lambda: runtime.seed_everything(-1),
        "text.Vocabulary.build ValueError": lambda: Vocabulary.build([]),
        "text.Vocabulary.build TypeError": lambda: Vocabulary.build(["red"]),
        "text.Vocabulary.encode TypeError": lambda: VOCABULARY.encode(["red"]),
        "text.noise_distribution ValueError": lambda: text.noise_distribution([0, 0]),
        "vectors.files.read FileNotFoundError": lambda: files.read(where / "new.txt"),
        "vectors.files.read ValueError": lambda: files.read(written(where, "a.txt", "a 1\nb\n")),
        "vectors.files.read_text ValueError": lambda: files.read_text(io.BytesIO(b""), "a.txt"),
        "vectors.word_vectors.WordVectors ValueError": lambda: WordVectors(["a", "a"], np.eye(2)),
        "vectors.word_vectors.WordVectors.nearest KeyError": lambda: VECTORS.nearest("purple"),
        "vectors.word_vectors.WordVectors.nearest ValueError": lambda: VECTORS.nearest("red", 0),
        "vectors.word_vectors.WordVectors.save ValueError": lambda: VECTORS.save(where / "a.doc"),
        "vectors.word_vectors.WordVectors.save OSError": lambda: VECTORS.save(new / "a.txt"),
        "vectors.word_vectors.WordVectors.load FileNotFoundError": lambda: WordVectors.load(
            where / "new.txt"
        ),
        "vectors.word_vectors.WordVectors.load ValueError": lambda: WordVectors.load(
            written(where, "a.txt", "a 1 2\n"), vector_size=3
        ),
        "vectors.word_vectors.cosine ValueError": lambda: cosine([1.0], [1.0, 2.0]),
        "word2vec.loop.descend ValueError": lambda: word2vec.train([["a"], ["b"]], min_count=1),
        "word2vec.loop.descend FloatingPointError": exploding(word2vec.train, sample=0),
        "word2vec.options.Options ValueError": lambda: word2vec.train(SENTENCES, window=0),
        "word2vec.training.train ValueError": lambda: word2vec.train(SENTENCES, vector_size=0),
        "word2vec.training.train FloatingPointError": exploding(word2vec.train, sample=0),
        "writing.normalize ValueError": lambda: writing.normalize("a", "NFX"),
    }


PROMISES = list(promises())


def test_the_docstrings_were_read() -> None:
    assert len(PROMISES) > 90 and len(set(PROMISES)) == len(PROMISES)
    assert "counts.lsa ValueError" in PROMISES and "runtime.profile ValueError" in PROMISES


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_kept(promise: str, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = calls(alone, monkeypatch).get(promise)
    assert call, f"{promise}: no call in this file shows it; add one, or take the promise back."
    name = promise.split()[1]
    with pytest.raises(getattr(datasets, name, None) or getattr(builtins, name)):
        call()


def test_no_call_is_left_of_a_promise_taken_back(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(calls(alone, monkeypatch)) <= set(PROMISES)
