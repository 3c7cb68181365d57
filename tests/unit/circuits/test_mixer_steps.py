from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import mixer_steps
from hybrid_opt.circuits.compiled import compile_kernel
from hybrid_opt.circuits.mixer_steps import FRESH, MULTIPLY, PLAIN, SPAWN, lane_count_bits, make_step

mirrored = make_step(3, 2, lanes=True, mirror=True, phase=MULTIPLY)
fresh = make_step(1, 1, lanes=True, mirror=False, phase=FRESH)
spawn = make_step(1, 1, lanes=False, mirror=False, phase=SPAWN)
plain = make_step(1, 1, lanes=False, mirror=False, phase=PLAIN)


def _mirrored(state, waves, tangents):
    mirrored(state, 0, 8, 64, state, 0, 8, 64, 56, waves, 0, 8, 64, 56, tangents, 0, 6, None, 0)


def _fresh(state, waves, tangents):
    fresh(state, 0, 8, 16, state, 0, 8, 16, 0, waves, 0, 8, 16, 0, tangents, 0, 0, None, 0)


def _spawn(state, waves, tangents, sums):
    spawn(state, 0, 8, 16, state, 0, 8, 16, 0, waves, 0, 8, 16, 0, tangents, 0, 0, sums, 1)


def _apart(source, target, tangents):
    plain(source, 8, 16, 40, target, 0, 8, 16, 0, source, 0, 0, 0, 0, tangents, 0, 0, None, 0)


USES = (mixer_steps,)


def turned(state: np.ndarray, partner: np.ndarray, t: float) -> np.ndarray:
    return state - 1j * t * state[partner]


def test_a_mirrored_step_turns_lanes_bits_and_the_mirror():
    rng = np.random.default_rng(1)
    state, waves, tangents = rng.normal(size=128), rng.normal(size=128), rng.uniform(-1, 1, 7)
    expected = (state[:64] + 1j * state[64:]) * (waves[:64] + 1j * waves[64:])
    places = np.arange(64)
    for bit in range(5):
        expected = turned(expected, places ^ 1 << bit, tangents[bit])
    expected = turned(expected, 63 - places, tangents[6])
    compile_kernel(_mirrored, uses=USES)(state, waves, tangents)
    assert np.allclose(state[:64] + 1j * state[64:], expected, atol=1e-13)


def test_a_fresh_state_is_its_phases():
    rng = np.random.default_rng(1)
    waves, tangents = rng.normal(size=32), rng.uniform(-1, 1, 4)
    state = np.full(32, np.nan)
    expected = waves[:16] + 1j * waves[16:]
    for bit in range(4):
        expected = turned(expected, np.arange(16) ^ 1 << bit, tangents[bit])
    compile_kernel(_fresh, uses=USES)(state, waves, tangents)
    assert np.allclose(state[:16] + 1j * state[16:], expected, atol=1e-14)


def test_lambda_is_born_from_psi():
    rng = np.random.default_rng(1)
    state, waves, tangents, sums = rng.normal(size=64), rng.normal(size=16), np.zeros(1), np.ones(16)
    psi = state[:16] + 1j * state[16:32]
    compile_kernel(_spawn, uses=USES)(state, waves, tangents, sums)
    assert np.allclose(state[32:48] + 1j * state[48:], waves * psi, atol=1e-15)
    moment = (waves * psi).conj() @ psi[np.arange(16) ^ 8]
    assert sums[:8].sum() == pytest.approx(8 + moment.imag)
    assert (sums[8:] == 1).all()


def test_from_one_array_to_another():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=80), np.zeros(32)
    compile_kernel(_apart, uses=USES)(source, target, np.array([0.5]))
    vectors = source[:40] + 1j * source[40:]
    first, second = vectors[8:16], vectors[24:32]
    expected = np.concatenate([first - 0.5j * second, second - 0.5j * first])
    assert np.allclose(target[:16] + 1j * target[16:], expected, atol=1e-15)


def test_bits_of_the_lanes():
    assert (lane_count_bits(8), lane_count_bits(4)) == (3, 4)
