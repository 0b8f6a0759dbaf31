"""Text classifiers: from ids (batch, time), 0 for padding, to logits (batch,)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from course_lib.classify.sequences import PADDING


def embedding(
    vocabulary_size: int, vector_size: int, table: np.ndarray | None = None, freeze: bool = False
) -> nn.Embedding:
    """Return an embedding layer with random weights, uniform in ±0.05, or pretrained ones.

    Parameters
    ----------
    vocabulary_size, vector_size : int
        Number of embeddings, with padding and marks, and embedding size.
    table : numpy.ndarray, float32, (vocabulary_size, vector_size), optional
    freeze : bool
        Do not train the embeddings.
    """
    layer = nn.Embedding(vocabulary_size, vector_size)
    if table is None:
        if freeze:
            raise ValueError("Frozen random rows learn nothing: give a table, or freeze=False.")
        nn.init.uniform_(layer.weight, -0.05, 0.05)
    else:
        if table.shape != (vocabulary_size, vector_size):
            raise ValueError(
                f"The table has the shape {table.shape}; this model needs "
                f"({vocabulary_size}, {vector_size})."
            )
        layer.weight.data = torch.tensor(table, dtype=torch.float32)
    layer.weight.requires_grad_(not freeze)
    return layer


class FlatEmbedding(nn.Module):
    """Embedding, flatten, one dense unit: separate weights for each position of the text.

    Parameters
    ----------
    vocabulary_size, vector_size : int
        V with padding, and M.
    length : int
        Length of a text in words, with padding.
    **rows
        ``table``, ``freeze``: see :func:`embedding`.
    """

    def __init__(self, vocabulary_size: int, vector_size: int, length: int, **rows: Any) -> None:
        super().__init__()
        self.embedding = embedding(vocabulary_size, vector_size, **rows)
        self.dense = nn.Linear(length * vector_size, 1)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,)."""
        vectors = self.embedding(ids)  # (batch, time, M)
        return self.dense(vectors.flatten(1)).squeeze(1)  # (batch, time x M) -> (batch,)


class MeanEmbedding(nn.Module):
    """The mean of the vectors of a text, then one dense unit.

    Parameters
    ----------
    vocabulary_size, vector_size : int
        V with padding and marks, and M.
    **rows
        ``table``, ``freeze``: see :func:`embedding`.
    """

    def __init__(self, vocabulary_size: int, vector_size: int = 32, **rows: Any) -> None:
        super().__init__()
        self.embedding = embedding(vocabulary_size, vector_size, **rows)
        self.dense = nn.Linear(vector_size, 1)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,); padding is no part of the mean."""
        words = (ids != PADDING).unsqueeze(2)  # (batch, time, 1)
        total = (self.embedding(ids) * words).sum(1)  # (batch, M)
        return self.dense(total / words.sum(1).clamp(min=1)).squeeze(1)


class Convolution(nn.Module):
    """Embedding, 1-D convolution ("same" padding) with F filters, ReLU.

    Padding positions are masked with zeros before and after the convolution.

    Parameters
    ----------
    vocabulary_size, vector_size : int
        V with padding and marks, and M.
    filters, kernel : int
        F, and the kernel size in words (odd).
    """

    def __init__(self, vocabulary_size: int, vector_size: int, filters: int, kernel: int) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}; an odd number has a word in the middle.")
        self.embedding = embedding(vocabulary_size, vector_size)
        self.convolution = nn.Conv1d(vector_size, filters, kernel, padding=kernel // 2)
        nn.init.xavier_uniform_(self.convolution.weight)
        nn.init.zeros_(self.convolution.bias)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the feature maps after ReLU: (batch, F, time)."""
        words = (ids != PADDING).unsqueeze(1)  # (batch, 1, time)
        vectors = self.embedding(ids).transpose(1, 2) * words  # (batch, M, time)
        return functional.relu(self.convolution(vectors)) * words


