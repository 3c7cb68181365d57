"""What a posting rule costs: each rule one step looser, and the plan solved again.

A rule such as "at least four hours between posts" is many limits, one per window of slots. Moving one of them
says little, so that whole rules are moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import PlanError
from .posting_slots import gap_minutes

if TYPE_CHECKING:
    from .posting import PostingPlanner
    from .posting_plan import PostingPlan

__all__ = ["looser_rules", "worth_of_rules"]

BINDING_SHARE = 1e-9


def looser_rules(planner: PostingPlanner) -> Iterator[tuple[str, str, float, dict[str, Any]]]:
    """Every rule one step looser.

    Args:
        planner: the planner.

    Yields:
        Name of the rule, its kind, by how much it moves, and the options that make it so.
    """
    rules, given = planner.rules, planner.options
    apart = np.unique(np.rint(60.0 * given.slots.distances()).astype(np.int64))
    for name, hours, words in (
        ("min_gap", rules.min_gap, "hours between posts"),
        ("topic_gap", rules.topic_gap, "hours between posts on a topic"),
    ):
        below = apart[apart < gap_minutes(hours)]
        if hours > 0 and len(below):
            # Between two distances of slots nothing changes.
            closer = float(below[-1]) / 60.0
            yield f"{hours:g} {words}", "minimum", closer - hours, {name: closer}
    for name, words in (("topic_per_day", "posts of a topic a day"), ("max_per_day", "posts a day")):
        most = getattr(rules, name)
        if most is not None:
            yield f"at most {most} {words}", "maximum", 1.0, {name: most + 1}
    if rules.min_per_day:
        less = {"min_per_day": rules.min_per_day - 1}
        yield f"at least {rules.min_per_day} posts a day", "minimum", -1.0, less
    low, high = rules.weekend
    if low:
        yield f"at least {low} on a weekend", "minimum", -1.0, {"weekend": (low - 1, high)}
    if high is not None:
        yield f"at most {high} on a weekend", "maximum", 1.0, {"weekend": (low, high + 1)}
    if rules.days is not None:
        yield "the limits of single days", "exclusion", 1.0, {"days": None}
    if rules.equal_split is not None:
        yield f"equal split over {rules.equal_split}", "exclusion", 1.0, {"equal_split": None}


def worth_of_rules(planner: PostingPlanner, plan: PostingPlan, time_limit: float) -> pd.DataFrame:
    """The plan's table of limits with a row per rule.

    Args:
        planner: the planner.
        plan: its proven plan.
        time_limit: seconds for all rules together, as far as the first proof's time tells.

    Returns:
        The table of ``worth_of_limits``; unchanged where time is short.
    """
    changes = list(looser_rules(planner))
    if not changes or plan.proven.seconds * len(changes) > time_limit:
        return plan.limits
    rows = []
    for label, kind, change, options in changes:
        gain, reason = float("nan"), ""
        try:
            looser = planner.changed(**options)
            gain = looser._prove(looser.question.levels(), time_limit=time_limit).value - plan.proven.value
        except PlanError as error:
            reason = str(error)
        binds = gain > BINDING_SHARE * max(1.0, abs(plan.proven.value))
        rows.append((label, kind, change, gain, binds, reason))
    added = pd.DataFrame(rows, columns=plan.limits.columns).astype(plan.limits.dtypes.to_dict())
    return added if plan.limits.empty else pd.concat([plan.limits, added], ignore_index=True)
