"""Every public name that takes words, sentences or texts: what it takes, and what it refuses.

The names are found by walking over the library, so that a new one is missed here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
from matplotlib.figure import Figure

import course_lib
from course_lib import (
    characters,
    checks,
    classify,
    counts,
    fasttext,
    glove,
    hangul,
    plots,
    pretrain,
    projector,
    text,
    word2vec,
    writing,
)
from course_lib.bilm import BiLM, BiLMOptions
from course_lib.charcnn import CharCNNOptions
from course_lib.classify import messages
from course_lib.elmo import Elmo, ScalarMix
from course_lib.pretrain import streams
from course_lib.projector import explorer
from course_lib.vectors import WordVectors, files

NAMES = {"sentences", "corpus", "documents", "held_out", "words", "sentence", "texts", "text"}
NAMES |= {"word", "ngram", "first", "second", "a", "b", "c"}
SENTENCES = [["red", "green", "blue"], ["green", "red"]] * 20
WORDS = ["red", "green", "blue"]
VOCABULARY = text.Vocabulary.build(SENTENCES)
VECTORS = WordVectors(WORDS, np.eye(3, 4, dtype=np.float32))
SMALL: dict[str, Any] = {"vector_size": 4, "epochs": 1, "min_count": 1}
GIVEN = {**SMALL, "vocabulary": VOCABULARY, "sample": 0}


def bilm(words: int | None = None) -> BiLM:
    torch.manual_seed(0)
    cnn = CharCNNOptions(
        vector_size=4, filters=((1, 4),), n_highway=1, activation="relu", projection_dim=4, width=10
    )
    options = BiLMOptions(
        characters=cnn, dim=6, projection_dim=4, n_layers=1, cell_clip=3.0, proj_clip=3.0
    )
    return BiLM(options, vocabulary_size=words)


LEXICON = pretrain.Lexicon.build(SENTENCES, width=10)
MODEL = bilm(len(LEXICON.words))
ELMO = Elmo(bilm(), device="cpu")
SUBWORDS = fasttext.Subwords(2, 3, 50)


def pretrained(sentences: Any, **more: Any) -> Any:
    return pretrain.train(
        bilm(len(LEXICON.words)), LEXICON, sentences, batch_size=2, length=4, **more
    ).drop(columns="seconds")


def word_map(words: Any) -> Any:
    return plots.word_map(Figure().add_subplot(), VECTORS, words)


def fast_text(words: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return fasttext.FastText(words, 4, SUBWORDS).word_vectors()


# What takes sentences and reads them once; a generator will do.
ONCE: dict[str, Callable[[Any], Any]] = {
    "text.Vocabulary.build(sentences)": lambda s: text.Vocabulary.build(s).words,
    "text.Vocabulary.encode(sentences)": lambda s: VOCABULARY.encode(s).ids,
    "checks.token_lists(sentences)": lambda s: list(checks.token_lists(s)),
    "counts.term_document(documents)": lambda s: counts.term_document(s, VOCABULARY).toarray(),
    "counts.cooccurrence(corpus)": lambda s: counts.cooccurrence(s, VOCABULARY).toarray(),
    "characters.batch_to_ids(sentences)": characters.batch_to_ids,
    "characters.check_sentences(sentences)": characters.check_sentences,
    "elmo.Elmo.embed(sentences)": lambda s: ELMO.embed(s).layers.numpy(),
    "elmo.Elmo.mixed(sentences)": lambda s: ELMO.mixed(s, ScalarMix(2)).detach().numpy(),
    "pretrain.streams.Lexicon.build(sentences)": lambda s: streams.Lexicon.build(s).words,
    "pretrain.streams.stream(sentences)": lambda s: streams.stream(s, LEXICON).inputs,
    "pretrain.streams.n_windows(sentences)": lambda s: streams.n_windows(s, 2, 3),
    "pretrain.streams.batches(sentences)": lambda s: (
        next(iter(streams.batches(s, LEXICON, batch_size=2, length=4, seed=1)))[0].inputs
    ),
    "classify.messages.pooled_layers(sentences)": lambda s: messages.pooled_layers(ELMO, s),
    "classify.messages.mean_vectors(sentences)": lambda s: messages.mean_vectors(VECTORS, s),
    "classify.sequences.encode(documents)": lambda s: np.concatenate(
        classify.encode(s, VOCABULARY)
    ),
}
# What reads them more than once.
TWICE: dict[str, Callable[[Any], Any]] = {
    "checks.check_corpus(corpus)": checks.check_corpus,
    "word2vec.training.train(corpus)": lambda s: word2vec.train(s, **GIVEN).matrix,
    "fasttext.training.train(corpus)": lambda s: fasttext.train(s, **GIVEN, bucket=50).matrix,
    "glove.training.train(corpus)": lambda s: glove.train(s, **SMALL, vocabulary=VOCABULARY).matrix,
    "pretrain.training.train(sentences)": pretrained,
    "pretrain.training.train(held_out)": lambda s: pretrained(SENTENCES, held_out=s),
    "pretrain.losses.evaluate(sentences)": lambda s: pretrain.evaluate(MODEL, LEXICON, s),
    "classify.messages.fine_tune(sentences)": lambda s: (
        messages.fine_tune(bilm(), repeated(s), epochs=1)[0].embed(SENTENCES[:2]).layers.numpy()
    ),
    "classify.messages.fine_tune(held_out)": lambda s: messages.fine_tune(
        bilm(), SENTENCES * 20, held_out=s, epochs=1
    )[1],
}
WORD_LISTS: dict[str, Callable[[Any], Any]] = {
    "checks.word_list(words)": checks.word_list,
    "text.Vocabulary(words)": lambda w: text.Vocabulary(w, np.ones(3)).words,
    "text.context_windows(sentence)": lambda w: text.context_windows(w, 1),
    "text.skipgram_pairs(sentence)": lambda w: text.skipgram_pairs(w, 1),
    "vectors.word_vectors.WordVectors(words)": lambda w: WordVectors(w, np.eye(3)).words,
    "vectors.word_vectors.WordVectors.load(words)": lambda w: saved(WordVectors.load, w),
    "vectors.files.read(words)": lambda w: saved(lambda p, words: files.read(p, words=words), w),
    "vectors.files.wanted_words(words)": lambda w: files.wanted_words(w),
    "fasttext.vectors.FastTextVectors(words)": lambda w: (
        fasttext.FastTextVectors(
            w, np.eye(3), ngram_matrix=np.ones((50, 3)), subwords=SUBWORDS
        ).words
    ),
    "fasttext.model.FastText(words)": fast_text,
    "fasttext.subwords.Subwords.table(words)": lambda w: SUBWORDS.table(w)[0],
    "pretrain.streams.Lexicon.of_counts(text)": lambda w: (
        streams.Lexicon.of_counts(Counter(["red"]), w, max_size=3, width=9).spelling
    ),
    "pretrain.streams.Lexicon.of_words(text)": lambda w: (
        streams.Lexicon.of_words(["</S>", "<S>", "<UNK>"], w, width=9).spelling
    ),
    "plots.word_map(words)": word_map,
    "projector.explorer.neighbors(words)": lambda w: explorer.neighbors(w, VECTORS),
}
TEXTS: dict[str, Callable[[Any], Any]] = {
    "hangul.tokenize_korean(texts)": lambda t: list(hangul.tokenize_korean(t)),
    "checks.strings(texts)": lambda t: list(checks.strings(t)),
}
ONE_STRING: dict[str, Callable[[Any], Any]] = {
    "checks.one_string(text)": lambda t: checks.one_string(t, "text"),
    "text.tokenize(text)": text.tokenize,
    "text.split_sentences(text)": text.split_sentences,
    "characters.word_to_ids(word)": characters.word_to_ids,
    "fasttext.subwords.ngrams(word)": fasttext.ngrams,
    "fasttext.subwords.hash_ngram(ngram)": fasttext.hash_ngram,
    "fasttext.subwords.Subwords.ngrams(word)": SUBWORDS.ngrams,
    "fasttext.subwords.Subwords.buckets(word)": SUBWORDS.buckets,
    "hangul.decompose(text)": hangul.decompose,
    "hangul.compose(text)": hangul.compose,
    "hangul.readable(text)": hangul.readable,
    "hangul.is_korean(text)": hangul.is_korean,
    "hangul.romanize(text)": hangul.romanize,
    "hangul.misspellings(word)": hangul.misspellings,
    "writing.join_letters(text)": writing.join_letters,
    "writing.full_width(text)": writing.full_width,
    "writing.spelling(text)": writing.spelling,
    "writing.normalize(text)": writing.normalize,
    "classify.messages.disguise(text)": lambda t: messages.disguise(
        t, share=1.0, rng=np.random.default_rng(0)
    ),
}
# What is asked of a word that nobody knows is answered by a KeyError, of any type.
LOOK_UPS = {
    "text.Vocabulary.__getitem__(word)": VOCABULARY.__getitem__,
    "vectors.word_vectors.WordVectors.__getitem__(word)": VECTORS.__getitem__,
    "vectors.word_vectors.WordVectors.similarity(first)": lambda w: VECTORS.similarity(w, "red"),
    "vectors.word_vectors.WordVectors.similarity(second)": lambda w: VECTORS.similarity("red", w),
    "vectors.word_vectors.WordVectors.analogy(a)": lambda w: VECTORS.analogy(w, "red", "blue"),
    "vectors.word_vectors.WordVectors.analogy(b)": lambda w: VECTORS.analogy("red", w, "blue"),
    "vectors.word_vectors.WordVectors.analogy(c)": lambda w: VECTORS.analogy("red", "blue", w),
}
ELSEWHERE = {
    "checks.unknown_word(word)": "makes a message of anything",
    "checks.unknown_word(words)": "is given the words of a vocabulary",
    "text.Vocabulary.__contains__(word)": "answers no to anything",
    "vectors.word_vectors.WordVectors.__contains__(word)": "answers no to anything",
    "fasttext.vectors.FastTextVectors.__contains__(word)": "answers no to anything",
    "fasttext.vectors.FastTextVectors.subwords(word)": "asks Subwords",
    "vectors.word_vectors.WordVectors.nearest(word)": "takes a vector too: test_vectors",
    "vectors.word_vectors.cosine(first)": "a vector",
    "vectors.word_vectors.cosine(second)": "a vector",
    "datasets.pretrained.load_glove(words)": "files.read_text, where the file is at hand",
    "datasets.pretrained.load_word2vec(words)": "files.read_binary, where the file is at hand",
    "word2vec.loop.descend(corpus)": "is given what check_corpus returned",
    "word2vec.kernel.learn(text)": "an array",
    "word2vec.kernel.sigmoid_of_dot(a)": "an array",
    "word2vec.kernel.sigmoid_of_dot(b)": "an array",
    "writing.WordIndex(words)": "is given the words of a vocabulary or of WordVectors",
    "writing.WordIndex.get(word)": "answers None to anything",
    "writing.WordIndex.__contains__(word)": "answers no to anything",
    "vectors.files.check_writable(words)": "is given the words of WordVectors",
    "glove.adagrad.adagrad_steps(word)": "an array",
    "vectors.files.read_text(words)": "as read, which calls it",
    "vectors.files.read_binary(words)": "as read, which calls it",
    "vectors.files.repeated(words)": "is given a list that was read",
    "pretrain.streams.Lexicon(words)": "a record that build, of_counts and of_words fill",
    "pretrain.streams.Lexicon.of_words(words)": "a ValueError: they begin with the marks",
    "pretrain.streams.windows(text)": "arrays",
    "datasets.corpora.Corpus(sentences)": "a record that load_corpus fills",
    "projector.explorer.Explorer.search(words)": "a string is what a reader types; see below",
    **dict.fromkeys(
        (
            "projector.coloring.color_by_cluster(words)",
            "projector.labels.offsets(texts)",
            "projector.marks.marks_on(words)",
            "projector.picture.Picture(words)",
        ),
        "drawing inside the explorer, whose words come from WordVectors",
    ),
}
ALL = {**ONCE, **TWICE, **WORD_LISTS, **TEXTS, **ONE_STRING, **LOOK_UPS, **ELSEWHERE}


def repeated(sentences: Any) -> Any:
    """Enough text for the windows of fine-tuning; what is no list of sentences stays as it is."""
    if isinstance(sentences, (list, tuple)):
        return sentences * 20
    return pd.concat([sentences] * 20) if isinstance(sentences, pd.Series) else sentences


def saved(load: Callable[..., Any], words: Any) -> Any:
    path = saved.folder / "vectors.txt"  # type: ignore[attr-defined]
    VECTORS.save(path)
    found = load(path, words=words)
    return found.words if isinstance(found, WordVectors) else found[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Any) -> None:
    saved.folder = tmp_path  # type: ignore[attr-defined]


def entries() -> Iterator[str]:
    """Every parameter of a public name that by its name and type is words."""
    for info in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
        module = importlib.import_module(info.name)
        short = info.name.removeprefix("course_lib.")
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != info.name:
                continue
            parts = {name: thing}
            if inspect.isclass(thing):
                members = {key: getattr(v, "__func__", v) for key, v in vars(thing).items()}
                parts |= {
                    f"{name}.{key}": v
                    for key, v in members.items()
                    if inspect.isfunction(v)
                    and (not key.startswith("_") or key in ("__getitem__", "__contains__"))
                }
            for place, part in parts.items():
                if not callable(part):
                    continue
                try:
                    parameters = inspect.signature(part).parameters.values()
                except ValueError:
                    continue
                for parameter in parameters:
                    kind = str(parameter.annotation)
                    other = ("Tensor", "EncodedCorpus", "int", "Words", "PathLike", "float")
                    if kind == "Iterable[Iterable[str]] | EncodedCorpus":
                        other = ()
                    if parameter.name in NAMES and not any(word in kind for word in other):
                        yield f"{short}.{place}({parameter.name})"


def test_every_entry_is_in_one_table() -> None:
    found = set(entries())
    assert len(found) > 60
    assert found - set(ALL) == set(), "takes words: put it into a table of this file"
    assert set(ALL) - found == set(), "is no entry any more"


def same(one: Any, other: Any) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


class Column:
    """Like an array of Arrow: its items are no strings, but its list holds some."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def __iter__(self) -> Iterator[object]:
        return (object() for _ in self.words)

    def tolist(self) -> list[str]:
        return list(self.words)


