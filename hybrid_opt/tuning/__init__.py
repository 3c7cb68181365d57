"""Quadratic models that tune a network: which settings to try next, which parts to keep.

The names below are loaded on first use. The Optuna sampler and what goes with it need Optuna, which comes
with the extra ``tuning``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .attention_objective import AttentionObjective
    from .attention_settings import attention_space
    from .attention_tuning import tune_attention
    from .expert_reassignment import ExpertReassignment
    from .head_baselines import HEAD_BASELINES, head_baseline
    from .head_choice import HeadSelection
    from .head_question import HeadQuestion
    from .head_selection import select_heads
    from .labelled_batches import LabelledBatches, read_batches
    from .level_annealing import LevelAnneal
    from .loss_statistics import HeadStatistics, head_statistics
    from .qubo_sampler import QuboSampler
    from .refinement import Refinement, refine
    from .routing_answer import Routing
    from .routing_assignment import assign_experts
    from .routing_problem import RoutingProblem
    from .surrogate_check import SurrogateCheck, check_surrogate
    from .token_clusters import TokenClusters, cluster_tokens
    from .tuning_answer import AttentionTuning

__all__ = [
    "HEAD_BASELINES",
    "AttentionObjective",
    "AttentionTuning",
    "ExpertReassignment",
    "HeadQuestion",
    "HeadSelection",
    "HeadStatistics",
    "LabelledBatches",
    "LevelAnneal",
    "QuboSampler",
    "Refinement",
    "Routing",
    "RoutingProblem",
    "SurrogateCheck",
    "TokenClusters",
    "assign_experts",
    "attention_space",
    "check_surrogate",
    "cluster_tokens",
    "head_baseline",
    "head_statistics",
    "read_batches",
    "refine",
    "select_heads",
    "tune_attention",
]

_HOMES = {
    "AttentionObjective": "attention_objective",
    "AttentionTuning": "tuning_answer",
    "ExpertReassignment": "expert_reassignment",
    "HEAD_BASELINES": "head_baselines",
    "HeadQuestion": "head_question",
    "HeadSelection": "head_choice",
    "HeadStatistics": "loss_statistics",
    "LabelledBatches": "labelled_batches",
    "LevelAnneal": "level_annealing",
    "QuboSampler": "qubo_sampler",
    "Refinement": "refinement",
    "Routing": "routing_answer",
    "RoutingProblem": "routing_problem",
    "SurrogateCheck": "surrogate_check",
    "TokenClusters": "token_clusters",
    "assign_experts": "routing_assignment",
    "attention_space": "attention_settings",
    "check_surrogate": "surrogate_check",
    "cluster_tokens": "token_clusters",
    "head_baseline": "head_baselines",
    "head_statistics": "loss_statistics",
    "read_batches": "labelled_batches",
    "refine": "refinement",
    "select_heads": "head_selection",
    "tune_attention": "attention_tuning",
}
_NEEDS_OPTUNA = {
    "AttentionObjective",
    "AttentionTuning",
    "QuboSampler",
    "Refinement",
    "attention_space",
    "refine",
    "tune_attention",
}


def __getattr__(name: str) -> object:
    if name in _NEEDS_OPTUNA:
        from .._optional import require

        require("optuna", "tuning")
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
