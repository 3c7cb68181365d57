"""The same placement by other exact methods, and by a plan that forgets fatigue."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ..errors import PlanError, SolverError
from ..planning.baselines import AGREEMENT, PlanBaseline
from ..planning.choice_form import ChoiceForm
from ..planning.choice_search import MOST_PLANS, all_choices
from ..planning.lines import LevelQuestion
from ..planning.proven_answer import ProvenAnswer
from .posting_options import PostingOptions
from .posting_program import place_posts

__all__ = ["forgetful_baseline", "posting_baselines"]


def posting_baselines(
    question: LevelQuestion, options: PostingOptions, proven: ProvenAnswer, time_limit: float
) -> list[PlanBaseline]:
    """Posts into slots by enumeration, where there are up to 2**20 placements, and by MILP.

    Args:
        question: one option per post, with pairs.
        options: what the question was made of.
        proven: its answer.
        time_limit: seconds for MILP.

    Returns:
        One entry per method.

    Raises:
        SolverError: two methods claim different optima, a defect of the package.
    """
    form, rows = ChoiceForm.of(question), []
    if form.size <= MOST_PLANS:
        begin = perf_counter()
        found = all_choices(form)
        words = f"all {len(found.values):,} feasible ones of {form.size:,}"
        value = float(found.values.max())
        rows.append(PlanBaseline("enumeration", value, True, perf_counter() - begin, words))
    begin, name = perf_counter(), "MILP (HiGHS, posts counted by slot)"
    try:
        units, bound = place_posts(
            question, options.at, options.owner, options.values, options.shares, time_limit=time_limit
        )
    except PlanError as error:
        rows.append(PlanBaseline(name, None, False, perf_counter() - begin, str(error)))
    else:
        low = np.array([int(line.spends[0]) for line in question.lines])
        value = question.value(units - low)
        closed = bound is not None and bound - value <= 1e-6 * max(1.0, abs(value))
        words = "proven by its bound" if closed else "the time limit ended it"
        rows.append(PlanBaseline(name, value, closed, perf_counter() - begin, words))
    for row in rows:
        differs = abs((row.value or 0.0) - proven.value) > AGREEMENT * max(1.0, abs(proven.value))
        if row.proven and proven.proven and differs:
            raise SolverError(
                f"{row.method} proves {row.value!r} and {proven.method} proves {proven.value!r} for the same "
                "plan; please report it"
            )
    return rows


def forgetful_baseline(
    question: LevelQuestion, answer: ProvenAnswer, proven: ProvenAnswer
) -> PlanBaseline:
    """What a plan is worth that was made as if posts did not touch each other.

    Args:
        question: the question.
        answer: the best plan of the question without pairs.
        proven: the best plan of the question.

    Returns:
        The plan's value in the question.
    """
    value = question.value(answer.choice)
    loss = max(0.0, proven.value - value) / max(abs(proven.value), 1e-9)
    words = f"{answer.method}; fatigue forgotten, then counted: loses {loss:.2%}"
    return PlanBaseline("as if posts did not touch each other", value, False, answer.seconds, words)
