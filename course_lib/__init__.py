"""The shared library of the word-embedding course.

Its modules and packages from top to bottom; each imports only from those below it:

    explain      source listings
    projector    projections, the embedding explorer, export for the Embedding Projector
    plots        figures
    evaluate     word similarity and analogies
    classify     text classifiers on top of any vectors
    elmo         the layers of a biLM for each word, and their weighted sum
    pretrain     training a biLM: token streams, losses, the loop
    elmo_files   reading and writing the official options.json and weights.hdf5
    bilm         the bidirectional LSTM language model
    charcnn      character CNN: word vectors from characters
    characters   character ids: UTF-8 bytes and marks
    fasttext     Skip-gram on sub-words, vectors for unknown words
    glove        vectors fitted to co-occurrence counts
    word2vec     CBOW and Skip-gram
    counts       one-hot, term-document, co-occurrence, PPMI, LSA
    datasets     registry and loaders; the only package that uses the network
    vectors      WordVectors: words and a matrix, neighbours, files
    hangul       Korean syllables and their letters (jamo), Korean words
    text         tokens, vocabulary, windows, sub-sampling
    checks       what is asked of every input: words, sentences, whole numbers
    writing      normal forms of Unicode, Korean letters, look-up of words
    runtime      profile, device, seed, progress bar

``course_exercises`` (checks of exercises) and ``course_tools`` (for instructors and continuous
integration) stand above it. Nothing happens at import: PyTorch and the like are imported where
they are used.
"""

__version__ = "0.1.0"
