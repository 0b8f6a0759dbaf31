"""The command line: what it prints, what it leaves on the disk, and its exit codes."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import datasets
from course_lib.datasets import store
from course_lib.datasets.registry import REGISTRY, Dataset, File

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "data_scripts" / "fetch_data.py"

CONTENT = {"men": b"cat\tdog\t7.5\n", "rw": b"sun\tmoon\t3.0\n"}


@pytest.fixture(scope="module")
def fetch_data():
    spec = importlib.util.spec_from_file_location("fetch_data", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A registry of two small sets and one shipped one; ``men`` and ``rw`` lie in a mirror."""
    monkeypatch.setenv("COURSE_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    monkeypatch.setattr(store, "_used", {})
    lee = REGISTRY["lee"]
    for name in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, name)
    monkeypatch.setitem(REGISTRY, "lee", lee)
    for name, content in CONTENT.items():
        file = File(f"words/{name}.txt", len(content), hashlib.sha256(content).hexdigest())
        row = Dataset(name, f"toy {name}", (file,), f"licence of {name}", f"maker of {name}")
        monkeypatch.setitem(REGISTRY, name, row)
        path = tmp_path / "room" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_list_shows_size_place_license_and_source(fetch_data, toy, capsys):
    (toy / "room" / "words" / "rw.txt").unlink()
    assert fetch_data.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    head = {line.split()[0]: line for line in lines if line and not line.startswith(" ")}
    assert "embedded" in head["lee"] and "360 kB" in head["lee"]
    assert "mirror" in head["men"] and "licence of men" in head["men"]
    assert "missing" in head["rw"]
    assert any("maker of men" in line for line in lines)
    assert head["cache:"].endswith(str(toy / "cache"))


def test_get_finds_what_is_at_hand(fetch_data, toy, capsys):
    assert fetch_data.main(["get", "men", "lee"]) == 0
    out = capsys.readouterr().out
    assert "licence of men" in out and "ready:   mirror" in out and "ready:   embedded" in out
    assert not (toy / "cache").exists()


def test_get_all_goes_on_after_a_failure(fetch_data, toy, capsys):
    (toy / "room" / "words" / "men.txt").unlink()
    assert fetch_data.main(["get", "all"]) == 1
    out = capsys.readouterr().out
    assert "words/men.txt" in out and "no public address" in out
    assert out.index("rw: toy rw") > out.index("men: toy men") and "ready:   mirror" in out


def test_get_downloads(fetch_data, toy, monkeypatch, capsys):
    (toy / "room" / "words" / "men.txt").unlink()
    row = REGISTRY["men"]
    file = File(row.files[0].path, row.files[0].size, row.files[0].sha256, "http://example/men")
    monkeypatch.setitem(
        REGISTRY, "men", Dataset("men", row.what, (file,), row.license, row.citation)
    )

    def transfer(dataset, file, folder):
        path = Path(folder) / "men.txt"
        path.write_bytes(CONTENT["men"])
        return str(path)

    monkeypatch.setattr(store, "_transfer", transfer)
    assert fetch_data.main(["get", "men"]) == 0
    assert (toy / "cache" / "words" / "men.txt").read_bytes() == CONTENT["men"]
    assert "ready:   cache" in capsys.readouterr().out

    def interrupt(*args):
        raise KeyboardInterrupt

    (toy / "cache" / "words" / "men.txt").unlink()
    monkeypatch.setattr(store, "_transfer", interrupt)
    assert fetch_data.main(["get", "men"]) == 130
    assert [path for path in (toy / "cache").rglob("*") if path.is_file()] == []


def test_verify(fetch_data, toy, capsys):
    assert fetch_data.main(["verify"]) == 0
    assert "Nothing is wrong." in capsys.readouterr().out
    path = toy / "room" / "words" / "men.txt"
    path.write_bytes(b"x" + CONTENT["men"][1:])
    os.utime(path, ns=(1, 1))
    assert fetch_data.main(["verify"]) == 1
    out = capsys.readouterr().out
    (wrong,) = [line for line in out.splitlines() if line.startswith("WRONG")]
    assert str(path) in wrong and REGISTRY["men"].files[0].sha256 in out and "to mend" in out


def test_verify_tells_of_a_mirror_folder_that_is_not_there(fetch_data, toy, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(toy / "romo"))
    assert fetch_data.main(["verify"]) == 1
    assert "no such folder" in capsys.readouterr().out


