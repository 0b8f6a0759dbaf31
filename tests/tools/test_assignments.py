"""nbgrader from end to end on one notebook, and the metadata that it goes by."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import CHECKS, sample_notebook

from course_tools import assignments, editions, lint, notebooks

HIDDEN = """
### BEGIN HIDDEN TESTS
assert times_4(7) == 28
### END HIDDEN TESTS"""
# It passes the check that students see, not the hidden one.
LEARNT = "def times_4(x):\n    return {5: 20}.get(x)"


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


@pytest.fixture
def starred():
    """Return the sample with 1 to 3 stars, a light set-up and a hidden test in the third check."""
    notebook = sample_notebook()
    cells = by_id(notebook)
    cells["setup"].source = "import os\nimport sample_checks\nfrom course_exercises import check"
    cells["setup"].source += "\n# runtime.seed_everything(0)"
    cells["task-2"].source = cells["task-2"].source.replace("★☆☆", "★★☆")
    cells["task-3"].source = cells["task-3"].source.replace("★☆☆", "★★★")
    cells["check-3"].source += HIDDEN
    for cell_id, wanted in assignments.cells(notebook).items():
        cells[cell_id].metadata["nbgrader"] = wanted
    return notebook


def test_points_are_stars(starred):
    items = list(notebooks.exercises(starred))
    assert [assignments.points(item) for item in items] == [1, 2, 3]
    items[0].heading.source = items[0].heading.source.replace("★", "☆")
    with pytest.raises(ValueError, match=r"exercise 90\.1 has no line like"):
        assignments.points(items[0])


def test_solutions_are_open_and_checks_are_locked(starred):
    found = assignments.cells(starred)
    common = {"schema_version": 3, "task": False}
    assert found == {
        **{
            f"answer-{k}": {
                **common,
                **{"grade_id": f"answer-{k}", "solution": True, "grade": False, "locked": False},
            }
            for k in (1, 2, 3)
        },
        **{
            f"check-{k}": {
                **common,
                **{"grade_id": f"check-{k}", "solution": False, "grade": True, "locked": True},
                "points": k,
            }
            for k in (1, 2, 3)
        },
    }


def test_an_unfinished_exercise_is_left_out(starred):
    cells = by_id(starred)
    cells["task-1"].source = "### Exercise 90.1 · Times 2"
    starred.cells.remove(cells["check-2"])
    assert set(assignments.cells(starred)) == {"answer-3", "check-3"}


def test_every_exercise_of_the_course_has_points():
    for path in notebooks.find():
        notebook = notebooks.read(path)
        items = list(notebooks.exercises(notebook))
        found = assignments.cells(notebook)
        assert set(found) == {c.id for item in items for c in (item.solution, item.check)}
        assert all(1 <= cell.get("points", 1) <= 3 for cell in found.values())


def test_student_copies_and_assignments_carry_the_metadata(starred, course, tmp_path, capsys):
    wanted = assignments.cells(starred)
    for cell in starred.cells:
        cell.metadata.pop("nbgrader", None)  # it is not stored
    by_id(starred)["recap"].metadata["tags"] = ["notes"]
    path = course(starred)
    assert assignments.main([str(tmp_path / "source" / "ps1"), str(path)]) == 0
    assert "1 notebooks for nbgrader in" in capsys.readouterr().out
    source = nbformat.read(tmp_path / "source" / "ps1" / path.name, 4)
    copied = editions.student(starred, "90_sample.ipynb", set())
    for made in (by_id(source), by_id(copied)):
        assert not {"recap", "process-verify"} & set(made)
        assert {i: c.metadata["nbgrader"] for i, c in made.items() if "nbgrader" in c.metadata} == (
            wanted
        )
    assert by_id(source)["answer-1"].source == by_id(starred)["answer-1"].source


# Hidden tests.


def test_hidden_tests_are_no_part_of_a_student_copy(starred):
    copied = editions.student(starred, "90_sample.ipynb", set())
    assert by_id(copied)["check-3"].source == 'check("90.3", times_4)'
    assert "HIDDEN" not in notebooks.text_of(copied)
    assert "28" not in notebooks.text_of(copied)


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc", "a\nc"),
        ("### BEGIN HIDDEN TESTS\nb\n  ### END HIDDEN TESTS\nc\n", "c"),
        ("a\n\nb\n", "a\n\nb"),
    ],
)
def test_hidden_tests_are_cut_out(source, seen):
    assert notebooks.without_hidden(source) == seen


