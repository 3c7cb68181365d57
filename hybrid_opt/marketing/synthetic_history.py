"""A synthetic weekly history whose true curves are known, to try and test ``BudgetPlanner.from_history``.

The numbers describe no real company. Each channel's spend is drawn around a level with a yearly wave of its
own, weeks without spend, and bursts; the outcome is a level with trend, yearly season, price, holidays, the
true adstock and Hill curves, and normal errors.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed
from .media_response import media_shapes

__all__ = ["history_truth", "make_history", "shipped_history", "write_history"]

_NAMES = ("tv", "search", "social", "radio", "print", "video")
_LEVEL = (22_000.0, 9_000.0, 6_000.0, 5_000.0, 4_000.0, 7_000.0)
_THETA = (0.55, 0.10, 0.30, 0.40, 0.20, 0.45)
_ALPHA = (1.4, 1.0, 1.7, 1.2, 2.0, 1.1)
_LOAD = (0.9, 0.7, 1.1, 0.8, 1.0, 0.6)  # mean spend over half saturation
_EARNS = (2.6, 3.6, 2.4, 1.9, 1.4, 2.2)  # outcome per money at the mean spend
_IDLE = (0.25, 0.0, 0.15, 0.30, 0.45, 0.20)  # share of weeks without spend


def history_truth(channels: int = 3) -> pd.DataFrame:
    """The true curves of ``make_history``.

    Args:
        channels: how many, 1 to 6.

    Returns:
        Columns channel, theta, alpha, K, beta, as ``planning.hill`` reads them.

    Raises:
        OptionError: another number of channels.

    Example:
        >>> history_truth(2)["channel"].tolist()
        ['tv', 'search']
    """
    c = _checked(channels)
    level, load, theta = (np.array(part[:c]) for part in (_LEVEL, _LOAD, _THETA))
    alpha, earns = np.array(_ALPHA[:c]), np.array(_EARNS[:c])
    kappa = level / load
    beta = earns * level * (1.0 + load**-alpha)
    return pd.DataFrame(
        {"channel": _NAMES[:c], "theta": theta, "alpha": alpha, "K": kappa / (1 - theta), "beta": beta}
    )


def make_history(
    seed: int = 0, *, channels: int = 3, weeks: int = 182, noise: float = 0.02, media: float = 1.0
) -> pd.DataFrame:
    """Make a synthetic weekly history, in money per week.

    Args:
        seed: the same seed gives the same table.
        channels: how many, 1 to 6.
        weeks: how many, from 10.
        noise: standard deviation of the errors as a share of the level of the outcome.
        media: factor on what all channels bring; 0 gives a history in which media do nothing.

    Returns:
        Columns week (Mondays), revenue, one spend column per channel, price (an index), holiday.

    Raises:
        OptionError: an illegal option.

    Example:
        >>> make_history().shape
        (182, 7)
    """
    seed, c = resolve_seed(seed), _checked(channels)
    if isinstance(weeks, bool) or not isinstance(weeks, (int, np.integer)) or weeks < 10:
        raise OptionError(f"weeks is {weeks!r}; legal are whole numbers from 10")
    for value, name in ((noise, "noise"), (media, "media")):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise OptionError(f"{name} is {value!r}; legal are finite numbers from 0")
    random = np.random.default_rng(seed)
    time = np.arange(weeks)
    spends = np.zeros((weeks, c))
    for k in range(c):
        wave = 1.0 + 0.4 * np.cos(2 * np.pi * time / 52.18 + 2 * np.pi * random.random())
        burst = 1.0 + 2.5 * (random.random(weeks) < 0.12)
        drawn = (0.3 + 1.4 * random.random(weeks)) * wave * burst * (random.random(weeks) >= _IDLE[k])
        spends[:, k] = np.rint(_LEVEL[k] * drawn / 10) * 10
    price = np.round(100 + 6 * (random.random(weeks) - 0.5) + 3 * np.sin(time / 9.0), 1)
    holiday = np.isin(time % 52, (14, 50)).astype(int)
    truth = history_truth(c)
    kappa = (truth["K"] * (1 - truth["theta"])).to_numpy()
    shapes = media_shapes(spends, truth["theta"].to_numpy(), truth["alpha"].to_numpy(), kappa)
    base = 220_000 + 150.0 * time + 14_000 * np.cos(2 * np.pi * (time - 48) / 52.18)
    base = base - 2_500 * (price - 100) + 30_000 * holiday
    errors = noise * 220_000 * random.standard_normal(weeks)
    revenue = base + media * shapes.value @ truth["beta"].to_numpy() + errors
    first = np.datetime64("2021-01-04")
    return pd.DataFrame(
        {
            "week": [str(first + np.timedelta64(7 * int(t), "D")) for t in time],
            "revenue": np.rint(revenue).astype(np.int64),
            **{name: spends[:, k].astype(np.int64) for k, name in enumerate(_NAMES[:c])},
            "price": price,
            "holiday": holiday,
        }
    )


def write_history(path: Path | str, seed: int = 0) -> Path:
    """Write ``make_history(seed)`` as a CSV file; the shipped one is that of seed 0.

    Args:
        path: where.
        seed: as in ``make_history``.

    Returns:
        The path.
    """
    target = Path(path)
    text = make_history(seed).to_csv(index=False, lineterminator="\n")
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def shipped_history() -> Path:
    """The synthetic weekly history that comes with the package.

    Example:
        >>> shipped_history().name
        'history.csv'
    """
    return Path(__file__).parent / "data" / "history.csv"


def _checked(channels: int) -> int:
    whole = isinstance(channels, (int, np.integer)) and not isinstance(channels, bool)
    if not whole or not 1 <= channels <= len(_NAMES):
        raise OptionError(f"channels is {channels!r}; legal are whole numbers from 1 to {len(_NAMES)}")
    return int(channels)
