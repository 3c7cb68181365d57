"""From a model to a QUBO whose minimum is the model's optimum, with the reasons."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import dimod
import numpy as np

from ..errors import CertificateError, OptionError
from ..seeds import resolve_seed
from .certificate import Certificate, PenaltyProof
from .encoding_choice import Target, choose_encodings
from .encodings import Encoding
from .enumeration import AUTOMATIC_LIMIT, count_and_minimize
from .integer_rows import IntegerRow, integer_row
from .objective_bits import cost_form, pair_bits
from .penalty_rules import Bound, penalty_bounds
from .presolve import Presolved, presolve
from .problem import Problem
from .quadratic_form import QuadraticForm
from .qubo import Qubo
from .reading import Model, read_model
from .row_forms import RowForm, row_form

__all__ = ["to_qubo"]

Penalty = Literal["certified", "adaptive"] | float | Mapping[Hashable, float]


def to_qubo(
    model: Model | Problem,
    *,
    encoding: str | Mapping[Any, str] = "auto",
    penalty: Penalty = "certified",
    target: Target = "penalty",
    units: Mapping[Hashable, float] | None = None,
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
            objective units per squared row unit.
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
    reduced = presolve(problem)
    rows = [_whole_row(reduced.problem, row, units or {}) for row in reduced.problem.rows]
    _check_labels(problem, "units", units or {})
    encodings = choose_encodings(reduced.problem, rows, encoding, target)
    forms = _forms(reduced.problem, rows, encodings)
    bounds = penalty_bounds(reduced.problem, encodings, rows)
    objective = _objective(reduced.problem, encodings)
    assembly = _Assembly(problem, reduced, rows, encodings, forms, bounds, objective)
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
        _check_labels(problem, "penalty", penalty)
        given = {label: _weight(value) for label, value in penalty.items()}
        return assembly.build({row.label: given[row.label] for row in rows if row.label in given})
    number = _weight(penalty)
    return assembly.build({row.label: number for row in rows}, validity=number)


def _weight(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not float(value) > 0:
        raise OptionError(f"penalty weight {value!r} is illegal; it must be a positive number")
    if not np.isfinite(float(value)):
        raise OptionError("penalty weight is infinite; it must be finite")
    return float(value)


def _check_labels(problem: Problem, what: str, mapping: Mapping[Hashable, float]) -> None:
    labels = [row.label for row in problem.rows]
    for label in mapping:
        if label not in labels:
            raise OptionError(f"{what} names the constraint {label!r}; the model has {labels!r}")


def _whole_row(problem: Problem, row: Any, units: Mapping[Hashable, float]) -> IntegerRow:
    return integer_row(problem, row, units.get(row.label))


def _forms(
    problem: Problem, rows: Sequence[IntegerRow], encodings: Sequence[Encoding]
) -> list[RowForm]:
    position = sum(encoding.n_bits for encoding in encodings)
    forms = []
    for row in rows:
        forms.append(row_form(row, encodings, position, _short_slack(problem, rows, row)))
        position += len(forms[-1].slack)
    return forms


def _short_slack(problem: Problem, rows: Sequence[IntegerRow], row: IntegerRow) -> int | None:
    """Slack range max c_i - 1 for a knapsack: a better slack would leave room for an unselected item.

    Holds only for the single row of a model of binaries in which selecting any item always gains: every cost
    is negative and no pair term is positive (business anchors, correction to rule C0 iii).
    """
    if len(rows) > 1 or row.sense != "<=" or row.tables or any(slope <= 0 for slope in row.slopes.values()):
        return None
    for i in row.members:
        variable = problem.variables[i]
        if variable.kind != "binary" or variable.size != 2 or variable.linear + variable.square >= 0:
            return None
    if any(pair.table is not None or pair.coefficient > 0 for pair in problem.pairs):
        return None
    if any(min(problem.variables[i].lower, 0) < 0 for p in problem.pairs for i in (p.first, p.second)):
        return None
    return max(row.slopes.values()) - 1


def _objective(problem: Problem, encodings: Sequence[Encoding]) -> QuadraticForm:
    form = QuadraticForm()
    form.offset = problem.offset
    for variable, encoding in zip(problem.variables, encodings):
        form.add(cost_form(variable, encoding))
    for pair in problem.pairs:
        bits = pair_bits(problem, pair, encodings)
        first, second = encodings[pair.first].bits, encodings[pair.second].bits
        form.add_linear(first, bits.first, bits.constant)
        form.add_linear(second, bits.second)
        for k, row in zip(first, bits.products.tolist()):
            for other, weight in zip(second, row):
                form.add_product(k, other, weight)
    return form


class _Assembly:
    """Everything but the weights; ``build`` turns weights into a QUBO."""

    def __init__(
        self,
        problem: Problem,
        reduced: Presolved,
        rows: Sequence[IntegerRow],
        encodings: Sequence[Encoding],
        forms: Sequence[RowForm],
        bounds: tuple[dict[Hashable, Bound], dict[int, Bound]],
        objective: QuadraticForm,
    ) -> None:
        self.problem, self.reduced, self.rows = problem, reduced, rows
        self.encodings, self.forms, self.objective = encodings, forms, objective
        self.row_bounds, self.validity_bounds = bounds
        magnitudes = [abs(w) for w in [*objective.linear.values(), *objective.quadratic.values()] if w]
        # A weight must beat its bound strictly; the margin is small because large weights flatten QAOA's
        # landscape and freeze annealing.
        self.margin = 0.02 * float(np.mean(magnitudes)) if magnitudes else 1.0
        self.labels = _bit_labels(reduced.problem, encodings, forms)

    def certified(self, bound: Bound) -> float:
        """A weight that is strictly larger than a bound."""
        return 1.02 * bound.value + self.margin

    def build(
        self,
        weights: Mapping[Hashable, float],
        *,
        validity: float | None = None,
        rule: str = "given",
        note: str = "",
    ) -> Qubo:
        """Build with the given row weights; certified weights where none is given."""
        row_proofs, validity_proofs = {}, {}
        form = QuadraticForm()
        form.add(self.objective)
        for row, penalty in zip(self.rows, self.forms):
            bound = self.row_bounds[row.label]
            weight = weights.get(row.label, self.certified(bound))
            row_proofs[row.label] = self._proof(bound, weight, rule, row.label in weights, penalty.kind)
            form.add(penalty.form, weight)
        for i, bound in self.validity_bounds.items():
            weight = self.certified(bound) if validity is None else validity
            label = self.reduced.problem.variables[i].label
            validity_proofs[label] = self._proof(
                bound, weight, rule, validity is not None, f"{self.encodings[i].name} string"
            )
            form.add(self.encodings[i].validity(), weight)
        bqm = dimod.BinaryQuadraticModel("BINARY")
        bqm.add_linear_from({label: form.linear.get(k, 0.0) for k, label in enumerate(self.labels)})
        bqm.add_quadratic_from(
            (self.labels[i], self.labels[j], weight) for (i, j), weight in form.quadratic.items() if weight
        )
        bqm.offset = form.offset
        proofs = [*row_proofs.values(), *validity_proofs.values()]
        qubo = Qubo(
            bqm=bqm,
            problem=self.problem,
            encodings=self.encodings,
            groups=_groups(self.reduced.problem, self.encodings, self.rows, self.labels),
            penalties={label: proof.weight for label, proof in row_proofs.items()},
            certificate=Certificate({}, {}, {}, False, None, ""),
            rows=self.rows,
            forms=self.forms,
            first_states=self.reduced.first_states,
        )
        proven = all(proof.weight > proof.bound for proof in proofs)
        confirmed, words = _confirm(qubo, rounded=any(row.rounded for row in self.rows))
        if proven and confirmed is False:
            raise CertificateError(
                "enumeration contradicts a penalty rule: the minimum of the QUBO is not the optimum of the "
                "model. Please report the model; penalty=<a large number> is a way around"
            )
        certificate = Certificate(
            row_proofs,
            validity_proofs,
            self.reduced.dropped,
            proven,
            confirmed,
            "; ".join(part for part in (note, words) if part),
        )
        object.__setattr__(qubo, "certificate", certificate)
        return qubo

    @staticmethod
    def _proof(bound: Bound, weight: float, rule: str, replaced: bool, form: str) -> PenaltyProof:
        name = f"{rule} (certified by: {bound.rule})" if replaced else bound.rule
        return PenaltyProof(name, bound.value, weight, bound.preconditions, form)


def _bit_labels(
    problem: Problem, encodings: Sequence[Encoding], forms: Sequence[RowForm]
) -> list[Hashable]:
    taken = {variable.label for variable in problem.variables}
    labels: list[Hashable] = []

    def fresh(name: str) -> str:
        while name in taken:
            name += "'"
        taken.add(name)
        return name

    for variable, encoding in zip(problem.variables, encodings):
        if encoding.n_bits == 1 and encoding.size == 2:
            labels.append(variable.label)
        else:
            labels += [fresh(f"{variable.label}[{k}]") for k in range(encoding.n_bits)]
    for form in forms:
        labels += [fresh(f"slack {form.label}[{k}]") for k in range(len(form.slack))]
    return labels


def _groups(
    problem: Problem,
    encodings: Sequence[Encoding],
    rows: Sequence[IntegerRow],
    labels: Sequence[Hashable],
) -> tuple[tuple[Hashable, ...], ...]:
    """One-hot encoded variables, and the user's own disjoint "exactly one" rows over binaries."""
    groups = [
        tuple(labels[bit] for bit in encoding.bits)
        for encoding in encodings
        if encoding.name == "one-hot" and encoding.size > 1
    ]
    used: set[int] = set()
    for row in rows:
        exactly_one = (
            row.sense == "=="
            and row.rhs == 1
            and not row.tables
            and all(slope == 1 for slope in row.slopes.values())
            and all(problem.variables[i].size == 2 and encodings[i].n_bits == 1 for i in row.members)
        )
        if exactly_one and not used.intersection(row.members):
            used.update(row.members)
            groups.append(tuple(labels[encodings[i].first_bit] for i in row.members))
    return tuple(groups)


def _confirm(qubo: Qubo, *, rounded: bool) -> tuple[bool | None, str]:
    """Compare the QUBO's minimizers with the model's optimum by enumerating both."""
    if 2**qubo.n_bits > AUTOMATIC_LIMIT:
        return None, f"not confirmed by enumeration: {qubo.n_bits} bits are more than 20"
    if rounded:
        return None, "not compared with the model: rows were rounded to coarser units"
    model = count_and_minimize(qubo.problem)
    if model.minimum is None:
        return None, "the model has no feasible assignment"
    bits = count_and_minimize(read_model(qubo.bqm))
    states, valid = qubo.decode_bits(bits.minimizers)
    good = bool(valid.all()) and bool(qubo.problem.feasible(states).all())
    tolerance = 1e-7 * max(1.0, abs(model.minimum))
    energy = bits.minimum if bits.minimum is not None else np.inf
    good = good and abs(energy - model.minimum) <= tolerance
    good = good and bool((np.abs(qubo.problem.objective(states) - model.minimum) <= tolerance).all())
    if good:
        return True, f"confirmed: all {2**qubo.n_bits:,} bit strings were enumerated"
    return False, "enumeration found that a minimizer of this QUBO is not an optimum of the model"
