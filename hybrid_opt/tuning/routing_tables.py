"""A routing in words: a table of all methods, loads, and sentences on what is proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..reports import Table, table_text
from ..solvers.solution import Baseline, relative_gap
from .quantum_rows import is_quantum, quantum_label, rows_verdict
from .routing_problem import RoutingProblem
from .routing_rows import RoutingRow

if TYPE_CHECKING:
    from .routing_answer import Routing

__all__ = ["describe_routing", "routing_sentences", "routing_statement", "routing_table"]


def routing_statement(problem: RoutingProblem, rows: Sequence[RoutingRow]) -> str:
    """One plain sentence on what is proven, and whether a quadratic model was needed at all.

    Args:
        problem: the problem.
        rows: of all methods, the answer first.

    Returns:
        The sentence.

    Example:
        >>> routing_statement(RoutingProblem([[1.0, 0.0], [0.0, 1.0]]), [RoutingRow("argmax")])
        'The problem is linear and clusters are of one size: assignment is optimal, no QUBO is needed.'
    """
    if problem.is_linear and problem.equal_sizes:
        return "The problem is linear and clusters are of one size: assignment is optimal, no QUBO is needed."
    linear = "The problem is linear: no QUBO is needed. " if problem.is_linear else ""
    bounds = [(row.bound, row.method) for row in rows if row.bound is not None]
    if not bounds:
        return f"{linear}No method that ran proves how good the answer is; 'milp' or 'exact' may."
    bound = max(value for value, _ in bounds)
    # Where several proved the same, up to rounding, the answer's own method, or the first beside it.
    owner = next(name for value, name in bounds if bound - value <= 1e-9 * max(1.0, abs(bound)))
    found = rows[0].objective if rows[0].feasible else None
    gap = relative_gap(found, bound)
    if gap is None:
        return f"{linear}The answer is over capacity: the bound {bound:+.6g} of {owner} says nothing on it."
    if gap < 1e-9:
        whose = "its own proof" if owner == rows[0].method else f"proven by {owner}"
        classical = "" if is_quantum(owner) else ", a classical method"
        return f"{linear}The answer is optimal ({whose}{classical}): nothing can be better."
    return f"{linear}The answer is within {100 * gap:.2f} % of the bound {bound:+.6g} that {owner} proved."


def routing_table(routing: Routing) -> Table:
    """Every method with objective, loads and time.

    Args:
        routing: the routing.

    Returns:
        One row per method; those of quantum methods are strong.
    """
    rows: list[list[str]] = []
    for row in routing.table().to_dict("records"):
        rows.append(
            [
                row["method"],
                row["status"],
                _number(row["objective"], "+.6f"),
                "n/a" if _missing(row["gap"]) else f"{100 * max(row['gap'], 0.0):.2f} %",
                _number(row["max_violation"], ".3f"),
                _number(row["load_variation"], ".3f"),
                "n/a" if _missing(row["dropped_share"]) else f"{100 * row['dropped_share']:.1f} %",
                f"{row['seconds']:.3f}",
            ]
        )
    align: list[Literal["left", "right"]] = ["left", "left", *(["right"] * 6)]  # type: ignore[list-item]
    return Table(
        ["method", "status", "objective", "gap", "MaxVio", "variation", "dropped", "seconds"],
        rows,
        title="Methods on the same problem",
        align=align,
        strong=[number for number, row in enumerate(routing.rows) if is_quantum(row.method)],
        note="gap: to the best bound that any row proved; MaxVio: largest load / mean load - 1",
    )


def routing_sentences(routing: Routing) -> list[str]:
    """What stands below the table: proof, quantum rows and what they brought, what was left out.

    Args:
        routing: the routing.

    Returns:
        Sentences.
    """
    words = [routing.statement]
    labels = [row for row in routing.rows if row.quantum is not None]
    words += [f"Quantum row {row.method}: {quantum_label(row.quantum)}." for row in labels if row.quantum]
    if labels:
        words.append(rows_verdict([_as_baseline(row) for row in routing.rows]))
    words += [f"{note}." for note in routing.notes]
    words += [f"{row.method}: {row.note.rstrip('.')}." for row in routing.rows if row.note]
    return words


def describe_routing(routing: Routing) -> str:
    """A routing as text for a terminal.

    Args:
        routing: the routing.

    Returns:
        Several lines.
    """
    clusters, experts = routing.problem.shape
    lines = [
        f"{clusters} clusters to {experts} experts by {routing.method}: objective {routing.objective:+.6f}, "
        f"MaxVio {routing.max_violation:.3f}, load variation {routing.load_variation:.3f}, dropped "
        f"{100 * routing.dropped_share:.1f} %"
    ]
    for expert, (load, room) in enumerate(
        zip(routing.loads, np.asarray(routing.problem.capacity), strict=True)
    ):
        own = ", ".join(map(str, np.flatnonzero(routing.assignment == expert))) or "none"
        lines.append(f"  expert {expert}: {load:g} of {room:g} tokens, clusters {own}")
    return "\n".join([*lines, table_text(routing_table(routing)), *routing_sentences(routing)])


def _as_baseline(row: RoutingRow) -> Baseline:
    return Baseline(row.method, objective=row.objective, feasible=row.feasible, seconds=row.seconds)


def _missing(value: object) -> bool:
    """None, which pandas turns into NaN in columns of numbers."""
    return value is None or (isinstance(value, float) and value != value)


def _number(value: float | None, form: str) -> str:
    return "n/a" if value is None or _missing(value) else format(value, form)
