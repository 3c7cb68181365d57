"""Synthetic content: the data in ``hybrid_opt/marketing/data`` and any number like it.

The numbers describe no real campaign. Every audience has a conversion rate and likes levels of its own; an
offer and a video help each other a little. The table of levels holds the true effects with a made-up error;
the table of tests holds what a few weeks of tests with these effects could look like.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["ContentFiles", "ContentTables", "make_content", "shipped_content", "write_content"]

_AUDIENCES = (("enterprise", 4_000, 0.02), ("startup", 9_000, 0.03), ("consumer", 30_000, 0.015))
_FACTORS = {
    "headline": (("question", 0), ("offer", 0), ("proof", 200)),
    "image": (("photo", 0), ("chart", 150), ("video", 900)),
    "call": (("trial", 0), ("demo", 300)),
}
IMPRESSIONS = 3_000  # of every variant in the tests


class ContentTables(NamedTuple):
    """The tables of an example.

    Attributes:
        levels: effects of levels on the conversion rate.
        pairs: what two levels add together.
        audiences: sizes and conversion rates before all effects.
        forbidden: levels that are not shown together.
        tests: raw tests, every variant to every audience.
    """

    levels: pd.DataFrame
    pairs: pd.DataFrame
    audiences: pd.DataFrame
    forbidden: pd.DataFrame
    tests: pd.DataFrame


class ContentFiles(NamedTuple):
    """The files of an example."""

    levels: Path
    pairs: Path
    audiences: Path
    forbidden: Path
    tests: Path


def make_content(seed: int = 0, audiences: int = 3) -> ContentTables:
    """Make a synthetic campaign.

    Args:
        seed: the same seed gives the same tables.
        audiences: number of audiences, 1 to 3.

    Returns:
        The tables; effects are parts of the conversion rate.

    Raises:
        OptionError: the seed or the number of audiences is illegal.

    Example:
        >>> make_content(audiences=1).audiences["audience"].tolist()
        ['enterprise']
    """
    seed = resolve_seed(seed)
    whole = isinstance(audiences, int) and not isinstance(audiences, bool)
    if not whole or not 1 <= audiences <= len(_AUDIENCES):
        raise OptionError(
            f"audiences is {audiences!r}; legal are whole numbers from 1 to {len(_AUDIENCES)}"
        )
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    levels, tests = [], []
    bonus = 0.003
    for audience, _, base in _AUDIENCES[:audiences]:
        effect = {}
        for factor, own in _FACTORS.items():
            for k, (level, cost) in enumerate(own):
                strength, doubt = random.random(2).tolist()
                effect[level] = 0.0 if k == 0 else round(base * (0.5 * strength - 0.15), 4) + 0.0
                levels.append(
                    {
                        "audience": audience,
                        "factor": factor,
                        "level": level,
                        "effect": effect[level],
                        "error": round(0.03 * base * (1 + doubt), 4),
                        "cost": cost,
                        "shared": True,
                        "current": k == 0,
                        "exposure": 0.8 if k == 0 else 0.0,
                    }
                )
        names = [[level for level, _ in own] for own in _FACTORS.values()]
        for variant in product(*names):
            rate = base + sum(effect[level] for level in variant)
            rate += bonus * ("offer" in variant and "video" in variant)
            # The sum of twelve uniform numbers less six is close to normal.
            scatter = float(random.random(12).sum()) - 6.0
            expected = IMPRESSIONS * rate
            worked = round(expected + scatter * float(np.sqrt(expected * (1.0 - rate))))
            tests.append(
                {
                    "audience": audience,
                    **dict(zip(_FACTORS, variant)),
                    "impressions": IMPRESSIONS,
                    "conversions": max(0, worked),
                }
            )
    pair = {"factor": "headline", "level": "offer", "other": "image", "other_level": "video"}
    clash = {"factor": "headline", "level": "proof", "other": "call", "other_level": "trial"}
    people = [{"audience": name, "size": size, "base": base} for name, size, base in _AUDIENCES[:audiences]]
    return ContentTables(
        pd.DataFrame(levels),
        pd.DataFrame([{**pair, "effect": bonus, "error": 0.001}]),
        pd.DataFrame(people),
        pd.DataFrame([clash]),
        pd.DataFrame(tests),
    )


def write_content(folder: Path | str, seed: int = 0, audiences: int = 3) -> ContentFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_content``.
        audiences: as in ``make_content``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number of audiences is illegal.
    """
    tables = make_content(seed, audiences)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = _files(target)
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_content() -> ContentFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_content()][:2]
        ['content_levels.csv', 'content_pairs.csv']
    """
    return _files(Path(__file__).parent / "data")


def _files(folder: Path) -> ContentFiles:
    names = ("levels", "pairs", "audiences", "forbidden", "tests")
    return ContentFiles(*(folder / f"content_{name}.csv" for name in names))
