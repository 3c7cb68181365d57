"""Figures of the quantum row against sums over all bit strings."""

import itertools
import json

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.circuits.product_space import Factor, ProductSpace
from hybrid_opt.qubo import read_model, to_qubo
from hybrid_opt.solvers import QuantumRecord, UniformRecord
from hybrid_opt.solvers.quantum import figures_of_distribution, figures_of_draws


def model() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    x = dimod.Integer("x", lower_bound=-1, upper_bound=2)
    a, b = dimod.Binaries("ab")
    cqm.set_objective(x * a - 2 * x + b)
    cqm.add_constraint(x + 2 * a + 2 * b <= 3, label="row")
    return cqm


def slow_figures(qubo, probabilities, optimum):
    """The same by one decode per bit string and the user's model alone."""
    hit = feasible = value = 0.0
    chance = {}
    for index, bits in enumerate(itertools.product((0, 1), repeat=qubo.n_bits)):
        try:
            sample = qubo.decode(dict(zip(qubo.bqm.variables, bits)))
        except ho.errors.DecodingError:
            continue
        if not qubo.problem.model.check_feasible(sample):
            continue
        energy = qubo.problem.model.objective.energy(sample)
        feasible += probabilities[index]
        value += probabilities[index] * energy
        hit += probabilities[index] * (energy <= optimum + 1e-9)
        key = tuple(sample.items())
        chance[key] = chance.get(key, 0.0) + probabilities[index]
    return hit, feasible, value / feasible, dict(max(chance, key=lambda key: chance[key]))


@pytest.mark.parametrize("encoding", ["auto", "one-hot", "domain-wall", "binary"])
@pytest.mark.parametrize("block", [8, 2**16])
def test_distribution_against_one_bit_string_at_a_time(encoding, block, monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.quantum.BLOCK", block)
    qubo = to_qubo(model(), encoding=encoding)
    probabilities = np.random.default_rng(2).dirichlet(np.ones(2**qubo.n_bits))
    optimum = ho.solve(model(), "exact").objective
    figures, likely = figures_of_distribution(qubo, probabilities, optimum)
    hit, feasible, value, sample = slow_figures(qubo, probabilities, optimum)
    assert figures.p_optimum == pytest.approx(hit, rel=1e-12)
    assert figures.feasible_share == pytest.approx(feasible, rel=1e-12)
    assert figures.expected_value == pytest.approx(value, rel=1e-12)
    assert qubo.problem.to_sample(likely) == sample


def test_values_that_presolve_removed():
    cqm = dimod.ConstrainedQuadraticModel()
    x = dimod.Integer("x", lower_bound=0, upper_bound=9)
    a, b = dimod.Binaries("ab")
    cqm.set_objective(-x + 2 * a - 3 * b)
    cqm.add_constraint(x + 2 * a + 2 * b <= 3, label="row")
    qubo = to_qubo(cqm)
    assert qubo.encodings[0].size < 10
    probabilities = np.random.default_rng(3).dirichlet(np.ones(2**qubo.n_bits))
    figures, likely = figures_of_distribution(qubo, probabilities, -4.0)
    hit, feasible, value, sample = slow_figures(qubo, probabilities, -4.0)
    assert (figures.p_optimum, figures.feasible_share) == pytest.approx((hit, feasible), rel=1e-12)
    assert figures.expected_value == pytest.approx(value, rel=1e-12)
    assert qubo.problem.to_sample(likely) == sample


def test_equally_probable_assignments_give_the_first():
    bqm = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "BINARY")
    _, likely = figures_of_distribution(to_qubo(bqm), np.full(4, 0.25), None)
    assert likely.tolist() == [0, 0]


def test_nothing_feasible():
    cqm = dimod.ConstrainedQuadraticModel()
    x, y, z = dimod.Binaries("xyz")
    for label, pair in {"one": x + y, "two": y + z, "odd": x + z}.items():
        cqm.add_constraint(pair == 1, label=label)
    qubo = to_qubo(cqm)
    figures, likely = figures_of_distribution(qubo, np.full(2**qubo.n_bits, 2.0**-qubo.n_bits), None)
    assert likely is None
    assert (figures.feasible_share, figures.expected_value, figures.p_optimum) == (0.0, None, None)


