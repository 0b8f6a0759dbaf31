"""Numbers of an exercise that differ from copy to copy: they are drawn from the copy's variant.

An exercise that varies names what does, the published value first::

    @exercise("05.5", "The gradients of the whole loss", varies={"x_max": (100, 20, 50, 200)})
    def loss_gradients(answer: Answer, x_max: float) -> str:

The published notebook has no variant, and the check gets the published values. A copy that
``make student SEED=...`` has written names its variant in the cell of the check, and the check gets
others. What is published then does not pass, and what passes in one copy may not in another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

Varies = Mapping[str, Sequence[Any]]  # by the name of an argument of the check

_VARIANT = re.compile(r"[0-9a-f]{12}")
LETTERS = "order"  # the argument that holds an order of letters: those of choices or of lines


def drawn(number: str, varies: Varies, variant: str) -> dict[str, Any]:
    """Return the values of one variant.

    Parameters
    ----------
    number : str
        The exercise, such as ``"05.5"``.
    varies : mapping of str to sequence
        For each argument of the check its values, the published one first.
    variant : str
        Twelve digits of a hexadecimal number, or nothing for the published values.

    Returns
    -------
    dict of str to object
        With a variant never a published value.

    Raises
    ------
    ValueError
        If it is no variant.
    """
    if not variant:
        return {name: values[0] for name, values in varies.items()}
    if not _VARIANT.fullmatch(variant):
        raise ValueError(
            f"variant {variant!r} is none; leave the check's cell as it stands in your copy."
        )
    import numpy as np

    rng = np.random.default_rng([int(variant, 16), *map(int, number.split("."))])
    return {name: values[1 + rng.integers(len(values) - 1)] for name, values in varies.items()}


def orders(letters: str, right: str) -> tuple[str, ...]:
    """Return the published order of letters, then all in which the right ones have moved.

    In the order ``"CAB"`` what is published under C stands under A.

    Parameters
    ----------
    letters : str
        As published, such as ``"ABCD"``.
    right : str
        The published answer: a letter, or several in a row.
    """
    moved = (
        "".join(order) for order in permutations(letters) if renamed(right, "".join(order)) != right
    )
    return (letters, *moved)


def renamed(text: str, order: str) -> str:
    """Return published letters as an order calls them; other signs stay."""
    shown = dict(zip(order, sorted(order), strict=True))
    return "".join(shown.get(letter, letter) for letter in text)
