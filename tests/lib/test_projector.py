"""Projections: against scikit-learn and closed forms; what is refused, and how."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.manifold import TSNE

from course_lib import projector
from course_lib.vectors import WordVectors

NO_UMAP = importlib.util.find_spec("umap") is None


def groups(n: int = 120, size: int = 20) -> np.ndarray:
    """Return vectors around three centres far apart."""
    rng = np.random.default_rng(0)
    return (np.repeat(rng.normal(size=(3, size)) * 5, n // 3, axis=0)) + rng.normal(size=(n, size))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_pca_is_the_projection_on_the_largest_eigenvectors(dimensions: int) -> None:
    matrix = groups()
    places = projector.project(matrix, dimensions=dimensions)
    assert places.dtype == np.float32 and places.shape == (120, dimensions)
    centered = matrix - matrix.mean(axis=0)
    values, directions = np.linalg.eigh(centered.T @ centered)
    expected = centered @ directions[:, ::-1][:, :dimensions]
    signs = np.sign((expected * places).sum(axis=0))  # an eigenvector has no sign of its own
    np.testing.assert_allclose(places, expected * signs, atol=1e-4)
    np.testing.assert_allclose((places**2).sum(axis=0), values[::-1][:dimensions], rtol=1e-4)


def test_pca_has_one_sign_whatever_the_order_of_the_rows() -> None:
    matrix = groups()
    order = np.random.default_rng(1).permutation(len(matrix))
    first, second = projector.project(matrix), projector.project(matrix[order])
    np.testing.assert_allclose(first[order], second, atol=1e-4)


def test_word_vectors_are_taken_as_their_matrix() -> None:
    matrix = groups()
    vectors = WordVectors([f"w{i}" for i in range(len(matrix))], matrix)
    assert np.array_equal(projector.project(vectors), projector.project(matrix))


def test_tsne_is_that_of_scikit_learn_and_the_same_each_time() -> None:
    matrix = groups(size=80)
    places = projector.project(matrix, "tsne", perplexity=10, seed=3)
    own = TSNE(2, perplexity=10, init="pca", random_state=3)
    assert np.array_equal(places, own.fit_transform(matrix.astype(np.float32)))
    assert np.array_equal(places, projector.project(matrix, "tsne", perplexity=10, seed=3))


@pytest.mark.skipif(NO_UMAP, reason="umap-learn is not installed")
def test_umap_keeps_groups_apart_and_is_the_same_each_time() -> None:
    places = projector.project(groups(), "umap", neighbors=10, dimensions=3)
    assert places.dtype == np.float32 and places.shape == (120, 3)
    assert np.array_equal(places, projector.project(groups(), "umap", neighbors=10, dimensions=3))
    middles = places.reshape(3, 40, 3).mean(axis=1)
    spread = np.linalg.norm(places.reshape(3, 40, 3) - middles[:, None], axis=2).max()
    distances = np.linalg.norm(middles[:, None] - middles, axis=2)[np.triu_indices(3, 1)]
    assert distances.min() > spread


@pytest.mark.skipif(NO_UMAP, reason="umap-learn is not installed")
@pytest.mark.parametrize("dimensions", [2, 3])
def test_umap_of_few_rows_and_of_groups_far_apart_is_the_same_each_time(dimensions: int) -> None:
    far = np.concatenate([groups() + 100 * i for i in range(5)])
    for rows in (groups()[:3], groups()[:4], far):
        twice = [
            projector.project(rows, "umap", neighbors=2, dimensions=dimensions) for _ in range(2)
        ]
        assert np.isfinite(twice[0]).all() and np.array_equal(*twice)


@pytest.mark.parametrize("scale", [1.0, 1e30, 1e-30])
def test_umap_is_asked_to_start_from_the_components(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own start raises a TypeError with three rows; a stand-in tells what it is asked for."""

    class StandIn:
        def __init__(self, **options: object) -> None:
            self.options = options

        def fit_transform(self, rows: np.ndarray) -> np.ndarray:
            assert self.options == {
                "n_neighbors": 2, "n_components": 2, "init": "pca", "random_state": 5, "n_jobs": 1,
            }  # fmt: skip
            assert rows.dtype == np.float32 and 1e-6 < np.abs(rows).max() < 1e6
            return rows[:, :2].astype(np.float64)

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=StandIn))
    rows = groups()[:3] * scale
    places = projector.project(rows, "umap", neighbors=2, seed=5)
    assert places.shape == (3, 2) and places.dtype == np.float32
    assert not projector.project(np.ones((3, 4)), "umap", neighbors=2).any()


def test_without_umap_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)  # as if it were not installed
    with pytest.raises(ImportError, match=re.escape('-e ".[umap]"')):
        projector.project(groups(), "umap")


@pytest.mark.parametrize(
    ("method", "more", "message"),
    [
        ("pac", {}, "method is 'pac'; choose one of 'pca', 'tsne', 'umap'"),
        ("pca", {"dimensions": 4}, "dimensions is 4"),
        ("tsne", {"perplexity": 120}, "perplexity is 120, but there are 120 vectors"),
        ("tsne", {"perplexity": 0}, "perplexity is 0"),
        ("umap", {"neighbors": 120}, "neighbours is 120, but there are 120 vectors"),
        ("umap", {"neighbors": 1}, "choose 2 to 119"),
        ("umap", {"neighbors": 2, "rows": 2}, "there are 2 vectors; UMAP needs 3 or more"),
    ],
)
def test_what_does_not_fit_is_refused(method: str, more: dict, message: str) -> None:
    rows = groups()[: more.pop("rows", None)]
    with pytest.raises(ValueError, match=re.escape(message)):
        projector.project(rows, method, **more)


def test_too_few_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("shape (2, 20); 3 dimensions need")):
        projector.project(groups()[:2], dimensions=3)
