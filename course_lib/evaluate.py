"""Intrinsic evaluation of word vectors: word similarity and analogies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from course_lib import datasets
from course_lib.checks import check_whole_numbers
from course_lib.writing import spelling

if TYPE_CHECKING:
    import pandas as pd

    from course_lib.vectors import WordVectors

SIMILARITY_SETS = ("wordsim353", "simlex999")
BLOCK = 512  # analogy questions for each matrix product


@dataclass(frozen=True)
class Similarity:
    """Result on a word similarity set: cosines against human ratings.

    Attributes
    ----------
    name : str
        The test set.
    spearman : float
        Spearman's rank correlation rho, from -1 to 1. NaN if fewer than three pairs are known, or
        all cosines are alike.
    pairs : int
        Pairs of which both words have a vector; only these are used.
    coverage : float
        Their share of all pairs, 0 to 1.
    """

    name: str
    spearman: float
    pairs: int
    coverage: float


@dataclass(frozen=True)
class Analogies:
    """Accuracy on analogy questions "a is to b as c is to ...?".

    Attributes
    ----------
    accuracy : float
        Correct answers as a share of the questions asked, 0 to 1. NaN if none could be asked.
    correct, asked : int
        A question is asked if all four words have a vector.
    coverage : float
        Asked questions as a share of all, 0 to 1.
    sections : pandas.DataFrame
        Columns ``correct``, ``asked``, ``questions``; a row for each section of the set.
    """

    accuracy: float
    correct: int
    asked: int
    coverage: float
    sections: pd.DataFrame = field(repr=False, compare=False)


def _compared(word: str, vectors: WordVectors, case_insensitive: bool) -> str:
    """Return a word as it is compared: in the vectors' form, and upper case, as in gensim."""
    return spelling(word.upper() if case_insensitive else word, vectors.form)


def _rows(vectors: WordVectors, n: int, case_insensitive: bool) -> tuple[dict[str, int], list[str]]:
    """Return the rows of the first n words as they are compared, and those words one by one.

    Of words that are alike the first counts; before all, one that is in the vectors' form.
    """
    words = vectors.words[:n]
    keys = [_compared(word, vectors, case_insensitive) for word in words]
    odd = (spelling(word, vectors.form) != word for word in words)
    order = sorted(zip(odd, range(n), keys, strict=True), reverse=True)
    return {key: row for _, row, key in order}, keys


def similarity(
    vectors: WordVectors, name: str = "wordsim353", *, case_insensitive: bool = True
) -> Similarity:
    """Correlate the cosines of word pairs with human ratings.

    Parameters
    ----------
    vectors : WordVectors
    name : str
        A similarity set of :func:`course_lib.datasets.load_similarity`.
    case_insensitive : bool
        As in gensim: the words of the set and of the vectors are compared in upper case; of
        ``Tiger`` and ``tiger`` the one that comes first is taken. False: as they are written.
        Both are first brought to ``vectors.form``, see :func:`course_lib.writing.spelling`.
        Vectors that answer for unknown words are asked for those in lower case.

    Returns
    -------
    Similarity

    References
    ----------
    Finkelstein et al. 2002 (WordSim-353); Hill, Reichart and Korhonen 2015 (SimLex-999);
    Park et al. 2018 (WordSim-353 in Korean, ``wordsim353_ko``).
    """
    from scipy.stats import spearmanr

    table = datasets.load_similarity(name)
    pairs = zip(table["word1"], table["word2"], table["score"], strict=True)
    rows, _ = _rows(vectors, len(vectors), case_insensitive)

    def spelled(word: str) -> str:
        if (row := rows.get(_compared(word, vectors, case_insensitive))) is not None:
            return vectors.words[row]
        return word.lower() if case_insensitive else word

    known = [
        (vectors.similarity(first, second), score)
        for first, second, score in ((spelled(a), spelled(b), score) for a, b, score in pairs)
        if first in vectors and second in vectors
    ]
    cosines, scores = np.array(known).reshape(-1, 2).T
    ranked = len(known) > 2 and np.ptp(cosines) > 0 and np.ptp(scores) > 0
    rho = float(spearmanr(cosines, scores).statistic) if ranked else float("nan")
    return Similarity(name, rho, len(known), len(known) / len(table))


