"""Char-CNN, biLM and ELMo against the official sample and against loops in NumPy."""

from __future__ import annotations

import copy
import json
import math
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from elmo_reference import Reference, generate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from course_lib import characters, elmo_files
from course_lib.bilm import BiLM
from course_lib.elmo import Elmo, ScalarMix

SENTENCES = [["The", "cat", "sat", "."], ["Yes"], ["한국어", "a" * 60, "naïve", "cat", "!"]]
WAYS = ("fast", "cell")


def options(**changes: Any) -> dict[str, Any]:
    """A small model with everything in it; a change is named lstm__dim or char_cnn__n_highway."""
    found: dict[str, Any] = {
        "lstm": {
            "cell_clip": 0.4,
            "proj_clip": 0.3,
            "dim": 7,
            "projection_dim": 5,
            "n_layers": 2,
            "use_skip_connections": True,
        },
        "char_cnn": {
            "embedding": {"dim": 3},
            "filters": [[1, 2], [2, 3], [4, 2]],
            "n_highway": 2,
            "n_characters": 262,
            "max_characters_per_token": 50,
            "activation": "relu",
        },
    }
    for name, value in changes.items():
        group, field = name.split("__")
        found[group][field] = value
    return found


VARIANTS = {
    "all": {},
    "no clips": {"lstm__cell_clip": None, "lstm__proj_clip": None},
    "clips of 0": {"lstm__cell_clip": 0, "lstm__proj_clip": 0.0},
    "cell clip alone": {"lstm__proj_clip": None},
    "no skip": {"lstm__use_skip_connections": False},
    "no projection": {"lstm__dim": 5, "lstm__cell_clip": 0},
    "no projection, clip": {"lstm__dim": 5},
    "1 layer": {"lstm__n_layers": 1},
    "4 layers": {"lstm__n_layers": 4},
    "tanh": {"char_cnn__activation": "tanh"},
    "no highway": {"char_cnn__n_highway": 0},
    "3 highways": {"char_cnn__n_highway": 3},
    "261": {"char_cnn__n_characters": 261},
    "width 20": {"char_cnn__max_characters_per_token": 20},
}


def load(files: tuple[Path, Path], way: str = "fast", **given: Any) -> Elmo:
    model = elmo_files.read(*files, way=way)
    return Elmo(model, device="cpu", **given)


def compare(output: Any, sentences: list[list[str]], wanted: list[np.ndarray], atol: float) -> None:
    assert output.layers.dtype == torch.float32
    assert (
        output.layers.shape[1:3] == output.mask.shape == (len(sentences), max(map(len, sentences)))
    )
    for row, sentence in enumerate(sentences):
        assert output.mask[row].tolist() == [t < len(sentence) for t in range(output.mask.shape[1])]
        found = output.layers[:, row, : len(sentence)].numpy()
        np.testing.assert_allclose(found, wanted[row], rtol=0, atol=atol)
        assert not output.layers[:, row, len(sentence) :].any()


@pytest.mark.parametrize("name", VARIANTS)
def test_all_layers_are_those_of_the_loops(name: str, tmp_path: Path) -> None:
    given = options(**VARIANTS[name])
    files = generate(tmp_path, given)
    wanted = [Reference(*files).layers(sentence) for sentence in SENTENCES]
    for way in WAYS:
        model = load(files, way)
        compare(model.embed(SENTENCES), SENTENCES, wanted, 5e-6)
        assert model.n_layers == given["lstm"]["n_layers"] + 1 and model.vector_size == 10


@pytest.mark.parametrize("way", WAYS)
def test_the_clips_are_at_work_in_the_generated_model(way: str, tmp_path: Path) -> None:
    """Otherwise the comparison above would not see a missing clip."""
    files = generate(tmp_path / "with", options())
    free = generate(tmp_path / "without", options(**VARIANTS["no clips"]))
    clipped, unclipped = (load(pair, way).embed(SENTENCES) for pair in (files, free))
    assert (clipped.layers - unclipped.layers).abs().max() > 0.01
    assert clipped.layers[1].abs().max() == pytest.approx(0.3)


