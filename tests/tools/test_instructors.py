"""What docs/instructors.md and docs/lectures.md say of the notebooks is true of the notebooks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from course_lib import datasets

ROOT = Path(__file__).resolve().parents[2]
PAGE, LECTURES = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("instructors.md", "lectures.md")
)


@dataclass
class Notebook:
    header: str
    sections: dict[int, str] = field(default_factory=dict)
    section_of: dict[str, str] = field(default_factory=dict)  # cell id: title of its section
    minutes: dict[str, int] = field(default_factory=dict)  # of each exercise


@cache
def notebooks() -> dict[str, Notebook]:
    found: dict[str, Notebook] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        this = found[path.name[:2]] = Notebook("".join(cells[0]["source"]))
        title = ""
        for cell in cells:
            text = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
            if heading := re.match(r"## (?:(\d+) · )?(.+)", text):
                title = heading[2].strip()
                if heading[1]:
                    this.sections[int(heading[1])] = title
            this.section_of[cell["id"]] = title
            for number, minutes in re.findall(
                r"^### Exercise (\S+) · .+\n+difficulty: \S+ · (\d+) minutes", text, re.MULTILINE
            ):
                this.minutes[number] = int(minutes)
    return found


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its two first lines."""
    part = PAGE.split(f"\n### {heading}", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert table, heading
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def numbers(text: str) -> list[int]:
    """Read ``1, 3–5`` as 1, 3, 4, 5."""
    spans = [part.split("–") for part in text.replace(" ", "").split(",")]
    return [n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)]


def lessons(cell: str) -> list[tuple[str, list[int]]]:
    """Read ``04; 05: 1–5, 8`` as notebooks and sections (none named: all)."""
    assert re.fullmatch(r"(\d\d(: \d[\d–, ]*)?(; |$))+", cell), cell
    found = re.findall(r"(\d\d)(?:: ([\d–, ]+))?(?:; |$)", cell)
    return [(book, numbers(sections) if sections else []) for book, sections in found]


def exercises(cell: str) -> tuple[list[str], int]:
    """Read ``01.1–01.3, 02.1 (78)`` as exercises and minutes."""
    if cell == "–":
        return [], 0
    whole = re.fullmatch(r"([\d.–, ]+) \((\d+)\)", cell)
    assert whole, cell
    found: list[str] = []
    for part in whole[1].split(", "):
        first, last = (part.split("–") * 2)[:2] if "–" in part else (part, part)
        assert first[:3] == last[:3], part
        found += [f"{first[:3]}{k}" for k in range(int(first[3:]), int(last[3:]) + 1)]
    return found, int(whole[2])


def check_exercises(cell: str) -> int:
    named, minutes = exercises(cell)
    assert minutes == sum(notebooks()[n[:2]].minutes[n] for n in named), cell
    return minutes


def test_the_seven_weeks() -> None:
    shown: list[str] = []
    for _, classes, homework in rows("Seven weeks"):
        assert len(lessons(classes)) == 2, "a class is a lesson"
        for book, sections in lessons(classes):
            assert set(sections) <= set(notebooks()[book].sections), (book, sections)
            shown.append(book)
        assert check_exercises(homework) <= 160
    assert shown == list(notebooks())


def test_the_two_days() -> None:
    blocks = rows("Two days")
    assert len(blocks) == 8
    shown = [book for _, books, _ in blocks for book in books.split(", ")]
    assert sorted(shown) == list(notebooks())
    for _, _, solved in blocks:
        assert 0 < check_exercises(solved) <= 30


def test_the_minutes_of_each_notebook() -> None:
    told = {row[0]: (int(row[1]), int(row[2])) for row in rows("What each notebook is for")}
    assert set(told) == set(notebooks())
    for number, book in notebooks().items():
        line = next(line for line in book.header.splitlines() if "**Minutes on CPU**" in line)
        study, solve = told[number]
        # The last number of the line: "about 1 to run, about 75 to study".
        assert int(re.findall(r"\d+", line)[-1]) == study, number
        assert sum(book.minutes.values()) == solve, number


MISTAKES = rows("What students get wrong")


@pytest.mark.parametrize("row", MISTAKES, ids=[f"{row[1]} {row[3]}" for row in MISTAKES])
def test_each_misconception_is_met_where_the_page_says(row: list[str]) -> None:
    _, number, section, cell = row
    book = notebooks()[number]
    assert section in book.sections.values()
    assert book.section_of.get(cell.strip("`")) == section


def test_every_notebook_has_two_misconceptions() -> None:
    counted = [row[1] for row in MISTAKES]
    assert {number: counted.count(number) for number in notebooks()} == dict.fromkeys(
        notebooks(), 2
    )


def test_each_demonstration_is_in_the_section_that_stands_beside_it() -> None:
    plans = re.split(r"^## (\d\d) · .*$", LECTURES, flags=re.MULTILINE)[1:]
    named = 0
    for number, plan in zip(plans[::2], plans[1::2], strict=True):
        book = notebooks()[number]
        shown = plan.split("**Demonstrations**")[1].split("**Questions that come**")[0]
        for cell, place in re.findall(r"`([\w-]+)` \((section \d+|In five minutes)\)", shown):
            title = book.sections[int(place.split()[1])] if place[0] == "s" else place
            assert book.section_of.get(cell) == title, (number, cell)
            named += 1
    assert named > 3 * len(notebooks())


def test_projects_name_data_and_notebooks_that_are_there() -> None:
    projects = rows("Projects")
    assert 6 <= len(projects) <= 8
    for _, data, start in projects:
        assert start in notebooks()
        assert set(re.findall(r"`(\w+)`", data)) <= set(datasets.REGISTRY), data


def test_the_rubric_has_four_criteria_and_three_levels() -> None:
    rubric = rows("Marking a project")
    assert [len(row) for row in rubric] == [4] * 4 and all(all(row) for row in rubric)


def test_the_advice_for_little_time_names_sections_that_are_there() -> None:
    advice = PAGE.partition("## The part on ELMo")[2].partition("\n## ")[0]
    found = re.findall(r"(\d\d),\s+sections\s+([\d, to and\n]+)", advice)
    assert [book for book, _ in found] == ["10", "11", "12"]
    for book, sections in found:
        assert {int(n) for n in re.findall(r"\d+", sections)} <= set(notebooks()[book].sections)


def test_the_table_of_data_names_data_and_notebooks_that_are_there() -> None:
    room = (ROOT / "docs" / "lecture_room.md").read_text(encoding="utf-8")
    part = room.partition("## Data for a room")[2].partition("\n## ")[0]
    table = re.findall(r"^\| (\d\d) \| (.+?) \|", part, re.MULTILINE)
    assert len(table) >= 4
    for book, data in table:
        assert book in set(notebooks())
        assert set(re.findall(r"`(\w+)`", data)) <= set(datasets.REGISTRY)
