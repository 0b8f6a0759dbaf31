"""The sampled softmax: the loss of a step against some words only, drawn at random."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


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
    hidden : torch.Tensor, (N, P)
    targets : torch.Tensor, int64, (N,)
    weight, bias : torch.Tensor, (V, P) and (V,)
        Of the softmax; rows by falling frequency.
    samples : int
        n.

    Returns
    -------
    torch.Tensor, ()
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
        functional.embedding(torch.cat([drawn, targets]), table)
        for table in (weight, bias.unsqueeze(1))
    )
    m = len(drawn)
    own = (hidden * weights[m:]).sum(1) + biases[m:, 0]
    shift = biases[:m, 0] - torch.log(samples * q / times).to(bias.dtype)
    others = torch.addmm(shift, hidden, weights[:m].T)  # (N, m)
    column = targets.new_full((size,), -1)
    column[drawn] = torch.arange(m, device=drawn.device)
    column = column[targets]  # where a target was drawn, (N,)
    row = (column >= 0).nonzero().squeeze(1)
    others[row, column[row]] = torch.finfo(others.dtype).min  # not -inf: gradients stay numbers
    return (torch.logaddexp(own, others.logsumexp(1)) - own).mean()
