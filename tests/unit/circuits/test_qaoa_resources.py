"""Gates and depth of a QAOA circuit, counted by hand."""

import dimod
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.ising import ising_from_bqm
from hybrid_opt.circuits.qaoa_resources import layer_resources

TRIANGLE = ising_from_bqm(
    dimod.BinaryQuadraticModel({"a": 1.0}, {("a", "b"): 1.0, ("b", "c"): 1.0, ("a", "c"): 1.0}, 0.0, "SPIN")
)


def test_counts():
    # Three couplings of which no two run at once, one field, three Hadamards, three mixers a layer.
    assert layer_resources(TRIANGLE, 2) == {
        "qubits": 3,
        "depth": 2,
        "one_qubit_gates": 3 + 2 * (1 + 3),
        "two_qubit_gates": 6,
        "two_qubit_depth": 6,
    }


@pytest.mark.parametrize("depth", [0, -1, 1.5, True, None])
def test_illegal_depth(depth):
    with pytest.raises(CircuitError, match="depth is"):
        layer_resources(TRIANGLE, depth)
