"""Checks of the exercises of notebook 11: language models."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, tanh
from typing import Any

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


@exercise("11.1", "Perplexity")
def perplexity_of(answer: Answer) -> str:
    """Compare with one over SciPy's geometric mean, and with closed forms."""
    from scipy.stats import gmean

    rng = np.random.default_rng(11)
    given = rng.uniform(0.01, 0.9, size=6)
    got = answer(given)
    expect_shape(got, ())
    surprise = -np.log(given)
    expect_not_close(got, surprise.mean(), "this is the cross-entropy: take exp of it")
    expect_not_close(got, np.exp(surprise.sum()), "divide by the number of words: take the mean")
    expect_not_close(
        got, 1 / given.mean(), "take the mean of the logarithms, not of the probabilities"
    )
    expect_not_close(
        got, np.exp(-np.log2(given).mean()), "the bases differ: log2 goes with 2 to the power"
    )
    expect_close(got, 1 / gmean(given), "exp of the mean of -ln p")
    expect_close(
        answer(np.full(7, 1 / 2000)), 2000.0, "all words alike: the size of the vocabulary"
    )
    long = answer(np.full(20_000, 0.1))
    expect(
        np.isfinite(np.asarray(long, dtype=float)),
        "for 20,000 words the product of the probabilities is 0: add up logarithms instead",
    )
    expect_close(long, 10.0, "20,000 words of probability 0.1")
    return "random, equal and 20,000 probabilities agree with SciPy's geometric mean"


@exercise("11.2", "Who sees whom?")
def sees(answer: Answer) -> str:
    """Try it on networks whose dependences are known by construction."""
    time, size = 5, 3
    vectors = np.random.default_rng(114).normal(size=(time, size))

    def past(values: np.ndarray) -> np.ndarray:
        return np.tanh(0.3 * np.cumsum(values, axis=0))

    def future(values: np.ndarray) -> np.ndarray:
        return np.tanh(0.3 * np.cumsum(values[::-1], axis=0)[::-1])

    def next_only(values: np.ndarray) -> np.ndarray:
        shifted = np.vstack([values[1:], np.zeros((1, size))])
        return np.hstack([np.ones((time, 1)), shifted])  # the first number never changes

    def nothing(values: np.ndarray) -> np.ndarray:
        return np.ones((time, 2)) + 0 * values[:, :2]

    below = np.tril(np.ones((time, time), dtype=bool))
    cases = {
        "reads the words up to t": (past, below),
        "reads the words from t on": (future, below.T),
        "reads the next word only": (next_only, np.eye(time, k=1, dtype=bool)),
        "reads nothing": (nothing, np.zeros((time, time), dtype=bool)),
        "reads both sides in two layers": (lambda v: future(past(v)), np.ones((time, time), bool)),
    }
    for name, (network, wanted) in cases.items():
        got = answer(network, vectors.copy())
        expect_shape(got, (time, time))
        found = np.asarray(got)
        expect(
            set(np.unique(found).tolist()) <= {0, 1},
            f"the result holds {found.ravel()[0]!r}: wanted True or False",
        )
        found = found.astype(bool)
        right = np.array_equal(found, wanted)
        expect(
            right or not np.array_equal(found, wanted.T),
            "the table is turned: rows are outputs, columns are inputs",
        )
        expect(
            right or network is not next_only or found.any(),
            "an output may depend on a word in any of its numbers, not only in the first",
        )
        expect(
            right or network is not past or not np.array_equal(found, np.eye(time, dtype=bool)),
            "look at all outputs, not only at the one of the changed word",
        )
        expect(
            right or network is not nothing,
            "a network that reads nothing depends on nothing: compare the outputs, not the inputs",
        )
        expect(
            right,
            f"a network that {name} gives\n{wanted.astype(int)}\nand the result is\n"
            f"{found.astype(int)}",
        )
    return "five networks whose dependences are known give the right tables"


