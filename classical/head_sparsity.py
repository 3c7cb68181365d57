"""Heads taken out one after the other while a model is trained, by importance and on a cubic schedule.

Shapes: L layers, H heads of a layer.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from .errors import ConfigurationError, TrainingError
from .gate_gradients import GateGradients
from .head_sites import HeadSite, find_head_sites
from .performance_callback import PerformanceCallback, refuse_compiled
from .sparsity_rule import SparsityRule, least_important

__all__ = ["HeadSparsity"]


class HeadSparsity(PerformanceCallback):
    """Closes the least important heads until the target share of the model is closed.

    Closed is a head whose entry of the layer's ``head_mask`` is 0; masks are saved with the weights, in
    checkpoints too. Every ``interval`` steps all heads are ranked anew, closed ones included: a head whose
    importance has risen comes back, until the last choice. Every layer keeps at least one. After training
    ``prune_masked_heads(model)`` removes what is closed for good; until then the model has its full size.
    With early stopping the weights of the best step may be from before the end of the schedule, with their
    mask.

    Args:
        **settings: fields of ``SparsityRule``.

    Attributes:
        importance: of each head of each layer, as of the last choice; None before the first.
        history: one entry per choice: ``step``, ``share`` closed, ``closed`` heads by layer, how many
            ``came_back``.

    Raises:
        ConfigurationError: a setting that is not legal; from training, a model with other attention, masks
            other than 0 and 1, or a target that no choice of heads meets.

    Example:
        >>> callback = HeadSparsity(target=0.5)
        >>> callback.rule.target, callback.importance
        (0.5, None)
    """

    rule_class = SparsityRule
    kept = ("importance", "span", "closed_at_first", "measured", "measured_times")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.importance: list[list[float]] | None = None
        self.span: list[int] = []
        self.closed_at_first = 0
        self.measured: list[list[float]] = []
        self.measured_times = 0
        self._sites: list[HeadSite] = []
        self._gradients: GateGradients | None = None
        self._listening = False

    def to_dict(self) -> dict[str, Any]:
        """Settings, history and the ``importance`` as of the last choice."""
        return {**super().to_dict(), "importance": self.importance}

    def release(self) -> None:
        """Stop listening; masks stay."""
        if self._gradients is not None:
            self._gradients.cancel()
        self._listening = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Find the heads; plan the schedule, or go on with that of the checkpoint.

        Raises:
            ConfigurationError: a model or a target that cannot be served.
        """
        self.release()
        refuse_compiled(self.rule.name, args, named["model"])
        self._sites = _masked_sites(named["model"])
        self._gradients = GateGradients(self._sites)
        if self.span:
            return
        self.span = list(self.rule.span(state.max_steps))
        heads = sum(site.num_heads for site in self._sites)
        wanted = round(self.rule.target * heads)
        self.closed_at_first = sum(row.count(False) for row in self._open_heads())
        if wanted == 0 or wanted < self.closed_at_first:
            raise ConfigurationError(
                f"a target of {self.rule.target:g} of {heads} heads is {wanted}, and {self.closed_at_first} "
                f"are closed already; give a target of at least {max(1, self.closed_at_first) / heads:.3g}"
            )
        least_important([[0.0] * site.num_heads for site in self._sites], wanted)

    def on_step_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Listen in the steps before a choice."""
        step = state.global_step + 1
        choice = self.rule.next_choice(step, *self.span)
        if self._gradients is not None and choice is not None and choice - step < self.rule.measured_steps:
            self._gradients.begin()
            self._listening = True

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """All passes of the step are done: add what was measured."""
        if self._gradients is None or not self._listening:
            return
        self._listening = False
        found = self._gradients.end()
        if not self.measured:
            self.measured = [[0.0] * len(row) for row in found]
        self.measured = [
            [old + new for old, new in zip(before, row, strict=True)]
            for before, row in zip(self.measured, found, strict=True)
        ]
        self.measured_times += 1

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Choose, where a choice is due; before anything is saved.

        Raises:
            TrainingError: no gradient has reached any head.
        """
        step = state.global_step
        if not self.measured_times or self.rule.next_choice(step, *self.span) != step:
            return
        if not any(value for row in self.measured for value in row):
            raise TrainingError(
                f"no gradient reached any head in the {self.measured_times} step(s) before step {step}, so "
                "none can be ranked; train more than what comes after attention, or leave head_sparsity out"
            )
        self._remember()
        heads = sum(site.num_heads for site in self._sites)
        count = self.rule.heads_out(step, *self.span, heads, out_at_first=self.closed_at_first)
        before, after = self._open_heads(), least_important(self.importance or [], count)
        with torch.no_grad():
            for site, row in zip(self._sites, after, strict=True):
                mask: Any = site.attention.head_mask
                mask.copy_(torch.tensor(row, dtype=mask.dtype))
        back = sum(
            now and not was
            for old, new in zip(before, after, strict=True)
            for was, now in zip(old, new, strict=True)
        )
        closed = [[head for head, stays in enumerate(row) if not stays] for row in after]
        self.history.append({"step": step, "share": count / heads, "closed": closed, "came_back": back})

    def _remember(self) -> None:
        """Mix what was measured since the last choice into the importance."""
        fresh = [_normalized(row) if self.rule.normalize else row for row in self.measured]
        if self.importance is not None:
            weight = self.rule.memory
            fresh = [
                [weight * old + (1.0 - weight) * new for old, new in zip(before, row, strict=True)]
                for before, row in zip(self.importance, fresh, strict=True)
            ]
        self.importance = fresh
        self.measured, self.measured_times = [], 0

    def _open_heads(self) -> list[list[bool]]:
        """Which heads are open, layer by layer."""
        masks: list[Any] = [site.attention.head_mask for site in self._sites]
        return [[value != 0 for value in mask.tolist()] for mask in masks]


def _normalized(row: list[float]) -> list[float]:
    """A layer's importances over their Euclidean norm; zeros stay zeros."""
    norm = math.hypot(*row)
    return [value / norm for value in row] if norm else row


def _masked_sites(model: Any) -> list[HeadSite]:
    """The heads of a model, all of them with masks of 0 and 1."""
    sites = find_head_sites(model)
    for site in sites:
        if site.family != "distance":
            raise ConfigurationError(
                f"{site.name} is attention of the kind {site.family!r}, which has no head mask that is "
                "saved with the model; head_sparsity works on DistanceAttention"
            )
        mask: Any = site.attention.head_mask
        if not bool(((mask == 0) | (mask == 1)).all()):
            raise ConfigurationError(
                f"the head mask of {site.name or type(model).__name__} is {mask.tolist()}; head_sparsity "
                "opens and closes heads, and needs masks of 0 and 1: set_head_mask sets them"
            )
    return sites
