"""The lecture-room kit: what is in it, that it is whole, and that install.py refuses what is not.

Building it with wheels and installing from it without a network takes minutes:
``python -m course_tools.kit`` and then ``… --prove``, as .ci/run does.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_lib.datasets import REGISTRY
from course_tools import kit, kit_install, kit_prove, kit_start, kit_wheels, leaks, notebooks

ROOM = f"{kit.NAME}/"


@pytest.fixture(scope="module")
def slides(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    (folder / "00_start_here").mkdir()
    (folder / "00_start_here" / "index.html").write_text("<h1>Start</h1>", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    (folder / "small-1-py3-none-any.whl").write_bytes(b"a wheel")
    return folder


@pytest.fixture(scope="module")
def members(slides, wheels) -> dict[str, kit.Member]:
    return kit.contents(slides=slides, wheels=wheels)


@pytest.fixture(scope="module")
def archive(members, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("built") / "kit.zip"
    kit.write(members, path)
    return path


@pytest.fixture
def unpacked(archive, tmp_path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    return tmp_path / kit.NAME


def test_it_holds_what_a_room_needs(members):
    assert {"README.md", "install.py", "start.py", "course/pyproject.toml"} <= set(members)
    for path in notebooks.find():
        assert path.relative_to(notebooks.ROOT).as_posix() in members
    for path in (notebooks.ROOT / "benchmarks").glob("*.json"):
        assert f"course/benchmarks/{path.name}" in members
    for path in (notebooks.ROOT / "course_lib" / "assets").rglob("*"):
        assert not path.is_file() or f"course/{path.relative_to(notebooks.ROOT).as_posix()}" in (
            members
        )
    assert "course/docs/lecture_room.md" in members
    assert "slides/00_start_here/index.html" in members
    assert "wheels/small-1-py3-none-any.whl" in members
    assert not any("__pycache__" in name or "node_modules" in name for name in members)
    assert not any(name.startswith(("course/tests", "course/notebooks")) for name in members)


def test_no_solution_is_inside(archive):
    """Not in the copies, the slides, the pages; and the full notebooks are not there at all."""
    with zipfile.ZipFile(archive) as packed:
        files = {
            name: packed.read(name)
            for name in packed.namelist()
            if name.endswith((".ipynb", ".html", ".md")) or "/notebooks/" in name
        }
    assert len(files) > 14
    assert leaks.find(leaks.masters(notebooks.find()), files) == []
    for name, content in files.items():
        assert notebooks.BEGIN.encode() not in content or name.endswith(".md"), name


def test_a_kit_with_a_solution_is_not_built(slides, tmp_path):
    master = leaks.masters(notebooks.find(["02"]))[0]
    exercise, line = master.secrets[0]
    shutil.copytree(slides, tmp_path / "slides")
    page = tmp_path / "slides" / "00_start_here" / "index.html"
    page.write_text(f"<pre>{line}</pre>", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"slides/00_start_here/index.html: .*{exercise}"):
        kit.contents(slides=tmp_path / "slides")


def test_each_file_has_its_right_checksum(archive):
    with zipfile.ZipFile(archive) as packed:
        listed = json.loads(packed.read(f"{ROOM}MANIFEST.json"))["files"]
        names = set(packed.namelist()) - {f"{ROOM}MANIFEST.json"}
        assert {f"{ROOM}{name}" for name in listed} == names
        for name, wanted in listed.items():
            content = packed.read(f"{ROOM}{name}")
            assert wanted == {
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }


def test_the_same_files_give_the_same_archive(members, archive, tmp_path):
    kit.write(dict(reversed(members.items())), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_all_names_are_safe(archive):
    with zipfile.ZipFile(archive) as packed:
        infos = packed.infolist()
    kit.check_names([info.filename for info in infos])
    assert all(info.external_attr >> 16 == 0o100644 for info in infos)  # plain files, no links


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a//b", "a/./b", "a\\b", "C:/x", "aux", "a/Con.txt", "x ", "x.", "é", "a" * 181]
    + [f"a{letter}b" for letter in ':*?"<>|\n'],
)
def test_an_unsafe_name_is_refused(name):
    with pytest.raises(ValueError, match="cannot be unpacked on every system"):
        kit.check_names([name])


def test_names_that_differ_in_case_only_are_refused():
    with pytest.raises(ValueError, match="differ in case only"):
        kit.check_names(["a/Read.me", "a/read.me"])


def test_a_failed_build_leaves_the_old_archive_and_no_part(tmp_path, monkeypatch):
    output = tmp_path / "kit.zip"
    output.write_bytes(b"the old one")
    with pytest.raises(FileNotFoundError):
        kit.write({"a": b"1", "b": tmp_path / "missing"}, output)

    def broken(*_) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(kit.shutil, "copyfileobj", broken)
    (tmp_path / "there").write_bytes(b"2")
    with pytest.raises(OSError, match="disk full"):
        kit.write({"a": b"1", "b": tmp_path / "there"}, output)
    assert output.read_bytes() == b"the old one"
    assert {path.name for path in tmp_path.iterdir()} == {"kit.zip", "there"}


def test_no_kit_is_written_where_the_wheels_cannot_be_had(tmp_path, monkeypatch, capsys):
    def broken(*_: object) -> None:
        raise subprocess.CalledProcessError(1, ["pip", "download"])

    monkeypatch.setattr(kit_wheels, "fill", broken)
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    assert kit.main(["--output", str(tmp_path / "kit.zip")]) == 1
    assert "no kit was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# install.py


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "install.py", *arguments], cwd=folder, capture_output=True, text=True
    )


def test_the_command_of_the_readme_is_there(unpacked):
    page = (unpacked / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    python (\w+\.py)$", page, re.MULTILINE)
    assert commands == ["install.py", "start.py"]
    for name in commands:
        told = subprocess.run(
            [sys.executable, name, "--help"] if name == "install.py" else [sys.executable, name],
            cwd=unpacked,
            capture_output=True,
            text=True,
        )
        assert told.returncode == (0 if name == "install.py" else 1)
    assert "First: python install.py" in told.stderr  # no environment yet, and it says so
    for folder in re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE):
        assert (unpacked / folder).is_dir(), folder


def test_a_whole_kit_passes_the_check(unpacked):
    done = call(unpacked, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "files of the kit are whole" in done.stdout
    assert not (unpacked / ".venv").exists() and not (unpacked / "work").exists()


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("wheels/small-1-py3-none-any.whl", damage, "is damaged"),
        ("notebooks/00_start_here.ipynb", damage, "is damaged"),
        ("course/constraints.txt", lambda p: p.write_bytes(p.read_bytes()[:-1]), "is damaged"),
        ("course/LICENSE", Path.unlink, "is missing"),
        ("wheels/other-1-py3-none-any.whl", Path.touch, "does not belong to the kit"),
        ("MANIFEST.json", Path.unlink, "cannot be read"),
        ("MANIFEST.json", lambda p: p.write_text("{}"), "cannot be read"),
    ],
)
def test_a_damaged_kit_is_refused_before_anything_is_done(unpacked, name, harm, said):
    harm(unpacked / name)
    done = call(unpacked)
    assert done.returncode == 1
    assert name in done.stderr and said in done.stderr and "again" in done.stderr
    assert not (unpacked / ".venv").exists() and not (unpacked / "work").exists()


@pytest.mark.parametrize("what", ["python", "system", "machine"])
def test_another_machine_is_refused_by_name(what, unpacked):
    manifest = json.loads((unpacked / "MANIFEST.json").read_text(encoding="utf-8"))
    kit_install.check_machine(manifest)
    other = {**manifest, "platforms": [{**manifest["platforms"][0], what: "9.9"}]}
    if what == "python":
        other = {**manifest, "python": "9.9"}
    with pytest.raises(kit_install.Stopped, match=r"This kit is for .*9\.9"):
        kit_install.check_machine(other)


@pytest.mark.parametrize(
    ("system", "machine", "release", "said"),
    [
        ("Windows", "AMD64", "", ""),
        ("Windows", "ARM64", "", "This is Python 3.12 on Windows, ARM64"),
        ("Darwin", "arm64", "14.0", ""),
        ("Darwin", "arm64", "15.3.1", ""),
        ("Darwin", "arm64", "13.7", r"on macOS, arm64 \(13.7\)"),
        ("Darwin", "x86_64", "15.3", "macOS, x86_64"),
        ("Linux", "x86_64", "2.28", ""),
        ("Linux", "x86_64", "2.9", "This is Python 3.12 on Linux, x86_64"),
    ],
)
def test_a_kit_of_several_platforms_knows_its_own(system, machine, release, said, monkeypatch):
    tags = ("win_amd64", "macosx_14_0_arm64", "manylinux_2_28_x86_64")
    targets = [kit_wheels.Target(tag, "3.12") for tag in tags]
    manifest = json.loads(kit.manifest({}, targets))
    own = {"system": system, "machine": machine, "tag": ""}
    monkeypatch.setattr(kit_install, "here", lambda: ("3.12", [own]))
    monkeypatch.setattr(kit_install.platform, "mac_ver", lambda: (release, ("", "", ""), machine))
    monkeypatch.setattr(kit_install.platform, "libc_ver", lambda: ("", release))
    if not said:
        kit_install.check_machine(manifest)
        return
    with pytest.raises(kit_install.Stopped, match=said) as caught:
        kit_install.check_machine(manifest)
    assert "macOS 14.0 or later, arm64; Linux with glibc 2.28 or later, x86_64" in str(caught.value)
    assert "macOS 14.0 or later, arm64" in kit.readme([], [], False, targets)


def test_a_failed_installation_says_so_and_leaves_no_seal(unpacked, monkeypatch, capsys):
    """The wheel in this small kit is none, so pip must fail; then nothing counts as installed."""
    monkeypatch.setattr(kit_install, "HERE", unpacked)
    assert kit_install.main([]) == 1
    assert "Could not install setuptools" in capsys.readouterr().err
    assert not (unpacked / ".venv" / kit_install.DONE).exists()
    assert not (unpacked / "work").exists()


def test_the_work_of_a_student_is_never_overwritten(unpacked):
    count = len(notebooks.find())
    assert kit_install.copy_notebooks(unpacked) == (count, 0)
    mine = unpacked / "work" / "02_cbow.ipynb"
    mine.write_text("my work", encoding="utf-8")
    (unpacked / "work" / "03_skip_gram.ipynb").unlink()
    assert kit_install.copy_notebooks(unpacked) == (1, count - 1)
    assert mine.read_text(encoding="utf-8") == "my work"
    assert not list((unpacked / "work").glob(".*"))


def test_deeper_notebooks_stay_deeper(members, tmp_path):
    (name,) = [name for name in members if name.startswith("notebooks/02")]
    deeper = {name.removeprefix("notebooks/") for name in members if "/deeper/02" in name}
    assert deeper
    more = {**members, "notebooks/deeper/02_more.ipynb": members[name]}
    kit.write(more, tmp_path / "kit.zip")
    assert f"{len(notebooks.find()) + 1} student copies, 1" in kit.summary(tmp_path / "kit.zip")
    wanted = {name.removeprefix("notebooks/"), "deeper/02_more.ipynb"} | deeper
    assert sorted(kit_prove._in_archive(tmp_path / "kit.zip", ["02"])) == sorted(wanted)
    with zipfile.ZipFile(tmp_path / "kit.zip") as packed:
        packed.extractall(tmp_path)
    kit_install.copy_notebooks(tmp_path / kit.NAME)
    assert (tmp_path / kit.NAME / "work" / "deeper" / "02_more.ipynb").is_file()


def test_install_and_start_need_python_alone():
    for module in (kit_install, kit_start):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_pip_is_led_nowhere_else(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org")
    monkeypatch.setenv("pip_find_links", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    environment = kit_install.clean_environment()
    assert {k for k in environment if k.upper().startswith("PIP_")} == {"PIP_CONFIG_FILE"}
    assert environment["PIP_CONFIG_FILE"] == os.devnull and "PYTHONPATH" not in environment


def test_start_sets_the_data_of_the_kit(unpacked, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_MIRROR", "/other")
    assert kit_start.environment(unpacked)["COURSE_DATA_MIRROR"] == "/other"
    (unpacked / "data").mkdir()
    assert kit_start.environment(unpacked)["COURSE_DATA_MIRROR"] == os.pathsep.join(
        [str(unpacked / "data"), "/other"]
    )
    monkeypatch.delenv("COURSE_DATA_MIRROR")
    assert kit_start.environment(unpacked)["COURSE_DATA_MIRROR"] == str(unpacked / "data")


def test_the_proof_has_no_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("COURSE_DATA_MIRROR", "/somewhere")
    environment = kit_prove.offline(tmp_path)
    assert environment["https_proxy"] == environment["HTTP_PROXY"] == kit_prove.NOWHERE
    assert environment["PIP_NO_INDEX"] == "1" and environment["HOME"] == str(tmp_path)
    assert not {"PYTHONPATH", "COURSE_DATA_MIRROR"} & set(environment)


# Data


@pytest.mark.parametrize(
    ("content", "numbers", "said"),
    [
        (None, ["00"], "there is no kit"),
        (b"no archive", ["00"], "is no archive"),
        ("kit", ["00", "99"], "holds no notebook 99"),
    ],
)
def test_the_proof_names_what_is_wrong_before_it_begins(
    content, numbers, said, archive, tmp_path, capsys
):
    path = tmp_path / "kit.zip"
    if content == "kit":
        path = archive
    elif content:
        path.write_bytes(content)
    assert kit.main(["--prove", "--output", str(path), "--notebooks", *numbers]) == 1
    assert said in capsys.readouterr().err


def test_a_kit_of_another_machine_proves_nothing_here(archive, monkeypatch, capsys):
    """Unless its platforms are named: then it was resolved for them."""
    own = {"system": "Plan 9", "machine": "x", "tag": ""}
    monkeypatch.setattr(kit_install, "here", lambda: ("3.12", [own]))
    assert kit.main(["--prove", "--output", str(archive), "--notebooks", "00"]) == 1
    assert "This is Python 3.12 on Plan 9, x" in capsys.readouterr().out


def test_the_summary_names_notebooks_without_slides(archive, members):
    copies = [name for name in members if name.startswith("notebooks/")]
    text = kit.summary(archive)
    assert text.startswith(f"{len(copies)} student copies, 1 with slides, 0 files of data; ")
    assert ", 01, 01_lsa, 02, " in text


def test_a_folder_without_data_of_the_course_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no data set of the course"):
        kit.sort_data(tmp_path)


def test_a_license_decides_what_is_passed_on():
    remote = [row for row in REGISTRY.values() if row.kind == "remote"]
    passed_on = {row.name for row in remote if kit.may_be_passed_on(row)}
    assert {"enwiki", "sms_spam", "glove_6b", "nsmc"} <= passed_on
    assert not {"imdb", "imdb_packed", "googlenews", "men"} & passed_on
    assert {row.license for row in remote if row.name not in passed_on} == {
        "not stated; cite the paper",
        "not stated (that of the program is Apache-2.0)",
    }


def test_of_several_data_folders_one_has_to_be_chosen(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_MIRROR", os.pathsep.join(["/one", "/two"]))
    assert kit.main(["--output", str(tmp_path / "x.zip")]) == 1
    assert "choose one with --data" in capsys.readouterr().err


def test_a_missing_data_folder_stops_the_build(tmp_path, capsys):
    assert kit.main(["--output", str(tmp_path / "x.zip"), "--data", str(tmp_path / "no")]) == 1
    assert "there is no folder" in capsys.readouterr().err


@pytest.fixture
def mirror(tmp_path) -> Path:
    """Return the data folder of this machine, if it holds what the tests need."""
    first = os.environ.get("COURSE_DATA_MIRROR", "").split(os.pathsep)[0]
    needed = [file.path for name in ("sms_spam", "men") for file in REGISTRY[name].files]
    if not first or not all((Path(first) / name).is_file() for name in needed):
        pytest.skip("COURSE_DATA_MIRROR holds no sms_spam and men")
    folder = tmp_path / "mirror"
    for name in needed:
        (folder / name).parent.mkdir(parents=True)
        shutil.copyfile(Path(first) / name, folder / name)
    return folder


def test_data_are_copied_whole_with_their_licenses(mirror, tmp_path):
    passed_on, left_out = kit.sort_data(mirror)
    assert [row.name for row in passed_on] == ["sms_spam"]
    assert [row.name for row in left_out] == ["men"]
    kit.fill_data(mirror, passed_on, tmp_path / "data")
    names = kit.tree(tmp_path / "data", "data")
    assert set(names) == {"data/MANIFEST.json", "data/sms_spam/spam.csv"}
    page = kit.readme(passed_on, left_out, slides=False)
    assert "| `sms_spam` |" in page and "CC BY 4.0" in page
    assert re.search(r"state no licence: `men`\.", page)


def test_damaged_data_stop_the_build(mirror):
    damage(mirror / "sms_spam" / "spam.csv")
    with pytest.raises(ValueError, match=r"spam.csv is damaged"):
        kit.sort_data(mirror)
