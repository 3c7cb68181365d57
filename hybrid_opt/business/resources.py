"""The resource task: which level for which department, under several limited resources, with proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..planning.clashes import check_limits_together
from ..planning.curves import ResponseCurves
from ..planning.level_planner import LevelPlanner
from ..planning.level_task import LevelTask
from ..planning.line_table import read_plan
from ..planning.pair_table import read_synergies
from ..planning.preflight import preflight
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from .fairness import fairness_sides
from .resource_columns import DEPARTMENTS, UNUSED, check_resources, resource_columns, resource_sides
from .resource_plan import ResourcePlan
from .service import with_minimum_service

__all__ = ["ResourcePlanner"]


class ResourcePlanner(LevelPlanner[ResourcePlan]):
    """Divide limited resources among departments whose value curves are known.

    Choose a level u_d for every department d among its allowed ones, and

        maximize    sum_d v_d(u_d) + sum_(d,e) s_de u_d u_e
        subject to  sum_d a_rd u_d <= R_r              for every resource r,
                    v_d(u_d) >= service_d,
                    |u_d / need_d - u_e / need_e| <= delta_de    for fair pairs,
                    sum of the levels of a group <= its cap.

    Everything is checked when the planner is made; ``solve`` answers.

    Args:
        departments: the department table, a path of a .csv or .xlsx file or a DataFrame: department, current,
            min, max, step and perhaps fixed, group, min_if_used, service (least value), need (for fairness),
            and one column per resource with its use per level. One resource may have no column: then the
            level is what is used of it.
        curves: value curves, likewise: department, level, value (perhaps lo, hi), linear between rows; or
            Hill parameters: department, theta, alpha, K, beta.
        resources: name -> how much there is.
        caps: group -> most levels of its departments together; a mapping or a table (group, cap).
        fairness: most by which level / need may differ: one number for every pair of departments, or a table
            (department, other, delta).
        synergies: table (department, other, strength): extra value strength * level * level.
        extrapolate: hold the last value of a curve beyond its last row instead of refusing.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: limits that cannot hold together, or a curve that does not cover a department's range; the
            clash is named.
        OptionError: an illegal option.

    Example:
        >>> departments = pd.DataFrame({"department": ["sales", "service"], "current": [2, 2], "min": [0, 1],
        ...                             "max": [4, 4], "step": [1, 1], "money": [30, 20]})
        >>> curves = pd.DataFrame({"department": ["sales"] * 3 + ["service"] * 3, "level": [0, 2, 4] * 2,
        ...                        "value": [0, 80, 120, 0, 70, 100]})
        >>> planner = ResourcePlanner.from_tables(departments, curves, resources={"staff": 5, "money": 130})
        >>> plan = planner.solve(seed=1)
        >>> plan.status, plan.allocation(), plan.value
        ('optimal', {'sales': 3.0, 'service': 2.0}, 170.0)
    """

    plan_type = ResourcePlan
    finer_grid = False
    beside = True

    @tells_what_was_read
    def __init__(
        self,
        departments: TableSource,
        curves: TableSource | ResponseCurves,
        *,
        resources: Mapping[str, float],
        caps: TableSource | Mapping[str, float] | None = None,
        fairness: TableSource | float | None = None,
        synergies: TableSource | None = None,
        extrapolate: bool = False,
    ) -> None:
        self._given = {
            "departments": departments,
            "curves": curves,
            "resources": resources,
            "caps": caps,
            "fairness": fairness,
            "synergies": synergies,
            "extrapolate": extrapolate,
        }
        self.resources = check_resources(resources)
        extra = resource_columns(departments, self.resources)
        table = read_plan(departments, caps=caps, words=DEPARTMENTS, extra=extra, unused=UNUSED)
        if isinstance(curves, ResponseCurves):
            self.curves = curves
        else:
            self.curves = ResponseCurves.read(curves, extrapolate=extrapolate, words=DEPARTMENTS)
        findings = preflight(table, self.curves, None)
        findings.raise_if_errors()
        self.table = with_minimum_service(table, self.curves)
        sides = [*resource_sides(self.table, self.resources), *fairness_sides(self.table, fairness)]
        pairs = read_synergies(synergies, self.table.labels, DEPARTMENTS)
        self.question = LevelTask.of(
            self.table, self.curves, None, "at_most", pairs, reference=1.0, sides=sides
        )
        undecided = check_limits_together(self.question)
        problems = self.question.current_problems()
        today = [f"today's levels are no answer to this plan: {problem}" for problem in problems]
        self.notes = [*findings.notes, *undecided, *today]

    @classmethod
    def from_csv(cls, departments: TableSource, curves: TableSource, **options: Any) -> ResourcePlanner:
        """Read the tables from files; options as in the class."""
        return cls(departments, curves, **options)

    @classmethod
    def from_tables(
        cls, departments: pd.DataFrame, curves: pd.DataFrame, **options: Any
    ) -> ResourcePlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(departments, curves, **options)
