"""Files for the Embedding Projector: those of gensim's own script, read back, nothing lost."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.scripts.word2vec2tensor import word2vec2tensor

from course_lib import projector
from course_lib.projector import files
from course_lib.vectors import WordVectors

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "export_projector.py"
AWKWARD = [
    "plain",
    '"',
    "'",
    '"quoted"',
    "한글",
    "🙂",
    "back\\slash",
    "<b>",
    "a,b",
    "0.5",
    "#",
    "é",
]


def sample(words: list[str], size: int = 7) -> WordVectors:
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.integers(-9, 9, (len(words), size))
    return WordVectors(words, rng.normal(size=(len(words), size)) * scale)


def read_as_the_projector(tensor: Path, metadata: Path) -> tuple[list[dict], np.ndarray]:
    """Read both files by the rules of the Projector's own reader."""
    lines = [line for line in metadata.read_bytes().decode().split("\n") if line.strip()]
    headings = lines.pop(0).split("\t") if "\t" in lines[0] else ["label"]
    numbers = [line.split("\t") for line in tensor.read_bytes().decode().split("\n") if line]
    rows = [dict(zip(headings, line.split("\t"), strict=True)) for line in lines]
    return rows, np.array(numbers, dtype=np.float32)


def test_both_files_are_byte_for_byte_those_of_gensim(tmp_path: Path) -> None:
    vectors = sample(AWKWARD)
    vectors.save(tmp_path / "v.bin")  # binary: gensim gets the same float32
    word2vec2tensor(str(tmp_path / "v.bin"), str(tmp_path / "gensim"), binary=True)
    for kind, path in zip(
        ("tensor", "metadata"), projector.export(vectors, tmp_path / "ours"), strict=True
    ):
        assert path.name == f"vectors_{kind}.tsv"
        assert path.read_bytes() == (tmp_path / f"gensim_{kind}.tsv").read_bytes()


def test_numbers_and_words_are_read_back_unchanged(tmp_path: Path) -> None:
    vectors = sample(AWKWARD)
    rows, matrix = read_as_the_projector(*projector.export(vectors, tmp_path))
    assert np.array_equal(matrix, vectors.matrix)
    assert [row["label"] for row in rows] == AWKWARD


def test_a_word_with_a_tab_or_a_line_end_stays_one_row(tmp_path: Path) -> None:
    vectors = sample(["a\tb", "c\nd", "e\rf", "g\\th", "last"])
    rows, matrix = read_as_the_projector(*projector.export(vectors, tmp_path))
    assert [row["label"] for row in rows] == [r"a\tb", r"c\nd", r"e\rf", r"g\th", "last"]
    assert len(matrix) == 5


def test_more_columns_get_a_row_of_headings(tmp_path: Path) -> None:
    vectors = sample(["a", "b", "c"])
    paths = projector.export(vectors, tmp_path, metadata={"count": [30, 20, 10]})
    rows, matrix = read_as_the_projector(*paths)
    assert rows == [
        {"word": "a", "count": "30"},
        {"word": "b", "count": "20"},
        {"word": "c", "count": "10"},
    ]
    assert np.array_equal(matrix, vectors.matrix)


def test_the_config_names_both_files(tmp_path: Path) -> None:
    projector.export(sample(["a", "b"]), tmp_path, name='with "quotes"')
    text = (tmp_path / "projector_config.pbtxt").read_text(encoding="utf-8")
    assert text == (
        "embeddings {\n"
        '  tensor_name: "with \\"quotes\\""\n'
        '  tensor_path: "with \\"quotes\\"_tensor.tsv"\n'
        '  metadata_path: "with \\"quotes\\"_metadata.tsv"\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"metadata": {"count": [1, 2]}}, "'count' has 2 rows, but there are 3 words"),
        ({"metadata": {"word": [1, 2, 3]}}, "called 'word'"),
        ({"name": "a/b"}, "name is 'a/b'"),
        ({"name": ""}, "name is ''"),
    ],
)
def test_bad_input_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, more: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        projector.export(sample(["a", "b", "c"]), tmp_path, **more)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blank", ["", " ", "   "])
def test_a_blank_word_is_refused(tmp_path: Path, blank: str) -> None:
    with pytest.raises(ValueError, match=r"row 1 is .*skips blank rows"):
        projector.export(sample(["a", blank]), tmp_path)


def test_older_files_survive_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    projector.export(sample(["old", "words"]), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: object):
        yield "embeddings {"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_config", full)  # the last of the three
    with pytest.raises(OSError, match="No space"):
        projector.export(sample(["new", "words"]), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_the_command_writes_the_first_words(tmp_path: Path) -> None:
    vectors = sample(["one", "two", "three"])
    vectors.save(tmp_path / "small.txt")
    done = run(tmp_path / "small.txt", tmp_path / "out", "--top", 2)
    assert done.returncode == 0, done.stderr
    assert "2 words x 7 dimensions" in done.stdout and "tensorboard --logdir" in done.stdout
    rows, matrix = read_as_the_projector(
        tmp_path / "out" / "small_tensor.tsv", tmp_path / "out" / "small_metadata.tsv"
    )
    assert [row["label"] for row in rows] == ["one", "two"]
    assert np.array_equal(matrix, vectors.matrix[:2])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.txt"], 1, "no vector file"),
        (["cut.txt"], 1, "line 2"),
        (["cut.txt", "--top", "0"], 2, "--top is 0"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "cut.txt").write_text("a 1 2\nb 1\n", encoding="utf-8")
    name, *more = arguments
    done = run(tmp_path / name, tmp_path / "out", *more)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
