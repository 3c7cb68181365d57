"""Encodings against PennyLane's templates and closed forms."""

import pickle
from itertools import product

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.encodings import (
    IQP,
    Amplitude,
    Angle,
    Basis,
    Chebyshev,
    Encoding,
    encoding_named,
    encoding_names,
)
from hybrid_opt.circuits.errors import CircuitError

ALL = [
    Angle("X"),
    Angle("Y"),
    Angle("Z"),
    Amplitude(),
    Basis(),
    IQP(),
    IQP(2),
    Chebyshev(),
    Chebyshev(2, True, "X"),
]
WITH_GATES = [encoding for encoding in ALL if not encoding.prepares]


def state_of(operations, n_qubits):
    tape = qml.tape.QuantumScript(operations, [qml.state()])
    device = qml.device("default.qubit", wires=n_qubits)
    return np.asarray(qml.execute([tape], device, diff_method=None)[0])


def encoded(encoding, features):
    features = np.asarray(features, dtype=float)
    wires = range(len(features))
    return state_of(encoding.operations(encoding.angles(features), wires), len(features))


def overlap(left, right):
    return abs(np.vdot(left, right)) ** 2


@pytest.mark.parametrize("rotation", "XYZ")
@pytest.mark.parametrize("n_qubits", [1, 3])
def test_angle_is_the_template(rotation, n_qubits):
    features = np.random.default_rng(1).normal(size=n_qubits)
    before = [qml.Hadamard(wire) for wire in range(n_qubits)] if rotation == "Z" else []
    template = qml.AngleEmbedding(features, range(n_qubits), rotation=rotation)
    expected = state_of([*before, template], n_qubits)
    np.testing.assert_allclose(encoded(Angle(rotation), features), expected, atol=1e-12)


@pytest.mark.parametrize("rotation", "XYZ")
def test_kernel_of_angles_is_a_product_of_cosines(rotation):
    x, y = np.random.default_rng(2).normal(size=(2, 3))
    kernel = overlap(encoded(Angle(rotation), x), encoded(Angle(rotation), y))
    assert kernel == pytest.approx(np.prod(np.cos((x - y) / 2) ** 2), abs=1e-12)


@pytest.mark.parametrize("n_repeats", [1, 2])
@pytest.mark.parametrize("n_qubits", [1, 2, 4])
def test_iqp_is_the_template(n_qubits, n_repeats):
    features = np.random.default_rng(3).normal(size=n_qubits)
    expected = state_of([qml.IQPEmbedding(features, range(n_qubits), n_repeats=n_repeats)], n_qubits)
    np.testing.assert_allclose(encoded(IQP(n_repeats), features), expected, atol=1e-12)


def test_basis_prepares_every_bit_string():
    for bits in product((0, 1), repeat=3):
        probabilities = abs(encoded(Basis(), bits)) ** 2
        index = int("".join(map(str, bits)), 2)
        np.testing.assert_allclose(probabilities, np.eye(8)[index], atol=1e-12)


@pytest.mark.parametrize("rotation", "XY")
@pytest.mark.parametrize(("degree", "tower"), [(1, False), (2, False), (1, True)])
def test_chebyshev_polynomials(rotation, degree, tower):
    x = np.array([-1.0, -0.3, 0.8, 1.0])
    encoding = Chebyshev(degree, tower, rotation)
    for wire in range(2):
        orders = np.zeros(2 * degree * (wire + 1 if tower else 1) + 1)
        orders[-1] = 1
        for value in x:
            state = encoded(encoding, [value, value]).reshape(2, 2)
            ones = (abs(state) ** 2).sum(axis=1 - wire)[1]
            assert 1 - 2 * ones == pytest.approx(np.polynomial.chebyshev.chebval(value, orders), abs=1e-12)


def test_amplitudes_are_normalized_and_padded():
    states = Amplitude(3).initial_states(np.array([[3.0, 0.0, -4.0], [0.0, 2.0, 0.0]]), 2)
    np.testing.assert_allclose(states, [[0.6, 0, -0.8, 0], [0, 1, 0, 0]], atol=1e-15)
    assert states.dtype == np.complex128


def test_kernel_of_amplitudes_is_the_squared_cosine():
    x, y = np.random.default_rng(4).normal(size=(2, 8))
    left, right = Amplitude().initial_states(np.stack([x, y]), 3)
    cosine = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert overlap(left, right) == pytest.approx(cosine**2, abs=1e-12)


@pytest.mark.parametrize("encoding", ALL, ids=repr)
@pytest.mark.parametrize("n_qubits", [1, 3])
def test_torch_agrees_with_numpy_and_is_differentiable(encoding, n_qubits):
    width = encoding.n_features(n_qubits)
    features = np.random.default_rng(5).uniform(-0.9, 0.9, (4, width))
    tensor = torch.tensor(features, requires_grad=True)
    angles = encoding.angles(features)
    assert angles.shape == (4, encoding.n_angles(n_qubits)) == (4, len(encoding.angle_names(n_qubits)))
    np.testing.assert_array_equal(encoding.angles(tensor).detach().numpy(), angles)
    assert torch.autograd.gradcheck(encoding.angles, tensor)
    states = encoding.initial_states(features, n_qubits)
    if states is None:
        assert encoding.initial_states(tensor, n_qubits) is None
        assert not encoding.prepares
    else:
        assert states.shape == (4, 2**n_qubits)
        np.testing.assert_allclose(
            encoding.initial_states(tensor, n_qubits).detach().numpy(), states, atol=1e-15
        )
        assert torch.autograd.gradcheck(lambda x: encoding.initial_states(x, n_qubits), tensor)


