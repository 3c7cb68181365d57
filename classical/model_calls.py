"""Call a model on a batch that a user gave, whatever its form; what does not fit is an error of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from .errors import AttentionError, ConfigurationError, DataError, MaskTypeError, MissingTransformerError

__all__ = ["call_model"]

_OURS = (AttentionError, ConfigurationError, DataError, MaskTypeError, MissingTransformerError)


def call_model(model: nn.Module, batch: Any) -> None:
    """Run a model for the sake of its hooks.

    Args:
        model: any torch model.
        batch: a mapping of named arguments, a tuple of positional ones, or a tensor.

    Raises:
        ConfigurationError: another kind of batch, or one the model cannot run on.

    Example:
        >>> import torch
        >>> call_model(nn.Linear(2, 3), torch.zeros(1, 2))
    """
    try:
        if isinstance(batch, Mapping):
            model(**batch)
        elif isinstance(batch, tuple):
            model(*batch)
        elif isinstance(batch, Tensor):
            model(batch)
        else:
            raise ConfigurationError(
                f"batch is {type(batch).__name__}; give a mapping of named arguments, a tuple, or a tensor"
            )
    except _OURS:
        raise
    except (TypeError, ValueError, RuntimeError, LookupError, AttributeError) as problem:
        raise ConfigurationError(
            f"{type(model).__name__} cannot run on this batch ({_described(batch)}): {problem}"
        ) from problem


def _described(batch: Any) -> str:
    """Names and shapes."""
    if isinstance(batch, Mapping):
        return ", ".join(f"{name}: {_described(part)}" for name, part in batch.items())
    if isinstance(batch, tuple):
        return ", ".join(_described(part) for part in batch)
    return f"{batch.dtype} {tuple(batch.shape)}" if isinstance(batch, Tensor) else type(batch).__name__
