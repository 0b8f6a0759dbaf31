"""Outside programs in the benchmarks: small scripts that take their command lines."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import coo_array

from course_lib.fasttext import FastTextVectors
from course_lib.text import Vocabulary

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = [["the", "cat", "sat"], ["the", "dog", "sat", "down"], ["the", "cat", "ran"]]
OPTIONS = {
    "vector_size": 2,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "alpha": 0.025,
    "min_count": 2,
    "min_n": 3,
    "max_n": 6,
    "bucket": 100,
}
# What all fake programs begin with: options in a dict, each call noted in a file beside them.
START = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
if not words:
    print("Options: -train <file> {help}")
    sys.exit(0)
given = dict(zip(words[len(words) % 2::2], words[len(words) % 2 + 1::2]))
with open(pathlib.Path(__file__).with_suffix(".calls"), "a") as file:
    file.write(json.dumps(given) + "\\n")
"""
WORD2VEC = """
text = pathlib.Path(given["-train"]).read_text().split()
if "-output" in given:
    print({prints!r})
    frequent = [word for word in sorted(set(text)) if text.count(word) >= int(given["-min-count"])]
    lines = ["</s> 0 0"] + [f"{{word}} {{len(word)}} 1.5 " for word in frequent]
    pathlib.Path(given["-output"]).write_text(f"{{len(lines)}} 2\\n" + "\\n".join(lines) + "\\n")
"""
GLOVE = """
import numpy as np
kinds = [("i", "<i4"), ("j", "<i4"), ("x", "<f8")]
entries = np.fromfile(given["-input-file"], dtype=kinds)
names = [line.split()[0] for line in open(given["-vocab-file"])]
lines = [f"{name} {entries['x'][entries['i'] == n + 1].sum()} {given['-iter']}"
         for n, name in enumerate(names)]
pathlib.Path(given["-save-file"] + ".txt").write_text("\\n".join(lines) + "\\n")
"""
FASTTEXT = """
assert words[0] == "skipgram"
print("\\rwords/sec/thread:   10\\rProgress: 100.0% words/sec/thread:   {speed} lr:  0.0")
import shutil
shutil.copy({model!r}, given["-output"] + ".bin")
"""


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import benchmarks/peers.py as the benchmarks do."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield importlib.import_module("peers")
    for name in ("peers", "common"):
        sys.modules.pop(name, None)


def program(folder: Path, body: str, help_text: str = "") -> Path:
    """Write a fake program; its calls land in ``program.calls``."""
    path = folder / "program"
    start = START.replace("{python}", sys.executable).replace("{help}", help_text)
    path.write_text(start + body, encoding="utf-8")
    path.chmod(0o755)
    return path


def calls(path: Path) -> list[dict[str, str]]:
    lines = path.with_suffix(".calls").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("printed", "threads", "speed"),
    [
        ("\rAlpha: 0.02 Words/sec: 12.00k\rAlpha: 0.01  Words/sec: 123.45k", 2, 123_450),
        ("\rAlpha: 0.01  Progress: 99.5%  Words/thread/sec: 20.5k  ", 2, 41_000),
        ("\rProgress: 100.0% words/sec/thread:  112965 lr:  0.0", 2, 225_930),
        ("done", 2, None),
    ],
)
def test_the_last_speed_printed_is_of_all_threads(
    peers: ModuleType, printed: str, threads: int, speed: float | None
) -> None:
    assert peers.printed_speed(printed, threads) == speed


def test_a_word2vec_program_gets_its_options_and_gives_vectors(
    peers: ModuleType, tmp_path: Path
) -> None:
    path = program(tmp_path, WORD2VEC.format(prints="\rWords/thread/sec: 5.00k"))
    vectors, speed = peers.word2vec(path, SENTENCES, "cbow", 3, 2, OPTIONS)
    assert vectors.words == ["</s>", "cat", "sat", "the"] and vectors["cat"].tolist() == [3, 1.5]
    # It counts 7 known words and 3 ends of lines; the text has 10 words, and so 10 of 10.
    assert speed == pytest.approx(2 * 5000 * 10 / (7 + 3))
    (given,) = calls(path)
    wanted = {"-size": "2", "-window": "5", "-negative": "5", "-hs": "0", "-sample": "0.001"}
    wanted |= {"-alpha": "0.025", "-min-count": "2", "-iter": "3", "-threads": "2", "-cbow": "1"}
    assert wanted.items() <= given.items()


