"""word2vec as a formula: two tables, a dot product, a loss. Gradients come from autograd."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import logsigmoid

from course_lib.word2vec.batches import Batch

Architecture = Literal["skipgram", "cbow"]


class Word2Vec(nn.Module):
    """CBOW or Skip-gram over two embedding tables.

    Parameters
    ----------
    vocabulary_size : int
        V, the number of words.
    vector_size : int
        M, the length of a vector.
    architecture : {"skipgram", "cbow"}
    exact_gradient : bool
        Only for CBOW. The word2vec program and gensim hand the whole gradient of the averaged
        vector to each of the averaged words. True divides it by their number, as calculus
        asks (Irsoy, Benton and Stratos 2021); it needs a learning rate two to three times as
        high.

    Attributes
    ----------
    input : torch.nn.Embedding, (V, M)
        W, the word vectors that are kept in the end. Starts uniform in -1/M … 1/M.
    output : torch.nn.Embedding, (V, M)
        W', the vectors that answer. Starts at zero.

    References
    ----------
    Mikolov et al. 2013a, "Efficient Estimation of Word Representations in Vector Space",
    section 3; Mikolov et al. 2013b, "Distributed Representations of Words and Phrases and
    their Compositionality", equations 2 and 4.
    """

    def __init__(
        self,
        vocabulary_size: int,
        vector_size: int,
        architecture: Architecture = "skipgram",
        *,
        exact_gradient: bool = False,
    ) -> None:
        super().__init__()
        self.architecture, self.exact_gradient = architecture, exact_gradient
        self.input = nn.Embedding(vocabulary_size, vector_size)
        self.output = nn.Embedding(vocabulary_size, vector_size)
        nn.init.uniform_(self.input.weight, -1 / vector_size, 1 / vector_size)
        nn.init.zeros_(self.output.weight)

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return int64 ``rows, starts``: w is the mean of ``rows[starts[w]:starts[w + 1]]``."""
        size = self.output.num_embeddings
        return np.arange(size), np.arange(size + 1)

    def hidden_and_targets(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the hidden vectors of a batch and the ids that each should predict.

        Returns
        -------
        hidden : torch.Tensor, float32, (blocks, BLOCK, M)
            Skip-gram: the vector of the centre. CBOW: the mean of its context vectors.
        targets : torch.Tensor, int64, (blocks, T)
            Skip-gram: the nearby words. CBOW: the centres.
        wanted : torch.Tensor, float32, (blocks, BLOCK, T)
            1 where target j is to be predicted from hidden vector i.
        """
        if self.architecture == "skipgram":
            return self.input(batch.centers), batch.nearby, batch.mask
        number = batch.mask.sum(dim=2, keepdim=True)  # contexts of each centre
        total = batch.mask @ self.input(batch.nearby)
        hidden = total / number.clamp(min=1)
        if not self.exact_gradient:
            hidden = total + (hidden - total).detach()  # value of the mean, gradient of the sum
        wanted = torch.eye(batch.centers.shape[1], device=number.device) * (number > 0)
        return hidden, batch.centers, wanted

    def negative_loss(
        self, batch: Batch, negatives: torch.Tensor, negative: int = 5
    ) -> torch.Tensor:
        """Return the loss of negative sampling, summed over all examples of a batch.

        For each example: -log s(u·h) - k E[log s(-n·h)] with s the sigmoid, h the hidden
        vector, u the output vector of the target, n that of a noise word, k = ``negative``.
        The mean E is taken over the noise words the block shares.

        Parameters
        ----------
        batch : Batch
        negatives : torch.Tensor, int64, (blocks, K)
            Noise words, shared by the centres of a block.
        negative : int
            k, how many noise words one example stands for; the K shared ones weigh k / K.
        """
        hidden, targets, wanted = self.hidden_and_targets(batch)
        scores = hidden @ self.output(targets).mT  # (blocks, BLOCK, T)
        noise = hidden @ self.output(negatives).mT  # (blocks, BLOCK, K)
        weight = wanted.sum(dim=2, keepdim=True) * negative / negatives.shape[1]
        return -(wanted * logsigmoid(scores)).sum() - (weight * logsigmoid(-noise)).sum()

    def softmax_loss(self, batch: Batch) -> torch.Tensor:
        """Return the cross-entropy of the full softmax, summed over all examples of a batch.

        For each example -log( exp(u·h) / sum of exp(u'·h) over all V output vectors u' ).
        """
        hidden, targets, wanted = self.hidden_and_targets(batch)
        log_p = torch.log_softmax(hidden @ self.output.weight.T, dim=2)  # (blocks, BLOCK, V)
        of_targets = log_p.gather(2, targets[:, None, :].expand(-1, hidden.shape[1], -1))
        return -(wanted * of_targets).sum()
