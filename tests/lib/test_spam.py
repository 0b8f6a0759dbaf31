"""Messages as pooled ELMo layers: against loops, a formula by hand, and counted facts."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from elmo_reference import Reference, generate
from test_elmo import options

from course_lib import classify
from course_lib.classify import messages
from course_lib.elmo import Elmo
from course_lib.vectors import WordVectors

WORDS = [["Free", "entry", "!", "now"], ["ok"], ["Call", "0800", "now"], ["ok"]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return generate(tmp_path_factory.mktemp("elmo"), options())


@pytest.fixture
def model(files: tuple[Path, Path]) -> Elmo:
    return Elmo.from_files(*files, device="cpu")


@pytest.fixture
def layers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 3, 6)).astype(np.float32)


@pytest.fixture
def means(layers: np.ndarray) -> np.ndarray:
    """The same, one row a message."""
    return layers.reshape(40, 18)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_layers_are_pooled_over_the_words_alone(
    model: Elmo, files: tuple[Path, Path], batch_size: int
) -> None:
    found = messages.pooled_layers(model, WORDS, batch_size=batch_size)
    wanted = np.stack([Reference(*files).layers(words).mean(1) for words in WORDS])
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_model_that_carries_its_state_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="carries its state"):
        messages.pooled_layers(Elmo.from_files(*files, stateful=True), WORDS)


def test_mean_vectors_pass_over_unknown_words() -> None:
    vectors = WordVectors(["ok", "now"], np.array([[1, 2], [3, 6]], np.float32))
    found = messages.mean_vectors(vectors, [["ok", "huh", "now"], ["huh"]])
    assert found.tolist() == [[2, 4], [0, 0]]


def test_the_network_is_its_formula(layers: np.ndarray, means: np.ndarray) -> None:
    static = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    network = messages.MixedMeans(3, 6, static=2, hidden=5)
    with torch.no_grad():
        network.mix.scores.copy_(torch.tensor([0.5, -1.0, 2.0]))
        network.mix.gamma.fill_(1.7)
    a, b = network.dense.weight.detach().numpy(), network.dense.bias.detach().numpy()
    w, c = network.out.weight.detach().numpy(), network.out.bias.detach().numpy()
    s = np.exp([0.5, -1.0, 2.0]) / np.exp([0.5, -1.0, 2.0]).sum()
    logits = network(torch.from_numpy(np.hstack([means, static])))
    for row, logit in enumerate(logits.tolist()):
        x = np.concatenate([1.7 * sum(s[j] * layers[row, j] for j in range(3)), static[row]])
        assert logit == pytest.approx((w @ np.maximum(a @ x + b, 0) + c).item(), abs=1e-5)


def test_fixed_weights_stay(layers: np.ndarray, means: np.ndarray) -> None:
    torch.manual_seed(0)
    network = messages.MixedMeans(3, 6, learned=False)
    labels = (layers[:, 0, 0] > 0).astype(int)
    history = messages.fit_mixed(network, means, labels, epochs=3, batch_size=8)
    shares = history.filter(like="s_").to_numpy()
    assert shares == pytest.approx(np.full((3, 3), 1 / 3))
    assert history["gamma"].tolist() == [1, 1, 1]
    same = messages.MixedMeans(1, 6, learned=False)
    same.load_state_dict({**network.state_dict(), "mix.scores": torch.zeros(1)}, strict=True)
    mean = torch.from_numpy(layers.mean(1))
    torch.testing.assert_close(same(mean), network(torch.from_numpy(means)))


def test_the_mix_moves_to_the_layer_that_knows(layers: np.ndarray, means: np.ndarray) -> None:
    torch.manual_seed(0)
    labels = (layers[:, 1].sum(1) > 0).astype(int)
    network = messages.MixedMeans(3, 6)
    history = messages.fit_mixed(
        network,
        means[:32],
        labels[:32],
        validation=(means[32:], labels[32:]),
        epochs=40,
        batch_size=8,
        alpha=1e-2,
    )
    assert history[["s_0", "s_1", "s_2"]].sum(axis=1).to_numpy() == pytest.approx(1)
    assert history["s_1"].iloc[-1] == history[["s_0", "s_1", "s_2"]].iloc[-1].max() > 0.4
    # What the last step worked with; that step itself then moves it a little further.
    assert history["s_1"].iloc[-1] == pytest.approx(network.mix.weights[1].item(), abs=5e-3)
    assert history["gamma"].iloc[-1] == pytest.approx(network.mix.gamma.item(), abs=2e-2)
    assert history["accuracy"].iloc[-1] == 1
    assert {"validation_loss", "validation_accuracy"} <= set(history)
    assert not network.mix._forward_hooks
    new = classify.predict(network, means[:2])  # any message, not only those it was trained on
    np.testing.assert_allclose(new, classify.predict(network, means)[:2], rtol=1e-6)


def test_wrong_parts_are_refused(means: np.ndarray) -> None:
    with pytest.raises(ValueError, match="18 numbers a message; 3 layers of 6 and 2 others"):
        messages.MixedMeans(3, 6, static=2)(torch.from_numpy(means))


def test_fine_tuning_learns_the_text_and_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    clips = {"lstm__cell_clip": 3.0, "lstm__proj_clip": 3.0}
    model = Elmo.from_files(*generate(tmp_path, options(**clips)), device="cpu")
    before = copy.deepcopy(model.model.state_dict())
    text = [["win", "a", "prize", "now"], ["see", "you", "soon"]] * 300
    tuned, perplexity = messages.fine_tune(
        model.model, text, held_out=text[:40], epochs=20, alpha=2e-2
    )
    assert perplexity.index.tolist() == ["before", "after"]
    # Ten targets; given the first word of a sentence the rest is certain, in both directions,
    # and one word in 4.5 is a coin: no model can be below 2 ** (1 / 4.5) = 1.17.
    assert (perplexity.loc["after"] < perplexity.loc["before"]).all()
    assert (perplexity.loc["after"] < 2.5).all()
    for name, tensor in model.model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert any(
        not torch.equal(tensor, before[name]) for name, tensor in tuned.model.state_dict().items()
    )
    assert tuned.embed([["win", "a"]]).layers.shape == (3, 1, 2, 10)


def test_fine_tuning_without_held_out_text_measures_nothing(model: Elmo) -> None:
    text = [["win", "a", "prize", "now"]] * 300
    _, perplexity = messages.fine_tune(model.model, text, epochs=1)
    assert perplexity.empty


def test_disguise_changes_the_words_it_should() -> None:
    def change(share: float, way: str = "digits", seed: int = 0) -> str:
        rng = np.random.default_rng(seed)
        return messages.disguise(
            "Get a FREE prize, call 0800 for it", share=share, way=way, rng=rng
        )

    assert change(0) == "Get a FREE prize, call 0800 for it"
    assert change(1) == "Get a FR33 pr1z3, c4ll 0800 for it"
    swapped = change(1, "swap").split()
    plain = change(0).split()
    for old, new in zip(plain, swapped, strict=True):
        assert sorted(old) == sorted(new)
        assert old[0] == new[0]
        assert (old != new) <= (len(old.strip(",")) >= 4)
    assert "FERE" in swapped
    with pytest.raises(ValueError, match="'upside'"):
        change(0.5, "upside")


def test_a_larger_share_misspells_more_of_the_same_words() -> None:
    text = " ".join(["stone"] * 2000)
    kept = [
        [word == "stone" for word in messages.disguise(text, share=s, rng=rng).split()]
        for s, rng in ((s, np.random.default_rng(3)) for s in (0.3, 0.6))
    ]
    assert np.mean(kept[0]) == pytest.approx(0.7, abs=0.05)
    assert np.mean(kept[1]) == pytest.approx(0.4, abs=0.05)
    assert all(less >= more for less, more in zip(*kept, strict=True))
