"""A history week by week: what happened, what a fit makes of it, and what it foresaw of weeks left out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.dates
import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..errors import OptionError
from . import style
from .canvas import SIZE, WIDTH, add_legend, drawing, new_figure, rendered
from .checks import clean

__all__ = ["history_chart"]

_HEIGHT, _LEFT, _BOTTOM, _TOP = 260.0, 66.0, 34.0, 30.0  # points


def history_chart(
    dates: Sequence[Any] | NDArray[np.datetime64],
    actual: Sequence[float] | NDArray[np.float64],
    series: Mapping[str, Sequence[float] | NDArray[np.float64]],
    *,
    held_out: int = 0,
    y_title: str = "Outcome",
    actual_name: str = "actual",
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw a history and what models make of it.

    Args:
        dates: of each week, shape (T,), as ``numpy.datetime64`` or what it reads.
        actual: what happened, shape (T,), drawn as dots.
        series: name -> values, shape (T,), drawn as lines; NaN makes a gap.
        held_out: the last weeks, shaded.
        y_title: what runs up.
        actual_name: of the dots, in the legend.
        description: read aloud in place of the picture; made from the names where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: no or too many series, lengths that differ, or a wrong number of weeks held out.

    Example:
        >>> history_chart(["2024-01-01", "2024-01-08"], [3, 4], {"fitted": [3.1, 3.9]})[:4]
        '<svg'
    """
    days = np.asarray(dates, dtype="datetime64[D]")
    dots = np.asarray(actual, dtype=np.float64)
    lines = {clean(str(name)): np.asarray(values, dtype=np.float64) for name, values in series.items()}
    if not 0 < len(lines) <= len(style.SERIES):
        raise OptionError(f"there are {len(lines)} series; give 1 to {len(style.SERIES)}")
    shapes = {"dates": days.shape, "actual": dots.shape, **{n: v.shape for n, v in lines.items()}}
    if days.ndim != 1 or len(set(shapes.values())) != 1 or not len(days):
        raise OptionError(f"the lengths are {shapes!r}; all must be lists of one length")
    if not 0 <= held_out < len(days):
        raise OptionError(f"held_out is {held_out!r}; legal are 0 to {len(days) - 1} weeks")
    with drawing():
        figure = new_figure(_HEIGHT)
        axes = figure.add_axes(
            (_LEFT / WIDTH, _BOTTOM / _HEIGHT, 1 - (_LEFT + 8) / WIDTH, 1 - (_BOTTOM + _TOP) / _HEIGHT)
        )
        # matplotlib.dates is untyped.
        calendar: Any = matplotlib.dates
        where = calendar.date2num(days)
        if held_out:
            axes.axvspan(where[-held_out], where[-1], color=style.GRID, alpha=0.7, linewidth=0)
            axes.text(
                where[-held_out], 1.0, " held out", transform=axes.get_xaxis_transform(), va="top",
                color=style.MUTED, fontsize=SIZE,
            )
        axes.plot(where, dots, ".", color=style.TODAY, markersize=5)
        handles = [Line2D([], [], color=style.TODAY, marker=".", linestyle="", label=clean(actual_name))]
        for color, (name, values) in zip(style.SERIES, lines.items(), strict=False):
            axes.plot(where, values, color=color, linewidth=1.5)
            handles.append(Line2D([], [], color=color, linewidth=1.5, label=name))
        locator = calendar.AutoDateLocator(minticks=3, maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(calendar.ConciseDateFormatter(locator, show_offset=False))
        axes.yaxis.set_major_formatter(lambda value, _: style.short(float(value)))
        axes.grid(axis="y")
        axes.set_ylabel(clean(y_title), fontsize=SIZE)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        add_legend(figure, handles)
        words = description or f"{clean(y_title)} by week: {', '.join([clean(actual_name), *lines])}"
        return rendered(figure, words, png)
