"""A question about starts, with one variable per project: its levels are the starts, and not to start at all.

Pairs of starts of two projects are then one table of products per pair of projects, which the solver
linearizes together: a far smaller and tighter program than one product per pair of starts.

Shapes: S starts, N projects.
"""

from __future__ import annotations

from itertools import combinations
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError
from ..planning.choice_form import ChoiceForm
from ..planning.choice_search import best_choice
from ..planning.lines import LevelQuestion
from ..planning.proven_answer import ProvenAnswer

__all__ = ["project_form", "prove_with_pairs"]


def project_form(
    question: LevelQuestion, project: NDArray[np.int64], pairs: NDArray[np.float64]
) -> ChoiceForm:
    """Write a question about starts by projects.

    Args:
        question: lines of 0 and 1, one per start; its own pairs are dropped.
        project: position of the project of each start, shape (S,).
        pairs: value of each ordered pair of starts of two projects, symmetric, shape (S, S); both orders
            count, and pairs of one project play no part.

    Returns:
        One group per project with one option per start and one for none; the lines of the options for none
        come after the S given ones.

    Raises:
        InfeasiblePlanError: two starts of one project are held.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> starts = [Line(f"{name} in 1", [0, 1], [0.0, 9.0]) for name in "ab"]
        >>> asked = LevelQuestion(starts, budget=2, spend="at_most", reference=1.0)
        >>> form = project_form(asked, np.array([0, 1]), np.array([[0.0, -3.0], [-3.0, 0.0]]))
        >>> form.size, form.value(np.array([0, 1])), form.value(np.array([0, 3]))
        (4, 12.0, 9.0)
    """
    starts, n = list(question.lines), int(project.max()) + 1
    groups = [f"project {i}" for i in range(n)]
    options, values = [], []
    for i, name in enumerate(groups):
        own = np.flatnonzero(project == i).tolist()
        held = [k for k in own if starts[k].spends[0] == 1]
        if len(held) > 1:
            labels = ", ".join(repr(starts[k].label) for k in held)
            raise InfeasiblePlanError(f"{name} cannot start twice ({labels}); hold one start at most")
        open_ones = held or [k for k in own if starts[k].spends[-1] == 1]
        worth = [float(starts[k].values[-1]) for k in open_ones]
        options.append(np.array(open_ones if held else [*open_ones, len(starts) + i], dtype=np.int64))
        values.append(np.array(worth if held else [*worth, 0.0]))
    tables = {}
    for g, h in combinations(range(n), 2):
        table = np.zeros((len(options[g]), len(options[h])))
        first, other = (options[k][options[k] < len(starts)] for k in (g, h))
        table[: len(first), : len(other)] = 2.0 * pairs[np.ix_(first, other)]
        if table.any():
            tables[g, h] = table
    rows = []
    none = np.zeros(n, dtype=np.int64)
    for side in question.sides:
        weights = np.concatenate([np.array(side.weights, dtype=np.int64), none])
        rows += [] if side.high is None else [(side.label, weights, side.high)]
        rows += [] if side.low is None else [(f"{side.label} (at least)", -weights, -side.low)]
    count = np.concatenate([np.ones(len(starts), dtype=np.int64), none])
    rows.append(("the number of starts", count, question.budget))
    if question.spend == "exactly":
        rows.append(("the number of starts (at least)", -count, -question.budget))
    return ChoiceForm(groups, options, [line.label for line in starts] + groups, values, tables, rows)


def prove_with_pairs(
    question: LevelQuestion,
    project: NDArray[np.int64],
    pairs: NDArray[np.float64],
    *,
    time_limit: float = 60.0,
) -> ProvenAnswer:
    """Find the best plan of a question about starts with pairs of starts, and a bound.

    Args:
        question: lines of 0 and 1, one per start; its own pairs are dropped.
        project: position of the project of each start, shape (S,).
        pairs: value of each ordered pair of starts of two projects, symmetric, shape (S, S).
        time_limit: seconds.

    Returns:
        The answer; its value counts both (a, b) and (b, a).

    Raises:
        InfeasiblePlanError: no plan keeps all limits.
        PlanError: none was found in time.
    """
    begin, form = perf_counter(), project_form(question, project, pairs)
    pick, bound = best_choice(form, time_limit)
    units = form.units(pick[None, :])[0][: len(question.lines)]
    value = form.value(pick)
    choice = units - np.array([int(line.spends[0]) for line in question.lines])
    # A bound below what was reached, by the solver's rounding, is no bound.
    bound = None if bound is None else max(bound, value)
    words = "MILP (HiGHS, one variable per project)"
    return ProvenAnswer(choice, value, bound, words, None, perf_counter() - begin)
