"""A GPU that is asked for and is not there: one line, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if "common.parser(" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_gpu_that_is_not_there_is_a_wrong_call(name: str) -> None:
    assert {"elmo", "imdb", "pretrain", "word2vec"} <= set(BENCHMARKS)
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{name}.py", "--gpu"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.rstrip().endswith("error: --gpu: torch finds no CUDA device here")
    assert "Traceback" not in done.stderr
