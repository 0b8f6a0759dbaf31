"""Set the course up on a machine without a network: ``python install.py``.

This file stands in the lecture-room kit as ``install.py``. It needs Python alone. It checks every
file of the kit, makes an environment in ``.venv`` beside itself from the wheels of the kit,
and copies the notebooks to ``work``, where nothing that a student has written is overwritten.
The command may be given again at any time; it mends what is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFEST = "MANIFEST.json"
DONE = "installed-from.txt"  # inside .venv, written last


class Stopped(Exception):
    """Installation cannot go on; the message says why and what to do."""


def check_files(kit: Path) -> dict:
    """Compare every file with the list of the kit.

    Returns
    -------
    dict
        The list: ``version``, ``python``, ``platforms``, and ``files`` with length and SHA-256 of
        each.

    Raises
    ------
    Stopped
        If a file is missing, damaged, or a wheel is there that the list does not name.
    """
    try:
        manifest = json.loads((kit / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise Stopped(f"{MANIFEST} cannot be read ({error}). Unpack the archive again.") from error
    trouble = []
    for name, wanted in files.items():
        path = kit / name
        if not path.is_file():
            trouble.append(f"{name} is missing")
        elif path.stat().st_size != wanted["bytes"] or _sha256(path) != wanted["sha256"]:
            trouble.append(f"{name} is damaged")
    for path in sorted((kit / "wheels").glob("*")):
        if f"wheels/{path.name}" not in files:
            trouble.append(f"wheels/{path.name} does not belong to the kit")
    if trouble:
        shown = "".join(f"\n  {line}" for line in trouble[:10])
        more = f"\n  and {len(trouble) - 10} more" if len(trouble) > 10 else ""
        raise Stopped(f"The kit is not whole:{shown}{more}\nUnpack or copy the archive again.")
    return manifest


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def here() -> tuple[str, list[dict[str, str]]]:
    """Return the Python and the platform of this machine, as in the list of the kit."""
    own = {"system": platform.system(), "machine": platform.machine(), "tag": ""}
    return ".".join(map(str, sys.version_info[:2])), [own]


def named(wanted: dict[str, str]) -> str:
    """Return the name of a platform as a person says it, with its oldest release."""
    system = {"Darwin": "macOS"}.get(wanted["system"], wanted["system"])
    oldest = ".".join(map(str, _oldest(wanted["tag"])))
    of = " with glibc" if system == "Linux" else ""
    return f"{system}{f'{of} {oldest} or later' if oldest else ''}, {wanted['machine']}"


def _oldest(tag: str) -> tuple[int, ...]:
    found = re.match(r"(?:macosx|manylinux)_(\d+)_(\d+)_", tag)
    return tuple(map(int, found.groups())) if found else ()


def check_machine(manifest: dict) -> None:
    """Check that Python and platform are among those that the wheels were built for.

    Raises
    ------
    Stopped
        If one of them differs; the message names both.
    """
    python, (own,) = here()
    release = platform.mac_ver()[0] if own["system"] == "Darwin" else platform.libc_ver()[1]
    numbers = tuple(map(int, re.findall(r"\d+", release)[:2]))
    for wanted in manifest["platforms"]:
        same = all(own[name] == wanted[name] for name in ("system", "machine"))
        if same and python == manifest["python"] and numbers >= _oldest(wanted["tag"]):
            return
    rooms = "; ".join(map(named, manifest["platforms"]))
    raise Stopped(
        f"This kit is for Python {manifest['python']} on {rooms}.\n"
        f"This is Python {python} on {named(own)}{f' ({release})' if release else ''}.\n"
        "Start install.py with that Python, or build a kit for a machine like this one."
    )


def venv_python(kit: Path) -> Path:
    """Return the interpreter of the environment."""
    if os.name == "nt":
        return kit / ".venv" / "Scripts" / "python.exe"
    return kit / ".venv" / "bin" / "python"


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that configure pip or Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("PIP_")
        and name.upper() not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PYTHONNOUSERSITE": "1"}


def install(kit: Path) -> bool:
    """Make the environment; return False where it was there already.

    Raises
    ------
    Stopped
        If a step fails. The next call begins anew.
    """
    fingerprint = f"{_sha256(kit / MANIFEST)} {kit}"  # a moved environment no longer works
    done = kit / ".venv" / DONE
    if done.is_file() and done.read_text(encoding="utf-8") == fingerprint:
        return False
    print("Making the environment in .venv ...", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(kit / ".venv")], "make the environment")
    pip = [str(venv_python(kit)), "-m", "pip", "--isolated", "--disable-pip-version-check"]
    pip += ["install", "--quiet", "--no-index", "--find-links", str(kit / "wheels")]
    pip += ["-c", str(kit / "course" / "constraints.txt")]
    print("Installing; this takes some minutes ...", flush=True)
    # The course comes as its folder: the notebooks read files that stand beside course_lib.
    _run([*pip, "setuptools"], "install setuptools")
    course = ["--no-build-isolation", "--editable", str(kit / "course")]
    _run([*pip, *course], "install the course")
    done.write_text(fingerprint, encoding="utf-8")
    return True


def _run(command: list[str], what: str) -> None:
    try:
        code = subprocess.run(command, env=clean_environment(), check=False).returncode
    except OSError as error:
        raise Stopped(f"Could not {what}: {error}") from error
    if code:
        hint = ""
        if "venv" in command:
            hint = "\nOn Debian and Ubuntu the package python3-venv may be missing."
        raise Stopped(f"Could not {what}; the reason stands above.{hint}")


def copy_notebooks(kit: Path) -> tuple[int, int]:
    """Copy the notebooks to ``work``; return how many, and how many were there already."""
    work, copied, kept = kit / "work", 0, 0
    work.mkdir(exist_ok=True)
    for source in sorted((kit / "notebooks").rglob("*.ipynb")):
        target = work / source.relative_to(kit / "notebooks")
        if target.exists():
            kept += 1
            continue
        target.parent.mkdir(exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, part)
        part.replace(target)
        copied += 1
    return copied, kept


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if the course can be started."""
    parser = argparse.ArgumentParser(
        prog="install.py", description="Set the course up on this machine, without a network."
    )
    parser.add_argument("--check", action="store_true", help="check the files; install nothing")
    chosen = parser.parse_args(arguments)
    try:
        manifest = check_files(HERE)
        print(f"{len(manifest['files'])} files of the kit are whole.")
        if chosen.check:
            return 0
        check_machine(manifest)
        new = install(HERE)
        copied, kept = copy_notebooks(HERE)
    except Stopped as trouble:
        print(f"Stopped. {trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Stopped. {error}. Give the same command again.", file=sys.stderr)
        return 1
    print("The environment is ready." if new else "The environment was there already.")
    print(f"{copied} notebooks copied to work, {kept} were there and stay as they are.")
    print("Start JupyterLab:  python start.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
