"""Checks of the exercises of notebook 12: ELMo."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
    expect_type,
)


@exercise("12.1", "The mix in NumPy")
def mix_layers(answer: Answer) -> str:
    """Compare with a loop over layers and words, the softmax from SciPy."""
    from scipy.special import softmax

    rng = np.random.default_rng(12)
    for count, scores, gamma in ((3, [0.0, 2.0, -1.5], 1.7), (2, [0.5, 1.5], 0.3)):
        layers, scores = rng.normal(size=(count, 4, 6)), np.array(scores)
        got = answer(layers, scores, gamma)
        wanted = _sum(layers, softmax(scores), gamma)
        expect_shape(got, (4, 6))
        expect_not_close(
            got, _sum(layers, scores, gamma), "the scores are no weights yet: take their softmax"
        )
        expect_not_close(got, wanted / gamma, "γ is missing: multiply the sum by it")
        if scores.sum() > 0:
            expect_not_close(
                got,
                _sum(layers, scores / scores.sum(), gamma),
                "dividing scores by their sum gives no softmax: raise e to the scores first",
            )
        expect_close(got, wanted, "s_j = exp(w_j) / Σ exp(w_i), then γ Σ s_j h_j")
    with np.errstate(all="ignore"):
        got = answer(layers, np.array([1000.0, 1000.0]), 2.0)
    expect(
        np.isfinite(np.asarray(got, dtype=float)).all(),
        "scores of 1000 overflow: subtract the largest score first, which changes no weight",
    )
    expect_close(got, _sum(layers, np.array([0.5, 0.5]), 2.0), "equal scores, equal weights")
    return "three mixes agree with a loop over layers and words, scores of 1000 too"


def _sum(layers: np.ndarray, weights: np.ndarray, gamma: float) -> np.ndarray:
    total = np.zeros(layers.shape[1:])
    for weight, layer in zip(weights, layers, strict=True):
        for word, vector in enumerate(layer):
            total[word] += gamma * weight * vector
    return total


@exercise("12.2", "Layer norm without padding")
def normalize_layer(answer: Answer) -> str:
    """Compare with numbers collected one by one."""
    rng = np.random.default_rng(2)
    layer, lengths = rng.normal(3, 2, size=(3, 5, 4)), (5, 2, 1)
    mask = np.arange(5) < np.array(lengths)[:, None]
    layer = layer * mask[:, :, None]
    numbers = [
        float(x) for row, n in zip(layer, lengths, strict=True) for word in row[:n] for x in word
    ]
    mean = math.fsum(numbers) / len(numbers)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
    got = answer(layer, mask)
    expect_shape(got, (3, 5, 4))
    everywhere = (layer - layer.mean()) / layer.std()
    for wrong in (everywhere, everywhere * mask[:, :, None]):
        expect_not_close(got, wrong, "mean and deviation were taken over the padding as well")
    expect_not_close(
        got, (layer - mean) / deviation, "places without a word must be 0 in the result too"
    )
    with np.errstate(all="ignore"):
        normalized = (layer - layer.mean(2, keepdims=True)) / layer.std(2, keepdims=True)
    expect_not_close(
        np.asarray(got)[mask],
        normalized[mask],
        "each word has got a mean of its own: take one mean over all words together",
    )
    wanted = (layer - mean) / deviation * mask[:, :, None]
    sample = math.sqrt(len(numbers) / (len(numbers) - 1))
    expect_not_close(got, wanted / sample, "divide by n, not by n - 1, in the variance")
    expect_close(got, wanted, "(h - mean) / deviation over the numbers of all words")
    return "8 words of 15 places agree with sums taken number by number"


@exercise("12.3", "The sense of the nearest neighbour")
def nearest_sense(answer: Answer) -> str:
    """Compare with scikit-learn's neighbours by cosine."""
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(3)
    # Vectors of very different lengths: a dot product or a distance finds others than a cosine.
    known = rng.normal(size=(30, 6)) * rng.uniform(0.1, 9, size=(30, 1))
    new = rng.normal(size=(40, 6)) * rng.uniform(0.1, 9, size=(40, 1))
    senses = [str(name) for name in rng.choice(["river", "money", "blood"], size=30)]
    wanted = {
        metric: KNeighborsClassifier(1, metric=metric, algorithm="brute")
        .fit(known, senses)
        .predict(new)
        .tolist()
        for metric in ("cosine", "euclidean")
    }
    got = answer(known, senses, new)
    expect_type(got, (list, tuple, np.ndarray))
    got = [str(sense) for sense in got]
    expect(len(got) == 40, f"{len(got)} senses for 40 new vectors: return one for each row of new")
    by_dot = [senses[row] for row in (new @ known.T).argmax(1)]
    expect(
        got != by_dot, "these are the largest dot products: divide by the known vectors' lengths"
    )
    expect(got != wanted["euclidean"], "these are nearest by distance: take the cosine instead")
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    expect(
        got != [senses[row] for row in (new @ unit.T).argmin(1)],
        "these are the most distant ones: take the highest cosine",
    )
    agree = sum(a == b for a, b in zip(got, wanted["cosine"], strict=True))
    expect(got == wanted["cosine"], f"{agree} of 40 agree with scikit-learn's 1-nearest by cosine")
    return "40 senses agree with scikit-learn's nearest neighbour by cosine"


