"""Translations of the notebooks: ``python -m course_tools.translations update|status|check``.

``notebooks/translations/ko/02_cbow.po`` holds lesson 02 in Korean, as a catalogue of gettext that
any editor of such files opens. A message is a markdown cell, and its context (msgctxt) the id of
that cell, so a translation stays with its cell wherever that moves. Where the English text has
changed, the message is fuzzy and keeps the earlier text; readers then get the English.

``update`` brings the catalogues up to date with their notebooks; ``--all``, or the number of a
notebook, creates those that are not there. ``check`` fails where ``update`` would change a file.
"""

from __future__ import annotations

import argparse
import ast
import copy
import html
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polib
from nbformat import NotebookNode

from course_tools import assignments, notebooks

FOLDER = notebooks.NOTEBOOKS / "translations"

# A message too: it stands above a cell whose translation is stale.
NOTICE = (":stale", "The translation of this part is out of date. Here is the English text.")


class Report(NamedTuple):
    """The contexts of a notebook's messages, by what a reader of the translation gets."""

    translated: list[str]
    stale: list[str]  # translated once, and the English text has changed since
    missing: list[str]


def messages(notebook: NotebookNode) -> dict[str, str]:
    """Return what is to be translated: the English text by its context, in order.

    The context of a markdown cell is its id. Strings of a code cell have the id and what they
    are: ``windows-guess:question``, ``:unit``, ``:choice-1`` of a prediction, and ``:alt`` of a
    figure. Strings that code computes are left out, as are cells that no reader sees.
    """
    found: dict[str, str] = {}
    for cell in notebook.cells:
        if assignments.LEFT_OUT & set(notebooks.tags(cell)):
            continue
        if cell.cell_type == "code":
            found |= {f"{cell.id}:{name}": text for name, text in _strings(cell.source)}
        elif cell.source:
            found[cell.id] = cell.source
    return found | dict([NOTICE])


