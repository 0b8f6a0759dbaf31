"""Data sets of the course: the registry, the loaders, and where each file was found.

A loader looks in the local cache, then in the folders named in ``COURSE_DATA_MIRROR``, then in
the package the file ships in. It downloads only with ``download=True``.
"""

from course_lib.datasets.annotated import (
    TAGS,
    coarse_tag,
    load_senses,
    load_tagged,
)
from course_lib.datasets.corpora import Corpus, largest_corpus, load_corpus
from course_lib.datasets.evaluation_sets import load_analogies, load_similarity
from course_lib.datasets.labeled import load_imdb, load_sms_spam
from course_lib.datasets.pretrained import load_course_vectors, load_glove, load_word2vec
from course_lib.datasets.registry import REGISTRY, Dataset, File
from course_lib.datasets.store import DataUnavailable, status, used
