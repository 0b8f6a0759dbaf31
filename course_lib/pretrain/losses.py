"""The loss of both directions on a window, and on a whole text.

Symbols: B streams side by side, T words a window, V words the softmax knows, P numbers a state.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.bilm import BiLM, State
from course_lib.pretrain.streams import Lexicon, Sentences, Window, stream, windows


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
    draws: the sum over the drawn words then has the mean of the full sum. A word that is drawn k
    times stands in the sum once, k times as heavy. One that is the target itself is left out.

    Parameters
    ----------
    hidden : torch.Tensor, (N, P) or (D, N, P)
        D directions share the draws.
    targets : torch.Tensor, int64, (N,) or (D, N)
    weight, bias : torch.Tensor, (V, P) and (V,)
        Of the softmax; rows by falling frequency.
    samples : int
        n.

    Returns
    -------
    torch.Tensor, () or (D,)
        Mean over the N words.

    References
    ----------
    Bengio & Senecal 2003, "Quick Training of Probabilistic Neural Nets by Importance Sampling".
    Jean et al. 2015, "On Using Very Large Target Vocabulary for Neural Machine Translation".
    """
    size = len(weight)
    kind = torch.float32 if hidden.device.type == "mps" else torch.float64  # Apple's has no 64
    uniform = torch.rand(samples, device=hidden.device, dtype=kind)
    drawn = (torch.exp(uniform * math.log(size + 1)) - 1).long().clamp(max=size - 1)  # (n,)
    drawn, times = drawn.unique(return_counts=True)  # (m,) each
    q = torch.log((drawn + 2.0) / (drawn + 1.0)) / math.log(size + 1)
    weights, biases = (  # of the drawn words, then of the targets: one lookup, one gradient
        functional.embedding(torch.cat([drawn, targets.flatten()]), table)
        for table in (weight, bias.unsqueeze(1))
    )
    m = len(drawn)
    own = (hidden * weights[m:].view_as(hidden)).sum(-1) + biases[m:].view_as(targets)
    shift = biases[:m, 0] - torch.log(samples * q / times).to(bias.dtype)
    others = torch.addmm(shift, hidden.flatten(0, -2), weights[:m].T)  # (D N, m)
    column = targets.new_full((size,), -1)
    column[drawn] = torch.arange(m, device=drawn.device)
    column = column[targets.flatten()]  # where a target was drawn, (D N,)
    row = (column >= 0).nonzero().squeeze(1)
    others[row, column[row]] = torch.finfo(others.dtype).min  # not -inf: gradients stay numbers
    return (torch.logaddexp(own, others.logsumexp(1).view_as(own)) - own).mean(-1)


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
        Words drawn for the softmax; by default all V take part. An adaptive softmax draws none:
        it has its own short way to the exact loss of its own model.

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
    softmax = model.softmax
    if isinstance(softmax, nn.AdaptiveLogSoftmaxWithLoss):
        found = [softmax(h, t).loss for h, t in zip(hidden, targets, strict=True)]
    elif samples:
        found = sampled_cross_entropy(hidden, targets, softmax.weight, softmax.bias, samples)
    else:
        found = [
            functional.cross_entropy(softmax(h), t) for h, t in zip(hidden, targets, strict=True)
        ]
    return torch.stack(list(found)), state


def evaluate(
    model: BiLM, lexicon: Lexicon, sentences: Sentences, *, batch_size: int = 1, length: int = 20
) -> np.ndarray:
    """Return the mean cross-entropy of each direction, forward then backward, in nats per word."""
    sums, count = np.zeros(2), 0
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
