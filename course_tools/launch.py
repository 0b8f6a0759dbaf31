"""Launch buttons and links: ``python -m course_tools.launch``.

    --check                                    compare the buttons; write nothing
    --copies FOLDER [--ref REF] [--solved]     write what stands behind the buttons
    --hub URL                                  print a link for each copy on a JupyterHub

One setting, ``repository = "owner/name"`` in pyproject's table ``[tool.word-vectors-course]``,
decides. While it is empty there are no buttons. Once it is set, the pages with the markers
``<!-- launch -->`` and ``<!-- /launch -->`` get the badges that open copies on Colab and Binder.

``--copies`` writes what stands behind the buttons: in ``launch/`` each student copy with a first
cell that installs the course where it is missing, at the commit or tag ``--ref``, and the
``environment.yml`` that Binder builds. With ``--solved`` the solved notebooks stand beside them in
``solved/``, with the same first cell. They are generated and never committed beside the sources; a
workflow publishes the student copies on the branch ``student``.

``--hub`` prints the links that nbgitpuller answers (docs/jupyterhub.md).
"""

from __future__ import annotations

import argparse
import copy
import posixpath
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course_lib
from course_tools import editions, markdown, notebooks
from course_tools.page import Page

BRANCH, FOLDER = "student", "launch"  # where the workflow publishes the copies
SOLVED = "solved"  # the folder of the solved notebooks, on request
BEGIN, END = "<!-- launch -->", "<!-- /launch -->"
_BLOCK = re.compile(rf"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
_TARGET = re.compile(
    r"https?://(?:colab\.research\.google\.com/(?!assets/)|mybinder\.org/(?!badge))[^\s)>\"'`\]]*"
)
# The hosted machine has a Jupyter of its own; replacing that under a running kernel breaks it.
_JUPYTER = {"ipykernel", "ipython", "ipywidgets", "jupyter-client", "jupyterlab", "traitlets"}
_JUPYTER |= {"nbclient", "nbconvert", "nbformat", "nbval"}

# The reference page holds every package against the list: not where others chose Jupyter's.
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
    """Return the link targets of a notebook's buttons, by host."""
    path = quote(f"{FOLDER}/{name}")
    return {
        "Colab": f"https://colab.research.google.com/github/{repo}/blob/{BRANCH}/{path}",
        "Binder": f"https://mybinder.org/v2/gh/{repo}/{BRANCH}?labpath={quote(path, safe='')}",
    }


def hub_links(root: Path, hub: str) -> dict[str, str]:
    """Return the link of each copy that opens it on a JupyterHub with nbgitpuller.

    Parameters
    ----------
    root : Path
        The project's folder.
    hub : str
        The address of the hub, such as ``"https://hub.example.org"``.

    Raises
    ------
    ValueError
        If the address is none, or no repository is set.
    """
    parts, repo = urlsplit(hub), repository(root)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"--hub {hub}: wanted the address of a hub, as https://hub.example.org")
    if not repo:
        raise ValueError("no repository is set in pyproject.toml: there is nothing to pull from")
    # A folder of its own: a clone of the course itself may lie beside it.
    target = f"{repo.partition('/')[2]}-{BRANCH}"
    pull = {"repo": f"https://github.com/{repo}", "branch": BRANCH, "targetPath": target}
    start = f"{hub.rstrip('/')}/hub/user-redirect/git-pull?"
    return {
        name: start + urlencode({**pull, "urlpath": f"lab/tree/{target}/{FOLDER}/{name}"})
        for name in _paths(root)
    }


