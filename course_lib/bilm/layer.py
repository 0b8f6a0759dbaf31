"""One LSTM layer with a projection and clips.

Symbols: B sentences a batch, T words, P numbers a word vector and a layer's output, H numbers
of the cell.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence as pack
from torch.nn.utils.rnn import pad_packed_sequence as unpack

from course_lib.bilm.options import BiLMOptions

Path = Literal["auto", "cell", "fast", "fused"]
State = tuple[torch.Tensor, torch.Tensor]  # h (B, P) and c (B, H) of one layer


class Known(NamedTuple):
    """Word vectors of which each distinct one is given once: (n, P), and rows of it, (B, T)."""

    vectors: torch.Tensor
    rows: torch.Tensor


class Layer(nn.Module):
    """One LSTM layer with a projection, run in one of three ways that give the same numbers.

    With x_t the input, h the last output and c the last cell:
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
        c = self._clip(c, self.cell_clip)
        h = torch.sigmoid(o) * torch.tanh(c)  # (B, H)
        if self.projection is not None:
            h = self._clip(h @ self.projection.T, self.proj_clip)  # (B, P)
        return h, c

    @staticmethod
    def _clip(values: torch.Tensor, bound: float) -> torch.Tensor:
        return values.clamp(-bound, bound) if bound else values

    def forward(
        self, inputs: torch.Tensor, lengths: list[int], state: State, path: Path
    ) -> tuple[torch.Tensor, State]:
        """Read B sentences, the longest first.

        Parameters
        ----------
        inputs : torch.Tensor, (B, T, P)
        lengths : list of int, (B,)
            Words of each sentence, falling; what follows is not read.
        state : (h, c)
            (B, P) and (B, H).
        path : {"cell", "fast", "fused"}

        Returns
        -------
        torch.Tensor, (B, T, P)
            h after each word; 0 after a sentence's end.
        (h, c)
            After the last word of each sentence.
        """
        run = {"cell": self._by_cell, "fast": self._fast, "fused": self._fused}[path]
        return run(inputs, lengths, state)

    def _by_cell(
        self, inputs: torch.Tensor, lengths: list[int], state: State
    ) -> tuple[torch.Tensor, State]:
        """Word after word, as one would write it down."""
        length = torch.tensor(lengths, device=inputs.device)
        outputs = []
        for t in range(inputs.shape[1]):
            reading = (t < length).unsqueeze(1)  # (B, 1)
            h, c = self.step(inputs[:, t], state)
            outputs.append(h * reading)
            state = torch.where(reading, h, state[0]), torch.where(reading, c, state[1])
        return torch.stack(outputs, 1), state

    def _fast(
        self, inputs: torch.Tensor, lengths: list[int], state: State, known: Known | None = None
    ) -> tuple[torch.Tensor, State]:
        """One product for all W x_t + b; then a step works on the sentences not yet ended.

        tanh(x) = 2 σ(2x) - 1: with the scores of g doubled, one σ serves all four gates.
        """
        size = self.size
        double = torch.ones_like(self.bias)
        double[2 * size : 3 * size] = 2.0
        state_weight = (double.unsqueeze(1) * self.state_weight).T
        input_weight = (double.unsqueeze(1) * self.input_weight).T
        packed = pack(inputs, torch.tensor(lengths), batch_first=True)
        words = packed.data if known is None else known.vectors
        given = torch.addmm(double * (self.bias + self.forget), words, input_weight)
        if known is not None:
            given = given[pack(known.rows, torch.tensor(lengths), batch_first=True).data]
        # Where nobody asks for gradients, the room of W x_t can be written over.
        product = torch.addmm if torch.is_grad_enabled() else torch.Tensor.addmm_
        h, c = state
        outputs, ended = [], []
        for gates in given.split(packed.batch_sizes.tolist()):
            alive = len(gates)
            if alive < len(h):
                ended.append((h[alive:], c[alive:]))
                h, c = h[:alive], c[:alive]
            i, f, g, o = torch.sigmoid(product(gates, h, state_weight)).chunk(4, dim=1)
            c = self._clip(torch.addcmul(f * c - i, i, g, value=2), self.cell_clip)
            h = torch.addcmul(-o, o, torch.sigmoid(2 * c), value=2)
            if self.projection is not None:
                h = self._clip(h @ self.projection.T, self.proj_clip)
            outputs.append(h)
        ended.append((h, c))
        packed = packed._replace(data=torch.cat(outputs))
        padded, _ = unpack(packed, batch_first=True, total_length=inputs.shape[1])
        h, c = (torch.cat(parts[::-1]) for parts in zip(*ended, strict=True))
        return padded, (h, c)

    def _fused(
        self, inputs: torch.Tensor, lengths: list[int], state: State
    ) -> tuple[torch.Tensor, State]:
        """PyTorch's own LSTM (cuDNN on a GPU), which has a projection but no clips."""
        projected = self.projection is not None
        if self.cell_clip or (projected and self.proj_clip):
            raise ValueError(
                f"The fused LSTM has no clips; this one has cell_clip {self.cell_clip} and "
                f'proj_clip {self.proj_clip}. Use path="fast".'
            )
        out, time = self.input_weight.shape[1], inputs.shape[1]
        weights = {
            "weight_ih_l0": self.input_weight,
            "weight_hh_l0": self.state_weight,
            "bias_ih_l0": self.bias,
            "bias_hh_l0": self.forget,
        }
        if projected:
            weights["weight_hr_l0"] = self.projection
        with torch.device("meta"):
            lstm = nn.LSTM(out, self.size, batch_first=True, proj_size=out if projected else 0)
        packed = pack(inputs, torch.tensor(lengths), batch_first=True)
        start = (state[0].unsqueeze(0), state[1].unsqueeze(0))
        packed, (h, c) = torch.func.functional_call(lstm, weights, (packed, start))
        outputs, _ = unpack(packed, batch_first=True, total_length=time)
        return outputs, (h[0], c[0])
