"""Registration with the auto classes of transformers, so that their `from_pretrained` finds these models."""

from __future__ import annotations

import sys
from importlib import import_module

from .configuration import DistanceTransformerConfig
from .transformers_import import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

__all__ = ["register_auto_classes"]

# module of this folder -> its models, each with the auto class that builds it; the first of all is the
# default
_MODELS = {
    "encoder": {"DistanceEncoder": None},
    "encoder_heads": {
        "DistanceEncoderForMaskedLM": AutoModelForMaskedLM,
        "DistanceEncoderForSequenceClassification": AutoModelForSequenceClassification,
        "DistanceEncoderForTokenClassification": AutoModelForTokenClassification,
    },
    "gpt": {"DistanceGPTModel": None, "DistanceGPT": AutoModelForCausalLM},
    "seq2seq": {"DistanceSeq2Seq": AutoModelForSeq2SeqLM},
}


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
    # Each model file calls this at its end, and one may import another: while a file is half imported nothing
    # can be entered, and its own call is still to come.
    if any(_is_half_imported(file, names) for file, names in _MODELS.items()):
        return
    found = {
        name: (getattr(import_module(f".{file}", __package__), name), auto_class)
        for file, names in _MODELS.items()
        for name, auto_class in names.items()
    }
    AutoConfig.register("distance_transformer", DistanceTransformerConfig, exist_ok=True)
    AutoModel.register(DistanceTransformerConfig, tuple(model for model, _ in found.values()), exist_ok=True)
    for model, auto_class in found.values():
        if auto_class is not None:
            auto_class.register(DistanceTransformerConfig, model, exist_ok=True)


def _is_half_imported(file: str, names: dict[str, object]) -> bool:
    """Whether the import of a file has begun and not reached its models."""
    module = sys.modules.get(f"{__package__}.{file}")
    return module is not None and not all(hasattr(module, name) for name in names)
