"""Make slides that need no network: ``python -m course_tools.slides [04] [--pdf]``.

Each notebook gives one folder, ``build/slides/04_negative_sampling/``; its ``index.html`` opens
in a browser by a double click. reveal.js, MathJax and the fonts lie beside it. They are fetched
once, by npm, exactly as ``deck/package-lock.json`` pins them. ``--pdf`` adds a hand-out with one
page for each slide.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbformat import NotebookNode

from course_tools import browser, notebooks, slides_plan

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DECK = Path(__file__).parent / "deck"
PACKAGES = notebooks.ROOT / "build" / "deck"
THEMES = ("light", "dark")

# What a deck takes from the packages: the file there, its place in the deck's folder.
FILES = {
    "reveal.js/dist/reveal.css": "reveal/dist/reveal.css",
    "reveal.js/dist/reveal.js": "reveal/dist/reveal.js",
    "reveal.js/plugin/notes/notes.js": "reveal/plugin/notes/notes.js",
    "reveal.js/LICENSE": "reveal/LICENSE",
    "mathjax/es5/tex-svg-full.js": "mathjax/tex-svg-full.js",  # formulas as pictures: no fonts
    "mathjax/LICENSE": "mathjax/LICENSE",
}
FONTS = {
    "source-sans-3": ("400.css", "400-italic.css", "700.css"),
    "inconsolata": ("400.css", "700.css"),  # narrow: 100 characters of code fit on a slide
}
# For what those two do not draw: Korean, small raised digits, emoji.
MORE_FONTS = {"noto-sans-kr": ("400.css",), "roboto": ("400.css",), "noto-emoji": ("400.css",)}
BEYOND = 0x2FF  # they are asked for characters above this one


def fetch(folder: Path = PACKAGES) -> Path:
    """Return the folder with the pinned packages; they are fetched unless they are there.

    Raises
    ------
    RuntimeError
        If npm is missing or fails.
    """
    lock = (DECK / "package-lock.json").read_text(encoding="utf-8")
    modules, seal = folder / "node_modules", folder / "complete"
    if seal.is_file() and seal.read_text(encoding="utf-8") == lock:
        return modules
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is needed once, for reveal.js, MathJax and fonts: install Node.js.")
    folder.mkdir(parents=True, exist_ok=True)
    seal.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(DECK / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"npm ci failed in {folder}:\n{done.stderr.strip()}")
    seal.write_text(lock, encoding="utf-8", newline="\n")
    return modules


def html(notebook: NotebookNode, *, theme: str = "light") -> str:
    """Return the page of a notebook's deck.

    Parameters
    ----------
    notebook : NotebookNode
        It stays as it is.
    theme : str
        ``"light"`` or ``"dark"``; ``?theme=`` in the address overrides it.
    """
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    exporter = SlidesExporter(
        template_name=DECK.name,
        extra_template_basedirs=[str(DECK.parent)],
        reveal_url_prefix="reveal",
        mathjax_url="mathjax/tex-svg-full.js",
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        config=Config(TagRemovePreprocessor={"remove_input_tags": {slides_plan.RESULT}}),
        exclude_anchor_links=True,
    )
    deck = {"theme": theme, "title": slides_plan.title(notebook)}
    page, _ = exporter.from_notebook_node(slides_plan.for_deck(notebook), {"deck": deck})
    return page


def font_faces(modules: Path, characters: set[int]) -> str:
    """Return the style sheet of the fonts, with those parts of them that a deck needs in it.

    Parameters
    ----------
    modules : Path
        The folder with the packages. Each font lies there in pieces, and says for each piece
        which characters it draws.
    characters : set of int
        The code points of the deck's text.
    """
    faces = []
    rare = {point for point in characters if point > BEYOND}
    for font, sheets in (FONTS | MORE_FONTS).items():
        folder = modules / "@fontsource" / font
        needed = characters if font in FONTS else rare
        for sheet in sheets:
            text = (folder / sheet).read_text(encoding="utf-8")
            for face in re.findall(r"@font-face\s*{.*?}", text, re.DOTALL):
                drawn = re.search(r"unicode-range:\s*([^;}]+)", face)
                if drawn and not _meets(drawn[1], needed):
                    continue
                file = re.search(r"url\(\./(files/[^)]+\.woff2)\)", face)[1]
                data = base64.b64encode((folder / file).read_bytes()).decode("ascii")
                source = f'src: url("data:font/woff2;base64,{data}") format("woff2");'
                faces.append(re.sub(r"src:[^;]+;", lambda _, s=source: s, face))
    return "\n".join(faces) + "\n"


def _meets(ranges: str, characters: set[int]) -> bool:
    for part in ranges.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        first, last = first.replace("?", "0"), (last or first).replace("?", "F")
        if any(int(first, 16) <= point <= int(last, 16) for point in characters):
            return True
    return False


def write(path: Path, output: Path, modules: Path, *, theme: str = "light") -> Path:
    """Write the deck of a notebook, a folder of its own in ``output``; return its page.

    A hand-out that lies there already stays.
    """
    page = html(notebooks.read(path), theme=theme)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output) as part:
        new = Path(part) / path.stem
        for source, place in FILES.items():
            (new / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / source, new / place)
        for name in ("deck.css", "deck.js"):
            shutil.copyfile(DECK / name, new / name)
        for font in FONTS | MORE_FONTS:
            license = modules / "@fontsource" / font / "LICENSE"
            shutil.copyfile(license, new / f"LICENSE-{font}")
        faces = font_faces(modules, {ord(character) for character in page})
        notebooks.write_text(new / "fonts.css", faces)
        notebooks.write_text(new / "index.html", page)
        hand_out = output / path.stem / f"{path.stem}.pdf"
        if hand_out.is_file():  # printed by an earlier call; the next --pdf renews it
            hand_out.replace(new / hand_out.name)
        shutil.rmtree(output / path.stem, ignore_errors=True)
        new.rename(output / path.stem)
    return output / path.stem / "index.html"


def write_pdfs(pages: Sequence[Path], chromium: Browser) -> None:
    """Print decks to PDF, a page for each slide, beside their ``index.html``."""
    for page in pages:
        tab = chromium.new_page()
        tab.goto(f"{page.resolve().as_uri()}?print-pdf&theme=light")
        tab.wait_for_selector("html[data-ready=print]", timeout=120_000)
        target = page.with_name(f"{page.parent.name}.pdf")
        tab.pdf(path=target, prefer_css_page_size=True, print_background=True)
        tab.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if something is missing or has aged, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.slides", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    parser.add_argument("--output", type=Path, default=notebooks.ROOT / "build" / "slides")
    parser.add_argument("--theme", choices=THEMES, default="light")
    parser.add_argument("--pdf", action="store_true", help="a hand-out too; needs a Chromium")
    given = parser.parse_args(arguments)
    try:
        paths = notebooks.find(given.notebooks)
    except FileNotFoundError as error:
        parser.error(str(error))
    try:
        modules = fetch()
        pages = [write(path, given.output, modules, theme=given.theme) for path in paths]
        if given.pdf:
            with browser.launched() as chromium:
                write_pdfs(pages, chromium)
    except (RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(pages)} {'deck' if len(pages) == 1 else 'decks'} in {given.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
