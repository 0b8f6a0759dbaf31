"""The explorer in a real browser, through JupyterLab: search, click, space, nothing from outside.

Screenshots stay in build/: explorer.png, explorer-3d.png, explorer-tsne.png.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import lab
import numpy as np
import pytest

from course_lib import counts, datasets, text
from course_lib.vectors import WordVectors
from course_tools import browser

if browser.chromium() is None:
    pytest.skip("no Chromium: see docs/maintenance.md", allow_module_level=True)
pytest.importorskip("playwright", reason="the extra browser is not installed: make browser")

BUILD = Path(__file__).resolve().parents[2] / "build"
NOTEBOOK = """
from course_lib.projector import Explorer
from course_lib.vectors import WordVectors
explorer = Explorer(WordVectors.load("vectors.bin"))
explorer
"""
# The marks that are drawn above the picture on show: colours, one entry a mark.
MARKS = """
() => [...document.querySelectorAll(".explorer-marks path")]
  .filter((mark) => mark.checkVisibility()).map((mark) => mark.getAttribute("fill"))
"""
PIXELS = """
number => {
  const plot = document.querySelectorAll(".js-plotly-plot")[number];
  const box = plot.getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}
"""


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> WordVectors:
    """Return LSA vectors of the embedded text, with three words that look like HTML."""
    corpus = datasets.load_corpus("wikipedia", max_tokens=150_000)
    vocabulary = text.Vocabulary.build(corpus, min_count=5)
    table = counts.ppmi(counts.cooccurrence(corpus, vocabulary, window=5))
    found = counts.lsa(table, vocabulary, vector_size=50)
    rows = found.matrix[[found.index[word] for word in ("man", "king", "water")]]
    words = [*found.words, "<b>man</b>", "&amp;", "한글"]
    return WordVectors(words, np.concatenate([found.matrix, rows + 1e-3]))


def rows_of(tab, number: int = 0) -> list[tuple[str, str]]:
    """Return neighbour and cosine as they stand in a table of the page."""
    lines = tab.locator("table").filter(has=tab.locator("caption")).nth(number)
    cells = [row.locator("td").all_inner_texts() for row in lines.locator("tbody tr").all()]
    return [(neighbor, cosine) for _, neighbor, cosine in cells]


def expected(vectors: WordVectors, word: str) -> list[tuple[str, str]]:
    return [(neighbor, f"{cosine:.3f}") for neighbor, cosine in vectors.nearest(word, 10)]


def search(tab, words: str) -> None:
    tab.get_by_label("Search words").fill(words)
    tab.get_by_label("Search words").press("Enter")


def wait_for(tab, *words: str) -> None:
    """Wait until the tables are those of these words, and the marks are drawn."""
    tab.wait_for_function(
        "words => [...document.querySelectorAll('caption')].map((caption) =>"
        " caption.textContent.slice(2)).join('\\n') === words",
        arg="\n".join(words),
    )
    tab.wait_for_function(
        "word => [...document.querySelectorAll('.explorer-marks text[font-weight=bold]')]"
        ".some((name) => name.checkVisibility() && name.textContent === word)",
        arg=words[-1],
    )


def names(tab) -> set[str]:
    return set(tab.locator(".explorer-marks text:visible").all_text_contents())


def colors_in(tab, number: int) -> np.ndarray:
    """Return the colours on the screen where the picture is: (pixels, 3)."""
    from PIL import Image

    x, y, width, height = tab.evaluate(PIXELS, number)
    image = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    return np.asarray(image.crop((int(x), int(y), int(x + width), int(y + height)))).reshape(-1, 3)


def until(tab, seen: Callable[[], bool]) -> None:
    """Wait until something is seen, however long that takes."""
    while not seen():
        tab.wait_for_timeout(200)


# The pictures on show: the number of traces, points in all, the width, whether an axis is ours.
SHOWN = """
() => [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot.clientWidth)
  .map((plot) => [plot.data?.length, (plot.data ?? []).reduce((n, t) => n + (t.x?.length ?? 0), 0),
                  plot._fullLayout?.width, plot._fullLayout?.xaxis?.title?.text])
