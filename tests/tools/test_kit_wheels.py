"""Wheels for other platforms: those that another resolver, uv, asks for, no more and no less.

The packages are made on the spot and pip is given their folder in place of an index.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from course_tools import kit, kit_install, kit_prove, kit_wheels, notebooks
from course_tools.kit_wheels import Target

WINDOWS, MACOS = Target("win_amd64", "3.12"), Target("macosx_14_0_arm64", "3.12")
LINUX = Target("manylinux_2_28_x86_64", "3.12")
NEEDED = ['alpha>=1; python_version >= "3.11"', "native", 'never; python_version < "3"']
PINS = """\
# a comment
alpha==1.5
apple==1; sys_platform == "darwin"
beta-package==2
colorama==0.4; platform_system == "Windows"
delta==1
native==3
pexpect==1; platform_system != "Windows"
"""
# Name and version, the tags of its wheels, what it requires.
ANY = ["py3-none-any"]
PACKAGES = {
    "alpha-1.5": (ANY, ["beta_package[more]", 'colorama; platform_system == "Windows"']),
    "alpha-2": (ANY, []),  # newer than the pin
    "beta_package-2": (ANY, ["delta>=1; extra == 'more'", "unused; extra == 'other'"]),
    "delta-1": (ANY, ["alpha", 'old; python_version < "3.12"']),  # a circle
    "colorama-0.4": (["py2.py3-none-any"], []),
    "colorama-0.5": (ANY, []),
    "apple-1": (ANY, []),
    "pexpect-1": (ANY, []),
    "cuda-7": (ANY, []),  # not pinned, as the libraries of torch
    "cuda-8": (ANY, []),
    "native-3": (
        ["cp312-cp312-win_amd64", "cp312-cp312-macosx_11_0_arm64", "cp311-cp311-win_amd64"],
        ['apple; sys_platform == "darwin"', 'pexpect; os_name == "posix"'],
    ),
}
LINUX_BUILD = ("cp312-cp312-manylinux_2_17_x86_64", ["cuda==7; platform_system == 'Linux'"])


def wheel(folder: Path, package: str, tag: str, requires: list[str]) -> None:
    name, version = package.split("-")
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    lines += ["Provides-Extra: more", "Provides-Extra: other"]
    lines += ["Requires-Python: >=3.12.5", ""]  # no Python before the mended one
    inside = f"{name}-{version}.dist-info"
    made = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    with zipfile.ZipFile(folder / f"{package}-{tag}.whl", "w") as packed:
        packed.writestr(f"{inside}/METADATA", "\n".join(lines))
        packed.writestr(f"{inside}/WHEEL", made)
        packed.writestr(f"{inside}/RECORD", "")


def make_index(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Return the folder that pip takes wheels from; the course needs and pins what is above."""
    index, root = folder / "index", folder / "root"
    index.mkdir()
    root.mkdir()
    for package, (tags, requires) in PACKAGES.items():
        for tag in tags:
            wheel(index, package, tag, requires)
    wheel(index, "native-3", *LINUX_BUILD)
    shutil.copyfile(notebooks.ROOT / "pyproject.toml", root / "pyproject.toml")
    (root / "constraints.txt").write_text(PINS, encoding="utf-8")
    patch.setattr(kit_wheels.notebooks, "ROOT", root)
    patch.setattr(kit_wheels, "needed", lambda: NEEDED)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(index))
    patch.delenv("PIP_CONSTRAINT", raising=False)
    return index


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    return make_index(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, dict[str, set[str]]]:
    """Return an unpacked kit for three platforms, and the wheels that each of them asked for."""
    folder = tmp_path_factory.mktemp("kit")
    room, took = folder / "room", {}
    (room / "wheels").mkdir(parents=True)
    (room / "course").mkdir()
    follow = kit_wheels.follow

    def noted(own: Path, target: Target, there: Path) -> list[Path]:
        made = follow(own, target, there)
        assert made == sorted(own.iterdir())
        took[target.tag] = {path.name for path in made}
        return made

    with pytest.MonkeyPatch.context() as patch:
        make_index(folder, patch)
        patch.setattr(kit_wheels, "follow", noted)
        kit_wheels.fill(room / "wheels", [WINDOWS, MACOS, LINUX])
    (room / "course" / "constraints.txt").write_text(PINS, encoding="utf-8")
    listed = ", ".join(f"'''{line}'''" for line in NEEDED)
    text = f"[build-system]\nrequires = []\n[project]\ndependencies = [{listed}]\n"
    (room / "course" / "pyproject.toml").write_text(text, encoding="utf-8")
    return room, took


@pytest.fixture
def filled(built, tmp_path) -> Path:
    shutil.copytree(built[0], tmp_path / "room")
    return tmp_path / "room"


def resolved(room: Path, target: Target) -> subprocess.CompletedProcess:
    command = kit_prove.resolve(room, target)
    return subprocess.run(command, capture_output=True, text=True)


EVERYWHERE = {"alpha-1.5", "beta_package-2", "delta-1", "native-3"}
OWN = {WINDOWS: {"colorama-0.4"}, MACOS: {"apple-1", "pexpect-1"}, LINUX: {"cuda-7"}}
targets = pytest.mark.parametrize("target", [WINDOWS, MACOS, LINUX], ids=lambda one: one.tag)


