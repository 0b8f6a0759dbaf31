"""Programs from outside in the same turns: ``--peer NAME=PATH``.

A program is called as its authors say in their README: ``word2vec.c`` and what took over its
command line, ``fasttext``, or ``glove`` of Stanford. It gets the same tokens, a sentence a line,
and the same hyper-parameters, and its vectors are read and judged as all others are.

Its speed is the last ``words/sec`` it prints. Programs that count words (those of the vocabulary
and the end of each line) are brought to the words counted here (all tokens). One that prints no
speed is timed, less the time of a call that only reads: the vocabulary or, for ``glove``, all
entries. A program draws its own random numbers, so a seed means one more run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import fasttext
from course_lib.text import Vocabulary
from course_lib.vectors import WordVectors

Run = tuple[WordVectors, float]  # vectors, words or entries per second
Sentences = Sequence[Sequence[str]]
SPEED = re.compile(rb"words/(thread/)?sec(/thread)?:\s*([\d.]+)(k?)", re.IGNORECASE)


class PeerError(RuntimeError):
    """A program failed, or did not do what its command line promises."""


def named(text: str) -> tuple[str, Path]:
    """Read ``NAME=PATH``; an argparse type.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no name, or no file at the path.
    """
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path} is no file; give the path of the program")
    return name, Path(path).resolve()


def call(program: Path, arguments: dict[str, Any], *first: str, folder: Path) -> tuple[str, float]:
    """Run a program in a folder of its own; return what it printed, and the seconds it took.

    Raises
    ------
    PeerError
        If it ends with an error.
    """
    command = [str(program), *first, *(str(x) for pair in arguments.items() for x in pair)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seconds = time.perf_counter() - start
    printed = done.stdout.decode(errors="replace")
    if done.returncode:
        raise PeerError(
            f"{' '.join(command)}\nended with {done.returncode}; its last words: {printed[-500:]}"
        )
    return printed, seconds


def printed_speed(printed: str, threads: int) -> float | None:
    """Return the last words/s that a program printed, of all threads together."""
    found = SPEED.findall(printed.encode())
    if not found:
        return None
    before, after, number, thousand = found[-1]
    return float(number) * (1000 if thousand else 1) * (threads if before or after else 1)


def has_cbow(program: Path) -> bool:
    """Say whether a program with word2vec's command line names ``-cbow`` in its help."""
    done = subprocess.run([str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return b"-cbow" in done.stdout


def word2vec(
    program: Path,
    sentences: Sentences,
    architecture: str,
    epochs: int,
    threads: int,
    options: dict[str, Any],
) -> Run:
    """Train with a program that takes word2vec's command line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, vectors = _written(sentences, folder), folder / "vectors.txt"
        arguments = {
            "-train": text,
            "-size": options["vector_size"],
            "-window": options["window"],
            "-negative": options["negative"],
            "-hs": 0,
            "-sample": options["sample"],
            "-alpha": options["alpha"],
            "-min-count": options["min_count"],
            "-iter": epochs,
            "-threads": threads,
            "-cbow": int(architecture == "cbow"),
            "-binary": 0,
        }
        printed, seconds = call(program, arguments | {"-output": vectors}, folder=folder)
        speed = printed_speed(printed, threads)
        if speed is None:  # without -output it stops when it has read the vocabulary
            seconds = _less(seconds, call(program, arguments, folder=folder)[1])
        return _loaded(vectors), _speed(speed, seconds, sentences, epochs, options)


def fast_text(
    program: Path, sentences: Sentences, epochs: int, threads: int, options: dict[str, Any]
) -> Run:
    """Train Skip-gram on sub-words with a program that takes fastText's command line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = {
            "-input": _written(sentences, folder),
            "-output": folder / "model",
            "-dim": options["vector_size"],
            "-ws": options["window"],
            "-neg": options["negative"],
            "-t": options["sample"],
            "-lr": options["alpha"],
            "-minn": options["min_n"],
            "-maxn": options["max_n"],
            "-minCount": options["min_count"],
            "-bucket": options["bucket"],
            "-thread": threads,
        }
        printed, seconds = call(program, arguments | {"-epoch": epochs}, "skipgram", folder=folder)
        model = folder / "model.bin"
        if not model.is_file():
            raise PeerError(f"{program} left no model.bin.")
        vectors = fasttext.FastTextVectors.load(model)
        speed = printed_speed(printed, threads)
        if speed is None:
            reading = call(program, arguments | {"-epoch": 0}, "skipgram", folder=folder)[1]
            seconds = _less(seconds, reading)
        return vectors, _speed(speed, seconds, sentences, epochs, options)


def glove(
    program: Path,
    counts: Any,
    vocabulary: Vocabulary,
    epochs: int,
    threads: int,
    options: dict[str, Any],
) -> Run:
    """Fit vectors with a program that takes Stanford's ``glove`` command line.

    It gets the entries of the matrix ``counts`` (scipy.sparse.coo_array), shuffled.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entries = np.empty(counts.nnz, dtype=[("i", "<i4"), ("j", "<i4"), ("x", "<f8")])
        entries["i"], entries["j"] = (ids + 1 for ids in counts.coords)  # words count from 1
        entries["x"] = counts.data
        np.random.default_rng(options["seed"]).permutation(entries).tofile(folder / "entries")
        lines = zip(vocabulary.words, vocabulary.counts, strict=True)
        words = "".join(f"{word} {count}\n" for word, count in lines)
        (folder / "words").write_text(words, encoding="utf-8")
        arguments = {
            "-input-file": folder / "entries",
            "-vocab-file": folder / "words",
            "-save-file": folder / "vectors",
            "-vector-size": options["vector_size"],
            "-x-max": options["x_max"],
            "-threads": threads,
            "-seed": options["seed"],
            "-binary": 0,
            "-verbose": 0,
        }
        _, reading = call(program, arguments | {"-iter": 0}, folder=folder)
        _, seconds = call(program, arguments | {"-iter": epochs}, folder=folder)
        return _loaded(folder / "vectors.txt"), counts.nnz * epochs / _less(seconds, reading)


def _written(sentences: Sentences, folder: Path) -> Path:
    """Write the text, a sentence a line."""
    path = folder / "text.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(" ".join(sentence) + "\n" for sentence in sentences)
    return path


def _loaded(path: Path) -> WordVectors:
    if not path.is_file():
        raise PeerError(f"The program left no {path.name}.")
    return WordVectors.load(path)


def _less(seconds: float, reading: float) -> float:
    """Return the time of training alone."""
    if seconds <= reading:
        raise PeerError(f"It trained in {seconds:.2f} s and read in {reading:.2f}: take more text.")
    return seconds - reading


def _speed(
    printed: float | None,
    seconds: float,
    sentences: Sentences,
    epochs: int,
    options: dict[str, Any],
) -> float:
    """Return tokens per second; what a program printed counts known words and line ends."""
    tokens = sum(map(len, sentences))
    if printed is None:
        return tokens * epochs / seconds
    known = Vocabulary.build(sentences, min_count=options["min_count"]).counts.sum()
    return printed * tokens / (known + len(sentences))
