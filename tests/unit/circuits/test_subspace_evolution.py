"""Layers of several shapes against NumPy, on any number of threads and in a spawned process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from math import prod

import numpy as np
import pytest

from hybrid_opt.circuits.subspace_evolution import Evolution
from hybrid_opt.circuits.subspace_mixers import RankOneAxis

# Small and large, odd and even, with axes of one level, with one very long axis
SHAPES = [(1,), (2,), (5,), (3, 1, 4), (7, 6, 5, 4), (2,) * 13, (3,) * 9, (6000, 3), (3, 6000), (5,) * 7]
GAMMAS, BETAS = [0.4, -0.2], [-0.5, 0.8]


def setting(shape):
    rng = np.random.default_rng(len(shape))
    return 3.0 * rng.normal(size=prod(shape)), [RankOneAxis(levels) for levels in shape]


def expected_state(shape, energies):
    size = prod(shape)
    state = np.full(size, size**-0.5, dtype=complex)
    for gamma, beta in zip(GAMMAS, BETAS):
        state = (np.exp(-1j * gamma * energies) * state).reshape(shape)
        for axis, levels in enumerate(shape):
            state = state + np.expm1(-1j * beta * levels) / levels * state.sum(axis=axis, keepdims=True)
        state = state.reshape(-1)
    return state


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("threads", [1, 4])
def test_state(shape, threads):
    energies, mixers = setting(shape)
    state = Evolution(mixers, prod(shape), energies, threads=threads).state(GAMMAS, BETAS)
    np.testing.assert_allclose(state, expected_state(shape, energies), atol=1e-13)


@pytest.mark.parametrize("shape", [(7, 6, 5, 4), (3,) * 9, (2,) * 13], ids=str)
def test_codes_give_the_same(shape):
    _, mixers = setting(shape)
    levels = np.array([-1.5, 0.25, 3.0])
    codes = np.random.default_rng(2).integers(0, 3, prod(shape)).astype(np.uint16)
    packed = Evolution(mixers, prod(shape), levels, codes)
    plain = Evolution(mixers, prod(shape), levels[codes])
    first, second = packed.state(GAMMAS, BETAS), plain.state(GAMMAS, BETAS)
    np.testing.assert_allclose(first, second, atol=1e-14)
    weights = np.array([1.0, -2.0, 0.5])
    for a, b in zip(
        packed.gradients(first, weights, GAMMAS, BETAS),
        plain.gradients(second, weights[codes], GAMMAS, BETAS),
    ):
        np.testing.assert_allclose(a, b, atol=1e-13)


@pytest.mark.parametrize("shape", [(3, 1, 4), (7, 6, 5, 4), (2,) * 13], ids=str)
@pytest.mark.parametrize("grover", [False, True])
def test_gradients_against_differences(shape, grover):
    energies, mixers = setting(shape)
    evolution = Evolution(None if grover else mixers, prod(shape), energies)
    weights = np.random.default_rng(7).normal(size=prod(shape))

    def value(gammas, betas):
        return weights @ np.abs(evolution.state(gammas, betas)) ** 2

    found = np.concatenate(evolution.gradients(evolution.state(GAMMAS, BETAS), weights, GAMMAS, BETAS))
    angles = np.array(GAMMAS + BETAS)
    for number, derivative in enumerate(found):
        change = np.zeros(4)
        change[number] = 1e-5
        above, below = value(*np.split(angles + change, 2)), value(*np.split(angles - change, 2))
        assert derivative == pytest.approx((above - below) / 2e-5, abs=1e-7)


def test_threads_change_no_bit():
    shape = (5,) * 8
    energies, mixers = setting(shape)
    found = []
    for threads in (1, 4):
        evolution = Evolution(mixers, prod(shape), energies, threads=threads)
        state = evolution.state(GAMMAS, BETAS)
        found.append([state.copy(), *evolution.gradients(state, energies, GAMMAS, BETAS)])
    for first, second in zip(*found):
        np.testing.assert_array_equal(first, second)


def test_four_threads_at_once():
    shape = (5,) * 7
    energies, mixers = setting(shape)
    evolution = Evolution(mixers, prod(shape), energies, threads=2)
    expected = evolution.state(GAMMAS, BETAS)
    with ThreadPoolExecutor(4) as pool:
        for state in pool.map(lambda _: evolution.state(GAMMAS, BETAS), range(8)):
            np.testing.assert_array_equal(state, expected)


def test_a_spawned_process(root):
    code = (
        "import numpy as np\n"
        "from hybrid_opt.circuits.subspace_evolution import Evolution\n"
        "from hybrid_opt.circuits.subspace_mixers import RankOneAxis\n"
        "evolution = Evolution([RankOneAxis(5)] * 8, 5**8, np.arange(5.0**8), threads=4)\n"
        "state = evolution.state([0.1], [0.2])\n"
        "norm = round(float(np.linalg.norm(state)), 9)\n"
        "print(norm, evolution.gradients(state, np.ones(5**8), [0.1], [0.2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout.startswith("1.0 "), done.stderr
