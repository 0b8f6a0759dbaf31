"""The site: milliseconds from a click on a link until a lesson can be used, in Chromium.

python benchmarks/site_pages.py

Builds the site, serves it on this machine, and opens every lesson in a new browser context, so that
nothing is cached; the lessons take turns, five rounds. "Can be used": the page is laid out, its
formulas, questions and covered results stand, and an explorable on the first screen is mounted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import common

from course_tools import browser, notebooks
from course_tools.site.__main__ import build

ROUNDS = 5
USABLE = """async () => {
  const frame = () => new Promise((go) => requestAnimationFrame(go));
  const waiting = () => [...document.querySelectorAll(".explorable-here:not([data-mounted])")]
    .some((one) => one.getBoundingClientRect().top < innerHeight);
  await document.fonts.ready;
  while (waiting()) await frame();
  await frame();
  return performance.now();
}"""


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Open each lesson once a round: milliseconds from the start of the navigation."""
    lessons = [path.stem for path in notebooks.find() if path.parent.name != "deeper"]
    found: dict[str, list[float]] = {name: [] for name in lessons}
    with browser.served(folder) as address, browser.launched() as chromium:
        for _ in range(rounds):
            for name in lessons:
                with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
                    tab = context.new_page()
                    tab.goto(f"{address}/{name}.html", wait_until="domcontentloaded")
                    found[name].append(round(tab.evaluate(USABLE), 1))
    return found


def table(found: dict[str, Any]) -> str:
    """Return the table."""
    lines = ["| lesson | until it can be used, ms: median (smallest, largest) |", "|---|---:|"]
    for name, times in found["lessons"].items():
        middle = statistics.median(times)
        lines.append(f"| {name[:2]} | {middle:.0f} ({min(times):.0f}, {max(times):.0f}) |")
    return "\n".join(lines) + (
        f"\n\n{found['rounds']} rounds in turns, nothing cached, the server on the same machine. "
        f"Machine: {common.machine_words(found['machine'])}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="write the table into docs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if build(folder / "site", folder / "work"):
            raise SystemExit("the site was not built")
        lessons = measure(folder / "site", options.rounds)
    found = {
        "command": "python benchmarks/site_pages.py",
        "machine": common.machine("sphinx", "myst-nb", "playwright"),
        "rounds": options.rounds,
        "lessons": lessons,
    }
    out = common.ROOT / "benchmarks" / "site_pages.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = f"{table(found)} Command: `{found['command']}`. Every round: `benchmarks/{out.name}`."
    print(text)
    if options.write:
        common.write_table("site_pages", text)


if __name__ == "__main__":
    main()
