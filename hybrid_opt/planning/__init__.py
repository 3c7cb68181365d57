"""What every plan does: read and check a table, solve, say what binds, count alternatives, compare."""

from .baselines import PlanBaseline, exact_baselines
from .budget_sharing import share_budget
from .choice_form import ChoiceForm
from .choice_planner import ChoicePlanner
from .company_page import combined_report
from .comparison import Plan, compare
from .dynamic_program import DynamicProgram
from .level_models import to_cqm, to_level_model
from .level_plan import LevelPlan
from .level_planner import LevelPlanner
from .lines import LevelQuestion, Line, Synergy
from .marginal_greedy import MarginalGreedy, greedy_by_marginal_value
from .near_optimal import NearOptimal, near_optimal_plans
from .proven_answer import ProvenAnswer, prove
from .quantum_check import QuantumCheck, quantum_check
from .resource_program import solve_resources
from .saved_plan import SavedPlan, read_saved_plan
from .scenarios import compare_scenarios
from .selection_plan import SelectionPlan
from .selection_planner import SelectionPlanner
from .shared_budget import SharedBudget
from .side_constraint import SideConstraint
from .side_near import near_plans_by_search
from .stability import Stability, plan_stability
from .true_score import TrueScore
from .vocabulary import Vocabulary
from .zoom import Zoom, zoom

__all__ = [
    "ChoiceForm",
    "ChoicePlanner",
    "DynamicProgram",
    "LevelPlan",
    "LevelPlanner",
    "LevelQuestion",
    "Line",
    "MarginalGreedy",
    "NearOptimal",
    "Plan",
    "PlanBaseline",
    "ProvenAnswer",
    "QuantumCheck",
    "SavedPlan",
    "SelectionPlan",
    "SelectionPlanner",
    "SharedBudget",
    "SideConstraint",
    "Stability",
    "Synergy",
    "TrueScore",
    "Vocabulary",
    "Zoom",
    "combined_report",
    "compare",
    "compare_scenarios",
    "exact_baselines",
    "greedy_by_marginal_value",
    "near_optimal_plans",
    "near_plans_by_search",
    "plan_stability",
    "prove",
    "quantum_check",
    "read_saved_plan",
    "share_budget",
    "solve_resources",
    "to_cqm",
    "to_level_model",
    "zoom",
]
