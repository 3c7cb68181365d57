"""Starting points for four kinds of data: sizes and positions that fit their shape, to be overridden freely.

Sizes are for a CPU and thousands of examples. Metrics are plain choices (l1 for tokens, l2 for continuous
inputs, several for tables, whose columns mean different things), not claims: which metric helps where is
measured, not known.

Shapes: B batch, T tokens.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from .errors import ConfigurationError

__all__ = ["PRESET_NAMES", "preset_settings"]

_PRESETS: dict[str, dict[str, Any]] = {
    # Token ids (B, T); DistanceGPT, DistanceEncoder and their heads, or DistanceSeq2Seq.
    "text": {
        "hidden_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "max_position_embeddings": 1024,
        "position": "learned",
        "metric": "l1",
        "hidden_dropout": 0.1,
    },
    # input_values (B, patches, pixels of a patch); positions are places in the image, so they are learned.
    "vision_patches": {
        "value_width": 48,  # 4 x 4 pixels of three colors
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,  # 64 x 64 pixels
        "position": "learned",
        "metric": "l2",
        "hidden_dropout": 0.1,
    },
    # input_values (B, steps, series). What counts is how long ago a step was: rotary positions, relative
    # under l2.
    "time_series": {
        "value_width": 1,
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "position": "rotary",
        "metric": "l2",
        "hidden_dropout": 0.1,
        "problem_type": "regression",
        "classifier_pooling": "last",
    },
    # input_values (B, columns, 1): each column of a row is a token, and its learned position says which
    # column.
    "business_table": {
        "value_width": 1,
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
        "position": "learned",
        "metric": ["l1", "l1", "l2", "cosine"],
        "hidden_dropout": 0.1,
    },
}

PRESET_NAMES = tuple(_PRESETS)


def preset_settings(name: str) -> dict[str, Any]:
    """The settings of a preset; `DistanceTransformerConfig.preset` builds a configuration from them.

    Args:
        name: "text", "vision_patches", "time_series" or "business_table".

    Returns:
        Arguments of `DistanceTransformerConfig`, a copy.

    Raises:
        ConfigurationError: an unknown name.

    Example:
        >>> preset_settings("time_series")["position"]
        'rotary'
    """
    if name not in _PRESETS:
        raise ConfigurationError(f"preset {name!r} is not known; take one of {', '.join(_PRESETS)}")
    return deepcopy(_PRESETS[name])
