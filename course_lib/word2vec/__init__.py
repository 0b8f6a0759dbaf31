"""CBOW and Skip-gram, with full softmax or negative sampling.

The way of the data: :mod:`batches` turns a corpus into blocks of centres with their
contexts, :mod:`model` is the model as a formula with automatic gradients, :mod:`fast` the
same gradients by hand, :mod:`loop` goes around either, :mod:`training` is the call for all.
"""

from course_lib.word2vec.batches import Batch, batches, subsample
from course_lib.word2vec.fast import negative_step
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.training import train

__all__ = ["Batch", "Word2Vec", "batches", "negative_step", "subsample", "train"]
