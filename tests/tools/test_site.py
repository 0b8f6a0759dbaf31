"""The pages of the site, before Sphinx has them: what they show, fold and leave out."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.explain import explorable
from course_tools import markdown, notebooks
from course_tools.site import pages

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAC0lEQVR4nGNgwAUAABoAAbcaaCYAAAAASUVORK5CYII="
)


def code(source: str, *outputs: nbformat.NotebookNode, tags: tuple[str, ...] = ()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def printed(text: str) -> nbformat.NotebookNode:
    return new_output("stream", name="stdout", text=text)


def picture(**more: object) -> nbformat.NotebookNode:
    data = {"image/png": base64.b64encode(PNG).decode(), "text/plain": "<Figure>", **more}
    return new_output("display_data", data=data, metadata={"image/png": {"alt": 'a "b" & c'}})


def made(*cells: nbformat.NotebookNode) -> tuple[list[nbformat.NotebookNode], dict[str, bytes]]:
    files: dict[str, bytes] = {}

    def store(name: str, contents: bytes) -> str:
        files[name] = contents
        return f"figures/{name}"

    before = new_notebook(cells=list(cells))
    kept = json.dumps(before)
    page = pages.page(before, store)
    assert json.dumps(before) == kept  # it stays as it is
    return page.cells, files


@pytest.mark.parametrize("tag", ["verify", "check", "notes"])
def test_what_readers_do_not_need_is_left_out(tag: str) -> None:
    cell = new_markdown_cell("x") if tag == "notes" else new_code_cell("x")
    cell.metadata["tags"] = [tag]
    assert made(cell, new_markdown_cell("stays"))[0][0].source == "stays"


@pytest.mark.parametrize("tag", ["setup", "figure"])
def test_code_beside_the_point_is_folded(tag: str) -> None:
    [cell], _ = made(code("x = 1", tags=(tag,)))
    assert "hide-input" in cell.metadata["tags"] and cell.source == "x = 1"
    assert cell.metadata["mystnb"]["code_prompt_show"].startswith("Show")


def test_a_solution_is_folded_and_has_no_markers_and_no_faulty_code() -> None:
    source = '''def f(x):
    """Return one more."""
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION
    ### GIVEN
    # return x'''
    [cell], _ = made(code(source, tags=("exercise",)))
    assert cell.source == 'def f(x):\n    """Return one more."""\n    return x + 1'
    assert "hide-input" in cell.metadata["tags"]


def test_a_picture_is_a_file_with_its_size_and_its_description() -> None:
    [cell], files = made(code("draw()", picture()))
    shown = cell.outputs[0].data["text/html"]
    assert list(files.values()) == [PNG]
    assert f'src="figures/{cell.id}.png"' in shown and 'alt="a &quot;b&quot; &amp; c"' in shown
    assert 'width="3" height="2"' in shown and "base64" not in shown


def test_a_picture_inside_html_is_a_file_too() -> None:
    inside = f'<img src="data:image/gif;base64,{base64.b64encode(PNG).decode()}" alt="moves">'
    output = new_output("display_data", data={"text/html": inside})
    [cell], files = made(code("draw()", output))
    assert list(files) == [f"{cell.id}.gif"] and 'alt="moves"' in cell.outputs[0].data["text/html"]


def test_an_explorable_has_its_state_and_shows_its_picture_until_it_runs() -> None:
    state = {"text": "</script><b>", "numbers": [1, 2.5]}
    [cell], _ = made(code("x", picture(**{explorable.MIME: {"name": "window", "state": state}})))
    shown = cell.outputs[0].data["text/html"]
    assert "<img" in shown and 'data-name="window"' in shown
    inside = re.search(r"<script[^>]*>(.*?)</script>", shown)[1]
    assert json.loads(inside) == state


def question(text: str) -> nbformat.NotebookNode:
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def test_a_prediction_is_a_question_with_its_answers() -> None:
    asked = question("Your prediction 04.p1: Is 1 < 2?\n  yes / no")
    [cell], _ = made(code("predict()", asked))
    assert cell.cell_type == "markdown" and "Is 1 &lt; 2?" in cell.source
    given = re.search(r'data-answers="([^"]*)"', cell.source)[1].replace("&quot;", '"')
    assert json.loads(given) == {"choices": [["yes", "yes"], ["no", "no"]]}


def test_a_translated_prediction_keeps_what_its_result_will_be() -> None:
    cell = code("predict()", question("Your prediction 04.p1: Which?\n  yes / no"))
    cell.metadata["course"] = {"strings": {"Which?": "어느 쪽?", "yes": "예"}}
    [shown], _ = made(cell)
    given = re.search(r'data-answers="([^"]*)"', shown.source)[1].replace("&quot;", '"')
    assert json.loads(given) == {"choices": [["yes", "예"], ["no", "no"]]}
    assert "어느 쪽?" in shown.source


def test_a_number_is_asked_for_with_its_unit() -> None:
    asked = question("Your prediction 04.p2: How many?\n  a number of rows")
    [cell], _ = made(code("predict()", asked))
    assert "{&quot;unit&quot;: &quot;rows&quot;}" in cell.source


def test_a_result_stands_apart_from_what_else_was_printed() -> None:
    text = "seven\n04.p2 · no guess yet · result: 1 & 2\nmore\n"
    [cell], _ = made(code("reveal()", printed(text)))
    first, last = cell.outputs
    assert first.text == "seven\nmore\n"
    assert 'data-name="04.p2" data-result="1 &amp; 2"' in last.data["text/html"]


def test_every_question_of_the_course_has_an_answer_among_its_choices() -> None:
    for path in notebooks.find():
        page = pages.page(notebooks.read(path), lambda name, _: name)
        text = "\n".join(cell.source for cell in page.cells)
        choices = {}
        for name, given in re.findall(r'data-name="(\S+)" data-answers="([^"]*)"', text):
            read = given.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")
            choices[name] = [value for value, _ in json.loads(read).get("choices", [])]
        outputs = [o for cell in notebooks.code_cells(page) for o in cell.outputs]
        shown = "\n".join(o.get("data", {}).get("text/html", "") for o in outputs)
        results = dict(
            re.findall(r'class="revealed" data-name="(\S+)" data-result="([^"]*)"', shown)
        )
        assert results.keys() == choices.keys(), path.name
        for name, listed in choices.items():
            assert not listed or results[name].replace("&#x27;", "'") in listed, (path.name, name)


def test_links_lead_to_pages_and_where_there_is_none_the_words_stay() -> None:
    text = (
        "[a *b*](x.ipynb#c) and ![p](y.png) and [gone](z) and `[code](x.ipynb)` and [e](../f.html)"
    )

    def change(target: str) -> str | None:
        return {"x.ipynb#c": "new.md#c", "y.png": "y.png", "../f.html": "../f.html"}.get(target)

    told = pages.linked(text, change)
    assert told == (
        "[a *b*](new.md#c) and ![p](y.png) and gone and `[code](x.ipynb)`"
        ' and <a href="../f.html">e</a>'
    )
    assert markdown.replace_links("plain", lambda found: "x") == "plain"


# Stands in for Node: its socket is there a while before it listens, or it never comes up.
LATE = """import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
time.sleep(0.3)
server.listen()
server.accept()[0].send(b"here")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no sockets with a place in the folders")
def test_node_is_reached_once_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sphinxcontrib.katex", reason="the extra site is not installed: make site")
    from course_tools.site import formulas

    def stand_in(script: str) -> None:
        command = [sys.executable, "-c", script, str(tmp_path / "katex.sock")]
        monkeypatch.setattr(formulas.katex.KaTeXServer, "build_command", lambda socket: command)

    stand_in("raise SystemExit(3)")
    with pytest.raises(formulas.katex.KaTeXError, match="ended with 3"):
        formulas.reach(tmp_path, 5.0)
    stand_in(LATE)
    process, connection = formulas.reach(tmp_path, 5.0)
    with process, connection:
        assert connection.recv(4) == b"here"
