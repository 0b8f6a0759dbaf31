"""environment.yml, constraints.txt and the imports agree with pyproject.toml, the master list."""

from __future__ import annotations

import ast
import html
import importlib.metadata
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import course_lib
from course_tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def requirements(*extras: str) -> dict[str, Requirement]:
    """Return the direct dependencies of pyproject.toml, and of the extras named, by name."""
    lines = PROJECT["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


def installed_extras() -> list[str]:
    """Return the extras to walk through; some are large or hard to build, and optional."""
    optional = {"browser", "glove", "grading", "korean", "umap"}
    there = {canonicalize_name(d.metadata["Name"]) for d in importlib.metadata.distributions()}
    return [name for name in EXTRAS if name not in optional or requirements_of(name) <= there]


def requirements_of(extra: str) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in EXTRAS[extra]}


def constraint_lines() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pins() -> dict[str, Version]:
    return {
        canonicalize_name(r.name): Version(next(iter(r.specifier)).version)
        for r in constraint_lines()
    }


def conda_parts() -> tuple[dict[str, SpecifierSet], list[str]]:
    """Return conda's own packages with their versions, and the lines of the pip section."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    parts = environment["dependencies"]
    conda = [Requirement(part) for part in parts if isinstance(part, str)]
    (pip_section,) = [part["pip"] for part in parts if isinstance(part, dict)]
    return {r.name: r.specifier for r in conda}, pip_section


def test_constraints_are_exact_and_name_each_package_once() -> None:
    lines = constraint_lines()
    for line in lines:
        (clause,) = line.specifier
        assert clause.operator == "==", line
        # A local version such as 2.13.0+cpu would fit one build of a package only.
        assert Version(clause.version).local is None, line
    names = [canonicalize_name(line.name) for line in lines]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(requirements(*EXTRAS)))
def test_direct_dependency_is_pinned_inside_its_range(name: str) -> None:
    requirement = requirements(*EXTRAS)[name]
    assert requirement.specifier, f"{name} has no version range in pyproject.toml"
    assert name in pins(), f"{name} is in pyproject.toml but not in constraints.txt"
    assert requirement.specifier.contains(pins()[name]), f"{requirement} but pinned {pins()[name]}"


def test_transitive_dependencies_are_pinned() -> None:
    pinned = pins()
    todo = [(r.name, r.extras) for r in requirements(*installed_extras()).values()]
    seen: set[tuple[str, frozenset[str]]] = set()
    missing: set[str] = set()
    while todo:
        name, extras = todo.pop()
        key = (canonicalize_name(name), frozenset(extras))
        if key in seen:
            continue
        seen.add(key)
        if key[0] not in pinned:
            missing.add(key[0])
            continue
        installed = importlib.metadata.distribution(name)
        if Version(Version(installed.version).public) != pinned[key[0]]:
            continue  # another version than the pinned one may need other packages
        for line in installed.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras or {""}
            ):
                todo.append((needed.name, needed.extras))
    # The CUDA build of torch pins its own libraries, which exist on Linux alone.
    cuda = {name for name in missing if re.match(r"nvidia-|cuda-|triton$", name)}
    assert missing - cuda == set()
    assert len(seen) > 80, "the walk found too few packages to mean anything"


def test_the_pins_take_the_first_release_of_every_python() -> None:
    """Debian 12 has 3.11.2: a pin that wants 3.11.5 would leave its readers without a course."""
    pinned, looked = pins(), 0
    for distribution in importlib.metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        wanted = distribution.metadata["Requires-Python"]
        if pinned.get(name) != Version(Version(distribution.version).public) or not wanted:
            continue
        looked += 1
        for python in ("3.11.0", "3.12.0", "3.13.0"):
            assert SpecifierSet(wanted).contains(python), f"{name} {distribution.version}: {wanted}"
    assert looked > 80


def test_torch_is_the_release_the_outputs_were_made_with() -> None:
    assert pins()["torch"] == Version("2.13.0")


def test_the_pins_take_the_lowest_torch_as_well() -> None:
    """Without its own pin, torch 2.11 installs beside all others; this is what it asks for."""
    assert requirements()["torch"].specifier.contains("2.11.0")
    asked = ("setuptools<82", "typing-extensions>=4.10", "sympy>=1.13.3", "networkx>=2.5.1")
    for line in (*asked, "filelock", "jinja2", "fsspec>=0.8.5"):
        needed = Requirement(line)
        assert needed.specifier.contains(pins()[canonicalize_name(needed.name)]), line


def stored_versions() -> dict[str, tuple[SpecifierSet, Version]]:
    """Return the table that the reference page has stored: each package's range, and what ran."""
    path = next(path for path in notebooks.find() if path.name == "00_reference.ipynb")
    cell = next(cell for cell in notebooks.read(path).cells if cell.id == "versions")
    rows = re.findall(
        r"<th>([\w-]+)</th>\s*<td>(.*?)</td>\s*<td>(.*?)</td>", cell.outputs[0].data["text/html"]
    )
    return {
        canonicalize_name(name): (SpecifierSet(html.unescape(wanted)), Version(found))
        for name, wanted, found in rows
    }


