"""Measure on a GPU what the course has for one, in one call of less than nine minutes.

The parts, in order of value, each within a budget of time; ``gpu.json`` is written after every
row, so that a call that is cut short still counts:

- tests: the calls of tests/lib/device_calls.py on cuda, beside the processor's results;
- static: Skip-gram, GloVe and FastText, beside the compiled loops and gensim on the processor;
- embedding: tokens/s of ``Elmo.embed`` at the official sizes, float32 and bfloat16;
- training: tokens/s of the biLM over batch sizes, beside the plain cell, and as a share of what a
  large matrix product reaches; the time steps of a layer alone, and captured as a CUDA graph;
- perplexity: of held-out text, over the minutes of a training of the small size.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --text text.txt      # a sentence a line, tokens between spaces
    python benchmarks/gpu.py --quick              # each part for seconds, on any machine

torch, numpy, h5py, pandas, scipy and pytest are enough. What needs more is "not measured" without
it: gensim, and numba for the compiled loops. The text is the Wikipedia slice that ships with
gensim, or the one given; without either it is drawn at random by Zipf's law, and no perplexity is
measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, cycle, product
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

from stand_ins import ABSENT

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data_scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib import bilm, counts, datasets, elmo, fasttext, glove, pretrain, word2vec
from course_lib.bilm.layer import fast
from course_lib.charcnn import CharCNNOptions
from course_lib.text import Vocabulary
from pretraining.batches import batches
from pretraining.settings import SIZES, Settings
from pretraining.training import Objective, matrix_precision

ROOT = Path(__file__).resolve().parents[1]
Text = list[list[str]]
Report = Callable[[dict[str, Any]], None]
LENGTH = 20  # words of a window
NOT_MEASURED = "not measured"
BUDGETS = {"tests": 80, "static": 120, "embedding": 80, "training": 130, "perplexity": 75}
TINY = bilm.BiLMOptions(CharCNNOptions(4, ((1, 4), (2, 4)), 1, "relu", 8), 16, 8)


class Plan:
    """What to run: on which device, on which text, how much of it, until when."""

    def __init__(self, device: torch.device, text: Text, real: bool, quick: bool) -> None:
        self.device, self.text, self.real, self.quick = device, text, real, quick
        self.sizes = (
            {"tiny": TINY} if quick else {name: SIZES[name] for name in ("small", "original")}
        )
        self.tokens = 3_000 if quick else 1_000_000
        self.ends = math.inf

    def begin(self, part: str) -> None:
        """Start the clock of a part."""
        self.ends = time.perf_counter() + (10 if self.quick else BUDGETS[part])

    @property
    def over(self) -> bool:
        """Whether the time of the part is spent."""
        return time.perf_counter() > self.ends

    def clock(self) -> float:
        """Return the time when the device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def part_of_text(self, tokens: int) -> Text:
        """Return sentences from the start of the text, about so many tokens."""
        chosen, total = [], 0
        for sentence in self.text:
            if total >= tokens:
                break
            chosen.append(sentence)
            total += len(sentence)
        return chosen


