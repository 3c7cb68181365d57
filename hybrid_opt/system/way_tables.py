"""Every way that was trained as tables: quantum algorithms beside their controls, solvers, losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reports import Table
from .quantum_block import ALGORITHMS, quantum_uses
from .step_results import mean_of
from .table_figures import figure, to_the_right

if TYPE_CHECKING:
    from .report import HybridReport

__all__ = ["arms_table", "circuit_table", "quantum_table", "solver_table"]


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
                    use.step,
                    f"{use.circuit_runs:,}",
                    figure(use.seconds, 1),
                    figure(use.entropy_change, 3, signed=True),
                    figure(use.loss_change, signed=True),
                    use.control,
                    figure(use.control_seconds, 1),
                    figure(use.control_entropy_change, 3, signed=True),
                    figure(use.control_loss_change, signed=True),
                ]
            )
    return Table(
        ["Algorithm", "Step", "Circuit runs", "Seconds", "Entropy", "Loss", "Control", "Seconds", "Entropy",
         "Loss"],
        rows,
        title="The four quantum algorithms",
        align=["left", "left", *to_the_right(4), "left", *to_the_right(3)],
        note="Change of the mean entropy of attention and of the mean validation loss against the recipe "
        "before the step, by the circuit and by its control; seconds of a training, and of the solver before "
        "it. All circuits are simulated. No quantum advantage is claimed.",
    )  # fmt: skip


def circuit_table(report: HybridReport) -> Table:
    """What ran behind each use of a quantum algorithm.

    Args:
        report: the answer.

    Returns:
        One row per use.
    """
    uses = quantum_uses(report.steps)
    rows = [[use.algorithm, use.step, use.arm, "yes" if use.kept else "no", use.label] for use in uses]
    columns = ["Algorithm", "Step", "Way", "Kept", "Simulator and size"]
    note = "Of the first training, or of the last question."
    return Table(columns, rows, title="Circuits that ran", align=["left"] * 5, note=note)


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
        align=["left", "left", "left", *to_the_right(4), "left"],
        note="Means over the seeds; the gain is against the recipe before the step.",
    )
