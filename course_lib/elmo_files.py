"""The official file formats of ELMo: ``options.json`` and ``weights.hdf5``, read and written.

The names and shapes are those of the TensorFlow program bilm-tf. Three differences are converted:
TensorFlow stores matrices as (in, out), PyTorch as (out, in); its LSTM gates are in the order
i, j, f, o (j is g here); and its character embedding has no padding row, which is row 0 here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_lib.bilm import BiLM, BiLMOptions
from course_lib.charcnn import CharCNNOptions
from course_lib.runtime import atomic_write
from course_lib.vectors.packing import whole

if TYPE_CHECKING:
    import h5py

_TENSORFLOW_GATES = [0, 2, 1, 3]  # indices of i, f, g, o in i, j, f, o; its own inverse


def read_options(path: str | Path) -> BiLMOptions:
    """Read ``options.json``.

    Fields that only training uses are ignored.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not JSON, or a field is missing or has an impossible value; the message names
        the file and the field.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no options file {path}.")
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file ({error}).") from None
    lstm, cnn = (_field(given, key, dict, path) for key in ("lstm", "char_cnn"))
    n_characters = _field(cnn, "n_characters", int, path)
    if n_characters not in (261, 262):
        raise ValueError(
            f"{path}: n_characters is {n_characters}; it must be 261 (as in training) or 262."
        )
    embedding = _field(cnn, "embedding", dict, path)
    filters = _field(cnn, "filters", list, path)
    try:
        pairs = tuple((int(width), int(number)) for width, number in filters)
    except (TypeError, ValueError):
        raise ValueError(f"{path}: filters is {filters!r}; pairs (width, number).") from None
    projection_dim = _field(lstm, "projection_dim", int, path)
    try:
        characters = CharCNNOptions(
            vector_size=_field(embedding, "dim", int, path),
            filters=pairs,
            n_highway=cnn.get("n_highway") or 0,
            activation=_field(cnn, "activation", str, path),  # type: ignore[arg-type]
            projection_dim=projection_dim,
            width=_field(cnn, "max_characters_per_token", int, path),
        )
        return BiLMOptions(
            characters=characters,
            dim=_field(lstm, "dim", int, path),
            projection_dim=projection_dim,
            n_layers=lstm.get("n_layers", 1),
            cell_clip=lstm.get("cell_clip") or 0.0,
            proj_clip=lstm.get("proj_clip") or 0.0,
            use_skip_connections=bool(lstm.get("use_skip_connections", False)),
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}".replace(f"{path}: {path}", str(path))) from None


def _field(table: dict, key: str, kind: type, path: Path) -> Any:
    if not isinstance(table, dict) or key not in table:
        raise ValueError(f"{path} has no field {key!r}; it holds {table!r:.60}.")
    if not isinstance(table[key], kind) or isinstance(table[key], bool):
        raise ValueError(f"{path}: {key} is {table[key]!r}; {kind.__name__} expected.")
    return table[key]


def write_options(path: str | Path, options: BiLMOptions) -> None:
    """Write ``options.json`` of a trained model."""
    characters = options.characters
    table = {
        "lstm": {
            "cell_clip": options.cell_clip or None,
            "proj_clip": options.proj_clip or None,
            "dim": options.dim,
            "projection_dim": options.projection_dim,
            "n_layers": options.n_layers,
            "use_skip_connections": options.use_skip_connections,
        },
        "char_cnn": {
            "embedding": {"dim": characters.vector_size},
            "filters": [list(pair) for pair in characters.filters],
            "n_highway": characters.n_highway,
            "n_characters": 262,  # 261 marks a model in training
            "max_characters_per_token": characters.width,
            "activation": characters.activation,
        },
    }
    with atomic_write(path) as part:
        part.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _tensors(model: BiLM) -> Iterator[tuple[str, list[torch.Tensor], str]]:
    """Yield the name of each data set, the tensors concatenated in it, and its layout."""
    cnn = model.characters
    yield "char_embed", [cnn.embedding.weight], "characters"
    for i, layer in enumerate(cnn.convolutions):
        yield f"CNN/W_cnn_{i}", [layer.weight], "convolution"
        yield f"CNN/b_cnn_{i}", [layer.bias], ""
    for i, layer in enumerate(cnn.highway):
        for name, linear in (("carry", layer.gate), ("transform", layer.transform)):
            yield f"CNN_high_{i}/W_{name}", [linear.weight], "transposed"
            yield f"CNN_high_{i}/b_{name}", [linear.bias], ""
    yield "CNN_proj/W_proj", [cnn.projection.weight], "transposed"
    yield "CNN_proj/b_proj", [cnn.projection.bias], ""
    for direction, layers in enumerate((model.forward_layers, model.backward_layers)):
        for i, layer in enumerate(layers):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{i}/LSTMCell"
            yield f"{cell}/W_0", [layer.input_weight, layer.state_weight], "gates"  # (4 H, 2 P)
            yield f"{cell}/B", [layer.bias], "gates"
            if layer.projection is not None:
                yield f"{cell}/W_P_0", [layer.projection], "transposed"


