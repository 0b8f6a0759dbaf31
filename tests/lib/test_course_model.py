"""The biLM that ships: it loads offline, and its card tells the truth about it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import course_lib
from course_lib import datasets, pretrain
from course_lib.elmo import Elmo
from pretraining import models

FOLDER = Path(course_lib.__file__).parent / "assets" / "bilm"
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_it_is_small_and_loads_by_name() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 16_000_000
    model = Elmo.course_model()
    layers, mask = model.embed([["The", "bank", "of", "the", "river"], ["Money", "."]])
    assert layers.shape == (3, 2, 5, model.vector_size) and mask.sum() == 7
    assert np.isfinite(layers.cpu().numpy()).all()


def test_the_perplexities_of_the_card_are_those_of_the_articles_inside_gensim() -> None:
    """Measured anew: all words of the softmax, state carried, windows of 20."""
    found = re.search(
        r"(\d+) sentences of the 106 articles.*?perplexity ([\d.]+) forward, ([\d.]+) backward",
        CARD,
        re.DOTALL,
    )
    assert found, "the card names no perplexities"
    count, forward, backward = int(found[1]), float(found[2]), float(found[3])
    articles = list(datasets.load_corpus("wikipedia", as_written=True))
    sentences = articles[:: len(articles) // 300]
    assert len(sentences) == count
    model, words = models.load(FOLDER)
    text = dict.fromkeys(word for sentence in sentences for word in sentence)
    lexicon = pretrain.Lexicon.of_words(words, text, width=model.options.characters.width)
    measured = np.exp(pretrain.evaluate(model, lexicon, sentences))
    np.testing.assert_allclose(measured, [forward, backward], rtol=0.005)