def containers(sentences: list[list[str]]) -> dict[str, Any]:
    def series(items: Any) -> pd.Series:
        return pd.Series(items, index=range(7, 7 + len(items)))  # no row is called 0

    return {
        "tuple": tuple(sentences),
        "Series": series(sentences),
        "list of Series": [series(words) for words in sentences],
        "list of tuples": [tuple(words) for words in sentences],
        "list of arrays": [np.array(words) for words in sentences],
        "list of object arrays": [np.array(words, dtype=object) for words in sentences],
        "list of Index": [pd.Index(words) for words in sentences],
        "list of categories": [pd.Series(words, dtype="category") for words in sentences],
        "list of generators": [iter(words) for words in sentences],
        "deques": deque(map(deque, sentences)),
        "object array": pd.Series(sentences).to_numpy(),
        "list of columns": [Column(words) for words in sentences],
    }


NO_SENTENCES = {
    "a string": "red green",
    "strings": ["red green", "blue"],
    "words": ["red", "green"],
    "an array of strings": np.array(["red green", "blue"]),
    "a Series of strings": pd.Series(["red green", "blue"]),
    "an Index of strings": pd.Index(["red green", "blue"]),
    "a table": pd.DataFrame({"text": ["red green"]}),
    "bytes": b"red green",
    "list of bytes": [b"red", b"green"],
    "bytes inside": [[b"red", b"green"]],
    "None": None,
    "a number": 3,
    "a missing sentence": [["red"], None],
    "NaN as a sentence": [["red"], float("nan")],
    "None inside": [["red", None]],
    "NaN inside": [["red", float("nan")]],
    "NA inside": [pd.Series(["red", pd.NA], dtype="string")],
    "numbers": [[1, 2], [3]],
    "array of numbers": np.arange(6).reshape(2, 3),
    "one too deep": [[["red", "green"]]],
    "a scalar array": np.array("red"),
}


