"""The training loop of a biLM.

Symbols: B streams side by side, T words a window.
"""

from __future__ import annotations

import contextlib
import math
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from course_lib import runtime
from course_lib.bilm import BiLM, State
from course_lib.pretrain import checkpoints, processes
from course_lib.pretrain.losses import evaluate, losses
from course_lib.pretrain.settings import Settings
from course_lib.pretrain.shards import Shards
from course_lib.pretrain.streams import (
    Lexicon,
    Place,
    Sentences,
    Window,
    batches,
    shards_of,
    windows_of,
)

if TYPE_CHECKING:
    import pandas as pd


class Objective(nn.Module):
    """The loss of a pair of windows as a module, which DistributedDataParallel asks for.

    Parameters
    ----------
    model : BiLM
    lexicon : Lexicon
    settings : Settings
    """

    def __init__(self, model: BiLM, lexicon: Lexicon, settings: Settings) -> None:
        super().__init__()
        self.model, self.lexicon, self.settings = model, lexicon, settings

    def forward(
        self, pair: tuple[Window, Window], state: list[State]
    ) -> tuple[torch.Tensor, list[State]]:
        """See :func:`course_lib.pretrain.losses`."""
        device = self.model.forward_layers[0].bias.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.settings.bfloat16):
            return losses(self.model, self.lexicon, pair, state, samples=self.settings.samples)


