"""Pictures of an attention report: heat maps over layers and heads, similarity of heads, one map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .attention_findings import AttentionReport

__all__ = ["draw_heads", "draw_map", "draw_report", "draw_similarity", "layer_labels"]

_PANELS = (
    ("entropy", "normalized entropy", "share of log(visible keys)", (0.0, 1.0), ".2f"),
    ("sparsity", "sparsity (Hoyer)", "0 even, 1 a single key", (0.0, 1.0), ".2f"),
    ("range", "range", "mean distance looked at, tokens", None, "#.3g"),
    ("sink", "weight on the first token", "share of attention", (0.0, None), ".2f"),
    ("ratio", "lambda now / at the start", "factor, logarithmic", "log", ".2f"),
    ("mean_distance", "distance, spread over mean", "std / mean of visible pairs", (0.0, None), ".2f"),
)
_MOST_NUMBERS = 24
_LABELS = 40
_NOTHING = "#d5dbe1"


def draw_report(report: AttentionReport) -> Figure:
    """Heat maps of all heads above, similarity of the heads of each layer below.

    Args:
        report: what to draw.

    Returns:
        A matplotlib figure that belongs to no window.
    """
    from matplotlib.figure import Figure

    heads, layers = max(layer.num_heads for layer in report.layers), len(report.layers)
    top = 2 * _panel_height(layers)
    columns = min(layers, 6)
    below = 2.6 * math.ceil(layers / columns)
    figure = Figure(figsize=(min(24.0, max(11.0, 3.6 + 1.1 * heads)), min(60.0, top + below + 1.2)))
    figure.set_layout_engine("constrained")
    upper, lower = np.asarray(figure.subfigures(2, 1, height_ratios=[top, below]))
    _fill_heads(upper, report)
    _fill_similarity(lower, report, columns)
    sequences = f"{report.sequences} sequence{'s' if report.sequences != 1 else ''}"
    figure.suptitle(f"Attention of {report.model} on {sequences}", fontsize=13)
    return figure


def draw_heads(report: AttentionReport) -> Figure:
    """Heat maps of layers by heads: entropy, sparsity, range, first token, lambda, spread of distances.

    Args:
        report: what to draw.

    Returns:
        A matplotlib figure that belongs to no window.
    """
    from matplotlib.figure import Figure

    heads = max(layer.num_heads for layer in report.layers)
    size = (min(24.0, max(11.0, 3.6 + 1.1 * heads)), min(50.0, 2 * _panel_height(len(report.layers))))
    figure = Figure(figsize=size, layout="constrained")
    _fill_heads(figure, report)
    return figure


def draw_similarity(report: AttentionReport) -> Figure:
    """One matrix per layer: how alike the outputs of its heads are.

    Args:
        report: what to draw.

    Returns:
        A matplotlib figure that belongs to no window.
    """
    from matplotlib.figure import Figure

    columns = min(len(report.layers), 6)
    rows = math.ceil(len(report.layers) / columns)
    figure = Figure(figsize=(max(4.5, 2.4 * columns + 1.2), 2.7 * rows + 0.3), layout="constrained")
    _fill_similarity(figure, report, columns)
    return figure


def draw_map(
    weights: pandas.DataFrame,
    title: str,
    *,
    visible: NDArray[np.bool_] | None = None,
    across: bool = False,
    tokens: Sequence[str] | None = None,
    size: tuple[float, float] = (6.4, 5.4),
) -> Figure:
    """One attention map: a row per query, a column per key.

    Args:
        weights: what ``AttentionReport.map`` returns.
        title: of the picture.
        visible: which keys a query can see, of the same shape; the others are gray.
        across: whether the keys are of another sequence.
        tokens: text of the positions, shown where there is room.
        size: width and height in inches.

    Returns:
        A matplotlib figure that belongs to no window.

    Example:
        >>> import pandas
        >>> weights = pandas.DataFrame([[1.0, 0.0], [0.5, 0.5]], index=[0, 1], columns=[0, 1])
        >>> draw_map(weights, "head 0").axes[0].get_xlabel()
        'key position (attended to)'
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    values = weights.to_numpy(float)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    # Weights fall off by orders of magnitude; on a linear scale most maps would show one bright line.
    norm = PowerNorm(0.5, vmin=0.0, vmax=max(float(values.max(initial=0.0)), 1e-12))
    shown = np.ma.masked_array(values, mask=False if visible is None else ~visible)
    picture = axes.imshow(shown, cmap="viridis", norm=norm, aspect="auto", interpolation="nearest")
    axes.set_facecolor(_NOTHING)
    figure.colorbar(picture, ax=axes, label="attention weight (color by square root)")
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("key position (attended to)")
    axes.set_ylabel("query position (attending)")
    _label(axes, "x", list(weights.columns), None if across else tokens)
    _label(axes, "y", list(weights.index), tokens)
    return figure


def _label(axes: Any, side: str, positions: list[Any], tokens: Sequence[str] | None) -> None:
    """Ticks at positions; all of them with their tokens if these are few, else some numbers."""
    show = axes.set_xticks if side == "x" else axes.set_yticks
    count = len(positions)
    if tokens is not None and count <= _LABELS and all(int(place) < len(tokens) for place in positions):
        names = [_printable(tokens[int(place)]) for place in positions]
        show(range(count), names, fontsize=7, rotation=90 if side == "x" else 0)
        return
    ticks = np.unique(np.linspace(0, count - 1, min(count, 7)).round().astype(int))
    show(ticks, [str(positions[tick]) for tick in ticks])


