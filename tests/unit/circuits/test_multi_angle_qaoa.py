"""Multi-angle QAOA: the circuit's numbers, plain QAOA as a special case, exact gradients, bad input."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import AerDevice, CircuitQAOA, DiagonalQAOA, MultiAngleQAOA, train_angles
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR, Expectation

RNG = np.random.default_rng(2)
MODEL = dimod.BinaryQuadraticModel(
    {"a": 0.5, "b": 0.0, "c": -1.0, "d": 0.25}, {"ab": 1.0, "bc": -0.5, "ad": 2.0, "cd": 0.75}, 1.5, "BINARY"
)


def angles(engine, layers=2):
    return RNG.normal(size=(layers, len(engine.terms))), RNG.normal(size=(layers, engine.n_qubits))


@pytest.mark.parametrize("device", [AerDevice, lambda wires: qml.device("default.qubit", wires=wires)])
def test_equals_the_circuit(device):
    engine, circuit = MultiAngleQAOA(MODEL), CircuitQAOA(MODEL, device(wires=4))
    assert engine.terms == circuit.terms
    wide = angles(engine)
    np.testing.assert_allclose(engine.probabilities(*wide), circuit.probabilities(*wide), atol=1e-10)
    assert abs(np.vdot(engine.state(*wide), circuit.state(*wide))) == pytest.approx(1, abs=1e-10)
    assert engine.value(*wide) == pytest.approx(circuit.value(*wide), abs=1e-10)


def test_equal_angles_are_plain_qaoa():
    plain, engine = DiagonalQAOA(MODEL), MultiAngleQAOA(MODEL)
    narrow = [0.3, -0.4], [0.2, -1.9]
    wide = engine.widen(*narrow)
    value, by_gamma, by_beta = plain.value_and_grad(*narrow)
    found, by_term, by_qubit = engine.value_and_grad(*wide)
    assert found == pytest.approx(value, abs=1e-12)
    np.testing.assert_allclose(by_term.sum(axis=1), by_gamma, atol=1e-10)
    np.testing.assert_allclose(by_qubit.sum(axis=1), by_beta, atol=1e-10)


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.4)])
@pytest.mark.parametrize("model", [MODEL, dimod.BinaryPolynomial({"abc": 1.0, "ad": -0.5, "b": 2.0}, "SPIN")])
def test_gradients_are_those_of_differences(model, objective):
    engine = MultiAngleQAOA(model)
    wide = angles(engine)
    value, *slopes = engine.value_and_grad(*wide, objective)
    assert value == pytest.approx(engine.value(*wide, objective))
    step = 1e-6
    for which in (0, 1):
        for place in np.ndindex(wide[which].shape):
            moved = [table.copy() for table in wide]
            moved[which][place] += step
            up = engine.value(*moved, objective)
            moved[which][place] -= 2 * step
            down = engine.value(*moved, objective)
            assert slopes[which][place] == pytest.approx((up - down) / (2 * step), abs=1e-7)


def test_terms_of_a_polynomial():
    engine = MultiAngleQAOA(dimod.BinaryPolynomial({"abc": 1.0, "ad": -0.5, "b": 2.0, (): 1.0}, "SPIN"))
    assert engine.terms == (("b",), ("a", "d"), ("a", "b", "c"))


@pytest.mark.parametrize("shapes", [((2, 7), (2, 4)), ((2, 8), (2, 3)), ((1, 8), (2, 4)), ((8,), (4,))])
def test_wrong_shapes(shapes):
    engine = MultiAngleQAOA(MODEL)
    assert len(engine.terms) == 8
    wide = [np.zeros(shape) for shape in shapes]
    for call in (engine.value, engine.value_and_grad, engine.state, engine.outcomes):
        with pytest.raises(CircuitError, match=r"gammas|betas"):
            call(*wide)


def test_training_starts_at_plain_qaoa_and_only_gains():
    engine = MultiAngleQAOA(MODEL)
    start = engine.widen([0.3, 0.5], [-0.5, -0.2])
    found = train_angles(engine, *start, max_evaluations=200)
    assert found.gammas.shape == (2, 8)
    assert found.betas.shape == (2, 4)
    assert found.start_value == pytest.approx(engine.value(*start))
    assert found.value < found.start_value - 0.5
    assert found.value == pytest.approx(engine.value(found.gammas, found.betas))


def test_a_constant_model():
    bqm = dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 2.5, "BINARY")
    engine = MultiAngleQAOA(bqm)
    angles = engine.widen([0.4, 0.5], [-0.3, 0.2])
    value, by_gamma, by_beta = engine.value_and_grad(*angles)
    assert (value, by_gamma.shape) == (pytest.approx(2.5), (2, 0))
    np.testing.assert_allclose(by_beta, np.zeros((2, 2)), atol=1e-14)
    np.testing.assert_allclose(engine.probabilities(*angles), np.full(4, 0.25))
    np.testing.assert_allclose(CircuitQAOA(bqm, compute="cpu").probabilities(*angles), np.full(4, 0.25))


@pytest.mark.parametrize("threads", ["a", -1, 1.5])
def test_wrong_threads(threads):
    with pytest.raises(CircuitError, match="threads is"):
        MultiAngleQAOA(MODEL, threads=threads)
