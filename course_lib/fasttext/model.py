"""FastText as a formula: Skip-gram whose word vectors are means of the rows of their parts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from course_lib.checks import word_list
from course_lib.fasttext.subwords import Subwords
from course_lib.word2vec import Batch, Word2Vec


class FastText(Word2Vec):
    """Skip-gram in which a centre is the mean of its n-grams and the word as a whole.

    The loss is that of :class:`course_lib.word2vec.Word2Vec`; only the look-up of a centre
    differs. The gradient of a word vector goes to each of its parts undivided, as in the
    fastText program and in gensim (calculus would divide it by the number of parts).

    Parameters
    ----------
    words : iterable of str
        The V words.
    vector_size : int
        M, the length of a vector.
    subwords : Subwords
        How words are cut; gives B, the number of buckets.

    Attributes
    ----------
    input : torch.nn.EmbeddingBag, (V + B, M)
        One row a word, then one row a bucket. Starts uniform in -1/M … 1/M.
    output : torch.nn.Embedding, (V, M)
        The vectors that answer, one a word. Starts at zero.
    rows, starts : torch.Tensor, int64
        See :meth:`Subwords.table`.

    References
    ----------
    Bojanowski et al. 2017, section 3.2, where the vector is the sum of the parts.
    """

    def __init__(self, words: Iterable[str], vector_size: int, subwords: Subwords) -> None:
        words = word_list(words)
        super().__init__(len(words), vector_size, "skipgram")
        self.input = nn.EmbeddingBag(len(words) + subwords.bucket, vector_size, mode="mean")
        nn.init.uniform_(self.input.weight, -1 / vector_size, 1 / vector_size)
        rows, starts = (torch.from_numpy(part) for part in subwords.table(words))
        self.register_buffer("rows", rows)
        self.register_buffer("starts", starts)

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows of ``input`` make up each word; see :meth:`Subwords.table`."""
        return self.rows.cpu().numpy(), self.starts.cpu().numpy()

    def bags(self, words: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Gather the parts of some words, the input of an ``EmbeddingBag``.

        Takes word ids (n,). Returns int64 tensors: the rows of all parts; where those of each
        word begin, (n,); how many each word has, (n,).
        """
        first = self.starts[words]
        lengths = self.starts[words + 1] - first
        ends = lengths.cumsum(0)
        offsets = ends - lengths
        total = int(ends[-1]) if len(ends) else 0
        places = torch.arange(total, device=words.device)
        places += torch.repeat_interleave(first - offsets, lengths, output_size=total)
        return self.rows[places], offsets, lengths

    def center_vectors(self, centers: torch.Tensor) -> torch.Tensor:
        """Return the vectors of some centres: int64, any shape, to float32, (…, M)."""
        words, place = centers.unique(return_inverse=True)
        rows, offsets, lengths = self.bags(words)
        mean = self.input(rows, offsets)  # (different words, M)
        # The value of the mean, the gradient of the sum.
        vectors = mean.detach() + lengths[:, None] * (mean - mean.detach())
        return vectors[place]

    def hidden_and_targets(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """As in :class:`course_lib.word2vec.Word2Vec`."""
        return self.center_vectors(batch.centers), batch.nearby, batch.mask

    @torch.no_grad()
    def word_vectors(self) -> np.ndarray:
        """Return the vectors of all words of the vocabulary: float32, (V, M)."""
        return self.input(self.rows, self.starts[:-1]).cpu().numpy()
