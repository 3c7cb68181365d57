"""The answer of the content task: one variant per audience, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.plan_figures import Figures, share_text
from ..planning.plan_json import plain_rows
from ..planning.selection_plan import SelectionPlan
from ..reports import Drawing, Table
from .content_estimate import ContentEstimate
from .content_model import ContentModel
from .content_tables import (
    audience_table,
    effect_drawing,
    level_table,
    pair_table,
    production_table,
    stability_drawing,
)

__all__ = ["ContentPlan"]


@dataclass(frozen=True, eq=False)
class ContentPlan(SelectionPlan):
    """Variants with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        model: effects and costs of all levels.
        estimate: what was estimated from tests, None where effects were given.
    """

    model: ContentModel | None = None
    estimate: ContentEstimate | None = None

    @property
    def content(self) -> ContentModel:
        """Effects and costs of all levels."""
        if self.model is None:
            raise AttributeError("this plan has no content; it comes from ContentPlanner.solve")
        return self.model

    def variants(self) -> dict[str, dict[str, str]]:
        """Audience -> factor -> level."""
        return self._named(self.spends())

    def _named(self, units: NDArray[np.float64]) -> dict[str, dict[str, str]]:
        levels = self.content.levels
        found: dict[str, dict[str, str]] = {name: {} for name in levels.audiences}
        for i, (owner, factor, level) in enumerate(zip(levels.owner.tolist(), levels.factor, levels.level)):
            if units[i]:
                found[levels.audiences[owner]][factor] = level
        return found

    def chosen(self) -> list[str]:
        """Names of the levels that are chosen."""
        levels = self.content.levels
        return [label for label, taken in zip(levels.labels, self.spends()) if taken]

    def worth_of(self, amounts: NDArray[np.float64]) -> float:
        """Value of a choice, 0 or 1 per option, shape (N,)."""
        return float(self.content.values(amounts))

    @cached_property
    def cost(self) -> float:
        """What the production of the plan costs."""
        return float(self.made()["cost"].sum())

    def outcomes(self) -> pd.DataFrame:
        """One row per audience.

        Returns:
            Columns audience, variant (its levels), outcome_today (where known), outcome, and size.
        """
        model = self.content
        named = self.variants()
        frame = pd.DataFrame(
            {
                "audience": model.levels.audiences,
                "variant": [", ".join(named[name].values()) for name in model.levels.audiences],
                "size": model.sizes,
                "outcome_today": model.outcomes(self.current[None, :])[0],
                "outcome": model.outcomes(self.spends()[None, :])[0],
            }
        )
        return frame if self.has_today else frame.drop(columns="outcome_today")

    def lines(self) -> pd.DataFrame:
        """One row per level of an audience.

        Returns:
            Columns option, audience, factor, level, effect (after fatigue), error, cost, today (where known)
            and plan (0 or 1), stays (share of the draws that choose it; NaN without draws,
            and where tests cannot tell its effect), near ("always",
            "sometimes" or "never" in plans within the tolerance; "" where not looked for).
        """
        model, units = self.content, self.spends()
        levels, count = model.levels, len(model.effect)
        frame = pd.DataFrame(
            {
                "option": levels.labels,
                "audience": [levels.audiences[a] for a in levels.owner],
                "factor": levels.factor,
                "level": levels.level,
                "effect": model.effect,
                "error": levels.error,
                "cost": levels.cost,
                "today": levels.current.astype(int),
                "plan": units[:count].astype(int),
                "stays": self._stays(),
                "near": [self._near(i) for i in range(count)],
            }
        )
        return frame if self.has_today else frame.drop(columns="today")

    def _stays(self) -> NDArray[np.float64]:
        """Share of the draws whose best plan chooses each level, NaN where that is not known, shape (L,)."""
        count = len(self.content.effect)
        if self.stability is None:
            return np.full(count, np.nan)
        shares = np.asarray(self.stability.spends.mean(axis=0)[:count])
        if self.estimate is None:
            return shares
        # Draws of effects that the tests cannot tell apart differ in the direction that the tests see only.
        return np.where(np.isnan(self.content.levels.error), np.nan, shares)

    def made(self) -> pd.DataFrame:
        """What is produced: one row per production, with columns level, audiences and cost."""
        levels, units = self.content.levels, self.spends()
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for i in np.flatnonzero(units[: len(levels.cost)]).tolist():
            audience = levels.audiences[int(levels.owner[i])]
            key = (levels.factor[i], levels.level[i], "" if levels.shared[i] else audience)
            empty = {"level": " = ".join(key[:2]), "audiences": [], "cost": float(levels.cost[i])}
            row = rows.setdefault(key, empty)
            row["audiences"].append(audience)
        found = [{**row, "audiences": ", ".join(row["audiences"])} for row in rows.values()]
        return pd.DataFrame(found, columns=["level", "audiences", "cost"])

    @property
    def draw_words(self) -> str:
        """What a draw of the stability does, for the foot of its table."""
        errors = "their standard errors" if self.estimate is None else "the joint errors of their estimate"
        return f"each draw moves every effect, pairs included, by a normal number of {errors}"

    @property
    def drawn(self) -> str:
        """What a draw of the stability draws."""
        return "effects"

    def draw_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Only levels: whether something is made follows from them."""
        return frame.iloc[: len(self.content.effect)].assign(chosen_share=self._stays())

    def limit_words(self) -> str:
        """How many levels change, in a few words."""
        levels = self.content.levels
        if not self.has_today:
            return f"{len(self.chosen())} levels chosen"
        changed = int((self.spends()[: len(levels.current)] * ~levels.current).sum())
        return f"{changed} of {len(self.chosen())} levels changed"

    def limits_used(self) -> dict[str, float]:
        """What production costs, and what is used of every limit."""
        figures = {"production cost": self.cost}
        for row in self.budgets().to_dict("records"):
            figures[f"{row['limit_of']} limit"] = float(row["limit"])
        return figures

    def origin(self) -> str:
        """Where the values come from."""
        scale = "log-odds" if self.content.logit else "a linear scale, where the model with pairs is exact"
        source = "given" if self.estimate is None else "estimated from the tests"
        return f"The effects were {source}, on {scale}"

    def line_table(self) -> Table:
        """Which level of which factor for which audience."""
        return level_table(self)

    def task_tables(self) -> list[Table]:
        """Outcome by audience, and what is produced."""
        tables = [audience_table(self), *([pair_table(self)] if len(self.content.pairs) else [])]
        return [*tables, production_table(self)] if self.made()["cost"].any() else tables

    def task_drawings(self) -> list[Drawing]:
        """The heat map of effects, and how often levels stay chosen."""
        drawings = [effect_drawing(self)]
        return drawings if self.stability is None else [*drawings, stability_drawing(self)]

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """Outcomes, productions, and what every selection has."""
        frames = {"outcomes": self.outcomes(), "production": self.made(), **super().task_frames()}
        return frames if self.estimate is None else {**frames, "estimates": self.estimate.table}

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        own = {"variants": self.variants(), "outcomes": plain_rows(self.outcomes())}
        own["estimates"] = [] if self.estimate is None else plain_rows(self.estimate.table)
        return {**super().task_values(), **own, "production": plain_rows(self.made())}

    def alternative_table(self) -> Table:
        """Plans almost as good: a row per plan, a column per audience."""
        figures, near, names = Figures.of(self), self.near, self.content.levels.audiences
        rows = []
        if near is not None:
            for k, (plan, value) in enumerate(zip(near.plans, near.values, strict=True)):
                loss = (float(near.values[0]) - float(value)) / max(abs(float(near.values[0])), 1e-9)
                named = self._named(self.question.money(plan))
                texts = [", ".join(named[name].values()) for name in names]
                rows.append([str(k + 1), *texts, figures.response(float(value)), f"{loss:.2%}"])
        left: list[Literal["left", "right"]] = ["left"] * (len(names) + 1)
        count = 0 if near is None else near.count
        exactly = "" if near is None or near.exact else "at least "
        share = "" if near is None else share_text(near.tolerance)
        return Table(
            ["plan", *names, self.words.value, "loss"],
            rows,
            title=f"Plans within {share} of the best: {exactly}{count:,}; some that differ most",
            align=[*left, "right", "right"],
        )
