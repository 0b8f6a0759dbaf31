"""word2vec: loss and gradients against plain loops, sampling against its distribution."""

from __future__ import annotations

import math
import threading
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
import word2vec_reference
from scipy.stats import chisquare

from course_lib import word2vec
from course_lib.text import Vocabulary, keep_probability, noise_distribution
from course_lib.word2vec import Batch, Word2Vec, batches, learn, step, subsample
from course_lib.word2vec.batches import BLOCK

V, M, WINDOW, NEGATIVE = 11, 6, 3, 5


def random_sentences(seed: int, number: int = 12) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{i}" for i in rng.integers(0, V, rng.integers(1, 14))] for _ in range(number)]


@pytest.fixture
def batch() -> Batch:
    """Four blocks of words in sentences of uneven length, each centre with a window of its own."""
    rng = np.random.default_rng(0)
    ids = torch.from_numpy(rng.integers(0, V, 60))
    sentence = torch.from_numpy(np.sort(rng.integers(0, 9, 60)))
    generator = torch.Generator().manual_seed(0)
    (only,) = batches(ids, sentence, window=WINDOW, size=4 * BLOCK, generator=generator)
    return only


def pairs_of(batch: Batch) -> list[tuple[int, int, int]]:
    """Return (block, centre position, nearby position) of every pair, by three loops."""
    return [
        (b, i, j)
        for b in range(batch.mask.shape[0])
        for i in range(batch.mask.shape[1])
        for j in range(batch.mask.shape[2])
        if batch.mask[b, i, j]
    ]


