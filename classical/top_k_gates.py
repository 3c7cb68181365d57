"""Gates that keep k of H attention heads, learned by a relaxation: the classical counterparts of QAOA gates.

Shapes: H heads, P = H (H - 1) / 2 pairs of heads in the order (0, 1), (0, 2), ..., (H - 2, H - 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import choice_setting, number_setting, read_settings, whole_number_setting
from .errors import ComponentError
from .subset_relaxation import subset_marginals, subset_mask
from .temperatures import TEMPERATURES, bounded_temperature

__all__ = ["GumbelTopKGate", "TopKGate", "build_gumbel_top_k_gate", "build_top_k_gate", "gate_settings"]

_MODES = ("hard", "marginals")


class TopKGate(nn.Module):
    """The k heads of greatest importance less redundancy, with gradients for those that are switched off.

    Marginals g are made in S steps of a mean field, from g = k / H for all heads:

        g <- subset_marginals((importance - c_s R g) / t_s, k),    R symmetric, one entry per pair

    (`subset_relaxation`: a sigmoid over a threshold that makes the sum k). An entry of R is what a head loses
    of its importance when the other one of the pair is kept: positive for redundant heads, negative for heads
    that work better together. With R = 0, where it starts, this is the top-k of importance. Each step has a
    strength c_s and a temperature t_s. Mode "hard" returns ones at the k largest marginals and zeros
    elsewhere, with the gradient of the marginals (straight-through), so that heads which are off are still
    told whether they would help and a choice can change; "marginals" returns g, which sums to k already.

    It has H + P + 2 S parameters: as many as a QAOA gate of depth S, whose layers have two angles each.

    Args:
        num_heads: H, at least 2.
        keep: k, 1 to H - 1; half of the heads, rounded down, where not given.
        mode: "hard" or "marginals".
        steps: S.
        temperature: first value of every t_s, 0.01 to 10, the range in which training keeps it.
        initializer_std: standard deviation of the first importances; small, so that little training changes
            the choice, and not 0, so that the first choice is not always the same.

    Raises:
        ComponentError: no number of heads to keep.

    Example:
        >>> gate = TopKGate(4, keep=2)
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
        steps: int = 3,
        temperature: float = 0.1,
        initializer_std: float = 0.1,
    ) -> None:
        super().__init__()
        self.num_heads, self.mode = num_heads, mode
        self.keep = num_heads // 2 if keep is None else keep
        if not 1 <= self.keep < num_heads:
            raise ComponentError(f"keep is {keep!r}; of {num_heads} heads, 1 to {num_heads - 1} can be kept")
        self.first_temperature, self.initializer_std = temperature, initializer_std
        self.importance = nn.Parameter(torch.empty(num_heads))
        self.redundancy = nn.Parameter(torch.empty(num_heads * (num_heads - 1) // 2))
        self.strengths = nn.Parameter(torch.empty(steps))
        self.log_temperatures = nn.Parameter(torch.empty(steps))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw importances from torch's default generator; no redundancy, strengths 1, first temperatures."""
        nn.init.normal_(self.importance, std=self.initializer_std)
        nn.init.zeros_(self.redundancy)
        nn.init.ones_(self.strengths)
        nn.init.constant_(self.log_temperatures, math.log(self.first_temperature))

    def marginals(self) -> Tensor:
        """The relaxed choice (H,), between 0 and 1, of sum k."""
        precise = torch.promote_types(self.importance.dtype, torch.float32)
        importance = self._scores(self.importance.to(precise))
        first, second = torch.triu_indices(self.num_heads, self.num_heads, 1, device=importance.device)
        upper = importance.new_zeros(self.num_heads, self.num_heads)
        upper = upper.index_put((first, second), self.redundancy.to(precise))
        redundancy = upper + upper.T
        strengths, temperatures = self.strengths.to(precise), bounded_temperature(self.log_temperatures)
        gates = torch.full_like(importance, self.keep / self.num_heads)
        for strength, temperature in zip(strengths, temperatures, strict=True):
            scores = importance - strength * (redundancy @ gates)
            gates = subset_marginals(scores / temperature, self.keep)
        return gates

    def forward(self, hidden: Tensor | None) -> Tensor:
        """Gates (H,), whatever the hidden states (B, T, C)."""
        gates = self.marginals()
        return subset_mask(gates, self.keep) if self.mode == "hard" else gates

    def extra_repr(self) -> str:
        """Heads, how many of them are kept, and how."""
        return f"{self.num_heads}, keep={self.keep}, mode={self.mode!r}, steps={len(self.strengths)}"

    def _scores(self, importance: Tensor) -> Tensor:
        """What is compared."""
        return importance


class GumbelTopKGate(TopKGate):
    """`TopKGate` that explores: in training, Gumbel noise is added to the importances of every pass.

    With noise of scale t the k largest of importance + t Gumbel are a sample of k heads without replacement,
    with probabilities in proportion to exp(importance / t) (W. Kool, H. van Hoof, M. Welling, "Stochastic
    beams and where to find them", arXiv 1903.06059), where there is no redundancy. Gradients come from the
    relaxed subset at the same noise, the idea of S. M. Xie and S. Ermon, "Reparameterizable subset sampling
    via continuous relaxations", arXiv 1901.10517. Their relaxation, k softmaxes in a row, can exceed 1 for a
    head; the one of `TopKGate` cannot and is taken instead. Evaluation has no noise. Noise comes from torch's
    default generator, as dropout's does. Parameters are those of `TopKGate`.

    Args:
        num_heads: H, at least 2.
        noise: scale of the noise in training.
        settings: as for `TopKGate`.

    Example:
        >>> gate = GumbelTopKGate(4, keep=1).eval()
        >>> bool((gate(None) == gate(None)).all())
        True
    """

    def __init__(self, num_heads: int, *, noise: float = 0.1, **settings: Any) -> None:
        super().__init__(num_heads, **settings)
        self.noise = noise

    def _scores(self, importance: Tensor) -> Tensor:
        if not self.training or self.noise == 0.0:
            return importance
        exponential = torch.empty_like(importance).exponential_()
        return importance - self.noise * exponential.log()


def gate_settings(
    component: str, settings: dict[str, Any], num_heads: int, defaults: dict[str, Any]
) -> dict[str, Any]:
    """Settings of a gate that keeps k of H heads, checked: "keep" and "mode".

    Args:
        component: what messages call it.
        settings: what was given.
        num_heads: H.
        defaults: further legal settings and their defaults.

    Returns:
        ``keep`` (half of the heads, rounded down, where not given), ``mode`` ("hard" where not given), and
        the further ones unchecked.

    Raises:
        ComponentError: fewer than two heads, an unknown setting, a number of heads that is no choice, another
            mode.

    Example:
        >>> gate_settings("head_gate 'top_k'", {}, 8, {})
        {'keep': 4, 'mode': 'hard'}
    """
    if num_heads < 2:
        raise ComponentError(f"{component} chooses among heads: it takes 2 at least, not {num_heads}")
    known = read_settings(component, settings, {"keep": num_heads // 2, "mode": "hard", **defaults})
    whole_number_setting(component, known, "keep", 1, num_heads - 1)
    choice_setting(component, known, "mode", _MODES)
    return known


def build_top_k_gate(settings: dict[str, Any], *, num_heads: int, **context: Any) -> TopKGate:
    """Builder of head gate "top_k".

    Args:
        settings: ``keep``, 1 to H - 1, half of the heads where not given; ``mode``, "hard" (where not given)
            or "marginals"; ``steps``, 1 to 20, 3 where not given; ``temperature``, 0.01 to 10, and
            ``initializer_std``, 0 to 10, both 0.1 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The gate.

    Raises:
        ComponentError: a setting that is unknown or out of its range.

    Example:
        >>> build_top_k_gate({"keep": 1}, num_heads=4)
        TopKGate(4, keep=1, mode='hard', steps=3)
    """
    return _build(TopKGate, "head_gate 'top_k'", settings, num_heads, {})


def build_gumbel_top_k_gate(settings: dict[str, Any], *, num_heads: int, **context: Any) -> TopKGate:
    """Builder of head gate "gumbel_top_k".

    Args:
        settings: those of "top_k", and ``noise``, 0 to 10, 0.1 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The gate.

    Raises:
        ComponentError: a setting that is unknown or out of its range.

    Example:
        >>> build_gumbel_top_k_gate({"noise": 1.0}, num_heads=4).noise
        1.0
    """
    return _build(GumbelTopKGate, "head_gate 'gumbel_top_k'", settings, num_heads, {"noise": 0.1})


def _build(
    make: Callable[..., TopKGate],
    component: str,
    settings: dict[str, Any],
    num_heads: int,
    more: dict[str, Any],
) -> TopKGate:
    defaults = {"steps": 3, "temperature": 0.1, "initializer_std": 0.1, **more}
    known = gate_settings(component, settings, num_heads, defaults)
    chosen = {key: number_setting(component, known, key, 0.0, 10.0) for key in ("initializer_std", *more)}
    return make(
        num_heads,
        keep=known["keep"],
        mode=known["mode"],
        steps=whole_number_setting(component, known, "steps", 1, 20),
        temperature=number_setting(component, known, "temperature", *TEMPERATURES),
        **chosen,
    )
