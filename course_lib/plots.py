"""Figures: one style, a colour-blind safe palette, and alternative text for each figure."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import regex

from course_lib import hangul
from course_lib.checks import word_list

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontEntry

    from course_lib.vectors import WordVectors

# Okabe and Ito 2008, "Color Universal Design": told apart with any kind of colour vision.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
SLIDE = (1208, 636)  # pixels that a figure can fill on a slide of 1280 × 720; text there has 20
_STYLE = Path(__file__).parent / "assets" / "course.mplstyle"
# Control characters, halves of pairs, ends of lines, changes of direction.
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]")
# Free or installed with a system; tried before any other font that has Korean letters.
_KOREAN_FONTS = (
    "NanumGothic",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "Malgun Gothic",
)
NO_KOREAN_FONT = (
    "No font with Korean letters was found: Korean is written in Latin letters here.\n"
    "To install one: docs/korean.md (on Debian and Ubuntu: apt install fonts-nanum)."
)


def figure(width: float = 7.0, height: float = 4.0, columns: int = 1, rows: int = 1) -> Any:
    """Make a figure in the style of the course.

    Parameters
    ----------
    width, height : float
        Inches.
    columns, rows : int
        Number of panels.

    Returns
    -------
    (Figure, Axes) or (Figure, numpy.ndarray of Axes)
    """
    import matplotlib.pyplot as plt

    with plt.style.context(_STYLE):
        return plt.subplots(rows, columns, figsize=(width, height), layout="constrained")


def show(fig: Figure, *, alt: str, live: Any = None) -> None:
    """Show a figure with alternative text.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Closed afterwards, so that it is not drawn a second time.
    alt : str
        Alternative text: one or two sentences.
    live : explain.Explorable, optional
        What a reader can move, shown in place of the figure wherever that is possible.

    Raises
    ------
    ValueError
        If ``alt`` is empty.

    Notes
    -----
    Korean labels are drawn with :func:`korean_font`. Where there is none, they are written in
    Latin letters and a line below the figure says so.
    """
    from IPython.display import display

    data, about = _described(alt, live), {"alt": alt, **_readable(fig)}
    data["image/png"] = png(fig, bbox_inches="tight", dpi=200)
    display(data, metadata={"image/png": about}, raw=True)


def png(fig: Figure, **options: Any) -> str:
    """Return a figure as PNG in base64, and close it; options are ``savefig``'s."""
    import matplotlib.pyplot as plt
    from PIL import Image

    _make_korean_visible(fig)
    drawn, packed = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", **options)
    plt.close(fig)
    Image.open(drawn).convert("RGB").quantize().save(packed, "PNG", optimize=True)  # a third
    return base64.b64encode(packed.getvalue()).decode()


def _readable(fig: Figure) -> dict[str, float]:
    """Enlarge text that is too small on a slide; return the figure's width and its text, in px."""
    from matplotlib.text import Text

    _make_korean_visible(fig)
    for _ in range(3):  # larger letters make a larger picture
        fig.draw_without_rendering()
        width, height = fig.get_tightbbox().padded(0.1).size  # inches
        point = min(SLIDE[0] / width, SLIDE[1] / height) / 72  # its pixels on the slide
        texts = [text for text in fig.findobj(Text) if text.get_visible() and text.get_text()]
        smallest = min((text.get_size() for text in texts), default=20 / point) * point
        for text in texts:
            text.set_size(max(text.get_size(), 20.2 / point))
    return {"width": round(100 * width), "text": round(float(smallest), 1)}


def _described(alt: str, live: Any) -> dict[str, Any]:
    if not alt.strip():
        raise ValueError("alt is empty. Say in one or two sentences what the picture shows.")
    return {**({} if live is None else live._repr_mimebundle_()), "text/plain": alt}


def animate(
    draw: Callable[[Axes, int], None],
    frames: int,
    *,
    alt: str,
    width: float = 7.0,
    height: float = 2.0,
    live: Any = None,
) -> None:
    """Show an animated GIF of ``frames`` drawings, 1.2 seconds each.

    Parameters
    ----------
    draw : callable
        ``draw(axes, frame)`` draws frame number ``frame`` on empty axes.
    frames : int
    alt, live
        As in :func:`show`.
    width, height : float
        Inches.
    """
    from IPython.display import display
    from PIL import Image

    data, pictures = _described(alt, live), []
    for number in range(frames):
        fig, axes = figure(width, height)
        draw(axes, number)
        _readable(fig)
        pictures.append(Image.open(io.BytesIO(base64.b64decode(png(fig)))))
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=1_200, loop=0
    )
    # As HTML: exported pages and slides do not support the MIME type image/gif.
    coded = base64.b64encode(buffer.getvalue()).decode()
    picture = f'<img src="data:image/gif;base64,{coded}" alt="{html.escape(alt)}">'
    display(data | {"text/html": picture}, raw=True)


