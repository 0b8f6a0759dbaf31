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


# 09.2


def entropy_alone(probabilities):
    logs = np.log2(np.where(probabilities > 0, probabilities, 1))
    return -(probabilities * logs).sum(axis=1)


def nats_to_two(probabilities):
    logs = np.log(np.where(probabilities > 0, probabilities, 1))
    return 2 ** -(probabilities * logs).sum(axis=1)


def zeros_forgotten(probabilities):
    with np.errstate(divide="ignore", invalid="ignore"):
        return 2 ** -(probabilities * np.log2(probabilities)).sum(axis=1)


def sign_forgotten(probabilities):
    return 2 ** -entropy_alone(probabilities)


def all_above_zero(probabilities):
    return (probabilities > 0).sum(axis=1)


# 09.3


def _softmax(exponents):
    exponents = exponents.copy()
    np.fill_diagonal(exponents, -np.inf)
    closeness = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return closeness / closeness.sum(axis=1, keepdims=True)


def own_neighbor(rows, sigma):
    closeness = np.exp(-cdist(rows, rows, "sqeuclidean") / (2 * sigma[:, None] ** 2))
    return closeness / closeness.sum(axis=1, keepdims=True)


def without_the_two(rows, sigma):
    return _softmax(-cdist(rows, rows, "sqeuclidean") / sigma[:, None] ** 2)


def distance_not_squared(rows, sigma):
    return _softmax(-cdist(rows, rows) / (2 * sigma[:, None] ** 2))


def sigma_of_the_column(rows, sigma):
    return _softmax(-cdist(rows, rows, "sqeuclidean") / (2 * sigma**2))


def underflow(rows, sigma):
    closeness = np.exp(-cdist(rows, rows, "sqeuclidean") / (2 * sigma[:, None] ** 2))
    np.fill_diagonal(closeness, 0)
    with np.errstate(invalid="ignore"):
        return closeness / closeness.sum(axis=1, keepdims=True)


def all_together(rows, sigma):
    closeness = np.exp(-cdist(rows, rows, "sqeuclidean") / (2 * sigma[:, None] ** 2))
    np.fill_diagonal(closeness, 0)
    return closeness / closeness.sum()


# 09.4


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


# 09.5


def _orders(places, rows, point, closeness):
    shown = [int(i) for i in np.argsort(cdist(places[[point]], places)[0]) if i != point]
    return shown, [int(i) for i in np.argsort(-closeness) if i != point]


def by_distance(places, rows, point, k):
    shown, true = _orders(places, rows, point, -cdist(rows[[point]], rows)[0])
    return [i for i in shown[:k] if i not in true[:k]]


def by_product(places, rows, point, k):
    shown, true = _orders(places, rows, point, rows @ rows[point])
    return [i for i in shown[:k] if i not in true[:k]]


def _cosines(rows, point):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit[point]


def the_true_ones(places, rows, point, k):
    shown, true = _orders(places, rows, point, _cosines(rows, point))
    return [i for i in shown[:k] if i in true[:k]]


def the_torn_ones(places, rows, point, k):
    shown, true = _orders(places, rows, point, _cosines(rows, point))
    return [i for i in true[:k] if i not in shown[:k]]


def unordered(places, rows, point, k):
    shown, true = _orders(places, rows, point, _cosines(rows, point))
    return sorted(set(shown[:k]) - set(true[:k]))


PLANTED = {
    "09.1": [
        Planted(without_centring, says="the rows were not centred"),
        Planted(share_of_singular_values, says="the *square* of a singular value"),
        Planted(equally_wide, says="multiply them by the singular values"),
        Planted(columns_for_rows, says="returns the directions as rows"),
        Planted(last_two, says="the shadow of the box is its 9 by 6 side"),
    ],
    "09.2": [
        Planted(entropy_alone, says="this is the entropy"),
        Planted(nats_to_two, says="entropy in nats"),
        Planted(zeros_forgotten, says="0 · log 0 is not a number"),
        Planted(sign_forgotten, says="H is minus the sum"),
        Planted(all_above_zero, says="neighbours *in effect*"),
    ],
    "09.3": [
        Planted(own_neighbor, says="no point is its own neighbour"),
        Planted(without_the_two, says="*twice* the square"),
        Planted(distance_not_squared, says="the distance is squared"),
        Planted(sigma_of_the_column, says="the point that chooses"),
        Planted(underflow, says="take off each row's largest exponent"),
        Planted(all_together, says="not all rows together"),
    ],
    "09.4": [
        Planted(exchanged, says="truth and map are exchanged"),
        Planted(share_kept, says="this is the share that is kept"),
        Planted(whole_rank, says="its rank minus k"),
        Planted(ranks_from_zero, says="has rank 1, not 0"),
        Planted(itself_counted, says="scikit-learn, n = 25, k = 4"),
    ],
    "09.5": [
        Planted(by_distance, says="not the distance"),
        Planted(by_product, says="divide by the lengths"),
        Planted(the_true_ones, says="these are the true ones"),
        Planted(the_torn_ones, says="these were torn away"),
        Planted(unordered, says="the nearest in the picture comes first"),
    ],
}
