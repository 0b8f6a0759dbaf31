"""A vector for a word from its characters: convolutions, the maximum of each, highway layers.

Symbols: C characters, d numbers a character, F filters in all, P numbers of the result.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from course_lib.characters import N_CHARACTERS, PADDING, WIDTH

OFFICIAL_FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


@dataclass(frozen=True)
class CharCNNOptions:
    """Sizes of a character CNN.

    Attributes
    ----------
    vector_size : int
        d, numbers a character.
    filters : tuple of (int, int)
        Window width in characters, and how many filters of it.
    n_highway : int
    activation : {"relu", "tanh"}
    projection_dim : int
        P, numbers of the result.
    width : int
        Characters of a word, with its marks and padding.
    """

    vector_size: int = 16
    filters: tuple[tuple[int, int], ...] = OFFICIAL_FILTERS
    n_highway: int = 2
    activation: Literal["relu", "tanh"] = "relu"
    projection_dim: int = 512
    width: int = WIDTH

    def __post_init__(self) -> None:
        """Raise a ValueError for impossible values."""
        if not all(0 < width <= self.width and n > 0 for width, n in self.filters or [(0, 0)]):
            raise ValueError(f"filters is {self.filters}; pairs of a width up to {self.width}.")
        if self.activation not in ("relu", "tanh"):
            raise ValueError(f'activation is {self.activation!r}; use "relu" or "tanh".')


class Highway(nn.Module):
    """One highway layer: y = g · relu(W x + b) + (1 - g) · x with the gate g = σ(W' x + b').

    The bias of the gate starts at -2: at first the layer lets nearly all of x through.

    Parameters
    ----------
    size : int
        F.

    References
    ----------
    Srivastava, Greff & Schmidhuber 2015, "Highway Networks", equation 3.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.transform = nn.Linear(size, size)
        self.gate = nn.Linear(size, size)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the shape of the input, (words, F)."""
        gate = torch.sigmoid(self.gate(inputs))  # (words, F)
        return gate * functional.relu(self.transform(inputs)) + (1 - gate) * inputs


class CharCNN(nn.Module):
    """Characters in, word vectors out.

    Parameters
    ----------
    options : CharCNNOptions

    References
    ----------
    Kim, Jernite, Sontag & Rush 2016, "Character-Aware Neural Language Models", section 2.
    Jozefowicz et al. 2016, "Exploring the Limits of Language Modeling".
    """

    def __init__(self, options: CharCNNOptions) -> None:
        super().__init__()
        self.options = options
        self.embedding = nn.Embedding(N_CHARACTERS, options.vector_size)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(options.vector_size, number, width) for width, number in options.filters
        )
        size = sum(number for _, number in options.filters)
        self.highway = nn.Sequential(*(Highway(size) for _ in range(options.n_highway)))
        self.projection = nn.Linear(size, options.projection_dim)
        with torch.no_grad():
            self.embedding.weight[0] = 0.0  # no word: never looked up for a word

    def convolved(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the strongest answer of each filter in each word: (words, F).

        A convolution is one product: each window of characters with each filter. So that all
        widths share it, filters are filled up with zeros to the width of the widest.

        Parameters
        ----------
        ids : torch.Tensor, int64, (words, width)
            As in a batch: raised by one. A row may be cut one widest window behind the end of
            the longest word.
        """
        widths = [width for width, _ in self.options.filters]
        narrowest, widest = min(widths), max(widths)
        if ids.shape[1] == self.options.width:  # narrow filters reach further than the widest
            ids = functional.pad(ids, (0, widest - narrowest), value=PADDING + 1)
        filters = [
            functional.pad(c.weight, (0, widest - c.kernel_size[0])) for c in self.convolutions
        ]
        windows = self.embedding(ids).unfold(1, widest, 1).flatten(2)  # (words, places, d widest)
        answers = windows @ torch.cat(filters).flatten(1).T  # (words, places, F)
        spans = [torch.full((c.out_channels,), c.kernel_size[0]) for c in self.convolutions]
        places, last = torch.arange(answers.shape[1]), self.options.width - torch.cat(spans)
        if len(places) > last.min() + 1:  # windows that go beyond the end of a word's row
            beyond = (places.unsqueeze(1) > last).to(answers.device)
            answers = answers.masked_fill(beyond, -torch.inf)
        strongest = answers.amax(1) + torch.cat([c.bias for c in self.convolutions])
        return torch.relu(strongest) if self.options.activation == "relu" else strongest.tanh()

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return word vectors, float, (words, P), of ids (words, width) on any device.

        Words of like length are convolved together, in groups, without the padding that changes
        no maximum: all windows of nothing but padding give the same answer, so behind the longest
        word one window of padding is enough, of the width of the widest filter.
        """
        ids = ids.to(self.projection.weight.device)
        widest = max(width for width, _ in self.options.filters)
        lengths = (ids != PADDING + 1).sum(1)
        order = lengths.argsort()
        ids = functional.pad(ids, (0, widest), value=PADDING + 1)
        groups = order.split(1024 if ids.is_cuda else 64)
        found = [self.convolved(ids[group, : lengths[group[-1]] + widest]) for group in groups]
        return self.projection(self.highway(torch.cat(found)[order.argsort()]))


class Cache:
    """Values under keys, at most ``size`` of them; those longest unused go first."""

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"cache is {size}; 0 keeps nothing.")
        self.size = size
        self.held: OrderedDict[Hashable, Any] = OrderedDict()

    def look_up(self, keys: list[Hashable], compute: Callable[[list], Iterable]) -> list:
        """Return the value of each key; what is not there is computed, all in one call."""
        new = [key for key in dict.fromkeys(keys) if key not in self.held]
        found = dict(zip(new, compute(new), strict=True)) if new else {}
        values = [found[key] if key in found else self.held[key] for key in keys]
        for key, value in zip(keys, values, strict=True):
            self.held[key] = value
            self.held.move_to_end(key)
        while len(self.held) > self.size:
            self.held.popitem(last=False)
        return values


class CachedCNN:
    """A character CNN that keeps the vectors of words; it is called as the CNN itself is.

    Parameters
    ----------
    cnn : CharCNN
        Its weights must not change any more.
    size : int
        How many words are kept.
    """

    def __init__(self, cnn: CharCNN, size: int) -> None:
        self.cnn, self.cache = cnn, Cache(size)

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Return word vectors, (words, P), of ids (words, width)."""

        def encoded(new: list[bytes]) -> list[torch.Tensor]:
            given = torch.frombuffer(bytearray().join(new), dtype=ids.dtype)
            # Copies: a row of the batch would keep the whole batch alive.
            return [vector.clone() for vector in self.cnn(given.view(len(new), -1))]

        return torch.stack(self.cache.look_up([word.tobytes() for word in ids.numpy()], encoded))
