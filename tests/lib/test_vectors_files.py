"""Large and packed vector files: memory, a choice of words, and gensim as the reference."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors

from course_lib.projector import export
from course_lib.vectors import WordVectors, files

AWKWARD = [
    "</s>",
    "New_York",
    "한글",
    "naïve",
    "emoji😀",
    'quo"te',
    "\xa0",
    "a\u2028b",
    "-1",
    "1999",
]
PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def numbers(rows: int, size: int) -> np.ndarray:
    return np.random.default_rng(rows).normal(size=(rows, size)).astype(np.float32)


def text_form(words: list[str], matrix: np.ndarray, *, header: bool = True) -> bytes:
    lines = [f"{len(words)} {matrix.shape[1]}"] if header else []
    for word, row in zip(words, matrix.tolist(), strict=True):
        lines.append(f"{word} {' '.join(map(repr, row))}")
    return ("\n".join(lines) + "\n").encode()


def binary_form(words: list[str], matrix: np.ndarray, *, end: bytes = b"") -> bytes:
    rows = zip(words, matrix.astype("<f4"), strict=True)
    body = b"".join(word.encode() + b" " + row.tobytes() + end for word, row in rows)
    return b"%d %d\n" % matrix.shape + body


# --- equality with gensim, packed and not --------------------------------------------------------


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("form", ["text", "glove", "binary", "binary with line ends"])
def test_every_form_is_read_as_gensim_reads_it(tmp_path: Path, form: str, packing: str) -> None:
    matrix = numbers(len(AWKWARD), 7)
    plain = tmp_path / ("v.bin" if form.startswith("binary") else "v.txt")
    plain.write_bytes(
        {
            "text": text_form(AWKWARD, matrix),
            "glove": text_form(AWKWARD, matrix, header=False),
            "binary": binary_form(AWKWARD, matrix),
            "binary with line ends": binary_form(AWKWARD, matrix, end=b"\n"),
        }[form]
    )
    binary, no_header = plain.suffix == ".bin", form == "glove"
    theirs = KeyedVectors.load_word2vec_format(str(plain), binary=binary, no_header=no_header)
    packed = plain.with_name(plain.name + packing)
    packed.write_bytes(PACK[packing](plain.read_bytes()))
    ours = WordVectors.load(packed)
    assert ours.words == theirs.index_to_key == AWKWARD
    assert np.array_equal(ours.matrix, theirs.vectors) and np.array_equal(ours.matrix, matrix)
    assert ours.matrix.dtype == np.float32 and ours.matrix.flags.writeable


def test_rows_that_cross_the_pieces_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = numbers(len(AWKWARD), 5)
    for size in (1, 2, 7, 19, 64):
        monkeypatch.setattr(files, "CHUNK", size)
        stream = io.BytesIO(binary_form(AWKWARD, matrix, end=b"\n"))
        words, read = files.read_binary(stream, "pieces")
        assert words == AWKWARD and np.array_equal(read, matrix)


def test_a_member_of_a_zip_archive() -> None:
    matrix = numbers(len(AWKWARD), 5)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("in/v.txt", text_form(AWKWARD, matrix, header=False))
    with zipfile.ZipFile(archive) as packed, packed.open("in/v.txt") as stream:
        words, read = files.read_text(stream, "v.txt", words=AWKWARD[2:5], vector_size=5)
    assert words == AWKWARD[2:5] and np.array_equal(read, matrix[2:5])


# --- a choice of words ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.txt.xz", "v.bin.gz"])
def test_some_words_are_the_rows_of_the_whole(tmp_path: Path, name: str) -> None:
    words = [*AWKWARD, *(f"word{i}" for i in range(500)), "New York", "New", "York"]
    if ".bin" in name:
        words.remove("New York")  # this form cannot hold it
    matrix = numbers(len(words), 6)
    path = tmp_path / name
    data = (binary_form if ".bin" in name else text_form)(words, matrix)
    path.write_bytes(PACK[path.suffix if path.suffix in PACK else ""](data))
    full = WordVectors.load(path)
    wanted = {"word400", "한글", "New York", "word7", "York", "absent", "\xa0", "</s>"}
    some = WordVectors.load(path, words=wanted)
    assert some.words == [word for word in full.words if word in wanted]
    assert np.array_equal(some.matrix, full.matrix[[full.index[word] for word in some.words]])
    assert WordVectors.load(path, words=full.words).words == full.words
    with pytest.raises(ValueError, match=r"none of the 2 words asked for: 'absent', 'word50 '"):
        WordVectors.load(path, words=["absent", "word50 "])
    with pytest.raises(ValueError, match="words is empty"):
        WordVectors.load(path, words=[])
    with pytest.raises(TypeError, match="words must be a list of words, not str: 'word7'"):
        WordVectors.load(path, words="word7")


def test_reading_ends_at_the_last_word_that_is_wanted(tmp_path: Path) -> None:
    matrix = numbers(len(AWKWARD), 4)
    text, binary = text_form(AWKWARD, matrix), binary_form(AWKWARD, matrix)
    for name, data in {"v.txt": text[:-130], "v.bin": binary[:-9]}.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert WordVectors.load(path, words=AWKWARD[:3]).words == AWKWARD[:3]
        with pytest.raises(ValueError, match=name):  # cut: to the end it cannot be read
            WordVectors.load(path, words=[*AWKWARD[:3], "absent"])


def test_a_wrong_count_in_the_header_with_some_words(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    data = text_form(AWKWARD, numbers(len(AWKWARD), 4)).replace(b"10 4", b"12 4", 1)
    path.write_bytes(data)
    with pytest.warns(UserWarning, match="holds 10 rows, .* announces 12") as caught:
        assert WordVectors.load(path, words=["naïve", "absent"]).words == ["naïve"]
    assert caught[0].filename == __file__  # the line that asked, not one of the library
    path.write_bytes(data.rstrip())
    with pytest.raises(ValueError, match="it was cut"):
        WordVectors.load(path, words=["naïve", "absent"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(WordVectors.load(path, words=["naïve"])) == 1  # the rest was not counted


# --- memory --------------------------------------------------------------------------------------


def peak(load: Callable[[], WordVectors]) -> tuple[WordVectors, int]:
    """Return the vectors and the most memory, in bytes, that was in use while they were read."""
    load()  # what is imported on the way is not counted
    tracemalloc.start()
    try:
        vectors = load()
        return vectors, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def words_like_real_ones(count: int) -> list[str]:
    return [f"word{i}" for i in range(count)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 60,000 x 300 numbers (72 MB) in binary form, packed."""
    path = tmp_path_factory.mktemp("large") / "large.bin.gz"
    matrix = np.zeros((60_000, 300), dtype=np.float32)
    matrix[:, :10] = numbers(60_000, 10)
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(binary_form(words_like_real_ones(60_000), matrix))
    return path


