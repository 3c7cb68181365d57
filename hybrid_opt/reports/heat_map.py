"""A table of numbers as colours, with some cells marked: what was chosen, and what holds today."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from ..errors import OptionError
from . import style
from .canvas import SIZE, SMALL, WIDTH, add_legend, drawing, new_figure, rendered, text_width, wrapped
from .checks import checked_names, checked_number, checked_texts, clean

__all__ = ["heat_map_chart"]

ROW, TOP, LINE, BOTTOM = 21.0, 32.0, 12.0, 8.0
MOST_LABEL = 0.42 * WIDTH
_COLORS = LinearSegmentedColormap.from_list("effects", [style.LOSS, "#ffffff", style.GAIN], N=257)
FAINT = 0.62  # the strongest colour still leaves dark text readable


def heat_map_chart(
    labels: Iterable[object],
    columns: Iterable[object],
    values: Sequence[Sequence[float | None]],
    chosen: Sequence[tuple[int, int]] = (),
    today: Sequence[tuple[int, int]] = (),
    *,
    breaks: Sequence[int] = (),
    names: tuple[str, str] = ("Plan", "Today"),
    title: str = "Effect",
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw a table of numbers as colours around zero, and mark cells.

    Args:
        labels: what each row stands for, shape (R,).
        columns: what each column stands for, shape (C,).
        values: numbers, shape (R, C); None or NaN leaves a cell empty.
        chosen: cells (row, column) with a frame.
        today: cells (row, column) with a dot.
        breaks: rows before which a line separates blocks.
        names: what the frame and the dot are called.
        title: what the numbers are.
        description: read aloud in place of the picture; made from the labels where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: lengths differ, a number is not finite, or a mark or break lies outside the table.

    Example:
        >>> heat_map_chart(["question", "offer"], ["startup"], [[0.2], [-0.1]], chosen=[(0, 0)])[:4]
        '<svg'
    """
    rows, heads = checked_texts("labels", labels), checked_texts("columns", columns)
    names, title = checked_names(names), clean(title)
    table = _table(values, len(rows), len(heads))
    for name, cells in (("chosen", chosen), ("today", today)):
        for r, c in cells:
            if not (0 <= r < len(rows) and 0 <= c < len(heads)):
                raise OptionError(
                    f"{name} holds {(r, c)}, but there are {len(rows)} rows and {len(heads)} columns, "
                    "counted from 0"
                )
    if any(not 0 < r < len(rows) for r in breaks):
        raise OptionError(f"breaks is {list(breaks)!r}; legal are rows from 1 to {len(rows) - 1}")
    known = table[~np.isnan(table)]
    largest = float(np.abs(known).max()) if len(known) and np.abs(known).max() > 0 else 1.0
    texts = iter(style.aligned(known.tolist(), signed=bool((known < 0).any())) if len(known) else [])
    with drawing():
        left = min(MOST_LABEL, max(text_width(label) for label in rows) + 14)
        wide = (WIDTH - left) / len(heads)
        broken = ["\n".join(wrapped(head, wide - 6)) for head in heads]
        header = LINE * max(1 + head.count("\n") for head in broken)
        height = TOP + header + ROW * len(rows) + BOTTOM
        figure = new_figure(height)
        axes = figure.add_axes(
            (left / WIDTH, BOTTOM / height, 1 - left / WIDTH - 0.004, ROW * len(rows) / height)
        )
        axes.set_xlim(0, len(heads))
        axes.set_ylim(len(rows), 0)
        axes.axis("off")
        for r, label in enumerate(rows):
            text = wrapped(label, left - 10, lines=1)[0]
            axes.text(-6 / wide, r + 0.5, text, ha="right", va="center", fontsize=SIZE)
            for c in range(len(heads)):
                if np.isnan(table[r, c]):
                    continue
                color = _color(float(table[r, c]) / largest)
                cell = Rectangle((c + 0.01, r + 0.05), 0.98, 0.9, facecolor=color, gid=f"mark:cell:{r}:{c}")
                axes.add_patch(cell)
                axes.text(c + 0.5, r + 0.52, next(texts), ha="center", va="center", fontsize=SMALL)
        for c, head in enumerate(broken):
            axes.text(c + 0.5, -0.25, head, ha="center", va="bottom", fontsize=SIZE, color=style.MUTED)
        for r in breaks:
            axes.plot(
                [-left / wide, len(heads)], [r, r], color=style.MUTED, linewidth=0.7, clip_on=False,
                gid=f"mark:break:{r}",
            )  # fmt: skip
        for r, c in chosen:
            axes.add_patch(
                Rectangle(
                    (c + 0.012, r + 0.06), 0.976, 0.88, fill=False, edgecolor=style.PLAN, linewidth=2.4,
                    clip_on=False, gid=f"mark:chosen:{r}:{c}",
                )
            )  # fmt: skip
        for r, c in today:
            at, gid = c + min(0.5, 12 / wide), f"mark:today:{r}:{c}"
            axes.plot([at], [r + 0.5], "o", color=style.INK, markersize=4, gid=gid)
        handles: list[Artist] = [
            Patch(facecolor="white", edgecolor=style.PLAN, linewidth=2.4, label=names[0]),
        ]
        if len(today):
            handles.append(
                Line2D([], [], color=style.INK, marker="o", linestyle="none", markersize=4, label=names[1])
            )
        above = f"{title} above 0" if (known < 0).any() else title
        handles.append(Patch(color=_color(1.0), label=above))
        if (known < 0).any():
            handles.append(Patch(color=_color(-1.0), label="below 0"))
        add_legend(figure, handles)
        words = f"{title} of {', '.join(rows)} by {', '.join(heads)}; {names[0].lower()}: " + ", ".join(
            f"{rows[r]} for {heads[c]}" for r, c in chosen
        )
        return rendered(figure, description or words, png)


def _color(share: float) -> tuple[float, float, float]:
    """Colour of a number between -1 and 1."""
    return to_rgb(_COLORS(0.5 + 0.5 * FAINT * share))


def _table(values: Sequence[Sequence[float | None]], rows: int, columns: int) -> NDArray[np.float64]:
    given = [list(row) for row in values]
    if len(given) != rows or any(len(row) != columns for row in given):
        raise OptionError(
            f"values has {len(given)} rows of {sorted({len(row) for row in given})} numbers; give {rows} "
            f"rows of {columns} numbers each"
        )
    table = np.full((rows, columns), np.nan)
    for r, row in enumerate(given):
        for c, value in enumerate(row):
            if value is not None and value == value:
                table[r, c] = checked_number(f"values[{r}][{c}]", value)
    return table
