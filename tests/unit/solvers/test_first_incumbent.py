"""The first incumbent: local minima, the best of the runs for each component, fixed bits kept."""

import dimod
import numpy as np
import pytest

from hybrid_opt.solvers.first_incumbent import INCUMBENTS, first_incumbent
from hybrid_opt.solvers.quadratic_bits import QuadraticBits


def two_parts() -> QuadraticBits:
    rng = np.random.default_rng(3)
    weights = np.triu(rng.integers(-9, 10, (24, 24)))
    weights[:12, 12:] = 0
    return QuadraticBits.from_bqm(dimod.BinaryQuadraticModel(weights.astype(float), "BINARY"))


@pytest.mark.parametrize("method", INCUMBENTS)
def test_no_single_flip_is_better_and_seeds_repeat(method):
    model = two_parts()
    bits = np.zeros(24, dtype=np.uint8)
    components = [np.arange(12), np.arange(12, 24)]
    found, repeatable, interrupted = first_incumbent(model, bits, components, method, seed=1, seconds=60.0)
    assert (repeatable, interrupted) == (True, False)
    if method == "descent":
        assert (model.flip_costs(found) >= -model.noise).all()
    again = first_incumbent(model, bits, components, method, seed=1, seconds=60.0)[0]
    assert (again == found).all()
    assert not bits.any()


def test_bits_outside_are_held():
    model = two_parts()
    bits = np.ones(24, dtype=np.uint8)
    found = first_incumbent(model, bits, [np.arange(5, 12)], "descent", seed=1, seconds=1.0)[0]
    assert found[:5].all()
    assert found[12:].all()
    assert not found[5:12].all()
    assert first_incumbent(model, bits, [], "descent", seed=1, seconds=1.0)[0].all()


def test_time_limit_of_annealing_is_told():
    found, repeatable, _ = first_incumbent(
        two_parts(), np.zeros(24, dtype=np.uint8), [np.arange(24)], "anneal", seed=1, seconds=60.0
    )
    assert repeatable
    assert found.shape == (24,)
