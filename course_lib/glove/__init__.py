"""GloVe: word vectors fitted to the logarithms of co-occurrence counts.

The way of the data: :mod:`training` counts a corpus and lays the counts out as
:mod:`entries`; :mod:`model` is the model as a formula with automatic gradients,
:mod:`adagrad` the same gradients and steps in one loop, for a compiler.
"""

from course_lib.glove.adagrad import adagrad_steps
from course_lib.glove.entries import Entries, blocks, weight
from course_lib.glove.model import GloVe
from course_lib.glove.training import fit, train
