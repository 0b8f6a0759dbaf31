"""Ask three kinds of vectors about rare words, of which two borrow what they do not know.

All are made from the same text with the same words. LSA and Skip-gram have no vector for a word
outside the vocabulary; it borrows that of the known word whose n-grams it shares most (Jaccard
index), which costs no training. FastText puts a vector together.

    python benchmarks/rare_words.py --max-tokens 2000000 --write    # the largest corpus at hand

The table is printed, written into docs/benchmarks.md with --write, and stored with every single
training in benchmarks/rare_words.json.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import CountVectorizer

from course_lib import counts, datasets, fasttext, word2vec
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "alpha": 0.025,
    "epochs": 5,
}
MIN_COUNT, AT_ONCE = 5, 200
GROUPS = ("known", "others", "all")


def spelled_alike(words: Iterable[str], known: list[str]) -> dict[str, str]:
    """Return for each word the known one with the largest Jaccard index of the n-grams."""
    words = list(words)
    count = CountVectorizer(analyzer=fasttext.ngrams, binary=True)
    grams = count.fit_transform(known)  # (V, n-grams)
    sizes = np.asarray(grams.sum(axis=1)).ravel()
    found: dict[str, str] = {}
    for start in range(0, len(words), AT_ONCE):
        part = words[start : start + AT_ONCE]
        common_grams = (count.transform(part) @ grams.T).toarray()  # (words, V)
        own = np.array([len(set(fasttext.ngrams(word))) for word in part])
        index = common_grams / (own[:, None] + sizes - common_grams)
        found |= dict(zip(part, (known[best] for best in index.argmax(axis=1)), strict=True))
    return found


def trained(
    sentences: Any, vocabulary: Vocabulary, seeds: int
) -> Iterator[tuple[str, int, WordVectors]]:
    """Yield the name, the seed and the vectors of each training; LSA has no seed."""
    ppmi = counts.ppmi(counts.cooccurrence(sentences, vocabulary, window=OPTIONS["window"]))
    yield "LSA, borrowing", 0, counts.lsa(ppmi, vocabulary, vector_size=OPTIONS["vector_size"])
    for seed in range(1, seeds + 1):
        options = OPTIONS | {"seed": seed, "vocabulary": vocabulary}
        yield "SGNS, borrowing", seed, word2vec.train(sentences, **options)
        yield "FastText", seed, fasttext.train(sentences, **options)


def quality(corpus: Any, seeds: int) -> list[dict]:
    """Ask all about the pairs of Rare-Word; a row for each training."""
    vocabulary = Vocabulary.build(corpus.sentences, min_count=MIN_COUNT)
    pairs = datasets.load_similarity("rw")
    ends = [pairs[column].str.lower().tolist() for column in ("word1", "word2")]
    scores = pairs["score"].to_numpy()
    alike = spelled_alike(sorted({*ends[0], *ends[1]} - set(vocabulary.words)), vocabulary.words)
    known = np.array([not {one, two} & set(alike) for one, two in zip(*ends, strict=True)])
    rows: list[dict] = []
    for name, seed, vectors in trained(corpus.sentences, vocabulary, seeds):
        borrows = alike if "borrowing" in name else {}
        cosines = np.array(
            [
                vectors.similarity(borrows.get(one, one), borrows.get(two, two))
                for one, two in zip(*ends, strict=True)
            ]
        )
        row: dict[str, Any] = {"library": name, "seed": seed}
        for group, chosen in zip(GROUPS, (known, ~known, known | ~known), strict=True):
            row[group] = float(spearmanr(cosines[chosen], scores[chosen]).statistic)
            row[f"{group}_pairs"] = int(chosen.sum())
        common.tell(rows, row)
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    runs = pd.DataFrame(result["quality"])
    known, others, every = (runs[f"{group}_pairs"].iloc[0] for group in GROUPS)
    lines = [
        f"| | both words known ({known:,} pairs) | the others ({others:,}) | all ({every:,}) |",
        "|---" * 4 + "|",
    ]
    for name, group in runs.groupby("library", sort=False):
        cells = [common.spread(group[column].tolist()) for column in GROUPS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Spearman's ρ on Rare-Word. Text: {result['corpus']} ({result['tokens']:,} tokens). Mean "
        f"± standard deviation over {result['seeds']} seeds, {OPTIONS['epochs']} epochs; LSA has "
        f"no seed. Machine: {common.machines(result)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    options = common.parser(__doc__, ("quality",)).parse_args()
    corpus = common.load(options)
    about = {
        "machine": common.machine("numba", "numpy"),
        "corpus": corpus.name,
        "source": corpus.source,
        "tokens": corpus.n_tokens,
        "options": OPTIONS | {"min_count": MIN_COUNT},
    }
    parts = {"quality": lambda: quality(corpus, options.seeds)}
    common.measure("rare_words", options, about, parts, table)


if __name__ == "__main__":
    main()
