"""FastText: n-grams and hashes against gensim, gradients against a loop, learning on a toy."""

from __future__ import annotations

import dataclasses
import inspect
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import word2vec_reference
from gensim.models.fasttext_inner import compute_ngrams as gensim_ngrams
from gensim.models.fasttext_inner import ft_hash_bytes
from hypothesis import given
from hypothesis import strategies as st

from course_lib import fasttext, hangul, word2vec
from course_lib.datasets import load_corpus
from course_lib.fasttext import (
    FastText,
    FastTextVectors,
    Subwords,
    hash_ngram,
    ngrams,
)
from course_lib.word2vec import Batch, batches, learn
from course_lib.word2vec.batches import BLOCK
from course_lib.word2vec.options import Options

KOREAN = ["아버지가", "방에", "들어가신다", "값을", "닭이", "먹었다", "영화가", "재미있다", "ㅋㅋ"]
EMOJI = ["🙂", "👍🏽", "🇰🇷", "e\u0301t\u00e9", "naïve", "中文", "\u200d"]


def test_apple() -> None:
    wanted = {
        3: ["<ap", "app", "ppl", "ple", "le>"],
        4: ["<app", "appl", "pple", "ple>"],
        5: ["<appl", "apple", "pple>"],
        6: ["<apple", "apple>"],
    }
    assert ngrams("apple") == [gram for grams in wanted.values() for gram in grams]
    assert len(ngrams("apple")) == 14


@given(st.text(max_size=12), st.integers(1, 4), st.integers(0, 3))
def test_ngrams_are_those_of_gensim(word: str, min_n: int, more: int) -> None:
    wanted = gensim_ngrams(word, min_n, min_n + more)
    # gensim keeps a mark alone in this function, but not when it hashes, like the program.
    if min_n == 1:
        wanted.remove("<")
        wanted.remove(">")
    assert sorted(ngrams(word, min_n, min_n + more)) == sorted(wanted)


def test_hashes_of_ten_thousand_words_are_those_of_gensim() -> None:
    corpus = load_corpus("wikipedia")
    words = list(dict.fromkeys(word for sentence in corpus for word in sentence))[:9_000]
    syllables = [chr(code) for code in range(0xAC00, 0xAC00 + 11_172, 10)]
    words += [*KOREAN, *EMOJI, *syllables, *map(hangul.decompose, KOREAN)]
    assert len(set(words)) >= 10_000
    assert [hash_ngram(word) for word in words] == [ft_hash_bytes(w.encode()) for w in words]


def test_bytes_count_as_signed_numbers() -> None:
    def textbook(text: str) -> int:
        value = 2166136261
        for byte in text.encode():
            value = (value ^ byte) * 16777619 % 2**32
        return value

    assert hash_ngram("apple") == textbook("apple")
    assert all(hash_ngram(word) != textbook(word) for word in KOREAN)


