"""A synthetic resource plan: the data in ``hybrid_opt/business/data`` and any number like it.

The numbers describe no real company. A level is a post. Each department gets a "true" value curve: most of
them concave, one S-shaped (too few posts achieve little). The curve table holds nine points of it, rounded,
with a band that widens away from today's level. Posts are paid differently, so that staff and money bind in
different places. Today's levels keep every limit, so that a plan can be compared with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["ResourceFiles", "ResourceTables", "make_example", "shipped_example", "write_example"]


@dataclass(frozen=True)
class _Department:
    """Where a department stands: posts today, least and most, pay per post, value per post today."""

    name: str
    current: int
    low: int
    high: int
    pay: int
    earns: float
    scale: float  # of today's posts: small ones are past their best
    bend: float = 1.0  # above 1 S-shaped


_DEPARTMENTS = (
    _Department("support", 12, 6, 18, 4_500, 9.0, 0.9),
    _Department("sales", 9, 4, 16, 6_500, 14.0, 1.4),
    _Department("development", 8, 3, 14, 8_000, 15.0, 1.1, bend=1.6),
    _Department("logistics", 6, 2, 10, 4_000, 8.0, 0.6),
    _Department("marketing", 3, 0, 8, 6_000, 11.0, 1.6),
    _Department("quality", 2, 0, 6, 5_500, 10.0, 1.2),
    _Department("purchasing", 3, 1, 7, 5_000, 8.5, 0.8),
    _Department("training", 1, 0, 5, 5_000, 9.5, 1.5),
)


class ResourceTables(NamedTuple):
    """The tables of an example.

    Attributes:
        departments: the department table; pay per post in its column money.
        curves: the curve table, nine rows per department.
        fairness: pairs whose coverage may differ by so much.
        synergies: pairs that help each other.
    """

    departments: pd.DataFrame
    curves: pd.DataFrame
    fairness: pd.DataFrame
    synergies: pd.DataFrame

    @property
    def resources(self) -> dict[str, float]:
        """Posts as today, and seven percent more money than today, to the next 1,000."""
        posts = int(self.departments["current"].sum())
        money = int((self.departments["current"] * self.departments["money"]).sum())
        return {"staff": float(posts), "money": float(-(-money * 107 // 100 // 1_000) * 1_000)}


class ResourceFiles(NamedTuple):
    """The files of an example, named like the tables."""

    departments: Path
    curves: Path
    fairness: Path
    synergies: Path


def make_example(seed: int = 0, departments: int = 6) -> ResourceTables:
    """Make a synthetic resource plan; value is per month.

    Args:
        seed: the same seed gives the same tables.
        departments: number of departments, 3 to 8.

    Returns:
        Department, curve, fairness and synergy tables.

    Raises:
        OptionError: the seed or the number of departments is illegal.

    Example:
        >>> tables = make_example()
        >>> tables.departments["department"].tolist()[:3], tables.resources
        (['support', 'sales', 'development'], {'staff': 40.0, 'money': 246000.0})
    """
    seed = resolve_seed(seed)
    whole = isinstance(departments, int) and not isinstance(departments, bool)
    if not whole or not 3 <= departments <= len(_DEPARTMENTS):
        raise OptionError(
            f"departments is {departments!r}; legal are whole numbers from 3 to {len(_DEPARTMENTS)}"
        )
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    rows, points = [], []
    for place in _DEPARTMENTS[:departments]:
        scale, earns, width = random.random(3).tolist()
        curve = _curve_rows(place, 0.85 + 0.3 * scale, 0.9 + 0.2 * earns, 0.05 + 0.06 * width)
        points.append(curve)
        today = float(np.interp(place.current, curve["level"], curve["value"]))
        served = place.name in ("support", "logistics")
        rows.append(
            {
                "department": place.name,
                "current": place.current,
                "min": place.low,
                "max": place.high,
                "step": 1,
                "fixed": "no",
                "group": "",
                "service": int(0.8 * today) // 1_000 * 1_000 if served else None,
                "need": round(1.25 * place.current),
                "money": place.pay,
            }
        )
    table = pd.DataFrame(rows)
    table["service"] = table["service"].astype("Int64")
    fairness = pd.DataFrame({"department": ["support"], "other": ["sales"], "delta": [0.15]})
    synergies = pd.DataFrame({"department": ["sales"], "other": ["development"], "strength": [60]})
    return ResourceTables(table, pd.concat(points, ignore_index=True), fairness, synergies)


def _curve_rows(place: _Department, scale: float, earns: float, width: float) -> pd.DataFrame:
    # Nine points from zero to beyond the most posts, so that every allowed level is covered.
    levels = np.arange(9) * -(-(place.high + 1) // 8)

    def shape(posts: np.ndarray) -> np.ndarray:
        load = np.asarray(posts, dtype=np.float64) / (place.scale * scale * place.current)
        return np.asarray(1.0 - np.exp(-(load**place.bend)))

    top = 1_000 * place.earns * earns * place.current / float(shape(np.array(place.current)))
    value = np.rint(top * shape(levels) / 100) * 100
    spread = width * value * (1 + np.abs(levels / place.current - 1))
    return pd.DataFrame(
        {
            "department": place.name,
            "level": levels,
            "value": value.astype(np.int64),
            "lo": (np.rint(np.maximum(value - spread, 0) / 100) * 100).astype(np.int64),
            "hi": (np.rint((value + spread) / 100) * 100).astype(np.int64),
        }
    )


def write_example(folder: Path | str, seed: int = 0, departments: int = 6) -> ResourceFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_example``.
        departments: as in ``make_example``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number of departments is illegal.
    """
    tables = make_example(seed, departments)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = ResourceFiles(*(target / f"{name}.csv" for name in ResourceTables._fields))
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_example() -> ResourceFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_example()]
        ['departments.csv', 'curves.csv', 'fairness.csv', 'synergies.csv']
    """
    folder = Path(__file__).parent / "data"
    return ResourceFiles(*(folder / f"{name}.csv" for name in ResourceTables._fields))
