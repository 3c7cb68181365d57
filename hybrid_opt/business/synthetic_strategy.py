"""A synthetic project portfolio: the data in ``hybrid_opt/business/data`` and any number like it.

The numbers describe no real company. Every project costs the same in each of its periods; longer and dearer
ones bring more. In each of five equally likely futures a project of a category does better or worse, partly
together with the others of its category.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["StrategyFiles", "StrategyTables", "make_strategy", "shipped_strategy", "write_strategy"]

_NAMES = (
    *("new_plant", "web_shop", "service_hub", "rail_terminal", "repair_app", "training_center", "green_line"),
    *("export_desk", "data_platform", "spare_parts", "design_lab", "second_shift"),
)
_CATEGORIES = ("growth", "digital", "service")
_FUTURES = ("boom", "steady", "dear_energy", "weak_demand", "new_rival")


class StrategyTables(NamedTuple):
    """The tables of an example.

    Attributes:
        projects: the table of projects, with a third objective "jobs".
        needs: projects that need another one to be over.
        futures: factors of their values in five futures.
    """

    projects: pd.DataFrame
    needs: pd.DataFrame
    futures: pd.DataFrame


class StrategyFiles(NamedTuple):
    """The files of an example."""

    projects: Path
    needs: Path
    futures: Path


def make_strategy(seed: int = 0, projects: int = 7) -> StrategyTables:
    """Make a synthetic portfolio; money is in thousands.

    Args:
        seed: the same seed gives the same tables.
        projects: number of projects, 4 to 12.

    Returns:
        The tables; four periods with a budget of 500 each leave room for about half of seven.

    Raises:
        OptionError: the seed or the number of projects is illegal.

    Example:
        >>> make_strategy(projects=4).projects["project"].tolist()
        ['new_plant', 'web_shop', 'service_hub', 'rail_terminal']
    """
    seed = resolve_seed(seed)
    whole = isinstance(projects, int) and not isinstance(projects, bool)
    if not whole or not 4 <= projects <= len(_NAMES):
        raise OptionError(f"projects is {projects!r}; legal are whole numbers from 4 to {len(_NAMES)}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    together = random.random((len(_CATEGORIES), len(_FUTURES)))
    rows, factors = [], []
    for i, name in enumerate(_NAMES[:projects]):
        size, luck, jobs = random.random(3).tolist()
        duration = 1 + i % 3
        cost = int(10 * np.rint(12 + 18 * size))
        rows.append(
            {
                "project": name,
                "category": _CATEGORIES[i % len(_CATEGORIES)],
                "value": int(10 * np.rint(cost * duration**0.9 * (1.1 + 0.9 * luck) / 10)),
                "cost": cost,
                "duration": duration,
                "jobs": int(5 + 40 * jobs),
            }
        )
        own = random.random(len(_FUTURES))
        mixed = 0.6 * together[i % len(_CATEGORIES)] + 0.4 * own
        factors.append(np.round(1.0 + 0.8 * (mixed - mixed.mean()), 2).tolist())
    futures = pd.DataFrame(factors, columns=list(_FUTURES))
    futures.insert(0, "project", list(_NAMES[:projects]))
    needs = pd.DataFrame({"project": [_NAMES[3]], "needs": [_NAMES[0]]})
    return StrategyTables(pd.DataFrame(rows), needs, futures)


def write_strategy(folder: Path | str, seed: int = 0, projects: int = 7) -> StrategyFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_strategy``.
        projects: as in ``make_strategy``.

    Returns:
        The paths: ``projects.csv``, ``project_needs.csv`` and ``futures.csv``.

    Raises:
        OptionError: the seed or the number of projects is illegal.
    """
    tables = make_strategy(seed, projects)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = _files(target)
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_strategy() -> StrategyFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_strategy()]
        ['projects.csv', 'project_needs.csv', 'futures.csv']
    """
    return _files(Path(__file__).parent / "data")


def _files(folder: Path) -> StrategyFiles:
    return StrategyFiles(folder / "projects.csv", folder / "project_needs.csv", folder / "futures.csv")
