"""runtime: the profile switch, the seed, the silent progress bar, and a light import."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib import runtime


@pytest.mark.parametrize("name", ["smoke", "laptop", "gpu"])
def test_profile_follows_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COURSE_PROFILE", name.upper())
    assert runtime.profile().name == name
    assert runtime.profile().pick(smoke="smoke", laptop="laptop", gpu="gpu") == name


def test_profile_defaults_to_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    assert runtime.profile().name == "laptop"


def test_unknown_profile_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROFILE", "desktop")
    with pytest.raises(ValueError, match=r"'desktop'.*smoke, laptop, gpu"):
        runtime.profile()


def test_figures_of_a_gpu_are_shown_with_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And where nothing is recorded, of a part or at all, the course says so."""
    monkeypatch.setattr(runtime, "__file__", str(tmp_path / "course_lib" / "runtime.py"))
    unknown = "not measured on a GPU yet"
    assert runtime.gpu_record("training") == unknown  # no such folder, as in an installed package
    (tmp_path / "benchmarks").mkdir()
    rows = [
        {"way": "ceiling", "operations_per_second": 2.5e14},
        {"way": "fast", "batch": 512, "speed": 81234.567},
        {"way": "plain", "batch": 512, "speed": "not measured", "why": "out of time"},
    ]
    content = json.dumps({"gpu": "A GPU", "training": rows})
    (tmp_path / "benchmarks" / "gpu.json").write_text(content, encoding="utf-8")
    assert runtime.gpu_record("static") == unknown
    table = runtime.gpu_record("training")
    assert table.columns.name == "A GPU" and len(table) == 3
    assert table["speed"].tolist() == ["", "81,234.57", "not measured"]
    assert table["batch"].tolist() == ["", 512, 512]
    assert "A GPU" in table.to_html() and "250,000,000,000,000.00" in table.to_html()


def test_seed_reaches_all_three_generators() -> None:
    draws = []
    for _ in range(2):
        rng = runtime.seed_everything(7)
        draws.append((random.random(), np.random.rand(), torch.rand(1).item(), rng.random()))
    assert draws[0] == draws[1]
    runtime.seed_everything(8)
    assert random.random() != draws[0][0]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 4294967295"):
        runtime.seed_everything(seed)


@pytest.mark.parametrize("seed", [1.5, "1", None, True])
def test_seed_of_another_type(seed: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        runtime.seed_everything(seed)


def test_device_is_the_one_torch_reports() -> None:
    assert (runtime.device().type == "cuda") == torch.cuda.is_available()


def test_progress_is_silent_in_headless_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    assert list(runtime.progress(range(3), desc="x")) == [0, 1, 2]
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("COURSE_PROGRESS", "1")
    assert list(runtime.progress(range(3), desc="counting")) == [0, 1, 2]
    assert "counting" in capfd.readouterr().err


@pytest.mark.parametrize("module", ["course_lib", "course_lib.runtime", "course_lib.datasets"])
def test_import_leaves_the_heavy_packages_alone(module: str) -> None:
    heavy = {"torch", "gensim", "pandas", "matplotlib", "sklearn", "scipy"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
