"""The wheels of a kit: for the machine at hand, or for other platforms and another Python.

pip can download for another platform, but it reads the conditions of dependencies, such as
``; sys_platform == "win32"``, for the Python that runs it: what Windows alone needs would be
missing in a kit that was built on Linux. For other platforms the dependencies are therefore
followed here, wheel after wheel, with the conditions of the platform. All versions are pinned, so
there is nothing to choose.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from course_tools import notebooks

_FORMS = "win_amd64, macosx_14_0_arm64 or manylinux_2_28_x86_64"


@dataclass(frozen=True)
class Target:
    """A platform and a Python that a kit is for.

    Parameters
    ----------
    tag : str
        The platform as in the names of wheels; the number is the oldest system that is served.
    python : str
        Such as ``"3.12"``.
    """

    tag: str
    python: str

    def __post_init__(self) -> None:
        """Refuse what is no platform or a Python that the course does not run on."""
        if not re.fullmatch(r"win_(amd64|arm64)|(macosx|manylinux)_\d+_\d+_\w+", self.tag):
            raise ValueError(f"{self.tag!r} is no platform; wanted one like {_FORMS}")
        wanted = _project()["project"]["requires-python"]
        if not re.fullmatch(r"3\.\d+", self.python) or self.python not in SpecifierSet(wanted):
            raise ValueError(f"Python {self.python!r}: wanted two numbers, {wanted}")

    @property
    def system(self) -> str:
        """Return what ``platform.system()`` says there."""
        systems = {"win": "Windows", "macosx": "Darwin", "manylinux": "Linux"}
        return systems[self.tag.partition("_")[0]]

    @property
    def machine(self) -> str:
        """Return what ``platform.machine()`` says there."""
        name = re.sub(r"^(win|macosx_\d+_\d+|manylinux_\d+_\d+)_", "", self.tag)
        return name.upper() if self.system == "Windows" else name

    @property
    def release(self) -> str:
        """Return the release of Python that packages are asked about: a late one.

        Some want a release that mends something, as ``>=3.11.5``; for 3.11.0 pip finds none.
        """
        return f"{self.python}.99"

    def tags(self) -> list[str]:
        """Return the platforms of wheels that run there; pip itself adds older ones of macOS."""
        if self.system != "Linux":
            return [self.tag]
        newest, old = int(self.tag.split("_")[2]), {17: "2014", 12: "2010", 5: "1"}
        found = []
        for minor in range(newest, 4, -1):
            found.append(f"manylinux_2_{minor}_{self.machine}")
            if minor in old:
                found.append(f"manylinux{old[minor]}_{self.machine}")
        return [*found, f"linux_{self.machine}"]

    def conditions(self) -> dict[str, str]:
        """Return the variables of environment markers as they are there."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.release,
            "os_name": "nt" if self.system == "Windows" else "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": self.system,
            "platform_version": "",
            "python_full_version": self.release,
            "python_version": self.python,
            "sys_platform": {"Windows": "win32", "Darwin": "darwin"}.get(self.system, "linux"),
        }

    def needs(self, requirement: Requirement, extra: str = "") -> bool:
        """Tell whether a requirement holds there."""
        marker = requirement.marker
        return marker is None or marker.evaluate({**self.conditions(), "extra": extra})


