"""Which settings of a distance-attention model are tuned, and what a point of that space means for the model.

A parameter is named after the setting it changes: any setting of ``DistanceTransformerConfig`` ("metric",
"metric_p", "scale_factor", "hidden_dropout", "num_attention_heads", ...), ``metric_layer_0`` or
``scale_factor_layer_0`` for one layer alone, ``moe.top_k`` for a setting of the experts, and any setting of
``TrainingSettings`` ("learning_rate", "weight_decay", ...).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ..classical.configuration import DistanceTransformerConfig
from ..classical.errors import ConfigurationError
from ..classical.metrics import METRICS
from ..classical.training_settings import TrainingSettings
from ..errors import OptionError
from .level_space import level_space

__all__ = ["DEFAULT_METRICS", "apply_settings", "attention_space", "check_attention_space", "settings_of"]

DEFAULT_METRICS = ("l1", "l2", "squared_l2", "cosine", "dot")
PER_LAYER = re.compile(r"(metric|scale_factor)_layer_(\d+)")
EXPERTS = "moe."
NOT_TUNED = {"seed", "max_steps", "num_epochs"}  # more steps are more cost, not a better setting
_TRAINING = {field.name for field in fields(TrainingSettings)} - NOT_TUNED


def attention_space(
    config: DistanceTransformerConfig,
    training: TrainingSettings | None = None,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    per_layer: bool = True,
) -> dict[str, BaseDistribution]:
    """The usual search space around a configuration; add to it or take from it as you like.

    It holds the metric of each layer (the heads of a layer share it); a factor on lambda between 1/4 and 4
    times the configured one; dropout from 0 to 0.3; half, as many or twice the heads, where the width can be
    divided so; the learning rate between 1/4 and 4 times the given one; the exponent, if "lp" is among the
    metrics; and experts per token, if there are experts.

    Args:
        config: where the search starts.
        training: settings whose learning rate is the middle of the range; None takes the defaults.
        metrics: the metrics to choose from, at least two.
        per_layer: one metric for each layer; False has one for all.

    Returns:
        Parameter name -> Optuna distribution.

    Raises:
        OptionError: fewer than two metrics, or an unknown one.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
        >>> sorted(attention_space(config))[:4]
        ['hidden_dropout', 'learning_rate', 'metric_layer_0', 'metric_layer_1']
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    if len(set(names)) < 2 or not set(names) <= set(METRICS):
        raise OptionError(f"metrics is {metrics!r}; give at least two different ones of {', '.join(METRICS)}")
    layers = range(config.num_hidden_layers)
    groups = [f"metric_layer_{layer}" for layer in layers] if per_layer else ["metric"]
    space: dict[str, BaseDistribution] = {name: CategoricalDistribution(names) for name in groups}
    if not isinstance(config.scale_factor, list):
        middle = float(config.scale_factor)
        space["scale_factor"] = FloatDistribution(middle / 4, middle * 4, log=True)
    if "lp" in names:
        space["metric_p"] = FloatDistribution(1.25, 4.0, log=True)
    space["hidden_dropout"] = FloatDistribution(0.0, 0.3, step=0.1)
    heads = _head_choices(config)
    if len(heads) > 1:
        space["num_attention_heads"] = CategoricalDistribution(heads)
    kinds = config.feed_forward if isinstance(config.feed_forward, list) else [config.feed_forward]
    experts = int((config.moe or {}).get("num_experts", 4))
    if "moe" in kinds and experts > 1:
        space["moe.top_k"] = IntDistribution(1, min(4, experts))
    rate = (training or TrainingSettings()).learning_rate
    space["learning_rate"] = FloatDistribution(rate / 4, rate * 4, log=True)
    return space


