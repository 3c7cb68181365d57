"""A synthetic price list: the data in ``hybrid_opt/business/data`` and any number like it.

The numbers describe no real shop. Packs of a family come in two sizes, of which the small one may not be the
dearer one; each of the two gains a little where the other one's price rises.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed

__all__ = ["PriceFiles", "PriceTables", "make_prices", "shipped_prices", "write_prices"]

_FAMILIES = ("coffee", "tea", "cocoa", "muesli", "honey", "jam")


class PriceTables(NamedTuple):
    """The tables of an example.

    Attributes:
        products: the table of products.
        demand: linear demand.
        cross: cross effects within families.
        order: small packs and large ones.
    """

    products: pd.DataFrame
    demand: pd.DataFrame
    cross: pd.DataFrame
    order: pd.DataFrame


class PriceFiles(NamedTuple):
    """The files of an example."""

    products: Path
    demand: Path
    cross: Path
    order: Path


def make_prices(seed: int = 0, families: int = 3) -> PriceTables:
    """Make a synthetic price list; a family is a small and a large pack.

    Args:
        seed: the same seed gives the same tables.
        families: number of families, 1 to 6.

    Returns:
        The tables; demand is in pieces a week.

    Raises:
        OptionError: the seed or the number of families is illegal.

    Example:
        >>> make_prices(families=1).products["product"].tolist()
        ['coffee_small', 'coffee_large']
    """
    seed = resolve_seed(seed)
    whole = isinstance(families, int) and not isinstance(families, bool)
    if not whole or not 1 <= families <= len(_FAMILIES):
        raise OptionError(f"families is {families!r}; legal are whole numbers from 1 to {len(_FAMILIES)}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    products, demand, cross, order = [], [], [], []
    for family in _FAMILIES[:families]:
        names = [f"{family}_small", f"{family}_large"]
        base = 2.0 + 3.0 * random.random()
        slopes = []
        for name, size in zip(names, (1.0, 1.7)):
            margin, sold, steep, doubt = random.random(4).tolist()
            price = float(np.floor(base * size)) + 0.99
            volume = 80 + 10 * int(12 * sold)
            slope = round(volume / price * (1.4 + 1.4 * steep), 1)
            slopes.append(slope)
            products.append(
                {
                    "product": name,
                    "family": family,
                    "price": price,
                    "cost": round(price * (0.45 + 0.2 * margin), 2),
                    "min_margin": 0.25,
                    "uncertainty": round(0.05 + 0.1 * doubt, 2),
                }
            )
            demand.append({"product": name, "base": round(volume + slope * price, 1), "slope": slope})
        share = 0.1 + 0.2 * random.random()
        for name, other in (names, names[::-1]):
            cross.append({"product": name, "other": other, "effect": round(share * min(slopes), 1)})
        order.append({"product": names[0], "other": names[1]})
    return PriceTables(*(pd.DataFrame(rows) for rows in (products, demand, cross, order)))


def write_prices(folder: Path | str, seed: int = 0, families: int = 3) -> PriceFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_prices``.
        families: as in ``make_prices``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number of families is illegal.
    """
    tables = make_prices(seed, families)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = _files(target)
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_prices() -> PriceFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_prices()]
        ['products.csv', 'demand.csv', 'cross_effects.csv', 'price_order.csv']
    """
    return _files(Path(__file__).parent / "data")


def _files(folder: Path) -> PriceFiles:
    names = ("products", "demand", "cross_effects", "price_order")
    return PriceFiles(*(folder / f"{name}.csv" for name in names))
