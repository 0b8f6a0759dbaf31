"""Measure biLM training: tokens per second, and perplexity against minutes.

Ways, in turns, on the same windows of real text:

- plain: word after word in the LSTM, every token of a window through the character CNN;
- fast: as ``course_lib.pretrain`` trains: one product for the inputs of a window, each distinct
  word of a window through the character CNN once.

Both take sampled softmax, clipped gradients and AdamW. A token counts once, although two models
read it. The share of the ceiling is the arithmetic of the way's own matrix products, divided by
its time and by what a large matrix product reaches in the same run.

    python benchmarks/pretrain.py --gpu --shards shards --held-out held_out.txt
    python benchmarks/pretrain.py

Without ``--shards`` the text is the embedded Wikipedia slice, which needs gensim; with it torch,
numpy and h5py are enough.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from functools import partial
from itertools import chain, islice, product
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data_scripts"))
from course_lib import datasets, pretrain
from course_lib.bilm import BiLM, BiLMOptions, Words
from pretraining.batches import batches
from pretraining.settings import SIZES, Settings
from pretraining.shards import Shards, read
from pretraining.training import Objective, matrix_precision, run

WAYS = ("plain", "fast")
LENGTH = 20
Text = list[list[list[str]]]


def text_of(shards: Path | None) -> Text:
    """Return the text to time with."""
    if shards is None:
        return [list(datasets.load_corpus("wikipedia", as_written=True))]
    return [Shards(shards, max_words=80)[0]]


class Plain(BiLM):
    """A biLM that encodes each token, also a repeated one, and reads word after word."""

    def __init__(self, *sizes: Any, **more: Any) -> None:
        super().__init__(*sizes, **more, way="cell")

    def words(self, ids: torch.Tensor, encode: Any = None) -> Words:
        """Return each token as a word of its own."""
        vectors = self.characters(ids.flatten(0, -2).long())
        rows = torch.arange(len(vectors), device=vectors.device)
        return Words(vectors, rows.view(ids.shape[:-1]))


class Trainer:
    """A model that is trained in one way, window after window."""

    def __init__(
        self,
        way: str,
        size: BiLMOptions,
        lexicon: pretrain.Lexicon,
        settings: Settings,
        device: torch.device,
    ) -> None:
        torch.manual_seed(0)
        kind = Plain if way == "plain" else BiLM
        self.model = kind(size, vocabulary_size=len(lexicon.words)).to(device)
        self.way, self.settings = way, settings
        self.objective = Objective(self.model, lexicon, settings)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), settings.alpha, fused=True)
        self.state = self.model.initial_state(settings.batch_size)

    def step(self, pair: Any) -> torch.Tensor:
        """Train on a window, and return its loss."""
        self.model.train()
        with matrix_precision(self.settings):
            loss, self.state = self.objective(pair, self.state)
            self.optimizer.zero_grad()
            loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        return loss.detach()


def arithmetic(trainer: Trainer, pairs: list[Any]) -> float:
    """Return the additions and multiplications of the matrix products of a step, forth and back."""
    with FlopCounterMode(display=False) as counter:
        for pair in pairs:
            trainer.step(pair)
    return counter.get_total_flops() / len(pairs)


def measured(size: str, options: Any, device: torch.device) -> list[dict]:
    """Time the ways in turns, at each batch size and kind of number."""
    text = text_of(options.shards)
    words = options.vocabulary
    lexicon = pretrain.Lexicon.build(list(chain.from_iterable(text)), max_size=words)
    kinds = ["float32"] if device.type == "cpu" else ["float32", "TF32"]
    rows: list[dict] = []
    for kind, batch in product(kinds, options.batches):
        about = {"kind": kind, "batch": batch}
        try:
            at_one_batch(rows, about, size, lexicon, text, options, device)
        except torch.OutOfMemoryError:
            common.tell(rows, about | {"way": "out of memory"})
        if device.type == "cuda":
            torch.cuda.empty_cache()  # here the trainers are gone
    return rows


def at_one_batch(
    rows: list[dict],
    about: dict[str, Any],
    size: str,
    lexicon: pretrain.Lexicon,
    text: Text,
    options: Any,
    device: torch.device,
) -> None:
    """Time the ways at one batch size with one kind of number."""
    batch, short = about["batch"], about["kind"] != "float32"
    settings = Settings(batch_size=batch, samples=options.samples, alpha=1e-4, bfloat16=short)
    found = batches(text, lexicon, batch_size=batch, length=LENGTH, epochs=1000, seed=1)
    pairs = [pair for _, pair in islice(found, options.steps)]
    trainers = [Trainer(way, SIZES[size], lexicon, settings, device) for way in WAYS]
    first = []
    for trainer in trainers:  # the same weights and the same words drawn: the same loss
        torch.manual_seed(1)
        first.append(trainer.step(pairs[0]))
        torch.testing.assert_close(first[-1], first[0], rtol=0, atol=0.05 if short else 1e-3)
    asked = {trainer.way: arithmetic(trainer, pairs[:2]) for trainer in trainers}
    for number, n in product(range(options.rounds), [1] if options.gpu else options.threads):
        if not options.gpu:
            torch.set_num_threads(n)
        with matrix_precision(settings):
            top = common.ceiling(device)
        for trainer in trainers:
            start = common.clock(device)
            for pair in pairs:
                trainer.step(pair)
            seconds = common.clock(device) - start
            row = about | {
                "round": number,
                "threads": n,
                "way": trainer.way,
                "tokens_per_second": len(pairs) * batch * LENGTH / seconds,
                "share_of_ceiling": len(pairs) * asked[trainer.way] / seconds / top,
            }
            common.tell(rows, row)


def perplexity(options: Any, device: torch.device) -> list[dict]:
    """Train on all shards once, and tell the perplexity of held-out text against minutes."""
    shards = Shards(options.shards, max_words=80)
    held_out = read(options.held_out)
    held_out = held_out[:: max(1, len(held_out) // 300)]
    counts, tokens = shards.count()
    words = chain(counts, chain.from_iterable(held_out))
    lexicon = pretrain.Lexicon.of_counts(counts, words, max_size=options.vocabulary, width=50)
    rows: list[dict] = []
    size = "course" if device.type == "cpu" else "small"
    for batch in options.batches:
        torch.manual_seed(0)
        model = BiLM(SIZES[size], vocabulary_size=len(lexicon.words)).to(device)
        settings = Settings(
            batch_size=batch,
            samples=options.samples,
            alpha=3e-3,
            every=max(1, sum(tokens) // (batch * LENGTH * 20)),
            bfloat16=device.type == "cuda",
        )
        found = run(model, lexicon, shards, settings, tokens=tokens, held_out=held_out)
        for row in found:
            both = (row["held_out_forward"], row["held_out_backward"])
            point = {"size": size, "batch": batch, "tokens": row["tokens"]}
            point |= {"minutes": row["seconds"] / 60}
            point |= {"forward": math.exp(both[0]), "backward": math.exp(both[1])}
            common.tell(rows, point)
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the table in Markdown."""
    lines = [
        "| size | numbers | batch | threads | way | tokens/s | ratio to plain (each round) "
        "| share of ceiling |",
        "|---|---|---|---|---|---|---|---|",
    ]
    told, fast = "", dict[tuple[str, int], list[float]]()
    for size in SIZES:
        rows = [row for row in result.get(size, []) if "round" in row]
        keys = ("kind", "batch", "threads")
        for kind, batch, n in sorted({tuple(row[key] for key in keys) for row in rows}):
            here = [row for row in rows if tuple(row[key] for key in keys) == (kind, batch, n)]
            speed = {
                way: [row["tokens_per_second"] for row in here if row["way"] == way] for way in WAYS
            }
            for way, found in speed.items():
                if not found:
                    continue
                each = [a / b for a, b in zip(found, speed["plain"], strict=True)]
                share = statistics.median(
                    row["share_of_ceiling"] for row in here if row["way"] == way
                )
                ratio = statistics.median(found) / statistics.median(speed["plain"])
                listed = ", ".join(f"{value:.2f}" for value in each)
                lines.append(
                    f"| {size} | {kind} | {batch} | {n} | {way} | {statistics.median(found):,.0f} "
                    f"| **{ratio:.2f}** ({listed}) | {share:.0%} |"
                )
            if n == 2 and (one := fast.get((kind, batch))):
                each = [two / single for single, two in zip(one, speed["fast"], strict=True)]
                listed = ", ".join(f"{ratio:.2f}" for ratio in each)
                told += f" At batch {batch} a second thread makes the fast way faster by a factor"
                told += f" of {statistics.median(each):.2f} ({listed})."
            fast[kind, batch] = speed["fast"]
    last = "; ".join(
        f"batch {batch}: {rows[-1]['forward']:.0f} and {rows[-1]['backward']:.0f} after "
        f"{rows[-1]['minutes']:.1f} minutes"
        for batch in result["batches"]
        if (rows := [row for row in result.get("perplexity", []) if row["batch"] == batch])
    )
    return "\n".join(lines) + (
        f"\n\nWindows of {LENGTH} words; {result['samples']:,} words drawn of "
        f"{result['vocabulary']:,}; {result['steps']} windows a round"
        f"{'; held-out perplexity forward and backward, ' + last if last else ''}.{told} "
        f"Machine: {common.machine_words(result['machine'])}."
    )


