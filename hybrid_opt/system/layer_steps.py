"""Level full: circuits inside the model as controller, bins of lambda and head gate, each beside its control.

The parts, their formulas and their controls are those of docs/layers_in_the_model.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..classical.errors import ConfigurationError
from .head_step import heads_by_layer
from .recipe import Recipe
from .steps import Arm, Proposal, StepContext

__all__ = ["PartStep", "gate_step", "layer_steps"]


@dataclass(frozen=True)
class PartStep:
    """Put a part into the model: a circuit, or its classical control.

    Args:
        name: of the step.
        setting: of ``DistanceTransformerConfig``: "controller" or "head_gate".
        classical: names of classical parts, the nearest control first.
        quantum: name of the part with a circuit.
        algorithm: of that circuit.
        gated: whether the part keeps a share of the heads.
        level: of the step.

    Example:
        >>> PartStep("controller", "controller", ("mlp",), "qnn", "QNN").judged_by
        'loss'
    """

    name: str
    setting: str
    classical: tuple[str, ...]
    quantum: str
    algorithm: str
    gated: bool = False
    level: str = "full"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with each part.

        Args:
            recipe: the recipe so far.
            context: the question: ``quantum``, ``simulator``, ``keep``.

        Returns:
            Classical parts first; none where the model cannot have them.
        """
        more: dict[str, Any] = {}
        if self.gated:
            heads = min(heads_by_layer(recipe, context.config.data))
            if heads < 2:
                return Proposal((), notes=("a layer has a single head, which no gate can close",))
            more = {"keep": min(heads - 1, max(1, round(context.config.keep * heads)))}
        try:
            arms = [
                Arm(name, recipe.with_model(**{self.setting: {"name": name, **more}}))
                for name in self.classical
            ]
            if context.config.quantum:
                part = {"name": self.quantum, "simulator": context.config.simulator, **more}
                circuit = recipe.with_model(**{self.setting: part})
                arms.append(Arm(self.quantum, circuit, self.algorithm, self.classical[0]))
        except ConfigurationError as error:
            return Proposal((), notes=(f"the model cannot have a {self.setting}: {error}",))
        return Proposal(arms)


def gate_step() -> PartStep:
    """QAOA's gate of heads beside the largest importances."""
    return PartStep("head gate", "head_gate", ("top_k",), "qaoa", "QAOA", gated=True)


def layer_steps() -> list[PartStep]:
    """Controller, bins of lambda, gate.

    Returns:
        The steps in their order.

    Example:
        >>> [step.algorithm for step in layer_steps()]
        ['QNN', 'VQE', 'QAOA']
    """
    return [
        PartStep("controller", "controller", ("mlp",), "qnn", "QNN"),
        PartStep("bins of lambda", "controller", ("softmax_bins",), "vqe_bins", "VQE"),
        gate_step(),
    ]
