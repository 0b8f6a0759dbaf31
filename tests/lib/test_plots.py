"""plots: what is drawn, and the description every picture carries."""

from __future__ import annotations

import base64
import io
import re
import warnings
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image

from course_lib import plots
from course_lib.vectors import WordVectors

matplotlib.use("Agg")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    outputs: list[tuple[dict, dict]] = []

    def display(data: dict, metadata: dict | None = None, raw: bool = False) -> None:
        assert raw
        outputs.append((data, metadata or {}))

    monkeypatch.setattr("IPython.display.display", display)
    return outputs


def test_show_gives_a_picture_with_its_description(shown: list) -> None:
    fig, axes = plots.figure()
    axes.plot([1, 2])
    plots.show(fig, alt="A rising line.")
    ((data, metadata),) = shown
    about = metadata["image/png"]
    assert about["alt"] == data["text/plain"] == "A rising line."
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size[0] == pytest.approx(2 * about["width"], abs=3) and about["text"] >= 20
    import matplotlib.pyplot as plt

    assert not plt.get_fignums()


@pytest.mark.parametrize(("width", "height"), [(4, 3), (7, 4), (14, 6), (10, 12), (16, 3)])
def test_text_can_be_read_on_a_slide(shown: list, width: float, height: float) -> None:
    """The size that a figure's text has on a slide is worked out here from the stored picture."""
    fig, axes = plots.figure(width, height, columns=2)
    axes[0].plot([1, 2], label="a line")
    axes[0].legend(fontsize=6)
    axes[1].set(xlabel="words", yscale="log", title="a title")
    axes[1].text(0.5, 1, "small", fontsize=4)
    axes[1].text(0.5, 2, "large", fontsize=40)
    plots.show(fig, alt="Two panels.")
    ((data, metadata),) = shown
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    scale = min(1208 / picture.width, 636 / picture.height)  # of 200 dpi, in a slide's frame
    drawn = [text for text in fig.findobj(matplotlib.text.Text) if text.get_visible()]
    sizes = {text.get_text(): text.get_size() for text in drawn}
    on_slide = {name: size / 72 * 200 * scale for name, size in sizes.items() if name}
    assert min(on_slide.values()) == pytest.approx(metadata["image/png"]["text"], rel=0.01)
    assert min(on_slide.values()) >= 20
    assert sizes["large"] == 40 and {"small", "a line", "words", "a title"} <= set(on_slide)


def test_show_needs_a_description(shown: list) -> None:
    fig, _ = plots.figure()
    with pytest.raises(ValueError, match="alt is empty"):
        plots.show(fig, alt=" ")
    assert shown == []


def test_animate_has_one_picture_a_frame(shown: list) -> None:
    drawn: list[int] = []

    def draw(axes: Any, frame: int) -> None:
        axes.text(0.5, 0.5, str(frame))
        drawn.append(frame)

    plots.animate(draw, 3, alt='Three "numbers".')
    page = shown[0][0]["text/html"]
    source = re.search(r'src="data:image/gif;base64,([^"]+)"', page)[1]
    picture = Image.open(io.BytesIO(base64.b64decode(source)))
    assert drawn == [0, 1, 2] and picture.n_frames == 3
    assert 'alt="Three &quot;numbers&quot;."' in page
    with pytest.raises(ValueError, match="alt is empty"):
        plots.animate(draw, 1, alt="")


