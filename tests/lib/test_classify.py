"""Text classifiers: ids, tables, models against loops in NumPy, training, and wrong input."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate
from sklearn.linear_model import LogisticRegression

from course_lib import classify
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

SENTENCES = [
    "nice great best amazing",
    "stop lies",
    "pitiful nerd",
    "excellent work",
    "supreme quality",
    "bad",
    "highly respectable",
]
DOCUMENTS = [sentence.split() for sentence in SENTENCES]
LABELS = [1, 0, 0, 1, 1, 0, 1]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# --- ids -----------------------------------------------------------------------------------


def test_the_seven_sentences_give_the_published_matrix() -> None:
    vocabulary = Vocabulary.build(DOCUMENTS)
    ids = classify.encode(DOCUMENTS, vocabulary, marks=False)
    assert classify.pad(ids, padding="back").tolist() == [
        [1, 2, 3, 4],
        [5, 6, 0, 0],
        [7, 8, 0, 0],
        [9, 10, 0, 0],
        [11, 12, 0, 0],
        [13, 0, 0, 0],
        [14, 15, 0, 0],
    ]


def test_unknown_words_keep_their_place_and_a_text_opens_with_the_start_mark() -> None:
    vocabulary = Vocabulary.build([["a", "a", "b"]])
    (ids,) = classify.encode([["b", "zzz", "a", "zzz"]], vocabulary)
    assert ids.tolist() == [1, 4, 2, 3, 2]
    (ids,) = classify.encode([["b", "zzz", "a", "zzz"]], vocabulary, marks=False)
    assert ids.tolist() == [2, 1]


def test_encode_refuses_texts_it_cannot_read() -> None:
    vocabulary = Vocabulary.build([["a"]])
    with pytest.raises(ValueError, match="Text 1 is empty"):
        classify.encode([["a"], []], vocabulary)
    with pytest.raises(ValueError, match=r"Text 1 has no known word: 'x y'"):
        classify.encode([["a"], ["x", "y"]], vocabulary)
    with pytest.raises(ValueError, match="no known word"):
        classify.encode([["x"]], vocabulary, marks=False)
    with pytest.raises(TypeError, match="not str: 'a b'"):
        classify.encode(["a b"], vocabulary)


@given(
    st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=4),
    st.integers(1, 8),
    st.sampled_from(["front", "back"]),
    st.sampled_from(["front", "back"]),
)
def test_pad_against_lists(rows: list, length: int, padding: str, truncation: str) -> None:
    wanted = []
    for row in rows:
        kept = list(row)
        while len(kept) > length:
            kept.pop(0 if truncation == "front" else -1)
        while len(kept) < length:
            kept.insert(0 if padding == "front" else len(kept), 0)
        wanted.append(kept)
    found = classify.pad(rows, length, padding=padding, truncation=truncation)
    assert found.dtype == np.int64 and found.tolist() == wanted


def test_pad_refuses() -> None:
    with pytest.raises(ValueError, match="padding is 'left'"):
        classify.pad([[1]], padding="left")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="truncation is 'pre'"):
        classify.pad([[1]], truncation="pre")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="length 0"):
        classify.pad([], None)
    with pytest.raises(ValueError, match="length 0"):
        classify.pad([[1]], 0)


# --- tables --------------------------------------------------------------------------------


class Spelling(WordVectors):
    """Unknown words that begin with s have a vector: their length, in every dimension."""

    def subwords(self, word: str) -> list[tuple[str, int]]:
        return [(word, 0)]

    def __contains__(self, word: object) -> bool:
        return word in self.index or str(word).startswith("s")

    def _vector(self, word: str) -> np.ndarray:
        return np.full(self.vector_size, len(word), dtype=np.float32)


def some_vectors(kind: type[WordVectors] = WordVectors) -> WordVectors:
    rng = np.random.default_rng(0)
    return kind(["bad", "work", "great", "elsewhere"], rng.normal(2.0, 3.0, (4, 3)))


def test_coverage_counts_words_and_running_text() -> None:
    vocabulary = Vocabulary.build([["bad"] * 3, ["work"] * 2, ["nerd"] * 5])
    table = classify.coverage(vocabulary, some_vectors())
    assert table.values.tolist() == [["nerd", 5, False], ["bad", 3, True], ["work", 2, True]]
    assert table.attrs == {"words": 2 / 3, "tokens": 0.5}


@pytest.mark.parametrize("marks", [True, False])
def test_embedding_table_row_by_row(marks: bool) -> None:
    vectors, vocabulary = some_vectors(), Vocabulary.build(DOCUMENTS)
    first = 3 if marks else 1
    table = classify.embedding_table(vectors, vocabulary, marks=marks)
    assert table.dtype == np.float32 and table.shape == (first + 15, 3)
    for i, word in enumerate(vocabulary.words):
        wanted = vectors[word] if word in vectors else np.zeros(3)
        assert np.array_equal(table[first + i], wanted)
    assert not table[:first].any()

    mean = classify.embedding_table(vectors, vocabulary, missing="mean", marks=marks)
    found = np.mean([vectors["great"], vectors["work"], vectors["bad"]], axis=0)
    assert np.allclose(mean[first + vocabulary.index["nerd"]], found)
    assert np.allclose(mean[1:first], found) and not mean[0].any()


def test_random_rows_have_the_mean_and_spread_of_the_known_ones() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(4000)]
    scale = np.array([0.1, 1.0, 5.0])
    vectors = WordVectors(words[:2000], rng.normal([0, 1, -2], scale, (2000, 3)))
    vocabulary = Vocabulary.build([words])
    table = classify.embedding_table(vectors, vocabulary, missing="random", seed=3)
    rows = table[3 + 2000 :]
    assert np.allclose(rows.mean(axis=0), [0, 1, -2], atol=5 * scale / np.sqrt(2000))
    assert np.allclose(rows.std(axis=0), scale, rtol=0.1)
    again = classify.embedding_table(vectors, vocabulary, missing="random", seed=3)
    other = classify.embedding_table(vectors, vocabulary, missing="random", seed=4)
    assert np.array_equal(table, again) and not np.array_equal(table, other)


def test_subword_rows_come_from_the_vectors_that_can_make_them() -> None:
    vocabulary = Vocabulary.build(DOCUMENTS)
    table = classify.embedding_table(some_vectors(Spelling), vocabulary, missing="subword")
    assert table[3 + vocabulary.index["stop"]].tolist() == [4, 4, 4]
    assert table[3 + vocabulary.index["supreme"]].tolist() == [7, 7, 7]
    known = [some_vectors().matrix[i] for i in range(3)]
    assert np.allclose(table[3 + vocabulary.index["nerd"]], np.mean(known, axis=0))
    with pytest.raises(TypeError, match="no sub-words"):
        classify.embedding_table(some_vectors(), vocabulary, missing="subword")


def test_embedding_table_refuses() -> None:
    with pytest.raises(ValueError, match=r"None of the 1 words .* 'Bad'"):
        classify.embedding_table(some_vectors(), Vocabulary.build([["Bad"]]))
    with pytest.raises(ValueError, match="missing is 'skip'"):
        classify.embedding_table(
            some_vectors(),
            Vocabulary.build(DOCUMENTS),
            missing="skip",  # type: ignore[arg-type]
        )


# --- models --------------------------------------------------------------------------------


def test_the_parameters_are_those_of_the_published_network() -> None:
    table = classify.parameters(classify.ConvLSTM())
    assert table["parameters"].tolist() == [16_000, 5_152, 16_600, 1_275, 26, 39_053]
    assert table["parameters"].iloc[-1] == table["parameters"].iloc[:-1].sum()


def by_hand(model: classify.ConvLSTM, ids: list[int], pool: int) -> float:
    """The logit of one text without padding, with loops, in float64."""
    weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
    vectors = weights["windows.embedding.weight"][ids]  # (time, M)
    kernels, bias = weights["windows.convolution.weight"], weights["windows.convolution.bias"]
    responses = np.zeros((len(kernels), len(ids)))
    for f, kernel in enumerate(kernels):  # (M, 5)
        responses[f] = bias[f] + sum(
            correlate(np.pad(vectors[:, m], kernel.shape[1] // 2), kernel[m], mode="valid")
            for m in range(vectors.shape[1])
        )
    responses = np.maximum(responses, 0)
    steps = []  # from the end: the last window of the pooling ends with the text
    for stop in range(len(ids), 0, -pool):
        steps.insert(0, responses[:, max(stop - pool, 0) : stop].max(axis=1))
    size = model.lstm.hidden_size
    h = c = np.zeros(size)
    for x in steps:
        gates = weights["lstm.weight_ih_l0"] @ x + weights["lstm.weight_hh_l0"] @ h
        i, f, g, o = np.split(gates + weights["lstm.bias_ih_l0"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    dense = sigmoid(weights["head.hidden.weight"] @ h + weights["head.hidden.bias"])
    return float((weights["head.out.weight"] @ dense + weights["head.out.bias"])[0])


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(0, 5), st.integers(1, 3), st.integers(0, 99))
def test_the_logit_is_that_of_loops_whatever_the_padding(
    words: int, extra: int, pool: int, seed: int
) -> None:
    torch.manual_seed(seed)
    model = classify.ConvLSTM(12, 4, filters=3, kernel=3, pool=pool, hidden=4, dense=3).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.normal_()  # also the biases, and the row of padding
    ids = np.random.default_rng(seed).integers(1, 12, words).tolist()
    with torch.no_grad():
        found = float(model(torch.tensor([[0] * extra + ids])))
    assert found == pytest.approx(by_hand(model, ids, pool), abs=2e-5)


def models() -> list[torch.nn.Module]:
    torch.manual_seed(0)
    found = [
        classify.MeanEmbedding(20, 6),
        classify.ConvMax(20, 6, filters=5, kernel=3, dense=4),
        classify.ConvLSTM(20, 6, filters=5, kernel=3, hidden=4, dense=4),
    ]
    for model in found:
        for weight in model.parameters():
            if weight.requires_grad:
                torch.nn.init.normal_(weight)
    return [model.eval() for model in found]


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_a_batch_does_not_depend_on_its_padding(model: torch.nn.Module) -> None:
    rows = [[3, 4, 5], [6], [7, 8, 9, 10, 11, 12], [3, 3]]
    with torch.inference_mode():
        alone = torch.cat([model(torch.tensor([row])) for row in rows])
        for length in (6, 7, 8, 31):
            batch = model(torch.from_numpy(classify.pad(rows, length)))
            torch.testing.assert_close(batch, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_padding_gets_no_gradient(model: torch.nn.Module) -> None:
    model(torch.from_numpy(classify.pad([[3, 4, 5], [6]], 9))).sum().backward()
    (table,) = [w.grad for name, w in model.named_parameters() if "embedding" in name]
    assert not table[0].any() and table[3].any()


def test_the_mean_is_that_of_the_words() -> None:
    model = models()[0]
    table = model.embedding.weight.detach().numpy()
    weight, bias = model.dense.weight.detach().numpy()[0], model.dense.bias.item()
    found = model(torch.tensor([[0, 0, 3, 5, 5]])).item()
    assert found == pytest.approx((table[3] + 2 * table[5]) @ weight / 3 + bias, abs=1e-5)


def test_each_place_of_the_flat_model_has_its_own_weights() -> None:
    model = classify.FlatEmbedding(16, 4, 4)
    assert classify.parameters(model)["parameters"].tolist() == [64, 17, 81]
    table = model.embedding.weight.detach().numpy()
    weight = model.dense.weight.detach().numpy().reshape(4, 4)
    ids = [5, 6, 0, 0]
    wanted = sum(table[i] @ weight[place] for place, i in enumerate(ids)) + model.dense.bias.item()
    assert model(torch.tensor([ids])).item() == pytest.approx(wanted, abs=1e-6)


def test_a_frozen_table_stays_and_a_free_one_moves() -> None:
    table = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)
    ids = classify.pad([[1, 2], [3], [4]], 4, padding="back")
    for freeze in (True, False):
        model = classify.MeanEmbedding(16, 4, table=table, freeze=freeze)
        classify.fit(model, ids, [1, 0, 1], epochs=2, alpha=0.1)
        same = np.isclose(model.embedding.weight.detach().numpy(), table).all(axis=1)
        assert same[5:].all() and same[0]  # words that never occur, padding
        assert same[1:5].all() == freeze
        assert classify.parameters(model)["parameters"].iloc[-1] == (5 if freeze else 69)
    assert table[1, 0] == np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)[1, 0]


def test_tables_and_kernels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(16, 50\); this model needs \(16, 100\)"):
        classify.MeanEmbedding(16, 100, table=np.zeros((16, 50), dtype=np.float32))
    with pytest.raises(ValueError, match="give a table"):
        classify.FlatEmbedding(16, 4, 4, freeze=True)
    with pytest.raises(ValueError, match="kernel is 4"):
        classify.ConvMax(kernel=4)


# --- training ------------------------------------------------------------------------------


def toy() -> tuple[np.ndarray, list[int]]:
    ids = classify.encode(DOCUMENTS, Vocabulary.build(DOCUMENTS), marks=False)
    return classify.pad(ids, padding="back"), LABELS


def test_the_seven_sentences_are_learned() -> None:
    torch.manual_seed(0)
    ids, labels = toy()
    model = classify.FlatEmbedding(16, 4, 4)
    history = classify.fit(model, ids, labels, epochs=100, batch_size=7, alpha=0.05)
    assert history["epoch"].tolist() == list(range(1, 101))
    assert history["accuracy"].iloc[-1] == 1.0 == classify.accuracy(model, ids, labels)
    assert history["loss"].iloc[-1] < 0.1 < history["loss"].iloc[0]


def test_one_step_is_adams_on_the_cross_entropy_gradient() -> None:
    """In its first step Adam moves each number by alpha against the sign of its gradient."""
    torch.manual_seed(1)
    ids, labels = toy()
    model = classify.FlatEmbedding(16, 4, 4)
    before = {name: w.detach().clone().numpy() for name, w in model.named_parameters()}
    flat = before["embedding.weight"][ids].reshape(7, 16)
    z = flat @ before["dense.weight"][0] + before["dense.bias"]
    y = np.array(labels)
    history = classify.fit(model, ids, labels, epochs=1, batch_size=7, alpha=0.01)
    loss = -(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z))).mean()
    assert history["loss"][0] == pytest.approx(loss, abs=1e-6)
    assert history["accuracy"][0] == pytest.approx(((z > 0) == y).mean())
    error = (sigmoid(z) - y) / 7  # (7,)
    gradient = error @ flat  # (16,)
    moved = model.dense.weight.detach().numpy()[0] - before["dense.weight"][0]
    assert np.allclose(moved, -0.01 * gradient / (np.abs(gradient) + 1e-8), atol=1e-6)


def test_validation_is_looked_at_and_changes_nothing() -> None:
    ids, labels = toy()
    trained = []
    for validation in (None, (ids[:3], labels[:3])):
        torch.manual_seed(0)
        model = classify.ConvLSTM(16, 4, filters=3, kernel=3, hidden=3, dense=3)
        history = classify.fit(model, ids, labels, epochs=3, seed=5, validation=validation)
        trained.append(classify.predict(model, ids))
    assert np.array_equal(*trained)
    wanted = np.array(labels[:3])
    p = classify.predict(model, ids[:3]).astype(float)
    assert history["validation_accuracy"].iloc[-1] == ((p > 0.5) == wanted).mean()
    loss = -np.log(np.where(wanted == 1, p, 1 - p)).mean()
    assert history["validation_loss"].iloc[-1] == pytest.approx(loss, abs=1e-6)


def test_the_seed_decides_the_order_and_the_dropout() -> None:
    ids, labels = toy()
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(0)
        model = classify.ConvLSTM(16, 4, filters=3, kernel=3, hidden=8, dense=3, dropout=0.5)
        history = classify.fit(model, ids, labels, epochs=2, batch_size=2, seed=seed)
        losses.append(history["loss"].tolist())
    assert losses[0] == losses[1] != losses[2]


def test_averaged_epochs_end_in_the_mean_of_the_weights_after_each_step() -> None:
    ids, labels = toy()
    torch.manual_seed(0)
    model = classify.FlatEmbedding(16, 4, 4)
    steps: list[np.ndarray] = []  # the table before each step, hence after the one before

    def record(module: torch.nn.Module, _: object) -> None:
        if module.training:
            steps.append(module.embedding.weight.detach().clone().numpy())

    model.register_forward_pre_hook(record)
    start = copy.deepcopy(model.state_dict())
    classify.fit(model, ids, labels, epochs=4, batch_size=3, alpha=0.1, seed=2)
    last = model.embedding.weight.detach().clone().numpy()
    wanted = np.mean([*steps[-5:], last], axis=0)  # two epochs of three steps

    model.load_state_dict(start)
    held_out = (ids[:2], labels[:2])
    options = {"epochs": 4, "batch_size": 3, "alpha": 0.1, "seed": 2, "averaged": 2}
    history = classify.fit(model, ids, labels, validation=held_out, **options)
    assert np.allclose(model.embedding.weight.detach().numpy(), wanted, atol=1e-6)
    assert not np.allclose(last, wanted, atol=1e-3)
    p = classify.predict(model, ids[:2])
    loss = -np.log(np.where(np.array(labels[:2]) == 1, p, 1 - p)).mean()
    assert history["validation_loss"].iloc[-1] == pytest.approx(loss, abs=1e-6)
    with pytest.raises(ValueError, match=r"averaged is 3; .* 2 epochs"):
        classify.fit(model, ids, labels, epochs=2, averaged=3)


def test_predict_gives_probabilities_in_any_batch_size_without_overflow() -> None:
    model = models()[2]
    ids = np.random.default_rng(0).integers(1, 20, (11, 5))
    with torch.inference_mode():
        wanted = torch.sigmoid(model(torch.from_numpy(ids))).numpy()
    for batch_size in (1, 4, 512):
        assert np.allclose(classify.predict(model, ids, batch_size=batch_size), wanted, atol=1e-6)
    with torch.no_grad():
        model.head.out.bias.fill_(-1e4)
    assert classify.predict(model, ids).max() == 0.0


def test_wrong_labels_and_inputs_are_refused() -> None:
    ids, labels = toy()
    model = classify.FlatEmbedding(16, 4, 4)
    with pytest.raises(ValueError, match=r"7 texts, but labels of the shape \(6,\)"):
        classify.fit(model, ids, labels[:-1])
    with pytest.raises(ValueError, match="not 2"):
        classify.fit(model, ids, [*labels[:-1], 2])
    with pytest.raises(ValueError, match="not 'pos'"):
        classify.fit(model, ids, ["pos"] * 7)
    with pytest.raises(ValueError, match="2 texts, but labels"):
        classify.fit(model, ids, labels, validation=(ids[:2], labels))
    with pytest.raises(ValueError, match=r"int64 of the shape \(7,\)"):
        classify.accuracy(model, ids[:, 0], labels)
    with pytest.raises(ValueError, match=r"<U21 of the shape \(7, 4\)"):
        classify.predict(model, ids.astype(str))
    with pytest.raises(ValueError, match=r"shape \(0, 4\)"):
        classify.fit(model, ids[:0], [])


def test_labels_of_other_types_than_numbers() -> None:
    ids = np.array([[1, 2], [3, 4], [1, 1]])

    def losses(labels: Any) -> list[float]:
        torch.manual_seed(0)
        return classify.fit(classify.MeanEmbedding(5, 3), ids, labels, epochs=1)["loss"].tolist()

    wanted = losses([0, 1, 1])
    for labels in (
        [False, True, True],
        (0.0, 1.0, 1.0),
        [np.bool_(False), np.float32(1), 1],
        np.array([0, 1, 1], np.uint8),
        np.array([0, 1, 1], object),
        torch.tensor([0, 1, 1]),
        pd.Series([0, 1, 1], index=[7, 6, 5]),
        pd.Series([0, 1, 1], dtype="category"),
        pd.array([0, 1, 1], dtype="Int64"),
        pd.array([False, True, True], dtype="boolean"),
        pd.Series(["ham", "spam", "spam"], dtype="category") == "spam",
    ):
        assert losses(labels) == wanted
    for labels, named in (
        (["ham", "spam", "spam"], "'ham'"),
        (pd.Categorical(["ham", "spam", "spam"]), "'ham'"),
        (["0", "1", "1"], "'0'"),
        ([0, 1, np.nan], "nan"),
        ([0, 1, None], "None"),
        (pd.array([0, 1, pd.NA], dtype="Int64"), "nan"),
        ([-1, 1, 1], "-1"),
    ):
        with pytest.raises(ValueError, match=f"A label is 0 or 1, not {named}"):
            losses(labels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_no_numbers_are_refused_as_in_scikit_learn(bad: float) -> None:
    rows, labels = np.array([[bad, 1], [1, 2]]), [0, 1]
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        LogisticRegression().fit(rows, labels)
    model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Flatten(0))
    for call in (
        lambda: classify.fit(model, rows, labels),
        lambda: classify.predict(model, rows),
        lambda: classify.accuracy(model, rows, labels),
    ):
        with pytest.raises(ValueError, match="NaN or infinity"):
            call()


@pytest.mark.parametrize("bad", [0, -1, 1.5, None, "2"])
@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_sizes_that_are_no_whole_numbers_are_named(name: str, bad: object) -> None:
    model = classify.MeanEmbedding(5, 3)
    with pytest.raises(ValueError, match=f"{name} is {bad!r}; it must be a whole number"):
        classify.fit(model, np.array([[1, 2]]), [1], **{name: bad})


def test_coverage_of_words_that_cannot_be_sent() -> None:
    words = ["\ud83d", "$x$", "", "한", "nan"]
    found = classify.coverage(Vocabulary(words, np.arange(5)), WordVectors(words[:2], np.eye(2)))
    assert found["word"].tolist() == words and found["known"].tolist() == [True] * 2 + [False] * 3
