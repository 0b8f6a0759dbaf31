"""The source of the library on show in a notebook."""

from __future__ import annotations

import functools
import sys

import pytest

from course_exercises.wrong_answer import describe
from course_lib import explain, runtime


def test_source_outside_jupyter_is_printed(capsys):
    explain.show_source(runtime.Profile.pick)
    out = capsys.readouterr().out
    first, rest = out.split("\n", 1)
    assert first == "# `course_lib/runtime.py` · `Profile.pick` · 3 lines"
    assert rest.startswith('def pick(self, *, smoke: T, laptop: T, gpu: T) -> T:\n    """')


def test_source_in_jupyter_is_markdown(monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    explain.show_source(runtime.Profile, functools.partial(describe))
    assert shown[0]["text/markdown"].startswith("`course_lib/runtime.py` · `Profile` · ")
    assert "\n\n```python\n@dataclass(frozen=True)\nclass Profile:" in shown[0]["text/markdown"]
    assert "`course_exercises/wrong_answer.py`" in shown[1]["text/markdown"]
    for data in shown:
        assert str(sys.prefix) not in data["text/markdown"]


def test_the_lines_that_matter(capsys):
    explain.show_source(describe, start="def describe", end="def describe")
    assert capsys.readouterr().out.split("\n", 1)[1].startswith("def describe(")
    explain.show_source(runtime.Profile.pick, start="return", end="")
    assert capsys.readouterr().out.split("\n", 1)[1].startswith("return ")
    for wrong in ({"start": "no such line"}, {"start": "return", "end": "def "}):
        with pytest.raises(ValueError, match="has no lines from"):
            explain.show_source(runtime.Profile.pick, **wrong)


def fenced():
    """Hold a fence: ```."""


def test_the_fence_is_longer_than_the_sources(monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    explain.show_source(fenced)
    assert "\n````python\ndef fenced():" in shown[0]["text/markdown"]


def test_what_has_no_source_is_an_error():
    for item in (len, 3, runtime.profile().pick(smoke=1, laptop=1, gpu=1)):
        with pytest.raises(TypeError, match="source"):
            explain.show_source(item)
