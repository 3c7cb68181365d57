"""The blocks of a report as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..reports import Table
from .model_tables import attention_table, parameter_table
from .plan_tables import plan_tables
from .step_results import StepResult, mean_of
from .table_figures import figure, to_the_right
from .way_tables import arms_table, circuit_table, quantum_table, solver_table

if TYPE_CHECKING:
    from .report import HybridReport

__all__ = ["changes_table", "levels_table", "report_tables", "steps_table", "training_table"]

_MEBI = 2**20


def report_tables(report: HybridReport) -> list[Table]:
    """All blocks, in the order a reader wants them.

    Args:
        report: the answer.

    Returns:
        Steps, levels, training, quantum algorithms, arms, plans, parameters and memory, attention; blocks
        without a row are left out.
    """
    tables = [
        steps_table(report),
        levels_table(report),
        training_table(report),
        quantum_table(report),
        circuit_table(report),
        solver_table(report),
        arms_table(report),
        changes_table(report),
        *plan_tables(report.plans),
        parameter_table(report),
        attention_table(report),
    ]
    return [table for table in tables if table is not None and table.rows]


def steps_table(report: HybridReport) -> Table:
    """What each step gained and cost, and whether it was kept.

    Args:
        report: the answer.

    Returns:
        One row per step.
    """
    rows = []
    for step in report.steps:
        decision = step.decision
        verdict = "-" if decision is None else "kept" if decision.kept else "undone"
        gained = None if decision is None else decision.gain
        spread = None if decision is None else decision.spread
        rows.append(
            [step.name, step.best or step.words(), verdict, figure(gained, signed=True), figure(spread),
             str(step.trainings), f"{step.circuit_runs:,}", figure(step.seconds, 1)]
        )  # fmt: skip
    return Table(
        ["Step", "Best way", "Verdict", "Gained", "Spread", "Trainings", "Circuit runs", "Seconds"],
        rows,
        title="Steps",
        align=["left", "left", "left", *to_the_right(5)],
        note=f"Each way is trained on the same {report.config.seeds} seeds as the recipe before; a step is "
        "kept if its mean validation loss falls by more than the spread (the larger standard deviation of "
        "the losses over the seeds). Memory: kept if it saves any and the loss rises by less than that.",
    )


def changes_table(report: HybridReport) -> Table:
    """What the best way of each step changes.

    Args:
        report: the answer.

    Returns:
        One row per step that proposed something.
    """
    rows = []
    for step in report.steps:
        if step.best is not None:
            changes = "; ".join(step.arm(step.best).changes) or "nothing"
            rows.append([step.level, step.name, "yes" if step.kept else "no", changes])
    columns = ["Level", "Step", "Kept", "Changes"]
    return Table(columns, rows, title="What each step changes", align=["left"] * 4)


def levels_table(report: HybridReport) -> Table:
    """The recipe as given and the best of each level.

    Args:
        report: the answer.

    Returns:
        One row per level.
    """
    rows = []
    spent: dict[str, list[StepResult]] = {name: [] for name in report.recipes}
    for step in report.steps:
        spent.setdefault(step.level, []).append(step)
    for name in report.recipes:
        records = report.records.get(name, ())
        test, gain = report.tests.get(name, ()), report.gain_of(name)
        change = "-" if gain is None or name == "as given" else f"{gain[0]:+.4f} ± {gain[1]:.4f}"
        own = spent[name]
        rows.append(
            [
                name,
                ", ".join(step.name for step in own if step.kept) or "nothing" if own else "-",
                figure(mean_of(records, "validation")),
                figure(float(np.mean(test)) if len(test) else None),
                change,
                str(sum(step.trainings for step in own) or len(records)),
                f"{sum(step.circuit_runs for step in own):,}",
                figure(sum(step.seconds for step in own) or sum(r.seconds for r in records), 1),
            ]
        )
    return Table(
        ["Level", "Kept", "Validation loss", "Test loss", "Gain on test (95 %)", "Trainings", "Circuit runs",
         "Seconds"],
        rows,
        title="Levels compared",
        align=["left", "left", *to_the_right(6)],
        note=f"Each level begins with the recipe of the one before. Test: {report.config.test_seeds} fresh "
        "seeds, a split that no step has seen; gain against the recipe as given, seed by seed.",
    )  # fmt: skip


def training_table(report: HybridReport) -> Table:
    """Learning rate, dropout, entropy, heads and memory before each basic step and with its best way.

    Args:
        report: the answer.

    Returns:
        One row per step of level basic.
    """
    rows = []
    for step in report.steps:
        if step.level != "basic" or step.best is None:
            continue
        after = step.arm(step.best).records
        rows.append(
            [
                step.best if step.judged_by == "memory" else step.name,
                _pair(step, after, "rate_factor", 2),
                _pair(step, after, "dropout", 3),
                _pair(step, after, "entropy", 3),
                _pair(step, after, "heads", 0),
                _pair(step, after, "memory", 2, unit=_MEBI),
                _pair(step, after, "seconds", 1),
                _pair(step, after, "validation", 4),
            ]
        )
    return Table(
        ["Step", "Rate factor", "Dropout", "Entropy", "Heads", "Memory, MiB", "Seconds", "Validation"],
        rows,
        title="Learning rate, dropout, entropy, memory: without -> with",
        align=["left", *to_the_right(7)],
        note="Means over the seeds at the end of training. Rate factor: on the schedule's learning rate. "
        "Memory: what a training step holds, counted. The control of each is the same training without it.",
    )


def _pair(step: StepResult, after: Any, name: str, digits: int, unit: int = 1) -> str:
    values = [mean_of(records, name) for records in (step.before, after)]
    return " -> ".join(figure(None if value is None else value / unit, digits) for value in values)
