"""Launch buttons: none without a repository; with one, right targets and copies that install."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_tools import assignments, launch, lint, notebooks
from course_tools.page import Page

ROOT = notebooks.ROOT
REPO = "someone/word-vectors"
REF = "0123abc"
PAGE = f"# Course\n\n{launch.BEGIN}\n{launch.END}\n\nThe end.\n"
COLAB = f"https://colab.research.google.com/github/{REPO}/blob/student/launch/90_sample.ipynb"
DEEPER_LINKS = "\n\n[lesson](../90_sample.ipynb#Recap) [page](../../docs/room.md#a)"
BINDER = f"https://mybinder.org/v2/gh/{REPO}/student?labpath=launch%2F90_sample.ipynb"


@pytest.fixture
def root(tmp_path, sample) -> Path:
    """Return a small project: three notebooks, two pages, the real pins, no repository yet."""
    folder = tmp_path / "project"
    (folder / "notebooks" / "student").mkdir(parents=True)
    (folder / "notebooks" / "deeper").mkdir()
    (folder / "docs").mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copyfile(notebooks.ROOT / name, folder / name)
    other = copy.deepcopy(sample)
    nbformat.write(sample, folder / "notebooks" / "90_sample.ipynb")
    nbformat.write(other, folder / "notebooks" / "91_next.ipynb")
    companion = copy.deepcopy(sample)
    next(c for c in companion.cells if c.id == "recap").source += DEEPER_LINKS
    nbformat.write(companion, folder / "notebooks" / "deeper" / "90_more.ipynb")
    (folder / "notebooks" / "student" / "90_sample.ipynb").write_text("{}", encoding="utf-8")
    (folder / "README.md").write_text(PAGE, encoding="utf-8")
    (folder / "docs" / "room.md").write_text(PAGE, encoding="utf-8")
    set_repository(folder, "")
    return folder


def set_repository(root: Path, value: str) -> None:
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(r"(?m)^repository = .*$", f'repository = "{value}"', text)
    assert count == 1
    path.write_text(changed, encoding="utf-8")


@pytest.fixture
def drawn(root) -> Path:
    set_repository(root, REPO)
    assert launch.generate(root) == 2  # pages
    return root


@pytest.fixture
def copied(drawn, tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(notebooks, "ROOT", drawn)
    assert launch.main(["--copies", str(tmp_path / "branch"), "--ref", REF]) == 0
    return tmp_path / "branch"


def told(root: Path) -> list[str]:
    return [f"{page}: {what}" for page, _, what in launch.findings(root)]


def test_nothing_is_drawn_while_no_repository_is_set(root):
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert launch.generate(root) == 0
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert launch.copies(root, REF) == {}
    assert told(root) == []


def test_badges_lead_to_the_copies_of_this_version(drawn):
    for name in ("README.md", "docs/room.md"):
        text = (drawn / name).read_text(encoding="utf-8")
        assert f"]({COLAB})" in text and f"]({BINDER})" in text
        assert text.count("blob") == text.count("/v2/gh/") == 3
        assert "/blob/student/launch/deeper/90_more.ipynb)" in text
        assert "labpath=launch%2Fdeeper%2F90_more.ipynb)" in text
        assert all(alt for alt in re.findall(r"!\[(.*?)\]", text))
        assert text.startswith("# Course\n") and text.endswith("\n\nThe end.\n")
    assert told(drawn) == []


def test_drawing_again_changes_nothing_and_emptying_removes_all(drawn):
    before = {p: p.read_bytes() for p in drawn.rglob("*") if p.is_file()}
    launch.generate(drawn)
    assert {p: p.read_bytes() for p in drawn.rglob("*") if p.is_file()} == before
    set_repository(drawn, "")
    launch.generate(drawn)
    assert (drawn / "README.md").read_text(encoding="utf-8") == PAGE
    assert told(drawn) == []


def test_a_copy_is_the_student_copy_with_an_installation_in_front(copied, sample):
    names = {"90_sample.ipynb", "91_next.ipynb", "deeper/90_more.ipynb"}
    found = {p.relative_to(copied / "launch").as_posix() for p in copied.rglob("*.ipynb")}
    assert found == names
    made = notebooks.read(copied / "launch" / "90_sample.ipynb")
    ids = [c.id for c in sample.cells if not assignments.LEFT_OUT & set(notebooks.tags(c))]
    assert [c.id for c in made.cells if c.id in ids] == ids
    assert [c.id for c in made.cells][:2] == ["launch-note", "launch-install"]
    assert not any("x + x" in c.source for c in made.cells)  # no solution
    assert all(c.outputs == [] and c.execution_count is None for c in notebooks.code_cells(made))
    by_id = {c.id: c.source for c in made.cells}
    assert "[91](91_next.ipynb)" in by_id["references"]  # a launch copy too
    page = f"https://github.com/{REPO}/blob/{REF}/notebooks/"
    assert f"![dot]({page}dot.png) [below](#Recap)" in by_id["first-section"]
    assert f"[90_sample.ipynb]({page}90_sample.ipynb)" in by_id["launch-note"]
    more = notebooks.read(copied / "launch" / "deeper" / "90_more.ipynb")
    links = next(c.source for c in more.cells if c.id == "recap")
    assert "[lesson](../90_sample.ipynb#Recap)" in links
    assert f"[page](https://github.com/{REPO}/blob/{REF}/docs/room.md#a)" in links


def test_binder_builds_the_course_with_its_pins(copied):
    made = yaml.safe_load((copied / "environment.yml").read_text(encoding="utf-8"))
    python, pip, lines = made["dependencies"]
    project = tomllib.loads((notebooks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pip == "pip" and python.startswith("python=")
    requires = SpecifierSet(project["project"]["requires-python"])
    assert requires.contains(python.removeprefix("python="))
    assert lines["pip"] == [
        f"-c https://raw.githubusercontent.com/{REPO}/{REF}/constraints.txt",
        f"-e git+https://github.com/{REPO}@{REF}#egg=word-vectors-course",
    ]


def test_the_workflow_publishes_what_the_buttons_open():
    path = notebooks.ROOT / ".github" / "workflows" / "student.yml"
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["publish"]["permissions"] == {"contents": "write"}
    assert "secrets." not in text
    scripts = "".join(step.get("run", "") for step in workflow["jobs"]["publish"]["steps"])
    assert re.search(rf"^bash \.ci/publish copies {launch.BRANCH} ", scripts, re.MULTILINE)
    calls = re.findall(r"python -m course_tools\.(\w+) (.+)", scripts)
    assert calls == [
        ("editions", "--output copies"),
        ("launch", '--copies copies --ref "$GITHUB_SHA"'),
    ]


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.skipif(os.name == "nt", reason="the branch is published on Linux")
def test_a_reader_of_the_branch_can_go_on_and_keeps_what_was_written(tmp_path):
    """As nbgitpuller does it: a shallow clone; then commit, fetch, merge, with one's own lines."""
    origin, course, folder = tmp_path / "origin.git", tmp_path / "course", tmp_path / "copies"
    git(tmp_path, "init", "--quiet", "--bare", str(origin))
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(course))
    (course / "master.ipynb").write_text("solved", encoding="utf-8")
    (course / ".gitignore").write_text("build/\n", encoding="utf-8")
    git(course, "add", ".")
    git(course, "commit", "--quiet", "-m", "course")
    git(course, "remote", "add", "origin", origin.as_uri())
    git(course, "push", "--quiet", "origin", "main")
    head = git(course, "rev-parse", "HEAD")

    def publish(**files: str) -> list[str]:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "build").mkdir(parents=True)  # main ignores such a folder
        for name, text in files.items():
            (folder / "build" / name).write_text(text, encoding="utf-8")
        command = ["bash", str(notebooks.ROOT / ".ci" / "publish"), str(folder), "student", "new"]
        subprocess.run(command, cwd=course, check=True, capture_output=True)
        return git(origin, "rev-list", "student").split()

    long = "a\n" * 9
    first = publish(a=f"1\n{long}end\n", b="b")
    assert len(first) == 1
    assert git(origin, "ls-tree", "-r", "--name-only", "student").split() == ["build/a", "build/b"]
    reader = tmp_path / "reader"
    clone = ["--quiet", "--depth", "1", "--branch", "student"]
    git(tmp_path, "clone", *clone, origin.as_uri(), str(reader))
    assert publish(a=f"1\n{long}end\n", b="b") == first  # no change, no commit
    second = publish(a=f"2\n{long}end\n", c="c")
    assert second[1:] == first
    assert (git(course, "rev-parse", "HEAD"), git(course, "status", "--short")) == (head, "")

    (reader / "build" / "a").write_text(f"1\n{long}mine\n", encoding="utf-8")
    git(reader, "commit", "--quiet", "--all", "-m", "mine")
    git(reader, "fetch", "--quiet")
    git(reader, "merge", "--quiet", "-Xours", "origin/student")
    assert (reader / "build" / "a").read_text(encoding="utf-8") == f"2\n{long}mine\n"
    assert sorted(path.name for path in (reader / "build").iterdir()) == ["a", "c"]