def reference(
    batch: Batch,
    negatives: torch.Tensor | None,
    tables: tuple[np.ndarray, np.ndarray],
    kind: str,
    *,
    exact: bool = True,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss and gradients of word2vec, one example after the other, in float64.

    negatives None means the full softmax.
    """
    table_in, table_out = tables
    grad_in, grad_out, loss = np.zeros_like(table_in), np.zeros_like(table_out), 0.0
    by_center: dict[tuple[int, int], list[int]] = {}
    for b, i, j in pairs_of(batch):
        by_center.setdefault((b, i), []).append(int(batch.nearby[b, j]))
    examples = []  # (input words, target, block)
    for (b, i), contexts in by_center.items():
        center = int(batch.centers[b, i])
        if kind == "cbow":
            examples.append((contexts, center, b))
        else:
            examples += [([center], context, b) for context in contexts]
    for inputs, target, b in examples:
        h = table_in[inputs].mean(axis=0)
        grad_h = np.zeros_like(h)
        if negatives is None:
            p = np.exp(table_out @ h) / np.exp(table_out @ h).sum()
            loss -= math.log(p[target])
            p[target] -= 1
            grad_h = p @ table_out
            grad_out += np.outer(p, h)
        else:
            noise = negatives[b].tolist()
            terms = [(target, 1.0, 1.0)] + [(n, 0.0, NEGATIVE / len(noise)) for n in noise]
            for word, label, weight in terms:
                s = 1 / (1 + math.exp(-table_out[word] @ h))
                loss -= weight * math.log(s if label else 1 - s)
                grad_h += weight * (s - label) * table_out[word]
                grad_out[word] += weight * (s - label) * h
        for word in inputs:
            grad_in[word] += grad_h / (len(inputs) if exact else 1)
    return loss, grad_in, grad_out


def random_model(
    kind: str, *, exact: bool = True
) -> tuple[Word2Vec, tuple[np.ndarray, np.ndarray]]:
    torch.manual_seed(1)
    model = Word2Vec(V, M, kind, exact_gradient=exact).double()
    for table in model.parameters():
        torch.nn.init.normal_(table)
    tables = tuple(table.detach().numpy().copy() for table in model.parameters())
    return model, tables


def noise_words(batch: Batch) -> torch.Tensor:
    return torch.randint(V, (len(batch.centers), BLOCK), generator=torch.Generator().manual_seed(3))


def as_double(batch: Batch) -> Batch:
    return Batch(batch.centers, batch.nearby, batch.mask.double())


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "softmax"])
@pytest.mark.parametrize("exact", [True, False])
def test_model_agrees_with_plain_loops(batch: Batch, kind: str, loss: str, exact: bool) -> None:
    batch = as_double(batch)
    model, tables = random_model(kind, exact=exact)
    negatives = noise_words(batch) if loss == "negative" else None
    wanted, grad_in, grad_out = reference(batch, negatives, tables, kind, exact=exact)
    value = (
        model.softmax_loss(batch)
        if negatives is None
        else model.negative_loss(batch, negatives, NEGATIVE)
    )
    value.backward()
    assert value.item() == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(model.input.weight.grad.numpy(), grad_in, atol=1e-9)
    np.testing.assert_allclose(model.output.weight.grad.numpy(), grad_out, atol=1e-9)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("exact", [True, False])
def test_the_compiled_step_follows_the_gradient_of_the_formula(kind: str, exact: bool) -> None:
    model, tables = random_model(kind, exact=exact)
    center, context = 4, [2, 7, 0, 9]
    noise = torch.randint(V, (1, BLOCK), generator=torch.Generator().manual_seed(3))
    ids = torch.tensor([[center]]), torch.tensor([context])
    one = Batch(*ids, torch.ones(1, 1, len(context), dtype=torch.float64))
    loss = model.negative_loss(one, noise, NEGATIVE)
    wanted = torch.autograd.grad(loss, list(model.parameters()))
    W, U = (table.astype(np.float32) for table in tables)
    rows, room = U[noise[0].numpy()], np.empty((2, M), np.float32)
    gathered = np.zeros_like(rows)
    inputs, targets = np.array([center]), np.array(context)
    if kind == "cbow":
        inputs, targets = targets, inputs
    weight, rate = np.float32(NEGATIVE / BLOCK), np.float32(0.1)
    found = step(W, U, inputs, targets, rows, gathered, weight, rate, exact, room)
    assert found == pytest.approx(loss.item(), rel=1e-5)
    np.add.at(U, noise[0].numpy(), gathered)
    for before, after, gradient in zip(tables, (W, U), wanted, strict=True):
        np.testing.assert_allclose((before - after) / 0.1, gradient.numpy(), atol=2e-5)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("thinned", [True, False])
def test_the_compiled_loop_against_plain_python(kind: str, exact: bool, thinned: bool) -> None:
    rng = np.random.default_rng(7)
    sentences = [rng.integers(0, V, n).tolist() for n in (9, 1, 0, 30, 2, 25, 14)]
    tables = tuple(rng.normal(size=(V, M)).astype(np.float32) for _ in range(2))
    keep = rng.uniform(0.3, 1.2, V) if thinned else np.ones(V)
    noise = rng.dirichlet(np.ones(V))
    options = {"keep": keep, "noise": noise, "cbow": kind == "cbow", "exact": exact}
    options |= {"window": WINDOW, "negative": NEGATIVE, "rates": (0.1, 0.02), "state": 2**63 + 5}
    parts = [[word] for word in range(V)]
    wanted = word2vec_reference.train(tables, parts, sentences, **options)
    W, U = (table.copy() for table in tables)
    text = np.concatenate(sentences).astype(np.int32)
    ends = np.cumsum([0, *map(len, sentences)])
    summed = np.cumsum(noise)
    summed[-1] = 1
    setting = (kind == "cbow", exact), WINDOW, np.float32(NEGATIVE / BLOCK), (0.1, 0.02)
    state = np.array([2**63 + 5], np.uint64)
    ways = np.arange(V), np.arange(V + 1)
    loss, examples = learn((W, U), ways, (text, ends), (keep, summed), *setting, state)
    np.testing.assert_allclose(W, wanted[0], atol=2e-5)
    np.testing.assert_allclose(U, wanted[1], atol=2e-5)
    assert (loss, examples) == (pytest.approx(wanted[2], rel=1e-5), wanted[3])
    assert examples > 3


def test_untrained_loss_has_a_closed_form() -> None:
    # The output table starts at zero, so every score is 0: (1 + k) ln 2 an example, or ln V.
    sentences = random_sentences(0, 40)
    options: dict[str, Any] = {"min_count": 1, "sample": 0, "alpha": 1e-9, "min_alpha": 1e-9}
    trained = word2vec.train(sentences, "skipgram", **options, epochs=1, negative=7)
    assert trained.history["loss"][0] == pytest.approx(8 * math.log(2), abs=1e-4)
    trained = word2vec.train(sentences, "cbow", "softmax", **options, epochs=1)
    assert trained.history["loss"][0] == pytest.approx(math.log(V), abs=1e-4)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_windows_never_cross_a_sentence_and_reach_no_further(window: int) -> None:
    lengths = [1, 2, 3, 20, 1, 33, 7]
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    place = torch.arange(len(sentence))  # every word is its own place, so pairs can be read off
    generator = torch.Generator().manual_seed(0)
    reached: Counter[int] = Counter()
    for _ in range(200):
        seen: Counter[int] = Counter()
        for batch in batches(
            place, torch.from_numpy(sentence), window=window, size=2 * BLOCK, generator=generator
        ):
            for b, i, j in pairs_of(batch) if window < 5 else _pairs(batch):
                center, context = int(batch.centers[b, i]), int(batch.nearby[b, j])
                assert sentence[center] == sentence[context]
                assert 1 <= abs(center - context) <= window
                seen[center] += 1
                reached[abs(center - context)] += 1
        long = np.flatnonzero(np.array(lengths)[sentence] > 1)
        assert set(seen) == set(long.tolist())  # a neighbour at distance 1 is always met
        if window == 5:
            break


def _pairs(batch: Batch) -> list[list[int]]:
    return batch.mask.nonzero().tolist()


def test_a_pair_at_distance_d_is_met_with_chance_m_minus_d_plus_1_over_m() -> None:
    window, size = 5, 64 * BLOCK
    place = torch.arange(40_000)
    generator = torch.Generator().manual_seed(0)
    met: Counter[int] = Counter()
    for batch in batches(
        place, torch.zeros_like(place), window=window, size=size, generator=generator
    ):
        b, i, j = batch.mask.nonzero(as_tuple=True)
        distances = (batch.centers[b, i] - batch.nearby[b, j]).abs()
        met.update(distances.tolist())
    for distance in range(1, window + 1):
        chance = (window - distance + 1) / window
        spread = 5 * math.sqrt(80_000 * chance * (1 - chance) * 2) + 10
        assert abs(met[distance] - 80_000 * chance) < spread


def test_the_compiled_loop_meets_pairs_with_the_same_chance() -> None:
    """Every place has a word of its own; at a tiny rate W' then counts the pairs it is told."""
    lengths, window, rounds, rate = [1, 2, 3, 20, 1, 33, 7], 5, 400, 1e-4
    n = sum(lengths)
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    W, U = np.eye(n, dtype=np.float32), np.zeros((n, n), np.float32)
    ways, ends = (np.arange(n), np.arange(n + 1)), np.cumsum([0, *lengths])
    nothing = np.zeros(n)  # no word is noise but the last, and it weighs nothing
    setting = (False, False), window, np.float32(0), (rate, rate), np.array([3], np.uint64)
    text = np.arange(n, dtype=np.int32)
    for _ in range(rounds):
        learn((np.copy(W), U), ways, (text, ends), (np.ones(n), nothing), *setting)
    met = 2 * U.T / rate / rounds  # (centre, context): sigmoid(0) is one half
    distance = np.abs(np.arange(n)[:, None] - np.arange(n))
    chance = np.clip((window - distance + 1) / window, 0, 1) * (distance > 0)
    chance *= sentence[:, None] == sentence
    assert (met[chance == 0] == 0).all()
    assert np.abs(met - chance).max() < 5 * 0.5 / math.sqrt(rounds) + 0.02
    assert np.abs(met[distance == 1][chance[distance == 1] > 0] - 1).max() < 0.02


def test_every_word_is_a_center_once() -> None:
    ids = torch.arange(1000)
    generator = torch.Generator().manual_seed(0)
    seen: list[int] = []
    for batch in batches(ids, torch.zeros_like(ids), window=4, size=3 * BLOCK, generator=generator):
        real = batch.mask.sum(dim=2) > 0
        seen += batch.centers[real].tolist()
    assert seen == list(range(1000))


@pytest.mark.parametrize("autograd", [False, True])
@pytest.mark.parametrize(("options", "power"), [({}, 0.75), ({"ns_exponent": 0.25}, 0.25)])
def test_training_draws_noise_by_a_power_of_the_counts(
    options: dict, power: float, autograd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, multinomial = [], torch.multinomial

    def spy(chances: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        used.append(chances.numpy())
        return multinomial(chances, *rest, **more)

    def spy_too(*given: Any) -> tuple[float, int]:
        used.append(np.diff(given[3][1], prepend=0))
        return learn(*given)

    monkeypatch.setattr("torch.multinomial", spy)
    monkeypatch.setattr("course_lib.word2vec.compiled.learn", spy_too)
    options = {"min_count": 1, "sample": 0, "epochs": 1, "autograd": autograd, **options}
    word2vec.train([["a", "b", "a", "c", "a", "b"]] * 20, **options)
    wanted = np.array([60.0, 40.0, 20.0]) ** power  # a, b, c
    np.testing.assert_allclose(used[0], wanted / wanted.sum(), rtol=1e-6)


def test_noise_follows_its_distribution() -> None:
    """At a tiny rate the change of W' counts the noise words."""
    p = noise_distribution(np.array([1000, 500, 100, 40, 10, 5, 1]))
    n, rate, blocks = len(p), 1e-8, 5_000
    W, U = np.ones((n, 1), np.float32), np.zeros((n, 1), np.float32)
    text, ends = np.zeros(16 * blocks, np.int32), np.arange(0, 16 * blocks + 1, 16)
    setting = (True, False), 5, np.float32(1 / BLOCK), (rate, rate)
    parts, chances = (np.arange(n), np.arange(n + 1)), (np.ones(n), np.cumsum(p))
    told = np.zeros(n)
    for state in range(20):
        U[:] = 0
        began = np.array([state], np.uint64)
        learn((W.copy(), U), parts, (text, ends), chances, *setting, began)
        U[0] -= 16 * blocks * rate / 2  # what the true pairs have moved
        told += U[:, 0] / (-rate / 2)  # each noise word weighs one 16th for each of 16 centres
    observed = np.round(told)
    assert observed.sum() == pytest.approx(20 * blocks * BLOCK, rel=1e-3)
    observed *= 20 * blocks * BLOCK / observed.sum()
    assert chisquare(observed, p * observed.sum()).pvalue > 1e-3
    assert chisquare(observed, np.full(n, observed.sum() / n)).pvalue < 1e-9  # it can tell


def test_subsampling_keeps_the_stated_share() -> None:
    words = ["the"] * 9000 + ["cat"] * 900 + ["rare"] * 100
    vocabulary = Vocabulary.build([words])
    keep = keep_probability(vocabulary.counts, 1e-2)
    rng = np.random.default_rng(0)
    rounds = [subsample(vocabulary.encode([words]), keep, rng)[0] for _ in range(50)]
    kept = sum(np.bincount(ids, minlength=3) for ids in rounds)
    expected = 50 * vocabulary.counts * keep
    spread = 5 * np.sqrt(expected * (1 - keep)) + 1e-9
    assert (np.abs(kept - expected) <= spread).all()
    assert keep[2] == 1 and keep[0] < 0.5


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_the_loss_in_the_history_is_that_of_the_formula(kind: str) -> None:
    """At a rate near 0 nothing moves, so both ways see the same vectors."""
    sentences, small = random_sentences(5, 4_000), {"alpha": 1e-9, "min_alpha": 1e-9}
    options: dict[str, Any] = {"min_count": 1, "vector_size": 8, "sample": 0, "epochs": 1, **small}
    start = np.random.default_rng(0).normal(0, 0.6, (V, 8)).astype(np.float32)

    class Grown(Word2Vec):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            for table in self.parameters():
                table.data = torch.from_numpy(start.copy())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("course_lib.word2vec.training.Word2Vec", Grown)
        losses = [
            word2vec.train(sentences, kind, **options, autograd=way).history["loss"][0]
            for way in (False, True)
        ]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_training_depends_on_the_seed_alone() -> None:
    sentences = random_sentences(2, 50)
    first, second = (word2vec.train(sentences, min_count=1, seed=9) for _ in range(2))
    assert np.array_equal(first.matrix, second.matrix)
    other = word2vec.train(sentences, min_count=1, seed=10)
    assert not np.array_equal(first.matrix, other.matrix)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "softmax"])
def test_words_of_one_topic_come_together(kind: str, loss: str) -> None:
    rng = np.random.default_rng(0)
    topics = [[f"{name}{i}" for i in range(12)] for name in ("animal", "tool")]
    sentences = [rng.choice(topics[i % 2], 8).tolist() for i in range(1500)]
    vectors = word2vec.train(sentences, kind, loss, vector_size=16, sample=0, epochs=10, alpha=0.05)
    assert vectors.history["loss"].iloc[-1] < vectors.history["loss"].iloc[0]
    assert vectors.history.columns.tolist() == ["epoch", "loss", "seconds", "words_per_second"]
    right = [
        neighbor.startswith(word.rstrip("0123456789"))
        for word in vectors.words
        for neighbor, _ in vectors.nearest(word, 5)
    ]
    assert np.mean(right) > 0.95


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_two_workers_learn_the_same_topics(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    both = threading.Barrier(2, timeout=60)  # each thread waits once for the other

    def watched(*given: Any) -> tuple[float, int]:
        ident = threading.get_ident()
        if ident != threading.main_thread().ident and ident not in threads:
            threads.add(ident)
            if len(threads) <= 2:
                both.wait()
        return learn(*given)

    monkeypatch.setattr("course_lib.word2vec.compiled.learn", watched)
    rng = np.random.default_rng(0)
    topics = [[f"{name}{i}" for i in range(300)] for name in ("animal", "tool")]
    sentences = [rng.choice(topics[i % 2], 10).tolist() for i in range(15_000)]
    vectors = word2vec.train(sentences, kind, vector_size=16, epochs=3, workers=2, alpha=0.05)
    assert len(threads) >= 2
    right = [
        neighbor.startswith(word.rstrip("0123456789"))
        for word in vectors.words
        for neighbor, _ in vectors.nearest(word, 5)
    ]
    assert np.mean(right) > 0.95


def test_result_carries_counts_and_both_tables() -> None:
    sentences = random_sentences(1, 30)
    vectors = word2vec.train(sentences, min_count=2, vector_size=9)
    counts = Counter(word for sentence in sentences for word in sentence)
    assert {w: int(n) for w, n in zip(vectors.words, vectors.counts, strict=True)} == {
        w: n for w, n in counts.items() if n >= 2
    }
    assert vectors.matrix.shape == vectors.context.shape == (len(vectors), 9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window is 0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"alpha": -1.0}, "alpha is -1"),
        ({"alpha": 1e-5}, "min_alpha, 0.0001, is above alpha"),
        ({"min_count": 10_000}, "Lower min_count"),
        ({"epochs": 0}, "epochs is 0"),
        ({"vector_size": 2.5}, "vector_size is 2.5"),
        ({"sample": math.nan}, "sample is nan"),
        ({"batch_size": 100}, "multiple of 16"),
        ({"workers": 2, "loss": "softmax"}, "use workers=1"),
        ({"architecture": "glove"}, "architecture is 'glove'"),
        ({"loss": "hs"}, "loss is 'hs'"),
    ],
)
def test_bad_options_are_refused_before_training(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        word2vec.train(random_sentences(0), **{"min_count": 1, **options})


def test_bad_corpora_are_refused() -> None:
    with pytest.raises(ValueError, match="corpus is empty"):
        word2vec.train([])
    with pytest.raises(ValueError, match="empty"):
        word2vec.train([[], []], min_count=1)
    with pytest.raises(ValueError, match="no word has a context"):
        word2vec.train([["a"], ["b"]], min_count=1)
    with pytest.raises(TypeError, match="not str"):
        word2vec.train(["the cat sat"], min_count=1)
    with pytest.raises(TypeError, match="corpus must be a list of token lists"):
        word2vec.train("the cat sat", min_count=1)
    with pytest.raises(TypeError, match="a generator, which can be read only once"):
        word2vec.train((s for s in [["a", "b"]]), min_count=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", [{}, {"architecture": "cbow"}, {"loss": "softmax"}])
def test_an_epoch_without_an_example_warns_once_and_has_no_loss(options: dict, seed: int) -> None:
    """As after the defaults on a toy corpus: sub-sampling leaves no word, or one here and there."""
    corpus = [["red", "green"]] * 20
    with pytest.warns(UserWarning, match=r"In 3 of 3 epochs .* raise sample \(1e-12\)") as seen:
        vectors = word2vec.train(
            corpus, vector_size=4, min_count=1, epochs=3, sample=1e-12, seed=seed, **options
        )
    assert len(seen) == 1 and seen[0].filename == __file__
    assert vectors.history["loss"].isna().all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = word2vec.train(corpus, vector_size=4, min_count=1, epochs=2, sample=0, **options)
    assert (whole.history["loss"] > 0).all()


def test_divergence_is_an_error_not_a_result() -> None:
    with pytest.raises(FloatingPointError, match="Lower alpha"):
        word2vec.train(random_sentences(0, 400), min_count=1, sample=0, alpha=500.0, epochs=4)


def test_large_but_finite_vectors_are_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss far above that of untrained vectors means that steps overshoot."""

    def swell(tables: tuple[np.ndarray, np.ndarray], *given: Any) -> tuple[float, int]:
        tables[0][:] += 1
        tables[1][:] -= 1
        return learn(tables, *given)

    monkeypatch.setattr("course_lib.word2vec.compiled.learn", swell)
    with pytest.raises(FloatingPointError, match=r"loss of \d\S+, where untrained ones have 4"):
        word2vec.train(random_sentences(0, 2_000), min_count=1, sample=0)


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    wanted = torch.rand(3), np.random.rand(3)
    torch.manual_seed(0)
    np.random.seed(0)
    word2vec.train(random_sentences(0), min_count=1)
    assert torch.equal(torch.rand(3), wanted[0])
    assert np.array_equal(np.random.rand(3), wanted[1])


def test_subsampling_that_leaves_nothing_is_no_crash() -> None:
    with pytest.warns(UserWarning, match="no example to learn from"):
        vectors = word2vec.train([["a", "b", "c"]] * 4, min_count=1, sample=1e-12, epochs=1)
    assert len(vectors) == 3 and np.isfinite(vectors.matrix).all()


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the step broke")

    monkeypatch.setattr("course_lib.word2vec.compiled.learn", broken)
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the step broke"):
        word2vec.train(random_sentences(0), min_count=1)
    assert threading.active_count() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_same_call_runs_on_a_gpu() -> None:
    vectors = word2vec.train(random_sentences(0, 60), min_count=1, device="cuda")
    assert np.isfinite(vectors.matrix).all()