@exercise("11.3", "A backward half that peeks")
def contexts(answer: Answer) -> str:
    """Let each model give the words it has read; none may have read the word itself."""
    time = 5
    forward = np.tril(np.ones((time, time)))  # row t: a 1 for each word that was read
    backward = forward.T
    got = answer(forward.copy(), backward.copy())
    expect_type(got, (tuple, list))
    expect(len(got) == 2, f"{len(got)} results; wanted two, from the left and from the right")
    for each, what in zip(got, ("from the left", "from the right"), strict=True):
        expect_shape(each, (time, time), what)
    left, right = (np.asarray(each, dtype=float) for each in got)
    expect(
        not np.array_equal(left, np.tri(time, k=-1).T) or np.array_equal(left, right),
        "the two results are exchanged: first from the left, then from the right",
    )
    expect(
        not np.array_equal(right[1:], backward[:-1]),
        "what the backward model gave at word t - 1 has read word t as well: move it the other way",
    )
    for each, what in ((left, "forward"), (right, "backward")):
        peeked = [t for t in range(time) if each[t, t]]
        expect(
            not peeked,
            f"the {what} half has read word {peeked[:1]} before it predicts it: that is the leak",
        )
    expect(
        not right[:-1].any() or right[0].sum() == time - 1,
        "the backward half may use all words after the target: at word t, what it gave at t + 1",
    )
    expect(
        right.any(),
        "the backward half has read nothing anywhere: give it what it gave at word t + 1",
    )
    expect_close(left, np.tri(time, k=-1), "at word t, what was given at t - 1", what="left")
    expect_close(right, np.tri(time, k=-1).T, "at word t, what was given at t + 1", what="right")
    rng = np.random.default_rng(1103)
    forward, backward = rng.normal(size=(2, 4, 3))
    left, right = answer(forward.copy(), backward.copy())
    for t in range(4):
        before = forward[t - 1] if t else np.zeros(3)
        after = backward[t + 1] if t < 3 else np.zeros(3)
        expect_close(left[t], before, f"word {t} of 4", what="from the left")
        expect_close(right[t], after, f"word {t} of 4", what="from the right")
    return "no word is read before it is predicted, in either direction"


LINES = {
    "A": "    h, c = step(x, h, c)",
    "B": "return outputs",
    "C": "for x in reversed(vectors):",
    "D": "outputs = []",
    "E": "return outputs[::-1]",
    "F": "    outputs.append(h)",
    "G": "for x in vectors:",
}


@exercise("11.4", "Read from the end")
def order_of_backward(answer: Answer) -> str:
    """Run the lines with a step that notes what it has read."""
    layer = assembled(answer(), LINES, "vectors, step, h, c")
    try:
        got = layer(["the", "dog", "barks"], lambda x, h, c: ([*h, x], c), [], [])
    except NameError:
        expect(False, "outputs is used before it has a value: where does the list begin?")
    expect(got is not None, "nothing is returned: one line with return, after the loop")
    expect(len(got) == 3, f"{len(got)} outputs for three words: is it collected in the loop?")
    wanted = [["barks", "dog", "the"], ["barks", "dog"], ["barks"]]
    expect(
        got != wanted[::-1],
        "the outputs are in the order of reading: turn them back to the order of the text",
    )
    expect(
        ["the"] not in got,
        "it reads from the left: a backward layer takes the last word first",
    )
    expect([] not in got, "an output is noted before its word is read: first the step")
    expect(got == wanted, f"for the, dog, barks it has read {got}; wanted {wanted}")
    return "three words, read from the end and given in the order of the text"


@exercise("11.5", "The backward half")
def backward_stack(answer: Answer) -> str:
    """Compare with plain loops, and one layer without clips with PyTorch's LSTM."""
    rng = np.random.default_rng(115)
    size, out, time = 5, 3, 4
    layers = [
        (
            *rng.normal(size=(2, 4 * size, out)),
            rng.normal(size=4 * size),
            rng.normal(size=(out, size)),
        )
        for _ in range(3)
    ]
    vectors = rng.normal(size=(time, out))
    for number, bounds in ((1, (1e9, 1e9)), (1, (0.6, 0.3)), (3, (0.6, 0.3))):
        case = f"{number} layer(s), cell_clip {bounds[0]:g} and proj_clip {bounds[1]:g}: "
        given = (vectors, layers[:number], *bounds)
        got = answer(vectors.copy(), layers[:number], *bounds)
        expect(
            np.shape(got) != (time, out),
            f"{case}give the output of every layer, (layers, T, P), not of the last one alone",
        )
        expect_shape(got, (number, time, out))
        wanted = _stack(*given)
        _name_mistakes(np.asarray(got), given, wanted, case)
        expect_close(
            got, wanted, f"{case}see section 4, and compare one step with its cell by hand"
        )
    free = answer(vectors.copy(), layers[:1], 1e9, 1e9)
    expect_close(
        free[0], _by_pytorch(vectors, *layers[0]), "PyTorch's LSTM without clips", tolerance=1e-5
    )
    return "one layer and three agree with plain loops, and without clips with PyTorch's LSTM"


