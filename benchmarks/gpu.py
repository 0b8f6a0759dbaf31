"""Measure on a GPU what the course has for one, in one call of less than nine minutes.

The parts, in order of value, each within a budget of time; ``gpu.json`` is written after every
row, so that a call that is cut short still counts:

- tests: the calls of tests/lib/device_calls.py on cuda, beside the processor's results;
- static: Skip-gram, GloVe and FastText, beside the compiled loops and gensim on the processor;
- embedding: tokens/s of ``Elmo.embed`` at the official sizes, float32 and bfloat16;
- training: tokens/s of the biLM over batch sizes, beside the plain way of benchmarks/pretrain.py,
  and as a share of what a large matrix product reaches; the time steps of a layer alone, and
  captured as a CUDA graph;
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
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import accumulate, chain, cycle, product
from pathlib import Path
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

from stand_ins import ABSENT

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data_scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np
import torch
from common import ROOT, ceiling, clock
from pretrain import LENGTH, Trainer
from torch.utils.flop_counter import FlopCounterMode

from course_lib import bilm, counts, datasets, elmo, fasttext, glove, pretrain, word2vec
from course_lib.bilm.layer import fast
from course_lib.charcnn import CharCNNOptions
from course_lib.text import Vocabulary
from pretraining.batches import batches
from pretraining.settings import SIZES, Settings
from pretraining.training import matrix_precision

Text = list[list[str]]
Report = Callable[[dict[str, Any]], None]
NOT_MEASURED = "not measured"
# Seconds of each part, and how much longer its last row may take: with the start, nine minutes.
BUDGETS = {"tests": 80, "static": 120, "embedding": 80, "training": 130, "perplexity": 75}
GRACE = 5
TINY = bilm.BiLMOptions(CharCNNOptions(4, ((1, 4), (2, 4)), 1, "relu", 8), 16, 8)


class Plan:
    """What to run: on which device, on which text, how much of it, until when."""

    def __init__(self, device: torch.device, text: Text, real: bool, quick: bool) -> None:
        self.device, self.text, self.real, self.quick = device, text, real, quick
        large = {name: SIZES[name] for name in ("small", "original")}
        self.sizes = {"tiny": TINY} if quick else large
        self.tokens = 3_000 if quick else 1_000_000
        self.budgets = dict.fromkeys(BUDGETS, 10) if quick else BUDGETS
        self.ends = float("inf")

    def begin(self, part: str) -> None:
        """Start the clock of a part: no row begins after its time, and a late one is stopped."""
        self.ends = time.perf_counter() + self.budgets[part]
        stop_after(self.budgets[part] + GRACE)

    @property
    def over(self) -> bool:
        """Whether the time of the part is spent."""
        return time.perf_counter() > self.ends

    def part_of_text(self, tokens: int) -> Text:
        """Return sentences from the start of the text, about so many tokens."""
        before = accumulate(map(len, self.text), initial=0)
        return [words for words, n in zip(self.text, before, strict=False) if n < tokens]


def out_of_time(*_: object) -> None:
    """Raise TimeoutError."""
    raise TimeoutError("out of time")


def stop_after(seconds: float) -> None:
    """Call that after so many seconds, where the system has such a clock; 0 for never."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, out_of_time)
        signal.setitimer(signal.ITIMER_REAL, seconds)


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
    began, done = clock(plan.device), 0
    until = min(began + (0.2 if plan.quick else seconds), plan.ends)
    while True:
        done += step()
        now = clock(plan.device)
        if now >= until:
            return done / (now - began)


def attempt(
    plan: Plan, report: Report, row: dict[str, Any], measured: Callable[[], dict[str, Any]]
) -> None:
    """Report what a measurement gives, or that there is no time or no memory left for it."""
    try:
        if plan.over:
            out_of_time()
        row |= measured()
    except (TimeoutError, torch.OutOfMemoryError) as error:
        row |= {"speed": NOT_MEASURED, "why": str(error)[:200]}
    report(row)


