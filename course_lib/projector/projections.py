"""Dimensionality reduction to two or three dimensions: PCA, t-SNE, UMAP."""

from __future__ import annotations

import importlib.util

import numpy as np

from course_lib.vectors import WordVectors

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
NO_UMAP = (
    "UMAP needs the package umap-learn, which is not installed. Install it with "
    'python -m pip install -c constraints.txt -e ".[umap]" (or: make umap).'
)


def available() -> list[str]:
    """Return the methods that can be used here: UMAP only where umap-learn is installed."""
    return [name for name in METHODS if name != "umap" or importlib.util.find_spec("umap")]


def project(
    vectors: WordVectors | np.ndarray,
    method: str = "pca",
    *,
    dimensions: int = 2,
    perplexity: float = 30.0,
    neighbors: int = 15,
    seed: int = 0,
) -> np.ndarray:
    """Place every vector in the plane or in space.

    The rows are taken as they are. Give ``vectors.normalized()`` where closeness is to mean the
    cosine: on rows of length 1 the order by distance is the order by cosine.

    Parameters
    ----------
    vectors : WordVectors or array_like, (n, M)
    method : {"pca", "tsne", "umap"}
        ``"pca"`` turns the cloud so that it is seen at its widest: exact, linear, the same each
        time. ``"tsne"`` and ``"umap"`` bend it so that near neighbours stay near; both start
        from a fixed place. UMAP is an extra: ``pip install -e ".[umap]"``.
    dimensions : {2, 3}
    perplexity : float
        t-SNE alone: how many neighbours a point listens to, roughly. Less than n.
    neighbors : int
        UMAP alone: how many neighbours each point is tied to. At least 2, less than n.
    seed : int
        For t-SNE and UMAP.

    Returns
    -------
    numpy.ndarray, float32, (n, dimensions)
        All at the origin if the vectors are alike, as far as float32 can tell.

    Raises
    ------
    ValueError
        For an unknown method, other dimensions than 2 and 3, too few vectors, NaN or infinity
        among them, or a perplexity or a number of neighbours that does not fit n.
    ImportError
        If ``method`` is ``"umap"`` and umap-learn is not installed.

    Notes
    -----
    The sign of each principal component is set by scikit-learn: its largest weight is positive.
    t-SNE gets the vectors as they are. Its authors gave it the first 30 principal components;
    for word vectors of 100 dimensions that costs neighbours and saves no time.

    References
    ----------
    van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", section 4.2 (PCA).
    McInnes, Healy and Melville 2018, "UMAP: Uniform Manifold Approximation and Projection".
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    check(method, dimensions)
    given = vectors.matrix if isinstance(vectors, WordVectors) else vectors
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
        matrix = np.asarray(given, dtype=np.float32)
    if matrix.ndim != 2 or min(matrix.shape) < dimensions:
        raise ValueError(
            f"The vectors have the shape {matrix.shape}; {dimensions} dimensions need (n, M) with "
            f"at least {dimensions} rows and {dimensions} columns."
        )
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise ValueError(f"Row {finite.argmin()} holds NaN, infinity, or a number above float32.")
    n = len(matrix)
    if method == "tsne" and not 0 < perplexity < n:
        raise ValueError(
            f"perplexity is {perplexity:g}, but there are {n} vectors; choose one above 0 and "
            f"below {n}."
        )
    if method == "umap" and neighbors not in range(2, n):
        raise ValueError(
            f"neighbours is {neighbors}, but there are {n} vectors; UMAP needs 3 or more of them: "
            f"choose 2 to {max(n - 1, 2)}."
        )
    # In float64: the matrix of covariances squares what float32 rounds.
    exact = matrix.astype(np.float64)
    exact -= exact.mean(axis=0)
    widest, largest = np.abs(exact).max(), np.abs(matrix).max()
    if widest <= 1e-12 * largest:  # alike: scikit-learn's t-SNE would end the process
        return np.zeros((n, dimensions), dtype=np.float32)
    if method == "pca":
        return PCA(dimensions, svd_solver="full").fit_transform(exact).astype(np.float32)
    if not max(1e-6, 1e-3 * largest) < widest < 1e6:  # float32 would lose the differences
        matrix = (exact / widest).astype(np.float32)
    if method == "tsne":
        model = TSNE(dimensions, perplexity=perplexity, init="pca", random_state=seed)
        return model.fit_transform(matrix).astype(np.float32)
    try:
        from umap import UMAP
    except ModuleNotFoundError as error:
        raise ImportError(NO_UMAP) from error
    # With a seed UMAP runs on one thread; n_jobs=1 says so, or it warns. Its own start fails with
    # few vectors, and is another each time where groups of them lie apart.
    options = {"init": "pca", "random_state": seed, "n_jobs": 1}
    model = UMAP(n_neighbors=neighbors, n_components=dimensions, **options)
    return model.fit_transform(matrix).astype(np.float32)


def check(method: str, dimensions: int) -> None:
    """Raise a ValueError unless there is such a method, with 2 or 3 dimensions."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(map(repr, METHODS))}.")
    if dimensions not in (2, 3):
        raise ValueError(f"dimensions is {dimensions!r}; a picture has 2 or 3.")
