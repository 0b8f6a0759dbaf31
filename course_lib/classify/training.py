"""Training and use of a classifier: binary cross-entropy, Adam, one row of history an epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib import runtime
from course_lib.checks import check_whole_numbers

if TYPE_CHECKING:
    import pandas as pd
    import torch

Labeled = tuple[np.ndarray, Sequence[int]]


def fit(
    model: torch.nn.Module,
    inputs: np.ndarray,
    labels: Sequence[int],
    *,
    validation: Labeled | None = None,
    epochs: int = 5,
    batch_size: int = 64,
    alpha: float = 1e-3,
    averaged: int = 0,
    seed: int = 1,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """Train a classifier by Adam on the binary cross-entropy.

    With z the logit of a text and y its label, the loss is -y log σ(z) - (1 - y) log σ(-z).

    Parameters
    ----------
    model : torch.nn.Module
        Takes a batch of the inputs; gives logits, float32, (batch,). It is trained in place and
        returned to the CPU in evaluation mode.
    inputs : numpy.ndarray, (n, ...)
        A row for each text: word ids, taken as int64, or numbers, taken as float32.
    labels : sequence of int, (n,)
        0 or 1.
    validation : (inputs, labels), optional
        Evaluated after each epoch.
    epochs, batch_size : int
    alpha : float
        Learning rate of Adam.
    averaged : int
        Number of last epochs with weight averaging: the model gets the mean of the weights
        after each of their steps, in which much of the noise of single batches cancels.
    seed : int
        For the order of the texts and for dropout.
    device : torch.device or str, optional
        Default: ``runtime.device()``.

    Returns
    -------
    pandas.DataFrame
        Columns ``epoch`` (from 1), ``loss`` (nats per text) and ``accuracy``, both the mean
        over the epoch while it trains and with dropout; with validation, ``validation_loss``
        and ``validation_accuracy`` at its end, in the averaged epochs those of the mean so far;
        ``seconds`` of the training.

    Raises
    ------
    ValueError
        If inputs and labels differ in length, a label is neither 0 nor 1, or more epochs are
        to be averaged than there are.

    References
    ----------
    Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    Polyak & Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging": the mean of
    the weights.
    """
    import pandas as pd
    import torch
    from torch.optim.swa_utils import AveragedModel

    inputs, labels = check(inputs, labels)
    validation = validation and check(*validation)
    check_whole_numbers(epochs=epochs, batch_size=batch_size)
    if averaged not in range(epochs + 1):
        raise ValueError(f"averaged is {averaged}; give a whole number from 0 to {epochs} epochs.")
    device = torch.device(device) if device else runtime.device()
    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    model.to(device).train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(weights, lr=alpha)
    texts, wanted = torch.from_numpy(inputs).to(device), torch.from_numpy(labels).to(device)
    mean = AveragedModel(model) if averaged else None
    rows = []
    with runtime.progress(total=epochs * len(texts), desc="texts", unit="text") as bar:
        for epoch in range(1, epochs + 1):
            began, loss_sum, right = time.perf_counter(), 0.0, 0
            average = epoch > epochs - averaged
            for batch in torch.randperm(len(texts), generator=order).to(device).split(batch_size):
                logits = model(texts[batch])  # (batch,)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if average:
                    mean.update_parameters(model)
                loss_sum += loss.item() * len(batch)
                right += int(((logits > 0) == (wanted[batch] > 0.5)).sum())
                bar.update(len(batch))
            row = {"epoch": epoch, "loss": loss_sum / len(texts), "accuracy": right / len(texts)}
            seconds = time.perf_counter() - began
            if validation:
                logits = _logits(mean if average else model, validation[0], device=device)
                # log(1 + e^z) - y z, without overflow
                lost = np.logaddexp(0.0, logits) - validation[1] * logits
                row["validation_loss"] = float(lost.mean())
                row["validation_accuracy"] = float(((logits > 0) == (validation[1] > 0.5)).mean())
                model.train()
            rows.append(row | {"seconds": seconds})
    if mean:
        model.load_state_dict(mean.module.state_dict())
    model.cpu().eval()
    return pd.DataFrame(rows)


def predict(model: torch.nn.Module, inputs: np.ndarray, *, batch_size: int = 512) -> np.ndarray:
    """Return the probability that each text has the label 1.

    Parameters
    ----------
    model : torch.nn.Module
    inputs : numpy.ndarray, (n, ...)
        As in :func:`fit`.
    batch_size : int

    Returns
    -------
    numpy.ndarray, float32, (n,)
    """
    from scipy.special import expit

    return expit(_logits(model, as_inputs(inputs), batch_size))


def accuracy(model: torch.nn.Module, inputs: np.ndarray, labels: Sequence[int]) -> float:
    """Return the accuracy, 0 to 1, at a probability threshold of 0.5."""
    inputs, wanted = check(inputs, labels)
    return float(((predict(model, inputs) > 0.5) == (wanted > 0.5)).mean())


def as_inputs(inputs: np.ndarray) -> np.ndarray:
    """Return inputs as int64 where they are whole numbers, else as float32."""
    inputs = np.asarray(inputs)
    if inputs.ndim < 2 or inputs.dtype.kind not in "iuf" or not len(inputs):
        raise ValueError(
            f"inputs are {inputs.dtype} of the shape {inputs.shape}; a row of numbers for each "
            "text is needed, at least one row: see classify.pad."
        )
    if not np.isfinite(inputs).all():
        raise ValueError("inputs hold NaN or infinity, from which nothing is learned.")
    return inputs.astype(np.float32 if inputs.dtype.kind == "f" else np.int64, copy=False)


def check(inputs: np.ndarray, labels: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Validate inputs (see :func:`as_inputs`) and labels, which are returned as float32."""
    inputs, labels = as_inputs(inputs), np.asarray(labels)
    if labels.shape != (len(inputs),):
        raise ValueError(f"{len(inputs):,} texts, but labels of the shape {labels.shape}.")
    if strange := sorted(set(labels.tolist()) - {0, 1}, key=str):
        raise ValueError(f"A label is 0 or 1, not {strange[0]!r}; compare all with the one sought.")
    return inputs, labels.astype(np.float32)


def _logits(
    model: torch.nn.Module,
    inputs: np.ndarray,
    batch_size: int = 512,
    *,
    device: torch.device | str | None = None,
) -> np.ndarray:
    import torch

    device = device or next(model.parameters()).device
    model.to(device).eval()
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(inputs[i : i + batch_size]).to(device)).cpu()
            for i in range(0, len(inputs), batch_size)
        ]
    return torch.cat(parts).numpy()
