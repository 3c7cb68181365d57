"""What QAOA is trained on where capacities are inequalities: the objective, and a pull towards even loads.

A capacity that is an inequality has no penalty in the subspace. Angles trained on the objective alone lead
to where it is lowest, over capacity. The guide adds

    mu M unit sum_e (load_e / S)^2

with the largest coefficient of the objective, of pairs too, as the unit: a pull that vanished beside the
pairs would leave the draws over capacity. It is a constant and terms of pairs, 2 s_m s_n / S^2 for two
clusters on one expert: no slack bits needed. Draws are judged by the problem as it was asked; the best of
them there is the answer.

Shapes: M clusters, E experts, D different draws.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..solvers.base import Solver
from ..solvers.solve import solve
from .routing_problem import RoutingProblem, cluster_label

if TYPE_CHECKING:
    from ..solvers.quantum import QuantumRecord
    from ..solvers.solution import Solution

__all__ = ["GUIDE", "ask_solver", "best_draw", "guiding_problem"]

GUIDE = 2.0
"""mu. On 36 problems (8 clusters, 4 experts, models in training; linear, with pairs, pairs alone, 12 each,
none of the study) 10,000 draws found 26 optima with 0.5, 31 with 1, 35 with 2 and 34 with 4: with less,
feasible draws are rare; with more, the best among them. ``tests/benchmarks/measure_routing_guide.py``."""

_GUIDED = "trained on the objective with a pull towards even loads"


def guiding_problem(problem: RoutingProblem, weight: float = GUIDE) -> RoutingProblem:
    """The same problem with a pull towards even loads.

    Args:
        problem: the problem as asked.
        weight: mu.

    Returns:
        A problem with the same capacities, whose objective differs by more than a constant.

    Example:
        >>> problem = RoutingProblem([[1.0, 0.0], [1.0, 0.0]], capacity=2)
        >>> guide = guiding_problem(problem)
        >>> [round(guide.objective(place) - problem.objective(place), 6) for place in ([0, 0], [0, 1])]
        [1.0, 0.0]
    """
    shares = np.asarray(problem.sizes) / float(np.asarray(problem.sizes).sum())
    scale = weight * problem.shape[0] * problem.unit
    pairs = problem.pairs + 2.0 * scale * np.outer(shares, shares)
    return replace(problem, coactivation=pairs, co_weight=1.0, similarity=None, sim_weight=0.0)


def best_draw(problem: RoutingProblem, sampleset: Any) -> NDArray[np.int64] | None:
    """The best feasible assignment among draws, by the problem's own objective.

    Args:
        problem: the problem as asked.
        sampleset: a dimod sample set with the bits of `cluster_label`.

    Returns:
        (M,), None where no draw is feasible.
    """
    clusters, experts = problem.shape
    columns = {label: number for number, label in enumerate(sampleset.variables)}
    order = [columns[cluster_label(m, e)] for m in range(clusters) for e in range(experts)]
    bits = np.asarray(sampleset.record.sample)[:, order].reshape(-1, clusters, experts) > 0
    best, value = None, np.inf
    for chosen in np.unique(bits[(bits.sum(2) == 1).all(1)].argmax(2), axis=0):
        if problem.feasible(chosen) and (objective := problem.objective(chosen)) < value:
            best, value = chosen, objective
    return best


def ask_solver(
    problem: RoutingProblem, solver: Solver, *, guided: bool, seed: int, time_limit: float, start: Any = None
) -> tuple[Solution, NDArray[np.int64] | None]:
    """Solve a problem, or its guide where capacities are inequalities.

    Args:
        problem: the problem as asked.
        solver: who solves it.
        guided: whether the solver is to see the guide.
        seed: of everything random.
        time_limit: seconds.
        start: a sample to begin at, or None.

    Returns:
        The solver's answer to the model it saw, and the assignment, (M,): None where there is none. Figures
        of the quantum row that would be about the guide are None.
    """
    if not guided or problem.capacity_rows()[2] == "==":
        answer = solve(problem.to_cqm(), solver, seed=seed, time_limit=time_limit, start=start)
        return answer, None if answer.sample is None else problem.assignment(answer.sample)
    model = guiding_problem(problem).to_cqm()
    answer = solve(model, solver, seed=seed, time_limit=time_limit, start=start)
    found = None if answer.sampleset is None else best_draw(problem, answer.sampleset)
    if found is None and answer.sample is not None:
        found = problem.assignment(answer.sample)  # over capacity, and judged as such
    return replace(answer, quantum=_of_the_guide(answer.quantum), notes=[*answer.notes, _GUIDED]), found


def _of_the_guide(record: QuantumRecord | None) -> QuantumRecord | None:
    """A quantum row without the figures that compare draws by the guide's objective."""
    if record is None:
        return None
    reason = f"{_GUIDED}; its optimum is not that of the problem"
    return replace(
        record, p_optimum=None, expected_energy=None, expected_value=None, qubo_optimum=None,
        qubo_optimum_reason=reason, uniform=None, uniform_reason=reason,
    )  # fmt: skip
