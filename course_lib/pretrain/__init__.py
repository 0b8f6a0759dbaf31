"""Training a biLM on sentences in memory.

streams   words as rows of a table; sentences laid end to end; windows
losses    full and adaptive softmax; the loss of a window and of a text
training  the loop

``data_scripts/pretraining`` trains with these on folders of any size.
"""

from course_lib.pretrain.losses import cross_entropy, evaluate, losses
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
