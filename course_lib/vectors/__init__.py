"""Word vectors: words and a matrix with one row for each; neighbours, analogies and files."""

from course_lib.vectors.word_vectors import WordVectors, cosine