"""


def test_the_picture_is_there_whatever_moves_while_the_cell_runs(tmp_path: Path) -> None:
    """The sidebar is toggled as the cell starts, in a page that is slowed down, twenty times."""
    rng = np.random.default_rng(0)
    WordVectors([f"w{i}" for i in range(300)], rng.normal(size=(300, 8))).save(
        tmp_path / "vectors.bin"
    )
    lab.write_notebook(tmp_path / "explorer.ipynb", NOTEBOOK)
    with lab.server(tmp_path) as address, lab.page() as (tab, _):
        lab.opened(tab, address.format("explorer.ipynb"))
        tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        for _ in range(20):
            lab.toggle_and_run(tab)
            wanted = [[8, 300, 800, "first principal component"]]
            until(tab, lambda wanted=wanted: tab.evaluate(SHOWN) == wanted)
            lab.execute(tab, "notebook:clear-all-cell-outputs")
            until(tab, lambda: tab.evaluate(SHOWN) == [])


def test_the_explorer_in_jupyterlab(tmp_path: Path, vectors: WordVectors) -> None:
    vectors.save(tmp_path / "vectors.bin")
    lab.write_notebook(tmp_path / "explorer.ipynb", NOTEBOOK)
    BUILD.mkdir(exist_ok=True)
    orange = np.array([0xD5, 0x5E, 0x00])
    with lab.server(tmp_path) as address, lab.page() as (tab, outside):
        lab.run_all(tab, address.format("explorer.ipynb"))
        tab.locator(".js-plotly-plot").wait_for()
        tab.get_by_text("Type a word, or click on a point.").wait_for()
        assert names(tab) == set()
        assert (np.abs(colors_in(tab, 0).astype(int) - orange).sum(axis=1) < 8).sum() == 0

        # Type man, see ten neighbours: in the table, by name, and as orange marks.
        search(tab, "man")
        wait_for(tab, "man")
        near = expected(vectors, "man")
        assert len(near) == 10 and rows_of(tab) == near
        assert names(tab) == {"man", *(word for word, _ in near)}
        assert tab.evaluate(MARKS) == ["#D55E00"] * 11
        until(
            tab,
            lambda: (np.abs(colors_in(tab, 0).astype(int) - orange).sum(axis=1) < 8).sum() > 500,
        )

        # Two words; a word that looks like HTML, or is Korean.
        search(tab, "man king")
        wait_for(tab, "man", "king")
        assert rows_of(tab, 1) == expected(vectors, "king")
        tab.wait_for_timeout(500)
        tab.screenshot(path=BUILD / "explorer.png")
        for word in ("<b>man</b>", "&amp;", "한글"):
            search(tab, word)
            wait_for(tab, word)
            assert rows_of(tab) == expected(vectors, word)
            assert tab.locator("caption").inner_text().endswith(word)

        # An unknown word says so, and leaves what is there.
        search(tab, "mann")
        tab.get_by_role("status").get_by_text("'mann' is not among").wait_for()
        assert rows_of(tab) == expected(vectors, "한글")

        # A click on the point of man.
        search(tab, "man")
        wait_for(tab, "man")
        at = tab.evaluate(
            """word => {
              const texts = [...document.querySelectorAll(".explorer-marks text")];
              const number = texts.findIndex((text) => text.textContent === word);
              const mark = document.querySelectorAll(".explorer-marks path")[number];
              const box = mark.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            }""",
            near[0][0],
        )
        tab.mouse.move(*at)
        tab.wait_for_timeout(300)
        tab.mouse.click(*at)
        first = near[0][0]
        wait_for(tab, first)
        assert rows_of(tab) == expected(vectors, first)

        # In space, and back; the words stay.
        search(tab, "man king")
        wait_for(tab, "man", "king")
        tab.get_by_role("button", name="3-D").click()
        tab.locator(".js-plotly-plot .gl-container canvas").nth(0).wait_for(state="attached")
        tab.wait_for_function("document.querySelectorAll('.js-plotly-plot')[1]?._fullLayout.scene")
        wait_for(tab, "man", "king")
        assert {"man", "king", near[0][0]} <= names(tab)
        assert sorted(tab.evaluate(MARKS)) == ["#009E73"] * 11 + ["#D55E00"] * 11
        until(tab, lambda: len(np.unique(colors_in(tab, 1), axis=0)) > 100)  # something is drawn
        tab.screenshot(path=BUILD / "explorer-3d.png")
        tab.get_by_role("button", name="2-D").click()
        tab.get_by_label("Colour").select_option("cluster")
        tab.get_by_text("cluster around").locator("visible=true").first.wait_for()
        assert {"man", "king"} <= names(tab)

        # Another projection.
        tab.get_by_label("Projection").select_option("t-SNE")
        tab.get_by_text("t-SNE 1", exact=True).wait_for()
        assert {"man", "king"} <= names(tab)
        tab.wait_for_timeout(500)
        tab.screenshot(path=BUILD / "explorer-tsne.png")
        assert tab.get_by_text("Share chart").count() == 0
    assert outside == []


LIVE = """
import os
os.environ["COURSE_PROGRESS"] = "1"  # as if somebody were there
from course_lib import explain, plots
plots.show(plots.figure()[0], alt="A window.", live=explain.Explorable("window"))
"""


def test_an_explorable_stands_in_place_of_its_figure(tmp_path: Path) -> None:
    lab.write_notebook(tmp_path / "live.ipynb", LIVE)
    with lab.server(tmp_path) as address, lab.page() as (tab, outside):
        lab.run_all(tab, address.format("live.ipynb"))
        tab.locator(".explorable").wait_for()
        assert tab.locator(".jp-OutputArea img").count() == 0
        tab.get_by_role("button", name="Skip-gram").click()
        assert "gives 22 pairs" in tab.locator(".explorable .said").inner_text()
    assert outside == []