def test_bounds_and_pins_are_those_that_the_outputs_were_made_with() -> None:
    """A bound or a pin that is changed by hand was not run with: run the notebooks again."""
    stored = stored_versions()
    assert stored.keys() <= requirements().keys() and len(stored) > 20
    for name, (wanted, found) in stored.items():
        assert requirements()[name].specifier == wanted, name
        assert pins()[name] == Version(found.public), name


def test_an_environment_of_the_pins_has_them_all() -> None:
    """Where nine of ten packages have the version of their pin, the others must have it too."""
    there = {canonicalize_name(d.metadata["Name"]): d for d in importlib.metadata.distributions()}
    found = {
        name: Version(Version(there[name].version).public) for name in pins().keys() & there.keys()
    }
    other = {name: str(version) for name, version in found.items() if version != pins()[name]}
    other.pop("setuptools", None)  # what builds is often newer
    other.pop("torch", None)  # 2.11 is tried in the environment of the pins
    assert not other or len(other) > len(found) / 10, f"pinned otherwise: {other}"


def test_no_lower_bound_is_of_another_time_than_its_pin() -> None:
    """The pins are what is tried; a major release that is older is a promise nobody has kept."""
    for name, requirement in requirements(*EXTRAS).items():
        lowest = min(
            Version(s.version) for s in requirement.specifier if s.operator in (">=", "==")
        )
        behind = pins()[name].major - lowest.major
        # Some count years; two keep their ways from one release to the next.
        by_year = lowest.major > 20 or name in ("pillow", "pytest")
        assert 0 <= behind <= (2 if by_year else 0), requirement


def test_environment_yml_takes_the_python_of_pyproject() -> None:
    conda, _ = conda_parts()
    declared = {
        match[1]
        for line in PROJECT["classifiers"]
        if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
    }
    requires = SpecifierSet(PROJECT["requires-python"])
    candidates = [f"3.{minor}" for minor in range(8, 30)]
    assert {v for v in candidates if conda["python"].contains(v)} == declared
    assert all(requires.contains(v) for v in declared)
    assert min(map(Version, declared)) == min(
        Version(v) for v in candidates if requires.contains(v)
    )


def test_environment_yml_installs_the_master_list_with_the_pins() -> None:
    conda, pip_section = conda_parts()
    assert set(pip_section) == {"-c constraints.txt", "-e .[dev]"}
    # Whatever conda installs itself must be in the master list, at a version the pin fits.
    for name in set(conda) - {"python", "pip"}:
        assert name in requirements("dev"), name
        assert conda[name].contains(pins()[name]), name


def test_environment_has_what_stored_outputs_are_checked_with() -> None:
    assert {"nbval", "jupyterlab", "torch", "gensim"} <= set(requirements())


def imported_names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


def python_sources(folder: str) -> Iterator[str]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.read_text(encoding="utf-8")
    for path in notebooks.find(folder=ROOT / folder):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("course_lib", ("browser", "korean", "umap")),
        ("notebooks", ()),
        ("data_scripts", ()),
        ("benchmarks", ("bench", "browser", "dev", "korean")),
        ("tests", ("browser", "dev", "glove", "grading")),
    ],
)
def test_every_import_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    own = {
        "course_lib",
        "course_exercises",
        "course_tools",
        "data_scripts",
        "benchmarks",
        "tests",
        "conftest",
    }
    own |= {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    own |= {"lab", "pretraining"}  # tests/lab.py, data_scripts/pretraining
    own |= {path.stem for path in (ROOT / folder).rglob("*.py")}
    own |= {path.name for path in (ROOT / folder).rglob("*") if path.is_dir()}
    used = {name for source in python_sources(folder) for name in imported_names(source)}
    providers = importlib.metadata.packages_distributions()
    providers.setdefault("umap", ["umap-learn"])  # an extra: it need not be installed
    declared = set(requirements(*extras))
    undeclared = {
        name
        for name in used - own - sys.stdlib_module_names
        if not declared & {canonicalize_name(dist) for dist in providers.get(name, [name])}
    }
    assert undeclared == set()


def test_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == course_lib.__version__
    assert citation["license"] == PROJECT["license"]
