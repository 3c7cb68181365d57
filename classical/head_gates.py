"""Gates of attention heads: one factor per head on its output.

Shapes: B batch, H heads, T tokens, C hidden size.

Both gates here ignore the hidden states. A gate of one's own that reads them returns shape (B, H); over a
causal model it must not look at tokens that come later, as a mean over T would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import number_setting, read_settings
from .errors import ComponentError

__all__ = ["FixedGate", "LearnedGate", "build_fixed_gate", "build_learned_gate", "check_gates"]


class LearnedGate(nn.Module):
    """One learnable gate per head, sigmoid(parameter), between 0 and 1.

    Args:
        num_heads: H.
        start: first value of every gate, 0.95 where not given: near 1, so that the model starts almost as it
            would without gates, and not so near that the sigmoid passes no gradient (its slope there is
            0.0475).

    Example:
        >>> LearnedGate(2, start=0.5)(torch.zeros(1, 3, 8)).tolist()
        [0.5, 0.5]
    """

    def __init__(self, num_heads: int, *, start: float = 0.95) -> None:
        super().__init__()
        self.start = start
        self.gate_logits = nn.Parameter(torch.empty(num_heads))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every gate to its first value."""
        nn.init.constant_(self.gate_logits, math.log(self.start / (1.0 - self.start)))

    def forward(self, hidden: Tensor | None) -> Tensor:
        """Gates (H,), whatever the hidden states (B, T, C)."""
        return torch.sigmoid(self.gate_logits)


class FixedGate(nn.Module):
    """Gates that training does not change, such as a mask that leaves some heads out.

    The gates are a persistent buffer and saved with the model; write into ``gates`` to change them.

    Args:
        gates: H numbers; 1 keeps a head as it is, 0 leaves it out.

    Example:
        >>> FixedGate([1, 0, 1])(None)
        tensor([1., 0., 1.])
    """

    gates: Tensor

    def __init__(self, gates: Sequence[float]) -> None:
        super().__init__()
        self.first_gates = tuple(float(value) for value in gates)
        self.register_buffer("gates", torch.empty(len(self.first_gates)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the gates to the values given at construction."""
        with torch.no_grad():
            self.gates.copy_(torch.tensor(self.first_gates))

    def forward(self, hidden: Tensor | None) -> Tensor:
        """Gates (H,), whatever the hidden states (B, T, C)."""
        return self.gates


def build_learned_gate(settings: dict[str, Any], *, num_heads: int, **context: Any) -> LearnedGate:
    """Builder of head gate "learned".

    Args:
        settings: ``start``, 0.001 to 0.999, 0.95 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The gate.

    Example:
        >>> build_learned_gate({}, num_heads=4)
        LearnedGate()
    """
    component = "head_gate 'learned'"
    known = read_settings(component, settings, {"start": 0.95})
    return LearnedGate(num_heads, start=number_setting(component, known, "start", 0.001, 0.999))


def build_fixed_gate(
    settings: dict[str, Any], *, num_heads: int, layer_index: int, **context: Any
) -> FixedGate:
    """Builder of head gate "fixed".

    Args:
        settings: ``gates``: H numbers for every layer, or one list of H numbers per layer; where not given,
            1.
        num_heads: H.
        layer_index: which list to take.
        context: not used.

    Returns:
        The gate.

    Raises:
        ComponentError: gates that are no numbers, or not one per head, or no list for this layer.

    Example:
        >>> build_fixed_gate({"gates": [[1, 1], [0, 1]]}, num_heads=2, layer_index=1)(None)
        tensor([0., 1.])
    """
    given = read_settings("head_gate 'fixed'", settings, {"gates": [1.0] * num_heads})["gates"]
    gates = given
    if isinstance(given, list | tuple) and any(isinstance(entry, list | tuple) for entry in given):
        if layer_index >= len(given):
            raise ComponentError(
                f"head_gate 'fixed' has gates for {len(given)} layers, but the layer of index {layer_index} "
                "asks; give one list per layer, or one list for all"
            )
        gates = given[layer_index]
    numbers = isinstance(gates, list | tuple) and all(
        isinstance(value, int | float) and math.isfinite(value) for value in gates
    )
    if not numbers or len(gates) != num_heads:
        raise ComponentError(
            f"gates of head_gate 'fixed' are {num_heads} finite numbers, one per head, not {gates!r}"
        )
    return FixedGate(gates)


def check_gates(gates: Tensor, num_heads: int, batch_size: int) -> Tensor:
    """Refuse what a head gate must not return.

    Args:
        gates: what it returned.
        num_heads: H.
        batch_size: B.

    Returns:
        The gates, of shape (H,) or (B, H).

    Raises:
        ComponentError: no floating-point tensor of one of these shapes.

    Example:
        >>> check_gates(torch.ones(2), num_heads=2, batch_size=5)
        tensor([1., 1.])
    """
    shapes = ((num_heads,), (batch_size, num_heads))
    if isinstance(gates, Tensor) and gates.is_floating_point() and tuple(gates.shape) in shapes:
        return gates
    given = f"{gates.dtype} of shape {tuple(gates.shape)}" if isinstance(gates, Tensor) else repr(gates)
    raise ComponentError(
        f"a head gate returned {given}; it must return floating-point gates of shape {shapes[0]} "
        f"or {shapes[1]}"
    )
