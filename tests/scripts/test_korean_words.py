"""Korean words as the benchmark's analyser cuts them."""

from __future__ import annotations

import importlib.util
import unicodedata
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from course_lib.datasets import store
from course_lib.datasets.registry import REGISTRY

SENTENCE = "어제 본 영화를 또 봤다. 그 감독은 학생이다ㅋㅋ"


@pytest.fixture(scope="module")
def korean() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "korean_words.py"
    spec = importlib.util.spec_from_file_location("korean_words", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def analyzer() -> None:
    pytest.importorskip("kiwipiepy", reason="the extra 'korean' is not installed")


def words_of(korean: ModuleType, text: str, unit: str = "word") -> list[str]:
    (words,) = korean.tokenize_korean([text], unit=unit)
    return words


def test_an_unknown_unit_is_refused(korean: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"unit is 'words'.*eojeol, word, morpheme"):
        korean.splitter("words")
    assert korean.splitter("eojeol") == "whitespace"


def test_words_and_morphemes(korean: ModuleType, analyzer: None) -> None:
    words = words_of(korean, SENTENCE)
    assert words[:6] == ["어제", "본", "영화", "를", "또", "봤다"]  # particles off, verbs whole
    assert words[6:10] == ["그", "감독", "은", "학생"] and words[10].startswith("이다")
    morphemes = words_of(korean, "밥을 먹었다.", "morpheme")
    assert morphemes == ["밥", "을", "먹", "었", "다"]
    assert words_of(korean, "난 간다") == ["난", "간다"]  # 나 + ㄴ in one syllable
    assert words_of(korean, "배우의연기") == ["배우", "의", "연기"]
    assert "kiwipiepy" in korean.splitter("word")


def test_nothing_but_blanks_is_added(korean: ModuleType, analyzer: None) -> None:
    texts = [SENTENCE, "한국어를 NFD로 café에서는 😀 썼다", "", "…", "학교에서부터였다", "3.5%가"]
    texts += [unicodedata.normalize("NFD", text) for text in texts]
    for text, words in zip(texts, korean.tokenize_korean(texts), strict=True):
        glued = "".join(words_of(korean, unicodedata.normalize("NFC", text), "eojeol"))
        assert "".join(words) == glued
    for words in korean.tokenize_korean(texts, unit="morpheme"):
        assert not any(" " in word or not word for word in words)


def test_the_forms_of_unicode_are_cut_alike(korean: ModuleType, analyzer: None) -> None:
    apart = unicodedata.normalize("NFD", SENTENCE)
    for unit in ("eojeol", "word", "morpheme"):
        assert words_of(korean, apart, unit) == words_of(korean, SENTENCE, unit)


@pytest.mark.skipif(store.state(REGISTRY["kowiki"]) == "missing", reason="kowiki is not at hand")
def test_kowiki_in_words_without_particles(korean: ModuleType, analyzer: None) -> None:
    sentences = korean.load_corpus("kowiki", max_tokens=20_000, unit="word")
    assert 20_000 <= sum(map(len, sentences)) < 20_200
    words = Counter(word for sentence in sentences for word in sentence)
    # The particles of, subject, object, topic, in lead the list in any Korean text.
    assert set("의이을는에") <= {word for word, _ in words.most_common(10)}
