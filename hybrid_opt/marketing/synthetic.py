"""A synthetic marketing plan: the data in ``hybrid_opt/marketing/data`` and any number like it.

The numbers describe no real company. Each channel gets a "true" Hill curve (``hybrid_opt.planning.hill``)
whose place on the curve today is drawn at random around one of five typical situations: a large channel past
its best, an efficient concave one, an S-shaped one near its steepest point, one that is used too little to
work ("off, or at least so much"), and one with too much money in it. The curve table holds 13 points of the
curve, rounded, with a band that widens away from today's spend, as a marketing-mix model would report it.
Today's spends keep every limit, so a plan can be compared with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..planning.hill import HillCurve
from ..seeds import resolve_seed

__all__ = ["ExampleFiles", "ExampleTables", "make_example", "shipped_example", "write_example"]

_NAMES = (
    *("tv", "search", "social", "video", "radio", "display", "outdoor", "print", "audio", "affiliates"),
    *("influencers", "cinema", "marketplaces", "shopping", "podcasts", "mail", "events", "partners"),
    *("apps", "sponsoring"),
)
_DIGITAL = {
    *("search", "social", "video", "display", "affiliates", "influencers", "marketplaces", "shopping"),
    *("podcasts", "apps"),
}


@dataclass(frozen=True)
class _Situation:
    """Where a channel stands: money per week, curve, limits, response per money today."""

    current: int
    low: int
    high: int
    step: int
    alpha: float
    load: float  # today's effective spend as a multiple of the half-saturation spend
    earns: float
    least: int = 0


_SITUATIONS = (
    _Situation(78_000, 40_000, 110_000, 500, alpha=1.5, load=1.55, earns=2.1),
    _Situation(44_000, 20_000, 80_000, 500, alpha=0.9, load=0.60, earns=3.2),
    _Situation(33_000, 10_000, 60_000, 250, alpha=2.0, load=0.85, earns=2.4),
    _Situation(15_000, 0, 50_000, 250, alpha=2.4, load=0.50, earns=1.3, least=12_000),
    _Situation(30_000, 5_000, 45_000, 250, alpha=1.3, load=1.80, earns=1.5),
)


class ExampleTables(NamedTuple):
    """The three tables of an example.

    Attributes:
        plan: the plan table, one row per channel.
        curves: the curve table, 13 rows per channel.
        caps: the cap table.
    """

    plan: pd.DataFrame
    curves: pd.DataFrame
    caps: pd.DataFrame


class ExampleFiles(NamedTuple):
    """The three files of an example: ``plan.csv``, ``curves.csv`` and ``caps.csv``."""

    plan: Path
    curves: Path
    caps: Path


def make_example(seed: int = 0, channels: int = 5) -> ExampleTables:
    """Make a synthetic marketing plan; money is per week, and so is the response (revenue).

    Args:
        seed: the same seed gives the same tables.
        channels: number of channels, 3 to 20.

    Returns:
        Plan, curves and caps. The budget is what is spent today.

    Raises:
        OptionError: the seed or the number of channels is illegal.

    Example:
        >>> plan, curves, caps = make_example()
        >>> plan["channel"].tolist(), int(plan["current"].sum()), len(curves)
        (['tv', 'search', 'social', 'video', 'radio'], 200000, 65)
    """
    seed = resolve_seed(seed)
    whole = isinstance(channels, int) and not isinstance(channels, bool)
    if not whole or not 3 <= channels <= len(_NAMES):
        raise OptionError(f"channels is {channels!r}; legal are whole numbers from 3 to {len(_NAMES)}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    rows, points = [], []
    for i, name in enumerate(_NAMES[:channels]):
        situation = _SITUATIONS[i % len(_SITUATIONS)]
        theta, load, alpha, earns, width = random.random(5).tolist()
        theta, load = round(0.05 + 0.55 * theta, 2), situation.load * (0.9 + 0.2 * load)
        alpha, earns = situation.alpha * (0.95 + 0.1 * alpha), situation.earns * (0.92 + 0.16 * earns)
        rows.append(_plan_row(name, situation))
        # The curve is scaled so that today's spend earns what was drawn.
        half = situation.current / (1 - theta) / load
        shape = HillCurve(theta, alpha, half, 1.0)
        beta = earns * situation.current / float(shape.response(situation.current))
        points.append(_curve_rows(name, situation, HillCurve(theta, alpha, half, beta), 0.06 + 0.06 * width))
    plan = pd.DataFrame(rows)
    plan["min_if_used"] = plan["min_if_used"].astype("Int64")
    digital = int(plan.loc[plan["group"] == "digital", "current"].sum())
    # Room for about a sixth more than today, to the next 5,000: enough to matter, too little for all wishes.
    caps = pd.DataFrame({"group": ["digital"], "cap": [-(-digital * 7 // 6 // 5_000) * 5_000]})
    return ExampleTables(plan, pd.concat(points, ignore_index=True), caps)


def _plan_row(name: str, situation: _Situation) -> dict[str, object]:
    return {
        "channel": name,
        "current": situation.current,
        "min": situation.low,
        "max": situation.high,
        "step": situation.step,
        "fixed": "no",
        "group": "digital" if name in _DIGITAL else "",
        "min_if_used": situation.least or None,
    }


def _curve_rows(name: str, situation: _Situation, curve: HillCurve, width: float) -> pd.DataFrame:
    # Twelve equal stretches up to just beyond the maximum, so that every allowed spend is covered.
    stretch = -(-situation.high * 21 // 20 // 12 // 500) * 500
    spends = np.arange(13) * stretch
    response = np.rint(curve.response(spends) / 10) * 10
    spread = width * response * (1 + np.abs(spends / situation.current - 1))
    return pd.DataFrame(
        {
            "channel": name,
            "spend": spends,
            "response": response.astype(np.int64),
            "lo": (np.rint(np.maximum(response - spread, 0) / 10) * 10).astype(np.int64),
            "hi": (np.rint((response + spread) / 10) * 10).astype(np.int64),
        }
    )


def write_example(folder: Path | str, seed: int = 0, channels: int = 5) -> ExampleFiles:
    """Write ``plan.csv``, ``curves.csv`` and ``caps.csv``; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_example``.
        channels: as in ``make_example``.

    Returns:
        The three paths.

    Raises:
        OptionError: the seed or the number of channels is illegal.
    """
    tables = make_example(seed, channels)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = ExampleFiles(*(target / f"{name}.csv" for name in ExampleTables._fields))
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_example() -> ExampleFiles:
    """The synthetic example that comes with the package: paths of its plan, curves and caps.

    Example:
        >>> [path.name for path in shipped_example()]
        ['plan.csv', 'curves.csv', 'caps.csv']
    """
    folder = Path(__file__).parent / "data"
    return ExampleFiles(*(folder / f"{name}.csv" for name in ExampleTables._fields))
