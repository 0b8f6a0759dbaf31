"""The explorer: milliseconds from Enter in the search box to the redrawn picture, in Chromium.

python benchmarks/explorer.py
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import common
import numpy as np

from course_lib.projector import Explorer
from course_lib.vectors import WordVectors

sys.path.insert(0, str(common.ROOT / "tests"))
import lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

WORDS, SIZE, CENTERS, SEARCHES = 20_000, 100, 40, 25

# Sets window.redrawn to the milliseconds between the key and the frame that shows the names of the
# neighbours; readPixels waits until the graphics process has drawn all there is to draw.
WATCH = """
([number, word]) => {
  const plot = document.querySelectorAll(".js-plotly-plot")[number];
  window.redrawn = null;
  window.addEventListener("keydown", (event) => { window.pressed = event.timeStamp; },
                          {capture: true, once: true});
  const look = () => {
    const name = plot.querySelector(".explorer-marks text[font-weight=bold]");
    if (name?.textContent !== word) return requestAnimationFrame(look);
    for (const canvas of plot.querySelectorAll("canvas")) {
      const gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
      if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    }
    requestAnimationFrame(() => { window.redrawn = performance.now() - window.pressed; });
  };
  requestAnimationFrame(look);
}
"""


def vectors() -> WordVectors:
    """Return 20,000 random vectors around 40 centres; word i is w followed by i."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(CENTERS, SIZE))
    matrix = middles[rng.integers(CENTERS, size=WORDS)] + rng.normal(size=(WORDS, SIZE))
    counts = (1e6 / np.arange(1, WORDS + 1)).astype(int) + 1
    return WordVectors([f"w{i}" for i in range(WORDS)], matrix, counts=counts)


def kernel(words: list[str]) -> dict[str, list[float]]:
    """Measure the search alone, without a browser: milliseconds for each word."""
    found = {}
    for dimensions in (2, 3):
        explorer = Explorer(vectors(), dimensions=dimensions)
        times = []
        for word in words:
            start = time.perf_counter()
            explorer.search(word)
            times.append(round((time.perf_counter() - start) * 1000, 1))
        found[f"{dimensions}-D"] = times
    return found


def browser(words: list[str]) -> dict[str, list[float]]:
    """Measure from the key to the redrawn picture in JupyterLab: milliseconds for each word."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = f"import sys; sys.path.insert(0, {str(common.ROOT / 'benchmarks')!r})\n"
        source += "import explorer; explorer.Explorer(explorer.vectors())"
        lab.write_notebook(folder / "explorer.ipynb", source)
        with lab.server(folder) as address, lab.page() as (tab, _):
            lab.run_all(tab, address.format("explorer.ipynb"))
            for number, dimensions in enumerate((2, 3)):
                tab.get_by_role("button", name=f"{dimensions}-D").click()
                tab.locator(".js-plotly-plot").nth(number).wait_for()
                time.sleep(5)  # the first drawing is not what is measured
                found[f"{dimensions}-D"] = [_redraw(tab, number, word) for word in words]
    return found


def _redraw(tab: Page, number: int, word: str) -> float:
    box = tab.get_by_label("Search words")
    box.fill(word)
    tab.evaluate(WATCH, [number, word])
    box.press("Enter")
    tab.wait_for_function("window.redrawn !== null")
    time.sleep(0.5)  # nothing of this search may run into the next
    return round(tab.evaluate("window.redrawn"), 1)


def table(found: dict[str, Any]) -> str:
    """Return the table."""
    lines = [
        "| picture | Enter to redrawn picture, ms: median (smallest, largest) | of it the kernel |",
        "|---|---:|---:|",
    ]
    for picture, times in found["redraw"].items():
        middle, kernel_middle = map(statistics.median, (times, found["kernel"][picture]))
        lines.append(
            f"| {picture} | {middle:.0f} ({min(times):.0f}, {max(times):.0f}) "
            f"| {kernel_middle:.0f} |"
        )
    return "\n".join(lines) + (
        f"\n\n{WORDS:,} random words x {SIZE} dimensions, {found['searches']} searches each, PCA, "
        f"JupyterLab in headless Chromium without a graphics card (SwiftShader). "
        f"Machine: {common.machine_words(found['machine'])}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--searches", type=int, default=SEARCHES)
    parser.add_argument("--write", action="store_true", help="write the table into docs")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in rng.choice(WORDS, options.searches, replace=False)]
    found = {
        "command": "python benchmarks/explorer.py",
        "machine": common.machine("plotly", "anywidget", "jupyterlab", "playwright"),
        "words": WORDS,
        "dimensions": SIZE,
        "searches": options.searches,
        "kernel": kernel(words),
        "redraw": browser(words),
    }
    out = common.ROOT / "benchmarks" / "explorer.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = f"{table(found)} Command: `{found['command']}`. Every search: `benchmarks/{out.name}`."
    print(text)
    if options.write:
        common.write_table("explorer", text)


if __name__ == "__main__":
    main()