def run(
    model: BiLM,
    lexicon: Lexicon,
    text: Sequence[Sentences],
    settings: Settings,
    *,
    tokens: Sequence[int] | None = None,
    held_out: Sentences | None = None,
    folder: Path | None = None,
    resume: bool = False,
) -> list[dict[str, float]]:
    """Train a model in place by truncated back-propagation, on one or on several processors.

    Parameters
    ----------
    model : BiLM
        With a softmax over ``lexicon.words``, on the device to train on.
    lexicon : Lexicon
        Must hold every word of the text and of the held-out text.
    text : sequence of sequences of sentences
        The shards, see :class:`~course_lib.pretrain.Shards`. Where ``torch.distributed`` runs,
        each process reads its own share.
    settings : Settings
    tokens : sequence of int, optional
        Tokens of each shard with one mark a sentence; counted here where they are not given.
    held_out : sequence of sequences of str, optional
        Text that is only measured.
    folder : Path, optional
        Where ``checkpoint.pt`` is kept, and what TensorBoard reads, if it is installed.
    resume : bool
        Go on from the checkpoint: with the same batches and the same words drawn.

    Returns
    -------
    list of dict
        The rows of :func:`train`'s table.

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint to resume from.
    OSError
        If a checkpoint cannot be written, for example on a full disk; the one before it stays.
    ValueError
        If the checkpoint belongs to other settings, another model or another text, or a text is
        too short for a window; if the gradients are no numbers any more.
    """
    rank, world = processes.rank_and_world()
    if settings.patience and (held_out is None or folder is None):
        raise ValueError("patience needs held-out text, and a folder to keep the best weights in.")
    device = model.forward_layers[0].bias.device
    torch.manual_seed(settings.seed + rank)
    if tokens is None:
        tokens = [sum(map(len, part)) + len(part) for part in text]
    _refuse_short(text, tokens, held_out, settings)
    steps = _steps(tokens, settings, world)
    total, step, rows = sum(steps), 0, []
    optimizer = _optimizer(model, settings)
    objective: nn.Module = Objective(model, lexicon, settings)
    place, state, before = Place(), model.initial_state(settings.batch_size), 0.0
    path = None if folder is None else folder / "checkpoint.pt"
    about = {"settings": asdict(settings), "tokens": list(map(int, tokens)), "world": world}
    about["words"] = zlib.crc32("\n".join(lexicon.words).encode())
    if resume:
        if path is None:
            raise ValueError("To resume, give the folder of the checkpoint.")
        found = checkpoints.load(path)
        if different := checkpoints.difference(found, about):
            raise ValueError(f"{path} belongs to another run: {different}.")
        try:
            model.load_state_dict(found["model"])
        except RuntimeError as error:
            raise ValueError(f"{path} belongs to a model of other sizes ({error}).") from None
        optimizer.load_state_dict(found["optimizer"])
        mine = found["processes"][rank]
        state = [(h.to(device), c.to(device)) for h, c in mine["state"]]
        place, step, rows = Place(*mine["place"]), found["step"], found["rows"]
        before = rows[-1]["seconds"]
        torch.set_rng_state(mine["random"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(mine["random_gpu"], device)
    if world > 1:
        objective = nn.parallel.DistributedDataParallel(
            objective,
            device_ids=[device] if device.type == "cuda" else None,
            # A part of an adaptive softmax none of whose words came up has no gradient.
            find_unused_parameters=isinstance(model.softmax, nn.AdaptiveLogSoftmaxWithLoss),
        )
    began, sums, norms = time.perf_counter() - before, [], []
    reader = _up_to(
        steps,
        batches(
            text,
            lexicon,
            batch_size=settings.batch_size,
            length=settings.length,
            epochs=settings.epochs,
            seed=settings.seed,
            start=place,
            rank=rank,
            world=world,
        ),
        step,
    )
    with _bar(total, step, show=rank == 0) as bar, _scalars(folder if rank == 0 else None) as write:
        for place, pair in () if _stalled(rows, settings) else reader:
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = settings.rate(step, total)
            model.train()
            loss, state = objective(pair, state)
            optimizer.zero_grad()
            loss.mean().backward()
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), settings.clip))
            optimizer.step()
            sums.append(loss.detach())
            bar.update()
            if step % settings.every and step < total:
                continue
            forward, backward = processes.mean(torch.stack(sums).mean(0)).tolist()
            row = {
                "step": step,
                "tokens": step * settings.batch_size * settings.length * world,
                "forward": forward,
                "backward": backward,
                "gradient_norm": torch.stack(norms).max().item(),
            }
            if not math.isfinite(row["gradient_norm"]):
                raise ValueError(
                    f"Before step {step} the gradients ceased to be numbers. A smaller alpha or "
                    "clip may help; a checkpoint of before is kept."
                )
            if held_out is not None:
                measured = evaluate(model, lexicon, held_out, length=settings.length)
                row |= {"held_out_forward": measured[0], "held_out_backward": measured[1]}
                row = {name: float(value) for name, value in row.items()}
            row |= {"step": step, "tokens": int(row["tokens"])}
            rows.append(processes.shared(row | {"seconds": time.perf_counter() - began}))
            sums, norms = [], []
            write(rows[-1])
            mine = {
                "state": [(h.detach().cpu(), c.detach().cpu()) for h, c in state],
                "place": tuple(place),
                "random": torch.get_rng_state(),
                "random_gpu": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
            }
            if path is not None:
                everyone = processes.gathered(mine)
                if rank == 0:
                    if settings.patience and _best(rows) == len(rows) - 1:
                        checkpoints.save(path.with_name("best.pt"), {"model": model.state_dict()})
                    content = {"about": about, "step": step, "rows": rows, "processes": everyone}
                    content |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
                    checkpoints.save(path, content)
            if _stalled(rows, settings):
                break
    if settings.patience:
        if rank == 0:
            model.load_state_dict(checkpoints.load(path.with_name("best.pt"))["model"])
        processes.spread(model)
    model.eval()
    return rows


def train(
    model: BiLM,
    lexicon: Lexicon,
    sentences: Sentences,
    *,
    held_out: Sentences | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    length: int = 20,
    samples: int | None = None,
    alpha: float = 2e-3,
    clip: float = 1.0,
    seed: int = 1,
    every: int = 100,
) -> pd.DataFrame:
    """Train both directions on sentences in memory by truncated back-propagation with AdamW.

    The learning rate rises over the first twentieth of the steps and then falls to nothing.

    Parameters
    ----------
    model : BiLM
        With a softmax of ``len(lexicon.words)`` rows; trained in place.
    lexicon : Lexicon
        Must hold every word of the text.
    sentences, held_out : sequence of sequences of str
        Training text, and text that is only measured.
    epochs, batch_size, length, samples, alpha, clip, seed, every
        See :class:`Settings`.

    Returns
    -------
    pandas.DataFrame
        Columns ``step``, ``tokens`` (of one direction), ``forward``, ``backward`` (nats per word
        since the last row), ``gradient_norm`` (before clipping, largest since the last row),
        ``seconds``; with held-out text ``held_out_forward``, ``held_out_backward``.
    """
    import pandas as pd

    settings = Settings(
        epochs, batch_size, length, samples, alpha=alpha, clip=clip, seed=seed, every=every
    )
    return pd.DataFrame(run(model, lexicon, [sentences], settings, held_out=held_out))


