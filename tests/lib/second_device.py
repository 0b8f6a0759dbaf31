"""A second device that needs no hardware: tensors that stand on "second", numbers in memory.

Inside ``with SecondDevice():`` everything that takes ``device=`` can be called with "second". An
operation computes on the processor what a GPU would, so that results can be held to those of the
CPU; it raises, as on a GPU, if some of its tensors stand on one device and some on the other.
torch's ``FakeTensorMode`` has no numbers: it stops where the code looks at one, as the biLM does at
the lengths of sentences.

Registering the device changes torch for the whole process. Import this file only in a process of
its own; ``test_devices`` starts one.

Not here: a generator on the device (``torch.Generator`` gives the CPU's) and the LSTM cell that
PyTorch has for GPUs. Both are tested on cuda alone.
"""

from __future__ import annotations

from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "second"
_setup_privateuseone_for_python_backend(NAME)

_aten = torch.ops.aten
_COPIES = {_aten._to_copy.default, _aten.copy_.default}  # between devices
# On a GPU too these take some arguments on the processor: an index, the lengths to pack.
_FIRST_ALONE = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
    _aten._pack_padded_sequence.default,
    _aten._pack_padded_sequence_backward.default,
}
_Generator = torch.Generator


class _OnProcessor:
    """Makes the CPU's generator, whatever device is asked for."""

    def __new__(cls, device: object = "cpu") -> torch.Generator:
        return _Generator()


class Second(torch.Tensor):
    """A tensor on the second device; ``held`` has its numbers."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Second:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=f"{NAME}:0",
        )
        made.held = held
        return made

    def tolist(self) -> Any:
        """torch refuses this for subclasses; on a GPU it copies."""
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class SecondDevice(TorchDispatchMode):
    """While it is entered, tensors can be made on the second device."""

    def __enter__(self) -> SecondDevice:
        self._generator = mock.patch("torch.Generator", _OnProcessor)
        self._generator.start()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._generator.stop()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Any, args: tuple, kwargs: dict) -> Any:
    """Compute on the processor; put the result where it belongs."""
    tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)]
    there = [value for value in tensors if isinstance(value, Second)]
    here = [value for value in tensors if not isinstance(value, Second) and value.dim()]
    if func in _FIRST_ALONE:  # no index on the device for a tensor on the processor
        here = [value for value in tensors[:1] if not isinstance(value, Second)]
    if there and here and func not in _COPIES:
        shapes = [tuple(value.shape) for value in here]
        raise RuntimeError(f"{func}: tensors on {NAME}, and on cpu of the shapes {shapes}.")
    asked = kwargs.get("device")
    given = kwargs if asked is None else kwargs | {"device": torch.device("cpu")}
    inner_args, inner = tree_map_only(Second, lambda value: value.held, (args, given))
    found = func(*inner_args, **inner)
    if func._schema.is_mutable:  # an operation in place returns what it was given
        outer = {
            id(inside): value
            for inside, value in zip(
                tree_leaves((inner_args, inner)), tree_leaves((args, given)), strict=True
            )
            if isinstance(inside, torch.Tensor)
        }
        return tree_map_only(torch.Tensor, lambda value: outer.get(id(value), value), found)
    if func is _aten._pack_padded_sequence.default:
        return (Second(found[0]), found[1]) if there else found  # the sizes stay here
    if not there if asked is None else torch.device(asked).type != NAME:
        return found
    return tree_map_only(torch.Tensor, Second, found)
