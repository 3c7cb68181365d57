"""Attention dropout of each layer, moved by the entropy of its attention while it is trained."""

from __future__ import annotations

from typing import Any

from .attention_capture import attention_layers
from .entropy_measurement import EntropyMeasurement
from .entropy_rule import EntropyRule
from .performance_callback import PerformanceCallback, refuse_compiled

__all__ = ["EntropyDropout"]


class EntropyDropout(PerformanceCallback):
    """Measures the entropy of each layer every ``interval`` steps and moves its attention dropout.

    Measured is on the batch of the step itself (:class:`EntropyMeasurement`), so neither a probe batch nor
    another pass is needed. Each layer starts at the dropout it was configured with, brought within the
    bounds, and has that back when the training ends: the configuration that is saved is the one given.
    On a CPU a dropout above 0 takes other, slower kernels than a dropout of 0.

    Args:
        **settings: fields of ``EntropyRule``.

    Attributes:
        dropouts: name of the layer -> its dropout probability.
        entropies: name of the layer -> running mean of its normalized entropy.
        history: one entry per measurement: ``step``, ``entropy`` (as measured) and ``dropout`` (after it), by
            layer.

    Raises:
        ConfigurationError: a setting that is not legal; from training, a model without distance attention.

    Example:
        >>> callback = EntropyDropout(low=0.4, high=0.8)
        >>> callback.rule.high, callback.dropouts
        (0.8, {})
    """

    rule_class = EntropyRule
    kept = ("dropouts", "entropies")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.dropouts: dict[str, float] = {}
        self.entropies: dict[str, float] = {}
        self._before: list[tuple[Any, float]] = []
        self._measurement: EntropyMeasurement | None = None
        self._listening = False

    def to_dict(self) -> dict[str, Any]:
        """Settings, history, and the ``dropout`` of each layer as it stands."""
        return {**super().to_dict(), "dropout": dict(self.dropouts), "entropy": dict(self.entropies)}

    def release(self) -> None:
        """Stop listening, and give every layer its configured dropout back."""
        if self._measurement is not None:
            self._measurement.cancel()
        self._listening = False
        for layer, dropout in self._before:
            layer.dropout = dropout
        self._before = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Begin with the configured dropouts, or go on with those of the checkpoint.

        Raises:
            ConfigurationError: a compiled model, or one without distance attention.
        """
        self.release()
        model = named["model"]
        refuse_compiled(self.rule.name, args, model)
        self._measurement = EntropyMeasurement(model, rows=self.rule.rows, sequences=self.rule.sequences)
        layers = attention_layers(model)
        self._before = [(layer, layer.dropout) for layer in layers.values()]
        if not self.dropouts:
            self.dropouts = {
                name: min(self.rule.largest, max(self.rule.smallest, layer.dropout))
                for name, layer in layers.items()
            }
        for name, layer in layers.items():
            layer.dropout = self.dropouts[name]

    def on_step_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Listen in every ``interval``-th step."""
        if self._measurement is not None and (state.global_step + 1) % self.rule.interval == 0:
            self._measurement.begin()
            self._listening = True

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """All passes of the step are done: move the dropouts of the next one."""
        if self._measurement is None or not self._listening:
            return
        self._listening = False
        measured = self._measurement.end()
        layers = attention_layers(named["model"])
        for name, entropy in measured.items():
            self.entropies[name] = self.rule.smoothed(self.entropies.get(name), entropy)
            self.dropouts[name] = self.rule.after(self.dropouts[name], self.entropies[name])
            layers[name].dropout = self.dropouts[name]
        self.history.append(
            {"step": state.global_step + 1, "entropy": measured, "dropout": dict(self.dropouts)}
        )
