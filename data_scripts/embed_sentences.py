"""Write ELMo's vectors of every word of a text file to an hdf5 file.

python data_scripts/embed_sentences.py sentences.txt vectors.hdf5
python data_scripts/embed_sentences.py raw.txt vectors.hdf5 --tokenize --layers average --float16
python data_scripts/embed_sentences.py sentences.txt vectors.hdf5 --model original --resume
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import torch

try:
    from course_lib import runtime
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib import runtime

from course_lib.datasets.registry import unknown_name
from course_lib.elmo import OFFICIAL, Elmo
from course_lib.text import tokenize

HELP = """\
input: UTF-8 text, one sentence a line, its words separated by white space; with --tokenize any
  text, still one sentence a line. Words keep their capitals. All of it is checked first.

output: for line i, counted from 0, a data set "i", float32 or float16, of the shape
    (layers, words, 2 P)  all layers: 0 is the character vector, twice; each other layer is the
                          forward LSTM's output, then the backward one's
    (words, 2 P)          with --layers average, top, or weights
  and "sentence_to_index", one string: JSON from the text of each line, without white space at
  its ends, to the name of its data set (of a line that occurs twice, the last). This is what
  `allennlp elmo` writes. Marks of sentence ends are read by the model but not written.

state: each line starts from zeros, unlike the dumps of bilm-tf and allennlp, whose LSTMs go on
  from the line before. --stateful does as they do: lines are read one by one, in their order.

interruption: finished lines are kept in parts, whole hdf5 files, in OUTPUT.parts; whatever
  stopped the run, the same command with --resume goes on after the last part. At the end the
  parts are copied into OUTPUT, which therefore exists only when it is complete; for that moment
  the disk must hold the vectors twice. Memory does not grow with the text, except for
  sentence_to_index: --forget-sentences leaves it out.

exit codes: 0 OUTPUT is complete; 1 it is not, and the message says why; 2 a wrong command;
  130 interrupted.
