"""A learning rate that follows progress: the schedule's, times a factor that the validation loss moves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .errors import ConfigurationError
from .performance_callback import PerformanceCallback
from .progress_rule import ProgressRule, ProgressState

__all__ = ["ProgressLearningRate"]


class ProgressLearningRate(PerformanceCallback):
    """Multiplies the learning rate by the factor of :class:`ProgressRule`, moved after each validation.

    The factor is put on just before the optimizer's step and taken off right after it: the scheduler,
    whichever it is, never sees it, and the optimizer saved in a checkpoint has the schedule's own rates. With
    ``DistanceTrainer`` the logged learning rate is the one used.

    Args:
        **settings: fields of ``ProgressRule``.

    Attributes:
        progress: what the rule remembers, as JSON values.
        history: one entry for each change of the factor: ``step``, ``validation_loss``, ``factor``.

    Raises:
        ConfigurationError: a setting that is not legal; from training, a Trainer that never validates.

    Example:
        >>> callback = ProgressLearningRate(decrease=0.5, patience=1, cooldown=0)
        >>> callback.validated(10, 1.0)
        >>> callback.validated(20, 1.0)
        >>> callback.factor, callback.history
        (0.5, [{'step': 20, 'validation_loss': 1.0, 'factor': 0.5}])
    """

    rule_class = ProgressRule
    kept = ("progress",)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.progress: dict[str, Any] = asdict(ProgressState())
        self._scheduled: list[Any] | None = None

    @property
    def factor(self) -> float:
        """What the schedule's learning rate is multiplied by now."""
        return float(self.progress["factor"])

    def validated(self, step: int, loss: float) -> None:
        """Take a validation into account.

        Args:
            step: optimizer steps done.
            loss: the validation loss.
        """
        after = self.rule.after(ProgressState(**self.progress), float(loss))
        if after.factor != self.factor:
            self.history.append({"step": step, "validation_loss": float(loss), "factor": after.factor})
        self.progress = asdict(after)

    def to_dict(self) -> dict[str, Any]:
        """Settings, history and the ``factor`` as it stands."""
        return {**super().to_dict(), "factor": self.factor}

    def logged(self, logs: dict[str, Any]) -> None:
        """Log the learning rate that was used."""
        if "learning_rate" in logs:
            logs["learning_rate"] *= self.factor

    def release(self) -> None:
        """Nothing stays on the model; the optimizer has its own rates outside a step."""
        self._scheduled = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Refuse a run without validation.

        Raises:
            ConfigurationError: the Trainer's ``eval_strategy`` is "no".
        """
        if getattr(args.eval_strategy, "value", args.eval_strategy) == "no":
            raise ConfigurationError(
                "progress_learning_rate follows the validation loss, and this Trainer never validates; set "
                'eval_strategy to "steps" or "epoch", or leave the callback out'
            )

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Put the factor on."""
        groups = named["optimizer"].param_groups
        self._scheduled = [group["lr"] for group in groups]
        for group in groups:
            group["lr"] = group["lr"] * self.factor

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Take the factor off."""
        if self._scheduled is not None:
            for group, rate in zip(named["optimizer"].param_groups, self._scheduled, strict=True):
                group["lr"] = rate
        self._scheduled = None

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **named: Any
    ) -> None:
        """Move the factor.

        Raises:
            ConfigurationError: the validation reports no ``eval_loss``.
        """
        if metrics is None or "eval_loss" not in metrics:
            raise ConfigurationError(
                "progress_learning_rate needs eval_loss, and the validation reports "
                f"{sorted(metrics or {})}; give one validation set with labels"
            )
        self.validated(state.global_step, metrics["eval_loss"])
