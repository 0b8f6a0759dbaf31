"""Measure what sub-words do for Korean: whole words, syllable n-grams and jamo n-grams.

All models are Skip-gram with negative sampling on the same sentences: Korean Wikipedia and film
reviews (NSMC), mixed, cut into words by kiwipiepy (particles off, inflected verbs whole) and, as a
second run, at blanks. Measured are WordSim-353 in Korean, the Korean analogies, the right spelling
of misspelt words, and the stem of verb forms that were taken out of the text.

    python benchmarks/fasttext_korean.py             # needs both corpora and the extra "korean"
    python benchmarks/fasttext_korean.py --tokens 200000 --seeds 1

The table is printed and stored, with every single training, in benchmarks/fasttext_korean.json.
Cut text is kept in build/korean for the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # one training a process
os.environ["COURSE_PROGRESS"] = "0"

import common
import korean_words
import numpy as np
import pandas as pd

from course_lib import datasets, evaluate, fasttext, hangul, word2vec
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

CORPORA = ("kowiki", "nsmc")
OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "alpha": 0.025,
    "epochs": 5,
}
MIN_COUNT = 5
BUCKET = 1_000_000
# A syllable is three jamo: 1 to 4 syllables are 3 to 12 jamo.
MODELS: dict[str, dict[str, Any] | None] = {
    "word": None,
    "syllables 3–6": {"min_n": 3, "max_n": 6},
    "syllables 1–4": {"min_n": 1, "max_n": 4},
    "jamo 3–6": {"min_n": 3, "max_n": 6, "normalizer": "jamo"},
    "jamo 3–12": {"min_n": 3, "max_n": 12, "normalizer": "jamo"},
}
# Right spellings, each with wrong ones that are common in Korean web text.
_SPELLINGS = {
    "재밌다": ["재밋다", "제밌다"],
    "재밌는": ["재밋는"],
    "재밌게": ["재밋게"],
    "재밌고": ["재밋고"],
    "재밌었다": ["재밋었다"],
    "재밌어요": ["재밋어요"],
    "재미있게": ["재미잇게"],
    "재미있다": ["재미잇다"],
    "재미있는": ["재미잇는"],
    "재미있었다": ["재미잇었다"],
    "재미없다": ["재미업다"],
    "있는": ["잇는"],
    "있었다": ["잇었다"],
    "있어서": ["잇어서"],
    "있는데": ["잇는데"],
    "없는": ["업는"],
    "했다": ["햇다"],
    "했는데": ["햇는데"],
    "했던": ["햇던"],
    "봤다": ["봣다"],
    "봤는데": ["봣는데"],
    "봤던": ["봣던"],
    "됐다": ["됬다"],
    "돼요": ["되요"],
    "좋은": ["조은"],
    "좋아요": ["조아요"],
    "좋았다": ["조았다", "좋왔다"],
    "좋아하는": ["조아하는"],
    "괜찮은": ["갠찮은", "괜찬은"],
    "괜찮다": ["갠찮다", "괜찬다"],
    "많이": ["만이", "마니", "많히"],
    "어이없는": ["어의없는"],
    "어이없다": ["어의없다"],
    "웬만하면": ["왠만하면"],
    "웬만한": ["왠만한"],
    "오랜만에": ["오랫만에"],
    "금세": ["금새"],
    "역할": ["역활"],
    "희한한": ["희안한"],
    "며칠": ["몇일"],
    "솔직히": ["솔직이"],
    "열심히": ["열심이"],
    "감동적이었다": ["감동적이엿다"],
    "어떡해": ["어떻해"],
    "눈물났다": ["눈물낫다"],
    "아까웠다": ["아까웟다"],
    "지루했다": ["지루햇다"],
    "슬펐다": ["슬펏다"],
    "안되는": ["않되는"],
    "안나오는": ["않나오는"],
}
TYPOS = {wrong: right for right, each in _SPELLINGS.items() for wrong in each}
FORMS_OUT = 400  # verb forms taken out of the text, one a stem
FREQUENT = 2000  # words that get a misspelling by rule


def prepare(unit: korean_words.Unit, tokens: int) -> Path:
    """Cut both corpora, take some words out, mix the sentences; from a file where there is one.

    The file holds a line of JSON with what was taken out, then a sentence a line.
    """
    how = korean_words.splitter(unit)
    files = [file.sha256 for name in CORPORA for file in datasets.REGISTRY[name].files]
    made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    key = hashlib.sha256(json.dumps([how, tokens, files, made_by]).encode()).hexdigest()[:12]
    path = common.ROOT / "build" / "korean" / f"{unit}-{key}.txt"
    if path.is_file():
        return path
    start = time.perf_counter()
    sentences = [
        sentence
        for name in CORPORA
        for sentence in korean_words.load_corpus(name, max_tokens=tokens, unit=unit)
    ]
    counts = Counter(word for sentence in sentences for word in sentence)
    known = [word for word, count in counts.most_common() if count >= MIN_COUNT]
    stems = verb_stems(known)
    forms = defaultdict(list)
    for word, stem in stems.items():
        forms[stem].append(word)
    rng = random.Random(0)
    several = sorted(stem for stem, words in forms.items() if len(words) >= 4)
    chosen = rng.sample(several, min(FORMS_OUT, len(several)))
    unseen = {rng.choice(forms[stem]): stem for stem in chosen}
    out = unseen.keys() | (TYPOS.keys() - set(TYPOS.values()))
    sentences = [[word for word in sentence if word not in out] for sentence in sentences]
    # Word2vec and FastText add up the changes of many words in a step: they learn better from
    # mixed text than from one article, or one review of a single word, after the other.
    rng.shuffle(sentences)
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "how": how,
        "tokens": sum(map(len, sentences)),
        "unseen": unseen,
        "stems": {word: stem for word, stem in stems.items() if word not in out},
        "typos": {wrong: right for wrong, right in TYPOS.items() if counts[right] >= MIN_COUNT},
        "by_rule": by_rule(known, counts, out),
    }
    lines = [json.dumps(head, ensure_ascii=False), *map(" ".join, sentences)]
    path.write_text("\n".join(lines), encoding="utf-8")
    print(f"{unit}: cut by {how} in {time.perf_counter() - start:.0f} s", flush=True)
    return path


def verb_stems(words: list[str]) -> dict[str, str]:
    """Return the stem of each word that is one inflected verb or adjective."""
    from kiwipiepy import Kiwi

    stems = {}
    for (first, *endings), word in (
        (tokens, word) for tokens, word in Kiwi().tokenize(words, echo=True) if tokens
    ):
        inflected = endings and all(token.tag.startswith("E") for token in endings)
        if inflected and first.tag.startswith(("VV", "VA")) and len(word) >= 2:
            stems[word] = first.form
    return stems


def by_rule(known: list[str], counts: Counter[str], out: set[str]) -> dict[str, str]:
    """Misspell frequent words in one letter each: wrong spelling to right one."""
    found = {}
    for right in known[:FREQUENT]:
        if len(right) >= 2 and right not in out:
            wrong = [word for word in hangul.misspellings(right) if counts[word] == 0]
            found.update((word, right) for word in wrong[:1])
    return found


def train(path: Path, model: str, seed: int) -> dict[str, Any]:
    """Train one model on a prepared text and measure it."""
    text = path.read_text(encoding="utf-8").split("\n")
    head, sentences = json.loads(text[0]), [line.split() for line in text[1:]]
    vocabulary = Vocabulary.build(sentences, min_count=MIN_COUNT)
    options = OPTIONS | {"vocabulary": vocabulary, "seed": seed}
    start = time.perf_counter()
    more = MODELS[model]
    if more is None:
        vectors = word2vec.train(sentences, "skipgram", **options)
    else:
        vectors = fasttext.train(sentences, bucket=BUCKET, **more, **options)
    row: dict[str, Any] = {"model": model, "seed": seed, "seconds": time.perf_counter() - start}
    row |= {"words": len(vectors), "loss": vectors.history["loss"].tolist()}
    closed = WordVectors(vectors.words, vectors.matrix)  # answers for known words only
    for name, each in {"known": closed, "all": vectors}.items():
        got = evaluate.similarity(each, "wordsim353_ko")
        row |= {f"wordsim_{name}": got.spearman, f"wordsim_{name}_pairs": got.pairs}
    questions = datasets.load_analogies("korean")[["a", "b", "c", "d"]]
    asked = set(questions.to_numpy().ravel())
    composed = sorted(word for word in asked if word not in vectors.index and word in vectors)
    matrix = [vectors.matrix, *(vectors[word][None] for word in composed)]
    opened = WordVectors([*vectors.words, *composed], np.concatenate(matrix))
    for name, each in {"known": closed, "all": opened}.items():
        sections = evaluate.analogies(each, "korean", most_frequent=None).sections
        for kind, rows in sections.groupby(sections.index.str[:3]):
            row |= {f"{kind}_{name}": int(rows["correct"].sum())}
            row |= {f"{kind}_{name}_asked": int(rows["asked"].sum())}
        row[f"sections_{name}"] = sections.to_dict("index")
    for name in ("typos", "by_rule"):
        ranks = [rank(vectors, wrong, right) for wrong, right in head[name].items()]
        row |= {f"{name}_first": share(ranks, 1), f"{name}_ten": share(ranks, 10)}
    return row | stem_found(vectors, head["stems"], head["unseen"])


def stem_found(
    vectors: WordVectors, stems: dict[str, str], unseen: dict[str, str]
) -> dict[str, float]:
    """Ask of each unseen verb form whether known forms of its stem are near.

    ``stem_auc``: the chance that a form of the same stem is nearer than a form of another one
    (0.5 is no better than a coin). ``same``: of those that begin with the same syllable, such as
    먹었다 and 먹고; ``changed``: of those that do not, such as 봤다 and 보고.
    """
    forms = [word for word in stems if word in vectors.index]
    table = vectors.normalized()[[vectors.index[word] for word in forms]]  # (forms, M)
    own = np.array([stems[word] for word in forms])
    first = np.array([word[0] for word in forms])
    nearest, areas = [], defaultdict(list)
    for form, stem in unseen.items():
        if form not in vectors:
            nearest.append(False)
            continue
        cosines = table @ vectors[form]
        nearest.append(bool(own[cosines.argmax()] == stem))
        others = np.sort(cosines[own != stem])
        for name, chosen in (("same", first == form[0]), ("changed", first != form[0])):
            mine = cosines[(own == stem) & chosen]
            if len(mine):
                areas[name].append(np.searchsorted(others, mine).mean() / len(others))
    found = {"stem_first": float(np.mean(nearest))}
    for name in ("same", "changed"):
        found[f"stem_auc_{name}"] = float(np.mean(areas[name])) if areas[name] else 0.5
    return found


def rank(vectors: WordVectors, wrong: str, right: str) -> int | None:
    """Return the place of the right spelling among the neighbours of the wrong one, from 1."""
    if wrong not in vectors or right not in vectors.index:
        return None
    vector = vectors[wrong]
    cosines = vectors.normalized() @ vector
    return int((cosines > cosines[vectors.index[right]]).sum()) + 1


def share(ranks: list[int | None], best: int) -> float:
    return sum(rank is not None and rank <= best for rank in ranks) / len(ranks)


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    names = {"wordsim_known": "WordSim-353", "meaning": "analogies, meaning"}
    names |= {"grammar": "analogies, grammar", "stem_auc_same": "unseen form nearer to its stem"}
    names |= {"typos_first": "typo: right word nearest", "typos_ten": "among ten"}
    rows = pd.DataFrame(result["rows"])
    for kind, short in {"meaning": "sem", "grammar": "syn"}.items():
        rows[kind] = rows[f"{short}_known"] / rows[f"{short}_known_asked"]
    lines = ["| cut | model | " + " | ".join(names.values()) + " |", "|---" * 8 + "|"]
    for (unit, model), group in rows.groupby(["unit", "model"], sort=False):
        cells = [common.spread(group[name].tolist()) for name in names]
        lines.append(f"| {unit} | {model} | " + " | ".join(cells) + " |")
    tokens = " and ".join(f"{each['tokens']:,}" for each in result["texts"].values())
    ways = ", ".join(f"{unit}: {each['split_by']}" for unit, each in result["texts"].items())
    lines += [
        "",
        f"Text: {' and '.join(result['corpora'])} ({tokens} tokens; {ways}). Mean ± standard "
        f"deviation over {len(result['seeds'])} seeds, {result['options']['epochs']} epochs. "
        f"WordSim-353 and analogies: words of the vocabulary. Machine: "
        f"{common.machine_words(result['machine'])}. Command: `{result['command']}`. Every "
        "training: `benchmarks/fasttext_korean.json`.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=1_000_000, help="taken of each corpus")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--units", nargs="+", default=["word", "eojeol"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--stored", action="store_true", help="only the table of the JSON file")
    parser.add_argument("--write", action="store_true", help="write the table into docs")
    options = parser.parse_args()
    out = common.ROOT / "benchmarks" / "fasttext_korean.json"
    if not options.stored:
        result = measure(parser, options)
        text = json.dumps(result, ensure_ascii=False, indent=1)
        out.write_text(text + "\n", encoding="utf-8")
    found = table(json.loads(out.read_text(encoding="utf-8")))
    print(found)
    if options.write:
        common.write_table("fasttext_korean", found)


def measure(parser: argparse.ArgumentParser, options: argparse.Namespace) -> dict[str, Any]:
    """Cut the texts, train all models, return the figures."""
    if find_spec("kiwipiepy") is None:
        parser.error(
            'kiwipiepy is not installed: python -m pip install -c constraints.txt -e ".[korean]"'
        )

    start = time.perf_counter()
    texts = {unit: prepare(unit, options.tokens) for unit in options.units}
    jobs = [
        (unit, model, seed)
        for unit in options.units
        for seed in range(1, options.seeds + 1)
        for model in options.models
    ]
    rows = []
    # New processes, because a fork of one that runs threads may hang.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        running = [pool.submit(train, texts[unit], model, seed) for unit, model, seed in jobs]
        for (unit, *_), done in zip(jobs, running, strict=True):
            rows.append({"unit": unit} | done.result())
            short = {key: value for key, value in rows[-1].items() if "sections" not in key}
            print(json.dumps(short, ensure_ascii=False), flush=True)
    heads = {}
    for unit, path in texts.items():
        with path.open(encoding="utf-8") as stream:
            heads[unit] = json.loads(stream.readline())
    return {
        "command": f"python benchmarks/fasttext_korean.py --tokens {options.tokens}"
        + f" --seeds {options.seeds}",
        "machine": common.machine("gensim", "numpy", "kiwipiepy"),
        "corpora": list(CORPORA),
        "texts": {
            unit: {
                "split_by": head["how"],
                "tokens": head["tokens"],
                "unseen_forms": len(head["unseen"]),
                "typos": len(head["typos"]),
                "by_rule": len(head["by_rule"]),
            }
            for unit, head in heads.items()
        },
        "options": OPTIONS | {"min_count": MIN_COUNT, "bucket": BUCKET},
        "models": {name: MODELS[name] for name in options.models},
        "seeds": list(range(1, options.seeds + 1)),
        "seconds": time.perf_counter() - start,
        "rows": rows,
    }


if __name__ == "__main__":
    main()
