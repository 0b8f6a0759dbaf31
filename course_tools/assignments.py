"""Export the exercises for nbgrader: ``python -m course_tools.assignments source/week3 [04]``.

Writes solved notebooks with nbgrader's metadata into a folder, from which ``nbgrader
generate_assignment`` makes what is released. The metadata follow from the notebook by rule. An
exercise has as many points as its difficulty line has stars. Its solution cell can be
edited; its check cell is locked and carries the points. Other cells get no metadata. nbgrader
itself is not needed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_tools import notebooks

LEFT_OUT = {notebooks.NOTES, notebooks.VERIFY}  # tags of cells that students do not get
SCHEMA = 3  # of nbgrader's cell metadata
_STARS = re.compile(r"[Dd]ifficulty[:* ]*([★☆]{3})")


def points(exercise: notebooks.ExerciseCells) -> int:
    """Return the points of an exercise: one for each star of its difficulty line.

    Raises
    ------
    ValueError
        If the cell in front of the solution has no such line, or one without a star.
    """
    found = _STARS.search(exercise.heading.source) if exercise.heading is not None else None
    stars = found[1].count("★") if found else 0
    if not stars:
        raise ValueError(
            f"exercise {exercise.number or '?'} has no line like 'difficulty: ★☆☆ · 10 minutes'."
        )
    return stars


def cells(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """Return the nbgrader metadata of a notebook's cells, by cell id.

    Parameters
    ----------
    notebook : NotebookNode
        It stays as it is. Exercises that are not finished (no heading, no difficulty line, no
        check) are left out; lint names them.

    Returns
    -------
    dict of str to dict
        For each solution cell and each check cell, what belongs under ``metadata.nbgrader``.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in notebooks.exercises(notebook):
        try:
            worth = points(item)
        except ValueError:
            continue
        if item.check is None:
            continue
        common = {"schema_version": SCHEMA, "task": False}
        solution = {"grade": False, "locked": False, "solution": True}
        check = {"grade": True, "locked": True, "solution": False, "points": worth}
        found[item.solution.id] = {**common, **solution, "grade_id": item.solution.id}
        found[item.check.id] = {**common, **check, "grade_id": item.check.id}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if a notebook cannot be read or written, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.assignments", description=__doc__)
    parser.add_argument("folder", type=Path, help="where nbgrader looks: source/NAME")
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    given = parser.parse_args(arguments)
    try:
        paths = notebooks.find(given.notebooks)
    except FileNotFoundError as error:
        parser.error(str(error))
    try:
        for path in paths:
            notebook = notebooks.read(path)
            graded = cells(notebook)
            notebook.cells = [c for c in notebook.cells if not LEFT_OUT & set(notebooks.tags(c))]
            for cell in notebook.cells:
                if cell.id in graded:
                    cell.metadata["nbgrader"] = graded[cell.id]
            notebooks.write(given.folder / path.name, notebook)
    except (OSError, ValueError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    print(f"{len(paths)} notebooks for nbgrader in {given.folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
