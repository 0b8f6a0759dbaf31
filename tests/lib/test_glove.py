"""GloVe: losses and steps against NumPy and closed forms, training on matrices made to order."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from course_lib import glove
from course_lib.glove import Entries, GloVe, adagrad_step, weight
from course_lib.text import Vocabulary

FIVE = Vocabulary(["ice", "steam", "solid", "gas", "water"], np.array([9, 8, 7, 6, 5]))
# A made-up symmetric matrix of five words: 7 pairs that met, 3 that never did.
COUNTS = np.array(
    [
        [0.0, 3.0, 120.0, 0.5, 40.0],
        [3.0, 0.0, 0.0, 90.0, 35.0],
        [120.0, 0.0, 2.0, 0.0, 8.0],
        [0.5, 90.0, 0.0, 0.0, 0.0],
        [40.0, 35.0, 8.0, 0.0, 0.0],
    ]
)


def five_words() -> tuple[GloVe, Entries, np.ndarray, np.ndarray]:
    """Return a model in float64, all entries of the matrix in a mixed order, and their places."""
    rng = np.random.default_rng(0)
    rows, columns = COUNTS.nonzero()
    order = rng.permutation(len(rows))
    rows, columns = rows[order], columns[order]
    torch.manual_seed(0)
    model = GloVe(5, 3).double()
    with torch.no_grad():
        model.word[:, :-1].normal_()
        model.context[:, :-2].normal_()
        model.context[:, -1].normal_()
    tensors = [torch.from_numpy(part) for part in (rows, columns, COUNTS[rows, columns])]
    return model, Entries.of(*tensors), rows, columns


def by_hand(
    word: np.ndarray, context: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Equation 8 and its gradient, entry by entry, with vectors and biases kept apart."""
    w, b = word[:, :3], word[:, 3]
    c, d = context[:, :3], context[:, 4]
    loss, grad_word, grad_context = 0.0, np.zeros_like(word), np.zeros_like(context)
    for i, j in zip(rows, columns, strict=True):
        x = COUNTS[i, j]
        f = (x / 100) ** 0.75 if x < 100 else 1.0
        error = w[i] @ c[j] + b[i] + d[j] - math.log(x)
        loss += f * error**2
        grad_word[i, :3] += 2 * f * error * c[j]
        grad_word[i, 3] += 2 * f * error
        grad_context[j, :3] += 2 * f * error * w[i]
        grad_context[j, 4] += 2 * f * error
    return loss, grad_word, grad_context


def test_weight_by_hand() -> None:
    x = np.array([0.0, 1.0, 16.0, 100.0, 1e6])
    np.testing.assert_allclose(weight(x, x_max=16), [0, 1 / 8, 1, 1, 1])
    np.testing.assert_allclose(weight(x, x_max=100, exponent=0.5), [0, 0.1, 0.4, 1, 1])
    assert weight(torch.tensor(1.0), x_max=16).item() == pytest.approx(1 / 8)


def test_loss_and_gradient_against_a_loop() -> None:
    model, entries, rows, columns = five_words()
    tables = model.word.detach().numpy(), model.context.detach().numpy()
    wanted, *gradients = by_hand(*tables, rows, columns)
    loss = model.loss(entries)
    assert loss.item() == pytest.approx(wanted, rel=1e-12)
    loss.backward()
    model.freeze_ones()
    np.testing.assert_allclose(model.word.grad, gradients[0], atol=1e-12)
    np.testing.assert_allclose(model.context.grad, gradients[1], atol=1e-12)


def test_two_adagrad_steps_against_numpy() -> None:
    model, entries, rows, columns = five_words()
    word, context = model.word.data, model.context.data
    squares = [torch.ones_like(word), torch.ones_like(context)]
    mine = [word.numpy().copy(), context.numpy().copy()]
    sums = [np.ones_like(table) for table in mine]
    for _ in range(2):
        loss = adagrad_step(word, context, *squares, entries, alpha=0.05)
        wanted, *gradients = by_hand(*mine, rows, columns)
        assert loss.item() == pytest.approx(wanted, rel=1e-12)
        for table, total, gradient in zip(mine, sums, gradients, strict=True):
            total += gradient**2
            table -= 0.05 * gradient / np.sqrt(total)
    np.testing.assert_allclose(word, mine[0], atol=1e-12)
    np.testing.assert_allclose(context, mine[1], atol=1e-12)
    assert (word[:, -1] == 1).all() and (context[:, -2] == 1).all()


