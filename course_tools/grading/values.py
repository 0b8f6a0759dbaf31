"""Plain values as JSON, between the process that checks and the one that runs an answer.

No pickle: reading one can run code. Numbers, texts, containers, arrays, tensors and random
generators arrive as what they were. Anything else arrives as a stand-in that knows the name of its
type, its text and, if it could be walked through, its items.
"""

from __future__ import annotations

import base64
import json
import numbers
import os
import re
import reprlib
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

MOST = 16 * 2**20  # bytes of one message from an answer; results of exercises are small
_DTYPE = re.compile(r"[<>|=][biufcSU]\d+")


class Remote:
    """A function of the check in the answer's process: a call is sent to the checking process.

    Parameters
    ----------
    number : int
        Which function it is.
    ask : callable
        Called with the number, the arguments and the keyword arguments.
    """

    def __init__(self, number: int, ask: Callable[[int, tuple, dict], Any]) -> None:
        self.number = number
        self._ask = ask

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the checking process."""
        return self._ask(self.number, args, kwargs)


class StandIn:
    """A value of a kind that is not sent; subclasses carry the name of its type."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class WalkedStandIn(StandIn):
    """A stand-in with items, such as those of a generator."""

    def __init__(self, text: str, items: list[Any]) -> None:
        super().__init__(text)
        self._items = items

    def __iter__(self) -> Any:
        return iter(self._items)


class SizedStandIn(WalkedStandIn):
    """A stand-in with a length and places, such as a ``range`` or the values of a dict."""

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place: Any) -> Any:
        return self._items[place]


def pack(value: Any, functions: list[Any] | None = None) -> Any:
    """Return a value as JSON can hold it.

    Parameters
    ----------
    value : object
        Anything.
    functions : list, optional
        Gets the functions that the other side may call; without it they are stand-ins.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Remote):
        return ["function", value.number]
    name = type(value).__name__
    if name in ("ndarray", "Tensor", "Generator") or hasattr(value, "dtype"):
        return _pack_numbers(value, functions)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, numbers.Number):  # a fraction, a decimal
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", base64.b64encode(value).decode()]
    if isinstance(value, dict):
        return ["dict", [[pack(k, functions), pack(v, functions)] for k, v in value.items()]]
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return [kind.__name__, [pack(item, functions) for item in value]]
    if callable(value) and functions is not None:
        functions.append(value)
        return ["function", len(functions) - 1]
    if hasattr(value, "__array__"):
        return _pack_numbers(value, functions)
    text = reprlib.repr(value)
    if isinstance(value, Iterable) and not isinstance(value, type):
        kind = "sized" if hasattr(value, "__len__") else "walked"
        return [kind, name, text, [pack(item, functions) for item in value]]
    return ["other", name, text]


def _pack_numbers(value: Any, functions: list[Any] | None) -> Any:
    import numpy as np

    if isinstance(value, np.random.Generator):
        return ["generator", pack(value.bit_generator.state)]
    if hasattr(value, "detach"):
        return ["tensor", _pack_numbers(value.detach().cpu().numpy(), functions)]
    if hasattr(value, "toarray"):
        return ["sparse", _pack_numbers(value.toarray(), functions)]
    array = np.asarray(value)
    if array.dtype.kind not in "biufcSU":
        items = [pack(item, functions) for item in array.ravel().tolist()]
        return ["objects", list(array.shape), items]
    bare = isinstance(value, np.generic)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return ["number" if bare else "array", array.dtype.str, list(array.shape), data]


def unpack(packed: Any, function: Callable[[int], Any]) -> Any:
    """Return the value that :func:`pack` packed.

    Parameters
    ----------
    packed : object
        What ``pack`` returned, perhaps forged: nothing in it is run.
    function : callable
        Gives the function of a number.

    Raises
    ------
    ValueError, TypeError, LookupError, RecursionError
        If it is not what ``pack`` returns.
    """
    if not isinstance(packed, list):
        return packed
    kind, *rest = packed

    def all_of(items: list[Any]) -> list[Any]:
        return [unpack(item, function) for item in items]

    if kind in ("list", "tuple", "set", "frozenset"):
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](
            all_of(rest[0])
        )
    if kind == "dict":
        return {unpack(k, function): unpack(v, function) for k, v in rest[0]}
    if kind == "complex":
        return complex(*rest)
    if kind == "bytes":
        return base64.b64decode(rest[0], validate=True)
    if kind == "function":
        return function(int(rest[0]))
    parents = {"walked": WalkedStandIn, "sized": SizedStandIn, "other": StandIn}
    if kind in parents:
        name = str(rest[0]) if str(rest[0]).isidentifier() else "object"
        return type(name, (parents[kind],), {})(str(rest[1]), *map(all_of, rest[2:]))
    return _unpack_numbers(kind, rest, all_of)


def _unpack_numbers(kind: str, rest: list[Any], all_of: Callable[[list[Any]], list[Any]]) -> Any:
    import numpy as np

    if kind == "generator":
        (state,) = all_of(rest)
        if state["bit_generator"] != "PCG64":
            raise ValueError("only NumPy's default generator is sent")
        generator = np.random.default_rng()
        generator.bit_generator.state = state
        return generator
    if kind == "tensor":
        import torch

        return torch.from_numpy(all_of(rest)[0])
    if kind == "sparse":
        from scipy import sparse

        return sparse.csr_array(all_of(rest)[0])
    if kind == "objects":
        array = np.empty(len(rest[1]), dtype=object)
        array[:] = all_of(rest[1])
        return array.reshape([int(n) for n in rest[0]])
    if kind not in ("array", "number") or not _DTYPE.fullmatch(rest[0]):
        raise ValueError(f"no such kind of value: {kind!r}")
    data = base64.b64decode(rest[2], validate=True)
    shape = [int(n) for n in rest[1]]
    array = np.frombuffer(data, dtype=np.dtype(rest[0])).reshape(shape).copy()
    return array[()] if kind == "number" else array


def generators(args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    """Return the random generators among arguments: a call may move these on, and nothing else."""
    given = [*args, *kwargs.values()]
    return [value for value in given if type(value).__name__ == "Generator"]


def send(stream: BinaryIO, message: Any) -> None:
    """Write one message: its length, then JSON."""
    data = json.dumps(message).encode()
    stream.write(len(data).to_bytes(8, "big") + data)
    stream.flush()


def receive(stream: BinaryIO, most: int | None = None) -> Any:
    """Read one message.

    Raises
    ------
    EOFError
        If the other side has ended.
    ValueError
        If it is no message, or one of more than ``most`` bytes.
    """
    head = stream.read(8)
    size = int.from_bytes(head, "big")
    if len(head) == 8 and most is not None and size > most:
        raise ValueError(f"a message of {size:,} bytes; at most {most:,}")
    data = stream.read(size)
    if len(head) < 8 or len(data) < size:
        raise EOFError("the other side has ended")
    return json.loads(data)


def channel() -> tuple[BinaryIO, BinaryIO]:
    """Use standard input and output for messages; what is printed is discarded."""
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return reader, writer
