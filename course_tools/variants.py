"""Copies with numbers of their own: which variant a student has, and what it changes in a notebook.

A variant is drawn from a seed, which nobody but you needs to know, and from the student's id. The
cells of an exercise say in their metadata what changes in them, as pairs of a phrase that stands in
the cell and one that takes its place, with the names of the check's arguments between ``@``::

    "course": {"varies": [["the exponent ¾", "the exponent @power@"]]}

An exercise whose ``order`` varies needs no such pair: its lettered lines change places.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

from nbformat import NotebookNode

from course_exercises import exercises, variants
from course_tools import notebooks
from course_tools.grading.submissions import Master

_RECORDED = re.compile(r"""variant=["']([0-9a-f]{12})["']""")
# "- **A** text", "- A: text", or "A    code"; the letter is the second group
_LETTERED = r"^(- \*\*|- )?([{letters}])(\*\*|:| {{2,}})(.*)$"


def of(seed: str, student: str = "") -> str:
    """Return the variant of a student, or without an id that of all students.

    Parameters
    ----------
    seed : str
        Any text; it cannot be found from variants, if it is no short one.
    student : str
        The id as in the roster; capitals do not matter.

    Raises
    ------
    ValueError
        If there is no seed.
    """
    if not seed.strip():
        raise ValueError("the seed is empty; give a text of your own, such as SEED=autumn-7312.")
    told = f"{seed.strip()}\n{student.strip().casefold()}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def varying(number: str) -> exercises.Exercise | None:
    """Return the registered exercise if it varies."""
    found = exercises.registered(number[:2]).get(number)
    return found if found is not None and found.varies else None


def recorded(sources: list[str]) -> str:
    """Return the variant that the checks of a copy name; empty for a published one."""
    found = [match[1] for source in sources for match in _RECORDED.finditer(source)]
    return found[0] if found else ""


def in_check(source: str, number: str, variant: str) -> str:
    """Return the source of a check cell with the variant in its call of ``check``.

    Raises
    ------
    ValueError
        If it has no such call.
    """
    call = rf"""(\bcheck\(\s*["']{re.escape(number)}["']\s*,\s*\w+)\s*,?\s*\)"""
    changed, found = re.subn(call, rf'\1, variant="{variant}")', source, count=1)
    if not found:
        raise ValueError(f'no line check("{number}", name) in the cell of its check')
    return changed


def of_master(master: Master, variant: str) -> Master:
    """Return a notebook to grade with, its checks with the values of a variant.

    Raises
    ------
    ValueError
        If the check of an exercise that varies does not call ``check`` with the function's name.
    """
    if not variant:
        return master
    tasks = []
    for task in master.tasks:
        try:
            tasks.append(replace(task, check=in_check(task.check, task.number, variant)))
        except ValueError as error:
            if varying(task.number):
                raise ValueError(f"{master.path.name}, exercise {task.number}: {error}.") from None
            tasks.append(task)
    return replace(master, tasks=tuple(tasks))


def apply(item: notebooks.ExerciseCells, variant: str) -> bool:
    """Give the cells of an exercise the values of a variant; they are changed in place.

    Returns
    -------
    bool
        Whether the exercise varies.

    Raises
    ------
    ValueError
        If a cell does not have what its metadata promise; the message names it.
    """
    exercise = varying(item.number)
    if exercise is None or item.heading is None or item.check is None:
        return False
    values = variants.drawn(item.number, exercise.varies, variant)
    order = values.pop(variants.LETTERS, "")
    used: set[str] = set()
    for cell in (item.heading, item.solution):
        for phrase, other in cell.metadata.get("course", {}).get("varies", []):
            _replace(cell, phrase, _filled(other, values, used, cell.id))
    if missing := sorted(set(values) - used):
        raise ValueError(f"{missing[0]!r} varies, but no cell says where it stands")
    if order:
        item.heading.source = _reordered(item.heading.source, order)
    item.check.source = in_check(item.check.source, item.number, variant)
    return True


def forget(cell: NotebookNode) -> None:
    """Take out of a cell's metadata what would change in it: no student needs to see that."""
    course = cell.metadata.get("course", {})
    if course.pop("varies", None) is not None and not course:
        del cell.metadata["course"]


def _filled(text: str, values: dict[str, Any], used: set[str], cell: str) -> str:
    for name in re.findall(r"@(\w+)@", text):
        if name not in values:
            raise ValueError(f"cell {cell}: @{name}@ is nothing that varies")
        used.add(name)
        text = text.replace(f"@{name}@", str(values[name]))
    return text


def _replace(cell: NotebookNode, phrase: str, other: str) -> None:
    if phrase not in cell.source:
        raise ValueError(f"cell {cell.id}: its metadata name {phrase!r}, which it does not have")
    cell.source = cell.source.replace(phrase, other)


def _reordered(source: str, order: str) -> str:
    """Return a text whose lettered lines stand in another order, lettered anew."""
    lettered = re.compile(_LETTERED.format(letters="".join(sorted(order))), re.MULTILINE)
    found = {match[2]: match[4] for match in lettered.finditer(source)}
    if "".join(match[2] for match in lettered.finditer(source)) != "".join(sorted(order)):
        raise ValueError(f"its text has the lettered lines {', '.join(found)}, not {order}")
    left = iter(order)

    def line(match: re.Match[str]) -> str:
        return f"{match[1] or ''}{match[2]}{match[3]}{found[next(left)]}"

    return lettered.sub(line, source)
