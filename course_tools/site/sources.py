"""The folder that Sphinx builds the site from: one page for each notebook and document."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from babel import Locale
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from course_lib.explain import explorable
from course_tools import editions, launch, markdown, notebooks, slides, translations
from course_tools.site import pages

HERE = Path(__file__).parent
FIVE = "In five minutes"
EXPLORABLES = {  # in the order of the lessons: where it stands, and what it is
    "dense": "From one-hot to dense",
    "window": "A window over a sentence",
    "pull": "Pull and push",
    "counts": "From counts to GloVe",
    "pieces": "Pieces of words",
    "map": "A map of 5,000 words",
    "lstm": "Two directions",
    "mix": "The mix of layers",
}


class Sources:
    """Writes the sources of one language's site into a folder.

    The English site has all pages. That of another language has the notebooks that were
    translated, a first page, and links to the English pages for the rest.

    Parameters
    ----------
    folder : Path
        Emptied first.
    language : str
        ``"en"``, or one of ``translations.languages()``.
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder, self.language, self.root = folder, language, notebooks.ROOT
        self.repository = launch.repository(self.root)
        self.all = {_name(path): path for path in notebooks.find()}
        self.names = [name for name in self.all if language in _languages(name)]
        self.found: dict[str, tuple[str, str]] = {}  # of each explorable its page and its state

    def write(self) -> None:
        """Write everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.static()
        read = {name: self.read(name) for name in self.names}
        for name, notebook in read.items():
            self.lesson(name, notebook)
        if self.language == "en":
            lessons = [name for name in self.names if "/" not in name]
            route = self.short_route({name: read[name] for name in lessons})
            notebooks.write(self.folder / "short_route.ipynb", route)
            self.text("explorables.md", self.gallery())
            for path in self.docs():
                source = self.led(path.read_text("utf-8"), f"docs/{path.name}")
                self.text(f"docs/{path.name}", source)
            self.text("index.md", self.index(lessons))
            self.text("404.md", _NOT_FOUND)
        else:
            welcome = translations.FOLDER / self.language / "index.md"
            tree = _tree("", [name.removesuffix(".ipynb") for name in self.names], hidden=False)
            self.text("index.md", f"{self.led(welcome.read_text('utf-8'), 'README.md')}\n{tree}\n")

    def docs(self) -> list[Path]:
        """Return the pages around the course."""
        return sorted((self.root / "docs").glob("*.md"))

    def read(self, name: str) -> NotebookNode:
        """Return a notebook in the language of the site."""
        notebook = notebooks.read(self.all[name])
        if self.language == "en":
            return notebook
        catalog = translations.read(translations.path_of(self.all[name], self.language))
        return translations.translated(notebook, catalog)[0]

    def text(self, name: str, source: str) -> None:
        """Write a text file of the sources."""
        notebooks.write_text(self.folder / name, source)

    def static(self) -> None:
        """Write what pages load: scripts, styles, formulas, explorables and their states."""
        place = self.folder / "_static"
        shutil.copytree(HERE / "static", place)
        katex, unused = slides.fetch() / "katex", shutil.ignore_patterns("*.ttf", "*.woff")
        shutil.copytree(katex / "dist" / "fonts", place / "katex" / "fonts", ignore=unused)
        for file in (katex / "dist" / "katex.min.css", katex / "LICENSE"):
            shutil.copy(file, place / "katex")
        for name in EXPLORABLES:
            self.text(f"_static/explorables/{name}.js", classic(name))
            state = (explorable.SHIPPED / f"{name}.json").read_text("utf-8")
            self.text(
                f"_static/explorables/{name}.state.js",
                f"(window.courseStates ??= {{}})[{name!r}] = {state};\n",
            )

    def lesson(self, name: str, notebook: NotebookNode) -> None:
        """Write the page of a notebook, its pictures, and the student copy to download."""
        up = "../" * name.count("/")
        store = self._store(name.removesuffix(".ipynb"), up)
        made = pages.page(notebook, store, self.language)
        for cell in made.cells:
            if cell.cell_type == "markdown":
                cell.source = self.led(cell.source, f"notebooks/{name}")
                own = cell.metadata.get("course", {}).get("language", self.language)
                if own != self.language and not markdown.headings(cell.source):
                    cell.source = f'<div lang="{own}">\n\n{cell.source}\n\n</div>'
        self._note(made, name)
        if self.language == "en":
            copy = editions.student(notebook, name, list(self.all))
            notebooks.write(self.folder / "_static" / "copies" / name, copy)
        if sentence := _sentence(notebooks.read(self.all[name]), notebook):
            made.metadata["og:description"] = sentence
        made.cells.insert(1, new_markdown_cell(self.links(name, up), id="site-links"))
        notebooks.write(self.folder / name, made)

    def _store(self, stem: str, up: str) -> pages.Store:
        def store(name: str, contents: bytes) -> str:
            place = f"_static/figures/{stem}/{name}"
            (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / place).write_bytes(contents)
            return f"{up}{place}"

        return store

    def _note(self, made: NotebookNode, name: str) -> None:
        """Note the first place of each explorable, for the page that shows them all."""
        for cell in notebooks.code_cells(made):
            for output in cell.outputs:
                shown = output.get("data", {}).get("text/html", "")
                if match := re.search(r'explorable-here" data-name="(\w+)"', shown):
                    state = re.search(r"<script[^>]*>(.*?)</script>", shown, re.DOTALL)[1]
                    self.found.setdefault(match[1], (name, state))

    def links(self, name: str, up: str) -> str:
        """Return the line below a title: the copy to work on, where it opens, other languages."""
        home = up if self.language == "en" else f"../{up}"
        copy = "작업할 사본 (.ipynb)" if self.language == "ko" else "Your copy to work on (.ipynb)"
        found = [f'<a href="{home}_static/copies/{name}" download>{copy}</a>']
        if self.repository:
            for host, address in launch.targets(name, self.repository).items():
                found.append(f'<a href="{address}">{host}</a>')
        page = name.replace(".ipynb", ".html")
        for language in _languages(name):
            if language != self.language:
                place = f"{home}{'' if language == 'en' else f'{language}/'}{page}"
                said = Locale.parse(language).get_display_name(language)
                found.append(
                    f'<a href="{place}" lang="{language}" hreflang="{language}">{said}</a>'
                )
        return f'<nav class="course-links" aria-label="{copy}">{" · ".join(found)}</nav>'

    def led(self, source: str, here: str) -> str:
        """Return a text with its links led to pages of the site, or to the repository.

        Parameters
        ----------
        source : str
            Markdown.
        here : str
            Its file, from the root of the checkout.
        """
        parent = PurePosixPath(here).parent
        at = PurePosixPath(_page(here) or "").parent

        def change(target: str) -> str | None:
            split = urlsplit(target)
            if split.scheme or not split.path:
                return target
            place = os.path.normpath(parent / split.path).replace(os.sep, "/")
            page = _page(place) if (self.root / place).exists() else None
            if page is None:
                kind = "tree" if (self.root / place).is_dir() else "blob"
                address = f"https://github.com/{self.repository}/{kind}/main/{place}"
                return address if self.repository else None
            mark = f"#{split.fragment}" if split.fragment else ""
            if self.language != "en" and page not in self.names:
                page = f"../{PurePosixPath(page).with_suffix('.html')}"
            return os.path.relpath(page, at) + mark

        return pages.linked(source, change)

    def short_route(self, read: dict[str, NotebookNode]) -> NotebookNode:
        """Return the short route: of each lesson its first section, with its picture."""
        made = new_notebook(metadata=notebooks.METADATA)
        made.cells.append(new_markdown_cell(_SHORT, id="top"))
        for name, notebook in read.items():
            page = pages.page(notebook, self._store(name.removesuffix(".ipynb"), ""))
            title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
            inside = False
            for cell in page.cells:
                text = cell.source if cell.cell_type == "markdown" else ""
                told = [heading for level, heading in markdown.headings(text) if level <= 2]
                inside = told[-1] == FIVE if told else inside
                if not inside:
                    continue
                if text:
                    text = text.replace(f"## {FIVE}", f"## [{title}]({name})")
                    cell.source = self.led(text, f"notebooks/{name}")
                elif cell.cell_type == "code" and "mystnb" not in cell.metadata:
                    pages.fold(cell, "Show the code", "Hide the code")
                cell.id = f"{name[:2]}-{cell.id}"
                made.cells.append(cell)
        return made

    def gallery(self) -> str:
        """Return the page with all explorables."""
        parts = ["# Explorables\n\n" + _GALLERY]
        for name, title in EXPLORABLES.items():
            page, state = self.found[name]
            place = pages.live({"name": name, "state": json.loads(state)})
            lesson = page.rpartition("/")[2][:2]
            parts.append(f"## {title}\n\nFrom [lesson {lesson}]({page}).\n\n{place}\n")
        return "\n".join(parts)

    def index(self, lessons: list[str]) -> str:
        """Return the first page: the README, with links in its table, and the tree of pages."""
        source = (self.root / "README.md").read_text("utf-8")
        source = re.sub(r"<!-- launch -->.*?<!-- /launch -->\n*", "", source, flags=re.DOTALL)
        for name in lessons:
            row = re.compile(rf"^\| ({name[:2]} · [^|]+?) \|", re.MULTILINE)
            source = row.sub(rf"| [\1](notebooks/{name}) |", source)
        source = self.led(source, "README.md")
        deeper = [name for name in self.names if "/" in name]
        trees = {
            "Begin here": ["short_route", "explorables"],
            "Lessons": [name.removesuffix(".ipynb") for name in lessons],
            "Going deeper": [name.removesuffix(".ipynb") for name in deeper],
            "Around the course": [f"docs/{path.stem}" for path in self.docs()],
        }
        parts = [_tree(caption, names) for caption, names in trees.items()]
        return "\n".join([source.replace("\n## Start\n", f"\n{_BEGIN}\n## Start\n", 1), *parts])


def _name(path: Path) -> str:
    return path.relative_to(notebooks.NOTEBOOKS).as_posix()


def _languages(name: str) -> list[str]:
    """Return the languages that a notebook is to be read in."""
    path = notebooks.NOTEBOOKS / name
    others = (
        lang for lang in translations.languages() if translations.path_of(path, lang).exists()
    )
    return ["en", *others]


def _page(place: str) -> str | None:
    """Return the source that shows a file of the checkout; None where no page does."""
    if place == "README.md":
        return "index.md"
    if re.fullmatch(r"notebooks/(deeper/)?\d\d_\w+\.ipynb", place):
        return place.removeprefix("notebooks/")
    return place if re.fullmatch(r"docs/\w+\.md", place) else None


def _tree(caption: str, names: Iterable[str], hidden: bool = True) -> str:
    options = [":hidden:"] * hidden + [f":caption: {caption}"] * bool(caption)
    return "\n".join(["```{toctree}", *options, "", *names, "```", ""])


def classic(name: str) -> str:
    """Return the module of an explorable as a script that a page loads, from a folder too."""
    source = explorable.module(name)
    source = re.sub(r"^export default .*$", "", source, flags=re.MULTILINE)
    source = re.sub(r"^export ", "", source, flags=re.MULTILINE)
    return f"(() => {{\n{source}\n(window.courseExplorables ??= {{}})[{name!r}] = mount;\n}})();\n"


def _sentence(english: NotebookNode, shown: NotebookNode) -> str:
    """Return the one sentence of a lesson: in its opening the first paragraph that is all bold."""
    opening = [cell.id for cell in english.cells if cell.source.startswith(f"## {FIVE}")]
    texts = [cell.source for cell in shown.cells if cell.id in opening]
    bold = re.search(r"^\*\*(.+?)\*\*$", texts[0], re.MULTILINE) if texts else None
    return bold[1] if bold else ""


_SHORT = """\
# The short route

The first section of each lesson, *In five minutes*: its result in one picture, and its one
sentence. Who reads these fourteen knows the course. The title of each leads to the lesson.
"""
_GALLERY = """\
Eight drawings to move: by mouse, by touch, or by keyboard. Each computes what the library of the
course computes, in this page; tests hold their numbers against it.
"""
_BEGIN = """\
**On this site** every lesson stands with its results. Questions can be answered, and drawings
moved: begin with [the short route](short_route.ipynb), with [the explorables](explorables.md),
or with [the first lesson](00_start_here.ipynb).
"""
_NOT_FOUND = """\
---
orphan: true
---
# There is no such page

The address leads to nothing here. Perhaps the page was renamed: the lessons stand in the list
beside this text, on a phone behind the three lines at the top, and the search finds words in all
of them.
"""
