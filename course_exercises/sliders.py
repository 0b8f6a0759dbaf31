"""Sliders for the ELMo mix: what the weights s and the factor γ do to the vectors of a word."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib import plots

if TYPE_CHECKING:
    import torch

_REACH = 4.0  # the scores run from -4 to 4: of three weights one can then be below 0.001


class MixSliders:
    """Sliders for the score of each layer and for γ, and a plot of the mixed vectors.

    Displayed as the last expression of a cell. The weights s are the softmax of the scores.
    Each word is a point at the first two principal components, computed once from all layers,
    each centred. The limits of the axes are fixed. Nothing is loaded from the network.

    Parameters
    ----------
    layers : torch.Tensor or numpy.ndarray, float, (L + 1, words, D)
        The vectors of the words in each layer.
    groups : sequence of str
        A label for each word, such as its sense: colour and marker of its point.

    Raises
    ------
    ValueError
        If the number of words differs, or there are fewer than two groups.

    Attributes
    ----------
    scores : list of ipywidgets.FloatSlider
        One a layer, from -4 to 4; they can be set by ``.value``.
    gamma : ipywidgets.FloatSlider
        γ, from 0.1 to 2.
    picture, status : ipywidgets.HTML
    """

    def __init__(self, layers: torch.Tensor | np.ndarray, groups: Sequence[str]) -> None:
        from sklearn.utils.extmath import svd_flip

        values = np.asarray(layers, dtype=np.float64)
        if values.ndim != 3 or values.shape[1] != len(groups):
            raise ValueError(
                f"layers has shape {values.shape} and there are {len(groups)} groups; wanted are "
                "(layers, words, numbers) and a group for each word."
            )
        if values.shape[2] < 2 or not np.isfinite(values).all():
            raise ValueError("layers needs two numbers a word or more, and no NaN or infinity.")
        if len(set(groups)) < 2:
            raise ValueError(f"There are {len(set(groups))} groups; give two or more.")
        self.layers, self.groups = values, list(groups)
        self._centered = values - values.mean(axis=1, keepdims=True)
        directions = np.linalg.svd(np.concatenate(self._centered), full_matrices=False)[2]
        self._axes = svd_flip(None, directions[:2], u_based_decision=False)[1].T  # (D, 2)
        self._build()
        self._moved()

    @property
    def weights(self) -> np.ndarray:
        """The weights s, float64, (L + 1,): the softmax of the scores."""
        raised = np.exp([slider.value for slider in self.scores])
        return raised / raised.sum()

    @property
    def mixed(self) -> np.ndarray:
        """The mix γ Σ s_j h_j of each word: float64, (words, D)."""
        return self.gamma.value * np.tensordot(self.weights, self.layers, 1)

    @property
    def places(self) -> np.ndarray:
        """The coordinates of the words in the plot: float64, (words, 2)."""
        return self.gamma.value * np.tensordot(self.weights, self._centered, 1) @ self._axes

    @property
    def silhouette(self) -> float:
        """How well the groups are apart, by cosine: -1 to 1; 0 where all vectors are alike.

        It is 0, too, where each word is a group of its own.
        """
        from sklearn.metrics import silhouette_score

        if np.ptp(self.mixed, axis=0).max() < 1e-6 or len(set(self.groups)) == len(self.groups):
            return 0.0
        return float(silhouette_score(self.mixed, self.groups, metric="cosine"))

    @property
    def distance(self) -> float:
        """The mean of 1 - cosine over all pairs of words; a zero vector has the cosine 0."""
        from sklearn.metrics.pairwise import cosine_distances

        pairs = np.triu_indices(len(self.groups), 1)
        return float(cosine_distances(self.mixed)[pairs].mean())

    def __repr__(self) -> str:
        """Return a one-line summary."""
        s = ", ".join(f"{weight:.2f}" for weight in self.weights)
        return (
            f"MixSliders: s = {s}; γ = {self.gamma.value:.1f}; mean distance "
            f"{abs(self.distance):.2f}, silhouette {self.silhouette:.2f}"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self._box._repr_mimebundle_(), "text/plain": repr(self)}

    def snapshot(self, axes: Any) -> None:
        """Draw the current plot with matplotlib, for a static page.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
        """
        names = list(dict.fromkeys(self.groups))
        for number, group in enumerate(names):
            points = self.places[[name == group for name in self.groups]]
            color, marker = plots.PALETTE[number % 8], "os^vDPX*"[number % 8]
            axes.scatter(*points.T, color=color, marker=marker, s=45)
        # γ up to 2 has room; the frame does not move with the points.
        reach = 2.1 * np.abs(self._centered @ self._axes).max() or 1.0
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        axes.set(xlabel="first principal component", ylabel="second principal component")
        # matplotlib itself leaves out labels that begin with "_".
        made = axes.legend(axes.collections, ["x"] * len(names), loc="upper right")
        for text, name in zip(made.get_texts(), names, strict=True):
            text.set(text=plots.plain(name), parse_math=False)

    def _build(self) -> None:
        import ipywidgets as widgets

        style = {"description_width": "110px"}
        self.scores = [
            widgets.FloatSlider(
                min=-_REACH, max=_REACH, step=0.5, description=f"score, layer {j}", style=style
            )
            for j in range(len(self.layers))
        ]
        self.gamma = widgets.FloatSlider(
            value=1.0, min=0.1, max=2.0, step=0.1, description="γ", style=style
        )
        self.picture, self.status = widgets.HTML(), widgets.HTML()
        sliders = [*self.scores, self.gamma]
        for slider in sliders:
            slider.observe(lambda change: self._moved(), "value")
        left = widgets.VBox([*sliders, self.status])
        row = {"flex_flow": "row wrap", "align_items": "center"}
        self._box = widgets.HBox([left, self.picture], layout=row)

    def _moved(self) -> None:
        said = html.escape(repr(self).removeprefix("MixSliders: "))
        self.status.value = f'<span role="status">{said}</span>'
        fig, axes = plots.figure(4.6, 4.2)
        self.snapshot(axes)
        alt = f"Points of {len(self.groups)} words in the plane; {said}"
        self.picture.value = f'<img alt="{alt}" src="data:image/png;base64,{plots.png(fig)}">'
