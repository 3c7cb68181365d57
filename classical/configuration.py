"""The configuration of the distance-attention models: one class for decoder, encoder and encoder-decoder."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

from .configuration_checks import check_configuration, check_names
from .presets import preset_settings
from .transformers_import import PreTrainedConfig

__all__ = ["DistanceTransformerConfig"]

_LISTS = (
    "metric", "metric_p", "scale_factor", "attention_window", "feed_forward", "eos_token_id",
    "kept_heads", "kept_key_value_heads",
)  # fmt: skip


class DistanceTransformerConfig(PreTrainedConfig):  # type: ignore[misc]
    """Sizes, metrics and parts of a model; saved with it, read by `AutoConfig`.

    Every setting is a keyword. Settings of transformers (`num_labels`, `problem_type`, `bos_token_id`, ...)
    are taken too.

    Args:
        vocab_size: number of token ids.
        hidden_size: C, width of the model.
        num_hidden_layers: number of blocks (of the decoder, in an encoder-decoder).
        num_encoder_layers: blocks of the encoder in an encoder-decoder; as many as of the decoder by default.
        num_attention_heads: H.
        num_key_value_heads: heads of keys and values, a divisor of H; H by default.
        head_dim: width of a head; C / H by default.
        intermediate_size: width of the feed-forward part; 4 C by default.
        max_position_embeddings: longest sequence with learned positions.
        metric: a name; or H names, one for each head; or one entry per layer, each a name or H names. A flat
            list of names whose length fits both is read per head.
        metric_p: exponent of heads with "lp", at least 1; one number or H.
        learn_p: learn the exponents.
        learn_scale: learn lambda of each head.
        scale_init: "calibrated" or "unit", see `DistanceAttention`.
        scale_factor: lambda starts at this multiple of what `scale_init` says; or one number per layer.
        attention_window: positions a token sees; None for all; or one entry per layer.
        attention_dropout: probability on attention weights.
        hidden_dropout: probability behind embeddings, attention and feed-forward.
        attention_bias: whether projections of queries, keys, values and output have a bias.
        position: "learned", "rotary" or "none".
        rope_theta: base of rotary frequencies.
        attention_backend: "auto", "sdpa", "tiled", "kernel" or "dense".
        hidden_act: activation of the feed-forward part.
        layer_norm_eps: small number in the norms.
        initializer_range: standard deviation of initial weights.
        tie_word_embeddings: use the embeddings of tokens as output weights.
        value_width: width of continuous inputs; then models take `input_values` (B, T, value_width), not
            `input_ids`.
        feed_forward: "dense" or "moe", or one entry per layer.
        moe: settings of `MoELayer` (num_experts, top_k, ...).
        router: router of the experts, {"name": ..., settings}, or one entry per layer; None for the softmax
            router.
        head_gate: component that computes head gates, {"name": ..., settings}, or None.
        kept_heads: for a pruned model the heads that are left, one ascending list of numbers from 0 to H - 1
            per layer, layers of the encoder first; None for all. Settings per head still name all H.
        kept_key_value_heads: where heads share keys and values, the numbers of those that `kept_heads` read,
            one list per layer; by the rule of the module `kept_heads` by default.
        controller: component that steers lambda and dropout in training, {"name": ..., settings}, or None.
        metric_choice: component that chooses the metric of each layer out of its setting "metrics", and
            starts with `metric`, {"name": ..., "metrics": [...], settings}, or None. Not for an
            encoder-decoder.
        classifier_pooling: "mean", "first" or "last" token, what a sequence classifier reads.
        use_cache: return keys and values for generation (never while training).
        pad_token_id: token of padding.
        bos_token_id: token at the start.
        eos_token_id: token, or tokens, at the end.
        decoder_start_token_id: first token of the decoder in an encoder-decoder; `bos_token_id` by default.

    Raises:
        ConfigurationError: the settings contradict each other; checked at construction, on saving, and by
            each model.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_attention_heads=4, metric="l2")
        >>> config.layer_metric(0), config.intermediate_size
        ('l2', 128)
    """

    model_type: ClassVar[str] = "distance_transformer"
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values", "aux_loss"]

    vocab_size: int = 10000
    hidden_size: int = 256
    num_hidden_layers: int = 4
    num_encoder_layers: int | None = None
    num_attention_heads: int = 8
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    intermediate_size: int | None = None
    max_position_embeddings: int = 2048
    metric: Any = "l1"
    metric_p: Any = 2.0
    learn_p: bool = False
    learn_scale: bool = True
    scale_init: str = "calibrated"
    scale_factor: Any = 1.0
    attention_window: Any = None
    attention_dropout: float = 0.0
    hidden_dropout: float = 0.0
    attention_bias: bool = True
    position: str = "learned"
    rope_theta: float = 10000.0
    attention_backend: str = "auto"
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-5
    initializer_range: float = 0.02
    tie_word_embeddings: bool = True
    value_width: int | None = None
    feed_forward: Any = "dense"
    moe: dict[str, Any] | None = None
    router: dict[str, Any] | list[dict[str, Any] | None] | None = None
    head_gate: dict[str, Any] | None = None
    controller: dict[str, Any] | None = None
    metric_choice: dict[str, Any] | None = None
    kept_heads: Any = None
    kept_key_value_heads: Any = None
    classifier_pooling: str = "mean"
    use_cache: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: Any = None
    decoder_start_token_id: int | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        """Fill in what follows from other settings, then check all of them.

        Args:
            **kwargs: settings that are no field here; transformers sets them as attributes.
        """
        check_names(kwargs.keys() - {"model_type"}, [field.name for field in fields(type(self))])
        # JSON knows no tuples: as lists from the start, a saved configuration equals the loaded one.
        for name in _LISTS:
            setattr(self, name, _as_lists(getattr(self, name)))
        if self.intermediate_size is None and isinstance(self.hidden_size, int):
            self.intermediate_size = self.feed_forward_width
        if getattr(self, "architectures", None) is None:
            # An auto class that knows several models looks into this list.
            setattr(self, "architectures", [])  # noqa: B010  # a field of the base class, unknown to type checkers
        super().__post_init__(**kwargs)
        check_configuration(self)

    def validate(self) -> None:
        """Check everything again, for settings that were assigned after construction.

        Raises:
            ConfigurationError: settings contradict each other.
        """
        check_configuration(self)
        super().validate()

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Build from a dictionary and check the result, overrides included.

        Args:
            config_dict: settings, as `to_dict` gives them.
            **kwargs: settings that replace some of them.

        Returns:
            The configuration, or with `return_unused_kwargs=True` also the arguments that are no settings.
        """
        built = super().from_dict(config_dict, **kwargs)
        check_configuration(built[0] if isinstance(built, tuple) else built)
        return built

    @classmethod
    def reference(cls, **overrides: Any) -> DistanceTransformerConfig:
        """The configuration that measurements quote: 4 layers, 8 heads, l1; 6,243,872 parameters.

        Args:
            **overrides: settings that differ.

        Returns:
            The configuration.

        Example:
            >>> DistanceTransformerConfig.reference().max_position_embeddings
            2048
        """
        settings: dict[str, Any] = {
            "vocab_size": 10000,
            "hidden_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 8,
            "intermediate_size": 1024,
            "max_position_embeddings": 2048,
            "metric": "l1",
            "learn_scale": True,
            "position": "learned",
            "tie_word_embeddings": True,
        }
        return cls(**{**settings, **overrides})

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> DistanceTransformerConfig:
        """A starting point for a kind of data, see `presets`.

        Args:
            name: "text", "vision_patches", "time_series" or "business_table".
            **overrides: settings that differ, such as `vocab_size`, `value_width`, `num_labels`.

        Returns:
            The configuration.

        Raises:
            ConfigurationError: an unknown name, or overrides that do not fit.

        Example:
            >>> DistanceTransformerConfig.preset("vision_patches", value_width=4, num_labels=10).metric
            'l2'
        """
        return cls(**{**preset_settings(name), **overrides})

    def layer_metric(self, layer_index: int) -> str | list[str]:
        """Metric of one layer: a name, or one name for each head."""
        if isinstance(self.metric, str) or self.metrics_are_per_head:
            return self.metric  # type: ignore[no-any-return]
        return self.metric[layer_index]  # type: ignore[no-any-return]

    @property
    def metric_candidates(self) -> tuple[str, ...]:
        """The names that `metric_choice` chooses among; none without one."""
        return () if self.metric_choice is None else tuple(self.metric_choice["metrics"])

    @property
    def metrics_are_per_head(self) -> bool:
        """Whether `metric` is a flat list with one name for each head of every layer."""
        flat = isinstance(self.metric, list) and all(isinstance(name, str) for name in self.metric)
        return flat and len(self.metric) == self.num_attention_heads

    def layer_kept_heads(
        self, layer_index: int, *, decoder: bool
    ) -> tuple[list[int], list[int] | None] | None:
        """The heads of one layer that pruning has left.

        Args:
            layer_index: index of the layer in its stack.
            decoder: whether that is a decoder; in an encoder-decoder its layers are listed after the others.

        Returns:
            Numbers of heads and of key and value heads (None: by the rule); None where nothing was pruned.
        """
        if self.kept_heads is None:
            return None
        if self.is_encoder_decoder and decoder:
            layer_index += self.num_attention_layers - self.num_hidden_layers
        shared = self.kept_key_value_heads
        return self.kept_heads[layer_index], None if shared is None else shared[layer_index]

    @property
    def num_attention_layers(self) -> int:
        """L, layers with attention among a sequence's own tokens, encoder and decoder together."""
        if not self.is_encoder_decoder:
            return self.num_hidden_layers
        own = self.num_hidden_layers if self.num_encoder_layers is None else self.num_encoder_layers
        return own + self.num_hidden_layers

    def layer_window(self, layer_index: int) -> int | None:
        """Window of one layer."""
        windows = self.attention_window
        window: int | None = windows[layer_index] if isinstance(windows, list) else windows
        return window

    def layer_scale_factor(self, layer_index: int) -> float:
        """What lambda of one layer is multiplied by at the start."""
        factors = self.scale_factor
        factor: float = factors[layer_index] if isinstance(factors, list) else factors
        return factor

    def layer_feed_forward(self, layer_index: int) -> str:
        """Kind of the feed-forward part of one layer."""
        kinds = self.feed_forward
        kind: str = kinds[layer_index] if isinstance(kinds, list) else kinds
        return kind

    @property
    def head_width(self) -> int:
        """D, the width of a head."""
        return self.hidden_size // self.num_attention_heads if self.head_dim is None else self.head_dim

    @property
    def feed_forward_width(self) -> int:
        """Width inside the feed-forward part."""
        return 4 * self.hidden_size if self.intermediate_size is None else self.intermediate_size

    @property
    def sliding_window(self) -> int | None:
        """The window as caches of transformers ask for it: they then keep no more keys than it shows.

        None where layers differ, and in an encoder-decoder, whose keys across must all stay.
        """
        windows = self.attention_window
        return None if isinstance(windows, list) or self.is_encoder_decoder else windows


def _as_lists(value: Any) -> Any:
    """Tuples, also nested ones, as lists."""
    return [_as_lists(entry) for entry in value] if isinstance(value, (list, tuple)) else value
