"""Minimum service: a department must bring at least so much value, which rules its lowest levels out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..errors import PlanError
from ..planning.curves import ResponseCurves
from ..planning.line_table import LineTable, PlanLine
from ..planning.money import money_text

__all__ = ["with_minimum_service"]


def with_minimum_service(table: LineTable, curves: ResponseCurves) -> LineTable:
    """The table without the levels at which a department's value is below its service.

    Args:
        table: the department table, with the column service.
        curves: value of every department; they cover all its levels.

    Returns:
        The same table with higher lowest levels where service asks for them.

    Raises:
        PlanError: a service that no allowed level reaches, or that a falling curve misses again above.
    """
    found = [_raised(line, table, curves) for line in table.lines]
    problems = [problem for problem in found if isinstance(problem, str)]
    if problems:
        raise PlanError("\n".join(problems))
    return replace(table, lines=tuple(line for line in found if not isinstance(line, str)))


def _raised(line: PlanLine, table: LineTable, curves: ResponseCurves) -> PlanLine | str:
    service = float(line.extra["service"])
    if math.isnan(service):
        return line
    values = curves.response(line.label, line.spends)
    served = np.flatnonzero(values >= service)
    where = f"department {line.label!r} ({table.name}, {line.place})"
    if not len(served):
        return (
            f"{where} must bring a service of {money_text(service)}, but its allowed levels bring at most "
            f"{money_text(float(values.max()))}; lower the service or raise its max"
        )
    first = int(served[0])
    if len(served) < len(values) - first:
        level = line.spends[first:][values[first:] < service][0]
        return (
            f"{where} reaches its service of {money_text(service)} at level {money_text(line.spends[first])} "
            f"and misses it again at level {money_text(level)}, because its curve falls; lower its max"
        )
    if first == 0:
        return line
    grid, skipped = line.grid, first - (1 if line.grid.off else 0)
    grid = replace(grid, first=grid.first + skipped * grid.step, count=grid.count - skipped, off=False)
    return replace(
        line, grid=grid, spends=grid.spends(), units=grid.units(table.unit), lowest_kind="service"
    )
