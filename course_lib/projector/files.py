"""Files for the Embedding Projector, https://projector.tensorflow.org, and for TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from course_lib.runtime import atomic_write
from course_lib.vectors import WordVectors

CONFIG = "projector_config.pbtxt"
# A tab ends a column and a line end a row, some readers know many more: as Python prints them.
ESCAPES = {ord(c): repr(c)[1:-1] for c in "\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


def export(
    vectors: WordVectors,
    folder: str | Path,
    *,
    name: str = "vectors",
    metadata: Mapping[str, Sequence[object]] | None = None,
) -> tuple[Path, Path]:
    r"""Write vectors and words as the Embedding Projector reads them.

    Three files: ``NAME_tensor.tsv``, a row of numbers for each word; ``NAME_metadata.tsv``, the
    words; and ``projector_config.pbtxt``, which names the two for TensorBoard
    (``tensorboard --logdir FOLDER``). The first two are those of gensim's ``word2vec2tensor``.
    Each number has as many digits as float32 needs to be read back unchanged.

    All three are written atomically: if the disk fills up, older files are unchanged.

    Parameters
    ----------
    vectors : WordVectors
    folder : str or Path
        Made if it is not there.
    name : str
        Prefix of the file names.
    metadata : mapping of str to sequence, optional
        More columns, for example ``{"count": vectors.counts}``: a heading and a value for each
        word. The metadata then begin with a header row, the first field of which is ``word``, as
        the Projector wants it for two columns or more. It shows a single column only without one.

    Returns
    -------
    Path, Path
        The tensor and the metadata.

    Raises
    ------
    ValueError
        If a column has another number of rows than there are words, if one is called ``word``,
        if a word is empty or nothing but spaces, or if ``name`` is no part of a file name.
    OSError
        If a file cannot be written.

    Notes
    -----
    A tab and whatever may end a line (``\n``, ``\r``, U+0085, U+2028 ...) is written inside a
    word as Python prints it, so that one row stays one row; so is a word of nothing but white
    space other than blanks. All other words, with quotes, backslashes, Korean or emoji, stand
    there unchanged (UTF-8, no quoting).
    """
    if not name or Path(name).name != name:
        raise ValueError(f"name is {name!r}; give the first part of a file name, without a folder.")
    columns = {str(heading): list(values) for heading, values in (metadata or {}).items()}
    if "word" in columns:
        raise ValueError("A column of metadata is called 'word', as the words are; rename it.")
    for heading, values in columns.items():
        if len(values) != len(vectors):
            raise ValueError(
                f"The metadata column {heading!r} has {len(values):,} rows, but there are "
                f"{len(vectors):,} words; give one value for each word, in their order."
            )
    for row, word in enumerate(vectors.words):
        if not _field(word).strip():
            raise ValueError(
                f"The word of row {row} is {word!r}. The Projector skips blank rows, so that all "
                "later words would stand at the wrong points; rename it."
            )
    target = Path(folder).expanduser()
    target.mkdir(parents=True, exist_ok=True)
    tensor, words = target / f"{name}_tensor.tsv", target / f"{name}_metadata.tsv"
    table = zip(vectors.words, *columns.values(), strict=True)
    rows = [["word", *columns], *table] if columns else table
    _write_all(
        {
            # str of a float32 has the fewest digits that read back as the same float32.
            tensor: ("\t".join(map(str, row)) for row in vectors.matrix),
            words: ("\t".join(map(_field, row)) for row in rows),
            target / CONFIG: _config(name, tensor, words),
        }
    )
    return tensor, words


def _field(value: object) -> str:
    text = str(value)
    if not text.replace("\ufeff", "").strip():  # blank to JavaScript, which passes over such rows
        return text.encode("unicode_escape").decode()
    return text.translate(ESCAPES)


def _config(name: str, tensor: Path, words: Path) -> list[str]:
    # JSON's quotes and backslashes are those of the text format of protocol buffers.
    entries = {"tensor_name": name, "tensor_path": tensor.name, "metadata_path": words.name}
    fields = [f"  {key}: {json.dumps(text, ensure_ascii=False)}" for key, text in entries.items()]
    return ["embeddings {", *fields, "}"]


def _write_all(files: Mapping[Path, Iterable[str]]) -> None:
    with ExitStack() as stack:  # at its end all are renamed, or none is
        for path, lines in files.items():
            part = stack.enter_context(atomic_write(path))
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)
