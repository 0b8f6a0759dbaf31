"""The cells that the running notebook has run, as far as they still stand in it."""

from __future__ import annotations

import sys
from typing import Any

_cell_of: dict[str, str] = {}  # the id of the cell, by its text; some front ends give none


def _shell() -> Any:
    """Return IPython's shell; None outside of a notebook."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def watch() -> None:
    """Note from now on which cell is run, so that its older texts can be told from it."""
    shell = _shell()
    if shell is not None and _note not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _note)


def _note(info: Any) -> None:
    if info.store_history and getattr(info, "cell_id", None):
        _cell_of[info.raw_cell.rstrip("\n")] = info.cell_id


def cells() -> list[str]:
    """Return the texts of the cells in the order in which they were last run.

    None outside of a notebook, or where the front end keeps no history, as nbval.

    Of a cell that was run again, changed or not, the latest text alone counts: the notebook's file
    holds no other.
    """
    shell = _shell()
    if shell is None:
        return []
    latest: dict[str, str] = {}
    for text in filter(None, shell.history_manager.input_hist_raw):  # the first is empty
        key = f"id {_cell_of[text]}" if text in _cell_of else f"text {text}"
        latest.pop(key, None)
        latest[key] = text
    return list(latest.values())
