"""Marketing tasks: columns, formula and pictures of each; ``hybrid_opt.planning`` does the mathematics."""

from .budget import BudgetPlanner
from .budget_plan import BudgetPlan
from .curves import ResponseCurves

__all__ = ["BudgetPlan", "BudgetPlanner", "ResponseCurves"]
