"""Checks of the exercises of notebook 09: the embedding explorer."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_exercises.lines import assembled, expect_choice, expect_lines


def _distances(rows: np.ndarray) -> np.ndarray:
    """Return the distances of all pairs: they do not depend on signs."""
    rows = np.asarray(rows, dtype=float)
    return np.linalg.norm(rows[:, None] - rows, axis=-1)


@exercise(
    "09.1",
    "PCA by the singular value decomposition",
    forbidden=("PCA", "TruncatedSVD", "IncrementalPCA", "KernelPCA", "pca_lowrank"),
)
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
    if np.allclose(share, values[:2].sum() / values.sum()):
        expect_not_close(
            apart,
            _distances(rows @ directions[:2].T),
            "both faults are there still. Where does the first direction point if all points lie "
            "far from the origin? And is a singular value a variance?",
        )
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


@exercise("09.2", "How many neighbours does a map keep?")
def share_kept(answer: Answer) -> str:
    """Compare with plain Python on rows of different lengths."""
    rng = np.random.default_rng(4)
    for n, k in ((30, 3), (40, 8), (35, 1)):
        rows = rng.normal(size=(n, 5)) * rng.uniform(0.1, 10, size=(n, 1))
        places = rows[:, :2] / np.linalg.norm(rows, axis=1, keepdims=True)
        places = places + 0.05 * rng.normal(size=(n, 2))
        got = answer(places.copy(), rows.copy(), k)
        expect_shape(got, ())
        wanted = _kept(places, rows, k, "cosine", False)
        for closeness, itself, because in (
            (
                "product",
                True,
                "both faults are there still. How near is a point to itself? And "
                "what makes a product large besides the angle?",
            ),
            (
                "cosine",
                True,
                "each point is among its own neighbours, on the map and by cosine: "
                "that is one hit for everybody. Leave it out.",
            ),
            (
                "product",
                False,
                "a product grows with the length of the row: divide by the lengths "
                "to get the cosine.",
            ),
            (
                "distance",
                False,
                "this takes the distance of the rows, but they have any length: "
                "the neighbours are asked for by cosine.",
            ),
        ):
            if not math.isclose(mistake := _kept(places, rows, k, closeness, itself), wanted):
                expect_not_close(got, mistake, because)
        if k > 1:
            expect_not_close(
                got,
                k * wanted,
                "this is the number of neighbours kept; the share is divided by k.",
            )
        expect_close(got, wanted, f"n = {n}, k = {k}")
    return "three maps agree with plain Python"


def _kept(places: np.ndarray, rows: np.ndarray, k: int, closeness: str, itself: bool) -> float:
    """Return the share of the k nearest kept, by sorting; faults as asked."""
    measure = {
        "cosine": lambda a, b: -float(a @ b) / (math.hypot(*a) * math.hypot(*b)),
        "product": lambda a, b: -float(a @ b),
        "distance": math.dist,
    }[closeness]
    hits = 0
    for i in range(len(rows)):
        others = [j for j in range(len(rows)) if itself or j != i]
        near = sorted(others, key=lambda j, i=i: measure(rows[i], rows[j]))[:k]
        shown = sorted(others, key=lambda j, i=i: math.dist(places[i], places[j]))[:k]
        hits += len(set(near) & set(shown))
    return hits / (k * len(rows))


LINES_OF_HALVING = {
    "A": "return sigma",
    "B": "    if perplexity_at(sigma) > wanted:",
    "C": "        low = sigma",
    "D": "low, high = 0.01, 1000.0",
    "E": "    sigma = (low + high) / 2",
    "F": "        high = sigma",
    "G": "    else:",
    "H": "for _ in range(60):",
    "I": "    if perplexity_at(sigma) == wanted:",
}


@exercise("09.3", "Halving an interval")
def order_of_halving(answer: Answer) -> str:
    """Run the lines in the learner's order on curves whose answer is known."""
    order = answer()
    halve = assembled(order, LINES_OF_HALVING, "perplexity_at, wanted")
    because = "stops nothing: two computed numbers are hardly ever equal. Ask which is larger."
    letters = expect_lines(order, LINES_OF_HALVING, unneeded={"I": because}, last="A")
    for root in (0.5, 17.0, 640.0):
        try:
            got = halve(lambda sigma, root=root: 7 * sigma / (sigma + root), 3.5)
        except NameError as error:
            expect(False, f"a line uses a name before another line gives it a value: {error}.")
        expect(
            letters.index("F") < letters.index("C") or got is None or abs(got - root) < 1e-6,
            "the halves are exchanged: with too many neighbours sigma is too large, so it becomes "
            "the upper end.",
        )
        expect_close(got, root, "both ends move towards it", what="sigma")
    return "three curves: the sigma found is the one at which the perplexity is as wanted"


