"""Training a biLM, from sentences in memory or from a folder of text files of any size.

streams      words as rows of a table; sentences laid end to end; windows
shards       a folder of text files as a sequence of texts
losses       full, sampled and adaptive softmax; the loss of a window and of a text
files        a trained model written and read, the softmax with it
checkpoints  a file that is either the old one or the new one, never half of one
processes    what several processes tell each other
training     the loop: on one processor, one GPU or several
"""

from course_lib.pretrain.files import load, save
from course_lib.pretrain.losses import (
    adaptive_softmax,
    evaluate,
    losses,
    sampled_cross_entropy,
)
from course_lib.pretrain.settings import SIZES, Settings
from course_lib.pretrain.shards import Shards, read
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
    "SIZES",
    "UNKNOWN",
    "Lexicon",
    "Place",
    "Settings",
    "Shards",
    "Window",
    "adaptive_softmax",
    "batches",
    "evaluate",
    "load",
    "losses",
    "read",
    "run",
    "sampled_cross_entropy",
    "save",
    "stream",
    "train",
    "windows",
]
