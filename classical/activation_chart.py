"""The chart of a monitor: how large activations and gradients are through the depth of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .activation_alarms import Alarm, AlarmThresholds

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["draw_statistics"]

_COLORS = {"activation": "#0072b2", "gradient": "#e69f00"}
_ALARM = "#d55e00"


def draw_statistics(table: pandas.DataFrame, alarms: Sequence[Alarm], thresholds: AlarmThresholds) -> Figure:
    """Dots on a logarithmic axis, one row per output, the first module at the top; zeros where there are any.

    Args:
        table: what ``ActivationMonitor.table()`` returns, with at least one row.
        alarms: what to mark.
        thresholds: the limits, drawn where they are absolute.

    Returns:
        A matplotlib figure that belongs to no window.

    Example:
        >>> import pandas
        >>> table = pandas.DataFrame({"module": ["a"], "output": [""], "quantity": ["activation"],
        ...     "mean": [0.0], "std": [1.0], "max_absolute": [3.0], "zero_share": [0.5]})
        >>> [axes.get_title() for axes in draw_statistics(table, [], AlarmThresholds()).axes]
        ['activations', 'exact zeros']
    """
    from matplotlib.figure import Figure

    names = _row_names(table)
    with_gradients = bool((table["quantity"] == "gradient").any())
    quantities = ("activation", "gradient") if with_gradients else ("activation",)
    zeros = bool((table["zero_share"][table["quantity"] == "activation"] > 0).any())
    panels = len(quantities) + zeros
    size = (2.6 + 2.9 * panels, min(60.0, 1.9 + 0.24 * len(names)))
    figure = Figure(figsize=size, layout="constrained")
    all_axes: Any = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes, quantity in zip(all_axes, quantities):
        _draw_sizes(axes, table[table["quantity"] == quantity], names, quantity)
        limit = thresholds.exploding_activation if quantity == "activation" else thresholds.exploding_gradient
        _draw_alarms(axes, alarms, names, quantity, limit)
    if zeros:
        _draw_zeros(all_axes[-1], table[table["quantity"] == "activation"], names)
    first = all_axes[0]
    first.set_yticks(range(len(names)), list(names), fontsize=8)
    first.set_ylim(len(names) - 0.4, -0.6)
    first.set_ylabel("module, in the order in which it ran")
    handles = {label: handle for axes in all_axes for handle, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    return figure


def _row_names(table: pandas.DataFrame) -> dict[str, int]:
    """Label -> row of the chart."""
    labels = [_label(module, output) for module, output in zip(table["module"], table["output"])]
    return {label: row for row, label in enumerate(dict.fromkeys(labels))}


def _label(module: str, output: str) -> str:
    name = module or "(model)"
    name = name if len(name) <= 44 else "…" + name[-43:]
    return f"{name} [{output}]" if output else name


def _draw_sizes(axes: Any, table: pandas.DataFrame, names: dict[str, int], quantity: str) -> None:
    rows = [names[_label(m, o)] for m, o in zip(table["module"], table["output"])]
    size = np.hypot(table["mean"].to_numpy(float), table["std"].to_numpy(float))
    largest = table["max_absolute"].to_numpy(float)
    # A logarithmic axis has no place for zeros; they are named by their alarm instead.
    size, largest = np.where(size > 0, size, np.nan), np.where(largest > 0, largest, np.nan)
    color = _COLORS[quantity]
    axes.hlines(rows, size, largest, color=color, alpha=0.35, linewidth=2)
    axes.plot(size, rows, "o", color=color, markersize=5, label=f"{quantity}: root mean square")
    axes.plot(largest, rows, "|", color=color, markersize=8, label=f"{quantity}: largest absolute value")
    axes.set_xscale("log")
    axes.set_title(f"{quantity}s", fontsize=11)
    axes.set_xlabel("absolute value")
    axes.grid(alpha=0.3)


def _draw_alarms(
    axes: Any, alarms: Sequence[Alarm], names: dict[str, int], quantity: str, limit: float
) -> None:
    """Name the alarms at the right edge of their rows, and show the limit if it is in view."""
    wrong: dict[int, list[str]] = {}
    for alarm in alarms:
        if alarm.quantity == quantity:
            wrong.setdefault(names[_label(alarm.module, alarm.output)], []).append(alarm.kind)
    for row, kinds in wrong.items():
        axes.axhspan(row - 0.5, row + 0.5, color=_ALARM, alpha=0.13, linewidth=0)
        axes.text(
            0.985, row, ", ".join(kinds), transform=axes.get_yaxis_transform(), ha="right", va="center",
            fontsize=7.5, color=_ALARM, weight="bold",
        )  # fmt: skip
    if axes.get_xlim()[1] > limit:
        axes.axvline(limit, color=_ALARM, linestyle="--", linewidth=1, label="limit of exploding")


def _draw_zeros(axes: Any, table: pandas.DataFrame, names: dict[str, int]) -> None:
    rows = [names[_label(m, o)] for m, o in zip(table["module"], table["output"])]
    axes.barh(rows, 100 * table["zero_share"].to_numpy(float), height=0.6, color="#8a94a0")
    axes.set_xlim(0, 100)
    axes.set_title("exact zeros", fontsize=11)
    axes.set_xlabel("share of activations, %")
    axes.grid(alpha=0.3, axis="x")