@exercise("09.4", "Neighbours at any scale")
def neighbor_probabilities(answer: Answer) -> str:
    """Compare with a bracketed root for each row, at three scales."""
    near = np.random.default_rng(2).normal(size=(9, 3)) * [1, 5, 0.2]
    far = near + np.outer(np.arange(9) == 8, [1e4, 0, 0])
    cases = [
        (near, 1.0, "nine points"),
        (near, 1e-6, "nine points about a millionth apart"),
        (near, 1e6, "nine points about a million apart"),
        (far, 1.0, "eight points and one far away"),
    ]
    for rows, scale, place in cases:
        for wanted in (2.0, 3.5):
            with np.errstate(all="ignore"):
                got = np.asarray(answer(rows * scale, wanted), dtype=float)
            expect_shape(got, (9, 9))
            _expect_choices(got, f"{place}, perplexity {wanted:g}")
            _expect_perplexity(got, wanted, place, plain=scale == 1.0 and rows is near)
            because = _UNDERFLOW if rows is far else f"{place}: exp(-d² / 2σ²) over its sum"
            expect_close(got, _calibrated(rows, wanted), because, tolerance=1e-4)
    return "nine points at three scales, and one far away, agree with roots found by SciPy"


def _expect_choices(got: np.ndarray, place: str) -> None:
    expect(
        np.isfinite(got).all(),
        f"{place}: the result holds NaN. {_UNDERFLOW}",
    )
    expect(
        np.allclose(np.diag(got), 0),
        "no point is its own neighbour: p(i | i) = 0. Leave it out before dividing.",
    )
    expect(
        np.allclose(got.sum(axis=1), 1, atol=1e-6),
        f"{place}: each row must sum to 1, for i is the row and the choice is its own.",
    )


def _expect_perplexity(got: np.ndarray, wanted: float, place: str, *, plain: bool) -> None:
    entropies = -(got * np.log2(np.where(got > 0, got, 1))).sum(axis=1)
    if np.allclose(2**entropies, wanted, atol=1e-3):
        return
    row = int(np.abs(2**entropies - wanted).argmax())
    message = f"{place}: row {row} has the perplexity {2 ** entropies[row]:.3f}, not {wanted:g}. "
    in_nats = np.allclose(entropies * math.log(2), math.log2(wanted), atol=1e-3)
    expect(not in_nats, message + "The entropy is in nats, but 2 is raised to it.")
    expect(not plain, message + "Each row needs a sigma of its own.")
    expect("far" not in place, message + _UNDERFLOW)
    expect(False, message + "Is its sigma inside the interval that you halve?")


_UNDERFLOW = "Take off each row's largest exponent, so that the nearest neighbour gets exp(0) = 1."


def _calibrated(rows: np.ndarray, wanted: float) -> np.ndarray:
    """Return p(j | i) of a perplexity, a row at a time, with SciPy's root finder."""
    from scipy.optimize import brentq

    table = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        others = [j for j in range(len(rows)) if j != i]
        squared = np.array([math.dist(row, rows[j]) ** 2 for j in others])

        def choice(log_sigma: float, squared: np.ndarray = squared) -> np.ndarray:
            e = np.exp(-(squared - squared.min()) / (2 * math.exp(2 * log_sigma)))
            return e / e.sum()

        def excess(log_sigma: float, choice: Callable[[float], np.ndarray] = choice) -> float:
            p = choice(log_sigma)
            return -float((p * np.log(np.maximum(p, 1e-300))).sum()) - math.log(wanted)

        table[i, others] = choice(brentq(excess, -6, 8, xtol=1e-12))
    return table


@exercise("09.5", "What may be concluded?")
def what_the_maps_allow(answer: Answer) -> str:
    """Compare with what the notebook's own assertions hold."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "the last column: no map keeps the distances, and section 4 shows gaps between "
            "clusters that t-SNE has made equal. Neighbours kept is another thing.",
            "B": "look at the three starts of perplexity 30. A small difference on one set of "
            "words does not name a right perplexity for all.",
            "D": "look at the row of dice: about one in a hundred. Half is far from all, and far "
            "from chance too.",
        },
    )
    return "neighbours are what t-SNE keeps, and only some of them: look, then ask the cosine"


@exercise("09.6", "Trustworthiness", forbidden=("trustworthiness",))
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