def test_first_step_in_closed_form() -> None:
    """One entry, vectors of zeros: only the biases move, by alpha·g/sqrt(1 + g²)."""
    entries = Entries.of(torch.tensor([1]), torch.tensor([2]), torch.tensor([math.e]))
    word, context = torch.zeros(3, 4), torch.zeros(3, 4)
    word[:, -1] = context[:, -2] = 1
    squares = [torch.ones_like(word), torch.ones_like(context)]
    adagrad_step(word, context, *squares, entries, alpha=0.05)
    g = 2 * (math.e / 100) ** 0.75
    step = 0.05 * g / math.sqrt(1 + g * g)
    assert word[1].tolist() == pytest.approx([0, 0, step, 1])
    assert context[2].tolist() == pytest.approx([0, 0, 1, step])
    assert not word[[0, 2], :-1].any() and not context[[0, 1], [0, 1]].any()


@pytest.mark.parametrize("autograd", [False, True])
def test_training_against_adagrad_written_out(autograd: bool) -> None:
    """All entries in one batch: the same start, then sums of squares from 1, as in the program."""
    torch.manual_seed(7)
    start = GloVe(5, 3).double()
    tables = [start.word.detach().numpy().copy(), start.context.detach().numpy().copy()]
    sums = [np.ones_like(table) for table in tables]
    for _ in range(3):
        _, *gradients = by_hand(*tables, *COUNTS.nonzero())
        for table, total, gradient in zip(tables, sums, gradients, strict=True):
            total += gradient**2
            table -= 0.05 * gradient / np.sqrt(total)
    vectors = glove.fit(COUNTS, FIVE, vector_size=3, epochs=3, seed=7, autograd=autograd)
    np.testing.assert_allclose(vectors.matrix, tables[0][:, :3] + tables[1][:, :3], atol=1e-5)


def low_rank_counts() -> np.ndarray:
    """Build counts whose logarithms are w·w~ + b + b~ exactly, with vectors of length 2."""
    rng = np.random.default_rng(3)
    w, c = rng.normal(size=(2, 30, 2))
    b, d = rng.normal(size=(2, 30)) + 1
    return np.exp(w @ c.T + b[:, None] + d)


def vocabulary_of(size: int) -> Vocabulary:
    return Vocabulary([f"w{i}" for i in range(size)], np.ones(size, dtype=np.int64))


def test_logs_of_low_rank_are_fitted_exactly() -> None:
    counts = low_rank_counts()
    options = {"vector_size": 2, "epochs": 400, "alpha": 0.5, "x_max": 1.0, "batch_size": 64}
    vectors = glove.fit(csr_array(counts), vocabulary_of(30), **options)
    assert vectors.history["loss"].iloc[-1] < 1e-4
    poorer = glove.fit(csr_array(counts), vocabulary_of(30), **{**options, "vector_size": 1})
    assert poorer.history["loss"].iloc[-1] > 0.05  # one dimension is not enough


def test_autograd_and_fast_give_the_same_vectors() -> None:
    counts = csr_array(low_rank_counts())
    options = {"vector_size": 4, "epochs": 3, "batch_size": 100}
    slow = glove.fit(counts, vocabulary_of(30), autograd=True, **options)
    fast = glove.fit(counts, vocabulary_of(30), **options)
    np.testing.assert_allclose(slow.matrix, fast.matrix, atol=1e-5)
    np.testing.assert_allclose(slow.history["loss"], fast.history["loss"], rtol=1e-5)


def test_the_number_of_threads_changes_nothing() -> None:
    counts = csr_array(low_rank_counts())
    threads = torch.get_num_threads()
    one, two = (
        glove.fit(counts, vocabulary_of(30), vector_size=4, epochs=2, workers=n) for n in (1, 2)
    )
    assert np.array_equal(one.matrix, two.matrix)
    assert torch.get_num_threads() == threads


