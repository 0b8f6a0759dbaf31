"""Launch buttons: ``python -m course_tools.launch [--check] [--copies FOLDER]``.

One setting, ``repository = "owner/name"`` in pyproject's table ``[tool.word-vectors-course]``,
decides. While it is empty there are no buttons. Once it is set, the pages with the markers
``<!-- launch -->`` and ``<!-- /launch -->`` get the badges that open copies on Colab and Binder.

``--copies`` writes these copies: each student copy with a first cell that installs the course
where it is missing. They are generated and never committed beside the sources; a workflow
publishes them on the branch ``student``, in its folder ``launch/``.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course_lib
from course_tools import editions, markdown, notebooks
from course_tools.page import Page

BRANCH = "student"  # where the workflow publishes the copies
BEGIN, END = "<!-- launch -->", "<!-- /launch -->"
_BLOCK = re.compile(rf"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
_TARGET = re.compile(
    r"https?://(?:colab\.research\.google\.com/(?!assets/)|mybinder\.org/(?!badge))[^\s)>\"'`\]]*"
)
# The hosted machine has a Jupyter of its own; replacing that under a running kernel breaks it.
_JUPYTER = {"ipykernel", "ipython", "ipywidgets", "jupyter-client", "jupyterlab", "traitlets"}
_JUPYTER |= {"nbclient", "nbconvert", "nbformat", "nbval"}

# Notebook 00 holds every package against the list, Jupyter's too: not where others chose them.
OWN_MACHINE = {
    "versions": "(Left out in this copy: the first cell has installed the wanted versions, and "
    "the Jupyter packages are those of the hosted machine.)",
    "versions-check": "",
}

NOTE = """\
> **To be launched on a hosted machine.** Run the next cell first: where the course is missing it
> installs version {version}, which takes some minutes. If the page then asks for a restart, do
> that, and run all cells. Changes are kept only where you save a copy. This file is generated
> from [{name}]({source}).
"""


def repository(root: Path) -> str:
    """Return ``owner/name`` of the setting; empty where no button is to be drawn.

    Raises
    ------
    ValueError
        If the setting is anything else.
    """
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    found = settings.get("tool", {}).get("word-vectors-course", {}).get("repository", "")
    if not isinstance(found, str) or not re.fullmatch(r"([\w.-]+/[\w.-]+)?", found, re.ASCII):
        raise ValueError(f"repository = {found!r} in pyproject.toml; wanted 'owner/name' or ''")
    return found


def tag() -> str:
    """Return the tag under which this version is published."""
    return f"v{course_lib.__version__}"


def targets(name: str, repo: str) -> dict[str, str]:
    """Return where the buttons of a notebook lead, by the name of the host."""
    return {
        "Colab": f"https://colab.research.google.com/github/{repo}/blob/{BRANCH}/launch/{name}",
        "Binder": f"https://mybinder.org/v2/gh/{repo}/{BRANCH}?labpath=launch%2F{name}",
    }


def install_source(root: Path, repo: str) -> str:
    """Return the cell that installs the course, with the pins of constraints.txt.

    The course is installed as a checkout, since notebooks read files that stand beside course_lib.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    wanted -= _JUPYTER
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pins = [pin for pin in pins if canonicalize_name(pin.name) in wanted]
    chosen = sorted(f"{pin.name}{pin.specifier}" for pin in pins)
    rows = [" ".join(chosen[i : i + 4]) for i in range(0, len(chosen), 4)]
    listed = " \\\n        ".join(rows)
    name = project["name"]
    return f"""\
import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("course_lib") is None:
    %pip install --quiet \\
        {listed}
    %pip install --quiet --no-deps --src . \\
        --editable "git+https://github.com/{repo}@{tag()}#egg={name}"
    sys.path.insert(0, str(Path("{name}").resolve()))"""


def launch_copy(notebook: NotebookNode, name: str, siblings: set[str], root: Path) -> NotebookNode:
    """Return the student copy of a notebook, made to be launched.

    Parameters
    ----------
    notebook : NotebookNode
        The full one; it stays as it is.
    name : str
        Its file name.
    siblings : set of str
        The notebooks that have a copy too: links to them stay among the copies, all others lead to
        the repository.
    root : Path
        The project's folder.
    """
    repo = repository(root)
    page = f"https://github.com/{repo}/blob/{tag()}/"
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = markdown.replace_targets(
                cell.source, lambda target: _led(target, siblings, page)
            )
    notebook = editions.student(notebook, name, siblings)
    kept = (c for c in notebook.cells[1:] if OWN_MACHINE.get(c.id, c.id))
    notebook.cells = [_hosted(cell) for cell in kept]
    note = NOTE.format(version=course_lib.__version__, name=name, source=f"{page}notebooks/{name}")
    notebook.cells[:0] = [
        new_markdown_cell(note.strip(), id="launch-note"),
        new_code_cell(install_source(root, repo), id="launch-install"),
    ]
    return notebook


