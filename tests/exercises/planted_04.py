"""Plausible mistakes in the exercises of notebook 04, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from exercises.planted import Planted

# 04.1


def weights_only(word_counts, power=0.75):
    return np.asarray(word_counts, dtype=float) ** power


def unigram(word_counts, power=0.75):
    return np.asarray(word_counts) / np.sum(word_counts)


def power_of_shares(word_counts, power=0.75):
    return (np.asarray(word_counts) / np.sum(word_counts)) ** power


def power_ignored(word_counts, power=0.75):
    weights = np.asarray(word_counts, dtype=float) ** 0.75
    return weights / weights.sum()


# 04.2


def rule_of_the_paper(word_counts, sample):
    share = np.asarray(word_counts) / np.sum(word_counts)
    return np.minimum(1.0, np.sqrt(sample / share))


def chance_dropped(word_counts, sample):
    share = np.asarray(word_counts) / np.sum(word_counts)
    return 1 - np.minimum(1.0, np.sqrt(sample / share) + sample / share)


def above_1(word_counts, sample):
    share = np.asarray(word_counts) / np.sum(word_counts)
    return np.sqrt(sample / share) + sample / share


def counts_for_shares(word_counts, sample):
    counts = np.asarray(word_counts)
    return np.minimum(1.0, np.sqrt(sample / counts) + sample / counts)


# 04.3


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


# 04.4


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


def two_gradients(center, context, noise_rows):
    return center_without_noise(center, context, noise_rows)[:2]


def own_vector(center, context, noise_rows):
    positive, negative = expit(context @ center) - 1, expit(noise_rows @ center)
    by_center = positive * context + negative @ noise_rows
    return by_center, positive * context, negative[:, None] * noise_rows


# 04.5


def uniform(probabilities, n, rng):
    return rng.integers(len(probabilities), size=n)


def one_too_low(probabilities, n, rng):
    return np.searchsorted(np.cumsum(probabilities), rng.random(n), side="right") - 1


def of_possible_words(probabilities, n, rng):
    return rng.choice(np.flatnonzero(probabilities), size=n)


def one_too_high(probabilities, n, rng):
    return np.searchsorted(np.cumsum(probabilities), rng.random(n), side="right") + 1


def own_seed(probabilities, n, rng):
    return np.random.default_rng().choice(len(probabilities), size=n, p=probabilities)


PLANTED = {
    "04.1": [
        Planted(weights_only, says="divide them by their sum"),
        Planted(unigram, says="use `power`"),
        Planted(power_of_shares, says="they no longer sum to 1"),
        Planted(power_ignored, says="power 0 makes every word equally likely"),
    ],
    "04.2": [
        Planted(rule_of_the_paper, says="this is the rule of the paper"),
        Planted(chance_dropped, says="this is the chance of being dropped"),
        Planted(above_1, says="a chance cannot be above 1"),
        Planted(counts_for_shares, says="f is the share of the text"),
    ],
    "04.3": [
        Planted(noise_as_neighbors, says="noise pairs have label 0"),
        Planted(noise_averaged, says="added up, not averaged"),
        Planted(maximized, says="this is what the paper maximises"),
        Planted(overflowing, says="scores of 800 give no finite loss"),
    ],
    "04.4": [
        Planted(steps, says="this is the step"),
        Planted(center_without_noise, says="a share from every noise word"),
        Planted(noise_with_label_1, says="noise words have label 0"),
        Planted(two_gradients, says="2 results; wanted three gradients"),
        Planted(own_vector, says="(σ(x) - label) times the other vector"),
    ],
    "04.5": [
        Planted(uniform, says="the ids must follow `probabilities`"),
        Planted(one_too_low, says="one too low"),
        Planted(one_too_high, says="the largest id is 7"),
        Planted(of_possible_words, says="do not fit (chi-square test"),
        Planted(own_seed, says="the same seed gave other words"),
    ],
}
