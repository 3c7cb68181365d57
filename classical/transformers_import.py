"""The names of transformers that models use, in one place; where it is missing, an error names the extra."""

from __future__ import annotations

from .errors import MissingTransformerError

try:
    from safetensors import SafetensorError
    from transformers import (
        AutoConfig,
        AutoModel,
        AutoModelForCausalLM,
        AutoModelForMaskedLM,
        AutoModelForSeq2SeqLM,
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
        DynamicCache,
        EncoderDecoderCache,
        GenerationMixin,
        PreTrainedConfig,
        PreTrainedModel,
    )
    from transformers import initialization as guarded_initialization
    from transformers.modeling_layers import GradientCheckpointingLayer
    from transformers.utils import ModelOutput
    from transformers.utils.generic import can_return_tuple
except ImportError as problem:
    raise MissingTransformerError(
        f"models need the library transformers, version 5 or newer ({problem}); "
        'it comes with: pip install "hybrid-opt[transformer]"'
    ) from problem

__all__ = [
    "AutoConfig",
    "AutoModel",
    "AutoModelForCausalLM",
    "AutoModelForMaskedLM",
    "AutoModelForSeq2SeqLM",
    "AutoModelForSequenceClassification",
    "AutoModelForTokenClassification",
    "DynamicCache",
    "EncoderDecoderCache",
    "GenerationMixin",
    "GradientCheckpointingLayer",
    "ModelOutput",
    "PreTrainedConfig",
    "PreTrainedModel",
    "SafetensorError",
    "can_return_tuple",
    "guarded_initialization",
]
