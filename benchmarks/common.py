"""What the benchmarks share: the machine, memory, evaluation, the command line, the tables.

A row of a timed part names the library, the round and ``OMP_NUM_THREADS`` as it was set, or "not
set". ``--only speed --add`` lays new rounds beside the stored ones, with the variable as it is
set then, so that a long measurement can be cut into short turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import peers
import torch

from course_lib import datasets, evaluate, runtime
from course_lib.vectors import WordVectors

ROOT = Path(__file__).resolve().parents[1]
SEEDS = 3
NOT_SET = "not set"
Parts = dict[str, Callable[[], list[dict]]]


def machine(*packages: str, gpu: bool = False) -> dict[str, Any]:
    """Say what the figures were measured on, with the versions of some packages."""
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


def machines(result: dict[str, Any]) -> str:
    """Put the machine of a result into words, and those of the parts measured elsewhere."""
    groups: dict[str, list[str]] = {}
    for part, found in result.get("elsewhere", {}).items():
        groups.setdefault(machine_words(found), []).append(part)
    others = "".join(f"; of {', '.join(parts)}: {words}" for words, parts in groups.items())
    return machine_words(result["machine"]) + others


def clock(device: torch.device) -> float:
    """Return the time when the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def ceiling(device: torch.device) -> float:
    """Return what a large matrix product reaches, in operations per second."""
    n = 2048 if device.type == "cpu" else 8192
    a, b = torch.rand(2, n, n, device=device)
    best = 0.0
    for _ in range(5):  # the first one also loads the library
        start = clock(device)
        a @ b
        best = max(best, 2 * n**3 / (clock(device) - start))
    return best


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


def threads_variable() -> str:
    """Return what the user set ``OMP_NUM_THREADS`` to, or "not set"."""
    return os.environ.get("OMP_NUM_THREADS", NOT_SET)


class OnGPU(argparse.Action):
    """The option ``--gpu``: a wrong call where torch finds no CUDA device."""

    def __init__(self, option_strings: list[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=False, **more)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object
    ) -> None:
        if runtime.device().type != "cuda":
            parser.error("--gpu: torch finds no CUDA device here")
        setattr(namespace, self.dest, True)


def parser(doc: str, parts: tuple[str, ...], *, peers_of: str = "") -> argparse.ArgumentParser:
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
    found.add_argument("--gpu", action=OnGPU, help="this library on the GPU")
    found.set_defaults(add=False, peer=[])
    if peers_of:
        found.add_argument(
            "--add", action="store_true", help="with --only: add rounds to those that are stored"
        )
        found.add_argument(
            "--peer",
            action="append",
            default=[],
            type=peers.named,
            metavar="NAME=PATH",
            help=f"a program that takes {peers_of}'s command line",
        )
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


def numbers(name: str, options: argparse.Namespace, part: str) -> range:
    """Return the numbers of the rounds to run: from 0, or on from the stored ones."""
    rows = stored(json_file(name, options)).get(part, []) if options.add else []
    first = max((row["round"] + 1 for row in rows if row["omp"] == threads_variable()), default=0)
    return range(first, first + options.rounds)


def comparison(rows: list[dict], by: list[str], value: str, unit: str) -> list[str]:
    """Return lines of Markdown: this course against each other library that took its turns."""
    runs = pd.DataFrame(rows)
    lines = [
        f"| {' | '.join(by)} | against | this course, {unit} | the other, {unit} "
        "| ratio of medians (each round) | the same with `OMP_NUM_THREADS=1` |",
        "|---" * (len(by) + 5) + "|",
    ]
    others = [name for name in runs["library"].unique() if name != "course"]
    for keys, group in runs.groupby(by, sort=False):
        for name in others:
            wide = {
                variable: part.pivot(index="round", columns="library", values=value)
                for variable, part in group.groupby("omp")
                if name in set(part["library"])
            }
            wide = {variable: table[["course", name]].dropna() for variable, table in wide.items()}
            if NOT_SET not in wide:
                continue
            medians = wide[NOT_SET].median()
            cells = [f"{medians['course']:,.0f}", f"{medians[name]:,.0f}"]
            for variable in (NOT_SET, "1"):
                cells.append(_ratio(wide[variable], name) if variable in wide else "–")
            lines.append("| " + " | ".join([*map(str, keys), name, *cells]) + " |")
    return lines


def _ratio(table: pd.DataFrame, name: str) -> str:
    each = ", ".join(f"{ratio:.2f}" for ratio in table["course"] / table[name])
    return f"**{table['course'].median() / table[name].median():.2f}** ({each})"


def second_thread(rows: list[dict], value: str) -> str:
    """Say in a sentence what a second thread brings this library."""
    runs = pd.DataFrame(rows)
    runs = runs[runs["library"] == "course"]
    if set(runs["threads"]) != {1, 2}:
        return ""
    kinds = runs.groupby("architecture", sort=False) if "architecture" in runs else [("", runs)]
    words = []
    for name, group in kinds:
        medians = group.groupby(["omp", "threads"])[value].median()
        ratios = {omp: medians[omp, 2] / medians[omp, 1] for omp in group["omp"].unique()}
        rest = f" ({ratios['1']:.2f} with `OMP_NUM_THREADS=1`)" if "1" in ratios else ""
        words.append(f"{name} {ratios.get(NOT_SET, float('nan')):.2f}{rest}".strip())
    return f"A second thread makes an epoch of this course faster by a factor: {', '.join(words)}. "


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
    command += "".join(f" --peer {peer}=PATH" for peer, _ in options.peer)
    about = {"command": command, **about, "rounds": options.rounds, "seeds": options.seeds}
    result = {} if options.only is None else stored(out)
    if options.add:
        _check_same(result, about, options.only or ())
        about = {"command": command}
    for part in parts if options.only is None else options.only:
        found = parts[part]()
        # Read again: another process may have stored other parts in the meantime.
        kept = stored(out) if options.only is not None else result
        result = kept | about
        if not options.add:  # rounds are added on the same machine
            elsewhere = _elsewhere(kept, about, part)
            result = {key: value for key, value in result.items() if key != "elsewhere"}
            result |= {"elsewhere": elsewhere} if elsewhere else {}
        result[part] = (result[part] if options.add else []) + found
        out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if missing := parts.keys() - result.keys():
        print(f"Not measured yet: {', '.join(sorted(missing))}.")
        return
    text = f"{table(result)} Command: `{result['command']}`. Every round: `benchmarks/{out.name}`."
    print("\n" + text)
    if options.write:
        write_table(name, text)


def _elsewhere(
    kept: dict[str, Any], about: dict[str, Any], measured: str
) -> dict[str, dict[str, Any]]:
    """Return the machine of each kept part that another machine than this has measured."""
    rows = [part for part, found in kept.items() if isinstance(found, list) and part != measured]
    found = dict.fromkeys(rows, kept.get("machine")) | kept.get("elsewhere", {})
    return {part: found[part] for part in rows if found[part] != about["machine"]}


def _check_same(result: dict[str, Any], about: dict[str, Any], parts: Iterable[str]) -> None:
    """Refuse to add rounds to those of another machine or text."""
    for part in set(parts) & result.get("elsewhere", {}).keys():
        result = result | {"machine": result["elsewhere"][part]}
    for key in ("machine", "corpus", "tokens", "options"):
        if result.get(key) != about[key]:
            sys.exit(
                f"--add: {key} was {result.get(key)} in what is stored and is {about[key]} now; "
                "measure anew, without --add."
            )


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
