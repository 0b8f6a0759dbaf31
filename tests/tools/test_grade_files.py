"""No file that was handed in vanishes: nested folders, odd names, archives, exports."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from conftest import sample_notebook

from course_tools.grading import files, submissions
from course_tools.grading.files import Sender, sender

NOTEBOOK = json.dumps(sample_notebook()).encode()


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], level: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


def put(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {one.path: one.remark or one.left for one in files.below(folder)}


def test_every_file_below_the_folder_is_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    ask = f"; {files.ASK}"
    found = put(
        tmp_path,
        {
            "student_01/attempt 1/04.ipynb": NOTEBOOK,
            "student_02/a/b/c/d/04.IPYNB": NOTEBOOK,
            "student_03/04.ipynb.txt": b"\xef\xbb\xbf" + NOTEBOOK,
            "student_04/04.json": NOTEBOOK.decode().encode("utf-16"),
            "student_05/04": NOTEBOOK,
            "student_06/04.py": b"def f(): pass",
            "student_07/04.tar.gz": b"\x1f\x8b",
            "student_07/README": b"read me",
            "student_07/04.html": b"<html>",
        },
    )
    assert list(found) == sorted(found, key=lambda path: path.split("/"))
    assert found == {
        "link": f"it is a link to another file, which is not followed{ask}",
        "student_01/attempt 1/04.ipynb": "",
        "student_02/a/b/c/d/04.IPYNB": "",
        "student_03/04.ipynb.txt": "",
        "student_04/04.json": "",
        "student_05/04": "",
        "student_06/04.py": f"it is no notebook but a .py file{ask}",
        "student_07/04.html": f"it is no notebook but a .html file{ask}",
        "student_07/04.tar.gz": f"it is an archive of a kind that is not opened{ask}, or a .zip "
        "of it",
        "student_07/README": f"it is no notebook but a file without suffix{ask}",
    }
    for file in files.below(tmp_path):
        if not file.remark:
            cells, passed = submissions._code_cells(file.content)
            assert (len(cells), passed) == (11, "")


def test_what_looks_like_json_is_tried(tmp_path: Path) -> None:
    put(tmp_path, {"a.json": b'{"a": 1}', "b.txt": b"{not", "c.json": b"[1]"})
    remarks = [submissions.load(file, {}).remark for file in files.below(tmp_path)]
    assert remarks == [
        f"it is no notebook of format 4: it has no cells; {files.ASK}",
        f"it is no notebook: no JSON, line 1; {files.ASK}",
        f"it is no notebook but a .json file; {files.ASK}",
    ]


def test_the_content_tells_an_archive_from_a_notebook(tmp_path: Path) -> None:
    archive = packed(("HW 10:30.ipynb", NOTEBOOK))
    other = "it is a zip archive of another name; let it end in .zip, and grade again"
    blackboard = "gradebook_WV_4_kim01_attempt_2026-12-01-14-33-10.txt"
    found = put(
        tmp_path,
        {
            **{"04.ipynb": archive, "04": archive, "05.zip": NOTEBOOK, "06.zip": archive},
            **{"report.docx": archive, blackboard: b"Name: Kim (kim01)"},
        },
    )
    assert found == {
        "04": other,
        "04.ipynb": other,
        "05.zip": "",
        "06.zip/HW 10:30.ipynb": "",
        blackboard: "what Blackboard says of a submission",
        "report.docx": f"it is no notebook but a .docx file; {files.ASK}",
    }


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"shut/04.ipynb": NOTEBOOK, "file.ipynb": NOTEBOOK})
    scandir, open_ = os.scandir, os.open

    def refused(real, name: str):
        def call(path, *more):
            if Path(path).name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *more)

        return call

    monkeypatch.setattr(os, "scandir", refused(scandir, "shut"))
    monkeypatch.setattr(os, "listdir", refused(os.listdir, "shut"))
    monkeypatch.setattr(os, "open", refused(open_, "file.ipynb"))
    found = {one.path: one.remark for one in files.below(tmp_path)}
    assert set(found) == {"shut", "file.ipynb"}
    assert all("cannot be read (Permission denied)" in remark for remark in found.values())


def test_archives_are_read_inside(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    bomb = packed(("bomb.ipynb", b"{" + b" " * files.MOST_BYTES), level=9)
    assert len(bomb) < files.MOST_BYTES / 500
    ask = f"; {files.ASK}"
    outside = "the archive puts it outside of itself"
    found = put(
        tmp_path,
        {
            "a/hw.zip": packed(
                ("04.ipynb", NOTEBOOK),
                ("week/04.IPYNB", NOTEBOOK),
                ("week/notes.md", b"x"),
                ("empty.ipynb", b""),
                ("inner.zip", packed(("04.ipynb", NOTEBOOK))),
                ("../../b/out.ipynb", NOTEBOOK),
                ("/etc/root.ipynb", NOTEBOOK),
                ("C:\\windows.ipynb", NOTEBOOK),
                (link, b"/work/notebooks/04.ipynb"),
                ("__MACOSX/._04.ipynb", b"x"),
                ("week/.ipynb_checkpoints/04.ipynb", NOTEBOOK),
            ),
            "b/bomb.zip": bomb,
            "c/many.zip": packed(*((f"{n}.ipynb", b"") for n in range(files.MOST_FILES + 1))),
            "d/none.zip": packed(),
            "e/cut.zip": packed(("04.ipynb", NOTEBOOK))[:-30],
            "f/flipped.zip": packed(("04.ipynb", NOTEBOOK)).replace(b"Times 2", b"Times 9", 1),
        },
    )
    assert found == {
        "a/hw.zip/04.ipynb": "",
        "a/hw.zip/week/04.IPYNB": "",
        "a/hw.zip/week/notes.md": f"it is no notebook but a .md file{ask}",
        "a/hw.zip/empty.ipynb": f"it is empty{ask}",
        "a/hw.zip/inner.zip": f"it is an archive of a kind that is not opened{ask}, or a .zip of "
        "it",
        "a/hw.zip/out.ipynb": f"{outside} (../../b/out.ipynb){ask}",
        "a/hw.zip/root.ipynb": f"{outside} (/etc/root.ipynb){ask}",
        "a/hw.zip/windows.ipynb": f"{outside} (C:/windows.ipynb){ask}",
        "a/hw.zip/link.ipynb": f"the archive holds a link instead of the file{ask}",
        "a/hw.zip/__MACOSX/._04.ipynb": "an extra file of a Mac's archives",
        "a/hw.zip/week/.ipynb_checkpoints/04.ipynb": "an older copy that Jupyter keeps",
        "b/bomb.zip/bomb.ipynb": "the file has 20 MB, and at most 20 are read; ask for one "
        "without outputs",
        "c/many.zip": f"it is an archive of 501 files, and at most 500 are read{ask}",
        "d/none.zip": f"it is an archive without a file{ask}",
        "e/cut.zip": f"it is a damaged archive (File is not a zip file){ask}",
        "f/flipped.zip/04.ipynb": "its archive is damaged here (Bad CRC-32 for file '04.ipynb')"
        + ask,
    }


def test_an_archive_that_lies_about_sizes_is_read_no_further(tmp_path: Path) -> None:
    big = packed(("bomb.ipynb", b"{" + b" " * 3_000_000), level=9)
    size = (3_000_001).to_bytes(4, "little")
    assert big.count(size) == 2
    (tmp_path / "x.zip").write_bytes(big.replace(size, (9).to_bytes(4, "little")))
    (file,) = files.below(tmp_path)
    assert file.content == b""
    assert file.remark.endswith(files.ASK)


def test_all_that_an_archive_holds_has_a_limit(tmp_path: Path) -> None:
    content = b"{" + b" " * (files.MOST_BYTES - 2)
    names = [f"{n:02}.ipynb" for n in range(12)]
    (tmp_path / "x.zip").write_bytes(packed(*((name, content) for name in names), level=9))
    found = [len(file.content) for file in files.below(tmp_path)]
    assert sum(found) <= files.MOST_UNPACKED
    assert found[:10] == [len(content)] * 10
    assert found[10:] == [0, 0]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Kim Lee_123_assignsubmission_file_/04.ipynb", Sender("Kim Lee", "123")),
        ("week 3/Kim_123_assignsubmission_file_/hw.zip/04.ipynb", Sender("Kim", "123")),
        ("O_Neil_7_assignsubmission_onlinetext_/x.html", Sender("O_Neil", "7")),
        ("Kim Lee_123_assignsubmission_file_04.ipynb", Sender("Kim Lee", "123")),
        ("leekim_123_456_04.ipynb", Sender("leekim", "123")),
        ("leekim_123_456_04-1.ipynb", Sender("leekim", "123", 2)),
        ("leekim_LATE_123_456_04-2.ipynb", Sender("leekim", "123", 3, late=True)),
        ("leekim_123_456_a_LATE_78_9_04.ipynb", Sender("leekim", "123")),
        ("leekim_123_456_hw.zip/Ada_9_assignsubmission_file_/04.ipynb", Sender("leekim", "123")),
        ("student_01/attempt 2/04.ipynb", Sender("student_01", "", 2)),
        ("student_01/late/04 attempt_3.ipynb", Sender("student_01", "", 3, late=True)),
        ("student_01/04-1.ipynb", Sender("student_01")),
        ("attempt #2/student_01/04.ipynb", Sender("student_01", "", 2)),
        ("late/04.ipynb", Sender("04", late=True)),
        ("gradebook_WV_4_kim01_attempt_2026-12-01-14-33-10_04.ipynb", Sender("kim01")),
        ("Kim.ipynb", Sender("Kim")),
        ("Kim.IPYNB.txt", Sender("Kim")),
        ("Kim.zip/Ada/attempt 9/04.ipynb", Sender("Kim")),
    ],
)
def test_who_handed_a_file_in(path: str, wanted: Sender) -> None:
    assert sender(path) == wanted
    found = submissions.load(files.HandedIn(path, remark="x"), {})
    assert (found.student, found.number, found.attempt, found.late, found.remark) == (
        *(wanted.student, wanted.number, wanted.attempt, wanted.late),
        "x",
    )
