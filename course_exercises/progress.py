"""How far a learner has come, as a table."""

from __future__ import annotations

import pkgutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course_exercises.exercises import registered
from course_exercises.record import guesses, record_file, tries

if TYPE_CHECKING:
    import pandas as pd


def progress(*, reset: bool = False) -> pd.DataFrame:
    """List all exercises of the course and which of them you have solved, then your predictions.

    It is shown by lesson: a bar with a box for each exercise, ``■`` where it is solved; a click
    on it opens the rows.

    Parameters
    ----------
    reset : bool
        Begin anew. The old notes are kept beside the new ones, under a name with the time.

    Returns
    -------
    pandas.DataFrame
        A row for each exercise: ``number``; ``title``; ``notebook``, its two digits; ``passed``,
        whether the check was ever passed on this machine; ``last_tried``, in local time
        (datetime64), ``NaT`` where it was not tried. A stub that was left as it was is no try.
        Running a notebook that has its solutions in counts as solving it. Below them a row for
        each prediction that was made, with the guess as its title. No row is left out when it is
        shown.

    Raises
    ------
    OSError
        If the notes are there but cannot be read, or not be moved.
    """
    from course_exercises.progress_table import ProgressTable  # pandas is slow to import

    path = record_file()
    if reset and path.exists():
        path.replace(path.with_name(f"{path.stem}-{datetime.now():%Y%m%d-%H%M%S-%f}{path.suffix}"))
    passed: set[str] = set()
    last: dict[str, datetime] = {}
    for number, right, when in tries(path):
        last[number] = when
        if right:
            passed.add(number)
    modules = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    rows = [
        (number, item.title, number[:2], number in passed, last.get(number))
        for name in modules
        if name.startswith("checks_")
        for number, item in registered(name.removeprefix("checks_")).items()
    ]
    made = sorted(guesses(path).items())
    rows += [(name, f"prediction: {guess}", name[:2], True, None) for name, guess in made]
    table = ProgressTable(rows, columns=["number", "title", "notebook", "passed", "last_tried"])
    return ProgressTable(table.astype({"passed": bool, "last_tried": "datetime64[s]"}))
