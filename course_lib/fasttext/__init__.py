"""FastText: Skip-gram whose word vectors are put together from n-grams of letters.

The way of the data: :mod:`subwords` cuts a word and hashes the pieces to rows, :mod:`model`
is the model as a formula, :mod:`training` the call for all, which trains by the compiled loop of
:mod:`course_lib.word2vec`, :mod:`vectors` the result and the official file.
"""

from course_lib.fasttext.model import FastText
from course_lib.fasttext.subwords import NORMALIZERS, Subwords, hash_ngram, ngrams
from course_lib.fasttext.training import train
from course_lib.fasttext.vectors import FastTextVectors
