"""End the choice of metrics: the same model with the metrics it has chosen in its configuration."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

import torch

from .attention_layer import DistanceAttention
from .blocks import attention_of
from .errors import ConfigurationError
from .pretrained_model import DistancePreTrainedModel
from .stack import TransformerStack

__all__ = ["freeze_metrics"]

Model = TypeVar("Model", bound=DistancePreTrainedModel)


def freeze_metrics(model: Model) -> Model:
    """A copy of a model that computes with the metrics chosen now, and chooses no longer.

    Its configuration names the metric of each layer, `metric_choice` is None, and the component is gone: it
    computes the same outputs bit for bit, needs neither the component nor its package to be loaded, and costs
    in training what a model with given metrics costs. Parameters of attention are new objects: make the
    optimizer afterwards.

    Args:
        model: a model with a `metric_choice`; it stays as it is.

    Returns:
        The copy, on the same device, of the same type and mode.

    Raises:
        ConfigurationError: the model has no `metric_choice`.
        ComponentError: the component answers with no legal probabilities.

    Example:
        >>> from .configuration import DistanceTransformerConfig
        >>> from .gpt import DistanceGPT
        >>> spec = {"name": "softmax_metric", "metrics": ["l1", "cosine"]}
        >>> sizes = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
        >>> frozen = freeze_metrics(DistanceGPT(DistanceTransformerConfig(**sizes, metric_choice=spec)))
        >>> frozen.config.metric, frozen.config.metric_choice
        (['l1'], None)
    """
    if not any(stack.metric_choice is not None for stack in _stacks(model)):
        raise ConfigurationError(
            f"{type(model).__name__} has no metric_choice: its metrics are those of its configuration already"
        )
    frozen = deepcopy(model)
    (stack,) = _stacks(frozen)
    with torch.no_grad():
        stack.choose_metrics()
    config = deepcopy(frozen.config)
    config.metric, config.metric_choice = _entries(stack, config.num_attention_heads), None
    config.validate()
    blocks: Any = stack.blocks
    for index, block in enumerate(blocks):
        block.attention = _plain(block.attention, config, index)
    stack.metric_choice, stack.metric_candidates = None, ()
    for part in frozen.modules():
        if isinstance(part, DistancePreTrainedModel):
            part.config = config
    return frozen


def _stacks(model: Any) -> list[TransformerStack]:
    return [part for part in model.modules() if isinstance(part, TransformerStack)]


def _entries(stack: TransformerStack, num_heads: int) -> list[Any]:
    """One entry per layer; one name per head where a flat list would be read as names of heads."""
    blocks: Any = stack.blocks
    names = [block.attention.metrics[0] for block in blocks]
    return [[name] * num_heads for name in names] if len(names) == num_heads else names


def _plain(attention: Any, config: Any, layer_index: int) -> DistanceAttention:
    """The layer with its metric and without others; it shares its tensors with the one it replaces."""
    # Without memory of its own: first values would be drawn, and thrown away.
    with torch.device("meta"):
        plain = attention_of(config, layer_index, causal=attention.causal)
    trained = {name: parameter.requires_grad for name, parameter in attention.named_parameters()}
    plain.load_state_dict(attention.state_dict(keep_vars=True), assign=True)
    for name, parameter in plain.named_parameters():
        parameter.requires_grad_(trained[name])  # loading switches all of them on
    # What may have been changed on the layer since it was built.
    plain.window, plain.dropout, plain.backend = attention.window, attention.dropout, attention.backend
    return plain.train(attention.training)