@pytest.mark.parametrize("lines", ["B", "E", "BB", "EB", "BEE", "BEB"])
def test_markers_come_in_pairs(lines, starred):
    marks = {"B": notebooks.BEGIN_HIDDEN, "E": notebooks.END_HIDDEN}
    source = "\n".join(marks[line] for line in lines)
    with pytest.raises(ValueError, match="without its partner"):
        notebooks.without_hidden(source)
    by_id(starred)["check-1"].source += f"\n{source}"
    with pytest.raises(ValueError, match=r"cell answer-1: .*without its partner"):
        editions.student(starred, "90_sample.ipynb", set())


def test_lint_lets_hidden_tests_stand_in_checks_alone(starred, course):
    def said():
        return [str(finding) for finding in lint.findings([course(starred)])]

    assert not any("hidden" in line.lower() or "the check should read" in line for line in said())
    by_id(starred)["check-1"].source += "\n### BEGIN HIDDEN TESTS"
    by_id(starred)["check-2"].source += "\nassert times_3(2) == 6"
    by_id(starred)["addition"].source += HIDDEN.replace("times_4", "len")
    found = said()
    assert "90_sample.ipynb: check-1: '### BEGIN HIDDEN TESTS' without its partner" in found
    wanted = '90_sample.ipynb: check-2: the check should read check("90.2", times_3)'
    assert wanted in found
    assert "90_sample.ipynb: addition: hidden tests without the tag 'check'" in found


# nbgrader itself.


class Course:
    """A course folder of nbgrader with one assignment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sample_checks.py").write_text(CHECKS, encoding="utf-8")
        config = "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
        (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
        own = {
            name: str(folder / "own" / name)
            for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
        }
        self.environment = {**notebooks.headless(), **own}
        self.environment["PYTHONPATH"] += os.pathsep + str(folder)

    def write(self, place: str, notebook: nbformat.NotebookNode) -> None:
        path = self.folder / place / "ps1" / "90_sample.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def read(self, place: str) -> nbformat.NotebookNode:
        return nbformat.read(self.folder / place / "ps1" / "90_sample.ipynb", nbformat.NO_CONVERT)

    def run(self, command: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, "ps1"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr


def test_assignment_autograde_and_feedback(starred, tmp_path, monkeypatch):
    pytest.importorskip("nbgrader", reason="nbgrader is not here: make grading")
    # As in an activated environment: nbgrader starts the program alembic by its name.
    there = [str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(there))
    from nbgrader.api import Gradebook

    solutions = {f"answer-{k}": by_id(starred)[f"answer-{k}"].source for k in (1, 2, 3)}
    # The exercises use the set-up alone; what stands between would only take time.
    kept = ("header", "setup", "exercises", "task-", "answer-", "check-")
    starred.cells = [cell for cell in starred.cells if cell.id.startswith(kept)]
    course = Course(tmp_path)
    course.write("source", starred)
    course.run("generate_assignment")

    released = course.read("release")
    text = nbformat.writes(released)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    for line in ("x + x", "== 28"):
        assert line not in text

    def submit(student: str, notebook: nbformat.NotebookNode, answers: dict[str, str]) -> None:
        notebook = copy.deepcopy(notebook)
        for cell_id, source in answers.items():
            by_id(notebook)[cell_id].source = source
        course.write(f"submitted/{student}", notebook)

    ours = editions.student(starred, "90_sample.ipynb", set())
    half = {"answer-1": solutions["answer-1"], "answer-3": LEARNT}
    submit("untouched", released, {})
    submit("untouched-copy", ours, {})
    submit("solved", released, solutions)
    submit("half", ours, half)
    course.run("autograde")
    course.run("generate_feedback")

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        assert book.find_assignment("ps1").max_score == 6
        scores = {s.student.id: s.score for s in book.assignment_submissions("ps1")}
        by_cell = {
            grade.name: grade.score
            for grade in book.find_submission_notebook("90_sample", "ps1", "half").grades
        }
    assert scores == {"untouched": 0, "untouched-copy": 0, "solved": 6, "half": 1}
    assert by_cell == {"check-1": 1, "check-2": 0, "check-3": 0}

    # Run All went on after each error, and the hidden test was back.
    graded = by_id(course.read("autograded/half"))
    assert "assert times_4(7) == 28" in graded["check-3"].source
    assert [graded[f"check-{k}"].outputs[-1].output_type for k in (1, 2, 3)] == [
        *("stream", "error", "error")
    ]
    said = "90.2: not started yet: your turn: Times 3"
    assert graded["check-2"].outputs[-1].evalue == said
    feedback = tmp_path / "feedback" / "half" / "ps1" / "90_sample.html"
    assert said in feedback.read_text(encoding="utf-8")
