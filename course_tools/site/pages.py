"""A notebook as a page of the site: what it shows, folds and leaves out, and what can be moved."""

from __future__ import annotations

import base64
import copy
import html
import json
import re
import struct
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from course_exercises.predictions import ASKED, TOLD
from course_lib.explain import explorable
from course_tools import markdown
from course_tools.notebooks import CHECK, EXERCISE, FIGURE, NOTES, SETUP, VERIFY, solution, tags

LEFT_OUT = {NOTES, VERIFY, CHECK}  # tags of cells that a page lacks
# What stands folded: the words for it when it is closed and when it is open.
FOLDED = {
    "en": {
        SETUP: ("Show set-up", "Hide set-up"),
        EXERCISE: ("Show a solution", "Hide the solution"),
        FIGURE: ("Show the code of the figure", "Hide the code of the figure"),
    },
    "ko": {
        SETUP: ("준비 코드 보기", "준비 코드 접기"),
        EXERCISE: ("풀이 보기", "풀이 접기"),
        FIGURE: ("그림 코드 보기", "그림 코드 접기"),
    },
}
_DATA_PICTURE = re.compile(r'src="data:image/(png|gif);base64,([^"]+)"')
_FRAME_STYLE = re.compile(r"<style scoped>.*?</style>\n*", re.DOTALL)  # the theme has a style

Store = Callable[[str, bytes], str]  # file name, contents -> address as the page writes it


def page(notebook: NotebookNode, store: Store, language: str = "en") -> NotebookNode:
    """Return the copy of a notebook that its page is made from.

    Speaker's notes, assertions and checks are gone; set-up, solutions and the code of figures are
    folded. Pictures are files, a prediction is a question to answer, and its result stays covered
    until then. An explorable stands with its state, its picture is shown until it is mounted.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs; it stays as it is.
    store : callable
        Takes the name and the bytes of a file, returns its address as seen from the page.
    language : str
        Of the page; a notebook is translated by :mod:`course_tools.translations`.
    """
    made = copy.deepcopy(notebook)
    made.cells = []
    for cell in copy.deepcopy(notebook.cells):
        if LEFT_OUT & set(tags(cell)) or not cell.source.strip():
            continue
        if cell.cell_type == "code":
            cell = _code(cell, store, language)
        made.cells.append(cell)
    return made


def _code(cell: NotebookNode, store: Store, language: str) -> NotebookNode:
    asked = [_asked(cell, output) for output in cell.outputs]
    if any(asked):
        return new_markdown_cell("\n".join(filter(None, asked)), id=cell.id)
    cell.outputs = [new for old in cell.outputs for new in _outputs(old, cell.id, store)]
    if EXERCISE in tags(cell):
        cell.source = _solution(cell.source)
    for tag, words in FOLDED.get(language, FOLDED["en"]).items():
        if tag in tags(cell):
            fold(cell, *words)
    return cell


def fold(cell: NotebookNode, closed: str, opened: str) -> None:
    """Fold the code of a cell behind a line with these words."""
    cell.metadata["mystnb"] = {"code_prompt_show": closed, "code_prompt_hide": opened}
    cell.metadata["tags"] = [*tags(cell), "hide-input"]


def _solution(source: str) -> str:
    """Return a solution without its markers, and without the code that was given to change."""
    kept = source.split(f"{solution(source).indent}### END SOLUTION")[0]
    return "\n".join(line for line in kept.splitlines() if "### BEGIN SOLUTION" not in line)


def _asked(cell: NotebookNode, output: NotebookNode) -> str | None:
    """Return a prediction as a question that can be answered; None for any other output.

    Of each choice it has the text that the result will be, and the text that is shown, which may
    be a translation.
    """
    found = ASKED.fullmatch(output.get("data", {}).get("text/plain", ""))
    if not found:
        return None
    name, question, answers = found.groups()
    strings = cell.metadata.get("course", {}).get("strings", {})
    number = answers.startswith("a number of ")
    listed = [answers.removeprefix("a number of ")] if number else answers.split(" / ")
    shown = [strings.get(each, each) for each in listed]
    given = {"unit": shown[0]} if number else {"choices": list(zip(listed, shown, strict=True))}
    data = html.escape(json.dumps(given, ensure_ascii=False))
    return (
        f'<div class="prediction" data-name="{name}" data-answers="{data}">'
        f"<p>{html.escape(strings.get(question, question))}</p>"
        f'<p class="answers">{html.escape(" / ".join(shown))}</p></div>'
    )


def _outputs(output: NotebookNode, name: str, store: Store) -> list[NotebookNode]:
    if output.output_type == "stream":
        return _stream(output)
    data = output.get("data", {})
    if "image/png" in data:
        picture = base64.b64decode(data["image/png"])
        width, height = struct.unpack(">II", picture[16:24])
        alt = html.escape(output.metadata["image/png"]["alt"])
        place = store(f"{name}.png", picture)
        shown = f'<img src="{place}" alt="{alt}" width="{width}" height="{height}" loading="lazy">'
    elif "text/html" in data:

        def stored(found: re.Match[str]) -> str:
            return f'src="{store(f"{name}.{found[1]}", base64.b64decode(found[2]))}" loading="lazy"'

        shown = _FRAME_STYLE.sub("", _DATA_PICTURE.sub(stored, data["text/html"]))
    else:
        return [output]
    if explorable.MIME in data:
        shown = live(data[explorable.MIME], shown)
    return [new_output("display_data", data={"text/html": shown})]


def live(given: dict[str, Any], picture: str = "") -> str:
    """Return the place of an explorable: its name, its state, and the picture until it runs."""
    state = json.dumps(given["state"], ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="explorable-here" data-name="{given["name"]}">{picture}'
        f'<script type="application/json">{state}</script></div>'
    )


def _stream(output: NotebookNode) -> list[NotebookNode]:
    """Return what was printed, and the results of predictions in lines of their own."""
    results = TOLD.findall(output.text)
    rest = TOLD.sub("", output.text)
    made = [new_output("stream", name=output.name, text=rest)] if rest.strip() else []
    for name, result in results:
        shown = html.escape(result)
        text = (
            f'<p class="revealed" data-name="{name}" data-result="{shown}">'
            f"result: <strong>{shown}</strong></p>"
        )
        made.append(new_output("display_data", data={"text/html": text}))
    return made


def linked(source: str, change: Callable[[str], str | None]) -> str:
    """Return a text with its links led elsewhere; where ``change`` says None the words stay."""

    def led(found: re.Match[str]) -> str:
        place = change(found["target"].strip("<>"))
        if place is None:
            return found["text"]
        if place.endswith(".html") and "://" not in place:  # of another language, no source here
            return f'<a href="{place}">{found["text"]}</a>'
        return found[0].replace(f"({found['target']}", f"({place}", 1)

    return markdown.replace_links(source, led)
