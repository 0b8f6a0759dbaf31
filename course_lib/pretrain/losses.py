"""The loss of both directions on a window, and on a whole text.

Symbols: B streams side by side, T words a window, V words the softmax knows, P numbers a state.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.bilm import BiLM, State
from course_lib.checks import check_corpus
from course_lib.pretrain.streams import Lexicon, Sentences, Window, stream, windows

Criterion = Callable[[torch.Tensor, torch.Tensor, nn.Module], torch.Tensor]


def cross_entropy(hidden: torch.Tensor, targets: torch.Tensor, softmax: nn.Module) -> torch.Tensor:
    """Return the mean cross-entropy of each direction: (2, N, P) and int64, (2, N), to (2,).

    An adaptive softmax has its own short way to the exact loss of its own model.
    """
    pairs = zip(hidden, targets, strict=True)
    if isinstance(softmax, nn.AdaptiveLogSoftmaxWithLoss):
        return torch.stack([softmax(h, t).loss for h, t in pairs])
    return torch.stack([functional.cross_entropy(softmax(h), t) for h, t in pairs])


def losses(
    model: BiLM,
    lexicon: Lexicon,
    pair: tuple[Window, Window],
    state: list[State],
    *,
    criterion: Criterion = cross_entropy,
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
    criterion : callable
        From states (2, N, P), targets (2, N) and the softmax to the loss of each direction, (2,).

    Returns
    -------
    torch.Tensor, (2,)
        Nats per word: forward, backward.
    list of (h, c)
    """
    ids = lexicon.spelling[np.stack([window.inputs for window in pair])]  # (2, B, T, width)
    state = [(h.detach(), c.detach()) for h, c in state]
    outputs, state = model.read(model.words(torch.from_numpy(ids)), state)
    hidden = outputs[-1].flatten(0, 1).transpose(0, 1)  # (2, B T, P)
    wanted = np.stack([lexicon.targets[window.targets].ravel() for window in pair])
    targets = torch.from_numpy(wanted).to(hidden.device)  # (2, B T)
    return criterion(hidden, targets, model.softmax), state


def evaluate(
    model: BiLM, lexicon: Lexicon, sentences: Sentences, *, batch_size: int = 1, length: int = 20
) -> np.ndarray:
    """Return the mean cross-entropy of each direction, forward then backward, in nats per word."""
    sums, count = np.zeros(2), 0
    sentences = check_corpus(sentences, "sentences")
    streams = (stream(sentences, lexicon, backward=backward) for backward in (False, True))
    pairs = zip(*(windows(text, batch_size, length) for text in streams), strict=True)
    state = model.initial_state(batch_size)
    model.eval()
    with torch.no_grad():
        for pair in pairs:
            loss, state = losses(model, lexicon, pair, state)
            sums += loss.cpu().double().numpy() * pair[0].inputs.size
            count += pair[0].inputs.size
    return sums / count
