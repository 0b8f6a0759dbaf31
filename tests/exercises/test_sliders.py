"""The sliders of the ELMo mix: set to a value, they do what a hand does; no front end is needed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from scipy.special import softmax

from course_exercises.sliders import MixSliders
from course_lib.elmo import ScalarMix

GROUPS = ["river"] * 3 + ["money"] * 3


@pytest.fixture
def layers() -> torch.Tensor:
    """Layer 0 the same for all words, layer 1 noise, layer 2 two groups far apart."""
    rng = np.random.default_rng(0)
    found = rng.normal(size=(3, 6, 5))
    found[0] = rng.normal(size=5)
    found[2, :3, 0] += 20
    found[2, 3:, 0] -= 20
    return torch.tensor(found)


def set_to(sliders: MixSliders, *scores: float, gamma: float = 1.0) -> None:
    for slider, value in zip(sliders.scores, scores, strict=True):
        slider.value = value
    sliders.gamma.value = gamma


def test_the_mix_is_that_of_scalar_mix(layers: torch.Tensor) -> None:
    sliders, mix = MixSliders(layers, GROUPS), ScalarMix(3).double()
    for scores, gamma in (((0, 0, 0), 1.0), ((4, -4, 0.5), 0.3), ((-2, 1, 3), 2.0)):
        set_to(sliders, *scores, gamma=gamma)
        with torch.no_grad():
            mix.scores.copy_(torch.tensor(scores))
            mix.gamma.fill_(gamma)
            wanted = mix(layers.unsqueeze(1)).squeeze(0)
        np.testing.assert_allclose(sliders.weights, softmax(scores))
        np.testing.assert_allclose(sliders.mixed, wanted, atol=1e-12)


def test_what_is_shown_follows_the_sliders(layers: torch.Tensor) -> None:
    sliders = MixSliders(layers, GROUPS)
    assert repr(sliders).startswith("MixSliders: s = 0.33, 0.33, 0.33; γ = 1.0; mean distance 1.")
    pictures = {sliders.picture.value}
    set_to(sliders, 4, -4, -4)
    assert sliders.distance < 0.01
    set_to(sliders, -4, -4, 4)
    apart = sliders.places
    a, b = sliders.mixed[[0, 5]]
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert cosine < 0 and sliders.distance > 0.5
    assert sliders.silhouette > 0.8 and "s = 0.00, 0.00, 1.00" in sliders.status.value
    pictures.add(sliders.picture.value)
    sliders.gamma.value = 2.0
    np.testing.assert_allclose(sliders.places, 2 * apart)
    assert sliders.silhouette == pytest.approx(0.9, abs=0.1)
    pictures.add(sliders.picture.value)
    assert len(pictures) == 3
    assert all(
        re.match(r'<img alt="Points of 6 words[^"]+" src="data:image/png', p) for p in pictures
    )


def test_one_point_is_no_cluster() -> None:
    same = np.tile(np.arange(4.0), (3, 6, 1))
    sliders = MixSliders(same, GROUPS)
    assert sliders.silhouette == 0 and not sliders.places.any()
    assert "mean distance 0.00, silhouette 0.00" in repr(sliders)


def test_it_shows_itself_without_a_front_end_and_fetches_nothing(layers: torch.Tensor) -> None:
    sliders = MixSliders(layers, GROUPS)
    shown = sliders._repr_mimebundle_()
    assert shown["text/plain"] == repr(sliders) == repr(MixSliders(layers, GROUPS))
    assert "http" not in sliders.picture.value + sliders.status.value


def test_wrong_input(layers: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 6, 5\) and there are 2 groups"):
        MixSliders(layers, ["a", "b"])
    with pytest.raises(ValueError, match="1 groups; give two or more"):
        MixSliders(layers, ["a"] * 6)