@cache
def korean_font() -> str | None:
    """Return the name of an installed font that has Korean letters, None where there is none.

    Cached. ``docs/korean.md`` says how to install one.
    """
    from matplotlib.font_manager import findSystemFonts, fontManager

    if found := _with_korean(fontManager.ttflist):
        return found
    # matplotlib keeps its list on disk: a font that was installed since is not in it.
    listed = {entry.fname for entry in fontManager.ttflist}
    for path in set(findSystemFonts()) - listed:
        try:
            fontManager.addfont(path)
        except (OSError, RuntimeError):  # a kind of font that matplotlib cannot read
            continue
    return _with_korean([entry for entry in fontManager.ttflist if entry.fname not in listed])


def _with_korean(fonts: Iterable[FontEntry]) -> str | None:
    from matplotlib.ft2font import FT2Font

    for font in sorted(fonts, key=lambda font: (font.name not in _KOREAN_FONTS, font.name)):
        try:
            face = FT2Font(font.fname)
        except (OSError, RuntimeError):
            continue
        # A fallback font has a glyph for every letter, but always the same box.
        glyphs = {face.get_char_index(ord(letter)) for letter in "가값힣ㄱㅏ"}
        if len(glyphs) == 5 and 0 not in glyphs:
            return font.name
    return None


def _make_korean_visible(fig: Figure) -> None:
    """Give every Korean label a font that has its letters, or write it in Latin letters."""
    from matplotlib.text import Text

    axes_lines = [axis for axes in fig.axes for axis in (axes.xaxis, axes.yaxis)]
    ticks = {axis: [label.get_text() for label in axis.get_ticklabels()] for axis in axes_lines}
    labels = [text for text in fig.findobj(Text) if hangul.is_korean(text.get_text())]
    if not labels:
        return
    if font := korean_font():
        for label in labels:
            label.set_fontfamily([*label.get_fontfamily(), font])
        return
    for label in labels:
        label.set_text(hangul.romanize(label.get_text()))
    for axis, texts in ticks.items():
        if any(map(hangul.is_korean, texts)):  # regenerated at each draw, so fixed here
            axis.set_ticks(axis.get_ticklocs(), list(map(hangul.romanize, texts)))
    notes = [note for note in (fig.get_supxlabel(), NO_KOREAN_FONT) if note]
    fig.supxlabel("\n".join(notes), fontsize=8)


def plain(label: object, longest: int = 60) -> str:
    r"""Return a label that comes from data in one line, cut if it is long.

    What would break the line, turn its direction or draw nothing is written as Python does it: a
    tab is ``\t``. Give ``parse_math=False`` with it, or matplotlib reads ``$`` as mathematics.
    """
    text = _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), str(label))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def heatmap(
    axes: Axes,
    values: np.ndarray,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    digits: int | None = None,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a matrix as a heat map.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : numpy.ndarray, (rows, columns)
    rows, columns : sequence of str
        Tick labels.
    title : str
    digits : int, optional
        Annotate each cell with its value, rounded to this many decimals.
    limits : (float, float), optional
        Lowest and highest value of the colour scale; by default those of the matrix.
    """
    values = np.asarray(values, dtype=float)
    shown = np.ma.masked_invalid(values)  # NaN and infinity stay blank
    low, high = limits or ((shown.min(), shown.max()) if shown.count() else (0.0, 1.0))
    axes.grid(False)
    axes.imshow(shown, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    across, down = ([plain(name) for name in names] for names in (columns, rows))
    axes.set_xticks(range(len(across)), across, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(down)), down, parse_math=False)
    axes.set_title(title, parse_math=False)
    if digits is not None:
        for (row, column), value in np.ndenumerate(values):
            color = "white" if value < (low + high) / 2 else "black"
            label = f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no "-0.0"
            axes.text(column, row, label, ha="center", va="center", color=color)


def word_map(
    axes: Axes, vectors: WordVectors, words: Iterable[str], *, groups: Iterable[Any] | None = None
) -> np.ndarray:
    """Plot words at their first two principal components.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    vectors : WordVectors
    words : iterable of str
        Each must have a vector.
    groups : iterable, optional
        The group of each word, by number or name: a colour and a marker for each group.

    Returns
    -------
    numpy.ndarray, float, (words, 2)
        The coordinates.
    """
    import pandas as pd
    from sklearn.decomposition import PCA

    words = word_list(words)
    if not words:
        raise ValueError("words is empty: name at least one word to draw.")
    rows = np.stack([vectors[word] for word in words], dtype=np.float64)
    with np.errstate(all="ignore"):  # of words all alike, PCA takes shares of a variance of 0
        places = PCA(min(2, *rows.shape), svd_solver="full").fit_transform(rows)
    places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    named = [0] * len(words) if groups is None else list(groups)
    kinds, _ = pd.Series(named, range(len(words)), dtype=object).factorize(use_na_sentinel=False)
    for kind in np.unique(kinds):
        chosen = places[kinds == kind]
        marker = "os^vDPX*"[kind % 8]
        axes.scatter(chosen[:, 0], chosen[:, 1], color=PALETTE[kind % 8], marker=marker, s=30)
    for word, (x, y) in zip(words, places, strict=True):
        place = {"xytext": (4, 3), "textcoords": "offset points"}
        axes.annotate(plain(word), (x, y), **place, parse_math=False)
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    return places
