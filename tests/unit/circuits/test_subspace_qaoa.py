"""SubspaceQAOA: its interface and bad input. The numbers are in tests/reference."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.objectives import CVaR, Gibbs
from hybrid_opt.circuits.subspace_groups import FixedWeight
from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA

GAMMAS, BETAS = [0.21, 0.37], [-0.5, -0.25]
GROUPS = [("a", "b", "c"), FixedWeight(("d", "e", "f", "g"), 2)]


@pytest.fixture
def model():
    rng = np.random.default_rng(3)
    model = dimod.BinaryQuadraticModel({name: rng.normal() for name in "abcdefgh"}, {}, 3.25, "BINARY")
    for pair in ("ab", "ad", "cf", "gh", "eh", "bg"):
        model.add_quadratic(*pair, rng.normal())
    return model


@pytest.fixture
def qaoa(model):
    return SubspaceQAOA(model, GROUPS, seed=4)


def test_the_parts_agree(qaoa, model):
    state = qaoa.state(GAMMAS, BETAS)
    probabilities = qaoa.probabilities(GAMMAS, BETAS)
    assert state.dtype == np.complex128
    assert state.shape == probabilities.shape == qaoa.energies.shape == (36,)
    np.testing.assert_allclose(np.abs(state) ** 2, probabilities, atol=1e-14)
    assert probabilities.sum() == pytest.approx(1)
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(probabilities @ qaoa.energies)
    outcomes = qaoa.outcomes(GAMMAS, BETAS)
    assert outcomes.value() == pytest.approx(qaoa.value(GAMMAS, BETAS))
    bits = qaoa.space.bits(np.arange(36))
    np.testing.assert_allclose(
        qaoa.energies, model.energies((bits.astype(float), list("abcdefgh"))), atol=1e-12
    )
    assert (qaoa.variables, qaoa.n_qubits) == (tuple("abcdefgh"), 8)
    assert qaoa.simulator == "subspace engine, xy-exact (complete)"


def test_zero_angles_are_the_uniform_mean(qaoa):
    np.testing.assert_allclose(qaoa.probabilities([0.0], [0.0]), 1 / 36)
    assert qaoa.value([0.0], [0.0]) == pytest.approx(qaoa.energies.mean())


def test_marginals_keep_the_groups(qaoa):
    marginals = qaoa.outcomes(GAMMAS, BETAS).marginals()
    assert marginals[:3].sum() == pytest.approx(1)
    assert marginals[3:7].sum() == pytest.approx(2)


@pytest.mark.parametrize("objective", [CVaR(0.3), Gibbs(0.7), lambda e, p: (float(p @ e**2), e**2)])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("mixer", ["xy-exact", "xy-trotter", "grover"])
def test_gradients_of_other_objectives(model, objective, whole, mixer):
    if whole:
        model = dimod.BinaryQuadraticModel(
            {"a": 1.0, "h": 2.0}, {"bd": -1.0, "ce": 2.0, "fg": 1.0}, 0.0, "BINARY"
        )
    qaoa = SubspaceQAOA(model, GROUPS, mixer=mixer)
    value, by_gamma, by_beta = qaoa.value_and_grad(GAMMAS, BETAS, objective)
    assert value == pytest.approx(qaoa.value(GAMMAS, BETAS, objective))
    angles = np.array(GAMMAS + BETAS)
    for number, derivative in enumerate([*by_gamma, *by_beta]):
        change = np.zeros(4)
        change[number] = 1e-6
        above = qaoa.value(*np.split(angles + change, 2), objective)
        below = qaoa.value(*np.split(angles - change, 2), objective)
        assert derivative == pytest.approx((above - below) / 2e-6, abs=2e-7)


def test_values_of_several_sets(qaoa):
    sets = np.array([GAMMAS, [0.0, 0.1]]), np.array([BETAS, [0.3, -0.3]])
    expected = [qaoa.value(*rows) for rows in zip(*sets)]
    np.testing.assert_allclose(qaoa.values(*sets), expected)
    assert qaoa.values(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


def test_samples_follow_the_probabilities_and_the_seed(qaoa, model):
    bits = qaoa.sample(GAMMAS, BETAS, shots=20_000, seed=11)
    assert (bits.dtype, bits.shape) == (np.uint8, (20_000, 8))
    counts = np.bincount(qaoa.space.indices(bits), minlength=36) / 20_000
    np.testing.assert_allclose(counts, qaoa.probabilities(GAMMAS, BETAS), atol=0.015)
    again = SubspaceQAOA(model, GROUPS, seed=4)
    first, second = (qaoa.sample(GAMMAS, BETAS, 50).tolist() for _ in range(2))
    assert first != second
    assert [again.sample(GAMMAS, BETAS, 50).tolist() for _ in range(2)] == [first, second]
    assert qaoa.sample(GAMMAS, BETAS, 50, seed=1).tolist() == again.sample(GAMMAS, BETAS, 50, seed=1).tolist()


def test_the_model_may_change_afterwards(model, qaoa):
    before = qaoa.value(GAMMAS, BETAS)
    model.add_linear("a", 50.0)
    assert qaoa.value(GAMMAS, BETAS) == before
    assert qaoa.circuit_probabilities(GAMMAS, BETAS) @ qaoa.energies == pytest.approx(before)


def test_energies_are_a_copy(qaoa):
    before = qaoa.value(GAMMAS, BETAS)
    qaoa.energies[:] = 0
    assert qaoa.value(GAMMAS, BETAS) == before


def test_spins_are_bits():
    spins = dimod.BinaryQuadraticModel({"a": 1.0, "c": 0.5}, {"ab": -0.7, "bc": 0.3, "cd": 1.1}, 0.2, "SPIN")
    bits = spins.change_vartype("BINARY", inplace=False)
    groups = [("a", "b", "c")]
    first, second = (SubspaceQAOA(model, groups).value(GAMMAS, BETAS) for model in (spins, bits))
    assert first == pytest.approx(second, abs=1e-12)


def test_fixed_bits_only():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": 2.0, "c": 4.0}, {}, 0.0, "BINARY")
    for mixer in ("xy-exact", "xy-trotter", "grover"):
        qaoa = SubspaceQAOA(model, [("a",), FixedWeight(("b", "c"), 2)], mixer=mixer)
        value, by_gamma, by_beta = qaoa.value_and_grad([0.3], [0.4])
        assert value == pytest.approx(7)
        np.testing.assert_allclose([by_gamma[0], by_beta[0]], 0, atol=1e-12)
        assert qaoa.sample([0.3], [0.4], 2, seed=1).tolist() == [[1, 1, 1]] * 2


def test_mixers_per_group(model):
    qaoa = SubspaceQAOA(model, GROUPS, mixer=["xy-trotter", "xy-exact"], topology=["complete", "ring"])
    np.testing.assert_allclose(
        qaoa.circuit_probabilities(GAMMAS, BETAS), qaoa.probabilities(GAMMAS, BETAS), atol=1e-12
    )


def test_the_circuit_as_a_tape(qaoa):
    tape = qaoa.circuit(GAMMAS, BETAS)
    assert {gate.name for gate in tape.operations} >= {
        "QubitUnitary",
        "RZ",
        "IsingZZ",
        "RX",
        "Hadamard",
        "CRY",
    }
    assert "Probs" in tape.draw()


@pytest.mark.parametrize(
    ("gammas", "betas"), [([], []), ([0.1], [0.1, 0.2]), ([np.nan], [0.0]), ("x", [0.0]), ([[0.1]], [[0.1]])]
)
@pytest.mark.parametrize(
    "method", ["state", "value", "value_and_grad", "outcomes", "probabilities", "circuit"]
)
def test_bad_angles(qaoa, method, gammas, betas):
    with pytest.raises(CircuitError, match=r"gammas|betas"):
        getattr(qaoa, method)(gammas, betas)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": [("a", "z")]}, "'z'"),
        ({"mixer": "x"}, "xy-exact, xy-trotter, grover"),
        ({"topology": "line"}, "complete, ring"),
        ({"threads": -1}, "threads is -1"),
        ({"seed": -3}, "seed is -3"),
    ],
)
def test_bad_options(model, options, words):
    with pytest.raises(CircuitError, match=words):
        SubspaceQAOA(model, **options)


def test_bad_models():
    with pytest.raises(CircuitError, match="BinaryQuadraticModel is needed"):
        SubspaceQAOA([[1.0]])
    with pytest.raises(CircuitError, match="NaN"):
        SubspaceQAOA(dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"))


def test_too_large_says_so_before_it_allocates(monkeypatch):
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(30), 1.0), {}, 0.0, "BINARY")
    with pytest.raises(CircuitTooLargeError, match=r"dimension 1,073,741,824 \(2\*\*30\)"):
        SubspaceQAOA(model)
    monkeypatch.setattr(memory, "free_memory", lambda: 10_000)
    with pytest.raises(CircuitTooLargeError, match=r"1,000 amplitudes with all .* need 72 kB"):
        SubspaceQAOA(model, [tuple(range(10 * g, 10 * g + 10)) for g in range(3)])
    monkeypatch.undo()
    qaoa = SubspaceQAOA(model, [tuple(range(10 * g, 10 * g + 10)) for g in range(3)])
    monkeypatch.setattr(memory, "free_memory", lambda: 10_000)
    with pytest.raises(CircuitTooLargeError, match="30 qubits need"):
        qaoa.as_circuit()


@pytest.mark.parametrize("mixer", ["xy-exact", "grover"])
def test_a_large_offset_takes_no_digits(mixer):
    rng = np.random.default_rng(5)
    near = dimod.BinaryQuadraticModel({i: float(rng.normal()) for i in range(5)}, {(0, 4): 0.3}, 0.0, "SPIN")
    far = near.copy()
    far.offset = 1e9
    one, other = (SubspaceQAOA(bqm, [(0, 1, 2)], mixer=mixer) for bqm in (near, far))
    angles = [0.4, 0.9], [-0.3, 0.7]
    assert np.array_equal(one.probabilities(*angles), other.probabilities(*angles))
    assert other.value(*angles) - 1e9 == pytest.approx(one.value(*angles), abs=1e-6)
    for near_slopes, far_slopes in zip(one.value_and_grad(*angles)[1:], other.value_and_grad(*angles)[1:]):
        np.testing.assert_allclose(far_slopes, near_slopes, rtol=0, atol=1e-6)
