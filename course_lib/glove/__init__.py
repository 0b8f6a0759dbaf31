"""GloVe: word vectors fitted to the logarithms of co-occurrence counts.

The way of the data: :mod:`training` counts a corpus and splits the counts into batches of
:mod:`entries`; :mod:`model` is the model as a formula with automatic gradients, :mod:`fast`
the same step by hand.
"""

from course_lib.glove.entries import Entries, weight
from course_lib.glove.fast import adagrad_step
from course_lib.glove.model import GloVe
from course_lib.glove.training import fit, train

__all__ = ["Entries", "GloVe", "adagrad_step", "fit", "train", "weight"]
