"""Which limits of a level task cannot hold together: a smallest set of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from time import monotonic

from ..errors import InfeasiblePlanError, PlanError
from .level_task import LevelTask
from .line_limits import listed
from .line_side import LineSide
from .lines import LevelQuestion, Line
from .money import money_text
from .proven_answer import prove

__all__ = ["check_limits_together", "clashing_limits"]

SECONDS = 10.0  # for the search for one plan, and again for all searches that name the clash


def check_limits_together(task: LevelTask) -> list[str]:
    """Say nothing if some plan keeps all limits.

    Args:
        task: a task whose caps can be kept one by one.

    Returns:
        Notes: whether it was left undecided if a plan keeps all limits.

    Raises:
        InfeasiblePlanError: no plan does; the message names limits that clash and what would relax them.
    """
    least = [grid.lowest for grid in task.grids]
    alone = [problem for side in task.sides if (problem := _too_much(side, task, least))]
    if alone:
        raise InfeasiblePlanError("\n".join(alone))
    possible = _possible(task.levels(), SECONDS)
    if possible is None:
        return [
            f"{SECONDS:g} s did not decide whether any plan keeps all limits together; the limits are taken "
            "as they are"
        ]
    if possible:
        return []
    names, smallest = clashing_limits(task)
    names = names or [side.described for side in task.sides]  # too slow to be found impossible again
    only = ", while any smaller set of them can be kept" if smallest else ""
    raise InfeasiblePlanError(
        f"no plan keeps these limits together{only}: {listed(names)}; "
        "relax one of them, lower a minimum or a service, or raise a maximum"
    )


def _too_much(side: LineSide, task: LevelTask, least: list[Fraction]) -> str | None:
    """Why not even the lowest levels keep a limit without negative weights, or None."""
    if side.minimum and not any(side.weights):
        words = task.table.words
        return f"no {words.line} counts for the limit {side.label!r}; drop it, or add {words.lines} that do"
    used = [weight * amount for weight, amount in zip(side.weights, least)]
    if side.both or min(side.weights) < 0 or sum(used, Fraction(0)) <= side.high:
        return None
    total = sum(used, Fraction(0))
    parts = sorted(zip(used, task.table.lines), key=lambda part: -part[0])
    largest = listed([f"{line.label!r} ({money_text(use)}, {line.place})" for use, line in parts if use])
    names = {"min": "minimum"}
    found = {line.lowest_kind: None for use, line in parts if use}
    kinds = " or ".join(names.get(kind, kind) for kind in found)
    return (
        f"the lowest {task.table.words.amounts} use {money_text(total)} of {side.label}, the limit is "
        f"{money_text(side.high)}: lower the {kinds} of {largest}, or raise the limit by "
        f"{money_text(total - side.high)}"
    )


def clashing_limits(task: LevelTask) -> tuple[list[str], bool]:
    """A smallest set of limits that cannot be kept together, by the deletion filter.

    J. W. Chinneck, "Feasibility and Infeasibility in Optimization" (2008), chapter 6: drop one limit after
    the other for good if the rest still cannot be kept. A limit stays where that was not decided in time.

    Args:
        task: a task that no plan keeps.

    Returns:
        Names of sides and caps, and whether no limit can be left out of them; no name where the task has a
        plan or where that is undecided.
    """
    deadline = monotonic() + SECONDS
    undecided = False

    def impossible(question: LevelQuestion) -> bool:
        nonlocal undecided
        possible = _possible(question, deadline - monotonic())
        undecided |= possible is None
        return possible is False

    question = _without_values(task.levels())
    if not impossible(question):
        return [], not undecided
    free = replace(question, spend="at_most", budget=sum(int(line.spends[-1]) for line in question.lines))
    total = [] if task.budget is None else [f"{task.table.words.total} {money_text(task.budget)}"]
    if total and impossible(free):
        question, total = free, []
    sides, caps = list(question.sides), dict(question.caps)
    for side in question.sides:
        fewer = [other for other in sides if other is not side]
        if impossible(replace(question, sides=fewer, caps=caps)):
            sides = fewer
    for group in question.caps:
        left = {name: cap for name, cap in caps.items() if name != group}
        if impossible(replace(question, sides=sides, caps=left)):
            caps = left
    limits = {side.label: side for side in task.sides}
    names = [*total, *(limits[side.label].described for side in sides)]
    names += [f"the cap of group {name} ({money_text(task.table.caps[name])})" for name in caps]
    return names, not undecided


def _without_values(question: LevelQuestion) -> LevelQuestion:
    """The same limits with nothing to gain, so that any plan ends the search."""
    lines = [Line(line.label, line.spends, 0.0 * line.values, line.group) for line in question.lines]
    return replace(question, lines=lines, synergies=())


def _possible(question: LevelQuestion, seconds: float) -> bool | None:
    """Whether some plan keeps all limits; None where that was not decided in time."""
    if seconds <= 0.0:
        return None
    try:
        prove(_without_values(question), time_limit=seconds)
    except InfeasiblePlanError:
        return False
    except PlanError:
        return None
    return True
