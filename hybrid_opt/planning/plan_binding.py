"""The limits that bind, in words: what moving each of them by one step would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plan_figures import Figures

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["LIFTED", "binding_words"]

LIFTED = ("exclusion", "precedence")
"""Kinds of limits that are not moved by an amount, but lifted."""


def binding_words(plan: LevelPlan) -> list[str]:
    """See ``LevelPlan.binding``.

    Args:
        plan: a plan with its table of limits.

    Returns:
        One sentence per limit that binds, the dearest first.
    """
    figures, ending = Figures.of(plan), " a period" if plan.words.period else ""
    bound = plan.limits[plan.limits["binds"]].sort_values("gain", ascending=False)
    return [
        f"{_limit_name(row['limit'], row['kind'])}: {_moved(row['change'], row['kind'])} would bring "
        f"{figures.response(row['gain'], signed=True)}{ending}"
        for row in bound.to_dict("records")
    ]


def _limit_name(limit: str, kind: str) -> str:
    names = {
        "budget": "the budget",
        "cap": f"the cap of group {limit}",
        "resource": f"the limit of {limit}",
        "fairness": limit,
        **dict.fromkeys(("number", "exclusion", "precedence", "minimum", "maximum", "share"), limit),
    }
    return names.get(kind, f"the {kind} of {limit}")


def _moved(change: float, kind: str) -> str:
    if kind in LIFTED:
        return "lifting it"
    return f"{abs(change):,.10g} {'more' if change > 0 else 'less'}"
