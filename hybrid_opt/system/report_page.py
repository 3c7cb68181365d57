"""The page of a run: every block, offline.

Shapes: S seeds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..reports import Card, Drawing, Note, Page, Section, Table, ranges_chart, write_page
from .model_tables import attention_table, parameter_table
from .plan_tables import plan_tables
from .quantum_block import quantum_uses
from .report_tables import changes_table, levels_table, steps_table, training_table
from .step_results import StepResult
from .way_tables import arms_table, circuit_table, quantum_table, solver_table

if TYPE_CHECKING:
    from .report import HybridReport

__all__ = ["write_system_page"]

Part = str | Table | Drawing | Note


def write_system_page(report: HybridReport, path: str | os.PathLike[str]) -> Path:
    """Write the page, see ``HybridReport.report``.

    Args:
        report: what to show.
        path: where.

    Returns:
        The path.

    Raises:
        OptionError: the file cannot be written there.
    """
    config = report.config
    notes = [Note(f"{step.name}: {step.words()}.") for step in report.steps if step.best is None]
    blocks: list[tuple[str, list[Part]]] = [
        ("Steps", [steps_table(report), *notes, changes_table(report)]),
        ("Levels compared", [*_level_chart(report), levels_table(report)]),
        ("Learning rate, dropout, entropy, memory", [training_table(report)]),
        ("The four quantum algorithms", _quantum(report)),
        ("Every way that was trained", [*_step_charts(report.steps), arms_table(report)]),
        *((table.title, [_untitled(table)]) for table in plan_tables(report.plans)),
        ("Parameters and memory", [parameter_table(report)]),
        ("Attention by layer", [attention_table(report)]),
    ]
    sections = []
    for heading, parts in blocks:
        shown = [_untitled(part, heading) for part in parts if not isinstance(part, Table) or part.rows]
        if shown:
            sections.append(Section(heading, shown))
    off = config.switched_off()
    model = config.model
    page = Page(
        "Hybrid optimization of a transformer",
        subtitle=f"{report.verdict[:1].upper()}{report.verdict[1:]}.",
        cards=_cards(report),
        sections=sections,
        footer=(
            f"Level {config.level}{', without ' + ', '.join(off) if off else ''}; "
            f"{model.num_hidden_layers} layers of {model.num_attention_heads} heads, width "
            f"{model.hidden_size}; data {config.data.name} ({config.data.hash[:12]}); seed {report.seed}. "
            "All circuits are simulated. No quantum advantage is claimed."
        ),
    )
    return write_page(page, path)


def _untitled(part: Part, heading: str = "") -> Part:
    """A table whose title the heading says already."""
    if not isinstance(part, Table) or (heading and not part.title.startswith(heading)):
        return part
    return Table(
        part.columns, part.rows, note=part.note, align=part.align, strong=sorted(part.strong)
    )


def _cards(report: HybridReport) -> list[Card]:
    cards = []
    names = list(report.recipes)
    for label, name in (("Test loss as given", names[0]), ("Test loss in the end", names[-1])):
        losses = report.tests.get(name, ())
        if len(losses) and np.isfinite(losses).all():
            cards.append(Card(label, f"{np.mean(losses):.4f}", f"mean of {len(losses)} fresh seeds"))
    if report.gain is not None:
        cards.append(Card("Gain on test", f"{report.gain[0]:+.4f}", f"± {report.gain[1]:.4f} (95 %)"))
    if report.steps:
        kept = sum(step.kept for step in report.steps)
        cards.append(Card("Steps kept", f"{kept} of {len(report.steps)}", "the others are undone"))
        trainings = sum(step.trainings for step in report.steps)
        seconds = sum(step.seconds for step in report.steps)
        cards.append(Card("Trainings", f"{trainings:,}", f"{seconds:,.0f} s for all steps"))
        cards.append(Card("Circuit runs", f"{sum(s.circuit_runs for s in report.steps):,}", "simulated"))
    if report.plans:
        cards.append(Card("Plans", str(len(report.plans)), "beside today, with proof"))
    return cards


def _level_chart(report: HybridReport) -> list[Part]:
    known = {
        name: losses for name, losses in report.tests.items() if len(losses) and np.isfinite(losses).all()
    }
    if len(known) < 2:
        return []
    chart = _ranges(known, "Loss on the test split", "Range over fresh seeds")
    return [Drawing(chart, "Test loss of the best recipe of each level; each level begins with the last.")]


def _step_charts(steps: list[StepResult]) -> list[Part]:
    """One picture per level: validation losses of each way, and of the recipe before."""
    parts: list[Part] = []
    for level in dict.fromkeys(step.level for step in steps):
        known: dict[str, list[float]] = {}
        for step in steps:
            if step.level == level and step.arms:
                before = [record.loss for record in step.before]
                if before not in known.values():  # else the recipe before has its row already
                    known[f"before {step.name}"] = before
                for arm in step.arms:
                    known[f"{step.name}: {arm.name}"] = [record.loss for record in arm.records]
        finite = {name: losses for name, losses in known.items() if np.isfinite(losses).all()}
        if finite:
            chart = _ranges(finite, "Validation loss", "Range over the seeds")
            parts.append(Drawing(chart, f"Validation loss of each way of level {level}."))
    return parts


def _ranges(losses: Mapping[str, Sequence[float]], title: str, name: str) -> str:
    values = {label: np.asarray(found, dtype=float) for label, found in losses.items()}
    return ranges_chart(
        list(values),
        [float(found.mean()) for found in values.values()],
        [float(found.min()) for found in values.values()],
        [float(found.max()) for found in values.values()],
        x_title=title,
        names=("Mean", name),
    )


def _quantum(report: HybridReport) -> list[Part]:
    sentences = [use.words() for use in quantum_uses(report.steps)]
    return [quantum_table(report), *sentences, circuit_table(report), solver_table(report)]
