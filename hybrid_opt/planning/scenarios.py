"""The same plan under other assumptions: change some options, plan again, put the answers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import pandas as pd

from ..errors import OptionError
from .comparison import Plan, compare

__all__ = ["Changeable", "compare_scenarios"]


class Changeable(Protocol):
    """What ``compare_scenarios`` needs of a planner."""

    def changed(self, **options: Any) -> Self:
        """The same question with other options."""
        ...

    def solve(self, *, seed: int | None = None, time_limit: float = 60.0, alternatives: int = 10) -> Plan:
        """The answer."""
        ...


def compare_scenarios(
    planner: Changeable,
    scenarios: Mapping[str, Mapping[str, Any]],
    *,
    seed: int | None = None,
    time_limit: float = 60.0,
) -> pd.DataFrame:
    """Plan once as it is and once per scenario.

    Args:
        planner: the question as it is.
        scenarios: name -> options of the planner to change, e.g. ``{"less": {"budget": 180_000}}``.
        seed: of every plan.
        time_limit: seconds for each solver.

    Returns:
        A column "as it is" and one per scenario, as ``compare`` lays them out.

    Raises:
        OptionError: no scenario, or one called "as it is".
    """
    if not scenarios:
        raise OptionError("there is no scenario; give at least one name with the options to change")
    if "as it is" in scenarios:
        raise OptionError("a scenario is called 'as it is', which names the plan itself; call it otherwise")
    asked = {"as it is": planner, **{name: planner.changed(**dict(o)) for name, o in scenarios.items()}}
    return compare({name: one.solve(seed=seed, time_limit=time_limit) for name, one in asked.items()})
