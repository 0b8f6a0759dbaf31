"""Training a biLM: streams of text, the loss of both directions, and a training loop.

Symbols: B streams side by side, T words a window (the length of back-propagation), V words the
softmax knows, P numbers a state.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from course_lib import characters, runtime
from course_lib.bilm import BiLM, State

if TYPE_CHECKING:
    import pandas as pd

BEGIN, END, UNKNOWN = "<S>", "</S>", "<UNK>"
Sentences = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Lexicon:
    """Every distinct word of a text, as characters and as a target of the softmax.

    A model that reads characters can read any word; it can only predict those it has a row for.
    All others are ``<UNK>`` as targets.

    Attributes
    ----------
    words : list of str, V
        What the softmax predicts: ``</S>``, ``<S>``, ``<UNK>``, then by falling count.
    types : dict of str to int
        All distinct words of the text with the two sentence marks: their row below.
    spelling : numpy.ndarray, int16, (types, width)
        Character ids, raised by one as in a batch.
    targets : numpy.ndarray, int64, (types,)
        Which of ``words`` each type is.
    """

    words: list[str]
    types: dict[str, int]
    spelling: np.ndarray
    targets: np.ndarray

    @classmethod
    def build(
        cls, sentences: Sentences, *, max_size: int | None = None, width: int = characters.WIDTH
    ) -> Lexicon:
        """Count the words of a text and keep the ``max_size`` most frequent as targets."""
        counts = Counter(chain.from_iterable(sentences))
        if not counts:
            raise ValueError("The text has no words.")
        words = [END, BEGIN, UNKNOWN, *(word for word, _ in counts.most_common(max_size))]
        return cls.of_words(words, counts, width=width)

    @classmethod
    def of_words(cls, words: list[str], text: Sequence[str], *, width: int) -> Lexicon:
        """Take the targets as given, for example those of another text."""
        if words[:3] != [END, BEGIN, UNKNOWN]:
            raise ValueError(f"words begins with {words[:3]}, not with {[END, BEGIN, UNKNOWN]}.")
        index = {word: i for i, word in enumerate(words)}
        types = {END: 0, BEGIN: 1}
        for word in text:
            types.setdefault(word, len(types))
        spelling = [characters.word_to_ids(word, width=width) for word in types]
        spelling[0] = characters.sentence_mark_ids(characters.END_SENTENCE, width=width)
        spelling[1] = characters.sentence_mark_ids(characters.BEGIN_SENTENCE, width=width)
        targets = [index.get(word, index[UNKNOWN]) for word in types]
        return cls(words, types, np.array(spelling, np.int16) + 1, np.array(targets))


class Window(NamedTuple):
    """What one direction reads and predicts in one step; types as in ``Lexicon``, (B, T)."""

    inputs: np.ndarray
    targets: np.ndarray


def stream(
    sentences: Sentences,
    lexicon: Lexicon,
    *,
    backward: bool = False,
    order: np.ndarray | None = None,
) -> Window:
    """Lay sentences end to end, as types: what is read, and what is to be predicted from it.

    The forward model reads ``<S> w1 ... wn`` and predicts ``w1 ... wn </S>``; the backward
    model reads ``</S> wn ... w1`` and predicts ``wn ... w1 <S>``.

    Returns
    -------
    Window
        Two arrays, int32, (tokens,): n + 1 for each sentence.
    """
    first, last = (END, BEGIN) if backward else (BEGIN, END)
    inputs: list[int] = []
    targets: list[int] = []
    for number in range(len(sentences)) if order is None else order:
        words = sentences[number]
        ids = [lexicon.types[word] for word in (reversed(words) if backward else words)]
        inputs += [lexicon.types[first], *ids]
        targets += [*ids, lexicon.types[last]]
    return Window(np.array(inputs, np.int32), np.array(targets, np.int32))


def windows(text: Window, batch_size: int, length: int) -> Iterator[Window]:
    """Cut a stream into B pieces side by side, and those into windows of T words.

    Row b of a window goes on where row b of the window before has ended. The last words that
    fill no window of T are left out.
    """
    columns = len(text.inputs) // batch_size
    if columns < length:
        raise ValueError(
            f"{len(text.inputs):,} words in {batch_size} streams are {columns} each, less than a "
            f"window of {length}. Give more text, or smaller batches."
        )
    rows = [part[: batch_size * columns].reshape(batch_size, columns) for part in text]
    for start in range(0, columns - length + 1, length):
        yield Window(*(part[:, start : start + length] for part in rows))


def sampled_cross_entropy(
    hidden: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    samples: int,
) -> torch.Tensor:
    """Return the cross-entropy against the target and some words drawn at random.

    Words are drawn from q(w) = log((w + 2) / (w + 1)) / log(V + 1), which falls with the rank w
    as word counts do. From each logit of a drawn word log(n q(w)) is taken off, n the number of
    draws: the sum over the drawn words then has the mean of the full sum. A word that is drawn
    and is the target itself is left out.

    Parameters
    ----------
    hidden : torch.Tensor, (N, P)
    targets : torch.Tensor, int64, (N,)
    weight, bias : torch.Tensor, (V, P) and (V,)
        Of the softmax; rows by falling frequency.
    samples : int
        n.

    References
    ----------
    Bengio & Senecal 2003, "Quick Training of Probabilistic Neural Nets by Importance Sampling".
    Jean et al. 2015, "On Using Very Large Target Vocabulary for Neural Machine Translation".
    """
    size = len(weight)
    uniform = torch.rand(samples, device=hidden.device, dtype=torch.float64)
    drawn = (torch.exp(uniform * math.log(size + 1)) - 1).long().clamp(max=size - 1)  # (n,)
    q = torch.log((drawn + 2.0) / (drawn + 1.0)) / math.log(size + 1)
    others = torch.addmm(bias[drawn] - torch.log(samples * q), hidden, weight[drawn].T)  # (N, n)
    others = others.masked_fill(targets.unsqueeze(1) == drawn, -math.inf)
    own = (hidden * weight[targets]).sum(1, keepdim=True) + bias[targets].unsqueeze(1)  # (N, 1)
    logits = torch.cat([own, others], 1)
    return (torch.logsumexp(logits, 1) - own.squeeze(1)).mean()


def losses(
    model: BiLM,
    lexicon: Lexicon,
    pair: tuple[Window, Window],
    state: list[State],
    *,
    samples: int | None = None,
) -> tuple[torch.Tensor, list[State]]:
    """Return the loss of each direction on its window, and the state to go on from.

    Parameters
    ----------
    model : BiLM
        With a softmax over ``lexicon.words``.
    pair : (Window, Window)
        Of the forward and of the backward stream.
    state : list of (h, c)
        Detached here: gradients stop at the start of the window.
    samples : int, optional
        Words drawn for the softmax; by default all V take part.

    Returns
    -------
    torch.Tensor, (2,)
        Nats per word: forward, backward.
    list of (h, c)
    """
    device = model.softmax.weight.device
    types, place = np.unique(np.stack([window.inputs for window in pair]), return_inverse=True)
    spelling = torch.from_numpy(lexicon.spelling[types].astype(np.int64)).to(device)
    rows = torch.from_numpy(place.reshape(2, *pair[0].inputs.shape)).to(device)  # (2, B, T)
    vectors = model.characters(spelling)  # each distinct word once
    n_layers, lengths = model.options.n_layers, [pair[0].inputs.shape[1]] * len(pair[0].inputs)
    found, new_state = [], []
    for backward, window in enumerate(pair):
        start = [(h.detach(), c.detach()) for h, c in state[backward * n_layers :][:n_layers]]
        outputs, end = model.run(vectors[rows[backward]], lengths, start, backward=bool(backward))
        new_state += end
        hidden = outputs[-1].flatten(0, 1)  # (B T, P)
        targets = torch.from_numpy(lexicon.targets[window.targets].ravel()).to(device)
        if samples:
            weight, bias = model.softmax.weight, model.softmax.bias
            found.append(sampled_cross_entropy(hidden, targets, weight, bias, samples))
        else:
            found.append(functional.cross_entropy(model.softmax(hidden), targets))
    return torch.stack(found), new_state


def evaluate(
    model: BiLM, lexicon: Lexicon, sentences: Sentences, *, batch_size: int = 1, length: int = 20
) -> np.ndarray:
    """Return the mean cross-entropy of each direction, forward then backward, in nats per word."""
    sums, count = np.zeros(2), 0
    pairs = _pairs(sentences, lexicon, batch_size, length)
    state = model.initial_state(batch_size)
    model.eval()
    with torch.no_grad():
        for pair in pairs:
            loss, state = losses(model, lexicon, pair, state)
            sums += loss.double().cpu().numpy() * pair[0].inputs.size
            count += pair[0].inputs.size
    return sums / count


def _pairs(
    sentences: Sentences,
    lexicon: Lexicon,
    batch_size: int,
    length: int,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[Window, Window]]:
    """Yield windows of both directions; each shuffles the sentences for itself."""
    streams = [
        stream(
            sentences,
            lexicon,
            backward=backward,
            order=rng.permutation(len(sentences)) if rng else None,
        )
        for backward in (False, True)
    ]
    return zip(*(windows(text, batch_size, length) for text in streams), strict=True)


def train(
    model: BiLM,
    lexicon: Lexicon,
    sentences: Sentences,
    *,
    held_out: Sentences | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    length: int = 20,
    samples: int | None = None,
    alpha: float = 2e-3,
    clip: float = 1.0,
    seed: int = 1,
    every: int = 100,
) -> pd.DataFrame:
    """Train both directions by truncated back-propagation with AdamW.

    The learning rate rises over the first twentieth of the steps and then falls to nothing.

    Parameters
    ----------
    model : BiLM
        With a softmax of ``len(lexicon.words)`` rows; trained in place.
    lexicon : Lexicon
        Must hold every word of the text.
    sentences, held_out : sequence of sequences of str
        Training text, and text that is only measured.
    epochs, batch_size, length : int
        Passes, B and T.
    samples : int, optional
        Words drawn for the softmax while training; measuring always uses all.
    alpha : float
        Highest learning rate.
    clip : float
        Gradients longer than this are scaled down to it.
    seed : int
        For the order of the sentences and the drawing.
    every : int
        Steps between two rows of the history.

    Returns
    -------
    pandas.DataFrame
        Columns ``step``, ``tokens`` (of one direction), ``forward``, ``backward`` (nats per word
        since the last row), ``gradient_norm`` (before clipping, largest since the last row),
        ``seconds``; with held-out text ``held_out_forward``, ``held_out_backward``.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=alpha, weight_decay=0.01)
    per_epoch = (sum(map(len, sentences)) + len(sentences)) // batch_size // length
    total, step, rows = epochs * per_epoch, 0, []
    began, sums, norms = time.perf_counter(), [], []
    with runtime.progress(total=total, desc="biLM", unit="step") as bar:
        for _ in range(epochs):
            state = model.initial_state(batch_size)
            for pair in _pairs(sentences, lexicon, batch_size, length, rng):
                step += 1
                rate = min(step / (total / 20 + 1), (total - step + 1) / (total * 0.95))
                for group in optimiser.param_groups:
                    group["lr"] = alpha * rate
                model.train()
                loss, state = losses(model, lexicon, pair, state, samples=samples)
                optimiser.zero_grad()
                loss.mean().backward()
                norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), clip).item())
                optimiser.step()
                sums.append(loss.detach().cpu().numpy())
                bar.update()
                if step % every and step < total:
                    continue
                forward, backward = np.mean(sums, axis=0)
                row = {
                    "step": step,
                    "tokens": step * batch_size * length,
                    "forward": float(forward),
                    "backward": float(backward),
                    "gradient_norm": max(norms),
                    "seconds": time.perf_counter() - began,
                }
                if held_out is not None:
                    found = evaluate(model, lexicon, held_out, length=length)
                    row |= {"held_out_forward": found[0], "held_out_backward": found[1]}
                rows.append(row)
                sums, norms = [], []
    model.eval()
    return pd.DataFrame(rows)
