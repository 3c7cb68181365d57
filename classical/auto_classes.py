"""Registration with the auto classes of transformers, so that their `from_pretrained` finds these models."""

from __future__ import annotations

from .configuration import DistanceTransformerConfig
from .transformers_import import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

__all__ = ["register_auto_classes"]

_registering = False


def register_auto_classes() -> None:
    """Enter configuration and models into the auto classes; importing any model does it.

    `AutoModel` builds the class that a checkpoint names, with its head: one configuration serves decoder and
    encoder, and the trunk of the one must not be taken for the other. Without a name it builds
    `DistanceEncoder`.

    Example:
        >>> from transformers import AutoConfig
        >>> register_auto_classes()
        >>> type(AutoConfig.for_model("distance_transformer")).__name__
        'DistanceTransformerConfig'
    """
    global _registering
    if _registering:  # each model file calls this when it is imported, and is imported by it
        return
    _registering = True
    from .encoder import DistanceEncoder
    from .encoder_heads import (
        DistanceEncoderForMaskedLM,
        DistanceEncoderForSequenceClassification,
        DistanceEncoderForTokenClassification,
    )
    from .gpt import DistanceGPT, DistanceGPTModel

    heads = {
        AutoModelForCausalLM: DistanceGPT,
        AutoModelForMaskedLM: DistanceEncoderForMaskedLM,
        AutoModelForSequenceClassification: DistanceEncoderForSequenceClassification,
        AutoModelForTokenClassification: DistanceEncoderForTokenClassification,
    }
    AutoConfig.register("distance_transformer", DistanceTransformerConfig, exist_ok=True)
    AutoModel.register(
        DistanceTransformerConfig, (DistanceEncoder, DistanceGPTModel, *heads.values()), exist_ok=True
    )
    for auto_class, model in heads.items():
        auto_class.register(DistanceTransformerConfig, model, exist_ok=True)
