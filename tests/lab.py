"""A JupyterLab of its own in a headless Chromium: for the explorer's test and benchmark."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat

from course_tools import browser, notebooks

if TYPE_CHECKING:
    from playwright.sync_api import Page

# WebGL without a graphics card.
GRAPHICS = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
SETTINGS = (
    "--ServerApp.open_browser=False",
    "--ServerApp.port_retries=0",
    "--ServerApp.ip=127.0.0.1",
    "--LabApp.expose_app_in_browser=True",
    # The server would ask PyPI for news of JupyterLab and of its extensions.
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--allow-root",
)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start JupyterLab in a folder; give the address of its pages, ``{}`` for a notebook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {
        f"JUPYTER_{kind}_DIR": str(folder / ".jupyter" / kind.lower())
        for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    environment = {**notebooks.headless(), **own, "IPYTHONDIR": str(folder / ".ipython")}
    quiet = folder / ".jupyter" / "config" / "lab" / "user-settings" / "@jupyterlab"
    quiet = quiet / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", *SETTINGS, f"--ServerApp.port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    log = (folder / "jupyterlab.log").open("w", encoding="utf-8")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/api/status?token={token}", process, Path(log.name))
        yield f"{address}/lab/tree/{{}}?token={token}"
    finally:
        process.terminate()  # the server ends its kernels
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    while process.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@contextlib.contextmanager
def page(width: int = 1500, height: int = 1000) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; give it, and the list of the requests that were for another machine."""
    from playwright.sync_api import Route

    outside: list[str] = []

    def watch(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):  # None: data:, blob:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    with browser.launched(*GRAPHICS) as chromium:
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.route("**/*", watch)
        tab = context.new_page()
        tab.on(
            "websocket",
            lambda ws: urlsplit(ws.url).hostname != "127.0.0.1" and outside.append(ws.url),
        )
        tab.set_default_timeout(0)  # however busy the machine is
        yield tab, outside


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(metadata=notebooks.METADATA)
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(notebook, path)


def opened(tab: Page, address: str) -> None:
    """Open a notebook and wait for its kernel."""
    tab.goto(address)
    tab.wait_for_selector(".jp-Notebook .jp-Cell")
    tab.wait_for_function(
        """() => {
            const panel = window.jupyterapp?.shell.currentWidget;
            return panel?.sessionContext?.session?.kernel?.status === "idle";
        }"""
    )


def execute(tab: Page, command: str) -> None:
    """Run a command of JupyterLab."""
    tab.evaluate(f"window.jupyterapp.commands.execute({command!r})")


def toggle_and_run(tab: Page) -> None:
    """Open or shut the sidebar, and run all cells at once."""
    execute(tab, "application:toggle-left-area")
    execute(tab, "notebook:run-all-cells")


def run_all(tab: Page, address: str) -> None:
    """Open a notebook and run its cells."""
    opened(tab, address)
    toggle_and_run(tab)
