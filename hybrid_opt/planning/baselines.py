"""The same question by every exact method that can take it, and by greedy: they must agree."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from ..errors import SolverError
from .breakpoints import solve_breakpoints
from .dynamic_program import DynamicProgram, operations
from .lines import LevelQuestion
from .marginal_greedy import greedy_by_marginal_value
from .proven_answer import QUICK, WORDS, ProvenAnswer
from .resource_program import resource_operations, solve_resources, tight_limits

__all__ = ["PlanBaseline", "exact_baselines"]

MOST_LEVELS = 2_000  # of all lines together in a program without dropped levels
AGREEMENT = 1e-6


@dataclass(frozen=True)
class PlanBaseline:
    """What one method found.

    Attributes:
        method: its name.
        value: value of its plan, None where it found none or could not be run.
        proven: whether it proved its plan optimal.
        seconds: wall time.
        note: why it is proven, or why not.
    """

    method: str
    value: float | None
    proven: bool
    seconds: float
    note: str


def exact_baselines(
    question: LevelQuestion, *, known: ProvenAnswer | None = None, time_limit: float = 60.0
) -> list[PlanBaseline]:
    """Solve a question by dynamic programming, MILP and greedy.

    Args:
        question: a question that has a plan.
        known: its answer by ``prove``; where that came from MILP, MILP is not run again.
        time_limit: seconds for MILP.

    Returns:
        One entry per method.

    Raises:
        SolverError: two methods claim different optima, a defect of the package.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1], [0.0, 4.0])]
        >>> [row.value for row in exact_baselines(LevelQuestion(lines, budget=2))]
        [7.0, 7.0, 7.0]
    """
    if known is not None and known.method == WORDS["milp"]:
        words = "proven by its bound" if known.proven else "the time limit ended it"
        program = PlanBaseline(known.method, known.value, known.proven, known.seconds, words)
    else:
        program = _milp(question, time_limit)
    found = [_program(question), program, _greedy(question)]
    claims = [(row.method, row.value) for row in found if row.proven and row.value is not None]
    for method, value in claims[1:]:
        first = claims[0][1]
        if abs(value - first) > AGREEMENT * max(1.0, abs(first)):
            raise SolverError(
                f"{claims[0][0]} proves {first!r} and {method} proves {value!r} for the same "
                "plan; please report it"
            )
    return found


def _program(question: LevelQuestion) -> PlanBaseline:
    name, begin = "dynamic programming", perf_counter()
    needed = resource_operations(question)
    if needed is not None and needed <= QUICK:
        value = question.value(solve_resources(question))
        labels = [limit.label for limit in tight_limits(question) or []]
        words = f"over {' and '.join(labels) or 'no limit'}"
        return PlanBaseline(name, value, True, perf_counter() - begin, words)
    if not question.synergies and not question.sides and operations(question) <= QUICK:
        value = DynamicProgram(question).value
        return PlanBaseline(name, value, True, perf_counter() - begin, "over the budget and the caps")
    if question.synergies:
        return PlanBaseline(name, None, False, 0.0, "left out: there are synergies")
    if tight_limits(question) is None:
        return PlanBaseline(name, None, False, 0.0, "left out: a limit has two ends, as fairness has")
    return PlanBaseline(name, None, False, 0.0, "left out: too many limits can bind, or too many cells")


def _milp(question: LevelQuestion, time_limit: float) -> PlanBaseline:
    name = "MILP (HiGHS)"
    levels = sum(len(line.spends) for line in question.lines)
    if levels > MOST_LEVELS:
        return PlanBaseline(name, None, False, 0.0, f"left out: {levels:,} levels, more than {MOST_LEVELS:,}")
    found = solve_breakpoints(question, time_limit=time_limit, shortcut=False)
    proven = found.status == "optimal"
    words = "proven by its bound" if proven else "the time limit ended it"
    return PlanBaseline(name, found.value, proven, found.seconds, words)


def _greedy(question: LevelQuestion) -> PlanBaseline:
    begin = perf_counter()
    found = greedy_by_marginal_value(question)
    words = "one limit, equal steps and concave values were checked: optimal"
    if found.reasons:
        words = f"no proof: {'; '.join(found.reasons)}"
    return PlanBaseline("greedy by marginal value", found.value, found.proven, perf_counter() - begin, words)
