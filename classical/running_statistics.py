"""Mean, spread, largest value, zeros and non-finite values of a stream of tensors, none of which is kept.

Shapes: N elements of one tensor, U units (entries of the last or another chosen axis).

A tensor is reduced to seven numbers, and those are merged with the parallel form of Welford's update (Chan,
Golub and LeVeque 1983, "Algorithms for Computing the Sample Variance", The American Statistician 37, eqs.
1.5):

    mean = mean_a + delta n_b / n,    m2 = m2_a + m2_b + delta^2 n_a n_b / n,    delta = mean_b - mean_a

so that many small updates lose no digits against one large one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["RunningStatistics", "silent_units"]


@dataclass
class RunningStatistics:
    """Streamed statistics. Mean, spread and largest value are over the finite elements.

    Attributes:
        count: elements seen, finite or not.
        nonfinite: how many of them were infinite or not a number.
        zeros: how many of them were exactly 0.
        mean: of the finite elements; 0 before the first.
        squares: sum of squared deviations from the mean.
        absolute_sum: sum of absolute values.
        max_absolute: largest absolute value.

    Example:
        >>> statistics = RunningStatistics()
        >>> statistics.update(torch.tensor([1.0, 0.0]))
        >>> statistics.update(torch.tensor([-3.0, float("nan")]))
        >>> statistics.count, statistics.zero_share, statistics.nonfinite_share, statistics.max_absolute
        (4, 0.25, 0.25, 3.0)
        >>> round(statistics.mean, 6), round(statistics.std, 6)
        (-0.666667, 1.699673)
    """

    count: int = 0
    nonfinite: int = 0
    zeros: int = 0
    mean: float = 0.0
    squares: float = 0.0
    absolute_sum: float = 0.0
    max_absolute: float = 0.0

    @property
    def finite(self) -> int:
        """How many elements were finite."""
        return self.count - self.nonfinite

    @property
    def std(self) -> float:
        """Standard deviation of the finite elements (divided by their number, not by one less)."""
        return math.sqrt(self.squares / self.finite) if self.finite else math.nan

    @property
    def mean_absolute(self) -> float:
        """Mean of the absolute values of the finite elements."""
        return self.absolute_sum / self.finite if self.finite else math.nan

    @property
    def root_mean_square(self) -> float:
        """Square root of the mean square of the finite elements."""
        return math.hypot(self.mean, self.std) if self.finite else math.nan

    @property
    def zero_share(self) -> float:
        """Share of the elements that were exactly 0."""
        return self.zeros / self.count if self.count else math.nan

    @property
    def nonfinite_share(self) -> float:
        """Share of the elements that were infinite or not a number."""
        return self.nonfinite / self.count if self.count else math.nan

    def update(self, values: Tensor) -> None:
        """Add the elements of a tensor.

        Args:
            values: floating-point tensor of any shape; it is not kept and its graph is not touched. Half
                precision is reduced in float32, so that squares do not overflow.
        """
        self.merge(_summary(values))

    def merge(self, other: RunningStatistics) -> None:
        """Add what another stream has seen.

        Args:
            other: statistics of other elements; it stays as it is.
        """
        here, there = self.finite, other.finite
        if there:
            delta = other.mean - self.mean
            both = here + there
            self.mean += delta * there / both
            self.squares += other.squares + delta * delta * here * there / both
            self.absolute_sum += other.absolute_sum
            self.max_absolute = max(self.max_absolute, other.max_absolute)
        self.count += other.count
        self.nonfinite += other.nonfinite
        self.zeros += other.zeros


def silent_units(values: Tensor, axis: int) -> Tensor:
    """Which units are 0 in every element of a tensor.

    Args:
        values: tensor with at least one axis.
        axis: the axis of the units, U.

    Returns:
        Boolean tensor (U,) on the device of the values.

    Example:
        >>> silent_units(torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), -1).tolist()
        [True, False, False]
    """
    with torch.no_grad():
        largest = values.detach().abs().movedim(axis, -1).reshape(-1, values.shape[axis]).amax(0)
        # A NaN is no zero: it compares unequal, and the unit counts as alive.
        return largest == 0


def _summary(values: Tensor) -> RunningStatistics:
    """One tensor as statistics, with one transfer from the device and two temporary tensors of its size."""
    with torch.no_grad():
        flat = values.detach().reshape(-1)
        if flat.numel() == 0:
            return RunningStatistics()
        if flat.dtype in (torch.float16, torch.bfloat16):
            flat = flat.float()
        absolute = flat.abs()
        smallest, largest = torch.aminmax(absolute)
        center = flat.mean()
        absolute_mean = absolute.mean()
        centered = torch.sub(flat, center, out=absolute)
        row = [smallest, largest, center, absolute_mean, torch.dot(centered, centered)]
        low, high, mean, mean_absolute, squares = torch.stack(row).double().tolist()
        # The largest absolute value is finite exactly if all elements are (aminmax hands a NaN on); sums of
        # finite elements can still overflow.
        if not all(map(math.isfinite, (high, mean, mean_absolute, squares))):
            return _careful_summary(flat)
        zeros = flat.numel() - int(torch.count_nonzero(flat)) if low == 0 else 0
        count = flat.numel()
        return RunningStatistics(count, 0, zeros, mean, squares, mean_absolute * count, high)


def _careful_summary(flat: Tensor) -> RunningStatistics:
    """The same in float64 over the finite elements alone."""
    count = flat.numel()
    finite = flat[torch.isfinite(flat)].double()
    zeros = count - int(torch.count_nonzero(flat))
    if finite.numel() == 0:
        return RunningStatistics(count, count, zeros)
    mean = float(finite.mean())
    centered = finite - mean
    return RunningStatistics(
        count,
        count - finite.numel(),
        zeros,
        mean,
        float(torch.dot(centered, centered)),
        float(finite.abs().sum()),
        float(finite.abs().max()),
    )
