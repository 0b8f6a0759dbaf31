"""Write the metadata that other tools read: ``python -m course_tools.metadata [04]``.

Every cell gets its slide type (``slides_plan``), the cells of an exercise get what nbgrader needs
(``nbgrader_cells``). Both follow from the notebook by rule and are never typed by hand.
``--check`` compares and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from nbformat import NotebookNode

from course_tools import nbgrader_cells, notebooks, slides_plan

COMMAND = "python -m course_tools.metadata"


def derived(notebook: NotebookNode) -> dict[str, dict[str, Any]]:
    """Return what belongs into the metadata of each cell, by cell id.

    Parameters
    ----------
    notebook : NotebookNode
        It stays as it is.

    Returns
    -------
    dict of str to dict
        ``slideshow`` for every cell, ``nbgrader`` for those that it grades.
    """
    graded = nbgrader_cells.cells(notebook)
    found: dict[str, dict[str, Any]] = {}
    for cell_id, kind in slides_plan.slide_types(notebook).items():
        found[cell_id] = {"slideshow": {"slide_type": kind}}
        if cell_id in graded:
            found[cell_id]["nbgrader"] = graded[cell_id]
    return found


def stale(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield cell id and what differs, for every cell whose metadata are not as derived."""
    wanted = derived(notebook)
    for cell in notebook.cells:
        for key in ("slideshow", "nbgrader"):
            there, right = cell.metadata.get(key), wanted[cell.id].get(key)
            if there != right:
                yield cell.id, f"its {key} metadata are {there}; wanted {right}: run {COMMAND}"


def derive(notebook: NotebookNode) -> None:
    """Set the metadata of every cell, in place; other keys stay as they are."""
    for cell_id, wanted in derived(notebook).items():
        for cell in notebook.cells:
            if cell.id == cell_id:
                for key in ("slideshow", "nbgrader"):
                    cell.metadata.pop(key, None)
                cell.metadata.update(wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if ``--check`` finds metadata that differ, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.metadata", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    given = parser.parse_args(arguments)
    try:
        paths = notebooks.find(given.notebooks)
    except FileNotFoundError as error:
        parser.error(str(error))
    differing = 0
    for path in paths:
        notebook = notebooks.read(path)
        found = list(stale(notebook))
        differing += bool(found)
        if given.check:
            for cell_id, what in found:
                print(f"{path.name}: {cell_id}: {what}")
        elif found:
            derive(notebook)
            notebooks.write(path, notebook)
    if given.check:
        print(f"{differing} of {len(paths)} notebooks have aged metadata.")
        return 1 if differing else 0
    print(f"{differing} of {len(paths)} notebooks written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
