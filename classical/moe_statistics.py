"""What a router did, over all passes since the last reset.

Symbols: E experts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RoutingCounts", "RoutingStatistics"]


@dataclass(frozen=True)
class RoutingStatistics:
    """Load and choice of the experts of one layer. Padded tokens are counted nowhere.

    Args:
        passes: passes with at least one token.
        tokens: tokens routed.
        load: assignments per expert as the router asked for them, E numbers.
        mean_probability: mean router probability per expert, E numbers.
        entropy: mean entropy of a token's router probabilities over log E; 0 decided, 1 undecided.
        dropped: assignments that found no room.
        tokens_without_expert: tokens all of whose experts had no room; their output is 0.
        mean_pass_violation: mean over passes of MaxVio of the pass alone.
        probability_mass: the mass in use now; None where every token gets the same number.
        bias: the bias of the choice now, E numbers; None without loss-free balancing.

    Example:
        >>> counts = RoutingCounts(2)
        >>> counts.add(
        ...     tokens=4, load=[3, 1], kept=[3, 1], probability_sums=[2.6, 1.4], entropy=0.5, without=0
        ... )
        >>> counts.statistics().max_violation
        0.5
    """

    passes: int
    tokens: int
    load: tuple[int, ...]
    mean_probability: tuple[float, ...]
    entropy: float
    dropped: int
    tokens_without_expert: int
    mean_pass_violation: float
    probability_mass: float | None = None
    bias: tuple[float, ...] | None = None

    @property
    def assignments(self) -> int:
        """Assignments of a token to an expert that the router asked for."""
        return sum(self.load)

    @property
    def load_share(self) -> tuple[float, ...]:
        """Share of each expert in all assignments; NaN before the first token."""
        return tuple(_ratio(part, self.assignments) for part in self.load)

    @property
    def max_violation(self) -> float:
        """MaxVio = largest load / mean load - 1 (arXiv 2408.15664); 0 when even, E - 1 at worst."""
        return max_violation(self.load)

    @property
    def coefficient_of_variation(self) -> float:
        """Standard deviation of the load over its mean, over the E experts."""
        mean = self.assignments / len(self.load)
        spread = math.sqrt(sum((part - mean) ** 2 for part in self.load) / len(self.load))
        return _ratio(spread, mean)

    @property
    def load_entropy(self) -> float:
        """Entropy of the load shares over log E: 1 when even, 0 where one expert gets everything."""
        if self.assignments == 0:
            return math.nan
        if len(self.load) == 1:
            return 1.0
        total = -sum(share * math.log(share) for share in self.load_share if share > 0)
        return total / math.log(len(self.load))

    @property
    def mean_active(self) -> float:
        """Experts per token that the router asked for."""
        return _ratio(self.assignments, self.tokens)

    @property
    def dropped_share(self) -> float:
        """Share of the assignments that found no room."""
        return _ratio(self.dropped, self.assignments)

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain numbers and lists, for JSON; NaN where there was no token."""
        return {
            "passes": self.passes,
            "tokens": self.tokens,
            "load": list(self.load),
            "mean_probability": list(self.mean_probability),
            "max_violation": self.max_violation,
            "mean_pass_violation": self.mean_pass_violation,
            "coefficient_of_variation": self.coefficient_of_variation,
            "load_entropy": self.load_entropy,
            "router_entropy": self.entropy,
            "mean_active": self.mean_active,
            "dropped_share": self.dropped_share,
            "tokens_without_expert": self.tokens_without_expert,
            "probability_mass": self.probability_mass,
            "bias": None if self.bias is None else list(self.bias),
        }

    def table(self) -> pd.DataFrame:
        """One row per expert: load, its share, mean probability, and the bias where there is one."""
        import pandas as pd

        columns: dict[str, Any] = {
            "load": self.load,
            "load share": self.load_share,
            "mean probability": self.mean_probability,
        }
        if self.bias is not None:
            columns["bias"] = self.bias
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self.load), name="expert"))


@dataclass
class RoutingCounts:
    """Sums behind the statistics, in plain numbers.

    Args:
        num_experts: E.

    Example:
        >>> RoutingCounts(4).statistics().tokens
        0
    """

    num_experts: int
    passes: int = 0
    tokens: int = 0
    load: list[int] = field(default_factory=list)
    probability_sums: list[float] = field(default_factory=list)
    entropy_sum: float = 0.0
    dropped: int = 0
    without: int = 0
    violation_sum: float = 0.0

    def __post_init__(self) -> None:
        self.load = self.load or [0] * self.num_experts
        self.probability_sums = self.probability_sums or [0.0] * self.num_experts

    def add(
        self,
        *,
        tokens: int,
        load: list[int],
        kept: list[int],
        probability_sums: list[float],
        entropy: float,
        without: int,
    ) -> None:
        """Count one pass.

        Args:
            tokens: tokens routed; a pass without any is not counted.
            load: assignments asked for, per expert.
            kept: assignments carried out, per expert.
            probability_sums: router probabilities summed over tokens, per expert.
            entropy: mean entropy of the router over tokens, in nats.
            without: tokens that kept no expert.
        """
        if tokens == 0:
            return
        self.passes += 1
        self.tokens += tokens
        self.load = [a + b for a, b in zip(self.load, load, strict=True)]
        self.probability_sums = [a + b for a, b in zip(self.probability_sums, probability_sums, strict=True)]
        self.entropy_sum += entropy * tokens
        self.dropped += sum(load) - sum(kept)
        self.without += without
        self.violation_sum += max_violation(load)

    def statistics(
        self, probability_mass: float | None = None, bias: tuple[float, ...] | None = None
    ) -> RoutingStatistics:
        """The statistics so far.

        Args:
            probability_mass: the mass in use now.
            bias: the bias in use now.

        Returns:
            Means are NaN before the first token.
        """
        scale = math.log(self.num_experts) if self.num_experts > 1 else 1.0
        return RoutingStatistics(
            passes=self.passes,
            tokens=self.tokens,
            load=tuple(self.load),
            mean_probability=tuple(_ratio(part, self.tokens) for part in self.probability_sums),
            entropy=_ratio(self.entropy_sum, self.tokens) / scale,
            dropped=self.dropped,
            tokens_without_expert=self.without,
            mean_pass_violation=_ratio(self.violation_sum, self.passes),
            probability_mass=probability_mass,
            bias=bias,
        )


def max_violation(load: list[int] | tuple[int, ...]) -> float:
    """Largest load over mean load, minus 1; NaN without load.

    Example:
        >>> max_violation([3, 1])
        0.5
    """
    return _ratio(max(load) * len(load), sum(load)) - 1.0


def _ratio(part: float, whole: float) -> float:
    """A quotient, NaN where nothing was counted."""
    return part / whole if whole else math.nan
