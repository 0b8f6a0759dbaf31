"""The rooms of the library: imports run downwards, modules are light and short."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

import course_lib
from course_tools import notebooks

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


def test_the_library_is_small() -> None:
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in LIBRARY) <= 10_000


def imports_of(notebook: Path) -> Iterator[str]:
    """What the code cells of a notebook import, modules and names in them alike."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
                yield str(node.module)


def test_every_module_of_the_library_is_reached_from_a_notebook() -> None:
    """Imports inside functions count, those for type checkers do not."""
    graph = grimp.build_graph("course_lib", exclude_type_checking_imports=True, cache_dir=None)
    books = notebooks.find()
    todo = {name for path in books for name in imports_of(path)} & graph.modules
    reached: set[str] = set()
    while todo:
        module = todo.pop()
        reached.add(module)
        parent = module.rpartition(".")[0]
        todo |= graph.find_modules_directly_imported_by(module) | {parent} & graph.modules
        todo -= reached
    assert len(books) >= 14 and len(graph.modules) > 50
    assert graph.modules - reached == set()


def test_no_package_imports_a_script_or_a_benchmark() -> None:
    packages = ("course_lib", "course_exercises", "course_tools")
    graph = grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)
    folders = (ROOT / "data_scripts", ROOT / "benchmarks")
    scripts = {path.stem for folder in folders for path in folder.iterdir()} | {"data_scripts"}
    assert {"pretraining", "fetch_data", "common"} <= scripts and "torch" in graph.modules
    assert not scripts & graph.modules


def test_no_notebook_imports_the_tools() -> None:
    for path in notebooks.find():
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
