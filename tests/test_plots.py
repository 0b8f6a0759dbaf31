"""plots: what is drawn, and the description every picture carries."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
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
    assert metadata == {"image/png": {"alt": "A rising line."}}
    assert data["text/plain"] == "A rising line."
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size[0] > 300
    import matplotlib.pyplot as plt

    assert not plt.get_fignums()


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

    plots.animate(draw, 3, alt='Three "numbers".', seconds=0.2)
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


def test_loss_curve_draws_the_history() -> None:
    fig, axes = plots.figure()
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.5]})
    plots.loss_curve(axes, {"one": history, "two": history + 1})
    first, second = axes.get_lines()
    assert first.get_ydata().tolist() == [3.0, 2.0, 1.5] and second.get_xdata().tolist() == [
        2,
        3,
        4,
    ]
    assert "nats" in axes.get_ylabel() and axes.get_xlabel() == "epoch"
    matplotlib.pyplot.close(fig)


def test_word_map_puts_words_at_their_principal_components() -> None:
    rng = np.random.default_rng(0)
    vectors = WordVectors(list("abcdef"), rng.normal(size=(6, 5)))
    fig, axes = plots.figure()
    places = plots.word_map(axes, vectors, list("abcdef"), groups=[0, 0, 0, 1, 1, 1])
    centred = vectors.matrix - vectors.matrix.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(places), np.abs(left[:, :2] * singular[:2]), atol=1e-5)
    assert [text.get_text() for text in axes.texts] == list("abcdef")
    assert len(axes.collections) == 2
    matplotlib.pyplot.close(fig)