def tests(plan: Plan, report: Report) -> None:
    """Run the tests of all that takes a device, in a process of their own."""
    if plan.device.type != "cuda":
        report({"outcome": NOT_MEASURED, "why": "no GPU"})
        return
    # Neither the tests' common file nor the course's settings are needed, but the stand-ins.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "stand_ins", "-c", os.devnull]
    command += ["--rootdir", str(ROOT), "--noconftest", "-k", "gpu"]
    folders = os.pathsep.join(str(ROOT / name) for name in ("benchmarks", "data_scripts", ""))
    try:
        done = subprocess.run(
            [*command, str(ROOT / "tests" / "lib" / "test_devices.py")],
            env=os.environ | {"PYTHONPATH": folders},
            capture_output=True,
            text=True,
            timeout=plan.budgets["tests"],
        )
        report({"outcome": done.returncode, "last": done.stdout.splitlines()[-20:]})
    except subprocess.TimeoutExpired as error:
        report({"outcome": "out of time", "last": str(error.stdout)[-1000:]})


def static(plan: Plan, report: Report) -> None:
    """Time an epoch of each method on the device, and on all cores."""
    text = plan.part_of_text(plan.tokens)
    tokens, cores = sum(map(len, text)), os.cpu_count() or 1
    row = {"method": "skipgram", "way": "gensim, all cores", "tokens": tokens}
    if "gensim" in ABSENT:
        report(row | {"speed": NOT_MEASURED, "why": "gensim is not installed"})
    else:
        from gensim.models import Word2Vec

        model = Word2Vec(sg=1, vector_size=100, min_count=5, sample=1e-3, workers=cores)
        model.build_vocab(text)
        began = time.perf_counter()
        model.train(text, total_examples=model.corpus_count, epochs=1)
        report(row | {"speed": tokens / (time.perf_counter() - began), "unit": "words_per_second"})
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
        "compiled, all cores": {"workers": cores},
        "default batches on the device": {"device": plan.device, "autograd": True},
    }

    def trained(train: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
        history = train(epochs=2, **options).history  # the first epoch may compile
        unit = next(column for column in history if column.endswith("per_second"))
        return {"speed": float(history[unit].iloc[-1]), "unit": unit}

    for (way, options), (name, train) in product(ways.items(), trainers.items()):
        row = {"method": name, "way": way, "tokens": tokens}
        if way.startswith("compiled") and "numba" in ABSENT:
            report(row | {"speed": NOT_MEASURED, "why": "numba is not installed"})
        else:
            attempt(plan, report, row, partial(trained, train, options))


def embedding(plan: Plan, report: Report) -> None:
    """Time ELMo on batches of real sentences; every distinct word of a batch is encoded anew."""
    text = plan.part_of_text(2_000 if plan.quick else 60_000)

    def embedded(options: bilm.BiLMOptions, kind: torch.dtype, batch: int) -> dict[str, Any]:
        torch.manual_seed(0)
        embedder = elmo.Elmo(bilm.BiLM(options).to(kind), device=plan.device, cache=0)
        groups = cycle([text[i : i + batch] for i in range(0, len(text), batch)])

        def step() -> int:
            sentences = next(groups)
            embedder.embed(sentences)
            return sum(map(len, sentences))

        return {"speed": rate(plan, step, 6), "unit": "tokens_per_second"}

    kinds, sizes = (torch.float32, torch.bfloat16), (4,) if plan.quick else (64, 512)
    for (size, options), kind, batch in product(plan.sizes.items(), kinds, sizes):
        row = {"size": size, "numbers": str(kind)[6:], "batch": batch}
        attempt(plan, report, row, partial(embedded, options, kind, batch))


def trainer(
    plan: Plan, lexicon: pretrain.Lexicon, text: Text, options: Any, way: str, batch: int
) -> tuple[bilm.BiLM, Callable[[], int]]:
    """Return a biLM, and a function that trains it on the next window and counts its tokens."""
    drawn = min(8192, len(lexicon.words))
    settings = Settings(batch_size=batch, samples=drawn, alpha=1e-3, bfloat16=True)
    found = Trainer(way, options, lexicon, settings, plan.device)
    pairs = batches([text], lexicon, batch_size=batch, length=LENGTH, epochs=10_000, seed=1)

    def step() -> int:
        found.step(next(pairs)[1])
        return batch * LENGTH

    return found.model, step


def training(plan: Plan, report: Report) -> None:
    """Time the biLM's training, then the time steps of one layer with and without capture."""
    text = plan.part_of_text(plan.tokens)
    lexicon = pretrain.Lexicon.build(text, max_size=20_000)
    with matrix_precision(Settings(bfloat16=True)):
        top = ceiling(plan.device)
    report({"way": "ceiling, TF32 where the GPU has it", "operations_per_second": top})

    def trained(options: bilm.BiLMOptions, way: str, batch: int) -> dict[str, Any]:
        _, step = trainer(plan, lexicon, text, options, way, batch)
        with FlopCounterMode(display=False) as counter:
            tokens = step()
        speed = rate(plan, step, 6)
        share = counter.get_total_flops() / tokens * speed / top
        return {"speed": speed, "unit": "tokens_per_second", "share_of_ceiling": share}

    for size, options in plan.sizes.items():
        for batch, way in product((4,) if plan.quick else (512, 128), ("fast", "plain")):
            row = {"size": size, "way": way, "batch": batch}
            attempt(plan, report, row, partial(trained, options, way, batch))
        batch = 4 if plan.quick else 128
        for way in ("steps of a layer", "steps of a layer, captured"):
            row = {"size": size, "way": way, "batch": batch}
            given = plan, options, batch, way.endswith("captured")
            attempt(plan, report, row, partial(steps_of_a_layer, *given))


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


def steps_of_a_layer(
    plan: Plan, options: bilm.BiLMOptions, batch: int, capture: bool
) -> dict[str, Any]:
    """Time the steps of a layer, forth and back, as they are or as one CUDA graph."""
    torch.manual_seed(0)
    steps: Any = _Steps(options, batch).to(plan.device)
    p, h = options.projection_dim, options.dim
    shapes = (2, batch * LENGTH, p), (2, batch, p), (2, batch, h)
    given = tuple(torch.zeros(shape, device=plan.device, requires_grad=True) for shape in shapes)
    if capture and plan.device.type != "cuda":
        return {"speed": NOT_MEASURED, "why": "no GPU"}
    if capture:
        try:
            steps = torch.cuda.make_graphed_callables(steps, given)
        except RuntimeError as error:
            return {"speed": NOT_MEASURED, "why": str(error)[:300]}

    def step() -> int:
        sum(part.sum() for part in steps(*given)).backward()
        return batch * LENGTH

    return {"speed": rate(plan, step, 3), "unit": "tokens_per_second"}


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
    model, step = trainer(plan, lexicon, text, options, "fast", 4 if plan.quick else 256)
    spent = tokens = 0.0
    while not plan.over:
        began = clock(plan.device)
        while time.perf_counter() < began + (1 if plan.quick else 12):
            tokens += step()
        spent += clock(plan.device) - began
        found = pretrain.evaluate(model, lexicon, held_out, batch_size=8, length=LENGTH)
        row = {"size": size, "minutes": spent / 60, "tokens": int(tokens), "targets": len(frequent)}
        report(row | dict(zip(("forward", "backward"), np.exp(found).tolist(), strict=True)))


PARTS = {part.__name__: part for part in (tests, static, embedding, training, perplexity)}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a text file, a sentence a line")
    parser.add_argument("--quick", action="store_true", help="each part for seconds, anywhere")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "gpu.json")
    options = parser.parse_args()
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

        try:
            plan.begin(part)
            PARTS[part](plan, report)
        except TimeoutError as error:
            report({"speed": NOT_MEASURED, "why": str(error)})
        except Exception as error:  # the parts after it still count
            report({"failed": f"{type(error).__name__}: {error}"[:500]})
        finally:
            stop_after(0)
    failed = [part for part in options.only if any("failed" in row for row in result[part])]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