def test_the_state_is_carried_row_by_row(tmp_path: Path) -> None:
    for name in ("all", "no clips"):
        files = generate(tmp_path / name, options(**VARIANTS[name]))
        reference = Reference(*files)
        for way in WAYS:
            model, reference.state = load(files, way, stateful=True), {}
            for batch in (SENTENCES, SENTENCES[::-1], [["a"], ["b", "c"], ["d"]]):
                wanted = [reference.layers(sentence, row) for row, sentence in enumerate(batch)]
                compare(model.embed(batch), batch, wanted, 5e-6)
            model.reset_state()
            reference.state = {}
            wanted = [reference.layers(sentence, row) for row, sentence in enumerate(SENTENCES)]
            compare(model.embed(SENTENCES), SENTENCES, wanted, 5e-6)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return generate(tmp_path_factory.mktemp("elmo"), options())


words = st.text("abc가 é", min_size=1, max_size=6)
batches = st.lists(st.lists(words, min_size=1, max_size=6), min_size=1, max_size=5)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches, st.integers(0, 4), st.randoms(use_true_random=False))
def test_batches_of_any_size_and_order(
    files: tuple[Path, Path], sentences: list[list[str]], cache: int, random: Any
) -> None:
    """Without carried state a sentence's layers do not depend on its neighbours or the cache."""
    model = load(files, cache=cache)
    alone = [load(files, cache=0).embed([s]).layers[:, 0].numpy() for s in sentences]
    compare(model.embed(sentences), sentences, alone, 1e-5)
    order = list(range(len(sentences)))
    random.shuffle(order)
    mixed = [sentences[i] for i in order]
    compare(model.embed(mixed), mixed, [alone[i] for i in order], 1e-5)
    assert len(model._encode.cache.held) <= cache


@pytest.mark.parametrize("name", ["all", "no clips", "no projection", "no skip"])
def test_both_ways_have_the_same_gradients(name: str, tmp_path: Path) -> None:
    given = options(**VARIANTS[name])
    files = generate(tmp_path, given)
    ids = torch.from_numpy(characters.batch_to_ids(SENTENCES))
    torch.manual_seed(0)
    found: dict[str, dict[str, torch.Tensor]] = {}
    for way in WAYS:
        model = elmo_files.read(*files, way=way)
        output = model(ids)
        torch.manual_seed(1)
        weights = torch.randn_like(output.layers)
        last = sum((h.square().sum() + c.sum()) for h, c in output.state)
        ((output.layers * weights).sum() + last).backward()
        found[way] = {n: w.grad for n, w in model.named_parameters() if w.grad is not None}
    torch.testing.assert_close(found["fast"], found["cell"], rtol=1e-4, atol=1e-5)
    assert found["cell"]["characters.embedding.weight"][1:].any()


def test_gradients_are_those_of_finite_differences(files: tuple[Path, Path]) -> None:
    model = elmo_files.read(*files).double()
    ids = torch.from_numpy(characters.batch_to_ids([["ab", "c"], ["d"]]))

    def total() -> torch.Tensor:
        return model(ids).layers.square().sum()

    total().backward()
    rng = np.random.default_rng(0)
    for name, weight in model.named_parameters():
        if name == "characters.embedding.weight":
            continue
        place = tuple(int(rng.integers(size)) for size in weight.shape)
        with torch.no_grad():
            weight[place] += 1e-6
            above = total()
            weight[place] -= 2e-6
            below = total()
            weight[place] += 1e-6
        assert (above - below).item() / 2e-6 == pytest.approx(
            weight.grad[place].item(), rel=1e-4, abs=1e-5
        ), name


def test_the_two_directions_never_meet(files: tuple[Path, Path]) -> None:
    """A later word changes no forward output before it, an earlier one no backward output after."""
    model = load(files)
    one, other = (model.embed([["a", "b", word, "d", "e"]]).layers[:, 0] for word in ("x", "yy"))
    same = (one == other).reshape(3, 5, 2, 5).all(3)  # (layer, word, direction)
    for layer in (1, 2):
        assert same[layer, :, 0].tolist() == [True, True, False, False, False]
        assert same[layer, :, 1].tolist() == [False, False, False, True, True]
    assert same[0, :, 0].tolist() == [True, True, False, True, True]