def _stack(
    vectors: np.ndarray,
    layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    cell_clip: float,
    proj_clip: float,
    *,
    fault: str = "",
) -> np.ndarray:
    """Compute the layers by plain loops, right or with a named fault."""
    inputs, found = vectors, []
    for number, (W, U, b, V_P) in enumerate(layers):
        h, c, outputs = np.zeros(len(V_P)), np.zeros(V_P.shape[1]), []
        rows = np.arange(len(b))
        if fault == "order":
            rows = rows.reshape(4, -1)[[0, 2, 1, 3]].ravel()
        bounds = 1e9 if fault == "cell" else cell_clip, 1e9 if fault == "output" else proj_clip
        for x in inputs if fault == "left" else inputs[::-1]:
            if fault == "state":
                h, c = np.zeros(len(V_P)), np.zeros(V_P.shape[1])
            bias = 0.0 if fault == "forget" else 1.0
            by_loops = _by_loops(x, h, c, W[rows], U[rows], b[rows], V_P, *bounds, bias)
            h, c = (np.array(each) for each in by_loops)
            outputs.append(h + x if fault == "inside" and number else h)
            h = outputs[-1] if fault == "inside" else h
        turned = outputs if fault in ("left", "turned") else outputs[::-1]
        skip = fault == "first" or (number > 0 and fault not in ("skip", "inside"))
        inputs = np.array(turned) + (inputs if skip else 0.0)
        found.append(inputs)
    return np.array(found)


def _name_mistakes(got: np.ndarray, given: tuple[Any, ...], wanted: np.ndarray, case: str) -> None:
    """Say which step is missing, where the answer equals that of a known fault."""
    said = {
        "left": "it reads from the left: the backward half takes the last word first",
        "turned": "the outputs are in the order of reading: turn them back to that of the text",
        "forget": "the forget bias is missing: σ(f + 1)",
        "order": "the order is i, f, g, o: f before g",
        "cell": "the cell is not clipped",
        "output": "the output is not clipped",
        "state": "h and c begin at zeros in each sentence, not at each word",
        "first": "the first layer has no skip connection: its input is not added",
        "skip": "the skip connection is missing: from layer 2 on the input is added",
        "inside": "what goes back into the gates is h without the input that is added to it",
    }
    for fault, message in said.items():
        faulty = _stack(*given, fault=fault)
        if not np.allclose(faulty, wanted):
            expect_not_close(got, faulty, f"{case}{message}")


def _by_loops(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    V_P: np.ndarray,
    cell_clip: float,
    proj_clip: float,
    forget_bias: float = 1.0,
) -> tuple[list[float], list[float]]:
    """One number after the other, with nothing but Python's arithmetic."""
    size, out = len(c), len(x)
    scores = [
        sum(W[row, k] * x[k] + U[row, k] * h[k] for k in range(out)) + b[row]
        for row in range(4 * size)
    ]
    cell, shown = [], []
    for n in range(size):
        i, f, g, o = (scores[n + gate * size] for gate in range(4))
        value = c[n] / (1 + exp(-f - forget_bias)) + tanh(g) / (1 + exp(-i))
        cell.append(float(min(max(value, -cell_clip), cell_clip)))
        shown.append(tanh(cell[-1]) / (1 + exp(-o)))
    output = [sum(V_P[p, n] * shown[n] for n in range(size)) for p in range(out)]
    return [float(min(max(value, -proj_clip), proj_clip)) for value in output], cell


def _by_pytorch(
    vectors: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray, V_P: np.ndarray
) -> np.ndarray:
    """One layer without clips, from the end of the sentence."""
    import torch

    size = V_P.shape[1]
    lstm = torch.nn.LSTM(len(V_P), size, proj_size=len(V_P)).double()
    one = np.zeros(4 * size)
    one[size : 2 * size] = 1.0
    with torch.no_grad():
        for mine, given in zip(lstm.parameters(), (W, U, b, one, V_P), strict=True):
            mine.copy_(torch.from_numpy(given))
        return lstm(torch.from_numpy(vectors[::-1].copy()))[0].numpy()[::-1]


@exercise("11.6", "What may one conclude?")
def allowed(answer: Answer) -> str:
    """One of four sentences about a table."""
    said = {
        "A": "it is one model. With fewer answers more words are <UNK>, which is easy to predict: "
        "perplexities of different answers may not be compared.",
        "C": "the paragraph above says it: our biLM read 60,000 words and stands near 50, where "
        "Kneser-Ney stands from the same text.",
        "D": "look at the other rows: with 20,002 answers backward is the larger one, and it is "
        "one text of 1,992 words.",
    }
    expect_choice(answer(), "B", said)
    return "the same words, answers and training text, so the two rows may be compared"