@pytest.mark.parametrize("entry", [*ONCE, *TWICE])
def test_what_is_no_list_of_sentences_is_refused(entry: str) -> None:
    call = {**ONCE, **TWICE}[entry]
    for kind, given in NO_SENTENCES.items():
        if kind == "None" and "held_out" in entry:
            continue
        with pytest.raises(TypeError):
            call(given)
            pytest.fail(kind)


@pytest.mark.parametrize("entry", [*ONCE, *TWICE])
def test_any_container_of_sentences_gives_the_same(entry: str) -> None:
    call = {**ONCE, **TWICE}[entry]
    sentences = SENTENCES if entry in ONCE or "fine_tune" not in entry else SENTENCES * 3
    wanted = call(sentences)
    given = containers(sentences)
    if "fine_tune" in entry or "pretrain.training" in entry:  # seconds for each
        given = {kind: given[kind] for kind in ("tuple", "Series", "list of arrays")}
    for sentence_kind in given.values():
        same(call(sentence_kind), wanted)


@pytest.mark.parametrize("entry", [*ONCE, *TWICE])
def test_sentences_of_one_length_may_be_an_array(entry: str) -> None:
    call = {**ONCE, **TWICE}[entry]
    even = [words[:2] for words in SENTENCES] * (10 if "fine_tune" in entry else 1)
    if "fine_tune" not in entry:
        same(call(np.array(even)), call(even))


