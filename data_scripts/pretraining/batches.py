"""The windows that each process reads, their order and number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from course_lib import pretrain
from course_lib.pretrain import Lexicon, Window
from course_lib.pretrain.streams import Sentences
from pretraining.settings import Settings
from pretraining.shards import Shards


class Position(NamedTuple):
    """Position of a training run in its text: the next window.

    Attributes
    ----------
    epoch, shard, window : int
        ``shard`` counts within the order of the epoch, ``window`` within the shard.
    """

    epoch: int = 0
    shard: int = 0
    window: int = 0


def shards_of(n: int, *, seed: int, epoch: int, rank: int = 0, world: int = 1) -> np.ndarray:
    """Return the shards of a process in an epoch, shuffled; processes share none."""
    return np.random.default_rng((seed, epoch)).permutation(n)[rank::world]


def batches(
    text: Sequence[Sentences],
    lexicon: Lexicon,
    *,
    batch_size: int,
    length: int,
    epochs: int,
    seed: int,
    start: Position | None = None,
    rank: int = 0,
    world: int = 1,
) -> Iterator[tuple[Position, tuple[Window, Window]]]:
    """Yield the windows of a run: the position after each, and its pair of directions.

    Shards are shuffled anew in each epoch, and the sentences of a shard as in
    :func:`course_lib.pretrain.batches`. The order depends on the seed and the position only, so a
    run can resume anywhere.

    Parameters
    ----------
    text : sequence of sequences of sentences
        The shards.
    start : Position, optional
        The first window; by default that of the whole run.
    rank, world : int
        Rank of this process and number of processes.
    """
    start = start or Position()
    shape = {"batch_size": batch_size, "length": length, "seed": seed}
    for epoch in range(start.epoch, epochs):
        mine = shards_of(len(text), seed=seed, epoch=epoch, rank=rank, world=world)
        first_shard = start.shard if epoch == start.epoch else 0
        for number, shard in enumerate(mine[first_shard:], first_shard):
            pairs = pretrain.batches(text[shard], lexicon, **shape, epoch=epoch, shard=int(shard))
            done = start.window if (epoch, number) == start[:2] else 0
            for window, pair in enumerate(islice(pairs, done, None), done + 1):
                yield Position(epoch, number, window), pair


class Plan:
    """The batches of one process; all processes have the same number.

    Parameters
    ----------
    text : sequence of sequences of sentences
    tokens : sequence of int
        Of each shard, with one mark a sentence.
    settings : Settings
    rank, world : int

    Attributes
    ----------
    steps : list of int
        Of each epoch: the minimum over the processes.
    total : int
        Of the run.

    Raises
    ------
    ValueError
        If there are fewer shards than processes, or one is too short for a window; if there are
        fewer steps than were asked for, or than the fall of the learning rate takes.
    """

    def __init__(
        self,
        text: Sequence[Sentences],
        tokens: Sequence[int],
        settings: Settings,
        rank: int,
        world: int,
    ) -> None:
        self.text, self.rank, self.world = text, rank, world
        self.shape = {"batch_size": settings.batch_size, "length": settings.length}
        self.order = {"epochs": settings.epochs, "seed": settings.seed}
        size = settings.batch_size * settings.length
        each = [n // settings.batch_size // settings.length for n in tokens]
        if 0 in each:
            number = each.index(0)
            name = text.paths[number] if isinstance(text, Shards) else f"Text {number}"
            raise ValueError(
                f"{name} has {tokens[number]:,} words with the sentence marks; "
                f"{settings.batch_size} streams of {settings.length} need {size:,}. Join it with "
                "another, or take smaller batches."
            )
        if len(tokens) < world:
            raise ValueError(f"{len(tokens)} shards cannot be spread over {world} processes.")
        self.steps = []
        for epoch in range(settings.epochs):
            shares = [
                shards_of(len(each), seed=settings.seed, epoch=epoch, rank=one, world=world)
                for one in range(world)
            ]
            self.steps.append(min(sum(each[shard] for shard in share) for share in shares))
        there_are = sum(self.steps)
        self.total = settings.steps or there_are
        if self.total > there_are:
            raise ValueError(
                f"steps is {self.total:,}, but epochs = {settings.epochs} gives {there_are:,} "
                "only. Take more epochs, or fewer steps."
            )
        if settings.fall > self.total:
            raise ValueError(f"fall is {settings.fall:,}; the run has {self.total:,} steps.")

    def read(
        self, lexicon: Lexicon, start: Position, done: int
    ) -> Iterator[tuple[Position, tuple[Window, Window]]]:
        """Yield the batches from a position on, after ``done`` steps.

        Raises
        ------
        ValueError
            If more steps are done than the run has.
        """
        if done > self.total:
            raise ValueError(f"{done:,} steps are done already; the run has {self.total:,}.")
        to_do = self.total - done
        left = list(self.steps)
        for epoch, number in enumerate(self.steps):
            left[epoch] -= min(done, number)
            done -= min(done, number)
        share = {"rank": self.rank, "world": self.world, "start": start}
        for position, pair in batches(self.text, lexicon, **self.shape, **self.order, **share):
            if not to_do:
                return
            if left[position.epoch]:
                left[position.epoch] -= 1
                to_do -= 1
                yield position, pair
