"""The shared library of the word-embedding course.

Its rooms, from the top to the ground floor; each imports only from rooms below it:

    explain      the source on show, sliders
    projector    projections, the embedding explorer, export for the Embedding Projector
    plots        figures
    evaluate     one evaluation for every kind of vector
    classify     text classifiers on top of any vectors
    elmo         every layer of a biLM for every word, and their weighted sum
    pretrain     streams of text, the loss of both directions, training a biLM
    elmo_files   the official options.json and weights.hdf5, read and written
    bilm         two language models that read in opposite directions
    charcnn      a vector for a word from its characters
    characters   words as bytes between marks
    fasttext     Skip-gram on sub-words, vectors for unknown words
    glove        vectors fitted to co-occurrence counts
    word2vec     CBOW and Skip-gram
    counts       one-hot, term-document, co-occurrence, PPMI, LSA
    datasets     registry and loaders; the only room that touches the network
    vectors      WordVectors: words and a matrix, neighbours, files
    hangul       Korean syllables and their letters (jamo), Korean words
    text         tokens, vocabulary, windows, sub-sampling
    runtime      profile, device, seed, progress bar

``course_exercises`` (checks of exercises) and ``course_tools`` (for instructors and continuous
integration) stand above it. Nothing happens at import: PyTorch and the like are imported where
they are used.
"""

__version__ = "0.1.0"
