"""What README and the pages tell a reader to type, open or read is there."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors
from course_tools import markdown, notebooks

ROOT = notebooks.ROOT
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNS = [*PAGES, ROOT / "Makefile", ROOT / ".ci" / "run", *sorted(ROOT.glob(".github/workflows/*"))]
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8"), re.M))

MADE = {"benchmarks/pretrain_gpu.json"}  # by a command that the page gives

pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
runs = pytest.mark.parametrize("page", RUNS, ids=lambda path: path.name)


def code_of(page: Path) -> list[str]:
    """Return what stands as code in a page, line by line; the whole of any other file."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".md":
        return text.splitlines()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", rest)]


@runs
def test_every_module_and_script_that_is_called_is_there_with_its_options(page: Path) -> None:
    for line in code_of(page):
        for module, rest in re.findall(r"python3? -m (course_\w+[\w.]*)([^#|;&]*)", line):
            spec = importlib.util.find_spec(module)
            assert spec is not None and spec.origin, line
            if module != "course_tools.lab":  # it passes options on
                source = Path(spec.origin).read_text(encoding="utf-8")
                for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", rest):
                    assert f'"{option}"' in source, f"{option} in {line}"
        for script in re.findall(r"python3? ((?:data_scripts|benchmarks)/\S+\.py)", line):
            assert (ROOT / script).is_file(), line


@runs
def test_every_short_name_is_one_of_the_makefile(page: Path) -> None:
    for line in code_of(page):
        for words in re.findall(r"(?:^|[{|&;] )\s*make ((?:[a-z][a-z0-9-]*\b ?)+)", line):
            assert set(words.split()) <= TARGETS, line


@pages
def test_every_file_that_is_named_is_there(page: Path) -> None:
    """Where a name has no place-holder in it and lies in a folder of the repository."""
    for code in code_of(page):
        named = r"(?:course_\w+|tests|docs|benchmarks|data_scripts|\.github)/[\w./-]+\.\w+"
        for name in re.findall(rf"(?<![\w./-]){named}(?![\w*])", code):
            assert "NN" in name or name in MADE or (ROOT / name).exists(), name


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in markdown.targets(text):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            led = page.parent / file if file else page
            assert led.exists(), target
            if anchor:
                titles = re.findall(r"^#+ (.+)$", led.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = [re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles]
                assert anchor in slugs, target


def test_the_readme_is_short_and_leads_to_no_solution() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 110
    assert not [target for target in markdown.targets(text) if target.endswith(".ipynb")]
    for path in sorted(notebooks.NOTEBOOKS.glob("*.ipynb")):
        row = re.search(rf"^\| {path.name[:2]} · .* \| (\d+) min \|", text, re.MULTILINE)
        header = notebooks.read(path).cells[0].source
        told = re.search(r"\*\*Minutes on CPU\*\*.*?(\d+)\D*$", header, re.MULTILINE)
        assert row and told and row[1] == told[1], path.name


def test_the_calls_for_those_who_come_from_elsewhere_are_those_of_the_library() -> None:
    """Arguments are bound to the signatures; nothing is run."""
    text = (ROOT / "docs" / "coming_from.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", text, re.MULTILINE)[2:]
    codes = [code for _, right in rows for code in re.findall(r"`([^`]+)`", right)]
    instances = {
        "vectors": WordVectors(["a"], np.ones((1, 2), np.float32)),
        "vocabulary": Vocabulary.build([["a"]]),
    }
    bound = 0
    for code in codes:
        for found in re.finditer(r"\b(\w+)\.(\w+(?:\.\w+)?)(\(.*\))?$", code):
            owner, names, arguments = found.groups()
            if owner in instances:
                held: object = instances[owner]
            elif importlib.util.find_spec(f"course_lib.{owner}"):
                held = importlib.import_module(f"course_lib.{owner}")
            else:
                continue  # of another package
            for name in names.split("."):
                assert hasattr(held, name), code
                held = getattr(held, name)
            if arguments and "..." not in arguments:
                call = ast.parse(f"f{arguments}", mode="eval").body
                named = {word.arg: None for word in call.keywords}
                inspect.signature(held).bind_partial(*[None] * len(call.args), **named)
                bound += 1
    assert bound > 12


@pytest.mark.parametrize("path", [*ROOT.glob(".github/workflows/*"), ROOT / "Makefile"], ids=str)
def test_no_failure_is_hushed_up(path: Path) -> None:
    """A step that fails must fail the run."""
    text = path.read_text(encoding="utf-8")
    hushed = r"\|\|\s*(?:true|:|exit 0|echo)|continue-on-error|set \+e|;\s*(?:true|exit 0)\s*$|^\t-"
    assert not re.findall(hushed, text, re.MULTILINE)


def test_the_one_check_hushes_up_what_it_says() -> None:
    """In .ci/run a step that fails is written down, and the others go on."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    after = [line.split("||", 1)[1].strip() for line in lines if "||" in line]
    assert all(re.match(r"\{? ?failed\+=|\\?$", rest) for rest in after), after
    assert "set -euo pipefail" in lines


TABLES = re.findall(
    r"<!-- benchmark:(\w+) -->\n(.*?)\n<!-- /benchmark -->",
    (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"),
    re.DOTALL,
)


@pytest.mark.parametrize(("name", "shown"), TABLES, ids=lambda s: s[:8])
def test_a_table_of_the_benchmarks_is_that_of_its_figures(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location(
        f"{name}_table", ROOT / "benchmarks" / f"{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # where a dataclass looks for its types
    spec.loader.exec_module(module)
    found = json.loads((ROOT / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
    assert shown.startswith(module.table(found))
    assert shown.count(f"`{found['command']}`") == 1


def test_every_benchmark_has_its_table() -> None:
    stored = {path.stem for path in (ROOT / "benchmarks").glob("*.json")}
    assert {name for name, _ in TABLES} <= stored and len(TABLES) >= 9
