"""Open JupyterLab on the student copies: ``python -m course_tools.lab [--solutions] [options]``.

The copies are written first (see ``editions``); ``--solutions`` opens the solved notebooks. What
JupyterLab knows as an option goes on to it, such as ``--no-browser``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from course_tools import editions, notebooks


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the copies and run JupyterLab; return its exit code, 1 if no copy can be written."""
    parser = argparse.ArgumentParser(prog="course_tools.lab", description=__doc__)
    parser.add_argument("--solutions", action="store_true", help="open the solved notebooks")
    given, passed_on = parser.parse_known_args(arguments)
    folder = notebooks.NOTEBOOKS
    if not given.solutions:
        if failed := editions.main([]):
            return failed
        folder = folder / "student"
    first = folder / notebooks.find(["00"])[0].name
    return subprocess.call([sys.executable, "-m", "jupyterlab", *passed_on, str(first)])


if __name__ == "__main__":
    sys.exit(main())
