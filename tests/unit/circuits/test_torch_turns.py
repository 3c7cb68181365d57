from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.circuits.torch_turns import (
    powers_of,
    rotation_groups,
    start_uniform,
    turn_lowest,
    turn_moments,
)


@pytest.mark.parametrize("n", [1, 5, 6, 11, 17])
def test_all_groups_together_bring_every_bit_back(n):
    planes = torch.empty((2, 2**n), dtype=torch.float64)
    start_uniform(planes)
    betas = np.random.default_rng(n).normal(size=n)
    spare = torch.empty_like(planes)
    for _, matrix in rotation_groups(betas, planes):
        planes, spare = turn_lowest(planes, spare, matrix)
    real, imaginary = planes.numpy()
    # the uniform superposition only gets a phase
    state = (real + 1j * imaginary) * powers_of(-1j, n)
    assert np.allclose(state, 2 ** (-n / 2) * np.exp(-1j * betas.sum()), atol=1e-14)


def test_moments_of_each_qubit():
    rng = np.random.default_rng(1)
    bra, ket = rng.normal(size=(2, 2, 8))
    found = turn_moments(torch.as_tensor(bra), torch.as_tensor(ket), 8)
    left, right = ((row[0] + 1j * row[1]) * powers_of(-1j, 3) for row in (bra, ket))
    places = np.arange(8)
    assert np.allclose(found, [(left.conj() @ right[places ^ 1 << bit]).imag for bit in range(3)], atol=1e-14)