def _to_file(tensors: list[torch.Tensor], layout: str) -> np.ndarray:
    """Convert tensors to the layout of the file."""
    values = torch.cat(tensors, -1).detach().float().cpu().numpy()
    if layout == "characters":
        return values[1:]
    if layout == "convolution":
        return values.transpose(2, 1, 0)[None]  # (out, in, width) -> (1, width, in, out)
    if layout == "gates":
        return np.concatenate([np.split(values, 4)[i] for i in _TENSORFLOW_GATES]).T
    return values.T if layout == "transposed" else values


def _from_file(values: np.ndarray, layout: str) -> np.ndarray:
    """Convert from the layout of the file; the inverse of ``_to_file``."""
    if layout == "characters":
        return np.concatenate([np.zeros_like(values[:1]), values])
    if layout == "convolution":
        return values[0].transpose(2, 1, 0)
    if layout == "gates":
        return np.concatenate([np.split(values.T, 4)[i] for i in _TENSORFLOW_GATES])
    return values.T if layout == "transposed" else values


def read_weights(path: str | Path, model: BiLM) -> None:
    """Load ``weights.hdf5`` into a model; on an error the model is unchanged.

    The file has no softmax: that of the model is unchanged.

    Parameters
    ----------
    path : str or Path
    model : BiLM

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not an hdf5 file, is cut or altered, a data set is missing, or a shape differs
        from the one that the options ask for; the message names the data set and both shapes.
    """
    import h5py

    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no weights file {path}.")
    if not h5py.is_hdf5(path):
        raise ValueError(f"{path} is not an hdf5 file.")
    with whole(str(path), OSError, KeyError), h5py.File(path) as file:
        _no_more_layers(file, model, path)
        found = {
            name: _from_file(_dataset(file, name, _to_file(tensors, kind).shape, path), kind)
            for name, tensors, kind in _tensors(model)
        }
    with torch.no_grad():
        for name, tensors, _ in _tensors(model):
            values = torch.from_numpy(np.ascontiguousarray(found[name], dtype=np.float32))
            widths = [tensor.shape[-1] for tensor in tensors]
            for tensor, part in zip(tensors, values.split(widths, -1), strict=True):
                tensor.copy_(part)


def _dataset(file: h5py.File, name: str, shape: tuple[int, ...], path: Path) -> np.ndarray:
    import h5py

    if not isinstance(file.get(name), h5py.Dataset):
        raise ValueError(f"{path} has no data set {name!r}, which the options ask for.")
    if file[name].shape != shape:
        raise ValueError(
            f"{path}: {name} has the shape {file[name].shape}, but the options ask for {shape}."
        )
    values = file[name][...]
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: {name} holds NaN or infinity.")
    return values


def _no_more_layers(file: h5py.File, model: BiLM, path: Path) -> None:
    """Raise if the file has weights that the options do not describe."""
    wanted = {name for name, _, _ in _tensors(model)}
    groups = ("CNN", "RNN_", "char_embed")
    held: list[str] = []
    file.visit(held.append)
    for name in held:
        if name.startswith(groups) and hasattr(file[name], "shape") and name not in wanted:
            raise ValueError(f"{path} holds {name!r}, which the options do not speak of.")


def write_weights(path: str | Path, model: BiLM, *, dtype: str = "float32") -> None:
    """Write ``weights.hdf5`` atomically.

    Parameters
    ----------
    path : str or Path
    model : BiLM
    dtype : {"float32", "float16"}
        Half precision halves the size and keeps about three significant digits.
    """
    with new_hdf5(path) as file:
        for name, tensors, kind in _tensors(model):
            file.create_dataset(name, data=_to_file(tensors, kind).astype(dtype))


@contextmanager
def new_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Yield an hdf5 file in memory, written to ``path`` if the block succeeds.

    On a full disk the hdf5 library can crash the process; writing a plain file raises OSError.
    """
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        yield file
    with atomic_write(path) as part:
        part.write_bytes(memory.getbuffer())


def read(options: str | Path, weights: str | Path, **given: Any) -> BiLM:
    """Load a model from its two files; further arguments go to :class:`BiLM`."""
    model = BiLM(read_options(options), **given)
    read_weights(weights, model)
    return model.eval()