class Head(nn.Module):
    """Dropout, a dense layer with sigmoid, a dense unit: from features to a logit."""

    def __init__(self, features: int, dense: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(features, dense)
        self.out = nn.Linear(dense, 1)
        for layer in (self.hidden, self.out):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,), of features (batch, features)."""
        hidden = torch.sigmoid(self.hidden(self.dropout(features)))  # (batch, dense)
        return self.out(hidden).squeeze(1)


class ConvMax(nn.Module):
    """Convolution, max-over-time pooling, two dense layers.

    Parameters
    ----------
    vocabulary_size, vector_size, filters, kernel, dense, dropout
        As in :class:`ConvLSTM`.

    References
    ----------
    Kim 2014, "Convolutional Neural Networks for Sentence Classification", section 2.
    """

    def __init__(
        self,
        vocabulary_size: int = 500,
        vector_size: int = 32,
        *,
        filters: int = 32,
        kernel: int = 5,
        dense: int = 25,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.windows = Convolution(vocabulary_size, vector_size, filters, kernel)
        self.head = Head(filters, dense, dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,)."""
        return self.head(self.windows(ids).amax(2))  # (batch, F)


class ConvLSTM(nn.Module):
    """Embedding, convolution, max-pooling, LSTM, two dense layers.

    The logit does not depend on the amount of padding in front of a text: pooling windows are
    aligned to the end of the text, and the LSTM starts at its first word.

    Parameters
    ----------
    vocabulary_size : int
        V with padding and marks.
    vector_size : int
        M, embedding size.
    filters, kernel : int
        F filters, each over ``kernel`` words (odd).
    pool : int
        Window and stride of the max pooling.
    hidden : int
        H, size of the LSTM's state.
    dense : int
        Units of the dense layer (sigmoid).
    dropout : float
        Dropout rate of the LSTM's last hidden state.

    Notes
    -----
    ``nn.LSTM`` adds two bias vectors, b_ih and b_hh, of which only the sum matters. Here b_hh
    stays at zero and is not trained, so that one is left. The bias of the forget gate starts
    at 1, as Jozefowicz et al. 2015, "An Empirical Exploration of Recurrent Network
    Architectures", section 2.2, recommend.
    """

    def __init__(
        self,
        vocabulary_size: int = 500,
        vector_size: int = 32,
        *,
        filters: int = 32,
        kernel: int = 5,
        pool: int = 2,
        hidden: int = 50,
        dense: int = 25,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.pool = pool
        self.windows = Convolution(vocabulary_size, vector_size, filters, kernel)
        self.lstm = nn.LSTM(filters, hidden, batch_first=True)
        self.head = Head(hidden, dense, dropout)
        nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
        nn.init.orthogonal_(self.lstm.weight_hh_l0)
        nn.init.zeros_(self.lstm.bias_ih_l0)
        self.lstm.bias_ih_l0.data[hidden : 2 * hidden] = 1.0  # PyTorch's order: i, f, g, o
        nn.init.zeros_(self.lstm.bias_hh_l0).requires_grad_(False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch,)."""
        extra = -ids.shape[1] % self.pool  # the last window of the pooling ends with the text
        ids = functional.pad(ids, (extra, 0), value=PADDING)  # (batch, time)
        pooled = functional.max_pool1d(self.windows(ids), self.pool)  # (batch, F, steps)
        steps = (ids != PADDING).unflatten(1, (-1, self.pool)).any(2)  # (batch, steps)
        # Each row begins with its first word; what follows its last one is never read.
        length, first = steps.sum(1), steps.int().argmax(1)  # (batch,)
        place = (first[:, None] + torch.arange(steps.shape[1], device=ids.device)) % steps.shape[1]
        inputs = pooled.transpose(1, 2).take_along_dim(place[:, :, None], 1)  # (batch, steps, F)
        states, _ = self.lstm(inputs)  # (batch, steps, H)
        last = states[torch.arange(len(ids), device=ids.device), (length - 1).clamp(min=0)]
        return self.head(last)  # (batch, H) -> (batch,)


def parameters(model: nn.Module) -> pd.DataFrame:
    """Count the trainable parameters.

    Returns
    -------
    pandas.DataFrame
        A row a layer that has any: ``layer``, ``shapes`` (of its weights), ``parameters``; the
        total last.
    """
    rows = []
    for name, layer in model.named_modules():
        weights = [w for w in layer.parameters(recurse=False) if w.requires_grad]
        if weights:
            shapes = ", ".join("x".join(map(str, w.shape)) for w in weights)
            rows.append((name.split(".")[-1], shapes, sum(w.numel() for w in weights)))
    rows.append(("total", "", sum(row[2] for row in rows)))
    return pd.DataFrame(rows, columns=["layer", "shapes", "parameters"])
