"""The training loop of a long run, with checkpoints and resumption.

Symbols: B parallel streams, T words of a window.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_lib.bilm import BiLM, State
from course_lib.pretrain import Lexicon, Window, cross_entropy, evaluate, losses
from course_lib.pretrain.streams import Sentences
from pretraining import checkpoints, processes, reports
from pretraining.batches import Plan, Position
from pretraining.sampling import sampled_cross_entropy
from pretraining.settings import Settings

Row = dict[str, float]


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
        criterion = self.sampled if self.settings.samples else cross_entropy
        return losses(self.model, self.lexicon, pair, state, criterion=criterion)

    def sampled(
        self, hidden: torch.Tensor, targets: torch.Tensor, softmax: nn.Linear
    ) -> torch.Tensor:
        """Return the sampled loss of each direction, (2,), with draws of its own.

        Shared draws would move half as many rows of the softmax in a step, which then learns more
        slowly at first.
        """
        given = softmax.weight, softmax.bias, self.settings.samples
        pairs = zip(hidden, targets, strict=True)
        return torch.stack([sampled_cross_entropy(h, t, *given) for h, t in pairs])


@contextmanager
def matrix_precision(settings: Settings) -> Iterator[None]:
    """Allow reduced precision in matrix products of float32, if ``settings.bfloat16``."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if settings.bfloat16 else before)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


