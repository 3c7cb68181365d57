"""Plans of any kind in a table: what they bring, against today, and what is proven."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reports import Table

__all__ = ["gains", "proof_words", "summary_table"]

_TODAY = " today"


def gains(figures: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Each figure that is known for today too.

    Args:
        figures: headline figures of a plan.

    Returns:
        Name, today, plan.

    Example:
        >>> gains({"response": 180.0, "response today": 170.0, "bound": 180.0})
        [('response', 170.0, 180.0)]
    """
    pairs = [(name, figures.get(name + _TODAY), value) for name, value in figures.items()]
    return [
        (name, float(today), float(value))
        for name, today, value in pairs
        if isinstance(today, int | float) and isinstance(value, int | float)
    ]


def proof_words(figures: Mapping[str, Any]) -> str:
    """What is proven of a plan.

    Args:
        figures: headline figures of a plan.

    Returns:
        Status, bound and gap, or "none".

    Example:
        >>> proof_words({"status": "optimal", "bound": 180.0, "gap": 0.0})
        'optimal, bound 180, gap 0.00%'
    """
    status, bound, gap = (figures.get(name) for name in ("status", "bound", "gap"))
    words = [str(status)] if status else []
    if isinstance(bound, int | float):
        words.append(f"bound {bound:,.6g}")
    if isinstance(gap, int | float):
        words.append(f"gap {gap:.2%}")
    return ", ".join(words) or "none"


def summary_table(plans: Mapping[str, Mapping[str, Any]], title: str = "") -> Table:
    """One row per plan and figure that can be compared with today.

    Args:
        plans: name -> headline figures.
        title: stands above.

    Returns:
        The table; a plan without today's figures has a row with its first one.
    """
    rows = []
    for plan, figures in plans.items():
        known = gains(figures)
        for name, today, value in known:
            share = f" ({(value - today) / abs(today):+.1%})" if today else ""
            change = f"{value - today:+,.6g}{share}"
            rows.append([plan, name, f"{today:,.6g}", f"{value:,.6g}", change, proof_words(figures)])
        if not known:
            own = [(name, value) for name, value in figures.items() if not name.endswith(_TODAY)][:1]
            rows += [
                [plan, name, "-", f"{value:,.6g}", "-", proof_words(figures)]
                for name, value in own
                if isinstance(value, int | float)
            ]
    return Table(
        ["Plan", "Figure", "Today", "Plan", "Change", "Proof"],
        rows,
        title=title,
        align=["left", "left", "right", "right", "right", "left"],
        note="Expected by the tables that were handed in; synthetic where those are.",
    )
