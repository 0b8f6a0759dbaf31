"""Make the tables that ship for two explorables: words in pieces, and the map of words.

python data_scripts/explorable_data.py course_lib/assets/explorables

pieces.json: FastText over letters, trained on the slices of English and Korean Wikipedia (names:
enwiki, kowiki), Korean syllables taken apart into letters; the articles that also ship inside
gensim are left out. map.json: the most frequent words of the course's vectors, with a map by t-SNE
and groups by k-means in all dimensions, each named by the three frequent words nearest to its
middle. Numbers are stored in a byte each. A fixed seed: the same machine makes the same files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

try:
    from course_lib import datasets
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib import datasets

from course_lib import fasttext, hangul, projector, runtime, text
from course_lib.explain import packed
from course_lib.vectors import WordVectors
from train_vectors import sentences

ENGLISH, KOREAN, MAPPED, GROUPS = 4_500, 1_500, 5_000, 12
TRAINING = {"vector_size": 32, "bucket": 16_000, "min_n": 3, "max_n": 6, "normalizer": "jamo"}
LANDMARKS = "king england physics music war river football january seven church computer"


def pieces(epochs: int) -> dict[str, Any]:
    """Train, and return the words that are shown with the rows of all buckets."""
    corpus = [*sentences(), *datasets.load_corpus("kowiki")]
    vocabulary = text.Vocabulary.build(corpus, min_count=5)
    vectors = fasttext.train(corpus, vocabulary=vocabulary, epochs=epochs, workers=2, **TRAINING)
    korean = [word for word in vectors.words if hangul.is_korean(word)][:KOREAN]
    latin = [word for word in vectors.words if word.isascii() and word.isalpha()][:ENGLISH]
    kept = [word for word in vectors.words if word in {*korean, *latin}]
    rows = np.stack([vectors[word] for word in kept])
    tables = {"vectors": packed(rows), "buckets": packed(vectors.ngram_matrix)}
    return {"words": kept, **tables, "min_n": 3, "max_n": 6, "typed": "philosphy"}


def word_map() -> dict[str, Any]:
    """Return the map of the most frequent words that ship."""
    shipped = datasets.load_course_vectors()
    some = WordVectors(shipped.words[:MAPPED], shipped.matrix[:MAPPED])
    unit = some.normalized()
    model = KMeans(GROUPS, n_init=10, random_state=0).fit(unit)
    middles = model.cluster_centers_ / np.linalg.norm(model.cluster_centers_, axis=1, keepdims=True)
    near = unit[:2_000] @ middles.T
    order = [kind for kind, _ in Counter(model.labels_.tolist()).most_common()]
    names = [", ".join(some.words[n] for n in np.argsort(-near[:, kind])[:3]) for kind in order]
    places = projector.project(WordVectors(some.words, unit), "tsne", perplexity=30)
    return {
        "words": some.words,
        "vectors": packed(some.matrix),
        "places": places.astype(float).round(2).tolist(),
        "groups": [order.index(kind) for kind in model.labels_.tolist()],
        "names": names,
        "landmarks": LANDMARKS.split(),
        "chosen": "england",
        "k": 10,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=("pieces", "map"), default=["pieces", "map"])
    parser.add_argument("--epochs", type=int, default=2, help="of FastText")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    made = {"pieces": lambda: pieces(options.epochs), "map": word_map}
    for name in options.only:
        state = made[name]()
        path = options.folder / f"{name}.json"
        with runtime.atomic_write(path) as part:
            part.write_text(json.dumps(state, ensure_ascii=False, separators=(",", ":")) + "\n")
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {len(state['words']):,} words")


if __name__ == "__main__":
    main()
