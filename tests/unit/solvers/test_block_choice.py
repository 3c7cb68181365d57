"""Blocks around an incumbent: each rule picks what it says, sizes are kept, every bit has its turn."""

import dimod
import numpy as np
import pytest

from hybrid_opt.solvers.block_choice import BLOCK_METHODS, choose_block
from hybrid_opt.solvers.quadratic_bits import QuadraticBits


def random_model(n: int, seed: int, density: float) -> QuadraticBits:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(-9, 10, (n, n))) * (rng.random((n, n)) < density)
    return QuadraticBits.from_bqm(dimod.BinaryQuadraticModel(weights.astype(float), "BINARY"))


@pytest.mark.parametrize("method", BLOCK_METHODS)
@pytest.mark.parametrize("density", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shaken", [False, True])
def test_a_round_gives_every_bit_its_turn(method, density, shaken):
    model = random_model(23, 1, density)
    rng = np.random.default_rng(2)
    bits = rng.integers(2, size=23, dtype=np.uint8)
    factors = rng.uniform(0.5, 1.5, 23) if shaken else None
    waiting, seen = np.ones(23, dtype=bool), set()
    while waiting.any():
        block = choose_block(model, bits, waiting, 6, method, factors)
        assert len(set(block.tolist())) == 6
        assert (np.diff(block) > 0).all()
        assert waiting[block].any()
        waiting[block] = False
        seen |= set(block.tolist())
    assert seen == set(range(23))


def test_impact_takes_the_lowest_flip_costs():
    model = QuadraticBits.from_bqm(
        dimod.BinaryQuadraticModel({0: 5.0, 1: -1.0, 2: 3.0, 3: 0.5, 4: -2.0}, {}, 0.0, "BINARY")
    )
    bits, waiting = np.zeros(5, dtype=np.uint8), np.ones(5, dtype=bool)
    assert choose_block(model, bits, waiting, 3, "impact").tolist() == [1, 3, 4]
    waiting[[1, 4]] = False
    assert choose_block(model, bits, waiting, 3, "impact").tolist() == [0, 2, 3]
    waiting[:] = [False, False, True, False, False]
    assert choose_block(model, bits, waiting, 3, "impact").tolist() == [1, 2, 4]


def test_connected_follows_the_strongest_couplings():
    pairs = {(0, 1): 1.0, (0, 2): -5.0, (2, 3): 4.0, (1, 4): 9.0}
    model = QuadraticBits.from_bqm(
        dimod.BinaryQuadraticModel({0: -9.0, 1: 1.0, 2: 6.0, 3: 1.0, 4: 1.0}, pairs, 0.0, "BINARY")
    )
    bits, waiting = np.zeros(5, dtype=np.uint8), np.ones(5, dtype=bool)
    assert choose_block(model, bits, waiting, 3, "connected").tolist() == [0, 2, 3]


def test_chain_finds_what_must_flip_together():
    """Each of bits 0 to 2 costs 4 or so to flip, all three gain 2.6; bit 3 costs less than two of them."""
    pairs = {(0, 1): -5.0, (1, 2): -5.0, (0, 2): -5.0, (0, 3): 0.1}
    linear = {0: 4.0, 1: 4.2, 2: 4.2, 3: 4.1, 4: 4.05, 5: 4.5}
    bqm = dimod.BinaryQuadraticModel(linear, {}, 0.0, "BINARY")
    bqm.add_quadratic_from(pairs)
    model = QuadraticBits.from_bqm(bqm)
    bits, waiting = np.zeros(6, dtype=np.uint8), np.ones(6, dtype=bool)
    assert choose_block(model, bits, waiting, 3, "chain").tolist() == [0, 1, 2]
    assert choose_block(model, bits, waiting, 3, "impact").tolist() == [0, 3, 4]
    assert model.energy(np.array([1, 1, 1, 0, 0, 0])) == pytest.approx(-2.6)


def test_arguments_are_not_changed():
    model = random_model(10, 5, 0.5)
    bits, waiting, factors = np.ones(10, dtype=np.uint8), np.ones(10, dtype=bool), np.full(10, 0.7)
    for method in BLOCK_METHODS:
        choose_block(model, bits, waiting, 4, method, factors)
    assert bits.all()
    assert waiting.all()
    assert (factors == 0.7).all()