def test_draws_by_hand():
    cqm = dimod.ConstrainedQuadraticModel()
    a, b = dimod.Binaries("ab")
    cqm.set_objective(-2 * a - 3 * b)
    cqm.add_constraint(a + b <= 1, label="one")
    qubo = to_qubo(cqm)
    assert list(qubo.bqm.variables) == ["a", "b"]
    figures = figures_of_draws(qubo, np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.uint8), -3.0)
    assert figures.p_optimum == 0.25
    assert figures.feasible_share == 0.75
    assert figures.expected_value == pytest.approx(-5 / 3)
    none = figures_of_draws(qubo, np.array([[1, 1]], dtype=np.uint8), None)
    assert (none.p_optimum, none.feasible_share, none.expected_value) == (None, 0.0, None)


def test_a_distribution_over_a_part_of_the_strings():
    cqm = dimod.ConstrainedQuadraticModel()
    x = [dimod.Binary(f"x{k}") for k in range(3)]
    cqm.set_objective(-x[0] - 2 * x[1] - 3 * x[2])
    cqm.add_constraint(x[0] + x[1] + x[2] == 1, label="one")
    qubo = to_qubo(cqm)
    one_hot = ProductSpace(3, (Factor((0, 1, 2), np.eye(3, dtype=np.uint8)),))
    figures, likely = figures_of_distribution(qubo, np.array([0.5, 0.2, 0.3]), -3.0, one_hot)
    assert figures.p_optimum == pytest.approx(0.3)
    assert figures.feasible_share == pytest.approx(1.0)
    assert figures.expected_value == pytest.approx(-1.8)
    assert likely.tolist() == [1, 0, 0]


def test_record_as_json():
    record = QuantumRecord(
        simulator="Aer statevector (CPU)", qubits=2, depth=1, two_qubit_gates=1, two_qubit_depth=1,
        shots=None, evaluations=0, samples_counted=1000, gammas=(0.5,), betas=(-0.4,),
        p_optimum=None, feasible_share=1.0, expected_energy=-1.0, expected_value=-1.0,
        source="exact probabilities", qubo_optimum=None, qubo_optimum_reason="too large",
        uniform=UniformRecord(4, 0.25, -0.5), penalties={("row", 1): 2.0},
    )  # fmt: skip
    fields = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert fields["uniform"] == {
        "n_feasible": 4, "p_optimum": 0.25, "expected_value": -0.5, "method": "enumeration",
    }  # fmt: skip
    assert fields["penalties"] == {"('row', 1)": 2.0}
    assert fields["gammas"] == [0.5]
    assert next(iter(fields)) == "simulator"


def test_optimum_of_the_record_is_that_of_the_model():
    problem = read_model(model())
    solution = ho.solve(model(), "qaoa", seed=1)
    sizes = [range(variable.size) for variable in problem.variables]
    states = np.array(list(itertools.product(*sizes)))
    best = problem.objective(states)[problem.feasible(states)].min()
    assert solution.quantum.qubo_optimum == best
    assert solution.quantum.qubo_optimum_reason == ""


def test_a_small_subspace_of_many_bits_takes_no_more_memory_than_its_states():
    # 40 bits: a table of all their values would be 8 TiB.
    cqm = dimod.ConstrainedQuadraticModel()
    groups = [[dimod.Binary(f"x{m}{e}") for e in range(10)] for m in range(4)]
    cqm.set_objective(sum(-(e + 1) * x for group in groups for e, x in enumerate(group)))
    for m, group in enumerate(groups):
        cqm.add_constraint(sum(group) == 1, label=f"one {m}")
    cqm.add_constraint(groups[0][9] + groups[1][9] <= 1, label="not both")
    qubo = to_qubo(cqm, penalty={"not both": 0.0})
    order = list(qubo.bqm.variables)
    places = [tuple(order.index(f"x{m}{e}") for e in range(10)) for m in range(4)]
    factors = [Factor(place, np.eye(10, dtype=np.uint8)) for place in places]
    figures, likely = figures_of_distribution(
        qubo, np.full(10**4, 1e-4), -39.0, ProductSpace(qubo.n_bits, tuple(factors))
    )
    assert figures.p_optimum == pytest.approx(2e-4)
    assert figures.feasible_share == pytest.approx(0.99)
    assert figures.expected_value == pytest.approx((-22 * 1e4 + 31 * 100) / 9900)
    assert cqm.check_feasible(qubo.problem.to_sample(likely))
