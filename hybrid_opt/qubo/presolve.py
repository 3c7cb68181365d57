"""Drop what cannot bind, shrink domains, and find the contradictions that a single row shows.

Feasible assignments stay exactly the same; states are renumbered when the first ones of a variable fall away.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasibleModelError
from .problem import Pair, Problem, Row, Variable

__all__ = ["Presolved", "presolve"]

MOST_PAIRED_ROWS = 200  # rows among which dominated ones are looked for
MOST_ROUNDS = 50  # rows can chase each other in steps of one; what is left then is checked once more


@dataclass(frozen=True, eq=False)
class Presolved:
    """A smaller problem with the same feasible assignments.

    Attributes:
        problem: the reduced problem.
        first_states: state of the original variable that became state 0, shape (N,).
        dropped: rows that cannot bind, with the reason.
    """

    problem: Problem
    first_states: NDArray[np.int64]
    dropped: dict[Hashable, str]


def _span(problem: Problem, row: Row, i: int, low: int, high: int) -> tuple[float, float]:
    """Smallest and largest contribution of states low..high of variable i to a row."""
    term = row.terms[i]
    if isinstance(term, np.ndarray):
        part = term[low : high + 1]
        return float(part.min()), float(part.max())
    variable = problem.variables[i]
    ends = (
        float(term) * (variable.lower + variable.step * low),
        float(term) * (variable.lower + variable.step * high),
    )
    return min(ends), max(ends)


def _allowed(problem: Problem, row: Row, i: int, low: int, high: int, room: float) -> tuple[int, int]:
    """States of variable i whose contribution is at most ``room``; interval ends, empty if low > high."""
    term = row.terms[i]
    if isinstance(term, np.ndarray):
        good = np.flatnonzero(term[low : high + 1] <= room) + low
        return (int(good[0]), int(good[-1])) if len(good) else (1, 0)
    variable = problem.variables[i]
    slope = float(term) * variable.step
    limit = (room - float(term) * variable.lower) / slope
    if slope > 0:
        return low, min(high, int(np.floor(limit)) if limit < high else high)
    return max(low, int(np.ceil(limit)) if limit > low else low), high


def _slice(variable: Variable, low: int, high: int) -> Variable:
    return replace(
        variable,
        size=high - low + 1,
        lower=variable.lower + variable.step * low,
        table=None if variable.table is None else variable.table[low : high + 1],
    )


def presolve(problem: Problem, *, unpenalized: Collection[Hashable] = ()) -> Presolved:
    """Tighten domains by single rows until nothing changes, then drop rows that cannot bind.

    Args:
        problem: what the user asked.
        unpenalized: labels of rows that will get no penalty. No other row is dropped because one of them
            implies it, for in the QUBO nothing would then hold it.

    Returns:
        The reduced problem and how to get back.

    Raises:
        InfeasibleModelError: a row can never hold, alone or with the bounds other rows imply.
    """
    low = [0] * len(problem.variables)
    high = [variable.size - 1 for variable in problem.variables]
    touched: list[list[Hashable]] = [[] for _ in problem.variables]

    for _ in range(MOST_ROUNDS):
        changed = False
        for row in problem.rows:
            for sign in (1.0, -1.0):
                if (row.sense == "<=" and sign < 0) or (row.sense == ">=" and sign > 0):
                    continue
                changed |= _tighten(problem, row, sign, low, high, touched)
        if not changed:
            break

    variables = [_slice(v, low[i], high[i]) for i, v in enumerate(problem.variables)]
    dropped: dict[Hashable, str] = {}
    rows = []
    for row in problem.rows:
        spans = [_span(problem, row, i, low[i], high[i]) for i in row.terms]
        smallest, largest = sum(s[0] for s in spans), sum(s[1] for s in spans)
        tolerance = problem.tolerance(row)
        if row.sense != ">=":
            _refuse(problem, row, 1.0, smallest, row.rhs + tolerance, touched)
        if row.sense != "<=":
            _refuse(problem, row, -1.0, -largest, -row.rhs + tolerance, touched)
        holds_below = row.sense == ">=" or largest <= row.rhs + tolerance
        holds_above = row.sense == "<=" or smallest >= row.rhs - tolerance
        if holds_below and holds_above:
            dropped[row.label] = (
                f"its left side lies between {smallest:g} and {largest:g}, so {row.sense} {row.rhs:g} "
                "always holds"
            )
            continue
        terms = {
            i: term[low[i] : high[i] + 1] if isinstance(term, np.ndarray) else term
            for i, term in row.terms.items()
        }
        rows.append(replace(row, terms=terms))
    pairs = [
        pair
        if pair.table is None
        else Pair(
            pair.first,
            pair.second,
            pair.coefficient,
            pair.table[low[pair.first] : high[pair.first] + 1, low[pair.second] : high[pair.second] + 1],
        )
        for pair in problem.pairs
    ]
    rows, dominated = _without_dominated(problem, variables, rows, unpenalized)
    dropped |= dominated
    reduced = Problem(variables, pairs, rows, problem.offset, model=problem.model)
    return Presolved(reduced, np.array(low, dtype=np.int64), dropped)


def _tighten(
    problem: Problem,
    row: Row,
    sign: float,
    low: list[int],
    high: list[int],
    touched: list[list[Hashable]],
) -> bool:
    """Read ``row`` as ``sign * left side <= sign * rhs`` and cut states that can never satisfy it."""
    signed = replace(row, terms={i: sign * term for i, term in row.terms.items()})
    spans = {i: _span(problem, signed, i, low[i], high[i]) for i in row.terms}
    smallest = sum(span[0] for span in spans.values())
    rhs = sign * row.rhs
    tolerance = problem.tolerance(row)
    _refuse(problem, row, sign, smallest, rhs + tolerance, touched)
    changed = False
    for i, span in spans.items():
        room = rhs - (smallest - span[0]) + tolerance
        if span[1] <= room:
            continue
        new_low, new_high = _allowed(problem, signed, i, low[i], high[i], room)
        if (new_low, new_high) != (low[i], high[i]):
            low[i], high[i], changed = new_low, new_high, True
            if row.label not in touched[i]:
                touched[i].append(row.label)
            spans[i] = _span(problem, signed, i, low[i], high[i])
            smallest += spans[i][0] - span[0]
    return changed


def _refuse(
    problem: Problem, row: Row, sign: float, smallest: float, most: float, touched: list[list[Hashable]]
) -> None:
    """Raise if ``sign * left side`` is at least ``smallest`` and may be at most ``most``, which is less."""
    if smallest <= most:
        return
    # The negative of the smallest signed sum is the largest plain sum.
    reach = f"its left side is at {'least' if sign > 0 else 'most'} {sign * smallest:g}"
    others = sorted({repr(label) for i in row.terms for label in touched[i] if label != row.label})
    clash = f"; the bounds were tightened by {', '.join(others)}" if others else ""
    names = [repr(problem.variables[i].label) for i in row.terms]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    raise InfeasibleModelError(
        f"constraint {row.label!r} ({row.sense} {row.rhs:g} over {shown or 'no variable'}) can never "
        f"hold: {reach}{clash}. Relax it, or the bounds of its variables"
    )


def _without_dominated(
    problem: Problem, variables: list[Variable], rows: list[Row], unpenalized: Collection[Hashable]
) -> tuple[list[Row], dict[Hashable, str]]:
    """Drop inequalities that another row implies: max of (left - its left) + its limit <= limit.

    Only rows of plain coefficients are compared, as rows of one matrix.
    """
    plain = [row for row in rows if not any(isinstance(term, np.ndarray) for term in row.terms.values())]
    if len(plain) > MOST_PAIRED_ROWS or len(plain) < 2:
        return rows, {}
    matrix = np.zeros((len(plain), len(variables)))
    for r, row in enumerate(plain):
        for i, term in row.terms.items():
            matrix[r, i] = term
    lower = np.array([v.lower for v in variables], dtype=np.float64)
    upper = np.array([v.upper for v in variables], dtype=np.float64)
    limits = np.array([row.rhs for row in plain])
    # What may imply others: a row that has not been dropped itself and that the QUBO will hold.
    holds = np.array([row.label not in unpenalized for row in plain], dtype=np.bool_)
    dropped: dict[Hashable, str] = {}
    for r, row in enumerate(plain):
        if row.sense == "==":
            continue
        sign = -1.0 if row.sense == ">=" else 1.0
        for direction, senses in ((1.0, ("<=", "==")), (-1.0, (">=", "=="))):
            difference = sign * matrix[r] - direction * matrix
            most = np.maximum(difference * lower, difference * upper).sum(axis=1) + direction * limits
            implied = holds & (most <= sign * row.rhs + problem.tolerance(row))
            for other in np.flatnonzero(implied):
                if other != r and plain[other].sense in senses and row.label not in dropped:
                    holds[r] = False
                    dropped[row.label] = f"constraint {plain[other].label!r} implies it"
    return [row for row in rows if row.label not in dropped], dropped
