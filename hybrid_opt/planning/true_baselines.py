"""The true value by other methods: the model with pairs, with and without a fitted weight, and greedy."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError, PlanError, SolverError
from .baselines import AGREEMENT, PlanBaseline
from .lines import LevelQuestion
from .proven_answer import prove
from .side_search import limit_rows
from .true_score import MOST_ENUMERATED, TrueScore, enumerate_selections

__all__ = ["fitted_weight", "greedy_by_true_value", "true_baselines"]

DRAWS = 2_000


def fitted_weight(
    question: LevelQuestion, score: TrueScore, *, seed: int = 0
) -> tuple[float, int]:
    """The weight of all pairs with which the model with pairs comes closest to the true value.

    With single values s(x) and pair losses o(x) it minimizes sum (s(x) - weight * o(x) - true(x))**2 over all
    feasible selections (up to 20 items; beyond that over random subsets of the sizes that are allowed), cut
    to [0, 1]. Weight 1 is the second Bonferroni inequality, a lower bound of a union (C. E. Bonferroni 1936).

    Args:
        question: the question with pairs at weight 1.
        score: the true values.
        seed: of the random subsets.

    Returns:
        The weight, and over how many selections it was fitted.
    """
    n = len(question.lines)
    if n <= MOST_ENUMERATED:
        found = enumerate_selections(question, score.all_values())
        units, true = found.units(), found.values
    else:
        rng = np.random.default_rng(seed)
        low = question.budget if question.spend == "exactly" else 1
        sizes = rng.integers(low, min(question.budget, n) + 1, size=DRAWS)
        order = rng.random((DRAWS, n)).argsort(axis=1).argsort(axis=1)
        units = (order < sizes[:, None]).astype(np.int64)
        true = score.values(units)
    single = units @ np.array([float(line.values[-1]) for line in question.lines])
    lost = np.zeros(len(units))
    for pair in question.synergies:
        lost -= question.product_value(pair) * units[:, pair.first] * units[:, pair.second]
    square = float(lost @ lost)
    if not square:
        return 1.0, len(units)
    return float(np.clip((single - true) @ lost / square, 0.0, 1.0)), len(units)


def greedy_by_true_value(question: LevelQuestion, score: TrueScore) -> NDArray[np.int64] | None:
    """Take the item that adds most true value, again and again, while the limits allow it.

    For a reach that only grows, and exactly k items with no further limit, it has at least 1 - 1/e of the
    optimum (G. Nemhauser, L. Wolsey, M. Fisher, Mathematical Programming 14 (1978), 265-294).

    Args:
        question: the question.
        score: the true values.

    Returns:
        Units of the selection, shape (N,), or None where it ended at none that is feasible.
    """
    weights, rooms = limit_rows(question)
    exactly = question.spend == "exactly"
    if exactly:
        weights, rooms = np.delete(weights, 1, axis=0), np.delete(rooms, 1)
    units = np.array([int(line.spends[0]) for line in question.lines])
    value = float(score.values(units))
    while True:
        free = [i for i, line in enumerate(question.lines) if units[i] < line.spends[-1]]
        tried = np.repeat(units[None, :], len(free), axis=0)
        tried[np.arange(len(free)), free] = 1
        tried = tried[(tried @ weights.T <= rooms).all(axis=1)]
        if not len(tried):
            break
        gains = score.values(tried) - value
        if gains.max() <= 0 and not exactly:
            break
        units = tried[int(np.argmax(gains))]
        value = float(score.values(units))
    keeps = (limit_rows(question)[0] @ units <= limit_rows(question)[1]).all()
    return units if keeps else None


def true_baselines(
    question: LevelQuestion, plain: LevelQuestion, score: TrueScore, weight: float, *, time_limit: float
) -> list[PlanBaseline]:
    """The same question by every method, judged by the true value.

    Args:
        question: with pairs at the weight in use.
        plain: with pairs at weight 1.
        score: the true values.
        weight: the weight in use.
        time_limit: seconds for each program.

    Returns:
        One entry per method.

    Raises:
        SolverError: two methods claim different optima, a defect of the package.
    """

    def pairs(model: LevelQuestion) -> NDArray[np.int64]:
        return model.spends(prove(model, time_limit=time_limit).choice)

    rows = [_all(question, score), _program(question, score, time_limit)]
    claims = [row.value for row in rows if row.proven and row.value is not None]
    if len(claims) == 2 and abs(claims[0] - claims[1]) > AGREEMENT * max(1.0, abs(claims[0])):
        raise SolverError(f"two proofs of the {score.name} differ: {claims}; please report it")
    best = max(claims, default=None)
    tried: list[tuple[str, Callable[[], NDArray[np.int64] | None]]] = [
        (f"model with pairs, weight {weight:.3g} (QUBO form)", lambda: pairs(question)),
        ("model with pairs, weight 1 (QUBO form)", lambda: pairs(plain)),
        (f"greedy by {score.name}", lambda: greedy_by_true_value(question, score)),
    ]
    for name, find in tried if weight != 1.0 else tried[1:]:
        begin = perf_counter()
        units = find()
        seconds = perf_counter() - begin
        if units is None:
            rows.append(PlanBaseline(name, None, False, seconds, "ended at no feasible selection"))
            continue
        value = float(score.values(units))
        note = "no proof" if best is None else f"loses {max(0.0, best - value) / max(abs(best), 1e-9):.3%}"
        rows.append(PlanBaseline(name, value, False, seconds, f"{score.name} of its selection; {note}"))
    return rows


def _all(question: LevelQuestion, score: TrueScore) -> PlanBaseline:
    name, begin = f"all selections by {score.name}", perf_counter()
    try:
        found = enumerate_selections(question, score.all_values())
    except ModelTooLargeError as error:
        return PlanBaseline(name, None, False, 0.0, f"left out: {error}")
    words = f"looked at {len(found.values):,} feasible selections"
    return PlanBaseline(name, float(found.values[found.best]), True, perf_counter() - begin, words)


def _program(question: LevelQuestion, score: TrueScore, time_limit: float) -> PlanBaseline:
    begin = perf_counter()
    try:
        found = score.program(question, time_limit)
    except PlanError as error:
        return PlanBaseline(score.program_name(), None, False, perf_counter() - begin, str(error))
    if found is None:
        return PlanBaseline(score.program_name(), None, False, 0.0, "left out: there is none for this value")
    value = float(score.values(found[0]))
    proven = found[1] - value <= 1e-6 * max(1.0, abs(value))
    words = "proven by its bound" if proven else f"the time limit ended it; bound {found[1]:,.6g}"
    return PlanBaseline(score.program_name(), value, proven, perf_counter() - begin, words)