@pytest.mark.parametrize("entry", ONCE)
def test_sentences_read_once_may_be_a_generator(entry: str) -> None:
    same(ONCE[entry](iter(SENTENCES)), ONCE[entry](SENTENCES))
    same(ONCE[entry](words for words in SENTENCES), ONCE[entry](SENTENCES))


@pytest.mark.parametrize("entry", TWICE)
def test_sentences_read_twice_may_not(entry: str) -> None:
    for given in (iter(SENTENCES), (words for words in SENTENCES), map(list, SENTENCES)):
        with pytest.raises(TypeError, match="which can be read only once"):
            TWICE[entry](given)


def test_gensim_refuses_a_generator_too_and_takes_what_can_be_read_again(tmp_path: Any) -> None:
    with pytest.raises(TypeError, match="generator"):
        Word2Vec(words for words in SENTENCES)
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(" ".join(words) for words in SENTENCES), encoding="utf-8")
    lines = LineSentence(path)
    assert set(Word2Vec(lines, min_count=1).wv.index_to_key) == set(WORDS)
    same(word2vec.train(lines, **GIVEN).matrix, word2vec.train(SENTENCES, **GIVEN).matrix)


WORD_CONTAINERS = {
    "tuple": tuple,
    "generator": iter,
    "array": np.array,
    "object array": lambda w: np.array(w, dtype=object),
    "Series": lambda w: pd.Series(w, index=[5, 6, 7]),
    "Index": pd.Index,
    "string Series": lambda w: pd.Series(w, dtype="string"),
    "category": lambda w: pd.Series(w, dtype="category"),
    "dictionary": dict.fromkeys,
    "dictionary's values": lambda w: dict(enumerate(w)).values(),
    "deque": deque,
    "map": lambda w: map(str, w),
    "extension array": lambda w: pd.array(w, dtype="string"),
    "column of scalars": lambda w: Column(w),
    "Index with repeats": lambda w: pd.Series(w, index=["x"] * len(w)),
}


