"""Training a biLM on sentences in memory.

streams   words as rows of a table; sentences laid end to end; windows
losses    full, sampled and adaptive softmax; the loss of a window and of a text
training  the loop

``data_scripts/pretraining`` trains with these on folders of any size.
"""

from course_lib.pretrain.losses import (
    evaluate,
    losses,
    sampled_cross_entropy,
)
from course_lib.pretrain.streams import (
    BEGIN,
    END,
    UNKNOWN,
    Lexicon,
    Window,
    batches,
    stream,
    windows,
)
from course_lib.pretrain.training import learning_rate, train

__all__ = [
    "BEGIN",
    "END",
    "UNKNOWN",
    "Lexicon",
    "Window",
    "batches",
    "evaluate",
    "learning_rate",
    "losses",
    "sampled_cross_entropy",
    "stream",
    "train",
    "windows",
]
