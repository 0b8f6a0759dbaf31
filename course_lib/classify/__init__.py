"""Text classifiers on top of any word vectors: ids, embedding tables, models, training."""

from course_lib.classify.models import ConvLSTM, ConvMax, FlatEmbedding, MeanEmbedding, parameters
from course_lib.classify.sequences import PADDING, START, UNKNOWN, encode, pad
from course_lib.classify.tables import coverage, embedding_table
from course_lib.classify.training import accuracy, fit, predict
