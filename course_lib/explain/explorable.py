"""Explorables: drawings that a reader moves, in a notebook and in a page without a kernel."""

from __future__ import annotations

import base64
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

MIME = "application/vnd.word-vectors-course.explorable+json"
FOLDER = Path(__file__).with_name("explorables")
SHIPPED = FOLDER.parents[1] / "assets" / "explorables"  # the state that each begins with


class Explorable:
    """One of the drawings in ``course_lib/explain/explorables``, moved by whoever reads.

    Give it to ``plots.show(fig, alt=..., live=...)``: the figure is what a page shows that runs
    no JavaScript; a page without a kernel has the state beside it, and mounts the same module.

    Parameters
    ----------
    name : str
        A file there without ``.js``, whose first lines say what its state is.
    **state : Any
        Numbers, texts, and lists and arrays of them; more than what ``assets/explorables`` has.

    Raises
    ------
    ValueError
        For another name, or a state with NaN or infinity.
    """

    def __init__(self, name: str, **state: Any) -> None:
        names = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "shared")
        if name not in names:
            raise ValueError(f"There is no explorable {name!r}; choose one of {', '.join(names)}.")
        self.name = name
        self.given = json.loads(json.dumps(state, allow_nan=False, default=lambda a: a.tolist()))
        known = json.loads((SHIPPED / f"{name}.json").read_text("utf-8"))
        self.state: dict[str, Any] = known | self.given

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return what was given, for a static page, and a widget where someone is there."""
        bundle: dict[str, Any] = {MIME: {"name": self.name, "state": self.given}}
        if os.environ.get("COURSE_PROGRESS", "").strip() != "0":
            bundle |= _widget(self.name)(state=self.state)._repr_mimebundle_()[0]
        return bundle


def packed(values: np.ndarray) -> dict[str, Any]:
    """Return an array in a byte a number, for a state: ``shape``, ``scale``, ``data`` (base64)."""
    scale = float(np.abs(values).max()) / 127 or 1.0  # of zeros alone too
    data = np.round(values / scale).astype(np.int8).tobytes()
    return {"shape": values.shape, "scale": scale, "data": base64.b64encode(data).decode()}


def module(name: str) -> str:
    """Return the JavaScript of an explorable as one ES module, the shared part first."""
    shared, own = ((FOLDER / f"{part}.js").read_text("utf-8") for part in ("shared", name))
    lines = (line for line in own.splitlines() if not line.startswith("import "))
    return shared.replace("\nexport ", "\n") + "\n".join(lines)


@cache
def _widget(name: str) -> type[Any]:
    import anywidget
    import traitlets

    fields = {"_esm": module(name), "state": traitlets.Dict().tag(sync=True)}
    return type("Mounted", (anywidget.AnyWidget,), fields)
