"""The script that writes ELMo's vectors of a text file: against the loops, and interrupted."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from elmo_reference import Reference, generate
from test_elmo import official, options

from course_lib import runtime
from course_lib.elmo import Elmo

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "data_scripts" / "embed_sentences.py"
LINES = [
    "The cat sat .",
    "Yes",
    "한국어 naïve\u2028 cat\u00a0!",  # neither mark ends the line; both are white space
    "  The dog   ran\taway . ",
    "Yes",
    *(f"{'word ' * (i % 4 + 1)}{i}" for i in range(8)),
]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("embed_sentences", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    generate(folder, options())
    return folder


@pytest.fixture(scope="module")
def wanted(model: Path) -> list[np.ndarray]:
    """All layers of every line, from the loops; each line starts from zeros."""
    files = model / "options.json", model / "weights.hdf5"
    return [Reference(*files).layers(line.split()) for line in LINES]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_bytes("\n".join(LINES).encode() + b"\n")
    return path


@pytest.fixture
def run(script, model: Path, text: Path, tmp_path: Path):
    """Run the script on the text with the tiny model; return exit code and output path."""

    def call(*more: str, given: Path = text, name: str = "out.hdf5") -> tuple[int, Path]:
        output = tmp_path / name
        arguments = [str(given), str(output), "--model", str(model), "--device", "cpu", *more]
        return script.main(arguments), output

    return call


def compare(path: Path, wanted: list[np.ndarray], atol: float = 5e-6) -> None:
    with h5py.File(path) as file:
        assert set(file) - {"sentence_to_index"} == {str(i) for i in range(len(wanted))}
        for i, layers in enumerate(wanted):
            assert file[str(i)].shape == layers.shape
            np.testing.assert_allclose(file[str(i)][...], layers, rtol=0, atol=atol)


def same(one: Path, other: Path) -> None:
    """Equal but for the last digit, which depends on what else was in a batch."""
    with h5py.File(one) as first, h5py.File(other) as second:
        assert list(first) == list(second) and dict(first.attrs) == dict(second.attrs)
        for name in first:
            assert (first[name].dtype, first[name].shape) == (
                second[name].dtype,
                second[name].shape,
            )
            if name == "sentence_to_index":
                assert first[name][0] == second[name][0]
            else:
                np.testing.assert_allclose(first[name], second[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("batch_size", ["1", "3", "64"])
def test_all_layers_are_those_of_the_loops(run, wanted, batch_size, capsys, tmp_path) -> None:
    code, output = run("--batch-size", batch_size)
    assert code == 0 and capsys.readouterr().out == f"13 sentences in {output}\n"
    compare(output, wanted)
    with h5py.File(output) as file:
        assert file["0"].dtype == np.float32 and file["0"].shape == (3, 4, 10)
        index = json.loads(file["sentence_to_index"][0])
    assert index == {line.strip(): str(i) for i, line in enumerate(LINES)}
    assert index["Yes"] == "4" and len(index) == 12
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.hdf5", "text.txt"]


@pytest.mark.parametrize(
    ("layers", "weights"),
    [
        ("average", [1 / 3, 1 / 3, 1 / 3]),
        ("top", [0, 0, 1]),
        ("0.2,-0.5,1.5", [0.2, -0.5, 1.5]),
    ],
)
def test_layers_in_one(run, wanted, layers, weights) -> None:
    code, output = run("--layers", layers, "--forget-sentences")
    assert code == 0
    compare(output, [np.tensordot(weights, line, 1) for line in wanted])
    with h5py.File(output) as file:
        assert "sentence_to_index" not in file


def test_half_precision(run, wanted) -> None:
    code, output = run("--float16")
    assert code == 0
    compare(output, [line.astype(np.float16) for line in wanted], atol=2e-3)
    with h5py.File(output) as file:
        assert file["3"].dtype == np.float16


def test_stateful_goes_on_from_line_to_line(run, model, wanted) -> None:
    code, output = run("--stateful")
    reference = Reference(model / "options.json", model / "weights.hdf5")
    carried = [reference.layers(line.split()) for line in LINES]
    assert code == 0 and np.abs(carried[4] - wanted[4]).max() > 0.01
    compare(output, carried)


def test_the_official_sample(run, tmp_path) -> None:
    """The first of its streams, as the dump of bilm-tf holds it: forward, then backward."""
    folder = official()
    stream = json.loads((folder / "lm_embeddings_sentences.json").read_text(encoding="utf-8"))[0]
    path = tmp_path / "stream.txt"
    path.write_text("".join(f"{line}\n" for line in stream), encoding="utf-8")
    code, output = run("--stateful", "--layers", "top", "--model", str(folder), given=path)
    assert code == 0
    with h5py.File(folder / "lm_embeddings_0.hdf5") as file:
        compare(output, [np.concatenate(file[str(i)], axis=1) for i in range(len(stream))])


def test_raw_text(run, model, tmp_path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_bytes(b"\xef\xbb\xbfDon't go (now)!\r\nNo.")  # a mark, Windows line ends, no last one
    words = [["Don't", "go", "(", "now", ")", "!"], ["No", "."]]
    code, output = run("--tokenize", given=raw)
    files = model / "options.json", model / "weights.hdf5"
    assert code == 0
    compare(output, [Reference(*files).layers(line) for line in words])
    with h5py.File(output) as file:
        assert json.loads(file["sentence_to_index"][0]) == {"Don't go (now)!": "0", "No.": "1"}


def test_empty_lines(run, wanted, tmp_path, capsys) -> None:
    path = tmp_path / "gaps.txt"
    path.write_text("Yes\n\n \t\nThe cat sat .\n\n", encoding="utf-8")
    code, output = run(given=path)
    said = capsys.readouterr().err
    assert code == 1 and f"{path}, line 2 is empty" in said and "--skip-empty" in said
    code, output = run("--skip-empty", "--batch-size", "1", given=path)
    assert code == 0
    with h5py.File(output) as file:  # the names are still the numbers of the lines
        assert sorted(file) == ["0", "3", "sentence_to_index"]
        np.testing.assert_allclose(file["0"], wanted[1], rtol=0, atol=5e-6)
        np.testing.assert_allclose(file["3"], wanted[0], rtol=0, atol=5e-6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"fine\ncaf\xe9 noir\n", "line 2 is not UTF-8: 0xe9 at byte 4. Save it as UTF-8"),
        (b"", "holds no sentence"),
        (b"fine\n\x00\xff", "line 2 is not UTF-8: 0xff at byte 2"),
    ],
)
def test_a_wrong_text_is_told_before_anything_is_done(
    run, tmp_path, capsys, monkeypatch, content, says
) -> None:
    monkeypatch.setattr(Elmo, "from_files", None)  # no model is loaded
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    code, output = run(given=path)
    said = capsys.readouterr().err
    assert code == 1 and says in said and str(path) in said
    assert not output.exists() and not list(tmp_path.glob("*.parts"))


def test_lines_are_read_as_they_are_needed(script, run, monkeypatch) -> None:
    """The text is not held in memory: never more than a batch ahead of what is embedded."""
    read, ahead = [], []
    plain, embed = script._sentences, Elmo.embed

    def counted(*given: Any):
        for sentence in plain(*given):
            read.append(1)
            yield sentence

    def observed(self: Elmo, batch: Any) -> Any:
        ahead.append(len(read) - 13)  # it was read once before, to be checked
        return embed(self, batch)

    monkeypatch.setattr(script, "_sentences", counted)
    monkeypatch.setattr(Elmo, "embed", observed)
    assert run("--batch-size", "4")[0] == 0
    assert ahead == [4, 8, 12, 13]


def test_a_bar_counts_sentences(script, run, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "1")
    bars, progress = [], runtime.progress
    monkeypatch.setattr(runtime, "progress", lambda **k: bars.append(progress(**k)) or bars[-1])
    assert run("--batch-size", "5")[0] == 0
    assert [(bar.n, bar.total) for bar in bars] == [(13, 13)]


# --- interrupted, and gone on with -----------------------------------------------------------


@pytest.fixture
def small_parts(script, monkeypatch) -> None:
    monkeypatch.setattr(script, "PART_BYTES", 2_000)  # four to six lines


def stop_at(monkeypatch: Any, script: Any, call: int, error: BaseException) -> None:
    """Raise at the given call of the function that embeds a batch."""
    plain, calls = script._vectors, []

    def counted(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            raise error
        return plain(*given)

    monkeypatch.setattr(script, "_vectors", counted)


@pytest.mark.parametrize("more", [(), ("--stateful",), ("--layers", "top", "--float16")])
@pytest.mark.parametrize("call", [1, 3, 7])
def test_resumed_after_ctrl_c(
    script, run, small_parts, monkeypatch, tmp_path, capsys, more, call
) -> None:
    more = (*more, "--batch-size", "2")
    assert run(*more, name="whole.hdf5")[0] == 0
    with monkeypatch.context() as patched:
        stop_at(patched, script, call, KeyboardInterrupt())
        code, output = run(*more)
    parts = tmp_path / "out.hdf5.parts"
    assert code == 130 and "--resume" in capsys.readouterr().err and not output.exists()
    done = 0
    if call > 1:  # every batch before it is kept, in a file that can be read
        with h5py.File(max(parts.glob("*.hdf5"))) as file:
            done = file.attrs["next_line"]
        assert done == (call - 1) * (1 if "--stateful" in more else 2)
    assert run(*more)[0] == 1 and "is there already" in capsys.readouterr().err
    embedded = []
    plain = script._vectors
    monkeypatch.setattr(
        script, "_vectors", lambda given, elmo, b: embedded.extend(b) or plain(given, elmo, b)
    )
    assert run(*more, "--resume") == (0, output)
    assert [number for number, _, _ in embedded] == list(range(done, 13))  # nothing twice
    same(output, tmp_path / "whole.hdf5")
    assert not parts.exists()


def test_resumed_after_a_stop_within_a_batch(script, run, monkeypatch, tmp_path) -> None:
    """A batch that was half written is written again."""
    assert run(name="whole.hdf5")[0] == 0
    with monkeypatch.context() as patched:
        plain, calls = h5py.Group.create_dataset, []

        def once(self: h5py.Group, *given: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == 6:
                raise OSError(28, "No space left on device")
            return plain(self, *given, **named)

        patched.setattr(h5py.Group, "create_dataset", once)
        assert run("--batch-size", "4")[0] == 1
    with h5py.File(next((tmp_path / "out.hdf5.parts").glob("*.hdf5"))) as file:
        assert sorted(file) == list("01234") and file.attrs["next_line"] == 4
    code, output = run("--batch-size", "4", "--resume")
    assert code == 0
    same(output, tmp_path / "whole.hdf5")


def test_a_full_disk_keeps_the_parts(script, run, small_parts, monkeypatch, tmp_path) -> None:
    assert run(name="whole.hdf5")[0] == 0
    with monkeypatch.context() as patched:
        stop_at(patched, script, 3, OSError(28, "No space left on device"))
        assert run("--batch-size", "4")[0] == 1
    assert list((tmp_path / "out.hdf5.parts").glob("*.hdf5"))
    code, output = run("--batch-size", "1", "--resume")  # in another size, if need be
    assert code == 0
    same(output, tmp_path / "whole.hdf5")


KILLED = """
import os, signal, sys
sys.path.insert(0, {folder!r})
import embed_sentences as script

