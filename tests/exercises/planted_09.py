"""Plausible mistakes in the exercises of notebook 09, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from exercises.planted import Planted

# 09.1


def without_centring(rows):
    _, values, directions = np.linalg.svd(rows, full_matrices=False)
    return rows @ directions[:2].T, (values[:2] ** 2).sum() / (values**2).sum()


def _svd(rows):
    centered = rows - rows.mean(axis=0)
    return centered, *np.linalg.svd(centered, full_matrices=False)


def share_of_singular_values(rows):
    centered, _, values, directions = _svd(rows)
    return centered @ directions[:2].T, values[:2].sum() / values.sum()


def equally_wide(rows):
    _, left, values, _ = _svd(rows)
    return left[:, :2], (values[:2] ** 2).sum() / (values**2).sum()


def columns_for_rows(rows):
    centered, _, values, directions = _svd(rows)
    return centered @ directions[:, :2], (values[:2] ** 2).sum() / (values**2).sum()


def last_two(rows):
    centered, _, values, directions = _svd(rows)
    return centered @ directions[-2:].T, (values[:2] ** 2).sum() / (values**2).sum()


# 09.1, as given


def both_pca_faults(rows):
    _, values, directions = np.linalg.svd(rows, full_matrices=False)
    return rows @ directions[:2].T, values[:2].sum() / values.sum()


# 09.2


def _share(closeness, places, k, itself):
    distances = cdist(places, places)
    if not itself:
        closeness = closeness - np.diag(np.full(len(places), np.inf))
        np.fill_diagonal(distances, np.inf)
    near = np.argsort(-closeness, axis=1)[:, :k]
    shown = np.argsort(distances, axis=1)[:, :k]
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(near, shown, strict=True)]))


def _cosines(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def both_share_faults(places, rows, k):
    return _share(rows @ rows.T, places, k, True)


def counted_with_itself(places, rows, k):
    return _share(_cosines(rows), places, k, True)


def by_product(places, rows, k):
    return _share(rows @ rows.T, places, k, False)


def as_in_the_lesson(places, rows, k):
    return _share(-cdist(rows, rows), places, k, False)


def number_of_hits(places, rows, k):
    return k * _share(_cosines(rows), places, k, False)


# 09.3


def halves_exchanged():
    return "DHEBCGFA"


def asks_for_equal():
    return "DHEIFGCA"


def returns_at_once():
    return "DAHEBFGC"


def without_a_start():
    return "HEBFGCA"


def sigma_after_the_question():
    return "DHBFGCEA"


# 09.4


def _halved(squared, wanted, low=0.01, high=1000.0, base=2.0):
    low, high = np.full(len(squared), low), np.full(len(squared), high)
    for _ in range(80):
        sigma = (low + high) / 2
        closeness = np.exp(-squared / (2 * sigma[:, None] ** 2))
        p = closeness / closeness.sum(axis=1, keepdims=True)
        entropies = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1) / np.log(base)
        many = 2**entropies > wanted
        low, high = np.where(many, low, sigma), np.where(many, sigma, high)
    return p


def _squared(rows):
    squared = cdist(rows, rows, "sqeuclidean")
    np.fill_diagonal(squared, np.inf)
    return squared


def copied_from_the_lesson(rows, wanted):
    return _halved(_squared(rows), wanted)


def far_point_forgotten(rows, wanted):
    squared = _squared(rows)
    with np.errstate(all="ignore"):
        return _halved(squared / squared[np.isfinite(squared)].max(), wanted, 1e-12, 1e3)


def own_neighbor(rows, wanted):
    squared = cdist(rows, rows, "sqeuclidean")
    return _halved(squared / squared.max(), wanted, 1e-3, 100.0)


def one_sigma_for_all(rows, wanted):
    squared = _squared(rows)
    p = np.exp(-squared / squared[np.isfinite(squared)].mean())
    return p / p.sum(axis=1, keepdims=True)


def nats_to_two(rows, wanted):
    squared = _squared(rows)
    squared /= squared[np.isfinite(squared)].max()
    return _halved(squared, wanted, 1e-3, 100.0, base=np.e)


def made_joint(rows, wanted):
    squared = _squared(rows)
    squared /= squared[np.isfinite(squared)].max()
    p = _halved(squared, wanted, 1e-3, 100.0)
    return (p + p.T) / (2 * len(p))


# 09.5


def far_islands():
    return "A"


def right_perplexity():
    return "B"


def no_better_than_dice():
    return "D"


# 09.6


def _intruder_ranks(places, rows, k):
    far = np.diag(np.full(len(rows), np.inf))
    ranks = (cdist(rows, rows) + far).argsort(axis=1).argsort(axis=1) + 1
    nearest = (cdist(places, places) + far).argsort(axis=1)[:, :k]
    return np.take_along_axis(ranks, nearest, axis=1)


def _scaled(cost, n, k):
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * cost


def exchanged(places, rows, k):
    ranks = _intruder_ranks(rows, places, k)
    return _scaled(np.maximum(0, ranks - k).sum(), len(rows), k)


def share_kept(places, rows, k):
    return (_intruder_ranks(places, rows, k) <= k).mean()


def whole_rank(places, rows, k):
    ranks = _intruder_ranks(places, rows, k)
    return _scaled(ranks[ranks > k].sum(), len(rows), k)


def ranks_from_zero(places, rows, k):
    ranks = _intruder_ranks(places, rows, k) - 1
    return _scaled(np.maximum(0, ranks - k).sum(), len(rows), k)


def itself_counted(places, rows, k):
    ranks = cdist(rows, rows).argsort(axis=1).argsort(axis=1)
    nearest = cdist(places, places).argsort(axis=1)[:, :k]
    costs = np.maximum(0, np.take_along_axis(ranks, nearest, axis=1) - k)
    return _scaled(costs.sum(), len(rows), k)


PLANTED = {
    "09.1": [
        Planted(both_pca_faults, says="both faults are there still"),
        Planted(without_centring, says="the rows were not centred"),
        Planted(share_of_singular_values, says="the *square* of a singular value"),
        Planted(equally_wide, says="multiply them by the singular values"),
        Planted(columns_for_rows, says="returns the directions as rows"),
        Planted(last_two, says="the shadow of the box is its 9 by 6 side"),
    ],
    "09.2": [
        Planted(both_share_faults, says="both faults are there still"),
        Planted(counted_with_itself, says="among its own neighbours"),
        Planted(by_product, says="grows with the length"),
        Planted(as_in_the_lesson, says="asked for by cosine"),
        Planted(number_of_hits, says="divided by k"),
    ],
    "09.3": [
        Planted(halves_exchanged, says="the halves are exchanged"),
        Planted(asks_for_equal, says="hardly ever equal"),
        Planted(returns_at_once, says="ends the function at once"),
        Planted(without_a_start, says="line D is missing"),
        Planted(sigma_after_the_question, says="gives it a value"),
    ],
    "09.4": [
        Planted(copied_from_the_lesson, says="inside the interval"),
        Planted(far_point_forgotten, says="exp(0) = 1"),
        Planted(own_neighbor, says="no point is its own neighbour"),
        Planted(one_sigma_for_all, says="a sigma of its own"),
        Planted(nats_to_two, says="in nats"),
        Planted(made_joint, says="must sum to 1"),
    ],
    "09.5": [
        Planted(far_islands, says="no map keeps the distances"),
        Planted(right_perplexity, says="three starts"),
        Planted(no_better_than_dice, says="the row of dice"),
    ],
    "09.6": [
        Planted(exchanged, says="truth and map are exchanged"),
        Planted(share_kept, says="this is the share that is kept"),
        Planted(whole_rank, says="its rank minus k"),
        Planted(ranks_from_zero, says="has rank 1, not 0"),
        Planted(itself_counted, says="scikit-learn, n = 25, k = 4"),
    ],
}
