"""Put a QUBO together: objective, penalties with their weights, labels, groups, and the confirmation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import dimod
import numpy as np

from ..errors import CertificateError, UnsupportedModelError
from .certificate import LEFT_OUT, Certificate, PenaltyProof
from .encodings import Encoding
from .enumeration import AUTOMATIC_LIMIT, count_and_minimize
from .integer_rows import IntegerRow, integer_row
from .penalty_rules import Bound
from .presolve import Presolved
from .problem import Problem, Row
from .quadratic_form import QuadraticForm
from .qubo import Qubo
from .reading import read_model
from .row_forms import RowForm

__all__ = ["Assembly"]

NOT_HELD = PenaltyProof(LEFT_OUT, np.inf, 0.0, (), "no penalty, no slack")


class Assembly:
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
        left_out: Sequence[Row] = (),
    ) -> None:
        self.problem, self.reduced, self.rows = problem, reduced, rows
        self.left_out = left_out
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
        confirm: bool = True,
    ) -> Qubo:
        """Build with the given row weights; certified weights where none is given.

        Args:
            weights: row label -> weight.
            validity: weight on bit strings that stand for no value; certified where None.
            rule: what the certificate calls the given weights.
            note: first words of the certificate's note.
            confirm: whether to enumerate where the size allows it.

        Returns:
            The QUBO.

        Raises:
            UnsupportedModelError: certified weights whose energies double precision cannot tell apart.
            CertificateError: enumeration contradicts a certified weight.
        """
        row_proofs, validity_proofs = {}, {}
        penalties: list[tuple[float, QuadraticForm]] = []
        form = QuadraticForm()
        form.add(self.objective)
        for row, penalty in zip(self.rows, self.forms):
            bound = self.row_bounds[row.label]
            weight = weights.get(row.label, self.certified(bound))
            row_proofs[row.label] = self._proof(bound, weight, rule, row.label in weights, penalty.kind)
            penalties.append((weight, penalty.form))
        for i, bound in self.validity_bounds.items():
            weight = self.certified(bound) if validity is None else validity
            label = self.reduced.problem.variables[i].label
            validity_proofs[label] = self._proof(
                bound, weight, rule, validity is not None, f"{self.encodings[i].name} string"
            )
            penalties.append((weight, self.encodings[i].validity()))
        for weight, penalty_form in penalties:
            form.add(penalty_form, weight)
        bqm = dimod.BinaryQuadraticModel("BINARY")
        bqm.add_linear_from({label: form.linear.get(k, 0.0) for k, label in enumerate(self.labels)})
        bqm.add_quadratic_from(
            (self.labels[i], self.labels[j], weight) for (i, j), weight in form.quadratic.items() if weight
        )
        bqm.offset = form.offset
        held = [*row_proofs.values(), *validity_proofs.values()]
        rounding = 2.0**-51 * form.magnitude()
        counting = [*self.rows, *_exact_counts(self.reduced.problem, self.left_out)]
        groups, weight_groups = _groups(self.reduced.problem, self.encodings, counting, self.labels)
        row_proofs |= {row.label: NOT_HELD for row in self.left_out}
        qubo = Qubo(
            bqm=bqm,
            problem=self.problem,
            encodings=self.encodings,
            groups=groups,
            weight_groups=weight_groups,
            penalties={label: proof.weight for label, proof in row_proofs.items()},
            certificate=Certificate({}, {}, {}, False, None, ""),
            rows=self.rows,
            forms=self.forms,
            first_states=self.reduced.first_states,
        )
        certified = all(proof.weight > proof.bound for proof in held)
        if certified and self.rows:
            self._check_precision(row_proofs, rounding)
        proven = certified and not self.left_out
        confirmed, words = None, "not confirmed by enumeration"
        if confirm:
            confirmed, words = _confirm(qubo, self.reduced.problem, self.objective, penalties)
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
            "; ".join(part for part in (note, _told(self.left_out), words) if part),
        )
        object.__setattr__(qubo, "certificate", certificate)
        return qubo

    def _check_precision(self, proofs: Mapping[Hashable, PenaltyProof], rounding: float) -> None:
        """Refuse a QUBO whose energies cannot tell a broken row from a kept one in double precision."""
        if rounding <= 0.1 * min(proofs[row.label].weight - proofs[row.label].bound for row in self.rows):
            return
        largest = max(self.forms, key=lambda form: proofs[form.label].weight * form.form.magnitude())
        unit = next(row.unit for row in self.rows if row.label == largest.label)
        raise UnsupportedModelError(
            f"constraint {largest.label!r} counts in units of {unit:g}, so many that their squares do "
            f"not fit double precision beside the objective. Round its numbers, give a coarser unit by "
            f"units={{{largest.label!r}: ...}}, or use method='milp'"
        )

    @staticmethod
    def _proof(bound: Bound, weight: float, rule: str, replaced: bool, form: str) -> PenaltyProof:
        name = f"{rule} (certified by: {bound.rule})" if replaced else bound.rule
        return PenaltyProof(name, bound.value, weight, bound.preconditions, form)


def _told(left_out: Sequence[Row]) -> str:
    if not left_out:
        return ""
    rows = "1 row has" if len(left_out) == 1 else f"{len(left_out)} rows have"
    return f"{rows} no penalty, as asked: bit strings that break them are not kept from being the minimum"


def _exact_counts(problem: Problem, left_out: Sequence[Row]) -> list[IntegerRow]:
    """Rows left out that say "exactly k": a mixer that keeps groups holds them without a penalty."""
    found = []
    for row in left_out:
        factors = {float(term) for term in row.terms.values() if not isinstance(term, np.ndarray)}
        tables = any(isinstance(term, np.ndarray) for term in row.terms.values())
        if row.sense != "==" or tables or len(factors) != 1 or factors == {0.0}:
            continue
        count = row.rhs / factors.pop()
        # The factor may have no unit, which would not matter here.
        if abs(count - round(count)) <= 1e-9:
            whole = Row(row.label, "==", float(round(count)), dict.fromkeys(row.terms, 1.0))
            found.append(integer_row(problem, whole))
    return found


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
) -> tuple[tuple[tuple[Hashable, ...], ...], tuple[tuple[tuple[Hashable, ...], int], ...]]:
    """Groups of one set bit, and of several with their number.

    One-hot encoded variables, and the user's own "exactly k" rows over binaries that share no bit.
    """
    one_hot = [
        tuple(labels[bit] for bit in encoding.bits)
        for encoding in encodings
        if encoding.name == "one-hot" and encoding.size > 1
    ]
    weighted = []
    used: set[int] = set()
    for row in rows:
        exactly = (
            row.sense == "=="
            and 1 <= row.rhs < len(row.members)
            and not row.tables
            and all(slope == 1 for slope in row.slopes.values())
            and all(problem.variables[i].size == 2 and encodings[i].n_bits == 1 for i in row.members)
        )
        if exactly and not used.intersection(row.members):
            used.update(row.members)
            bits = tuple(labels[encodings[i].first_bit] for i in row.members)
            if row.rhs == 1:
                one_hot.append(bits)
            else:
                weighted.append((bits, int(row.rhs)))
    return tuple(one_hot), tuple(weighted)


def _confirm(
    qubo: Qubo,
    reduced: Problem,
    objective: QuadraticForm,
    penalties: Sequence[tuple[float, QuadraticForm]],
) -> tuple[bool | None, str]:
    """Compare the QUBO's minimizers with the model's optimum by enumerating both."""
    if 2**qubo.n_bits > AUTOMATIC_LIMIT:
        return None, f"not confirmed by enumeration: {qubo.n_bits} bits are more than 20"
    if any(row.rounded for row in qubo.rows):
        return None, "not compared with the model: rows were rounded to coarser units"
    # Presolve keeps every feasible assignment and may leave far fewer others to look at.
    model = count_and_minimize(reduced)
    if model.minimum is None:
        return None, "the model has no feasible assignment"
    # Squares of large row units leave rounding errors in the energies, so enumeration returns a band of
    # candidates. On them objective and penalties are added up separately: a penalty of 0 is then exactly 0.
    candidates = count_and_minimize(read_model(qubo.bqm)).minimizers
    energies = objective.values(candidates) + sum(
        (weight * form.values(candidates) for weight, form in penalties), np.zeros(len(candidates))
    )
    lowest = float(energies.min())
    tolerance = 1e-9 * max(1.0, abs(model.minimum)) + 2.0**-50 * objective.magnitude()
    states, valid = qubo.decode_bits(candidates[energies <= lowest + tolerance])
    good = (
        abs(lowest - model.minimum) <= tolerance
        and bool(valid.all())
        and bool(qubo.problem.feasible(states).all())
        and bool((np.abs(qubo.problem.objective(states) - model.minimum) <= 2 * tolerance).all())
    )
    if good:
        return True, f"confirmed: all {2**qubo.n_bits:,} bit strings were enumerated"
    return False, "enumeration found that a minimizer of this QUBO is not an optimum of the model"