@pytest.mark.parametrize(("min_n", "max_n"), [(4, 3), (0, 3), (-1, -1), (2.5, 3)])
def test_lengths_that_cannot_be(min_n: int, max_n: int) -> None:
    with pytest.raises(ValueError, match=r"min_n is|max_n is"):
        ngrams("apple", min_n, max_n)
    with pytest.raises(ValueError, match=r"min_n is|max_n is"):
        fasttext.train([["a", "b"]] * 9, min_n=min_n, max_n=max_n)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalizer": "stem"}, r"normaliser is 'stem'; it must be one of \('none', 'jamo'\)"),
        ({"bucket": 0}, "bucket is 0"),
        ({"vector_size": 0}, "vector_size is 0"),
        ({"min_count": 100}, "Lower min_count"),
        ({"alpha": -1.0}, "alpha is -1"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fasttext.train([["a", "b"]] * 9, **{"min_count": 1, **options})


def test_options_are_those_of_word2vec_and_no_others() -> None:
    theirs = inspect.signature(word2vec.train).parameters
    ours = {option.name: option.default for option in dataclasses.fields(Options)}
    assert ours == {name: theirs[name].default for name in ours}
    for wrong in ({"architecture": "cbow"}, {"loss": "softmax"}, {"windows": 3}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            fasttext.train([["a", "b"]] * 9, min_count=1, **wrong)


def test_a_line_end_has_no_ngrams_as_in_the_program() -> None:
    vectors = fasttext.train([["</s>", "ab"]] * 9, vector_size=3, min_count=1, bucket=9, sample=0)
    assert vectors.subwords("</s>") == [("</s>", vectors.index["</s>"])]
    assert len(vectors.subwords("</s")) == 6  # 3 to 5 letters of <</s>
    other = fasttext.train([["a", "ab"]] * 9, vector_size=3, min_count=1, bucket=9, sample=0)
    assert "</s>" not in other and "</s" in other


# --- the model and the step against a loop over words and parts


WORDS = ["apple", "apples", "pear", "값을", "a", "oranges", "orange"]


def toy_model() -> FastText:
    torch.manual_seed(0)
    model = FastText(WORDS, 5, Subwords(2, 4, 13)).double()
    torch.nn.init.normal_(model.input.weight)
    torch.nn.init.normal_(model.output.weight)
    return model


def toy_batch() -> tuple[Batch, torch.Tensor]:
    rng = np.random.default_rng(1)
    ids = torch.from_numpy(rng.integers(len(WORDS), size=40))
    sentence = torch.from_numpy(np.sort(rng.integers(6, size=40)))
    steps = batches(ids, sentence, window=2, size=3 * BLOCK, generator=torch.Generator())
    batch = next(steps)
    noise = torch.from_numpy(rng.integers(len(WORDS), size=(3, 4)))
    return Batch(batch.centers, batch.nearby, batch.mask.double()), noise


def parts_of(word: int) -> list[int]:
    """Rows of a word, written out once more: itself and V + hash of each n-gram mod 13."""
    marked = f"<{WORDS[word]}>"
    grams = [marked[i : i + n] for n in (2, 3, 4) for i in range(len(marked) - n + 1)]
    return [word, *(len(WORDS) + ft_hash_bytes(gram.encode()) % 13 for gram in grams)]


def loop(model: FastText, batch: Batch, noise: torch.Tensor, k: int) -> tuple[float, dict]:
    """Loss and gradients, one example after the other, in NumPy."""
    table = model.input.weight.detach().numpy()
    output = model.output.weight.detach().numpy()
    grad_table, grad_output, loss = np.zeros_like(table), np.zeros_like(output), 0.0

    def sigmoid(x: float) -> float:
        return 1 / (1 + np.exp(-x))

    for block, centers in enumerate(batch.centers.tolist()):
        for i, center in enumerate(centers):
            parts = parts_of(center)
            hidden = np.mean([table[row] for row in parts], axis=0)
            grad_hidden = np.zeros_like(hidden)
            for j, target in enumerate(batch.nearby[block].tolist()):
                if not batch.mask[block, i, j]:
                    continue
                examples = [(target, 1.0, 1.0)]
                examples += [(n, 0.0, k / noise.shape[1]) for n in noise[block].tolist()]
                for word, label, weight in examples:
                    score = hidden @ output[word]
                    p = sigmoid(score)
                    loss -= weight * np.log(p if label else 1 - p)
                    grad_hidden += weight * (p - label) * output[word]
                    grad_output[word] += weight * (p - label) * hidden
            for row in parts:
                grad_table[row] += grad_hidden
    return loss, {"input": grad_table, "output": grad_output}


def test_model_against_a_loop() -> None:
    model, (batch, noise) = toy_model(), toy_batch()
    loss = model.negative_loss(batch, noise, 5)
    loss.backward()
    wanted, gradients = loop(model, batch, noise, 5)
    assert loss.item() == pytest.approx(wanted, rel=1e-12)
    for name, gradient in gradients.items():
        table = getattr(model, name).weight
        np.testing.assert_allclose(table.grad.numpy(), gradient, atol=1e-10, err_msg=name)


def test_the_compiled_loop_against_plain_python() -> None:
    rng = np.random.default_rng(3)
    sentences = [rng.integers(0, len(WORDS), n).tolist() for n in (9, 1, 30, 0, 25)]
    parts = [parts_of(word) for word in range(len(WORDS))]
    rows, starts = toy_model().parts()
    assert [sorted(rows[a:b]) for a, b in pairwise(starts)] == [sorted(part) for part in parts]
    tables = tuple(rng.normal(size=(n, 5)).astype(np.float32) for n in (len(WORDS) + 13, 7))
    keep, noise = rng.uniform(0.5, 1.1, 7), rng.dirichlet(np.ones(7))
    given = {"keep": keep, "noise": noise, "cbow": False, "exact": False, "window": 3}
    given |= {"negative": 5, "rates": (0.05, 0.01), "state": 11}
    wanted = word2vec_reference.train(tables, parts, sentences, **given)
    Z, U = (table.copy() for table in tables)
    text, ends = np.concatenate(sentences).astype(np.int32), np.cumsum([0, *map(len, sentences)])
    setting = (False, False), 3, np.float32(5 / BLOCK), (0.05, 0.01), np.array([11], np.uint64)
    chances = keep, np.cumsum(noise)
    loss, examples = learn((Z, U), (rows, starts), (text, ends), chances, *setting)
    np.testing.assert_allclose(Z, wanted[0], atol=2e-5)
    np.testing.assert_allclose(U, wanted[1], atol=2e-5)
    assert (loss, examples) == (pytest.approx(wanted[2], rel=1e-5), wanted[3])


# --- training


def inflected(rng: np.random.Generator, n: int = 3000) -> list[list[str]]:
    """Make two topics whose words come with endings: one ending of one word is held back."""
    stems = [["brontel", "kurav", "meskod"], ["zilpath", "oquern", "tavirsu"]]
    endings = ["", "s", "ing", "ed"]
    topics = [[stem + ending for stem in topic for ending in endings] for topic in stems]
    topics[0].remove("kuraving")
    return [rng.choice(topics[i % 2], 8).tolist() for i in range(n)]


@pytest.fixture(scope="module")
def trained() -> FastTextVectors:
    sentences = inflected(np.random.default_rng(0))
    return fasttext.train(sentences, vector_size=20, bucket=5_000, alpha=0.05, min_count=1)


def test_an_unknown_form_lands_with_its_topic(trained: FastTextVectors) -> None:
    assert "kuraving" not in trained.index and "kuraving" in trained
    neighbors = [word for word, _ in trained.nearest("kuraving", 5)]
    assert all(word.startswith(("brontel", "kurav", "meskod")) for word in neighbors)
    assert trained.similarity("kuraving", "brontels") > trained.similarity("kuraving", "oquerns")


def test_vectors_are_the_mean_of_their_parts(trained: FastTextVectors) -> None:
    row, bucket = trained.index["meskod"], trained.bucket
    grams = gensim_ngrams("meskod", 3, 6)
    buckets = [ft_hash_bytes(gram.encode()) % bucket for gram in grams]
    assert trained.subwords("meskod")[0] == ("meskod", row)
    assert sorted(r for _, r in trained.subwords("meskod")[1:]) == sorted(
        len(trained) + b for b in buckets
    )
    own = trained.matrix[row] * (len(grams) + 1) - trained.ngram_matrix[buckets].sum(axis=0)
    start = 1 / trained.vector_size  # the word's own row has moved from where it began
    assert np.abs(own).max() > start
    unseen = [ft_hash_bytes(g.encode()) % bucket for g in gensim_ngrams("mesko", 3, 6)]
    np.testing.assert_allclose(
        trained["mesko"], trained.ngram_matrix[unseen].mean(axis=0), rtol=1e-6
    )


def test_a_word_without_ngrams_is_a_helpful_error() -> None:
    lengths = {"min_n": 5, "max_n": 6, "bucket": 7}
    vectors = fasttext.train([["ab", "abc"]] * 9, min_count=1, sample=0, **lengths)
    assert "x" not in vectors and "abcd" in vectors and 3 not in vectors
    with pytest.raises(KeyError, match="not among the 2 words"):
        vectors["x"]


def test_autograd_and_the_compiled_loop_learn_alike() -> None:
    sentences = inflected(np.random.default_rng(1), 3_000)
    options = {"vector_size": 20, "bucket": 500, "min_count": 1, "alpha": 0.05, "epochs": 3}
    both = [fasttext.train(sentences, autograd=way, **options) for way in (True, False)]
    losses = [each.history["loss"].iloc[-1] for each in both]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert losses[1] < both[1].history["loss"].iloc[0]
    for each in both:
        assert each.similarity("kuraving", "brontels") > each.similarity("kuraving", "oquerns")


def test_jamo_share_what_syllables_do_not() -> None:
    sentences = [["먹었다", "밥을"], ["먹는다", "국을"]] * 20
    vectors = fasttext.train(sentences, min_count=1, normalizer="jamo", bucket=1_000, epochs=1)
    wanted = ngrams(hangul.decompose("먹었다"))
    assert [gram for gram, _ in vectors.subwords("먹었다")[1:]] == wanted
    plain = Subwords()
    jamo = Subwords(normalizer="jamo")
    assert not set(plain.ngrams("먹었다")) & set(plain.ngrams("먹는"))
    assert set(jamo.ngrams("먹었다")) & set(jamo.ngrams("먹는"))


def test_text_files_hold_the_vocabulary(trained: FastTextVectors, tmp_path) -> None:
    with pytest.raises(ValueError, match="Save the vocabulary"):
        trained.save(tmp_path / "vectors.bin")
    trained.save(tmp_path / "vectors.vec")
    assert len(list(tmp_path.iterdir())) == 1


def test_the_ngram_matrix_must_fit() -> None:
    with pytest.raises(ValueError, match="7 buckets need"):
        FastTextVectors(
            ["a"], np.ones((1, 3)), ngram_matrix=np.ones((6, 3)), subwords=Subwords(bucket=7)
        )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_same_call_runs_on_a_gpu() -> None:
    sentences = inflected(np.random.default_rng(1), 60)
    vectors = fasttext.train(sentences, min_count=1, bucket=500, device="cuda")
    assert np.isfinite(vectors.ngram_matrix).all()


def test_an_epoch_without_an_example_warns_once_and_has_no_loss() -> None:
    with pytest.warns(UserWarning, match="In 2 of 2 epochs there was no example") as seen:
        vectors = fasttext.train(
            [["red", "green"]] * 9, vector_size=4, min_count=1, epochs=2, sample=1e-12, bucket=9
        )
    assert len(seen) == 1 and seen[0].filename == __file__
    assert vectors.history["loss"].isna().all()


def test_what_is_no_word_has_no_vector(tmp_path: Path) -> None:
    options = {"vector_size": 4, "min_count": 1, "bucket": 50, "epochs": 1, "sample": 0}
    trained = fasttext.train([["red", "green"]] * 9, **options)
    for wrong in (None, 3, float("nan"), b"red", ("red",)):
        assert wrong not in trained
        with pytest.raises(KeyError, match=r"is not among the .* words"):
            trained[wrong]
    for name in ("v.bin", "v.BIN"):  # the reader of such a name looks for n-grams
        with pytest.raises(ValueError, match=r"not written as \.bin"):
            trained.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
