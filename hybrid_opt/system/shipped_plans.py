"""Planners over the synthetic tables that ship with the package, for the command line and examples."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from ..business import PricePlanner, ProcessPlanner, ResourcePlanner, StrategyPlanner
from ..business.synthetic_prices import shipped_prices
from ..business.synthetic_processes import shipped_processes
from ..business.synthetic_resources import shipped_example
from ..business.synthetic_strategy import shipped_strategy
from ..marketing import AudiencePlanner, BudgetPlanner, ContentPlanner, PostingPlanner
from ..marketing.synthetic_audience import shipped_audience
from ..marketing.synthetic_content import shipped_content
from ..marketing.synthetic_posting import shipped_posting

__all__ = ["shipped_planners"]

_LIMITS = {"staff": 40, "money": 246_000}


def shipped_planners() -> list[Any]:
    """One planner for each task that has tables of its own in the package; all of them are synthetic.

    Returns:
        Marketing budget, audience, content and posts, then prices, resources, processes and strategy.

    Example:
        >>> [type(planner).__name__.removesuffix("Planner") for planner in shipped_planners()]
        ['Budget', 'Audience', 'Content', 'Posting', 'Price', 'Resource', 'Process', 'Strategy']
    """
    data = files("hybrid_opt.marketing") / "data"
    with (
        as_file(data / "plan.csv") as plan,
        as_file(data / "curves.csv") as curves,
        as_file(data / "caps.csv") as caps,
    ):
        budget = BudgetPlanner.from_csv(plan, curves, caps=caps)
    goods = shipped_prices()
    prices = PricePlanner.from_csv(
        goods.products,
        demand=goods.demand,
        cross=goods.cross,
        order=goods.order,
        ladder=[0.9, 1.0, 1.1],
        endings=[0.99, 0.49],
        max_changes=3,
    )
    tables = shipped_example()
    resources = ResourcePlanner.from_csv(
        tables.departments,
        tables.curves,
        resources=_LIMITS,  # a level is a post, so staff needs no column
        fairness=tables.fairness,
        synergies=tables.synergies,
    )
    segments = shipped_audience()
    audience = AudiencePlanner.from_csv(segments.segments, members=segments.members, budget=6_000)
    shop = shipped_processes()
    processes = ProcessPlanner.from_csv(
        shop.improvements,
        areas=shop.areas,
        needs=shop.needs,
        exclusions=shop.exclusions,
        limits={"cost": 240_000, "staff": 150},
    )
    projects = shipped_strategy()
    strategy = StrategyPlanner.from_csv(
        projects.projects,
        periods=4,
        budgets=500,
        rate=0.06,
        needs=projects.needs,
        futures=projects.futures,
        third="jobs",
    )
    campaign = shipped_content()
    content = ContentPlanner.from_csv(
        campaign.levels,
        pairs=campaign.pairs,
        audiences=campaign.audiences,
        forbidden=campaign.forbidden,
        worth=30,
        budget=1_400,
        fatigue=0.25,
    )
    week = shipped_posting()
    posting = PostingPlanner.from_csv(
        week.slots,
        posts=week.posts,
        fatigue=0.3,
        fatigue_hours=48,
        topic_gap=48,
        max_per_day=1,
        weekend=(1, None),
    )
    return [budget, audience, content, posting, prices, resources, processes, strategy]