def test_heatmap_writes_each_number_into_its_cell() -> None:
    fig, axes = plots.figure()
    plots.heatmap(axes, np.array([[0, 1], [2, 3]]), rows=["r", "s"], columns=["a", "b"], digits=0)
    places = {text.get_position(): text.get_text() for text in axes.texts}
    assert places == {(0, 0): "0", (1, 0): "1", (0, 1): "2", (1, 1): "3"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["r", "s"]
    matplotlib.pyplot.close(fig)


KOREAN = re.compile("[ㄱ-ㅣ가-힣]")


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Replace the fonts of the machine: file name to the letters it has a glyph for."""
    installed: dict[str, str] = {}

    class Face:
        def __init__(self, path: str) -> None:
            if installed[path] == "broken":
                raise RuntimeError("not a font")
            self.letters = installed[path]

        def get_char_index(self, code: int) -> int:
            same = self.letters == "one box for all"
            return 7 if same else self.letters.find(chr(code)) + 1

    def entry(path: str) -> SimpleNamespace:
        return SimpleNamespace(fname=path, name=path.removesuffix(".ttf"))

    manager = SimpleNamespace(ttflist=[])
    manager.addfont = lambda path: manager.ttflist.append(entry(path))
    monkeypatch.setattr("matplotlib.font_manager.fontManager", manager)
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: list(installed))
    monkeypatch.setattr("matplotlib.ft2font.FT2Font", Face)
    plots.korean_font.cache_clear()
    yield installed
    plots.korean_font.cache_clear()


def test_a_font_counts_if_it_has_the_letters(fonts: dict[str, str]) -> None:
    fonts["Latin.ttf"] = "abc"
    fonts["A broken one.ttf"] = "broken"
    fonts["Last Resort.ttf"] = "one box for all"
    assert plots.korean_font() is None
    fonts["Zebra.ttf"] = "가값힣ㄱㅏ"
    assert plots.korean_font() is None  # asked once in a process
    plots.korean_font.cache_clear()
    assert plots.korean_font() == "Zebra"
    fonts["NanumGothic.ttf"] = fonts["An unknown one.ttf"] = "가값힣ㄱㅏ"
    plots.korean_font.cache_clear()
    assert plots.korean_font() == "Zebra"  # listed: the disk is not searched again
    matplotlib.font_manager.fontManager.ttflist.clear()
    plots.korean_font.cache_clear()
    assert plots.korean_font() == "NanumGothic"  # a well-known one comes first


def korean_figure() -> Any:
    fig, axes = plots.figure()
    plots.heatmap(
        axes, np.eye(2), rows=["먹었다", "rest"], columns=["ㅋㅋ", "b"], title="영화 (film)"
    )
    axes.annotate("값", (0, 0))
    fig.supxlabel("below")
    return fig


def texts(fig: Any) -> set[str]:
    return {text.get_text() for text in fig.findobj(matplotlib.text.Text)}


def test_without_a_font_korean_is_romanized_and_the_figure_says_so(
    shown: list, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(plots, "korean_font", lambda: None)
    fig = korean_figure()
    plots.show(fig, alt="Korean words.")
    drawn = texts(fig)
    assert not any(map(KOREAN.search, drawn))
    assert {"meogeossda", "rest", "kk", "yeonghwa (film)", "gabs"} <= drawn
    (below,) = (text for text in drawn if text.startswith("below"))
    assert "No font with Korean letters" in below and "fonts-nanum" in below
    assert not [w for w in recwarn if "missing from" in str(w.message)]  # no box was drawn
    assert len(shown) == 1


def test_with_a_font_korean_stays_and_gets_it(shown: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "korean_font", lambda: "DejaVu Serif")  # stands in for Nanum
    fig = korean_figure()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the stand-in has no Korean letters
        plots.show(fig, alt="Korean words.")
    families = {
        text.get_text(): text.get_fontfamily() for text in fig.findobj(matplotlib.text.Text)
    }
    for label in ("먹었다", "ㅋㅋ", "영화 (film)", "값"):
        assert families[label][-1] == "DejaVu Serif"
    assert "DejaVu Serif" not in families["rest"] and "below" in families
    assert not any("No font" in label for label in families)


def test_a_figure_without_korean_asks_for_no_font(
    shown: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "korean_font", lambda: 1 / 0)
    fig, axes = plots.figure()
    axes.set_title("plain – ∅")
    plots.show(fig, alt="Nothing Korean.")
    assert len(shown) == 1


def test_word_map_puts_words_at_their_principal_components() -> None:
    rng = np.random.default_rng(0)
    vectors = WordVectors(list("abcdef"), rng.normal(size=(6, 5)))
    fig, axes = plots.figure()
    places = plots.word_map(axes, vectors, list("abcdef"), groups=[0, 0, 0, 1, 1, 1])
    centered = vectors.matrix - vectors.matrix.mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(np.abs(places), np.abs(left[:, :2] * singular[:2]), atol=1e-5)
    assert [text.get_text() for text in axes.texts] == list("abcdef")
    assert len(axes.collections) == 2
    matplotlib.pyplot.close(fig)
