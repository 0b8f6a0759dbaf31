"""Build the site: ``python -m course_tools.site [--output FOLDER]``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from course_tools import notebooks, translations

CONFIGURATION = Path(__file__).parent


def build(output: Path, work: Path) -> int:
    """Write sources below ``work`` and the site into ``output``; return Sphinx's status."""
    from sphinx.cmd.build import build_main

    from course_tools.site.sources import Sources

    shutil.rmtree(output, ignore_errors=True)
    for language in ("en", *translations.languages()):
        source = work / language
        Sources(source, language).write()
        options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", "2"]
        options += [
            "--conf-dir",
            str(CONFIGURATION),
            "--doctree-dir",
            str(work / "trees" / language),
        ]
        options += ["-D", f"html_static_path={source / '_static'}", "-D", f"language={language}"]
        options += [] if language == "en" else ["--tag", "translated"]
        target = output if language == "en" else output / language
        if status := build_main([*options, "-b", "html", str(source), str(target)]):
            return status
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if something is missing or a link leads nowhere."""
    parser = argparse.ArgumentParser(prog="course_tools.site", description=__doc__)
    parser.add_argument("--output", type=Path, default=notebooks.ROOT / "build" / "site")
    given = parser.parse_args(arguments)
    try:
        status = build(given.output, notebooks.ROOT / "build" / "site-sources")
    except ImportError as error:
        print(f"{error}; the extra site is needed: make site.", file=sys.stderr)
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    if status == 0:
        print(f"the site: {given.output / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