@exercise("12.4", "From PyTorch's gates to TensorFlow's")
def official_gates(answer: Answer) -> str:
    """Run a step as TensorFlow does, from the returned matrix, and one as the equations say."""
    rng = np.random.default_rng(4)
    size, out = 3, 2
    parts = {gate: rng.normal(size=(2, size, out)) for gate in "ifgo"}  # of the word, of the state
    given = [np.concatenate([parts[gate][k] for gate in "ifgo"]) for k in range(2)]
    got = answer(*given)
    expect(
        np.shape(got) != (4 * size, 2 * out),
        f"the result has shape {np.shape(got)}: the file keeps (in, out), transpose it",
    )
    expect_shape(got, (2 * out, 4 * size))
    x, h, c = (rng.normal(size=n) for n in (out, out, size))
    gates = {gate: both[0] @ x + both[1] @ h for gate, both in parts.items()}
    wanted = _step(*(gates[gate] for gate in "igfo"), c)
    read = np.split(np.concatenate([x, h]) @ np.asarray(got, dtype=float), 4)
    expect_not_close(
        _step(read[0], read[2], read[1], read[3], c),
        wanted,
        "the gates still stand in the order i, f, g, o; the file has i, j, f, o",
    )
    swapped = np.split(np.concatenate([h, x]) @ np.asarray(got, dtype=float), 4)
    expect_not_close(
        _step(*swapped, c), wanted, "the rows of the word come first, then those of the state"
    )
    expect_close(
        _step(*read, c),
        wanted,
        "one step of the LSTM from your matrix: quarters i, j, f, o, each (2 P, H)",
        what="the new cell",
    )
    return "one LSTM step from the returned matrix gives the same cell as the equations"


def _step(i: np.ndarray, j: np.ndarray, f: np.ndarray, o: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the new cell and the output, end to end."""
    sigma = [1 / (1 + np.exp(-gate)) for gate in (i, f + 1, o)]
    cell = sigma[1] * c + sigma[0] * np.tanh(j)
    return np.concatenate([cell, sigma[2] * np.tanh(cell)])


@exercise("12.5", "The most frequent sense")
def most_frequent_sense(answer: Answer) -> str:
    """Compare with shares counted by hand, and with counters on random pairs."""
    train = [("bank", "money")] * 3 + [("bank", "river")] * 2
    train += [("bat", "club")] + [("bat", "animal")] * 4
    test = [("bank", "river")] * 4 + [("bank", "money")] + [("bat", "animal")] * 3
    test += [("mouse", "animal")] * 3
    got = answer(train, test)
    expect_shape(got, ())
    expect_not_close(
        got, 7 / 11, "this is the most frequent sense of the test sentences: learn it in training"
    )
    expect_not_close(
        got, 4 / 8, "a word that was not in training counts as wrong: divide by all test sentences"
    )
    expect_not_close(
        got, 6 / 11, "one sense was taken for all words: each word has a most frequent one"
    )
    expect_not_close(got, 4, "this is the number right: divide by the number of test sentences")
    expect_close(got, 4 / 11, "1 of 5 for bank, 3 of 3 for bat, 0 of 3 for mouse")
    rng = np.random.default_rng(5)
    pairs = [
        (f"w{a}", f"s{a}{b}") for a, b in zip(rng.integers(6, size=301), _skewed(rng), strict=True)
    ]
    train, test = pairs[:200], pairs[200:]
    usual = {
        word: Counter(s for w, s in train if w == word).most_common(1)[0][0] for word, _ in train
    }
    right = sum(usual.get(word) == sense for word, sense in test)
    expect_close(answer(train, test), right / len(test), "301 random pairs")
    return "4 of 11 by hand, and 101 random pairs agree with a counter"


def _skewed(rng: np.random.Generator) -> np.ndarray:
    """Return 301 numbers 0, 1, 2, the first far more often: no word has a tie."""
    return rng.choice(3, size=301, p=[0.7, 0.2, 0.1])
