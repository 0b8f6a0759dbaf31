"""What the benchmarks share: the machine, memory, evaluation, the command line, the tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from course_lib import datasets, evaluate
from course_lib.vectors import WordVectors

ROOT = Path(__file__).resolve().parents[1]
SEEDS = 3
Parts = dict[str, Callable[[], list[dict]]]


def machine(*packages: str, gpu: bool = False) -> dict[str, Any]:
    """Say what the figures were measured on, with the versions of some packages."""
    import torch

    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    found = {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    found |= {name: version(name) for name in ("torch", *packages)}
    return found | ({"gpu": torch.cuda.get_device_name()} if gpu else {})


def machine_words(found: dict[str, Any]) -> str:
    """Put the machine into one line of prose."""
    known = ("processor", "cores", "system", "python", "gpu")
    parts = [f"{found['processor']}, {found['cores']} cores"]
    parts += [found["gpu"]] if "gpu" in found else []
    parts += [f"Python {found['python']}"]
    parts += [f"{name} {number}" for name, number in found.items() if name not in known]
    return ", ".join(parts)


def marks(vectors: WordVectors, names: Iterable[str]) -> dict[str, float | None]:
    """Return Spearman's rho for some similarity sets, None where the set is not at hand."""
    found: dict[str, float | None] = {}
    for name in names:
        try:
            found[name] = evaluate.similarity(vectors, name).spearman
        except datasets.DataUnavailable:
            found[name] = None  # the table shows a dash
    return found


def peak_memory(train: Callable[[], object]) -> float:
    """Return the growth of the peak memory of this process by one training, in MB."""
    import psutil

    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    train()
    done.set()
    watcher.join()
    return (peak - before) / 1e6


def in_own_process(script: str, *arguments: str) -> float:
    """Run this benchmark once more with other arguments; return the number it prints last."""
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def tell(rows: list[dict], row: dict) -> None:
    """Append a row and print it, so that a long run can be followed."""
    rows.append(row)
    print(json.dumps(row), flush=True)


def spread(values: list[float]) -> str:
    """Write mean ± standard deviation; one value alone has none."""
    if len(values) < 2:
        return f"{values[0]:.3f}" if values else "–"
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def parser(doc: str, parts: tuple[str, ...]) -> argparse.ArgumentParser:
    """Return the options that all benchmarks have."""
    found = argparse.ArgumentParser(description=doc.splitlines()[0])
    found.add_argument("--corpus", help="a corpus of course_lib.datasets (default: the largest)")
    found.add_argument("--max-tokens", type=int, help="stop reading the corpus here")
    found.add_argument("--rounds", type=int, default=5)
    found.add_argument("--seeds", type=int, default=SEEDS)
    found.add_argument(
        "--only",
        nargs="*",
        choices=parts,
        help="measure these parts again and keep the others from the JSON file; alone: the table",
    )
    found.add_argument("--gpu", action="store_true", help="this library on the GPU")
    found.add_argument("--write", action="store_true", help="write the table into docs")
    return found


def load(options: argparse.Namespace) -> datasets.Corpus:
    """Load the corpus that was asked for."""
    if options.corpus:
        return datasets.load_corpus(options.corpus, max_tokens=options.max_tokens)
    return datasets.largest_corpus(max_tokens=options.max_tokens)


def json_file(name: str, options: argparse.Namespace) -> Path:
    """Return where the results of a benchmark are stored."""
    return ROOT / "benchmarks" / f"{name}{'_gpu' if options.gpu else ''}.json"


def stored(path: Path) -> dict[str, Any]:
    """Return what a benchmark has stored, or nothing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def measure(
    name: str,
    options: argparse.Namespace,
    about: dict[str, Any],
    parts: Parts,
    table: Callable[[dict[str, Any]], str],
) -> None:
    """Run the parts, store each at once in benchmarks/NAME.json, print and publish the table."""
    out = json_file(name, options)
    command = f"python benchmarks/{name}.py{' --gpu' if options.gpu else ''}"
    command += f" --corpus {options.corpus}" if options.corpus else ""
    command += f" --max-tokens {options.max_tokens}" if options.max_tokens else ""
    command += f" --seeds {options.seeds}" if options.seeds != SEEDS else ""
    about = {"command": command, **about, "rounds": options.rounds, "seeds": options.seeds}
    result = {} if options.only is None else stored(out)
    for part in parts if options.only is None else options.only:
        found = parts[part]()
        # Read again: another process may have stored other parts in the meantime.
        result = (stored(out) if options.only is not None else result) | about | {part: found}
        out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if missing := parts.keys() - result.keys():
        print(f"Not measured yet: {', '.join(sorted(missing))}.")
        return
    text = f"{table(result)} Command: `{command}`. Every round: `benchmarks/{out.name}`."
    print("\n" + text)
    if options.write:
        write_table(name, text)


def write_table(name: str, text: str) -> None:
    """Put a table between its markers in docs/benchmarks.md."""
    path = ROOT / "docs" / "benchmarks.md"
    page = path.read_text(encoding="utf-8")
    start, end = f"<!-- benchmark:{name} -->", "<!-- /benchmark -->"
    if start not in page:
        sys.exit(
            f"{path.name} has no line {start}: write it, and {end} below, where the table goes."
        )
    before, rest = page.split(start)
    after = rest.split(end, 1)[1]
    path.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")
