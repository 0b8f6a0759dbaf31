"""The biLM once more, in NumPy and float64, straight from the arrays of an official file.

Nothing is imported from the course: words are put into bytes here, each character window and
each step of the LSTM is a loop.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def generate(folder: Path, options: dict[str, Any], seed: int = 0) -> tuple[Path, Path]:
    """Write an options file and a weights file with random numbers, in the official names."""
    rng = np.random.default_rng(seed)
    lstm, cnn = options["lstm"], options["char_cnn"]
    d, p, h = cnn["embedding"]["dim"], lstm["projection_dim"], lstm["dim"]
    f = sum(number for _, number in cnn["filters"])
    shapes: dict[str, tuple[int, ...]] = {"char_embed": (261, d)}
    for i, (width, number) in enumerate(cnn["filters"]):
        shapes |= {f"CNN/W_cnn_{i}": (1, width, d, number), f"CNN/b_cnn_{i}": (number,)}
    for i in range(cnn["n_highway"]):
        for name in ("carry", "transform"):
            shapes |= {f"CNN_high_{i}/W_{name}": (f, f), f"CNN_high_{i}/b_{name}": (f,)}
    shapes |= {"CNN_proj/W_proj": (f, p), "CNN_proj/b_proj": (p,)}
    for direction in range(2):
        for i in range(lstm["n_layers"]):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{i}/LSTMCell"
            shapes |= {f"{cell}/W_0": (2 * p, 4 * h), f"{cell}/B": (4 * h,)}
            if p != h:
                shapes[f"{cell}/W_P_0"] = (h, p)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "options.json").write_text(json.dumps(options), encoding="utf-8")
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, shape in shapes.items():
            scale = 1.0 if len(shape) == 1 or name == "char_embed" else shape[-2] ** -0.5
            file[name] = rng.normal(0, scale, shape).astype(np.float32)
    return folder / "options.json", folder / "weights.hdf5"


class Reference:
    """The model of two files."""

    def __init__(self, options: Path, weights: Path) -> None:
        self.options = json.loads(options.read_text(encoding="utf-8"))
        self.arrays: dict[str, np.ndarray] = {}
        with h5py.File(weights) as file:
            file.visititems(
                lambda name, item: (
                    self.arrays.update({name: item[...].astype(np.float64)})
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
        self.state: dict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = {}

    def word(self, token: str | int) -> np.ndarray:
        """The character vector of a word, or of the mark 256 or 257."""
        cnn = self.options["char_cnn"]
        width = cnn["max_characters_per_token"]
        inner = [token] if isinstance(token, int) else list(token.encode("utf-8"))[: width - 2]
        ids = [258, *inner, 259]
        ids += [260] * (width - len(ids))
        rows = self.arrays["char_embed"][ids]  # (width, d)
        features: list[float] = []
        for i, (window, number) in enumerate(cnn["filters"]):
            kernel = self.arrays[f"CNN/W_cnn_{i}"][0]  # (window, d, number)
            for j in range(number):
                answers = [
                    (rows[start : start + window] * kernel[:, :, j]).sum()
                    for start in range(width - window + 1)
                ]
                features.append(max(answers) + self.arrays[f"CNN/b_cnn_{i}"][j])
        x = np.array(features)
        x = np.tanh(x) if cnn["activation"] == "tanh" else np.maximum(x, 0)
        for i in range(cnn["n_highway"]):
            a = {name: self.arrays[f"CNN_high_{i}/{name}"] for name in
                 ("W_carry", "b_carry", "W_transform", "b_transform")}  # fmt: skip
            gate = sigmoid(x @ a["W_carry"] + a["b_carry"])
            x = gate * np.maximum(x @ a["W_transform"] + a["b_transform"], 0) + (1 - gate) * x
        return x @ self.arrays["CNN_proj/W_proj"] + self.arrays["CNN_proj/b_proj"]

    def layers(self, tokens: list[str], stream: int = 0) -> np.ndarray:
        """All layers, (L + 1, T, 2 P), of one sentence; the state goes on in its stream."""
        lstm = self.options["lstm"]
        words = np.array([self.word(token) for token in (256, *tokens, 257)])
        found = [np.concatenate([words, words], 1)]
        both: list[list[np.ndarray]] = []
        for direction in range(2):
            inputs, outputs = words[:: -1 if direction else 1], []
            for i in range(lstm["n_layers"]):
                given = inputs
                inputs = np.array([self.step(direction, i, stream, x) for x in given])
                if i and lstm["use_skip_connections"]:
                    inputs = inputs + given
                outputs.append(inputs[:: -1 if direction else 1])
            both.append(outputs)
        found += [np.concatenate(pair, 1) for pair in zip(*both, strict=True)]
        return np.stack(found)[:, 1:-1]

    def step(self, direction: int, layer: int, stream: int, x: np.ndarray) -> np.ndarray:
        lstm, name = self.options["lstm"], f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
        key = (direction, layer, stream)
        zeros = np.zeros(lstm["projection_dim"]), np.zeros(lstm["dim"])
        h, c = self.state.get(key, zeros)
        gates = np.concatenate([x, h]) @ self.arrays[f"{name}/W_0"] + self.arrays[f"{name}/B"]
        i, j, f, o = np.split(gates, 4)
        c = c * sigmoid(f + 1.0) + sigmoid(i) * np.tanh(j)
        if lstm["cell_clip"]:
            c = np.clip(c, -lstm["cell_clip"], lstm["cell_clip"])
        h = sigmoid(o) * np.tanh(c)
        if f"{name}/W_P_0" in self.arrays:
            h = h @ self.arrays[f"{name}/W_P_0"]
            if lstm["proj_clip"]:
                h = np.clip(h, -lstm["proj_clip"], lstm["proj_clip"])
        self.state[key] = h, c
        return h
