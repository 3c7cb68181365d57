"""A content plan as tables and pictures for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..planning.money import money_text
from ..planning.plan_figures import Figures, share_text
from ..reports import Drawing, Table, heat_map_chart, style

if TYPE_CHECKING:
    from .content_plan import ContentPlan

__all__ = [
    "audience_table",
    "effect_drawing",
    "level_table",
    "pair_table",
    "production_table",
    "stability_drawing",
]

MOST_PAIRS = 40


def level_table(plan: ContentPlan) -> Table:
    """Which level of which factor for which audience; levels that are not chosen stand in the heat map."""
    frame = plan.lines()
    within = "" if plan.near is None else f"within {share_text(plan.near.tolerance)}"
    kept = [True, True, plan.has_today, True, True, True, plan.stability is not None, plan.near is not None]
    effects = style.aligned(frame["effect"].tolist(), signed=True)
    rows = []
    for i, row in enumerate(frame.to_dict("records")):
        if not row["plan"]:
            continue
        same = (frame["audience"] == row["audience"]) & (frame["factor"] == row["factor"])
        today = frame[same & (frame["today"] == 1)]["level"].iloc[0] if plan.has_today else ""
        cells = [
            row["audience"],
            row["factor"],
            today,
            row["level"],
            effects[i],
            "" if np.isnan(row["error"]) else f"{row['error']:.3g}",
            "-" if np.isnan(row["stays"]) else f"{row['stays']:.0%}",
            row["near"],
        ]
        rows.append([cell for cell, keep in zip(cells, kept) if keep])
    header = ["audience", "factor", "today", "plan", "effect", "error", "stays chosen", within]
    ends: list[Literal["left", "right"]] = ["left", "left", "left", "left", "right", "right", "right", "left"]
    return Table(
        [column for column, keep in zip(header, kept) if keep],
        rows,
        title=plan.words.what,
        align=[end for end, keep in zip(ends, kept) if keep],
        note="effect: after fatigue, without the pairs" + _stays_words(plan),
    )


def _stays_words(plan: ContentPlan) -> str:
    if plan.stability is None:
        return ""
    words = (
        f"; stays chosen: share of {plan.stability.draws} draws of the effects from their standard errors in "
        "which the best plan has the level"
    )
    hidden = bool(np.isnan(plan.lines()["stays"]).any())
    return f"{words}; -: the tests cannot tell its effect" if hidden else words


def audience_table(plan: ContentPlan) -> Table:
    """Variant and outcome of every audience."""
    figures, frame = Figures.of(plan), plan.outcomes()
    rows = []
    for row in frame.to_dict("records"):
        before = [figures.response(row["outcome_today"])] if plan.has_today else []
        size, after = f"{row['size']:,.10g}", figures.response(row["outcome"])
        rows.append([row["audience"], row["variant"], size, *before, after])
    names = [name for name in frame.columns if name.startswith("outcome")]
    sums = [figures.response(float(frame[name].sum())) for name in names]
    rows.append(["total", "", "", *sums])
    right: list[Literal["left", "right"]] = ["right"] * (len(sums) + 1)
    return Table(
        ["audience", "variant", "size", *(["outcome today"] if plan.has_today else []), "outcome"],
        rows,
        title="The variant of every audience",
        align=["left", "left", *right],
        strong=[-1],
        note=plan.origin(),
    )


def production_table(plan: ContentPlan) -> Table:
    """What is produced, for whom and at what cost."""
    rows = [
        [row["level"], row["audiences"], money_text(round(float(row["cost"]), 6))]
        for row in plan.made().to_dict("records")
        if row["cost"]
    ]
    rows.append(["total", "", money_text(round(plan.cost, 6))])
    return Table(
        ["level", "for", "cost"],
        rows,
        title="What is produced",
        align=["left", "left", "right"],
        strong=[-1],
        note="" if plan.content.worth is not None else "not taken off the outcome: worth was not given",
    )


def pair_table(plan: ContentPlan) -> Table:
    """Effects of pairs, those of the plan first."""
    model, units = plan.content, plan.spends()
    labels = model.levels.labels
    taken = (units[model.pairs[:, 0]] * units[model.pairs[:, 1]]) > 0
    order = np.lexsort((-np.abs(model.pair_effect), ~taken))[:MOST_PAIRS].tolist()
    texts = style.aligned([float(model.pair_effect[k]) for k in order], signed=True)
    rows = [
        [*(labels[i] for i in model.pairs[k].tolist()), text, "yes" if taken[k] else "no"]
        for k, text in zip(order, texts)
    ]
    left_out = len(model.pairs) - len(rows)
    return Table(
        ["level", "with", "effect", "both in the plan"],
        rows,
        title="What levels add together",
        align=["left", "left", "right", "left"],
        note=f"{left_out} smaller ones are not shown" if left_out else "",
    )


def effect_drawing(plan: ContentPlan) -> Drawing:
    """Heat map of effects: levels by audiences, the plan framed, today with a dot."""
    scale = "log-odds" if plan.content.logit else "outcome of one person"
    return Drawing(
        _heat_map(plan, plan.content.effect.tolist(), "Effect"),
        f"Effect of every level on each audience ({scale}, after fatigue, without pairs). The frame is the "
        "plan: where it is not at the largest effect of a factor, a pair, a cost or a rule is the reason.",
    )


def stability_drawing(plan: ContentPlan) -> Drawing:
    """Heat map of how often each level is chosen in draws of the effects, in percent."""
    shares = [100.0 * share for share in plan.lines()["stays"].tolist()]
    return Drawing(
        _heat_map(plan, shares, "Percent of draws"),
        "How often each level is in the best plan when the effects are drawn from their errors, in percent. "
        "A framed level with a low share is a choice that the tests do not carry: test it further.",
    )


def _heat_map(plan: ContentPlan, numbers: Sequence[float], title: str) -> str:
    """Levels by audiences: a number of each level, shape (L,)."""
    levels, units = plan.content.levels, plan.spends()
    keys = list(dict.fromkeys(zip(levels.factor, levels.level)))
    keys.sort(key=lambda key: levels.factors.index(key[0]))
    table: list[list[float | None]] = [[None] * len(levels.audiences) for _ in keys]
    chosen, today = [], []
    for i, (owner, factor, level) in enumerate(zip(levels.owner.tolist(), levels.factor, levels.level)):
        row = keys.index((factor, level))
        table[row][owner] = numbers[i]
        if units[i]:
            chosen.append((row, owner))
        if levels.current[i]:
            today.append((row, owner))
    breaks = [k for k in range(1, len(keys)) if keys[k][0] != keys[k - 1][0]]
    names = [" = ".join(key) for key in keys]
    return heat_map_chart(names, levels.audiences, table, chosen, today, breaks=breaks, title=title)
