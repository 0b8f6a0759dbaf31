"""Explorables: drawings that a reader moves, in a notebook and in a page without a kernel."""

from __future__ import annotations

import base64
import html
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("explorables")


class Explorable:
    """One of the drawings in ``course_lib/explain/explorables``; displays itself in Jupyter.

    A page without a kernel has the state in its HTML; the same JavaScript makes it live there.

    Parameters
    ----------
    name : str
        A file there without ``.js``, whose first lines say what its state is.
    alt : str
        What it shows at the start, for those who do not see it.
    **state : Any
        Numbers, texts, and lists and arrays of them; more than what ``assets/explorables`` has.

    Raises
    ------
    ValueError
        For another name, no ``alt``, or a state with NaN or infinity.
    """

    def __init__(self, name: str, *, alt: str, **state: Any) -> None:
        names = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "shared")
        if name not in names or not alt.strip():
            raise ValueError(f"{name!r} with alt={alt!r}: choose one of {names}, and describe it.")
        self.name, self.alt = name, alt
        text = json.dumps(state, allow_nan=False, default=lambda array: array.tolist())
        shipped = FOLDER.parents[1] / "assets" / "explorables" / f"{name}.json"
        known = json.loads(shipped.read_text("utf-8")) if shipped.exists() else {}
        self.state: dict[str, Any] = known | json.loads(text)

    def __repr__(self) -> str:
        """Return the alternative text."""
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        given = html.escape(json.dumps(self.state, ensure_ascii=False))
        place = f'<div data-explorable="{self.name}" data-state="{given}">'
        bundle = {"text/plain": self.alt, "text/html": f"{place}{html.escape(self.alt)}</div>"}
        if os.environ.get("COURSE_PROGRESS", "").strip() != "0":  # someone is there to move it
            bundle = {**_widget(self.name)(state=self.state)._repr_mimebundle_()[0], **bundle}
        return bundle


def packed(values: np.ndarray) -> dict[str, Any]:
    """Return an array in a byte a number, for a state: ``shape``, ``scale``, ``data`` (base64)."""
    scale = float(np.abs(values).max()) / 127
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