@pytest.mark.parametrize("encoding", WITH_GATES, ids=repr)
def test_broadcast_is_sample_by_sample(encoding):
    features = np.random.default_rng(6).uniform(-0.9, 0.9, (3, 2))
    operations = encoding.operations(encoding.angles(features), [0, 1])
    np.testing.assert_allclose(
        state_of(operations, 2), [encoded(encoding, row) for row in features], atol=1e-12
    )


def test_derivative_of_chebyshev_is_finite_at_the_edge():
    x = torch.tensor([-1.0, 0.0, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
    Chebyshev(edge=1e-4).angles(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [-100, -1, -1 / np.sqrt(0.75), -100], rtol=1e-12)


@pytest.mark.parametrize("encoding", ALL, ids=repr)
def test_equal_by_settings_picklable_hashable(encoding):
    again = pickle.loads(pickle.dumps(encoding))
    assert again == encoding
    assert hash(again) == hash(encoding)
    assert isinstance(encoding, Encoding)


def test_settings_tell_encodings_apart():
    assert len(set(ALL)) == len(ALL)


def test_names():
    assert [encoding_named(name).name for name in encoding_names()] == list(encoding_names())
    with pytest.raises(CircuitError, match="'angle', 'amplitude'"):
        encoding_named("angel")


@pytest.mark.parametrize("as_torch", [False, True])
@pytest.mark.parametrize(
    ("encoding", "rows", "message"),
    [
        (Angle(), [[0.0, 1.0, 2.0]], r"shape \(1, 3\); angle encoding takes 2 features"),
        (Angle(), [[0.0, 1.0], [2.0, np.nan]], "feature 1 of row 1 is nan"),
        (IQP(), [[np.inf, np.inf]], r"feature 0 of row 0 is inf.*\(1 more\)"),
        (Basis(), [[0.0, 1.0], [0.5, 1.0]], "feature 0 of row 1 is 0.5; basis encoding takes 0 and 1"),
        (
            Chebyshev(),
            [[0.0, -1.5]],
            r"feature 1 of row 0 is -1.5; chebyshev encoding takes values in \[-1, 1\]",
        ),
        (Amplitude(), [[1.0, 0, 0, 0], [0, 0, 0, 0]], "row 1 has length 0"),
        (Amplitude(), [[1e300, 0, 0, 1e300]], "row 0 has length 0"),
        (Amplitude(), [[1.0, 0, 0]], r"takes 4 features"),
        (Amplitude(3), [[1.0, 0, 0, 0]], r"takes 3 features"),
        (Amplitude(3), [[1.0, 0, np.nan]], "feature 2 of row 0 is nan"),
        (Angle(), [np.nan, 0.0], "feature 0 of the sample is nan"),
        (Amplitude(), [0.0, 0.0, 0.0, 0.0], "the sample has length 0"),
        (Angle(), 0.0, r"shape \(\)"),
    ],
)
def test_illegal_features(encoding, rows, message, as_torch):
    features = torch.tensor(rows, dtype=torch.float64) if as_torch else np.array(rows)
    with pytest.raises(CircuitError, match=message):
        encoding.check(features, 2)


@pytest.mark.parametrize("encoding", ALL, ids=repr)
def test_legal_features_pass(encoding):
    width = encoding.n_features(2)
    encoding.check(np.ones((2, width)), 2)
    encoding.check(torch.ones(width), 2)
    encoding.check(torch.empty(2, width, device="meta"), 2)
    encoding.check(np.ones((0, width)), 2)


def test_complex_features_are_refused():
    with pytest.raises(CircuitError, match="complex128; features must be real"):
        Angle().check(np.ones((1, 2), dtype=complex), 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Angle("W"), "rotation of angle is 'W'; it must be one of 'X', 'Y', 'Z'"),
        (lambda: Angle("XY"), "rotation of angle"),
        (lambda: Chebyshev(rotation="Z"), "one of 'X', 'Y'"),
        (lambda: Chebyshev(degree=0), "degree of chebyshev encoding is 0"),
        (lambda: Chebyshev(edge=0.0), "edge of chebyshev encoding is 0.0"),
        (lambda: Chebyshev(edge="1"), "edge"),
        (lambda: IQP(0), "n_repeats of iqp encoding is 0"),
        (lambda: IQP(1.5), "integer of at least 1"),
        (lambda: IQP(True), "integer of at least 1"),
        (lambda: Amplitude(0), "width of amplitude encoding is 0"),
        (lambda: Amplitude(5).n_features(2), "5 features needs at least 3 qubits; 2 were given"),
    ],
)
def test_illegal_settings(make, message):
    with pytest.raises(CircuitError, match=message):
        make()