def zipf_text(tokens: int) -> Text:
    """Draw sentences of 20 words of random letters; word r as often as 1 / r."""
    rng = np.random.default_rng(0)
    words = ["".join(map(chr, rng.integers(97, 123, rng.integers(2, 12)))) for _ in range(50_000)]
    chances = 1 / np.arange(1, len(words) + 1)
    drawn = rng.choice(len(words), (tokens // 20, 20), p=chances / chances.sum())
    return [[words[number] for number in row] for row in drawn]


def read_text(path: Path | None, tokens: int) -> tuple[Text, bool, str]:
    """Return sentences, whether a person wrote them, and what they are."""
    if path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [words for line in lines if (words := line.split()[:80])], True, path.name
    if "gensim" not in ABSENT:
        found = datasets.load_corpus("wikipedia", as_written=True, max_tokens=tokens)
        return [s for s in found if len(s) <= 80], True, "wikipedia"
    return zipf_text(min(tokens, 2_000_000)), False, "drawn at random by Zipf's law"


def rate(plan: Plan, step: Callable[[], int], seconds: float) -> float:
    """Return tokens/s of a step that is repeated for a while, after a first one unmeasured."""
    step()
    began, done = plan.clock(), 0
    until = min(began + (0.2 if plan.quick else seconds), plan.ends)
    while True:
        done += step()
        now = plan.clock()
        if now >= until:
            return done / (now - began)


def ceiling(plan: Plan, kind: torch.dtype) -> float:
    """Return what a large matrix product reaches, in operations per second."""
    n = 256 if plan.quick else 8192
    a, b = torch.rand(2, n, n, device=plan.device, dtype=kind)
    best = 0.0
    for _ in range(6):  # the first one also loads the library
        began = plan.clock()
        a @ b
        best = max(best, 2 * n**3 / (plan.clock() - began))
    return best


def tests(plan: Plan, report: Report) -> None:
    """Run the tests of all that takes a device, in a process of their own."""
    if plan.device.type != "cuda":
        report({"outcome": NOT_MEASURED, "why": "no GPU"})
        return
    command = [sys.executable, __file__, "--device-tests"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUDGETS["tests"])
        report({"outcome": done.returncode, "last": done.stdout.splitlines()[-20:]})
    except subprocess.TimeoutExpired as error:
        report({"outcome": "out of time", "last": str(error.stdout)[-1000:]})


def run_device_tests() -> int:
    """Run them here; neither the tests' common file nor the course's settings are needed."""
    import pytest

    checks = str(ROOT / "tests" / "lib" / "test_devices.py")
    return pytest.main(
        ["-q", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "-k", "gpu", checks]
    )


def static(plan: Plan, report: Report) -> None:
    """Time an epoch of each method on the device, and on all cores."""
    text = plan.part_of_text(plan.tokens)
    tokens, cores = sum(map(len, text)), os.cpu_count() or 1
    vocabulary = Vocabulary.build(text, min_count=5)
    pairs = counts.cooccurrence(text, vocabulary, window=10, weighting="inverse")
    trainers: dict[str, Callable[..., Any]] = {
        "skipgram": partial(word2vec.train, text, vocabulary=vocabulary),
        "glove": partial(glove.fit, pairs, vocabulary),
        "fasttext": partial(fasttext.train, text, vocabulary=vocabulary),
    }
    large = {"device": plan.device, "autograd": True, "batch_size": 1024 if plan.quick else 65_536}
    ways: dict[str, dict[str, Any]] = {
        # Gradients of a batch add up; a usual alpha would be too high for so many.
        "large batches on the device": large | {"alpha": 1e-4},
        "default batches on the device": {"device": plan.device, "autograd": True},
        "compiled, all cores": {"workers": cores},
    }
    for (way, options), (name, train) in product(ways.items(), trainers.items()):
        row = {"method": name, "way": way, "tokens": tokens}
        if way.startswith("compiled") and "numba" in ABSENT:
            report(row | {"speed": NOT_MEASURED, "why": "numba is not installed"})
        elif plan.over:
            report(row | {"speed": NOT_MEASURED, "why": "out of time"})
        else:
            history = train(epochs=2, **options).history  # the first epoch may compile
            unit = next(column for column in history if column.endswith("per_second"))
            report(row | {"speed": float(history[unit].iloc[-1]), "unit": unit})
    if "gensim" in ABSENT or plan.over:
        why = "gensim is not installed" if "gensim" in ABSENT else "out of time"
        report({"method": "skipgram", "way": "gensim", "speed": NOT_MEASURED, "why": why})
        return
    from gensim.models import Word2Vec

    model = Word2Vec(sg=1, vector_size=100, min_count=5, sample=1e-3, workers=cores)
    model.build_vocab(text)
    began = time.perf_counter()
    model.train(text, total_examples=model.corpus_count, epochs=1)
    speed = tokens / (time.perf_counter() - began)
    report({"method": "skipgram", "way": "gensim, all cores", "tokens": tokens, "speed": speed})


def embedding(plan: Plan, report: Report) -> None:
    """Time ELMo on batches of real sentences; every distinct word of a batch is encoded anew."""
    text = plan.part_of_text(2_000 if plan.quick else 60_000)
    for size, options in plan.sizes.items():
        for kind in (torch.float32, torch.bfloat16):
            for batch in (4,) if plan.quick else (64, 512):
                row = {"size": size, "numbers": str(kind)[6:], "batch": batch}
                if plan.over:
                    report(row | {"speed": NOT_MEASURED, "why": "out of time"})
                    continue
                torch.manual_seed(0)
                model = bilm.BiLM(options).to(kind)
                embedder = elmo.Elmo(model, device=plan.device, cache=0)
                groups = cycle([text[i : i + batch] for i in range(0, len(text), batch)])

                def step(embedder: elmo.Elmo = embedder, groups: Any = groups) -> int:
                    sentences = next(groups)
                    embedder.embed(sentences)
                    return sum(map(len, sentences))

                try:
                    report(row | {"speed": rate(plan, step, 6), "unit": "tokens_per_second"})
                except torch.OutOfMemoryError as error:
                    report(row | {"speed": NOT_MEASURED, "why": str(error)[:200]})


class Trainer:
    """A biLM that is trained window after window, for ever."""

    def __init__(
        self, plan: Plan, lexicon: pretrain.Lexicon, text: Text, options: Any, way: str, batch: int
    ) -> None:
        torch.manual_seed(0)
        self.settings = Settings(
            batch_size=batch, samples=min(8192, len(lexicon.words)), bfloat16=True
        )
        self.model = bilm.BiLM(options, vocabulary_size=len(lexicon.words), way=way).to(plan.device)
        self.objective = Objective(self.model, lexicon, self.settings)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, fused=True)
        self.state = self.model.initial_state(batch)
        found = batches([text], lexicon, batch_size=batch, length=LENGTH, epochs=10_000, seed=1)
        self.pairs = (pair for _, pair in found)

    def step(self) -> int:
        """Train on a window; return how many tokens it has."""
        self.model.train()
        with matrix_precision(self.settings):
            loss, self.state = self.objective(next(self.pairs), self.state)
            self.optimizer.zero_grad()
            loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        return self.settings.batch_size * LENGTH


def training(plan: Plan, report: Report) -> None:
    """Time the biLM's training, then the time steps of one layer with and without capture."""
    text = plan.part_of_text(plan.tokens)
    lexicon = pretrain.Lexicon.build(text, max_size=20_000)
    settings = Settings(bfloat16=True)
    with matrix_precision(settings):
        top = ceiling(plan, torch.float32)
    report({"way": "ceiling, TF32 where the GPU has it", "operations_per_second": top})
    for size, options in plan.sizes.items():
        for batch in (4,) if plan.quick else (512, 128):
            for way in ("fast", "cell"):
                row = {"size": size, "way": way, "batch": batch}
                if plan.over:
                    report(row | {"speed": NOT_MEASURED, "why": "out of time"})
                    continue
                try:
                    trainer = Trainer(plan, lexicon, text, options, way, batch)
                    with FlopCounterMode(display=False) as counter:
                        tokens = trainer.step()
                    speed = rate(plan, trainer.step, 6)
                except torch.OutOfMemoryError as error:
                    report(row | {"speed": NOT_MEASURED, "why": str(error)[:200]})
                    continue
                share = counter.get_total_flops() / tokens * speed / top
                report(
                    row | {"speed": speed, "unit": "tokens_per_second", "share_of_ceiling": share}
                )
        captured(plan, report, size, options)


class _Steps(torch.nn.Module):
    """One layer of both directions on whole windows, so that its shapes never change."""

    def __init__(self, options: bilm.BiLMOptions, batch: int) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(bilm.Layer(options) for _ in range(2))
        self.sizes = [batch] * LENGTH

    def forward(
        self, inputs: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the outputs and the state."""
        outputs, state = fast(list(self.layers), inputs, self.sizes, (h, c))
        return outputs, *state


def captured(plan: Plan, report: Report, size: str, options: bilm.BiLMOptions) -> None:
    """Time the steps of a layer, forth and back, as they are and as one CUDA graph."""
    batch = 4 if plan.quick else 128
    for way in ("steps of a layer", "steps of a layer, captured"):
        row = {"size": size, "way": way, "batch": batch}
        torch.manual_seed(0)
        steps: Any = _Steps(options, batch).to(plan.device)
        inputs, h, c = (
            torch.zeros(2, n, width, device=plan.device, requires_grad=True)
            for n, width in (
                (batch * LENGTH, options.projection_dim),
                (batch, options.projection_dim),
                (batch, options.dim),
            )
        )
        if "captured" in way:
            if plan.device.type != "cuda" or plan.over:
                why = "out of time" if plan.device.type == "cuda" else "no GPU"
                report(row | {"speed": NOT_MEASURED, "why": why})
                continue
            try:
                steps = torch.cuda.make_graphed_callables(steps, (inputs, h, c))
            except RuntimeError as error:
                report(row | {"speed": NOT_MEASURED, "why": str(error)[:300]})
                continue

        def step(steps: Any = steps, given: tuple = (inputs, h, c)) -> int:
            sum(part.sum() for part in steps(*given)).backward()
            return batch * LENGTH

        report(row | {"speed": rate(plan, step, 3), "unit": "tokens_per_second"})


def perplexity(plan: Plan, report: Report) -> None:
    """Train the first size for the time of this part; measure held-out text on the way."""
    if not plan.real:
        report({"perplexity": NOT_MEASURED, "why": "no text that a person wrote; give --text"})
        return
    held_out = plan.text[:: max(2, len(plan.text) // 300)]
    kept = {id(sentence) for sentence in held_out}
    text = [sentence for sentence in plan.text if id(sentence) not in kept]
    words = chain.from_iterable(plan.text)
    size, options = next(iter(plan.sizes.items()))
    width = options.characters.width
    frequent = pretrain.Lexicon.build(text, max_size=20_000, width=width).words
    lexicon = pretrain.Lexicon.of_words(frequent, words, width=width)
    trainer = Trainer(plan, lexicon, text, options, "fast", 4 if plan.quick else 256)
    spent = tokens = 0.0
    every = 1.0 if plan.quick else 12.0
    while not plan.over:
        began, until = plan.clock(), time.perf_counter() + every
        while time.perf_counter() < until:
            tokens += trainer.step()
        spent += plan.clock() - began
        found = pretrain.evaluate(trainer.model, lexicon, held_out, batch_size=8, length=LENGTH)
        row = {"size": size, "minutes": spent / 60, "tokens": int(tokens), "targets": len(frequent)}
        report(row | dict(zip(("forward", "backward"), np.exp(found).tolist(), strict=True)))


PARTS = {
    "tests": tests,
    "static": static,
    "embedding": embedding,
    "training": training,
    "perplexity": perplexity,
}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a text file, a sentence a line")
    parser.add_argument("--quick", action="store_true", help="each part for seconds, anywhere")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "gpu.json")
    parser.add_argument("--device-tests", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.device_tests:
        return run_device_tests()
    on_gpu = torch.cuda.is_available()
    if not (on_gpu or options.quick):
        parser.error("torch finds no CUDA device here; --quick runs all parts on any machine.")
    if options.quick and options.output == parser.get_default("output"):
        parser.error("--quick measures nothing that may be recorded; give another --output.")
    text, real, name = read_text(options.text, 20_000 if options.quick else 5_000_000)
    device = torch.device("cuda" if on_gpu else "cpu")
    plan = Plan(device, text, real, options.quick)
    result: dict[str, Any] = {
        "gpu": torch.cuda.get_device_name() if on_gpu else None,
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "text": name,
        "absent": ABSENT,
        "quick": options.quick,
    }
    for part in options.only:
        rows = result[part] = []

        def report(row: dict[str, Any], rows: list = rows) -> None:
            rows.append(row)
            print(json.dumps(row), flush=True)
            options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

        plan.begin(part)
        try:
            PARTS[part](plan, report)
        except Exception as error:  # the parts after it still count
            report({"failed": f"{type(error).__name__}: {error}"[:500]})
    failed = [part for part in options.only if any("failed" in row for row in result[part])]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
