"""A translation follows its cell, is stale when the English changes, and keeps the markup."""

from __future__ import annotations

import copy
import re
import shutil
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from babel.messages.pofile import read_po
from markdown_it import MarkdownIt
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools import notebooks, translations

ALT = "Two bars: 'one' < 2."
ASKED = 'predict("90.p1", "How many?", choices=("few", "many", "3"))'
DRAWN = f'plots.show(fig, alt="{ALT}")'
KOREAN = {
    "title": "# 제목\n\n본문입니다.",
    "text": "고양이가 앉았습니다.",
    "ask:question": "몇 개입니까?",
    "ask:choice-1": "적다",
    "ask:choice-2": "많다",
    "draw:alt": "막대 두 개: '하나' < 2.",
    ":stale": "번역이 <오래> 되었습니다.",
}
COMMITTED = sorted(translations.FOLDER.rglob("*.po"))


@pytest.fixture
def notebook() -> NotebookNode:
    picture = new_output(
        "display_data",
        data={
            "image/png": "aGVsbG8=",
            "text/html": '<img src="x" alt="Two bars: &#x27;one&#x27; &lt; 2.">',
        },
        metadata={"image/png": {"alt": ALT}},
    )
    cells = [
        new_markdown_cell("# Title\n\nA text.", id="title"),
        new_markdown_cell("The cat sat.", id="text"),
        new_code_cell(ASKED, id="ask"),
        new_code_cell(DRAWN, id="draw", outputs=[picture]),
        new_code_cell(
            "assert draw(alt='Nobody reads this.')", id="v", metadata={"tags": ["verify"]}
        ),
        new_markdown_cell("Say it slowly.", id="n", metadata={"tags": ["notes"]}),
    ]
    return new_notebook(cells=cells)


@pytest.fixture
def catalog(notebook: NotebookNode) -> polib.POFile:
    """Return the catalogue of the notebook, every message of it translated."""
    made = translations.read(translations.FOLDER / "ko" / "no_such_file.po")
    translations.update(notebook, made)
    for entry in made:
        entry.msgstr = KOREAN[entry.msgctxt]
    return made


def source(notebook: NotebookNode, cell_id: str) -> str:
    return next(cell.source for cell in notebook.cells if cell.id == cell_id)


def entry_of(catalog: polib.POFile, context: str) -> polib.POEntry:
    (found,) = [entry for entry in catalog if entry.msgctxt == context]
    return found


def reread(catalog: polib.POFile, tmp_path: Path) -> polib.POFile:
    path = tmp_path / "x.po"
    path.write_text(str(catalog), encoding="utf-8")
    return translations.read(path)


def test_what_readers_see_is_a_message_and_nothing_else(notebook, catalog) -> None:
    assert {entry.msgctxt for entry in catalog} == set(KOREAN)  # no "3", no notes, no assertion
    assert entry_of(catalog, "ask:choice-2").msgid == "many"
    assert entry_of(catalog, "draw:alt").msgid == ALT


def test_a_translated_copy_has_every_text_and_the_code_as_it_was(notebook, catalog) -> None:
    before = copy.deepcopy(notebook)
    korean, report = translations.translated(notebook, catalog)
    assert notebook == before
    assert [len(part) for part in report] == [7, 0, 0]
    assert source(korean, "title") == KOREAN["title"] and source(korean, "ask") == ASKED
    assert source(korean, "draw") == DRAWN
    cells = {cell.id: cell.metadata["course"] for cell in korean.cells}
    assert cells["text"]["language"] == "ko"
    assert cells["ask"]["strings"] == {"How many?": "몇 개입니까?", "few": "적다", "many": "많다"}
    (picture,) = next(cell for cell in korean.cells if cell.id == "draw").outputs
    assert picture.metadata["image/png"]["alt"] == KOREAN["draw:alt"]

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs) -> None:
            said.append(dict(attrs)["alt"])

    said: list[str] = []
    Reader().feed(picture.data["text/html"])
    assert said == [KOREAN["draw:alt"]]
    assert notebooks.text_of(korean)  # valid


def test_update_without_a_change_gives_the_same_bytes(notebook, catalog, tmp_path) -> None:
    again = reread(catalog, tmp_path)
    translations.update(notebook, again)
    assert str(again) == str(catalog)


