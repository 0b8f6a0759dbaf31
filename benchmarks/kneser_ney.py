"""Perplexity of the course's biLM and of Kneser-Ney trigrams: same words, same answers, same text.

The words are the held-out ones of notebook 11. The answers are its 2,002, and the 20,002 that the
softmax of the biLM itself tells apart. Kneser-Ney counts the text that the biLM has read. Every
word that is no answer of its own is ``<UNK>`` to both: the biLM's probabilities of such words are
added up.

    python data_scripts/write_shards.py shards --held-out held_out.txt
    python benchmarks/kneser_ney.py shards --files 3 --write

Printed, written into docs/benchmarks.md with --write, and stored in benchmarks/kneser_ney.json,
which notebook 11 shows.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSE_PROGRESS"] = "0"

import common
import torch

sys.path.insert(0, str(common.ROOT / "data_scripts"))
from course_lib import bilm, datasets, pretrain
from pretraining import models
from pretraining.shards import Shards

OUT = common.ROOT / "benchmarks" / "kneser_ney.json"
BILM = common.ROOT / "course_lib" / "assets" / "bilm"
DISCOUNT = 0.75
Text = list[list[str]]


class KneserNey:
    """Interpolated Kneser-Ney trigrams, as notebook 11 writes them and proves them by NLTK's."""

    def __init__(self, text: Text) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        for sentence in text:
            words = ["<S>", "<S>", *sentence, "</S>"]
            self.counts.update(zip(words, words[1:], words[2:], strict=False))
        ngrams = list(self.counts)
        for _ in range(2):  # different words in front, not occurrences
            shorter = Counter(ngram[1:] for ngram in ngrams)
            self.counts.update(shorter)
            ngrams = list(shorter)
        self.totals: Counter[tuple[str, ...]] = Counter()
        self.kinds: Counter[tuple[str, ...]] = Counter()
        for ngram, count in self.counts.items():
            self.totals[ngram[:-1]] += count
            self.kinds[ngram[:-1]] += 1

    def probability(self, word: str, context: tuple[str, ...]) -> float:
        """Return p(word | context), a context of two words, one or none."""
        if not context:
            return self.counts[(word,)] / self.totals[()]
        shorter = self.probability(word, context[1:])
        if context not in self.totals:
            return shorter
        own = max(self.counts[*context, word] - DISCOUNT, 0)
        return (own + DISCOUNT * self.kinds[context] * shorter) / self.totals[context]

    def perplexity(self, text: Text) -> float:
        """Return the perplexity of a text."""
        nats = []
        for sentence in text:
            words = ["<S>", "<S>", *sentence, "</S>"]
            for t in range(2, len(words)):
                nats.append(-math.log(self.probability(words[t], (words[t - 2], words[t - 1]))))
        return math.exp(sum(nats) / len(nats))


def of_bilm(model: bilm.BiLM, own: list[str], answers: list[str], text: Text) -> list[float]:
    """Return the biLM's perplexity in each direction, its words brought to the answers given."""
    lexicon = pretrain.Lexicon.of_words(
        own, {w for s in text for w in s}, width=model.options.characters.width
    )
    index = {word: i for i, word in enumerate(answers)}
    column = torch.tensor([index.get(word, index["<UNK>"]) for word in own])
    types, found = list(lexicon.types), []
    state = model.initial_state(1)
    streams = [pretrain.stream(text, lexicon, backward=backward) for backward in (False, True)]
    ids = torch.stack([torch.from_numpy(lexicon.spelling[s.inputs]) for s in streams])
    with torch.no_grad():
        outputs, _ = model.read(model.words(ids.unsqueeze(1)), state)
        for number, stream in enumerate(streams):
            logits = model.softmax(outputs[-1][0][:, number])  # (words, own)
            shares = torch.zeros(len(logits), len(answers))
            shares.index_add_(1, column, logits.softmax(1))
            wanted = [index.get(types[i], index["<UNK>"]) for i in stream.targets]
            right = shares[torch.arange(len(wanted)), wanted]
            found.append(math.exp(-right.log().mean().item()))
    return found


def table(result: dict[str, Any]) -> str:
    """Return the table in Markdown."""
    lines = ["| possible answers | model | forward | backward |", "|---|---|---|---|"]
    for row in result["rows"]:
        marks = f"{row['forward']:.1f} | {row['backward']:.1f}"
        lines.append(f"| {row['answers']:,} | {row['model']} | {marks} |")
    return "\n".join(lines) + (
        f"\n\nPerplexity of the {result['rows'][0]['words']:,} held-out words of notebook 11; "
        f"{result['tokens']:,} words were read or counted. "
        f"Machine: {common.machine_words(result['machine'])}. Command: `{result['command']}`. "
        f"Every figure: `benchmarks/{OUT.name}`."
    )


def main() -> None:
    """Measure, print and store."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("shards", type=Path, help="the text that the biLM has read")
    options.add_argument("--files", type=int, help="only the first files, as in training")
    options.add_argument("--bilm", type=Path, default=BILM)
    options.add_argument("--write", action="store_true", help="write the table into docs")
    given = options.parse_args()
    torch.set_num_threads(1)
    gc.disable()  # millions of tuples, none of them in a circle
    corpus = datasets.load_corpus("wikipedia", as_written=True)
    last = corpus.starts[-3]
    held_out, length = [], 0
    for sentence in corpus[last:]:
        length += len(sentence) + 1
        if length >= 2_000:
            break
        held_out.append(sentence)
    model, own = models.load(given.bilm)
    of_lesson = pretrain.Lexicon.build(corpus[:last][::8], max_size=2_000).words
    shards, rows = Shards(given.shards, max_words=80), []
    files = range(len(shards))[: given.files]
    for answers in (of_lesson, own):
        known = set(answers)
        read = [[w if w in known else "<UNK>" for w in s] for i in files for s in shards[i]]
        asked = [[w if w in known else "<UNK>" for w in s] for s in held_out]
        about = {"answers": len(answers) - 1, "words": sum(len(s) + 1 for s in asked)}
        turned = ([s[::-1] for s in read], [s[::-1] for s in asked])
        both = [KneserNey(a).perplexity(b) for a, b in ((read, asked), turned)]
        for name, (forward, backward) in (
            ("Kneser-Ney", both),
            ("biLM", of_bilm(model, own, answers, held_out)),
        ):
            common.tell(rows, {**about, "model": name, "forward": forward, "backward": backward})
    result: dict[str, Any] = {
        "command": f"python benchmarks/kneser_ney.py shards --files {len(files)}",
        "machine": common.machine(),
        "tokens": sum(len(s) for i in files for s in shards[i]),
        "rows": rows,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if given.write:
        common.write_table("kneser_ney", table(result))


if __name__ == "__main__":
    main()
