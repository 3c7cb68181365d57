"""A calendar of hours and days: a number as color in every cell, names written into some of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

from ..errors import OptionError
from . import style
from .canvas import SIZE, SMALL, WIDTH, add_legend, drawing, new_figure, rendered, text_width, wrapped
from .checks import checked_texts, clean

__all__ = ["calendar_chart"]

_SCALE = LinearSegmentedColormap.from_list("engagement", ["#f7fafc", "#b9d9ec", "#56a5d0"])
_EMPTY = "#ffffff"
_FRAME: Any = {"edgecolor": style.LOSS, "linewidth": 1.8}


def calendar_chart(
    rows: Iterable[object],
    columns: Iterable[object],
    values: ArrayLike,
    marks: Mapping[tuple[int, int], str],
    *,
    value_title: str = "Value",
    top: float | None = None,
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw a heat map whose marked cells are framed and carry a name.

    Args:
        rows: what each row stands for, such as hours, shape (R,).
        columns: what each column stands for, such as days, shape (C,).
        values: number of each cell, shape (R, C); NaN for a cell that does not exist.
        marks: (row, column) -> name to write into the cell.
        value_title: what the numbers measure.
        top: number of the darkest color; the largest one where None.
        description: read aloud in place of the picture; made from the marks where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: the shape is wrong, a number is infinite or all are missing, or a mark lies outside.

    Example:
        >>> calendar_chart(["09:00"], ["Mon", "Tue"], [[5, 3]], {(0, 1): "news"})[:4]
        '<svg'
    """
    hours, days = checked_texts("rows", rows), checked_texts("columns", columns)
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(hours), len(days)):
        wanted = (len(hours), len(days))
        raise OptionError(f"values has shape {numbers.shape}; give one number per row and column, {wanted}")
    if np.isinf(numbers).any() or np.isnan(numbers).all():
        raise OptionError("values holds an infinite number, or none; NaN is for cells that do not exist")
    for place in marks:
        if not (0 <= place[0] < len(hours) and 0 <= place[1] < len(days)):
            size = f"{len(hours)} rows and {len(days)} columns"
            raise OptionError(f"the mark at {place} lies outside of {size}; count from 0")
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers)) if top is None else float(top)
    label = max(text_width(hour, SMALL) for hour in hours) + 12
    wide, tall, head = (WIDTH - label) / len(days), 30.0, 46.0
    height = head + tall * len(hours) + 6
    with drawing():
        figure = new_figure(height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.axis("off")
        for j, day in enumerate(days):
            axes.text(label + (j + 0.5) * wide, head - 6, day, ha="center", va="bottom", fontsize=SIZE)
        for i, hour in enumerate(hours):
            middle = head + (i + 0.5) * tall
            axes.text(label - 8, middle, hour, ha="right", va="center", fontsize=SMALL, color=style.MUTED)
            for j in range(len(days)):
                number = float(numbers[i, j])
                missing = np.isnan(number)
                share = 1.0 if high <= low else (number - low) / (high - low)
                color = _EMPTY if missing else _SCALE(min(1.0, max(0.0, share)))
                corner = (label + j * wide + 1, head + i * tall + 1)
                cell = Rectangle(corner, wide - 2, tall - 2, facecolor=color, edgecolor="none")
                cell.set_gid(f"mark:cell:{i}:{j}")
                axes.add_patch(cell)
                if missing:
                    continue
                name = clean(marks.get((i, j), ""))
                top_line = middle - 6 if name else middle
                text = style.short(number)
                axes.text(
                    corner[0] + (wide - 2) / 2, top_line, text, ha="center", va="center", fontsize=SMALL,
                    color=style.INK if name else style.MUTED,
                )  # fmt: skip
                if name:
                    frame = Rectangle(corner, wide - 2, tall - 2, fill=False, **_FRAME)
                    frame.set_gid(f"mark:chosen:{i}:{j}")
                    axes.add_patch(frame)
                    shown = wrapped(name, wide - 8, SMALL, lines=1, bold=True)[0]
                    axes.text(
                        corner[0] + (wide - 2) / 2, middle + 6, shown, ha="center", va="center",
                        fontsize=SMALL, fontweight="bold", color=style.INK,
                    )  # fmt: skip
        title = clean(value_title)
        handles: list[Artist] = [
            Patch(facecolor=_SCALE(0.0), edgecolor=style.GRID, label=f"{title} {style.short(low)}"),
            Patch(facecolor=_SCALE(1.0), label=f"{title} {style.short(high)}"),
            Patch(facecolor="white", label="Chosen", **_FRAME),
        ]
        add_legend(figure, handles)
        said = "; ".join(f"{clean(name)}: {days[j]} {hours[i]}" for (i, j), name in marks.items())
        return rendered(figure, description or f"{title} by row and column. Chosen: {said or 'nothing'}", png)
