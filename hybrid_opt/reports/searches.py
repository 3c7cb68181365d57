"""How searches get on: the best value so far over the number of trials, one line per search, with bands."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..errors import OptionError
from . import style
from .canvas import SIZE, WIDTH, add_legend, drawing, new_figure, rendered
from .checks import clean

__all__ = ["best_so_far", "search_curves"]

_HEIGHT, _LEFT, _BOTTOM, _TOP = 260.0, 58.0, 40.0, 30.0  # points


def search_curves(
    curves: Mapping[str, Mapping[str, Any]],
    *,
    x_title: str = "Trials",
    y_title: str = "Best value so far",
    log: bool = False,
    description: str | None = None,
    png: str | os.PathLike[str] | None = None,
) -> str:
    """Draw the best value so far of several searches.

    Args:
        curves: name -> ``trials`` (rising numbers, shape (n,)) and ``best`` (shape (n,)), and if wanted
            ``lo`` and ``hi`` (a band, shape (n,)) and ``points`` (value of each trial, drawn as dots).
        x_title: what runs to the right.
        y_title: what runs up.
        log: a logarithmic axis upwards; values at or below 0 are then left out.
        description: read aloud in place of the picture; made from the names where None.
        png: also save a PNG there.

    Returns:
        Inline SVG.

    Raises:
        OptionError: no curve, more than there are colours, or lengths that differ.

    Example:
        >>> search_curves({"qubo": {"trials": [1, 2, 3], "best": [3.0, 2.0, 2.0]}})[:4]
        '<svg'
    """
    if not 0 < len(curves) <= len(style.SERIES):
        raise OptionError(f"there are {len(curves)} curves; give 1 to {len(style.SERIES)}")
    checked = {clean(str(name)): _checked(str(name), curve) for name, curve in curves.items()}
    with drawing():
        figure = new_figure(_HEIGHT)
        axes = figure.add_axes(
            (_LEFT / WIDTH, _BOTTOM / _HEIGHT, 1 - (_LEFT + 8) / WIDTH, 1 - (_BOTTOM + _TOP) / _HEIGHT)
        )
        handles = []
        for color, (name, curve) in zip(style.SERIES, checked.items(), strict=False):
            trials = curve["trials"]
            if "lo" in curve:
                axes.fill_between(trials, curve["lo"], curve["hi"], color=color, alpha=0.15, linewidth=0)
            if "points" in curve:
                axes.plot(trials, curve["points"], ".", color=color, alpha=0.45, markersize=5)
            axes.plot(trials, curve["best"], color=color, linewidth=1.8, drawstyle="steps-post")
            handles.append(Line2D([], [], color=color, linewidth=1.8, label=name))
        if log:
            axes.set_yscale("log", nonpositive="mask")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        axes.grid(axis="y")
        axes.set_xlabel(clean(x_title), fontsize=SIZE)
        axes.set_ylabel(clean(y_title), fontsize=SIZE)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        add_legend(figure, handles)
        words = description or f"{clean(y_title)} over {clean(x_title)} of {', '.join(checked)}"
        return rendered(figure, words, png)


def _checked(name: str, curve: Mapping[str, Any]) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """The arrays of a curve, all of one length; infinite values become gaps."""
    known = ("trials", "best", "lo", "hi", "points")
    if not {"trials", "best"} <= set(curve) <= set(known) or ("lo" in curve) != ("hi" in curve):
        raise OptionError(
            f"curve {name!r} has {sorted(curve)!r}; legal are {', '.join(known)}, of which trials and best "
            "must be there, and lo with hi"
        )
    arrays = {key: np.array(value, dtype=np.float64) for key, value in curve.items()}
    lengths = {key: array.shape for key, array in arrays.items()}
    if arrays["trials"].ndim != 1 or len(set(lengths.values())) != 1 or not arrays["trials"].size:
        raise OptionError(f"curve {name!r} has lengths {lengths!r}; all must be lists of one length")
    return {key: np.where(np.isfinite(array), array, np.nan) for key, array in arrays.items()}


def best_so_far(values: Sequence[float]) -> list[float]:
    """Running minimum of the values of trials.

    Args:
        values: in the order of the trials.

    Returns:
        As many numbers.

    Example:
        >>> best_so_far([3.0, 1.0, 2.0])
        [3.0, 1.0, 1.0]
    """
    return [float(value) for value in np.minimum.accumulate(np.array(values, dtype=np.float64))]