def _head_choices(config: DistanceTransformerConfig) -> list[int]:
    """Half, as many and twice the heads, as far as the model can have them."""
    heads = config.num_attention_heads
    if config.head_dim is not None or config.kept_heads is not None or config.num_key_value_heads is not None:
        return [heads]
    choices = [count for count in (heads // 2, heads, 2 * heads) if count and not config.hidden_size % count]
    even = config.position == "rotary"
    return [count for count in choices if not even or not config.hidden_size // count % 2]


def apply_settings(
    params: Mapping[str, Any], config: DistanceTransformerConfig, training: TrainingSettings
) -> tuple[DistanceTransformerConfig, TrainingSettings]:
    """The configuration and the training that a point of the space stands for.

    Args:
        params: parameter name -> value.
        config: what the other settings are taken from; it is not changed.
        training: likewise.

    Returns:
        New ones.

    Raises:
        OptionError: an unknown name, or settings that do not fit together.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
        >>> params = {"metric_layer_1": "cosine", "learning_rate": 0.01}
        >>> tuned, training = apply_settings(params, config, TrainingSettings())
        >>> tuned.metric, training.learning_rate
        ([['l1', 'l1'], ['cosine', 'cosine']], 0.01)
    """
    changes: dict[str, Any] = {}
    experts: dict[str, Any] = {}
    steps: dict[str, Any] = {}
    layered: dict[str, dict[int, Any]] = {"metric": {}, "scale_factor": {}}
    for name, value in params.items():
        match = PER_LAYER.fullmatch(name)
        if match:
            layered[match[1]][int(match[2])] = value
        elif name.startswith(EXPERTS):
            experts[name.removeprefix(EXPERTS)] = value
        elif name in _TRAINING:
            steps[name] = value
        elif name in type(config).__dataclass_fields__:
            changes[name] = value
        else:
            raise OptionError(
                f"the search space has {name!r}, which is no setting; legal are settings of "
                "DistanceTransformerConfig, metric_layer_0, scale_factor_layer_0, ..., moe.top_k and other "
                "settings of the experts, and settings of TrainingSettings but "
                f"{', '.join(sorted(NOT_TUNED))}"
            )
    try:
        if experts:
            changes["moe"] = {**(config.moe or {}), **experts}
        changes |= _by_layer(layered, changes, config)
        return type(config).from_dict({**config.to_dict(), **changes}), replace(training, **steps)
    except ConfigurationError as error:
        raise OptionError(f"the settings {dict(params)!r} do not fit together: {error}") from error


def _by_layer(
    layered: Mapping[str, Mapping[int, Any]], changes: Mapping[str, Any], config: DistanceTransformerConfig
) -> dict[str, Any]:
    """Settings of single layers as the lists that the configuration takes."""
    count, heads = config.num_hidden_layers, changes.get("num_attention_heads", config.num_attention_heads)
    found: dict[str, Any] = {}
    for name, own in layered.items():
        if not own:
            continue
        if max(own) >= count:
            raise OptionError(
                f"the search space has {name}_layer_{max(own)}, and the model has {count} layers, numbered "
                "from 0"
            )
        if name in changes:
            raise OptionError(f"the search space has {name} for all layers and for single ones; take one")
        entries: list[Any] = []
        for layer in range(count):
            old = config.layer_metric(layer) if name == "metric" else config.layer_scale_factor(layer)
            value = own.get(layer, old)
            # A flat list of names could be read as one per head; a list per layer cannot.
            entries.append([value] * heads if name == "metric" and isinstance(value, str) else value)
        found[name] = entries
    return found


def settings_of(
    space: Mapping[str, BaseDistribution], config: DistanceTransformerConfig, training: TrainingSettings
) -> dict[str, Any] | None:
    """The point of the space that stands for a configuration as it is.

    Args:
        space: parameter name -> distribution.
        config: the configuration.
        training: the training.

    Returns:
        Parameter name -> value; None where the configuration lies outside the space.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_attention_heads=4, metric="l2")
        >>> settings_of({"metric_layer_3": CategoricalDistribution(["l1", "l2"])}, config, TrainingSettings())
        {'metric_layer_3': 'l2'}
    """
    found: dict[str, Any] = {}
    for name, distribution in space.items():
        match = PER_LAYER.fullmatch(name)
        if match:
            layer = int(match[2])
            own = config.layer_metric if match[1] == "metric" else config.layer_scale_factor
            value: Any = own(layer)
            if isinstance(value, list) and len(set(value)) == 1:
                value = value[0]
        elif name.startswith(EXPERTS):
            value = (config.moe or {}).get(name.removeprefix(EXPERTS))
        else:
            value = getattr(training if name in _TRAINING else config, name)
        if not _holds(distribution, value):
            return None
        found[name] = value
    return found


def _holds(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a value is one of a distribution's."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and distribution._contains(distribution.to_internal_repr(value))


def check_attention_space(
    space: Any, config: DistanceTransformerConfig, training: TrainingSettings
) -> dict[str, BaseDistribution]:
    """Refuse a space before the first training: unknown names, illegal values, nothing to choose.

    Args:
        space: what was given as search space.
        config: the configuration it starts from.
        training: the training it starts from.

    Returns:
        Parameter name -> distribution.

    Raises:
        OptionError: the space is none, has a single point, or a value that the model cannot have.
    """
    if not isinstance(space, Mapping) or not all(isinstance(one, BaseDistribution) for one in space.values()):
        raise OptionError(
            f"search_space is {space!r}; it must map names of settings to Optuna distributions, as "
            "attention_space(config) does"
        )
    if level_space(space, 2).n_points < 2:
        raise OptionError(
            f"the search space {dict(space)!r} has a single point, so there is nothing to choose. Give at "
            "least one setting two values or more"
        )
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            values: Sequence[Any] = distribution.choices
        elif isinstance(distribution, FloatDistribution | IntDistribution):
            values = (distribution.low, distribution.high)
        else:
            raise OptionError(f"{name!r} has {distribution!r}; legal are choices, whole numbers and floats")
        for value in values:
            apply_settings({name: value}, config, training)
    return dict(space)
