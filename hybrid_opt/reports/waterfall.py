"""From the total today to the total planned, one gain or loss at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..errors import OptionError
from . import style
from .canvas import add_legend, drawing, rendered
from .checks import checked_names, checked_number, checked_numbers, checked_texts, clean
from .rows import row_frame, spread

__all__ = ["gain_waterfall"]

_CUT_BELOW = 0.35
"""Where everything that changes fits into this share of the larger total, the axis is cut to show it."""


def gain_waterfall(
    labels: Iterable[object],
    gains: Sequence[float],
    today_total: float,
    plan_total: float,
    *,
    x_title: str = "Total",
    names: tuple[str, str] = ("Today", "Plan"),
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw where a gain comes from.

    Where the gains are small beside the totals, the axis does not start at zero: the bars of the totals are
    then drawn broken and a remark says where it starts.

    Args:
        labels: what each gain comes from, shape (R,).
        gains: changes, positive or negative, shape (R,); today_total + sum(gains) = plan_total.
        today_total: the total now.
        plan_total: the total planned.
        x_title: what is measured, with its unit.
        names: what the two totals are called.
        description: read aloud in place of the picture; made from the numbers where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: lengths differ, a number is not finite, or the gains do not add up.

    Example:
        >>> gain_waterfall(["TV", "Search"], [30, -10], 100, 120, x_title="Revenue (EUR)")[:4]
        '<svg'
    """
    rows, names, x_title = checked_texts("labels", labels), checked_names(names), clean(x_title)
    steps = checked_numbers("gains", gains, len(rows))
    start, end = checked_number("today_total", today_total), checked_number("plan_total", plan_total)
    missing = end - start - float(steps.sum())
    if abs(missing) > 1e-6 * max(abs(start), abs(end), float(np.abs(steps).sum())):
        raise OptionError(
            f"today_total {start:g} plus gains {steps.sum():g} is not plan_total {end:g}; "
            f"add a row for the remaining {missing:g} (e.g. effects of several rows together) or correct them"
        )
    levels = start + np.concatenate([[0.0], np.cumsum(steps)])
    texts = [style.readable(start), *style.aligned(list(steps), signed=True), style.readable(end)]
    cut = _cut(levels)
    with drawing():
        frame = row_frame(
            [names[0], *rows, names[1]], [("Total and change", texts)], x_title, strong=(0, len(rows) + 1)
        )
        axes = frame.axes
        if cut is not None:
            frame.remark(f"The axis starts at {style.readable(cut)}, not at zero.")
        for row, total, colour, mark in (
            (0, start, style.TODAY, "today"),
            (len(rows) + 1, end, style.PLAN, "plan"),
        ):
            axes.barh(row, total - (cut or 0.0), 0.62, cut or 0.0, color=colour, gid=f"mark:{mark}")
        for i, step in enumerate(steps):
            colour = style.GAIN if step > 0 else style.LOSS if step < 0 else style.MUTED
            axes.barh(
                i + 1,
                step,
                0.62,
                levels[i],
                color=colour,
                edgecolor=colour,
                linewidth=0.8,
                gid=f"mark:gain:{i}",
            )
        for i, level in enumerate(levels):
            axes.plot([level, level], [i - 0.31, i + 1.31], ":", color=style.MUTED, linewidth=0.8, zorder=0.9)
        _limit(axes, levels, cut)
        changes = [Patch(color=style.GAIN, label="Gain"), Patch(color=style.LOSS, label="Loss")]
        add_legend(
            frame.figure,
            [Patch(color=style.TODAY, label=names[0]), *changes, Patch(color=style.PLAN, label=names[1])],
        )
        told = "; ".join(f"{label} {text}" for label, text in zip(rows, texts[1:]))
        told = f"{names[0]} {texts[0]}; {told}; {names[1]} {texts[-1]}"
        return rendered(frame.figure, description or told, png)


def _cut(levels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    """A round number to start the axis at, or None where it starts at zero."""
    low, high = float(levels.min()), float(levels.max())
    span = high - low
    if low <= 0 or span >= _CUT_BELOW * high or span <= 1e-9 * high:
        return None
    unit = 10.0 ** np.floor(np.log10(span))
    return float(max(0.0, np.floor((low - 0.25 * span) / unit) * unit)) or None


def _limit(axes: Axes, levels: np.ndarray[tuple[int, ...], np.dtype[np.float64]], cut: float | None) -> None:
    """Set the ends of the axis; show the cut as a white zigzag through the bars of the totals."""
    if cut is None:
        axes.set_xlim(*spread(*levels))
        axes.axvline(0, color=style.MUTED, linewidth=0.7)
        return
    end = float(levels.max()) + 0.04 * (float(levels.max()) - cut)
    axes.set_xlim(cut, end)
    near = cut + 0.016 * (end - cut)
    for row in (0, len(levels)):
        heights = row + np.linspace(-0.42, 0.42, 7)
        places = near + 0.005 * (end - cut) * np.array([1, -1, 1, -1, 1, -1, 1])
        axes.plot(places, heights, color="white", linewidth=2.4, zorder=5, solid_joinstyle="miter")
