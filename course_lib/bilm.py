"""The bidirectional language model: two LSTM language models that read in opposite directions.

They share the character CNN and the softmax; their states never meet. That is what makes it a
language model: the forward one has not seen the word it predicts, nor the backward one.

Symbols: B sentences a batch, T words, P numbers a word vector and a layer's output, H numbers
of an LSTM's cell, L layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import nn

from course_lib.charcnn import CharCNN, CharCNNOptions

Path = Literal["auto", "cell", "fast", "fused"]
State = tuple[torch.Tensor, torch.Tensor]  # h (B, P) and c (B, H) of one layer


@dataclass(frozen=True)
class BiLMOptions:
    """Sizes of a biLM; the defaults are the original model's.

    Attributes
    ----------
    characters : CharCNNOptions
        Its ``projection_dim`` must be the one below.
    dim : int
        H.
    projection_dim : int
        P; where it equals ``dim`` there is no projection.
    n_layers : int
        L.
    cell_clip, proj_clip : float
        c and h are kept within these bounds; 0 means no bound.
    use_skip_connections : bool
        From the second layer on, add a layer's input to its output.
    """

    characters: CharCNNOptions = field(default_factory=CharCNNOptions)
    dim: int = 4096
    projection_dim: int = 512
    n_layers: int = 2
    cell_clip: float = 3.0
    proj_clip: float = 3.0
    use_skip_connections: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes that do not fit each other."""
        if self.characters.projection_dim != self.projection_dim:
            raise ValueError(
                f"The character CNN gives {self.characters.projection_dim} numbers a word, the "
                f"LSTM has projection_dim {self.projection_dim}; they must be equal."
            )
        for name in ("dim", "projection_dim", "n_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more.")
        for name in ("cell_clip", "proj_clip"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; use 0 for no bound.")


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
        self, inputs: torch.Tensor, lengths: list[int], state: State
    ) -> tuple[torch.Tensor, State]:
        """One product for all W x_t + b; then a step works on the sentences not yet ended.

        tanh(x) = 2 σ(2x) - 1: with the scores of g doubled, one σ serves all four gates.
        """
        size = self.size
        double = torch.ones_like(self.bias)
        double[2 * size : 3 * size] = 2.0
        state_weight = (double.unsqueeze(1) * self.state_weight).T
        input_weight = (double.unsqueeze(1) * self.input_weight).T
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            inputs, torch.tensor(lengths), batch_first=True
        )
        given = torch.addmm(double * (self.bias + self.forget), packed.data, input_weight)
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
        padded, _ = torch.nn.utils.rnn.pad_packed_sequence(
            packed, batch_first=True, total_length=inputs.shape[1]
        )
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
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            inputs, torch.tensor(lengths), batch_first=True
        )
        start = (state[0].unsqueeze(0), state[1].unsqueeze(0))
        packed, (h, c) = torch.func.functional_call(lstm, weights, (packed, start))
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(
            packed, batch_first=True, total_length=time
        )
        return outputs, (h[0], c[0])


class BiLMOutput(NamedTuple):
    """What a biLM gives for a batch.

    Attributes
    ----------
    layers : torch.Tensor, float32, (L + 1, B, T, 2 P)
        Layer 0 is the character vector, twice; layer l the forward and the backward LSTM's.
        0 where there is no word.
    mask : torch.Tensor, bool, (B, T)
        Where there is a word.
    state : list of (h, c)
        Of each direction (forward, backward) and layer, after the last word read: 2 L pairs.
    """

    layers: torch.Tensor
    mask: torch.Tensor
    state: list[State]