def main() -> None:
    """Run the command line."""
    parser = common.parser(__doc__, ("course", "small", "original", "perplexity"))
    parser.add_argument("--shards", type=Path, help="a folder of text files")
    parser.add_argument("--held-out", type=Path, help="a text file, for the perplexity")
    parser.add_argument("--batches", type=int, nargs="+", help="default 32 128; GPU 64 128 256 512")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of a processor")
    parser.add_argument("--steps", type=int, default=20, help="windows a round (default 20)")
    parser.add_argument("--samples", type=int, help="default 1024; GPU 8192")
    parser.add_argument("--vocabulary", type=int, help="default 20000; GPU 100000")
    options = parser.parse_args()
    options.batches = options.batches or ([64, 128, 256, 512] if options.gpu else [32, 128])
    options.samples = options.samples or (8192 if options.gpu else 1024)
    options.vocabulary = options.vocabulary or (100_000 if options.gpu else 20_000)
    device = torch.device("cuda" if options.gpu else "cpu")
    names = ("batches", "steps", "samples", "vocabulary")
    about = {"machine": common.machine(gpu=options.gpu)}
    about |= {name: getattr(options, name) for name in names}
    sizes = ("small", "original") if options.gpu else ("course",)
    parts: common.Parts = {size: partial(measured, size, options, device) for size in sizes}
    if options.shards and options.held_out:
        parts["perplexity"] = partial(perplexity, options, device)
    common.measure("pretrain", options, about, parts, table)


if __name__ == "__main__":
    main()
