"""The registry's rows for pretrained models: the official files of ELMo."""

from __future__ import annotations

from course_lib.datasets.entries import Dataset, File

# The publisher gives neither checksums nor exact lengths: see the module ``records``.
_BUCKET = "https://s3-us-west-2.amazonaws.com/allennlp/models/elmo/"


def _elmo(name: str, folder: str, megabytes: int, words: str) -> Dataset:
    """Return a row of two files, the options first; a parameter takes 4 bytes of the weights."""
    names = [f"elmo_{folder}_{kind}" for kind in ("options.json", "weights.hdf5")]
    return Dataset(
        name,
        f"official ELMo, about {megabytes} MB, trained on {words} words",
        tuple(File(f"elmo/{file}", None, None, url=f"{_BUCKET}{folder}/{file}") for file in names),
        "Apache-2.0, that of the AllenNLP project",
        "Peters et al. 2018, Deep Contextualized Word Representations",
    )


MODELS = (
    _elmo("elmo_small", "2x1024_128_2048cnn_1xhighway", 54, "800 million"),
    _elmo("elmo_medium", "2x2048_256_2048cnn_1xhighway", 112, "800 million"),
    _elmo("elmo_original", "2x4096_512_2048cnn_2xhighway", 374, "800 million"),
    _elmo("elmo_original_5_5b", "2x4096_512_2048cnn_2xhighway_5.5B", 374, "5.5 billion"),
)
