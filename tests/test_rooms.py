"""The rooms of the library: imports run downwards, modules are light and short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).resolve().parent
ROOMS = re.findall(r"^    (\w+) {2,}\w", course_lib.__doc__, re.MULTILINE)  # top to bottom
MODULES = sorted(ROOT.rglob("*.py"))


def room_of(module: str) -> str:
    """Return the room of ``course_lib.datasets.store``: ``datasets``."""
    return [*module.split("."), ""][1]


def imported(path: Path) -> set[str]:
    """Return every room of the course that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {room_of(name.name) for name in node.names if name.name.startswith("course_")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
            names = [node.module] if "." in node.module else []
            names += [f"course_lib.{name.name}" for name in node.names if "." not in node.module]
            found |= {room_of(name) for name in names}
    return found - {""}


def test_the_list_of_rooms_is_that_of_the_folder() -> None:
    there = {p.stem for p in ROOT.glob("*.py")} | {p.name for p in ROOT.iterdir() if p.is_dir()}
    there -= {"__init__", "__pycache__", "publishing", "assets"}
    assert set(ROOMS) == there


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_downwards(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "publishing":
        return
    below = {parts[0], *(ROOMS[ROOMS.index(parts[0]) + 1 :] if parts[0] in ROOMS else ())}
    assert imported(path) <= below


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_every_notebook_keeps_out_of_publishing() -> None:
    for path in (ROOT.parent / "notebooks").glob("*.ipynb"):
        assert "course_lib.publishing" not in path.read_text(encoding="utf-8"), path.name
        assert "import publishing" not in path.read_text(encoding="utf-8"), path.name


def test_only_datasets_touches_the_network() -> None:
    network = re.compile(
        r"^\s*(?:import|from) (?:pooch|requests|urllib\.request|http|socket)\b", re.MULTILINE
    )
    found = {
        path.relative_to(ROOT).parts[0]
        for path in MODULES
        if network.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"datasets"}
