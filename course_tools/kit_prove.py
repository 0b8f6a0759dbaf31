"""Prove a lecture-room kit: unpack it, install from it and run notebooks, with the network cut.

What is for another platform cannot be installed here: uv resolves it from the wheels of the kit
alone, with the conditions of that platform.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from course_tools import kit_install
from course_tools.kit_wheels import Target

NOWHERE = "http://127.0.0.1:9"
# Kernels talk over loopback, which a new network namespace has, but not switched on.
_LOOPBACK = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")

# Starts JupyterLab as a room does, asks it for its version, ends it.
_START = """
import json, os, socket, subprocess, sys, time, urllib.request

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}"]
log = open(os.path.join(os.environ["HOME"], "jupyterlab.log"), "w+", encoding="utf-8")
lab = subprocess.Popen([sys.executable, "start.py", *options], stdout=log, stderr=log)
end, found = time.monotonic() + 180, None
while found is None and time.monotonic() < end and lab.poll() is None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5) as page:
            found = json.load(page)
    except OSError:
        time.sleep(0.5)
lab.terminate()
lab.wait(60)
log.seek(0)
print(f"JupyterLab answers: {found}" if found else f"JupyterLab did not start: {log.read()}")
sys.exit(0 if found else 1)
"""


def cut() -> list[str]:
    """Return an isolation prefix: it cuts a command off the network; empty if not allowed."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which("unshare") and shutil.which("ip"):
            tried = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True)
            if tried.returncode == 0:
                return [*words, *_LOOPBACK]
    return []


def offline(home: Path) -> dict[str, str]:
    """Return an environment with proxies that lead nowhere, and a home of its own."""
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    local = dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1")
    own = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "COURSE_DATA_CACHE": str(home / "data"),
        "PIP_NO_INDEX": "1",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "COURSE_DATA_MIRROR", "COURSE_PROFILE", "VIRTUAL_ENV")
    }
    return {**kept, **dict.fromkeys(proxies, NOWHERE), **local, **own}


def resolve(kit: Path, wanted: Target) -> list[str]:
    """Return the command that resolves the course for another platform from the wheels alone.

    Parameters
    ----------
    kit : Path
        The unpacked kit; a file with what the course needs is left in it.
    wanted : Target
        One of the platforms in the list of the kit.
    """
    project = tomllib.loads((kit / "course" / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    asked = kit / "needed.txt"
    asked.write_text("\n".join(needed), encoding="utf-8")
    machine = {"AMD64": "x86_64", "ARM64": "aarch64", "arm64": "aarch64"}
    machine = machine.get(wanted.machine, wanted.machine)
    kind = {"Windows": "pc-windows-msvc", "Darwin": "apple-darwin"}
    kind = kind.get(wanted.system, wanted.tag.removesuffix(f"_{wanted.machine}"))
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config"]
    command += ["--offline", "--no-index", "--find-links", str(kit / "wheels")]
    command += ["--only-binary", ":all:", "--python-platform", f"{machine}-{kind}"]
    command += ["--python-version", wanted.release, "-c", str(kit / "course" / "constraints.txt")]
    return [*command, "--output-file", str(kit / "resolved.txt"), str(asked)]


def prove(archive: Path, notebooks: Sequence[str]) -> int:
    """Do what a room does, step by step; return the first exit code that is not 0.

    Parameters
    ----------
    archive : Path
        The kit.
    notebooks : sequence of str
        Numbers of the student copies to run, in the smoke profile.

    Raises
    ------
    ValueError
        If the archive is not there, is none, or does not hold one of the notebooks.
    """
    wanted = _in_archive(archive, notebooks)
    words = cut()
    print(f"network cut by: {' '.join(words[:2])}{' and ' * bool(words)}proxies that lead nowhere")
    with tempfile.TemporaryDirectory(prefix="kit-") as folder:
        start = time.monotonic()
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        (kit,) = Path(folder).iterdir()
        environment = offline(Path(folder) / "home")
        Path(environment["HOME"]).mkdir()
        _told(start, "unpacked")

        def run(*command: str, **more: str) -> int:
            whole = [*words, *command]
            return subprocess.run(whole, cwd=kit, env={**environment, **more}).returncode

        manifest = json.loads((kit / kit_install.MANIFEST).read_text(encoding="utf-8"))
        for other in manifest["platforms"]:
            if other["tag"]:  # else the wheels are those of the machine that built the kit
                target = Target(other["tag"], manifest["python"])
                oldest = ".".join(target.tag.split("_")[1:3])  # read by uv for macOS
                if code := run(*resolve(kit, target), MACOSX_DEPLOYMENT_TARGET=oldest):
                    return code
                lines = (kit / "resolved.txt").read_text(encoding="utf-8").splitlines()
                count = sum("==" in line and line[0] not in " #" for line in lines)
                _told(start, f"{count} packages resolve for {kit_install.named(other)}")
        try:
            kit_install.check_machine(manifest)
        except kit_install.Stopped as stopped:
            print(stopped)
            return 0 if all(other["tag"] for other in manifest["platforms"]) else 1
        steps = [(sys.executable, "install.py")] * 2  # the second finds everything done
        if os.name == "posix":  # where ending start.py ends JupyterLab
            steps += [(sys.executable, "-c", _START)]
        for command in steps:
            if code := run(*command):
                return code
            _told(start, command[1] if command[1] != "-c" else "start.py")
        started = runpy.run_path(str(kit / "start.py"))["environment"](kit)
        mirror = {k: v for k, v in started.items() if k == "COURSE_DATA_MIRROR"}
        installed = kit_install.venv_python(kit)
        chosen = [str(kit / "work" / name) for name in wanted]
        execute = [str(installed), "-m", "course_tools.execute", "--profile", "smoke"]
        code = run(*execute, "--output", str(Path(folder) / "executed"), *chosen, **mirror)
        _told(start, "ran the notebooks")
        return code


def _in_archive(archive: Path, notebooks: Sequence[str]) -> list[str]:
    """Return the paths, below the folder of notebooks, of those with these numbers."""
    try:
        with zipfile.ZipFile(archive) as packed:
            parts = [name.split("/") for name in packed.namelist()]
            names = ["/".join(part[2:]) for part in parts if part[1] == "notebooks"]
    except FileNotFoundError as error:
        raise ValueError(f"there is no kit {archive}; build it with `make kit`") from error
    except zipfile.BadZipFile as error:
        raise ValueError(f"{archive} is no archive: {error}") from error
    found = {
        number: [n for n in names if Path(n).name[:2] == number.zfill(2)] for number in notebooks
    }
    if missing := [number for number, here in found.items() if not here]:
        raise ValueError(f"the kit holds no notebook {', '.join(missing)}")
    return [name for here in found.values() for name in here]


def _told(start: float, what: str) -> None:
    print(f"-- {what}, after {time.monotonic() - start:.0f} s", flush=True)