def _refuse_short(
    text: Sequence[Sentences], tokens: Sequence[int], held_out: Sentences | None, settings: Settings
) -> None:
    """Refuse at once what would stop the run when it comes to be read."""
    for number, n in enumerate(tokens):
        if not windows_of(n, settings.batch_size, settings.length):
            name = text.paths[number] if isinstance(text, Shards) else f"Text {number}"
            raise ValueError(
                f"{name} has {n:,} words with the sentence marks; {settings.batch_size} streams of "
                f"{settings.length} need {settings.batch_size * settings.length:,}. Join it with "
                "another, or take smaller batches."
            )
    if held_out is not None and sum(map(len, held_out)) + len(held_out) < settings.length:
        raise ValueError(f"The held-out text is shorter than a window of {settings.length} words.")


def _steps(tokens: Sequence[int], settings: Settings, world: int) -> list[int]:
    """Return the steps of each epoch: as many as the process with the shortest share has."""
    if len(tokens) < world:
        raise ValueError(f"{len(tokens)} shards cannot be spread over {world} processes.")
    each = [windows_of(n, settings.batch_size, settings.length) for n in tokens]
    return [
        min(
            sum(
                each[shard]
                for shard in shards_of(
                    len(each), seed=settings.seed, epoch=epoch, rank=rank, world=world
                )
            )
            for rank in range(world)
        )
        for epoch in range(settings.epochs)
    ]


def _up_to(
    steps: list[int], found: Iterator[tuple[Place, Any]], done: int
) -> Iterator[tuple[Place, Any]]:
    """Pass on so many windows of each epoch; ``done`` were read before."""
    left = list(steps)
    for epoch, number in enumerate(steps):
        taken = min(done, number)
        left[epoch] -= taken
        done -= taken
    for place, pair in found:
        if left[place.epoch]:
            left[place.epoch] -= 1
            yield place, pair


def _optimizer(model: BiLM, settings: Settings) -> torch.optim.Optimizer:
    if settings.optimizer == "adagrad":
        return torch.optim.Adagrad(
            model.parameters(), lr=settings.alpha, initial_accumulator_value=1.0
        )
    return torch.optim.AdamW(model.parameters(), lr=settings.alpha, weight_decay=0.01)


def _best(rows: list[dict[str, float]]) -> int:
    """Return the number of the row with the lowest loss on held-out text."""
    found = [row["held_out_forward"] + row["held_out_backward"] for row in rows]
    return min(range(len(found)), key=lambda i: math.inf if math.isnan(found[i]) else found[i])


def _stalled(rows: list[dict[str, float]], settings: Settings) -> bool:
    return bool(settings.patience and rows and len(rows) - 1 - _best(rows) >= settings.patience)


@contextlib.contextmanager
def _bar(total: int, done: int, *, show: bool) -> Iterator[Any]:
    class Silent:
        def update(self) -> None:
            """Show nothing."""

    try:
        bar = runtime.progress(total=total, desc="biLM", unit="step") if show else None
    except ModuleNotFoundError:  # a machine without tqdm
        bar = None
    if bar is None:
        yield Silent()
        return
    with bar:
        bar.update(done)
        yield bar


@contextlib.contextmanager
def _scalars(folder: Path | None) -> Iterator[Any]:
    """Give a function that writes a row for TensorBoard, where that is installed."""
    try:
        if folder is None:
            raise ImportError
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield lambda row: None
        return
    with SummaryWriter(str(folder / "tensorboard")) as writer:

        def write(row: dict[str, float]) -> None:
            for name, value in row.items():
                writer.add_scalar(name, value, row["step"])

        yield write
