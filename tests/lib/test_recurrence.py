"""The written-out steps of an LSTM layer against the plain cell and finite differences."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from course_lib.bilm import BiLMOptions
from course_lib.bilm.layer import Layer, State, fast
from course_lib.bilm.recurrence import Recurrence
from course_lib.charcnn import CharCNNOptions

SIZES = [4, 4, 3, 1, 1]  # sentences that have a first word, a second one, ...


def pair(dim: int, clips: tuple[float, float], kind: torch.dtype) -> list[Layer]:
    torch.manual_seed(0)
    cnn = CharCNNOptions(projection_dim=5)
    options = BiLMOptions(cnn, dim, 5, cell_clip=clips[0], proj_clip=clips[1])
    layers = [Layer(options).to(kind) for _ in range(2)]
    for layer in layers:
        torch.nn.init.normal_(layer.bias)
    return layers


def text(dim: int, kind: torch.dtype) -> tuple[torch.Tensor, State]:
    torch.manual_seed(1)
    inputs = torch.randn(2, sum(SIZES), 5, dtype=kind, requires_grad=True)
    h = (0.1 * torch.randn(2, SIZES[0], 5, dtype=kind)).requires_grad_()
    c = (0.1 * torch.randn(2, SIZES[0], dim, dtype=kind)).requires_grad_()
    return inputs, (h, c)


def by_step(
    layers: Sequence[Layer], inputs: torch.Tensor, state: State
) -> tuple[torch.Tensor, State]:
    """Read each sentence of each direction alone, by :meth:`Layer.step`."""
    outputs = torch.zeros(2, sum(SIZES), 5, dtype=inputs.dtype)
    ends: list[list[torch.Tensor]] = [[], []]
    for d, layer in enumerate(layers):
        for row in range(SIZES[0]):
            h, c = state[0][d, row : row + 1], state[1][d, row : row + 1]
            for t, alive in enumerate(SIZES):
                if row < alive:
                    place = sum(SIZES[:t]) + row
                    h, c = layer.step(inputs[d, place : place + 1], (h, c))
                    outputs = outputs.index_put((torch.tensor(d), torch.tensor(place)), h[0])
            ends[0].append(h[0])
            ends[1].append(c[0])
    return outputs, tuple(torch.stack(end).unflatten(0, (2, -1)) for end in ends)


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)], ids=str
)
@pytest.mark.parametrize("clips", [(0.0, 0.0), (0.3, 0.1), (0.3, 0.0), (0.0, 0.1)])
@pytest.mark.parametrize("dim", [9, 5], ids=["projection", "no projection"])
def test_numbers_and_gradients_are_those_of_the_plain_cell(
    dim: int, clips: tuple[float, float], kind: torch.dtype, tolerance: float
) -> None:
    layers = pair(dim, clips, kind)
    inputs, state = text(dim, kind)
    weights = [inputs, *state, *(w for layer in layers for w in layer.parameters())]
    results = []
    for outputs, (h, c) in (by_step(layers, inputs, state), fast(layers, inputs, SIZES, state)):
        torch.manual_seed(2)
        total = sum((each * torch.randn_like(each)).sum() for each in (outputs, h, c))
        gradients = torch.autograd.grad(total, weights)
        results.append([each.detach() for each in (outputs, h, c, *gradients)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(other, one, rtol=tolerance, atol=tolerance)
    cells, outputs = results[0][2], results[0][0]
    assert not clips[0] or (cells.abs() == clips[0]).any(), "no cell was clipped"
    if clips[1] and dim != 5:
        assert (outputs.abs() == clips[1]).any() and (outputs.abs() < clips[1]).any()
    with torch.no_grad():  # where nothing is kept for the gradient
        alone, _ = fast(layers, inputs, SIZES, state)
    assert torch.equal(alone, fast(layers, inputs, SIZES, state)[0])


def test_the_gradient_is_that_of_finite_differences() -> None:
    layers = pair(6, (0.7, 0.2), torch.float64)
    _, (h, c) = text(6, torch.float64)
    u, v = (
        torch.stack([getattr(layer, name).detach() for layer in layers]).requires_grad_()
        for name in ("state_weight", "projection")
    )
    scores = torch.randn(2, sum(SIZES), 24, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, 1, 24, dtype=torch.float64, requires_grad=True)

    given = [scores, bias, u, v, h, c]

    def total(arguments: Sequence[torch.Tensor]) -> torch.Tensor:
        torch.manual_seed(2)
        scores, *others = arguments
        found = Recurrence.apply(scores.clone(), *others, SIZES, (0.7, 0.2))  # it is written over
        return sum((each * torch.randn_like(each)).sum() for each in found)

    gradients = torch.autograd.grad(total(given), given)
    for number, gradient in enumerate(gradients):
        torch.manual_seed(3)
        way = torch.randn_like(gradient)  # along which the argument is moved
        moved = [
            [x + step * way if i == number else x for i, x in enumerate(given)]
            for step in (1e-6, -1e-6)
        ]
        with torch.no_grad():
            slope = (total(moved[0]) - total(moved[1])) / 2e-6
        assert slope.item() == pytest.approx((gradient * way).sum().item(), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("kind", [torch.float64, torch.float32])
def test_at_the_bound_itself_the_gradient_is_that_of_clamp(kind: torch.dtype) -> None:
    """All weights 0 but the gate g's: c = σ(0) tanh(b); bounds at, just below and above that."""
    for step in (-1, 0, 1):
        layers = pair(5, (1.0, 0.0), kind)
        with torch.no_grad():
            for layer in layers:
                layer.bias.fill_(0.4)
                layer.input_weight.zero_()
                layer.state_weight.zero_()
            zero = torch.zeros(1, 5, dtype=kind)
            bound = layers[0].step(zero, (zero, zero))[1][0, 0]
            toward = torch.full_like(bound, step * torch.inf) if step else bound
            bound = torch.nextafter(bound, toward).item()
        found = []
        for way in ("step", "fast"):
            for layer in layers:
                layer.cell_clip = bound
                layer.zero_grad()
            zeros = torch.zeros(2, 1, 5, dtype=kind)
            if way == "step":
                h, _ = layers[0].step(zeros[0], (zeros[0], zeros[0]))
            else:
                h = fast(layers, zeros, [1], (zeros, zeros))[0][0]
            h.sum().backward()
            found.append(layers[0].bias.grad[10:15])  # of the gate g: through the cell alone
        torch.testing.assert_close(*found)
        assert (found[0] != 0).all() == (step >= 0)


def test_rows_of_distinct_words_give_what_the_words_give() -> None:
    layers = pair(9, (0.3, 0.1), torch.float64)
    _, state = text(9, torch.float64)
    distinct = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    rows = torch.randint(4, (2, sum(SIZES)))
    weights = [distinct, *(w for layer in layers for w in layer.parameters())]
    found = []
    for outputs, _ in (
        fast(layers, distinct[rows], SIZES, state),
        fast(layers, distinct, SIZES, state, rows),
    ):
        found.append([outputs, *torch.autograd.grad(outputs.square().sum(), weights)])
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


def test_a_second_gradient_of_the_same_run_is_refused() -> None:
    """The gates were written over by the first: a wrong number must not come out."""
    layers = pair(9, (0.0, 0.0), torch.float64)
    inputs, state = text(9, torch.float64)
    total = fast(layers, inputs, SIZES, state)[0].sum()
    total.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total.backward()
