"""Pretraining as a person runs it: killed, interrupted, on a full disk, on two processes."""

from __future__ import annotations

import csv
import errno
import gzip
import importlib.util
import math
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import distributed, nn

from course_lib import datasets, elmo_files, pretrain
from course_lib.bilm import BiLM, BiLMOptions, Words
from course_lib.charcnn import CharCNNOptions
from pretraining import checkpoints, models, training
from pretraining.batches import batches, shards_of
from pretraining.sampling import sampled_cross_entropy
from pretraining.settings import Settings
from pretraining.shards import Shards, read
from pretraining.training import run

SCRIPTS = Path(__file__).resolve().parents[2] / "data_scripts"
OPTIONS = BiLMOptions(CharCNNOptions(4, ((1, 4), (2, 6)), 1, "relu", 16, 12), 12, 16, 1)


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script("pretrain_bilm")


def sentences(n: int, seed: int = 0) -> list[list[str]]:
    """Random words, the first ones more often than the last, each after its like."""
    rng = np.random.default_rng(seed)
    found = []
    for length in rng.integers(3, 9, n):
        first = int(rng.integers(60) * rng.random())
        found.append([f"w{(first + i) % 60}" for i in range(length)])
    return found


def lexicon_of(text: list[list[list[str]]]) -> pretrain.Lexicon:
    return pretrain.Lexicon.build(list(chain.from_iterable(text)), width=12)


def tiny(lexicon: pretrain.Lexicon, softmax: str = "full") -> BiLM:
    torch.manual_seed(0)
    model = BiLM(OPTIONS, vocabulary_size=len(lexicon.words))
    if softmax == "adaptive":
        model.softmax = models.adaptive_softmax(OPTIONS.projection_dim, len(lexicon.words))
    return model


def write_text(path: Path, text: list[list[str]]) -> None:
    content = "".join(" ".join(words) + "\n" for words in text).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def prepared(folder: Path) -> Path:
    (folder / "shards").mkdir(parents=True)
    for number, name in enumerate(("a.txt", "b.txt.gz", "c.txt", "d.txt")):
        write_text(folder / "shards" / name, sentences(40, number))
    write_text(folder / "held_out.txt", sentences(20, 9))
    elmo_files.write_options(folder / "options.json", OPTIONS)
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("pretrain"))


def command(folder: Path, output: Path, *more: str) -> list[str]:
    return [
        *map(str, (folder / "shards", output, "--held-out", folder / "held_out.txt")),
        *("--options", str(folder / "options.json"), "--batch-size", "4", "--length", "5"),
        *("--samples", "20", "--every", "20", "--alpha", "0.02", "--epochs", "2", *more),
    ]


def result(output: Path) -> tuple[list[dict[str, str]], bytes]:
    """The history without the time, and the weights."""
    with (output / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]
    return rows, (output / "weights.hdf5").read_bytes()


@pytest.fixture(scope="module")
def whole(work: Path) -> tuple[list[dict[str, str]], bytes]:
    """What a run gives that nothing disturbs."""
    assert script.main(command(work, work / "whole")) == 0
    names = {path.name for path in (work / "whole").iterdir() if path.is_file()}
    assert names == {
        "options.json", "weights.hdf5", "softmax.hdf5", "vocabulary.txt", "history.csv", "run.json"
    }  # fmt: skip
    return result(work / "whole")


