"""Text classifiers on top of any word vectors: ids, embedding tables, models, training."""

from typing import TYPE_CHECKING, Any

from course_lib.classify.models import ConvLSTM, ConvMax, FlatEmbedding, MeanEmbedding, parameters
from course_lib.classify.sequences import PADDING, START, UNKNOWN, encode, pad
from course_lib.classify.tables import coverage, embedding_table
from course_lib.classify.training import accuracy, fit, predict

if TYPE_CHECKING:
    from course_lib.classify.elmo_vectorizer import ElmoVectorizer

__all__ = [
    "PADDING",
    "START",
    "UNKNOWN",
    "ConvLSTM",
    "ConvMax",
    "ElmoVectorizer",
    "FlatEmbedding",
    "MeanEmbedding",
    "accuracy",
    "coverage",
    "embedding_table",
    "encode",
    "fit",
    "pad",
    "parameters",
    "predict",
]


def __getattr__(name: str) -> Any:
    """Import the step for scikit-learn, which takes a second, when it is asked for."""
    if name == "ElmoVectorizer":
        from course_lib.classify.elmo_vectorizer import ElmoVectorizer

        return ElmoVectorizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
