"""What a step is: it proposes other recipes; the optimizer trains them and keeps one or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..progress import Progress
from .configuration import HybridConfig
from .recipe import Recipe

__all__ = ["Arm", "Proposal", "Step", "StepContext"]


@dataclass(frozen=True)
class Arm:
    """One way to take a step.

    Attributes:
        name: in words.
        recipe: what is trained.
        algorithm: "QAOA", "VQE", "quantum kernel" or "QNN" where circuits are at work, else empty.
        control: of a quantum arm: the name of its nearest classical arm.
    """

    name: str
    recipe: Recipe
    algorithm: str = ""
    control: str = ""


@dataclass(frozen=True)
class Proposal:
    """What a step proposes, and what finding it took.

    Attributes:
        arms: ways to take it, the classical ones first: of equal losses the first is taken.
        rows: figures of methods that were compared on the way, one mapping of plain values per row.
        notes: sentences.
        trainings: trainings behind the proposal itself.
        circuit_runs: samples counted of circuits behind the proposal itself.
        label: simulator, qubits, depth and shots of those.
        seconds: of the proposal.
        algorithm_seconds: of the quantum solver in it.
        control_seconds: of the classical solver beside it.
    """

    arms: Sequence[Arm]
    rows: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    trainings: int = 0
    circuit_runs: int = 0
    label: str = ""
    seconds: float = 0.0
    algorithm_seconds: float | None = None
    control_seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "arms": [
                {
                    "name": arm.name,
                    "recipe": arm.recipe.to_dict(),
                    "algorithm": arm.algorithm,
                    "control": arm.control,
                }
                for arm in self.arms
            ],
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
            "trainings": self.trainings,
            "circuit_runs": self.circuit_runs,
            "label": self.label,
            "seconds": self.seconds,
            "algorithm_seconds": self.algorithm_seconds,
            "control_seconds": self.control_seconds,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Proposal:
        """The proposal of what `to_dict` gave."""
        arms = [Arm(**{**arm, "recipe": Recipe.from_dict(arm["recipe"])}) for arm in values["arms"]]
        return cls(**{**values, "arms": arms})


@dataclass(frozen=True)
class StepContext:
    """What a step may use.

    Attributes:
        config: the question.
        seed: of the run; derive one per purpose.
        path: the folder of the run.
        progress: called with the share of the proposal done.
    """

    config: HybridConfig
    seed: int
    path: Path
    progress: Progress


class Step(Protocol):
    """A step of a level."""

    @property
    def name(self) -> str:
        """In a few words, different from all others."""
        ...

    @property
    def level(self) -> str:
        """"basic", "advanced" or "full"."""
        ...

    @property
    def judged_by(self) -> str:
        """"loss" or "memory", see `keep_rule`."""
        ...

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """Other recipes; without arms the step has nothing to propose, and its notes say why.

        Args:
            recipe: the recipe so far.
            context: what may be used.

        Returns:
            The proposal, the same for the same arguments.
        """
        ...