@contextmanager
def interrupted(call: int) -> Iterator[None]:
    """Press Ctrl-C at a training step."""
    calls = 0

    def losses(*arguments: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return pretrain.losses(*arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "losses", losses)
        yield


# Interruptions


def test_kill_minus_nine_and_resume_is_the_undisturbed_run(work: Path, whole: Any) -> None:
    output = work / "killed"
    arguments = [sys.executable, str(SCRIPTS / "pretrain_bilm.py"), *command(work, output)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    try:
        while not (output / "checkpoint.pt").exists():
            assert process.poll() is None
            time.sleep(0.002)
    finally:
        process.kill()  # SIGKILL; on Windows TerminateProcess
        process.wait()
    assert process.returncode != 0 and not (output / "history.csv").exists()
    assert 0 < checkpoints.load(output / "checkpoint.pt")["step"] < int(whole[0][-1]["step"])
    assert script.main(command(work, output, "--resume")) == 0
    assert result(output) == whole
    assert not list(output.glob(".*.part")) and not (output / "checkpoint.pt").exists()


def test_an_interrupt_leaves_the_last_checkpoint(
    work: Path, whole: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    output = work / "interrupted"
    with interrupted(28):
        assert script.main(command(work, output)) == 130
    assert "--resume" in capsys.readouterr().err
    assert checkpoints.load(output / "checkpoint.pt")["step"] == 20
    assert not list(output.glob(".*.part")) and not (output / "weights.hdf5").exists()
    assert script.main(command(work, output)) == 1
    assert "holds the checkpoint of another run" in capsys.readouterr().err
    assert script.main(command(work, output, "--resume")) == 0
    assert result(output) == whole


def test_a_full_disk_leaves_the_checkpoint_of_before(
    work: Path, whole: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output, calls = work / "full", 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", fsync)
    assert script.main(command(work, output)) == 1
    message = capsys.readouterr().err
    assert "No space left on device" in message and "Make room on the disk" in message
    assert f"is whole: {output / 'checkpoint.pt'}" in message
    assert checkpoints.load(output / "checkpoint.pt")["step"] == 40
    assert not list(output.glob(".*.part"))
    assert script.main(command(work, output, "--resume")) == 0
    assert result(output) == whole


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    resource = pytest.importorskip("resource", reason="Windows has no limit on file sizes")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_the_system_refuses_to_write_is_reported(tmp_path: Path) -> None:
    """Here the limit is the system's own; torch reports it as another error."""
    checkpoint, lexicon = tmp_path / "checkpoint.pt", lexicon_of([sentences(20)])
    checkpoints.save(checkpoint, {"step": 1})
    models.save(tmp_path, tiny(lexicon), lexicon)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with no_file_larger_than(4096):
        with pytest.raises(OSError, match=r"File too large.*is whole") as error:
            checkpoints.save(checkpoint, {"step": torch.zeros(9000)})
        with pytest.raises(OSError, match=r"File too large.*Make room"):
            models.save(tmp_path, tiny(lexicon), lexicon)
    assert "Make room" in str(error.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_interrupt_while_a_checkpoint_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(content: Any, stream: Any) -> None:
        stream.write(b"PK half")
        raise KeyboardInterrupt

    path = tmp_path / "checkpoint.pt"
    checkpoints.save(path, {"step": 1})
    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(path, {"step": 2})
    assert checkpoints.load(path) == {"step": 1} and list(tmp_path.iterdir()) == [path]


def other_word(folder: Path) -> None:
    """As many words a file, but the commonest is another one."""
    for path in (folder / "shards").glob("*.txt"):
        path.write_text(path.read_text(encoding="utf-8").replace("w0", "v0"), encoding="utf-8")


def longer(folder: Path) -> None:
    with (folder / "shards" / "c.txt").open("a", encoding="utf-8") as stream:
        stream.write("one more\n")


def larger(folder: Path) -> None:
    cnn = CharCNNOptions(4, ((1, 5), (2, 6)), 1, "relu", 16, 12)
    elmo_files.write_options(folder / "options.json", BiLMOptions(cnn, 12, 16))


class Planted:
    """Runs a function when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


REFUSED: dict[str, tuple[list[str], Callable[[Path], object], str]] = {
    "setting": (["--alpha", "0.03"], lambda folder: None, "alpha was 0.02, is 0.03"),
    "softmax": (["--softmax", "full"], lambda folder: None, "samples was 20, is None"),
    "files": (["--files", "3"], lambda folder: None, "text had 4 shards, this one has 3"),
    "longer": ([], longer, r"shard 2 of its text had \d+ words, this one has \d+"),
    "other words": ([], other_word, "its softmax had other words"),
    "vocabulary": (["--vocabulary", "9"], lambda folder: None, "its softmax had other words"),
    "sizes": ([], larger, "a model of other sizes .*size mismatch"),
    "none": ([], lambda folder: (folder / "out/checkpoint.pt").unlink(), "There is no checkpoint"),
    "no checkpoint": (
        [],
        lambda folder: (folder / "out/checkpoint.pt").write_bytes(b"hello"),
        "is not a checkpoint of a training run",
    ),
    "weights": (
        [],
        lambda folder: checkpoints.save(folder / "out/checkpoint.pt", {"model": {}}),
        "it holds weights alone",
    ),
    "planted": (
        [],
        lambda folder: (folder / "out/checkpoint.pt").write_bytes(
            pickle.dumps(Planted(folder / "planted"))
        ),
        "is not a checkpoint of a training run",
    ),
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared(tmp_path_factory.mktemp("stopped") / "run")
    with interrupted(22):
        assert script.main(command(folder, folder / "out")) == 130
    return folder


@pytest.mark.parametrize("what", REFUSED)
def test_a_checkpoint_of_another_run_is_refused(
    what: str, stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more, change, message = REFUSED[what]
    folder = tmp_path / "run"
    shutil.copytree(stopped, folder)
    change(folder)
    assert script.main(command(folder, folder / "out", "--resume", *more)) == 1
    error = capsys.readouterr().err
    assert str(folder / "out" / "checkpoint.pt") in error
    assert re.search(message, error, re.DOTALL), error
    assert not (folder / "planted").exists()


# Shards


def test_a_bad_line_is_refused_with_file_and_line_or_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbffine here\n\ntwo\xffbad\nnul \0 here\r\nlast one\n")
    with pytest.raises(ValueError, match=r"a\.txt, line 3, is not UTF-8 \(byte 0xff at place 4\)"):
        Shards(tmp_path)[0]
    with pytest.warns(UserWarning) as told:
        assert Shards(tmp_path, bad_lines="skip")[0] == [["fine", "here"], ["last", "one"]]
    assert [str(w.message).split(", ")[1] for w in told] == ["line 3", "line 4"]
    assert "NUL" in str(told[1].message)
    path.write_bytes(b"nul \0 here\n")
    with pytest.raises(ValueError, match=r"a\.txt, line 1, holds a NUL byte"):
        read(path)


@pytest.mark.parametrize("cut", ["short", "noise", "plain"])
def test_a_broken_compressed_file(tmp_path: Path, cut: str) -> None:
    path, text = tmp_path / "a.txt.gz", sentences(4000)
    write_text(path, text)
    packed = path.read_bytes()
    half = len(packed) // 2
    path.write_bytes(
        {
            "short": packed[:half],
            "noise": packed[:half] + bytes(50) + packed[half + 50 :],
            "plain": b"no gzip at all\n",
        }[cut]
    )
    what = r"cannot be read|is not UTF-8|holds a NUL"  # noise can give garbled lines first
    with pytest.raises(ValueError, match=rf"a\.txt\.gz, line \d+, ({what})") as error:
        Shards(tmp_path)[0]
    line = int(str(error.value).split("line ")[1].split(",")[0])
    with pytest.warns(UserWarning, match="the rest of the file is left out"):
        found = Shards(tmp_path, bad_lines="skip")[0]
    good = 0 if cut == "plain" else 100
    assert found[:good] == text[:good] and (line > good) and (line == 1) == (cut == "plain")
    if cut != "noise":
        assert "cannot be read" in str(error.value) and found == text[: line - 1]


def test_what_a_folder_of_shards_gives(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        Shards(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="holds no file NAME"):
        Shards(tmp_path)
    with pytest.raises(ValueError, match="bad_lines is 'ignore'"):
        Shards(tmp_path, bad_lines="ignore")
    write_text(tmp_path / "b.txt", [["a", "b", "c"], ["a"]])
    write_text(tmp_path / "a.txt.gz", [["a", "b"]])
    (tmp_path / "._b.txt").write_bytes(b"\xff")  # macOS leaves such files on foreign disks
    (tmp_path / "c.txt").mkdir()
    shards = Shards(tmp_path)
    assert [path.name for path in shards.paths] == ["a.txt.gz", "b.txt"]
    assert shards.count() == ({"a": 3, "b": 2, "c": 1}, [3, 6])
    assert list(Shards(tmp_path, max_words=2)) == [[["a", "b"]], [["a"]]]


def test_a_text_that_is_too_short_is_refused_before_the_first_step(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    write_text(folder / "shards" / "e.txt", [["a", "b"]])
    shards = Shards(folder / "shards")
    lexicon = lexicon_of(list(shards))
    settings = Settings(batch_size=4, length=5, every=1000)
    with pytest.raises(ValueError, match=r"e\.txt has 3 words.*4 streams of 5 need 20"):
        run(tiny(lexicon), lexicon, shards, settings)
    with pytest.raises(ValueError, match="Text 1 has 3 words"):
        run(tiny(lexicon), lexicon, [sentences(60), [["a", "b"]]], settings)
    with pytest.raises(ValueError, match="held-out text is shorter than a window of 5"):
        run(tiny(lexicon), lexicon, [sentences(60)], settings, held_out=[["a", "b"]])


# Batches


def same(one: Any, other: Any) -> bool:
    """Compare (position, pair of windows)."""
    arrays = zip(chain(*one[1]), chain(*other[1]), strict=True)
    return one[0] == other[0] and all(np.array_equal(a, b) for a, b in arrays)


@pytest.mark.parametrize("world", [1, 2])
def test_a_run_taken_up_at_any_place_reads_exactly_the_rest(world: int) -> None:
    text = [sentences(9 + 4 * i, i) for i in range(5)]
    lexicon = lexicon_of(text)
    given = {
        "batch_size": 2,
        "length": 4,
        "epochs": 2,
        "seed": 3,
        "world": world,
        "rank": world - 1,
    }
    found = list(batches(text, lexicon, **given))
    assert len(found) > 30 // world
    for number, (position, _) in enumerate(found):
        rest = list(batches(text, lexicon, **given, start=position))
        wanted = found[number + 1 :]
        assert len(rest) == len(wanted) and all(map(same, rest, wanted)), position


def test_processes_share_no_shard_and_together_read_all() -> None:
    for epoch in range(3):
        parts = [shards_of(11, seed=1, epoch=epoch, rank=r, world=4).tolist() for r in range(4)]
        assert sorted(chain(*parts)) == list(range(11))
    text = [sentences(30, i) for i in range(4)]
    lexicon = lexicon_of(text)
    given = {"batch_size": 1, "length": 1, "seed": 5, "world": 2}
    found = [
        np.concatenate(
            [pair[0].targets.ravel() for _, pair in
             batches(text, lexicon, epochs=1, rank=rank, **given)]
        )
        for rank in (0, 1)
    ]  # fmt: skip
    # With one stream and windows of one word nothing is left out: all words, each once.
    words = [lexicon.types[word] for word in chain.from_iterable(chain.from_iterable(text))]
    marks = [lexicon.types[pretrain.END]] * sum(map(len, text))
    assert sorted(np.concatenate(found)) == sorted(words + marks)


def test_epochs_differ_and_directions_too() -> None:
    text = [sentences(40, i) for i in range(3)]
    lexicon = lexicon_of(text)
    epochs: list[list[Any]] = [[], []]
    for position, pair in batches(text, lexicon, batch_size=2, length=4, epochs=2, seed=1):
        epochs[position.epoch].append(pair)
    forward, backward = (
        [np.concatenate([pair[i].inputs.ravel() for pair in epoch]) for epoch in epochs]
        for i in (0, 1)
    )
    assert not np.array_equal(*forward) and not np.array_equal(*backward)
    assert not np.array_equal(forward[0], backward[0][::-1])  # not the same sentences mirrored


# Losses and optimisers


def pairs(text: list[list[str]], lexicon: pretrain.Lexicon) -> tuple[Any, Any]:
    streams = (pretrain.stream(text, lexicon, backward=b) for b in (False, True))
    return next(zip(*(pretrain.windows(s, 4, 8) for s in streams), strict=True))


@pytest.mark.parametrize("words", [4, 7, 20, 44, 63])
def test_an_adaptive_softmax_is_a_distribution(words: int) -> None:
    torch.manual_seed(0)
    softmax = models.adaptive_softmax(16, words).double()
    log_p = softmax.log_prob(torch.randn(5, 16, dtype=torch.float64))
    assert log_p.shape == (5, words)
    torch.testing.assert_close(log_p.exp().sum(1), torch.ones(5, dtype=torch.float64))


def test_the_loss_with_an_adaptive_softmax_is_that_of_its_probabilities() -> None:
    text = sentences(40)
    lexicon = lexicon_of([text])
    model = tiny(lexicon, "adaptive").double().eval()
    pair = pairs(text, lexicon)
    found, _ = pretrain.losses(model, lexicon, pair, model.initial_state(4))
    vectors = model.characters(torch.from_numpy(lexicon.spelling.astype(np.int64)))
    rows = torch.from_numpy(np.stack([window.inputs for window in pair]).astype(np.int64))
    outputs, _ = model.read(Words(vectors, rows))  # a type for each row, used or not
    for direction, window in enumerate(pair):
        log_p = model.softmax.log_prob(outputs[-1][:, :, direction].flatten(0, 1))
        targets = torch.from_numpy(lexicon.targets[window.targets].ravel())
        wanted = -log_p[torch.arange(32), targets].mean()
        assert found[direction].item() == pytest.approx(wanted.item(), abs=1e-6)


@pytest.mark.parametrize(
    ("softmax", "more"),
    [
        ("adaptive", {}),
        ("full", {"optimizer": "adagrad", "alpha": 0.2, "schedule": "constant"}),
        ("full", {"samples": 20, "optimizer": "adagrad", "alpha": 0.2, "schedule": "constant"}),
        ("full", {"bfloat16": True}),
        ("adaptive", {"bfloat16": True}),
    ],
)
def test_every_way_of_training_learns(softmax: str, more: dict[str, Any]) -> None:
    text, held_out = sentences(100), sentences(20, 1)
    lexicon = lexicon_of([text, held_out])
    model = tiny(lexicon, softmax)
    settings = Settings(
        **{"epochs": 2, "batch_size": 4, "length": 5, "alpha": 0.02, "every": 1000} | more
    )
    before = pretrain.evaluate(model, lexicon, held_out, length=5)
    rows = run(model, lexicon, [text], settings, held_out=held_out)
    after = np.array([rows[-1]["held_out_forward"], rows[-1]["held_out_backward"]])
    assert (after < before - 0.2).all() and math.isfinite(rows[-1]["forward"])
    assert model.forward_layers[0].bias.dtype == torch.float32


@pytest.mark.parametrize("bfloat16", [False, True])
def test_short_matrix_products_are_for_the_steps_alone(bfloat16: bool) -> None:
    """Forth and back; held-out text is measured as before, and so is what comes after."""
    text = sentences(40)
    lexicon = lexicon_of([text])
    model = tiny(lexicon)
    before, seen = torch.get_float32_matmul_precision(), set()

    def note(*_: Any) -> None:
        seen.add((model.training, torch.get_float32_matmul_precision()))

    model.softmax.register_forward_hook(note)
    model.softmax.register_full_backward_hook(note)
    settings = Settings(batch_size=4, length=5, bfloat16=bfloat16, every=1000)
    run(model, lexicon, [text], settings, held_out=text)
    assert seen == {(True, "medium" if bfloat16 else before), (False, before)}
    assert torch.get_float32_matmul_precision() == before


def test_the_sampled_loss_nears_the_full_one_and_its_normalizer_is_unbiased() -> None:
    torch.manual_seed(0)
    hidden = torch.randn(6, 4, dtype=torch.float64)
    weight, bias = torch.randn(40, 4, dtype=torch.float64), torch.randn(40, dtype=torch.float64)
    targets = torch.tensor([0, 3, 3, 17, 39, 8])
    logits = hidden @ weight.T + bias
    full = torch.nn.functional.cross_entropy(logits, targets)
    many = sampled_cross_entropy(hidden, targets, weight, bias, 400_000)
    assert many.item() == pytest.approx(full.item(), abs=0.01)
    # exp(loss) of one word is the normaliser over exp(its logit); its mean over draws is exact.
    one, target = hidden[:1], targets[:1]
    draws = [sampled_cross_entropy(one, target, weight, bias, 20).exp().item() for _ in range(4000)]
    wanted = (logits[0].logsumexp(0) - logits[0, target[0]]).exp().item()
    error = np.std(draws) / math.sqrt(len(draws))
    assert abs(np.mean(draws) - wanted) < 4 * error and error < 0.05 * wanted


def test_a_target_that_is_drawn_counts_once() -> None:
    """Of two words, every draw of the target is left out: what stays is exact in closed form."""
    torch.manual_seed(0)
    hidden, weight = torch.randn(2, 3), torch.randn(2, 3)
    bias, targets, samples = torch.randn(2), torch.tensor([0, 1]), 50
    torch.manual_seed(5)
    found = sampled_cross_entropy(hidden, targets, weight, bias, samples)
    torch.manual_seed(5)
    drawn = (3.0 ** torch.rand(samples, dtype=torch.float64) - 1).long().clamp(max=1)
    times = drawn.bincount(minlength=2)
    q = [math.log(2) / math.log(3), math.log(1.5) / math.log(3)]
    wanted = 0.0
    logits = (hidden @ weight.T + bias).tolist()
    for row, target in zip(logits, (0, 1), strict=True):
        other = 1 - target
        ratio = int(times[other]) / (samples * q[other]) * math.exp(row[other] - row[target])
        wanted += math.log1p(ratio) / 2
    assert min(times) > 5 and found.item() == pytest.approx(wanted, abs=1e-5)
    weight.requires_grad_()
    alone = sampled_cross_entropy(hidden, targets * 0, weight[:1], bias[:1], samples)
    alone.backward()
    assert alone.item() == 0.0 and not weight.grad.any()  # the only word there is


def test_each_direction_draws_words_of_its_own() -> None:
    lexicon = lexicon_of([sentences(30)])
    model = tiny(lexicon)
    objective = training.Objective(model, lexicon, Settings(batch_size=2, length=5, samples=3))
    states, targets = torch.randn(1, 5, 16).repeat(2, 1, 1), torch.zeros(2, 5, dtype=torch.int64)
    torch.manual_seed(5)
    found = objective.sampled(states, targets, model.softmax)
    torch.manual_seed(5)
    given = model.softmax.weight, model.softmax.bias, 3
    wanted = [sampled_cross_entropy(states[i], targets[i], *given) for i in range(2)]
    torch.testing.assert_close(found, torch.stack(wanted))
    assert found[0] != found[1]


def test_on_one_shard_the_run_is_the_loop_of_the_course() -> None:
    text, held_out = sentences(60), sentences(20, 1)
    lexicon = lexicon_of([text, held_out])
    given = {"epochs": 2, "batch_size": 4, "length": 5, "every": 7}
    models = [tiny(lexicon), tiny(lexicon)]
    rows = run(models[0], lexicon, [text], Settings(**given), held_out=held_out)
    table = pretrain.train(models[1], lexicon, text, held_out=held_out, **given)
    for name, values in models[0].state_dict().items():
        assert torch.equal(values, models[1].state_dict()[name]), name
    found = [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
    assert list(table) == list(rows[0]) and len(table) > 2
    for row, wanted in zip(found, table.to_dict("records"), strict=True):
        assert row == pytest.approx({name: wanted[name] for name in row}, rel=1e-6)


# A run without a planned end


@pytest.mark.parametrize(
    ("warm_up", "fall", "total"), [(4, 5, 12), (1, 0, 3), (6, 6, 20), (8, 8, 8)]
)
def test_the_trapezoid_is_a_line_through_four_points(warm_up: int, fall: int, total: int) -> None:
    settings = Settings(schedule="trapezoid", alpha=2.0, warm_up=warm_up, fall=fall)
    found = [settings.rate(step, total) for step in range(1, total + 1)]
    steps = np.arange(1, total + 1)
    rise = np.interp(steps, [0, warm_up], [0, 2.0])
    after = np.interp(steps, [total + 1 - fall, total + 1], [2.0, 0]) if fall else 2.0
    assert found == pytest.approx(np.minimum(rise, after).tolist())


def test_a_fall_that_branches_off_gives_what_the_whole_run_gives(tmp_path: Path) -> None:
    """The level part does not know when the run ends; the fall takes it up at a checkpoint."""
    text = sentences(100)
    lexicon = lexicon_of([text])

    def trained(folder: Path, steps: int, fall: int, **more: Any) -> dict[str, torch.Tensor]:
        folder.mkdir(exist_ok=True)
        settings = Settings(
            epochs=more.get("epochs", 3), batch_size=4, length=5, alpha=0.01, every=3, samples=9,
            schedule="trapezoid", steps=steps, warm_up=2, fall=fall,
        )  # fmt: skip
        model, resume = tiny(lexicon), more.get("resume", False)
        rows = run(model, lexicon, [text], settings, folder=folder, resume=resume)
        assert rows[-1]["step"] == steps
        return model.state_dict()

    whole = trained(tmp_path / "whole", 40, 12)
    trained(tmp_path / "level", 28, 0, epochs=1)
    shutil.copytree(tmp_path / "level", tmp_path / "branch")
    branch = trained(tmp_path / "branch", 40, 12, epochs=2, resume=True)
    longer = trained(tmp_path / "level", 40, 0, resume=True)
    for name, values in whole.items():
        assert torch.equal(values, branch[name]), name
    assert not torch.equal(longer["softmax.bias"], branch["softmax.bias"])
    with pytest.raises(ValueError, match="40 steps are done already; the run has 39"):
        trained(tmp_path / "level", 39, 0, resume=True)


def test_a_run_may_end_at_any_checkpoint(work: Path, tmp_path: Path) -> None:
    output, level = tmp_path / "out", ("--schedule", "trapezoid", "--warm-up", "3")
    with interrupted(28):
        assert script.main(command(work, output, *level)) == 130
    weights = checkpoints.load(output / "checkpoint.pt")["model"]
    assert script.main(command(work, output, *level, "--resume", "--steps", "20")) == 0
    assert [row["step"] for row in result(output)[0]] == ["20"]
    for name, values in models.load(output)[0].state_dict().items():
        assert torch.equal(values, weights[name].half().float()), name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": 0}, "steps is 0; it must be 1 or more"),
        ({"warm_up": 0}, "warm_up is 0, fall 0; use 1 or more, and 0 or more"),
        ({"fall": -1}, "warm_up is 500, fall -1"),
        ({"fall": 3, "schedule": "linear"}, "only 'trapezoid' has a fall of its own"),
        ({"fall": 15}, "fall is 15; the run has 14 steps"),
        ({"steps": 15}, "steps is 15, but epochs = 1 gives 14 only. Take more epochs"),
        ({"schedule": "cosine"}, "schedule is 'cosine'; use one of"),
    ],
)
def test_impossible_ends_are_refused(given: dict[str, Any], message: str) -> None:
    text = [["w"] * 9] * 29  # 290 words with the marks of sentences: 14 windows of 4 x 5
    lexicon = lexicon_of([text])
    with pytest.raises(ValueError, match=re.escape(message)):
        settings = Settings(**{"batch_size": 4, "length": 5, "schedule": "trapezoid"} | given)
        run(tiny(lexicon), lexicon, [text], settings)


# What is measured and kept


def test_an_early_stop_keeps_the_best_weights(tmp_path: Path) -> None:
    """A text of its own words in a random order cannot be learned, only learned by heart."""
    rng = np.random.default_rng(0)
    text, held_out = (
        [[f"w{i}" for i in row] for row in rng.integers(0, 30, (n, 6))] for n in (40, 20)
    )
    lexicon = lexicon_of([text, held_out])
    settings = Settings(
        epochs=60, batch_size=4, length=5, alpha=0.05, every=20, patience=2, schedule="constant"
    )
    model = tiny(lexicon)
    given = {"held_out": held_out, "folder": tmp_path}
    rows = run(model, lexicon, [text], settings, **given)
    found = [row["held_out_forward"] + row["held_out_backward"] for row in rows]
    best = int(np.argmin(found))
    assert len(rows) == best + 3 and rows[-1]["step"] < 60 * 14
    assert pretrain.evaluate(model, lexicon, held_out, length=5).sum() == found[best]
    assert found[-1] > found[best]
    # Killed after the last checkpoint: nothing is trained again.
    again = tiny(lexicon)
    assert run(again, lexicon, [text], settings, **given, resume=True) == rows
    assert torch.equal(again.forward_layers[0].bias, model.forward_layers[0].bias)
    for lacking in ({"folder": tmp_path}, {"held_out": held_out}):
        with pytest.raises(ValueError, match="patience needs held-out text, and a folder"):
            run(tiny(lexicon), lexicon, [text], settings, **lacking)


def test_gradients_that_are_no_numbers_stop_the_run_and_spare_the_checkpoint(
    tmp_path: Path,
) -> None:
    lexicon = lexicon_of([sentences(60)])
    model = tiny(lexicon)
    settings = Settings(batch_size=4, length=5, every=2)
    seen = 0

    def spoil(module: nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        nonlocal seen
        seen += 1
        return (given[0] * (math.inf if seen == 7 else 1.0),)  # twice a step: at step 4

    model.softmax.register_forward_pre_hook(spoil)
    with pytest.raises(ValueError, match="Before step 4 the gradients ceased to be numbers"):
        run(model, lexicon, [sentences(60)], settings, folder=tmp_path)
    found = checkpoints.load(tmp_path / "checkpoint.pt")
    assert found["step"] == 2 and all(t.isfinite().all() for t in found["model"].values())


@pytest.mark.parametrize("softmax", ["sampled", "adaptive"])
def test_the_written_model_gives_the_last_perplexity(
    work: Path, whole: Any, softmax: str, tmp_path: Path
) -> None:
    output = work / "whole"
    if softmax == "adaptive":
        output = tmp_path / "out"
        assert script.main(command(work, output, "--softmax", "adaptive", "--epochs", "1")) == 0
    last = result(output)[0][-1]
    model, words = models.load(output)
    held_out = read(work / "held_out.txt")
    lexicon = pretrain.Lexicon.of_words(words, chain.from_iterable(held_out), width=12)
    found = pretrain.evaluate(model, lexicon, held_out, length=5)
    wanted = [float(last[f"held_out_{name}"]) for name in ("forward", "backward")]
    assert found == pytest.approx(wanted, rel=1e-3) and not (found == wanted).all()
    assert max(wanted) < math.log(len(words)) - 0.1  # it has learned something to lose


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    lexicon = lexicon_of([sentences(20)])

    def refused(error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            models.load(tmp_path)
        models.save(tmp_path, tiny(lexicon), lexicon)

    refused(FileNotFoundError, "There is no vocabulary")
    assert models.load(tmp_path)[1] == lexicon.words
    (tmp_path / "vocabulary.txt").write_text("</S>\n<S>\n<UNK>\n", encoding="utf-8")
    refused(ValueError, r"softmax\.hdf5 holds .*3 words of vocabulary\.txt")
    (tmp_path / "vocabulary.txt").write_bytes(b"</S>\n\xff\n")
    refused(ValueError, "is not UTF-8")
    (tmp_path / "softmax.hdf5").unlink()
    refused(FileNotFoundError, "There is no softmax")
    (tmp_path / "softmax.hdf5").write_bytes(b"hello")
    refused(ValueError, r"softmax\.hdf5 cannot be read")
    with h5py.File(tmp_path / "softmax.hdf5", "a") as file:
        file["bias"][0] = math.nan
    refused(ValueError, r"softmax\.hdf5: bias holds NaN")
    (tmp_path / "weights.hdf5").unlink()
    refused(FileNotFoundError, "There is no weights file")


# Two processes


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


TEXT = [sentences(16, 1), sentences(16, 2)]
# Two words a step: for an adaptive softmax some part of it then has no word to learn from.
SHAPES = {"full": {"batch_size": 2, "length": 5}, "adaptive": {"batch_size": 1, "length": 2}}


def of_pair(softmax: str) -> tuple[pretrain.Lexicon, list[list[list[str]]], Settings]:
    settings = Settings(
        **SHAPES[softmax], optimizer="adagrad", alpha=0.2, clip=1e9, schedule="constant", every=1
    )
    return lexicon_of(TEXT), TEXT if softmax == "full" else [part[:4] for part in TEXT], settings


def in_process(rank: int, folder: Path, ports: list[int]) -> None:
    """Run in each of two processes: the training of one step after another, then the script."""
    warnings.simplefilter("ignore")
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    os.environ["MASTER_PORT"] = str(ports[0])
    distributed.init_process_group("gloo")
    found = {}
    for softmax in SHAPES:
        lexicon, text, settings = of_pair(softmax)
        model = tiny(lexicon, softmax)
        rows = run(model, lexicon, text, settings)
        found[softmax] = {"rows": rows, "weights": model.state_dict()}
        found[softmax]["gradients"] = {name: p.grad for name, p in model.named_parameters()}
    torch.save(found, folder / f"pair{rank}.pt")
    distributed.destroy_process_group()
    arguments = command(folder, folder / "interrupted")
    os.environ["MASTER_PORT"] = str(ports[1])
    with interrupted(25):
        assert script.main(arguments) == 130
    distributed.destroy_process_group()
    if rank == 0:
        (folder / "one").mkdir()
        shutil.copy(folder / "interrupted" / "checkpoint.pt", folder / "one")
    os.environ["MASTER_PORT"] = str(ports[2])
    assert script.main([*arguments, "--resume"]) == 0


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared(tmp_path_factory.mktemp("two") / "run")
    ports = [free_port() for _ in range(3)]
    torch.multiprocessing.spawn(in_process, (folder, ports), nprocs=2)
    return folder


@pytest.mark.parametrize("softmax", ["full", "adaptive"])
def test_two_processes_train_as_one_with_the_double_batch(
    softmax: str, two_processes: Path
) -> None:
    lexicon, text, settings = of_pair(softmax)
    model = tiny(lexicon, softmax)
    objective = training.Objective(model, lexicon, settings)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.2, initial_accumulator_value=1.0)
    state, losses = model.initial_state(2 * settings.batch_size), []
    given = {**SHAPES[softmax], "epochs": 1, "seed": 1, "world": 2}
    ranks = (batches(text, lexicon, **given, rank=rank) for rank in (0, 1))
    for (_, one), (_, other) in zip(*ranks, strict=False):
        pair = tuple(
            pretrain.Window(*(np.concatenate(both) for both in zip(a, b, strict=True)))
            for a, b in zip(one, other, strict=True)
        )
        loss, state = objective(pair, state)
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
        losses.append(loss.tolist())
    found = [torch.load(two_processes / f"pair{rank}.pt")[softmax] for rank in (0, 1)]
    assert len(losses) > 5 and found[0]["rows"] == found[1]["rows"]
    for name in ("weights", "gradients"):
        for key, values in found[0][name].items():
            assert torch.equal(values, found[1][name][key]), (name, key)
    rows = [[row["forward"], row["backward"]] for row in found[0]["rows"]]
    assert np.allclose(rows, losses, rtol=0, atol=1e-6)
    torch.testing.assert_close(found[0]["weights"], model.state_dict(), rtol=0, atol=1e-6)
    for key, parameter in model.named_parameters():
        wanted = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(found[0]["gradients"][key], wanted, rtol=0, atol=1e-6)


def test_one_process_cannot_go_on_for_two(
    two_processes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(command(two_processes, two_processes / "one", "--resume")) == 1
    assert "it had 2 processes, this one has 1" in capsys.readouterr().err


def test_torchrun_gives_what_the_interrupted_run_of_two_gave(two_processes: Path) -> None:
    launcher = ("torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1")
    launcher += ("--master-port", str(free_port()), str(SCRIPTS / "pretrain_bilm.py"))
    output = two_processes / "whole"
    done = subprocess.run(
        [sys.executable, "-m", *launcher, *command(two_processes, output)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("distinct") == 1  # told by the first process alone
    assert result(output) == result(two_processes / "interrupted")
    assert int(result(output)[0][0]["tokens"]) == 2 * 20 * 4 * 5


# The shards of the course


def test_the_shards_of_the_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = load_script("write_shards")
    lee = datasets.load_corpus("lee", as_written=True)
    held_out = datasets.Corpus(
        lee.sentences[:9], "wikipedia", "embedded", "", lee.titles[:2], [0, 5]
    )
    left = lee.sentences[lee.starts[2] :]  # without the two texts whose titles are held out
    both = {"lee": lee, "wikipedia": held_out}
    monkeypatch.setattr(writer.datasets, "load_corpus", lambda name, *, as_written: both[name])
    folder, other, held = tmp_path / "shards", tmp_path / "again", tmp_path / "held_out.txt"
    given = ["--corpus", "lee", "--files", "3"]
    assert writer.main([str(folder), *given, "--held-out", str(held)]) == 0
    shards = Shards(folder)
    assert [path.name for path in shards.paths] == ["lee-000.txt", "lee-001.txt", "lee-002.txt"]
    assert sorted(chain.from_iterable(shards)) == sorted(left)
    assert all(len(part) > len(left) / 6 for part in shards)
    assert read(held) == lee.sentences[:9]
    assert writer.main([str(other), *given]) == 0
    assert list(Shards(other)) == list(shards)
    capsys.readouterr()
    # What lies there already would be trained on too.
    for arguments, message in (
        ([str(folder), "--corpus", "lee", "--files", "2"], "holds lee-002.txt"),
        ([str(other), *given, "--held-out", str(other / "h.txt")], "put it outside"),
        ([str(other), "--files", "0"], "must be 1 or more"),
    ):
        with pytest.raises(SystemExit):
            writer.main(arguments)
        assert message in capsys.readouterr().err
