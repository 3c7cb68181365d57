from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_layout import aligned
from hybrid_opt.circuits.mixer_kernels import next_bits, turn_bits


def turned(state: np.ndarray, bit: int, t: float) -> np.ndarray:
    """a - i t b for every pair."""
    return state - 1j * t * state[np.arange(state.size) ^ 1 << bit]


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize(("low", "high"), [(4, 5), (4, 6), (4, 7), (5, 9), (4, 11)])
def test_bits_of_a_stretch(low, high, precision):
    rng = np.random.default_rng(high)
    pitch = 2 ** (high + 1) + 16
    state = aligned(2 * pitch, precision)
    state[:] = rng.normal(size=2 * pitch)
    before = state.copy()
    tangents = rng.uniform(-1, 1, 3 + high).astype(precision)
    begin = 2**high
    turn_bits(state, pitch, begin, low, high, tangents, 3, None)
    place = slice(begin, 2 * begin)
    expected = before[:pitch][place] + 1j * before[pitch:][place]
    for bit in range(low, high):
        expected = turned(expected, bit, tangents[3 + bit])
    tolerance = 1e-12 if precision == np.float64 else 1e-3
    assert np.allclose(state[:pitch][place] + 1j * state[pitch:][place], expected, rtol=0, atol=tolerance)
    assert np.array_equal(state[:begin], before[:begin])


def test_moments_are_taken_on_the_way():
    rng = np.random.default_rng(1)
    pitch, high = 128 + 16, 7
    state = aligned(4 * pitch, np.float64)
    state[:] = rng.normal(size=state.size)
    psi, bra = (state[k * pitch :][:128] + 1j * state[(k + 1) * pitch :][:128] for k in (0, 2))
    tangents = rng.uniform(-1, 1, high)
    sums = np.zeros(8 * high)
    turn_bits(state, pitch, 0, 3, high, tangents, 0, sums)
    found = sums.reshape(high, 8).sum(axis=1)
    assert not found[:3].any()
    places = np.arange(128)
    for bit in range(3, high):
        assert found[bit] == pytest.approx((bra.conj() @ psi[places ^ 1 << bit]).imag, abs=1e-9)
        psi, bra = turned(psi, bit, tangents[bit]), turned(bra, bit, tangents[bit])
    assert np.allclose(state[:128] + 1j * state[pitch:][:128], psi, atol=1e-12)
    assert np.allclose(state[2 * pitch :][:128] + 1j * state[3 * pitch :][:128], bra, atol=1e-12)


def test_steps_are_about_equal():
    def steps(left, most):
        found = []
        while left:
            found.append(next_bits(left, most))
            left -= found[-1]
        return found

    assert steps(7, 3) == [3, 2, 2]
    assert steps(4, 3) == [2, 2]
    assert steps(9, 3) == [3, 3, 3]
    assert steps(3, 2) == [2, 1]