def clock(monkeypatch: pytest.MonkeyPatch, peers: ModuleType, *calls: float) -> None:
    """Let the calls to come take so many seconds."""
    times = [time for seconds in calls for time in (0.0, seconds)]
    monkeypatch.setattr(peers, "time", SimpleNamespace(perf_counter=iter(times).__next__))


def test_a_silent_program_is_timed_less_its_reading(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(tmp_path, WORD2VEC.format(prints=""))
    clock(monkeypatch, peers, 5, 1)
    _, speed = peers.word2vec(path, SENTENCES, "skipgram", 2, 1, OPTIONS)
    assert speed == 2 * 10 / (5 - 1)
    training, reading = calls(path)
    assert "-output" in training and "-output" not in reading
    clock(monkeypatch, peers, 1, 1)
    with pytest.raises(peers.PeerError, match="take more text"):
        peers.word2vec(path, SENTENCES, "skipgram", 2, 1, OPTIONS)


def test_only_a_program_that_names_it_has_cbow(peers: ModuleType, tmp_path: Path) -> None:
    assert peers.has_cbow(program(tmp_path, "", "-cbow <int>"))
    assert not peers.has_cbow(program(tmp_path, "", "-C <int>"))


def test_a_glove_program_gets_every_entry_once(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.array([[0, 2.5, 1], [2.5, 0, 0], [1, 0, 4]])
    vocabulary = Vocabulary(["a", "b", "c"], np.array([5, 4, 3]))
    path = program(tmp_path, GLOVE)
    clock(monkeypatch, peers, 1, 3)
    options = {"vector_size": 2, "x_max": 10, "seed": 1}
    vectors, speed = peers.glove(path, coo_array(counts), vocabulary, 4, 2, options)
    assert vectors.words == ["a", "b", "c"]
    np.testing.assert_allclose(vectors.matrix, [[3.5, 4], [2.5, 4], [5, 4]])
    assert speed == 5 * 4 / (3 - 1)
    reading, training = calls(path)
    assert (reading["-iter"], training["-iter"]) == ("0", "4")
    wanted = {"-vector-size": "2", "-x-max": "10", "-threads": "2", "-seed": "1"}
    assert wanted.items() <= training.items()


def test_a_fasttext_program_gives_vectors_for_unknown_words(
    peers: ModuleType, tmp_path: Path
) -> None:
    model = ROOT / "tests" / "fixtures" / "official_tiny.bin"
    path = program(tmp_path, FASTTEXT.format(speed=500, model=str(model)))
    vectors, speed = peers.fast_text(path, SENTENCES, 1, 2, OPTIONS)
    assert isinstance(vectors, FastTextVectors)
    np.testing.assert_array_equal(vectors.matrix, FastTextVectors.load(model).matrix)
    assert speed == pytest.approx(2 * 500 * 10 / (7 + 3))
    (given,) = calls(path)
    wanted = {"-dim": "2", "-ws": "5", "-neg": "5", "-t": "0.001", "-lr": "0.025", "-epoch": "1"}
    wanted |= {"-minn": "3", "-maxn": "6", "-minCount": "2", "-bucket": "100", "-thread": "2"}
    assert wanted.items() <= given.items()


def test_a_program_that_fails_is_named_with_its_last_words(
    peers: ModuleType, tmp_path: Path
) -> None:
    path = program(tmp_path, "print('no such option')\nsys.exit(3)")
    with pytest.raises(peers.PeerError, match=r"(?s)program -train.*ended with 3.*no such option"):
        peers.word2vec(path, SENTENCES, "cbow", 1, 1, OPTIONS)
    path = program(tmp_path, "print('Words/sec: 1.00k')")
    with pytest.raises(peers.PeerError, match=r"left no vectors\.txt"):
        peers.word2vec(path, SENTENCES, "cbow", 1, 1, OPTIONS)


def test_a_peer_is_a_name_and_a_file(peers: ModuleType, tmp_path: Path) -> None:
    path = program(tmp_path, "")
    assert peers.named(f"word2vec.c={path}") == ("word2vec.c", path)
    for wrong in (str(path), f"={path}", "name=", f"name={tmp_path}/other"):
        with pytest.raises(argparse.ArgumentTypeError):
            peers.named(wrong)


def test_rounds_are_added_to_those_of_the_same_variable(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = importlib.import_module("common")
    monkeypatch.setattr(common, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    about = {"machine": {"processor": "x"}, "corpus": "toy", "tokens": 10, "options": {}}
    parser = common.parser("A test.", ("speed",), peers_of="word2vec")

    def measure(*arguments: str) -> list[dict]:
        options = parser.parse_args(arguments)

        def speed() -> list[dict]:
            rounds = common.numbers("toy", options, "speed")
            return [{"round": n, "omp": common.threads_variable()} for n in rounds]

        common.measure("toy", options, about, {"speed": speed}, lambda result: "")
        stored = json.loads((tmp_path / "benchmarks" / "toy.json").read_text(encoding="utf-8"))
        return [(row["omp"], row["round"]) for row in stored["speed"]]

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert measure("--rounds", "2") == [("not set", 0), ("not set", 1)]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    more = measure("--rounds", "1", "--only", "speed", "--add")
    assert more == [("not set", 0), ("not set", 1), ("1", 0)]
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert measure("--rounds", "1", "--only", "speed", "--add") == [*more, ("not set", 2)]
    about["machine"] = {"processor": "y"}
    with pytest.raises(SystemExit, match=r"machine was .*'x'.* and is .*'y'"):
        measure("--rounds", "1", "--only", "speed", "--add")


def test_a_part_keeps_the_machine_that_measured_it(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = importlib.import_module("common")
    monkeypatch.setattr(common, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    ours, theirs = ({"processor": name, "cores": 2, "python": "3.11"} for name in "xy")
    parts = {name: lambda: [{"round": 0}] for name in ("speed", "memory", "quality")}
    parser = common.parser("A test.", tuple(parts), peers_of="word2vec")

    def measure(machine: dict, *arguments: str) -> dict:
        about = {"machine": machine, "corpus": "toy", "tokens": 10, "options": {}}
        common.measure("toy", parser.parse_args(arguments), about, parts, lambda result: "")
        return json.loads((tmp_path / "benchmarks" / "toy.json").read_text(encoding="utf-8"))

    assert "elsewhere" not in measure(ours)
    found = measure(theirs, "--only", "memory")
    assert found["machine"] == theirs and found["elsewhere"] == {"speed": ours, "quality": ours}
    words = common.machines(found)
    assert words == "y, 2 cores, Python 3.11; of speed, quality: x, 2 cores, Python 3.11"
    with pytest.raises(SystemExit, match=r"machine was .*'x'.* and is .*'y'"):
        measure(theirs, "--only", "speed", "--add")
    found = measure(ours, "--only", "quality")
    assert found["machine"] == ours and found["elsewhere"] == {"memory": theirs}
    assert "elsewhere" not in measure(ours, "--only", "memory")


def test_the_table_sets_each_library_against_this_course(peers: ModuleType) -> None:
    common = importlib.import_module("common")
    rows = [
        {"library": name, "threads": threads, "omp": omp, "round": number, "speed": speed * threads}
        for omp in ("not set", "1")
        for number, speeds in enumerate([(300, 100), (500, 100), (400, 200)])
        for threads in (1, 2)
        for name, speed in zip(("course", "gensim"), speeds, strict=True)
    ]
    lines = common.comparison(rows, ["threads"], "speed", "words/s")
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    ratio = "**4.00** (3.00, 5.00, 2.00)"
    assert cells == ["1", "gensim", "400", "100", ratio, ratio]
    assert len({line.count("|") for line in lines}) == 1 and len(lines) == 4
    assert "a factor: 2.00 (2.00 with `OMP_NUM_THREADS=1`)" in common.second_thread(rows, "speed")
    one_left_out = [row for row in rows if (row["library"], row["round"]) != ("gensim", 1)]
    assert "(3.00, 2.00)" in common.comparison(one_left_out, ["threads"], "speed", "words/s")[2]
