"""What heads cost, in the form a budget counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ..classical.head_cost import head_costs
from ..errors import OptionError
from .labelled_batches import LabelledBatches

__all__ = ["read_costs"]


def read_costs(model: nn.Module, costs: Any, batches: LabelledBatches) -> NDArray[np.float64]:
    """Costs of all heads.

    Args:
        model: the model.
        costs: "parameters", "flops" (of one example as long as those of the batches), or numbers, (N,).
        batches: for the length of an example.

    Returns:
        (N,).

    Raises:
        OptionError: another word, or no numbers.
    """
    if isinstance(costs, str):
        if costs == "parameters":
            return head_costs(model, "parameters").numpy()
        if costs == "flops":
            return head_costs(model, "flops", _length(batches)).numpy()
        raise OptionError(f"costs is {costs!r}; legal are 'parameters', 'flops', or one number per head")
    try:
        numbers = costs.detach().cpu().numpy() if isinstance(costs, Tensor) else costs
        return np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise OptionError(f"costs are no numbers ({problem}); give one per head") from problem


def _length(batches: LabelledBatches) -> int:
    """Positions of an example: the second dimension of what the model reads."""
    for name in ("input_ids", "input_values", "inputs_embeds"):
        given = batches.batches[0].get(name)
        if isinstance(given, Tensor) and given.dim() >= 2:
            return int(given.shape[1])
    raise OptionError(
        "examples have no input_ids or input_values whose positions could be counted; give costs as numbers"
    )
