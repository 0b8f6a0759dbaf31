"""A page of feedback for each student: one HTML file that needs nothing else, in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from course_tools import markdown, notebooks
from course_tools.grading.gradebook import Gradebook, Graded, Row, messages
from course_tools.grading.submissions import Master
from course_tools.grading.tables import names

LONGEST = 2_000  # characters of a message
_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1.05rem/1.5 system-ui, sans-serif;
  color: #1a1a1a; background: #fff; }
table { width: 100%; border-collapse: collapse; margin: 0.5rem 0 2rem; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { border: 1px solid #767676; padding: 0.4rem 0.6rem; text-align: left; vertical-align: top; }
td.points { white-space: nowrap; }
td p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: #0b57a4; }
@media (max-width: 40rem) { th, td { padding: 0.3rem; } }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #161616; }
  a { color: #8ec5ff; }
}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Place:
    """Where an exercise stands: its title, and the section of the lesson before it."""

    title: str
    section: str


@cache
def lesson(path: Path) -> tuple[str, dict[str, Place]]:
    """Return the title of a notebook, and the place of each of its exercises."""
    notebook = notebooks.read(path)
    title, section, places = path.stem, "", {}
    items = {item.solution.id: item for item in notebooks.exercises(notebook)}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for level, text in markdown.headings(cell.source):
                title = text if level == 1 else title
                section = text if level == 2 else section
        elif cell.id in items:
            item = items[cell.id]
            places[item.number] = Place(item.title, section)
    return title, places


def page(row: Row, book: Gradebook, lessons: str = "") -> str:
    """Return the page of one student.

    Parameters
    ----------
    row : Row
    book : Gradebook
    lessons : str
        The address of the folder with the notebooks that students read; without it sections are
        named and not linked.
    """
    student = row.student
    points = sum(row.points.values())
    name = escape(_plain(student.name))
    body = [f"<h1>Feedback for {name}</h1>"]
    body.append(f"<p><strong>{points} of {book.maximum} points.</strong></p>")
    if row.late:
        body.append("<p>Handed in late.</p>")
    for one in row.others:
        if one.submission.master is None:
            told = f"{one.submission.path}: {one.submission.remark}"
            body.append(f"<p>Not graded: {escape(_plain(told))}.</p>")
    for master in book.masters:
        body += _lesson(master, row.kept.get(master.path.stem), lessons)
    title = f"Feedback for {name}, {points} of {book.maximum} points"
    return _PAGE.format(title=title, style=_STYLE, body="\n".join(body))


def _lesson(master: Master, one: Graded | None, lessons: str) -> Iterator[str]:
    title, places = lesson(master.path)
    yield f"<h2>{escape(title)}</h2>"
    if one is None:
        yield f"<p>Nothing was handed in: 0 of {master.maximum} points.</p>"
        return
    points = sum(one.points.values())
    path = escape(_plain(one.submission.path))
    yield f"<table><caption>{points} of {master.maximum} points for {path}</caption>"
    heads = ("Exercise", "Points", "What the check says", "Look at again")
    yield "<thead><tr>" + "".join(f'<th scope="col">{t}</th>' for t in heads) + "</tr></thead>"
    yield "<tbody>"
    said = messages(one)
    for task in master.tasks:
        place = places.get(task.number, Place("", ""))
        got = one.points.get(task.number, 0)
        solved = task.number not in said
        again = "" if solved else _section(master.path, place.section, lessons)
        message = "Solved." if solved else said[task.number]
        yield (
            f'<tr><th scope="row">{task.number} · {escape(place.title)}</th>'
            f'<td class="points">{got} of {task.points}</td>'
            f"<td><p>{escape(_plain(message))}</p></td><td>{again}</td></tr>"
        )
    yield "</tbody></table>"


def _section(path: Path, section: str, lessons: str) -> str:
    """Return the section before an exercise as a link, or as a text without an address."""
    if not section:
        return ""
    text = f"Section {section}" if section[:1].isdigit() else section
    if not lessons:
        return escape(text)
    file = f"{path.parent.name}/{path.name}" if path.parent.name == "deeper" else path.name
    anchor = quote(section.replace(" ", "-"))  # as Jupyter calls a heading
    address = escape(f"{lessons.rstrip('/')}/{quote(file)}#{anchor}")
    return f'<a href="{address}">{escape(text)}</a>'


def _plain(text: str) -> str:
    """Return a text of printable characters and line ends, cut to a length."""
    text = text.encode("utf-8", "replace").decode()
    text = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def archive(book: Gradebook, lessons: str = "") -> bytes:
    """Return the zip with a page for each student, ``ID.html``; the same pages give the same bytes.

    A student of the roster who has handed nothing in gets a page that says so.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, row in zip(names([r.student.id for r in book.rows]), book.rows, strict=True):
            info = zipfile.ZipInfo(f"{name}.html")  # its time is that of 1980
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, page(row, book, lessons).encode())
    return out.getvalue()
