"""How far each row can move without leaving the plans that are nearly as good as the best."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import OptionError
from . import style
from .canvas import add_legend, drawing, rendered
from .checks import checked_names, checked_numbers, checked_range, checked_texts, clean
from .rows import row_frame, spread

__all__ = ["ranges_chart"]


def ranges_chart(
    labels: Iterable[object],
    best: Sequence[float],
    lowest: Sequence[float],
    highest: Sequence[float],
    lower: Sequence[float] | None = None,
    upper: Sequence[float] | None = None,
    *,
    x_title: str = "Amount",
    names: tuple[str, str] = ("Best plan", "Range over near-best plans"),
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw how far each row can move without leaving the near-best plans.

    Args:
        labels: what each row stands for, shape (R,).
        best: amount in the best plan, shape (R,).
        lowest: least amount over the near-best plans, shape (R,).
        highest: greatest amount over the near-best plans, shape (R,).
        lower: least allowed amount per row, or None.
        upper: greatest allowed amount per row, or None.
        x_title: what is measured, with its unit.
        names: what the dot and the line are called.
        description: read aloud in place of the picture; made from the labels where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: lengths differ, a number is not finite, or the best lies outside its range.

    Example:
        >>> ranges_chart(["TV"], [80], [60], [90], x_title="Spend (EUR)")[:4]
        '<svg'
    """
    rows, names, x_title = checked_texts("labels", labels), checked_names(names), clean(x_title)
    top, low, high = (
        checked_numbers(name, values, len(rows))
        for name, values in (("best", best), ("lowest", lowest), ("highest", highest))
    )
    bounds = checked_range(lower, upper, len(rows))
    outside = (top < low) | (top > high)
    if outside.any():
        i = int(np.argmax(outside))
        raise OptionError(
            f"best[{i}] = {top[i]:g} lies outside lowest[{i}] = {low[i]:g} to highest[{i}] = {high[i]:g}; "
            "the best plan is one of the near-best, so the range must hold it"
        )
    amounts = style.aligned([*top, *low, *high])
    ends = zip(amounts[len(rows) : 2 * len(rows)], amounts[2 * len(rows) :])
    spans = [a if a == b else f"{a} to {b}" for a, b in ends]
    columns = [(names[0].split()[0], amounts[: len(rows)]), ("Range", spans)]
    with drawing():
        frame = row_frame(rows, columns, x_title)
        axes = frame.axes
        for i in range(frame.rows):
            if bounds:
                start, end = bounds[0][i], bounds[1][i]
                axes.barh(i, end - start, 0.5, start, color=style.RANGE, gid=f"mark:allowed:{i}")
            axes.plot(
                [low[i], high[i]],
                [i, i],
                color=style.SERIES[4],
                linewidth=5,
                solid_capstyle="butt",
                clip_on=False,
                gid=f"mark:range:{i}",
            )
            axes.plot(
                [top[i]],
                [i],
                "D",
                color=style.PLAN,
                markersize=6,
                clip_on=False,
                zorder=4,
                gid=f"mark:best:{i}",
            )
        axes.set_xlim(*spread(*low, *high, *(amount for ends in bounds or () for amount in ends)))
        handles: list[Artist] = [
            Line2D([], [], color=style.PLAN, marker="D", linestyle="none", markersize=6, label=names[0]),
            Line2D([], [], color=style.SERIES[4], linewidth=5, label=names[1]),
        ]
        if bounds:
            handles.append(Patch(color=style.RANGE, label="Allowed range"))
        add_legend(frame.figure, handles)
        return rendered(
            frame.figure, description or f"{names[0]} and {names[1].lower()} of {', '.join(rows)}", png
        )
