"""Student copies: no solution in them, Run All goes through, the stored ones are current."""

from __future__ import annotations

import ast
import asyncio
import os
from pathlib import Path

import pytest

from course_tools import editions, execute, notebooks

STUB = '''def times_2(x: float) -> float:
    """Return x times 2."""
    # Replace this line by your code.
    raise NotImplementedError("your turn: Times 2")'''


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


@pytest.fixture
def copied(sample):
    return editions.student(sample, "90_sample.ipynb", {"90_sample.ipynb", "91_next.ipynb"})


def test_the_stub_keeps_signature_and_docstring(copied):
    assert by_id(copied)["answer-1"].source == STUB
    space: dict = {}
    exec(STUB, space)  # defining it raises nothing
    with pytest.raises(NotImplementedError, match=r"^your turn: Times 2$"):
        space["times_2"](3)


def test_no_solution_and_no_output_is_left(copied, sample):
    text = notebooks.text_of(copied)
    assert "SOLUTION" not in text
    assert "x + x" not in text
    for cell in notebooks.code_cells(copied):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "x + x" in notebooks.text_of(sample)  # the full one stays as it is


def test_a_check_may_fail_without_stopping_run_all(copied):
    cells = by_id(copied)
    assert cells["check-1"].metadata["tags"] == ["check", "raises-exception"]
    for cell in notebooks.code_cells(copied):
        assert ("raises-exception" in notebooks.tags(cell)) == cell.id.startswith("check-")


def test_links_lead_where_they_led(copied):
    cells = by_id(copied)
    assert "![dot](../dot.png) [below](#Recap)" in cells["first-section"].source
    assert "[91](91_next.ipynb)" in cells["references"].source


def test_the_copy_says_what_it_is_and_keeps_the_ids(copied, sample):
    assert [cell.id for cell in copied.cells] == ["student-note", *(c.id for c in sample.cells)]
    assert "generated from `90_sample.ipynb`" in copied.cells[0].source


def test_titles_with_quotes_make_a_stub_that_runs():
    source = f'def f():\n  """Say."""\n  {notebooks.BEGIN}\n  return 1\n  {notebooks.END}\n'
    for title in ("it's", 'a "b"', "both ' and \"", "back \\ slash"):
        stub = notebooks.solution(source).student(title)
        calls = [n for n in ast.walk(ast.parse(stub)) if isinstance(n, ast.Call)]
        assert ast.literal_eval(calls[0].args[0]) == f"your turn: {title}"


def test_an_exercise_that_cannot_be_taken_apart_is_an_error(sample):
    by_id(sample)["answer-2"].source += "\nx = 1"
    with pytest.raises(ValueError, match=r"90_sample.ipynb, cell answer-2: .* nothing else"):
        editions.student(sample, "90_sample.ipynb", set())


def test_stale_copies_are_found_and_mended(sample, course, monkeypatch, capsys):
    folder = course(sample).parent
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    assert editions.main(["--check"]) == 1
    assert "90_sample.ipynb is missing" in capsys.readouterr().out
    assert editions.main([]) == 0
    first = (folder / "student" / "90_sample.ipynb").read_bytes()
    assert editions.main(["--check"]) == 0
    assert editions.main([]) == 0
    assert (folder / "student" / "90_sample.ipynb").read_bytes() == first

    by_id(sample)["recap"].source += " New."
    course(sample)
    (folder / "91_next.ipynb").unlink()
    assert editions.main(["--check"]) == 1
    out = capsys.readouterr().out
    assert "90_sample.ipynb has aged" in out
    assert "91_next.ipynb has no notebook it comes from" in out
    assert editions.main([]) == 0
    assert [p.name for p in (folder / "student").iterdir()] == ["90_sample.ipynb"]


def run_all(path: Path, environment: dict[str, str]):
    return asyncio.run(execute.run(path, environment=environment))


def test_run_all_of_a_student_copy_goes_through(sample, course):
    folder = course(sample).parent
    editions.generate(folder)
    environment = notebooks.headless()
    environment["PYTHONPATH"] += os.pathsep + str(folder)
    executed, result = run_all(folder / "student" / "90_sample.ipynb", environment)
    assert result.error == ""
    said = [by_id(executed)[f"check-{k}"].outputs[0] for k in (1, 2, 3)]
    assert [output.traceback for output in said] == [
        [f"90.{k}: not started yet: your turn: Times {k + 1}"] for k in (1, 2, 3)
    ]


def test_the_stored_copies_are_current():
    assert editions.stale(notebooks.NOTEBOOKS) == []


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_run_all_goes_through_in_each_copy_of_the_course(path):
    copy = path.parent / "student" / path.name
    executed, result = run_all(copy, notebooks.headless("smoke"))
    assert result.error == ""
    for cell in notebooks.code_cells(executed):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == (notebooks.CHECK in notebooks.tags(cell)), cell.id
