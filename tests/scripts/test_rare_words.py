"""The rival of FastText that borrows a vector from the word spelt most like the unknown one."""

from __future__ import annotations

from pathlib import Path

import pytest

import course_lib

BENCHMARKS = Path(course_lib.__file__).resolve().parents[1] / "benchmarks"


def grams(word: str) -> set[str]:
    marked = f"<{word}>"
    return {marked[i : i + n] for n in range(3, 7) for i in range(len(marked) - n + 1)}


def test_the_known_word_with_the_largest_jaccard_index_lends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    from rare_words import spelled_alike

    known = ["government", "govern", "banana", "bandana", "tracked", "track", "until"]
    words = ["goverment", "bananas", "untracked", "untill", "banan"]

    def index(one: str, two: str) -> float:
        return len(grams(one) & grams(two)) / len(grams(one) | grams(two))

    wanted = {word: max(known, key=lambda other: index(word, other)) for word in words}
    assert spelled_alike(words, known) == wanted
    assert wanted["untracked"] == "tracked"
