"""Checks of the exercises of notebook 09: the embedding explorer."""

from __future__ import annotations

import math

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_not_close,
    expect_shape,
    expect_type,
)


def _distances(rows: np.ndarray) -> np.ndarray:
    """Return the distances of all pairs: they do not depend on signs."""
    rows = np.asarray(rows, dtype=float)
    return np.linalg.norm(rows[:, None] - rows, axis=-1)


@exercise("09.1", "PCA without a covariance matrix")
def pca_plane(answer: Answer) -> str:
    """Compare with a turned box, whose shadow is known, and with eigenvectors of a covariance."""
    corners = np.array([[x, y, z] for x in (0, 9) for y in (0, 6) for z in (0, 3)], dtype=float)
    turned = corners @ np.array([[2, -2, 1], [1, 2, 2], [2, 1, -2]]) / 3 + [5, -7, 20]
    got = answer(turned)
    expect_type(got, (tuple, list))
    expect(len(got) == 2, f"{len(got)} results; wanted two: the places and the share")
    places, share = got
    expect_shape(places, (8, 2), "the places")
    _expect_pca_slips(places, share, turned)
    expect_close(
        _distances(places),
        _distances(corners[:, :2]),
        "the shadow of the box is its 9 by 6 side",
        what="the distances in the plane",
    )
    expect_close(share, 117 / 126, "(81 + 36) / (81 + 36 + 9)", what="the share")
    cloud = np.random.default_rng(1).normal(size=(30, 6)) @ np.diag([5, 4, 3, 2, 1, 1]) + 3
    places, share = answer(cloud)
    variances, directions = np.linalg.eigh(np.cov(cloud.T))
    wanted = _distances((cloud - cloud.mean(axis=0)) @ directions[:, [5, 4]])
    expect_close(_distances(places), wanted, "a second cloud", what="the distances in the plane")
    expect_close(share, variances[-2:].sum() / variances.sum(), "a second cloud", what="the share")
    return "the shadow of a box and one of 30 random points agree with eigenvectors"


def _expect_pca_slips(places: np.ndarray, share: float, rows: np.ndarray) -> None:
    apart = _distances(places)
    left, values, directions = np.linalg.svd(rows, full_matrices=False)
    expect_not_close(
        apart,
        _distances(rows @ directions[:2].T),
        "the rows were not centred: take off the mean of each column first",
    )
    centered = rows - rows.mean(axis=0)
    left, values, directions = np.linalg.svd(centered, full_matrices=False)
    expect_not_close(
        apart,
        _distances(left[:, :2]),
        "the columns of U all have the same width: multiply them by the singular values",
    )
    expect_not_close(
        apart,
        _distances(centered @ directions[:, :2]),
        "numpy.linalg.svd returns the directions as rows: take directions[:2] and transpose",
    )
    expect_not_close(
        share,
        values[:2].sum() / values.sum(),
        "a variance is the *square* of a singular value (divided by n - 1)",
    )


@exercise("09.2", "Perplexity")
def perplexity(answer: Answer) -> str:
    """Compare with distributions whose entropy comes out even."""
    halves = [0.5, 0.25, 0.125, 0.125]  # 1.75 bits
    rows = np.array([[0.25] * 4, [0.5, 0.5, 0, 0], [1.0, 0, 0, 0], [0.5, 0.25, 0.25, 0], halves])
    entropies = np.array([2.0, 1.0, 0.0, 1.5, 1.75])
    got = answer(rows)
    expect_shape(got, (5,))
    expect(
        np.isfinite(np.asarray(got, dtype=float)).all(),
        f"the result is {np.round(got, 3).tolist()}: a probability of 0 adds 0, but 0 · log 0 is "
        "not a number",
    )
    expect_not_close(got, entropies, "this is the entropy: raise 2 to its power")
    expect_not_close(got, 2**-entropies, "the sign: H is minus the sum, and positive")
    expect_not_close(
        got,
        2 ** (entropies * math.log(2)),
        "2 to the power of an entropy in nats: use log2, or e to the power",
    )
    expect_not_close(got, (rows > 0).sum(axis=1), "count neighbours *in effect*, not all above 0")
    expect_close(got, [4, 2, 1, 2**1.5, 2**1.75], "2 to the power of the entropy in bits")
    return "five distributions with even entropies agree"


@exercise("09.3", "Neighbours far away")
def neighbor_probabilities(answer: Answer) -> str:
    """Compare with plain Python, and with points so far away that exp gives 0."""
    rows = np.random.default_rng(2).normal(size=(6, 3))
    sigma = np.array([0.5, 1.0, 2.0, 0.7, 3.0, 1.5])
    got = np.asarray(answer(rows, sigma), dtype=float)
    expect_shape(got, (6, 6))
    squared = _distances(rows) ** 2
    others = ~np.eye(6, dtype=bool)
    with_self = np.exp(-squared / (2 * sigma[:, None] ** 2))
    closeness = with_self * others
    expect_not_close(
        got,
        with_self / with_self.sum(axis=1, keepdims=True),
        "no point is its own neighbour: p(i | i) = 0",
    )
    expect_not_close(
        got,
        closeness / closeness.sum(axis=0),
        "each row sums to 1, not each column: i is the row, and the sum is over its neighbours",
    )
    expect_not_close(
        got, closeness / closeness.sum(), "each row sums to 1 by itself, not all rows together"
    )
    by_column = np.exp(-squared / (2 * sigma**2)) * others
    expect_not_close(
        got,
        by_column / by_column.sum(axis=1, keepdims=True),
        "sigma belongs to the point that chooses, the row: sigma[:, None]",
    )
    for exponent, because in (
        (squared / sigma[:, None] ** 2, "divide by *twice* the square of sigma"),
        (squared / (2 * sigma[:, None]), "divide by twice the *square* of sigma"),
        (np.sqrt(squared) / (2 * sigma[:, None] ** 2), "the distance is squared in the exponent"),
    ):
        wrong = np.exp(-exponent) * others
        expect_not_close(got, wrong / wrong.sum(axis=1, keepdims=True), because)
    wanted = np.zeros((6, 6))
    for i, j in zip(*np.nonzero(others), strict=True):
        terms = [math.exp(-(math.dist(rows[i], row) ** 2) / (2 * sigma[i] ** 2)) for row in rows]
        wanted[i, j] = terms[j] / (sum(terms) - terms[i])
    expect_close(got, wanted, "exp(-d² / 2σ²), divided by the sum of the row")
    road = np.array([[0.0], [1e4], [3e4]])
    far = np.asarray(answer(road, np.array([100.0, 100.0, 1e4])), dtype=float)
    expect(
        np.isfinite(far).all(),
        "with neighbours 100 sigma away the result holds NaN: take off each row's largest exponent "
        "(among the others) before exp",
    )
    last = 1 / (1 + math.exp((4e8 - 9e8) / 2e8))
    expect_close(far, [[0, 1, 0], [1, 0, 0], [1 - last, last, 0]], "three points far apart")
    return "six points agree with plain Python, and neighbours 100 sigma away are no trouble"


