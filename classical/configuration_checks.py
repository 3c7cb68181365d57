"""What a configuration must fulfil; each message says what was given, what is legal, and what to change."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from .backend_choice import BACKENDS
from .chosen_metric import read_candidates
from .errors import ConfigurationError
from .feed_forward import ACTIVATIONS
from .kept_heads import check_kept_heads
from .metrics import METRICS

__all__ = ["check_configuration", "check_names"]

_CHOICES: dict[str, Collection[str]] = {
    "scale_init": ("calibrated", "unit"),
    "position": ("learned", "rotary", "none"),
    "attention_backend": BACKENDS,
    "hidden_act": tuple(ACTIVATIONS),
    "classifier_pooling": ("mean", "first", "last"),
}
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)
_SWITCHES = ("learn_p", "learn_scale", "attention_bias", "tie_word_embeddings", "use_cache")
_OPTIONAL_SIZES = ("num_encoder_layers", "num_key_value_heads", "head_dim", "value_width")


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a setting whose name is nearly one of ours; transformers would keep it, nobody would read it.

    Args:
        given: names that are no fields.
        known: the fields.

    Raises:
        ConfigurationError: a name is close to a field.

    Example:
        >>> check_names(["metirc"], ["metric"])
        Traceback (most recent call last):
        ...
        hybrid_opt.classical.errors.ConfigurationError: there is no setting 'metirc'; did you mean 'metric'?
    """
    fields = list(known)
    for name in given:
        close = get_close_matches(name, fields, n=1, cutoff=0.8)
        if close and not name.startswith("_"):
            raise ConfigurationError(f"there is no setting {name!r}; did you mean {close[0]!r}?")


def check_configuration(config: Any) -> None:
    """Check all settings of a `DistanceTransformerConfig`.

    Args:
        config: the configuration.

    Raises:
        ConfigurationError: the first thing that is wrong.

    Example:
        >>> from hybrid_opt.classical.configuration import DistanceTransformerConfig
        >>> check_configuration(DistanceTransformerConfig())
    """
    for name, choices in _CHOICES.items():
        if getattr(config, name) not in choices:
            raise ConfigurationError(
                f"{name} is {getattr(config, name)!r}; it must be one of {', '.join(choices)}"
            )
    for name in _SIZES + _OPTIONAL_SIZES:
        value = getattr(config, name)
        if (value is not None or name in _SIZES) and not _is_size(value):
            raise ConfigurationError(f"{name} is {value!r}; it must be a whole number, 1 or more")
    for name in _SWITCHES:
        # A text such as "no" would count as true.
        if not isinstance(getattr(config, name), bool):
            raise ConfigurationError(f"{name} is {getattr(config, name)!r}; it must be True or False")
    for name in ("attention_dropout", "hidden_dropout"):
        value = getattr(config, name)
        if not _is_number(value) or not 0.0 <= value < 1.0:
            raise ConfigurationError(f"{name} is {value!r}; it must be at least 0 and below 1")
    for name in ("initializer_range", "layer_norm_eps", "rope_theta"):
        value = getattr(config, name)
        if not _is_number(value) or value <= 0:
            raise ConfigurationError(f"{name} is {value!r}; it must be a number above 0, and finite")
    _check_heads(config)
    _check_metric(config)
    _check_exponents(config)
    _check_windows(config)
    _check_scale_factors(config)
    _check_parts(config)
    _check_token_ids(config)
    check_kept_heads(config)
    _check_metric_choice(config)


def _is_number(value: Any) -> bool:
    """A finite real number; truth values are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_size(value: Any) -> bool:
    """A whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _check_heads(config: Any) -> None:
    """Heads divide the width, and groups of heads divide the heads."""
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    if config.head_dim is None and config.hidden_size % heads:
        raise ConfigurationError(
            f"hidden_size {config.hidden_size} is no multiple of num_attention_heads {heads}; "
            "change one of them, or give head_dim"
        )
    if groups is not None and heads % groups:
        raise ConfigurationError(
            f"num_key_value_heads is {groups}; it must divide num_attention_heads, {heads}"
        )
    if config.position == "rotary" and config.head_width % 2:
        raise ConfigurationError(
            f"rotary positions need an even head width, not {config.head_width}; change head_dim"
        )


def _layer_counts(config: Any) -> set[int]:
    """Numbers of layers a list per layer must fit."""
    encoder = config.num_encoder_layers if config.is_encoder_decoder else None
    return {config.num_hidden_layers, config.num_hidden_layers if encoder is None else encoder}


def _check_length(config: Any, name: str, entries: list[Any]) -> None:
    """A list per layer has an entry for every layer."""
    counts = _layer_counts(config)
    if len(counts) > 1:
        raise ConfigurationError(
            f"{name} is a list per layer, but encoder and decoder differ in layers ({sorted(counts)}); give "
            f"one entry"
        )
    if len(entries) not in counts:
        raise ConfigurationError(
            f"{name} has {len(entries)} entries for {counts.pop()} layers; give one per layer"
        )


