"""The four quantum algorithms: what each did in the run, its classical control beside it.

Each row is one use of an algorithm. Change of entropy and of validation loss: mean over the seeds against the
recipe before the step, entropy as the normalized entropy of attention (0 to 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from .step_results import ArmResult, StepResult, mean_of

__all__ = ["ALGORITHMS", "QuantumUse", "quantum_uses"]

ALGORITHMS = ("QAOA", "VQE", "quantum kernel", "QNN")


@dataclass(frozen=True)
class QuantumUse:
    """One use of a quantum algorithm, and its control.

    Attributes:
        algorithm: one of `ALGORITHMS`.
        step: where it was used.
        arm: what it was used for.
        label: simulator, qubits, depth, shots.
        circuit_runs: circuits that ran, samples of solvers included.
        seconds: of its trainings, and of the solver.
        loss_change: change of the mean validation loss, negative is better; None where a training diverged.
        entropy_change: change of the mean entropy of attention; None likewise.
        control: its nearest classical arm.
        control_seconds: of that.
        control_loss_change: of that.
        control_entropy_change: of that.
        kept: whether the run went on with it.
    """

    algorithm: str
    step: str
    arm: str
    label: str
    circuit_runs: int
    seconds: float
    loss_change: float | None
    entropy_change: float | None
    control: str
    control_seconds: float | None
    control_loss_change: float | None
    control_entropy_change: float | None
    kept: bool

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return asdict(self)

    def words(self) -> str:
        """What it brought beside its control, in a sentence."""
        if self.loss_change is None:
            return f"{self.algorithm} in {self.step}: a training diverged."
        kept = "kept" if self.kept else "not kept"
        if self.control_loss_change is None:
            return f"{self.algorithm} in {self.step}: {kept}; its control {self.control} diverged."
        apart = self.loss_change - self.control_loss_change
        if abs(apart) < 5e-5:
            beside = f"the same loss as {self.control}"
        else:
            side = "lower" if apart < 0 else "higher"
            beside = f"a mean loss {abs(apart):.4f} {side} than {self.control}"
        return f"{self.algorithm} in {self.step}: {beside}; {kept}."


def quantum_uses(steps: Sequence[StepResult]) -> list[QuantumUse]:
    """Every quantum arm of a run.

    Args:
        steps: of the run.

    Returns:
        One row for each, in the order of the steps.
    """
    uses = []
    for step in steps:
        for arm in step.arms:
            if not arm.algorithm:
                continue
            control = step.arm(arm.control)
            solver = step.proposal.label != ""
            own = (step.proposal.algorithm_seconds or 0.0) if solver else 0.0
            other = (step.proposal.control_seconds or 0.0) if solver else 0.0
            uses.append(
                QuantumUse(
                    algorithm=arm.algorithm,
                    step=step.name,
                    arm=arm.name,
                    label=arm.label or step.proposal.label,
                    circuit_runs=arm.circuit_runs or step.proposal.circuit_runs,
                    seconds=own + _seconds(arm),
                    loss_change=_change(step, arm, "validation"),
                    entropy_change=_change(step, arm, "entropy"),
                    control=control.name,
                    control_seconds=other + _seconds(control),
                    control_loss_change=_change(step, control, "validation"),
                    control_entropy_change=_change(step, control, "entropy"),
                    kept=step.kept and step.best == arm.name,
                )
            )
    return uses


def _seconds(arm: ArmResult) -> float:
    return fmean(record.seconds for record in arm.records)


def _change(step: StepResult, arm: ArmResult, name: str) -> float | None:
    before, after = mean_of(step.before, name), mean_of(arm.records, name)
    return None if before is None or after is None else after - before
