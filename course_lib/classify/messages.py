"""Message classification with ELMo: mean-pooled layers, a scalar mix with a head, fine-tuning.

Symbols: n messages, L + 1 layers, 2 P vector size of each layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import regex
import torch
from torch import nn
from torch.nn import functional

from course_lib import pretrain, runtime
from course_lib.bilm import BiLM
from course_lib.characters import check_sentences
from course_lib.checks import check_corpus, one_string, token_lists
from course_lib.classify.training import fit
from course_lib.elmo import Elmo, ScalarMix
from course_lib.pretrain.streams import Sentences

if TYPE_CHECKING:
    import pandas as pd

    from course_lib.vectors import WordVectors

_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_WORD = regex.compile(r"(?:\p{L}\p{M}*){4,}")


def mean_of_words(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean over the words of each text, (..., B, D), of vectors (..., B, T, D)."""
    return vectors.sum(-2) / mask.sum(1, keepdim=True)  # 0 where there is no word


def pooled_layers(
    model: Elmo,
    sentences: Sentences,
    *,
    batch_size: int = 64,
    pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = mean_of_words,
) -> np.ndarray:
    """Return the mean over the words of each text, layer by layer.

    A mix is a sum, and so is a mean: the mean of mixed words is the mix of the means. So the
    biLM reads each text once, and not in every epoch.

    Parameters
    ----------
    model : Elmo
    sentences : list of list of str
        Tokens with capitals and punctuation, at least one a text.
    batch_size : int
        Texts that go through the model together; those of like length do.
    pool : callable, optional
        Another way from layers and mask to a row for each text, (..., B, D).

    Returns
    -------
    numpy.ndarray, float32, (n, L + 1, 2 P)
    """
    sentences = check_sentences(sentences)
    if model.stateful:
        raise ValueError("The model carries its state from text to text: load it without.")
    order = np.argsort([len(words) for words in sentences], kind="stable")
    found = []
    with runtime.progress(total=len(order), desc="texts", unit="text") as bar:
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            pooled = pool(*model.embed([sentences[i] for i in batch]))  # (..., B, D)
            found.append(pooled.movedim(-2, 0).cpu().numpy())
            bar.update(len(batch))
    return np.concatenate(found)[np.argsort(order)]


def mean_vectors(vectors: WordVectors, sentences: Sentences) -> np.ndarray:
    """Return the mean static vector of each text, float32, (n, M); 0 where no word is known."""
    sentences = list(token_lists(sentences))
    found = np.zeros((len(sentences), vectors.vector_size), np.float32)
    for row, words in zip(found, sentences, strict=True):
        if known := [vectors.index[word] for word in words if word in vectors.index]:
            row[:] = vectors.matrix[known].mean(0)
    return found


class MixedMeans(nn.Module):
    """Layers mixed, a dense layer with ReLU, one unit: the head of the published network.

    With m_j the mean of a message in layer j: x = γ Σ_j s_j m_j, z = w · relu(A x + a) + b.

    Parameters
    ----------
    n_layers : int
        L + 1.
    vector_size : int
        2 P.
    learned : bool
        Whether s and γ are learned with the rest; else they stay as they start, all s alike.
    static : int
        M, numbers of another vector of the message, put behind x.
    hidden : int
        Rows of A.
    """

    def __init__(
        self,
        n_layers: int,
        vector_size: int,
        *,
        learned: bool = True,
        static: int = 0,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        self.n_layers, self.vector_size, self.static = n_layers, vector_size, static
        self.mix = ScalarMix(n_layers).requires_grad_(learned)
        self.dense = nn.Linear(vector_size + static, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, means: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,), of messages.

        Parameters
        ----------
        means : torch.Tensor, float32, (batch, (L + 1) · 2 P + M)
            The means of the layers, one behind the other, scaled or not; then the other vector.
        """
        size = self.n_layers * self.vector_size
        if means.shape[1] != size + self.static:
            raise ValueError(
                f"{means.shape[1]} numbers a message; {self.n_layers} layers of {self.vector_size} "
                f"and {self.static} others are {size + self.static}."
            )
        layers = means[:, :size].unflatten(1, (self.n_layers, 1, -1)).transpose(0, 1)
        mixed = self.mix(layers).squeeze(1)  # (batch, 2 P)
        x = torch.cat([mixed, means[:, size:]], 1)  # (batch, 2 P + M)
        return self.out(functional.relu(self.dense(x))).squeeze(1)


def fit_mixed(
    model: MixedMeans, means: np.ndarray, labels: Sequence[int], **options: Any
) -> pd.DataFrame:
    """Train by :func:`~course_lib.classify.training.fit` and record the weights of the mix.

    Options and history are those of ``fit``; the history has ``s_0`` ... ``s_L`` and ``gamma``
    too, at the last step of each epoch.
    """
    seen: list[list[float]] = []

    def note(mix: ScalarMix, *_: object) -> None:
        if mix.training:
            seen.append([*mix.weights.tolist(), mix.gamma.item()])

    handle = model.mix.register_forward_hook(note)
    try:
        history = fit(model, means, labels, **options)
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

    sentences = check_corpus(sentences, "sentences")
    held_out = [] if held_out is None else check_corpus(held_out, "held_out")
    words = pretrain.Lexicon.build(sentences, max_size=max_words).words
    text = dict.fromkeys(chain.from_iterable([*sentences, *held_out]))
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
    """Misspell words of four letters or more, as spammers do to evade a filter.

    Parameters
    ----------
    text : str
    share : float
        Probability that a word is misspelt. From the same state of ``rng``, a larger share
        misspells a superset of the words.
    rng : numpy.random.Generator
    way : {"digits", "swap"}
        ``free`` becomes ``fr33``; or two adjacent letters after the first are swapped, ``fere``.
    """
    if way not in ("digits", "swap"):
        raise ValueError(f'way is {way!r}; use "digits" or "swap".')

    def other(match: regex.Match[str]) -> str:
        word, chance, place = match.group(), rng.random(), rng.random()
        if chance >= share:
            return word
        if way == "digits":
            return word.translate(_LEET)
        letters = regex.findall(r"\p{L}\p{M}*", word)
        at = 1 + int(place * (len(letters) - 2))
        letters[at : at + 2] = reversed(letters[at : at + 2])
        return "".join(letters)

    return _WORD.sub(other, one_string(text, "text"))
