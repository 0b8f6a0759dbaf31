"""The official ELMo files: no checksum is published, so the first download records one."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_datasets as plain
from elmo_reference import Reference, generate
from test_elmo import options

from course_lib import datasets, elmo
from course_lib.datasets import records, store
from course_lib.datasets.registry import REGISTRY, Dataset, File
from course_lib.elmo import Elmo

MODELS = [row for name, row in REGISTRY.items() if name.startswith("elmo_")]

no_sockets, server = plain.no_sockets, plain.server

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = [["One", "sentence", "."], ["Two"]]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Options and weights of a small model."""
    paths = generate(tmp_path_factory.mktemp("model"), options())
    return paths[0].read_bytes(), paths[1].read_bytes()


def register(monkeypatch: Any, url: str | None) -> tuple[File, File]:
    """Let the files of the small model come from a server of ours."""
    row = REGISTRY["elmo_small"]
    files = tuple(File(file.path, None, None, url) for file in row.files)
    row = Dataset(row.name, row.what, files, row.license, row.citation)
    monkeypatch.setitem(REGISTRY, "elmo_small", row)
    return files


def answers(*contents: bytes) -> list[tuple[int, bytes, int]]:
    return [(200, content, len(content)) for content in contents]


def facts(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def record_of(path: Path) -> dict[str, Any]:
    return json.loads(Path(f"{path}.record.json").read_text(encoding="utf-8"))


def put(folder: Path, files: tuple[File, ...], contents: tuple[bytes, ...]) -> list[Path]:
    return [plain._put(folder, file, c) for file, c in zip(files, contents, strict=True)]


def quiet(*, download: bool = False) -> tuple[Path, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return store.locate("elmo_small", download=download)


def forget_this_process(monkeypatch: Any) -> None:
    monkeypatch.setattr(store, "_checked", set())


def test_the_addresses_are_the_public_ones() -> None:
    bucket = "https://s3-us-west-2.amazonaws.com/allennlp/models/elmo/"
    wanted = {
        "elmo_small": "2x1024_128_2048cnn_1xhighway",
        "elmo_medium": "2x2048_256_2048cnn_1xhighway",
        "elmo_original": "2x4096_512_2048cnn_2xhighway",
        "elmo_original_5_5b": "2x4096_512_2048cnn_2xhighway_5.5B",
    }
    assert [row.name for row in MODELS] == list(wanted) == list(elmo.OFFICIAL.values())
    for name, folder in wanted.items():
        row = REGISTRY[name]
        assert [file.url for file in row.files] == [
            f"{bucket}{folder}/elmo_{folder}_options.json",
            f"{bucket}{folder}/elmo_{folder}_weights.hdf5",
        ]
        assert "Apache-2.0" in row.license and "Peters et al. 2018" in row.citation
        assert row.size is None and row.kind == "remote"
    assert len({file.path for row in MODELS for file in row.files}) == 8


def test_first_download_records_and_says_so(alone, monkeypatch, server, contents) -> None:
    files = register(monkeypatch, server.url)
    server.answers = answers(*contents)
    with pytest.warns(UserWarning, match="No checksum is published") as said:
        model = Elmo.official("small", download=True, device="cpu")
    paths = [alone / file.path for file in files]
    for path, content, warning in zip(paths, contents, said, strict=True):
        assert path.read_bytes() == content and record_of(path) == facts(content)
        for part in ("Recorded SHA-256", facts(content)["sha256"], "held to it"):
            assert part in str(warning.message)
    reference = Reference(*paths)
    layers, mask = model.embed(SENTENCES)
    for row, sentence in enumerate(SENTENCES):
        found = layers[:, row, mask[row]].numpy()
        np.testing.assert_allclose(found, reference.layers(sentence, row), rtol=0, atol=5e-6)
    for _ in range(2):  # later reads, in this process and in the next, ask and say nothing
        assert quiet(download=True) == tuple(paths)
        forget_this_process(monkeypatch)
    assert len(server.asked) == 2 and datasets.used() == {"elmo_small": "cache"}
    assert not list(alone.rglob(".partial-*"))


@pytest.mark.parametrize("change", [lambda c: c[:-3], lambda c: c[:-1] + b" "])
def test_later_reads_are_held_to_the_record(alone, monkeypatch, contents, change) -> None:
    files = register(monkeypatch, None)
    paths = put(alone, files, contents)
    with pytest.warns(UserWarning, match="Recorded") as said:
        store.locate("elmo_small")
    assert len(said) == 2
    changed = change(contents[0])
    paths[0].write_bytes(changed)
    os.utime(paths[0], ns=(1, 1))
    assert store.state(REGISTRY["elmo_small"]) == (
        "damaged" if len(changed) != len(contents[0]) else "cache"
    )
    with pytest.raises(datasets.DataUnavailable, match="damaged") as caught:
        quiet()
    for part in (facts(contents[0])["sha256"], "as recorded in", f"{paths[0]}.record.json"):
        assert part in str(caught.value)
    assert record_of(paths[0]) == facts(contents[0])  # it is the record that stays
    paths[0].write_bytes(contents[0])
    assert quiet() == tuple(paths)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("change", [lambda c: b"<html>sign in</html>", lambda c: c[: len(c) // 2]])
def test_a_wrong_first_download_is_neither_kept_nor_recorded(
    alone, monkeypatch, server, contents, which, change
) -> None:
    files = register(monkeypatch, server.url)
    server.answers = answers(*contents[:which], change(contents[which]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the options before the weights are recorded
        with pytest.raises(datasets.DataUnavailable, match="not a whole") as caught:
            store.locate("elmo_small", download=True)
    assert len(server.asked) == which + store.ATTEMPTS
    assert "neither its length nor a checksum is published" in str(caught.value)
    left = {path.name for path in alone.rglob("*") if path.is_file()}
    assert not any(Path(files[which].path).name in name for name in left)


def test_a_transfer_that_is_cut_off_is_tried_again(alone, monkeypatch, server, contents) -> None:
    register(monkeypatch, server.url)
    cut = (200, contents[0][:-1], len(contents[0]))  # says it has one byte more
    server.answers = [cut, *answers(*contents)]
    with pytest.warns(UserWarning, match="Recorded"):
        store.locate("elmo_small", download=True)
    assert len(server.asked) == 3


def test_a_new_download_is_held_to_the_record_too(alone, monkeypatch, server, contents) -> None:
    files = register(monkeypatch, server.url)
    paths = put(alone, files, contents)
    with pytest.warns(UserWarning, match="Recorded"):
        store.locate("elmo_small")
    paths[0].unlink()
    other = contents[0].replace(b"relu", b"tanh")
    server.answers = answers(other)
    with pytest.raises(datasets.DataUnavailable, match="as recorded in") as caught:
        quiet(download=True)
    assert not paths[0].exists() and facts(contents[0])["sha256"] in str(caught.value)
    records.record_path(paths[0]).unlink()
    with pytest.warns(UserWarning, match=facts(other)["sha256"]):
        store.locate("elmo_small", download=True)
    assert record_of(paths[0]) == facts(other)


def test_a_mirror_without_a_record_is_accepted_and_left_alone(
    alone, monkeypatch, tmp_path, contents
) -> None:
    room = tmp_path / "room"
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(room))
    paths = put(room, register(monkeypatch, None), contents)
    for _ in range(2):  # each process says it once
        with pytest.warns(UserWarning, match="none is recorded") as said:
            assert store.locate("elmo_small") == tuple(paths)
        assert len(said) == 2 and facts(contents[1])["sha256"] in str(said[1].message)
        assert quiet() == tuple(paths)
        forget_this_process(monkeypatch)
    assert sorted(p for p in room.rglob("*") if p.is_file()) == sorted(paths)
    assert not alone.exists()
    paths[1].write_bytes(contents[1][:-100])
    with warnings.catch_warnings(), pytest.raises(datasets.DataUnavailable, match="whole hdf5"):
        warnings.simplefilter("ignore")
        store.locate("elmo_small")


def test_a_record_that_cannot_be_written_or_read(alone, monkeypatch, contents) -> None:
    paths = put(alone, register(monkeypatch, None), contents)

    def refuse(path: Path, found: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(records, "write", refuse)
        with pytest.warns(UserWarning, match="cannot be written") as said:
            store.locate("elmo_small")
        assert facts(contents[0])["sha256"] in str(said[0].message)
        assert quiet() == tuple(paths)
    records.record_path(paths[0]).write_text("{", encoding="utf-8")
    forget_this_process(monkeypatch)
    with pytest.warns(UserWarning, match="Recorded"):
        store.locate("elmo_small")
    assert record_of(paths[0]) == facts(contents[0])


def test_official_by_name(alone, no_sockets) -> None:
    with pytest.raises(ValueError, match=r"official ELMo model called 'smal'.*mean small"):
        Elmo.official("smal")
    for name, row in elmo.OFFICIAL.items():
        with pytest.raises(datasets.DataUnavailable, match=rf"fetch_data\.py get {row}$"):
            Elmo.official(name)
    assert not alone.exists()


def test_the_course_model(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(elmo, "_COURSE_MODEL", tmp_path / "bilm")
    with pytest.raises(FileNotFoundError, match=r"no options file .*bilm/options\.json"):
        Elmo.course_model()
    files = generate(tmp_path / "bilm", options())
    model = Elmo.course_model(device="cpu", stateful=True, cache=3)
    assert model.stateful and model._encode.cache.size == 3
    found = model.embed([["a", "b"]]).layers[:, 0].numpy()
    wanted = Reference(*files).layers(["a", "b"])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6)


# --- the command line ------------------------------------------------------------------------


@pytest.fixture
def fetch_data(monkeypatch):
    for name in list(REGISTRY):
        if name not in ("elmo_small", "men"):
            monkeypatch.delitem(REGISTRY, name)
    spec = importlib.util.spec_from_file_location("fetch_data", ROOT / "data_scripts/fetch_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_status_and_list_do_not_need_a_size(fetch_data, alone, capsys) -> None:
    table = datasets.status().set_index("name")
    assert table.loc["elmo_small", ["where", "size"]].tolist() == ["missing", "unknown"]
    assert table.loc["men", "size"] == "54 kB" and store.readable_size(None) == "unknown"
    assert fetch_data.main(["list"]) == 0
    (line,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("elmo_small")]
    assert line.split()[1:3] == ["unknown", "missing"] and "Apache-2.0" in line


def test_get_and_verify(fetch_data, alone, monkeypatch, server, contents, capsys) -> None:
    files = register(monkeypatch, server.url)
    men = REGISTRY["men"].files[0]
    monkeypatch.setattr(store, "_download", lambda row, file, plain=store._download: (
        plain(row, file) if row.name != "men" else store.cache_dir() / "men"
    ))  # fmt: skip
    server.answers = answers(*contents)
    assert fetch_data.main(["get", "elmo_small", "men"]) == 0
    out = capsys.readouterr().out
    start = "To download: 54 kB and 2 files of a length that is not published."
    assert out.startswith(start) and men.size == 53_593
    for content in contents:
        assert f"Recorded SHA-256 {facts(content)['sha256']}" in out
    forget_this_process(monkeypatch)
    assert fetch_data.main(["get", "elmo_small"]) == 0
    out = capsys.readouterr().out
    assert "Recorded" not in out and "To download" not in out
    assert fetch_data.main(["verify"]) == 0
    assert capsys.readouterr().out.count("right    elmo_small") == 2
    (alone / files[1].path).write_bytes(contents[1][:-1])
    assert fetch_data.main(["verify"]) == 1
    out = capsys.readouterr().out
    assert "WRONG    elmo_small" in out and f"{len(contents[1]):,} are expected" in out


@pytest.mark.parametrize("recorded", [True, False])
def test_mirror_passes_the_record_on(
    fetch_data, alone, monkeypatch, tmp_path, contents, capsys, recorded
) -> None:
    files = register(monkeypatch, None)
    source = alone if recorded else tmp_path / "room"
    put(source, files, contents)
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path / "room"))
    usb = tmp_path / "usb"
    assert fetch_data.main(["mirror", str(usb), "elmo_small"]) == 0
    assert ("none is recorded" in capsys.readouterr().out) == (not recorded)
    manifest = json.loads((usb / "MANIFEST.json").read_text(encoding="utf-8"))
    for file, content, listed in zip(
        files, contents, manifest["datasets"][0]["files"], strict=True
    ):
        assert (usb / file.path).read_bytes() == content
        assert record_of(usb / file.path) == facts(content)
        assert listed == {
            "path": file.path,
            "bytes": len(content),
            "sha256": facts(content)["sha256"],
        }
    (usb / files[1].path).write_bytes(contents[1][:-1] + b"x")  # a bad copy is made again
    assert fetch_data.main(["mirror", str(usb), "elmo_small"]) == 0
    assert (usb / files[1].path).read_bytes() == contents[1]
    for path in source.rglob("*"):
        path.unlink() if path.is_file() else None
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(usb))
    forget_this_process(monkeypatch)
    assert quiet() == tuple(usb / file.path for file in files)