def _project() -> dict:
    return tomllib.loads((notebooks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def needed() -> list[str]:
    """Return what the course needs, and what builds it, as pyproject.toml says."""
    project = _project()
    return [*project["build-system"]["requires"], *project["project"]["dependencies"]]


def pins(target: Target) -> dict[str, Version]:
    """Return the pinned versions that hold for a target, by name."""
    lines = (notebooks.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    every = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        canonicalize_name(r.name): Version(next(iter(r.specifier)).version)
        for r in every
        if target.needs(r)
    }


def fill(folder: Path, targets: Sequence[Target]) -> None:
    """Download the wheels of all that the course needs.

    Parameters
    ----------
    folder : Path
        Where they are put, all together: pip takes from it what fits the machine.
    targets : sequence of Target
        None: for this Python on this machine.

    Raises
    ------
    ValueError
        If a package has no wheel for a target, or a pin is not what another package needs.
    subprocess.CalledProcessError
        If pip cannot download for this machine.
    """
    if not targets:
        constraints = str(notebooks.ROOT / "constraints.txt")
        _pip(folder, "-c", constraints, *needed()).check_returncode()
    for target in targets:
        with tempfile.TemporaryDirectory(prefix=".wheels-", dir=folder) as own:
            for wheel in follow(Path(own), target, there=folder):
                wheel.replace(folder / wheel.name)


def follow(folder: Path, target: Target, there: Path) -> list[Path]:
    """Download the wheels for one target: what the course needs, what that needs, and so on.

    Parameters
    ----------
    folder : Path
        Where they are put: an empty folder.
    target : Target
    there : Path
        Wheels of other targets; those that run everywhere are taken from here.

    Returns
    -------
    list of Path
        The wheels.

    Raises
    ------
    ValueError
        As ``fill``.
    """
    pinned = pins(target)
    first = [Requirement(line) for line in needed()]
    todo = [(r, "the course") for r in first if target.needs(r)]
    shared = {path.name: path for path in there.glob("*-none-any.whl")}
    shared = {parse_wheel_filename(name)[:2]: path for name, path in shared.items()}
    wheels: dict[str, Path] = {}
    followed: set[tuple[str, str]] = set()
    while todo:
        wanted = []
        for name, requirement in {canonicalize_name(r.name): r for r, _ in todo}.items():
            if name in wheels:
                continue
            if path := shared.get((name, pinned.get(name))):
                shutil.copyfile(path, folder / path.name)
            else:
                wanted.append(_exact(name, requirement, pinned))
        _download(folder, target, wanted)
        wheels = {parse_wheel_filename(path.name)[0]: path for path in folder.glob("*.whl")}
        found: list[tuple[Requirement, str]] = []
        for requirement, by in todo:
            name = canonicalize_name(requirement.name)
            version = parse_wheel_filename(wheels[name].name)[1]
            if not requirement.specifier.contains(version, prereleases=True):
                raise ValueError(f"{by} needs {requirement}, and constraints.txt pins {version}")
            for extra in {"", *requirement.extras} - {e for n, e in followed if n == name}:
                followed.add((name, extra))
                found += [(r, name) for r in _requires(wheels[name]) if target.needs(r, extra)]
        todo = found
    return sorted(wheels.values())


def _exact(name: str, requirement: Requirement, pinned: dict[str, Version]) -> str:
    """Return what pip is asked for; what is not pinned (torch's CUDA) has its own bounds."""
    return f"{name}=={pinned[name]}" if name in pinned else f"{name}{requirement.specifier}"


def _requires(wheel: Path) -> Iterable[Requirement]:
    """Return the requirements that stand in a wheel."""
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        return Metadata.from_email(packed.read(name), validate=False).requires_dist or []


def _download(folder: Path, target: Target, wanted: Sequence[str]) -> None:
    words = ["--no-deps", "--python-version", target.release]
    words += [word for tag in target.tags() for word in ("--platform", tag)]
    left, failed = list(wanted), []
    while left and (done := _pip(folder, *words, *left, capture_output=True)).returncode:
        told = done.stderr.decode(errors="replace")
        found = re.search(r"No matching distribution found for (\S+)", told)
        name = re.split(r"[^\w.-]", found[1])[0] if found else ""
        there = [one for one in left if re.split(r"[^\w.-]", one)[0] == name]
        # Under constraints of its own configuration pip names none: ask for each.
        there = there or [
            one for one in left if _pip(folder, *words, one, capture_output=True).returncode
        ]
        if not there:
            raise ValueError(f"pip cannot download for {target.tag}: {told.strip()}")
        failed += there  # pip stops at the first: the others are asked for again
        left = [one for one in left if one not in there]
    if failed:
        raise ValueError(
            f"no wheel for {target.tag}, Python {target.python}: {', '.join(sorted(failed))}. Name "
            "a newer system or another Python; or build the wheel on such a machine (pip wheel) "
            "and name its folder in PIP_FIND_LINKS."
        )


def _pip(folder: Path, *words: str, capture_output: bool = False) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), *words]
    return subprocess.run(command, capture_output=capture_output, check=False)
