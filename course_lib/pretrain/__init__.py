"""Training a biLM, from sentences in memory or from a folder of text files of any size.

streams      words as rows of a table; sentences laid end to end; windows
shards       a folder of text files as a sequence of texts
losses       full, sampled and adaptive softmax; the loss of a window and of a text
checkpoints  a file that is either the old one or the new one, never half of one
training     the loop: on one processor, one GPU or several
"""

from course_lib.pretrain.losses import evaluate, losses, sampled_cross_entropy
from course_lib.pretrain.settings import Settings
from course_lib.pretrain.shards import Shards
from course_lib.pretrain.streams import (
    BEGIN,
    END,
    UNKNOWN,
    Lexicon,
    Place,
    Window,
    batches,
    stream,
    windows,
)
from course_lib.pretrain.training import run, train

__all__ = [
    "BEGIN",
    "END",
    "UNKNOWN",
    "Lexicon",
    "Place",
    "Settings",
    "Shards",
    "Window",
    "batches",
    "evaluate",
    "losses",
    "run",
    "sampled_cross_entropy",
    "stream",
    "train",
    "windows",
]
