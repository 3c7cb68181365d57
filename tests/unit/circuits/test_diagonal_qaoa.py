"""DiagonalQAOA: the same numbers as the circuit, exact gradients, every kind of cost, bad input."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import AerDevice, CircuitQAOA, DiagonalQAOA, diagonal_qaoa, memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError, DeviceUnavailableError
from hybrid_opt.circuits.objectives import CVaR, Expectation, Gibbs

ANGLES = [0.4, -0.7, 1.1], [-0.3, 2.0, -0.9]


def model(n, *, symmetric=False, whole=False, vartype="SPIN", seed=0):
    rng = np.random.default_rng([n, seed])

    def number():
        return float(rng.integers(-3, 4)) if whole else float(rng.normal())

    linear = {i: 0.0 if symmetric else number() for i in range(n)}
    pairs = {(i, j): number() for i in range(n) for j in range(i)}
    return dimod.BinaryQuadraticModel(linear, pairs, 1.5, vartype)


MODELS = [
    model(1), model(2, symmetric=True), model(3), model(4, whole=True), model(5, symmetric=True, whole=True),
    model(6, vartype="BINARY"), model(9, whole=True, vartype="BINARY"), model(11, symmetric=True), model(12),
]  # fmt: skip


@pytest.mark.parametrize("bqm", MODELS)
@pytest.mark.parametrize("device", [AerDevice, lambda wires: qml.device("default.qubit", wires=wires)])
def test_equals_the_circuit(bqm, device):
    engine, circuit = DiagonalQAOA(bqm), CircuitQAOA(bqm, device(wires=bqm.num_variables))
    np.testing.assert_allclose(engine.energies, circuit.energies, atol=1e-12)
    np.testing.assert_allclose(engine.probabilities(*ANGLES), circuit.probabilities(*ANGLES), atol=1e-10)
    assert abs(np.vdot(engine.state(*ANGLES), circuit.state(*ANGLES))) == pytest.approx(1, abs=1e-10)
    assert engine.value(*ANGLES) == pytest.approx(circuit.value(*ANGLES), abs=1e-10)
    assert engine.resources(3) == circuit.resources(3)
    assert engine.variables == circuit.variables


def test_state_carries_the_phase_of_the_offset():
    bqm = model(3)
    shifted = bqm.copy()
    shifted.offset += 2.0
    ratio = DiagonalQAOA(shifted).state(*ANGLES) / DiagonalQAOA(bqm).state(*ANGLES)
    np.testing.assert_allclose(ratio, np.exp(-2j * sum(ANGLES[0])), atol=1e-10)


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.3), Gibbs(0.4)])
@pytest.mark.parametrize("bqm", [model(4), model(7, symmetric=True), model(6, whole=True)])
def test_gradients_are_those_of_differences(bqm, objective):
    engine = DiagonalQAOA(bqm)
    value, *slopes = engine.value_and_grad(*ANGLES, objective)
    assert value == pytest.approx(engine.value(*ANGLES, objective), abs=1e-12)
    assert value == pytest.approx(engine.outcomes(*ANGLES).value(objective), abs=1e-10)
    step = 1e-6
    for which in (0, 1):
        for layer in range(3):
            moved = [np.array(row) for row in ANGLES]
            moved[which][layer] += step
            up = engine.value(*moved, objective)
            moved[which][layer] -= 2 * step
            down = engine.value(*moved, objective)
            assert slopes[which][layer] == pytest.approx((up - down) / (2 * step), abs=1e-7)


def test_polynomials_and_tables_of_costs():
    polynomial = dimod.BinaryPolynomial({"abc": 1.0, "ad": -0.5, "b": 2.0, (): 0.25}, "SPIN")
    engine = DiagonalQAOA(polynomial)
    assert engine.variables == ("a", "b", "c", "d")
    bits = engine.space.bits(range(16))
    expected = [polynomial.energy(dict(zip("abcd", 2 * row.astype(int) - 1))) for row in bits]
    np.testing.assert_allclose(engine.energies, expected)
    table = DiagonalQAOA(expected)
    assert table.variables == (0, 1, 2, 3)
    np.testing.assert_allclose(table.state(*ANGLES), engine.state(*ANGLES), atol=1e-12)
    for one in (engine, table):
        with pytest.raises(CircuitError, match="gates are counted"):
            one.resources(1)


def test_figures_without_any_layer_effect():
    engine = DiagonalQAOA(model(4))
    outcomes = engine.outcomes([0.0], [0.0])
    np.testing.assert_allclose(outcomes.marginals(), 0.5)
    np.testing.assert_allclose(outcomes.correlations(), np.eye(4), atol=1e-12)
    assert outcomes.p_optimum() == pytest.approx(1 / 16)


def test_many_sets_of_angles():
    engine = DiagonalQAOA(model(5))
    rng = np.random.default_rng(4)
    gammas, betas = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    expected = [engine.value(*angles) for angles in zip(gammas, betas)]
    np.testing.assert_allclose(engine.values(gammas, betas), expected, atol=1e-12)
    single = DiagonalQAOA(model(5), precision="single")
    np.testing.assert_allclose(single.values(gammas, betas), expected, rtol=1e-5)
    assert engine.values(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize("bqm", [model(3), model(8, symmetric=True), model(12, whole=True)])
def test_single_precision(bqm):
    double, single = DiagonalQAOA(bqm), DiagonalQAOA(bqm, precision="single")
    assert single.state(*ANGLES).dtype == np.complex64
    np.testing.assert_allclose(single.probabilities(*ANGLES), double.probabilities(*ANGLES), atol=1e-6)
    for one, other in zip(single.value_and_grad(*ANGLES), double.value_and_grad(*ANGLES)):
        np.testing.assert_allclose(one, other, atol=1e-3)
    assert single.simulator == "diagonal engine (CPU, single precision)"


def test_single_precision_that_lost_its_norm_is_done_again(monkeypatch):
    monkeypatch.setattr(diagonal_qaoa, "_NORM_TOLERANCE", 0.0)
    bqm = model(10)
    double, single = DiagonalQAOA(bqm), DiagonalQAOA(bqm, precision="single")
    assert single.value(*ANGLES) == double.value(*ANGLES)
    assert single.state(*ANGLES).dtype == np.complex128
    for one, other in zip(single.value_and_grad(*ANGLES), double.value_and_grad(*ANGLES)):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_samples_and_seeds():
    engine = DiagonalQAOA(model(4), seed=5)
    bits = engine.sample(*ANGLES, shots=20_000, seed=1)
    counts = np.bincount(bits @ np.array([8, 4, 2, 1]), minlength=16) / 20_000
    np.testing.assert_allclose(counts, engine.probabilities(*ANGLES), atol=0.015)
    drawn = [engine.sample(*ANGLES, shots=9, seed=seed).tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    first, second = engine.sample(*ANGLES, shots=30).tolist(), engine.sample(*ANGLES, shots=30).tolist()
    again = DiagonalQAOA(model(4), seed=5)
    assert first != second
    assert [again.sample(*ANGLES, shots=30).tolist() for _ in range(2)] == [first, second]


def test_threads_do_not_change_the_result_and_may_call_at_once():
    bqm = model(15)
    expected = DiagonalQAOA(bqm, threads=1).value_and_grad(*ANGLES)
    engine = DiagonalQAOA(bqm)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: engine.value_and_grad(*ANGLES), range(8)))
    for answer in found:
        for one, other in zip(answer, expected):
            np.testing.assert_array_equal(one, other)


def _value(queue):
    queue.put(DiagonalQAOA(model(14)).value(*ANGLES))


@pytest.mark.parametrize("start", ["spawn", "fork"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_child_processes(start):
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {start}")
    expected = DiagonalQAOA(model(14)).value(*ANGLES)  # starts the threads of this process
    context = multiprocessing.get_context(start)
    queue = context.Queue()
    child = context.Process(target=_value, args=(queue,), daemon=True)
    child.start()
    assert queue.get(timeout=120) == expected
    child.join(30)


def test_what_does_not_fit_says_what_it_needs(monkeypatch):
    engine = DiagonalQAOA(model(16, whole=True))
    monkeypatch.setattr(memory, "free_memory", lambda: 2**18)
    for call in (engine.state, engine.outcomes, engine.value, engine.value_and_grad):
        with pytest.raises(CircuitTooLargeError, match=r"16 qubits need .* are free"):
            call(*ANGLES)
    with pytest.raises(CircuitTooLargeError, match="24 qubits need"):
        DiagonalQAOA(model(24))


@pytest.mark.parametrize(("symmetric", "precision", "each"), [(False, "double", 17), (True, "single", 5)])
def test_the_state_counts_before_the_table_is_made(monkeypatch, symmetric, precision, each):
    # A byte for each cost would fit, the state beside it does not.
    monkeypatch.setattr(memory, "free_memory", lambda: 2**21)
    with pytest.raises(CircuitTooLargeError, match=rf"20 qubits need .* \({each} bytes for each"):
        DiagonalQAOA(model(20, whole=True, symmetric=symmetric), precision=precision)


@pytest.mark.parametrize(
    ("cost", "options", "message"),
    [
        (dimod.ConstrainedQuadraticModel(), {}, "a dimod BinaryQuadraticModel or BinaryPolynomial is needed"),
        (dimod.BinaryQuadraticModel("BINARY"), {}, "no variables"),
        (dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"), {}, "finite"),
        ([0.0, 1.0, 2.0], {}, r"shape \(3,\)"),
        ([0.0, np.inf], {}, "cost of state 1 is inf"),
        (["x", "y"], {}, "cannot be read as numbers"),
        (model(2), {"precision": "half"}, "precision is 'half'"),
        (model(2), {"compute": "tpu"}, "compute is 'tpu'"),
        (model(2), {"seed": -1}, "seed is -1"),
        (model(2), {"threads": 1.5}, "threads is 1.5"),
    ],
)
def test_wrong_arguments(cost, options, message):
    with pytest.raises(CircuitError, match=message):
        DiagonalQAOA(cost, **options).value([0.1], [0.1])


@pytest.mark.parametrize("angles", [([], []), ([0.1], [0.1, 0.2]), ([np.nan], [0.1]), ([[0.1]], [[0.1]])])
def test_wrong_angles(angles):
    engine = DiagonalQAOA(model(2))
    for call in (engine.value, engine.value_and_grad, engine.state, engine.outcomes):
        with pytest.raises(CircuitError, match=r"gammas|betas"):
            call(*angles)


def test_no_gpu_here(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match="torch sees no CUDA device"):
        DiagonalQAOA(model(2), compute="gpu")
    assert DiagonalQAOA(model(18, whole=True), compute="auto").simulator == "diagonal engine (CPU)"


@pytest.mark.parametrize("offset", [1e9, -3e11])
@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.3)])
@pytest.mark.parametrize("base", [model(5), model(6, whole=True), model(14), model(14, whole=True)])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_large_offset_takes_no_digits(base, offset, objective, precision):
    far = base.copy()
    base.offset, far.offset = 0.0, offset
    engines = DiagonalQAOA(base, precision=precision), DiagonalQAOA(far, precision=precision)
    near_chances, far_chances = (engine.probabilities(*ANGLES) for engine in engines)
    assert np.array_equal(near_chances, far_chances)
    value, *slopes = engines[0].value_and_grad(*ANGLES, objective)
    far_value, *far_slopes = engines[1].value_and_grad(*ANGLES, objective)
    rounding = 1e-15 * abs(offset) + (1e-4 if precision == "single" else 0.0)
    assert far_value - offset == pytest.approx(value, abs=rounding)
    tolerance = 1e-10 if isinstance(objective, Expectation) and precision == "double" else 3e-3
    np.testing.assert_allclose(far_slopes, slopes, rtol=0, atol=tolerance)


@pytest.mark.parametrize("n", [6, 15])
def test_value_and_gradient_name_the_same_value_in_single_precision(n):
    bqm = model(n)
    bqm.offset = 1e6
    engine = DiagonalQAOA(bqm, precision="single")
    for objective in (Expectation(), CVaR(0.2)):
        value = engine.value_and_grad(*ANGLES, objective)[0]
        assert value == pytest.approx(engine.value(*ANGLES, objective), rel=1e-11)


def test_messages_name_the_qubits_of_the_model(monkeypatch):
    engine = DiagonalQAOA(model(15, symmetric=True))
    assert engine._evolution.layout.n_bits == 14
    monkeypatch.setattr(memory, "free_memory", lambda: 300_000)
    with pytest.raises(CircuitTooLargeError, match=r"15 qubits need 524 kB \(16 bytes for each of 2\*\*15"):
        engine.value_and_grad(*ANGLES)
    monkeypatch.setattr(memory, "free_memory", lambda: 200_000)
    with pytest.raises(CircuitTooLargeError, match=r"15 qubits need 262 kB \(8 bytes for each of 2\*\*15"):
        engine.value(*ANGLES)
