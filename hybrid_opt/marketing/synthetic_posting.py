"""Synthetic posting data: the tables in ``hybrid_opt/marketing/data`` and any number like them.

The numbers describe no real account. Engagement follows an invented week: evenings beat mornings, Sundays are
good and Mondays are not, and every past post has luck of its own. Slots are the true means with a standard
error; the history holds single past posts from which they can be estimated.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..seeds import resolve_seed
from .posting_slots import DAYS

__all__ = ["PostingFiles", "PostingTables", "make_posting", "shipped_posting", "write_posting"]

_HOURS = (8, 12, 18)
_DAY_FACTOR = (0.85, 1.0, 1.05, 1.0, 0.95, 0.9, 1.15)
_HOUR_FACTOR = {8: 0.8, 12: 1.0, 18: 1.3}
_POSTS = (
    *(("launch", "product", 1.4), ("tutorial", "how-to", 1.0), ("team", "people", 0.8)),
    *(("offer", "product", 1.1), ("tips", "how-to", 0.9), ("story", "people", 1.2)),
    *(("poll", "play", 1.0), ("quote", "play", 0.7)),
)
_FIRST_MONDAY = "2026-01-05"
WEEKS_OF_HISTORY = 20


class PostingTables(NamedTuple):
    """The tables of an example.

    Attributes:
        slots: the slots of a week.
        posts: the posts to be placed.
        history: past posts with their time and engagement.
    """

    slots: pd.DataFrame
    posts: pd.DataFrame
    history: pd.DataFrame


class PostingFiles(NamedTuple):
    """The files of an example."""

    slots: Path
    posts: Path
    history: Path


def make_posting(seed: int = 0, posts: int = 5) -> PostingTables:
    """Make synthetic posting data.

    Args:
        seed: the same seed gives the same tables.
        posts: number of posts to be placed, 1 to 8.

    Returns:
        21 slots (three a day), the posts, and 20 weeks of past posts.

    Raises:
        OptionError: the seed or the number of posts is illegal.

    Example:
        >>> tables = make_posting(posts=3)
        >>> len(tables.slots), tables.posts["post"].tolist()
        (21, ['launch', 'tutorial', 'team'])
    """
    seed = resolve_seed(seed)
    whole = isinstance(posts, int) and not isinstance(posts, bool)
    if not whole or not 1 <= posts <= len(_POSTS):
        raise OptionError(f"posts is {posts!r}; legal are whole numbers from 1 to {len(_POSTS)}")
    # Only uniform numbers are drawn: their stream is the one NumPy keeps unchanged most strictly.
    random = np.random.default_rng(seed)
    rows = []
    for day, name in enumerate(DAYS):
        for hour in _HOURS:
            mean = 400.0 * _DAY_FACTOR[day] * _HOUR_FACTOR[hour] * (0.85 + 0.3 * float(random.random()))
            error = mean * (0.04 + 0.06 * float(random.random()))
            row = {"day": name, "hour": f"{hour:02d}:00", "engagement": round(mean), "error": round(error)}
            rows.append(row)
    slots = pd.DataFrame(rows)
    chosen = [{"post": name, "topic": topic, "multiplier": m} for name, topic, m in _POSTS[:posts]]
    return PostingTables(slots, pd.DataFrame(chosen), _history(slots, random))


def _history(slots: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Three to five posts a week in slots drawn at random."""
    first, rows = pd.Timestamp(_FIRST_MONDAY), []
    for week in range(WEEKS_OF_HISTORY):
        count = 3 + int(3 * random.random())
        for k in sorted(np.argsort(random.random(len(slots)), kind="stable")[:count].tolist()):
            day, hour = divmod(k, len(_HOURS))
            minute = int(60 * random.random())
            moment = first + pd.Timedelta(days=7 * week + day, hours=_HOURS[hour], minutes=minute)
            luck = 0.6 + 0.8 * float(random.random())
            engagement = round(float(slots["engagement"][k]) * luck)
            rows.append({"timestamp": moment.strftime("%Y-%m-%d %H:%M"), "engagement": engagement})
    return pd.DataFrame(rows)


def write_posting(folder: Path | str, seed: int = 0, posts: int = 5) -> PostingFiles:
    """Write the tables as CSV files; the shipped files are those of seed 0.

    Args:
        folder: where to write; made if it is not there.
        seed: as in ``make_posting``.
        posts: as in ``make_posting``.

    Returns:
        The paths.

    Raises:
        OptionError: the seed or the number of posts is illegal.
    """
    tables = make_posting(seed, posts)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = _files(target)
    for table, path in zip(tables, files, strict=True):
        path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
    return files


def shipped_posting() -> PostingFiles:
    """The synthetic example that comes with the package: paths of its tables.

    Example:
        >>> [path.name for path in shipped_posting()]
        ['slots.csv', 'posts.csv', 'past_posts.csv']
    """
    return _files(Path(__file__).parent / "data")


def _files(folder: Path) -> PostingFiles:
    return PostingFiles(*(folder / f"{name}.csv" for name in ("slots", "posts", "past_posts")))