@exercise("09.4", "Trustworthiness")
def trust_in(answer: Answer) -> str:
    """Compare with scikit-learn."""
    from sklearn.manifold import trustworthiness

    rng = np.random.default_rng(3)
    for n, k in ((25, 4), (40, 10), (12, 1)):
        rows = rng.normal(size=(n, 5))
        places = rows[:, :2] + 0.3 * rng.normal(size=(n, 2))
        got = answer(places, rows, k)
        expect_shape(got, ())
        wanted = trustworthiness(rows, places, n_neighbors=k)
        expect_not_close(
            got,
            trustworthiness(places, rows, n_neighbors=k),
            "truth and map are exchanged (this is continuity): ranks in truth, neighbours in map",
        )
        expect_not_close(
            got, _share_kept(places, rows, k), "this is the share that is kept; use the ranks"
        )
        if k > 1:  # with one neighbour some of the mistakes change nothing
            _expect_trust_slips(got, wanted, places, rows, k)
        expect_close(got, wanted, f"scikit-learn, n = {n}, k = {k}", what="T(k)")
    return "three maps agree with scikit-learn"


def _expect_trust_slips(
    got: float, wanted: float, places: np.ndarray, rows: np.ndarray, k: int
) -> None:
    n = len(rows)
    scale = 2 / (n * k * (2 * n - 3 * k - 1))
    cost = (1 - wanted) / scale
    expect_not_close(got, cost, "this is the sum of the costs; the factor and 1 - … follow")
    expect_not_close(got, 1 - wanted, "subtract from 1: a map without intruders gets 1")
    ranks, near = _ranks(rows), _nearest(places, k)
    found = np.take_along_axis(ranks, near, axis=1)
    expect_not_close(
        got,
        1 - scale * (found * (found > k)).sum(),
        "an intruder costs its rank minus k, not its whole rank",
    )
    expect_not_close(got, 1 - scale * (found - k).sum(), "only intruders cost: none is below 0")
    expect_not_close(
        got,
        1 - scale * np.maximum(0, found - 1 - k).sum(),
        "the nearest neighbour has rank 1, not 0",
    )


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Return the rank of each j among the neighbours of i; i itself comes last."""
    distances = _distances(rows)
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(axis=1).argsort(axis=1) + 1


def _nearest(places: np.ndarray, k: int) -> np.ndarray:
    return _ranks(places).argsort(axis=1)[:, :k]


def _share_kept(places: np.ndarray, rows: np.ndarray, k: int) -> float:
    return float((np.take_along_axis(_ranks(rows), _nearest(places, k), axis=1) <= k).mean())


@exercise("09.5", "False neighbours")
def false_neighbors(answer: Answer) -> str:
    """Compare with plain Python on points of different lengths."""
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(40, 6)) * rng.uniform(0.1, 10, size=(40, 1))
    places = rng.normal(size=(40, 2))
    for point, k in ((0, 12), (7, 16), (19, 5)):
        got = answer(places, rows, point, k)
        expect_type(got, (list, tuple, np.ndarray))
        got = [int(i) for i in got]
        expect(
            point not in got,
            f"{point} is the point itself, which is no neighbour: leave it out before you count",
        )
        others = [i for i in range(40) if i != point]
        shown = sorted(others, key=lambda i: math.dist(places[i], places[point]))[:k]
        cosine = {i: _cosine(rows[i], rows[point]) for i in others}
        true = sorted(others, key=lambda i: -cosine[i])[:k]
        wanted = [i for i in shown if i not in true]
        by_distance = sorted(others, key=lambda i: math.dist(rows[i], rows[point]))[:k]
        by_product = sorted(others, key=lambda i: -float(rows[i] @ rows[point]))[:k]
        for mistake, because in (
            ([i for i in shown if i in true], "these are the true ones; return the others"),
            ([i for i in true if i not in shown], "these were torn away; look at the picture's"),
            ([i for i in shown if i not in by_distance], "use the cosine, not the distance"),
            ([i for i in shown if i not in by_product], "divide by the lengths: not the product"),
        ):
            expect(got == wanted or got != mistake, f"wrong points {got}: {because}")
        expect(
            got == wanted or sorted(got) != sorted(wanted),
            f"the right points, but in the order {got}: the nearest in the picture comes first",
        )
        expect_equal(got, wanted, f"the {k} nearest of row {point} in the picture")
    return "three points of a random map agree with plain Python"


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b) / (math.hypot(*a) * math.hypot(*b))
