"""ELMo: the layers of a biLM for each word, and their task-specific weighted sum (scalar mix).

Symbols: L LSTM layers, L + 1 with the character vector; B batch size, T words, P projection size
of one direction.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from torch import nn

from course_lib import characters, elmo_files, runtime
from course_lib.bilm import BiLM, State
from course_lib.charcnn import CachedCNN
from course_lib.datasets import store
from course_lib.datasets.registry import unknown_name

OFFICIAL = {  # name here: name in the registry of data sets
    "small": "elmo_small",
    "medium": "elmo_medium",
    "original": "elmo_original",
    "original_5.5B": "elmo_original_5_5b",
}
_COURSE_MODEL = Path(__file__).parent / "assets" / "bilm"


class ScalarMix(nn.Module):
    """The weighted sum of layers: γ Σ_j s_j h_j with s the softmax of learned numbers.

    Parameters
    ----------
    n_layers : int
        How many are mixed: L + 1, so 3 for the original ELMo.
    layer_norm : bool
        First bring each layer to mean 0 and variance 1 over all words of the batch.

    Attributes
    ----------
    scores : torch.nn.Parameter, (n_layers,)
        Before the softmax; they start at 0, which weighs all layers alike.
    gamma : torch.nn.Parameter, ()
        γ, starts at 1.

    References
    ----------
    Peters et al. 2018, "Deep Contextualized Word Representations", section 3.2, equation 1.
    """

    def __init__(self, n_layers: int, layer_norm: bool = False) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers is {n_layers}; there must be a layer to mix.")
        self.layer_norm = layer_norm
        self.scores = nn.Parameter(torch.zeros(n_layers))
        self.gamma = nn.Parameter(torch.ones(()))

    @property
    def weights(self) -> torch.Tensor:
        """s, (n_layers,): positive, sum 1."""
        return torch.softmax(self.scores, 0)

    def forward(self, layers: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Mix layers.

        Parameters
        ----------
        layers : torch.Tensor, float, (n_layers, B, T, D)
        mask : torch.Tensor, bool, (B, T), optional
            Where there is a word; needed with ``layer_norm``.

        Returns
        -------
        torch.Tensor, float, (B, T, D)
        """
        if len(layers) != len(self.scores):
            raise ValueError(f"{len(layers)} layers were given; this mix has {len(self.scores)}.")
        if self.layer_norm:
            if mask is None:
                raise ValueError("layer_norm needs the mask, to leave out places without a word.")
            words = layers[:, mask].flatten(1)  # (n_layers, words · D)
            found = torch.var_mean(words, 1, correction=0)
            variance, mean = (value.view(-1, 1, 1, 1) for value in found)
            layers = (layers - mean) * (variance + 1e-12).rsqrt() * mask.unsqueeze(2)
        return self.gamma * torch.tensordot(self.weights.to(layers.dtype), layers, dims=1)

    def penalty(self) -> torch.Tensor:
        """Return ‖scores‖²; times λ and added to a loss it holds the mix near the plain mean."""
        return self.scores.square().sum()


class ElmoOutput(NamedTuple):
    """The layers of a batch.

    Attributes
    ----------
    layers : torch.Tensor, float32, (L + 1, B, T, 2 P)
        Layer 0 is the character vector, twice; each other layer the forward LSTM's output,
        then the backward one's. 0 where there is no word. T is the longest sentence.
    mask : torch.Tensor, bool, (B, T)
        Where there is a word.
    """

    layers: torch.Tensor
    mask: torch.Tensor


