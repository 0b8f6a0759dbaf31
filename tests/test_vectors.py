"""vectors: neighbours, analogies and files, held to gensim and to closed forms."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from course_lib.vectors import WordVectors, cosine

WORDS = [*(f"word{i}" for i in range(40)), "한글", "naïve", "emoji😀", 'quo"te']


@pytest.fixture
def vectors() -> WordVectors:
    rng = np.random.default_rng(3)
    return WordVectors(WORDS, rng.normal(size=(len(WORDS), 7)), counts=np.arange(len(WORDS), 0, -1))


def test_nearest_agrees_with_gensim(vectors: WordVectors) -> None:
    reference = vectors.to_keyed_vectors()
    for query in ("word3", "한글"):
        got, wanted = vectors.nearest(query, 8), reference.most_similar(query, topn=8)
        assert [word for word, _ in got] == [word for word, _ in wanted]
        assert [c for _, c in got] == pytest.approx([c for _, c in wanted], abs=1e-6)
    assert vectors.similarity("word1", "한글") == pytest.approx(
        reference.similarity("word1", "한글"), abs=1e-6
    )


def test_nearest_to_a_vector_includes_the_word_itself(vectors: WordVectors) -> None:
    assert vectors.nearest(vectors["word5"] * 3, 1)[0][0] == "word5"


def test_analogy_agrees_with_gensim(vectors: WordVectors) -> None:
    reference = vectors.to_keyed_vectors()
    wanted = reference.most_similar(positive=["word2", "word3"], negative=["word1"], topn=5)
    got = vectors.analogy("word1", "word2", "word3", 5)
    assert [word for word, _ in got] == [word for word, _ in wanted]


def test_more_neighbours_than_words(vectors: WordVectors) -> None:
    assert len(vectors.nearest("word1", 1000)) == len(vectors) - 1
    with pytest.raises(ValueError, match="k is 0"):
        vectors.nearest("word1", 0)


def test_zero_row_is_nobodys_neighbour() -> None:
    vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [0, 0], [1, 1]]))
    assert vectors.nearest("a", 2) == [("c", pytest.approx(0.5**0.5)), ("b", 0.0)]
    assert np.linalg.norm(vectors.normalised(), axis=1).tolist() == pytest.approx([1, 0, 1])


def test_unknown_words_and_wrong_vectors(vectors: WordVectors) -> None:
    with pytest.raises(KeyError, match="naïve"):
        vectors["naive"]
    with pytest.raises(KeyError, match="Words spelt alike"):
        vectors.analogy("word1", "word2", "wordd3")
    with pytest.raises(ValueError, match=r"shape \(3,\); here it must be \(7,\)"):
        vectors.nearest(np.ones(3))


def test_wrong_construction() -> None:
    with pytest.raises(ValueError, match="'a' stands in the list more than once"):
        WordVectors(["a", "b", "a"], np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"shape \(2, 2\); 3 words need"):
        WordVectors(["a", "b", "c"], np.ones((2, 2)))
    with pytest.raises(ValueError, match="NaN or infinity, first at the word 'b'"):
        WordVectors(["a", "b"], np.array([[1, 1], [np.nan, 1]]))
    with pytest.raises(ValueError, match="counts of shape"):
        WordVectors(["a", "b"], np.ones((2, 2)), counts=np.ones(3))
    with pytest.raises(ValueError, match="context"):
        WordVectors(["a", "b"], np.ones((2, 2)), context=np.ones((2, 3)))


@pytest.mark.parametrize("ending", [".txt", ".vec", ".bin"])
def test_files_round_trip_to_the_last_bit(
    vectors: WordVectors, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"vectors{ending}"
    vectors.save(path)
    again = WordVectors.load(path)
    assert again.words == WORDS and np.array_equal(again.matrix, vectors.matrix)
    gensims = KeyedVectors.load_word2vec_format(str(path), binary=ending == ".bin")
    assert gensims.index_to_key == WORDS and np.array_equal(gensims.vectors, vectors.matrix)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_reads_the_layout_of_the_original_program(tmp_path: Path) -> None:
    rows = {"a": (1.5, -2.0), "한글": (0.25, 3.0)}
    path = tmp_path / "original.bin"
    body = b"".join(w.encode() + b" " + struct.pack("<2f", *v) + b"\n" for w, v in rows.items())
    path.write_bytes(b"2 2\n" + body)
    vectors = WordVectors.load(path)
    assert vectors.words == list(rows) and vectors.matrix.tolist() == [
        list(v) for v in rows.values()
    ]


def test_keyed_vectors_round_trip(vectors: WordVectors) -> None:
    again = WordVectors.from_keyed_vectors(vectors.to_keyed_vectors())
    assert again.words == WORDS and np.array_equal(again.matrix, vectors.matrix)
    assert again.counts.tolist() == vectors.counts.tolist()


def test_damaged_files_are_refused_by_name(vectors: WordVectors, tmp_path: Path) -> None:
    text, binary = tmp_path / "v.txt", tmp_path / "v.bin"
    vectors.save(text)
    vectors.save(binary)
    lines, raw = text.read_text(encoding="utf-8"), binary.read_bytes()
    damaged = {
        "cut.bin": raw[:-9],
        "cut.txt": lines[:-30].encode(),
        "empty.bin": b"",
        "prose.txt": b"hello world\n",
        "more_announced.txt": lines.replace("44 7", "45 7", 1).encode(),
        "fewer_announced.txt": lines.replace("44 7", "43 7", 1).encode(),
        "fewer_announced.bin": raw.replace(b"44 7", b"43 7", 1),
        "text_inside.bin": lines.encode(),
        "binary_inside.txt": raw,
    }
    for name, content in damaged.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ValueError, match=path.stem):
            WordVectors.load(path)
    with pytest.raises(FileNotFoundError, match="There is no vector file"):
        WordVectors.load(tmp_path / "absent.bin")
    with pytest.raises(ValueError, match=r"ends in '\.zip'"):
        WordVectors.load(tmp_path / "v.zip")


def test_full_disk_leaves_the_old_file(
    vectors: WordVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.bin"
    vectors.save(path)
    before = path.read_bytes()

    def disk_full(self: KeyedVectors, fname: str, **_: object) -> None:
        Path(fname).write_bytes(b"half a fi")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(KeyedVectors, "save_word2vec_format", disk_full)
    with pytest.raises(OSError, match="No space left"):
        WordVectors(["new"], np.ones((1, 2))).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["v.bin"]


def test_save_refuses_what_could_not_be_read_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'New York' is empty or holds white space"):
        WordVectors(["New York"], np.ones((1, 2))).save(tmp_path / "v.txt")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        WordVectors(["a"], np.ones((1, 2))).save(tmp_path / "absent" / "v.txt")
    assert list(tmp_path.iterdir()) == []


def test_cosine() -> None:
    assert cosine(np.array([1, 0]), np.array([1, 1])) == pytest.approx(0.5**0.5)
    assert cosine([0, 0], [1, 1]) == 0
    with pytest.raises(ValueError, match="one length"):
        cosine([1, 2], [1, 2, 3])
