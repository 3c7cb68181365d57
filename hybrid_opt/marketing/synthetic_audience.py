"""Synthetic audiences: the data in ``hybrid_opt/marketing/data`` and any number like them.

The numbers describe no real people. A person has three interests and an age drawn at random; every segment
looks for some of them and holds the people who fit best, so segments with like profiles overlap. The table of
members holds the patterns: for every set of segments how many people are in exactly these. Sizes and pair
overlaps are counted from it, so both forms of the question are about the same people.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["AudienceFiles", "AudienceTables", "make_audience", "shipped_audience", "write_audience"]

_NAMES = (
    *("runners", "travelers", "parents", "students", "gamers", "cooks", "gardeners", "commuters"),
    *("cyclists", "readers", "homeowners", "pet_owners", "music_fans", "bargain_hunters", "early_adopters"),
    *("hikers", "car_buyers", "streamers", "crafters", "savers"),
)
_GROUPS = ("interest", "interest", "life", "life", "shopping")
PEOPLE = 20_000


class AudienceTables(NamedTuple):
    """The tables of an example.

    Attributes:
        segments: the table of segments.
        members: patterns of segments with how many people have them.
        overlaps: square table of people in both segments.
    """

    segments: pd.DataFrame
    members: pd.DataFrame
    overlaps: pd.DataFrame


class AudienceFiles(NamedTuple):
    """The files of an example."""

    segments: Path
    members: Path
    overlaps: Path


def make_audience(seed: int = 0, segments: int = 12) -> AudienceTables:
    """Make synthetic audiences.

    Args:
        seed: the same seed gives the same tables.
        segments: number of segments, 3 to 20.

    Returns:
        Segments, members and overlaps of 20,000 people.

    Raises:
        OptionError: the seed or the number of segments is illegal.

    Example:
        >>> tables = make_audience(segments=4)
        >>> tables.segments["segment"].tolist(), int(tables.members["people"].sum()) <= 20_000
        (['runners', 'travelers', 'parents', 'students'], True)
    """
    seed = resolve_seed(seed)
    whole = isinstance(segments, int) and not isinstance(segments, bool)
    if not whole or not 3 <= segments <= len(_NAMES):
        raise OptionError(f"segments is {segments!r}; legal are whole numbers from 3 to {len(_NAMES)}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    people = random.random((PEOPLE, 4)) - 0.5
    names = list(_NAMES[:segments])
    columns, rows = [], []
    for i, name in enumerate(names):
        profile = random.random(4) - 0.5
        share, price, today = random.random(3).tolist()
        fit = np.round(people @ profile + 0.25 * random.random(PEOPLE), 9)
        size = int(PEOPLE * (0.05 + 0.22 * share**2))
        inside = np.zeros(PEOPLE, dtype=np.int64)
        inside[np.argsort(-fit, kind="stable")[:size]] = 1
        columns.append(inside)
        # Small segments are dearer per person, as narrow targeting is.
        cost = int(np.rint(size * (0.9 + 0.6 * price) / (1 + size / 4_000) / 50) * 50)
        rows.append(
            {
                "segment": name,
                "size": size,
                "cost": cost,
                "group": _GROUPS[i % len(_GROUPS)],
                "current": "yes" if today < 0.25 else "no",
                "lo": int(size * 0.9),
                "hi": int(size * 1.1),
            }
        )
    inside = np.array(columns).T
    patterns, counts = np.unique(inside[inside.any(axis=1)], axis=0, return_counts=True)
    members = pd.DataFrame(patterns, columns=names)
    members.insert(0, "people", counts)
    overlaps = pd.DataFrame(inside.T @ inside, columns=names)
    overlaps.insert(0, "segment", names)
    return AudienceTables(pd.DataFrame(rows), members, overlaps)


def write_audience(folder: Path | str, seed: int = 0, segments: int = 12) -> AudienceFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_audience``.
        segments: as in ``make_audience``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number of segments is illegal.
    """
    tables = make_audience(seed, segments)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = AudienceFiles(*(target / f"{name}.csv" for name in AudienceTables._fields))
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_audience() -> AudienceFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_audience()]
        ['segments.csv', 'members.csv', 'overlaps.csv']
    """
    folder = Path(__file__).parent / "data"
    return AudienceFiles(*(folder / f"{name}.csv" for name in AudienceTables._fields))
