"""The time steps of an LSTM layer as an autograd function with a hand-written gradient.

Symbols: D directions, B batch size, T words of the longest sentence, N words of the batch,
P size of a layer's output, H cell size.

Words are *packed* as in ``torch.nn.utils.rnn.PackedSequence``: the first words of all sentences,
the longest sentence first, then the second words, and so on. ``sizes[t]`` is the number of
sentences with a word t, and never rises.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch.autograd.function import FunctionCtx, once_differentiable

_sigmoid_backward = torch.ops.aten.sigmoid_backward  # (dy, y) to dy y (1 - y)
_tanh_backward = torch.ops.aten.tanh_backward  # (dy, y) to dy (1 - y²)
# (dy, x, low, high) to dy where low < x < high
_hardtanh_backward = torch.ops.aten.hardtanh_backward


class Recurrence(torch.autograd.Function):
    """The time steps of an LSTM with projection and clipping, in all directions at once.

    Outputs and gradients equal those of :meth:`course_lib.bilm.layer.Layer.step`. It is faster
    than autograd on that: tensors are preallocated, the gradients of the gates overwrite the
    gates, and a weight's gradient is one matrix product over all words, not a sum of T.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        scores: torch.Tensor,
        bias: torch.Tensor | None,
        state_weight: torch.Tensor,
        projection: torch.Tensor | None,
        h: torch.Tensor,
        c: torch.Tensor,
        sizes: Sequence[int],
        clips: tuple[float, float],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Read all words.

        Parameters
        ----------
        scores : torch.Tensor, (D, N, 4 H)
            W x of each word, gates i, f, g, o. It is written over: nothing else may need it.
        bias : torch.Tensor, (D, 1, 4 H), optional
            b, where it is not in the scores already.
        state_weight : torch.Tensor, (D, 4 H, P)
            U.
        projection : torch.Tensor, (D, P, H), optional
            V; without it P = H.
        h, c : torch.Tensor, (D, B, P) and (D, B, H)
            The state before the first words.
        sizes : sequence of int, (T,)
            How many sentences have a first word, a second one, ...
        clips : (float, float)
            Bounds of c and of h; 0 means none.

        Returns
        -------
        torch.Tensor, (D, N, P)
            h after each word.
        torch.Tensor, (D, B, P)
            h after the last word of each sentence.
        torch.Tensor, (D, B, H)
            c likewise.
        """
        first_h, first_c, h, c = h, c, h.clone(), c.clone()
        size, words_all, keep = c.shape[2], scores.shape[1], any(ctx.needs_input_grad)
        outputs = scores.new_empty(len(c), words_all, h.shape[2])  # h, not yet clipped
        # c, not yet clipped, and what is projected; the gradient alone needs them
        cells, hidden = scores.new_empty(2, len(c), words_all if keep else 0, size)
        for words, alive in _steps(sizes):
            gates, now = scores[:, words].baddbmm_(h[:, :alive], state_weight.mT), c[:, :alive]
            if bias is not None:
                gates.add_(bias)
            i, f, g, o = gates.chunk(4, 2)  # (D, alive, H) each
            gates[..., : 2 * size].sigmoid_()
            now.mul_(f).addcmul_(i, g.tanh_())
            if keep:
                cells[:, words] = now
            if clips[0]:
                now.clamp_(-clips[0], clips[0])
            shown = now.tanh().mul_(o.sigmoid_())  # (D, alive, H)
            if keep:
                hidden[:, words] = shown
            outputs[:, words] = shown if projection is None else shown @ projection.mT
            h[:, :alive] = clip(outputs[:, words], clips[1])
        tensors = scores, state_weight, projection, first_h, first_c, cells, hidden, outputs
        ctx.save_for_backward(*(tensors if keep else ()))
        ctx.sizes, ctx.clips = tuple(sizes), clips
        return outputs.clamp(-clips[1], clips[1]) if clips[1] else outputs.clone(), h, c

    @staticmethod
    @once_differentiable
    def backward(
        ctx: FunctionCtx, d_outputs: torch.Tensor, d_h: torch.Tensor, d_c: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """Back-propagate through time; return the gradients of all arguments."""
        gates, state_weight, projection, first_h, first_c, cells, hidden, outputs = (
            ctx.saved_tensors
        )
        (cell_clip, proj_clip), steps = ctx.clips, _steps(ctx.sizes)
        d_raw, d_h, d_c = d_outputs.clone(), d_h.clone(), d_c.clone()
        before = torch.empty_like(outputs)  # h before each word
        for number in range(len(steps) - 1, -1, -1):
            words, alive = steps[number]
            if number:
                earlier = slice(steps[number - 1][0].start, steps[number - 1][0].start + alive)
                last_c = clip(cells[:, earlier], cell_clip)
                before[:, words] = clip(outputs[:, earlier], proj_clip)
            else:
                last_c, before[:, words] = first_c, first_h
            i, f, g, o = gates[:, words].chunk(4, 2)  # (D, alive, H) each
            d_now = d_raw[:, words].add_(d_h[:, :alive])
            _clip_backward(d_now, outputs[:, words], proj_clip)
            d_hidden = d_now if projection is None else d_now @ projection  # (D, alive, H)
            tanh_c = clip(cells[:, words], cell_clip).tanh()
            d_cell = _tanh_backward(d_hidden * o, tanh_c).add_(d_c[:, :alive])
            _clip_backward(d_cell, cells[:, words], cell_clip)
            torch.mul(d_cell, f, out=d_c[:, :alive])
            d_i, d_g = d_cell * g, d_cell * i
            _sigmoid_backward.grad_input(d_i, i, grad_input=i)
            _sigmoid_backward.grad_input(d_cell * last_c, f, grad_input=f)
            _tanh_backward.grad_input(d_g, g, grad_input=g)
            _sigmoid_backward.grad_input(d_hidden * tanh_c, o, grad_input=o)
            d_h[:, :alive] = gates[:, words] @ state_weight
        d_state_weight = (before.mT @ gates).mT  # (D, 4 H, P)
        d_projection = None if projection is None else d_raw.mT @ hidden  # (D, P, H)
        d_bias = gates.sum(1, keepdim=True) if ctx.needs_input_grad[1] else None  # (D, 1, 4 H)
        return gates, d_bias, d_state_weight, d_projection, d_h, d_c, None, None


def _steps(sizes: Sequence[int]) -> list[tuple[slice, int]]:
    """Return the slice of the packed words of each time step, and their number."""
    bounds = pairwise(accumulate(sizes, initial=0))
    return [(slice(first, last), last - first) for first, last in bounds]


def clip(values: torch.Tensor, bound: float) -> torch.Tensor:
    """Clamp values to [-bound, bound]; 0 means no clipping."""
    return values.clamp(-bound, bound) if bound else values


def _clip_backward(gradient: torch.Tensor, values: torch.Tensor, bound: float) -> None:
    """Set the gradient to 0, in place, where a value was clipped.

    At the bound itself the gradient of ``hardtanh`` is 0, that of ``clamp`` is not; so
    ``hardtanh`` gets the next float above the bound, to which + 0.6 eps is rounded up.
    """
    if bound:
        above = bound + 0.6 * torch.finfo(values.dtype).eps * bound
        _hardtanh_backward.grad_input(gradient, values, -above, above, grad_input=gradient)
