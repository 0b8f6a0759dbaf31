"""Open JupyterLab on the student copies: ``python -m course_tools.lab [--solutions] [options]``.

The copies are written first (see ``editions``), to ``notebooks/student/`` or to the folder that
``--output`` names. ``--solutions`` opens the solved notebooks instead. Every other option goes on
to JupyterLab, such as ``--no-browser``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course_tools import editions, notebooks


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the copies and run JupyterLab; 1 if no copy can be written."""
    parser = argparse.ArgumentParser(
        prog="course_tools.lab", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--solutions", action="store_true", help="open the solved notebooks")
    parser.add_argument("--output", type=Path, default=notebooks.NOTEBOOKS / "student")
    given, passed_on = parser.parse_known_args(arguments)
    if not given.solutions and (failed := editions.main(["--output", str(given.output)])):
        return failed
    from jupyterlab.labapp import main as jupyterlab  # slow; and in this process, for Ctrl-C

    folder = notebooks.NOTEBOOKS if given.solutions else given.output
    first = folder / notebooks.find(["00"])[0].name
    jupyterlab([*passed_on, str(first)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