def _hosted(cell: NotebookNode) -> NotebookNode:
    text = OWN_MACHINE.get(cell.id)
    return new_markdown_cell(text, id=cell.id) if text else cell


def _led(target: str, siblings: set[str], page: str) -> str:
    """Return a link from ``notebooks/`` as it reads on a hosted machine."""
    inner = target.strip("<>")
    if re.match(r"#|[a-zA-Z][a-zA-Z0-9+.-]*:", inner) or inner.partition("#")[0] in siblings:
        return target
    parts: list[str] = ["notebooks"]
    for part in inner.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return page + "/".join(parts)


def copies(root: Path) -> dict[str, str]:
    """Return the text of every launch copy by file name; none while the setting is empty."""
    if not repository(root):
        return {}
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    names = {path.name for path in paths}
    made = {p.name: launch_copy(notebooks.read(p), p.name, names, root) for p in paths}
    return {name: notebooks.text_of(notebook) for name, notebook in made.items()}


def badges(root: Path) -> str:
    """Return what stands between the markers of a page; nothing while the setting is empty."""
    repo = repository(root)
    if not repo:
        return ""
    shields = {
        "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
        "Binder": "https://mybinder.org/badge_logo.svg",
    }
    rows = []
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        links = targets(path.name, repo)
        drawn = [f"[![{path.stem} on {host}]({shields[host]})]({links[host]})" for host in links]
        rows.append(f"| {path.stem} | {' | '.join(drawn)} |\n")
    return f"\n| open without installing | Colab | Binder |\n|---|---|---|\n{''.join(rows)}\n"


def pages(root: Path) -> list[Path]:
    """Return the pages on which badges may stand between markers."""
    return sorted([*root.glob("*.md"), *(root / "docs").glob("*.md")])


def drawn(text: str, block: str) -> str:
    """Return a page with what stands between its markers replaced."""
    return _BLOCK.sub(lambda _: block, text)


def generate(root: Path) -> int:
    """Draw the badges on the pages of a project; return how many pages were changed."""
    block, changed = badges(root), 0
    for path in pages(root):
        text = path.read_text(encoding="utf-8")
        if drawn(text, block) != text:
            notebooks.write_text(path, drawn(text, block))
            changed += 1
    return changed


def findings(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield page, place and what is wrong with the buttons."""
    try:
        repo, block = repository(root), badges(root)
    except ValueError as error:
        yield "pyproject.toml", "-", str(error)
        return
    for path in pages(root):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
        if text.count(BEGIN) != text.count(END) or len(_BLOCK.findall(text)) != text.count(BEGIN):
            yield name, "-", f"{BEGIN} and {END} do not stand in pairs, each on a line of its own"
            continue
        for found in _TARGET.findall(drawn(text, "")):
            yield name, "-", f"a button typed by hand: {found}; `make launch` draws them"
        for inside in _BLOCK.findall(text):
            wrong = list(_wrong_targets(inside, repo, root))
            for what in wrong:
                yield name, "-", what
            if inside != block and not wrong:
                yield name, "-", "the buttons have aged: run `make launch`"


def _wrong_targets(block: str, repo: str, root: Path) -> Iterator[str]:
    for found in _TARGET.findall(block):
        if not repo:
            yield f"a button, while no repository is set in pyproject.toml: {found}"
            continue
        name = re.split(r"/|%2F", found)[-1]
        if found not in targets(name, repo).values():
            yield f"a button that leads elsewhere than to {repo}, branch {BRANCH}: {found}"
        elif not (root / "notebooks" / name).is_file():
            yield f"a button for a notebook that is not there: {name}"


def typed_by_hand(page: Page) -> Iterator[tuple[str, str]]:
    """Expect no button in a notebook: none is generated there."""
    for cell in page.markdown():
        for found in _TARGET.findall(cell.source):
            yield cell.id, f"a button typed by hand: {found}"


RULES = (typed_by_hand,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if ``--check`` finds something, or the setting is wrong."""
    parser = argparse.ArgumentParser(prog="course_tools.launch", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    parser.add_argument("--copies", type=Path, help="write the copies that buttons open here")
    given = parser.parse_args(arguments)
    if given.check:
        found = list(findings(notebooks.ROOT))
        for page, _, what in found:
            print(f"{page}: {what}")
        return 1 if found else 0
    try:
        made = copies(notebooks.ROOT) if given.copies else {}
        for name, text in made.items():
            notebooks.write_text(given.copies / name, text)
        changed = generate(notebooks.ROOT)
        if not repository(notebooks.ROOT):
            print("No repository is set in pyproject.toml: no buttons, no launch copies.")
        else:
            print(f"{changed} pages with new buttons, {len(made)} copies written.")
    except (OSError, ValueError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
