"""How dropout follows the entropy of attention: up where attention is peaked, down where it is diffuse.

With e the normalized entropy of a layer (1 for even weights, 0 where one key has all the weight) and p its
dropout probability of attention weights:

    p <- clip(p + rate * x, smallest, largest),
    x = (low - e) / low             for e < low      (peaked: between 0 and 1)
    x = -(e - high) / (1 - high)    for e > high     (diffuse: between -1 and 0)
    x = 0                           within the target range

Direction: very low entropy goes with unstable training (Zhai et al. 2023, arXiv 2303.06296), and a head that
puts all its weight on one key loses that key's whole message in a share p of the steps, so that dropout
pushes weight to other keys. Diffuse attention has no such concentration to break up, and dropout is then only
noise. That this direction helps is an argument, not a theorem; the documentation has the measured effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from .performance_rules import PerformanceRule

__all__ = ["EntropyRule"]


@dataclass(frozen=True)
class EntropyRule(PerformanceRule):
    """Settings of dropout that follows entropy.

    Args:
        low: lower end of the target range of the normalized entropy, at least 0.
        high: upper end, at most 1, above ``low``.
        rate: largest change of a dropout probability in one update, above 0.
        smallest: lower bound of the dropout.
        largest: upper bound, below 1.
        interval: optimizer steps between measurements.
        smoothing: weight of a new measurement against the ones before, above 0 and at most 1.
        rows: query rows looked at in each sequence, evenly spread.
        sequences: sequences of each micro-batch that are looked at, the first ones.

    Raises:
        ConfigurationError: a value is not legal.

    Example:
        >>> rule = EntropyRule(low=0.5, high=0.9, rate=0.1)
        >>> rule.after(0.2, entropy=0.25), rule.after(0.2, entropy=0.7), round(rule.after(0.2, 0.95), 3)
        (0.25, 0.2, 0.15)
    """

    name = "entropy_dropout"

    low: float = 0.5
    high: float = 0.9
    rate: float = 0.02
    smallest: float = 0.0
    largest: float = 0.5
    interval: int = 10
    smoothing: float = 0.5
    rows: int = 32
    sequences: int = 8

    def __post_init__(self) -> None:
        self._check_number("low", 0.0, 1.0, open_high=True)
        self._check_number("high", 0.0, 1.0, open_low=True)
        self._check_order("low", "high", strict=True)
        self._check_number("rate", 0.0, 1.0, open_low=True)
        self._check_number("smallest", 0.0, 1.0, open_high=True)
        self._check_number("largest", 0.0, 1.0, open_high=True)
        self._check_order("smallest", "largest", strict=False)
        self._check_number("smoothing", 0.0, 1.0, open_low=True)
        self._check_whole("interval", 1)
        self._check_whole("rows", 1)
        self._check_whole("sequences", 1)

    def after(self, dropout: float, entropy: float) -> float:
        """The dropout of a layer after one measurement.

        Args:
            dropout: probability before.
            entropy: normalized entropy, 0 to 1.

        Returns:
            Probability after, within the bounds.
        """
        push = 0.0
        if entropy < self.low:
            push = (self.low - entropy) / self.low
        elif entropy > self.high:
            push = -(entropy - self.high) / (1.0 - self.high)
        return min(self.largest, max(self.smallest, dropout + self.rate * push))

    def smoothed(self, before: float | None, measured: float) -> float:
        """The running mean of a layer's entropy.

        Args:
            before: the mean so far; None before the first measurement.
            measured: the new measurement.

        Returns:
            The mean with it.

        Example:
            >>> EntropyRule(smoothing=0.25).smoothed(1.0, 0.6)
            0.9
        """
        return measured if before is None else before + self.smoothing * (measured - before)
