"""What the one check says at its end, and what workflows and container bring along."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from course_tools import notebooks

ROOT = notebooks.ROOT
RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def function(name: str) -> str:
    return re.search(rf"^{name}\(\) \{{.*?^\}}$", RUN, re.MULTILINE | re.DOTALL)[0]


def told(tmp_path: Path, script: str, ci: str = "", user: int = 1000, apt: int = 1) -> tuple:
    """Run lines of the check where no program is but those made here."""
    if os.name == "nt":
        pytest.skip("the check runs in bash")
    for name, line in {"id": f"echo {user}", "apt-get": f"exit {apt}", "there": "exit 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    lines = ["set -euo pipefail", "failed=() lacking=() absent=()"]
    lines += [function("find_program"), function("finish"), script, "finish"]
    done = subprocess.run(
        [shutil.which("bash"), "-c", "\n".join(lines)],
        env={"PATH": str(tmp_path), "CI": ci},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


WANTED = 'find_program "tests of things" gone missing'


def test_a_tool_that_is_there_leaves_nothing_out(tmp_path):
    code, lines = told(tmp_path, 'find_program "tests of things" gone there', ci="true")
    assert (code, lines[-1]) == (0, "every step was run")


@pytest.mark.parametrize("ci", ["", "false"])
def test_what_could_not_run_stands_in_one_line(tmp_path, ci):
    script = f'{WANTED}\nfind_program "decks" npm\nabsent+=("data (no folder x)")'
    line = "not run: tests of things (no gone); decks (no npm); data (no folder x)"
    assert told(tmp_path, script, ci=ci) == (0, [line])


def test_on_a_hosted_runner_a_missing_tool_is_a_failure(tmp_path):
    code, lines = told(tmp_path, f'{WANTED}\nabsent+=("data (no folder x)")', ci="true")
    assert code == 1
    assert lines == [
        "not run: tests of things (no gone); data (no folder x)",
        "failed: tests of things (no gone): install it",
    ]
    assert told(tmp_path, 'absent+=("data (no folder x)")', ci="true")[0] == 0


def test_a_tool_that_debian_has_is_installed(tmp_path):
    assert told(tmp_path, WANTED, ci="true", user=0, apt=0) == (0, ["every step was run"])
    assert told(tmp_path, WANTED, ci="true", user=0, apt=1)[0] == 1


def test_a_failed_step_fails_the_run(tmp_path):
    code, lines = told(tmp_path, 'failed+=("make lint")')
    assert (code, lines) == (1, ["every step was run", "failed: make lint"])


def test_every_step_that_may_be_left_out_is_told():
    """No branch of the check passes over a step in silence."""
    assert RUN.rstrip().endswith('step "end"\nfinish')
    for tool in ("npm", "bwrap"):
        assert re.search(rf'find_program "[^"]+" .*\b{tool}\b', RUN)
    assert "skipped" not in re.sub(r"(?m)^#.*$", "", RUN)


@workflows
def test_actions_are_pinned_by_commit_with_their_version(path):
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_one_pin():
    every = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = set(re.findall(r"uses: (\S+)@(\S+)", every))
    assert len({name for name, _ in pins}) == len(pins)


# What a job may do beyond reading: write its branch, put up the pages.
GRANTED = {
    ("student", "publish"): {"contents": "write"},
    ("site", "publish"): {"contents": "read", "pages": "write", "id-token": "write"},
}


@workflows
def test_a_workflow_has_no_right_that_it_does_not_need(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) == GRANTED.get((path.stem, name), {})
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_container_brings_what_the_check_needs():
    """The packages that the check would add, in the package manager of the same Debian."""
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    added = set(settings["onCreateCommand"].split())
    asked = re.findall(r'^ *find_program "[^"]+" (\S+)', RUN, re.MULTILINE)
    assert set(asked) == {"chromium", "npm", "bubblewrap"} and set(asked) <= added
