"""Two bars per row: the amount today beside the amount planned, within its allowed range."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import style
from .canvas import add_legend, drawing, rendered
from .checks import checked_names, checked_numbers, checked_range, checked_texts, clean
from .rows import row_frame, spread, whisker

__all__ = ["allocation_bars"]


def allocation_bars(
    labels: Iterable[object],
    today: Sequence[float],
    plan: Sequence[float],
    lower: Sequence[float] | None = None,
    upper: Sequence[float] | None = None,
    *,
    x_title: str = "Amount",
    names: tuple[str, str] = ("Today", "Plan"),
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw two bars per row, with the allowed range as a thin whisker.

    Args:
        labels: what each row stands for, shape (R,).
        today: amount now, shape (R,).
        plan: amount planned, shape (R,), same unit.
        lower: least allowed amount per row, or None.
        upper: greatest allowed amount per row, or None.
        x_title: what is measured, with its unit.
        names: what the two bars are called.
        description: read aloud in place of the picture; made from the labels where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: lengths differ, a number is not finite, or a range is upside down.

    Example:
        >>> allocation_bars(["TV", "Search"], [100, 50], [80, 70], x_title="Spend (EUR)")[:4]
        '<svg'
    """
    rows, names, x_title = checked_texts("labels", labels), checked_names(names), clean(x_title)
    now, then = checked_numbers("today", today, len(rows)), checked_numbers("plan", plan, len(rows))
    bounds = checked_range(lower, upper, len(rows))
    changes = [style.percent((b - a) / abs(a) if a else None, signed=True) for a, b in zip(now, then)]
    amounts = style.aligned([*now, *then])
    columns = [(names[0], amounts[: len(rows)]), (names[1], amounts[len(rows) :])]
    with drawing():
        frame = row_frame(rows, [*columns, ("Change", changes)], x_title, row_height=27)
        axes = frame.axes
        for i in range(frame.rows):
            axes.barh(i - 0.19, now[i], 0.3, color=style.TODAY, gid=f"mark:today:{i}")
            axes.barh(i + 0.19, then[i], 0.3, color=style.PLAN, gid=f"mark:plan:{i}")
            if bounds:
                whisker(axes, bounds[0][i], bounds[1][i], i, f"range:{i}")
        axes.axvline(0, color=style.MUTED, linewidth=0.7)
        axes.set_xlim(*spread(*now, *then, *(amount for ends in bounds or () for amount in ends)))
        handles: list[Artist] = [
            Patch(color=style.TODAY, label=names[0]),
            Patch(color=style.PLAN, label=names[1]),
        ]
        if bounds:
            handles.append(Line2D([], [], color=style.INK, linewidth=0.9, marker="|", label="Allowed range"))
        add_legend(frame.figure, handles)
        return rendered(frame.figure, description or f"{names[0]} and {names[1]} of {', '.join(rows)}", png)
