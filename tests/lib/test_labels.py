"""Words as labels: whatever they are made of, they are drawn as they are written."""

from __future__ import annotations

import html
import json

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from course_exercises.sliders import MixSliders
from course_lib import plots, projector
from course_lib.projector import Explorer
from course_lib.vectors import WordVectors

matplotlib.use("Agg")
# The font of the tests has no emoji and no Korean: a box is drawn, and a warning says so.
pytestmark = pytest.mark.filterwarnings("ignore:Glyph")

WORDS = {  # the word: what stands in the picture
    **{
        word: word
        for word in (
            "$$", "a$b$", "$x_1$", r"$\frac$", "$", r"\$", r"\alpha", "_under", "_nolegend_", "__",
            "^", "{}", "%", "%s", "%{x}", "{{y}}", "<b>x</b>", "&amp;", "&#36;", '"q"', "it's",
            "<script>alert(1)</script>", "👩\u200d👩\u200d👧", "❤\ufe0f", "값", "été", "nan",
        )
    },
    "a\nb": r"a\nb",
    "a\tb": r"a\tb",
    "a\r": r"a\r",
    "nul\0": r"nul\x00",
    "\x1b[31m": r"\x1b[31m",
    "\x85": r"\x85",
    "\u2028": r"\u2028",
    "\u202eabc": r"\u202eabc",
    "\ud800": r"\ud800",
    "x" * 5000: "x" * 59 + "…",
}  # fmt: skip
ids = [word[:12].encode("unicode_escape").decode() for word in WORDS]
every_word = pytest.mark.parametrize(("word", "shown"), WORDS.items(), ids=ids)


@pytest.fixture
def axes() -> Axes:
    fig, axes = plots.figure()
    yield axes
    plots.png(fig)  # draws; a label that is read as mathematics may fail


def check_plain(axes: Axes) -> set[str]:
    """Return all texts that come from data; none of them is read as mathematics."""
    axes.figure.canvas.draw()
    texts = [text for text in axes.findobj(Text) if text.get_text()]
    for text in texts:
        drawn, mathematics = text._preprocess_math(text.get_text())
        assert not mathematics and ("\\" not in text.get_text() or drawn == text.get_text())
    return {text.get_text() for text in texts}


@every_word
def test_word_map_and_heatmap(word: str, shown: str, axes: Axes) -> None:
    words = [word, "b", "c"]
    plots.word_map(axes, WordVectors(words, np.eye(3)), words)
    assert [text.get_text() for text in axes.texts] == [shown, "b", "c"]
    check_plain(axes)
    axes.clear()
    plots.heatmap(axes, np.eye(3), rows=words, columns=words, title=shown)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [shown, "b", "c"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [shown, "b", "c"]
    check_plain(axes)


@every_word
def test_legends(word: str, shown: str, axes: Axes) -> None:
    layers = np.random.default_rng(0).normal(size=(3, 4, 5))
    MixSliders(layers, [word, word, "b", "b"]).snapshot(axes)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [shown, "b"]
    check_plain(axes)


@every_word
def test_the_explorer(word: str, shown: str, axes: Axes) -> None:
    rng = np.random.default_rng(0)
    vectors = WordVectors([word, "b", "c", "d"], rng.normal(size=(4, 5)), counts=[4, 3, 2, 1])
    explorer = Explorer(vectors)
    explorer.color_choice.value = "cluster"
    explorer.search([word])
    short = shown if len(shown) <= 24 else f"{shown[:23]}…"
    (mark,) = (mark for mark in explorer.mark_layer.marks if mark["large"])
    assert mark["text"] == short
    markup = [text for trace in explorer.figure.data for text in (trace.hovertext or ())]
    (own,) = (text for text in markup if "rank 1," in text)
    inside = own.removeprefix("<b>").partition("</b><br>")[0]
    assert html.unescape(inside) == short
    assert not set("<>$") & set(inside)
    assert not any(
        "$" in (trace.name or "") or "<" in (trace.name or "") for trace in explorer.figure.data
    )
    page = explorer.neighbor_view.value + explorer.status.value
    assert html.escape(shown) in page and "<script" not in page and "\x1b" not in page
    json.dumps(explorer.figure.to_dict()["layout"], ensure_ascii=False).encode()
    (page + own).encode()  # can be sent


def test_words_that_are_empty_or_no_text(axes: Axes) -> None:
    plots.heatmap(axes, np.eye(3), rows=["", None, np.nan], columns=[1, 2.5, True])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["", "None", "nan"]


@every_word
def test_rows_of_the_projector_stay_one_a_word(word: str, shown: str, tmp_path) -> None:
    if "\ud800" in word:
        with pytest.raises(UnicodeEncodeError):
            projector.export(WordVectors([word], np.eye(1)), tmp_path)
        return
    if not word.strip(" "):
        with pytest.raises(ValueError, match="skips blank rows"):
            projector.export(WordVectors([word], np.eye(1)), tmp_path)
        return
    _, words = projector.export(WordVectors([word, "b"], np.eye(2)), tmp_path)
    lines = words.read_bytes().decode().split("\n")
    assert len(lines) == 3 and lines[1:] == ["b", ""] and "\t" not in lines[0]


GROUPS = {  # as many kinds as a set of them has
    "numbers": [0, 1, 1, 2],
    "far numbers": [99, -1, -1, 7],
    "names": ["x", "y", "y", "z"],
    "truth": [True, False, False, True],
    "fractions": [0.5, 1.5, 1.5, 0.25],
    "NumPy's numbers": np.array([0, 1, 1, 2], np.uint8),
    "tuple": ("x", "y", "y", "z"),
    "Series": pd.Series(["x", "y", "y", "z"], index=[9, 8, 7, 6]),
    "categories": pd.Categorical(["x", "y", "y", "z"], categories=["z", "y", "x", "unused"]),
    "missing": ["x", None, None, "z"],
    "NaN": [0.0, np.nan, np.nan, 1.0],
    "mixed": ["x", 3, 3, None],
    "dates": pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-01", "2022-01-01"]),
    "nine kinds and a repeat": [*"abcdefghi", "b"],
}


@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
def test_a_map_has_a_color_for_each_group_of_any_type(groups: object, axes: Axes) -> None:
    words = [f"w{i}" for i in range(len(groups))]
    places = plots.word_map(axes, WordVectors(words, np.eye(len(words))), words, groups=groups)
    drawn = [c.get_offsets().tolist() for c in axes.collections]
    members: dict[str, list[list[float]]] = {}
    for group, place in zip(map(str, groups), places.tolist(), strict=True):
        members.setdefault(group, []).append(place)
    assert sorted(drawn) == sorted(members.values())
    looks = {(str(c.get_facecolor()), str(c.get_paths()[0].vertices)) for c in axes.collections}
    assert len(looks) == min(len(drawn), 8)


def test_groups_of_another_number_than_words_are_refused(axes: Axes) -> None:
    vectors = WordVectors(["a", "b", "c"], np.eye(3))
    for groups in ([0, 1], [], list("wxyz")):
        with pytest.raises(ValueError, match=r"[Ll]ength"):
            plots.word_map(axes, vectors, vectors.words, groups=groups)