def test_a_link_of_a_hub_pulls_the_branch_and_opens_the_copy(drawn, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", drawn)
    assert launch.main(["--hub", "https://hub.example.org/"]) == 0
    printed = capsys.readouterr().out.split()
    assert printed == list(launch.hub_links(drawn, "https://hub.example.org").values())
    assert len(printed) == 3
    for link, name in zip(printed, launch._paths(drawn), strict=True):
        parts = urlsplit(link)
        assert parts.netloc == "hub.example.org" and parts.path == "/hub/user-redirect/git-pull"
        assert parse_qs(parts.query) == {
            "repo": [f"https://github.com/{REPO}"],
            "branch": ["student"],
            "targetPath": ["word-vectors-student"],
            "urlpath": [f"lab/tree/word-vectors-student/launch/{name}"],
        }


@pytest.mark.parametrize("hub", ["hub.example.org", "ftp://a.b", "https://", "https://a.b/?next=x"])
def test_a_hub_without_an_address_is_refused(hub, drawn, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", drawn)
    assert launch.main(["--hub", hub]) == 1
    assert "wanted the address of a hub" in capsys.readouterr().err


def test_there_is_no_link_without_a_repository(root, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", root)
    assert launch.main(["--hub", "https://hub.example.org"]) == 1
    assert "no repository is set" in capsys.readouterr().err


def test_the_page_shows_the_link_that_is_printed(drawn):
    """What the page on JupyterHub takes apart is what the command prints."""
    text = (ROOT / "docs" / "jupyterhub.md").read_text(encoding="utf-8")
    set_repository(drawn, "OWNER/NAME")
    link = launch.hub_links(drawn, "https://HUB")["90_sample.ipynb"]
    shown = re.search(r"^https://HUB/.*?^```", text, re.MULTILINE | re.DOTALL)[0]
    shown = "".join(shown.removesuffix("```").split())
    assert shown == link.replace("90_sample", "04_negative_sampling")


def test_solved_copies_are_made_on_request_alone(drawn, sample):
    made = launch.copies(drawn, REF, solved=True)
    plain = launch.copies(drawn, REF)
    assert {name: text for name, text in made.items() if not name.startswith("solved/")} == plain
    solved = nbformat.reads(made["solved/90_sample.ipynb"], as_version=4)
    assert [cell.id for cell in solved.cells[:2]] == ["launch-note", "launch-install"]
    rest = {cell.id: cell for cell in solved.cells[2:]}
    assert list(rest) == [cell.id for cell in sample.cells]
    for cell in notebooks.code_cells(sample):  # solutions, checks and outputs as they are stored
        assert (rest[cell.id].source, rest[cell.id].outputs) == (cell.source, cell.outputs)
    assert any("x + x" in cell.source for cell in rest.values())


def test_what_holds_for_ones_own_machine_is_left_out():
    """On the reference page; and the cells are still there to be left out."""
    path = next(path for path in notebooks.find(["00"]) if path.name == "00_reference.ipynb")
    full = notebooks.read(path)
    made = launch.launch_copy(full, f"deeper/{path.name}", set(), notebooks.ROOT, REF)
    assert set(launch.OWN_MACHINE) <= {c.id for c in notebooks.code_cells(full)}
    assert not set(launch.OWN_MACHINE) & {c.id for c in notebooks.code_cells(made)}
    assert not any("metadata.version(" in c.source for c in notebooks.code_cells(made))


def test_links_out_of_the_folder_lead_to_the_repository():
    page, there = "https://github.com/o/n/blob/v1/", {"90.ipynb", "deeper/91.ipynb"}

    def led(target: str, name: str = "90.ipynb") -> str:
        return launch._hosted_link(target, name, there, page)

    assert led("../docs/x.md#a") == f"{page}docs/x.md#a"
    assert led("90.ipynb#Recap") == "90.ipynb#Recap"
    assert led("#Recap") == "#Recap"
    assert led("https://example.org/") == "https://example.org/"
    assert led("deeper/91.ipynb") == "deeper/91.ipynb"
    assert led("../90.ipynb#Recap", "deeper/91.ipynb") == "../90.ipynb#Recap"
    assert led("90.ipynb", "deeper/91.ipynb") == f"{page}notebooks/deeper/90.ipynb"
    assert led("../../docs/x.md", "deeper/91.ipynb") == f"{page}docs/x.md"


def install_cell(root: Path) -> str:
    made = nbformat.reads(launch.copies(root, REF)["launch/90_sample.ipynb"], as_version=4)
    return made.cells[1].source


def test_the_first_cell_installs_the_course_it_belongs_to_with_its_pins(drawn):
    source = install_cell(drawn)
    compile(TransformerManager().transform_cell(source), "cell", "exec")  # IPython can read it
    assert f'"git+https://github.com/{REPO}@{REF}#egg=word-vectors-course"' in source
    named = {Requirement(word).name: word for word in source.split() if "==" in word}
    pins = (notebooks.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert set(named.values()) <= set(pins)
    project = tomllib.loads((drawn / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {Requirement(line).name for line in project["dependencies"]}
    assert declared - set(named) == launch._JUPYTER  # that of the hosted machine stays
    assert {"torch", "gensim", "numpy", "scikit-learn", "h5py"} <= set(named)


def test_the_first_cell_does_nothing_where_the_course_is(drawn):
    calls: list[tuple] = []

    class Shell:
        def run_line_magic(self, *words: str) -> None:
            calls.append(words)

    source = TransformerManager().transform_cell(install_cell(drawn))
    exec(source, {"get_ipython": Shell})
    assert calls == []
    exec(source.replace('"course_lib"', '"not_there"'), {"get_ipython": Shell})
    assert [name for name, _ in calls] == ["pip", "pip"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (REPO, "other/course", f"leads elsewhere than to {REPO}"),
        ("student", "main", "leads elsewhere"),
        ("90_sample", "92_gone", "a button for a notebook that is not there: 92_gone.ipynb"),
        ("deeper%2F90_more", "deeper%2F92_gone", "not there: deeper/92_gone.ipynb"),
        ("| 90_sample |", "| sample |", "the buttons have aged"),
        (f"{launch.END}\n", "", "do not stand in pairs"),
    ],
)
def test_a_wrong_button_is_found(drawn, old, new, what):
    page = drawn / "docs" / "room.md"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new), encoding="utf-8")
    found = told(drawn)
    assert found and all(line.startswith("docs/room.md: ") for line in found)
    assert any(what in line for line in found), found


def test_a_button_without_a_repository_is_found(drawn):
    set_repository(drawn, "")
    found = told(drawn)
    assert any("README.md: a button, while no repository is set" in line for line in found)


@pytest.mark.parametrize("repo", ["", REPO])
@pytest.mark.parametrize("button", [COLAB, BINDER, "http://mybinder.org/v2/gh/x/y/HEAD"])
def test_a_button_typed_by_hand_is_found(button, repo, root, sample):
    set_repository(root, repo)
    launch.generate(root)
    page = root / "README.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n[run]({button})\n", encoding="utf-8")
    assert told(root) == [f"README.md: a button typed by hand: {button}; `make launch` draws them"]
    recap = next(c for c in sample.cells if c.id == "recap")
    recap.source += f"\n\n[run]({button})"
    found = list(launch.typed_by_hand(Page(root / "notebooks" / "90_sample.ipynb", sample)))
    assert found == [("recap", f"a button typed by hand: {button}")]


@pytest.mark.parametrize("value", ["name", "a/b/c", "a/b c", "https://github.com/a/b", "/", "a/"])
def test_a_wrong_setting_is_refused(value, root, monkeypatch, capsys):
    set_repository(root, value)
    with pytest.raises(ValueError, match="wanted 'owner/name' or ''"):
        launch.repository(root)
    assert len(told(root)) == 1
    monkeypatch.setattr(notebooks, "ROOT", root)
    assert launch.main([]) == 1
    assert "Stopped: repository =" in capsys.readouterr().err


def test_the_command_line(root, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", root)
    assert launch.main([]) == 0
    assert "no buttons, no launch copies" in capsys.readouterr().out
    set_repository(root, REPO)
    assert launch.main(["--check"]) == 1
    assert launch.main([]) == 0
    assert launch.main(["--check"]) == 0


def test_lint_looks_at_the_buttons(drawn, monkeypatch, capsys):
    assert set(launch.RULES) <= set(lint.RULES)
    page = drawn / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace(REPO, "a/b"), encoding="utf-8")
    monkeypatch.setattr(notebooks, "ROOT", drawn)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", drawn / "notebooks")
    assert lint.main([]) == 1
    assert f"README.md: -: a button that leads elsewhere than to {REPO}" in capsys.readouterr().out


def test_the_course_itself():
    """Whatever the setting is, pages and buttons agree with it."""
    assert told(notebooks.ROOT) == []
