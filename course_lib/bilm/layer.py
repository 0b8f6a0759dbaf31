"""One LSTM layer with projection and clipping, and two implementations of its forward pass.

Symbols: B batch size, N words of the batch, P projection size (word vector and layer output),
H cell size.

Words are packed as :mod:`course_lib.bilm.recurrence` says.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from course_lib.bilm.options import BiLMOptions
from course_lib.bilm.recurrence import Recurrence, clip

State = tuple[torch.Tensor, torch.Tensor]  # h (..., B, P) and c (..., B, H)


class Layer(nn.Module):
    """One LSTM layer with a projection, in one direction.

    With x_t the input, h the previous output and c the previous cell state:
    i, f, g, o = W x_t + U h + b, split in four; c' = σ(f + 1) c + σ(i) tanh(g), clipped;
    h' = V (σ(o) tanh(c')), clipped. Without a projection V is left out.

    Parameters
    ----------
    options : BiLMOptions

    References
    ----------
    Sak, Senior & Beaufays 2014, "Long Short-Term Memory Recurrent Neural Network Architectures
    for Large Scale Acoustic Modeling", section 2: the projection.
    """

    def __init__(self, options: BiLMOptions) -> None:
        super().__init__()
        size, out = options.dim, options.projection_dim
        self.size, self.cell_clip, self.proj_clip = size, options.cell_clip, options.proj_clip
        self.input_weight = nn.Parameter(torch.empty(4 * size, out))  # W, gates i, f, g, o
        self.state_weight = nn.Parameter(torch.empty(4 * size, out))  # U
        self.bias = nn.Parameter(torch.zeros(4 * size))  # b
        self.projection = nn.Parameter(torch.empty(out, size)) if out != size else None  # V
        forget = torch.zeros(4 * size)
        forget[size : 2 * size] = 1.0
        self.register_buffer("forget", forget, persistent=False)
        for weight in self.parameters():
            if weight.dim() == 2:
                nn.init.xavier_uniform_(weight)

    def step(self, x: torch.Tensor, state: State) -> State:
        """Read one word in each of B sentences: x (B, P), state (h, c) to (h', c')."""
        h, c = state
        gates = x @ self.input_weight.T + h @ self.state_weight.T + self.bias + self.forget
        i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        c = clip(c, self.cell_clip)
        h = torch.sigmoid(o) * torch.tanh(c)  # (B, H)
        if self.projection is not None:
            h = clip(h @ self.projection.T, self.proj_clip)  # (B, P)
        return h, c

    def forward(
        self, inputs: torch.Tensor, sizes: Sequence[int], state: State
    ) -> tuple[torch.Tensor, State]:
        """Read word after word, as one would write it down.

        Parameters
        ----------
        inputs : torch.Tensor, (N, P)
            Packed words.
        sizes : sequence of int, (T,)
            How many sentences have a first word, a second one, ...
        state : (h, c)
            (B, P) and (B, H).

        Returns
        -------
        torch.Tensor, (N, P)
            h after each word.
        (h, c)
            After the last word of each sentence.
        """
        h, c = state
        outputs = []
        for words in inputs.split(list(sizes)):
            reading = len(words)  # the other sentences have ended, their state stays
            new_h, new_c = self.step(words, (h[:reading], c[:reading]))
            h, c = torch.cat([new_h, h[reading:]]), torch.cat([new_c, c[reading:]])
            outputs.append(new_h)
        return torch.cat(outputs), (h, c)


def by_cell(
    layers: Sequence[Layer],
    inputs: torch.Tensor,
    sizes: Sequence[int],
    state: State,
    rows: torch.Tensor | None = None,
) -> tuple[torch.Tensor, State]:
    """Run one layer of each direction, one time step at a time.

    Parameters
    ----------
    layers : sequence of Layer, (2,)
        The forward and the backward one.
    inputs : torch.Tensor, (2, N, P)
        Packed words, in the reading order of each direction.
    sizes : sequence of int, (T,)
    state : (h, c)
        (2, B, P) and (2, B, H).
    rows : torch.Tensor, int64, (2, N), optional
        Indices of the words in the inputs, which are then (n, P).

    Returns
    -------
    torch.Tensor, (2, N, P)
    (h, c)
    """
    given = inputs if rows is None else inputs[rows]
    found = [layer(x, sizes, (h, c)) for layer, x, h, c in zip(layers, given, *state, strict=True)]
    outputs, states = zip(*found, strict=True)
    h, c = (torch.stack(parts) for parts in zip(*states, strict=True))
    return torch.stack(outputs), (h, c)


def fast(
    layers: Sequence[Layer],
    inputs: torch.Tensor,
    sizes: Sequence[int],
    state: State,
    rows: torch.Tensor | None = None,
) -> tuple[torch.Tensor, State]:
    """Do what :func:`by_cell` does with one product for all W x_t and no graph of the steps.

    A GPU works on both directions at once, for a step of one is little to do. A processor reads
    one after the other: that keeps more of the weights near, and copies none of them.
    """
    projected, found = layers[0].projection is not None, []
    clips = layers[0].cell_clip, layers[0].proj_clip if projected else 0.0
    for group in [slice(0, 1), slice(1, 2)] if inputs.is_cpu else [slice(0, 2)]:  # of D layers
        given = inputs if inputs.dim() == 2 else inputs[group]  # (n, P) or (D, N, P)
        bias = (_stacked(layers[group], "bias") + _stacked(layers[group], "forget")).unsqueeze(1)
        scores = given @ _stacked(layers[group], "input_weight").mT  # (D, N or n, 4 H)
        if rows is not None:  # b is added once to each distinct word
            places = torch.arange(len(rows[group]), device=rows.device).unsqueeze(1), rows[group]
            scores, bias = scores.add_(bias)[places], None  # (D, N, 4 H)
        weight = _stacked(layers[group], "state_weight")
        projection = _stacked(layers[group], "projection") if projected else None  # (D, P, H)
        h, c = (part[group] for part in state)
        found.append(Recurrence.apply(scores, bias, weight, projection, h, c, sizes, clips))
    outputs, h, c = (torch.cat(parts) for parts in zip(*found, strict=True))
    return outputs, (h, c)


def _stacked(layers: Sequence[Layer], name: str) -> torch.Tensor:
    """Return the weights of that name, (D, ...); one layer's are not copied."""
    weights = [getattr(layer, name) for layer in layers]
    return torch.stack(weights) if len(weights) > 1 else weights[0].unsqueeze(0)