def test_reading_a_binary_file_takes_little_more_than_its_matrix(large: Path) -> None:
    vectors, most = peak(lambda: WordVectors.load(large))
    assert vectors.matrix.shape == (60_000, 300)
    assert vectors.matrix.nbytes < most <= 1.3 * vectors.matrix.nbytes
    assert np.array_equal(vectors["word59999"][:10], numbers(60_000, 10)[-1])


def test_reading_some_words_takes_next_to_no_memory(large: Path) -> None:
    wanted = ["word5", "word59998", "absent"]
    vectors, most = peak(lambda: WordVectors.load(large, words=wanted))
    assert vectors.words == wanted[:2] and most < 5 * files.CHUNK


@pytest.mark.parametrize("header", [True, False])
def test_reading_a_text_file_takes_little_more_than_its_matrix(
    tmp_path: Path, header: bool
) -> None:
    matrix = numbers(8_000, 100).round(4)
    path = tmp_path / "large.txt"
    path.write_bytes(text_form(words_like_real_ones(len(matrix)), matrix, header=header))
    vectors, most = peak(lambda: WordVectors.load(path))
    assert np.array_equal(vectors.matrix, matrix)
    assert matrix.nbytes < most <= 1.3 * matrix.nbytes


def test_checking_and_scaling_make_no_second_matrix() -> None:
    matrix = numbers(20_000, 100)
    words = words_like_real_ones(len(matrix))
    vectors, most = peak(lambda: WordVectors(words, matrix))
    assert most < 0.2 * matrix.nbytes and vectors.matrix is matrix
    tracemalloc.start()
    vectors.nearest("word7")
    scaled = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert scaled < 1.5 * matrix.nbytes  # the scaled rows themselves, kept for the next question
    lengths = np.sqrt((matrix.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    assert np.abs(vectors.normalized() - matrix / lengths).max() < 1e-6
    matrix[19_999, 99] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity, first at the word 'word19999'"):
        WordVectors(words, matrix)


# --- what is wrong with a file -------------------------------------------------------------------


def test_a_file_of_other_dimensions(tmp_path: Path) -> None:
    matrix = numbers(len(AWKWARD), 7)
    contents = {
        "v.txt": text_form(AWKWARD, matrix),
        "v.vec": text_form(AWKWARD, matrix, header=False),
        "v.bin": binary_form(AWKWARD, matrix),
    }
    for name, data in contents.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert WordVectors.load(path, vector_size=7).vector_size == 7
        with pytest.raises(ValueError, match=rf"{name} holds vectors of 7 numbers, not of 100"):
            WordVectors.load(path, vector_size=100)


GOOD = binary_form(["a", "b", "c"], numbers(3, 2))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (GOOD[:-1], "it ends in row 3 of 3"),
        (GOOD.replace(b"3 2\n", b"4 2\n"), "it ends in row 4 of 4"),
        (GOOD.replace(b"3 2\n", b"2 2\n"), "more follows after the 2 rows"),
        (GOOD + b"\n\n", "more follows after the 3 rows"),
        (GOOD.replace(b"3 2\n", b"3 x\n"), "first line is not two whole numbers"),
        (GOOD.replace(b"3 2\n", b"3 0\n"), "first line is not two whole numbers"),
        (GOOD.replace(b"3 2\n", b""), "first line is not two whole numbers"),
        (GOOD.replace(b"3 2\n", b"3 %d\n" % 10**17), "it ends in row 1 of 3"),
        (binary_form(["a", "", "c"], numbers(3, 2)), "row 2 has no word"),
        (GOOD.replace(b"b ", b"\xff ", 1), "the word of row 2 .*0xff"),
        (b"3 2\n" + bytes(1 << 18), "row 1 begins with no word"),
    ],
)
def test_damaged_binary_is_refused_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str
) -> None:
    monkeypatch.setattr(files, "CHUNK", 1 << 10)
    path = tmp_path / "damaged.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"damaged\.bin.*{says}"):
        WordVectors.load(path)


