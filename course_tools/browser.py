"""Headless Chromium, to print the slides and for the tests, and a host for static pages."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A container has no sandbox for the browser and little /dev/shm.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage")


def chromium() -> str | None:
    """Return the Chromium of this machine: COURSE_CHROMIUM, or one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = map(shutil.which, names)
    return os.environ.get("COURSE_CHROMIUM") or next(filter(None, found), None)


@contextlib.contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """Start a headless Chromium; close it afterwards.

    Raises
    ------
    RuntimeError
        If there is no Chromium, or the extra ``browser`` is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RuntimeError("the extra browser is not installed: run make browser.") from error
    if chromium() is None:
        raise RuntimeError("no Chromium was found: install one, or name it in COURSE_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


class _Pages(http.server.SimpleHTTPRequestHandler):
    """Serves files as a host of static pages does: 404.html for what is not there."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_error(self, code: int, *args: object, **more: object) -> None:
        missing = Path(self.directory) / "404.html"
        if code != 404 or not missing.is_file():
            return super().send_error(code, *args, **more)
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(missing.read_bytes())


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine alone; yield the address, without a slash."""
    handler = functools.partial(_Pages, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
