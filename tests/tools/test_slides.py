"""What goes onto which slide, and the metadata that say so. The browser has a test of its own."""

from __future__ import annotations

import ast
import base64
import html
import json
import re
import struct
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools import editions, kit, notebooks, slides, slides_plan

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


def test_a_section_begins_a_column_and_a_text_joins_where_it_fits():
    assert types(
        text("header", "# 90 · Sample"),
        code("setup", "import os", "setup"),
        text("one", "## 1 · First\n\nWhy?"),
        code("short", "1 + 1", outputs=[prints("2")]),
        text("meaning", "So."),
        text("long", "A word. " * 60),
        text("below", "### Not a section"),
        text("spoken", "Say hello.", "notes"),
        text("two", "## 2 · Second"),
    ) == ["slide", "skip", "slide", "-", "-", "subslide", "subslide", "notes", "slide"]


@pytest.mark.parametrize(("lines", "wanted"), [(5, "-"), (15, "subslide")])
def test_code_joins_the_slide_above_where_both_fit(lines, wanted):
    above = text("one", "## 1 · First\n\n" + "A word. " * 40)
    assert types(above, code("c", "x = 1\n" * lines)) == ["slide", wanted]


def test_a_long_result_alone_goes_on_to_a_next_slide():
    above = text("one", "## 1 · First\n\n" + "A word. " * 40)
    long = code("c", "x", outputs=[prints(*"1" * 30)])
    assert types(above, long, code("d", "y = 1\nz = 2")) == ["slide", "-", "subslide"]


def drawn(width: int, height: int, size: float):
    """Return a figure's cell; its text has this size where it fills a slide."""
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">2I", width, height)
    data = {"image/png": base64.b64encode(header).decode()}
    about = {"image/png": {"alt": "a", "text": size}}
    output = new_output("display_data", data=data, metadata=about)
    return code("draw", "plots.show(fig, alt='a')", "figure", outputs=[output])


@pytest.mark.parametrize(
    ("size", "lines", "wanted"),
    [
        ((700, 400, 20), 1, "subslide"),  # it fills the slide, and its text may not be smaller
        ((700, 400, 30), 1, "-"),  # two thirds of the slide are enough
        ((700, 400, 30), 6, "subslide"),
        ((1200, 300, 20), 5, "-"),  # wide: half of the slide is free
        ((1200, 300, 20), 6, "subslide"),
    ],
)
def test_a_figure_has_text_above_it_where_its_own_stays_readable(size, lines, wanted):
    above = text("one", "\n\n".join(["So it is."] * lines))
    found = types(above, drawn(*size), text("after", "So."))
    assert found == ["slide", wanted, "subslide"]


def test_of_a_result_the_code_is_the_speakers():
    long = "\n".join(f"x = {k}" for k in range(25))
    table = code("table", long, "result", outputs=[prints("1", "2")])
    deck = slides_plan.for_deck(new_notebook(cells=[text("one", "## 1"), table]))
    assert [cell.id for cell in deck.cells] == ["one", "table", "table-1"]
    assert types(text("one", "## 1"), table) == ["slide", "-"]
    assert deck.cells[1].outputs and long.replace("\n", "&#10;") in deck.cells[2].source
    assert deck.cells[2].metadata["slideshow"]["slide_type"] == "notes"
    below = text("one", "## 1\n\n" + "A word. " * 130)
    rows = code("rows", "1", "result", outputs=[prints(*"1" * 12)])
    deck = slides_plan.for_deck(new_notebook(cells=[below, rows]))
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]
    assert kinds == ["slide", "subslide", "notes"]  # none of them empty


@pytest.mark.parametrize("tag", ["setup", "check", "verify", "off-slide"])
def test_machinery_is_left_out(tag):
    found = types(text("one", "## 1"), code("c", "assert 1", tag), code("d", "1"))
    assert found == ["slide", "skip", "-"]


def test_a_folded_answer_takes_no_room():
    answer = "<details><summary>Answer</summary>\n\n" + "word " * 500 + "\n\n</details>"
    assert types(text("q", f"Why?\n\n{answer}"), code("c", "x = 1"))[1] == "-"


def test_a_note_stands_on_the_first_slide_of_a_divided_text():
    words = ("A word. " * 50).strip()
    long = text("l", "## 1\n\n" + "\n\n".join(f"{k} {words}" for k in range(1, 6)))
    notes = text("n", "Say it.", "notes"), text("m", "Ask.", "notes")
    deck = slides_plan.for_deck(new_notebook(cells=[long, *notes, code("c", "x = 1")]))
    assert [cell.id for cell in deck.cells] == ["l", "n", "m", "l-1", "c"]


