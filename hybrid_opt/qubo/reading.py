"""Read a user's model into a ``Problem``; everything that would not be treated exactly is refused here."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import dimod
import numpy as np

from ..errors import InfeasibleModelError, ModelError, UnsupportedModelError
from .level_model import LevelModel
from .problem import Pair, Problem, Row, Variable

__all__ = ["Model", "read_model"]

Model = dimod.BinaryQuadraticModel | dimod.ConstrainedQuadraticModel | LevelModel
"""What ``solve`` and ``to_qubo`` take."""


def read_model(model: Any) -> Problem:
    """Read a model into the common internal form; the model is not changed.

    Args:
        model: a dimod ``BinaryQuadraticModel``, a dimod ``ConstrainedQuadraticModel`` with binary, spin and
            bounded integer variables, a ``LevelModel``, or a ``Problem`` (returned as it is).

    Returns:
        The problem, minimized, variables in the model's order.

    Raises:
        UnsupportedModelError: another type, real variables, soft or quadratic constraints.
        ModelError: a coefficient is NaN or infinite, or the objective overflows.
        InfeasibleModelError: an integer variable has no integer between its bounds.

    Example:
        >>> bqm = dimod.BinaryQuadraticModel({"a": 1.0, "b": -2.0}, {"ab": 3.0}, 0.5, "BINARY")
        >>> read_model(bqm).objective(np.array([[0, 1]])).tolist()
        [-1.5]
    """
    if isinstance(model, Problem):
        return model
    if isinstance(model, LevelModel):
        return _within_range(model.to_problem())
    if isinstance(model, dimod.BinaryQuadraticModel):
        return _within_range(_from_bqm(model))
    if isinstance(model, dimod.ConstrainedQuadraticModel):
        return _within_range(_from_cqm(model))
    raise UnsupportedModelError(
        f"the model is a {type(model).__name__}; legal are dimod.BinaryQuadraticModel, "
        "dimod.ConstrainedQuadraticModel and hybrid_opt.LevelModel. From a NumPy matrix Q use "
        "dimod.BinaryQuadraticModel(Q, 'BINARY')"
    )


def _within_range(problem: Problem) -> Problem:
    with np.errstate(over="ignore"):
        finite = np.isfinite(problem.proof_tolerance)
    if not finite:
        raise ModelError(
            "the terms of the objective add up to more than a number can hold; divide all coefficients by a "
            "common factor"
        )
    return problem


def _check_finite(given: Any, where: str) -> float:
    number = float(given)
    if not np.isfinite(number):
        raise ModelError(f"{where} is {number!r}; every coefficient must be a finite number")
    return number


def _from_bqm(bqm: Any) -> Problem:
    spin = bqm.vartype is dimod.SPIN
    labels = list(bqm.variables)
    index = {label: i for i, label in enumerate(labels)}
    variables = [
        Variable(
            label,
            "spin" if spin else "binary",
            size=2,
            lower=-1 if spin else 0,
            step=2 if spin else 1,
            linear=_check_finite(bqm.linear[label], f"the linear coefficient of {label!r}"),
        )
        for label in labels
    ]
    pairs = []
    for u, v, bias in bqm.iter_quadratic():
        if bias:
            i, j = sorted((index[u], index[v]))
            pairs.append(Pair(i, j, _check_finite(bias, f"the coefficient of {u!r} * {v!r}")))
    return Problem(variables, pairs, (), _check_finite(bqm.offset, "the offset"), model=bqm)


def _cqm_variable(cqm: Any, label: Any, linear: float, square: float) -> Variable:
    vartype = cqm.vartype(label)
    if vartype is dimod.REAL:
        raise UnsupportedModelError(
            f"variable {label!r} is real; only binary, spin and bounded integer variables are treated "
            "exactly. Choose a step and make it an integer: dimod.Integer(label, upper_bound=...)"
        )
    if vartype is dimod.SPIN:
        return Variable(label, "spin", 2, lower=-1, step=2, linear=linear, square=square)
    lower, upper = ceil(cqm.lower_bound(label)), floor(cqm.upper_bound(label))
    if lower > upper:
        raise InfeasibleModelError(
            f"integer variable {label!r} has bounds {cqm.lower_bound(label)} to {cqm.upper_bound(label)}; "
            "no integer lies between them"
        )
    kind = "binary" if vartype is dimod.BINARY else "integer"
    return Variable(label, kind, upper - lower + 1, lower=lower, linear=linear, square=square)  # type: ignore[arg-type]


def _from_cqm(cqm: Any) -> Problem:
    labels = list(cqm.variables)
    index = {label: i for i, label in enumerate(labels)}
    linear, square = np.zeros(len(labels)), np.zeros(len(labels))
    products: dict[tuple[int, int], float] = {}
    for label, bias in cqm.objective.linear.items():
        linear[index[label]] += _check_finite(bias, f"the objective coefficient of {label!r}")
    for u, v, bias in cqm.objective.iter_quadratic():
        _check_finite(bias, f"the objective coefficient of {u!r} * {v!r}")
        i, j = sorted((index[u], index[v]))
        if i == j:
            square[i] += bias
        elif bias:
            products[i, j] = products.get((i, j), 0.0) + float(bias)
    variables = [_cqm_variable(cqm, v, float(linear[i]), float(square[i])) for v, i in index.items()]
    rows = []
    for label, comparison in cqm.constraints.items():
        lhs = comparison.lhs
        if lhs.is_soft():
            raise UnsupportedModelError(
                f"constraint {label!r} is soft (it has a weight); soft constraints are not treated exactly. "
                "Put the weighted term into the objective, or make the constraint hard"
            )
        if not lhs.is_linear():
            raise UnsupportedModelError(
                f"constraint {label!r} is quadratic; only linear constraints are treated exactly. "
                "Replace each product of binaries by a new binary z with z <= x, z <= y, z >= x + y - 1"
            )
        terms: dict[int, Any] = {}
        for name, bias in lhs.linear.items():
            _check_finite(bias, f"the coefficient of {name!r} in constraint {label!r}")
            if bias:
                terms[index[name]] = float(bias)
        rhs = _check_finite(comparison.rhs - lhs.offset, f"the right-hand side of constraint {label!r}")
        rows.append(Row(label, comparison.sense.value, rhs, terms))
    offset = _check_finite(cqm.objective.offset, "the offset of the objective")
    pairs = [Pair(i, j, bias) for (i, j), bias in products.items()]
    return Problem(variables, pairs, rows, offset, model=cqm)
