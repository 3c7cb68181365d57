"""Whether the limits of a plan can hold its budget, and if not, which of them clash and what would help."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .line_table import LineTable, PlanLine, Spend
from .money import exact, money_text
from .reachable import joined, with_grid

__all__ = ["Limits", "check_limits", "listed", "reachable_units"]

_LISTED = 12


@dataclass(frozen=True)
class Limits:
    """What was found.

    Attributes:
        errors: why no choice of allowed spends can hold the budget, each with what would help.
        notes: limits that do nothing, and a budget that cannot be used up.
    """

    errors: tuple[str, ...]
    notes: tuple[str, ...]


def listed(parts: Sequence[str]) -> str:
    """Join parts with commas, the first twelve in full.

    Args:
        parts: words.

    Returns:
        One text.

    Example:
        >>> listed(["tv", "search"])
        'tv, search'
    """
    more = len(parts) - _LISTED
    return ", ".join(parts[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def check_limits(plan: LineTable, budget: float | None, spend: Spend) -> Limits:
    """Check bounds, caps, steps and fixed lines against the budget.

    Args:
        plan: the plan table.
        budget: money per period; None leaves the total free.
        spend: ``"exactly"`` or ``"at_most"``.

    Returns:
        Errors and notes in words.
    """
    errors = [*([] if budget is None else _lower(plan, budget)), *_group_minimum(plan)]
    uncapped = [group for group in plan.groups if group not in plan.caps]
    notes = [f"group {group!r} has no cap, so it limits nothing" for group in uncapped]
    if errors or budget is None:
        return Limits(tuple(errors), tuple(notes))
    reached = reachable_units(plan)
    most = plan.base + int(reached[-1]) * plan.unit
    if spend == "exactly":
        errors = list(_upper(plan, budget, most) if most < exact(budget) else _steps(plan, budget, reached))
    elif most < exact(budget):
        notes.append(
            f"only {money_text(most)} of the budget {money_text(budget)} can be spent: all"
            f" {plan.words.lines} stand at their upper bounds or caps then"
        )
    return Limits(tuple(errors), tuple(notes))


def reachable_units(plan: LineTable) -> NDArray[np.int64]:
    """Totals that allowed spends can add up to, all caps kept.

    Args:
        plan: a plan table in which no group's lowest spends exceed its cap.

    Returns:
        Units above ``plan.base``, increasing, shape (totals,).
    """
    sums = _sums(plan, [line for line in plan.lines if line.group not in plan.caps])
    for group in plan.caps:
        sums = joined(sums, _sums(plan, plan.groups[group])[: plan.cap_units(group) + 1])
    return np.flatnonzero(sums)


def _sums(plan: LineTable, lines: Iterable[PlanLine]) -> NDArray[np.bool_]:
    sums = np.ones(1, dtype=bool)
    for line in lines:
        grid = line.grid
        start = int((grid.first - grid.lowest) / plan.unit)
        step = int(grid.step / plan.unit) if grid.count > 1 else 0
        sums = with_grid(sums, start, step, grid.count, off=grid.off)
    return sums


def _amounts(lines: Iterable[PlanLine], end: Literal["lowest", "highest"]) -> str:
    pairs = sorted(((getattr(line.grid, end), line.label) for line in lines), key=lambda pair: -pair[0])
    return listed([f"{label!r} ({money_text(amount)})" for amount, label in pairs])


def _relax_minimum(lines: Sequence[PlanLine], excess: Fraction) -> list[str]:
    movable = [line for line in lines if line.grid.lowest and not line.fixed]
    fixed = [line for line in lines if line.grid.lowest and line.fixed]
    in_all = " in all" if len(movable) > 1 else ""
    cures = []
    if movable:
        cures.append(f"lower the minimum of {_amounts(movable, 'lowest')} by {money_text(excess)}{in_all}")
    if fixed:
        cures.append(f"release the fixed {_amounts(fixed, 'lowest')}")
    return cures


def _lower(plan: LineTable, budget: float) -> Iterator[str]:
    excess = plan.base - exact(budget)
    if excess > 0:
        cures = ", ".join([*_relax_minimum(plan.lines, excess), "or raise the budget"])
        yield f"lower bounds add up to {money_text(plan.base)}, the budget is {money_text(budget)}: {cures}"


def _group_minimum(plan: LineTable) -> Iterator[str]:
    for group, cap in plan.caps.items():
        lines = plan.groups[group]
        least = sum((line.grid.lowest for line in lines), Fraction(0))
        if least > exact(cap):
            cures = ", ".join([*_relax_minimum(lines, least - exact(cap)), "or raise the cap"])
            yield (
                f"lower bounds of group {group!r} add up to {money_text(least)}, its cap is"
                f" {money_text(cap)}: {cures}"
            )


def _upper(plan: LineTable, budget: float, most: Fraction) -> Iterator[str]:
    short = exact(budget) - most
    capped = [group for group in plan.caps if _free(plan, group) > exact(plan.caps[group])]
    movable = [line for line in plan.lines if not line.fixed and line.group not in capped]
    fixed = [line for line in plan.lines if line.fixed]
    cures = []
    if movable:
        in_all = " in all" if len(movable) > 1 else ""
        cures.append(f"raise the maximum of {_amounts(movable, 'highest')} by {money_text(short)}{in_all}")
    if capped:
        caps = [f"{group!r} ({money_text(plan.caps[group])})" for group in capped]
        cures.append(f"raise the cap of group {listed(caps)}")
    if fixed:
        cures.append(f"release the fixed {_amounts(fixed, 'highest')}")
    cures.append(f"lower the budget to {money_text(most)}, or spend at most the budget (spend='at_most')")
    what = "upper bounds and caps" if capped else "upper bounds"
    yield (
        f"{what} let at most {money_text(most)} be spent, the budget is {money_text(budget)}:"
        f" {', '.join(cures)}"
    )


def _free(plan: LineTable, group: str) -> Fraction:
    return sum((line.grid.highest for line in plan.groups[group]), Fraction(0))


def _steps(plan: LineTable, budget: float, reached: NDArray[np.int64]) -> Iterator[str]:
    target = (exact(budget) - plan.base) / plan.unit
    # The lowest total is not above the budget and the highest not below it, so both neighbours exist.
    position = int(np.searchsorted(reached, math.ceil(target)))
    if int(reached[position]) == target:
        return
    near = " and ".join(money_text(plan.total(int(units))) for units in reached[position - 1 : position + 1])
    yield (
        f"no choice of allowed spends adds up to exactly {money_text(budget)}: the nearest totals are"
        f" {near}; take one of them as the budget, choose steps that meet it, or spend at most the budget"
        " (spend='at_most')"
    )
