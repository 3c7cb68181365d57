"""Marketing tasks: columns, formula and pictures of each; ``hybrid_opt.planning`` does the mathematics."""

from ..planning.curves import ResponseCurves
from .budget import BudgetPlanner
from .budget_plan import BudgetPlan

__all__ = ["BudgetPlan", "BudgetPlanner", "ResponseCurves"]
