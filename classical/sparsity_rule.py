"""How many heads are taken out when, and which: a cubic schedule, and a choice that leaves every layer one.

Share of heads out at step t, between the first step t0 and the last step t1 of the schedule (Zhu and Gupta
2017, "To prune, or not to prune", arXiv 1710.01878, equation 1):

    s(t) = s_f + (s_i - s_f) (1 - (t - t0) / (t1 - t0))^3

fast at first, while there is much to spare, then slower. Shares of a few heads are rounded down to whole
ones before t1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import ConfigurationError
from .performance_rules import PerformanceRule

__all__ = ["SparsityRule", "least_important"]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class SparsityRule(PerformanceRule):
    """Settings of the gradual removal of heads.

    Args:
        target: share of the model's heads to take out, above 0 and below 1; the number of heads is
            rounded to the nearest whole one.
        begin: share of the training after which the first heads go.
        end: share of the training after which the choice is final.
        interval: optimizer steps between two choices.
        measured_steps: steps before each choice in which importance is measured.
        memory: weight of the importance of earlier choices against the new one, at least 0 and below 1.
        normalize: divide the importances of a layer by their Euclidean norm, as Michel et al. 2019 do (arXiv
            1905.10650), so that layers with small gradients do not lose all their heads.

    Raises:
        ConfigurationError: a value is not legal.

    Example:
        >>> rule = SparsityRule(target=0.5, begin=0.0, end=1.0)
        >>> [round(rule.share(step, 0, 4), 3) for step in range(5)]
        [0.0, 0.289, 0.438, 0.492, 0.5]
    """

    name = "head_sparsity"

    target: float = 0.25
    begin: float = 0.2
    end: float = 0.7
    interval: int = 10
    measured_steps: int = 4
    memory: float = 0.5
    normalize: bool = True

    def __post_init__(self) -> None:
        self._check_number("target", 0.0, 1.0, open_low=True, open_high=True)
        self._check_number("begin", 0.0, 1.0, open_high=True)
        self._check_number("end", 0.0, 1.0, open_low=True)
        self._check_order("begin", "end", strict=True)
        self._check_number("memory", 0.0, 1.0, open_high=True)
        self._check_whole("interval", 1)
        self._check_whole("measured_steps", 1)
        if not isinstance(self.normalize, bool):
            raise ConfigurationError(
                f"normalize of {self.name} is {self.normalize!r}; it must be true or false"
            )

    def span(self, total: int) -> tuple[int, int]:
        """First and last step of the schedule in a run of so many steps.

        Args:
            total: optimizer steps of the run.

        Returns:
            The steps after which the first and the last choice are made; the first is at least 1.

        Raises:
            ConfigurationError: the run has fewer than two steps between them.

        Example:
            >>> SparsityRule(begin=0.1, end=0.8).span(50)
            (5, 40)
        """
        first, last = max(1, round(self.begin * total)), round(self.end * total)
        if last <= first:
            raise ConfigurationError(
                f"{self.name} begins at {self.begin:g} and ends at {self.end:g} of a run of {total} steps, "
                "which are the same step; give more steps, or begin and end further apart"
            )
        return first, last

    def next_choice(self, step: int, first: int, last: int) -> int | None:
        """The first step at or after this one in which heads are chosen; None after the last.

        Example:
            >>> rule = SparsityRule(interval=10)
            >>> [rule.next_choice(step, 5, 22) for step in (1, 5, 6, 16, 22, 23)]
            [5, 5, 15, 22, 22, None]
        """
        if step > last:
            return None
        if step <= first:
            return first
        return min(last, first + self.interval * -(-(step - first) // self.interval))

    def share(self, step: int, first: int, last: int, *, first_share: float = 0.0) -> float:
        """s(t).

        Args:
            step: t.
            first: t0.
            last: t1.
            first_share: s_i.

        Returns:
            The share of heads to be out.
        """
        rest = 1.0 - min(1.0, max(0.0, (step - first) / (last - first)))
        return self.target + (first_share - self.target) * rest**3

    def heads_out(self, step: int, first: int, last: int, heads: int, *, out_at_first: int = 0) -> int:
        """Number of heads to be out after a step.

        Args:
            step: t.
            first: t0.
            last: t1.
            heads: heads of the model.
            out_at_first: heads that were out before the schedule began.

        Returns:
            Whole heads: the target's nearest at the end, s(t) rounded down before it.

        Example:
            >>> [SparsityRule(target=0.5).heads_out(step, 0, 4, 8) for step in range(5)]
            [0, 2, 3, 3, 4]
        """
        if step >= last:
            return round(self.target * heads)
        share = self.share(step, first, last, first_share=out_at_first / heads)
        return min(round(self.target * heads), math.floor(share * heads + _ROUNDING))


def least_important(importance: Sequence[Sequence[float]], count: int) -> list[list[bool]]:
    """Which heads stay if the least important ones are taken out, and every layer keeps one.

    Args:
        importance: a number for each head of each layer.
        count: heads to take out.

    Returns:
        True for the heads that stay, layer by layer; of equally important heads the first go.

    Raises:
        ConfigurationError: so many cannot go.

    Example:
        >>> least_important([[0.1, 0.2], [0.9, 0.8]], 2)
        [[False, True], [True, False]]
    """
    heads = sum(len(layer) for layer in importance)
    most = heads - len(importance)
    if count > most:
        raise ConfigurationError(
            f"{count} of {heads} heads are to be taken out, and {len(importance)} layers keep at least one "
            f"head each: at most {most} can go; give a target of at most {most / heads:.3g}"
        )
    stay = [[True] * len(layer) for layer in importance]
    ranked = sorted(
        (value, layer, head) for layer, row in enumerate(importance) for head, value in enumerate(row)
    )
    for _, layer, head in ranked:
        if count and sum(stay[layer]) > 1:
            stay[layer][head] = False
            count -= 1
    return stay
