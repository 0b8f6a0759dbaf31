"""Short messages as ELMo sees them: layers pooled once, a network that mixes them, fine-tuning.

Symbols: n messages, L + 1 layers, 2 P numbers of a word in each layer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib import pretrain, runtime
from course_lib.bilm import BiLM
from course_lib.classify.training import Labeled, fit
from course_lib.elmo import Elmo, ScalarMix

if TYPE_CHECKING:
    import pandas as pd

    from course_lib.vectors import WordVectors

Layers = Literal["learned", "equal", "last"]
Sentences = Sequence[Sequence[str]]
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_WORD = re.compile(r"[^\W\d_]{4,}")


def pooled_layers(model: Elmo, sentences: Sentences, *, batch_size: int = 64) -> np.ndarray:
    """Return the mean over the words of each text, layer by layer.

    A mix is a sum, and so is a mean: the mean of mixed words is the mix of the means. So the
    biLM reads each text once, and not in every epoch.

    Parameters
    ----------
    model : Elmo
    sentences : list of list of str
        Tokens with capitals and punctuation, at least one a text.
    batch_size : int

    Returns
    -------
    numpy.ndarray, float32, (n, L + 1, 2 P)
    """
    if model.stateful:
        raise ValueError("The model carries its state from text to text: load it without.")
    order = np.argsort([len(words) for words in sentences], kind="stable")
    found = np.empty((len(sentences), model.n_layers, model.vector_size), np.float32)
    with runtime.progress(total=len(order), desc="texts", unit="text") as bar:
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            layers, mask = model.embed([sentences[i] for i in batch])
            mean = layers.sum(2) / mask.sum(1, keepdim=True)  # (L + 1, B, 2 P)
            found[batch] = mean.transpose(0, 1).cpu().numpy()
            bar.update(len(batch))
    return found


def mean_vectors(vectors: WordVectors, sentences: Sentences) -> np.ndarray:
    """Return the mean static vector of each text, float32, (n, M); 0 where no word is known."""
    found = np.zeros((len(sentences), vectors.vector_size), np.float32)
    for row, words in zip(found, sentences, strict=True):
        if known := [vectors.index[word] for word in words if word in vectors.index]:
            row[:] = vectors.matrix[known].mean(0)
    return found


def standardized(table: np.ndarray, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Bring each number to mean 0 and standard deviation 1 over some rows, those to learn from.

    No test message may be among them.
    """
    chosen = table[rows]
    return (table - chosen.mean(0)) / (chosen.std(0) + np.float32(1e-6))


