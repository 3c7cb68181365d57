"""Solve the planners that were handed in, and say what each plan brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from ..planning.plan_summary import gains
from ..progress import Progress
from ..seeds import child_seed
from .configuration import HybridConfig, plan_room

__all__ = ["PlanResult", "solve_plans"]


@dataclass(frozen=True, eq=False)
class PlanResult:
    """A solved plan.

    Attributes:
        name: of its class, numbered where there are several.
        room: "marketing" or "business".
        plan: the plan itself.
        seconds: of solving; None where it was handed in solved.
    """

    name: str
    room: str
    plan: Any
    seconds: float | None

    def figures(self) -> Mapping[str, Any]:
        """Headline figures of the plan."""
        found: Mapping[str, Any] = self.plan.figures()
        return found

    def gains(self) -> list[tuple[str, float, float]]:
        """Each figure that is known for today too: name, today, plan."""
        return gains(self.figures())

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        whole = self.plan.to_dict() if hasattr(self.plan, "to_dict") else dict(self.figures())
        return {"name": self.name, "room": self.room, "seconds": self.seconds, "plan": whole}


def solve_plans(
    config: HybridConfig, seed: int, progress: Progress, results: list[PlanResult] | None = None
) -> list[PlanResult]:
    """The plans of a run whose engine is switched on, at every level.

    Args:
        config: the question.
        seed: of the run.
        progress: called with the share done.
        results: a list that gets each result as soon as it is there, so that an interruption loses none.

    Returns:
        One result per planner or plan, in the order given.

    Raises:
        TableError, PlanError: as the planners raise them.
        KeyboardInterrupt: ctrl-C, also where a planner kept it to itself; its unfinished plan is no result.
    """
    results = [] if results is None else results
    for number, plan in enumerate(config.plans):
        room = plan_room(plan)
        if room is None or not getattr(config, room):
            continue
        progress(number / len(config.plans), type(plan).__name__)
        begin, seconds = perf_counter(), None
        if not callable(getattr(plan, "figures", None)):
            plan = plan.solve(seed=child_seed(seed, f"plan {number}"))
            seconds = perf_counter() - begin
            if getattr(plan, "interrupted", False):
                raise KeyboardInterrupt
        kind = type(plan).__name__
        same = sum(result.name.split(" ")[0] == kind for result in results)
        results.append(PlanResult(f"{kind} {same + 1}" if same else kind, room, plan, seconds))
    return results
