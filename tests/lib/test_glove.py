"""GloVe: losses and steps against NumPy and closed forms, training on matrices made to order."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_array

from course_lib import glove, runtime
from course_lib.glove import Entries, GloVe, adagrad_steps, blocks, weight
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


def five_words() -> tuple[list[np.ndarray], Entries]:
    """Return two tables in float64 and all entries of the matrix in a mixed order."""
    rng = np.random.default_rng(0)
    rows, columns = COUNTS.nonzero()
    order = rng.permutation(len(rows))
    rows, columns = rows[order], columns[order]
    counts = COUNTS[rows, columns]
    weights = np.where(counts < 100, (counts / 100) ** 0.75, 1.0)
    return list(rng.normal(size=(2, 5, 4))), Entries(rows, columns, np.log(counts), weights)


def by_hand(
    word: np.ndarray, context: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Equation 8 and its gradient, entry by entry, with vectors and biases kept apart."""
    w, b = word[:, :3], word[:, 3]
    c, d = context[:, :3], context[:, 3]
    loss, grad_word, grad_context = 0.0, np.zeros_like(word), np.zeros_like(context)
    for i, j in zip(rows, columns, strict=True):
        x = COUNTS[i, j]
        f = (x / 100) ** 0.75 if x < 100 else 1.0
        error = w[i] @ c[j] + b[i] + d[j] - math.log(x)
        loss += f * error**2
        grad_word[i, :3] += 2 * f * error * c[j]
        grad_word[i, 3] += 2 * f * error
        grad_context[j, :3] += 2 * f * error * w[i]
        grad_context[j, 3] += 2 * f * error
    return loss, grad_word, grad_context


def adagrad_by_hand(
    tables: list[np.ndarray], sums: list[np.ndarray], rows: np.ndarray, columns: np.ndarray
) -> float:
    """One step of AdaGrad for some entries together, on whole tables; return the loss before."""
    loss, *gradients = by_hand(*tables, rows, columns)
    for table, total, gradient in zip(tables, sums, gradients, strict=True):
        total += gradient**2
        table -= 0.05 * gradient / np.sqrt(total)
    return loss


def test_weight_by_hand() -> None:
    x = np.array([0.0, 1.0, 16.0, 100.0, 1e6])
    np.testing.assert_allclose(weight(x, x_max=16), [0, 1 / 8, 1, 1, 1])
    np.testing.assert_allclose(weight(x, x_max=100, exponent=0.5), [0, 0.1, 0.4, 1, 1])
    assert weight(torch.tensor(1.0), x_max=16).item() == pytest.approx(1 / 8)


def test_loss_and_gradient_against_a_loop() -> None:
    tables, entries = five_words()
    wanted, *gradients = by_hand(*tables, entries.rows, entries.columns)
    model = GloVe(5, 3).double()
    model.word.data, model.context.data = map(torch.from_numpy, tables)
    loss = model.loss(*map(torch.from_numpy, entries))
    assert loss.item() == pytest.approx(wanted, rel=1e-12)
    loss.backward()
    np.testing.assert_allclose(model.word.grad, gradients[0], atol=1e-12)
    np.testing.assert_allclose(model.context.grad, gradients[1], atol=1e-12)


@pytest.mark.parametrize("compile", [False, True])
def test_steps_against_numpy_entry_by_entry(compile: bool) -> None:
    """Twice over all entries; the sums of squares start at 1, as in the authors' program."""
    steps = runtime.compiled(adagrad_steps) if compile else adagrad_steps
    tables, entries = five_words()
    mine = [table.copy() for table in tables]
    squares, sums = ([np.ones_like(table) for table in tables] for _ in range(2))
    for _ in range(2):
        loss = steps(*tables, *squares, *entries, 0.05)
        each = zip(entries.rows[:, None], entries.columns[:, None], strict=True)
        wanted = sum(adagrad_by_hand(mine, sums, *one) for one in each)
        assert loss == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose([*tables, *squares], [*mine, *sums], atol=1e-9)


def test_steps_against_autograd_and_the_optimizer_of_torch() -> None:
    tables, entries = five_words()
    model = GloVe(5, 3).double()
    model.word.data, model.context.data = (torch.from_numpy(table.copy()) for table in tables)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05, initial_accumulator_value=1.0)
    for n in range(len(entries.rows)):
        optimizer.zero_grad()
        model.loss(*map(torch.from_numpy, entries.part(n, n + 1))).backward()
        optimizer.step()
    squares = [np.ones_like(table) for table in tables]
    runtime.compiled(adagrad_steps)(*tables, *squares, *entries, 0.05)
    np.testing.assert_allclose(model.word.detach(), tables[0], atol=1e-9)
    np.testing.assert_allclose(model.context.detach(), tables[1], atol=1e-9)


def test_first_step_in_closed_form() -> None:
    """One entry, tables of zeros: only the biases move, by alpha·g/sqrt(1 + g²)."""
    tables, squares = np.zeros((2, 3, 3)), np.ones((2, 3, 3))
    f = (math.e / 100) ** 0.75
    adagrad_steps(*tables, *squares, [1], [2], [1.0], [f], 0.05)
    wanted = np.zeros((2, 3, 3))
    wanted[0, 1, 2] = wanted[1, 2, 2] = 0.05 * 2 * f / math.sqrt(1 + 4 * f * f)
    np.testing.assert_allclose(tables, wanted, rtol=1e-12)


