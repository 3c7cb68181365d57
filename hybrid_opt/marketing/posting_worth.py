"""What a posting rule costs: each rule one step looser, and the plan solved again.

A rule such as "at least four hours between posts" is many limits, one per window of slots. Moving one of them
says little, so that whole rules are moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import PlanError
from ..planning.proven_answer import ProvenAnswer
from ..planning.worth import COLUMNS
from .posting_slots import gap_minutes

if TYPE_CHECKING:
    from .posting import PostingPlanner

__all__ = ["looser_rules", "with_rules", "worth_of_rules"]

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


def worth_of_rules(planner: PostingPlanner, proven: ProvenAnswer, time_limit: float) -> pd.DataFrame:
    """What each rule is worth one step looser, beside the proven plan.

    Args:
        planner: the planner.
        proven: its proven answer.
        time_limit: seconds for all rules together.

    Returns:
        Columns as in ``worth_of_changes``. Where the best plan with a looser rule is not proven, the gain is
        NaN, and the reason says what was reached.
    """
    begin, rows, changes = perf_counter(), [], list(looser_rules(planner))
    slow = proven.seconds * len(changes) > time_limit
    least = BINDING_SHARE * max(1.0, abs(proven.value))
    for k, (label, kind, change, options) in enumerate(changes):
        gain, binds, reason = float("nan"), False, ""
        seconds = (time_limit - (perf_counter() - begin)) / (len(changes) - k)
        if slow or seconds <= 0.0:
            reason = f"left out, to keep within the time limit of {time_limit:g} s; allow more time"
        else:
            try:
                looser = planner.changed(**options)
                # What keeps the rule keeps the looser one.
                answer = looser._prove(looser.question.levels(), start=proven.choice, time_limit=seconds)
            except PlanError as error:
                reason = str(error)
            else:
                more = answer.value - proven.value
                binds = more > least
                if answer.proven:
                    gain = more
                else:
                    reached = f"at least {more:+.4g}; " if binds else ""
                    reason = f"{reached}the best plan with it was not proven in {seconds:.3g} s; "
                    reason += "allow more time"
        rows.append((label, kind, change, gain, binds, reason))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"change": float, "gain": float, "binds": bool, "reason": str})


def with_rules(limits: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """One table of both, limits first.

    Example:
        >>> row = pd.DataFrame([("a", "cap", 1.0, 2.0, True, "")], columns=COLUMNS)
        >>> with_rules(row[:0], row)["limit"].tolist(), len(with_rules(row, row))
        (['a'], 2)
    """
    parts = [table for table in (limits, rules) if len(table)]
    return pd.concat(parts, ignore_index=True) if parts else limits
