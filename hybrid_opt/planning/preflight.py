"""Checks before solving: can the limits hold the budget, do the curves cover them, is today an answer?

Every finding names the lines concerned and what would cure it. Errors stop a plan; notes are shown with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import PlanError
from .curves import ResponseCurves
from .line_limits import check_limits, listed
from .line_table import LineTable, Spend, check_budget, check_spend
from .money import money_text
from .table import nearest

__all__ = ["Finding", "PreflightReport", "preflight"]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        level: ``"error"`` (no plan is possible) or ``"note"`` (worth knowing).
        message: what was found and, for an error, what would cure it.
    """

    level: Literal["error", "note"]
    message: str


@dataclass(frozen=True)
class PreflightReport:
    """All findings, errors first.

    Attributes:
        findings: what was found.
    """

    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[str]:
        """Messages of the errors."""
        return [finding.message for finding in self.findings if finding.level == "error"]

    @property
    def notes(self) -> list[str]:
        """Messages of the notes."""
        return [finding.message for finding in self.findings if finding.level == "note"]

    def raise_if_errors(self) -> None:
        """Raise all errors as one.

        Raises:
            PlanError: there is at least one error.
        """
        errors = self.errors
        if len(errors) == 1:
            raise PlanError(errors[0])
        if errors:
            raise PlanError("\n".join(["the plan cannot be made:", *(f"- {message}" for message in errors)]))


def preflight(
    plan: LineTable, curves: ResponseCurves, budget: float | None, spend: Spend = "exactly"
) -> PreflightReport:
    """Check a plan before it is solved.

    Args:
        plan: the plan table.
        curves: the response curves.
        budget: money per period; None leaves the total free.
        spend: ``"exactly"`` or ``"at_most"``.

    Returns:
        The findings; call ``raise_if_errors()`` to stop on errors.

    Raises:
        OptionError: the budget is no finite amount of at least 0, or ``spend`` is unknown.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.planning.line_table import read_plan
        >>> plan = read_plan(pd.DataFrame({"channel": ["tv"], "current": [8], "min": [8], "max": [9],
        ...                                "step": [1]}))
        >>> hill = pd.DataFrame({"channel": ["tv"], "theta": [0], "alpha": [1], "K": [5], "beta": [9]})
        >>> preflight(plan, ResponseCurves.from_hill(hill), budget=7).errors
        ["lower bounds add up to 8, the budget is 7: lower the minimum of 'tv' (8) by 1, or raise the budget"]
    """
    if budget is not None:
        check_budget(budget)
    check_spend(spend)
    limits = check_limits(plan, budget, spend)
    errors = [*limits.errors, *_missing_curves(plan, curves), *_coverage(plan, curves)]
    notes = [*_today_notes(plan, curves, budget, spend), *limits.notes, *_curve_notes(plan, curves)]
    return PreflightReport(
        tuple([Finding("error", message) for message in errors] + [Finding("note", text) for text in notes])
    )


def _missing_curves(plan: LineTable, curves: ResponseCurves) -> Iterator[str]:
    spare = [label for label in curves.labels if label not in plan.labels]
    for line in plan.lines:
        if line.label not in curves.labels:
            near = nearest(line.label, spare)
            cure = f"add its curve or remove the {plan.words.line}"
            hint = f"is it {near!r} there? Use one name" if near else cure
            yield f"{plan.words.line} {line.label!r} ({plan.name}, {line.place}) has no curve; {hint}"


def _coverage(plan: LineTable, curves: ResponseCurves) -> Iterator[str]:
    ends, starts = [], []
    for line in plan.lines:
        if line.label not in curves.labels:
            continue
        start, limit = curves.start(line.label), curves.limit(line.label)
        if line.highest > limit and not curves.extrapolate:
            what = f"{'current' if line.fixed else 'max'} {money_text(line.highest)}"
            covered = line.spends[line.spends <= limit].tolist()
            cure = f"; lower it to {money_text(covered[-1])}" if covered and not line.fixed else ""
            ends.append(f"{line.label!r} (last row {money_text(limit)}, {what}{cure})")
        if line.lowest < start:
            what = f"first row {money_text(start)}, lowest {plan.words.amount} {money_text(line.lowest)}"
            starts.append(f"{line.label!r} ({what})")
    if ends:
        yield (
            f"curves end before the highest {plan.words.amount}: {listed(ends)}. Lower these limits, add"
            f" rows to the curves, or set extrapolate=True to hold the last {plan.words.value}"
        )
    amount = plan.words.amount
    if starts:
        yield (
            f"curves start above the lowest {amount}: {listed(starts)}. Add a row at the lowest {amount} to"
            f" the curve (at {amount} 0 usually {plan.words.value} 0), or raise the minimum"
        )


def _today_notes(
    plan: LineTable, curves: ResponseCurves, budget: float | None, spend: Spend
) -> Iterator[str]:
    words = plan.words
    for reason in plan.current_problems(budget, spend):
        yield f"today's {words.amounts} are no answer to this plan: {reason}"
    for line in plan.lines:
        if line.label not in curves.labels:
            continue
        start, limit = curves.start(line.label), curves.limit(line.label)
        if line.current < start or (line.current > limit and not curves.extrapolate):
            yield (
                f"today's {words.value} of {line.label!r} is unknown: its curve runs from"
                f" {money_text(start)} to {money_text(limit)}, today's {words.amount} is"
                f" {money_text(line.current)}"
            )


def _curve_notes(plan: LineTable, curves: ResponseCurves) -> Iterator[str]:
    for line in plan.lines:
        if line.label not in curves.labels:
            continue
        yield from curves.notes_of(line.label)
        limit = curves.limit(line.label)
        if curves.extrapolate and max(line.highest, line.current) > limit:
            yield f"the curve of {line.label!r} is held flat beyond its last row {money_text(limit)}"
    spare = [repr(label) for label in curves.labels if label not in plan.labels]
    if spare:
        yield f"curves without a {plan.words.line} in the plan are not used: {listed(spare)}"