class BiLM(nn.Module):
    """Two language models on one character CNN.

    Parameters
    ----------
    options : BiLMOptions
    vocabulary_size : int, optional
        V, the words that the softmax can predict. Without it there is no softmax: the layers
        alone are of use.
    path : {"auto", "cell", "fast", "fused"}
        How the LSTMs are run: word by word, as one reads it in :meth:`Layer.step`; with one
        matrix product for all inputs; by PyTorch's own LSTM, which has no clips. ``"auto"`` is
        ``"fused"`` on a GPU where there are no clips, else ``"fast"``.

    References
    ----------
    Peters et al. 2018, "Deep Contextualized Word Representations", section 3.1.
    """

    def __init__(
        self,
        options: BiLMOptions,
        *,
        vocabulary_size: int | None = None,
        path: Path = "auto",
    ) -> None:
        super().__init__()
        if path not in ("auto", "cell", "fast", "fused"):
            raise ValueError(f'path is {path!r}; use "auto", "cell", "fast" or "fused".')
        self.options, self.path = options, path
        self.characters = CharCNN(options.characters)
        self.forward_layers = nn.ModuleList(Layer(options) for _ in range(options.n_layers))
        self.backward_layers = nn.ModuleList(Layer(options) for _ in range(options.n_layers))
        self.softmax = (
            nn.Linear(options.projection_dim, vocabulary_size) if vocabulary_size else None
        )

    def initial_state(self, batch: int) -> list[State]:
        """Return zeros for every direction and layer."""
        like = self.forward_layers[0].bias
        sizes = (self.options.projection_dim, self.options.dim)
        zeros = [like.new_zeros(batch, size) for size in sizes]
        return [(zeros[0], zeros[1])] * (2 * self.options.n_layers)

    def word_vectors(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the character vectors, (B, T, P), of ids (B, T, width); 0 where no word is.

        Each distinct word of the batch is encoded once.
        """
        words = ids.any(2)  # (B, T)
        distinct, place = ids[words].unique(dim=0, return_inverse=True)
        vectors = ids.new_zeros(
            *words.shape, self.options.projection_dim, dtype=self.forward_layers[0].bias.dtype
        )
        return vectors.masked_scatter(words.unsqueeze(2), self.characters(distinct)[place])

    def forward(self, ids: torch.Tensor, state: list[State] | None = None) -> BiLMOutput:
        """Run both directions over a batch.

        Parameters
        ----------
        ids : torch.Tensor, int64, (B, T, width)
            As ``characters.batch_to_ids`` makes them, sentence marks included.
        state : list of (h, c), optional
            Where to go on; zeros by default.

        Raises
        ------
        ValueError
            If the state belongs to another number of sentences, or a sentence is empty.
        """
        return self.from_vectors(self.word_vectors(ids), ids.any(2), state)

    def from_vectors(
        self, vectors: torch.Tensor, mask: torch.Tensor, state: list[State] | None = None
    ) -> BiLMOutput:
        """Run both directions over word vectors (B, T, P), with the words at the left of each row.

        Parameters
        ----------
        vectors : torch.Tensor, float32, (B, T, P)
        mask : torch.Tensor, bool, (B, T)
        state : list of (h, c), optional
        """
        batch, time = mask.shape
        state = self.initial_state(batch) if state is None else state
        if len(state[0][0]) != batch:
            raise ValueError(
                f"The state belongs to {len(state[0][0])} sentences, the batch has {batch}. Reset "
                "it, or give batches of one size."
            )
        length = mask.sum(1)  # (B,)
        if int(length.min()) == 0:
            raise ValueError(f"Sentence {int(length.argmin())} of the batch has no word.")
        order = length.argsort(descending=True, stable=True)
        lengths = length[order].tolist()
        back = order.argsort()
        # The place that stands t words before the end of each sentence; its own inverse.
        places = torch.arange(time, device=mask.device)
        mirror = torch.where(mask, length.unsqueeze(1) - 1 - places, places)[order]  # (B, T)
        vectors = vectors * mask.unsqueeze(2)
        first = vectors[order]
        given = [(h[order], c[order]) for h, c in state]
        n_layers = self.options.n_layers
        directions, new_state = [], []
        for backward in (False, True):
            inputs = _at(first, mirror) if backward else first
            start = given[n_layers:] if backward else given[:n_layers]
            outputs, end = self.run(inputs, lengths, start, backward=backward)
            directions.append(
                [vectors, *((_at(found, mirror) if backward else found)[back] for found in outputs)]
            )
            new_state += [(h[back], c[back]) for h, c in end]
        layers = torch.stack([torch.cat(both, 2) for both in zip(*directions, strict=True)])
        return BiLMOutput(layers, mask, new_state)

    def run(
        self, inputs: torch.Tensor, lengths: list[int], state: list[State], *, backward: bool
    ) -> tuple[list[torch.Tensor], list[State]]:
        """Run the layers of one direction.

        Parameters
        ----------
        inputs : torch.Tensor, (B, T, P)
            Word vectors in the order of reading, hence for the backward model from the last
            word to the first.
        lengths : list of int, (B,)
            Words of each row, falling.
        state : list of (h, c)
            One pair a layer.
        backward : bool

        Returns
        -------
        list of torch.Tensor, (B, T, P)
            The output of each layer, in the order of reading.
        list of (h, c)
        """
        outputs, end = [], []
        layers = self.backward_layers if backward else self.forward_layers
        for number, (layer, start) in enumerate(zip(layers, state, strict=True)):
            found, after = layer(inputs, lengths, start, self._path(layer))
            if number and self.options.use_skip_connections:
                found = found + inputs
            inputs = found
            outputs.append(found)
            end.append(after)
        return outputs, end

    def _path(self, layer: Layer) -> Path:
        if self.path != "auto":
            return self.path
        clipped = layer.cell_clip or (layer.projection is not None and layer.proj_clip)
        return "fused" if layer.bias.is_cuda and not clipped else "fast"


def _at(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return values (B, T, P) in the order of places (B, T)."""
    return values.take_along_dim(places.unsqueeze(2), 1)
