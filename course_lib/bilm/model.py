"""The bidirectional language model itself.

Symbols: B batch size, T words of the longest sentence, P projection size (word vector and layer
output), H cell size, L layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence as pack
from torch.nn.utils.rnn import pad_packed_sequence as unpack

from course_lib import characters
from course_lib.bilm.layer import Layer, State, by_cell, fast
from course_lib.bilm.options import BiLMOptions
from course_lib.charcnn import CharCNN

Way = Literal["fast", "cell"]
Encoder = Callable[[torch.Tensor], torch.Tensor]


class Words(NamedTuple):
    """The words of a batch as indices into the vectors of its distinct words.

    Attributes
    ----------
    vectors : torch.Tensor, float32, (n, P)
    rows : torch.Tensor, int64, (..., B, T)
        The index of each word; sentences are padded on the right with -1.
    """

    vectors: torch.Tensor
    rows: torch.Tensor


class BiLMOutput(NamedTuple):
    """The output of a biLM for a batch.

    Attributes
    ----------
    layers : torch.Tensor, float32, (L + 1, B, T, 2 P)
        Layer 0 is the character vector, twice; layer l the forward and the backward LSTM's.
        0 where there is no word.
    mask : torch.Tensor, bool, (B, T)
        Where there is a word.
    state : list of (h, c)
        The final state of each layer: (2, B, P) and (2, B, H), forward and backward.
    """

    layers: torch.Tensor
    mask: torch.Tensor
    state: list[State]


class BiLM(nn.Module):
    """A forward and a backward language model on one character CNN.

    Parameters
    ----------
    options : BiLMOptions
    vocabulary_size : int, optional
        V, output size of the softmax. Without it there is no softmax, only the layers.
    way : {"fast", "cell"}
        How the LSTMs are run: with the gradient of all steps written out; or word by word, as one
        reads it in :meth:`Layer.step`. Both give the same numbers.

    References
    ----------
    Peters et al. 2018, "Deep Contextualized Word Representations", section 3.1.
    """

    def __init__(
        self,
        options: BiLMOptions,
        *,
        vocabulary_size: int | None = None,
        way: Way = "fast",
    ) -> None:
        super().__init__()
        if way not in ("fast", "cell"):
            raise ValueError(f'way is {way!r}; use "fast" or "cell".')
        self.options, self.way = options, way
        self.characters = CharCNN(options.characters)
        self.forward_layers = nn.ModuleList(Layer(options) for _ in range(options.n_layers))
        self.backward_layers = nn.ModuleList(Layer(options) for _ in range(options.n_layers))
        self.softmax = (
            nn.Linear(options.projection_dim, vocabulary_size) if vocabulary_size else None
        )

    def initial_state(self, batch: int) -> list[State]:
        """Return a zero state for every layer."""
        like = self.forward_layers[0].bias
        h, c = (
            like.new_zeros(2, batch, n) for n in (self.options.projection_dim, self.options.dim)
        )
        return [(h, c)] * self.options.n_layers

    def words(self, ids: torch.Tensor, encode: Encoder | None = None) -> Words:
        """Find the distinct words of a batch and encode each once.

        Parameters
        ----------
        ids : torch.Tensor, int, (..., T, width)
            As ``characters.batch_to_ids`` makes them; 0 where there is no word.
        encode : callable, optional
            From ids (n, width) to vectors (n, P); by default the model's character CNN. A
            :class:`~course_lib.charcnn.CachedCNN` caches them across batches.
        """
        spelled, rows = characters.distinct(ids.cpu().numpy())
        if not len(spelled):
            raise ValueError("The batch has no word.")
        vectors = (encode or self.characters)(torch.from_numpy(spelled))
        return Words(vectors, torch.from_numpy(rows).to(vectors.device))

    def forward(self, ids: torch.Tensor | Words, state: list[State] | None = None) -> BiLMOutput:
        """Run both directions over a batch of sentences.

        Parameters
        ----------
        ids : torch.Tensor, int64, (B, T, width), or Words, rows (B, T)
            From ``characters.batch_to_ids``, with sentence marks; or the result of
            :meth:`words`.
        state : list of (h, c), optional
            Initial state; zeros by default.

        Raises
        ------
        ValueError
            If the state belongs to another number of sentences, or a sentence is empty.
        """
        vectors, rows = ids if isinstance(ids, Words) else self.words(ids)
        mask = rows >= 0  # (B, T)
        places = torch.arange(rows.shape[1], device=rows.device)
        # The index of place t in the reversed sentence; its own inverse.
        mirror = torch.where(mask, mask.sum(1, keepdim=True) - 1 - places, places)
        both = Words(vectors, torch.stack([rows, rows.gather(1, mirror)]))
        outputs, state = self.read(both, state)
        layers = vectors.new_empty(len(outputs) + 1, *rows.shape, 2, vectors.shape[1])
        layers[0] = (vectors[rows] * mask.unsqueeze(2)).unsqueeze(2)
        sentences = torch.arange(len(rows), device=rows.device).unsqueeze(1)
        for number, output in enumerate(outputs, 1):
            layers[number, :, :, 0] = output[:, :, 0]
            layers[number, :, :, 1] = output[sentences, mirror, 1]
        return BiLMOutput(layers.flatten(3), mask, state)

    def read(
        self, words: Words, state: list[State] | None = None
    ) -> tuple[list[torch.Tensor], list[State]]:
        """Run the layers on separate inputs for each direction.

        Parameters
        ----------
        words : Words, rows (2, B, T)
            The inputs of the forward and the backward model, each in its reading order. Their
            sentences have the same lengths.
        state : list of (h, c), optional
            As in :class:`BiLMOutput`; zeros by default.

        Returns
        -------
        list of torch.Tensor, (B, T, 2, P)
            The output of each layer in reading order; 0 after the end of a sentence.
        list of (h, c)
        """
        vectors, rows = words
        batch, time = rows.shape[1:]
        state = self.initial_state(batch) if state is None else state
        if (held := state[0][0].shape[1]) != batch:
            raise ValueError(
                f"The state belongs to {held} sentences, the batch has {batch}. Reset it, or give "
                "batches of one size."
            )
        lengths = (rows[0] >= 0).sum(1).cpu()  # (B,)
        if not lengths.all():
            raise ValueError(f"Sentence {int(lengths.argmin())} of the batch has no word.")
        packed = pack(rows.permute(1, 2, 0), lengths, batch_first=True, enforce_sorted=False)
        sizes, order, back = packed.batch_sizes.tolist(), packed[2], packed[3]
        run = {"cell": by_cell, "fast": fast}[self.way]
        inputs, at, outputs, end = vectors, packed.data.T, [], []
        if torch.is_grad_enabled():  # gradients of P inputs are fewer than of 4 H scores
            inputs, at = functional.embedding(at, vectors), None
        for number, (h, c) in enumerate(state):
            pair = self.forward_layers[number], self.backward_layers[number]
            found, (h, c) = run(pair, inputs, sizes, (h[:, order], c[:, order]), at)
            if number and self.options.use_skip_connections:
                found = found + inputs
            inputs, at = found, None  # (2, N, P)
            padded, _ = unpack(packed._replace(data=found.transpose(0, 1)), True, 0.0, time)
            outputs.append(padded)
            end.append((h[:, back], c[:, back]))
        return outputs, end