def test_each_distinct_word_is_encoded_once_and_the_cache_is_bounded(
    files: tuple[Path, Path],
) -> None:
    model, seen = load(files, cache=4), []
    model.model.characters.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    model.embed([["a", "b", "a"], ["b"]])
    assert seen == [4]  # a, b and the two marks
    model.embed([["a", "c", "c"]])
    assert seen == [4, 1]  # b, longest unused, makes room for c
    assert len(model._encode.cache.held) == 4
    model.embed([["a", "c"]])
    assert seen == [4, 1]
    model.embed([["b"]])
    assert seen == [4, 1, 1]


def test_both_directions_read_texts_of_their_own(files: tuple[Path, Path]) -> None:
    """Each half of ``read`` is that of a batch in which both directions read the same."""
    model = elmo_files.read(*files).double()
    texts = [[["a", "b", "c"], ["d"]], [["x", "y", "b"], ["a"]]]
    ids = [torch.from_numpy(characters.batch_to_ids(text)) for text in texts]
    outputs, state = model.read(model.words(torch.stack(ids)))
    for direction, one in enumerate(ids):
        alone, ends = model.read(model.words(torch.stack([one, one])))
        for output, wanted in zip(outputs, alone, strict=True):
            torch.testing.assert_close(output[:, :, direction], wanted[:, :, direction])
        for pair, wanted in zip(state, ends, strict=True):
            torch.testing.assert_close([x[direction] for x in pair], [x[direction] for x in wanted])
    assert not torch.equal(outputs[0][:, :, 1], alone[0][:, :, 0])


# --- wrong input ---------------------------------------------------------------------------


def test_wrong_sentences_leave_the_state_as_it_was(files: tuple[Path, Path]) -> None:
    model, twin = load(files, stateful=True), load(files, stateful=True)
    for one in (model, twin):
        one.embed(SENTENCES[:2])
    for wrong, error, says in (
        ("a b", TypeError, "must be a list of token lists"),
        (["a b", "c"], TypeError, r"sentences\[0\] must be a list of words"),
        ([["a"], []], ValueError, "Sentence 1 is empty"),
        ([], ValueError, "batch is empty"),
        ([["a"], [1]], TypeError, r"sentences\[1\]\[0\] is 1 \(int\)"),
        ([["a"], ["\ud800"]], ValueError, "not valid Unicode"),
        ([["a"]], ValueError, "belongs to 2 sentences, the batch has 1"),
    ):
        with pytest.raises(error, match=says):
            model.embed(wrong)
    assert torch.equal(model.embed(SENTENCES[:2]).layers, twin.embed(SENTENCES[:2]).layers)


def test_unknown_ways_and_batches_without_a_word(files: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="way is 'quick'"):
        load(files, "quick")
    with pytest.raises(ValueError, match="cache is -1"):
        load(files, cache=-1)
    model = elmo_files.read(*files)
    with pytest.raises(ValueError, match="batch has no word"):
        model(torch.zeros(2, 3, 50, dtype=torch.int64))
    ids = torch.from_numpy(characters.batch_to_ids(SENTENCES))
    with pytest.raises(ValueError, match="Sentence 3 of the batch has no word"):
        model(torch.cat([ids, torch.zeros_like(ids[:1])]))


# --- files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_files_are_written_as_they_were_read(name: str, tmp_path: Path) -> None:
    files = generate(tmp_path / "from", options(**VARIANTS[name]))
    model = elmo_files.read(*files)
    (tmp_path / "to").mkdir()
    elmo_files.write_options(tmp_path / "to" / "options.json", model.options)
    elmo_files.write_weights(tmp_path / "to" / "weights.hdf5", model)
    with h5py.File(files[1]) as before, h5py.File(tmp_path / "to" / "weights.hdf5") as after:
        names: list[list[str]] = [[], []]
        for found, file in zip(names, (before, after), strict=True):
            file.visit(found.append)
        assert names[0] == names[1]
        for key in names[0]:
            if isinstance(before[key], h5py.Dataset):
                assert np.array_equal(before[key], after[key]) and after[key].dtype == np.float32
    assert elmo_files.read_options(tmp_path / "to" / "options.json") == model.options
    assert sorted(p.name for p in (tmp_path / "to").iterdir()) == ["options.json", "weights.hdf5"]


def test_half_precision_on_disk(files: tuple[Path, Path], tmp_path: Path) -> None:
    model = elmo_files.read(*files)
    elmo_files.write_weights(tmp_path / "half.hdf5", model, dtype="float16")
    half = Elmo(elmo_files.read(files[0], tmp_path / "half.hdf5"), device="cpu")
    difference = (half.embed(SENTENCES).layers - load(files).embed(SENTENCES).layers).abs().max()
    assert 0 < difference < 0.02


