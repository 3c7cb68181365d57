"""Recompute activations in the backward pass in place of keeping them, by the name transformers has for it.

The name changed in transformers 5, from gradient to activation checkpointing. The setting is the Trainer's
own: without reentrance, so that hooks and gates inside a block keep their gradients.
"""

from __future__ import annotations

from typing import Any

__all__ = ["keep_activations", "recompute_activations"]


def recompute_activations(model: Any) -> None:
    """Recompute the inside of each block, as the Trainer would ask for it.

    Args:
        model: a model of transformers; changed in place.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> config = load_data("wine").config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> recompute_activations(model)
        >>> keep_activations(model)
    """
    enable = getattr(model, "activation_checkpointing_enable", None)
    if enable is None:
        enable = model.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def keep_activations(model: Any) -> None:
    """Undo `recompute_activations`.

    Args:
        model: a model of transformers; changed in place.
    """
    disable = getattr(model, "activation_checkpointing_disable", None)
    if disable is None:
        disable = model.gradient_checkpointing_disable
    disable()