def deadly(plain):
    def call(*given, **named):
        left.append(1)
        if len(left) == {call}:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*given, **named)
    left = []
    return call

script.PART_BYTES = 2_000
{patch}
sys.exit(script.main(sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(
    ("patch", "call"),
    [
        # between two data sets of a part, with some of the part written
        ("script.h5py.Group.create_dataset = deadly(script.h5py.Group.create_dataset)", 8),
        # with a part written, before it has its name
        ("script.Path.replace = deadly(script.Path.replace)", 2),
        # while the parts are being joined
        ("script.h5py.Group.copy = deadly(script.h5py.Group.copy)", 7),
    ],
    ids=["in-a-part", "before-renaming", "while-joining"],
)
def test_resumed_after_a_kill(run, model, text, tmp_path, patch, call) -> None:
    code = textwrap.dedent(KILLED).format(folder=str(SCRIPT.parent), patch=patch, call=call)
    output = tmp_path / "out.hdf5"
    given = [str(text), str(output), "--model", str(model), "--device", "cpu", "--batch-size", "2"]
    killed = subprocess.run(
        [sys.executable, "-c", code, *given], cwd=ROOT, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not output.exists() and list(tmp_path.glob("out.hdf5.parts/*.hdf5"))
    assert run("--batch-size", "2", "--resume")[0] == 0
    assert run("--batch-size", "2", name="whole.hdf5")[0] == 0
    same(output, tmp_path / "whole.hdf5")
    assert not (tmp_path / "out.hdf5.parts").exists()


def test_resume_of_a_complete_file_leaves_it(run, capsys) -> None:
    output = run("--resume")[1]  # there is nothing yet: it starts
    before = output.stat().st_mtime_ns
    assert run("--resume")[0] == 0 and output.stat().st_mtime_ns == before
    assert run()[0] == 1 and "is there already: delete it" in capsys.readouterr().err
    assert run("--resume", "--float16")[0] == 1
    assert "was made otherwise (--float16)" in capsys.readouterr().err
    output.write_bytes(b"not an hdf5 file")
    assert run("--resume")[0] == 1 and "Stopped" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["text", "model", "--layers", "--tokenize", "--stateful"])
def test_resume_with_something_else_is_refused(
    script, run, small_parts, monkeypatch, model, text, tmp_path, capsys, change
) -> None:
    with monkeypatch.context() as patched:
        stop_at(patched, script, 6, KeyboardInterrupt())
        assert run("--batch-size", "2")[0] == 130
    kept = sorted((tmp_path / "out.hdf5.parts").iterdir())
    more = {"--layers": ["--layers", "top"], "text": [], "model": []}.get(change, [change])
    if change == "text":
        text.write_bytes(text.read_bytes().replace(b"Yes", b"No"))
    if change == "model":
        generate(tmp_path / "other", options(lstm__cell_clip=0.5))  # the same weights
        more = ["--model", str(tmp_path / "other")]
    capsys.readouterr()
    assert run("--batch-size", "2", "--resume", *more)[0] == 1
    assert f"was made otherwise ({change})" in capsys.readouterr().err
    assert sorted((tmp_path / "out.hdf5.parts").iterdir()) == kept


def test_a_part_that_was_taken_away_is_missed(
    script, run, small_parts, monkeypatch, tmp_path, capsys
) -> None:
    with monkeypatch.context() as patched:
        stop_at(patched, script, 6, KeyboardInterrupt())
        assert run("--batch-size", "2")[0] == 130
    min((tmp_path / "out.hdf5.parts").glob("*.hdf5")).unlink()
    code, output = run("--batch-size", "2", "--resume")
    assert code == 1 and "sentences, not 13" in capsys.readouterr().err and not output.exists()


# --- models and wrong commands ---------------------------------------------------------------


def test_models_by_name(script, run, model, monkeypatch, wanted) -> None:
    asked = []

    def named(name: str):
        def load(*given: str, **more: Any) -> Elmo:
            asked.append((name, *given))
            return Elmo.from_files(model / "options.json", model / "weights.hdf5", **more)

        return load

    monkeypatch.setattr(Elmo, "course_model", named("course"))
    monkeypatch.setattr(Elmo, "official", named("official"))
    for name in ("course", "small", "medium", "original", "original_5.5B"):
        code, output = run("--model", name, name=f"{name}.hdf5")
        assert code == 0
        compare(output, wanted)
    assert asked[0] == ("course",) and asked[-1] == ("official", "original_5.5B")
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--model", "smal"], "no model or folder called 'smal'. Did you mean small"),
        (["--model", "."], "holds 0 files *options.json; one is needed"),
        (["--layers", "1,2"], "--layers has 2 weights; the model has 3 layers"),
    ],
)
def test_what_cannot_be_done(run, more, says, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run(*more)
    assert code == 1 and says in capsys.readouterr().err
    assert not output.exists() and not list(tmp_path.glob("*.parts"))


def test_files_that_are_not_there(run, tmp_path, capsys) -> None:
    assert run(given=tmp_path / "absent.txt")[0] == 1 and "absent.txt" in capsys.readouterr().err
    assert (
        run(name="no/folder/out.hdf5")[0] == 1 and "There is no folder" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--batch-size", "0"], "--batch-size is 0"),
        (["--layers", "upper"], "'upper': all, average, top or numbers"),
        (["--layers", "nan,1,1"], "'nan,1,1': all, average, top or numbers"),
        (["--layers", "1,inf,0"], "'1,inf,0': all, average, top or numbers"),
    ],
)
def test_wrong_usage_exits_with_2(run, more, says, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*more)
    assert caught.value.code == 2 and says in capsys.readouterr().err


def test_help_says_what_is_held(script, capsys) -> None:
    with pytest.raises(SystemExit):
        script.main(["--help"])
    said = capsys.readouterr().out
    for part in ("(layers, words, 2 P)", "sentence_to_index", "--stateful does as they do", "130"):
        assert part in said


def test_as_a_program(model, text, tmp_path, wanted) -> None:
    output = tmp_path / "out.hdf5"
    done = subprocess.run(
        [
            sys.executable,
            str(SCRIPT),
            str(text),
            str(output),
            "--model",
            str(model),
            "--device",
            "cpu",
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COURSE_PROGRESS": "0"},
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    compare(output, wanted)


@pytest.mark.parametrize("device", ["cuda:99", "abacus", "cpu:-3"])
def test_a_device_that_is_not_there_is_a_wrong_call(
    script, device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        script.main(["text.txt", str(tmp_path / "out.hdf5"), "--device", device])
    assert stopped.value.code == 2
    assert f"torch cannot use {device!r} here" in capsys.readouterr().err