def test_a_changed_english_cell_makes_its_translation_stale(notebook, catalog, tmp_path) -> None:
    notebook.cells[1].source = "The dog sat."
    for stage in ("before the update", "after it"):
        korean, report = translations.translated(notebook, catalog)
        shown = source(korean, "text")
        assert report.stale == ["text"] and len(report.translated) == 6, stage
        assert "The dog sat." in shown and "고양이" not in shown, stage
        assert "번역이 &lt;오래&gt; 되었습니다." in shown.split("\n\n")[0], stage
        assert korean.cells[1].metadata["course"]["language"] == "en", stage
        translations.update(notebook, catalog)
        catalog = reread(catalog, tmp_path)
    entry = entry_of(catalog, "text")
    assert entry.fuzzy and entry.msgstr == KOREAN["text"]
    assert (entry.previous_msgid, entry.msgid) == ("The cat sat.", "The dog sat.")
    notebook.cells[1].source = "The cow sat."  # changed twice: still beside what was translated
    translations.update(notebook, catalog)
    assert entry_of(catalog, "text").previous_msgid == "The cat sat."
    notebook.cells[1].source = "The cat sat."  # and taken back
    translations.update(notebook, catalog)
    assert not entry.fuzzy and not entry.previous_msgid
    assert translations.translated(notebook, catalog)[1].stale == []


def test_a_stale_title_stays_the_first_line(notebook, catalog) -> None:
    notebook.cells[0].source = "# Another title\n\nA text."
    korean, _ = translations.translated(notebook, catalog)
    first, notice, text = source(korean, "title").split("\n\n")
    assert (first, text) == ("# Another title", "A text.") and "번역이" in notice


def test_a_mended_message_is_valid_though_its_old_text_still_stands_there(
    notebook, catalog
) -> None:
    notebook.cells[1].source = "The dog sat."
    translations.update(notebook, catalog)
    entry = entry_of(catalog, "text")
    entry.msgstr, entry.fuzzy = "개가 앉았습니다.", False
    translations.update(notebook, catalog)
    assert not entry.previous_msgid
    assert source(translations.translated(notebook, catalog)[0], "text") == "개가 앉았습니다."


def test_a_changed_question_is_shown_in_english(notebook, catalog) -> None:
    notebook.cells[2].source = ASKED.replace("How many", "How few")
    korean, report = translations.translated(notebook, catalog)
    assert report.stale == ["ask:question"]
    assert korean.cells[2].metadata["course"]["strings"] == {"few": "적다", "many": "많다"}


def test_a_moved_cell_keeps_its_translation(notebook, catalog) -> None:
    notebook.cells.append(notebook.cells.pop(1))
    translations.update(notebook, catalog)
    korean, report = translations.translated(notebook, catalog)
    assert not report.stale and not report.missing
    assert korean.cells[-1].source == KOREAN["text"]


def test_a_cell_that_goes_is_obsolete_and_comes_back(notebook, catalog, tmp_path) -> None:
    gone = notebook.cells.pop(1)
    translations.update(notebook, catalog)
    catalog = reread(catalog, tmp_path)
    assert entry_of(catalog, "text").obsolete and catalog[-1].msgctxt == "text"
    assert translations.translated(notebook, catalog)[1] == (
        [c for c in KOREAN if c != "text"],
        [],
        [],
    )
    notebook.cells.insert(1, gone)
    assert translations.translated(notebook, catalog)[1].missing == ["text"]
    translations.update(notebook, catalog)
    assert source(translations.translated(notebook, catalog)[0], "text") == KOREAN["text"]


def test_a_new_cell_is_missing_and_stays_english(notebook, catalog) -> None:
    notebook.cells.append(new_markdown_cell("New.", id="new"))
    translations.update(notebook, catalog)
    korean, report = translations.translated(notebook, catalog)
    assert report.missing == ["new"] and korean.cells[-1].source == "New."


def test_two_messages_of_one_context_are_an_error(catalog, tmp_path) -> None:
    catalog.append(copy.copy(entry_of(catalog, "text")))
    with pytest.raises(ValueError, match="more than one message for text"):
        reread(catalog, tmp_path)


def test_a_file_that_is_no_catalogue_is_an_error(tmp_path) -> None:
    (tmp_path / "x.po").write_text('msgid "open\nnonsense', encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.po is no catalogue"):
        translations.read(tmp_path / "x.po")


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, notebook: NotebookNode) -> Path:
    """Return a folder of two notebooks, without translations."""
    for name in ("90_sample.ipynb", "deeper/91_more.ipynb"):
        notebooks.write(tmp_path / name, notebook)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(translations, "FOLDER", tmp_path / "translations")
    return tmp_path