def test_order_of_entries_in_the_matrix_is_no_matter_but_seed_is() -> None:
    counts = low_rank_counts()
    a = glove.fit(csr_array(counts), vocabulary_of(30), vector_size=3, epochs=1)
    b = glove.fit(csr_array(counts).tocoo(), vocabulary_of(30), vector_size=3, epochs=1)
    dense = glove.fit(counts, vocabulary_of(30), vector_size=3, epochs=1)
    c = glove.fit(csr_array(counts), vocabulary_of(30), vector_size=3, epochs=1, seed=2)
    assert np.array_equal(a.matrix, b.matrix) and np.array_equal(a.matrix, dense.matrix)
    assert not np.allclose(a.matrix, c.matrix)


def two_topics() -> list[list[str]]:
    rng = np.random.default_rng(0)
    topics = [[f"{name}{i}" for i in range(12)] for name in ("animal", "tool")]
    return [rng.choice(topics[i % 2], 10).tolist() for i in range(1500)]


def test_training_separates_topics_and_the_loss_falls_every_epoch() -> None:
    vectors = glove.train(two_topics(), vector_size=8, epochs=20, alpha=0.1)
    right = [
        neighbor.startswith(word.rstrip("0123456789"))
        for word in vectors.words
        for neighbor, _ in vectors.nearest(word, 5)
    ]
    assert np.mean(right) > 0.95
    assert (np.diff(vectors.history["loss"]) < 0).all()
    assert vectors.history.columns.tolist() == ["epoch", "loss", "seconds", "entries_per_second"]
    assert vectors.matrix.shape == vectors.context.shape == (24, 8)


def test_zero_entries_do_not_count() -> None:
    counts = csr_array(COUNTS)
    padded = counts.tocoo()
    padded.data[0] = 0.0  # a stored zero has no logarithm
    vectors = glove.fit(padded, FIVE, vector_size=2, epochs=3)
    assert np.isfinite(vectors.matrix).all()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((0, 0)), "matrix is empty"),
        (np.ones((5, 4)), r"shape \(5, 4\); a co-occurrence matrix is square"),
        (np.ones((4, 4)), "4 rows for 5 words"),
        (np.zeros((5, 5)), "All counts are zero"),
        (-COUNTS, "cannot be negative; the smallest is -120"),
        (COUNTS + np.diag([math.nan, 0, 0, 0, 0]), "NaN"),
    ],
)
def test_bad_matrices_are_refused(counts: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        glove.fit(csr_array(counts), FIVE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vector_size": 0}, "vector_size is 0"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"alpha": 0}, "alpha is 0"),
        ({"x_max": -1}, "x_max is -1"),
        ({"exponent": -0.5}, "exponent is -0.5"),
        ({"window": 0}, "window is 0"),
        ({"min_count": 99_999}, "Lower min_count"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        glove.train(two_topics()[:20], **{"min_count": 1, **options})


def test_bad_corpora_are_refused() -> None:
    with pytest.raises(ValueError, match="corpus is empty"):
        glove.train([])
    with pytest.raises(ValueError, match="All counts are zero"):
        glove.train([["a"], ["b"]], min_count=1)
    with pytest.raises(TypeError, match="not str"):
        glove.train("the cat sat")
    with pytest.raises(TypeError, match="not generator: it is read more than once"):
        glove.train(sentence for sentence in two_topics())


def test_divergence_is_an_error_not_a_result() -> None:
    before = threading.active_count()
    with pytest.raises(FloatingPointError, match="Lower alpha"):
        glove.train(two_topics(), alpha=1e30, vector_size=4, epochs=3)
    assert threading.active_count() == before


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    glove.fit(csr_array(COUNTS), FIVE, epochs=1)
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_same_call_runs_on_a_gpu() -> None:
    on_gpu = glove.fit(csr_array(COUNTS), FIVE, epochs=2, device="cuda")
    on_cpu = glove.fit(csr_array(COUNTS), FIVE, epochs=2)
    np.testing.assert_allclose(on_gpu.matrix, on_cpu.matrix, atol=1e-4)