class Elmo:
    """A trained biLM that turns tokenised sentences into vectors.

    Parameters
    ----------
    model : BiLM
    stateful : bool
        Carry the LSTMs' state from row k of a batch to row k of the next, as the model did
        while it was trained; without it each sentence starts from zeros.
    device : torch.device or str, optional
        Default: ``runtime.device()``.
    cache : int
        Size in words of the LRU cache of character vectors; 0 for none. Within a batch each
        distinct word is encoded once in any case.

    Attributes
    ----------
    state : list of (h, c), optional
        The LSTM state for the next batch, see :class:`~course_lib.bilm.BiLMOutput`; None before
        the first batch and if not ``stateful``.
    """

    def __init__(
        self,
        model: BiLM,
        *,
        stateful: bool = False,
        device: torch.device | str | None = None,
        cache: int = 20_000,
    ) -> None:
        self.device = torch.device(device) if device else runtime.device()
        self.model = model.to(self.device).eval()
        self.stateful = stateful
        self.state: list[State] | None = None
        self._encode = CachedCNN(self.model.characters, cache)

    @classmethod
    def from_files(cls, options: str | Path, weights: str | Path, **given: Any) -> Self:
        """Load official files.

        Parameters
        ----------
        options, weights : str or Path
            ``options.json`` and ``weights.hdf5``.
        **given
            ``stateful``, ``device``, ``cache``, as above.

        Raises
        ------
        FileNotFoundError
            If a file is not there.
        ValueError
            If a file is of another kind, or the two do not fit each other.
        """
        return cls(elmo_files.read(options, weights), **given)

    @classmethod
    def official(cls, name: str = "small", *, download: bool = False, **given: Any) -> Self:
        """Load a model that the authors of ELMo trained.

        Parameters
        ----------
        name : {"small", "medium", "original", "original_5.5B"}
            2 P is 256, 512, 1024 and 1024; the last was trained on 5.5 billion words, the others
            on 800 million.
        download : bool
            Fetch the files (about 54, 112, 374 and 374 MB) if they are not at hand.
        **given
            ``stateful``, ``device``, ``cache``, as above.

        Raises
        ------
        ValueError
            If there is no such model.
        DataUnavailable
            If the files are not at hand, are truncated or altered, or cannot be fetched.
        """
        if name not in OFFICIAL:
            raise ValueError(unknown_name(name, OFFICIAL, "official ELMo model"))
        options, weights = store.locate(OFFICIAL[name], download=download)
        return cls.from_files(options, weights, **given)

    @classmethod
    def course_model(cls, **given: Any) -> Self:
        """Load the small model that ships with the course; it is given what ``official`` is."""
        options, weights = (_COURSE_MODEL / name for name in ("options.json", "weights.hdf5"))
        return cls.from_files(options, weights, **given)

    @property
    def n_layers(self) -> int:
        """L + 1, the number of layers that :meth:`embed` returns."""
        return self.model.options.n_layers + 1

    @property
    def vector_size(self) -> int:
        """2 P, the size of a word's vector in each layer."""
        return 2 * self.model.options.projection_dim

    def reset_state(self) -> None:
        """Reset the LSTM state to zeros."""
        self.state = None

    def embed(self, sentences: Iterable[Iterable[str]]) -> ElmoOutput:
        """Return all layers for every word of a batch of sentences.

        The marks that open and close a sentence are added, read, and taken out of the result.

        Parameters
        ----------
        sentences : iterable of iterables of str
            Tokens as in the text: with capitals, without lower-casing.

        Raises
        ------
        TypeError
            If a sentence is no list of words, see :func:`course_lib.checks.token_lists`.
        ValueError
            For an empty sentence or batch, or another number of sentences than before where
            the state is carried. The state stays as it was.
        """
        width = self.model.options.characters.width
        ids = torch.from_numpy(characters.batch_to_ids(sentences, width=width))
        with torch.no_grad():
            words = self.model.words(ids, self._encode)
            layers, mask, state = self.model(words, self.state)  # (L + 1, B, T + 2, 2 P)
        if self.stateful:
            self.state = state
        # A sentence has two words more inside than outside: its marks.
        layers, mask = layers[:, :, 1:-1], mask[:, 2:]
        return ElmoOutput(layers.masked_fill_(~mask.unsqueeze(2), 0.0), mask)

    def mixed(self, sentences: Iterable[Iterable[str]], mix: ScalarMix) -> torch.Tensor:
        """Return the ELMo representation, (B, T, 2 P): the layers mixed.

        Gradients reach the weights of the mix, not the biLM.
        """
        layers, mask = self.embed(sentences)
        return mix.to(self.device)(layers, mask)
