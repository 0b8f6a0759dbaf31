"""What the notebooks use to explain themselves: real source, and checks of exercises.

``show_source`` shows the code that runs, ``check`` tells at once whether an answer is right, and
``progress`` lists which exercises are solved. The rest serves the authors of checks;
``exercises`` says how a check is written.
"""

from course_lib.explain.exercises import Answer, WrongAnswer, check, exercise
from course_lib.explain.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_lib.explain.progress import progress
from course_lib.explain.source import show_source

__all__ = [
    "Answer",
    "WrongAnswer",
    "check",
    "exercise",
    "expect",
    "expect_close",
    "expect_equal",
    "expect_not_close",
    "expect_shape",
    "expect_type",
    "progress",
    "show_source",
]
