"""How the build of the site reaches Node, which sets its formulas."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from sphinxcontrib import katex


def reach(folder: Path, timeout: float) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start Node and return it with a connection, however long it takes until it listens.

    The extension's own way connects as soon as the socket is there, and is refused where Node has
    made it and does not listen yet; `timeout` is for that way.

    Raises
    ------
    KaTeXError
        If Node ends instead.
    """
    place = folder / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=place)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder)
    connection = socket.socket(socket.AF_UNIX)
    while connection.connect_ex(str(place)):
        if process.poll() is not None:
            connection.close()
            raise katex.KaTeXError(f"Node ended with {process.returncode}: {' '.join(command)}")
        time.sleep(0.01)
    return process, connection
