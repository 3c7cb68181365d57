"""Straight lines."""

import numpy as np
import pytest

from hybrid_opt.circuits.angle_ramps import linear_ramp
from hybrid_opt.circuits.errors import CircuitError


def test_published_formula():
    # arXiv 2405.09169 counts layers from 0: gamma_i = (i + 1) / p * delta, beta_i = (1 - i / p) * delta.
    gammas, betas = linear_ramp(4, 0.6, 0.3)
    np.testing.assert_allclose(gammas, [0.15, 0.3, 0.45, 0.6])
    np.testing.assert_allclose(betas, [-0.3, -0.225, -0.15, -0.075])


def test_one_layer():
    gammas, betas = linear_ramp(1, 0.5, 0.4)
    assert (gammas.tolist(), betas.tolist()) == ([0.5], [-0.4])


@pytest.mark.parametrize("arguments", [(0,), (1.5,), (2, "a"), (2, np.nan), (2, 0.1, np.inf), (2, True)])
def test_bad_arguments(arguments):
    with pytest.raises(CircuitError):
        linear_ramp(*arguments)
