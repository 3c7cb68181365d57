"""Diagnostics of circuits against results of the papers that define them."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.ansatz import HardwareEfficient, StronglyEntangling
from hybrid_opt.circuits.entanglement import entangling_power
from hybrid_opt.circuits.expressibility import expressibility, haar_bins
from hybrid_opt.circuits.fourier import fourier_coefficients, fourier_degree
from hybrid_opt.circuits.gradient_variance import gradient_variance
from hybrid_opt.circuits.kernel_concentration import kernel_concentration
from hybrid_opt.circuits.variational import VariationalCircuit

NATIVE = {"seed": 7, "simulator": "native"}


def test_sim_idle_qubit():
    # Sim, Johnson, Aspuru-Guzik (arXiv 1905.10876): with 75 bins, ln 75 is the largest value on one qubit.
    found = expressibility(VariationalCircuit(1, 0, encoding="angle"), 500, **NATIVE)
    assert found.divergence == pytest.approx(np.log(75), abs=1e-12)


def test_sim_one_rotation():
    # RX with a uniform angle: F = cos(d / 2)**2 follows the arcsine law, which is known bin by bin.
    edges = np.linspace(0, 1, 76)
    shares = np.diff(2 / np.pi * np.arcsin(np.sqrt(edges)))
    exact = shares @ np.log(shares / haar_bins(1))
    circuit = VariationalCircuit(1, 1, encoding=None, ansatz="basic_entangler")
    found = expressibility(circuit, 20_000, **NATIVE)
    bias = 74 / (2 * 20_000)
    assert found.divergence == pytest.approx(exact + bias, abs=4 * found.standard_error)
    assert 0.15 < exact < 0.3


def test_sim_deep_circuits_reach_the_haar_law():
    found = expressibility(VariationalCircuit(3, 6, encoding=None), 5000, **NATIVE)
    assert found.divergence < found.haar_floor + 5 * found.haar_floor_deviation
    entangled = entangling_power(VariationalCircuit(3, 6, encoding=None), 3000, **NATIVE)
    assert entangled.haar_mean == pytest.approx((8 - 2) / (8 + 1))
    assert abs(entangled.mean - entangled.haar_mean) < 4 * entangled.standard_error + 0.01


@pytest.mark.parametrize("observable", ["global", "local"])
def test_mcclean_two_designs(observable):
    # arXiv 1803.11173: between two 2-designs, a Pauli word O and a generator P / 2 give the variance
    # N**2 / (2 (N + 1) (N**2 - 1)), about 2**-n / 2. Weights near an end have a 2-design on one side only.
    widths = (2, 3, 4, 5)
    found = gradient_variance(
        "strongly_entangling", n_layers=12, n_qubits=widths, observable=observable, n_samples=60, **NATIVE
    )
    rate = found.rates["uniform"]
    assert -1.2 < rate.slope < -0.8
    assert rate.error < 0.1
    size = 2.0 ** found.rows[-1].n_qubits
    assert found.rows[-1].variance == pytest.approx(size**2 / (2 * (size + 1) * (size**2 - 1)), rel=0.25)


def test_cerezo_shallow_circuits():
    # arXiv 2001.00550, section on the warm-up example: RY on every qubit. The projector on |0...0> gives
    # Var = (1 / 8) (3 / 8)**(n - 1), Z on one qubit 1 / 2, whatever n.
    def projector(n):
        return qml.prod(*[(qml.I(wire) + qml.Z(wire)) / 2 for wire in range(n)])

    settings = {"n_layers": 1, "n_qubits": (2, 4, 6), "n_samples": 800, "parameter": 0, **NATIVE}
    steep = gradient_variance(HardwareEfficient("CZ"), observable=projector, **settings)
    flat = gradient_variance(HardwareEfficient("CZ"), observable="local", **settings)
    for one, other in zip(steep.rows, flat.rows):
        exact = (3 / 8) ** (one.n_qubits - 1) / 8
        assert abs(one.parameter_variance - exact) < 4 * one.parameter_error
        assert abs(other.parameter_variance - 0.5) < 4 * other.parameter_error
    rate = steep.parameter_rates["uniform"]
    assert abs(rate.slope - np.log2(3 / 8)) < 4 * rate.error
    assert rate.slope < flat.parameter_rates["uniform"].slope - 1


def test_zhang_gaussian_weights_keep_the_gradient():
    # arXiv 2203.09376: at equal depth Gaussian weights lose their gradients more slowly than uniform ones.
    found = gradient_variance(
        HardwareEfficient("CZ"), n_layers=8, n_qubits=(2, 4, 6), observable="global", n_samples=60,
        strategies=("uniform", "gaussian"), **NATIVE,
    )  # fmt: skip
    uniform, gaussian = found.rates["uniform"], found.rates["gaussian"]
    assert gaussian.slope > uniform.slope + 2 * (gaussian.error + uniform.error)
    last = {row.strategy: row.variance for row in found.rows if row.n_qubits == 6}
    assert last["gaussian"] > 3 * last["uniform"]


def test_grant_identity_blocks_keep_the_gradient():
    # arXiv 1903.05076. The observable must not have |0...0>, where identity blocks start, as an eigenstate.
    found = gradient_variance(
        StronglyEntangling(mirror=2), n_layers=16, n_qubits=(2, 4, 6), observable=qml.X(0), n_samples=40,
        strategies=("uniform", "identity"), **NATIVE,
    )  # fmt: skip
    assert found.rates["identity"].slope > found.rates["uniform"].slope + 0.3
    last = {row.strategy: row.variance for row in found.rows if row.n_qubits == 6}
    assert last["identity"] > 3 * last["uniform"]


def test_thanasilp_product_encoding():
    # arXiv 2208.11060: uniform angles in a product of rotations. Each factor cos(d / 2)**2 has the mean 1 / 2
    # and the mean square 3 / 8, so the kernel's variance is (3 / 8)**n - 4**-n.
    found = kernel_concentration("angle", n_qubits=(1, 2, 4, 6), n_samples=300, **NATIVE)
    for row in found.rows:
        assert abs(row.mean - 2.0**-row.n_qubits) < 4 * row.mean_error
        assert abs(row.variance - (3 / 8) ** row.n_qubits + 4.0**-row.n_qubits) < 4 * row.variance_error
    assert -1.45 < found.rate.slope < -0.9


def test_thanasilp_expressive_encoding_is_haar_like():
    # Deep random layers between encodings: entries as between Haar-random states.
    found = kernel_concentration(
        lambda n: VariationalCircuit(n, 12, reupload=True), n_qubits=(2, 3, 4, 5), n_samples=150, **NATIVE
    )
    for row in found.rows:
        assert row.mean == pytest.approx(row.haar_mean, rel=0.1)
        assert row.variance == pytest.approx(row.haar_variance, rel=0.3)
    assert found.rate.slope == pytest.approx(-1.8, abs=0.3)


@pytest.mark.parametrize(("n_qubits", "layers"), [(1, 1), (1, 3), (2, 2), (3, 4)])
def test_schuld_degree_of_reuploading(n_qubits, layers):
    # arXiv 2008.08605: L repetitions of the encoding give frequencies up to L and none above.
    circuit = VariationalCircuit(n_qubits, layers, reupload=True)
    parity = qml.prod(*[qml.Z(wire) for wire in range(n_qubits)]) if n_qubits > 1 else qml.Z(0)
    found = fourier_degree(circuit, 10, observable=parity, **NATIVE)
    assert found.bound == layers
    half = found.coefficients.shape[1] // 2
    assert np.abs(found.coefficients[:, half + layers + 1 :]).max() < 1e-12
    assert np.abs(found.coefficients[:, : half - layers]).max() < 1e-12
    assert found.degree <= layers
    if n_qubits == 1:
        assert found.degree == layers


def test_against_the_fourier_coefficients_of_pennylane():
    circuit = VariationalCircuit(2, 2, reupload=True)
    weights = circuit.initial_weights("uniform", seed=5)

    @qml.qnode(qml.device("default.qubit"))
    def value(x):
        circuit.operations([float(np.squeeze(x)), 0.6], weights)
        return qml.expval(qml.Z(0))

    expected = qml.fourier.coefficients(value, 1, 2)  # k = 0, 1, 2, -2, -1
    found = fourier_coefficients(circuit, weights, inputs=[0.0, 0.6], simulator="native")
    ours = [found.coefficients[found.frequencies == k][0] for k in (0, 1, 2, -2, -1)]
    assert ours == pytest.approx(expected, abs=1e-12)