@pytest.mark.parametrize("entry", WORD_LISTS)
def test_any_container_of_words_gives_the_same(entry: str) -> None:
    call = WORD_LISTS[entry]
    for kind in WORD_CONTAINERS.values():
        same(call(kind(WORDS)), call(WORDS))


@pytest.mark.skipif(not find_spec("pyarrow"), reason="needs the data of the extra glove")
def test_columns_of_arrow_are_containers() -> None:
    import pyarrow as pa

    arrow = pd.ArrowDtype(pa.string())
    for words in (pa.array(WORDS), pd.Series(WORDS, dtype=arrow), pd.Index(WORDS, dtype=arrow)):
        assert checks.word_list(words) == WORDS
    nested = pd.ArrowDtype(pa.list_(pa.string()))
    for sentences in (map(pa.array, SENTENCES), pd.Series(SENTENCES, dtype=nested)):
        assert list(checks.token_lists(sentences)) == SENTENCES
    for wrong in (pa.array(["red", None]), pa.array([1, 2])):
        with pytest.raises(TypeError):
            checks.word_list(wrong)


def test_words_are_plain_strings_also_where_numpy_gave_its_own() -> None:
    given = list(np.array(WORDS))
    for words in (text.Vocabulary.build([given]).words, WordVectors(given, np.eye(3)).words):
        assert {type(word) for word in words} == {str}