def _printable(token: str) -> str:
    """A token that a chart can show: no line ends, no dollar signs, which begin formulas."""
    shown = token.replace("\n", "⏎").replace("\t", "⇥").replace("$", r"\$")
    return shown if len(shown) <= 12 else shown[:11] + "…"


def _panel_height(layers: int) -> float:
    return 1.5 + 0.34 * layers


def _fill_heads(figure: Any, report: AttentionReport) -> None:
    axes = figure.subplots(2, 3)
    names = layer_labels(report)
    for one, (key, title, label, limits, numbers) in zip(axes.flat, _PANELS):
        _draw_matrix(figure, one, _values(report, key), names, title, label, limits, numbers)
    for one in axes[:, 1:].flat:
        one.tick_params(labelleft=False)


def _values(report: AttentionReport, key: str) -> NDArray[np.float64]:
    """Layers by heads; NaN where a layer has fewer heads, and where a number means nothing."""
    values = np.full((len(report.layers), max(layer.num_heads for layer in report.layers)), np.nan)
    for row, layer in zip(values, report.layers):
        found = layer.statistics
        if key == "ratio":
            row[: layer.num_heads] = layer.scale / layer.start_scale
        elif key == "mean_distance":
            # "dot" has no distance: its values change sign, so that spread over mean means nothing.
            spread = found.std_distance / np.where(found.mean_distance > 0, found.mean_distance, np.nan)
            row[: layer.num_heads] = np.where([name == "dot" for name in layer.metrics], np.nan, spread)
        else:
            row[: layer.num_heads] = getattr(found, key)
    return values


def _draw_matrix(
    figure: Any,
    axes: Any,
    values: NDArray[np.float64],
    names: Sequence[str],
    title: str,
    label: str,
    limits: Any,
    numbers: str,
) -> None:
    """A heat map with its numbers written in, where there is room."""
    from matplotlib.colors import LogNorm, Normalize

    norm: Any
    if limits == "log":
        widest = max(1.25, float(np.nanmax(np.maximum(values, 1 / values), initial=1.0)))
        norm, colors = LogNorm(1 / widest, widest), "RdBu_r"
    else:
        low, high = limits or (None, None)
        norm, colors = Normalize(low, high), "viridis"
        finite = values[np.isfinite(values)]
        norm.autoscale_None(finite if finite.size else np.array([0.0, 1.0]))
        if norm.vmax <= norm.vmin:
            norm.vmax = norm.vmin + 1.0
    picture = axes.imshow(np.ma.masked_invalid(values), cmap=colors, norm=norm, aspect="auto")
    axes.set_facecolor(_NOTHING)  # seen where a value is not defined
    bar = figure.colorbar(picture, ax=axes, label=label)
    bar.ax.tick_params(labelsize=8)
    if limits == "log":
        ticks = [norm.vmax**power for power in (-1, -0.5, 0, 0.5, 1)]
        bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
        bar.minorticks_off()
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("head")
    layers, heads = values.shape
    step = math.ceil(heads / 16)
    axes.set_xticks(range(0, heads, step))
    axes.set_yticks(range(layers), names, fontsize=8)
    if heads > 16 or layers > _MOST_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = picture.cmap(norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            color = "white" if dark else "black"
            axes.text(
                column,
                row,
                format(value, numbers).rstrip("."),
                ha="center",
                va="center",
                fontsize=7.5,
                color=color,
            )


def layer_labels(report: AttentionReport) -> list[str]:
    """Short names of layers: the parts in which they differ; an arrow marks attention to another sequence.

    Args:
        report: whose layers.

    Returns:
        One label per layer.
    """
    parts = [layer.name.split(".") for layer in report.layers]
    shortest = min(len(each) for each in parts)
    front = 0
    while front < shortest - 1 and len({each[front] for each in parts}) == 1:
        front += 1
    back = 0
    while back < shortest - front - 1 and len({each[-1 - back] for each in parts}) == 1:
        back += 1
    labels = [".".join(each[front : len(each) - back]) for each in parts]
    labels = [f"layer {label}" if label.isdigit() else label or "attention" for label in labels]
    labels = [label if len(label) <= 30 else "…" + label[-29:] for label in labels]
    return [label + " ⇢" if layer.across else label for label, layer in zip(labels, report.layers)]


def _fill_similarity(figure: Any, report: AttentionReport, columns: int) -> None:
    rows = math.ceil(len(report.layers) / columns)
    grid = figure.subplots(rows, columns, squeeze=False)
    picture, names = None, layer_labels(report)
    for number, axes in enumerate(grid.flat):
        if number >= len(report.layers):
            axes.set_visible(False)
            continue
        layer = report.layers[number]
        picture = axes.imshow(np.ma.masked_invalid(layer.similarity), cmap="magma", vmin=0.0, vmax=1.0)
        axes.set_facecolor(_NOTHING)
        axes.set_title(names[number], fontsize=9)
        step = math.ceil(layer.num_heads / 8)
        ticks = range(0, layer.num_heads, step)
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        axes.set_xlabel("head", fontsize=8)
        if number % columns == 0:
            axes.set_ylabel("head", fontsize=8)
    if picture is not None:
        bar = figure.colorbar(picture, ax=grid.ravel().tolist(), label="similarity of head outputs (CKA)")
        bar.ax.tick_params(labelsize=8)
