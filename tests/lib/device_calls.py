"""Every call of the library that takes a device, with a small input: CALLS, name to function.

Each takes a device and returns its result as an array of float64. Those in DRAWN draw random
numbers on the device, so that a GPU's result is another than a processor's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array

from course_lib import classify, elmo, fasttext, glove, pretrain, word2vec
from course_lib.bilm import BiLM, BiLMOptions
from course_lib.charcnn import CharCNNOptions
from course_lib.text import Vocabulary
from pretraining.settings import Settings
from pretraining.training import run

SENTENCES = [["a", "big", "cat"], ["hello"], ["the", "dog", "a"], ["big", "dog"]] * 6


def bilm(**more: Any) -> BiLM:
    torch.manual_seed(0)
    cnn = CharCNNOptions(3, ((1, 4), (2, 4)), 1, "relu", 6, 12)
    return BiLM(BiLMOptions(cnn, 8, 6, 2, 3.0, 3.0, True), **more).eval()


def embed(device: str) -> np.ndarray:
    embedder = elmo.Elmo(bilm(), device=device, stateful=True, cache=5)
    embedder.embed(SENTENCES[:4])
    return embedder.embed(SENTENCES[4:8]).layers.cpu().numpy()


def mix(device: str, *, layer_norm: bool) -> np.ndarray:
    embedder, mixture = elmo.Elmo(bilm(), device=device), elmo.ScalarMix(3, layer_norm)
    mixed = embedder.mixed(SENTENCES[:4], mixture)
    mixed.square().sum().backward()
    gradient = mixture.scores.grad.cpu().numpy()
    return np.concatenate([mixed.detach().cpu().numpy().ravel(), gradient])


def pretrained(device: str, *, way: str = "fast") -> np.ndarray:
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    model = bilm(vocabulary_size=len(lexicon.words), way=way).to(device)
    table = pretrain.train(
        model,
        lexicon,
        SENTENCES,
        held_out=SENTENCES[:5],
        epochs=2,
        batch_size=2,
        length=5,
    )
    return table.drop(columns="seconds").to_numpy(float)


def sampled(device: str) -> np.ndarray:
    lexicon = pretrain.Lexicon.build(SENTENCES, width=12)
    model = bilm(vocabulary_size=len(lexicon.words)).to(device)
    settings = Settings(epochs=2, batch_size=2, length=5, samples=3)
    rows = run(model, lexicon, [SENTENCES], settings, held_out=SENTENCES[:5])
    return np.array([[value for name, value in row.items() if name != "seconds"] for row in rows])


def classified(device: str, make: Callable[[int], torch.nn.Module]) -> np.ndarray:
    ids = np.random.default_rng(0).integers(2, 20, (12, 9))
    ids[:4, :3] = 0
    labels = np.arange(12) % 2
    torch.manual_seed(0)
    model = make(20)
    table = classify.fit(
        model,
        ids,
        labels,
        epochs=3,
        batch_size=4,
        averaged=2,
        validation=(ids, labels),
        device=device,
    )
    model.to(device)
    losses = table.drop(columns="seconds").to_numpy(float).ravel()
    return np.concatenate([losses, classify.predict(model, ids), classify.predict(model, ids)])


def fit_glove(device: str) -> np.ndarray:
    vocabulary = Vocabulary.build(SENTENCES, min_count=1)
    counts = np.random.default_rng(1).random((len(vocabulary), len(vocabulary)))
    counts = csr_array(counts + counts.T)
    return glove.fit(counts, vocabulary, epochs=2, device=device, autograd=True).matrix


def train_vectors(device: str, train: Callable = word2vec.train, **more: Any) -> np.ndarray:
    return train(SENTENCES, min_count=1, device=device, autograd=True, **more).matrix


CALLS: dict[str, Callable[[str], np.ndarray]] = {
    "elmo.Elmo.embed": embed,
    "elmo.Elmo.mixed": partial(mix, layer_norm=False),
    "elmo.Elmo.mixed, normalized": partial(mix, layer_norm=True),
    "pretrain.train": pretrained,
    "pretrain.train, word by word": partial(pretrained, way="cell"),
    "pretraining.training.run, sampled": sampled,
    "classify.fit, MeanEmbedding": partial(classified, make=classify.MeanEmbedding),
    "classify.fit, ConvMax": partial(classified, make=classify.ConvMax),
    "classify.fit, ConvLSTM": partial(classified, make=classify.ConvLSTM),
    "glove.fit": fit_glove,
    "word2vec.train": train_vectors,
    "word2vec.train, cbow": partial(train_vectors, architecture="cbow"),
    "word2vec.train, softmax": partial(train_vectors, loss="softmax"),
    "fasttext.train": partial(train_vectors, train=fasttext.train, bucket=50),
}
DRAWN = {
    "pretraining.training.run, sampled",
    "classify.fit, ConvMax",
    "classify.fit, ConvLSTM",
    *(name for name in CALLS if name.startswith(("word2vec", "fasttext"))),
}
