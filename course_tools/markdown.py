"""Just enough Markdown and HTML for the tools: headings, links and pictures, outside of code."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

# A fenced block (perhaps inside a quotation or a list), or code between backticks.
_CODE = re.compile(
    r"^[ >]*(`{3,}|~{3,})[^\n]*\n.*?^[ >]*\1[`~]*[ \t]*$"
    r"|(?<!`)(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\2(?!`)",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.MULTILINE)
# [text](target "title") and ![alt](target); the text may hold one level of brackets.
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target><[^>]*>|[^()\s]+)(?P<rest>[^)]*)\)"
)
_ATTRIBUTE = re.compile(
    r"(?P<before>\b(?:src|href)\s*=\s*)(?P<quote>[\"'])(?P<target>.*?)(?P=quote)"
)


def without_code(text: str) -> str:
    """Return the text with code blanked out; the lines keep their places."""
    return _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def headings(text: str) -> list[tuple[int, str]]:
    """Return level and text of every heading outside of code."""
    blank = without_code(text)
    return [(len(m[1]), text[m.start(2) : m.end(2)]) for m in _HEADING.finditer(blank)]


def anchors(text: str) -> set[str]:
    """Return the names under which Jupyter lets a link reach the headings."""
    found = {heading.replace(" ", "-") for _, heading in headings(text)}
    return found | set(re.findall(r"""<a\s+(?:id|name)=["']([^"']+)["']""", without_code(text)))


def targets(text: str) -> list[str]:
    """Return what the links and pictures of a Markdown text lead to."""
    blank = without_code(text)
    found = [match["target"].strip("<>") for match in _LINK.finditer(blank)]
    return found + [match["target"] for match in _ATTRIBUTE.finditer(blank)]


def replace_targets(text: str, change: Callable[[str], str]) -> str:
    """Return the text with every link and picture led elsewhere; code stays as it is."""
    blank = without_code(text)
    places = []
    for pattern in (_LINK, _ATTRIBUTE):
        places += [match.span("target") for match in pattern.finditer(blank)]
    for start, end in sorted(places, reverse=True):
        text = text[:start] + change(text[start:end]) + text[end:]
    return text


def replace_links(text: str, change: Callable[[re.Match[str]], str]) -> str:
    """Return the text with every link and picture rewritten; code stays as it is.

    The match has the groups ``image``, ``text``, ``target`` and ``rest``.
    """
    for found in reversed(list(_LINK.finditer(without_code(text)))):
        whole = _LINK.match(text, found.start(), found.end())
        text = text[: found.start()] + change(whole or found) + text[found.end() :]
    return text


def pictures_without_text(text: str) -> list[str]:
    """Return the pictures in a Markdown text that say nothing to those who cannot see them."""
    blank = without_code(text)
    found = [m[0] for m in _LINK.finditer(blank) if m["image"] and not m["text"].strip()]
    return found + html_without_text(blank)


def html_without_text(html: str) -> list[str]:
    """Return the pictures in HTML without ``alt`` (``aria-label`` for svg, video and canvas)."""
    reader = _Pictures()
    reader.feed(html)
    return reader.found


_SPOKEN_BY = {"img": "alt", "svg": "aria-label", "video": "aria-label", "canvas": "aria-label"}


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        needed = _SPOKEN_BY.get(tag)
        if needed and not (dict(attrs).get(needed) or "").strip():
            self.found.append(f"<{tag}>")
