"""The classical half: a distance-attention transformer for torch and Hugging Face.

The names below are loaded on first use: the attention functions and layers bring in torch, models, data and
training also transformers (extra ``transformer``).

Conventions: tensors are (B, H, T, D) (batch, heads, tokens, head width); logits are
-lambda * distance / sqrt(D); a mask is boolean and True where a key may be attended.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import errors
    from .activation_alarms import Alarm, AlarmThresholds
    from .activation_monitor import ActivationMonitor
    from .attention_analysis import attention_report
    from .attention_findings import AttentionReport
    from .attention_function import distance_attention, explain_backend
    from .attention_layer import DistanceAttention
    from .attention_scale import no_decay_parameter_names
    from .attention_swap import replace_attention
    from .auto_classes import register_auto_classes
    from .backend_choice import BackendChoice
    from .classification_baselines import classical_baselines
    from .components import (
        build_component,
        component_names,
        register_component,
    )
    from .configuration import DistanceTransformerConfig
    from .control_signals import ControlSignal
    from .data_registry import data_names, load_data
    from .encoder import DistanceEncoder
    from .encoder_heads import (
        DistanceEncoderForMaskedLM,
        DistanceEncoderForSequenceClassification,
        DistanceEncoderForTokenClassification,
    )
    from .entropy_dropout import EntropyDropout
    from .evaluation import Evaluation, evaluate
    from .folder_evaluation import evaluate_folder
    from .generation import generate_text
    from .gpt import DistanceGPT, DistanceGPTModel
    from .head_cost import head_costs
    from .head_masking import masked_heads
    from .head_pruning import prune_heads
    from .head_sites import HeadSite, find_head_sites
    from .head_sparsity import HeadSparsity
    from .head_timing import HeadLatencies, head_latencies
    from .masked_head_pruning import prune_masked_heads
    from .memory_budget import MemoryBudget
    from .metric_freezing import freeze_metrics
    from .moe_layer import MoELayer
    from .moe_statistics import RoutingStatistics
    from .progress_learning_rate import ProgressLearningRate
    from .scale_measurement import measured_scale
    from .scales import calibrated_scale
    from .seq2seq import DistanceSeq2Seq
    from .swapped_attention import DistanceMultiheadAttention
    from .task_data import TaskData
    from .text_baselines import text_baseline_bits
    from .trained_folder import TrainedModel, load_trained
    from .training import train
    from .training_result import TrainingResult
    from .training_run import TrainingRun
    from .training_settings import TrainingSettings
    from .weights_on_request import attention_distances, attention_weights

__all__ = [
    "ActivationMonitor",
    "Alarm",
    "AlarmThresholds",
    "AttentionReport",
    "BackendChoice",
    "ControlSignal",
    "DistanceAttention",
    "DistanceEncoder",
    "DistanceEncoderForMaskedLM",
    "DistanceEncoderForSequenceClassification",
    "DistanceEncoderForTokenClassification",
    "DistanceGPT",
    "DistanceGPTModel",
    "DistanceMultiheadAttention",
    "DistanceSeq2Seq",
    "DistanceTransformerConfig",
    "EntropyDropout",
    "Evaluation",
    "HeadLatencies",
    "HeadSite",
    "HeadSparsity",
    "MemoryBudget",
    "MoELayer",
    "ProgressLearningRate",
    "RoutingStatistics",
    "TaskData",
    "TrainedModel",
    "TrainingResult",
    "TrainingRun",
    "TrainingSettings",
    "attention_distances",
    "attention_report",
    "attention_weights",
    "build_component",
    "calibrated_scale",
    "classical_baselines",
    "component_names",
    "data_names",
    "distance_attention",
    "errors",
    "evaluate",
    "evaluate_folder",
    "explain_backend",
    "find_head_sites",
    "freeze_metrics",
    "generate_text",
    "head_costs",
    "head_latencies",
    "load_data",
    "load_trained",
    "masked_heads",
    "measured_scale",
    "no_decay_parameter_names",
    "prune_heads",
    "prune_masked_heads",
    "register_auto_classes",
    "register_component",
    "replace_attention",
    "text_baseline_bits",
    "train",
]

_HOMES = {
    "ActivationMonitor": "activation_monitor",
    "Alarm": "activation_alarms",
    "AlarmThresholds": "activation_alarms",
    "AttentionReport": "attention_findings",
    "BackendChoice": "backend_choice",
    "ControlSignal": "control_signals",
    "DistanceAttention": "attention_layer",
    "DistanceEncoder": "encoder",
    "DistanceEncoderForMaskedLM": "encoder_heads",
    "DistanceEncoderForSequenceClassification": "encoder_heads",
    "DistanceEncoderForTokenClassification": "encoder_heads",
    "DistanceGPT": "gpt",
    "DistanceGPTModel": "gpt",
    "DistanceMultiheadAttention": "swapped_attention",
    "DistanceSeq2Seq": "seq2seq",
    "DistanceTransformerConfig": "configuration",
    "EntropyDropout": "entropy_dropout",
    "Evaluation": "evaluation",
    "HeadLatencies": "head_timing",
    "HeadSite": "head_sites",
    "HeadSparsity": "head_sparsity",
    "MemoryBudget": "memory_budget",
    "MoELayer": "moe_layer",
    "ProgressLearningRate": "progress_learning_rate",
    "RoutingStatistics": "moe_statistics",
    "TaskData": "task_data",
    "TrainedModel": "trained_folder",
    "TrainingResult": "training_result",
    "TrainingRun": "training_run",
    "TrainingSettings": "training_settings",
    "attention_distances": "weights_on_request",
    "attention_report": "attention_analysis",
    "attention_weights": "weights_on_request",
    "build_component": "components",
    "calibrated_scale": "scales",
    "classical_baselines": "classification_baselines",
    "component_names": "components",
    "data_names": "data_registry",
    "distance_attention": "attention_function",
    "evaluate": "evaluation",
    "evaluate_folder": "folder_evaluation",
    "explain_backend": "attention_function",
    "find_head_sites": "head_sites",
    "freeze_metrics": "metric_freezing",
    "generate_text": "generation",
    "head_costs": "head_cost",
    "head_latencies": "head_timing",
    "load_data": "data_registry",
    "load_trained": "trained_folder",
    "masked_heads": "head_masking",
    "measured_scale": "scale_measurement",
    "no_decay_parameter_names": "attention_scale",
    "prune_heads": "head_pruning",
    "prune_masked_heads": "masked_head_pruning",
    "register_auto_classes": "auto_classes",
    "register_component": "components",
    "replace_attention": "attention_swap",
    "text_baseline_bits": "text_baselines",
    "train": "training",
}
_MODULES = {"errors"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