class MixedMeans(nn.Module):
    """Layers mixed, a dense layer with ReLU, one unit: the head of the published network.

    With m_j the mean of a message in layer j: x = γ Σ_j s_j m_j, z = w · relu(A x + a) + b.
    It keeps the means of all messages and takes row numbers, as an embedding takes word ids.

    Parameters
    ----------
    layers : numpy.ndarray, float32, (n, L + 1, 2 P)
        Of :func:`pooled_layers`, standardised or not. They are not trained.
    weigh : {"learned", "equal", "last"}
        s learned with the rest, all alike, or 1 for the last layer and 0 for the others.
    static : numpy.ndarray, float32, (n, M), optional
        Other vectors of the same messages, put behind x.
    hidden : int
        Rows of A.
    """

    def __init__(
        self,
        layers: np.ndarray,
        *,
        weigh: Layers = "learned",
        static: np.ndarray | None = None,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        if weigh not in ("learned", "equal", "last"):
            raise ValueError(f'weigh is {weigh!r}; use "learned", "equal" or "last".')
        if static is not None and len(static) != len(layers):
            raise ValueError(f"{len(layers):,} messages have layers, {len(static):,} vectors.")
        if weigh == "last":
            layers = layers[:, -1:]
        self.register_buffer("layers", torch.from_numpy(layers), persistent=False)
        self.register_buffer(
            "static", None if static is None else torch.from_numpy(static), persistent=False
        )
        self.mix = ScalarMix(layers.shape[1]).requires_grad_(weigh == "learned")
        size = layers.shape[2] + (0 if static is None else static.shape[1])
        self.dense = nn.Linear(size, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,), of the messages with these row numbers, int64, (batch, 1)."""
        rows = rows.squeeze(1)
        means = self.layers[rows].unsqueeze(2).transpose(0, 1)  # (L + 1, batch, 1, 2 P)
        mixed = self.mix(means).squeeze(1)  # (batch, 2 P)
        if self.static is not None:
            mixed = torch.cat([mixed, self.static[rows]], 1)  # (batch, 2 P + M)
        return self.out(functional.relu(self.dense(mixed))).squeeze(1)


def fit_mixed(
    model: MixedMeans,
    rows: np.ndarray,
    labels: Sequence[int],
    *,
    validation: Labeled | None = None,
    **options: int | float,
) -> pd.DataFrame:
    """Train by :func:`~course_lib.classify.training.fit` and write down the mix as it moves.

    Rows say which messages to learn from, (n,); so do those of ``validation``, with their labels.
    Options and history are those of ``fit``; the history has ``s_0`` ... ``s_L`` and ``gamma``
    too, as they stood in the last step of an epoch.
    """
    seen: list[list[float]] = []

    def note(mix: ScalarMix, *_: object) -> None:
        if mix.training:
            seen.append([*mix.weights.tolist(), mix.gamma.item()])

    handle = model.mix.register_forward_hook(note)
    try:
        if validation is not None:
            validation = (np.asarray(validation[0])[:, None], validation[1])
        history = fit(model, np.asarray(rows)[:, None], labels, validation=validation, **options)
    finally:
        handle.remove()
    steps = len(seen) // len(history)
    names = [*(f"s_{j}" for j in range(len(seen[0]) - 1)), "gamma"]
    history[names] = np.array(seen[steps - 1 :: steps])
    return history


def fine_tune(
    model: BiLM,
    sentences: Sentences,
    *,
    held_out: Sentences | None = None,
    max_words: int = 4_000,
    epochs: int = 8,
    alpha: float = 2e-3,
    seed: int = 1,
) -> tuple[Elmo, pd.DataFrame]:
    """Train a copy of a biLM further as a language model, on text without labels.

    The files of a biLM have no softmax, and another text has other words. So a new softmax is
    trained first, for one epoch, on the biLM as it stands; then all weights are. (Peters et al.
    2018, "Deep Contextualized Word Representations", section 3.4.)

    Parameters
    ----------
    model : BiLM
        Left as it is.
    sentences : list of list of str
    held_out : list of list of str, optional
        Text to measure on, with all words of the softmax.
    max_words : int
        The softmax predicts the most frequent words of ``sentences``; others are ``<UNK>``.
    epochs, alpha
        Of the second step; its highest learning rate.
    seed : int

    Returns
    -------
    Elmo
    pandas.DataFrame
        Perplexity of the held-out text: rows ``before`` and ``after`` the second step, columns
        ``forward`` and ``backward``. Without held-out text it is empty.
    """
    import pandas as pd

    words = pretrain.Lexicon.build(sentences, max_size=max_words).words
    text = dict.fromkeys(chain.from_iterable([*sentences, *(held_out or ())]))
    lexicon = pretrain.Lexicon.of_words(words, text, width=model.options.characters.width)
    torch.manual_seed(seed)
    copy = BiLM(model.options, vocabulary_size=len(words), way=model.way)
    copy.load_state_dict(model.state_dict(), strict=False)
    copy.to(runtime.device())
    found = pd.DataFrame(columns=["forward", "backward"], dtype=float)
    for name, rounds, rate in (("before", 1, 5e-3), ("after", epochs, alpha)):
        copy.requires_grad_(name == "after")
        copy.softmax.requires_grad_(True)
        pretrain.train(copy, lexicon, sentences, epochs=rounds, alpha=rate, seed=seed)
        if held_out:
            found.loc[name] = np.exp(pretrain.evaluate(copy, lexicon, held_out))
    copy.softmax = None
    return Elmo(copy), found


def disguise(
    text: str,
    *,
    share: float,
    rng: np.random.Generator,
    way: Literal["digits", "swap"] = "digits",
) -> str:
    """Misspell words of four letters and more, as a sender does who wants to pass a filter.

    Parameters
    ----------
    text : str
    share : float
        With what probability each is misspelt. From the same state of ``rng``, a larger share
        misspells what a smaller one does, and more.
    rng : numpy.random.Generator
    way : {"digits", "swap"}
        ``free`` becomes ``fr33``; or two letters behind the first change places, ``fere``.
    """
    if way not in ("digits", "swap"):
        raise ValueError(f'way is {way!r}; use "digits" or "swap".')

    def other(match: re.Match[str]) -> str:
        word, chance, place = match.group(), rng.random(), rng.random()
        if chance >= share:
            return word
        if way == "digits":
            return word.translate(_LEET)
        at = 1 + int(place * (len(word) - 2))
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _WORD.sub(other, text)