NO_WORDS = {
    "a string": "red",
    "bytes": b"red",
    "bytes inside": ["red", b"green", "blue"],
    "None inside": ["red", None, "blue"],
    "NaN inside": ["red", np.nan, "blue"],
    "NaN in a Series": pd.Series(["red", np.nan, "blue"]),
    "NA": pd.Series(["red", pd.NA, "blue"], dtype="string"),
    "pairs": [("red", "red"), ("blue", "blue")],
    "a number inside": ["red", 3, "blue"],
    "numbers": np.arange(3),
    "lists": [["red"], ["green"], ["blue"]],
    "a table": pd.DataFrame({"red": [1], "green": [2], "blue": [3]}),
    "a matrix": np.array([["red"], ["green"], ["blue"]]),
    "a scalar array": np.array("red"),
    "a number": 3,
}


@pytest.mark.parametrize("entry", WORD_LISTS)
def test_what_is_no_list_of_words_is_refused(entry: str) -> None:
    for kind, given in NO_WORDS.items():
        with pytest.raises(TypeError):
            WORD_LISTS[entry](given)
            pytest.fail(kind)


@pytest.mark.parametrize("entry", TEXTS)
def test_texts(entry: str) -> None:
    call, texts = TEXTS[entry], ["영화를 봤다", "좋다"]
    for kind in (tuple, iter, np.array, pd.Series, pd.Index):
        assert call(kind(texts)) == call(texts)
    for wrong in (
        "영화",
        b"abc",
        None,
        3,
        ["a", None],
        ["a", np.nan],
        [b"a"],
        [["a"]],
        pd.Series(["a", np.nan]),
        pd.DataFrame({"a": ["b"]}),
    ):
        with pytest.raises(TypeError):
            call(wrong)


@pytest.mark.parametrize("entry", [*ONE_STRING, *LOOK_UPS])
def test_one_string(entry: str) -> None:
    call = {**ONE_STRING, **LOOK_UPS}[entry]
    call("red")
    for wrong in (None, float("nan"), b"red", 3, ["red"], ("red",), pd.NA):
        with pytest.raises((KeyError, TypeError) if entry in LOOK_UPS else TypeError):
            call(wrong)


def test_the_explorer_takes_any_container_of_words() -> None:
    shown = projector.Explorer(VECTORS)
    wanted = shown.search(["red", "blue"])
    for given in (("red", "blue"), np.array(["red", "blue"]), pd.Series(["red", "blue"], [3, 4])):
        same(shown.search(given), wanted)
    for wrong in (None, 3, ["red", None], b"red", [np.nan]):
        with pytest.raises(TypeError):
            shown.search(wrong)
    same(shown.table, wanted)
