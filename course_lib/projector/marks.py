"""Marks on the picture of the explorer: the words that were searched for, and their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.plots import PALETTE, plain
from course_lib.projector import labels
from course_lib.projector.picture import HEIGHT, LONGEST, WIDTH, Picture

if TYPE_CHECKING:
    from anywidget import AnyWidget

# Each word that is searched for has a colour and, for those who do not see it, a shape. Blue is
# the colour of the cloud.
COLORS = tuple(PALETTE[i] for i in (3, 2, 4, 6, 1))
SIGNS = "●■◆✚✖"
SMALL, LARGE = 5.5, 9.0  # radii in pixels
_ARM = np.array([1 + 0.35j, 0.35 + 0.35j, 0.35 + 1j])
_PLUS = np.concatenate([_ARM * 1j**quarter for quarter in range(4)])
_OUTLINES = (  # of SIGNS, x + iy of the corners, in radii
    np.exp(2j * np.pi * np.arange(24) / 24),
    0.9 * np.array([1 + 1j, -1 + 1j, -1 - 1j, 1 - 1j]),
    1.25 * 1j ** np.arange(4),
    1.1 * _PLUS,
    1.1 * _PLUS * np.exp(0.25j * np.pi),
)


@cache
def layer_class() -> type[AnyWidget]:
    """Return the widget that draws marks above a plotly figure; its trait ``marks`` holds them."""
    import anywidget
    import traitlets

    class MarkLayer(anywidget.AnyWidget):
        _esm = Path(__file__).with_suffix(".js")
        marks = traitlets.List([]).tag(sync=True)

    return MarkLayer


def marks_on(
    picture: Picture, words: Sequence[str], families: Sequence[Sequence[int]]
) -> list[dict[str, Any]]:
    """Describe the marks of some words and of their neighbours.

    Parameters
    ----------
    picture : Picture
    words : sequence of str
        Those that were searched for.
    families : sequence of sequence of int
        For each, the rows of itself and of its neighbours.

    Returns
    -------
    list of dict
        ``at`` (the place), ``text``, ``kind`` (number of the word), ``color``, ``path`` (an
        outline in pixels), ``large`` (the word itself) and ``offset`` (pixels from the place to
        the middle of the name, None where the same point is named already).
    """
    there = [[row for row in rows if not np.isnan(picture.places[row]).any()] for rows in families]
    named = list(dict.fromkeys(row for rows in there for row in rows))
    names = [plain(picture.words[row], LONGEST) for row in named]
    free = labels.offsets(picture.pixels(picture.places[named]), names, (WIDTH, HEIGHT))
    offsets = dict(zip(named, free.round().tolist(), strict=True))
    found = []
    for kind, (word, rows) in enumerate(zip(words, there, strict=True)):
        for row in rows:
            large = picture.words[row] == word
            corners = _OUTLINES[kind] * (LARGE if large else SMALL)
            found.append(
                {
                    "at": picture.places[row].tolist(),
                    "text": plain(picture.words[row], LONGEST),
                    "kind": kind,
                    "color": COLORS[kind],
                    "path": "M" + "L".join(f"{c.real:.1f},{c.imag:.1f}" for c in corners) + "Z",
                    "large": large,
                    "offset": offsets.pop(row, None),
                }
            )
    return sorted(found, key=lambda mark: mark["large"])  # the words themselves on top
