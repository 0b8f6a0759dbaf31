"""Every deck in a real browser with the network cut: complete, readable, nothing out of bounds."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from course_tools import browser, notebooks, slides

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Route

if browser.chromium() is None:
    pytest.skip("no Chromium: see docs/maintenance.md", allow_module_level=True)
if shutil.which("npm") is None:
    pytest.skip("no npm: see docs/slides.md", allow_module_level=True)
pytest.importorskip("playwright", reason="the extra browser is not installed: make browser")

FIXTURES = Path(__file__).parents[1] / "fixtures"
WALK = (FIXTURES / "walk_slides.js").read_text(encoding="utf-8")
READ = (FIXTURES / "read_notes.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def modules() -> Path:
    return slides.fetch()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launched() as running:
        yield running


def cut_off(chromium: Browser) -> tuple[BrowserContext, list[str], list[str]]:
    """Return a browser that reaches files alone; what it asked for, and what went wrong."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(0)  # however busy the machine is
    asked: list[str] = []
    failed: list[str] = []

    def watch(route: Route) -> None:
        asked.append(route.request.url)
        if urlsplit(route.request.url).scheme == "file":
            route.continue_()
        else:
            route.abort()

    context.route("**/*", watch)
    context.on("requestfailed", lambda request: failed.append(request.url))
    context.on("weberror", lambda error: failed.append(str(error.error)))
    context.on("console", lambda m: m.type == "error" and failed.append(m.text))
    return context, asked, failed


def walk(chromium: Browser, page: Path, theme: str) -> dict:
    """Open a deck, go through it, and return what was seen; no request left its folder."""
    context, asked, failed = cut_off(chromium)
    with context:
        tab = context.new_page()
        tab.goto(f"{page.as_uri()}?theme={theme}")
        tab.wait_for_selector("html[data-ready=shown]")
        found = tab.evaluate(WALK)
    assert failed == []
    inside = page.parent.as_uri()
    assert all(url.startswith((f"{inside}/", "data:")) for url in asked), asked
    assert len(asked) > 5
    return found


def speaker_faults(chromium: Browser, modules: Path, notes: list[str]) -> list[str]:
    """Return what cannot be read of notes in reveal.js's window for the speaker, at its size."""
    page = modules / "reveal.js" / "plugin" / "notes" / "speaker-view.html"
    tab = chromium.new_page(viewport={"width": 1100, "height": 700})
    tab.goto(page.as_uri())
    found = tab.evaluate(READ, notes)
    tab.close()
    return found


def test_notes_that_cannot_be_read_are_found(modules: Path, chromium: Browser) -> None:
    plain = "<div class='highlight'><pre style='white-space: nowrap'>x = 1\ny = 2" + " + 3" * 50
    small = "<p style='font-size: 10px'>small</p>"
    found = speaker_faults(chromium, modules, [plain, small, "<p>Say hello.</p>"])
    assert [fault[:1] for fault in found] == ["0", "0", "1"], found


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_a_deck_opens_without_a_network(
    path: Path, tmp_path: Path, modules: Path, chromium: Browser
) -> None:
    notebook = notebooks.read(path)
    theme = slides.THEMES[int(path.name[:2]) % 2]
    found = walk(chromium, slides.write(path, tmp_path, modules), theme)
    assert found["faults"] == []
    # A companion is shorter, and the reference page has two long tables.
    lesson = path.parent == notebooks.NOTEBOOKS
    assert found["steps"] >= found["slides"] == found["total"] > (20 if lesson else 5)
    assert found["scrolled"] <= (0.05 * found["slides"] if lesson else 2)
    assert found["smallest"] >= 20 and found["faintest"] >= 4.5
    assert (len(found["notes"]) > 2 or not lesson) and found["plugin"]
    assert speaker_faults(chromium, modules, found["notes"]) == []
    maths = sum("$" in c.source for c in notebook.cells if c.cell_type == "markdown")
    assert found["formulas"] >= maths
    others = [c for c in notebook.cells if notebooks.EXERCISE not in notebooks.tags(c)]
    listings = [
        output.get("data", {}).get("text/markdown", "")
        for cell in notebooks.code_cells(notebook)
        for output in cell.outputs
    ]
    told = "\n".join([*(cell.source for cell in others), *listings])
    for item in notebooks.exercises(notebook):
        told += notebooks.solution(item.solution.source).given
        inside = item.solution.source.partition(notebooks.BEGIN)[2].partition(notebooks.END)[0]
        for line in map(str.strip, inside.splitlines()):
            assert len(line) < 30 or line in told or line not in found["text"], line


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory, modules: Path) -> Path:
    return slides.write(notebooks.find(["02"])[0], tmp_path_factory.mktemp("deck"), modules)


def test_the_speaker_sees_the_notes(deck: Path, chromium: Browser) -> None:
    context, _, failed = cut_off(chromium)
    with context:
        tab = context.new_page()
        tab.goto(deck.as_uri())
        tab.wait_for_selector("html[data-ready=shown]")
        notes = tab.evaluate(
            """() => {
              const slide = document.querySelector(".slides aside.notes").closest("section");
              const { h, v } = Reveal.getIndices(slide);
              Reveal.slide(h, v);
              return slide.querySelector("aside.notes .jp-Cell").textContent.trim();
            }"""
        )
        with tab.expect_popup() as opened:
            tab.keyboard.press("s")
        speaker = opened.value
        shown = speaker.locator(".speaker-controls-notes .value")
        shown.get_by_text(notes.splitlines()[0][:40]).first.wait_for()
        for frame in speaker.frames[1:]:
            frame.wait_for_selector("html[data-ready=shown]")
        assert len(speaker.frames) == 3
        told = speaker.locator(".speaker-controls-notes .value").inner_html()
        assert "<style>" in told and speaker.evaluate(READ, [told]) == []
    assert failed == []


def test_a_hand_out_has_a_page_for_each_slide(deck: Path, chromium: Browser) -> None:
    slides.write_pdfs([deck], chromium)
    context, _, _ = cut_off(chromium)
    with context:
        tab = context.new_page()
        tab.goto(deck.as_uri())
        tab.wait_for_selector("html[data-ready=shown]")
        total = tab.evaluate("Reveal.getTotalSlides()")
        scrolled = tab.evaluate("Reveal.getSlides().filter((s) => s.matches('.scrolled')).length")
    printed = deck.with_name(f"{deck.parent.name}.pdf").read_bytes()
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", printed)
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert total <= len(pages) <= total + 2 * scrolled  # those that scroll go on, on more pages
    # 1280 by 720 px of 1/96 inch, in points.
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(960, 540)}
