"""What lint looks at in the metadata that other tools read: they are as derived."""

from __future__ import annotations

from collections.abc import Iterator

from course_tools import metadata
from course_tools.page import Page

Finding = tuple[str, str]  # cell id, what is wrong


def derived(page: Page) -> Iterator[Finding]:
    """Expect slide types and nbgrader's metadata as the rules give them."""
    yield from metadata.stale(page.node)


RULES = (derived,)
