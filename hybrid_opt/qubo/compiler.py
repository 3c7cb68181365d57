"""From a model to a QUBO whose minimum is the model's optimum, with the reasons."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from ..errors import InfeasibleModelError, OptionError
from ..seeds import resolve_seed
from .assembly import Assembly
from .encoding_choice import Target, choose_encodings
from .encodings import Encoding
from .integer_rows import IntegerRow, integer_row
from .objective_bits import cost_form, pair_bits
from .penalty_rules import penalty_bounds
from .presolve import Presolved, presolve
from .problem import Problem, Row
from .quadratic_form import QuadraticForm
from .qubo import Qubo
from .reading import Model, read_model
from .row_forms import RowForm, row_form

__all__ = ["to_qubo"]

Penalty = Literal["certified", "adaptive"] | float | Mapping[Any, float]


def to_qubo(
    model: Model | Problem,
    *,
    encoding: str | Mapping[Any, str] = "auto",
    penalty: Penalty = "certified",
    target: Target = "penalty",
    units: Mapping[Any, float] | None = None,
    seed: int | None = None,
) -> Qubo:
    """Compile a model into a QUBO.

    Args:
        model: dimod BQM or CQM (binary, spin, bounded integer variables; linear constraints), ``LevelModel``
            or ``Problem``. It is not changed.
        encoding: "auto", a name for all variables ("binary", "increments", "domain-wall", "one-hot"), or
            variable label -> name.
        penalty: "certified" takes every weight from a rule with a proof; "adaptive" starts low and doubles
            the weight of whatever the best annealing sample breaks, up to the certified weight; a number
            sets all weights; constraint label -> number sets some, the others stay certified. Weights are
            objective units per squared row unit. A weight of 0 in a mapping leaves the row out: no penalty,
            no slack bits, and a certificate that is not ``proven``. Answers are judged by the row all the
            same.
        target: "penalty" for methods that sample the QUBO, "subspace" to keep choices as one-hot groups.
        units: constraint label -> coarser unit (money, hours) for a "<=" row: its weights are rounded up,
            which saves slack bits; feasible answers stay feasible, some may be cut off.
        seed: for "adaptive" only.

    Returns:
        The QUBO with its certificate. Up to 20 bits the certificate is confirmed by enumeration.

    Raises:
        UnsupportedModelError: real variables, soft or quadratic constraints, coefficients without a unit.
        InfeasibleModelError: a row can never hold.
        EncodingError: a requested encoding is not exact.
        OptionError: an unknown option or label.

    Example:
        >>> import dimod
        >>> x, y = dimod.Binaries(["x", "y"])
        >>> cqm = dimod.ConstrainedQuadraticModel()
        >>> cqm.set_objective(-2 * x - 3 * y)
        >>> cqm.add_constraint(x + y <= 1, label="one")
        'one'
        >>> qubo = to_qubo(cqm)
        >>> qubo.n_bits, qubo.certificate.confirmed
        (2, True)
    """
    problem = read_model(model)
    coarse = _checked_units(problem, units)
    given = _given_weights(problem, penalty)
    zero = {label for label, weight in given.items() if weight == 0}
    _check_units_of(zero, coarse)
    reduced = presolve(problem, unpenalized=zero)
    left_out = [row for row in reduced.problem.rows if row.label in zero]
    held = [row for row in reduced.problem.rows if row.label not in zero]
    rows = [integer_row(reduced.problem, row, coarse.get(row.label)) for row in held]
    if any(row.rounded for row in rows):
        reduced = _presolve_rounded(reduced, rows)
        unit = {row.label: row.unit for row in rows}
        rows = [integer_row(reduced.problem, row) for row in reduced.problem.rows]
        rows = [
            replace(row, rounded=row.label in coarse, unit=row.unit * unit[row.label]) for row in rows
        ]
    encodings = choose_encodings(reduced.problem, rows, encoding, target)
    forms = _forms(reduced.problem, rows, encodings, alone=len(rows) + len(left_out) == 1)
    bounds = penalty_bounds(reduced.problem, encodings, rows)
    objective = _objective(reduced.problem, encodings)
    assembly = Assembly(problem, reduced, rows, encodings, forms, bounds, objective, left_out)
    if isinstance(penalty, str):
        if penalty == "certified":
            return assembly.build({})
        if penalty == "adaptive":
            from .adaptive import adapt_penalties

            return adapt_penalties(assembly, seed=resolve_seed(seed))
        raise OptionError(
            f"penalty is {penalty!r}; legal are 'certified', 'adaptive', a number, or label -> number"
        )
    if isinstance(penalty, Mapping):
        return assembly.build({row.label: given[row.label] for row in rows if row.label in given})
    number = _weight(penalty)
    return assembly.build({row.label: number for row in rows}, validity=number)


def _given_weights(problem: Problem, penalty: Penalty) -> dict[Hashable, float]:
    """Weights that a mapping names, 0 for a row to be left out; none where ``penalty`` is no mapping."""
    if not isinstance(penalty, Mapping):
        return {}
    _check_labels(problem, "penalty", penalty)
    return {label: _weight(value, of_one_row=True) for label, value in penalty.items()}


def _weight(value: object, *, of_one_row: bool = False) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not (float(value) > 0 or (of_one_row and float(value) == 0)):  # type: ignore[arg-type]
        legal = "a positive number, or 0 to leave the row out" if of_one_row else "a positive number"
        hint = "" if of_one_row else "; penalty={label: 0} leaves a row out"
        raise OptionError(f"penalty weight {value!r} is illegal; it must be {legal}{hint}")
    if not np.isfinite(float(value)):  # type: ignore[arg-type]
        raise OptionError("penalty weight is infinite; it must be finite")
    return float(value)  # type: ignore[arg-type]


def _check_labels(problem: Problem, what: str, mapping: Mapping[Any, float]) -> None:
    labels = [row.label for row in problem.rows]
    for label in mapping:
        if label not in labels:
            raise OptionError(f"{what} names the constraint {label!r}; the model has {labels!r}")


def _checked_units(problem: Problem, units: Any) -> dict[Hashable, float]:
    if units is None:
        return {}
    if not isinstance(units, Mapping):
        raise OptionError(f"units is {units!r}; it must map labels of '<=' constraints to units")
    _check_labels(problem, "units", units)
    for label, unit in units.items():
        if isinstance(unit, bool) or not isinstance(unit, (int, float, np.number)):
            raise OptionError(f"the unit of constraint {label!r} is {unit!r}; it must be a positive number")
    return dict(units)


def _check_units_of(zero: set[Hashable], units: Mapping[Hashable, float]) -> None:
    for label in units:
        if label in zero:
            raise OptionError(
                f"units names the constraint {label!r}, which penalty leaves out; a row without slack has no "
                "unit to round to. Give it a weight, or take it out of units"
            )


def _presolve_rounded(reduced: Presolved, rows: Sequence[IntegerRow]) -> Presolved:
    """Presolve again with rounded rows: the penalty rules rely on domains that no single row can shrink."""
    whole = []
    for row in rows:
        terms: dict[int, Any] = {i: table.astype(np.float64) for i, table in row.tables.items()}
        rhs = float(row.rhs)
        for i, slope in row.slopes.items():
            variable = reduced.problem.variables[i]
            terms[i] = slope / variable.step
            rhs += terms[i] * variable.lower
        whole.append(Row(row.label, row.sense, rhs, terms))
    try:
        again = presolve(replace(reduced.problem, rows=whole))
    except InfeasibleModelError as error:
        rounded = ", ".join(repr(row.label) for row in rows if row.rounded)
        raise InfeasibleModelError(f"with {rounded} rounded to coarser units: {error}") from error
    return Presolved(
        again.problem, reduced.first_states + again.first_states, {**reduced.dropped, **again.dropped}
    )


def _forms(
    problem: Problem, rows: Sequence[IntegerRow], encodings: Sequence[Encoding], *, alone: bool
) -> list[RowForm]:
    """Penalties of the rows; ``alone`` says that the model has no other row, left out or not."""
    position = sum(encoding.n_bits for encoding in encodings)
    forms = []
    for row in rows:
        forms.append(row_form(row, encodings, position, _short_slack(problem, row) if alone else None))
        position += len(forms[-1].slack)
    return forms


def _short_slack(problem: Problem, row: IntegerRow) -> int | None:
    """Slack range max c_i - 1 for a knapsack: a better slack would leave room for an unselected item.

    Holds only for the single row of a model of binaries in which selecting any item always gains: every cost
    is negative and no pair term is positive (business anchors, correction to rule C0 iii).
    """
    if row.sense != "<=" or row.tables or any(slope <= 0 for slope in row.slopes.values()):
        return None
    for i in row.members:
        variable = problem.variables[i]
        if variable.kind != "binary" or variable.size != 2 or np.diff(variable.costs())[0] >= 0:
            return None
    if any(pair.table is not None or pair.coefficient > 0 for pair in problem.pairs):
        return None
    if any(min(problem.variables[i].lower, 0) < 0 for p in problem.pairs for i in (p.first, p.second)):
        return None
    return max(row.slopes.values()) - 1


def _is_bit(encoding: Encoding) -> bool:
    return encoding.size == 2 and encoding.n_bits == 1


def _objective(problem: Problem, encodings: Sequence[Encoding]) -> QuadraticForm:
    form = QuadraticForm()
    form.offset = problem.offset
    for variable, encoding in zip(problem.variables, encodings):
        form.add(cost_form(variable, encoding))
    for pair in problem.pairs:
        if pair.table is None and _is_bit(encodings[pair.first]) and _is_bit(encodings[pair.second]):
            # c (l + s x)(m + t y) in plain floats: a dense model has hundreds of thousands of these.
            one, two = problem.variables[pair.first], problem.variables[pair.second]
            bit, other_bit = encodings[pair.first].first_bit, encodings[pair.second].first_bit
            c = pair.coefficient
            form.offset += c * one.lower * two.lower
            form.linear[bit] = form.linear.get(bit, 0.0) + c * two.lower * one.step
            form.linear[other_bit] = form.linear.get(other_bit, 0.0) + c * one.lower * two.step
            form.add_product(bit, other_bit, c * one.step * two.step)
            continue
        bits = pair_bits(problem, pair, encodings)
        first, second = encodings[pair.first].bits, encodings[pair.second].bits
        form.add_linear(first, bits.first, bits.constant)
        form.add_linear(second, bits.second)
        for k, row in zip(first, bits.products.tolist()):
            for other, weight in zip(second, row):
                form.add_product(k, other, weight)
    return form
