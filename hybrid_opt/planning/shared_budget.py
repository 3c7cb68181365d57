"""The answer of ``share_budget``: the split, what each planner would do with more, and how sure it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..reports import Card, Drawing, Note, Page, Section, Table, response_curves, style, write_page
from .plan_json import plain_rows
from .value_of_budget import BudgetPoint

__all__ = ["SharedBudget"]


@dataclass(frozen=True, eq=False)
class SharedBudget:
    """A budget split among planners.

    Attributes:
        budget: money for all.
        step: shares are multiples of it.
        limits: name -> the option that holds the planner's share.
        weights: name -> worth of one unit of its outcome.
        shares: name -> money.
        value: sum of the weighted outcomes.
        points: name -> number of steps -> solved point.
        bound: no split on the grid brings more; None where a point is not proven.
        between: no split at all brings more, on the grid or between its amounts; None where more money may
            bring less to a planner, or a point is not proven.
        baselines: rule -> its split in steps, and what it brings (None where a planner has no plan then).
        plans: name -> the planner's plan with its share.
        seed: repeats the answer.
        notes: what the reader should know.
        seconds: wall time.
    """

    budget: float
    step: float
    limits: Mapping[str, str]
    weights: Mapping[str, float]
    shares: dict[str, float]
    value: float
    points: Mapping[str, Mapping[int, BudgetPoint]]
    bound: float | None
    between: float | None
    baselines: Mapping[str, tuple[dict[str, int], float | None]]
    plans: Mapping[str, Any]
    seed: int
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        """What the answer is called."""
        return "Shared budget"

    @property
    def gap(self) -> float | None:
        """(bound - value) / max(abs(bound), 1e-9) on the grid, None without a bound."""
        return None if self.bound is None else _gap(self.bound, self.value)

    @property
    def gap_between(self) -> float | None:
        """The same for splits between the grid's amounts too."""
        return None if self.between is None else _gap(self.between, self.value)

    @property
    def status(self) -> str:
        """"optimal on the grid" if no split on it brings more, else "feasible"."""
        return "optimal on the grid" if self.gap is not None and self.gap <= 1e-8 else "feasible"

    def allocation(self) -> dict[str, float]:
        """Name -> money, as ``hybrid_opt.planning.compare`` shows it."""
        return dict(self.shares)

    def figures(self) -> dict[str, float | str | None]:
        """Headline figures."""
        return {
            "outcome": self.value,
            "bound": self.bound,
            "gap": self.gap,
            "gap between the steps": self.gap_between,
            "status": self.status,
            "spent": float(sum(self.shares.values())),
            "budget": self.budget,
            **{f"{rule} split": total for rule, (_, total) in self.baselines.items()},
        }

    def table(self) -> pd.DataFrame:
        """One row per planner.

        Returns:
            Columns: name; share (money); outcome and its weighted value; one_more, one_less (weighted gain of
            one more step and loss of one less, NaN where that point is not known); proven.
        """
        rows = []
        for name, share in self.shares.items():
            of, weight = self.points[name], self.weights[name]
            k = round(share / self.step)
            known = {j: point.value for j, point in of.items() if point.value is not None}
            here = known[k]
            rows.append(
                {
                    "name": name,
                    "share": share,
                    "outcome": here,
                    "value": weight * here,
                    "one_more": weight * (known[k + 1] - here) if k + 1 in known else np.nan,
                    "one_less": weight * (known[k - 1] - here) if k - 1 in known else np.nan,
                    "proven": of[k].proven,
                }
            )
        return pd.DataFrame(rows)

    def curves(self) -> pd.DataFrame:
        """Value-of-budget curves, one row per point.

        Returns:
            Columns: name, amount, outcome, bound, proven, reason (why there is no plan).
        """
        rows = [
            {
                "name": name,
                "amount": point.amount,
                "outcome": point.value,
                "bound": point.bound if point.value is not None else None,
                "proven": point.proven,
                "reason": point.reason,
            }
            for name, of in self.points.items()
            for point in of.values()
        ]
        return pd.DataFrame(rows).astype({"outcome": float, "bound": float})

    def binding(self) -> list[str]:
        """What stands in the way of more, in words."""
        gains = self.table().set_index("name")["one_more"]
        wanted = gains[gains > 1e-9 * max(1.0, abs(self.value))].sort_values(ascending=False)
        return [
            f"the budget: {self.step:,.10g} more for {name} would bring {style.readable(gain)}"
            for name, gain in wanted.items()
        ]

    def summary(self) -> str:
        """The split in a few sentences."""
        listed = ", ".join(f"{name} {style.money(share)}" for name, share in self.shares.items())
        sentences = [f"{listed}: together {style.readable(self.value)} ({self.status})."]
        for rule, (_, total) in self.baselines.items():
            if total is not None:
                sentences.append(f"Split {rule}: {style.readable(total)} ({_change(self.value, total)}).")
            else:
                sentences.append(f"Split {rule}: some planner has no plan with its share.")
        if self.between is not None:
            sentences.append(
                f"A split between the steps of {style.money(self.step)} brings at most"
                f" {style.readable(self.between)} ({self.gap_between:.2%} more)."
            )
        return " ".join([*sentences, *(f"{note[:1].upper()}{note[1:]}." for note in self.notes)])

    def tables(self) -> list[Table]:
        """Everything as tables for a terminal or a page."""
        frame = self.table()
        rows = [
            [
                str(row["name"]),
                style.money(row["share"]),
                style.readable(row["value"]),
                _or_dash(row["one_more"]),
                _or_dash(row["one_less"]),
                "yes" if row["proven"] else "no",
            ]
            for row in frame.to_dict("records")
        ]
        columns = ["Plan", "Share", "Outcome", "One step more", "One step less", "Proven"]
        split = Table(columns, rows, title="Who gets how much", note=f"A step is {style.money(self.step)}.")
        names = list(self.shares)
        rules = [
            [f"Split {rule}", *(style.money(split_of[n] * self.step) for n in names), _or_dash(total)]
            for rule, (split_of, total) in self.baselines.items()
        ]
        best = ["This split", *(style.money(self.shares[n]) for n in names), style.readable(self.value)]
        return [split, Table(["Rule", *names, "Outcome"], [best, *rules], title="Against simple rules")]

    def plot(self) -> str:
        """The value-of-budget curves with the shares marked, as inline SVG."""
        drawn = []
        for name, of in self.points.items():
            known = [(p.amount, p.value) for p in of.values() if p.value is not None]
            if len(known) > 1:
                amounts, values = zip(*known)
                drawn.append(
                    {
                        "label": name,
                        "spend": np.array(amounts),
                        "response": self.weights[name] * np.array(values),
                        "plan": self.shares[name],
                    }
                )
        return response_curves(drawn, x_title="Money", y_title="Outcome", names=("Before", "Share"))

    def sections(self) -> list[Section]:
        """The parts of the page."""
        parts: list[Any] = [self.summary(), self.tables()[0]]
        if any(sum(p.value is not None for p in of.values()) > 1 for of in self.points.values()):
            parts.append(Drawing(self.plot(), "What each plan brings at each amount of money."))
        limits = self.binding() or ["No planner would gain by one more step."]
        return [
            Section("The split", [*parts, *(Note(note) for note in self.notes)]),
            Section("Why not more", [*limits, self.tables()[1]]),
        ]

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a page that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        gap = "no bound" if self.gap is None else f"{self.gap:.3%}"
        cards = [
            Card("Outcome together", style.readable(self.value)),
            Card("Gap on the grid", gap, self.status),
            Card("Budget", style.money(self.budget), f"in steps of {style.money(self.step)}"),
        ]
        page = Page(
            "Shared budget",
            subtitle=f"{style.money(self.budget)} for {len(self.shares)} plans",
            cards=cards,
            sections=self.sections(),
            footer=f"Computed by hybrid_opt, seed {self.seed}, {self.seconds:.1f} s.",
        )
        return write_page(page, path)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        return {
            **self.figures(),
            "kind": self.kind,
            "step": self.step,
            "limits": dict(self.limits),
            "weights": dict(self.weights),
            "shares": plain_rows(self.table()),
            "curves": plain_rows(self.curves()),
            "bound between the steps": self.between,
            "notes": list(self.notes),
            "seed": self.seed,
            "seconds": self.seconds,
            "plans": {name: plan.to_dict() for name, plan in self.plans.items()},
        }

    def to_json(self, indent: int | None = 2) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __str__(self) -> str:
        return self.summary()


def _gap(bound: float, value: float) -> float:
    return max(0.0, bound - value) / max(abs(bound), 1e-9)


def _or_dash(number: float | None) -> str:
    return "\u2013" if number is None or number != number else style.readable(number)


def _change(value: float, other: float) -> str:
    gain = f"{(value - other) / other:.2%}" if other > 0 else style.readable(value - other)
    return f"this split brings {gain} more"