"""
PART_BYTES = 64_000_000  # some ten seconds of work on a laptop
Sentence = tuple[int, str, list[str]]  # line from 0, text, words


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    given = parser.parse_args(argv)
    if given.batch_size < 1:
        parser.error(f"--batch-size is {given.batch_size}; give 1 or more.")
    try:
        return _run(given)
    except KeyboardInterrupt:
        print("\nInterrupted. What is done is kept; go on with --resume.", file=sys.stderr)
        return 130
    except (OSError, ValueError, RuntimeError) as error:  # the last: torch, of memory
        print(f"Stopped: {error}", file=sys.stderr)
        return 1


def _device(name: str) -> str:
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise argparse.ArgumentTypeError(f"torch cannot use {name!r} here: {error}") from error
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="embed_sentences.py",
        description=__doc__.split("\n")[0],
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("input", type=Path, metavar="INPUT")
    add("output", type=Path, metavar="OUTPUT")
    add("--model", default="course", help=f"course (default), {', '.join(OFFICIAL)}, or a folder")
    add("--layers", type=_layers, default="all", help="all, average, top, or as 0.2,0.5,0.3")
    add("--tokenize", action="store_true", help="split lines as the course does, with punctuation")
    add("--skip-empty", action="store_true", help="no data set for an empty line; else it is wrong")
    add("--stateful", action="store_true", help="go on from the line before")
    add("--float16", action="store_true", help="half the room, about three digits")
    add("--forget-sentences", action="store_true", help="leave out sentence_to_index")
    add("--batch-size", type=int, default=32, metavar="N", help="lines together (default 32)")
    add("--device", type=_device, help="cpu, cuda … (default: the GPU where there is one)")
    add("--resume", action="store_true", help="go on where an earlier run was stopped")
    return parser


def _layers(text: str) -> str | list[float]:
    if text in ("all", "average", "top"):
        return text
    try:
        weights = [float(part) for part in text.split(",")]
    except ValueError:
        weights = []
    if not weights or not np.isfinite(weights).all():
        raise argparse.ArgumentTypeError(f"{text!r}: all, average, top or numbers")
    return weights


def _run(given: argparse.Namespace) -> int:
    parts = given.output.with_name(f"{given.output.name}.parts")
    if not given.output.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {given.output.parent}; make it first.")
    if not given.resume:
        for path in (given.output, parts):
            if path.exists():
                raise FileExistsError(f"{path} is there already: delete it, or add --resume.")
    text_hash, total = _checked(given)
    elmo = _load(given.model, stateful=given.stateful, device=given.device)
    if isinstance(given.layers, list) and len(given.layers) != elmo.n_layers:
        raise ValueError(
            f"--layers has {len(given.layers)} weights; the model has {elmo.n_layers} layers."
        )
    settings = {
        "text": text_hash,
        "model": _fingerprint(elmo),
        "--layers": given.layers,
        "--tokenize": given.tokenize,
        "--stateful": given.stateful,
        "--float16": given.float16,
    }
    if given.output.exists():
        with h5py.File(given.output) as file:
            _same(settings, file, given.output)
    else:
        parts.mkdir(exist_ok=True)
        _embed(given, elmo, settings, parts, total)
        _join(given, settings, parts, total)
    shutil.rmtree(parts, ignore_errors=True)
    print(f"{total:,} sentences in {given.output}")
    return 0


def _sentences(
    given: argparse.Namespace, seen: Callable[[bytes], None] | None = None
) -> Iterator[Sentence]:
    """Yield each sentence of the text; ``seen`` is given every line as it is in the file."""
    with given.input.open("rb") as stream:
        for number, raw in enumerate(stream):
            if seen:
                seen(raw)
            where = f"{given.input}, line {number + 1}"
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                wrong = f"0x{raw[error.start]:02x} at byte {error.start + 1}"
                raise ValueError(f"{where} is not UTF-8: {wrong}. Save it as UTF-8.") from None
            text = (text.removeprefix("\ufeff") if number == 0 else text).strip()
            split = (
                partial(tokenize, lower=False, punctuation=True) if given.tokenize else str.split
            )
            if words := split(text):
                yield number, text, words
            elif not given.skip_empty:
                raise ValueError(f"{where} is empty. Fill it, or add --skip-empty.")


def _checked(given: argparse.Namespace) -> tuple[str, int]:
    """Validate, hash and count the whole text, so that a bad line is reported before the work."""
    digest = hashlib.sha256()
    total = sum(1 for _ in _sentences(given, digest.update))
    if not total:
        raise ValueError(f"{given.input} holds no sentence.")
    return digest.hexdigest(), total


def _load(name: str, *, stateful: bool, device: str | None) -> Elmo:
    if name == "course":
        return Elmo.course_model(stateful=stateful, device=device)
    if name in OFFICIAL:
        return Elmo.official(name, stateful=stateful, device=device)
    folder = Path(name)
    if not folder.is_dir():
        raise ValueError(f"{unknown_name(name, ('course', *OFFICIAL), 'model or folder')}")
    files = []
    for kind in ("options.json", "weights.hdf5"):
        found = sorted(folder.glob(f"*{kind}"))
        if len(found) != 1:
            raise ValueError(f"{folder} holds {len(found)} files *{kind}; one is needed.")
        files += found
    return Elmo.from_files(*files, stateful=stateful, device=device)


def _fingerprint(elmo: Elmo) -> str:
    digest = hashlib.sha256(repr(elmo.model.options).encode())
    for weight in elmo.model.state_dict().values():
        digest.update(np.ascontiguousarray(weight.cpu()))
    return digest.hexdigest()


def _same(settings: dict, file: h5py.File, path: Path) -> None:
    """Raise unless a file was made with these settings."""
    held = json.loads(file.attrs.get("settings", "{}"))
    if other := [name for name, value in settings.items() if held.get(name) != value]:
        raise ValueError(
            f"{path} was made otherwise ({', '.join(other)}). Give what was given then, or delete "
            "it and start anew."
        )


def _embed(given: argparse.Namespace, elmo: Elmo, settings: dict, parts: Path, total: int) -> None:
    """Write the parts that are not there yet."""
    start = 0
    if there := sorted(parts.glob("*.hdf5")):
        with h5py.File(there[-1]) as file:
            _same(settings, file, parts)
            start = int(file.attrs["next_line"])
            if given.stateful:
                elmo.state = [
                    tuple(
                        torch.from_numpy(file[f"state/{i}/{x}"][...]).to(elmo.device) for x in "hc"
                    )
                    for i in range(len(file["state"]))
                ]
    sentences = _sentences(given)
    with runtime.progress(total=total, desc="embed", unit="sentence") as bar:
        if start:
            for number, _, _ in sentences:
                bar.update(1)
                if number == start - 1:
                    break
        batch_size = 1 if given.stateful else given.batch_size
        batches = iter(lambda: list(islice(sentences, batch_size)), [])
        while _write_part(given, elmo, settings, parts, batches, bar):
            pass


def _write_part(
    given: argparse.Namespace,
    elmo: Elmo,
    settings: dict,
    parts: Path,
    batches: Iterator[list[Sentence]],
    bar,
) -> bool:
    """Write one part, and tell whether there was anything to write."""
    draft = parts / "part.writing"
    size, whole = 0, None
    with h5py.File(draft, "w") as file:
        try:
            for batch in batches:
                for (number, _, _), vectors in zip(
                    batch, _vectors(given, elmo, batch), strict=True
                ):
                    file.create_dataset(str(number), data=vectors)
                    size += vectors.nbytes
                whole = batch[-1][0] + 1, elmo.state
                bar.update(len(batch))
                if size >= PART_BYTES:
                    break
        finally:  # whatever stopped it, the batches that are whole are kept
            if whole:
                file.attrs.update(next_line=whole[0], settings=json.dumps(settings))
                for i, (h, c) in enumerate(whole[1] or ()):
                    file[f"state/{i}/h"], file[f"state/{i}/c"] = h.cpu(), c.cpu()
                file.close()
                draft.replace(parts / f"{whole[0]:012d}.hdf5")
    return whole is not None


def _vectors(given: argparse.Namespace, elmo: Elmo, batch: list[Sentence]) -> list[np.ndarray]:
    layers, _ = elmo.embed([words for _, _, words in batch])  # (layers, batch, time, 2 P)
    if given.layers == "top":
        layers = layers[-1]
    elif given.layers == "average":
        layers = layers.mean(0)
    elif given.layers != "all":
        layers = torch.tensordot(layers.new_tensor(given.layers), layers, dims=1)
    values = layers.cpu().numpy().astype(np.float16 if given.float16 else np.float32, copy=False)
    return [values[..., i, : len(words), :] for i, (_, _, words) in enumerate(batch)]


def _join(given: argparse.Namespace, settings: dict, parts: Path, total: int) -> None:
    """Copy all parts into one file, atomically."""
    draft, copied = parts / "whole.writing", 0
    with h5py.File(draft, "w") as whole:
        for path in sorted(parts.glob("*.hdf5")):
            with h5py.File(path) as part:
                end = int(part.attrs["next_line"])
                for name in part:
                    if name.isdigit() and int(name) < end:  # else left by an interruption
                        part.copy(name, whole)
                        copied += 1
        if copied != total:
            raise ValueError(
                f"{parts} holds {copied:,} sentences, not {total:,}. Delete it and start anew."
            )
        if not given.forget_sentences:
            index = {text: str(number) for number, text, _ in _sentences(given)}
            held = whole.create_dataset("sentence_to_index", (1,), dtype=h5py.string_dtype())
            held[0] = json.dumps(index)
        whole.attrs["settings"] = json.dumps(settings)
    draft.replace(given.output)


if __name__ == "__main__":
    sys.exit(main())