@pytest.mark.parametrize(
    "name", ["v.bin.gz", "v.txt.gz", "v.bin.bz2", "v.txt.bz2", "v.bin.xz", "v.txt.xz"]
)
def test_damaged_packing_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    words, matrix = words_like_real_ones(2_000), numbers(2_000, 20)
    data = (binary_form if ".bin" in name else text_form)(words, matrix)
    whole = PACK[path.suffix](data)
    middle = len(whole) // 2
    for damaged in (
        whole[:middle],
        whole[:middle] + bytes(8) + whole[middle + 8 :],
        data,  # not packed at all
        b"",
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=name):
            WordVectors.load(path)


def test_unknown_packing_and_saving_packed(tmp_path: Path) -> None:
    vectors = WordVectors(["a"], np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"ends in '\.zst'"):
        WordVectors.load(tmp_path / "v.txt.zst")
    with pytest.raises(ValueError, match=r"v ends in 'nothing'"):
        WordVectors.load(tmp_path / "v.gz")
    with pytest.raises(ValueError, match=r"ends in '\.gz'"):
        vectors.save(tmp_path / "v.txt.gz")
    assert list(tmp_path.iterdir()) == []


def test_nan_in_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 1\na " + struct.pack("<f", 1) + b"b " + struct.pack("<f", np.nan))
    with pytest.raises(ValueError, match="NaN or infinity, first at the word 'b'"):
        WordVectors.load(path)
    assert WordVectors.load(path, words=["a"]).matrix.tolist() == [[1.0]]


