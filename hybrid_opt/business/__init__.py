"""Business tasks: columns, formula and pictures of each; ``hybrid_opt.planning`` does the mathematics."""

from .resource_plan import ResourcePlan
from .resources import ResourcePlanner

__all__ = ["ResourcePlan", "ResourcePlanner"]
