"""Level advanced: close heads after training, chosen by QAOA, beside the exact and the greedy choice.

The question is that of ``tuning.select_heads``; each seed's model is asked for its own heads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..classical.head_sites import find_head_sites
from .recipe import Recipe
from .recipe_training import new_model
from .steps import Arm, Proposal, StepContext

__all__ = ["HeadStep", "heads_by_layer"]

_MOST_EXACT = 24  # heads up to which all masks are enumerated


def heads_by_layer(recipe: Recipe, data: Any) -> list[int]:
    """Heads of each attention layer of a recipe's model.

    Args:
        recipe: the recipe.
        data: what it learns.

    Returns:
        One number per layer, as ``classical.find_head_sites`` finds them.
    """
    return [site.num_heads for site in find_head_sites(new_model(recipe, data, 0))]


@dataclass(frozen=True)
class HeadStep:
    """Keep a share of each layer's heads.

    Example:
        >>> HeadStep().judged_by
        'loss'
    """

    name: str = "head masks"
    level: str = "advanced"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with a choice of heads at its end.

        Args:
            recipe: the recipe so far.
            context: the question: ``keep``, ``quantum``.

        Returns:
            The exact (or proven) choice, and QAOA's; greedy stands beside both.
        """
        if "head_sparsity" in recipe.training.callbacks:
            return Proposal((), notes=("training closes heads already, each seed its own",))
        heads = heads_by_layer(recipe, context.config.data)
        keep = [max(1, min(count, round(context.config.keep * count))) for count in heads]
        if keep == heads:
            words = f"a share of {context.config.keep:g} keeps all of {heads} heads"
            return Proposal((), notes=(words,))
        method = "exact" if sum(heads) <= _MOST_EXACT else "milp"
        own = replace(recipe, heads={"keep": keep, "method": method, "compare": ["greedy"]})
        arms = [Arm(f"{method} choice", own)]
        if context.config.quantum:
            compare = [method, "greedy"]
            circuit = replace(recipe, heads={"keep": keep, "method": "qaoa", "compare": compare})
            arms.append(Arm("QAOA's choice", circuit, "QAOA", arms[0].name))
        return Proposal(arms)