def changed(files: tuple[Path, Path], folder: Path, change: Any) -> tuple[Path, Path]:
    target = folder / "weights.hdf5"
    target.write_bytes(files[1].read_bytes())
    with h5py.File(target, "a") as file:
        change(file)
    return files[0], target


CELL = "RNN_1/RNN/MultiRNNCell/Cell1/LSTMCell"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.pop("CNN_proj/W_proj"), "no data set 'CNN_proj/W_proj'"),
        (lambda f: f.pop("CNN"), "no data set 'CNN/W_cnn_0'"),
        (
            lambda f: (f.pop("char_embed"), f.create_dataset("char_embed", data=np.ones((262, 3)))),
            r"char_embed has the shape \(262, 3\), but the options ask for \(261, 3\)",
        ),
        (lambda f: f[f"{CELL}/B"].write_direct(np.full(28, np.nan, "f4")), "B holds NaN"),
        (
            lambda f: f.create_dataset("RNN_0/RNN/MultiRNNCell/Cell2/LSTMCell/B", data=[1.0]),
            "Cell2/LSTMCell/B', which the options do not speak of",
        ),
        (
            lambda f: (f.pop("CNN_high_0"), f.create_dataset("CNN_high_0", data=[1.0])),
            "no data set 'CNN_high_0/W_carry'|'CNN_high_0', which the options do not speak of",
        ),
    ],
)
def test_weights_that_do_not_fit_leave_the_model_as_it_was(
    change: Any, says: str, files: tuple[Path, Path], tmp_path: Path
) -> None:
    wrong = changed(files, tmp_path, change)
    with pytest.raises(ValueError, match=says):
        load(wrong)
    model = BiLM(elmo_files.read_options(files[0]))
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match=says):
        elmo_files.read_weights(wrong[1], model)
    assert all(torch.equal(before[name], w) for name, w in model.state_dict().items())


def test_files_of_another_kind(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no weights file"):
        load((files[0], tmp_path / "absent.hdf5"))
    with pytest.raises(FileNotFoundError, match="no options file"):
        load((tmp_path / "absent.json", files[1]))
    (tmp_path / "text.hdf5").write_text("no weights")
    with pytest.raises(ValueError, match=r"text\.hdf5 is not an hdf5 file"):
        load((files[0], tmp_path / "text.hdf5"))
    with pytest.raises(ValueError, match="is not a JSON file"):
        load((files[1], files[1]))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"char_cnn__n_characters": 300}, "n_characters is 300"),
        ({"char_cnn__activation": "gelu"}, "activation is 'gelu'"),
        ({"char_cnn__filters": [[1, 2, 3]]}, r"filters is \[\[1, 2, 3\]\]"),
        ({"char_cnn__filters": [[60, 2]]}, r"filters is \(\(60, 2\),\); .* up to 50"),
        ({"char_cnn__filters": [[1, -2]]}, r"filters is \(\(1, -2\),\)"),
        ({"char_cnn__filters": [[0, 2]]}, r"filters is \(\(0, 2\),\)"),
        ({"char_cnn__filters": []}, r"filters is \(\)"),
        ({"lstm__n_layers": "two"}, "n_layers is 'two'"),
        ({"lstm__cell_clip": "3"}, r"options\.json: .*'str' and 'int'"),
        ({"lstm__cell_clip": math.nan}, "cell_clip is nan"),
        ({"char_cnn__embedding": 3}, "embedding is 3; dict expected"),
        ({"lstm__dim": "big"}, "dim is 'big'; int expected"),
        ({"lstm__dim": 0}, "dim is 0"),
        ({"lstm__cell_clip": -1}, "cell_clip is -1"),
    ],
)
def test_wrong_options(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps(options(**changes)), encoding="utf-8")
    with pytest.raises(ValueError, match=says) as caught:
        elmo_files.read_options(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", ["[1]", "null", "3", '"lstm"', '{"lstm": []}'])
def test_options_of_another_shape(content: str, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"options\.json(: lstm is| has no field 'lstm')"):
        elmo_files.read_options(tmp_path / "options.json")


def test_options_with_a_byte_order_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "options.json").write_text(json.dumps(options()), encoding=encoding)
        assert elmo_files.read_options(tmp_path / "options.json").n_layers > 0


