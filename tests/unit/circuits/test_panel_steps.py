"""Steps on one panel: eight columns, real and imaginary parts apart."""

import numpy as np
import pytest

from hybrid_opt.circuits import panel_steps

ROWS, LEVELS, INNER = 24, 3, 4


def panel_of(rows, spare=16 * LEVELS, seed=0):
    """Two random blocks of rows and room for a fiber."""
    return np.random.default_rng(seed).normal(size=32 * rows + spare)


def block(panel, base):
    parts = panel[base : base + 16 * ROWS].reshape(ROWS // (LEVELS * INNER), LEVELS, INNER, 2, 8)
    return parts[..., 0, :] + 1j * parts[..., 1, :]


def test_add_multiple():
    panel = panel_of(ROWS)
    first, second = block(panel, 0), block(panel, 16 * ROWS)
    panel_steps.add_multiple(panel, 16 * ROWS, ROWS, LEVELS, INNER, 0.3, -0.7)
    expected = second + (0.3 - 0.7j) * second.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(block(panel, 16 * ROWS), expected, atol=1e-14)
    np.testing.assert_array_equal(block(panel, 0), first)


def test_matrix_and_forms():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(LEVELS, LEVELS)) + 1j * rng.normal(size=(LEVELS, LEVELS))
    numbers = np.concatenate([[9.0], matrix.view(np.float64).ravel()])
    panel = panel_of(ROWS)
    first, second = block(panel, 0), block(panel, 16 * ROWS)
    image = np.einsum("kl,olcx->okcx", matrix, first)
    form = panel_steps.form_with_matrix(panel, 16 * ROWS, 0, ROWS, LEVELS, INNER, numbers, 1)
    assert form == pytest.approx(np.vdot(second, image).imag)
    sums = panel_steps.form_of_sums(panel, 16 * ROWS, 0, ROWS, LEVELS, INNER)
    assert sums == pytest.approx(np.vdot(second.sum(axis=1), first.sum(axis=1)).imag)
    panel_steps.apply_matrix(panel, 0, ROWS, LEVELS, INNER, numbers, 1, 32 * ROWS)
    np.testing.assert_allclose(block(panel, 0), image, atol=1e-13)
    np.testing.assert_array_equal(block(panel, 16 * ROWS), second)


@pytest.mark.parametrize("scale", [1.0, 1e5, 1e9])
@pytest.mark.parametrize(("lanes", "stride"), [(8, 1), (5, 3)])
def test_phases_by_energy_and_by_code(scale, lanes, stride):
    panel = panel_of(1, spare=16)
    before = panel[:8] + 1j * panel[8:16]
    energies = scale * np.random.default_rng(4).normal(size=30)
    chosen = energies[2 : 2 + lanes * stride : stride]
    expected = before.copy()
    expected[:lanes] *= np.exp(-0.7j * chosen)
    by_code = panel.copy()
    panel_steps.turn_by_energy(panel, 0, energies, 2, lanes, stride, 0.7, 32)
    # Lanes beyond the last may hold anything.
    np.testing.assert_allclose(
        (panel[:8] + 1j * panel[8:16])[:lanes], expected[:lanes], atol=1e-14 * max(scale, 1)
    )
    table = np.exp(-0.7j * energies).view(np.float64)
    panel_steps.turn_by_code(by_code, 0, np.arange(30, dtype=np.uint16), 2, lanes, stride, table)
    np.testing.assert_allclose((by_code[:8] + 1j * by_code[8:16]), expected, atol=1e-14 * max(scale, 1))