def environment(root: Path, ref: str) -> str:
    """Return the ``environment.yml`` of Binder: the course as a checkout, with pinned packages.

    Without the file Binder would take a Python of its own choice.
    """
    repo, name = repository(root), _project(root)["name"]
    pins = f"https://raw.githubusercontent.com/{repo}/{ref}/constraints.txt"
    return f"""\
dependencies:
  - python=3.12
  - pip
  - pip:
      - -c {pins}
      - -e git+https://github.com/{repo}@{ref}#egg={name}
"""


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def install_source(root: Path, ref: str) -> str:
    """Return the cell that installs the course, with the pins of constraints.txt.

    The course is installed as a checkout, since notebooks read files that stand beside course_lib.
    """
    repo, project = repository(root), _project(root)
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
        --editable "git+https://github.com/{repo}@{ref}#egg={name}"
    sys.path.insert(0, str(Path("{name}").resolve()))"""


def launch_copy(
    notebook: NotebookNode,
    name: str,
    siblings: Collection[str],
    root: Path,
    ref: str,
    *,
    solved: bool = False,
) -> NotebookNode:
    """Return a copy of a notebook, made to be launched: the student's, if not ``solved``.

    Parameters
    ----------
    notebook : NotebookNode
        The full one; it stays as it is.
    name : str
        Its path below ``notebooks/``.
    siblings : collection of str
        The notebooks that have a copy too: links to them stay among the copies, all others lead to
        the repository.
    root : Path
        The project's folder.
    ref : str
        The commit or tag that the copy belongs to.
    solved : bool
        Keep the solutions and the stored outputs.
    """
    repo = repository(root)
    page = f"https://github.com/{repo}/blob/{ref}/"
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = markdown.replace_targets(
                cell.source, lambda target: _hosted_link(target, name, siblings, page)
            )
    if not solved:
        notebook = editions.student(notebook, name, siblings)
        del notebook.cells[0]  # its note, for copies that stand in a checkout
    kept = (cell for cell in notebook.cells if OWN_MACHINE.get(cell.id, cell.id))
    notebook.cells = [_hosted(cell) for cell in kept]
    note = NOTE.format(version=course_lib.__version__, name=name, source=f"{page}notebooks/{name}")
    notebook.cells[:0] = [
        new_markdown_cell(note.strip(), id="launch-note"),
        new_code_cell(install_source(root, ref), id="launch-install"),
    ]
    return notebook


def _hosted(cell: NotebookNode) -> NotebookNode:
    text = OWN_MACHINE.get(cell.id)
    return new_markdown_cell(text, id=cell.id) if text else cell


def _hosted_link(target: str, name: str, siblings: Collection[str], page: str) -> str:
    """Rewrite a link of a notebook for a hosted machine."""
    inner = target.strip("<>")
    led = posixpath.normpath(posixpath.join(posixpath.dirname(name), inner.partition("#")[0]))
    if re.match(r"#|[a-zA-Z][a-zA-Z0-9+.-]*:", inner) or led in siblings:
        return target
    _, hash_, anchor = inner.partition("#")
    return page + posixpath.normpath(f"notebooks/{led}") + hash_ + anchor


def _paths(root: Path) -> dict[str, Path]:
    """Return every notebook by its path below ``notebooks/``."""
    folder = root / "notebooks"
    return {p.relative_to(folder).as_posix(): p for p in notebooks.find(folder=folder)}


def copies(root: Path, ref: str, *, solved: bool = False) -> dict[str, str]:
    """Return the text of every file behind the buttons; none while the setting is empty.

    The solved notebooks come in a folder of their own, where they are asked for.
    """
    if not repository(root):
        return {}
    paths = _paths(root)
    made = {
        f"{folder}/{name}": launch_copy(
            notebooks.read(path), name, paths, root, ref, solved=folder == SOLVED
        )
        for folder in ([FOLDER, SOLVED] if solved else [FOLDER])
        for name, path in paths.items()
    }
    files = {name: notebooks.text_of(notebook) for name, notebook in made.items()}
    return {**files, "environment.yml": environment(root, ref)}


def badges(root: Path) -> str:
    """Return the badges between the markers of a page; nothing while the setting is empty."""
    repo = repository(root)
    if not repo:
        return ""
    shields = {
        "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
        "Binder": "https://mybinder.org/badge_logo.svg",
    }
    rows = []
    for name, path in _paths(root).items():
        links = targets(name, repo)
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
        name = unquote(found).partition(f"{FOLDER}/")[2]
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
    parser = argparse.ArgumentParser(
        prog="course_tools.launch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    parser.add_argument("--copies", type=Path, help="write the copies that buttons open here")
    parser.add_argument("--ref", default=tag(), help="commit or tag that they install")
    parser.add_argument("--solved", action="store_true", help="the solved notebooks too")
    parser.add_argument("--hub", metavar="URL", help="print the links for this JupyterHub")
    given = parser.parse_args(arguments)
    if given.check:
        found = list(findings(notebooks.ROOT))
        for page, _, what in found:
            print(f"{page}: {what}")
        return 1 if found else 0
    try:
        if given.hub:
            print(*hub_links(notebooks.ROOT, given.hub).values(), sep="\n")
            return 0
        made = copies(notebooks.ROOT, given.ref, solved=given.solved) if given.copies else {}
        for name, text in made.items():
            notebooks.write_text(given.copies / name, text)
        changed = generate(notebooks.ROOT)
        if not repository(notebooks.ROOT):
            print("No repository is set in pyproject.toml: no buttons, no launch copies.")
        else:
            print(f"{changed} pages with new buttons, {len(made)} files written behind them.")
    except (OSError, ValueError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
