"""The embedding explorer: words as points, their neighbours at a click."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.checks import check_whole_numbers, word_list
from course_lib.plots import PALETTE, plain
from course_lib.projector.coloring import Coloring, color_by_cluster, color_by_frequency
from course_lib.projector.marks import COLORS, SIGNS, layer_class, marks_on
from course_lib.projector.picture import Picture
from course_lib.projector.projections import METHODS, NO_UMAP, available, check, project
from course_lib.vectors import WordVectors

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import FigureWidget

NEIGHBORS = 10
MAX_SEARCHED = len(COLORS)
# The time that t-SNE and UMAP take grows with the number of words: so many take 10 to 20 seconds
# on two cores.
LIMITS = {"tsne": 3_000, "umap": 5_000}


class Explorer:
    """Interactive scatter plot of word vectors with search and nearest neighbours.

    Displayed as the last expression of a cell. Type one word or several into the box, or click
    on a point: the ten nearest words are marked and listed. Nearest is by cosine in all
    dimensions of the vectors, not in the projection. Nothing is loaded from the network.

    Parameters
    ----------
    vectors : WordVectors
        Any kind; FastText's also answer for words that have no point.
    method : {"pca", "tsne", "umap"}
        The projection to begin with. Each is computed when it is first asked for, and kept, from
        vectors scaled to length 1. t-SNE shows the first 3,000 words, UMAP the first 5,000.
    dimensions : {2, 3}
    max_words : int
        So many words have a point: the first ones, by convention the most frequent. Neighbours
        are looked for among all words.
    clusters : int
        Number of k-means clusters for the colour "cluster", 2 to 8.
    seed : int
        Of t-SNE, UMAP and k-means.

    Raises
    ------
    ValueError
        For an unknown method, other dimensions or another number of clusters than can be shown.
    ImportError
        If ``method`` is ``"umap"`` and umap-learn is not installed.

    Attributes
    ----------
    search_box, method_choice, dimension_choice, color_choice : ipywidgets
        What the reader uses; setting ``.value`` does the same from code.
    status, neighbor_view : ipywidgets.HTML
        A summary of what is shown, and the table of neighbours.
    mark_layer : anywidget.AnyWidget
        Draws the marks and names above the picture; ``.marks`` lists them.
    table : pandas.DataFrame
        The neighbours of the words searched for last; see :meth:`search`.
    """

    def __init__(
        self,
        vectors: WordVectors,
        *,
        method: str = "pca",
        dimensions: int = 2,
        max_words: int = 20_000,
        clusters: int = 8,
        seed: int = 0,
    ) -> None:
        if method == "umap" and method not in available():
            raise ImportError(NO_UMAP)
        check(method, dimensions)
        check_whole_numbers(max_words=max_words)
        if clusters not in range(2, len(PALETTE) + 1):
            raise ValueError(f"clusters is {clusters}; choose 2 to {len(PALETTE)} (colours).")
        self.vectors, self.clusters, self.seed = vectors, clusters, seed
        self.shown = min(max_words, len(vectors))
        if self.shown <= dimensions:
            raise ValueError(f"There are {self.shown} words to show; give more than {dimensions}.")
        self.searched: list[str] = []
        self.table = neighbors([], vectors)
        self._unit = vectors.normalized()[: self.shown]
        self._places: dict[tuple[str, int], np.ndarray] = {}
        self._pictures: dict[int, Picture] = {}
        self._drawn: dict[int, tuple[str, str]] = {}
        self._build(method, dimensions)
        self._draw()

    # ---- what a reader of the notebook can call

    def search(self, words: str | Iterable[str]) -> pd.DataFrame:
        """Mark words and their ten nearest; the same as typing into the box.

        Parameters
        ----------
        words : str or iterable of str
            Words between spaces or commas, or a list of them; at most five. Nothing clears.

        Returns
        -------
        pandas.DataFrame
            Columns word, neighbour, cosine, rank (1 is the nearest), as
            :meth:`WordVectors.nearest` gives them.

        Raises
        ------
        KeyError
            If a word has no vector; the message names words spelt alike. The picture stays.
        ValueError
            For more than five words.
        """
        wanted = self._parse(words) if isinstance(words, str) else list(dict.fromkeys(words))
        if len(wanted) > MAX_SEARCHED:
            raise ValueError(f"{len(wanted)} words; search for at most {MAX_SEARCHED} at once.")
        self.table = neighbors(wanted, self.vectors)
        self.searched = wanted
        self.search_box.value = " ".join(wanted)
        self._highlight()
        return self.table

    def places(self, method: str | None = None, dimensions: int | None = None) -> np.ndarray:
        """Return the projected coordinates: float32, (words with a point, dimensions).

        Parameters
        ----------
        method : {"pca", "tsne", "umap"}, optional
        dimensions : {2, 3}, optional
            Without them, those on show.
        """
        key = (method or self.method_choice.value, dimensions or self.dimension_choice.value)
        if key not in self._places:
            n = min(self.shown, LIMITS.get(key[0], self.shown))
            self._places[key] = project(
                self._unit[:n],
                key[0],
                dimensions=key[1],
                perplexity=min(30.0, (n - 1) / 3),
                neighbors=max(2, min(15, n - 1)),
                seed=self.seed,
            )
        return self._places[key]

    @property
    def figure(self) -> FigureWidget:
        """The plotly figure on show: the cloud. What is marked is in ``mark_layer.marks``."""
        return self._pictures[self.dimension_choice.value].figure

    def __repr__(self) -> str:
        """Return a one-line summary."""
        words = f", marked: {', '.join(self.searched)}" if self.searched else ""
        method = METHODS[self.method_choice.value]
        return (
            f"Explorer: {len(self.places()):,} of {len(self.vectors):,} words x "
            f"{self.vectors.vector_size} dimensions, {method} in "
            f"{self.dimension_choice.value}-D{words}"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self._box._repr_mimebundle_(), "text/plain": repr(self)}

    # ---- widgets

    def _build(self, method: str, dimensions: int) -> None:
        import ipywidgets as widgets

        style, there = {"description_width": "initial"}, available()
        self.search_box = widgets.Text(
            description="Search words",
            placeholder=f"one word, or up to {MAX_SEARCHED}: man king",
            tooltip="Words between spaces or commas; Enter searches",
            continuous_update=False,
            style=style,
            layout={"width": "320px"},
        )
        self.method_choice = widgets.Dropdown(
            options=[(METHODS[name], name) for name in there],
            value=method,
            description="Projection",
            style=style,
            layout={"width": "170px"},
        )
        self.dimension_choice = widgets.ToggleButtons(
            options=[("2-D", 2), ("3-D", 3)],
            value=dimensions,
            tooltips=["two dimensions", "three dimensions: drag to turn"],
            style={**style, "button_width": "52px"},
            layout={"width": "auto", "margin": "2px 0 2px 16px"},
        )
        self.color_choice = widgets.Dropdown(
            options=["frequency", "cluster"],
            description="Colour",
            style=style,
            layout={"width": "170px"},
        )
        self.status = widgets.HTML()
        self.neighbor_view = widgets.HTML(layout={"max_height": "560px", "overflow": "auto"})
        self.mark_layer = layer_class()()
        self.mark_layer.on_msg(lambda *message: self._put_in_anew())
        self._stage = widgets.Box()
        row = {"flex_flow": "row wrap", "align_items": "center"}
        controls = [
            self.search_box,
            self.method_choice,
            self.dimension_choice,
            self.color_choice,
        ]
        self._box = widgets.VBox(
            [
                widgets.HBox(controls, layout=row),
                self.status,
                widgets.HBox(
                    [self._stage, self.neighbor_view], layout={**row, "align_items": "flex-start"}
                ),
                self.mark_layer,  # takes no room: it draws into the picture
            ]
        ).add_class("course-explorer")  # the layer looks for its picture there
        self.search_box.observe(self._typed, "value")
        for choice in (self.method_choice, self.dimension_choice, self.color_choice):
            choice.observe(lambda change: self._draw(), "value")

    def _parse(self, text: str) -> list[str]:
        whole = text.strip()
        if whole in self.vectors.index:  # a comma can be a word; a few words hold spaces
            return [whole]
        return list(dict.fromkeys(re.findall(r"[^\s,]+", whole)))

    def _typed(self, change: dict[str, Any]) -> None:
        if change["new"] == " ".join(self.searched):
            return
        try:
            self.search(change["new"])
        except (KeyError, ValueError) as error:
            self._say(error.args[0])  # what is marked stays marked

    def _say(self, text: str) -> None:
        self.status.value = f'<span role="status">{html.escape(plain(text, 1000))}</span>'

    def _put_in_anew(self) -> None:
        """Make the pictures on the page again, where it was too busy to fill them."""
        for box, picture in zip(self._stage.children, self._pictures.values(), strict=True):
            picture.hold()
            box.children = []
            box.children = [picture.figure]

    # ---- drawing

    def _draw(self) -> None:
        """Update the plot to the choices and the words searched for."""
        method, dimensions = self.method_choice.value, self.dimension_choice.value
        color = self.color_choice.value
        if (method, dimensions) not in self._places and method != "pca":
            n = min(self.shown, LIMITS[method])
            self._say(f"Computing {METHODS[method]} of {n:,} words, up to half a minute …")
        places = self.places(method, dimensions)
        if dimensions not in self._pictures:
            self._pictures[dimensions] = self._new_picture(dimensions)
        if self._drawn.get(dimensions) != (method, color):
            padded = np.full((self.shown, dimensions), np.nan, dtype=np.float32)
            padded[: len(places)] = places
            titles = axis_titles(method, dimensions)
            by_count = color_by_frequency(self.shown, self.vectors.counts)
            coloring = self._clusters if color == "cluster" else by_count
            self._pictures[dimensions].draw(padded, titles, coloring)
            self._drawn[dimensions] = (method, color)
        for box, shown in zip(self._stage.children, self._pictures, strict=True):
            box.layout.display = None if shown == dimensions else "none"
        self._highlight()

    def _new_picture(self, dimensions: int) -> Picture:
        import ipywidgets as widgets

        words, counts = self.vectors.words[: self.shown], self.vectors.counts
        notes = [f"rank {rank:,}" for rank in range(1, self.shown + 1)]
        if counts is not None:
            notes = [f"{note}, {n:,} times" for note, n in zip(notes, counts, strict=False)]
        picture = Picture(words, notes, dimensions, lambda row: self.search([words[row]]))
        # A box for each, hidden or not: a picture that was drawn once need not be drawn again.
        self._stage.children = [*self._stage.children, widgets.Box([picture.figure])]
        return picture

    def _highlight(self) -> None:
        index, points = self.vectors.index, len(self.places())
        picture = self._pictures[self.dimension_choice.value]
        families, unplaced = [], []
        for word in self.searched:
            near = self.table.loc[self.table["word"] == word, "neighbor"]
            family = [word, *near]
            families.append([index[w] for w in family if index.get(w, points) < points])
            unplaced += [w for w in family if index.get(w, points) >= points]
        self.mark_layer.marks = marks_on(picture, self.searched, families)
        self.neighbor_view.value = tables(self.table)
        self._say(self._summary(points, list(dict.fromkeys(unplaced))))

    def _summary(self, points: int, unplaced: Sequence[str]) -> str:
        method, total = METHODS[self.method_choice.value], len(self.vectors)
        if points < total:
            said = [f"{method} of the first {points:,} of {total:,} words."]
        else:
            said = [f"{method} of {total:,} words."]
        if not self.searched:
            return f"{said[0]} Type a word, or click on a point."
        size = self.vectors.vector_size
        said.append(
            f"{', '.join(self.searched)}: nearest of {total:,} words by cosine in all {size} "
            "dimensions."
        )
        if made := [word for word in self.searched if word not in self.vectors.index]:
            said.append(
                f"No point for {', '.join(made)}: not in the vocabulary, the vector is made of "
                "n-grams."
            )
        if beyond := [word for word in unplaced if word in self.vectors.index]:
            said.append(f"Not in the picture (too rare): {', '.join(beyond)}.")
        return " ".join(said)

    @cached_property
    def _clusters(self) -> Coloring:
        return color_by_cluster(self._unit, self.vectors.words, self.clusters, self.seed)


def neighbors(words: Iterable[str], vectors: WordVectors) -> pd.DataFrame:
    """Return the ten nearest of each word: columns word, neighbour, cosine, rank."""
    import pandas as pd

    rows = [
        (word, neighbor, cosine, rank)
        for word in word_list(words)
        for rank, (neighbor, cosine) in enumerate(vectors.nearest(word, NEIGHBORS), 1)
    ]
    # As objects: where pyarrow is installed, pandas' own strings refuse half a surrogate pair.
    found = pd.DataFrame(rows, columns=["word", "neighbor", "cosine", "rank"], dtype=object)
    return found.astype({"cosine": float, "rank": int})


def tables(found: pd.DataFrame) -> str:
    """Return the neighbours as HTML, a table for each word."""
    left = "style='text-align:left;padding:0 14px'"
    parts = []
    for number, word in enumerate(found["word"].unique()):
        sign = f"<span style='color:{COLORS[number]}' aria-hidden='true'>{SIGNS[number]}</span>"
        lines = "".join(
            f"<tr><td>{row.rank}</td><td {left}>{html.escape(plain(row.neighbor))}</td>"
            f"<td>{row.cosine:.3f}</td></tr>"
            for row in found[found["word"] == word].itertuples()
        )
        parts.append(
            "<table style='line-height:1.35;margin-bottom:10px'>"
            f"<caption style='text-align:left;font-weight:bold'>{sign} {html.escape(plain(word))}"
            f"</caption><thead><tr><th scope='col'>rank</th><th scope='col' {left}>neighbour</th>"
            f"<th scope='col'>cosine</th></tr></thead><tbody>{lines}</tbody></table>"
        )
    return "".join(parts)


def axis_titles(method: str, dimensions: int) -> list[str]:
    """Return the titles of the axes."""
    if method != "pca" or dimensions == 3:
        name = "component" if method == "pca" else METHODS[method]
        return [f"{name} {number}" for number in range(1, dimensions + 1)]
    return ["first principal component", "second principal component"]
