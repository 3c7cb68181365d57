"""Errors of the classical half. They stand here because this folder must not import the package around it.

Each class is also a ``ValueError``, ``TypeError`` or ``RuntimeError``. A message says what was given, what is
legal, and what to change.
"""

from __future__ import annotations

__all__ = [
    "AttentionError",
    "CheckpointError",
    "ComponentError",
    "ConfigurationError",
    "DataError",
    "DivergenceError",
    "MaskTypeError",
    "MemoryBudgetError",
    "MissingTransformerError",
    "MonitorError",
    "TrainingError",
]


class AttentionError(ValueError):
    """An argument of attention cannot be used: unknown metric, p below 1, wrong shape, window below 1."""


class MaskTypeError(TypeError):
    """A mask is no boolean tensor; additive masks of floats are not taken."""


class ConfigurationError(ValueError):
    """A configuration contradicts itself, or a model and its input do not fit: widths, heads, vocabulary."""


class ComponentError(ConfigurationError):
    """A router, controller or head gate that a configuration names is not registered, or is no legal one."""


class DataError(ValueError):
    """Data cannot be used: missing file, column that is not there, too few documents, unknown name."""


class CheckpointError(RuntimeError):
    """A checkpoint is missing, incomplete, or belongs to another model or other data."""


class MonitorError(RuntimeError):
    """A monitor is used outside its ``with`` block, or attached twice."""


class MissingTransformerError(RuntimeError):
    """The libraries behind models and training are not installed; the message names the extra."""


class TrainingError(RuntimeError):
    """Training cannot go on: the loss is no number any more, or nothing is left to learn from."""


class DivergenceError(TrainingError):
    """The loss is infinite or no number: the settings are legal, and too bold."""


class MemoryBudgetError(ConfigurationError):
    """No training setting fits into the memory budget; the message says what the smallest one takes."""
