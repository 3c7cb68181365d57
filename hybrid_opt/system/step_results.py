"""What a step changed, gained and cost.

Shapes: S seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from .keep_rule import Decision
from .recipe import Recipe
from .recipe_training import TrainingRecord
from .steps import Proposal, Step

__all__ = ["ArmResult", "StepResult", "mean_of"]


def mean_of(records: Sequence[TrainingRecord], name: str) -> float | None:
    """The mean of a figure over trainings.

    Args:
        records: trainings.
        name: a number of `TrainingRecord`.

    Returns:
        The mean; None where a training has no such figure, or there is none.

    Example:
        >>> mean_of([TrainingRecord(0.5, 1.0), TrainingRecord(1.0, 1.0)], "validation")
        0.75
    """
    values = [getattr(record, name) for record in records]
    return None if not values or any(value is None for value in values) else float(fmean(values))


@dataclass(frozen=True, eq=False)
class ArmResult:
    """One way to take a step, trained.

    Attributes:
        name: in words.
        algorithm: of the circuits in it, or empty.
        control: of a quantum arm: its nearest classical arm.
        records: of its trainings, S of them.
        changes: settings that differ from the recipe before.
        trained: whether its trainings are its own; False where the recipe before, or an earlier arm, is equal
            and was trained already.
    """

    name: str
    algorithm: str
    control: str
    records: Sequence[TrainingRecord]
    changes: Sequence[str]
    trained: bool = True

    @property
    def circuit_runs(self) -> int:
        """Circuits that ran in its trainings, and samples behind its choices of heads and experts."""
        return sum(
            (record.circuits or {}).get("runs", 0)
            + (record.selection or {}).get("samples", 0)
            + sum(entry["samples"] for entry in record.reassigned)
            for record in self.records
        )

    @property
    def label(self) -> str:
        """Simulator, qubits, depth and shots; empty where no circuit ran."""
        for record in self.records:
            assigned = [entry["quantum"] for entry in record.reassigned]
            labels = [(record.circuits or {}).get("label"), (record.selection or {}).get("label"), *assigned]
            for label in labels:
                if label:
                    return str(label)
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "name": self.name,
            "algorithm": self.algorithm,
            "control": self.control,
            "changes": list(self.changes),
            "circuit_runs": self.circuit_runs,
            "label": self.label,
            "validation": mean_of(self.records, "validation"),
            "records": [record.to_dict() for record in self.records],
        }


@dataclass(frozen=True, eq=False)
class StepResult:
    """A step, judged.

    Attributes:
        name: of the step.
        level: of the step.
        judged_by: "loss" or "memory".
        before: records of the recipe before it, S of them.
        arms: ways to take it.
        best: name of the best arm; None where nothing was proposed.
        decision: about the best arm; None likewise.
        proposal: what finding the arms took.
    """

    name: str
    level: str
    judged_by: str
    before: Sequence[TrainingRecord]
    arms: Sequence[ArmResult]
    best: str | None
    decision: Decision | None
    proposal: Proposal = field(repr=False)

    @classmethod
    def of(
        cls,
        step: Step,
        recipe: Recipe,
        proposal: Proposal,
        before: Sequence[TrainingRecord],
        records: Mapping[str, Sequence[TrainingRecord]],
        best: str | None,
        decision: Decision | None,
    ) -> StepResult:
        """Put together what the optimizer knows of a step."""
        arms, known = [], {recipe.key}
        for arm in proposal.arms:
            changes, own = recipe.changes_to(arm.recipe), arm.recipe.key not in known
            arms.append(ArmResult(arm.name, arm.algorithm, arm.control, records[arm.name], changes, own))
            known.add(arm.recipe.key)
        return cls(step.name, step.level, step.judged_by, before, arms, best, decision, proposal)

    @property
    def kept(self) -> bool:
        """Whether the next step builds on it."""
        return self.decision is not None and self.decision.kept

    @property
    def trainings(self) -> int:
        """Trainings it took."""
        return self.proposal.trainings + sum(len(arm.records) for arm in self.arms if arm.trained)

    @property
    def circuit_runs(self) -> int:
        """Circuits that ran for it, samples of solvers included."""
        return self.proposal.circuit_runs + sum(arm.circuit_runs for arm in self.arms if arm.trained)

    @property
    def seconds(self) -> float:
        """Time it took, also in earlier calls."""
        own = [record for arm in self.arms if arm.trained for record in arm.records]
        return self.proposal.seconds + sum(record.seconds for record in own)

    def arm(self, name: str) -> ArmResult:
        """The arm of a name."""
        return next(arm for arm in self.arms if arm.name == name)

    def words(self) -> str:
        """The decision as a sentence; without arms, why there are none."""
        if self.decision is None:
            return "; ".join(self.proposal.notes) or "nothing to propose"
        return self.decision.words()

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "name": self.name,
            "level": self.level,
            "judged_by": self.judged_by,
            "kept": self.kept,
            "best": self.best,
            "decision": None if self.decision is None else self.decision.to_dict(),
            "words": self.words(),
            "trainings": self.trainings,
            "circuit_runs": self.circuit_runs,
            "seconds": self.seconds,
            "validation_before": mean_of(self.before, "validation"),
            "arms": [arm.to_dict() for arm in self.arms],
            "rows": [dict(row) for row in self.proposal.rows],
            "notes": list(self.proposal.notes),
        }
