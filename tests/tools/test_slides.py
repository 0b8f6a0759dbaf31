"""What goes onto which slide, and the metadata that say so. The browser has a test of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools import editions, notebooks, slides, slides_plan

COURSE = notebooks.find()


def text(cell_id: str, source: str, *tags: str):
    return new_markdown_cell(source, id=cell_id, metadata={"tags": list(tags)} if tags else {})


def code(cell_id: str, source: str, *tags: str, outputs=()):
    found = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, id=cell_id, metadata=found, outputs=list(outputs))


def prints(*lines: str):
    return new_output("stream", name="stdout", text="\n".join(lines))


def types(*cells) -> list[str]:
    """Return the slide type of each cell in the deck, ``"skip"`` for those that it lacks."""
    deck = slides_plan.for_deck(new_notebook(cells=list(cells)))
    found = {cell.id: cell.metadata["slideshow"]["slide_type"] for cell in deck.cells}
    return [found.get(cell.id, "skip") for cell in cells]


def test_a_section_begins_a_column_and_each_text_a_slide():
    assert types(
        text("header", "# 90 · Sample"),
        code("setup", "import os", "setup"),
        text("one", "## 1 · First\n\nWhy?"),
        code("short", "1 + 1", outputs=[prints("2")]),
        text("meaning", "So."),
        text("below", "### Not a section"),
        text("spoken", "Say hello.", "notes"),
        text("two", "## 2 · Second"),
    ) == ["slide", "skip", "slide", "-", "subslide", "subslide", "notes", "slide"]


@pytest.mark.parametrize(("lines", "wanted"), [(5, "-"), (15, "subslide")])
def test_code_joins_the_slide_above_where_both_fit(lines, wanted):
    above = text("one", "## 1 · First\n\n" + "A word. " * 40)
    assert types(above, code("c", "x = 1\n" * lines)) == ["slide", wanted]


def test_a_long_result_alone_goes_on_to_a_next_slide():
    above = text("one", "## 1 · First\n\n" + "A word. " * 40)
    long = code("c", "x", outputs=[prints(*"1" * 30)])
    assert types(above, long, code("d", "y = 1\nz = 2")) == ["slide", "-", "subslide"]


def test_a_figure_has_its_own_slide_or_a_short_text_above_it():
    picture = new_output("display_data", data={"image/png": "aGVsbG8="})
    drawn = code("draw", "plots.show(fig, alt='a')", "figure", outputs=[picture])
    long = "## 1 · First\n\n" + "A word. " * 80
    assert types(text("one", long), drawn, code("next", "x = 1"))[1:] == ["subslide", "subslide"]
    assert types(text("one", "## 1 · First"), drawn, code("next", "x = 1"))[1:] == ["-", "subslide"]


def test_of_a_result_the_code_is_the_speakers():
    long = "\n".join(f"x = {k}" for k in range(25))
    table = code("table", long, "result", outputs=[prints("1", "2")])
    deck = slides_plan.for_deck(new_notebook(cells=[text("one", "## 1"), table]))
    assert [cell.id for cell in deck.cells] == ["one", "table", "table-1"]
    assert types(text("one", "## 1"), table) == ["slide", "-"]
    assert deck.cells[1].outputs and deck.cells[2].source == f"```python\n{long}\n```"
    assert deck.cells[2].metadata["slideshow"]["slide_type"] == "notes"
    below = text("one", "## 1\n\n" + "A word. " * 130)
    rows = code("rows", "1", "result", outputs=[prints(*"1" * 12)])
    deck = slides_plan.for_deck(new_notebook(cells=[below, rows]))
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]
    assert kinds == ["slide", "subslide", "notes"]  # none of them empty


@pytest.mark.parametrize("tag", ["setup", "exercise", "check", "verify", "off-slide"])
def test_machinery_is_left_out(tag):
    found = types(text("one", "## 1"), code("c", "assert 1", tag), code("d", "1"))
    assert found == ["slide", "skip", "-"]


def test_a_folded_answer_takes_no_room():
    answer = "<details><summary>Answer</summary>\n\n" + "word " * 500 + "\n\n</details>"
    assert types(text("q", f"Why?\n\n{answer}"), code("c", "x = 1"))[1] == "-"


def test_what_the_speaker_sees_takes_no_room():
    spoken = text("n", "word " * 500, "notes")
    assert types(text("q", "Why?"), spoken, code("c", "x = 1")) == ["slide", "notes", "-"]


def test_a_late_cell_begins_a_slide_with_a_mark_and_a_note():
    long = "\n\n".join(["A word. " * 50] * 4)
    cells = [
        text("core", "Why?"),
        code("late", "x = 1", "late"),
        code("core-too", "y = 1"),
        text("long", long, "late"),
    ]
    deck = slides_plan.for_deck(new_notebook(cells=cells)).cells
    found = [(cell.id, cell.metadata["slideshow"].get("data", {}).get("skip")) for cell in deck]
    mark = slides_plan.SKIP
    assert found == [
        ("core", None),
        ("late", mark),
        ("late-late", None),
        ("core-too", None),
        ("long", mark),
        ("long-late", None),
        ("long-1", mark),
        ("long-1-late", None),
    ]
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in deck]
    assert kinds == ["slide", "subslide", "notes", "-", "subslide", "notes", "subslide", "notes"]
    page = slides.html(new_notebook(cells=cells))
    assert page.count('data-skip="skip if late"') == 3
    assert len(re.findall(r"<aside class=\"notes\">.*?Skip if late.*?</aside>", page, re.S)) == 3


def test_the_copy_for_a_deck(sample):
    before = notebooks.text_of(sample)
    copied = slides_plan.for_deck(sample)
    assert notebooks.text_of(sample) == before
    by_id = {cell.id: cell for cell in copied.cells}
    assert "91_next" not in by_id["header"].source
    assert by_id["header"].source.startswith("# 90 · Sample")
    assert not {"setup", "answer-1", "check-1", "process-verify"} & set(by_id)
    assert slides_plan.RESULT in notebooks.tags(by_id["figure"])
    assert by_id["figure-1"].source.endswith(f"```python\n{by_id['figure'].source}\n```")
    assert by_id["figure-1"].metadata["slideshow"] == {"slide_type": "notes"}
    headings = [(c.metadata["slideshow"].get("data") or {}).get("heading") for c in copied.cells]
    assert headings[:2] == [slides_plan.COURSE, "90 · Sample"]
    assert slides_plan.COURSE not in headings[1:]


def test_a_folded_answer_becomes_a_note():
    folded = "One?\n\n<details><summary>Answer</summary>\n\n*Yes*.\n\n</details>\n\n"
    notebook = new_notebook(cells=[text("quiz", f"## Quiz\n\n{folded}{folded.replace('O', 'N')}")])
    cells = slides_plan.for_deck(notebook).cells
    found = [(cell.metadata["slideshow"]["slide_type"], cell.source) for cell in cells]
    assert found == [
        ("slide", "## Quiz\n\nOne?"),
        ("notes", "**Answer**\n\n*Yes*."),
        ("-", "Nne?"),
        ("notes", "**Answer**\n\n*Yes*."),
    ]
    assert len({cell.id for cell in cells}) == 4
    page = slides.html(notebook)
    assert "<details" not in page
    assert (
        len(re.findall(r"<aside class=\"notes\">.*?<em>Yes</em>.*?</aside>", page, re.DOTALL)) == 2
    )


def shown(*cells) -> list[tuple[str, str]]:
    """Return type and source of each cell of a deck."""
    found = slides_plan.for_deck(new_notebook(cells=list(cells))).cells
    return [(cell.metadata["slideshow"]["slide_type"], cell.source) for cell in found]


def test_the_title_stands_alone_and_a_long_text_is_divided_between_paragraphs():
    words = ("A word. " * 50).strip()
    long = "\n\n".join(f"{k} {words}" for k in range(1, 6))
    found = shown(text("t", f"# Title\n\n{words}"), text("l", f"## 1\n\n{long}"))
    assert [kind for kind, _ in found] == ["slide", "subslide", "slide", "subslide"]
    assert found[0][1] == "# Title"
    assert "\n\n".join(source for _, source in found[2:]) == f"## 1\n\n{long}"


def test_a_fenced_block_stays_whole():
    fence = "```python\nx = 1\n\ny = 2\n```"
    assert slides_plan._pages(f"One.\n\n{fence}") == [f"One.\n\n{fence}"]


@pytest.mark.parametrize("head", ["", "| a | b |\n|---|---|\n"])
def test_a_long_table_or_list_is_divided_between_its_rows(head):
    rows = [f"| {k} | b |" if head else f"{k}. b\n   c" for k in range(1, 41)]
    parts = [source for _, source in shown(text("t", head + "\n".join(rows)))]
    assert len(parts) > 2
    assert all(part.startswith(head) for part in parts)
    assert "\n".join(part.removeprefix(head) for part in parts) == "\n".join(rows)


def test_results_that_do_not_fit_below_their_code_go_on():
    results = [prints(*str(k) * 8) for k in (1, 2, 3, 4)]
    notebook = new_notebook(cells=[code("c", "x\n" * 8, outputs=results)])
    cells = slides_plan.for_deck(notebook).cells
    assert [len(cell.outputs) for cell in cells] == [1, 2, 1]
    assert [slides_plan.RESULT in notebooks.tags(cell) for cell in cells] == [False, True, True]
    page = slides.html(notebook)
    assert page.count("jp-Cell-inputWrapper") == 1 and page.count("<pre>1") == 1


def test_a_long_listing_is_divided_at_an_empty_line():
    body = "\n".join(["x = 1"] * 15 + [""] + ["y = 2"] * 15)
    output = new_output(
        "display_data", data={"text/markdown": f"title\n```python\n{body}\n```\nend"}
    )
    cells = slides_plan.for_deck(new_notebook(cells=[code("c", "f", outputs=[output])])).cells
    parts = [one.data["text/markdown"] for cell in cells for one in cell.outputs]
    ones, twos = "\n".join(["x = 1"] * 15), "\n".join(["y = 2"] * 15)
    assert parts == [f"title\n```python\n{ones}\n```", f"```python\n\n{twos}\n```\nend"]


def test_of_a_docstring_the_first_line_is_shown():
    listing = (
        '```python\ndef f():\n    """Do it.\n\n    Returns\n    -------\n    """\n    return 1\n```'
    )
    output = new_output("display_data", data={"text/markdown": listing})
    notebook = new_notebook(cells=[code("c", "explain.show_source(f)", outputs=[output])])
    shown = slides_plan.for_deck(notebook).cells[0].outputs[0].data["text/markdown"]
    assert shown == '```python\ndef f():\n    """Do it. …"""\n    return 1\n```'


def test_the_page_holds_no_solution_and_no_outside_address(sample):
    page = slides.html(sample, theme="dark")
    assert "x + x" not in page and "SOLUTION" not in page and "check(" not in page
    assert "difficulty: ★☆☆" in page
    assert '<html data-theme="dark" lang="en">' in page
    assert "<title>90 · Sample</title>" in page
    loaded = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert loaded and all(not re.match(r"(https?:)?//", one) for one in loaded), loaded
    assert "import mermaid" not in page and "require(" not in page


def test_notes_are_an_aside(sample):
    sample.cells.insert(3, text("say", "Ask the *room*.", "notes"))
    page = slides.html(sample)
    copy = editions.student(sample, "90_sample.ipynb", set())
    assert "Ask the" not in notebooks.text_of(copy)
    aside = re.search(r"<aside class=\"notes\">(.*?)</aside>", page, re.DOTALL)
    assert aside and "Ask the <em>room</em>." in aside[1]


def test_pieces_of_fonts_are_taken_where_the_text_needs_them(tmp_path, monkeypatch):
    folder = tmp_path / "@fontsource" / "sans"
    (folder / "files").mkdir(parents=True)
    sheet = ""
    for name, drawn in (("latin", "U+0000-00FF,U+2190"), ("korean", "U+ac0?"), ("greek", "U+370")):
        (folder / "files" / f"{name}.woff2").write_bytes(name.encode())
        sheet += f"@font-face {{ src: url(./files/{name}.woff2) format('woff2'), "
        sheet += f"url(./files/{name}.woff) format('woff'); unicode-range: {drawn}; }}\n"
    (folder / "400.css").write_text(sheet, encoding="utf-8")
    text = {ord("a"), ord("가")}
    monkeypatch.setattr(slides, "FONTS", {"sans": ("400.css",)})
    monkeypatch.setattr(slides, "MORE_FONTS", {})
    faces = slides.font_faces(tmp_path, text)
    assert faces.count("@font-face") == 2 and "./files" not in faces and ".woff)" not in faces
    assert "370" not in faces
    monkeypatch.setattr(slides, "MORE_FONTS", slides.FONTS)
    monkeypatch.setattr(slides, "FONTS", {})
    assert re.findall("U[^;]+", slides.font_faces(tmp_path, text)) == ["U+ac0?"]


def test_the_lock_pins_every_package_and_names_no_registry():
    wanted = json.loads((slides.DECK / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = (slides.DECK / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert {f"node_modules/{name}" for name in wanted} == set(packages)
    assert re.fullmatch(r"5\.2\.\d+", wanted["reveal.js"])
    for name, package in packages.items():
        assert package["version"] == wanted[name.removeprefix("node_modules/")]
        assert package["integrity"].startswith("sha512-")
    assert '"resolved"' not in lock


def test_a_missing_npm_is_told(tmp_path, monkeypatch, capsys, sample, course):
    monkeypatch.setattr(slides.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"npm is needed once.*install Node\.js"):
        slides.fetch(tmp_path / "deck")


def test_a_wrong_call(capsys):
    with pytest.raises(SystemExit) as stopped:
        slides.main(["99"])
    assert stopped.value.code == 2
    assert "no notebook '99'" in capsys.readouterr().err


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_every_notebook_becomes_columns_of_slides(path: Path):
    notebook = notebooks.read(path)
    deck = slides_plan.for_deck(notebook)
    shown = {cell.id for cell in deck.cells}
    assert len(shown) == len(deck.cells)
    for cell in notebook.cells:
        solves = {"setup", "exercise", "check", "verify"} & set(notebooks.tags(cell))
        assert not (solves and cell.id in shown), cell.id
    sections = sum(bool(re.match(r"## ", c.source)) for c in notebook.cells)
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]
    assert kinds.count("slide") >= sections >= (2 if path.parent.name == "deeper" else 5)
    for solution in (item.solution.source for item in notebooks.exercises(notebook)):
        assert slides_plan.is_skipped(code("x", solution, "exercise"))
