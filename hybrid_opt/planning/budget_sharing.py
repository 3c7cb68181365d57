"""One budget for several plans: how much money each of them gets, with proof.

Each planner is solved again at every amount of a grid, which gives its value-of-budget curve of proven
points; dynamic programming then finds the best split on that grid, whatever the curves look like. Between the
grid's amounts a split can be better by no more than the stated bound: where more money never brings less, a
share between two amounts brings at most what the upper one does, and n shares rounded up cost at most n - 1
steps more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from numbers import Real
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, PlanError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from .level_planner import LevelPlanner
from .money import exact, money_text
from .shared_budget import SharedBudget
from .split_program import best_split
from .value_of_budget import BudgetPoint, MoneyLimit

__all__ = ["share_budget"]

_MOST_STEPS = 1_000


def share_budget(
    planners: Mapping[str, LevelPlanner[Any]],
    budget: float,
    *,
    step: float | None = None,
    limits: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
    seed: int | None = None,
    time_limit: float = 60.0,
    progress: Progress | None = None,
) -> SharedBudget:
    """Split a budget among planners so that their plans together bring the most.

    Args:
        planners: name -> planner of ``marketing`` or ``business`` with a money limit.
        budget: money for all of them.
        step: shares are whole multiples of it; a tenth of the budget if left out.
        limits: name -> option that limits the planner's money, where that is not ``"budget"``; an entry of a
            mapping is written ``"limits.cost"`` or ``"resources.money"``.
        weights: name -> what one unit of the planner's outcome is worth; 1 if left out. Outcomes are added,
            so they must be in one unit, or be weighted into one.
        seed: makes the answer repeatable.
        time_limit: seconds for each solver.
        progress: called with the share done and a few words.

    Returns:
        The split with its curves, bounds and plans. After ctrl-C it is made of the points solved until then.

    Raises:
        OptionError: no planner, an unknown name or limit, a budget that is no multiple of the step.
        PlanError: the planners cannot be served together with this budget.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.marketing import BudgetPlanner
        >>> plan = pd.DataFrame({"channel": ["tv"], "current": [10], "min": [0], "max": [40], "step": [10]})
        >>> tv = pd.DataFrame({"channel": "tv", "spend": [0, 10, 20, 40], "response": [0, 9, 12, 13]})
        >>> web = pd.DataFrame({"channel": "tv", "spend": [0, 10, 20, 40], "response": [0, 6, 11, 20]})
        >>> planners = {name: BudgetPlanner(plan, curve, spend="at_most") for name, curve in
        ...             {"north": tv, "south": web}.items()}
        >>> shared = share_budget(planners, 40, step=10, seed=1)
        >>> shared.shares, shared.value, shared.status
        ({'north': 10.0, 'south': 30.0}, 24.5, 'optimal on the grid')
    """
    begin, report = perf_counter(), progress or silent
    named = _named(planners, limits or {})
    factors = _weights(weights or {}, named)
    step_size, steps = _grid(budget, step)
    seed = resolve_seed(seed)
    points: dict[str, dict[int, BudgetPoint]] = {name: {} for name in named}
    notes: list[str] = []
    # Coarse amounts first, so that ctrl-C leaves points over the whole range.
    order = sorted(range(steps + 1), key=lambda k: (k != 0, -(k & -k), k))
    try:
        for done, k in enumerate(order):
            for name, limit in named.items():
                report(0.8 * done / len(order), f"{name} with {money_text(k * step_size)}")
                points[name][k] = limit.point(float(k * step_size), time_limit)
    except KeyboardInterrupt:
        solved = sum(len(of) for of in points.values())
        notes.append(f"ctrl-C: the split is the best of {solved} solved points of {len(order) * len(named)}")
    found = best_split([factors[name] * _values(points[name], steps) for name in named], steps)
    if found is None:
        raise PlanError(_unserved(points, budget))
    split, value = found
    shares = {name: float(k * step_size) for name, k in zip(named, split)}
    plans: dict[str, Any] = {}
    try:
        for number, (name, share) in enumerate(shares.items()):
            report(0.8 + 0.2 * number / len(named), f"the plan of {name}")
            own = child_seed(seed, f"share {name}")
            plans[name] = named[name].at(share).solve(seed=own, time_limit=time_limit)
    except KeyboardInterrupt:
        notes.append(f"ctrl-C: the plans of {', '.join(n for n in named if n not in plans)} were left out")
    report(1.0, "done")
    left = Fraction(steps - sum(split)) * step_size
    if left:
        why = "no solved point uses it" if notes else "it brings no more at these steps"
        notes.append(f"{money_text(left)} of the budget is left: {why}")
    bounds = [factors[name] * _bounds(points[name], steps) for name in named]
    rises = all(limit.rises for limit in named.values())
    if not rises:
        stuck = ", ".join(repr(name) for name, limit in named.items() if not limit.rises)
        notes.append(
            f"no bound between the steps: {stuck} must spend exactly its share, or its value depends on it"
        )
    return SharedBudget(
        budget=float(budget),
        step=float(step_size),
        limits={name: limit.option for name, limit in named.items()},
        weights=factors,
        shares=shares,
        value=value,
        points={name: dict(sorted(of.items())) for name, of in points.items()},
        bound=_total(bounds, steps),
        between=_total(bounds, steps + len(named) - 1) if rises else None,
        baselines=_baselines(named, points, factors, steps),
        plans=plans,
        seed=seed,
        notes=notes,
        seconds=perf_counter() - begin,
    )


def _named(planners: Mapping[str, Any], limits: Mapping[str, str]) -> dict[str, MoneyLimit]:
    if not isinstance(planners, Mapping) or not planners:
        raise OptionError(f"planners is {planners!r}; give name -> planner, at least one")
    for name in planners:
        if not isinstance(name, str):
            raise OptionError(f"{name!r} names a planner; names are texts")
    for name, option in limits.items():
        if name not in planners:
            raise OptionError(f"limits names {name!r}; the planners are {', '.join(planners)}")
        if not isinstance(option, str):
            raise OptionError(f"limits[{name!r}] is {option!r}; write the name of an option, e.g. 'budget'")
    return {name: MoneyLimit.of(name, own, limits.get(name)) for name, own in planners.items()}


def _weights(given: Mapping[str, float], named: Mapping[str, MoneyLimit]) -> dict[str, float]:
    for name, weight in given.items():
        if name not in named:
            raise OptionError(f"weights names {name!r}; the planners are {', '.join(named)}")
        number = isinstance(weight, Real) and not isinstance(weight, bool)
        if not number or not math.isfinite(weight) or weight <= 0:
            raise OptionError(f"the weight of {name!r} is {weight!r}; legal are finite numbers above 0")
    return {name: float(given.get(name, 1.0)) for name in named}


def _grid(budget: float, step: float | None) -> tuple[Fraction, int]:
    for name, number in (("budget", budget), ("step", step)):
        if number is None:
            continue
        real = isinstance(number, Real) and not isinstance(number, bool)
        if not real or not math.isfinite(number) or number <= 0:
            raise OptionError(f"{name} is {number!r}; legal is a finite amount of money above 0")
    size = exact(budget) / 10 if step is None else exact(step)
    steps = exact(budget) / size
    if steps.denominator != 1 or steps > _MOST_STEPS:
        raise OptionError(
            f"step is {money_text(size)}; the budget {money_text(budget)} must be a whole multiple of it, at"
            f" most {_MOST_STEPS:,} times"
        )
    return size, int(steps)


def _values(points: Mapping[int, BudgetPoint], steps: int) -> NDArray[np.float64]:
    """Value at each number of steps, minus infinity where there is no plan or no point."""
    found = {k: point.value for k, point in points.items() if point.value is not None}
    return np.array([found.get(k, -np.inf) for k in range(steps + 1)])


def _bounds(points: Mapping[int, BudgetPoint], steps: int) -> NDArray[np.float64]:
    """Bound at each number of steps, infinity where nothing is proven."""
    found = {k: point.bound for k, point in points.items() if point.bound is not None}
    return np.array([found.get(k, np.inf) for k in range(steps + 1)])


def _total(bounds: list[NDArray[np.float64]], units: int) -> float | None:
    if any(np.isinf(own[own > 0]).any() for own in bounds):
        return None
    found = best_split(bounds, units)
    return None if found is None else found[1]


def _unserved(points: Mapping[str, Mapping[int, BudgetPoint]], budget: float) -> str:
    reasons = []
    for name, of in points.items():
        least = min((point.amount for point in of.values() if point.value is not None), default=None)
        why = next((point.reason for point in of.values() if point.reason), "not solved")
        least_words = "" if least is None else f"{name!r} needs {money_text(least)}"
        reasons.append(least_words or f"{name!r} has no plan ({why})")
    return (
        f"the budget {money_text(budget)} cannot serve all planners: {'; '.join(reasons)}. Raise the budget,"
        " take a finer step, or leave one out"
    )


def _baselines(
    named: Mapping[str, MoneyLimit],
    points: Mapping[str, Mapping[int, BudgetPoint]],
    factors: Mapping[str, float],
    steps: int,
) -> dict[str, tuple[dict[str, int], float | None]]:
    """Splits that need no solver: equal, and in proportion to the limits that the planners came with."""
    now = {name: limit.now for name, limit in named.items()}
    rules = {"equal": dict.fromkeys(named, 1.0)}
    known = {name: amount for name, amount in now.items() if amount is not None}
    if len(known) == len(named) and sum(known.values()) > 0:
        rules["in proportion to the limits before"] = known
    found: dict[str, tuple[dict[str, int], float | None]] = {}
    for rule, weights in rules.items():
        split = _rounded(weights, steps)
        values = [points[n].get(k) for n, k in split.items()]
        total: float | None = 0.0
        for name, point in zip(named, values):
            known_value = None if point is None else point.value
            total = None if total is None or known_value is None else total + factors[name] * known_value
        found[rule] = split, total
    return found


def _rounded(weights: Mapping[str, float], units: int) -> dict[str, int]:
    """Whole units in proportion, the largest remainders rounded up."""
    whole = sum(exact(weight) for weight in weights.values())
    ideal = {name: exact(weight) * units / whole for name, weight in weights.items()}
    split = {name: math.floor(share) for name, share in ideal.items()}
    rest = sorted(ideal, key=lambda name: split[name] - ideal[name])[: units - sum(split.values())]
    return {name: units_of + (name in rest) for name, units_of in split.items()}
