"""The proofs behind the penalty weights, attacked with models made to break weights at their bounds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import dimod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import EncodingError, InfeasibleModelError
from hybrid_opt.qubo import Pair, Problem, Qubo, Row, Variable, read_model, to_qubo

MAX_BITS = 13
HAIR = 1e-5  # far above rounding, far below any difference between two objectives here
CHECK = settings(max_examples=60)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int8).reshape(2**n, n)


def every_state(problem: Problem) -> np.ndarray:
    return np.array(list(product(*(range(v.size) for v in problem.variables))))


def values(form, bits: np.ndarray) -> np.ndarray:
    total = np.full(len(bits), form.offset)
    for k, weight in form.linear.items():
        total = total + weight * bits[:, k]
    for (i, j), weight in form.quadratic.items():
        total = total + weight * bits[:, i] * bits[:, j]
    return total


def energies_at_the_bounds(qubo: Qubo, bits: np.ndarray) -> np.ndarray:
    """Energies if every weight were its bound plus a hair, without the margin that ``to_qubo`` adds."""
    energies = qubo.bqm.energies((bits, list(qubo.bqm.variables)))
    for form in qubo.forms:
        proof = qubo.certificate.constraints[form.label]
        energies = energies - (proof.weight - proof.bound - HAIR) * values(form.form, bits)
    for variable, encoding in zip(qubo.problem.variables, qubo.encodings):
        if variable.label in qubo.certificate.validity:
            proof = qubo.certificate.validity[variable.label]
            energies = energies - (proof.weight - proof.bound - HAIR) * values(encoding.validity(), bits)
    return energies


def assert_bounds_suffice(problem: Problem, encoding="auto") -> Qubo | None:
    """The minimum at the bounds is the optimum; None where there is nothing to compare."""
    states = every_state(problem)
    feasible = problem.feasible(states)
    try:
        qubo = to_qubo(problem, encoding=encoding)
    except InfeasibleModelError:
        assert not feasible.any()
        return None
    except EncodingError:
        assert encoding in ("binary", "increments")
        return None
    if not feasible.any() or qubo.n_bits > MAX_BITS:
        return None
    bits = strings(qubo.n_bits)
    energies = energies_at_the_bounds(qubo, bits)
    best = problem.objective(states[feasible]).min()
    decoded, valid = qubo.decode_bits(bits[energies <= energies.min() + HAIR / 100])
    assert valid.all()
    assert problem.feasible(decoded).all()
    assert energies.min() == pytest.approx(best, abs=1e-7)
    assert problem.objective(decoded) == pytest.approx(best, abs=1e-7)
    return qubo


def random_variables(rng: np.random.Generator, kinds: list[str]) -> list[Variable]:
    made = []
    for i, kind in enumerate(kinds):
        if kind == "level":
            size = int(rng.integers(3, 5))
            made.append(Variable(f"x{i}", "level", size, table=np.round(rng.normal(size=size) * 5, 1)))
        elif kind == "integer":
            lower, size = int(rng.integers(-3, 4)), int(rng.integers(2, 5))
            square = float(rng.integers(-2, 3)) if rng.random() < 0.5 else 0.0
            made.append(Variable(f"x{i}", "integer", size, lower, 1, float(rng.integers(-4, 5)), square))
        elif kind == "spin":
            made.append(Variable(f"x{i}", "spin", 2, -1, 2, float(rng.integers(-6, 7))))
        else:
            made.append(Variable(f"x{i}", "binary", 2, linear=float(rng.integers(-6, 7))))
    return made


def random_pairs(rng: np.random.Generator, variables: list[Variable], tables: float = 0.5) -> list[Pair]:
    """Synergies of both signs between half of all pairs, many of them across rows."""
    made = []
    for j in range(len(variables)):
        for i in range(j):
            if rng.random() < 0.5:
                table = np.round(rng.normal(size=(variables[i].size, variables[j].size)) * 3)
                bent = rng.random() < tables
                made.append(Pair(i, j, 0.0 if bent else float(rng.integers(-4, 5)), table if bent else None))
    return made


def growing_row(rng: np.random.Generator, variables: list[Variable], label: str, tables: float) -> Row:
    members = rng.permutation(len(variables))[: rng.integers(1, len(variables) + 1)].tolist()
    terms: dict = {}
    for i in members:
        steps = np.cumsum(rng.integers(1, 4, variables[i].size)).astype(float)
        terms[i] = steps if rng.random() < tables else float(rng.integers(1, 5))
    bare = Problem(variables, (), [Row("", "<=", 0.0, terms)])
    ends = [bare.weights(bare.rows[0], i) for i in members]
    low, high = sum(w[0] for w in ends), sum(w[-1] for w in ends)
    return Row(label, "<=", float(rng.integers(low, high + 1)), terms)


def knapsacks(rng: np.random.Generator) -> Problem:
    """Several growing rows that share members of every kind: the removal and clearing rules."""
    variables = random_variables(
        rng, rng.choice(["binary", "integer", "spin", "level"], rng.integers(2, 5)).tolist()
    )
    rows = [growing_row(rng, variables, f"r{k}", 0.4) for k in range(rng.integers(1, 3))]
    return Problem(variables, random_pairs(rng, variables), rows, 1.0)


def precedences(rng: np.random.Generator) -> Problem:
    """Chains, trees and circles of precedences between two-state variables, packed into growing rows."""
    kinds = ["binary"] * int(rng.integers(2, 5)) + rng.choice(["spin", "level"], rng.integers(0, 2)).tolist()
    variables = random_variables(rng, kinds)
    two = [i for i, v in enumerate(variables) if v.size == 2]
    rows = []
    for k in range(rng.integers(1, 5)):
        i, j = rng.choice(two, 2, replace=False).tolist()
        a, b = variables[i], variables[j]
        terms = {i: 1.0 / a.step, j: -1.0 / b.step}
        rows.append(Row(f"p{k}", "<=", a.lower / a.step - b.lower / b.step, terms))
    rows += [growing_row(rng, variables, f"r{k}", 0.2) for k in range(rng.integers(0, 3))]
    return Problem(variables, random_pairs(rng, variables), rows)


def budgets(rng: np.random.Generator) -> Problem:
    """One row that counts every step once, with either sign, any lower bounds and synergies of both signs."""
    variables = random_variables(
        rng, rng.choice(["binary", "integer", "spin", "level"], rng.integers(2, 5)).tolist()
    )
    members = rng.permutation(len(variables))[: rng.integers(2, len(variables) + 1)].tolist()
    terms = {i: float(rng.choice([-1, 1, 1])) / variables[i].step for i in members}
    low = sum(min(t * variables[i].lower, t * variables[i].upper) for i, t in terms.items())
    span = sum(variables[i].size - 1 for i in members)
    row = Row("budget", str(rng.choice(["<=", ">=", "=="])), low + int(rng.integers(0, span + 1)), terms)
    return Problem(variables, random_pairs(rng, variables), [row], -3.0)


def choices(rng: np.random.Generator) -> Problem:
    """Unordered choices with pair tables, some of them under a removal row, some under none."""
    variables = random_variables(rng, ["level"] * int(rng.integers(2, 4)))
    rows = [growing_row(rng, variables[: rng.integers(1, len(variables) + 1)], "r", 0.6)]
    return Problem(variables, random_pairs(rng, variables, tables=1.0), rows if rng.random() < 0.7 else [])


def gainful_knapsacks(rng: np.random.Generator) -> Problem:
    """What the short slack is for, with partners outside of the row that it must not forget."""
    n = int(rng.integers(3, 6))
    variables = [Variable(f"x{i}", "binary", 2, linear=-float(rng.integers(1, 9))) for i in range(n)]
    terms = {i: float(rng.integers(1, 9)) for i in range(n)}
    if rng.random() < 0.5:
        variables.append(Variable("z", "integer", 3, int(rng.integers(-1, 2)), 1, float(rng.integers(-3, 4))))
    pairs = [
        Pair(i, j, -float(rng.integers(1, 5)))
        for j in range(len(variables))
        for i in range(j)
        if rng.random() < 0.4
    ]
    row = Row("budget", "<=", float(rng.integers(1, sum(terms.values()))), terms)
    return Problem(variables, pairs, [row])


def contradictions(rng: np.random.Generator) -> Problem:
    """Rows of every sense and any weights, which only the range bound covers."""
    variables = random_variables(
        rng, rng.choice(["binary", "integer", "spin", "level"], rng.integers(2, 4)).tolist()
    )
    states = np.array([rng.integers(v.size) for v in variables])
    rows = []
    for k in range(rng.integers(1, 4)):
        members = rng.permutation(len(variables))[: rng.integers(1, len(variables) + 1)].tolist()
        terms = {
            i: rng.integers(-3, 6, variables[i].size).astype(float)
            if rng.random() < 0.3
            else float(rng.integers(-3, 4))
            for i in members
        }
        bare = Problem(variables, (), [Row("", "<=", 0.0, terms)])
        left = sum(bare.weights(bare.rows[0], i)[states[i]] for i in members)
        rows.append(Row(f"r{k}", str(rng.choice(["<=", ">=", "=="])), float(left), terms))
    return Problem(variables, random_pairs(rng, variables), rows)


FAMILIES: dict[str, tuple[Callable[[np.random.Generator], Problem], set[str]]] = {
    "knapsacks": (knapsacks, {"removal", "clearing", "sorting"}),
    "precedences": (precedences, {"removal", "range"}),
    "budgets": (budgets, {"unit step", "sorting", "range"}),
    "choices": (choices, {"removal", "clearing", "sorting"}),
    "gainful knapsacks": (gainful_knapsacks, {"removal"}),
    "contradictions": (contradictions, {"range"}),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_a_hair_above_their_bounds_suffice(family):
    build, expected = FAMILIES[family]
    seen: set[str] = set()

    @CHECK
    @given(generators)
    def attack(rng: np.random.Generator) -> None:
        problem = build(rng)
        for encoding in ("auto", "one-hot", "domain-wall"):
            qubo = assert_bounds_suffice(problem, encoding)
            if qubo is not None:
                proofs = [*qubo.certificate.constraints.values(), *qubo.certificate.validity.values()]
                seen.update(proof.rule for proof in proofs)

    attack()
    assert expected <= seen  # an attack on rules that never applied would prove nothing


def exact_minimum(qubo: Qubo, weights: float) -> float:
    """Lowest energy if every bound were multiplied by a factor."""
    bits = strings(qubo.n_bits)
    energies = energies_at_the_bounds(qubo, bits)
    for form in qubo.forms:
        bound = qubo.certificate.constraints[form.label].bound
        energies = energies + ((weights - 1) * bound - HAIR) * values(form.form, bits)
    return float(energies.min())


@pytest.mark.parametrize(
    ("rule", "costs", "row", "optimum"),
    [
        ("removal", [-11, -11], Row("r", "<=", 1.0, {0: 1.0, 1: 1.0}), -11),
        ("removal", [-10, 20], Row("r", "<=", 0.0, {0: 1.0, 1: -1.0}), 0),
        ("unit step", [-11, -11, -11], Row("r", "==", 2.0, {0: 1.0, 1: 1.0, 2: 1.0}), -22),
        ("unit step", [7, 7, 7], Row("r", ">=", 1.0, {0: 1.0, 1: 1.0, 2: 1.0}), 7),
    ],
)
def test_bounds_that_cannot_be_lowered(rule, costs, row, optimum):
    variables = [Variable(f"x{i}", "binary", 2, linear=float(c)) for i, c in enumerate(costs)]
    qubo = to_qubo(Problem(variables, (), [row]))
    assert qubo.certificate.constraints["r"].rule == rule
    assert exact_minimum(qubo, 1.001) == pytest.approx(optimum)
    assert exact_minimum(qubo, 0.99) < optimum - 0.01


def test_a_dimod_model_of_everything_at_once():
    """Precedences, an exclusive pair, one choice of three, an integer with a lower bound, a spin."""
    for seed in range(25):
        rng = np.random.default_rng(seed)
        x = [dimod.Binary(f"x{i}") for i in range(4)]
        choice = [dimod.Binary(f"y{i}") for i in range(3)]
        k, s = dimod.Integer("k", lower_bound=-2, upper_bound=1), dimod.Spin("s")
        cqm = dimod.ConstrainedQuadraticModel()
        everything = [*x, *choice, k, s]
        objective = dimod.quicksum(int(rng.integers(-6, 7)) * v for v in everything)
        objective += int(rng.integers(-3, 4)) * x[0] * choice[1] + int(rng.integers(-3, 4)) * k * s + k * k
        cqm.set_objective(objective)
        cqm.add_constraint(x[0] - x[1] <= 0, label="0 needs 1")
        cqm.add_constraint(x[1] - x[2] <= 0, label="1 needs 2")
        cqm.add_constraint(x[2] + x[3] <= 1, label="exclusive")
        cqm.add_constraint(dimod.quicksum(choice) == 1, label="one")
        cqm.add_constraint(k + s >= -1, label="k and s")
        qubo = assert_bounds_suffice(read_model(cqm))
        assert qubo is not None
        rules = {label: proof.rule for label, proof in qubo.certificate.constraints.items()}
        assert rules == {
            "0 needs 1": "removal",
            "1 needs 2": "removal",
            "exclusive": "removal",
            "one": "unit step",
            "k and s": rules["k and s"],
        }
