"""vectors: neighbours, analogies and files, held to gensim and to closed forms."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
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


def test_more_neighbors_than_words(vectors: WordVectors) -> None:
    assert len(vectors.nearest("word1", 1000)) == len(vectors) - 1
    with pytest.raises(ValueError, match="k is 0"):
        vectors.nearest("word1", 0)


def test_zero_row_is_nobodys_neighbor() -> None:
    vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [0, 0], [1, 1]]))
    assert vectors.nearest("a", 2) == [("c", pytest.approx(0.5**0.5)), ("b", 0.0)]
    assert np.linalg.norm(vectors.normalized(), axis=1).tolist() == pytest.approx([1, 0, 1])


def test_a_subclass_may_make_vectors_for_unknown_words() -> None:
    class Spelling(WordVectors):
        def _vector(self, word: str) -> np.ndarray:
            if word in self.index:
                return super()._vector(word)
            return np.array([word.count("a"), word.count("b")], dtype=np.float32)

    vectors = Spelling(["a", "b", "ab"], np.array([[1, 0], [0, 1], [1, 1]]))
    assert vectors["aab"].tolist() == [2, 1]
    assert vectors.similarity("abba", "ab") == pytest.approx(1)
    assert [word for word, _ in vectors.nearest("abba", 3)] == ["ab", "a", "b"]  # none left out
    assert vectors.nearest("ab", 3) == [
        ("a", pytest.approx(0.5**0.5)),
        ("b", pytest.approx(0.5**0.5)),
    ]
    # a : bb = aa : ?  is the direction of b - a + a; only "a" has a row to leave out
    assert vectors.analogy("a", "bb", "aa", 3) == [("b", 1.0), ("ab", pytest.approx(0.5**0.5))]


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
        "cut_at_the_last_row.txt": lines.replace("44 7", "45 7", 1).rstrip().encode(),
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
    with pytest.raises(ValueError, match=r"ends in '\.7z'"):
        WordVectors.load(tmp_path / "v.7z")


def test_glove_text_has_no_header(vectors: WordVectors, tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    vectors.save(path, header=False)
    first = path.read_text(encoding="utf-8").split("\n", 1)[0].split(" ")
    assert first[0] == WORDS[0] and len(first) == 1 + 7
    again = WordVectors.load(path)
    assert again.words == WORDS and np.array_equal(again.matrix, vectors.matrix)
    gensims = KeyedVectors.load_word2vec_format(str(path), no_header=True)
    assert gensims.index_to_key == WORDS and np.array_equal(gensims.vectors, vectors.matrix)
    with pytest.raises(ValueError, match="binary, which needs a header"):
        vectors.save(tmp_path / "glove.bin", header=False)
    assert [p.name for p in tmp_path.iterdir()] == ["glove.txt"]


@pytest.mark.parametrize("announced", [1, 43, 45, 400_000])
def test_a_wrong_count_in_the_header_loses_no_row(
    vectors: WordVectors, tmp_path: Path, announced: int
) -> None:
    path = tmp_path / "v.txt"
    vectors.save(path, header=False)
    path.write_bytes(b"%d 7\n" % announced + path.read_bytes())
    with pytest.warns(UserWarning, match=rf"v\.txt holds 44 rows, .* announces {announced:,}\."):
        again = WordVectors.load(path)
    assert again.words == WORDS and np.array_equal(again.matrix, vectors.matrix)


def test_words_of_text_files_may_be_odd(tmp_path: Path) -> None:
    odd = [
        "<unk>",
        ".",
        ". . .",
        "at name@domain.com",
        "1999",
        "-1",
        "\xa0",
        "a\u2028b",
        "a\x85",
        "nan",
    ]
    path = tmp_path / "odd.txt"
    path.write_bytes(
        b"the 1 2 \r\n" + "".join(f"{w} {i} -{i}e-1\n" for i, w in enumerate(odd)).encode()
    )
    vectors = WordVectors.load(path)
    assert vectors.words == ["the", *odd]
    wanted = np.array([(1, 2), *((i, -i / 10) for i in range(len(odd)))], dtype=np.float32)
    assert np.array_equal(vectors.matrix, wanted)


def test_vectors_of_one_number(tmp_path: Path) -> None:
    vectors = WordVectors(["2", "7"], np.array([[3], [1]]))
    path = tmp_path / "one.txt"
    for header in (True, False):
        vectors.save(path, header=header)  # "2 3.0" is no header: 3.0 is no whole number
        assert WordVectors.load(path).words == ["2", "7"]
    path.write_text("2 3\n7 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: numbers after the word: 1, wanted: 3"):
        WordVectors.load(path)
    path.write_text("2 1\n7 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="put a header on top"):
        WordVectors.load(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda rows: [*rows[:4], rows[4].rsplit(" ", 1)[0], *rows[5:]],
            r"line 5: numbers after the word: 6, wanted: 7",
        ),
        (lambda rows: [*rows[:4], rows[4] + " 1.5", *rows[5:]], "line 5: more than 7 numbers"),
        (
            lambda rows: [*rows[:4], rows[4] + rows[5], *rows[6:]],
            "line 5: more than 7 numbers|to float",
        ),
        (
            lambda rows: [*rows[:4], "x 1 2 3 4 5 6 7,5"],
            "line 5: could not convert string to float",
        ),
        (lambda rows: [*rows[:4], "x 1 2 3 4 5 6 nan"], "line 5: NaN or infinity"),
        (lambda rows: [*rows[:4], "x 1 2 3 4 5 6 1e39"], "line 5: NaN or infinity"),
        (lambda rows: [*rows[:4], " 1 2 3 4 5 6 7"], "line 5: there is no word"),
        (lambda rows: ["44 0", *rows[1:]], "line 2: numbers after the word: 7, wanted: 0"),
        (lambda rows: ["44 8", *rows[1:]], "line 2: numbers after the word: 7, wanted: 8"),
        (lambda rows: ["44 6", *rows[1:]], "line 2: more than 6 numbers"),
        (lambda rows: rows[:1], "holds no vector"),
        (lambda rows: ["word"], "line 1: numbers after the word: 0, wanted: 1"),
    ],
)
def test_damaged_text_is_refused_with_its_line(
    vectors: WordVectors, tmp_path: Path, change: Callable[[list[str]], list[str]], says: str
) -> None:
    path = tmp_path / "damaged.txt"
    vectors.save(path)
    rows = change(path.read_text(encoding="utf-8").splitlines())
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"damaged\.txt.*({says})"):
        WordVectors.load(path)


def test_the_glove_slice_of_the_mirror_keeps_its_last_row() -> None:
    folders = os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep)
    found = [p for f in folders if f and (p := Path(f, "glove_6b_slice/glove50_4k.txt")).is_file()]
    if not found:
        pytest.skip("COURSE_DATA_MIRROR holds no glove_6b_slice")
    with pytest.warns(UserWarning, match="holds 4,197 rows, but its first line announces 4,196"):
        vectors = WordVectors.load(found[0])
    last = found[0].read_text(encoding="utf-8").splitlines()[-1].split(" ")
    assert len(vectors) == 4197 and vectors.vector_size == 50 and vectors.words[-1] == last[0]
    assert np.array_equal(vectors[last[0]], np.array(last[1:], dtype=np.float32))
    assert "queen" in [word for word, _ in vectors.analogy("man", "king", "woman")]


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
    for word in ("", "New York 2", " a", "a ", "a\n", "\ta", "a\nb", "\ud800"):
        with pytest.raises(ValueError, match="could not be read back"):
            WordVectors([word], np.ones((1, 2))).save(tmp_path / "v.txt")
    for word in ("", "New York", "\na", "\ud800"):
        with pytest.raises(ValueError, match="could not be read back"):
            WordVectors([word], np.ones((1, 2))).save(tmp_path / "v.bin")
    with pytest.raises(ValueError, match="byte order mark"):
        WordVectors(["\ufeffa"], np.ones((1, 2))).save(tmp_path / "v.txt", header=False)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        WordVectors(["a"], np.ones((1, 2))).save(tmp_path / "absent" / "v.txt")
    assert list(tmp_path.iterdir()) == []


def test_cosine() -> None:
    assert cosine(np.array([1, 0]), np.array([1, 1])) == pytest.approx(0.5**0.5)
    assert cosine([0, 0], [1, 1]) == 0
    with pytest.raises(ValueError, match="one length"):
        cosine([1, 2], [1, 2, 3])


def test_neighbors_that_are_equally_near_stand_in_the_order_of_the_words() -> None:
    words = [f"w{i}" for i in range(200)]
    vectors = WordVectors(words, np.tile(np.float32([[1, 2]]), (200, 1)))
    found = [word for word, _ in vectors.nearest("w7", 150)]
    assert found == [word for word in words if word != "w7"][:150]
