"""benchmarks/gpu.py: every part for seconds, with the packages that it asks for and no others."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import importlib.util, runpy, sys
ABSENT = set("gensim IPython matplotlib nbformat numba plotly pooch psutil sklearn tqdm".split())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in ABSENT else find(name, *more)
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"{name} was asked for")
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rsplit("/", 1)[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, (ROOT / "benchmarks" / "gpu.py").as_posix()]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


def test_all_parts_run_without_what_they_do_not_need(tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "gpu.json"
    text.write_text("the cat sat on the mat\nit saw the dog there and ran away\n" * 200, "utf-8")
    done = run("--quick", "--text", str(text), "--output", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert {"gensim", "numba", "tqdm"} == set(found["absent"])
    for part in ("tests", "static", "embedding", "training", "perplexity"):
        assert found[part], part
        assert not any("failed" in row for row in found[part])


def test_figures_of_the_quick_run_are_not_recorded() -> None:
    done = run("--quick")
    assert done.returncode == 2 and "--output" in done.stderr


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module; its clock is turned off at the end."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("gpu")
    yield module
    module.stop_after(0)


def test_all_parts_together_take_less_than_nine_minutes(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that goes on by eight seconds at each look: a slow machine."""
    assert set(gpu.BUDGETS) == set(gpu.PARTS)
    assert sum(gpu.BUDGETS.values()) + gpu.GRACE * len(gpu.PARTS) <= 540 - 30  # 30 to start
    now = 0.0

    def look() -> float:
        nonlocal now
        now += 8
        return now

    text = [["the", "cat", "sat", "on", "the", "mat"], ["it", "saw", "the", "dog"]] * 300
    plan = gpu.Plan(torch.device("cpu"), text, real=True, quick=True)
    plan.budgets = gpu.BUDGETS
    monkeypatch.setattr(time, "perf_counter", look)
    for part, run in gpu.PARTS.items():
        rows: list[dict] = []
        began = now
        plan.begin(part)
        run(plan, rows.append)
        looks = 10  # of the row that runs when the time is over
        assert rows and now - began <= gpu.BUDGETS[part] + 8 * looks, part
    assert "minutes" in rows[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="Windows has no such clock")
def test_a_row_that_does_not_end_is_stopped(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def hang(plan: object, report: object) -> None:
        gpu.attempt(plan, report, {"row": 1}, lambda: time.sleep(600))
        gpu.attempt(plan, report, {"row": 2}, lambda: {"speed": 1.0})

    def hang_elsewhere(plan: object, report: object) -> None:
        time.sleep(600)

    out = tmp_path / "gpu.json"
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\n", "utf-8")
    monkeypatch.setitem(gpu.PARTS, "static", hang)
    monkeypatch.setitem(gpu.PARTS, "embedding", hang_elsewhere)
    monkeypatch.setattr(gpu, "GRACE", -9.8)  # of the 10 seconds of a part of the quick run
    arguments = ["--quick", "--text", str(text), "--output", str(out)]
    monkeypatch.setattr(
        sys, "argv", ["gpu.py", *arguments, "--only", "static", "embedding", "tests"]
    )
    assert gpu.main() == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    late = {"speed": "not measured", "why": "out of time"}
    assert found["static"] == [{"row": 1} | late, {"row": 2, "speed": 1.0}]
    assert found["embedding"] == [late] and len(found["tests"]) == 1
