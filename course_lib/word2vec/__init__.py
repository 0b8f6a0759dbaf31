"""CBOW and Skip-gram, with full softmax or negative sampling.

The way of the data: :mod:`kernel` is negative sampling as a compiled loop, which :mod:`compiled`
gives the text in jobs; :mod:`model` is the same as a formula, :mod:`batches` lays the text out for
it, :mod:`gradient` follows its gradients. :mod:`loop` goes around either, :mod:`training` is the
call for all.
"""

from course_lib.word2vec.batches import Batch, batches, subsample
from course_lib.word2vec.kernel import learn, step
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.training import train

__all__ = ["Batch", "Word2Vec", "batches", "learn", "step", "subsample", "train"]
