"""A program over whole variants, which proves plans on the logit scale beyond enumeration.

A variant is one level of every factor of an audience. Its true outcome is one number, however nonlinear, so
that one binary per variant and audience makes the question linear:

    maximize  sum_a sum_v value_av z_av - sum cost * made      sum_v z_av = 1 for every audience

under the same rules; what a rule counts in a variant is one number too.

Shapes: L levels of all audiences, V variants of one audience, N options.
"""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PlanError
from ..planning.choice_form import ChoiceForm
from ..qubo import LevelModel
from ..solvers import solve
from .content_model import ContentModel

__all__ = ["MOST_VARIANTS", "best_variants", "variant_counts"]

MOST_VARIANTS = 5_000


def _groups(model: ContentModel, form: ChoiceForm, a: int) -> list[NDArray[np.int64]]:
    """Allowed options of every factor of audience ``a``."""
    count, owner = len(model.effect), model.levels.owner
    return [own for own in form.options if own[0] < count and owner[own[0]] == a]


def variant_counts(model: ContentModel, form: ChoiceForm) -> list[int]:
    """How many variants every audience has, allowed by the rules or not.

    Args:
        model: effects and costs.
        form: the question by groups.

    Returns:
        One number per audience.
    """
    return [prod(len(own) for own in _groups(model, form, a)) for a in range(len(model.sizes))]


def best_variants(
    model: ContentModel, form: ChoiceForm, time_limit: float, *, at_least: float = -math.inf
) -> tuple[NDArray[np.int64], float | None]:
    """The best plan in the true model, and a bound, by MILP over variants.

    Args:
        model: effects and costs.
        form: the question by groups.
        time_limit: seconds.
        at_least: value of a known plan. A variant that stays below it with the best variants of all other
            audiences, less the cost of its own levels, is left out of the program.

    Returns:
        0 or 1 per option, shape (N,), and the bound, None where none was proven.

    Raises:
        PlanError: no plan keeps all rules, none reaches ``at_least``, or none was found in time.
        KeyboardInterrupt: ctrl-C.
    """
    found_values: dict[str, NDArray[np.float64]] = {}
    reach: dict[str, NDArray[np.float64]] = {}
    variants: dict[str, NDArray[np.int64]] = {}
    factor = 1.0 if model.worth is None else model.worth
    for a, audience in enumerate(model.levels.audiences):
        options = _grid(_groups(model, form, a))
        options = options[_allowed(form, options)]
        if not len(options):
            raise PlanError(f"no variant of {audience!r} keeps the rules of its own; relax one of them")
        chosen = np.zeros((len(options), len(model.effect)))
        chosen[np.arange(len(options))[:, None], options] = 1.0
        values = factor * model.outcomes(chosen)[:, a]
        if model.worth is not None:
            values = values - chosen @ model.own_cost
        name = f"variant {audience}"
        variants[name], found_values[name] = options, values
        reach[name] = values if model.worth is None else values - chosen @ _shared_cost(model)
    most = {name: float(values.max()) for name, values in found_values.items()}
    program = LevelModel()
    for name, values in found_values.items():
        others = sum(most.values()) - most[name]
        kept = reach[name] + others >= at_least - 1e-9 * max(1.0, abs(at_least))
        if not kept.any():
            raise PlanError(f"no plan reaches {at_least:g}; give the value of a plan that keeps all rules")
        variants[name] = variants[name][kept]
        program.add_variable(name, -values[kept])
    for own in form.options:
        if own[0] >= len(model.effect):
            item = next(item for item in model.productions if item.off <= own[0] <= item.made)
            cost = 0.0 if model.worth is None else item.cost
            variants[f"production {item.label}"] = own[:, None]
            program.add_variable(f"production {item.label}", cost * (own == item.made).astype(np.float64))
    for label, weights, high in form.rows:
        used = {name: weights[options].sum(axis=1) for name, options in variants.items()}
        if sum(int(use.max()) for use in used.values()) > high:
            terms: dict[Any, Any] = {
                name: use.astype(np.float64).tolist() for name, use in used.items() if use.any()
            }
            program.add_constraint(terms, "<=", float(high), label=label)
    found = solve(program, "milp", seed=0, time_limit=time_limit)
    if found.interrupted:
        raise KeyboardInterrupt
    if found.status == "infeasible":
        raise PlanError("no choice of variants keeps all rules together; relax one of them")
    if not found.feasible or found.sample is None:
        raise PlanError(f"no plan was found in {time_limit:g} s; allow more time, or fewer levels")
    units = np.zeros(len(form.labels), dtype=np.int64)
    for name, options in variants.items():
        units[options[int(found.sample[name])]] = 1
    return units, None if found.bound is None else -found.bound


def _shared_cost(model: ContentModel) -> NDArray[np.float64]:
    """What a shared level costs at least once it is shown to anybody, shape (L,)."""
    cost = np.zeros(len(model.effect))
    for item in model.productions:
        cost[item.members] = item.cost
    return cost


def _grid(groups: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """All variants of one audience: option of every factor, shape (V, factors)."""
    places = np.unravel_index(np.arange(prod(len(own) for own in groups)), [len(own) for own in groups])
    return np.stack([own[place] for own, place in zip(groups, places)], axis=-1)


def _allowed(form: ChoiceForm, options: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which variants keep the rules that concern no other group, shape (V,)."""
    inside = np.zeros(len(form.labels), dtype=bool)
    inside[options.ravel()] = True
    kept = np.ones(len(options), dtype=bool)
    for _, weights, high in form.rows:
        others = [weights[own] for own in form.options if not inside[own[0]]]
        least = sum(int(use.min()) for use in others)
        kept &= weights[options].sum(axis=1) + least <= high
    return kept