@pytest.mark.parametrize("missing", ["lstm", "char_cnn"])
def test_missing_options(missing: str, tmp_path: Path) -> None:
    table = options()
    del table[missing]
    (tmp_path / "options.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ValueError, match=f"no field '{missing}'"):
        elmo_files.read_options(tmp_path / "options.json")


# --- mix -----------------------------------------------------------------------------------


def test_the_mix_is_gamma_times_the_weighted_sum() -> None:
    rng = np.random.default_rng(0)
    layers, scores = rng.normal(size=(3, 2, 4, 5)), np.array([0.3, -1.0, 2.0])
    mix = ScalarMix(3)
    assert mix.weights.tolist() == pytest.approx([1 / 3] * 3) and mix.gamma.item() == 1
    with torch.no_grad():
        mix.scores.copy_(torch.from_numpy(scores))
        mix.gamma.fill_(1.7)
    s = np.exp(scores) / np.exp(scores).sum()
    wanted = 1.7 * sum(s[j] * layers[j] for j in range(3))
    found = mix(torch.from_numpy(layers).float())
    assert np.allclose(found.detach().numpy(), wanted, atol=1e-6)
    assert mix.penalty().item() == pytest.approx((scores**2).sum())
    found.sum().backward()
    assert mix.scores.grad.any() and mix.gamma.grad.any()


def test_layer_norm_counts_words_only() -> None:
    rng = np.random.default_rng(0)
    layers = rng.normal(3.0, 2.0, size=(2, 2, 4, 5))
    mask = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], dtype=bool)
    layers[:, ~mask] = 1e6
    wanted = np.zeros((2, 4, 5))
    for layer in layers:
        numbers = np.concatenate([layer[b, t] for b in range(2) for t in range(4) if mask[b, t]])
        wanted += np.where(mask[:, :, None], (layer - numbers.mean()) / numbers.std(), 0) / 2
    mix = ScalarMix(2, layer_norm=True)
    found = mix(torch.from_numpy(layers), torch.from_numpy(mask)).detach().numpy()
    assert np.allclose(found, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="needs the mask"):
        mix(torch.from_numpy(layers))


def test_a_mix_of_another_number_of_layers() -> None:
    with pytest.raises(ValueError, match="2 layers were given; this mix has 3"):
        ScalarMix(3)(torch.zeros(2, 1, 1, 1))
    with pytest.raises(ValueError, match="n_layers is 0"):
        ScalarMix(0)


def test_mixed_teaches_the_mix_and_not_the_bilm(files: tuple[Path, Path]) -> None:
    model, mix = load(files), ScalarMix(3)
    mixed = model.mixed(SENTENCES, mix)
    layers = model.embed(SENTENCES).layers
    torch.testing.assert_close(mixed, layers.mean(0), rtol=0, atol=1e-6)
    mixed.sum().backward()
    assert mix.scores.grad is not None
    assert all(weight.grad is None for weight in model.model.parameters())


# --- the official sample -------------------------------------------------------------------


def official() -> Path:
    for folder in os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep):
        if folder and (Path(folder) / "bilm_tf_fixtures").is_dir():
            return Path(folder) / "bilm_tf_fixtures" / "model"
    pytest.skip("bilm_tf_fixtures is not in a folder of COURSE_DATA_MIRROR")


@pytest.mark.parametrize("way", WAYS)
def test_the_official_model_gives_the_official_numbers(way: str) -> None:
    """Top layer, forward then backward; sentence i of stream k is row k of batch i."""
    folder = official()
    model = load((folder / "options.json", folder / "lm_weights.hdf5"), way, stateful=True)
    sentences = json.loads((folder / "lm_embeddings_sentences.json").read_text(encoding="utf-8"))
    wanted = [h5py.File(folder / f"lm_embeddings_{k}.hdf5") for k in range(3)]
    try:
        for i in range(len(sentences[0])):
            batch = [stream[i].split() for stream in sentences]
            layers = model.embed(batch).layers[-1].numpy()
            for k, sentence in enumerate(batch):
                expected = np.concatenate(wanted[k][str(i)][...], axis=1)
                assert expected.shape == (len(sentence), 32)
                np.testing.assert_allclose(layers[k, : len(sentence)], expected, rtol=0, atol=5e-6)
    finally:
        for file in wanted:
            file.close()
    assert i == 9


