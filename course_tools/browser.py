"""Headless Chromium, to print the slides and for the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
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
