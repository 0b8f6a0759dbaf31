"""Student copies: no solution in them, Run All goes through, and a student's work stays."""

from __future__ import annotations

import ast
import asyncio
import os
import re
from pathlib import Path

import pytest
from jupyterlab import labapp

from course_tools import assignments, editions, execute, lab, notebooks

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
    kept = [c.id for c in sample.cells if not assignments.LEFT_OUT & set(notebooks.tags(c))]
    assert [cell.id for cell in copied.cells] == ["student-note", *kept]
    assert "generated from `90_sample.ipynb`" in copied.cells[0].source


def test_what_verifies_and_what_only_the_speaker_says_is_left_out(sample):
    assert notebooks.tags(by_id(sample)["process-verify"]) == ["verify"]
    by_id(sample)["recap"].metadata["tags"] = ["notes"]
    copied = by_id(editions.student(sample, "90_sample.ipynb", set()))
    assert not {"process-verify", "recap"} & set(copied)
    assert copied["figure"].metadata == by_id(sample)["figure"].metadata  # folded as it was


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


def test_links_of_deeper_notebooks():
    names = {"04_a.ipynb", "deeper/04_b.ipynb", "deeper/04_c.ipynb"}

    def moved(name, target):
        return editions._relative_link(target, name, names)

    assert moved("04_a.ipynb", "deeper/04_b.ipynb#x") == "deeper/04_b.ipynb#x"
    assert moved("deeper/04_b.ipynb", "../04_a.ipynb") == "../04_a.ipynb"
    assert moved("deeper/04_b.ipynb", "04_c.ipynb") == "04_c.ipynb"
    assert moved("deeper/04_b.ipynb", "../../docs/x.md") == "../../../docs/x.md"
    assert moved("04_a.ipynb", "../docs/x.md") == "../../docs/x.md"


@pytest.fixture
def write(sample, course, monkeypatch, capsys, tmp_path):
    """Give a function that writes the copies, with a text in the recap; it returns the output."""
    target = tmp_path / "copies"

    def run(recap: str) -> tuple[Path, str]:
        by_id(sample)["recap"].source = f"## Recap\n\n{recap}"
        monkeypatch.setattr(notebooks, "NOTEBOOKS", course(sample).parent)
        assert editions.main(["--output", str(target)]) == 0
        return target, capsys.readouterr().out

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.ipynb"))


def test_an_untouched_copy_is_replaced(write):
    folder, _ = write("First.")
    first = (folder / "90_sample.ipynb").read_bytes()
    write("First.")
    assert (folder / "90_sample.ipynb").read_bytes() == first
    write("Second.")
    assert b"Second." in (folder / "90_sample.ipynb").read_bytes()
    assert names(folder) == ["90_sample.ipynb", "91_next.ipynb"]


def test_what_a_student_wrote_stays_and_the_newer_copy_lies_beside_it(write):
    folder, _ = write("First.")
    mine = folder / "90_sample.ipynb"
    mine.write_text(mine.read_text(encoding="utf-8").replace("First.", "My own."), encoding="utf-8")
    _, said = write("First.")  # the notebook is the one that the student works in
    assert "stays" not in said and names(folder) == ["90_sample.ipynb", "91_next.ipynb"]
    for _ in range(2):  # it is said as long as it is so
        _, said = write("Second.")
        assert "90_sample.ipynb holds your work and stays; newer: 90_sample-newer.ipynb" in said
    write("First.")
    assert names(folder) == ["90_sample.ipynb", "91_next.ipynb"]  # nothing is newer any more
    write("Third.")
    write("Second.")
    write("Third.")  # the newer one was not touched, so it is replaced
    assert names(folder) == ["90_sample-newer.ipynb", "90_sample.ipynb", "91_next.ipynb"]
    newer = folder / "90_sample-newer.ipynb"
    assert b"Third." in newer.read_bytes() and b"My own." in mine.read_bytes()
    newer.write_text(newer.read_text(encoding="utf-8").replace("Third.", "Mine."), encoding="utf-8")
    write("Third.")
    assert len(names(folder)) == 3
    write("Fourth.")
    assert b"Fourth." in (folder / "90_sample-newer-2.ipynb").read_bytes()
    assert b"Mine." in newer.read_bytes() and b"My own." in mine.read_bytes()


@pytest.mark.parametrize("record", [None, "", "[]", "{"])
def test_without_a_record_nothing_is_overwritten(write, record):
    folder, _ = write("First.")
    if record is None:
        (folder / editions.RECORD).unlink()
    else:
        (folder / editions.RECORD).write_text(record, encoding="utf-8")
    write("Second.")
    assert b"First." in (folder / "90_sample.ipynb").read_bytes()
    assert b"Second." in (folder / "90_sample-newer.ipynb").read_bytes()


