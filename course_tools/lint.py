"""Check notebooks against the rules: ``python -m course_tools.lint [numbers or paths]``.

Prints ``notebook: cell id: what`` for each finding, then the share of compared outputs of each
notebook and its size. The rules are the functions in the modules ``rules_…``; ``launch`` looks at
the buttons.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from course_tools import (
    launch,
    notebooks,
    rules_cells,
    rules_folded,
    rules_page,
    rules_size,
    rules_verify,
)
from course_tools.page import Page

RULES = (
    rules_page.RULES
    + rules_size.RULES
    + rules_cells.RULES
    + rules_verify.RULES
    + rules_folded.RULES
    + launch.RULES
)


class Finding(NamedTuple):
    """One violation of a rule."""

    notebook: str
    cell: str
    what: str

    def __str__(self) -> str:
        return f"{self.notebook}: {self.cell}: {self.what}"


def findings(paths: Sequence[Path]) -> list[Finding]:
    """Return what is wrong with the notebooks, in their order."""
    found: list[Finding] = []
    pages: list[Page] = []
    for path in paths:
        try:
            page = Page(path, notebooks.read(path))
        except ValueError as error:
            found.append(Finding(path.name, "-", str(error)))
            continue
        if not page.cells:
            found.append(Finding(path.name, "-", "the notebook is empty"))
            continue
        pages.append(page)
        for rule in RULES:
            found += [Finding(path.name, cell, what) for cell, what in rule(page)]
    found += [Finding(p.path.name, cell, what) for p, cell, what in rules_cells.pasted(pages)]
    found += [Finding("all", "words", what) for what in rules_size.too_long(pages)]
    return sorted(found, key=lambda finding: finding.notebook)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 without findings, 1 with some, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.lint", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    try:
        paths = notebooks.find(parser.parse_args(arguments).notebooks)
    except FileNotFoundError as error:
        parser.error(str(error))
    found = findings(paths) + [Finding(*one) for one in launch.findings(notebooks.ROOT)]
    for finding in found:
        print(finding)
    broken = {finding.notebook for finding in found if finding.cell == "-"}
    pages = [Page(path, notebooks.read(path)) for path in paths if path.name not in broken]
    for page in pages:
        done, outputs = rules_cells.share(page)
        share = f"{done / outputs:.0%}" if outputs else "-"
        print(f"{page.path.name}: {share} of outputs compared ({done} of {outputs})")
    print(*rules_size.table(pages), sep="\n")
    print(f"{len(found)} findings in {len(paths)} notebooks.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
