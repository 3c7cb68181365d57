"""QUBOs as arrays: energies as dimod has them, parts that differ from the whole by a constant, components."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.solvers.quadratic_bits import QuadraticBits


def random_bqm(n: int, seed: int, density: float = 0.6) -> dimod.BinaryQuadraticModel:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.normal(size=(n, n))) * (rng.random((n, n)) < density)
    bqm = dimod.BinaryQuadraticModel(weights, "BINARY")
    bqm.offset = 1.25
    return bqm


def strings(n: int) -> np.ndarray:
    return np.array(list(itertools.product([0, 1], repeat=n)), dtype=np.uint8)


def test_energies_are_those_of_dimod_there_and_back():
    bqm = random_bqm(6, 1)
    model = QuadraticBits.from_bqm(bqm)
    expected = bqm.energies((strings(6).astype(np.int8), range(6)))
    assert [model.energy(bits) for bits in strings(6)] == pytest.approx(expected.tolist())
    back = model.to_bqm()
    assert list(back.variables) == list(range(6))
    assert back.energies((strings(6).astype(np.int8), range(6))) == pytest.approx(expected)


def test_labels_keep_the_order_of_the_model():
    bqm = dimod.BinaryQuadraticModel({"z": 1.0, "a": 2.0}, {("z", "a"): 4.0}, 0.0, "BINARY")
    assert QuadraticBits.from_bqm(bqm).linear.tolist() == [1.0, 2.0]


def test_flip_costs_are_differences():
    model = QuadraticBits.from_bqm(random_bqm(7, 2))
    bits = np.array([1, 0, 0, 1, 1, 0, 1], dtype=np.uint8)
    for i, cost in enumerate(model.flip_costs(bits)):
        flipped = bits.copy()
        flipped[i] ^= 1
        assert cost == pytest.approx(model.energy(flipped) - model.energy(bits))


def test_a_part_differs_from_the_whole_by_a_constant():
    model = QuadraticBits.from_bqm(random_bqm(7, 3))
    bits = np.array([1, 0, 1, 1, 0, 1, 0], dtype=np.uint8)
    positions = np.array([1, 2, 5])
    part = model.part(positions, bits)
    assert part.n_bits == 3
    differences = set()
    for string in strings(3):
        whole = bits.copy()
        whole[positions] = string
        differences.add(round(model.energy(whole) - part.energy(string), 9))
    assert len(differences) == 1


def test_components_ignore_bits_that_are_left_out():
    chain = {(0, 1): 1.0, (1, 2): 1.0, (2, 3): 1.0, (4, 5): 0.0}
    model = QuadraticBits.from_bqm(
        dimod.BinaryQuadraticModel(dict.fromkeys(range(6), 1.0), chain, 0.0, "BINARY")
    )
    found = [part.tolist() for part in model.components(np.array([0, 2, 3, 4, 5]))]
    assert sorted(found) == [[0], [2, 3], [4], [5]]
    assert list(map(len, found)) == [1, 1, 1, 2]
    assert model.components(np.array([], dtype=np.int64)) == []


def test_no_bits_at_all():
    model = QuadraticBits.from_bqm(dimod.BinaryQuadraticModel({}, {}, 2.5, "BINARY"))
    assert (model.n_bits, model.energy(np.zeros(0)), model.noise) == (0, 2.5, 0.0)
