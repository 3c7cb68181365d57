"""Synthetic process improvements: the data in ``hybrid_opt/business/data`` and any number like them.

The numbers describe no real company. Every improvement belongs to one of four areas of a warehouse, saves a
share of that area's cost, and takes money and days of staff; dearer ones save more, but not in proportion.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["ProcessFiles", "ProcessTables", "make_processes", "shipped_processes", "write_processes"]

_AREAS = (("picking", 820_000), ("packing", 460_000), ("transport", 640_000), ("returns", 280_000))
_NAMES = (
    *("scanners", "box_sizes", "route_planning", "return_labels", "zone_layout", "packing_tables"),
    *("dock_slots", "grading_rules", "voice_picking", "labeling_robot", "load_planning", "refund_portal"),
    *("picking_robots", "void_fill", "carrier_tender", "photo_check", "slotting_software", "tape_machine"),
    *("telematics", "repair_bench"),
)


class ProcessTables(NamedTuple):
    """The tables of an example.

    Attributes:
        improvements: the table of improvements.
        areas: what each area costs.
        needs: improvements that are only possible with another one.
        exclusions: improvements that exclude each other.
    """

    improvements: pd.DataFrame
    areas: pd.DataFrame
    needs: pd.DataFrame
    exclusions: pd.DataFrame


class ProcessFiles(NamedTuple):
    """The files of an example."""

    improvements: Path
    areas: Path
    needs: Path
    exclusions: Path


def make_processes(seed: int = 0, improvements: int = 14) -> ProcessTables:
    """Make synthetic process improvements.

    Args:
        seed: the same seed gives the same tables.
        improvements: how many, 6 to 20.

    Returns:
        The tables; limits of 240,000 money and 150 days of staff leave room for about half of fourteen.

    Raises:
        OptionError: the seed or the number is illegal.

    Example:
        >>> tables = make_processes(improvements=6)
        >>> tables.improvements["area"].tolist()
        ['picking', 'packing', 'transport', 'returns', 'picking', 'packing']
    """
    seed = resolve_seed(seed)
    whole = isinstance(improvements, int) and not isinstance(improvements, bool)
    if not whole or not 6 <= improvements <= len(_NAMES):
        words = f"legal are whole numbers from 6 to {len(_NAMES)}"
        raise OptionError(f"improvements is {improvements!r}; {words}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    rows = []
    for i, name in enumerate(_NAMES[:improvements]):
        effort, luck, days, width = random.random(4).tolist()
        area, total = _AREAS[i % len(_AREAS)]
        share = round(0.04 + 0.22 * effort**0.7 * (0.6 + 0.8 * luck), 3)
        cost = int(np.rint(total * (0.02 + 0.08 * effort) / 1_000) * 1_000)
        rows.append(
            {
                "improvement": name,
                "area": area,
                "saving": share,
                "cost": cost,
                "staff": int(5 + 30 * days),
                "current": "yes" if i in (1, 3) else "no",
                "lo": round(share * (0.9 - 0.2 * width), 3),
                "hi": round(share * (1.05 + 0.1 * width), 3),
            }
        )
    needs = pd.DataFrame({"improvement": [_NAMES[4]], "needs": [_NAMES[0]]})
    exclusions = pd.DataFrame({"improvement": [_NAMES[1]], "other": [_NAMES[5]]})
    areas = pd.DataFrame(_AREAS, columns=["area", "cost"])
    return ProcessTables(pd.DataFrame(rows), areas, needs, exclusions)


def write_processes(folder: Path | str, seed: int = 0, improvements: int = 14) -> ProcessFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_processes``.
        improvements: as in ``make_processes``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number is illegal.
    """
    tables = make_processes(seed, improvements)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = ProcessFiles(*(target / f"{name}.csv" for name in ProcessTables._fields))
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_processes() -> ProcessFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_processes()]
        ['improvements.csv', 'areas.csv', 'needs.csv', 'exclusions.csv']
    """
    folder = Path(__file__).parent / "data"
    return ProcessFiles(*(folder / f"{name}.csv" for name in ProcessTables._fields))
