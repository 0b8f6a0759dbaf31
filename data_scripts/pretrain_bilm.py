"""Train a biLM on a folder of text files, and write it as official ELMo files.

python data_scripts/pretrain_bilm.py shards model --held-out held_out.txt
python data_scripts/pretrain_bilm.py shards model --held-out held_out.txt --resume
torchrun --nproc-per-node 8 data_scripts/pretrain_bilm.py shards model --size original
    --vocabulary 793471 --samples 8192 --batch-size 128 --epochs 10 --optimizer adagrad
    --alpha 0.2 --schedule constant --clip 10 --bfloat16

Input: files NAME.txt or NAME.txt.gz, UTF-8, one sentence a line, tokens separated by white space;
write_shards.py makes such a folder. Needs torch, numpy and h5py only; a progress bar where tqdm
is installed, TensorBoard scalars in OUTPUT/tensorboard where tensorboard is.

Output: options.json and weights.hdf5 in the official layout, softmax.hdf5 and vocabulary.txt to
measure perplexities with, history.csv, and run.json with all settings and inputs.

Interruption: OUTPUT/checkpoint.pt is replaced every --every steps; with --resume the run goes on
from there with the batches and numbers it would have had. It is removed when all is written.
With several machines, OUTPUT must be a folder that all of them see.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import platform
import sys
import warnings
from itertools import chain
from pathlib import Path

import torch
from torch import distributed

try:
    from course_lib import elmo_files, runtime
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib import elmo_files, runtime

from course_lib import pretrain
from course_lib.bilm import BiLM, BiLMOptions
from pretraining import models
from pretraining.settings import SIZES, Settings
from pretraining.shards import Shards, read
from pretraining.training import run


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="text files")
    parser.add_argument("output", type=Path, help="folder for the result")
    parser.add_argument("--held-out", type=Path, help="a text file that is only measured")
    parser.add_argument(
        "--measure", type=int, default=300, help="sentences of it, evenly spread (default 300)"
    )
    parser.add_argument("--files", type=int, help="read only the first so many files")
    parser.add_argument("--size", choices=SIZES, default="course")
    parser.add_argument("--options", type=Path, help="an options.json instead of a size")
    parser.add_argument("--vocabulary", type=int, default=20_000, help="words of the softmax")
    parser.add_argument("--softmax", choices=("sampled", "full", "adaptive"), default="sampled")
    parser.add_argument("--samples", type=int, default=1024, help="of the sampled softmax")
    parser.add_argument("--max-words", type=int, default=80, help="leave longer sentences out")
    parser.add_argument("--bad-lines", choices=("refuse", "skip"), default="refuse")
    for name, default in (("epochs", 1), ("batch-size", 64), ("length", 20), ("every", 250)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--optimizer", choices=("adamw", "adagrad"), default="adamw")
    parser.add_argument("--schedule", choices=("linear", "constant", "trapezoid"), default="linear")
    parser.add_argument("--steps", type=int, help="stop after so many")
    parser.add_argument("--warm-up", type=int, default=500, help="steps of the trapezoid's rise")
    parser.add_argument("--fall", type=int, default=0, help="steps of the trapezoid's fall")
    parser.add_argument("--alpha", type=float, default=3e-3)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=int, help="stop after so many rows without progress")
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--resume", action="store_true")
    found = parser.parse_args(arguments)
    for name in ("measure", "files", "vocabulary", "samples", "max_words"):
        if getattr(found, name) is not None and getattr(found, name) < 1:
            parser.error(f"--{name.replace('_', '-')} is {getattr(found, name)}; give 1 or more.")
    return found


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of the training loop from the command line."""
    names = {field.name for field in dataclasses.fields(Settings)}
    given = {name: value for name, value in vars(options).items() if name in names}
    given["samples"] = options.samples if options.softmax == "sampled" else None
    return Settings(**given)


def model_of(options: argparse.Namespace, size: BiLMOptions, lexicon: pretrain.Lexicon) -> BiLM:
    """Return an untrained model with a softmax."""
    torch.manual_seed(options.seed)
    model = BiLM(size, vocabulary_size=len(lexicon.words))
    if options.softmax == "adaptive":
        model.softmax = models.adaptive_softmax(size.projection_dim, len(lexicon.words))
    return model


def train(options: argparse.Namespace) -> None:
    """Train, and write the result."""
    rank = int(os.environ.get("RANK", 0))
    device = runtime.device()
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    if "WORLD_SIZE" in os.environ and int(os.environ["WORLD_SIZE"]) > 1:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    settings = settings_of(options)
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.resume and (options.output / "checkpoint.pt").exists():
        raise ValueError(
            f"{options.output} holds the checkpoint of another run: go on with it by --resume, or "
            "take another folder."
        )
    shards = Shards(options.folder, bad_lines=options.bad_lines, max_words=options.max_words)
    shards.paths = shards.paths[: options.files]
    counts, tokens = shards.count()
    held_out = None
    if options.held_out is not None:
        held_out = read(options.held_out, bad_lines=options.bad_lines)
        held_out = held_out[:: max(1, len(held_out) // options.measure)]
    words = chain(counts, chain.from_iterable(held_out or ()))
    size = (
        SIZES[options.size] if options.options is None else elmo_files.read_options(options.options)
    )
    lexicon = pretrain.Lexicon.of_counts(
        counts, words, max_size=options.vocabulary, width=size.characters.width
    )
    model = model_of(options, size, lexicon).to(device)
    if rank == 0:
        weights = sum(p.numel() for p in model.parameters() if p.requires_grad)
        print(
            f"{sum(counts.values()):,} tokens in {len(shards)} files, {len(counts):,} distinct; "
            f"{weights:,} weights; {device}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad lines were reported while counting
        rows = run(
            model,
            lexicon,
            shards,
            settings,
            tokens=tokens,
            held_out=held_out,
            folder=options.output,
            resume=options.resume,
        )
    if rank == 0:
        models.save(options.output, model, lexicon)
        with (options.output / "history.csv").open("w", encoding="utf-8", newline="") as stream:
            table = csv.DictWriter(stream, rows[0])
            table.writeheader()
            table.writerows(rows)
        about = {
            "settings": dataclasses.asdict(settings),
            "softmax": options.softmax,
            "vocabulary": len(lexicon.words),
            "tokens": sum(counts.values()),
            "sentences": sum(tokens) - sum(counts.values()),
            "files": [path.name for path in shards.paths],
            "minutes": round(rows[-1]["seconds"] / 60, 1),
            "machine": torch.cuda.get_device_name()
            if device.type == "cuda"
            else platform.machine(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        text = json.dumps(about, indent=1) + "\n"
        (options.output / "run.json").write_text(text, encoding="utf-8")
        for name in ("checkpoint.pt", "best.pt"):
            (options.output / name).unlink(missing_ok=True)
        print(json.dumps(rows[-1]))
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    try:
        train(parse(arguments))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; go on with --resume.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
