"""Marketing tasks: columns, formula and pictures of each; ``hybrid_opt.planning`` does the mathematics."""

from ..planning.curves import ResponseCurves
from .audience import AudiencePlanner
from .audience_plan import AudiencePlan
from .budget import BudgetPlanner
from .budget_plan import BudgetPlan
from .content import ContentPlanner
from .content_plan import ContentPlan
from .posting import PostingPlanner
from .posting_plan import PostingPlan

__all__ = [
    "AudiencePlan",
    "AudiencePlanner",
    "BudgetPlan",
    "BudgetPlanner",
    "ContentPlan",
    "ContentPlanner",
    "PostingPlan",
    "PostingPlanner",
    "ResponseCurves",
]
