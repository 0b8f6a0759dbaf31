"""The rooms of the library: imports run downwards, modules are light and short."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "course_lib").rglob("*.py"))
MODULES = [
    *LIBRARY,
    *(p for name in ("course_exercises", "course_tools") for p in (ROOT / name).rglob("*.py")),
]


def test_imports_run_downwards() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_notebook_imports_the_tools() -> None:
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        assert "course_tools" not in path.read_text(encoding="utf-8"), path.name


def test_only_datasets_touches_the_network() -> None:
    network = re.compile(
        r"^\s*(?:import|from) (?:pooch|requests|urllib\.request|http|socket)\b", re.MULTILINE
    )
    found = {
        path.relative_to(ROOT / "course_lib").parts[0]
        for path in LIBRARY
        if network.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"datasets"}