def _check_metric(config: Any) -> None:
    """Names, and the shape of lists."""
    metric, heads = config.metric, config.num_attention_heads
    if isinstance(metric, list) and not config.metrics_are_per_head:
        if all(isinstance(entry, str) for entry in metric) and len(metric) not in _layer_counts(config):
            raise ConfigurationError(
                f"metric has {len(metric)} names; give one, {heads} (one per head), or "
                f"{config.num_hidden_layers} "
                "(one per layer)"
            )
        _check_length(config, "metric", metric)
        for entry in metric:
            if isinstance(entry, list) and len(entry) != heads:
                raise ConfigurationError(f"metric of a layer has {len(entry)} names for {heads} heads")
            if isinstance(entry, list) and not all(isinstance(name, str) for name in entry):
                raise ConfigurationError(f"metric of a layer is {entry!r}; give a name, or one per head")
    for name in _flat(metric):
        if not isinstance(name, str) or name not in METRICS:
            raise ConfigurationError(f"metric {name!r} is not known; take one of {', '.join(METRICS)}")


def _check_exponents(config: Any) -> None:
    """P is at least 1, above 1 where it is learned."""
    exponents = _flat(config.metric_p)
    if isinstance(config.metric_p, list) and len(exponents) != config.num_attention_heads:
        raise ConfigurationError(
            f"metric_p has {len(exponents)} entries for {config.num_attention_heads} heads; give one, or one "
            f"per head"
        )
    for p in exponents:
        if not _is_number(p) or not p >= 1:
            raise ConfigurationError(
                f"metric_p is {p!r}; below 1 there is no metric, give a finite number from 1 on"
            )
        if config.learn_p and p == 1 and "lp" in _flat(config.metric):
            raise ConfigurationError("metric_p is 1 and learn_p is on; a learned exponent must start above 1")


def _check_windows(config: Any) -> None:
    """Windows are whole numbers from 1 on."""
    if isinstance(config.attention_window, list):
        _check_length(config, "attention_window", config.attention_window)
    for window in _flat(config.attention_window):
        if window is not None and not _is_size(window):
            raise ConfigurationError(
                f"attention_window is {window!r}; it must be a whole number, 1 or more (the token itself), "
                f"or None"
            )


def _check_scale_factors(config: Any) -> None:
    """Factors are positive numbers."""
    if isinstance(config.scale_factor, list):
        _check_length(config, "scale_factor", config.scale_factor)
    for factor in _flat(config.scale_factor):
        if not _is_number(factor) or factor <= 0:
            raise ConfigurationError(
                f"scale_factor is {factor!r}; it must be a number above 0, and finite, or one per layer"
            )


def _check_parts(config: Any) -> None:
    """Feed-forward parts and specs of components."""
    if isinstance(config.feed_forward, list):
        _check_length(config, "feed_forward", config.feed_forward)
    kinds = _flat(config.feed_forward)
    for kind in kinds:
        if kind not in ("dense", "moe"):
            raise ConfigurationError(f'feed_forward is {kind!r}; it must be "dense" or "moe"')
    if config.moe is not None and not isinstance(config.moe, dict):
        raise ConfigurationError(f"moe is {config.moe!r}; it must be a dictionary of settings, or None")
    if "moe" not in kinds and (config.moe is not None or config.router is not None):
        raise ConfigurationError('moe and router say how experts work, but no layer has feed_forward="moe"')
    if "moe" in kinds:
        from .moe_settings import MoESettings

        unknown = sorted(set(config.moe or {}) - {field.name for field in fields(MoESettings)})
        if unknown:
            legal = ", ".join(field.name for field in fields(MoESettings))
            raise ConfigurationError(f"moe has no setting {', '.join(unknown)}; its settings: {legal}")
        MoESettings(**(config.moe or {}))  # raises for values it refuses
    if isinstance(config.router, list):
        _check_length(config, "router", config.router)
    for router in _flat(config.router):
        _check_spec("router", router)
    for name in ("head_gate", "controller"):
        _check_spec(name, getattr(config, name))


def _check_spec(name: str, spec: Any) -> None:
    """Refuse what names no component."""
    if spec is not None and not (isinstance(spec, dict) and isinstance(spec.get("name"), str)):
        raise ConfigurationError(f'{name} is {spec!r}; it must be {{"name": ..., settings}}, or None')


def _check_metric_choice(config: Any) -> None:
    """Candidates are legal, and each layer starts with one of them."""
    spec = config.metric_choice
    _check_spec("metric_choice", spec)
    if spec is None:
        return
    candidates = read_candidates(f"metric_choice {spec['name']!r}", spec)
    if config.is_encoder_decoder:
        raise ConfigurationError(
            "metric_choice is for models of one stack; in an encoder-decoder name the metrics in metric"
        )
    for layer in range(config.num_hidden_layers):
        start = config.layer_metric(layer)
        if not isinstance(start, str) or start not in candidates:
            raise ConfigurationError(
                f"metric of layer {layer} is {start!r}; with metric_choice a layer starts with one of "
                f"{', '.join(candidates)}, the same for all its heads"
            )
    if config.learn_p and "lp" in candidates:
        raise ConfigurationError(
            'learn_p is on and metric_choice names "lp": an exponent would get no gradient while another '
            "metric is chosen; switch learn_p off, or leave lp out"
        )


def _check_token_ids(config: Any) -> None:
    """Special tokens are in the vocabulary."""
    if config.value_width is not None:
        return
    for name in ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"):
        for token in _flat(getattr(config, name)):
            if token is not None and not (isinstance(token, int) and 0 <= token < config.vocab_size):
                raise ConfigurationError(f"{name} is {token!r}; ids run from 0 to {config.vocab_size - 1}")


def _flat(value: Any) -> list[Any]:
    """All entries of nested lists; one value as a list of one."""
    return [entry for part in value for entry in _flat(part)] if isinstance(value, list) else [value]
