"""What all models share: initialization, head masks, calibration, access to embeddings.

Shapes: B batch, L layers, H heads, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .attention_layer import DistanceAttention
from .attention_scale import excess_of_p
from .checkpoint_loading import check_folder, check_report, readable_errors
from .configuration import DistanceTransformerConfig
from .errors import ConfigurationError
from .stack import TransformerStack
from .transformers_import import PreTrainedModel, guarded_initialization

__all__ = ["DistancePreTrainedModel"]


class DistancePreTrainedModel(PreTrainedModel):  # type: ignore[misc]
    """Base of the models: weights start as N(0, `initializer_range`), biases at 0, scales in closed form.

    It is not made directly; see `DistanceGPT`, `DistanceEncoder` and `DistanceSeq2Seq`.
    """

    config: DistanceTransformerConfig
    config_class = DistanceTransformerConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    # The loss takes num_items_in_batch: the Trainer then weighs accumulated batches by their numbers of
    # tokens.
    accepts_loss_kwargs = True
    _no_split_modules = ("TransformerBlock",)
    _keep_in_fp32_modules_strict = ("log_scale_ratio", "p_excess", "head_mask")
    _supports_context_parallel = False

    def __init__(self, config: DistanceTransformerConfig, *inputs: Any, **settings: Any) -> None:
        if isinstance(config, DistanceTransformerConfig):
            config.validate()
        super().__init__(config, *inputs, **settings)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Initial values of one module; called by transformers for whatever a checkpoint does not hold."""
        if isinstance(module, DistanceAttention):
            guarded_initialization.zeros_(module.log_scale_ratio)
            guarded_initialization.ones_(module.head_mask)
            if module.learn_p:
                guarded_initialization.copy_(module.p_excess, excess_of_p(module.start_p))
        elif not type(module).__module__.startswith("torch.") and hasattr(module, "reset_parameters"):
            module.reset_parameters()  # type: ignore[operator]  # components and experts know their own initial values
        else:
            super()._init_weights(module)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *inputs: Any, **settings: Any) -> Any:
        """Load a saved model, as `PreTrainedModel.from_pretrained` does; a broken checkpoint is an error.

        Args:
            pretrained_model_name_or_path: the folder of `save_pretrained`.
            *inputs: as there.
            **settings: as there; settings of the configuration replace saved ones.

        Returns:
            The model, in evaluation mode; with `output_loading_info=True` also what transformers reports.

        Raises:
            CheckpointError: weights are truncated, missing, or of another shape.
        """
        path = pretrained_model_name_or_path
        told, ignored = (
            settings.pop("output_loading_info", False),
            settings.pop("ignore_mismatched_sizes", False),
        )
        check_folder(path)
        with readable_errors(path):
            model, report = super().from_pretrained(
                path, *inputs, output_loading_info=True, ignore_mismatched_sizes=True, **settings
            )
        check_report(path, model, report, mismatches=not ignored)
        for stack in [part for part in model.modules() if isinstance(part, TransformerStack)]:
            stack.choose_metrics()  # layers describe the metric in use before the first pass, too
        return (model, report) if told else model

    def attention_layers(self) -> list[DistanceAttention]:
        """The attention of each block among its own tokens, without attention across to an encoder.

        Returns:
            L layers, in order; in an encoder-decoder those of the encoder first.
        """
        stacks = [module for module in self.modules() if isinstance(module, TransformerStack)]
        blocks: list[Any] = [block for stack in stacks for block in stack.blocks]
        return [block.attention for block in blocks]

    @torch.no_grad()
    def set_head_mask(self, mask: Tensor) -> None:
        """Multiply the output of each head by a number from now on; saved with the model.

        Args:
            mask: (L, H): 1 keeps a head as it is, 0 leaves it out, other numbers weigh it. H counts heads
                that have been pruned too; numbers for them have no effect.

        Raises:
            ConfigurationError: another shape, or numbers that are not finite.

        Example:
            >>> from hybrid_opt.classical.gpt import DistanceGPT
            >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
            >>> model = DistanceGPT(config)
            >>> model.set_head_mask(torch.tensor([[1, 0], [1, 1], [0.5, 1], [1, 1]]))
            >>> model.head_mask()[2].tolist()
            [0.5, 1.0]
        """
        layers = self.attention_layers()
        expected = (len(layers), self.config.num_attention_heads)
        mask = torch.as_tensor(mask)
        if tuple(mask.shape) != expected or not bool(torch.isfinite(mask).all()):
            raise ConfigurationError(
                f"the head mask has the shape {tuple(mask.shape)}; it must be {expected}, one finite number "
                f"per layer "
                "and head"
            )
        for layer, row in zip(layers, mask, strict=True):
            layer.head_mask.copy_(row[list(layer.kept_heads)])

    def head_mask(self) -> Tensor:
        """The mask that `set_head_mask` set, (L, H); 0 for heads that have been pruned."""
        layers = self.attention_layers()
        mask = layers[0].head_mask.new_zeros(len(layers), self.config.num_attention_heads)
        for row, layer in zip(mask, layers, strict=True):
            row[list(layer.kept_heads)] = layer.head_mask
        return mask

    @torch.no_grad()
    def calibrate(self, batch: Mapping[str, Any]) -> None:
        """Set lambda of all heads from data: logits of each row get unit standard deviation on this batch.

        Layers are set in order of execution, each on the states that the calibrated layers before it produce.
        The closed form needs no data and is where models start; this call replaces what was learned.

        Args:
            batch: arguments of the model, e.g. {"input_ids": (B, T)}; labels are ignored.

        Example:
            >>> from hybrid_opt.classical.gpt import DistanceGPT
            >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
            >>> DistanceGPT(config).calibrate({"input_ids": torch.arange(9)[None]})
        """

        def set_scale(layer: DistanceAttention, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
            layer.calibrate(
                inputs[0],
                key_value_hidden=named.get("key_value_hidden"),
                positions=named.get("positions"),
                mask=named.get("mask"),
            )

        layers = [module for module in self.modules() if isinstance(module, DistanceAttention)]
        handles = [layer.register_forward_pre_hook(set_scale, with_kwargs=True) for layer in layers]
        training = self.training
        try:
            self.eval()
            self(**{name: value for name, value in batch.items() if name != "labels"})
        finally:
            self.train(training)
            for handle in handles:
                handle.remove()

    def resize_token_embeddings(self, *sizes: Any, **settings: Any) -> nn.Module:
        """Change the vocabulary, as `PreTrainedModel.resize_token_embeddings` does.

        Args:
            *sizes: as there.
            **settings: as there.

        Returns:
            The embeddings of tokens.

        Raises:
            ConfigurationError: a model of continuous inputs has no vocabulary.
        """
        if self.config.value_width is not None:
            raise ConfigurationError("a model of continuous inputs (value_width) has no vocabulary to resize")
        return super().resize_token_embeddings(*sizes, **settings)  # type: ignore[no-any-return]

    def get_input_embeddings(self) -> nn.Module:
        """The embeddings of tokens, or the map of continuous values."""
        embeddings = self._first_stack().embeddings
        return embeddings.tokens if self.config.value_width is None else embeddings.values

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embeddings of tokens.

        Args:
            value: the new embeddings.
        """
        name = "tokens" if self.config.value_width is None else "values"
        setattr(self._first_stack().embeddings, name, value)

    def _first_stack(self) -> TransformerStack:
        """The trunk that token ids enter."""
        return next(module for module in self.modules() if isinstance(module, TransformerStack))

    def flag(self, name: str, given: bool | None) -> bool:
        """A switch of a call, or where it is not given that of the configuration.

        Args:
            name: "output_attentions", "output_hidden_states" or "use_cache".
            given: the argument of the call.

        Returns:
            Whether it is on.
        """
        return bool(getattr(self.config, name) if given is None else given)
