"""The scatter plot of the explorer, in two or three dimensions."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.plots import plain
from course_lib.projector.coloring import CLASSES, Coloring

WIDTH, HEIGHT = 800, 560
EYE = 1.2  # where plotly looks from in space, the same in x, y and z
LONGEST = 24  # letters of a name in the picture
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 144, 20, 48


class Picture:
    """A plotly FigureWidget with one trace for each class of points.

    Parameters
    ----------
    words : sequence of str
        One a point.
    notes : sequence of str
        Hover text below the word.
    dimensions : {2, 3}
    on_click : callable
        Called with the row of the point.
    """

    def __init__(
        self,
        words: Sequence[str],
        notes: Sequence[str],
        dimensions: int,
        on_click: Callable[[int], None],
    ) -> None:
        import plotly.graph_objects as go

        self.words, self.dimensions = words, dimensions
        self.axes = ("x", "y", "z")[:dimensions]
        self.places = np.empty((0, dimensions), dtype=np.float32)
        pairs = zip(words, notes, strict=True)
        texts = [f"<b>{_markup(plain(word, LONGEST))}</b><br>{note}" for word, note in pairs]
        self._texts = np.array(texts, dtype=object)
        self.rows = [np.empty(0, dtype=int)] * CLASSES  # of each trace
        kind = go.Scattergl if dimensions == 2 else go.Scatter3d
        # In space a square is two triangles, a circle many: it takes four times as long to draw.
        point = {"size": 4, "opacity": 0.6}
        point |= {"size": 2, "opacity": 0.4, "symbol": "square"} if dimensions == 3 else {}
        common = {"mode": "markers", "hovertemplate": "%{hovertext}<extra></extra>"}
        traces = [kind(**common, visible=False, marker=point) for _ in range(CLASSES)]
        self.figure = go.FigureWidget(data=traces, layout=self._layout())
        # Else WebGL draws twice as wide and high as the picture is, for four times the work.
        self.figure._config = {"scrollZoom": True, "displaylogo": False, "plotGlPixelRatio": 1}

        def clicked(trace: Any, points: Any, state: Any) -> None:
            for point in points.point_inds[:1]:
                on_click(int(self.rows[points.trace_index][point]))

        for trace in self.figure.data:
            trace.on_click(clicked)

    def _layout(self) -> dict[str, Any]:
        axis = {"zeroline": False, "gridcolor": "#e6e6e6", "title": {"font": {"size": 13}}}
        layout = {
            "width": WIDTH,
            "height": HEIGHT,
            "margin": {"l": _LEFT, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
            "template": "none",
            "font": {"size": 13, "color": "#222222"},
            "hoverlabel": {"bgcolor": "white", "font": {"size": 13, "color": "#222222"}},
            "hovermode": "closest",
            "showlegend": True,
            "legend": {"itemsizing": "constant", "title": {"font": {"size": 13}}, "y": 0.95},
            # The first would send the picture to a service on the network; the image would lack
            # the marks, which are none of plotly's.
            "modebar": {"remove": ["sendChartToCloud", "toImage", "select2d", "lasso2d"]},
            "uirevision": "kept",  # the camera stays when the traces change
        }
        if self.dimensions == 2:
            return {**layout, "dragmode": "pan", "xaxis": axis, "yaxis": axis}
        axis["title"] = {"font": {"size": 12}}
        side = {**axis, "showbackground": False, "showticklabels": False, "showspikes": False}
        scene = dict.fromkeys(("xaxis", "yaxis", "zaxis"), side)
        scene |= {"aspectmode": "cube", "camera": {"eye": dict.fromkeys("xyz", EYE)}}
        return {**layout, "margin": {"l": 0, "r": _RIGHT, "t": _TOP, "b": 0}, "scene": scene}

    def draw(self, places: np.ndarray, titles: Sequence[str], coloring: Coloring) -> None:
        """Set coordinates and colours of the points.

        Parameters
        ----------
        places : numpy.ndarray, float32, (words, dimensions)
            NaN for a word without a point.
        titles : sequence of str
            Titles of the axes.
        coloring : Coloring
        """
        moved = not np.array_equal(places, self.places, equal_nan=True)
        self.places = places
        low, high = np.nanmin(places, axis=0), np.nanmax(places, axis=0)
        edge = np.where(high > low, 0.04 * (high - low), 1.0)
        self.ranges = np.stack([low - edge, high + edge], axis=1)  # (dimensions, 2)
        there = ~np.isnan(places).any(axis=1)
        layout = self.figure.layout
        space = layout if self.dimensions == 2 else layout.scene
        with self.figure.batch_update():
            for i, trace in enumerate(self.figure.data):
                rows = self.rows[i] = np.flatnonzero(there & (coloring.classes == i))
                trace.visible = bool(len(rows))
                if len(rows):
                    for axis, values in zip(self.axes, places[rows].T, strict=True):
                        trace[axis] = values
                    trace.hovertext = self._texts[rows]
                    trace.name = _markup(coloring.names[i])
                    trace.meta, trace.marker.color = coloring.names[i], coloring.colors[i]
            layout.legend.title.text = coloring.title
            if moved:  # else the reader's zoom stays
                for axis, title, limits in zip(self.axes, titles, self.ranges, strict=True):
                    space[f"{axis}axis"].update(range=limits.tolist(), title_text=title)

    def hold(self) -> None:
        """Write what was drawn into the state of the widget, from which a page makes a view.

        plotly does so when the figure itself is the output of a cell, but not inside a box.
        """
        drawn = self.figure.to_dict()
        self.figure._widget_layout, self.figure._widget_data = drawn["layout"], drawn["data"]

    def pixels(self, places: np.ndarray) -> np.ndarray:
        """Return the pixel coordinates of points in the initial view: (points, 2)."""
        low, high = self.ranges.T
        part = (places - low) / (high - low)  # 0 to 1
        if self.dimensions == 2:
            wide, deep = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
            return np.stack([_LEFT + wide * part[:, 0], _TOP + deep * (1 - part[:, 1])], axis=1)
        # plotly looks from EYE to the middle of the cube, z upwards, and sees 45 degrees.
        eye = np.full(3, EYE)
        away = np.linalg.norm(eye)
        across, up = np.array([-1, 1, 0]) / np.sqrt(2), np.array([-1, -1, 2]) / np.sqrt(6)
        cube = part - 0.5
        scale = (HEIGHT - _TOP) / 2 / np.tan(np.pi / 8) / (away - cube @ eye / away)
        middle = np.array([(WIDTH - _RIGHT) / 2, (HEIGHT + _TOP) / 2])
        return middle + scale[:, None] * (cube @ np.stack([across, -up], axis=1))


def _markup(text: str) -> str:
    """Return a text as plotly's markup; where MathJax is loaded, it would set what is in $."""
    return html.escape(text, quote=False).replace("$", "&#36;")
