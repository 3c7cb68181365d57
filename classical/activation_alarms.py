"""When an activation or a gradient counts as vanishing, exploding or dead, and the record of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .errors import ConfigurationError
from .running_statistics import RunningStatistics

__all__ = ["Alarm", "AlarmThresholds", "judge_activation", "judge_gradient"]

_POSITIVE = (
    "exploding_activation",
    "vanishing_activation",
    "exploding_gradient",
    "vanishing_gradient",
    "dead_share",
)


@dataclass(frozen=True)
class Alarm:
    """One thing that went wrong in one module; the first step at which it did.

    Attributes:
        module: name of the module in the model.
        kind: ``"vanishing"``, ``"exploding"`` or ``"dead"``.
        value: what was measured at that step.
        threshold: what it was compared with.
        step: the step, counted from 1.
        quantity: ``"activation"`` or ``"gradient"``.
        output: which of several outputs of the module, as ``"0"`` or ``"logits"``; empty for a lone tensor.
        measure: what the value is: ``"root mean square"``, ``"relative root mean square"``,
            ``"largest absolute value"``, ``"non-finite share"`` or ``"share of silent units"``.
        steps: at how many steps it happened, this one included.
        last_step: the last of them.
    """

    module: str
    kind: str
    value: float
    threshold: float
    step: int
    quantity: str
    output: str = ""
    measure: str = ""
    steps: int = 1
    last_step: int = 0

    def __str__(self) -> str:
        place = f"{self.module}[{self.output}]" if self.output else self.module or "the model"
        often = f", at {self.steps} steps up to {self.last_step}" if self.steps > 1 else ""
        side = {"vanishing": "below", "exploding": "above", "dead": "at least"}[self.kind]
        return (
            f"step {self.step}: {self.quantity} of {place} is {self.kind}: {self.measure} {self.value:.3g}, "
            f"{side} {self.threshold:.3g}{often}"
        )


@dataclass(frozen=True)
class AlarmThresholds:
    """The limits of one monitor. All comparisons are with the statistics of one step, not with running ones.

    Args:
        exploding_activation: an activation explodes when its largest absolute value exceeds this, or when it
            holds an infinite value or NaN. float16 ends at 65,504.
        vanishing_activation: an activation vanishes when its root mean square is below this; a step of zeros
            alone counts.
        exploding_gradient: a gradient explodes when its root mean square exceeds this, or when it holds an
            infinite value or NaN. It is absolute: under a gradient scaler multiply it by the scale.
        vanishing_gradient: a gradient vanishes when its root mean square is below this share of the largest
            root mean square among the watched modules of the same step. Relative, because the size of all
            gradients together depends on how the loss is averaged, and an optimizer like Adam divides it out.
        dead_share: a module is dead when at least this share of its units is silent.
        dead_steps: a unit is silent when all its activations were exactly 0 in this many steps in a row.

    Raises:
        ConfigurationError: a threshold that is no positive number, a share outside (0, 1], no whole number of
            steps.

    Example:
        >>> AlarmThresholds(dead_share=0.25).dead_share
        0.25
    """

    exploding_activation: float = 1e4
    vanishing_activation: float = 1e-6
    exploding_gradient: float = 1e3
    vanishing_gradient: float = 1e-6
    dead_share: float = 0.5
    dead_steps: int = 10

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise ConfigurationError(f"{name} must be a positive number; {value!r} was given")
        if self.dead_share > 1:
            raise ConfigurationError(f"dead_share is a share, at most 1; {self.dead_share!r} was given")
        steps: Any = self.dead_steps
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ConfigurationError(f"dead_steps must be a whole number from 1; {steps!r} was given")


Finding = tuple[str, str, float, float]
"""Kind, measure, value, threshold."""


def judge_activation(
    statistics: RunningStatistics, silent_share: float, thresholds: AlarmThresholds
) -> list[Finding]:
    """What is wrong with the activations of one step.

    Args:
        statistics: of that step alone.
        silent_share: share of units that were silent for ``dead_steps`` steps, 0 if not known.
        thresholds: the limits.

    Returns:
        Kind, measure, value and threshold of everything that is wrong; empty if nothing is.

    Example:
        >>> import torch
        >>> statistics = RunningStatistics()
        >>> statistics.update(torch.tensor([2e4, -1.0]))
        >>> judge_activation(statistics, 0.0, AlarmThresholds())
        [('exploding', 'largest absolute value', 20000.0, 10000.0)]
    """
    found = _nonfinite(statistics)
    size, limit = statistics.max_absolute, thresholds.exploding_activation
    if size > limit and not found:
        found.append(("exploding", "largest absolute value", size, limit))
    size, limit = statistics.root_mean_square, thresholds.vanishing_activation
    if size < limit:
        found.append(("vanishing", "root mean square", size, limit))
    if silent_share >= thresholds.dead_share:
        found.append(("dead", "share of silent units", silent_share, thresholds.dead_share))
    return found


def judge_gradient(
    statistics: RunningStatistics, largest: float, thresholds: AlarmThresholds
) -> list[Finding]:
    """What is wrong with the gradients of one step.

    Args:
        statistics: of that step alone.
        largest: the largest root mean square of a gradient among all watched modules at that step.
        thresholds: the limits.

    Returns:
        Kind, measure, value and threshold of everything that is wrong; empty if nothing is.

    Example:
        >>> import torch
        >>> statistics = RunningStatistics()
        >>> statistics.update(torch.tensor([1e-9, -1e-9]))
        >>> [(kind, measure, f"{value:.0e}") for kind, measure, value, _ in
        ...  judge_gradient(statistics, 1e-2, AlarmThresholds())]
        [('vanishing', 'relative root mean square', '1e-07')]
    """
    found = _nonfinite(statistics)
    size, limit = statistics.root_mean_square, thresholds.exploding_gradient
    if size > limit and not found:
        found.append(("exploding", "root mean square", size, limit))
    if not math.isnan(size):
        relative = size / largest if largest > 0 else 0.0
        if relative < thresholds.vanishing_gradient:
            found.append(("vanishing", "relative root mean square", relative, thresholds.vanishing_gradient))
    return found


def _nonfinite(statistics: RunningStatistics) -> list[Finding]:
    if statistics.nonfinite:
        return [("exploding", "non-finite share", statistics.nonfinite_share, 0.0)]
    return []
