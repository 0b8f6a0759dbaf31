"""No line of a solution in what students are given; the search finds planted ones."""

from __future__ import annotations

import ast
import base64
import copy
import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_tools import editions, leaks, notebooks

SECRET = "return sum(weight * value for weight, value in [(2, x)])"
NAME = "90_sample.ipynb"


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.id == cell_id)


@pytest.fixture
def master(sample: NotebookNode) -> NotebookNode:
    """The sample, with a solution of one long line."""
    solution = cell(sample, "answer-1")
    solution.source = solution.source.replace("return x + x", SECRET)
    assert SECRET in solution.source
    return sample


@pytest.fixture
def copied(master: NotebookNode) -> NotebookNode:
    return editions.student(master, NAME, {NAME})


def search(master: NotebookNode, content: str | bytes, name: str = NAME) -> list[leaks.Leak]:
    known = [leaks.Master("90_sample", master)]
    content = content if isinstance(content, bytes) else content.encode("utf-8")
    return leaks.find(known, {name: content})


def test_a_clean_copy_has_no_leak(master, copied):
    assert leaks.Master("90_sample", master).secrets == [("90.1", SECRET)]
    assert search(master, notebooks.text_of(copied)) == []


def in_source(notebook: NotebookNode) -> None:
    cell(notebook, "recap").source += f"\n\n    {SECRET}"


def in_wrapped_source(notebook: NotebookNode) -> None:
    cell(notebook, "recap").source += "\n" + SECRET.replace(" for ", "\n        for ")


def in_printed_output(notebook: NotebookNode) -> None:
    cell(notebook, "addition").outputs = [
        new_output("stream", name="stdout", text=f"a\n{SECRET}\n")
    ]


def in_html_output(notebook: NotebookNode) -> None:
    colored = html.escape(SECRET).replace("sum", '<span class="nb">sum</span>')
    output = new_output("display_data", data={"text/html": f"<pre>{colored}</pre>"})
    cell(notebook, "addition").outputs = [output]


def in_traceback(notebook: NotebookNode) -> None:
    cell(notebook, "check-1").outputs = [
        new_output("error", ename="E", evalue="no", traceback=["at", f"----> {SECRET}"])
    ]


def in_cell_metadata(notebook: NotebookNode) -> None:
    cell(notebook, "answer-1").metadata["old"] = {"before": [{"text": SECRET}]}


def in_notebook_metadata(notebook: NotebookNode) -> None:
    notebook.metadata[SECRET] = True


def in_json_inside_metadata(notebook: NotebookNode) -> None:
    notebook.metadata["state"] = json.dumps({"source": f'"{SECRET}"\n'})


def in_attachment(notebook: NotebookNode) -> None:
    data = base64.b64encode(f"# notes\n{SECRET}\n".encode()).decode()
    cell(notebook, "recap")["attachments"] = {"notes.txt": {"text/plain": data}}


PLANTED = [value for name, value in list(globals().items()) if name.startswith("in_")]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_leak_is_found(
    plant: Callable[[NotebookNode], None], master: NotebookNode, copied: NotebookNode
):
    plant(copied)
    assert search(master, notebooks.text_of(copied)) == [leaks.Leak(NAME, "90.1", SECRET)]


def test_the_planted_leaks_are_of_every_kind():
    assert len(PLANTED) == 9


def test_the_master_itself_is_full_of_leaks(master):
    (leak,) = search(master, notebooks.text_of(master))
    assert str(leak).startswith("90_sample.ipynb: a line of the solution of exercise 90.1: return")


@pytest.mark.parametrize("name", ["notes.md", "91_next.ipynb", "slides/index.html", "data.bin"])
def test_other_files_are_searched_too(name, master):
    assert len(search(master, b"\xff\x00" + SECRET.encode(), name)) == 1


@pytest.mark.parametrize("where", ["text", "output", "code"])
def test_a_line_that_the_master_shows_elsewhere_is_no_secret(where, master):
    if where == "text":
        cell(master, "recap").source += f"\n\n```\n{SECRET}\n```"
    elif where == "output":
        cell(master, "addition").outputs[0].text += f"{SECRET}\n"
    else:
        cell(master, "process-verify").source += f"\ndef f(x):\n    {SECRET}"
    assert leaks.Master("90_sample", master).secrets == []


