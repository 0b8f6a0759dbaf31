"""What the notebooks ask of a student: checks of exercises, and how far one has come.

``check`` tells at once whether an answer is right, ``predict`` asks for a guess and ``reveal``
shows it beside the result, ``progress`` lists what is solved and guessed, ``sliders`` has the
parameters of the ELMo mix to move. The rest serves the authors of checks; ``exercises`` says how a
check is written.
"""

from course_exercises import session
from course_exercises.exercises import Answer, WrongAnswer, check, exercise
from course_exercises.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_not_close,
    expect_shape,
    expect_type,
)
from course_exercises.lines import assembled, expect_choice
from course_exercises.predictions import predict, reveal
from course_exercises.progress import progress

__all__ = [
    "Answer",
    "WrongAnswer",
    "assembled",
    "check",
    "exercise",
    "expect",
    "expect_choice",
    "expect_close",
    "expect_equal",
    "expect_not_close",
    "expect_shape",
    "expect_type",
    "predict",
    "progress",
    "reveal",
]

session.watch()
