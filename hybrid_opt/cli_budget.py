"""What ``hybrid-opt plan budget`` plans from: two tables, or a weekly history and perhaps a plan table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import OptionError

if TYPE_CHECKING:
    from .marketing import BudgetPlanner

__all__ = ["budget_planner"]

_ALONE = ("outcome", "date", "spend", "controls", "holdout", "step")  # options that only a history has
_FLAGS = {"spend": "--channel", "controls": "--control"}


def budget_planner(
    plan: Path | None,
    curves: Path | None,
    weekly: Mapping[str, Any],
    *,
    extrapolate: bool,
    at_most: bool,
    **options: Any,
) -> BudgetPlanner:
    """Make the planner that the flags ask for.

    Args:
        plan: the plan table, optional with a history.
        curves: the table of curves, or None with a history.
        weekly: history (path or None), outcome, date, spend, controls, holdout, step and seed.
        extrapolate: whether curves are held beyond their ends.
        at_most: whether the budget is a limit.
        options: further options of ``BudgetPlanner``.

    Returns:
        The planner.

    Raises:
        OptionError: flags that do not go together, or that are missing.
    """
    from .marketing import BudgetPlanner

    use = "at_most" if at_most else "exactly"
    if weekly["history"] is None:
        given = [_FLAGS.get(name, f"--{name}") for name in _ALONE if weekly[name] not in (None, [])]
        if given:
            words = ("goes", "it") if len(given) == 1 else ("go", "them")
            raise OptionError(
                f"{', '.join(given)} only {words[0]} with --history FILE; add it, or leave {words[1]} out"
            )
        if plan is None or curves is None:
            raise OptionError(
                "give a plan table and a table of curves, or --history FILE with --outcome and --channel"
            )
        return BudgetPlanner.from_csv(plan, curves, spend=use, extrapolate=extrapolate, **options)
    if curves is not None or extrapolate:
        raise OptionError(
            "with --history the curves come from it: leave the table of curves and --extrapolate out"
        )
    if plan is not None and weekly["step"] is not None:
        raise OptionError("--step is for a history without a plan table; the table has steps of its own")
    missing = [
        flag for name, flag in (("outcome", "--outcome"), ("spend", "--channel")) if not weekly[name]
    ]
    if missing:
        raise OptionError(f"--history needs {' and '.join(missing)}: the names of its columns")
    return BudgetPlanner.from_history(
        weekly["history"],
        outcome=weekly["outcome"],
        date=weekly["date"] or "date",
        spend=weekly["spend"],
        controls=weekly["controls"] or [],
        holdout=26 if weekly["holdout"] is None else weekly["holdout"],
        step=weekly["step"],
        seed=0 if weekly["seed"] is None else weekly["seed"],
        plan=plan,
        total=use,  # type: ignore[arg-type]
        **options,
    )
