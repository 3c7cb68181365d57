"""What every plan does: read and check a table, solve, say what binds, count alternatives, compare."""

from .comparison import Plan, compare
from .dynamic_program import DynamicProgram
from .level_models import to_cqm, to_level_model
from .lines import LevelQuestion, Line, Synergy
from .near_optimal import NearOptimal, near_optimal_plans
from .proven_answer import ProvenAnswer, prove
from .quantum_check import QuantumCheck, quantum_check
from .zoom import Zoom, zoom

__all__ = [
    "DynamicProgram",
    "LevelQuestion",
    "Line",
    "NearOptimal",
    "Plan",
    "ProvenAnswer",
    "QuantumCheck",
    "Synergy",
    "Zoom",
    "compare",
    "near_optimal_plans",
    "prove",
    "quantum_check",
    "to_cqm",
    "to_level_model",
    "zoom",
]
