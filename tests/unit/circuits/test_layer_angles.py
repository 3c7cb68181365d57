from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_layout import StateLayout
from hybrid_opt.circuits.layer_angles import LayerAngles

TURNS = {-1.7, -np.pi / 2, -0.9, -np.pi / 4, 0.0, 0.3, np.pi / 4, 1.2, np.pi / 2, 2.0, 3.1, np.pi, 4.0, 9.9}


@pytest.mark.parametrize("beta", sorted(TURNS))
def test_a_turn_in_parts(beta):
    """Tangent, factor and flip of one qubit together are its turn."""
    layout = StateLayout.of(1, 8, symmetric=False)
    angles = LayerAngles(layout, np.array([0.5]), np.array([[beta]]))
    bit = layout.padding
    t = angles.tangents[0, bit]
    assert abs(t) <= 1 + 1e-15
    gamma, real, imaginary = angles.factors[0]
    assert gamma == 0.5
    gate = (real + 1j * imaginary) * np.array([[1, -1j * t], [-1j * t, 1]])
    if angles.flips[1]:
        assert angles.flips[1] == 1 << bit
        gate = gate[::-1]
    exact = [[np.cos(beta), -1j * np.sin(beta)], [-1j * np.sin(beta), np.cos(beta)]]
    assert np.allclose(gate, exact, atol=1e-15)


def test_flips_add_up_over_layers_and_the_mirror_flips_all():
    layout = StateLayout.of(8, 8, symmetric=True)
    betas = np.zeros((3, 8))
    betas[0, 7] = betas[1, 7] = betas[1, 0] = np.pi / 2
    angles = LayerAngles(layout, np.zeros(3), betas)
    assert angles.flips.tolist() == [0, 1, 127, 127]
    assert angles.tangents.shape == (3, 9)