def test_copies_of_notebooks_gone_go_unless_they_were_changed(write, sample, course):
    folder, _ = write("First.")
    (course(sample).parent / "91_next.ipynb").rename(course(sample).parent / "92_next.ipynb")
    write("First.")
    assert names(folder) == ["90_sample.ipynb", "92_next.ipynb"]
    (folder / "92_next.ipynb").write_text("mine", encoding="utf-8")
    (course(sample).parent / "92_next.ipynb").unlink()
    write("First.")
    assert (folder / "92_next.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_told(sample, course, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", course(sample).parent)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert editions.main(["--output", str(tmp_path / "file")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Stopped: ") and "name one with --output" in said


def test_nothing_is_written_where_every_copy_is_in_place(write, monkeypatch):
    """So a folder that nobody may write to serves, once it is up to date."""
    write("First.")
    monkeypatch.setattr(notebooks, "write_text", lambda path, text: pytest.fail(f"wrote {path}"))
    write("First.")


@pytest.mark.parametrize("rest", [0, 100])
def test_beside_a_damaged_copy_a_whole_one_is_laid(write, rest):
    folder, _ = write("First.")
    mine = folder / "90_sample.ipynb"
    whole = mine.read_bytes()
    mine.write_bytes(whole[:rest])
    for _ in range(2):
        _, said = write("First.")
        assert "90_sample.ipynb is damaged and stays; newer: 90_sample-newer.ipynb" in said
    assert mine.read_bytes() == whole[:rest]
    assert (folder / "90_sample-newer.ipynb").read_bytes() == whole


def test_copies_of_deeper_notebooks_lie_deeper(sample, course, monkeypatch, tmp_path):
    folder = course(sample).parent
    (folder / "deeper").mkdir()
    notebooks.write(folder / "deeper" / "90_more.ipynb", sample)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    for expected in ("All.", "mine"):
        assert editions.main(["--output", str(tmp_path / "copies")]) == 0
        made = tmp_path / "copies" / "deeper" / "90_more.ipynb"
        text = made.read_text(encoding="utf-8")
        assert expected in text
        made.write_text(text.replace("All.", "mine"), encoding="utf-8")


def run_all(path: Path, environment: dict[str, str]):
    return asyncio.run(execute.run(path, environment=environment))


def test_run_all_of_a_student_copy_goes_through(sample, course):
    folder = course(sample).parent
    editions.write(editions.build(folder), folder / "student")
    environment = notebooks.headless()
    environment["PYTHONPATH"] += os.pathsep + str(folder)
    executed, result = run_all(folder / "student" / "90_sample.ipynb", environment)
    assert result.error == ""
    said = [by_id(executed)[f"check-{k}"].outputs[0] for k in (1, 2, 3)]
    assert [output.traceback for output in said] == [
        [f"90.{k}: not started yet: your turn: Times {k + 1}"] for k in (1, 2, 3)
    ]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Lay the copies of the course beside what they link to, not where a reader's own are."""
    folder = tmp_path_factory.mktemp("course") / "notebooks" / "student"
    editions.write(editions.build(notebooks.NOTEBOOKS), folder)
    (folder.parents[1] / "benchmarks").symlink_to(notebooks.ROOT / "benchmarks")
    return folder


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_run_all_goes_through_in_each_copy_of_the_course(path, copies):
    copy = copies / path.relative_to(notebooks.NOTEBOOKS)
    executed, result = run_all(copy, notebooks.headless("smoke"))
    assert result.error == ""
    for cell in notebooks.code_cells(executed):
        assert notebooks.VERIFY not in notebooks.tags(cell)
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == (notebooks.CHECK in notebooks.tags(cell)), cell.id


@pytest.mark.parametrize("page", ["README.md", "docs/install.md", "Makefile"])
def test_who_follows_the_page_opens_copies_without_solutions(page):
    text = (notebooks.ROOT / page).read_text(encoding="utf-8")
    assert "course_tools.lab" in text or "make lab" in text
    assert not re.search(r"jupyter[ -]lab\b[^\n]*notebooks", text)


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        (["--no-browser"], ["--no-browser", "student/90_sample.ipynb"]),
        (["--solutions", "--port=1"], ["--port=1", "90_sample.ipynb"]),
        (["--output", "OTHER"], ["other/90_sample.ipynb"]),
        (["--sol"], ["--sol", "student/90_sample.ipynb"]),  # JupyterLab will refuse it
    ],
)
def test_lab_opens_the_copies_or_when_asked_the_solutions(
    given, opened, sample, course, monkeypatch
):
    folder = course(sample).parent
    called: list[list[str]] = []
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.setattr(lab.notebooks, "find", lambda *which: [folder / "90_sample.ipynb"])
    copies = {"90_sample.ipynb": "copy"}
    monkeypatch.setattr(lab.editions, "build", lambda folder, variant="": copies)
    monkeypatch.setattr(labapp, "main", called.append)
    assert lab.main([str(folder / "other") if word == "OTHER" else word for word in given]) == 0
    (command,) = called
    assert [*command[:-1], Path(command[-1]).relative_to(folder).as_posix()] == opened
    assert Path(command[-1]).is_file()


def test_lab_stops_where_no_copy_can_be_written(monkeypatch):
    monkeypatch.setattr(lab.editions, "main", lambda arguments: 1)
    monkeypatch.setattr(labapp, "main", lambda command: pytest.fail("opened"))
    assert lab.main([]) == 1