def test_words_that_stand_twice_are_found_by_their_hashes() -> None:
    words = words_like_real_ones(5_000)
    assert files.repeated(words) is None and files.repeated([]) is None
    assert files.repeated([*words, "word17", "word3"]) == (17, 5_000)

    class Same(str):  # all hash values equal: only a real repetition counts
        __slots__ = ()

        def __hash__(self) -> int:
            return 1

    assert files.repeated([Same("a"), Same("b")]) is None
    assert files.repeated([Same("a"), Same("b"), Same("a")]) == (0, 2)


# --- files as they are in the world --------------------------------------------------------------

ROW = {"cat": [1, 2, 3], "dog": [4, 5, 6], "한글": [7, 8, 9]}


def loaded(tmp_path: Path, data: bytes, name: str = "v.vec", **options: Any) -> dict[str, list]:
    path = tmp_path / name
    path.write_bytes(data)
    vectors = WordVectors.load(path, **options)
    return dict(zip(vectors.words, vectors.matrix.tolist(), strict=True))


@pytest.mark.parametrize("header", [b"", b"3 3\n", b"3\t3 \r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(
    "line",
    [
        "{} 1 2 3",
        "{}  1 2 3",
        "{}\t1\t2\t3",
        "{}\t1 2 3",
        "{} 1  2   3 \t",
        " {} 1 2 3",
        "{} 1 2 3\r",
    ],
)
def test_blanks_tabs_and_marks_are_no_part_of_a_word(
    tmp_path: Path, header: bytes, mark: bytes, line: str
) -> None:
    lines = [line.format(w).replace("1", str(n[0])).replace("2", str(n[1])) for w, n in ROW.items()]
    lines = [text.replace("3", str(n[2])) for text, n in zip(lines, ROW.values(), strict=True)]
    lines = [lines[0].replace("5", "2").replace("6", "3"), *lines[1:]]
    data = mark + header + "\n".join(lines).encode() + b"\n\n"
    wanted = {"cat": [1, 2, 3], "dog": [4, 5, 6], "한글": [7, 8, 9]}
    assert loaded(tmp_path, data) == wanted
    some = loaded(tmp_path, data, words=["한글", "cat"])
    assert some == {word: wanted[word] for word in ("cat", "한글")}


def test_a_repeated_word_keeps_its_first_row_as_in_gensim(tmp_path: Path) -> None:
    words = ["a", "b", "a", "c", "b", "a", "d"]
    matrix = numbers(7, 4)
    for name, data in {
        "v.vec": text_form(words, matrix),
        "v.txt": text_form(words, matrix, header=False),
        "v.bin": binary_form(words, matrix),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.warns(UserWarning, match=r"3 rows hold a word that was there before.*'a'") as w:
            ours = WordVectors.load(path)
        assert len(w) == 1 and w[0].filename == __file__
        theirs = KeyedVectors.load_word2vec_format(
            path, binary=name == "v.bin", no_header=name == "v.txt"
        )
        assert ours.words == theirs.index_to_key[:4] == ["a", "b", "c", "d"]
        assert np.array_equal(ours.matrix, theirs.vectors[:4])


def test_many_rows_with_repeats_are_moved_up_in_place(tmp_path: Path) -> None:
    words = [f"w{i % 3500}" for i in range(5000)]
    matrix = numbers(5000, 3)
    with pytest.warns(UserWarning, match="1,500 rows"):
        (tmp_path / "v.txt").write_bytes(text_form(words, matrix))
        ours = WordVectors.load(tmp_path / "v.txt")
    assert ours.words == words[:3500] and np.array_equal(ours.matrix, matrix[:3500])


@pytest.mark.parametrize("errors", ["replace", "ignore"])
@pytest.mark.parametrize("name", ["v.vec", "v.bin"])
def test_words_that_are_not_utf_8(tmp_path: Path, errors: str, name: str) -> None:
    words, matrix = ["café", "a b"[0], "naïve", "한"], numbers(4, 3)
    form = binary_form if name == "v.bin" else text_form
    data = form(words, matrix).replace("é".encode(), "é".encode("latin-1"))
    data = data.replace("한".encode(), "한x".encode()[1:])
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"{name}.*errors='replace'"):
        WordVectors.load(path)
    with pytest.raises(ValueError, match="errors is 'skip'"):
        WordVectors.load(path, errors="skip")  # type: ignore[arg-type]
    ours = WordVectors.load(path, errors=errors)
    theirs = KeyedVectors.load_word2vec_format(path, binary=name == "v.bin", unicode_errors=errors)
    assert ours.words == theirs.index_to_key
    assert np.array_equal(ours.matrix, theirs.vectors)
    some = WordVectors.load(path, errors=errors, words=[ours.words[0], "naïve"])
    assert some.words == [ours.words[0], "naïve"]


def test_a_word_of_which_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2: of the word .* nothing is left"):
        loaded(tmp_path, b"a 1 2\n\xff 3 4\n", errors="ignore")
    assert list(loaded(tmp_path, b"a 1 2\n\xff 3 4\n", errors="replace")) == ["a", "\ufffd"]


@pytest.mark.parametrize("name", ["v.VEC", "v.vec.gz", "v.Txt.GZ", "v.txt.xz", "V.BIN"])
def test_endings_in_capitals_and_packed(tmp_path: Path, name: str) -> None:
    form = binary_form if "BIN" in name else text_form
    packing = Path(name).suffix.lower()
    data = PACK.get(packing, PACK[""])(form(AWKWARD, numbers(len(AWKWARD), 3)))
    assert list(loaded(tmp_path, data, name)) == AWKWARD


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("member", ["v.vec", "in/a/folder/v.txt", "v.bin"])
@pytest.mark.parametrize("name", ["v.zip", "v.vec.zip", "v.ZIP"])
def test_a_zip_of_one_file(tmp_path: Path, member: str, name: str) -> None:
    form = binary_form if member == "v.bin" else text_form
    data = form(AWKWARD, numbers(len(AWKWARD), 3))
    more = [("__MACOSX/._v.vec", b"x"), ("in/", b""), ("README", b"read me")]
    path = zipped(tmp_path / name, (member, data), *more)
    assert WordVectors.load(path).words == AWKWARD
    assert WordVectors.load(path, words=["한글"]).words == ["한글"]


def test_a_zip_of_none_or_several(tmp_path: Path) -> None:
    data = text_form(["a"], numbers(1, 3))
    for members in ((), (("a.md", b""),), (("a.vec", data), ("a.bin", data))):
        with pytest.raises(ValueError, match=r"v\.zip holds .* Unpack it") as error:
            WordVectors.load(zipped(tmp_path / "v.zip", *members))
        assert all(name in str(error.value) for name, _ in members)
    (tmp_path / "v.zip").write_bytes(data)
    with pytest.raises(ValueError, match=r"v\.zip cannot be unpacked"):
        WordVectors.load(tmp_path / "v.zip")
    with pytest.raises(FileNotFoundError):
        WordVectors.load(tmp_path / "absent.zip")


WHITE = [". . .", "New  York", "at name@domain.com", "\xa0", "a\xa0b", "\x85", "\u2028", "a\u2029b"]
WHITE += ["\u3000", "a\tb", "a\x0bb", "a\rb", "\x1c", "x\ufeff", "\u200b", "한 글", "1 a", "-"]


@pytest.mark.parametrize("header", [True, False])
def test_what_is_read_is_written_and_exported(tmp_path: Path, header: bool) -> None:
    matrix = numbers(len(WHITE), 3)
    path = tmp_path / "v.txt"
    path.write_bytes(text_form(WHITE, matrix, header=header))
    vectors = WordVectors.load(path)
    assert vectors.words == WHITE and np.array_equal(vectors.matrix, matrix)
    vectors.save(tmp_path / "again.vec", header=header)
    again = WordVectors.load(tmp_path / "again.vec")
    assert again.words == WHITE and np.array_equal(again.matrix, matrix)
    assert WordVectors.load(path, words=WHITE[3:]).words == WHITE[3:]
    _, metadata = export(vectors, tmp_path / "tsv")
    lines = metadata.read_text(encoding="utf-8").splitlines()  # the strictest way to find lines
    assert len(lines) == len(WHITE)
    assert all(line.replace("\ufeff", "").strip() and "\t" not in line for line in lines)
    assert lines[0] == ". . ." and lines[4] == "a\xa0b" and lines[3] == r"\xa0"
    assert lines[5] == r"\x85" and lines[6] == r"\u2028" and lines[7] == r"a\u2029b"


def test_what_is_read_from_a_binary_file_is_written_as_one(tmp_path: Path) -> None:
    words = [word for word in WHITE if " " not in word] + ["a\nb", "b\n"]
    (tmp_path / "v.bin").write_bytes(binary_form(words, numbers(len(words), 2)))
    WordVectors.load(tmp_path / "v.bin").save(tmp_path / "again.bin")
    assert WordVectors.load(tmp_path / "again.bin").words == words


def test_a_home_folder_is_found_as_in_gensim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    WordVectors(["a", "b"], np.eye(2)).save("~/v.txt")
    theirs = KeyedVectors.load_word2vec_format("~/v.txt")
    assert theirs.index_to_key == WordVectors.load("~/v.txt").words == ["a", "b"]
    assert (
        export(WordVectors(["a", "b"], np.eye(2)), "~/tsv")[0]
        == tmp_path / "tsv/vectors_tensor.tsv"
    )


@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_half_a_surrogate_pair_is_asked_for_in_vain(tmp_path: Path, name: str, errors: str) -> None:
    form = binary_form if name == "v.bin" else text_form
    data = form(["a", "b"], numbers(2, 3))
    assert list(loaded(tmp_path, data, name, words=["b", "\ud83d"], errors=errors)) == ["b"]
    with pytest.raises(ValueError, match=r"none of the 1 words asked for: '\\ud83d'"):
        loaded(tmp_path, data, name, words=["\ud83d"], errors=errors)


@pytest.mark.parametrize("bad", ["nan", "NaN", "inf", "-Infinity", "1e39", "-1E400"])
@pytest.mark.parametrize("line", [1, 2])
def test_what_is_no_finite_number_is_named_in_its_line(tmp_path: Path, bad: str, line: int) -> None:
    lines = ["cat 1 2", "dog 3 4"]
    lines[line - 1] = lines[line - 1][:-1] + bad
    with pytest.raises(ValueError, match=rf"line {line}: NaN or infinity"):
        loaded(tmp_path, "\n".join(lines).encode())


@pytest.mark.parametrize(
    "words", [["nan"], ["inf", "b"], ["nan nan"], ["a", "to inf"], ["a infinity"]]
)
@pytest.mark.parametrize("header", [True, False])
def test_words_spelt_as_numbers_are_given_back_or_refused(
    tmp_path: Path, words: list[str], header: bool
) -> None:
    vectors, path = WordVectors(words, numbers(len(words), 3)), tmp_path / "v.vec"
    if any(" " in word for word in words):
        with pytest.raises(ValueError, match="could not be read back"):
            vectors.save(path, header=header)
        assert not path.exists()
    else:
        vectors.save(path, header=header)
        assert WordVectors.load(path).words == words


@pytest.mark.parametrize("shape", [(0, 3), (1, 0), (0, 0)])
@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
def test_vectors_without_a_number_are_not_written(
    tmp_path: Path, shape: tuple[int, int], name: str
) -> None:
    vectors = WordVectors(["a"][: shape[0]], np.ones(shape))
    with pytest.raises(ValueError, match=rf"WordVectors\({shape[0]} words.*no number to write"):
        vectors.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_fault_of_the_disk_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise OSError(5, "Input/output error")

    for name, packing in PACK.items():
        path = tmp_path / f"v.txt{name}"
        path.write_bytes(packing(text_form(["a"], numbers(1, 3))))
        with monkeypatch.context() as patch:
            patch.setattr(files, "read_text", failing)
            with pytest.raises(OSError, match="Input/output error"):
                WordVectors.load(path)
