"""The blocks of a report as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..reports import Table
from .model_tables import attention_table, parameter_table
from .plan_tables import plan_tables
from .quantum_block import ALGORITHMS, quantum_uses
from .step_judgement import memory_of
from .step_results import StepResult, mean_of

if TYPE_CHECKING:
    from .report import HybridReport

__all__ = [
    "arms_table",
    "changes_table",
    "figure",
    "levels_table",
    "quantum_table",
    "report_tables",
    "solver_table",
    "steps_table",
    "training_table",
]

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
        solver_table(report),
        arms_table(report),
        changes_table(report),
        *plan_tables(report.plans),
        parameter_table(report),
        attention_table(report),
    ]
    return [table for table in tables if table is not None and table.rows]


def figure(value: float | None, digits: int = 4, *, signed: bool = False) -> str:
    """A number, or a dash where there is none.

    Args:
        value: the number.
        digits: behind the point.
        signed: with a sign.

    Returns:
        Text.

    Example:
        >>> figure(0.12345), figure(0.5, 1, signed=True), figure(None)
        ('0.1235', '+0.5', '-')
    """
    if value is None or not np.isfinite(value):
        return "-"
    return f"{value:{'+' if signed else ''}.{digits}f}"


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
        align=["left", "left", "left", *["right"] * 5],
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
    rows = [
        [step.level, step.name, "yes" if step.kept else "no", "; ".join(step.arm(step.best).changes)]
        for step in report.steps
        if step.best is not None
    ]
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
        align=["left", "left", *["right"] * 6],
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
                step.name,
                step.best,
                _pair(step, after, "rate_factor", 2),
                _pair(step, after, "dropout", 3),
                _pair(step, after, "entropy", 3),
                _pair(step, after, "heads", 1),
                f"{memory_of(step.before) / _MEBI:.2f} -> {memory_of(after) / _MEBI:.2f}",
                _pair(step, after, "seconds", 1),
                _pair(step, after, "validation", 4),
            ]
        )
    return Table(
        ["Step", "Way", "Rate factor", "Dropout", "Entropy", "Heads", "Memory, MiB", "Seconds", "Validation"],
        rows,
        title="Learning rate, dropout, entropy, memory: without -> with",
        align=["left", "left", *["right"] * 7],
        note="Means over the seeds at the end of training. Rate factor: on the schedule's learning rate. "
        "Memory: what a training step holds, counted. The control of each is the same training without it.",
    )


def _pair(step: StepResult, after: Any, name: str, digits: int) -> str:
    return f"{figure(mean_of(step.before, name), digits)} -> {figure(mean_of(after, name), digits)}"


def quantum_table(report: HybridReport) -> Table:
    """The four quantum algorithms, each beside its classical control.

    Args:
        report: the answer.

    Returns:
        One row per use, and one for each algorithm that was not used.
    """
    uses = quantum_uses(report.steps)
    rows = []
    for name in ALGORITHMS:
        own = [use for use in uses if use.algorithm == name]
        for use in own:
            rows.append(
                [
                    name,
                    f"{use.step}: {use.arm}",
                    f"{use.circuit_runs:,}",
                    figure(use.seconds, 1),
                    figure(use.entropy_change, 3, signed=True),
                    figure(use.loss_change, signed=True),
                    use.control,
                    figure(use.control_seconds, 1),
                    figure(use.control_entropy_change, 3, signed=True),
                    figure(use.control_loss_change, signed=True),
                    "yes" if use.kept else "no",
                ]
            )
    labels = "; ".join(dict.fromkeys(f"{use.algorithm}: {use.label}" for use in uses if use.label))
    return Table(
        ["Algorithm", "Use", "Circuit runs", "Seconds", "Entropy", "Loss", "Control", "Seconds", "Entropy",
         "Loss", "Kept"],
        rows,
        title="The four quantum algorithms",
        align=["left", "left", *["right"] * 4, "left", *["right"] * 3, "left"],
        note="Change of the mean entropy of attention and of the mean validation loss against the recipe "
        f"before the step; seconds per training. All circuits are simulated ({labels}). No quantum advantage "
        "is claimed.",
    )  # fmt: skip


def solver_table(report: HybridReport) -> Table:
    """Solvers on the questions of the first seed: heads to close, experts to assign.

    Args:
        report: the answer.

    Returns:
        One row per solver of a head question, and per assignment of a router.
    """
    rows = []
    for step in report.steps:
        for arm in step.arms:
            first = arm.records[0]
            for row in (first.selection or {}).get("rows", ()):
                rows.append([f"{step.name}: {arm.name}", row["method"], figure(row["objective"], 5),
                             "yes" if row["feasible"] else "no", figure(row["seconds"], 3)])  # fmt: skip
            for entry in first.reassigned:
                words = f"{step.name}: layer {entry['layer']}, step {entry['step']}"
                gap = "no bound" if entry["gap"] is None else f"gap {entry['gap']:.2%}"
                rows.append([words, entry["method"], f"{entry['status']}, {gap}",
                             "yes" if entry["status"] != "over capacity" else "no", "-"])  # fmt: skip
    return Table(
        ["Question", "Solver", "Objective", "Feasible", "Seconds"],
        rows,
        title="Solvers on the same question",
        align=["left", "left", "right", "left", "right"],
        note="Of the first seed. Heads: the quadratic model of the loss, lower is better, in its own unit.",
    )


def arms_table(report: HybridReport) -> Table:
    """Every way that was trained.

    Args:
        report: the answer.

    Returns:
        One row per step and way.
    """
    rows = []
    for step in report.steps:
        for arm in step.arms:
            before, after = mean_of(step.before, "validation"), mean_of(arm.records, "validation")
            gain = None if before is None or after is None else before - after
            rows.append(
                [
                    step.name,
                    arm.name,
                    arm.algorithm or "classical",
                    figure(after),
                    figure(gain, signed=True),
                    f"{mean_of(arm.records, 'parameters') or 0:,.0f}",
                    figure(mean_of(arm.records, "seconds"), 1),
                    "kept" if step.kept and arm.name == step.best else "",
                ]
            )
    return Table(
        ["Step", "Way", "Engine", "Validation", "Gain", "Parameters", "Seconds", ""],
        rows,
        title="Every way that was trained",
        align=["left", "left", "left", *["right"] * 4, "left"],
        note="Means over the seeds; the gain is against the recipe before the step.",
    )
