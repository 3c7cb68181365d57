"""Gates that keep k of H attention heads, chosen by a QAOA circuit.

Shapes: H heads, P = H (H - 1) / 2 pairs of heads in the order (0, 1), (0, 2), ..., (H - 2, H - 1).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..classical.component_settings import choice_setting, number_setting, whole_number_setting
from ..classical.errors import ComponentError
from ..classical.top_k_gates import gate_settings
from .qaoa import QAOALayer

__all__ = ["QAOAHeadGate", "build_qaoa_gate"]

_SIMULATORS = ("aer", "native")


class QAOAHeadGate(nn.Module):
    """Marginals of QAOA on: minimize -importance . x + redundancy . (x x), over masks x with k ones.

    Importance, one number per head, and redundancy, one per pair, are learned with the model; a `QAOALayer`
    whose mixer keeps the number of ones turns them into P(x_i = 1), which sums to k. A more important head
    lowers the energy. Redundancy is free in sign: positive where two heads do the same work, negative where
    they work better together, 0 at the start. Only ratios of all these coefficients count, because the layer
    divides its gammas by their typical change: weight decay on them changes nothing at once, and their size
    acts like an inverse learning rate.

    Mode "hard" returns ones at the k largest marginals and zeros elsewhere, with the gradient of the
    marginals (straight-through): heads that are off are still told whether they would help, so that a choice
    can change. It is no gradient of the mask, which is constant almost everywhere. Mode "marginals" returns
    the marginals. Training and evaluation compute the same, exactly.

    H qubits, H + P + 2 p parameters, two of them angles per layer of the circuit. A step runs one circuit on
    H qubits forward, and one adjoint sweep backward. Its k largest marginals need not be the best mask: on
    200 random problems (normal importances and redundancies of one standard deviation) the best mask was
    found with the starting angles in a share of 0.66 at depth 1, 0.83 at 2 and 0.93 at 3 for 4 heads with
    k = 2, and of 0.31, 0.45 and 0.59 for 8 heads with k = 4; without redundancy, where sorting is exact, in
    0.94 to 0.98 at depths 1 to 4. On another 200 the shares at depth 3 were 0.89 and 0.56, and those of the
    mean field of ``classical.top_k_gates`` with its first parameters 0.76 and 0.60. At such sizes enumeration
    is cheaper than either; no quantum advantage is claimed.

    Args:
        num_heads: H, at least 2.
        keep: k, 1 to H - 1; half of the heads, rounded down, where not given.
        mode: "hard" or "marginals".
        depth: layers p of the circuit.
        initializer_std: standard deviation of the first importances; small, so that little training changes
            the choice, and not 0, so that the first choice is not always the same.
        simulator: "aer" or "native".

    Raises:
        ComponentError: no number of heads to keep.

    Example:
        >>> gate = QAOAHeadGate(4, keep=2, simulator="native")
        >>> _ = torch.nn.init.constant_(gate.importance, 0.0)
        >>> with torch.no_grad():
        ...     gate.importance[1:3] = 1.0
        >>> gate(None).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """

    def __init__(
        self,
        num_heads: int,
        *,
        keep: int | None = None,
        mode: str = "hard",
        depth: int = 3,
        initializer_std: float = 0.1,
        simulator: str = "aer",
    ) -> None:
        super().__init__()
        self.num_heads, self.mode = num_heads, mode
        self.keep = num_heads // 2 if keep is None else keep
        if not 1 <= self.keep < num_heads:
            raise ComponentError(f"keep is {keep!r}; of {num_heads} heads, 1 to {num_heads - 1} can be kept")
        self.initializer_std = initializer_std
        self.importance = nn.Parameter(torch.empty(num_heads))
        self.redundancy = nn.Parameter(torch.empty(num_heads * (num_heads - 1) // 2))
        # Its values are exact, so the seed has no effect; without one it would take from torch's generator.
        self.circuit = QAOALayer(
            num_heads,
            depth=depth,
            mixer="xy",
            weight=self.keep,
            top_k=self.keep if mode == "hard" else None,
            simulator=simulator,
            seed=0,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw importances from torch's default generator; no redundancy; the starting angles."""
        nn.init.normal_(self.importance, std=self.initializer_std)
        nn.init.zeros_(self.redundancy)
        self.circuit.reset_parameters()

    def forward(self, hidden: torch.Tensor | None) -> torch.Tensor:
        """Gates (H,), whatever the hidden states (B, T, C)."""
        gates: torch.Tensor = self.circuit(-self.importance, self.redundancy)
        return gates

    def extra_repr(self) -> str:
        """Heads, how many of them are kept, and how."""
        return f"{self.num_heads}, keep={self.keep}, mode={self.mode!r}"


def build_qaoa_gate(settings: dict[str, Any], *, num_heads: int, **context: Any) -> QAOAHeadGate:
    """Builder of head gate "qaoa".

    Args:
        settings: ``keep``, 1 to H - 1, half of the heads where not given; ``mode``, "hard" (where not given)
            or "marginals"; ``depth``, 1 to 20, 3 where not given; ``initializer_std``, 0 to 10, 0.1 where not
            given; ``simulator``, "aer" (where not given) or "native".
        num_heads: H.
        context: not used.

    Returns:
        The gate.

    Raises:
        ComponentError: a setting that is unknown or out of its range.

    Example:
        >>> gate = build_qaoa_gate({"keep": 1, "simulator": "native"}, num_heads=4)
        >>> gate(None).sum().item()
        1.0
    """
    component = "head_gate 'qaoa'"
    defaults = {"depth": 3, "initializer_std": 0.1, "simulator": "aer"}
    known = gate_settings(component, settings, num_heads, defaults)
    return QAOAHeadGate(
        num_heads,
        keep=known["keep"],
        mode=known["mode"],
        depth=whole_number_setting(component, known, "depth", 1, 20),
        initializer_std=number_setting(component, known, "initializer_std", 0.0, 10.0),
        simulator=choice_setting(component, known, "simulator", _SIMULATORS),
    )