def test_training_against_adagrad_written_out() -> None:
    """All entries in one batch: the same start, then sums of squares from 1, as in the program."""
    torch.manual_seed(7)
    start = GloVe(5, 3).double()
    tables = [start.word.detach().numpy().copy(), start.context.detach().numpy().copy()]
    sums = [np.ones_like(table) for table in tables]
    for _ in range(3):
        adagrad_by_hand(tables, sums, *COUNTS.nonzero())
    vectors = glove.fit(COUNTS, FIVE, vector_size=3, epochs=3, seed=7, autograd=True)
    np.testing.assert_allclose(vectors.matrix, tables[0][:, :3] + tables[1][:, :3], atol=1e-5)


def test_training_entry_by_entry_against_adagrad_written_out() -> None:
    """The same start and the same order; in it, each entry is a step of its own."""
    torch.manual_seed(7)
    start = GloVe(5, 3).double()
    tables = [start.word.detach().numpy().copy(), start.context.detach().numpy().copy()]
    sums = [np.ones_like(table) for table in tables]
    rng = np.random.default_rng(7)
    diagonals = blocks(Entries.shuffled(coo_array(COUNTS), rng))
    losses = []
    for _ in range(3):
        order = [part for number in rng.permutation(16) for part in diagonals[number]]
        rows, columns = (np.concatenate([part[side] for part in order]) for side in (0, 1))
        each = zip(rows[:, None], columns[:, None], strict=True)
        losses.append(sum(adagrad_by_hand(tables, sums, *one) for one in each) / len(rows))
    vectors = glove.fit(COUNTS, FIVE, vector_size=3, epochs=3, seed=7)
    np.testing.assert_allclose(vectors.matrix, tables[0][:, :3] + tables[1][:, :3], atol=1e-5)
    np.testing.assert_allclose(vectors.history["loss"], losses, rtol=1e-5)


def test_blocks_of_a_diagonal_share_no_row_and_no_column() -> None:
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, 201)
    dense = rng.poisson(30 * np.outer(frequency, frequency))
    entries = Entries.shuffled(coo_array(dense), rng)
    place = {pair: n for n, pair in enumerate(zip(*entries[:2], strict=True))}
    met = []
    for diagonal in blocks(entries):
        for part in diagonal:
            order = [place[pair] for pair in zip(*part[:2], strict=True)]
            assert order == sorted(order)  # as shuffled
            np.testing.assert_array_equal(part.log_counts, entries.log_counts[order])
            np.testing.assert_array_equal(part.weights, entries.weights[order])
            met += order
        for side in (0, 1):
            ids = [np.unique(part[side]) for part in diagonal]
            assert len(np.unique(np.concatenate(ids))) == sum(map(len, ids))
    assert sorted(met) == list(range((dense > 0).sum()))
    assert len(blocks(entries)) == 16


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
    options = {"vector_size": 2, "epochs": 400, "alpha": 0.5, "x_max": 1.0}
    vectors = glove.fit(csr_array(counts), vocabulary_of(30), **options)
    assert vectors.history["loss"].iloc[-1] < 1e-4
    poorer = glove.fit(csr_array(counts), vocabulary_of(30), **{**options, "vector_size": 1})
    assert poorer.history["loss"].iloc[-1] > 0.05  # one dimension is not enough


@pytest.mark.parametrize("autograd", [False, True])
def test_the_number_of_threads_changes_nothing(autograd: bool) -> None:
    counts = csr_array(low_rank_counts())
    threads = torch.get_num_threads()
    options = {"vector_size": 4, "epochs": 2, "autograd": autograd}
    one, two = (glove.fit(counts, vocabulary_of(30), workers=n, **options) for n in (1, 2))
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


def test_training_separates_topics_and_the_loss_falls() -> None:
    vectors = glove.train(two_topics(), vector_size=8, epochs=20, alpha=0.1)
    right = [
        neighbor.startswith(word.rstrip("0123456789"))
        for word in vectors.words
        for neighbor, _ in vectors.nearest(word, 5)
    ]
    assert np.mean(right) > 0.95
    losses = vectors.history["loss"].to_numpy()
    assert (np.diff(losses[:5]) < 0).all()  # later it has found the bottom and stirs there
    assert losses[5:].max() < 1.05 * losses[4]
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
        (np.zeros((0, 0)), r"counts is \(0, 0\)"),
        (np.ones((5, 4)), r"counts is \(5, 4\), not \(5, 5\)"),
        (np.ones((4, 4)), r"counts is \(4, 4\), not \(5, 5\)"),
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
    with pytest.raises(TypeError, match="a generator, which can be read only once"):
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
    on_cpu = glove.fit(csr_array(COUNTS), FIVE, epochs=2, autograd=True)
    np.testing.assert_allclose(on_gpu.matrix, on_cpu.matrix, atol=1e-4)
