"""Streams, losses and training of a biLM."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from course_lib import characters, pretrain
from course_lib.bilm import BiLM, BiLMOptions
from course_lib.charcnn import CharCNNOptions

SENTENCES = [["the", "cat", "sat"], ["the", "dog"], ["a", "cat", "ran", "far", "away"], ["yes"]]


def small(vocabulary_size: int | None = None) -> BiLM:
    torch.manual_seed(0)
    cnn = CharCNNOptions(3, ((1, 4), (2, 4)), 1, "relu", 6, 12)
    return BiLM(BiLMOptions(cnn, 8, 6, 2, 3.0, 3.0, True), vocabulary_size=vocabulary_size)


def test_the_lexicon_keeps_the_frequent_words_as_targets_and_spells_all() -> None:
    lexicon = pretrain.Lexicon.build(SENTENCES, max_size=2, width=12)
    assert lexicon.words == ["</S>", "<S>", "<UNK>", "the", "cat"]
    assert list(lexicon.types)[:2] == ["</S>", "<S>"] and len(lexicon.types) == 11
    assert lexicon.targets[[lexicon.types[w] for w in ("the", "cat", "dog", "</S>")]].tolist() == [
        3, 4, 2, 0,
    ]  # fmt: skip
    batch = characters.batch_to_ids([["dog"]], width=12)[0]
    rows = [lexicon.types[w] for w in ("<S>", "dog", "</S>")]
    assert np.array_equal(lexicon.spelling[rows], batch)
    with pytest.raises(ValueError, match="no words"):
        pretrain.Lexicon.build([])


def test_a_stream_reads_forward_or_backward_and_predicts_the_next_word() -> None:
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    words = list(lexicon.types)
    for backward, wanted in (
        (False, ("<S> the dog <S> yes", "the dog </S> yes </S>")),
        (True, ("</S> dog the </S> yes", "dog the <S> yes <S>")),
    ):
        text = pretrain.stream(SENTENCES, lexicon, backward=backward, order=np.array([1, 3]))
        assert tuple(" ".join(words[i] for i in part) for part in text) == wanted


def test_windows_of_a_row_follow_each_other() -> None:
    text = pretrain.Window(np.arange(23), np.arange(1, 24))
    found = list(pretrain.windows(text, 2, 3))
    assert [w.inputs.tolist() for w in found] == [
        [[0, 1, 2], [11, 12, 13]],
        [[3, 4, 5], [14, 15, 16]],
        [[6, 7, 8], [17, 18, 19]],
    ]
    assert all(np.array_equal(w.targets, w.inputs + 1) for w in found)
    with pytest.raises(ValueError, match="23 words in 8 streams are 2 each, less than a window"):
        list(pretrain.windows(text, 8, 3))


def test_the_loss_is_that_of_each_direction_alone() -> None:
    """Held against the model's own layers on a whole sentence, in float64, without windows."""
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    model = small(len(lexicon.words)).double()
    sentence = SENTENCES[2]
    pair = tuple(
        pretrain.Window(*(part[None] for part in pretrain.stream([sentence], lexicon, backward=b)))
        for b in (False, True)
    )
    found, _ = pretrain.losses(model, lexicon, pair, model.initial_state(1))
    ids = torch.from_numpy(characters.batch_to_ids([sentence], width=12))
    top = model(ids).layers[-1][0].detach()  # (7, 12): with the marks
    types = ["<S>", *sentence, "</S>"]
    targets = torch.tensor([lexicon.words.index(word) for word in types])
    log_p = [torch.log_softmax(model.softmax(half), 1) for half in (top[:, :6], top[:, 6:])]
    forward = -log_p[0][torch.arange(6), targets[1:]].mean()
    backward = -log_p[1][torch.arange(1, 7), targets[:-1]].mean()
    torch.testing.assert_close(found, torch.stack([forward, backward]), rtol=0, atol=1e-9)


def test_state_is_carried_from_window_to_window() -> None:
    """Two windows of 5 words give the losses of one window of 10."""
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    model = small(len(lexicon.words)).double()
    streams = [pretrain.stream(SENTENCES * 4, lexicon, backward=b) for b in (False, True)]
    found = []
    for length in (5, 10):
        state, losses = model.initial_state(2), []
        for pair in zip(*(pretrain.windows(s, 2, length) for s in streams), strict=True):
            loss, state = pretrain.losses(model, lexicon, pair, state)
            losses.append(loss.detach())
        found.append(torch.stack(losses[: 20 // length]).mean(0))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-9)


def test_training_learns_a_text_and_is_the_same_for_the_same_seed() -> None:
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    histories = []
    for seed in (1, 1, 2):
        model = small(len(lexicon.words))
        histories.append(
            pretrain.train(
                model,
                lexicon,
                SENTENCES * 20,
                epochs=12,
                batch_size=4,
                length=6,
                seed=seed,
                alpha=0.02,
                every=12,
                held_out=SENTENCES[:2],
            )
        )
    kept = ["step", "forward", "backward", "gradient_norm", "held_out_forward"]
    assert histories[0][kept].equals(histories[1][kept])
    assert not histories[0][kept].equals(histories[2][kept])
    first, last = histories[0].iloc[0], histories[0].iloc[-1]
    assert last["forward"] < 0.5 * first["forward"] and last["backward"] < first["backward"]
    assert last["forward"] < 0.5 * math.log(len(lexicon.words))


def test_what_cannot_be_trained_is_refused() -> None:
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    for given, message in (
        ({"epochs": 0}, "epochs is 0; it must be a whole number above 0"),
        ({"every": -1}, "every is -1"),
        ({"batch_size": 8, "length": 3}, "15 words in 8 streams are 1 each"),
    ):
        with pytest.raises(ValueError, match=message):
            pretrain.train(small(len(lexicon.words)), lexicon, SENTENCES, **given)
    model = small(len(lexicon.words))
    with torch.no_grad():
        model.softmax.bias.fill_(math.nan)
    with pytest.raises(RuntimeError, match="non-finite"):
        pretrain.train(model, lexicon, SENTENCES, batch_size=2, length=3)


def test_the_learning_rate_rises_and_falls() -> None:
    found = [pretrain.learning_rate(0.1, step, 100) for step in range(1, 101)]
    assert np.argmax(found) == 5 and max(found) == pytest.approx(0.1, rel=1e-3)
    assert np.all(np.diff(found[:6]) > 0) and np.all(np.diff(found[6:]) < 0)
    assert found[-1] == pytest.approx(0.1 / 95)


def test_the_backward_model_sees_no_word_before_its_target() -> None:
    """On random text neither direction can do better than the words' frequency."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(8)]
    text = [[words[i] for i in row] for row in rng.integers(0, 8, (150, 10))]
    lexicon = pretrain.Lexicon.build(text, width=12)
    model = small(len(lexicon.words))
    pretrain.train(model, lexicon, text, epochs=3, batch_size=4, length=10, alpha=0.01)
    other = [[words[i] for i in row] for row in rng.integers(0, 8, (100, 10))]
    found = pretrain.evaluate(model, lexicon, other, length=11)
    # Ten of eleven targets are one of eight words at random; the end mark may be learned.
    assert (found > 0.95 * 10 / 11 * math.log(8)).all()
