"""Settings of a mixture of experts, checked on construction.

Symbols: N tokens, E experts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import ConfigurationError

__all__ = ["MoESettings"]

_BALANCES = ("auxiliary", "loss_free", "expert_choice", "none")


@dataclass(frozen=True)
class MoESettings:
    """How tokens are given to experts and how the load is balanced.

    Three ways to say how many experts a token gets: ``top_k`` alone, the same number for all tokens;
    ``probability_mass``, the fewest experts whose probabilities together reach it; ``target_active``, the
    same with a mass that a controller moves during training until tokens get that many experts on average.

    Args:
        num_experts: E.
        top_k: experts per token; 2 (or E, if that is 1) where none of the three is given.
        probability_mass: above 0, at most 1; with ``target_active``, where the controller starts.
        target_active: mean number of experts per token, 1 to ``max_active``.
        max_active: the most experts a token may get where the number varies; E where not given.
        capacity_factor: in training an expert takes at most ceil(capacity_factor * assignments / E) tokens,
            those of the highest probability; the others get nothing from it. None: no limit.
        evaluation_capacity_factor: the same outside training. Which tokens are dropped depends on all
            tokens of the batch, later ones included, so that with a limit cached decoding differs from one
            pass.
        balance: "auxiliary" (a loss), "loss_free" (a bias on the choice alone), "expert_choice" (experts take
            tokens, each token getting ``top_k`` on average) or "none". Under expert choice the experts of a
            token depend on all tokens of the batch, in evaluation too; causal models here refuse it.
        auxiliary_weight: factor of the balancing loss.
        z_loss_weight: factor of the mean squared logarithm of the sum of exponentials of the logits.
        entropy_weight: factor of the mean entropy of the router, which keeps a fixed mass from drifting to
            all experts.
        bias_speed: step of the bias under "loss_free".
        normalize_weights: whether the weights of a token's experts are divided by their sum. None: yes,
            unless a token can get one expert only: its weight would be 1 and the router would learn nothing
            from the task; under expert choice no. The same is true of the tokens that get one where the
            number varies; without the division, however, outputs there start smaller by the mass.
        bias: whether experts have biases.
        dropout: probability of a zero behind the activation of an expert, in training; at least 0, below 1.
        initializer_std: standard deviation of the experts' first weights.

    Raises:
        ConfigurationError: a value outside its range, or two that contradict each other.

    Example:
        >>> MoESettings(num_experts=8, target_active=2.0).slots
        8
    """

    num_experts: int = 4
    top_k: int | None = None
    probability_mass: float | None = None
    target_active: float | None = None
    max_active: int | None = None
    capacity_factor: float | None = None
    evaluation_capacity_factor: float | None = None
    balance: str = "auxiliary"
    auxiliary_weight: float = 0.01
    z_loss_weight: float = 0.0
    entropy_weight: float = 0.0
    bias_speed: float = 0.001
    normalize_weights: bool | None = None
    bias: bool = True
    dropout: float = 0.0
    initializer_std: float = 0.02

    def __post_init__(self) -> None:
        _check_count("num_experts", self.num_experts, 1, None)
        experts = self.num_experts
        if self.top_k is not None:
            _check_count("top_k", self.top_k, 1, experts)
        if self.max_active is not None:
            _check_count("max_active", self.max_active, 1, experts)
        if self.probability_mass is not None:
            _check_number("probability_mass", self.probability_mass, 0.0, 1.0, open_low=True)
        if self.target_active is not None:
            _check_number("target_active", self.target_active, 1.0, self.max_active or experts)
        for name in ("capacity_factor", "evaluation_capacity_factor"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), 0.0, math.inf, open_low=True)
        for name in ("auxiliary_weight", "z_loss_weight", "entropy_weight", "bias_speed", "initializer_std"):
            _check_number(name, getattr(self, name), 0.0, math.inf)
        _check_number("dropout", self.dropout, 0.0, 1.0, open_high=True)
        if self.balance not in _BALANCES:
            raise ConfigurationError(f"balance is one of {', '.join(_BALANCES)}, not {self.balance!r}")
        self._check_together()

    def _check_together(self) -> None:
        """Refuse settings that contradict each other."""
        if self.varies and self.top_k is not None:
            raise ConfigurationError(
                f"top_k={self.top_k} gives every token the same number of experts, probability_mass and "
                "target_active let it vary; leave top_k out, and limit the number by max_active"
            )
        if self.max_active is not None and not self.varies:
            raise ConfigurationError(
                "max_active limits a number of experts that varies; give probability_mass or "
                "target_active with it, or top_k instead"
            )
        if self.balance == "expert_choice" and self.varies:
            raise ConfigurationError(
                "under expert_choice the number of experts varies by itself; give top_k, its mean, and no "
                "probability_mass or target_active"
            )
        limits = (self.capacity_factor, self.evaluation_capacity_factor)
        if self.balance == "expert_choice" and limits != (None, None):
            raise ConfigurationError(
                "under expert_choice every expert takes ceil(top_k * tokens / num_experts) tokens; leave "
                "capacity_factor and evaluation_capacity_factor out"
            )
        if self.slots == 1 and self.num_experts > 1 and self.normalize_weights:
            raise ConfigurationError(
                "with one expert per token a normalized weight is always 1 and the router learns "
                "nothing from the task; leave normalize_weights out"
            )

    @property
    def varies(self) -> bool:
        """Whether tokens may get different numbers of experts."""
        return self.probability_mass is not None or self.target_active is not None

    @property
    def slots(self) -> int:
        """The most experts a token can get."""
        if self.varies:
            return self.max_active or self.num_experts
        return self.top_k or min(2, self.num_experts)

    @property
    def first_mass(self) -> float:
        """The probability mass at the start; where not given, right for a router that is still undecided."""
        if self.probability_mass is not None:
            return self.probability_mass
        return ((self.target_active or 1.0) - 0.5) / self.num_experts

    @property
    def normalizes(self) -> bool:
        """Whether weights are divided by their sum."""
        if self.normalize_weights is None:
            return self.slots > 1 and self.balance != "expert_choice"
        return self.normalize_weights


def _check_count(name: str, value: object, low: int, high: int | None) -> None:
    """Refuse what is no whole number within a range."""
    usable = isinstance(value, int) and not isinstance(value, bool)
    if not usable or value < low or (high is not None and value > high):  # type: ignore[operator]
        limits = f"of at least {low}" if high is None else f"from {low} to {high} (the number of experts)"
        raise ConfigurationError(f"{name} is a whole number {limits}, not {value!r}")


def _check_number(
    name: str, value: object, low: float, high: float, *, open_low: bool = False, open_high: bool = False
) -> None:
    """Refuse what is no finite number within a range."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ends = (open_low and value == low) or (open_high and value == high)
    if not usable or not low <= value <= high or ends:  # type: ignore[operator]
        start = f"above {low:g}" if open_low else f"of at least {low:g}"
        end = "" if math.isinf(high) else f" and {'below' if open_high else 'at most'} {high:g}"
        raise ConfigurationError(f"{name} is a number {start}{end}, not {value!r}")
