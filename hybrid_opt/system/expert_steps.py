"""Level full: experts at equal active parameters, their router, and tokens assigned to them under capacity.

An expert is as wide as the feed-forward part it replaces and each token goes to one, so that as many
parameters are active per token as before (those of the router aside).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..classical.distance_trainer import step_counts
from ..classical.errors import ConfigurationError
from .recipe import Recipe
from .steps import Arm, Proposal, StepContext

__all__ = ["AssignmentStep", "ExpertStep", "with_experts"]

_CLUSTERS = 8
_CO_WEIGHT = 0.1  # of pairs: without them the question is linear, and a classical method is optimal


def with_experts(recipe: Recipe, experts: int, router: dict[str, Any] | None) -> Recipe:
    """The recipe with experts in every layer, unless it has some, and a router.

    Args:
        recipe: the recipe so far.
        experts: how many, where it has none.
        router: settings of the router; None for the softmax router.

    Returns:
        The recipe.

    Raises:
        ConfigurationError: the model cannot have experts.
    """
    kinds = recipe.model["feed_forward"]
    if "moe" in (kinds if isinstance(kinds, list) else [kinds]):
        return recipe.with_model(router=router)
    moe = {**(recipe.model["moe"] or {}), "num_experts": experts, "top_k": 1}
    return recipe.with_model(feed_forward="moe", moe=moe, router=router)


@dataclass(frozen=True)
class ExpertStep:
    """Experts, routed by a softmax, by a Gaussian kernel, or by a quantum kernel.

    Example:
        >>> ExpertStep().level
        'full'
    """

    name: str = "experts"
    level: str = "full"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with experts and each router.

        Args:
            recipe: the recipe so far.
            context: the question: ``experts``, ``quantum``, ``simulator``.

        Returns:
            Softmax and RBF, then the quantum kernel; none where the model cannot have experts.
        """
        config = context.config
        routers: dict[str, tuple[dict[str, Any] | None, str, str]] = {
            "softmax router": (None, "", ""),
            "RBF router": ({"name": "rbf"}, "", ""),
        }
        if config.quantum:
            kernel = {"name": "quantum_kernel", "simulator": config.simulator}
            routers["quantum kernel router"] = (kernel, "quantum kernel", "RBF router")
        arms = []
        for name, (router, algorithm, control) in routers.items():
            try:
                other = with_experts(recipe, config.experts, router)
            except ConfigurationError as error:
                return Proposal((), notes=(f"the model cannot have experts: {error}",))
            # One that is the recipe already stays too: it may be the control of another.
            arms.append(Arm(name, other, algorithm, control))
        return Proposal(arms)


@dataclass(frozen=True)
class AssignmentStep:
    """Clusters of tokens assigned to experts under capacity, twice during training, the softmax router set.

    Example:
        >>> AssignmentStep().name
        'token assignment'
    """

    name: str = "token assignment"
    level: str = "full"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with experts and assignment by MILP, and by QAOA.

        Args:
            recipe: the recipe so far.
            context: the question: ``experts``, ``quantum``, ``time_limit``.

        Returns:
            The proven assignment, then QAOA's; pairs of clusters count in both.
        """
        config = context.config
        try:
            routed = with_experts(recipe, config.experts, None)
        except ConfigurationError as error:
            return Proposal((), notes=(f"the model cannot have experts: {error}",))
        steps = step_counts(recipe.training, len(config.data.train))[1]
        settings = {
            "n_clusters": _CLUSTERS, "every": max(1, steps // 4), "until": max(1, steps // 2),
            "co_weight": _CO_WEIGHT, "time_limit": config.time_limit,
        }  # fmt: skip
        arms = [Arm("assigned by MILP", replace(routed, reassignment={**settings, "method": "milp"}))]
        if config.quantum:
            circuit = replace(routed, reassignment={**settings, "method": "qaoa"})
            arms.append(Arm("assigned by QAOA", circuit, "QAOA", "assigned by MILP"))
        return Proposal(arms)
