"""Collective communication of ``torch.distributed``; without effect in a single process."""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed, nn


def rank_and_world() -> tuple[int, int]:
    """Return the rank of this process and the number of processes."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def gather(mine: Any) -> list[Any]:
    """Gather the objects of all processes on rank 0; return an empty list on the others."""
    rank, world = rank_and_world()
    if world == 1:
        return [mine]
    everyone = [None] * world if rank == 0 else None
    distributed.gather_object(mine, everyone)
    return everyone or []


def broadcast_row(row: dict[str, float]) -> dict[str, float]:
    """Broadcast the row of rank 0, so that all processes stop at the same step."""
    if rank_and_world()[1] > 1:
        found = [row]
        distributed.broadcast_object_list(found, 0)
        return found[0]
    return row


def all_reduce_mean(values: torch.Tensor) -> torch.Tensor:
    """Return the mean over the processes (all-reduce, in place)."""
    world = rank_and_world()[1]
    if world > 1:
        distributed.all_reduce(values)
        values /= world
    return values


def broadcast_model(model: nn.Module) -> None:
    """Broadcast parameters and buffers of rank 0's model to all processes."""
    if rank_and_world()[1] > 1:
        for values in model.state_dict().values():
            distributed.broadcast(values, 0)
