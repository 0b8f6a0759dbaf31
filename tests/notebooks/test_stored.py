"""The stored notebooks keep their shape, and nbval sees what it must see.

nbval compares nothing in a cell that was never run, so stripped outputs would pass it in
silence: lint's rule on execution counts, run here, is what fails them.
"""

from __future__ import annotations

import base64
import functools
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from nbval.plugin import get_sanitize_patterns
from PIL import Image

from course_lib import plots
from course_tools import lint, notebooks

SANITIZE = Path(__file__).with_name("sanitize.cfg")
FLAGS = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(SANITIZE))


@functools.cache
def all_findings() -> list[lint.Finding]:
    return lint.findings(notebooks.find())


def test_there_are_notebooks():
    assert [path.name[:2] for path in notebooks.find()][:5] == ["00", "01", "02", "03", "04"]


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_a_stored_notebook_has_no_finding(path):
    assert [str(finding) for finding in all_findings() if finding.notebook == path.name] == []


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_a_stored_picture_shows_something(path):
    """Of a picture that is blank but for its frame, hardly a pixel has a colour."""
    for cell in notebooks.code_cells(notebooks.read(path)):
        for output in cell.outputs:
            if packed := output.get("data", {}).get("image/png"):
                picture = Image.open(io.BytesIO(base64.b64decode(packed))).convert("RGB")
                pixels = np.asarray(picture).reshape(-1, 3).astype(int)
                assert len(np.unique(pixels[::7], axis=0)) > 2, f"{cell.id} is blank"
                assert drawn(pixels), f"{cell.id} has nothing but a frame"


def drawn(pixels: np.ndarray) -> bool:
    """Tell whether more is there than the frame, the ticks and their numbers."""
    colored = np.ptp(pixels, axis=1) > 24
    return bool(colored.mean() > 5e-4 or (pixels.min(axis=1) < 200).mean() > 0.05)


def test_a_blank_picture_is_seen():
    fig, axes = plots.figure()
    for draw in (lambda: None, lambda: axes.plot([1, 3, 2])):
        draw()
        picture = io.BytesIO()
        fig.savefig(picture, format="png")
        pixels = np.asarray(Image.open(picture).convert("RGB")).reshape(-1, 3).astype(int)
        assert drawn(pixels) == bool(axes.lines)


def run_nbval(folder: Path) -> dict[str, set[str]]:
    """Run nbval as ``make test`` does; return the failed cells of each notebook."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")}
    report = folder / "report.xml"
    paths = sorted(str(path) for path in folder.glob("90_*.ipynb"))
    command = [sys.executable, "-m", "pytest", *FLAGS, "-n", "2", "--dist", "loadfile"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), f"--junitxml={report}"]
    done = subprocess.run(
        [*command, *paths],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    failed: dict[str, set[str]] = {Path(path).stem: set() for path in paths}
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            file = Path(case.get("classname").removesuffix(".ipynb")).name
            failed[file.rpartition(".")[2]].add(case.get("name"))
    return failed


def cell_name(notebook, cell_id: str) -> str:
    ids = [cell.id for cell in notebooks.code_cells(notebook)]
    return f"Cell {ids.index(cell_id)}"


def by_id(notebook, cell_id: str):
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def test_nbval_sees_a_changed_output_and_leaves_the_rest(sample, course):
    path = course(sample)  # holds another address and another process id than a new run gives
    for name, cell_id in (("text", "addition"), ("alt", "figure"), ("check", "check-2")):
        changed = notebooks.read(path)
        output = by_id(changed, cell_id).outputs[0]
        if name == "alt":
            output.data["text/plain"] = "another line"
        else:
            output.text = output.text.replace("2", "3")
        notebooks.write(path.with_name(f"90_{name}.ipynb"), changed)
    silent = notebooks.read(path)
    by_id(silent, "addition").update(outputs=[], execution_count=None)
    notebooks.write(path.with_name("90_stripped.ipynb"), silent)
    assert run_nbval(path.parent) == {
        "90_sample": set(),
        "90_text": {cell_name(sample, "addition")},
        "90_alt": {cell_name(sample, "figure")},
        "90_check": {cell_name(sample, "check-2")},
        "90_stripped": set(),  # nbval is silent; lint is not:
    }
    stripped = lint.findings([path.with_name("90_stripped.ipynb")])
    assert any("execution count None" in finding.what for finding in stripped)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<object object at 0x7f12ab>", "<object object at ADDRESS>"),
        ("<f at 0x000001D2C0FFEE00>", "<f at ADDRESS>"),
        ("hash 0x811c9dc5", "hash 0x811c9dc5"),
        ("what0x12", "what0x12"),
        ("/tmp/ipykernel_12/345.py:3: Warning", "KERNEL/CELL.py:3: Warning"),
        ("/var/folders/x/T/ipykernel_1/2.py", "KERNEL/CELL.py"),
        (r"C:\Users\me\Temp\ipykernel_1\2.py", "KERNEL/CELL.py"),
        ("/tmp/other/2.py", "/tmp/other/2.py"),
    ],
)
def test_what_is_taken_as_equal(text, clean):
    for pattern, replacement in get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")):
        text = re.sub(pattern, replacement, text)
    assert text == clean
