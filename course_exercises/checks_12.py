"""Checks of the exercises of notebook 12 and its companion: ELMo."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from course_exercises.exercises import Answer, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_exercises.lines import assembled, expect_choice

MEANS = {
    "A": "    means[sense] = np.sum([v for v, s in zip(known, senses) if s == sense], axis=0)",
    "B": "return max(means, key=lambda sense: cosine(means[sense], new))",
    "C": "known = [v / np.linalg.norm(v) for v in known]",
    "D": "means = {}",
    "E": "return max(means, key=lambda sense: means[sense] @ new)",
    "F": "for sense in sorted(set(senses)):",
    "G": "senses = sorted(senses)",
}


@exercise("12.1", "The mix, with two faults", forbidden=("ScalarMix",))
def mix_layers(answer: Answer) -> str:
    """Compare with a loop over layers and words, the softmax from SciPy."""
    from scipy.special import softmax

    rng = np.random.default_rng(12)
    for count, scores, gamma in ((3, [0.2, 2.0, -1.5], 1.7), (2, [0.5, 1.5], 0.3)):
        layers, scores = rng.normal(size=(count, 4, 6)), np.array(scores)
        got = answer(layers, scores, gamma)
        raised, inside = np.exp(scores), np.exp(gamma * scores)
        expect_shape(got, (4, 6))
        expect_not_close(
            got,
            _sum(layers, inside / count, 1),
            "both faults are there: where does γ belong, and do the weights add up to 1?",
        )
        expect_not_close(
            got,
            _sum(layers, inside / inside.sum(), 1),
            "γ is inside the softmax: it multiplies the sum of the layers, not the scores",
        )
        for weights in (raised / count, inside / count):
            expect_not_close(
                got,
                _sum(layers, weights, gamma),
                "the weights do not add up to 1: divide by the sum of all, not by their number",
            )
        expect_not_close(
            got,
            _sum(layers, inside / inside.sum(), gamma),
            "γ stands twice: it multiplies the sum of the layers, not the scores as well",
        )
        expect_not_close(
            got, _sum(layers, scores, gamma), "the scores are no weights yet: take their softmax"
        )
        expect_not_close(
            got, _sum(layers, softmax(scores), 1), "γ is missing: multiply the sum by it"
        )
        expect_not_close(
            got,
            _sum(layers, scores / scores.sum(), gamma),
            "dividing scores by their sum gives no softmax: raise e to the scores first",
        )
        expect_close(
            got, _sum(layers, softmax(scores), gamma), "s_j = exp(w_j) / Σ exp(w_i), then γ Σ s_j h"
        )
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


@exercise("12.2", "One vector for a sentence", forbidden=("ScalarMix",))
def sentence_vectors(answer: Answer) -> str:
    """Compare with means taken word by word; places without a word hold noise."""
    from scipy.special import softmax

    rng = np.random.default_rng(2)
    layers, lengths = rng.normal(1, 2, size=(3, 4, 5, 6)), np.array([5, 2, 3, 1])
    mask, scores, gamma = np.arange(5) < lengths[:, None], np.array([0.3, -1.0, 1.2]), 1.6
    got = answer(layers, mask, scores, gamma)
    expect_shape(got, (4, 6))
    mixed = np.zeros(layers.shape[1:])  # (batch, time, D)
    for weight, layer in zip(softmax(scores), layers, strict=True):
        mixed += gamma * weight * layer
    wanted = np.stack([np.mean([*row[:n]], axis=0) for row, n in zip(mixed, lengths, strict=True)])
    kept = mixed * mask[:, :, None]
    all_words = "the mean runs over all places: leave out those without a word"
    expect_not_close(got, mixed.mean(1), all_words)
    expect_not_close(
        got, kept.mean(1), "padding is 0 now but still counted: divide by the words of the sentence"
    )
    expect_not_close(
        got,
        mixed.sum(1) / lengths[:, None],
        "you divide by the number of words, but padding is still in the sum",
    )
    expect_not_close(got, kept.sum(1), "this is the sum: divide by the words of each sentence")
    expect_not_close(
        got,
        kept.sum(1) / lengths.sum(),
        "you divide by the words of the whole batch: each sentence has its own number",
    )
    expect_not_close(got, wanted / gamma, "γ is missing")
    plain = np.tensordot(scores, layers, 1) * gamma
    plain = (plain * mask[:, :, None]).sum(1) / lengths[:, None]
    expect_not_close(got, plain, "the scores are no weights yet: take their softmax")
    even = gamma * (layers.mean(0) * mask[:, :, None]).sum(1) / lengths[:, None]
    expect_not_close(got, even, "this is the plain mean of the layers: weigh them")
    expect_not_close(got, mixed[:, 0], "this is the first word of each sentence alone")
    top = np.where(mask[:, :, None], mixed, -np.inf).max(1)
    expect_not_close(got, top, "this is the largest value over the words: take the mean")
    expect_close(got, wanted, "mix the layers, add up where the mask is 1, divide by its count")
    return "four sentences of 5, 2, 3 and 1 words agree with means taken word by word"


@exercise("12.3", "Nearest sense mean")
def order_of_means(answer: Answer) -> str:
    """Run the lines in the learner's order; the reference adds unit vectors one by one."""
    order = answer()
    program = assembled(order, MEANS, "known, senses, new, cosine, np")
    expect(
        not {"B", "E"} <= set(order.upper()),
        "both B and E are there: after the first return nothing runs. Which of the two?",
    )
    rng = np.random.default_rng(4)
    known = rng.normal(size=(30, 4)) * rng.uniform(0.1, 9, size=(30, 1))
    senses = [str(s) for s in rng.choice(["money", "river", "blood"], size=30, p=[0.6, 0.3, 0.1])]
    new = rng.normal(size=(40, 4))
    unit = [v / np.sqrt(sum(x * x for x in v)) for v in known]

    def run(vector: np.ndarray) -> str | None:
        try:
            return program(known, list(senses), vector, _cosine, np)
        except NameError as error:
            missing = str(error).split("'")[1]
            return expect(False, f"a line uses {missing!r} before any line has made it")
        except ValueError:
            return expect(False, "there is no sense to choose from: which line fills the means?")

    got = [run(vector) for vector in new]
    late = "C" in order.upper() and order.upper().index("C") > order.upper().find("A") >= 0
    expect(not late, "line C comes after the vectors were added up: too late to change the sums")
    expect(None not in got, "the function returns nothing: which line gives the answer?")
    for vectors, labels, by_length, message in (
        (known, senses, False, "long vectors count more in the sum: which line makes all alike?"),
        (unit, senses, True, "the dot product favours senses with many sentences: take the cosine"),
        (known, senses, True, "lengths count twice here: of the known vectors, and of the sums"),
        (unit, sorted(senses), False, "sorted senses no longer stand beside their own vectors"),
    ):
        means = _means(vectors, labels)
        expect(got != [_nearest(means, vector, by_length) for vector in new], message)
    wanted = [_nearest(_means(unit, senses), vector, False) for vector in new]
    agree = sum(a == b for a, b in zip(got, wanted, strict=True))
    expect(got == wanted, f"{agree} of 40 answers are those of the nearest sense mean")
    return "40 vectors find the sense whose mean is nearest, in the order of your lines"


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _means(vectors: list[np.ndarray] | np.ndarray, senses: list[str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for vector, sense in zip(vectors, senses, strict=True):
        found[sense] = found.get(sense, 0) + vector
    return dict(sorted(found.items()))


def _nearest(means: dict[str, np.ndarray], vector: np.ndarray, by_length: bool) -> str:
    compare = np.dot if by_length else _cosine
    return max(means, key=lambda sense: compare(means[sense], vector))


@exercise("12.4", "Leave one out")
def leave_one_out(answer: Answer) -> str:
    """Compare with means of the others, added up one by one."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(41, 5)) * rng.uniform(0.1, 9, size=(41, 1))
    senses = [str(s) for s in rng.choice(["river", "money", "blood"], size=40, p=[0.5, 0.35, 0.15])]
    senses.append("data")  # once
    unit = vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))

    def answers(known: np.ndarray, by_length: bool = False, keep: bool = False) -> list[str]:
        found = []
        for i, vector in enumerate(unit):
            others = [k for k in range(len(known)) if keep or k != i]
            means = _means(known[others], [senses[k] for k in others])
            if by_length:
                means = {s: m / senses.count(s) for s, m in means.items()}
            found.append(_nearest(means, vector, by_length))
        return found

    with np.errstate(all="ignore"):
        got = answer(vectors.copy(), list(senses))
    expect_type(got, (list, tuple, np.ndarray))
    got, wanted = [str(sense) for sense in got], answers(unit)
    expect(len(got) == 41, f"{len(got)} answers for 41 occurrences: return one for each")
    right = sum(a == b for a, b in zip(got, senses, strict=True))
    expect(
        got != answers(unit, keep=True),
        f"{right} of 41 come out right, too many: each vector is in the mean of its own sense",
    )
    expect(got != senses, "these are the senses that were given: answer from the means")
    expect(
        got[-1] != "data",
        "'data' occurs once: without that occurrence it has no mean, and is no answer for it",
    )
    expect(got != answers(vectors), "long vectors count more in the means: bring all to length 1")
    expect(
        got != answers(unit, by_length=True),
        "a dot product with the mean favours tight senses: divide by the length of the mean too",
    )
    near = (unit @ unit.T - 3 * np.eye(41)).argmax(1)
    expect(
        got != [senses[k] for k in near],
        "these are the senses of the nearest occurrence: compare with the mean of each sense",
    )
    far = [
        min(means, key=lambda sense: _cosine(means[sense], unit[i]))
        for i in range(41)
        for means in [_means(np.delete(unit, i, 0), senses[:i] + senses[i + 1 :])]
    ]
    expect(got != far, "these are the most distant means: take the highest cosine")
    agree = sum(a == b for a, b in zip(got, wanted, strict=True))
    expect(got == wanted, f"{agree} of 41 agree with the means of the other occurrences")
    return "41 answers agree with means of the other occurrences, a sense that occurs once too"


@exercise("12.5", "What the tables allow")
def advice(answer: Answer) -> str:
    """Expect the advice that the verdict of section 4 allows."""
    expect_choice(
        answer(),
        "C",
        {
            "A": "on CoarseWSD-20 and the sample ELMo alone is behind the static window, which "
            "holds context too: the words around.",
            "B": "the second table says the opposite for sense: layer 2 is ahead with every seed.",
            "D": "ELMo is far ahead on part of speech; sense is one question of several.",
            "E": "on bank the lead is within its spread, and on the two larger tests there is "
            "none: one panel of six was picked for its winner.",
        },
    )
    return "at sense nothing was ahead of the static window, and a claim for more needs more"


@exercise("12.6", "From PyTorch's gates to TensorFlow's")
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
    expect(
        np.shape(got) != (out, 4 * size),
        "these are the weights of one input alone: the word and the last output share a matrix",
    )
    expect_shape(got, (2 * out, 4 * size))
    x, h, c = (rng.normal(size=n) for n in (out, out, size))
    gates = {gate: both[0] @ x + both[1] @ h for gate, both in parts.items()}
    wanted = _step(*(gates[gate] for gate in "igfo"), c)
    for rows in ([x, h], [h, x]):
        read = np.split(np.concatenate(rows) @ np.asarray(got, dtype=float), 4)
        for stands in permutations("ifgo"):
            if not np.allclose(read, [gates[gate] for gate in stands]):
                continue
            expect(
                stands == tuple("igfo"),
                f"the gates stand in the order {', '.join(stands).replace('g', 'g (= j)')}; the "
                "file has i, j, f, o",
            )
            expect(rows[0] is x, "the rows of the word come first, then those of the state")
    mixed = np.concatenate([np.concatenate(parts[g], axis=1) for g in "igfo"])
    expect_not_close(
        got,
        mixed.reshape(2 * out, 4 * size),
        "reshape deals the numbers out anew: transpose the matrix instead",
    )
    read = np.split(np.concatenate([x, h]) @ np.asarray(got, dtype=float), 4)
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