class Training:
    """A training run: model, optimizer, LSTM state, history and position.

    Parameters
    ----------
    model : BiLM
    lexicon : Lexicon
    settings : Settings
    """

    def __init__(self, model: BiLM, lexicon: Lexicon, settings: Settings) -> None:
        self.model, self.lexicon, self.settings = model, lexicon, settings
        self.device = model.forward_layers[0].bias.device
        self.rank, self.world = processes.rank_and_world()
        torch.manual_seed(settings.seed + self.rank)
        self.optimizer: torch.optim.Optimizer
        if settings.optimizer == "adagrad":
            self.optimizer = torch.optim.Adagrad(
                model.parameters(), lr=settings.alpha, initial_accumulator_value=1.0
            )
        else:
            self.optimizer = torch.optim.AdamW(
                model.parameters(), lr=settings.alpha, weight_decay=0.01, fused=True
            )
        self.objective: nn.Module = Objective(model, lexicon, settings)
        if self.world > 1:
            self.objective = nn.parallel.DistributedDataParallel(
                self.objective,
                device_ids=[self.device] if self.device.type == "cuda" else None,
                # A cluster of an adaptive softmax without a target in the batch has no gradient.
                find_unused_parameters=isinstance(model.softmax, nn.AdaptiveLogSoftmaxWithLoss),
            )
        self.state = model.initial_state(settings.batch_size)
        self.position, self.steps, self.rows = Position(), 0, list[Row]()
        self._losses, self._norms = list[torch.Tensor](), list[torch.Tensor]()
        self._began = time.perf_counter()

    def step(self, position: Position, pair: tuple[Window, Window], alpha: float) -> None:
        """Take one optimizer step on the windows before a position."""
        for group in self.optimizer.param_groups:
            group["lr"] = alpha
        self.model.train()
        with matrix_precision(self.settings):
            loss, self.state = self.objective(pair, self.state)
            self.optimizer.zero_grad()
            loss.mean().backward()
        self._norms.append(nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip))
        self.optimizer.step()
        self._losses.append(loss.detach())
        self.position, self.steps = position, self.steps + 1

    def measure(self, held_out: Sentences | None) -> Row:
        """Evaluate; add a row to the history, the same in every process, and return it."""
        settings = self.settings
        forward, backward = processes.all_reduce_mean(torch.stack(self._losses).mean(0)).tolist()
        norm = torch.stack(self._norms).max().item()
        self._losses, self._norms = [], []
        if not math.isfinite(norm):
            raise ValueError(
                f"Before step {self.steps} the gradients ceased to be numbers. A smaller alpha or "
                "clip may help; a checkpoint of before is kept."
            )
        row = {
            "step": self.steps,
            "tokens": self.steps * settings.batch_size * settings.length * self.world,
            "forward": forward,
            "backward": backward,
            "gradient_norm": norm,
        }
        if held_out is not None:
            measured = evaluate(self.model, self.lexicon, held_out, length=settings.length)
            row |= zip(("held_out_forward", "held_out_backward"), measured.tolist(), strict=True)
        row |= {"seconds": time.perf_counter() - self._began}
        self.rows.append(processes.broadcast_row(row))
        return self.rows[-1]

    @property
    def best(self) -> int:
        """The number of the row with the lowest loss on held-out text."""
        found = [row["held_out_forward"] + row["held_out_backward"] for row in self.rows]
        found = [math.inf if math.isnan(loss) else loss for loss in found]
        return found.index(min(found))

    @property
    def stalled(self) -> bool:
        """Whether the loss on held-out text has not improved for ``settings.patience`` rows."""
        patience = self.settings.patience
        return bool(patience and self.rows and len(self.rows) - 1 - self.best >= patience)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Write a checkpoint, and beside it the best weights where there is a ``patience``."""
        on_cuda = self.device.type == "cuda"
        everyone = processes.gather(
            {
                "state": [(h.detach().cpu(), c.detach().cpu()) for h, c in self.state],
                "position": tuple(self.position),
                "random": torch.get_rng_state(),
                "random_gpu": torch.cuda.get_rng_state(self.device) if on_cuda else None,
            }
        )
        if self.rank:
            return
        content = {"about": about, "step": self.steps, "rows": self.rows, "processes": everyone}
        content |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        if self.settings.patience and self.best == len(self.rows) - 1:
            checkpoints.save(path.with_name("best.pt"), {"model": content["model"]})
        checkpoints.save(path, content)

    def restore(self, path: Path, about: dict[str, Any]) -> None:
        """Resume from a checkpoint, with the same batches and the same sampled words."""
        found = checkpoints.load(path)
        if different := checkpoints.difference(found, about):
            raise ValueError(f"{path} belongs to another run: {different}.")
        try:
            self.model.load_state_dict(found["model"])
        except RuntimeError as error:
            raise ValueError(f"{path} belongs to a model of other sizes ({error}).") from None
        self.optimizer.load_state_dict(found["optimizer"])
        mine = found["processes"][self.rank]
        self.state = [(h.to(self.device), c.to(self.device)) for h, c in mine["state"]]
        self.position = Position(*mine["position"])
        self.steps, self.rows = found["step"], found["rows"]
        self._began -= self.rows[-1]["seconds"]
        torch.set_rng_state(mine["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(mine["random_gpu"], self.device)

    def take_best(self, path: Path) -> None:
        """Load the best weights, in every process."""
        if self.rank == 0:
            self.model.load_state_dict(checkpoints.load(path.with_name("best.pt"))["model"])
        processes.broadcast_model(self.model)


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
) -> list[Row]:
    """Train a model in place by truncated back-propagation, on one or on several processors.

    Parameters
    ----------
    model : BiLM
        With a softmax over ``lexicon.words``, on the device to train on.
    lexicon : Lexicon
        Must hold every word of the text and of the held-out text.
    text : sequence of sequences of sentences
        The shards. Where ``torch.distributed`` runs, each process reads its own share.
    settings : Settings
    tokens : sequence of int, optional
        Tokens of each shard with one mark a sentence; counted here where they are not given.
    held_out : sequence of sequences of str, optional
        Text for evaluation.
    folder : Path, optional
        Where ``checkpoint.pt`` is kept, and what TensorBoard reads, if it is installed.
    resume : bool
        Go on from the checkpoint.

    Returns
    -------
    list of dict
        The rows of :func:`course_lib.pretrain.train`'s table.

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint to resume from.
    OSError
        If a checkpoint cannot be written, for example on a full disk; the one before it stays.
    ValueError
        If the checkpoint belongs to other settings, another model or another text, or a text is
        too short for a window; if a gradient is NaN or infinite.
    """
    if settings.patience and (held_out is None or folder is None):
        raise ValueError("patience needs held-out text, and a folder to keep the best weights in.")
    if resume and folder is None:
        raise ValueError("To resume, give the folder of the checkpoint.")
    if held_out is not None and sum(map(len, held_out)) + len(held_out) < settings.length:
        raise ValueError(f"The held-out text is shorter than a window of {settings.length} words.")
    if tokens is None:
        tokens = [sum(map(len, part)) + len(part) for part in text]
    rank, world = processes.rank_and_world()
    plan = Plan(text, tokens, settings, rank, world)
    training = Training(model, lexicon, settings)
    path = None if folder is None else folder / "checkpoint.pt"
    about = {"settings": asdict(settings), "tokens": list(map(int, tokens)), "world": world}
    about["words"] = zlib.crc32("\n".join(lexicon.words).encode())
    if resume:
        training.restore(path, about)
    pairs = plan.read(lexicon, training.position, training.steps)
    with (
        reports.bar(plan.total, training.steps, show=rank == 0) as move,
        reports.scalars(folder if rank == 0 else None) as write,
    ):
        for position, pair in () if training.stalled else pairs:
            training.step(position, pair, settings.rate(training.steps + 1, plan.total))
            move()
            if training.steps % settings.every and training.steps < plan.total:
                continue
            write(training.measure(held_out))
            if path is not None:
                training.save(path, about)
            if training.stalled:
                break
    if settings.patience:
        training.take_best(path)
    model.eval()
    return training.rows
