"""FastText files: models written by the official program and by gensim, read by the course.

The fixtures ``official_*.bin`` were trained by fasttext-wheel 0.9.2; the JSON beside each holds
the exact call, the text, and what the same program answered for known and unknown words.
"""

from __future__ import annotations

import gzip
import json
import lzma
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model

from course_lib.fasttext import FastTextVectors
from course_lib.vectors import WordVectors

FIXTURES = Path(__file__).parents[1] / "fixtures"
WITH_NGRAMS = ("official_tiny", "official_short_ngrams")
MINN_0 = "official_minn_0"  # the program takes it for 1, gensim gives no n-grams
WORDS_ONLY = ("official_words_only", "official_minn_above_maxn")
LINE_END = "</s>"  # the word that the official program writes for the end of a line

MAGIC = 8  # bytes: magic number and version
HEADER = MAGIC + 12 * 4 + 8  # and twelve options of 4 bytes, one of 8
COUNTS = HEADER + 3 * 4 + 2 * 8  # and words, labels, tokens, pruned entries: the words begin


def official(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def path_of(name: str) -> Path:
    return FIXTURES / f"{name}.bin"


def matrix_start(words: list[str]) -> int:
    """Return where the input matrix begins: one byte, two sizes of 8 bytes, the numbers."""
    return COUNTS + sum(len(word.encode()) + 1 + 8 + 1 for word in words)


@pytest.mark.parametrize("name", [*WITH_NGRAMS, MINN_0, *WORDS_ONLY])
def test_known_words_are_those_of_the_official_program(name: str) -> None:
    wanted, vectors = official(name), FastTextVectors.load(path_of(name))
    assert vectors.words == wanted["words"]
    assert LINE_END in wanted["known"]
    for word, vector in wanted["known"].items():
        assert word in vectors
        np.testing.assert_allclose(vectors[word], vector, rtol=0, atol=1e-6, err_msg=word)
        row = vectors.matrix[vectors.index[word]]
        np.testing.assert_allclose(row, vector, rtol=0, atol=1e-6, err_msg=word)


@pytest.mark.parametrize("name", [*WITH_NGRAMS, MINN_0])
def test_unknown_words_are_those_of_the_official_program(name: str) -> None:
    wanted, vectors = official(name), FastTextVectors.load(path_of(name))
    assert len(wanted["unknown"]) > 20
    for word, vector in wanted["unknown"].items():
        assert word in vectors and word not in vectors.index
        assert np.abs(vector).max() > 1e-5  # a vector of zeros would show little
        np.testing.assert_allclose(vectors[word], vector, rtol=0, atol=1e-6, err_msg=word)


@pytest.mark.parametrize("name", [*WITH_NGRAMS, MINN_0, *WORDS_ONLY])
def test_rows_of_subwords_are_those_of_the_official_program(name: str) -> None:
    wanted, vectors = official(name), FastTextVectors.load(path_of(name))
    for word, (ngrams, rows) in wanted["subwords"].items():
        assert sorted(vectors.subwords(word)) == sorted(zip(ngrams, rows, strict=True)), word


@pytest.mark.parametrize("name", WORDS_ONLY)
def test_without_ngrams_an_unknown_word_stays_unknown(name: str) -> None:
    vectors = FastTextVectors.load(path_of(name))
    assert vectors.max_n == 0
    assert "bakery" not in vectors
    with pytest.raises(KeyError, match="baker"):
        vectors["bakery"]


@pytest.mark.parametrize("name", WITH_NGRAMS)
def test_options_come_from_the_file(name: str) -> None:
    call, vectors = official(name)["call"], FastTextVectors.load(path_of(name))
    assert f"dim={vectors.vector_size}," in call
    assert f"bucket={vectors.bucket}," in call
    assert f"minn={vectors.min_n}, maxn={vectors.max_n}," in call
    assert vectors.normalizer == "none"


@pytest.mark.parametrize("name", WITH_NGRAMS)
def test_agrees_with_gensim(name: str) -> None:
    """All but the end of the line, to which gensim gives n-grams and the program does not."""
    reference, vectors = (
        load_facebook_vectors(str(path_of(name))),
        FastTextVectors.load(path_of(name)),
    )
    for word in [*vectors.words, *official(name)["unknown"]]:
        if word != LINE_END:
            np.testing.assert_allclose(vectors[word], reference[word], rtol=0, atol=1e-6)
    assert np.abs(vectors[LINE_END] - reference[LINE_END]).max() > 0.01
    for word in vectors.words:
        assert vectors.counts[vectors.index[word]] == reference.get_vecattr(word, "count")


@pytest.mark.parametrize(
    "options",
    [
        {"bucket": 1000},
        {"bucket": 1},
        {"bucket": 97, "min_n": 1, "max_n": 2},
        {"bucket": 50, "min_n": 4, "max_n": 4},
        {"max_n": 0},
        {"bucket": 64, "sg": 0, "hs": 1, "negative": 0},
    ],
    ids=str,
)
def test_reads_what_gensim_writes(options: dict, tmp_path: Path) -> None:
    lines = [line.split() for line in official("official_tiny")["text"]] * 4
    path = tmp_path / "모델 a.bin"
    given = {"sg": 1, "vector_size": 5, "min_count": 2, "epochs": 2, "seed": 1, "workers": 1}
    model = FastText(lines, **given | options)
    save_facebook_model(model, str(path))
    vectors = FastTextVectors.load(path)
    assert vectors.words == model.wv.index_to_key
    np.testing.assert_allclose(vectors.matrix, model.wv.vectors, rtol=0, atol=1e-6)
    unknown = [word for word in official("official_tiny")["unknown"] if word in vectors]
    assert bool(unknown) == (options.get("max_n") != 0)
    for word in unknown:
        np.testing.assert_allclose(vectors[word], model.wv[word], rtol=0, atol=1e-6)


def test_neighbors_of_an_unknown_word_are_those_of_gensim() -> None:
    reference = load_facebook_vectors(str(path_of("official_tiny")))
    vectors = FastTextVectors.load(path_of("official_tiny"))
    wanted = [pair for pair in reference.most_similar("bakery", topn=12) if pair[0] != LINE_END]
    got = [pair for pair in vectors.nearest("bakery", 12) if pair[0] != LINE_END]
    assert [word for word, _ in got][:10] == [word for word, _ in wanted][:10]
    assert [c for _, c in got][:10] == pytest.approx([c for _, c in wanted][:10], abs=1e-6)
    assert vectors.similarity("bakery", "apple-tree") == pytest.approx(
        reference.similarity("bakery", "apple-tree"), abs=1e-6
    )


@pytest.mark.parametrize("where", ["empty", "magic", "header", "counts", "word", "vocabulary"])
def test_cut_before_the_matrix(where: str, tmp_path: Path) -> None:
    content, words = path_of("official_tiny").read_bytes(), official("official_tiny")["words"]
    ends = {"empty": 0, "magic": 5, "header": HEADER - 7, "counts": COUNTS - 3, "word": COUNTS + 2}
    ends["vocabulary"] = matrix_start(words)
    assert_refused(content[: ends[where]], tmp_path)


@pytest.mark.parametrize("where", ["sizes", "one number", "half", "between", "output", "last byte"])
def test_cut_inside_the_matrices(where: str, tmp_path: Path) -> None:
    content, words = path_of("official_tiny").read_bytes(), official("official_tiny")["words"]
    start = matrix_start(words)
    rows, columns = struct.unpack_from("<2q", content, start + 1)
    assert (rows, columns) == (len(words) + 157, 6)  # the test looks where it thinks it does
    between = start + 17 + 4 * rows * columns
    ends = {"sizes": start + 9, "one number": start + 19, "half": (start + between) // 2}
    ends |= {"between": between, "output": (between + len(content)) // 2}
    ends["last byte"] = len(content) - 1
    assert_refused(content[: ends[where]], tmp_path)


def test_wrong_magic_number(tmp_path: Path) -> None:
    content = path_of("official_tiny").read_bytes()
    assert_refused(struct.pack("<i", 793712315) + content[4:], tmp_path)
    assert_refused(b"79 6\nthe 0.1 0.2 0.3 0.4 0.5 0.6\n" * 40, tmp_path)


@pytest.mark.parametrize("field", ["labels", "words"])
def test_models_that_hold_something_else(field: str, tmp_path: Path) -> None:
    """A classifier has labels; a broken file has another number of words than it says."""
    content = bytearray(path_of("official_tiny").read_bytes())
    place, value = {"labels": (HEADER + 8, 2), "words": (HEADER + 4, 12)}[field]
    struct.pack_into("<i", content, place, value)
    assert_refused(bytes(content), tmp_path)


@pytest.mark.parametrize("name", [*WITH_NGRAMS, MINN_0, *WORDS_ONLY])
def test_packed_as_it_is_downloaded_and_of_version_11(name: str, tmp_path: Path) -> None:
    content, wanted = path_of(name).read_bytes(), FastTextVectors.load(path_of(name))
    older = content[:4] + struct.pack("<i", 11) + content[8:]  # the layout is the same
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:  # wiki.simple.zip holds both forms
        archive.writestr("m.bin", content)
        archive.writestr("m.vec", b"1 2\na 1 2\n")
    (tmp_path / "m.bin.gz").write_bytes(gzip.compress(content))
    (tmp_path / "m.BIN.xz").write_bytes(lzma.compress(older))
    (tmp_path / "older.bin").write_bytes(older)
    for file in ("m.bin.gz", "m.zip", "m.BIN.xz", "older.bin"):
        vectors = FastTextVectors.load(tmp_path / file)
        assert vectors.words == wanted.words and vectors.min_n == wanted.min_n
        assert np.array_equal(vectors.matrix, wanted.matrix)
        assert np.array_equal(vectors.ngram_matrix, wanted.ngram_matrix)
        assert np.array_equal(vectors.counts, wanted.counts)


@pytest.mark.parametrize("version", [-1, 10, 13])
def test_other_versions_are_refused(version: int, tmp_path: Path) -> None:
    content = path_of("official_tiny").read_bytes()
    assert_refused(content[:4] + struct.pack("<i", version) + content[8:], tmp_path)


def test_other_files_by_name_and_cure(tmp_path: Path) -> None:
    content = path_of("official_tiny").read_bytes()
    for name, data, says in (
        ("cut.bin.gz", gzip.compress(content)[:-20], "cannot be unpacked.*Fetch it again"),
        ("short.bin.gz", gzip.compress(content[:-20]), "is cut.*Fetch it again"),
        ("no.bin.gz", content, "cannot be unpacked"),
        ("more.bin", content + b"\0", "has more than"),
        ("a.vec", b"1 2\na 1 2\n", r"WordVectors\.load"),
        ("empty.bin", b"", "is cut"),
        ("word.bin", content[:COUNTS] + b"\xff" + content[COUNTS + 1 :], "word 0.*UTF-8"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"(?s){re.escape(name)}.*{says}"):
            FastTextVectors.load(tmp_path / name)
    with pytest.raises(ValueError, match=r"m\.bin.*FastTextVectors\.load"):
        (tmp_path / "m.bin").write_bytes(content)
        WordVectors.load(tmp_path / "m.bin")


def made(
    words: list[bytes] | None = None,
    *,
    lengths: tuple[int, int] = (3, 6),
    bucket: int = 11,
    pruned: int = -1,
    quantized: tuple[int, int] = (0, 0),
    size: int = 3,
    bad: tuple[int, float] | None = None,
) -> bytes:
    """Return a file made by hand; row i of its input matrix is i * i % 13 + (0, 1/4, 1/2)."""
    words = [b"</s>", b"apple", "사과".encode(), b"pear"] if words is None else words
    file = struct.pack(
        "<ii12id", 793712314, 12, size, 5, 5, 1, 5, 1, 2, 2, bucket, *lengths, 100, 0
    )
    file += struct.pack("<3i2q", len(words), len(words), 0, 100, pruned)
    for row, word in enumerate(words):
        file += word + b"\0" + struct.pack("<qb", 90 - row, 0)
    file += struct.pack("<2i", 5, 0) * max(min(pruned, 9), 0)
    square = np.arange(len(words) + bucket)[:, None] ** 2 % 13
    table = (square + np.arange(size) / 4).astype("<f4")
    if bad:
        table[bad[0]] = bad[1]
    for quantization, matrix in zip(quantized, (table, table[: len(words)]), strict=True):
        file += struct.pack("<b2q", quantization, *matrix.shape) + matrix.tobytes()
    return file


SAGWA = "사과".encode()
ASKED = [b"</s>", b"apple", SAGWA, b"pear", b"apples", "사과나무".encode(), b"e\xcc\x81t", b"x"]
NO_UTF8 = [b"ap\xffple", SAGWA[:-1], b"\x80\x81ab"]  # a byte of no letter, half a letter, no first
# What the fastText program (1142dc4) prints as the first number of each word asked, and 0 for a
# word it cannot put together; then of each word that is not UTF-8.
PRINTED = {
    "minn 0": ({"lengths": (0, 2)}, [0, 8.0833, 6, 7.5, 9.0769, 5.6667, 5.5714, 4.6667]),
    "minn above maxn": ({"lengths": (5, 3)}, [0, 1, 4, 9, 0, 0, 0, 0]),
    "minn below 0": ({"lengths": (-1, 3)}, [0, 1, 4, 9, 0, 0, 0, 0]),
    "maxn below 0": ({"lengths": (3, -1)}, [0, 5.75, 4.5, 7.3636, 5.8571, 6.3, 6, 4]),
    "maxn 0": ({"lengths": (3, 0), "bucket": 0}, [0, 1, 4, 9, 0, 0, 0, 0]),
    "one bucket": ({"bucket": 1}, [0, 2.8667, 3.25, 3.5455, 3, 3, 3, 3]),
    "-qout alone": ({"quantized": (0, 1)}, [0, 6.0667, 4.5, 7.3636, 5.2778, 6.3, 6, 4]),
    "no line end": (
        {"words": [b"apple", SAGWA, b"pear"]},
        [0, 5.2667, 5, 8.3636, 6.0556, 6.9, 3, 9],
    ),
    "a word twice": (
        {"words": [b"</s>", b"apple", SAGWA, b"apple", b"pear"]},
        [0, 6.6, 8, 6, 5.7778, 5.1, 4.5, 1],
    ),
    "no UTF-8": (
        {"words": [b"</s>", *NO_UTF8, b"apple", SAGWA, b"pear"], "lengths": (1, 4)},
        [0, 4.5238, 6.8889, 5, 4.9583, 5.25, 6.5, 2, 4.56, 5.6667, 5.7778],
    ),
}


@pytest.mark.parametrize(("options", "printed"), PRINTED.values(), ids=PRINTED)
@pytest.mark.filterwarnings("ignore:.*words stand there more than once")
def test_vectors_are_those_the_program_prints(
    options: dict, printed: list[float], tmp_path: Path
) -> None:
    (tmp_path / "m.bin").write_bytes(made(**options))
    vectors = FastTextVectors.load(tmp_path / "m.bin", errors="replace", form=None)
    asked = [*ASKED, *NO_UTF8][: len(printed)]
    for word, first in zip((raw.decode(errors="replace") for raw in asked), printed, strict=True):
        if first or word in vectors.index:
            wanted = np.array([first, first + 0.25, first + 0.5])
            np.testing.assert_allclose(vectors[word], wanted, atol=6e-5, err_msg=ascii(word))
        else:
            assert word not in vectors


def test_a_word_twice_is_told_and_its_last_row_kept(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(made([b"b", b"a", b"c", b"a", b"b"]))
    with pytest.warns(UserWarning, match=r"m\.bin: .* first 'a'\. The last row of each"):
        vectors = FastTextVectors.load(tmp_path / "m.bin")
    assert vectors.words == ["b", "a", "c"] and vectors.counts.tolist() == [86, 87, 88]
    (tmp_path / "m.bin").write_bytes(made([b"a\xff", b"a\xfe", b"c"]))
    with pytest.warns(UserWarning, match="more than once, first 'a'"):
        assert FastTextVectors.load(tmp_path / "m.bin", errors="ignore").words == ["a", "c"]


def test_unknown_words_are_cut_in_the_form_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(made())
    apart, joined = b"e\xcc\x81t".decode(), "ét"
    found = FastTextVectors.load(tmp_path / "m.bin")
    assert np.array_equal(found[apart], found[joined])
    as_written = FastTextVectors.load(tmp_path / "m.bin", form=None)
    assert np.array_equal(as_written[joined], found[joined])
    assert not np.array_equal(as_written[apart], found[apart])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pruned": 0}, "is pruned"),  # the program refuses both
        ({"pruned": 2}, "is pruned"),
        ({"pruned": 10**15}, "is pruned"),
        ({"quantized": (1, 1)}, "is quantised"),
        ({"size": 0}, "0 dimensions"),
        ({"bad": (1, np.nan)}, "NaN or infinity"),
        ({"bad": (14, -np.inf)}, "NaN or infinity"),  # a bucket that no word needs
        ({"words": NO_UTF8}, "word 0: .*Give errors='replace'"),
    ],
    ids=str,
)
def test_what_no_vectors_can_be_made_of(options: dict, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(made(**options))
    with pytest.raises(ValueError, match=rf"m\.bin.*{says}"):
        FastTextVectors.load(tmp_path / "m.bin")
    with pytest.raises(ValueError, match="errors is 'skip'"):
        FastTextVectors.load(tmp_path / "m.bin", errors="skip")


def assert_refused(content: bytes, folder: Path) -> None:
    path = folder / "cut model.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cut model\.bin"):
        FastTextVectors.load(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.bin"):
        FastTextVectors.load(tmp_path / "nothing.bin")
    (tmp_path / "folder.bin").mkdir()
    with pytest.raises(FileNotFoundError, match=r"folder\.bin"):
        FastTextVectors.load(tmp_path / "folder.bin")
