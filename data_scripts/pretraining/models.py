"""A trained biLM as files: the official ones, and what is needed to measure perplexities."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn

from course_lib import elmo_files
from course_lib.bilm import BiLM
from course_lib.pretrain import Lexicon
from course_lib.runtime import atomic_write


def adaptive_softmax(size: int, words: int) -> nn.AdaptiveLogSoftmaxWithLoss:
    """Return a softmax in three parts: a twentieth of the words, up to a quarter, the rest.

    The rarer a part, the fewer numbers a state is brought down to: P, P / 4, P / 16.

    References
    ----------
    Grave et al. 2017, "Efficient softmax approximation for GPUs".
    """
    return nn.AdaptiveLogSoftmaxWithLoss(
        size, words, cutoffs=[max(1, words // 20), max(2, words // 4)]
    )


def save(folder: str | Path, model: BiLM, lexicon: Lexicon) -> None:
    """Write a model with its softmax, in half precision.

    ``options.json`` and ``weights.hdf5`` are the official files of ELMo; ``softmax.hdf5`` holds
    the tensors of the softmax, ``vocabulary.txt`` its words, one a line. Each file is
    written atomically.

    Raises
    ------
    OSError
        If a file cannot be written, for example on a full disk.
    """
    folder = Path(folder)
    try:
        elmo_files.write_options(folder / "options.json", model.options)
        elmo_files.write_weights(folder / "weights.hdf5", model, dtype="float16")
        with elmo_files.new_hdf5(folder / "softmax.hdf5") as file:
            for name, values in model.softmax.state_dict().items():
                file.create_dataset(name, data=values.cpu().numpy().astype("float16"))
        with atomic_write(folder / "vocabulary.txt") as part:
            text = "".join(f"{word}\n" for word in lexicon.words)
            part.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OSError(
            f"The model could not be written to {folder} ({error}). Make room on the disk, then "
            "take the run up again."
        ) from error


def load(folder: str | Path) -> tuple[BiLM, list[str]]:
    """Read what :func:`save` wrote.

    Returns
    -------
    BiLM
        With its softmax, ready to measure.
    list of str
        The words of the softmax: :meth:`Lexicon.of_words` makes a lexicon of them for any text.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged, or they do not belong together; the message names the file.
    """
    folder = Path(folder)
    path = folder / "vocabulary.txt"
    if not path.is_file():
        raise FileNotFoundError(f"There is no vocabulary {path}; a trained model has one.")
    try:
        words = path.read_text(encoding="utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error}).") from None
    softmax = _tensors(folder / "softmax.hdf5")
    options = elmo_files.read_options(folder / "options.json")
    model = BiLM(options, vocabulary_size=len(words))
    if "head.weight" in softmax:
        model.softmax = adaptive_softmax(options.projection_dim, len(words))
    wanted = {name: tuple(t.shape) for name, t in model.softmax.state_dict().items()}
    shapes = {name: tuple(t.shape) for name, t in softmax.items()}
    if shapes != wanted:
        raise ValueError(
            f"{folder / 'softmax.hdf5'} holds {shapes}; {len(words)} words of vocabulary.txt and "
            f"the sizes of options.json ask for {wanted}."
        )
    elmo_files.read_weights(folder / "weights.hdf5", model)
    model.softmax.load_state_dict(softmax)
    return model.eval(), words


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no softmax {path}; a trained model has one.")
    try:
        with h5py.File(path) as file:
            found = {name: np.float32(values[...]) for name, values in file.items()}
    except (OSError, RuntimeError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}).") from None
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{path}: {name} holds NaN or infinity.")
    return {name: torch.from_numpy(values) for name, values in found.items()}
