"""Start JupyterLab with the course: ``python start.py``.

This file stands in the lecture-room kit as ``start.py``. It sets ``COURSE_DATA_MIRROR`` to the
data of the kit, where there are some. Further arguments go to JupyterLab: ``--no-browser``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# No checks for updates: there is no network.
OPTIONS = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
)


def environment(kit: Path) -> dict[str, str]:
    """Return the environment of JupyterLab: the data of the kit, and no other Python's modules."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    kept["JUPYTER_PREFER_ENV_PATH"] = "1"
    folders = [kept.get("COURSE_DATA_MIRROR", "")]
    if (kit / "data").is_dir():
        folders.insert(0, str(kit / "data"))
    if named := os.pathsep.join(filter(None, folders)):
        kept["COURSE_DATA_MIRROR"] = named
    return kept


def main(arguments: list[str]) -> int:
    """Run JupyterLab until it is ended."""
    python = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.is_file():
        print("There is no environment yet. First: python install.py", file=sys.stderr)
        return 1
    command = [str(python), "-m", "jupyterlab", *OPTIONS, *arguments]
    if not arguments or arguments[0].startswith("-"):
        command.append("00_start_here.ipynb")
    os.chdir(HERE / "work")
    if os.name == "posix":  # one process, so that a signal reaches JupyterLab
        os.execve(command[0], command, environment(HERE))
    try:
        return subprocess.run(command, env=environment(HERE)).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