def _strings(source: str) -> Iterator[tuple[str, str]]:
    """Yield the strings in code that a reader reads, each with a name."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        parts: list[tuple[str, ast.expr | None]] = [("alt", given.get("alt"))]
        if isinstance(call.func, ast.Name) and call.func.id == "predict":
            parts += [("question", call.args[1]), ("unit", given.get("number"))]
            choices = getattr(given.get("choices"), "elts", [])
            parts += [(f"choice-{number}", choice) for number, choice in enumerate(choices, 1)]
        for name, node in parts:
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and any(map(str.isalpha, text)):
                yield name, text


def read(path: Path) -> polib.POFile:
    """Read a catalogue; an empty one of the folder's language where there is no file.

    Raises
    ------
    ValueError
        If the file is no catalogue, or two messages have the same context.
    """
    if not path.is_file():
        catalog = polib.POFile(wrapwidth=0)
        language = path.relative_to(FOLDER).parts[0] if path.is_relative_to(FOLDER) else ""
        catalog.metadata = {
            "Language": language,
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Transfer-Encoding": "8bit",
        }
        return catalog
    try:
        catalog = polib.pofile(str(path), encoding="utf-8", wrapwidth=0)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} is no catalogue of gettext: {error}") from error
    contexts = [entry.msgctxt for entry in catalog if not entry.obsolete]
    twice = sorted({str(context) for context in contexts if contexts.count(context) > 1})
    if twice:
        raise ValueError(f"{path.name}: more than one message for {', '.join(twice)}; keep one.")
    return catalog


def update(notebook: NotebookNode, catalog: polib.POFile) -> None:
    """Bring a catalogue up to date with its notebook, in place.

    A message whose English text has changed becomes fuzzy. It keeps its translation, and beside
    it the text that was translated; it is valid again if that text comes back. A message whose
    cell is gone becomes obsolete, with its translation; a new cell gives an empty message.
    """
    earlier: dict[str, polib.POEntry] = {}
    for entry in sorted(catalog, key=lambda entry: not entry.obsolete):  # one in use comes last
        earlier[entry.msgctxt] = entry
    entries = []
    for context, english in messages(notebook).items():
        entry = earlier.pop(context, None) or polib.POEntry(msgctxt=context, msgid=english)
        entry.obsolete = False
        before = (entry.fuzzy and entry.previous_msgid) or entry.msgid  # what was translated
        if entry.msgstr and entry.msgid != english:
            entry.fuzzy = before != english
        entry.previous_msgid = before if entry.fuzzy and before != english else None
        entry.msgid = english
        entries.append(entry)
    for entry in earlier.values():
        if entry.msgstr:
            entry.obsolete = True
            entries.append(entry)
    catalog[:] = entries


def translated(notebook: NotebookNode, catalog: polib.POFile) -> tuple[NotebookNode, Report]:
    """Return a copy of a notebook with what is translated, and what became of each message.

    Code stays as it is. Where a translation is missing the English text stays; where it is
    stale a notice in the catalogue's language stands above it. ``metadata.course`` of a cell says
    for the page: ``language``, of a markdown cell's text, and ``strings``, the translations
    of a code cell's strings by the English ones. The descriptions of stored figures are translated.
    The catalogue need not be up to date: what was translated from another text counts as stale.
    """
    notebook = copy.deepcopy(notebook)
    language = catalog.metadata["Language"]
    entries = {entry.msgctxt: entry for entry in catalog if not entry.obsolete}
    report = Report([], [], [])
    texts: dict[str, str] = {}
    english = messages(notebook)
    for context, text in english.items():
        entry = entries.get(context)
        if entry is None or not entry.msgstr.strip():
            report.missing.append(context)
        elif entry.fuzzy or entry.msgid != text:
            report.stale.append(context)
        else:
            report.translated.append(context)
            texts[context] = entry.msgstr
    for cell in notebook.cells:
        course = cell.metadata.setdefault("course", {})
        if cell.cell_type == "code":
            mine = [context for context in texts if context.startswith(f"{cell.id}:")]
            course["strings"] = {english[context]: texts[context] for context in mine}
            _describe(cell, course["strings"])
            continue
        course["language"] = language if cell.id in texts else "en"
        if cell.id in texts:
            cell.source = texts[cell.id]
        elif cell.id in report.stale:
            title, rest = re.match(r"(#[^\n]*|)\n*(.*)", cell.source, re.DOTALL).groups()
            told = f'<blockquote lang="{language}">{html.escape(texts.get(*NOTICE))}</blockquote>'
            cell.source = "\n\n".join(filter(None, [title, told, rest]))
    return notebook, report


def _describe(cell: NotebookNode, strings: dict[str, str]) -> None:
    """Put the translated descriptions of figures into the stored outputs."""
    for output in cell.outputs:
        data, picture = output.get("data", {}), output.get("metadata", {}).get("image/png", {})
        for text, said in strings.items():
            if picture.get("alt") == text:
                picture["alt"] = said
            if "text/html" in data:
                old, new = (f'alt="{html.escape(one)}"' for one in (text, said))
                data["text/html"] = data["text/html"].replace(old, new)


def path_of(notebook: Path, language: str) -> Path:
    """Return where the catalogue of a notebook lies, whether it is there or not."""
    return FOLDER / language / notebook.relative_to(notebooks.NOTEBOOKS).with_suffix(".po")


def languages() -> list[str]:
    """Return the languages that have been begun."""
    return sorted(path.name for path in FOLDER.glob("*") if path.is_dir())


def refreshed(path: Path, language: str) -> str:
    """Return the text that the catalogue of a notebook ought to have."""
    catalog = read(path_of(path, language))
    update(notebooks.read(path), catalog)
    return str(catalog)


def findings(chosen: Sequence[str]) -> list[str]:
    """Return what is wrong with the catalogues that exist, in the languages chosen."""
    found = []
    for language in chosen:
        files = {path_of(path, language): path for path in notebooks.find()}
        for file in sorted((FOLDER / language).rglob("*.po")):
            name = file.relative_to(FOLDER).as_posix()
            if file not in files:
                found.append(f"{name}: there is no such notebook; delete or rename the catalogue.")
            elif file.read_text(encoding="utf-8") != refreshed(files[file], language):
                said = "is behind its notebook or laid out otherwise; run `make translations`."
                found.append(f"{name}: {said}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if a catalogue is wrong or behind, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.translations", description=__doc__)
    parser.add_argument("command", choices=("update", "status", "check"))
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    parser.add_argument("--language", help="such as ko; without it all that have been begun")
    parser.add_argument("--all", action="store_true", help="create what is not there")
    given = parser.parse_intermixed_args(arguments)
    chosen = [given.language] if given.language else languages()
    try:
        paths = notebooks.find(given.notebooks)
        if given.command == "check":
            found = findings(chosen)
            print(*found, f"{len(found)} findings in the translations.", sep="\n")
            return 1 if found else 0
        print(f"{'':50} translated  stale  missing")
        for file, path in ((path_of(path, lang), path) for lang in chosen for path in paths):
            language, name = file.relative_to(FOLDER).as_posix().split("/", 1)
            if given.command == "update":
                if not (file.exists() or given.all or given.notebooks):
                    continue
                notebooks.write_text(file, refreshed(path, language))
            _, report = translated(notebooks.read(path), read(file))
            print("{:50} {:10}  {:5}  {:7}".format(f"{language}/{name}", *map(len, report)))
    except (ValueError, FileNotFoundError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
