"""Business tasks: columns, formula and pictures of each; ``hybrid_opt.planning`` does the mathematics."""

from .price_plan import PricePlan
from .prices import PricePlanner
from .process import ProcessPlanner
from .process_plan import ProcessPlan
from .resource_plan import ResourcePlan
from .resources import ResourcePlanner
from .strategy import StrategyPlanner
from .strategy_plan import StrategyPlan

__all__ = [
    "PricePlan",
    "PricePlanner",
    "ProcessPlan",
    "ProcessPlanner",
    "ResourcePlan",
    "ResourcePlanner",
    "StrategyPlan",
    "StrategyPlanner",
]