def test_an_exercise_that_is_off_the_slides_leaves_no_signature():
    task = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    cells = [
        text("one", "## 1"),
        text("e", "### Exercise", "off-slide"),
        code("s", task, "exercise"),
    ]
    assert [cell.id for cell in slides_plan.for_deck(new_notebook(cells=cells)).cells] == ["one"]


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
    code_of_figure = html.escape(by_id["figure"].source)
    assert by_id["figure-1"].source.endswith(f"<pre>{code_of_figure}</pre></details>")
    assert by_id["figure-1"].metadata["slideshow"] == {"slide_type": "notes"}
    headings = [(c.metadata["slideshow"].get("data") or {}).get("heading") for c in copied.cells]
    assert headings[0] == slides_plan.COURSE and slides_plan.COURSE not in headings[1:]
    assert not {"recap", "references"} & set(by_id)
    assert '    """Return x times 2."""' in by_id["answer-1-signature"].source
    assert "BEGIN" not in by_id["answer-1-signature"].source


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


def test_the_title_has_the_goals_and_a_long_text_is_divided_between_paragraphs():
    words = ("A word. " * 50).strip()
    long = "\n\n".join(f"{k} {words}" for k in range(1, 6))
    header = f"# Title\n\n**You will be able to**\n\n- {words}"
    needed = "**You need**: time\n\n**Data**: none"
    found = shown(text("t", f"{header}\n\n{needed}"), text("l", f"## 1\n\n{long}"))
    assert [kind for kind, _ in found] == ["slide", "notes", "slide", "subslide"]
    assert found[0][1] == header and found[1][1] == needed
    assert "\n\n".join(source for _, source in found[2:]) == f"## 1\n\n{long}"


def asked(cell_id: str, name: str, question: str, choices: str):
    said = f"Your prediction {name}: {question}\n  {choices}"
    output = new_output("execute_result", data={"text/plain": said}, execution_count=1)
    return code(cell_id, f"predict({name!r}, …)", outputs=[output])


def test_a_prediction_is_its_question_and_its_result_a_step_of_its_own():
    answer = code(
        "count",
        'n = 2 < 3\nreveal(\n    "90.p1", "a < b" if n else "b"\n)\nprint(n)',
        outputs=[prints("True", "90.p1 · no guess yet · result: a < b", "")],
    )
    found = slides_plan.for_deck(
        new_notebook(
            cells=[
                text("why", "## Why?"),
                asked("ask", "90.p1", "Is *a* < b?", "a < b / b"),
                answer,
            ]
        )
    ).cells
    assert [cell.metadata["slideshow"]["slide_type"] for cell in found] == ["slide", "-", "-", "-"]
    question = "<p>Is *a* &lt; b?</p><ol><li>a &lt; b</li><li>b</li></ol>"
    assert found[1].source == f'<div class="asked">{question}</div>'
    assert found[2].source == "n = 2 < 3\nprint(n)"
    assert found[2].outputs[0].text == "True\n"
    told = "<p>Result: <strong>a &lt; b</strong></p>"
    assert found[3].source == f'<div class="told">{told}</div>'
    number = slides_plan.for_deck(
        new_notebook(cells=[asked("a", "90.p2", "How many?", "a number")])
    )
    assert "<p>How many?</p><p>a number</p>" in number.cells[0].source


def test_a_result_without_code_or_other_output_is_the_answer_alone():
    only = code("only", 'reveal("90.p1", 2)', outputs=[prints("90.p1 · no guess yet · result: 2")])
    assert [source for _, source in shown(text("t", "Why?"), only)] == [
        "Why?",
        '<div class="told"><p>Result: <strong>2</strong></p></div>',
    ]


def test_recap_and_references_are_for_reading():
    found = shown(
        text("end", "So.\n\n## Recap\n\n- All.\n\n## Quiz\n\nWhy?\n\n## References\n\n- A book."),
        text("references", "## References\n\n- A book."),
    )
    assert "\n\n".join(source for _, source in found) == "So.\n\n## Quiz\n\nWhy?"


def test_what_a_reader_may_change_is_for_the_speaker_to_show():
    change = "**Change it.** Set `k`\nto 2."
    assert shown(text("t", f"So.\n\n{change}\n\nAnd so.")) == [
        ("slide", "So.\n\nAnd so."),
        ("notes", change),
    ]


SOLUTION = f'''def twice(x: float) -> float:
    """Return twice x.

    Add nothing.
    """
    {notebooks.BEGIN}
    return 2 * x
    {notebooks.END}
    {notebooks.GIVEN}
    # return 3 * x
'''