def test_the_commands(course, capsys, notebook) -> None:
    assert translations.main(["update"]) == 0 and translations.languages() == []
    assert translations.main(["update", "--language", "ko", "90"]) == 0
    assert translations.main(["update"]) == 0
    assert [p.name for p in course.rglob("*.po")] == ["90_sample.po"]
    assert translations.main(["update", "--all"]) == 0
    file = course / "translations" / "ko" / "deeper" / "91_more.po"
    assert translations.read(file).metadata["Language"] == "ko"
    capsys.readouterr()
    assert translations.main(["status"]) == 0
    assert re.search(r"ko/deeper/91_more\.po +0 +0 +7$", capsys.readouterr().out, re.M)
    assert translations.main(["check"]) == 0
    notebook.cells[1].source = "The dog sat."
    notebooks.write(course / "90_sample.ipynb", notebook)
    assert translations.main(["check"]) == 1
    assert (
        "ko/90_sample.po: is behind its notebook or laid out otherwise" in capsys.readouterr().out
    )
    assert translations.main(["update"]) == 0 and translations.main(["check"]) == 0
    shutil.copyfile(file, file.with_name("92_gone.po"))
    assert translations.main(["check"]) == 1
    assert "there is no such notebook" in capsys.readouterr().out
    file.write_text("nonsense\n", encoding="utf-8")
    assert translations.main(["status"]) == 1
    assert "91_more.po is no catalogue" in capsys.readouterr().err


def test_committed_catalogues_follow_their_notebooks() -> None:
    assert translations.findings(translations.languages()) == []


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_catalogue_is_complete(path: Path) -> None:
    name = path.relative_to(translations.FOLDER).with_suffix(".ipynb").parts[1:]
    notebook = notebooks.read(notebooks.NOTEBOOKS.joinpath(*name))
    _, report = translations.translated(notebook, translations.read(path))
    todo = (
        f"run `make translations`, translate these messages in {path.name} and take the word "
        "'fuzzy' away (docs/translations.md)"
    )
    assert report.stale + report.missing == [], todo


_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)


def markup(text: str) -> dict[str, object]:
    """Return what is the same on both sides: blocks in order, all else in any order."""
    formulas = Counter(_FORMULA.findall(text))
    blocks = MarkdownIt().parse(_FORMULA.sub("$x$", text))
    inline = [token for block in blocks for token in block.children or []]
    return {
        "formulas": formulas,
        "blocks": [
            (t.type, t.tag, t.content) if t.type == "fence" else (t.type, t.tag) for t in blocks
        ],
        "emphasis, code, links, HTML": Counter(
            (t.type, t.attrGet("href"), "" if t.type == "text" else t.content)
            for t in inline
            if t.type not in ("text", "softbreak")
        ),
        "stars of an exercise": re.findall("[★☆]+", text),
    }


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_translation_has_the_markup_and_the_numbers_of_its_message(path: Path) -> None:
    for entry in translations.read(path):
        if entry.obsolete or not entry.msgstr:
            continue
        found = markup(entry.msgstr)
        for what, wanted in markup(entry.msgid).items():
            assert found[what] == wanted, f"{entry.msgctxt}: {what}"
        # A translation may write "five" as 5, but no number gets lost.
        lost = Counter(re.findall(r"\d+", entry.msgid)) - Counter(re.findall(r"\d+", entry.msgstr))
        assert not lost, entry.msgctxt


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("**단어**(word)는", "**단어(word)**는"),  # not bold: a bracket before, a letter after
        ("$V$개와 `x`", "$V$ 개와 x"),
        ("[글](01_a.ipynb)", "[글](01_b.ipynb)"),
        ("<b>글</b>", "<b>글"),
        ("# 글\n\n1. 글", "# 글\n\n- 글"),
        ("```\ncode\n```", "```\n코드\n```"),
    ],
)
def test_the_comparison_sees_a_fault(right: str, wrong: str) -> None:
    assert markup(right) == markup(right) != markup(wrong)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_babel_reads_the_same_catalogue(path: Path) -> None:
    with path.open("rb") as file:
        found = read_po(file, abort_invalid=True)
    assert str(found.locale) == path.relative_to(translations.FOLDER).parts[0]
    wanted = {e.msgctxt: (e.msgid, e.msgstr) for e in translations.read(path) if not e.obsolete}
    assert {m.context: (m.id, m.string) for m in found if m.id} == wanted


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_catalogue_is_in_normal_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unicodedata.normalize("NFC", text) == text
