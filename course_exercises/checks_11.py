"""Checks of the exercises of notebook 11: language models."""

from __future__ import annotations

from itertools import pairwise
from math import exp, tanh
from typing import Any

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


@exercise("11.2", "How many words stand in front?")
def continuation(answer: Answer) -> str:
    """Compare with the unigram level of NLTK's Kneser-Ney."""
    lines = ("San Francisco is far", "San Francisco is near", "a far bay is near San Francisco")
    sentences = [line.split() for line in lines]
    reference = _nltk_bigrams(sentences)
    got = answer([list(sentence) for sentence in sentences])
    expect_type(got, dict)
    words = {word for sentence in sentences for word in sentence} | {"</S>"}
    expect("<S>" not in got, "<S> is in the result: nothing stands before it, and it never comes")
    expect("</S>" in got, "</S> is missing: the end of a sentence has to be predicted too")
    expect_equal(sorted(got), sorted(words), "one probability for each word", what="its words")
    order = sorted(words)
    found = [got[word] for word in order]
    pairs = [pair for s in sentences for pair in pairwise(["<S>", *s, "</S>"])]
    expect_not_close(
        found,
        [sum(w == word for _, w in pairs) / len(pairs) for word in order],
        "these are shares of all occurrences: count each pair once, however often it occurs",
    )
    kinds = set(pairs)
    expect_not_close(
        found,
        [sum(u == word for u, _ in kinds) / len(kinds) for word in order],
        "count the different words before a word, not after it",
    )
    expect_not_close(
        found,
        [sum(w == word for _, w in kinds) for word in order],
        "these are counts: divide by the number of different pairs",
    )
    wanted = [reference.score(word) for word in order]
    expect_close(found, wanted, f"different pairs that end in the word, of {len(kinds)}; {order}")
    return f"{len(order)} words agree with the lowest level of NLTK's Kneser-Ney"


def _nltk_bigrams(sentences: list[list[str]]) -> Any:
    from nltk.lm import KneserNeyInterpolated

    model = KneserNeyInterpolated(2, discount=0.75)
    marked = [["<S>", *sentence, "</S>"] for sentence in sentences]
    text = [[*((w,) for w in words[1:]), *pairwise(words)] for words in marked]
    model.fit(text, [word for words in marked for word in words])
    return model


@exercise("11.3", "A step with projection and clips")
def projected_step(answer: Answer) -> str:
    """Compare with PyTorch's LSTM without clips, and with plain loops with them."""
    rng = np.random.default_rng(113)
    size, out = 5, 3
    W, U = rng.normal(size=(2, 4 * size, out))
    b, V_P = rng.normal(size=4 * size), rng.normal(size=(out, size))
    x, h = rng.normal(size=(2, out))
    c = 2 * rng.normal(size=size)
    for bounds in ((0.6, 0.3), (0.6, 1e9), (1e9, 1e9)):
        case = f"with cell_clip {bounds[0]:g} and proj_clip {bounds[1]:g}: "
        got = answer(x, h, c, W, U, b, V_P, *bounds)
        expect_type(got, (tuple, list))
        expect(len(got) == 2, f"{len(got)} results; wanted two, the output and the cell")
        expect(
            np.shape(got[0]) != (size,) or np.shape(got[1]) != (out,),
            "the two results are exchanged: first the output, then the cell",
        )
        expect(
            np.shape(got[0]) != (size,),
            f"the output has {size} numbers like the cell: the projection V_P is missing",
        )
        expect_shape(got[0], (out,), "the output")
        expect_shape(got[1], (size,), "the cell")
        _name_mistakes(got, x, h, c, W, U, b, V_P, *bounds, case)
        wanted_h, wanted_c = _by_loops(x, h, c, W, U, b, V_P, *bounds)
        expect_close(got[1], wanted_c, f"{case}see section 4", what="the cell")
        expect_close(got[0], wanted_h, f"{case}see section 4", what="the output")
    reference = _by_pytorch(x, h, c, W, U, b, V_P)
    for answered, wanted, what in zip(got, reference, ("the output", "the cell"), strict=True):
        expect_close(answered, wanted, "PyTorch's LSTM without clips", tolerance=1e-5, what=what)
    return "steps with and without clips agree with plain loops and with PyTorch's LSTM"


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
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    V_P: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    import torch

    size, out = len(c), len(x)
    lstm = torch.nn.LSTM(out, size, proj_size=out).double()
    one = np.zeros(4 * size)
    one[size : 2 * size] = 1.0
    weights = (W, U, b, one, V_P)
    with torch.no_grad():
        for mine, given in zip(lstm.parameters(), weights, strict=True):
            mine.copy_(torch.from_numpy(given))
        rows = [torch.from_numpy(values)[None] for values in (x, h, c)]
        _, (new_h, new_c) = lstm(rows[0], (rows[1], rows[2]))
    return new_h[0].numpy(), new_c[0].numpy()