def test_a_line_in_two_solutions_is_still_secret(master):
    cell(master, "answer-2").source = cell(master, "answer-1").source.replace("times_2", "times_3")
    secrets = leaks.Master("90_sample", master).secrets
    assert secrets == [("90.1", SECRET), ("90.2", SECRET)]


def test_a_hidden_test_is_secret_too(master):
    hidden = "assert times_2(1000000) == 2000000, 'too large'"
    marked = f"{notebooks.BEGIN_HIDDEN}\n{hidden}\n{notebooks.END_HIDDEN}"
    cell(master, "check-1").source += f"\n{marked}"
    assert leaks.Master("90_sample", master).secrets == [("90.1", SECRET), ("90.1", hidden)]
    student = editions.student(master, NAME, {NAME})
    assert search(master, notebooks.text_of(student)) == []
    cell(student, "check-1").source += f"\n# {hidden}"
    assert len(search(master, notebooks.text_of(student))) == 1


def test_a_notebook_may_show_what_its_own_master_shows(master, sample):
    """What is secret in one notebook may be what another one teaches."""
    other = copy.deepcopy(sample)
    cell(other, "answer-1").source = "def times_2(x):\n    return 0"
    cell(other, "recap").source += f"\n{SECRET}"
    known = [leaks.Master("90_sample", master), leaks.Master("91_other", other)]
    content = notebooks.text_of(other).encode()
    assert leaks.find(known, {"91_other.ipynb": content}) == []
    assert len(leaks.find(known, {"90_sample.ipynb": content})) == 1


# The course itself


@pytest.fixture(scope="module")
def known() -> list[leaks.Master]:
    return leaks.masters(notebooks.find())


def test_there_is_something_to_look_for(known):
    counted = {master.stem: len(master.secrets) for master in known}
    assert sum(counted.values()) >= 100, counted
    lessons = {path.stem for path in notebooks.NOTEBOOKS.glob("*.ipynb")}
    assert all(counted[name] for name in lessons), counted


def test_no_solution_in_the_copies_made_now(known):
    made = editions.build(notebooks.NOTEBOOKS)
    assert set(made) == {p.relative_to(notebooks.NOTEBOOKS).as_posix() for p in notebooks.find()}
    assert leaks.find(known, {name: text.encode() for name, text in made.items()}) == []


def signature(source: str) -> str:
    """Return name, arguments, defaults, annotations and decorators of the one function."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    parts = (function.name, function.args, function.returns, *function.decorator_list)
    return " ".join(part if isinstance(part, str) else ast.dump(part) for part in parts if part)


def differing(full: NotebookNode, student: NotebookNode) -> list[str]:
    """Return the exercises whose stub is not called like the solution."""
    stubs = {item.number: item.solution.source for item in notebooks.exercises(student)}
    return [
        item.number
        for item in notebooks.exercises(full)
        if signature(item.solution.source) != signature(stubs[item.number])
    ]


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_stub_and_solution_are_called_alike(path: Path):
    full = notebooks.read(path)
    student = editions.student(full, path.name, set())
    assert len(list(notebooks.exercises(full))) >= (0 if path.parent.name == "deeper" else 3)
    assert differing(full, student) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("times_2", "times_two"),
        ("(x: float)", "(y: float)"),
        ("(x: float)", "(x)"),
        ("(x: float)", "(x: float = 1)"),
        ("(x: float)", "(x: float, *rest)"),
        ("-> float", "-> int"),
        ("def ", "@staticmethod\ndef "),
    ],
)
def test_a_stub_that_is_called_otherwise_is_found(old, new, master, copied):
    assert differing(master, copied) == []
    stub = cell(copied, "answer-1")
    assert old in stub.source
    stub.source = stub.source.replace(old, new, 1)
    assert differing(master, copied) == ["90.1"]
