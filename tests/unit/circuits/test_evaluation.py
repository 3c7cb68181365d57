"""Values and vector-Jacobian products by every method, on both simulators."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pennylane as qml
import pytest
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.evaluation import Evaluator
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise
from hybrid_opt.circuits.readout import PauliReadout
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.state_readout import StateReadout
from hybrid_opt.circuits.tape_reading import read_tape

OBSERVABLES = [qml.Z(0), qml.X(1) @ qml.Y(2), 0.5 * qml.Z(1) + qml.X(0) - 0.25 * qml.I()]


def bound_circuit(rows=4, seed=0, prepared=False, noisy=False):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-3, 3, (rows, 12)).T
    operations = [qml.RY(angles[k], k) for k in range(3)]
    operations += [qml.Rot(*angles[3:6], 0), qml.CNOT([0, 1]), qml.CRX(angles[6], [1, 2]), qml.CZ([2, 0])]
    operations += [qml.IsingYY(angles[7], [0, 2]), qml.PhaseShift(angles[8], 1), qml.U3(*angles[9:12], 2)]
    if prepared:
        states = rng.normal(size=(rows, 8)) + 1j * rng.normal(size=(rows, 8))
        states /= np.linalg.norm(states, axis=1, keepdims=True)
        operations.insert(0, qml.StatePrep(states, [0, 1, 2]))
    if noisy:
        operations.insert(5, qml.AmplitudeDamping(0.2, 1))
    return read_tape(QuantumScript(operations))


def evaluator(bound, *, simulator="native", readout=None, **options):
    if isinstance(simulator, str):
        simulator = open_simulator(simulator, compute="cpu")
    return Evaluator(bound.program, readout or PauliReadout(OBSERVABLES, 3), simulator=simulator, **options)


def gradient(bound, weights, **options):
    engine = evaluator(bound, **options)
    evaluation = engine.evaluate(bound.table, bound.initial)
    return evaluation.values, engine.vjp(evaluation, weights)


WEIGHTS = np.random.default_rng(7).normal(size=(4, 3))


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("simulator", ["aer", "native"])
def test_adjoint_equals_parameter_shift(simulator, prepared):
    bound = bound_circuit(prepared=prepared)
    values, adjoint = gradient(bound, WEIGHTS, simulator=simulator, gradient="adjoint")
    same, shifted = gradient(bound, WEIGHTS, simulator=simulator, gradient="parameter_shift")
    np.testing.assert_allclose(values, same, atol=1e-12)
    np.testing.assert_allclose(adjoint, shifted, atol=1e-10)


def test_simulators_agree():
    bound = bound_circuit()
    for mine, theirs in zip(gradient(bound, WEIGHTS), gradient(bound, WEIGHTS, simulator="aer")):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_spsa_is_right_on_average():
    bound = bound_circuit()
    _, exact = gradient(bound, WEIGHTS)
    _, estimated = gradient(bound, WEIGHTS, gradient="spsa", spsa_directions=4000, spsa_step=0.01, seed=1)
    assert np.abs(estimated - exact).max() < 0.12 * np.abs(exact).max()


def test_noise_without_shots_is_exact():
    bound = bound_circuit(noisy=True)
    values, shifted = gradient(bound, WEIGHTS, simulator="aer")
    readout = PauliReadout(OBSERVABLES, 3)
    backend = open_simulator("aer", compute="cpu")
    np.testing.assert_allclose(
        values, readout.density_values(backend.densities(bound.program, bound.table)), atol=1e-12
    )
    column, step = 4, 1e-5
    difference = []
    for sign in (1, -1):
        table = bound.table.copy()
        table[:, column] += sign * step
        difference.append(readout.density_values(backend.densities(bound.program, table)))
    slope = ((difference[0] - difference[1]) / (2 * step) * WEIGHTS).sum(axis=1)
    np.testing.assert_allclose(shifted[:, column], slope, atol=1e-8)


@pytest.mark.parametrize("model", [readout_noise(0.2, 0.05), depolarizing_noise(0.15, 0.05)])
def test_measuring_is_as_noisy_for_exact_values_as_for_shots(model):
    """Readout errors, and noise of the gates that turn X and Y to Z."""
    bound = bound_circuit()
    simulator = open_simulator("aer", compute="cpu", noise_model=model)
    exact, slope = gradient(bound, WEIGHTS, simulator=simulator)
    values, estimated = gradient(bound, WEIGHTS, simulator=simulator, shots=40_000, seed=3)
    np.testing.assert_allclose(values, exact, atol=0.03)
    np.testing.assert_allclose(estimated, slope, atol=0.08)
    clean, _ = gradient(bound, WEIGHTS)
    assert np.abs(exact - clean).max() > 0.1


@pytest.mark.parametrize("simulator", ["aer", "native"])
def test_shots_approach_exact_values(simulator):
    bound = bound_circuit()
    exact, slope = gradient(bound, WEIGHTS)
    values, estimated = gradient(bound, WEIGHTS, simulator=simulator, shots=20_000, seed=3)
    np.testing.assert_allclose(values, exact, atol=0.05)
    np.testing.assert_allclose(estimated, slope, atol=0.1)
    assert not np.allclose(values, exact, atol=1e-9)


def test_same_seed_same_answer():
    bound = bound_circuit()
    first, second, other = (
        gradient(bound, WEIGHTS, shots=100, gradient="spsa", seed=seed) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(first[0], other[0])


def test_calls_continue_the_stream():
    bound = bound_circuit()
    engine = evaluator(bound, shots=100, seed=0)
    assert not np.array_equal(engine.evaluate(bound.table).values, engine.evaluate(bound.table).values)


def test_cotangent_of_the_initial_state():
    bound = bound_circuit(prepared=True)
    engine = evaluator(bound)
    evaluation = engine.evaluate(bound.table, bound.initial)
    _, back = engine.vjp(evaluation, WEIGHTS, with_initial=True)
    rng, step = np.random.default_rng(1), 1e-6
    direction = rng.normal(size=(4, 8)) + 1j * rng.normal(size=(4, 8))
    moved = [engine.evaluate(bound.table, bound.initial + sign * step * direction).values for sign in (1, -1)]
    slope = np.sum(WEIGHTS * (moved[0] - moved[1])) / (2 * step)
    assert np.sum(back.conj() * direction).real == pytest.approx(slope, abs=1e-7)


def test_other_measurements():
    bound = bound_circuit()
    readout = StateReadout([qml.probs(wires=[0, 2]), qml.purity([1])], 3)
    weights = np.random.default_rng(0).normal(size=(4, 5))
    engine = evaluator(bound, readout=readout)
    slope = engine.vjp(engine.evaluate(bound.table), weights)
    table, step = bound.table.copy(), 1e-6
    values = []
    for sign in (1, -1):
        table[:, 4] = bound.table[:, 4] + sign * step
        values.append(engine.evaluate(table).values)
    difference = (weights * (values[0] - values[1])).sum(axis=1) / (2 * step)
    np.testing.assert_allclose(slope[:, 4], difference, atol=1e-7)


@pytest.mark.parametrize("gradient_name", ["adjoint", "parameter_shift", "spsa"])
def test_wanted_columns(gradient_name):
    bound = bound_circuit()
    wanted = np.zeros(12, dtype=bool)
    wanted[[2, 6]] = True
    engine = evaluator(bound, gradient=gradient_name, seed=0)
    found = engine.vjp(engine.evaluate(bound.table), WEIGHTS, wanted=wanted)
    assert not found[:, ~wanted].any()
    assert found[:, wanted].all()


@pytest.mark.parametrize("options", [{}, {"shots": 10}, {"gradient": "spsa"}])
def test_no_rows(options):
    bound = bound_circuit()
    engine = evaluator(bound, **options)
    evaluation = engine.evaluate(bound.table[:0])
    assert evaluation.values.shape == (0, 3)
    assert engine.vjp(evaluation, WEIGHTS[:0]).shape == (0, 12)


@pytest.mark.parametrize("gradient_name", ["adjoint", "parameter_shift", "spsa"])
def test_a_circuit_without_angles(gradient_name):
    bound = read_tape(QuantumScript([qml.X(0), qml.CNOT([0, 1])]))
    engine = evaluator(bound, readout=PauliReadout([qml.Z(1)], 2), gradient=gradient_name)
    evaluation = engine.evaluate(np.empty((3, 0)))
    assert evaluation.values.tolist() == [[-1.0]] * 3
    assert engine.vjp(evaluation, np.ones((3, 1))).shape == (3, 0)


def test_a_large_shift_table_is_cut(monkeypatch):
    bound = bound_circuit(rows=20)
    weights = np.random.default_rng(7).normal(size=(20, 3))
    _, whole = gradient(bound, weights, gradient="parameter_shift")
    calls = []
    simulator = open_simulator("native")

    class Watched:
        label, compute, threads = simulator.label, simulator.compute, simulator.threads

        def states(self, program, table, initial=None, *, phases=True):
            calls.append(len(table))
            return simulator.states(program, table, initial, phases=phases)

        counts = samples = None

    monkeypatch.setattr("hybrid_opt.circuits.evaluation._BYTES_PER_BOUND_ANGLE", 2**20)
    _, cut = gradient(bound, weights, gradient="parameter_shift", simulator=Watched())
    np.testing.assert_allclose(cut, whole, atol=1e-12)
    assert len(calls) > 2
    assert sum(calls[1:]) == 20 * 2 * 13  # one controlled rotation takes four terms


def test_threads():
    bound = bound_circuit(rows=8)
    weights = np.random.default_rng(7).normal(size=(8, 3))
    engine = evaluator(bound)
    expected = engine.vjp(engine.evaluate(bound.table), weights)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: engine.vjp(engine.evaluate(bound.table), weights), range(16)):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shots": 0}, "shots is 0"),
        ({"shots": True}, "shots is True"),
        ({"shots": 1.5}, "shots is 1.5"),
        ({"gradient": "backprop"}, "gradient is 'backprop'"),
        ({"seed": -1}, "seed is -1"),
        ({"spsa_step": 0.0}, "spsa_step is 0.0"),
        ({"spsa_directions": 0}, "spsa_directions is 0"),
        ({"gradient": "adjoint", "shots": 10}, "cannot be used with shots"),
        ({"readout": StateReadout([qml.probs()], 3), "shots": 10}, "only expectation values"),
    ],
)
def test_illegal_options(options, message):
    with pytest.raises(CircuitError, match=message):
        evaluator(bound_circuit(), **options)


def test_adjoint_is_refused_for_noise():
    with pytest.raises(CircuitError, match="cannot be used with noise"):
        evaluator(bound_circuit(noisy=True), simulator="aer", gradient="adjoint")


def test_channels_are_refused_where_states_are_pure():
    program = read_tape(QuantumScript([qml.RX(0.5, 0), qml.BitFlip(0.1, 0)])).program
    with pytest.raises(CircuitError, match="holds pure states only"):
        Evaluator(program, PauliReadout([qml.Z(0)], 1), simulator=open_simulator("native"))


def test_prepared_states_have_no_gradient_from_shots():
    bound = bound_circuit(prepared=True)
    engine = evaluator(bound, shots=10)
    evaluation = engine.evaluate(bound.table, bound.initial)
    with pytest.raises(CircuitError, match="needs exact values"):
        engine.vjp(evaluation, WEIGHTS, with_initial=True)


def test_a_table_that_does_not_fit():
    with pytest.raises(CircuitError, match="must be"):
        evaluator(bound_circuit()).evaluate(np.zeros((2, 5)))