def test_the_loops_give_the_official_numbers_too() -> None:
    folder = official()
    reference = Reference(folder / "options.json", folder / "lm_weights.hdf5")
    sentences = json.loads((folder / "lm_embeddings_sentences.json").read_text(encoding="utf-8"))
    with h5py.File(folder / "lm_embeddings_0.hdf5") as wanted:
        for i in range(3):
            layers = reference.layers(sentences[0][i].split())[-1]
            np.testing.assert_allclose(layers, np.concatenate(wanted[str(i)], 1), rtol=0, atol=5e-6)


@pytest.mark.parametrize("way", WAYS)
def test_without_clips_a_layer_is_pytorchs_lstm(way: str, tmp_path: Path) -> None:
    """One layer, one direction, written with nn.LSTM and nothing of ours."""
    files = generate(tmp_path, options(**VARIANTS["no clips"], lstm__n_layers=1))
    model = load(files, way)
    with h5py.File(files[1]) as file:
        cell = file["RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell"]
        i, j, f, o = np.split(cell["W_0"][...].T, 4)
        bias_i, bias_j, bias_f, bias_o = np.split(cell["B"][...], 4)
        lstm = nn.LSTM(5, 7, proj_size=5)
        gates = np.concatenate([i, f, j, o])
        bias = np.concatenate([bias_i, bias_f + 1, bias_j, bias_o])
        with torch.no_grad():
            lstm.weight_ih_l0.copy_(torch.from_numpy(gates[:, :5]))
            lstm.weight_hh_l0.copy_(torch.from_numpy(gates[:, 5:]))
            lstm.bias_ih_l0.copy_(torch.from_numpy(bias))
            lstm.bias_hh_l0.zero_()
            lstm.weight_hr_l0.copy_(torch.from_numpy(cell["W_P_0"][...].T))
    sentence = ["one", "two", "three"]
    given = np.array([Reference(*files).word(token) for token in (256, *sentence)])
    with torch.no_grad():
        wanted, _ = lstm(torch.from_numpy(given).float())
    found = model.embed([sentence]).layers[1, 0, :, :5]
    torch.testing.assert_close(found, wanted[1:], rtol=0, atol=5e-6)


def test_padding_left_out_of_the_convolution_changes_no_maximum() -> None:
    """Words of all lengths, in groups without their padding, against the whole width at once."""
    from course_lib.charcnn import CharCNN, CharCNNOptions

    torch.manual_seed(0)
    cnn = CharCNN(CharCNNOptions(4, ((1, 5), (3, 6), (7, 8)), 1, "tanh", 5))
    words = ["b" * 48, "a", "", "cat", "ninesome", *("c" * (n % 50) for n in range(7, 150))]
    ids = torch.from_numpy(characters.batch_to_ids([words]))[0, 1:-1]
    read = []
    cnn.convolved = lambda part: read.append(part.shape[1]) or CharCNN.convolved(cnn, part)

    def whole(ids: torch.Tensor) -> torch.Tensor:
        letters = cnn.embedding(ids).transpose(1, 2)  # (words, 4, 50)
        strongest = [layer(letters).amax(2) for layer in cnn.convolutions]
        return cnn.projection(cnn.highway(torch.cat(strongest, 1).tanh()))

    def by_hand(ids: torch.Tensor) -> torch.Tensor:  # words that fill their row, nothing behind
        return cnn.projection(cnn.highway(CharCNN.convolved(cnn, ids)))

    results = []
    for encode in (whole, cnn, by_hand):
        cnn.zero_grad()
        found = encode(ids)
        found.square().sum().backward()
        results.append([found.detach(), *(w.grad.clone() for w in cnn.parameters())])
    assert len(read) > 1 and min(read) < 50, "the groups were not cut to their longest words"
    for wanted, *others in zip(*results, strict=True):
        for found in others:
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_cut_weights_are_refused_by_name(
    files: tuple[Path, Path], tmp_path: Path, share: float
) -> None:
    content, cut = files[1].read_bytes(), tmp_path / "cut weights.hdf5"
    cut.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"cut weights\.hdf5"):
        load((files[0], cut))
