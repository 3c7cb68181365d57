"""The risk of a choice of projects: the variance of what they bring together.

    risk(x) = sum r_ij D_it D_js x_it x_js     with x_it = 1 for project i starting in t, D_it its discount

H. Markowitz, Journal of Finance 7 (1952), 77-91. The matrix r holds the covariances of the values before
these are discounted. It is given, or taken from futures: equally likely outcomes of every project.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..planning.money import money_text
from ..planning.table import Column, TableSource, read_raw, read_table

__all__ = ["covariance", "of_starts", "read_futures", "read_risk"]

ROUNDING = 1e-9


def read_risk(source: TableSource, names: Sequence[str]) -> NDArray[np.float64]:
    """Read a square table of covariances of the projects' values, as these are before discounting.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: project, and one column per project.
        names: names of the projects.

    Returns:
        The matrix, shape (N, N).

    Raises:
        TableError: a project is missing, the matrix is not symmetric or belongs to no outcomes (it has a
            negative eigenvalue), anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> read_risk(pd.DataFrame({"project": ["a", "b"], "a": [4, 1], "b": [1, 9]}), ["a", "b"]).tolist()
        [[4.0, 1.0], [1.0, 9.0]]
    """
    columns = [Column("project", "text", unique=True), *(Column(name, "number") for name in names)]
    table = read_table(source, columns, name="risk table")
    rows = [str(name) for name in table.column("project")]
    problems = table.problems()
    for i, name in enumerate(rows):
        if name not in names:
            problems.add(f"{name!r} is no project of the plan", row=i, column="project")
    for name in names:
        if name not in rows:
            problems.add(f"there is no row for {name!r}; the table has one per project")
    problems.raise_if_any()
    given = np.array([table.column(name) for name in names], dtype=np.float64).T
    matrix = given[[rows.index(name) for name in names]]
    for a, first in enumerate(names):
        for b in range(a):
            if matrix[a, b] != matrix[b, a]:
                here, there = money_text(matrix[a, b]), money_text(matrix[b, a])
                problems.add(
                    f"{here} here, but {there} in the mirrored cell; make them equal",
                    row=rows.index(first),
                    column=names[b],
                )
    if not problems.messages and np.linalg.eigvalsh(matrix)[0] < -ROUNDING * max(1.0, np.abs(matrix).max()):
        problems.add("no outcomes have these covariances (a negative eigenvalue); some choice would have a "
                     "negative variance")  # fmt: skip
    problems.raise_if_any()
    return matrix


def read_futures(source: TableSource, names: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Read what every project is worth in every future.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: project, and one column per future with the
            factor of its value there.
        names: names of the projects.

    Returns:
        Names of the futures, and factors, shape (N, futures).

    Raises:
        TableError: a project is missing or unknown, fewer than two futures, anything wrong in the table.
    """
    raw = read_raw(source, [Column("project", "text")], name="table of futures")
    futures = [name for name in raw.header if name != "project"]
    columns = [Column("project", "text", unique=True), *(Column(name, "number") for name in futures)]
    table = read_table(source, columns, name="table of futures")
    rows = [str(name) for name in table.column("project")]
    problems = table.problems()
    if len(futures) < 2:
        problems.add("there is only one future; give at least two columns of factors")
    for i, name in enumerate(rows):
        if name not in names:
            problems.add(f"{name!r} is no project of the plan", row=i, column="project")
    for name in names:
        if name not in rows:
            problems.add(f"there is no row for {name!r}; the table has one per project")
    problems.raise_if_any()
    factors = np.array([table.column(name) for name in futures], dtype=np.float64).T
    return futures, factors[[rows.index(name) for name in names]]


def covariance(values: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariances of what projects bring over equally likely futures.

    Args:
        values: value of each project, shape (N,).
        factors: factor of it in each future, shape (N, futures).

    Returns:
        Shape (N, N).

    Example:
        >>> covariance(np.array([10.0, 20.0]), np.array([[0.5, 1.5], [1.5, 0.5]])).tolist()
        [[25.0, -50.0], [-50.0, 100.0]]
    """
    outcomes = values[:, None] * factors
    away = outcomes - outcomes.mean(axis=1, keepdims=True)
    return np.asarray(away @ away.T / factors.shape[1])


def of_starts(
    risk: NDArray[np.float64], project: NDArray[np.int64], discounts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Covariances of the discounted values of starts, from those of the projects' values.

    Args:
        risk: covariances of the values of projects, not discounted, shape (N, N).
        project: position of the project of each start, shape (S,).
        discounts: factor by which the value of each start is discounted, shape (S,).

    Returns:
        r_ij D_a D_b for start a of project i and start b of project j, shape (S, S).

    Example:
        >>> of_starts(np.array([[4.0]]), np.array([0, 0]), np.array([1.0, 0.5])).tolist()
        [[4.0, 2.0], [2.0, 1.0]]
    """
    return np.asarray(risk[np.ix_(project, project)] * np.outer(discounts, discounts))
