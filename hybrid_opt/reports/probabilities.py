"""How likely each way of drawing samples hits the optimum, beside its controls."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..errors import OptionError
from . import style
from .canvas import add_legend, drawing, rendered
from .checks import checked_number, clean
from .rows import row_frame, whisker

__all__ = ["optimum_probability_bars"]

_SLACK = 1e-9  # what sums of squared amplitudes may miss
_KEYS = frozenset({"label", "probability", "low", "high", "control"})


@dataclass(frozen=True)
class _Row:
    label: str
    probability: float
    low: float | None
    high: float | None
    control: bool


def _checked(rows: Iterable[Mapping[str, Any]]) -> list[_Row]:
    result = []
    for i, row in enumerate(rows):
        unknown = set(row) - _KEYS
        if unknown or not {"label", "probability"} <= set(row):
            raise OptionError(
                f"rows[{i}] has the keys {sorted(map(str, row))}; label and probability are needed, "
                "low and high (an interval) and control (drawn grey) may be added"
            )
        values: dict[str, float | None] = {}
        for key in ("probability", "low", "high"):
            given = row.get(key)
            values[key] = (
                None if given is None and key != "probability" else checked_number(f"rows[{i}] {key}", given)
            )
        value, low, high = values["probability"], values["low"], values["high"]
        if value is None or (low is None) != (high is None):
            raise OptionError(
                f"rows[{i}] has only one end of its interval; give both low and high, or neither"
            )
        ends = (value, value) if low is None or high is None else (low, high)
        order = (0.0, ends[0], value, ends[1], 1.0)
        if any(before > after + _SLACK for before, after in pairwise(order)):
            raise OptionError(
                f"rows[{i}] has low {ends[0]:g}, probability {value:g}, high {ends[1]:g}; "
                "they must lie between 0 and 1 in this order"
            )
        value = min(1.0, max(0.0, value))
        if low is not None and high is not None:
            low, high = max(0.0, min(low, value)), min(1.0, max(high, value))
        result.append(_Row(clean(row["label"]), value, low, high, bool(row.get("control", False))))
    if not result:
        raise OptionError("rows is empty; give at least one row with label and probability")
    return result


def optimum_probability_bars(
    rows: Iterable[Mapping[str, Any]],
    *,
    scale: Literal["auto", "log", "linear"] = "auto",
    x_title: str = "Probability that one sample is the optimum",
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw the probability of the optimum of each sampler.

    On a linear axis bars start at zero. A logarithmic axis has no zero, so points on thin lines replace the
    bars, and a probability of zero is an open point at the left end.

    Args:
        rows: one mapping per sampler with ``label``, ``probability`` (0 to 1), and if wanted ``low`` and
            ``high`` (ends of an interval) and ``control`` (True draws it grey).
        scale: "log", "linear", or "auto": logarithmic where positive probabilities differ over 30-fold.
        x_title: what is measured.
        description: read aloud in place of the picture; made from the numbers where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: unknown scale, missing or unknown keys, or numbers outside 0 to 1 or out of order.

    Example:
        >>> uniform = {"label": "Uniform", "probability": 0.001, "control": True}
        >>> optimum_probability_bars([{"label": "QAOA", "probability": 0.02}, uniform])[:4]
        '<svg'
    """
    if scale not in ("auto", "log", "linear"):
        raise OptionError(f"scale is {scale!r}; give 'auto', 'log' or 'linear'")
    checked, x_title = _checked(rows), clean(x_title)
    positive = [p for row in checked for p in (row.probability, row.low, row.high) if p]
    points = [row.probability for row in checked if row.probability]
    logarithmic = bool(positive) and (
        scale == "log" or (scale == "auto" and max(positive) > 30 * min(points or positive))
    )
    columns = [("Probability", [style.probability(row.probability) for row in checked])]
    if any(row.low is not None for row in checked):
        spans = [
            f"{style.probability(r.low)} to {style.probability(r.high)}" if r.low is not None else ""
            for r in checked
        ]
        columns.append(("Interval", spans))
    with drawing():
        frame = row_frame([row.label for row in checked], columns, x_title, row_height=27)
        floor = _log_axis(frame.axes, positive) if logarithmic else None
        if floor is None:
            _linear_axis(frame.axes, checked)
        for i, row in enumerate(checked):
            _draw(frame.axes, i, row, floor)
        handles: list[Artist] = [Patch(color=style.PLAN, label="Sampler")]
        if any(row.control for row in checked):
            handles.append(Patch(color=style.TODAY, label="Control"))
        if any(row.low is not None for row in checked):
            handles.append(Line2D([], [], color=style.INK, linewidth=0.9, marker="|", label="Interval"))
        add_legend(frame.figure, handles)
        told = "; ".join(f"{row.label} {style.probability(row.probability)}" for row in checked)
        return rendered(frame.figure, description or f"{x_title}: {told}", png)


def _draw(axes: Axes, i: int, row: _Row, floor: float | None) -> None:
    """One row: a bar where the axis has a zero (no floor), else a point on a line from the floor."""
    colour = style.TODAY if row.control else style.PLAN
    if floor is None:
        axes.barh(i, row.probability, 0.5, color=colour, gid=f"mark:probability:{i}")
    else:
        at = row.probability or floor
        axes.plot([floor, at], [i, i], color=colour, linewidth=2.5, solid_capstyle="butt")
        inside = colour if row.probability else "white"
        axes.plot(
            [at],
            [i],
            "o",
            color=colour,
            markerfacecolor=inside,
            markersize=8,
            clip_on=False,
            zorder=5,
            gid=f"mark:probability:{i}",
        )
    if row.low is not None and row.high is not None:
        whisker(axes, max(row.low, floor or 0.0), max(row.high, floor or 0.0), i, f"interval:{i}")


def _linear_axis(axes: Axes, rows: list[_Row]) -> None:
    """From zero to a little over the largest probability or interval."""
    largest = max(row.high if row.high is not None else row.probability for row in rows)
    axes.set_xlim(0, min(1.0, 1.05 * largest) if largest > 0 else 1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.probability(value)))
    axes.axvline(0, color=style.MUTED, linewidth=0.7)


def _log_axis(axes: Axes, positive: list[float]) -> float:
    """Whole powers of ten around all positive numbers; the left end is returned."""
    low = math.floor(math.log10(min(positive)) - 0.05)
    high = min(0, max(low + 1, math.ceil(math.log10(max(positive)) + 0.02)))
    low = min(low, high - 1)
    axes.set_xscale("log")
    axes.set_xlim(10.0**low, 10.0**high)
    every = max(1, math.ceil((high - low) / 6))
    axes.xaxis.set_major_locator(FixedLocator([10.0**k for k in range(high, low - 1, -every)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.probability(value)))
    return 10.0**low