@targets
def test_a_platform_gets_what_its_own_conditions_ask_for(target, built):
    """Whichever system runs this, and in the pinned versions."""
    names = built[1][target.tag]
    assert {"-".join(name.split("-")[:2]) for name in names} == EVERYWHERE | OWN[target]
    (native,) = [name for name in names if name.startswith("native")]
    part = {"Windows": "win", "Darwin": "macosx_11", "Linux": "manylinux_2_17"}[target.system]
    assert native.startswith(f"native-3-cp312-cp312-{part}")


@targets
def test_it_resolves_without_a_network_to_the_same_packages(target, filled):
    done = resolved(filled, target)
    assert done.returncode == 0, done.stderr
    lines = (filled / "resolved.txt").read_text(encoding="utf-8").splitlines()
    found = {line.replace("==", "-") for line in lines if line[0] not in " #"}
    assert found == {name.replace("_", "-") for name in EVERYWHERE | OWN[target]}


def test_one_folder_holds_the_wheels_of_all(built):
    room, took = built
    assert {path.name for path in (room / "wheels").iterdir()} == set.union(*took.values())


@pytest.mark.parametrize(
    ("missing", "target"), [("colorama", WINDOWS), ("apple", MACOS), ("delta", LINUX)]
)
def test_a_wheel_that_is_missing_is_found_out(missing, target, filled):
    for path in (filled / "wheels").glob(f"{missing}-*"):
        path.unlink()
    done = resolved(filled, target)
    assert done.returncode != 0 and missing in done.stderr
    assert (resolved(filled, MACOS if target is WINDOWS else WINDOWS).returncode == 0) == (
        missing != "delta"  # which all of them need
    )


def test_packages_without_a_wheel_are_all_named_with_the_cure(index, tmp_path, monkeypatch):
    for path in [*index.glob("native-3*"), *index.glob("beta_package*")]:
        path.unlink()
    wheel(index, "native-3", "cp313-cp313-win_amd64", [])
    with pytest.raises(ValueError, match=r"win_amd64, Python 3\.12: native==3\.") as error:
        kit_wheels.fill(tmp_path, [WINDOWS])
    assert "PIP_FIND_LINKS" in str(error.value)
    assert not list(tmp_path.glob("*.whl"))
    for path in index.glob("alpha-1.5*"):
        path.unlink()
    (tmp_path / "own.txt").write_text("native<9", encoding="utf-8")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "own.txt"))  # pip then says less
    with pytest.raises(ValueError, match=r"Python 3\.12: alpha==1\.5, native==3\."):
        kit_wheels.fill(tmp_path, [WINDOWS])


def test_a_pin_that_does_not_fit_is_told(index, tmp_path):
    wheel(index, "native-3", "cp312-cp312-win_amd64", ["delta>=2"])
    with pytest.raises(ValueError, match=r"native needs delta>=2, and constraints\.txt pins 1"):
        kit_wheels.fill(tmp_path, [WINDOWS])


def test_older_wheels_of_linux_fit_and_newer_ones_do_not():
    tags = LINUX.tags()
    assert {"manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"} <= set(tags)
    assert "manylinux_2_29_x86_64" not in tags and "manylinux_2_34_x86_64" not in tags
    assert (LINUX.system, LINUX.machine) == ("Linux", "x86_64")


def test_conditions_are_those_that_python_itself_names():
    """Of this machine: the very variables that packaging reads here, where they do not vary."""
    from packaging.markers import default_environment

    system, machine = kit_install.platform.system(), kit_install.platform.machine()
    tag = {"Windows": f"win_{machine.lower()}", "Darwin": f"macosx_14_0_{machine}"}
    target = Target(tag.get(system, f"manylinux_2_28_{machine}"), kit_install.here()[0])
    here = default_environment()
    assert set(target.conditions()) == set(here)
    varies = {"implementation_version", "platform_release", "platform_version"}
    varies |= {"python_full_version"}
    for name in set(here) - varies:
        assert target.conditions()[name] == here[name], name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--platform", "windows"], "'windows' is no platform; wanted one like win_amd64"),
        (
            ["--platform", "win_amd64", "--python", "3.9"],
            "Python '3.9': wanted two numbers, >=3.11",
        ),
        (["--platform", "win_amd64", "--python", "3.12.1"], "wanted two numbers"),
        (["--python", "3.12"], "--python goes with --platform"),
    ],
)
def test_the_command_refuses_what_it_cannot_build(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    assert kit.main([*arguments, "--output", str(tmp_path / "kit.zip")]) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_make_hands_both_names_on():
    words = ["make", "--dry-run", "--silent", "kit", "PLATFORM=win_amd64 macosx_14_0_arm64"]
    if shutil.which("make") is None:
        pytest.skip("no make on this system")
    told = subprocess.run(
        [*words, "KIT_PYTHON=3.12"],
        cwd=Path(kit.__file__).parents[1],
        capture_output=True,
        text=True,
    ).stdout
    assert "course_tools.kit  --platform win_amd64 macosx_14_0_arm64 --python 3.12" in told