def analogies(
    vectors: WordVectors,
    questions: Literal["english", "korean"] = "english",
    *,
    most_frequent: int | None = 30_000,
    case_insensitive: bool = True,
) -> Analogies:
    """Answer analogy questions by 3CosAdd, and count the correct answers.

    Parameters
    ----------
    vectors : WordVectors
    questions : {"english", "korean"}
        The 19,544 questions of Mikolov et al. 2013a, or the 10,000 of Park et al. 2018.
    most_frequent : int, optional
        Restrict questions and answers to the first words, as ``restrict_vocab`` does in
        gensim. None: all.
    case_insensitive : bool
        As in gensim: questions and words are compared in upper case, of ``Paris`` and ``paris``
        the one that comes first is asked about, and an answer counts in any spelling; spellings
        of the three given words are no answers. False: all as it is written. Forms of Unicode
        are treated as in :func:`similarity`.

    Returns
    -------
    Analogies

    References
    ----------
    Mikolov et al. 2013a, section 4.1; Park et al. 2018, section 4.2.
    """
    if most_frequent is not None:
        check_whole_numbers(most_frequent=most_frequent)
    table = datasets.load_analogies(questions)
    unit = vectors.normalized()[:most_frequent]
    index, keys = _rows(vectors, len(unit), case_insensitive)
    # The first row of each word: all its spellings are one answer.
    first = np.array([index[key] for key in keys])
    order = np.argsort(first, kind="stable")
    starts = np.searchsorted(first[order], np.unique(first))
    place = np.cumsum(np.isin(np.arange(len(unit)), first)) - 1  # of a first row among the answers
    rows = table[["a", "b", "c", "d"]].apply(
        lambda column: column.map(lambda w: index.get(_compared(w, vectors, case_insensitive)))
    )
    ids = rows.dropna().to_numpy(dtype=np.int64)
    right = [np.empty(0, dtype=bool)]
    for part in (ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)):
        a, b, c, wanted = part.T
        scores = (unit[b] - unit[a] + unit[c]) @ unit.T  # (block, words)
        if len(starts) < len(unit):  # the best spelling of each answer
            scores = np.maximum.reduceat(scores[:, order], starts, axis=1)
        np.put_along_axis(scores, place[part[:, :3]], -np.inf, axis=1)
        right.append((scores.argmax(axis=1) == place[wanted]) & (scores.max(axis=1) > -np.inf))
    table["asked"] = rows.notna().all(axis=1)
    table["correct"] = False
    table.loc[table["asked"], "correct"] = np.concatenate(right)
    by_section = table.groupby("section", sort=False)
    sections = by_section[["correct", "asked"]].sum().assign(questions=by_section.size())
    correct, asked = int(table["correct"].sum()), len(ids)
    accuracy = correct / asked if asked else float("nan")
    return Analogies(accuracy, correct, asked, asked / len(table), sections)


def report(vectors: Mapping[str, WordVectors]) -> pd.DataFrame:
    """Evaluate several sets of vectors, one row for each.

    Parameters
    ----------
    vectors : mapping of str to WordVectors
        The label of each row and its vectors.

    Returns
    -------
    pandas.DataFrame
        Index: the labels. Columns: ``words``, ``dimensions``, ``WordSim-353`` and
        ``SimLex-999`` (Spearman's rho), ``pairs`` (of WordSim-353), ``analogies`` (share
        right) and ``asked`` (questions that could be asked).
    """
    import pandas as pd

    rows = {}
    for label, each in vectors.items():
        wordsim, simlex = (similarity(each, name) for name in SIMILARITY_SETS)
        questions = analogies(each)
        rows[label] = {
            "words": len(each),
            "dimensions": each.vector_size,
            "WordSim-353": wordsim.spearman,
            "SimLex-999": simlex.spearman,
            "pairs": wordsim.pairs,
            "analogies": questions.accuracy,
            "asked": questions.asked,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
