"""Headless runs: what is written, what is kept of a failure, what the table says."""

from __future__ import annotations

import asyncio
import json
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_tools import execute, notebooks

SOURCES = """
import sys, types
module = types.ModuleType("course_lib.datasets")
module.used = lambda: {"men": "mirror", "wikipedia": "embedded", "lee": "embedded"}
sys.modules["course_lib.datasets"] = module
"""


def store(folder: Path, name: str, *sources: str) -> Path:
    cells = [
        new_code_cell(textwrap.dedent(source).strip(), id=f"cell-{number}")
        for number, source in enumerate(sources, 1)
    ]
    folder.mkdir(exist_ok=True)
    path = folder / name
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "notebooks")
    return tmp_path / "notebooks"


def call(tmp_path: Path, *arguments: str) -> int:
    return execute.main([*arguments, "--output", str(tmp_path / "build")])


def test_copies_a_table_and_the_data_sources(folder, tmp_path, capsys):
    first = store(folder, "00_a.ipynb", "print(1)\nprint(2)", SOURCES)
    second = store(
        folder,
        "01_b.ipynb",
        "import os\n"
        "print(os.environ['COURSE_PROFILE'], os.environ['COURSE_PROGRESS'], os.getcwd())",
    )
    before = first.read_bytes()
    assert call(tmp_path, "--profile", "smoke") == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("00_a "))
    assert row.split()[1] == "2"
    assert float(row.split()[2]) > 0
    assert row.endswith("passed  embedded: lee, wikipedia; mirror: men")
    assert "2 of 2 passed, profile smoke." in out
    assert first.read_bytes() == before
    copies = [notebooks.read(tmp_path / "build" / path.name) for path in (first, second)]
    assert copies[0].cells[0].outputs[0].text == "1\n2\n"
    assert [cell.id for cell in copies[0].cells] == ["cell-1", "cell-2"]
    assert copies[1].cells[0].outputs[0].text == f"smoke 0 {folder}\n"


def test_a_failure_is_kept_and_named(folder, tmp_path, capsys):
    path = store(folder, "00_a.ipynb", "x = 1", "print('so far')\nx / 0", "print('never')")
    before = path.read_bytes()
    for arguments in ([], ["--in-place"]):
        assert call(tmp_path, *arguments) == 1
        out = capsys.readouterr().out
        assert "00_a.ipynb, cell cell-2: ZeroDivisionError: division by zero" in out
        assert "x / 0" in out
        assert "\x1b" not in out
        assert "1 of 3" in out
        assert "0 of 1 passed" in out
        assert path.read_bytes() == before
        kept = notebooks.read(tmp_path / "build" / "00_a.ipynb")
        assert kept.cells[1].outputs[-1].ename == "ZeroDivisionError"
        assert kept.cells[2].execution_count is None


def test_outputs_stored_in_place_are_the_same_bytes_each_time(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_MIRROR", "somewhere")
    path = store(
        folder,
        "00_a.ipynb",
        "import os, sys, time\nprint(1, flush=True)\ntime.sleep(0.1)\nprint(2)",
        "print('COURSE_DATA_MIRROR' in os.environ, os.listdir(os.environ['COURSE_DATA_CACHE']))",
        "{'a', 'b', 'c', 'd', 'e'}.__iter__().__next__()",
    )
    assert notebooks.find([path, "0"]) == [path]
    assert call(tmp_path, "--in-place", "00") == 0
    first = path.read_bytes()
    assert call(tmp_path, "--in-place", "--only", "0") == 0
    assert path.read_bytes() == first
    stored = json.loads(first)
    assert stored["metadata"] == notebooks.METADATA
    assert [cell["execution_count"] for cell in stored["cells"]] == [1, 2, 3]
    assert stored["cells"][0]["outputs"][0]["text"] == ["1\n", "2\n"]
    assert stored["cells"][1]["outputs"][0]["text"] == ["False []\n"]
    assert [list(cell["metadata"]) for cell in stored["cells"]] == [[]] * 3
    assert not (tmp_path / "build").exists()
    assert sorted(p.name for p in folder.iterdir()) == ["00_a.ipynb"]


def test_the_mirror_is_used_where_stored_outputs_are_of_real_data(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_MIRROR", "somewhere")
    path = store(folder, "07_a.ipynb", "import os\nos.environ['COURSE_DATA_MIRROR']")
    assert call(tmp_path, "--in-place") == 0
    assert notebooks.read(path).cells[0].outputs[0].data["text/plain"] == "'somewhere'"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import time\ntime.sleep(60)", "cell cell-1: the cell took more than 1 s"),
        ("import os\nos._exit(3)", "cell cell-1: the kernel stopped"),
    ],
)
def test_a_cell_that_never_answers(folder, source, said):
    path = store(folder, "00_a.ipynb", source)
    notebook, result = asyncio.run(execute.run(path, environment=notebooks.headless(), timeout=1))
    assert said in result.error
    assert said in notebook.cells[0].outputs[-1].evalue


def test_the_stored_outputs_of_the_sample_are_those_of_a_run(sample, course):
    stored = {cell.id: cell for cell in notebooks.code_cells(sample)}
    executed, result = asyncio.run(execute.run(course(sample), environment=notebooks.headless()))
    assert result.error == ""
    for cell in notebooks.code_cells(executed):
        assert cell.execution_count == stored[cell.id].execution_count
        if cell.id not in ("addition", "process"):
            assert cell.outputs == stored[cell.id].outputs


def test_a_broken_file_does_not_stop_the_others(folder, tmp_path, capsys):
    store(folder, "00_a.ipynb", "x = 1")
    (folder / "01_b.ipynb").write_text("{", encoding="utf-8")
    assert call(tmp_path) == 1
    out = capsys.readouterr().out
    assert "01_b.ipynb is no notebook" in out
    assert "1 of 2 passed" in out


def test_wrong_calls_are_refused(folder, capsys, monkeypatch):
    store(folder, "00_a.ipynb", "x")
    for arguments, said in (
        (["--only", "04"], "no notebook '04'; in notebooks/ are: 00_a.ipynb"),
        (["gone.ipynb"], "no notebook 'gone.ipynb'"),
        (["--in-place", "--profile", "smoke"], "stored outputs belong to the laptop profile"),
        (["--jobs", "0"], "--jobs is 0"),
    ):
        with pytest.raises(SystemExit) as stopped:
            execute.main(arguments)
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_file(folder, monkeypatch):
    path = store(folder, "00_a.ipynb", "x")
    before = path.read_bytes()

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        notebooks.write_text(path, "new")
    assert path.read_bytes() == before
    assert [p.name for p in folder.iterdir()] == ["00_a.ipynb"]


def test_a_widget_leaves_its_static_output_alone() -> None:
    """Without its kernel a widget cannot be drawn; what stands beside it can."""
    widget = {"model_id": "0", "version_major": 2, "version_minor": 0}
    both = new_output("display_data", {execute.WIDGET: widget, "text/plain": "Explorer(3 words)"})
    alone = new_output("display_data", {execute.WIDGET: widget})
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[both, alone])])
    execute.tidy(notebook)
    assert [sorted(output.data) for output in notebook.cells[0].outputs] == [
        ["text/plain"],
        [execute.WIDGET],
    ]
