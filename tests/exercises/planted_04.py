"""Plausible mistakes in the exercises of notebook 04, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from exercises.planted import Planted

# 04.1


def noise_as_neighbors(center, context, noise_rows):
    return np.logaddexp(0, -(context @ center)) + np.logaddexp(0, -noise_rows @ center).sum()


def noise_averaged(center, context, noise_rows):
    return np.logaddexp(0, -(context @ center)) + np.logaddexp(0, noise_rows @ center).mean()


def maximized(center, context, noise_rows):
    return -np.logaddexp(0, -(context @ center)) - np.logaddexp(0, noise_rows @ center).sum()


def overflowing(center, context, noise_rows):
    with np.errstate(divide="ignore"):
        pull = -np.log(expit(context @ center))
        return pull - np.log(1 - expit(noise_rows @ center)).sum()


# 04.2


def steps(center, context, noise_rows):
    positive, negative = 1 - expit(context @ center), -expit(noise_rows @ center)
    by_center = positive * context + negative @ noise_rows
    return by_center, positive * center, np.outer(negative, center)


def center_without_noise(center, context, noise_rows):
    positive, negative = expit(context @ center) - 1, expit(noise_rows @ center)
    return positive * context, positive * center, np.outer(negative, center)


def noise_with_label_1(center, context, noise_rows):
    positive, negative = expit(context @ center) - 1, expit(noise_rows @ center) - 1
    by_center = positive * context + negative @ noise_rows
    return by_center, positive * center, np.outer(negative, center)


def as_given(center, context, noise_rows):
    positive, negative = expit(context @ center) - 1, expit(noise_rows @ center) - 1
    return positive * context, positive * center, np.outer(negative, center)


def two_gradients(center, context, noise_rows):
    return center_without_noise(center, context, noise_rows)[:2]


def own_vector(center, context, noise_rows):
    positive, negative = expit(context @ center) - 1, expit(noise_rows @ center)
    by_center = positive * context + negative @ noise_rows
    return by_center, positive * context, negative[:, None] * noise_rows


# 04.3


def nothing_learned():
    return "A"


def never_taught():
    return "B"


# 04.4


def compared_too_early():
    return "ADEBF"


def closed_on_the_right():
    return "ADFCB"


def no_start():
    return "DFEB"


def start_in_the_loop():
    return "DAFEB"


def no_return():
    return "ADFB"


def nothing_returned():
    return "ADF"


# 04.5


def uniform(weights, n, rng):
    return (rng.random(n) * len(weights)).astype(int)


def one_too_low(weights, n, rng):
    ends = np.cumsum(weights)
    return np.searchsorted(ends, rng.random(n) * ends[-1], side="right") - 1


def of_possible_words(weights, n, rng):
    possible = np.flatnonzero(weights)
    return possible[(rng.random(n) * len(possible)).astype(int)]


def one_too_high(weights, n, rng):
    ends = np.cumsum(weights)
    return np.searchsorted(ends, rng.random(n) * ends[-1], side="right") + 1


def own_seed(weights, n, rng):
    ends = np.cumsum(weights)
    return np.searchsorted(ends, np.random.default_rng().random(n) * ends[-1], side="right")


def by_choice(weights, n, rng):
    return rng.choice(len(weights), size=n, p=weights / weights.sum())


def as_probabilities(weights, n, rng):
    return np.searchsorted(np.cumsum(weights), rng.random(n), side="right")


def left_side(weights, n, rng):
    ends = np.cumsum(weights)
    return np.searchsorted(ends, rng.random(n) * ends[-1])


def divided_and_unclipped(weights, n, rng):
    return np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(n), side="right")


def divided_and_clipped(weights, n, rng):
    return divided_and_unclipped(weights, n, rng).clip(max=len(weights) - 1)


# 04.6


def counting_is_beaten():
    return "A"


def wide_window():
    return "C"


def more_epochs():
    return "D"


# 04.7


def unshifted(pair_counts, noise, k):
    with np.errstate(divide="ignore"):
        return np.log(pair_counts / pair_counts.sum(axis=1, keepdims=True) / noise)


def shifted_up(pair_counts, noise, k):
    return unshifted(pair_counts, noise, k) + np.log(k)


def of_all_pairs(pair_counts, noise, k):
    with np.errstate(divide="ignore"):
        return np.log(pair_counts / pair_counts.sum() / noise / k)


def never_met_as_0(pair_counts, noise, k):
    scores = unshifted(pair_counts, noise, k) - np.log(k)
    return np.where(pair_counts > 0, scores, 0)


PLANTED = {
    "04.1": [
        Planted(noise_as_neighbors, says="noise pairs have label 0"),
        Planted(noise_averaged, says="added up, not averaged"),
        Planted(maximized, says="this is what the paper maximises"),
        Planted(overflowing, says="scores of 800 give no finite loss"),
    ],
    "04.2": [
        Planted(as_given, says="both faults are there"),
        Planted(steps, says="this is the step"),
        Planted(center_without_noise, says="a share from every noise word"),
        Planted(noise_with_label_1, says="noise words have label 0"),
        Planted(two_gradients, says="2 results; wanted three gradients"),
        Planted(own_vector, says="(σ(z) - label) times the other vector"),
    ],
    "04.3": [
        Planted(nothing_learned, says="they start at log 2 and do not stay there"),
        Planted(never_taught, says="½ would be a score of 0"),
    ],
    "04.4": [
        Planted(compared_too_early, says="must be added before it is compared"),
        Planted(closed_on_the_right, says="the piece that begins there has the point"),
        Planted(no_start, says="used before it has a value"),
        Planted(start_in_the_loop, says="expected an indented block"),
        Planted(no_return, says="unexpected indent"),
        Planted(nothing_returned, says="Without a return"),
    ],
    "04.5": [
        Planted(uniform, says="the ids must follow `weights`"),
        Planted(one_too_low, says="one too low"),
        Planted(one_too_high, says="the largest id is 7"),
        Planted(of_possible_words, says="do not fit (chi-square test"),
        Planted(own_seed, says="the same seed gave other words"),
        Planted(by_choice, says="it uses choice, and the exercise is to write out"),
        Planted(as_probabilities, says="the weights add up to 8"),
        Planted(left_side, says="look at `side` of np.searchsorted"),
        Planted(divided_and_unclipped, says="gave id 11"),
        Planted(divided_and_clipped, says="gave id 10"),
    ],
    "04.6": [
        Planted(counting_is_beaten, says="is it behind there?"),
        Planted(wide_window, says="changed together"),
        Planted(more_epochs, says="had as many epochs"),
    ],
    "04.7": [
        Planted(unshifted, says="shift it down by log k"),
        Planted(shifted_up, says="taken away, not added"),
        Planted(of_all_pairs, says="not by all pairs"),
        Planted(never_met_as_0, says="has the score -inf"),
    ],
}
