"""The bidirectional language model itself.

Symbols: B sentences a batch, T words, P numbers a word vector and a layer's output, H numbers
of an LSTM's cell, L layers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from course_lib.bilm.layer import Known, Layer, Path, State
from course_lib.bilm.options import BiLMOptions
from course_lib.charcnn import CharCNN


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
        self,
        vectors: torch.Tensor,
        mask: torch.Tensor,
        state: list[State] | None = None,
        known: Known | None = None,
    ) -> BiLMOutput:
        """Run both directions over word vectors (B, T, P), with the words at the left of each row.

        Parameters
        ----------
        vectors : torch.Tensor, float32, (B, T, P)
        mask : torch.Tensor, bool, (B, T)
        state : list of (h, c), optional
        known : Known, optional
            The same vectors: the fast path then does W x of the first layer once a distinct word.
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
        mirror = torch.where(mask, length.unsqueeze(1) - 1 - places, places)  # (B, T)
        vectors = vectors * mask.unsqueeze(2)
        given = [(h[order], c[order]) for h, c in state]
        n_layers, new_state = self.options.n_layers, []
        layers = vectors.new_empty(n_layers + 1, batch, time, 2, vectors.shape[2])
        layers[0] = vectors.unsqueeze(2)
        for backward, turned in enumerate((places.expand(batch, time), mirror)):
            reading = order.unsqueeze(1), turned[order]  # sentences by length, words as read
            table = known and known._replace(rows=known.rows[reading])
            outputs, end = self.run(
                vectors[reading],
                lengths,
                given[backward * n_layers :][:n_layers],
                backward=bool(backward),
                known=table,
            )
            for number, found in enumerate(outputs, 1):
                layers[number, :, :, backward] = found[back.unsqueeze(1), turned]
            new_state += [(h[back], c[back]) for h, c in end]
        layers = layers.flatten(3)
        return BiLMOutput(layers, mask, new_state)

    def run(
        self,
        inputs: torch.Tensor,
        lengths: list[int],
        state: list[State],
        *,
        backward: bool,
        known: Known | None = None,
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
        known : Known, optional
            The same word vectors, in the same order.

        Returns
        -------
        list of torch.Tensor, (B, T, P)
            The output of each layer, in the order of reading.
        list of (h, c)
        """
        outputs, end = [], []
        layers = self.backward_layers if backward else self.forward_layers
        for number, (layer, start) in enumerate(zip(layers, state, strict=True)):
            path = self._path(layer)
            if known is not None and not number and path == "fast":
                found, after = layer._fast(inputs, lengths, start, known)
            else:
                found, after = layer(inputs, lengths, start, path)
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
