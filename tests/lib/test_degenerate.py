"""Numbers at the edge: rows all alike, NaN, infinity, the largest and the smallest, none at all."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_similarity

from course_exercises.sliders import MixSliders
from course_lib import counts, evaluate, plots, projector, text
from course_lib.projector import Explorer
from course_lib.vectors import WordVectors, cosine

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(40, 6))
ALIKE = {
    "ones": np.ones((40, 6)),
    "zeros": np.zeros((40, 6)),
    "negative zeros": np.full((40, 6), -0.0),
    "no binary fraction": np.full((40, 6), 0.1),
    "largest": np.full((40, 6), np.finfo(np.float32).max),
    "subnormal": np.full((40, 6), 1e-42),
    "half precision": np.full((40, 6), 0.1, np.float16),
    "whole": np.full((40, 6), 3),
}
NEAR = {
    "one other row": np.vstack([np.ones((39, 6)), 2 * np.ones((1, 6))]),
    "two kinds of rows": np.repeat(ROWS[:2], 20, axis=0),
    "neighbouring float32": 1 + np.arange(40)[:, None] * np.full((1, 6), 2.0**-23),
    "one bit of one number": np.ones((40, 6)) + np.eye(40, 6) * 2.0**-23,
    "huge": ROWS * 1e30,
    "tiny": ROWS * 1e-30,
    "subnormal": ROWS * 1e-42,
    "far away": ROWS + 1e5,
    "one column": np.c_[ROWS[:, :1], np.zeros((40, 5))],
    "half precision": ROWS.astype(np.float16),
    "whole": (ROWS * 10).astype(int),
    "list": ROWS.tolist(),
    "three rows": ROWS[:3],
}


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def vectors_of(matrix: object) -> WordVectors:
    return WordVectors([f"w{i}" for i in range(len(matrix))], matrix)


@pytest.mark.parametrize("method", projector.available())
@pytest.mark.parametrize("rows", ALIKE.values(), ids=ALIKE)
def test_rows_all_alike_stand_at_one_place(rows: np.ndarray, method: str) -> None:
    for dimensions in (2, 3):
        places = projector.project(rows, method, dimensions=dimensions)
        assert places.dtype == np.float32 and not places.any() and places.shape == (40, dimensions)


@pytest.mark.parametrize("rows", NEAR.values(), ids=NEAR)
def test_the_components_of_odd_rows_are_those_of_a_plain_svd(rows: object) -> None:
    places = projector.project(rows).astype(np.float64)
    exact = np.asarray(rows, np.float32).astype(np.float64)
    exact -= exact.mean(axis=0)
    sizes = np.linalg.svd(exact, compute_uv=False)[:2]
    found = np.linalg.norm(places, axis=0)
    assert found == pytest.approx(sizes, rel=1e-3, abs=1e-6 * sizes[0])


def test_tsne_of_odd_rows_is_finite(tmp_path: Path) -> None:
    """In a process of its own: scikit-learn's t-SNE ends one that gives it the wrong numbers."""
    np.savez(tmp_path / "rows.npz", **{name: np.asarray(rows) for name, rows in NEAR.items()})
    script = """
        import numpy as np
        from course_lib.projector import project
        for name, rows in np.load("rows.npz").items():
            places = project(rows, "tsne", perplexity=min(5, (len(rows) - 1) / 3))
            assert np.isfinite(places).all() and places.any(), name
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, check=True)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
def test_a_projection_refuses_what_is_no_number(method: str, bad: float) -> None:
    rows = ROWS.copy()
    rows[7, 2] = bad
    with pytest.raises(ValueError, match="Row 7 holds NaN, infinity, or a number above float32"):
        projector.project(rows, method)


@pytest.mark.parametrize("rows", [ROWS[:0], ROWS[:1], ROWS[:, :1], ROWS[:, :0], ROWS[0], 5.0])
def test_a_projection_of_too_few_says_so(rows: object) -> None:
    with pytest.raises(ValueError, match="2 dimensions need"):
        projector.project(rows)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("rows", [*ALIKE.values(), ROWS * 1e30, ROWS * 1e-42, ROWS[:4]])
def test_the_explorer_shows_any_rows(rows: np.ndarray, dimensions: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # k-means says that there are fewer kinds than clusters
        explorer = Explorer(vectors_of(rows), dimensions=dimensions)
        explorer.color_choice.value = "cluster"
        explorer.search("w0 w1")
    marks = explorer.mark_layer.marks
    assert all(np.isfinite(mark["at"]).all() for mark in marks)
    assert all(mark["offset"] is None or np.isfinite(mark["offset"]).all() for mark in marks)
    space = explorer.figure.layout if dimensions == 2 else explorer.figure.layout.scene
    for axis in (space.xaxis, space.yaxis):
        assert axis.range[0] < axis.range[1]


@pytest.mark.parametrize("scale", [1.0, 1e30, 1e-30, 1e-37])
def test_cosines_do_not_depend_on_the_scale(scale: float) -> None:
    rows = (ROWS * scale).astype(np.float32)
    vectors = vectors_of(rows)
    exact = cosine_similarity(rows.astype(np.float64) / scale)
    for i, j in ((0, 1), (5, 9), (3, 3)):
        assert vectors.similarity(f"w{i}", f"w{j}") == pytest.approx(exact[i, j], abs=1e-6)
        assert cosine(rows[i], rows[j]) == pytest.approx(exact[i, j], abs=1e-6)
    order = [f"w{i}" for i in np.argsort(-exact[0]) if i][:10]
    assert [word for word, _ in vectors.nearest("w0", 10)] == order
    assert [word for word, _ in vectors.nearest(rows[0] * 3, 11)] == ["w0", *order]
    assert np.linalg.norm(vectors.normalized(), axis=1) == pytest.approx(1, abs=1e-6)


def test_a_cosine_stays_between_minus_one_and_one() -> None:
    rows = np.random.default_rng(1).normal(size=(2_000, 50)).astype(np.float32)
    vectors = vectors_of(rows)
    found = [vectors.similarity(word, word) for word in vectors.words]
    found += [cosine(row, row * np.float32(0.7)) for row in rows] + [cosine(r, -r) for r in rows]
    for row in rows[:100]:
        found += [value for _, value in vectors.nearest(row, 2)]
        found += [value for _, value in vectors.nearest(-row, 2_000)[-2:]]
    found += [value for word in vectors.words[:100] for _, value in vectors.nearest(word, 2)]
    assert -1 <= min(found) <= max(found) <= 1


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([3e-200, 4e-200], [4e-200, 3e-200], 0.96),
        ([1e308, 1e308], [1e308, 1e308], 1.0),
        ([1e308, -1e308], [5e-324, 5e-324], 0.0),
        ([0, 0], [1, 1], 0.0),
        ([-0.0, 0.0], [0, 0], 0.0),
        ([], [], 0.0),
        (np.int8([100, 100]), np.int8([100, 100]), 1.0),
        (np.float16([300, 0]), np.float16([-300, 0]), -1.0),
    ],
)
def test_cosine_of_extreme_vectors(first: object, second: object, wanted: float) -> None:
    assert cosine(first, second) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_has_no_direction(bad: float) -> None:
    vectors = vectors_of(ROWS)
    for call in (
        lambda: cosine([bad, 1], [1, 1]),
        lambda: vectors.nearest(np.r_[bad, np.ones(5)]),
        lambda: vectors_of(np.where(ROWS > 2, bad, ROWS)),
    ):
        with pytest.raises(ValueError, match="NaN or infinity"):
            call()
    with pytest.raises(ValueError, match="first at the word 'w0'"):
        vectors_of(ROWS * 1e300)  # more than float32 holds


def test_zero_vectors_and_few_words_have_neighbors() -> None:
    vectors = WordVectors(["a", "zero", "b"], [[1, 0], [0, 0], [1, 1]])
    assert vectors.nearest("zero") == [("a", 0.0), ("b", 0.0)]
    assert vectors.nearest(np.zeros(2), 10**9) == [("a", 0.0), ("zero", 0.0), ("b", 0.0)]
    assert vectors.similarity("zero", "zero") == 0 and vectors.nearest("a")[-1] == ("zero", 0.0)
    assert vectors_of(ROWS[:1]).nearest("w0") == []
    assert vectors_of(ROWS[:0]).nearest(ROWS[0]) == []
    for k in (0, -1, 2.0, 2.5, None, np.nan, np.inf, "3"):
        with pytest.raises(ValueError, match="k is"):
            vectors.nearest("a", k)


def test_lsa_of_any_scale_is_that_of_scikit_learn() -> None:
    table = np.random.default_rng(2).poisson(0.7, (12, 12)).astype(float)
    vocabulary = text.Vocabulary([f"w{i}" for i in range(12)], np.ones(12, int))
    for scale in (1.0, 1e-12, 1e60):
        found = counts.lsa(csr_array(table * scale), vocabulary, vector_size=3).matrix
        model = TruncatedSVD(3, algorithm="arpack", random_state=0).fit(table)
        wanted = model.transform(table) / np.sqrt(model.singular_values_)  # U · sqrt(S)
        assert np.abs(found / np.sqrt(scale)) == pytest.approx(np.abs(wanted), abs=1e-5)
    nothing = counts.lsa(csr_array((12, 12)), vocabulary, vector_size=3)
    assert not nothing.matrix.any()
    for bad in (np.nan, np.inf):
        table[3, 4] = bad
        with pytest.raises(ValueError, match="NaN or infinity"):
            counts.lsa(csr_array(table), vocabulary, vector_size=3)
        with pytest.raises(ValueError, match="NaN or infinity"):
            counts.ppmi(csr_array(table))


def test_ppmi_does_not_depend_on_the_scale() -> None:
    table = np.array([[0, 2, 1], [2, 0, 0], [1, 0, 4.0]])
    expected = np.outer(table.sum(0), table.sum(1)) / table.sum()
    wanted = np.log(np.maximum(table / expected, 1))
    for scale in (1, 1e307, 1e-300, 3):
        assert counts.ppmi(csr_array(table * scale)).toarray() == pytest.approx(wanted)
        assert counts.ppmi(table * scale).toarray() == pytest.approx(wanted)
    with pytest.raises(ValueError, match=r"negative; the smallest is -4\.0"):
        counts.ppmi(csr_array(-table))
    for option in ({"shift": np.nan}, {"smoothing": np.inf}, {"smoothing": -1}):
        with pytest.raises(ValueError, match="finite numbers"):
            counts.ppmi(csr_array(table), **option)


@pytest.mark.parametrize("bad", [[0, 0], [], [1, -1], [np.nan, 1], [np.inf, 1]])
def test_counts_that_give_no_shares_are_refused(bad: list[float]) -> None:
    for call in (text.noise_distribution, lambda given: text.keep_probability(given, 1e-3)):
        with pytest.raises(ValueError, match="counts are"):
            call(np.array(bad))


def test_shares_of_extreme_counts() -> None:
    assert text.noise_distribution(np.array([1e308, 1e308])).tolist() == [0.5, 0.5]
    assert text.noise_distribution(np.array([0, 7])).tolist() == [0.0, 1.0]
    kept = text.keep_probability(np.array([0, 7]), 1e-3)
    assert kept == pytest.approx([1, (np.sqrt(1e3) + 1) / 1e3])
    for power in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match="power is"):
            text.noise_distribution(np.array([1, 2]), power)


def test_what_counts_must_be_whole() -> None:
    for ids in ([1.5], [np.nan], [True], [2**70]):
        with pytest.raises(TypeError, match="ids are whole numbers"):
            counts.one_hot(ids, 3)
    assert counts.one_hot([], 3).shape == (0, 3)
    vocabulary = text.Vocabulary.build([["a", "b"]])
    for bad in (0, -1, 1.5, np.nan, None):
        for call in (
            lambda bad=bad: counts.cooccurrence([["a"]], vocabulary, window=bad),
            lambda bad=bad: text.context_windows(["a"], bad),
            lambda bad=bad: text.Vocabulary.build([["a"]], min_count=bad),
            lambda bad=bad: text.Vocabulary.build([["a"]], max_size=bad or 0),
            lambda bad=bad: evaluate.analogies(vectors_of(ROWS), most_frequent=bad or 0),
        ):
            with pytest.raises(ValueError, match="whole number above 0"):
                call()


def test_the_evaluation_of_vectors_all_alike() -> None:
    words = ["tiger", "cat", "sex", "love", "book", "paper"]
    found = evaluate.similarity(WordVectors(words, np.ones((6, 2))))
    assert np.isnan(found.spearman) and found.pairs > 2
    asked = evaluate.analogies(vectors_of(ROWS))
    assert np.isnan(asked.accuracy) and asked.asked == 0


@pytest.mark.parametrize(
    "values",
    [[[np.nan, 1], [2, 3]], [[np.nan]], [[np.inf, 1], [2, -np.inf]], [[5]], [[1e300, -1e300]],
     [[5e-324, 0]], [[-0.0, 0.0]], [[True, False]], np.ones((2, 3))],
)  # fmt: skip
def test_a_heatmap_of_any_numbers(values: object) -> None:
    shape = np.shape(values)
    fig, axes = plots.figure()
    digits = None if 1e300 in np.ravel(values) else 0
    plots.heatmap(axes, values, rows=range(shape[0]), columns=range(shape[1]), digits=digits)
    (image,) = axes.images
    low, high = image.get_clim()
    finite = np.asarray(values, float)[np.isfinite(values)]
    assert (low, high) == ((finite.min(), finite.max()) if finite.size else (0, 1))
    plots.png(fig)


def test_word_maps_of_few_and_like_words() -> None:
    for rows in (ROWS[:1], ROWS[:2], ROWS[:, :1], np.ones((3, 4)), np.zeros((3, 4)), ROWS * 1e30):
        fig, axes = plots.figure()
        vectors = vectors_of(rows)
        places = plots.word_map(axes, vectors, vectors.words)
        assert places.shape == (len(rows), 2) and np.isfinite(places).all()
        plots.png(fig)


def test_sliders_on_degenerate_layers() -> None:
    layers, groups = RNG.normal(size=(3, 6, 4)), list("aabbaa")
    for values in (np.ones((3, 6, 4)), np.zeros((3, 6, 4))):
        sliders = MixSliders(values, groups)
        assert sliders.silhouette == 0 and sliders.distance in (pytest.approx(0), 1)
    assert MixSliders(layers, list("abcdef")).silhouette == 0
    layers[:, 2] = 0
    sliders = MixSliders(layers, groups)
    assert sliders.silhouette == pytest.approx(
        silhouette_score(layers.mean(0), groups, metric="cosine")
    )
    pairs = np.triu_indices(6, 1)
    wanted = (1 - cosine_similarity(layers.mean(0)))[pairs].mean()
    assert sliders.distance == pytest.approx(wanted)
    for bad in (np.nan, np.inf):
        layers[0, 0, 0] = bad
        with pytest.raises(ValueError, match="no NaN or infinity"):
            MixSliders(layers, groups)


def test_ids_that_stand_in_no_row_are_refused() -> None:
    for ids in ([[0, 1]], 1, np.zeros((2, 2), int)):
        with pytest.raises(TypeError, match="in one row"):
            counts.one_hot(ids, 3)


def test_counts_and_lsa_take_what_scikit_learn_takes() -> None:
    table = np.random.default_rng(3).poisson(2.0, (5, 5)).astype(float)
    vocabulary = text.Vocabulary([f"w{i}" for i in range(5)], np.ones(5, int))
    wanted = counts.lsa(csr_array(table), vocabulary, vector_size=2).matrix
    information = counts.ppmi(csr_array(table)).toarray()
    for given in (table.tolist(), pd.DataFrame(table), table):
        TruncatedSVD(2).fit(given)
        assert np.allclose(counts.ppmi(given).toarray(), information)
        assert np.allclose(counts.lsa(given, vocabulary, vector_size=2).matrix, wanted, atol=1e-5)
    for size in (0, -1, 2.5, None, "2", np.nan, 5):
        with pytest.raises(ValueError, match="vector_size is"):
            counts.lsa(table, vocabulary, vector_size=size)


def test_options_of_pictures_that_are_no_numbers_are_named() -> None:
    vectors = vectors_of(ROWS)
    for bad in (0, -5, 2.5, None, "5", np.nan):
        with pytest.raises(ValueError, match="max_words is"):
            Explorer(vectors, max_words=bad)
        with pytest.raises(ValueError, match="clusters is"):
            Explorer(vectors, clusters=bad)
    with pytest.raises(ValueError, match=r"neighbours is 2\.5"):
        projector.project(ROWS, "umap", neighbors=2.5)
    with pytest.raises(ValueError, match="words is empty"):
        plots.word_map(plots.figure()[1], vectors, [])