def _name_mistakes(
    got: Any,
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    V_P: np.ndarray,
    cell_clip: float,
    proj_clip: float,
    case: str,
) -> None:
    given = (x, h, c, W, U, b, V_P)
    free_h, free_c = _by_loops(*given, 1e9, 1e9)
    right_h, right_c = _by_loops(*given, cell_clip, proj_clip)
    _, unbiased = _by_loops(*given, cell_clip, proj_clip, forget_bias=0.0)
    expect_not_close(got[1], unbiased, f"{case}the forget bias is missing: σ(f + 1)")
    rows = np.arange(len(b)).reshape(4, -1)[[0, 2, 1, 3]].ravel()
    _, swapped = _by_loops(x, h, c, W[rows], U[rows], b[rows], V_P, cell_clip, proj_clip)
    expect_not_close(got[1], swapped, f"{case}the order is i, f, g, o: f before g")
    if not np.allclose(free_c, right_c):
        expect_not_close(got[1], free_c, f"{case}the cell is not clipped")
        late = np.clip(free_h, -proj_clip, proj_clip)
        expect_not_close(
            got[0], late, f"{case}the output shows the cell before the clip: clip the cell first"
        )
    unclipped, _ = _by_loops(*given, cell_clip, 1e9)
    if not np.allclose(unclipped, right_h):
        expect_not_close(got[0], unclipped, f"{case}the output is not clipped")
    expect_not_close(
        got[0],
        np.clip(V_P @ right_c, -proj_clip, proj_clip),
        f"{case}the output gate is missing: project σ(o) · tanh of the cell",
    )


@exercise("11.4", "Who sees whom?")
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


@exercise("11.5", "Clip the gradient")
def clip_gradients(answer: Answer) -> str:
    """Compare with PyTorch's clip_grad_norm_."""
    import torch

    rng = np.random.default_rng(115)
    shapes = ((3, 2), (4,), (2, 2, 2))
    for scale, bound in ((5.0, 1.0), (0.01, 1.0), (2.0, 3.5)):
        given = [scale * rng.normal(size=shape) for shape in shapes]
        weights = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
        for weight, gradient in zip(weights, given, strict=True):
            weight.grad = torch.from_numpy(gradient.copy())
        norm = float(torch.nn.utils.clip_grad_norm_(weights, bound))
        got = answer([gradient.copy() for gradient in given], bound)
        expect_type(got, (list, tuple))
        expect(len(got) == len(given), f"{len(got)} arrays; wanted {len(given)}, one for each")
        for mine, shape in zip(got, shapes, strict=True):
            expect_shape(mine, shape, "an array of the result")
        case = f"norm {norm:.3g}, bound {bound:g}: "
        flat, before = _joined(got), _joined(given)
        expect_not_close(
            flat,
            np.clip(before, -bound, bound) if norm > bound else before * np.nan,
            f"{case}scale the whole vector; clipping each number changes its direction",
        )
        alone = [g * min(1, bound / np.linalg.norm(g)) for g in given]
        wanted = np.concatenate([weight.grad.numpy().ravel() for weight in weights])
        if not np.allclose(_joined(alone), wanted):
            expect_not_close(
                flat, _joined(alone), f"{case}one norm of all arrays together, not one for each"
            )
        if norm < bound:
            expect_not_close(
                flat, before * bound / norm, f"{case}a gradient within the bound stays as it is"
            )
        expect_close(flat, wanted, f"{case}min(1, bound / norm) times each array", tolerance=1e-5)
    zero = answer([np.zeros(3)], 1.0)
    expect_close(zero[0], np.zeros(3), "a gradient of zeros has norm 0 and stays zero")
    return "long and short gradients agree with PyTorch's clip_grad_norm_"


def _joined(arrays: Any) -> np.ndarray:
    return np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])
