"""What both kernels share: arguments, weights, copies, memory, the cache, torch."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from hybrid_opt.circuits import kernel_states
from hybrid_opt.circuits.ansatz import BasicEntangler
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.kernel_states import STATE_CACHE
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.variational import VariationalCircuit

KERNELS = [FidelityKernel, ProjectedKernel]
X = np.random.default_rng(0).uniform(-1, 1, (7, 3))
Y = np.random.default_rng(1).uniform(-1, 1, (4, 3))
TRAINABLE = VariationalCircuit(3, 2, reupload=True)


class Counting:
    """Aer, counting calls and rows."""

    label = "counting Aer"
    compute = "cpu"

    def __init__(self):
        self.aer = open_simulator("aer", compute="cpu")
        self.rows = []

    def states(self, program, table, initial=None, *, phases=True):
        self.rows.append(len(table))
        return self.aer.states(program, table, initial, phases=phases)

    def counts(self, *arguments):
        self.rows.append(len(arguments[1]))
        return self.aer.counts(*arguments)

    def samples(self, *arguments):
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _empty_cache():
    STATE_CACHE.clear()


@pytest.mark.parametrize("kind", KERNELS)
def test_each_sample_is_simulated_once_in_one_run(kind):
    simulator = Counting()
    kernel = kind(3, simulator=simulator)
    train = kernel(X)
    assert simulator.rows == [7]
    test = kernel(Y, X)
    assert simulator.rows == [7, 4]
    np.testing.assert_allclose(kernel(X[[3, 1]], Y), test[:, [3, 1]].T, atol=1e-15)
    np.testing.assert_allclose(kernel(X[2:5]), train[2:5, 2:5], atol=1e-15)
    assert simulator.rows == [7, 4]


@pytest.mark.parametrize("kind", KERNELS)
def test_other_weights_circuits_and_simulators_do_not_share_states(kind):
    simulator = Counting()
    kernel = kind(TRAINABLE, simulator=simulator, seed=0)
    kernel(X)
    kernel.with_weights(kernel.weights + 0.1)(X)
    kind(VariationalCircuit(3, 2), weights=kernel.weights, simulator=simulator)(X)
    assert simulator.rows == [7, 7, 7]
    kind(TRAINABLE, weights=kernel.weights, simulator=simulator)(X)
    assert simulator.rows == [7, 7, 7]


@pytest.mark.parametrize("kind", KERNELS)
def test_circuits_with_equal_tables_do_not_share_states(kind):
    simulator = Counting()
    weights = np.full((2, 3), 0.4)
    grams = []
    for rotation in "XY":
        circuit = VariationalCircuit(3, 2, ansatz=BasicEntangler(rotation), reupload=True)
        np.testing.assert_array_equal(circuit.table(X, weights), np.hstack([X, weights[:1].repeat(7, 0)] * 2))
        grams.append(kind(circuit, weights=weights, simulator=simulator)(X))
    assert simulator.rows == [7, 7]
    assert np.abs(grams[0] - grams[1]).max() > 0.01


@pytest.mark.parametrize("kind", KERNELS)
def test_symmetric_with_unit_diagonal_however_it_is_asked(kind):
    kernel = kind(3, compute="cpu")
    gram = kernel(X)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(np.diag(gram), 1.0)
    np.testing.assert_array_equal(gram, kernel(X, X))
    np.testing.assert_array_equal(gram, kernel(X, X.copy()))
    np.testing.assert_allclose(kernel(X, X[::-1])[:, ::-1], gram, atol=1e-14)
    assert np.linalg.eigvalsh(gram)[0] > -1e-12
    assert gram.max() <= 1


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("encoding", ["angle", "amplitude", "iqp", "chebyshev"])
def test_blocks_give_what_one_piece_gives(kind, encoding, monkeypatch):
    kernel = kind(2, encoding=encoding, compute="cpu")
    rng = np.random.default_rng(0)
    rows, columns = rng.uniform(0.1, 0.9, (11, kernel.n_inputs)), rng.uniform(0.1, 0.9, (5, kernel.n_inputs))
    whole, cross = kernel(rows), kernel(rows, columns)
    # 3 states of 64 bytes in a block, and the cache keeps nothing
    monkeypatch.setattr(kernel_states, "free_memory", lambda: 24 * 11 * 11 + 1)
    monkeypatch.setattr(kernel_states.CircuitKernel, "_blocks", _blocks_of_three)
    monkeypatch.setattr(STATE_CACHE, "max_bytes", 0)
    STATE_CACHE.clear()
    np.testing.assert_allclose(kernel(rows), whole, atol=1e-14)
    np.testing.assert_array_equal(kernel(rows), kernel(rows).T)
    np.testing.assert_allclose(kernel(rows, columns), cross, atol=1e-14)


def _blocks_of_three(self, n_samples):
    return (slice(start, min(n_samples, start + 3)) for start in range(0, n_samples, 3))


def test_blocks_follow_the_free_memory(monkeypatch):
    kernel = FidelityKernel(3, compute="cpu")
    monkeypatch.setattr(kernel_states, "free_memory", lambda: 8 * 16 * 2**3 * 5)
    assert list(kernel._blocks(12)) == [slice(0, 5), slice(5, 10), slice(10, 12)]
    monkeypatch.setattr(kernel_states, "free_memory", lambda: None)
    assert list(kernel._blocks(12)) == [slice(0, 12)]
    assert list(kernel._blocks(0)) == []


@pytest.mark.parametrize("kind", KERNELS)
def test_states_that_do_not_fit_are_refused_before_they_are_asked_for(kind):
    with pytest.raises(CircuitTooLargeError, match="60 qubits need"):
        kind(60, encoding="angle", compute="cpu")(np.zeros((2, 60)))


@pytest.mark.parametrize("kind", KERNELS)
def test_a_matrix_that_does_not_fit_is_refused(kind, monkeypatch):
    monkeypatch.setattr(kernel_states, "free_memory", lambda: 500)
    with pytest.raises(CircuitTooLargeError, match="kernel matrix of 7 x 4 needs"):
        kind(3, compute="cpu")(X, Y)


@pytest.mark.parametrize("kind", KERNELS)
def test_no_samples(kind):
    kernel = kind(3, compute="cpu")
    nothing = np.empty((0, 3))
    assert kernel(nothing).shape == (0, 0)
    assert kernel(nothing, Y).shape == (0, 4)
    assert kernel(X, nothing).shape == (7, 0)
    assert kind(3, compute="cpu", shots=5)(nothing).shape == (0, 0)


@pytest.mark.parametrize("kind", KERNELS)
def test_lists_tensors_and_integers_are_samples_too(kind):
    kernel = kind(3, compute="cpu")
    gram = kernel(X)
    np.testing.assert_array_equal(kernel(X.tolist()), gram)
    np.testing.assert_array_equal(kernel(torch.tensor(X, requires_grad=True)), gram)
    np.testing.assert_array_equal(kernel([[1, 2, 3], [0, 0, 1]]), kernel([[1.0, 2, 3], [0, 0, 1]]))


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize(
    ("samples", "problem"),
    [
        (np.zeros((2, 4)), r"X has shape \(2, 4\); the circuit takes \(samples, 3\)"),
        (np.zeros(3), r"X.reshape\(1, -1\)"),
        (np.zeros((1, 2, 3)), "shape"),
        ([[0.0, np.nan, 0.0]], "nan"),
        ([[0.0, np.inf, 0.0]], "inf"),
        ([["a", "b", "c"]], "real numbers"),
        (np.zeros((1, 3), complex), "real numbers"),
    ],
)
def test_samples_that_cannot_be_used(kind, samples, problem):
    kernel = kind(3, compute="cpu")
    with pytest.raises(CircuitError, match=problem):
        kernel(samples)
    with pytest.raises(CircuitError):
        kernel(X, samples)
    with pytest.raises(CircuitError):
        kernel.torch_gram(samples)


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"circuit": "iqp"}, "VariationalCircuit or a number of qubits"),
        ({"circuit": True}, "VariationalCircuit or a number of qubits"),
        ({"circuit": 0}, "n_qubits"),
        ({"encoding": "magic"}, "encoding"),
        ({"encoding": None}, "no encoding"),
        ({"circuit": VariationalCircuit(2, 1, encoding=None)}, "no encoding"),
        ({"shots": 0}, "shots is 0"),
        ({"shots": 1.5}, "shots is 1.5"),
        ({"shots": True}, "shots"),
        ({"seed": -1}, "seed is -1"),
        ({"correction": "magic"}, "correction"),
        ({"simulator": "magic"}, '"aer" or "native"'),
        ({"simulator": "native", "noise_model": depolarizing_noise(0.1, 0.1)}, "knows no noise"),
        ({"noise_model": "much"}, "noise_model"),
        ({"compute": "magic"}, "compute"),
        ({"threads": -1}, "threads"),
        ({"weights": [1.0]}, "weights have shape"),
        ({"circuit": TRAINABLE, "weights": np.full((2, 3, 3), np.nan)}, "NaN"),
        ({"circuit": TRAINABLE, "weights": "many"}, "real numbers"),
    ],
)
def test_arguments_that_cannot_be_used(kind, arguments, problem):
    with pytest.raises(CircuitError, match=problem):
        kind(**{"circuit": 3, "compute": "cpu", **arguments})


@pytest.mark.parametrize("kind", KERNELS)
def test_weights(kind):
    kernel = kind(TRAINABLE, compute="cpu", seed=4)
    assert kernel.weights.shape == TRAINABLE.weight_shape
    np.testing.assert_array_equal(kernel.weights, kind(TRAINABLE, compute="cpu", seed=4).weights)
    assert np.abs(kernel.weights - kind(TRAINABLE, compute="cpu", seed=5).weights).max() > 0
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0] = 0
    given = np.ones(TRAINABLE.weight_shape)
    other = kernel.with_weights(given)
    given[:] = 7
    np.testing.assert_array_equal(other.weights, 1)
    assert type(other) is kind
    assert np.abs(other(X) - kernel(X)).max() > 1e-3
    np.testing.assert_array_equal(other(X), kind(TRAINABLE, weights=other.weights, compute="cpu")(X))
    with pytest.raises(CircuitError, match="weights have shape"):
        kernel.with_weights(np.zeros(3))
    assert kind(3, compute="cpu").weights.size == 0


@pytest.mark.parametrize("kind", KERNELS)
def test_copies_give_the_same_values(kind):
    kernel = kind(TRAINABLE, compute="cpu", seed=4, shots=50)
    copies = [copy.deepcopy(kernel), pickle.loads(pickle.dumps(kernel)), kernel.with_weights(kernel.weights)]
    expected = kernel(X)
    for other in copies:
        np.testing.assert_array_equal(other(X), expected)
        assert repr(other) == repr(kernel)
        assert other.label == kernel.label
    noisy = kind(2, compute="cpu", noise_model=depolarizing_noise(0.1, 0.1))
    again = pickle.loads(pickle.dumps(noisy))
    assert not again.exact
    np.testing.assert_allclose(again(X[:, :2]), noisy(X[:, :2]), atol=1e-14)


@pytest.mark.parametrize("kind", KERNELS)
def test_same_seed_same_shots_and_later_calls_go_on(kind):
    first, second = (kind(3, compute="cpu", shots=100, seed=3) for _ in range(2))
    one, two = first(X), first(X)
    np.testing.assert_array_equal(one, second(X))
    assert np.abs(one - two).max() > 0
    assert np.abs(one - kind(3, compute="cpu", shots=100, seed=4)(X)).max() > 0


@pytest.mark.parametrize("kind", KERNELS)
def test_native_and_aer_agree(kind):
    np.testing.assert_allclose(kind(3, simulator="native")(X, Y), kind(3, compute="cpu")(X, Y), atol=1e-13)


@pytest.mark.parametrize("kind", KERNELS)
def test_threads_share_a_kernel(kind):
    kernel = kind(3, compute="cpu")
    expected = kernel(X, Y)
    STATE_CACHE.clear()
    with ThreadPoolExecutor(4) as pool:
        for gram in pool.map(lambda _: kernel(X, Y), range(8)):
            np.testing.assert_array_equal(gram, expected)


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("encoding", ["angle", "amplitude", "iqp", "chebyshev"])
def test_torch_gram_is_the_matrix_and_passes_gradcheck(kind, encoding):
    circuit = VariationalCircuit(2, 2, encoding=encoding, reupload=encoding != "amplitude")
    kernel = kind(circuit, compute="cpu", seed=0)
    rng = np.random.default_rng(2)
    rows, columns = (torch.tensor(rng.uniform(0.2, 0.8, (n, circuit.n_inputs))) for n in (3, 2))
    np.testing.assert_allclose(kernel.torch_gram(rows), kernel(rows), atol=1e-14)
    np.testing.assert_allclose(kernel.torch_gram(rows, columns), kernel(rows, columns), atol=1e-14)
    weights = torch.tensor(kernel.weights.copy(), requires_grad=True)
    arguments = (rows.requires_grad_(), columns.requires_grad_(), weights)
    assert torch.autograd.gradcheck(kernel.torch_gram, arguments)
    weights.grad = None
    kernel.torch_gram(rows.detach(), columns.detach(), weights).sum().backward()
    if not (kind is FidelityKernel and encoding == "amplitude"):  # there the weights cancel
        assert weights.grad.abs().max() > 1e-4


def test_torch_gram_leaves_shots_and_noise_out():
    exact = FidelityKernel(3, compute="cpu")(X)
    for options in ({"shots": 10}, {"noise_model": depolarizing_noise(0.1, 0.1)}):
        np.testing.assert_allclose(
            FidelityKernel(3, compute="cpu", **options).torch_gram(X), exact, atol=1e-14
        )
    noisy = open_simulator("aer", compute="cpu", noise_model=depolarizing_noise(0.1, 0.1))
    with pytest.raises(CircuitError, match="noise_model"):
        FidelityKernel(3, simulator=noisy).torch_gram(X)


@pytest.mark.parametrize("kind", KERNELS)
def test_repr_names_circuit_shots_and_noise(kind):
    text = repr(kind(3, compute="cpu", shots=7, noise_model=depolarizing_noise(0.1, 0.1)))
    assert text.startswith(f"{kind.__name__}(VariationalCircuit(3")
    assert "shots=7" in text
    assert "noise" in text
