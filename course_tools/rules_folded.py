"""Lint rules for hints and answers: they are folded, so that nobody reads one by accident."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_tools import markdown
from course_tools.page import Page

Finding = tuple[str, str]  # cell id, what is wrong

_FOLDED = re.compile(r"<details\b[^>]*>.*?</details>", re.DOTALL | re.IGNORECASE)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
# "Hint:", "**Hint.**", "- *Hint*", "> Hints: …"; not "Hinterland", not "A hint: …" in a sentence.
_HINT = re.compile(r"^[ >]*(?:[-*+] +|\d+[.)] +)?[*_]{0,3}hints?\b[*_]{0,3} *(?:[:.–-]|$)", re.I)
_QUESTION = re.compile(r"^ {0,3}(?:\*\*)?(\d+)[.)](?:\*\*)? ", re.MULTILINE)


def hints(page: Page) -> Iterator[Finding]:
    """Expect every hint inside ``<details><summary>Hint</summary>``, closed, with a text."""
    for cell in page.markdown():
        text = markdown.without_code(cell.source)
        if text.lower().count("<details") != text.lower().count("</details>"):
            yield cell.id, "a <details> that is not closed, or an end without a beginning"
            continue
        for line in _FOLDED.sub("", text).splitlines():
            if _HINT.match(line) or re.match(r"#+ +hints?\b", line, re.I):
                yield cell.id, f"a hint stands open: {line.strip()!r}; fold it into <details>"
        for block in _FOLDED.findall(text):
            if re.match(r"<details\b[^>]*\bopen\b", block, re.I):
                yield cell.id, "<details open> shows at once what is to be unfolded"
            if not _inside(block):
                yield cell.id, f"nothing is folded into {' '.join(block.split())!r}"


def _inside(block: str) -> str:
    """Return what a folded block holds below its summary."""
    return re.sub(r"</?details\b[^>]*>", "", _SUMMARY.sub("", block), flags=re.I).strip()


def answers(page: Page) -> Iterator[Finding]:
    """Expect a folded answer after each question of the self-test, and a question before each."""
    whole = "\n\n".join(cell.source for cell in page.markdown())
    section = _section(markdown.without_code(whole), "Test yourself")
    if not section:
        return  # the rules of the page say so
    cell = next(c for c in page.markdown() if "## Test yourself" in c.source).id
    texts, folded = _FOLDED.split(section), _FOLDED.findall(section)
    numbers = [_QUESTION.findall(text) for text in texts]
    for here in numbers[:-1]:
        for number in here[:-1]:
            yield cell, f"question {number} of the self-test has no folded answer after it"
    for number in numbers[-1]:
        yield cell, f"question {number} of the self-test has no folded answer after it"
    if "?" in texts[-1] and not numbers[-1]:
        yield cell, "the last question of the self-test has no folded answer after it"
    said = [int(number) for here in numbers for number in here]
    if said and said != list(range(1, len(said) + 1)):
        yield cell, f"the questions of the self-test are numbered {said}"
    for text, block in zip(texts, folded, strict=False):
        summary = _SUMMARY.search(block)
        asked = summary and summary[1].strip().lower() not in ("answer", "hint")
        if not (text.strip() or asked):
            yield cell, "an answer of the self-test stands after no question"


def _section(text: str, title: str) -> str:
    """Return what stands below ``## title``, up to the next heading of that size."""
    match = re.search(rf"^## {title} *$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


RULES = (hints, answers)
