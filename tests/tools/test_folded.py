"""Hints and the answers of the self-test stand folded; planted ones in the open are found."""

from __future__ import annotations

import pytest
from nbformat import NotebookNode

from course_tools import lint, notebooks, rules_folded
from course_tools.page import Page

HINT = "\n\n<details><summary>Hint</summary>\n\nAdd.\n\n</details>"
ANSWER = "<details><summary>Answer</summary>\n\nSo.\n\n</details>\n\n"


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.id == cell_id)


@pytest.fixture
def found(sample, course):
    """Change the text of a cell; return what lint then says of it."""

    def change(cell_id: str, text: str) -> list[str]:
        cell(sample, cell_id).source = text
        page = Page(course(sample), sample)
        return [what for rule in rules_folded.RULES for _, what in rule(page)]

    return change


@pytest.fixture
def exercise(sample, found):
    before = cell(sample, "task-1").source
    return lambda added: found("task-1", before + added)


@pytest.fixture
def self_test(found):
    return lambda text: found("self-test", f"## Test yourself\n\n{text}")


def test_a_folded_hint_is_fine(exercise):
    assert exercise(HINT) == []
    assert exercise(HINT + HINT) == []
    assert exercise("\n\nHinting at more is allowed, and `Hint: x` in code is.") == []
    assert exercise("\n\n```\nHint: this is code\n```") == []


@pytest.mark.parametrize(
    "line",
    [
        "Hint: add.",
        "hint: add.",
        "**Hint**",
        "**Hint:** add.",
        "**Hint**: add.",
        "*Hint.* Add.",
        "> Hint: add.",
        "- Hint: add.",
        "1. **Hint** – add.",
        "Hints: add.",
        "#### Hint",
    ],
)
def test_an_open_hint_is_found(exercise, line):
    (what,) = exercise(f"\n\n{line}")
    assert what.startswith("a hint stands open") and line in what
    assert len(exercise(f"{HINT}\n\n{line}")) == 1  # beside a folded one


def test_a_hint_that_shows_at_once_is_found(exercise):
    assert exercise(HINT.replace("<details>", "<details open>")) == [
        "<details open> shows at once what is to be unfolded"
    ]


def test_an_empty_or_unclosed_hint_is_found(exercise):
    assert "nothing is folded" in exercise(HINT.replace("Add.", ""))[0]
    assert "not closed" in exercise(HINT.replace("</details>", ""))[0]


@pytest.mark.parametrize(
    "text",
    [
        f"1. One?\n\n{ANSWER}2. Two?\n\n{ANSWER}",
        f"**1.** One, in 2. halves?\n\n{ANSWER}**2.** Say.\n\n{ANSWER}",
        f"One?\n\n{ANSWER}Two?\n\n{ANSWER}",
        f"1. One?\n\n{ANSWER.replace('So.', '1. first 2. second')}",
        "<details><summary>Why?</summary>\n\nSo.\n\n</details>",
    ],
)
def test_questions_with_folded_answers_are_fine(self_test, text):
    assert self_test(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"1. One?\n\n2. Two?\n\n{ANSWER}", "question 1 of the self-test has no folded answer"),
        (f"1. One?\n\n{ANSWER}2. Two?\n\nYes.", "question 2 of the self-test has no folded"),
        (f"**1.** One?\n\n{ANSWER}**2.** Two.", "question 2 of the self-test has no folded"),
        (f"One?\n\n{ANSWER}Two?\n\nYes.", "the last question of the self-test has no folded"),
        (f"1. One?\n\n{ANSWER}3. Two?\n\n{ANSWER}", "are numbered [1, 3]"),
        (f"1. One?\n\n{ANSWER}{ANSWER}", "an answer of the self-test stands after no question"),
    ],
)
def test_a_question_without_its_answer_is_found(self_test, text, what):
    (said,) = self_test(text)
    assert what in said


def test_the_rules_are_part_of_lint():
    assert set(rules_folded.RULES) <= set(lint.RULES)


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_the_course_keeps_them(path):
    page = Page(path, notebooks.read(path))
    assert [found for rule in rules_folded.RULES for found in rule(page)] == []