def test_mirror_builds_a_folder_the_loaders_can_use(fetch_data, toy, monkeypatch, capsys):
    target = toy / "usb" / "course"
    assert fetch_data.main(["mirror", str(target)]) == 0
    written = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert written == ["MANIFEST.json", "words/men.txt", "words/rw.txt"]
    manifest = json.loads((target / "MANIFEST.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in manifest["datasets"]] == ["men", "rw"]
    assert manifest["datasets"][0]["license"] == "licence of men"

    shutil.rmtree(toy / "room")
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(target))
    assert datasets.load_similarity("men").attrs["source"] == "mirror"


def test_mirror_of_some_data_sets_adds_to_what_is_there(fetch_data, toy, capsys):
    target = toy / "usb"
    for name in ("rw", "men"):
        assert fetch_data.main(["mirror", str(target), name]) == 0
        assert f"Included: {name}." in capsys.readouterr().out
    manifest = json.loads((target / "MANIFEST.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in manifest["datasets"]] == ["men", "rw"]
    (target / "words" / "rw.txt").write_bytes(b"cut")
    assert fetch_data.main(["mirror", str(target), "men"]) == 0
    manifest = json.loads((target / "MANIFEST.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in manifest["datasets"]] == ["men"]
    assert fetch_data.main(["mirror", str(toy / "other"), "lee"]) == 0  # ships: nothing to copy
    assert "Included: nothing." in capsys.readouterr().out and not (toy / "other").exists()


def test_the_size_of_a_download_is_said_before_it_begins(fetch_data, toy, monkeypatch, capsys):
    large = File("large.bin", 1_647_046_227, "0" * 64, "http://example/large")
    monkeypatch.setitem(REGISTRY, "large", Dataset("large", "toy", (large,), "none", "nobody"))

    def refuse(dataset, file):
        raise datasets.DataUnavailable("no network")

    monkeypatch.setattr(store, "_download", refuse)
    assert fetch_data.main(["get", "large", "men"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("To download: 1.6 GB.") and "no network" in out
    assert fetch_data.main(["get", "men"]) == 0 and "To download" not in capsys.readouterr().out


def test_mirror_replaces_a_cut_copy_and_says_what_is_left_out(fetch_data, toy, capsys):
    target = toy / "usb"
    (target / "words").mkdir(parents=True)
    (target / "words" / "men.txt").write_bytes(b"cut")
    (toy / "room" / "words" / "rw.txt").unlink()
    assert fetch_data.main(["mirror", str(target)]) == 1
    assert (target / "words" / "men.txt").read_bytes() == CONTENT["men"]
    assert "Not included, see above: rw." in capsys.readouterr().out
    manifest = json.loads((target / "MANIFEST.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in manifest["datasets"]] == ["men"]


def test_mirror_leaves_a_foreign_manifest_alone(fetch_data, toy, capsys):
    (toy / "room" / "MANIFEST.json").write_text("[]", encoding="utf-8")
    assert fetch_data.main(["mirror", str(toy / "room")]) == 1
    assert (toy / "room" / "MANIFEST.json").read_text(encoding="utf-8") == "[]"
    assert "Choose another folder" in capsys.readouterr().out


def test_mirror_on_a_full_disk_leaves_no_cut_file(fetch_data, toy, monkeypatch, capsys):
    def cut(source, target):
        Path(target).write_bytes(b"c")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch_data.shutil, "copyfile", cut)
    assert fetch_data.main(["mirror", str(toy / "usb")]) == 1
    assert "No space left on device" in capsys.readouterr().out
    assert [path for path in (toy / "usb").rglob("*") if path.is_file()] == []


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        cwd=environment.get("HOME", ROOT),
    )


def test_as_a_program(tmp_path):
    done = _run("list", COURSE_DATA_CACHE=str(tmp_path / "cache"), COURSE_DATA_MIRROR="")
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in REGISTRY)
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("googlenews ")]
    assert "1.6 GB  missing" in row
    help_text = _run("get", "--help").stdout
    assert all(f"\n  {code} " in help_text for code in (0, 1, 2, 130))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["get", "mne"], "Did you mean men?"),
        (["get"], "NAME"),
        (["mirror"], "DIR"),
        ([], "COMMAND"),
        (["fetch"], "fetch"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, message):
    done = _run(*arguments)
    assert done.returncode == 2 and message in done.stderr
