"""The table of ``progress()``: whole, lesson by lesson, each with a bar."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pandas as pd


class ProgressTable(pd.DataFrame):
    """A data frame that is shown by lesson, with all its rows.

    pandas leaves out the rows in the middle of a long table, and the exercises are more than it
    shows. A part of the table is a plain data frame again.
    """

    def _lessons(self) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
        """Yield each lesson, its bar, and of each row: sign and number, title, last try."""
        for lesson, rows in pd.DataFrame(self).groupby("notebook"):
            box = rows["passed"].map({True: "■", False: "□"})
            box = box.mask(rows["title"].str.startswith("prediction: "), "·")
            bar = box[box != "·"].str.cat()
            tried = rows["last_tried"].dt.strftime("%Y-%m-%d %H:%M").fillna("")
            shown = zip(box + " " + rows["number"], rows["title"], tried, strict=True)
            yield str(lesson), f"{bar} {bar.count('■')} of {len(bar)}", list(shown)

    def __repr__(self) -> str:
        """Return the table as text: a line with a bar for each lesson, its rows below."""
        lines = []
        for lesson, told, rows in self._lessons():
            lines.append(f"{lesson}  {told}")
            lines += [f"    {name}  {title}  {tried}".rstrip() for name, title, tried in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the table for a notebook: a bar for each lesson, which opens its rows."""
        parts = []
        for lesson, told, rows in self._lessons():
            cells = [
                "".join(f'<td align="left">{escape(cell)}</td>' for cell in row) for row in rows
            ]
            body = "".join(f"<tr>{row}</tr>" for row in cells)
            parts.append(
                f"<details><summary>{escape(lesson)} <code>{told}</code></summary>"
                f"<table>{body}</table></details>"
            )
        return "".join(parts)
