"""What a selection brings by how many items are chosen, each number solved again with proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pandas as pd

from ..errors import PlanError
from .lines import LevelQuestion
from .proven_answer import ProvenAnswer

__all__ = ["value_by_count"]

COLUMNS = ["chosen", "value", "proven", "items"]


def value_by_count(
    question: LevelQuestion, solve: Callable[..., ProvenAnswer], *, time_limit: float = 60.0
) -> pd.DataFrame:
    """The best selection of every size, all other limits kept.

    Args:
        question: lines of 0 and 1.
        solve: what answers a question, called as ``prove`` is.
        time_limit: seconds for all of them; sizes that were not reached are left out.

    Returns:
        One row per size for which a selection exists: chosen, value, proven, items (names joined by commas).

    Example:
        >>> from hybrid_opt.planning.lines import Line, Synergy
        >>> from hybrid_opt.planning.proven_answer import prove
        >>> lines = [Line("a", [0, 1], [0, 5]), Line("b", [0, 1], [0, 4])]
        >>> question = LevelQuestion(lines, budget=1, synergies=[Synergy(0, 1, -3)], reference=1.0)
        >>> value_by_count(question, prove)["value"].tolist()
        [5.0, 6.0]
    """
    deadline, rows = monotonic() + time_limit, []
    capped = [len(question.members(group)) - cap for group, cap in question.caps.items()]
    most = len(question.lines) - sum(max(0, spare) for spare in capped)
    for count in range(1, most + 1):
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            found = solve(replace(question, budget=count, spend="exactly"), time_limit=left)
        except PlanError:
            continue  # nothing of this size keeps the limits: the curve has no point there
        units = question.spends(found.choice)
        names = [line.label for line, taken in zip(question.lines, units) if taken]
        rows.append((count, found.value, found.proven, ", ".join(names)))
    return pd.DataFrame(rows, columns=COLUMNS)
