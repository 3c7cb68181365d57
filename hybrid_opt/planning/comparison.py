"""Several plans side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

from ..errors import OptionError

__all__ = ["Plan", "compare"]


class Plan(Protocol):
    """What ``compare`` needs of a plan."""

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures: name -> number or word."""
        ...

    def allocation(self) -> Mapping[str, float]:
        """What each line gets: label -> amount."""
        ...


def compare(plans: Mapping[str, Plan] | Sequence[Plan]) -> pd.DataFrame:
    """Put plans side by side.

    Args:
        plans: name -> plan, or a list (they are then called "plan 1", "plan 2", ...).

    Returns:
        One column per plan; headline figures first, then one row per line with what it gets. A figure or
        line that a plan does not have is missing (NaN).

    Raises:
        OptionError: no plan is given.
    """
    named = dict(plans) if isinstance(plans, Mapping) else {f"plan {k + 1}": p for k, p in enumerate(plans)}
    if not named:
        raise OptionError("there is no plan to compare; give at least one")
    columns = {name: {**plan.figures(), **plan.allocation()} for name, plan in named.items()}
    figures = dict.fromkeys(key for plan in named.values() for key in plan.figures())
    lines = dict.fromkeys(key for plan in named.values() for key in plan.allocation())
    return pd.DataFrame(columns, index=[*figures, *(line for line in lines if line not in figures)])