@pytest.mark.parametrize(("lines", "given"), [(1, "\n    return 3 * x"), (15, "")])
def test_an_exercise_shows_its_signature_and_given_code_where_it_fits(lines, given):
    task = text("task", "### Exercise 90.1 · Two\n\n" + "- a\n" * lines)
    found = shown(task, code("solve", SOLUTION, "exercise"))
    stub = f'def twice(x: float) -> float:\n    """Return twice x. …"""{given}'
    assert found[-1] == ("-", f"```python\n{stub}\n```")


def test_a_short_text_after_an_exercise_begins_a_slide():
    task = text("task", "### Exercise 90.1 · Two\n\nWrite it.")
    found = shown(task, code("solve", SOLUTION, "exercise"), text("next", "Done."))
    assert found[-1] == ("subslide", "Done.")


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
    asides = re.findall(r"<aside class=\"notes\">(.*?)</aside>", page, re.DOTALL)
    assert any("Ask the <em>room</em>." in aside for aside in asides)


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


def test_a_hand_out_stays_and_goes_into_the_kit(tmp_path, monkeypatch, sample):
    (tmp_path / "licence").touch()
    monkeypatch.setattr(slides, "FILES", {"licence": "reveal/LICENSE"})
    monkeypatch.setattr(slides, "FONTS", {})
    monkeypatch.setattr(slides, "MORE_FONTS", {})
    path = tmp_path / "90_sample.ipynb"
    notebooks.write(path, sample)
    page = slides.write(path, tmp_path / "slides", tmp_path)
    (page.parent / "90_sample.pdf").write_bytes(b"%PDF")
    (page.parent / "old.css").touch()
    slides.write(path, tmp_path / "slides", tmp_path)
    found = {name: member.read_bytes() for name, member in kit.tree(page.parents[1], "s").items()}
    assert found["s/90_sample/90_sample.pdf"] == b"%PDF" and "s/90_sample/index.html" in found
    assert "s/90_sample/old.css" not in found


def test_the_lock_pins_every_package_and_names_no_registry():
    wanted = json.loads((slides.DECK / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = (slides.DECK / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert {f"node_modules/{name}" for name in wanted} <= set(packages)  # and what they need
    assert re.fullmatch(r"5\.2\.\d+", wanted["reveal.js"])
    for name, package in packages.items():
        assert package["version"] == wanted.get(
            name.removeprefix("node_modules/"), package["version"]
        )
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


def declares(cell) -> bool:
    """Tell whether a cell shows nothing but imports or a class, as code or as a listing."""
    if cell.cell_type != "code":
        return False
    listed = [output.get("data", {}).get("text/markdown", "") for output in cell.outputs]
    if slides_plan.RESULT in notebooks.tags(cell):
        return bool(listed) and all("```python\nclass " in one for one in listed)
    body = ast.parse(cell.source).body
    return not cell.outputs and all(
        isinstance(part, (ast.Import, ast.ImportFrom, ast.ClassDef)) for part in body
    )


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_every_notebook_becomes_columns_of_slides(path: Path):
    notebook = notebooks.read(path)
    deck = slides_plan.for_deck(notebook)
    shown = {cell.id for cell in deck.cells}
    assert len(shown) == len(deck.cells)
    first: dict[str, list] = {}  # cells of each slide
    for cell in deck.cells:
        assert cell.metadata["slideshow"]["slide_type"] != "fragment"
        begins = cell.metadata["slideshow"]["slide_type"] in ("slide", "subslide")
        if begins:
            first[cell.id] = []
        if cell.metadata["slideshow"]["slide_type"] != "notes":
            first[next(reversed(first))].append(cell)
    assert path.parent.name == "deeper" or len(first) <= 40  # for 80 minutes
    for name, (only, *more) in first.items():
        assert more or not declares(only), f"{name}: a slide with imports or a class alone"
    for cell in notebook.cells:
        solves = {"setup", "exercise", "check", "verify"} & set(notebooks.tags(cell))
        assert not (solves and cell.id in shown), cell.id
    sections = [cell for cell in notebook.cells if cell.source.startswith("## ")]
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]
    assert kinds.count("slide") >= sum(not slides_plan.is_skipped(cell) for cell in sections)
    assert len(sections) >= (2 if path.parent.name == "deeper" else 5)
    text = "\n".join(cell.source for cell in deck.cells)
    text += "".join(
        output.get("text", "") for cell in notebooks.code_cells(deck) for output in cell.outputs
    )
    assert "no guess yet" not in text and not re.search(r"(?<![.\w])(reveal|predict)\(", text)
    for item in notebooks.exercises(notebook):
        assert slides_plan.is_skipped(item.solution)
        signature = f"{item.solution.id}-signature" in shown
        assert signature == (not slides_plan.is_skipped(item.heading))
        if signature:
            assert f"def {notebooks.solution(item.solution.source).name}(" in text
