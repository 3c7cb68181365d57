"""Whole passes over a state against NumPy, with panels that do not fill their lanes."""

import numpy as np
import pytest

from hybrid_opt.circuits.panel_sweep import (
    NO_PHASE,
    PHASE_BY_CODE,
    PHASE_BY_ENERGY,
    backward_pass,
    forward_pass,
)

# Blocks, rows (two axes, of 3 and 2 levels), columns
OUTER, FIRST, SECOND = 3, 3, 2
ROWS = FIRST * SECOND
COEFFICIENT = 0.2 - 0.5j


def setting(inner):
    rng = np.random.default_rng(inner)
    size = OUTER * ROWS * inner
    state = rng.normal(size=size) + 1j * rng.normal(size=size)
    matrix = rng.normal(size=(2, SECOND, SECOND)) + 1j * rng.normal(size=(2, SECOND, SECOND))
    numbers = np.concatenate([[COEFFICIENT], matrix.ravel()]).view(np.float64)
    axes = np.array([[FIRST, SECOND, 0, 0], [SECOND, 1, 2, 1]])
    if inner > 1:
        geometry, panels = (ROWS, inner, 1, inner, ROWS * inner), OUTER * -(-inner // 8)
    else:
        geometry, panels = (ROWS, 1, ROWS, OUTER, 0), 1
    energies = 3.0 * rng.normal(size=size)
    codes = rng.integers(0, 5, size).astype(np.uint16)
    return state, matrix, numbers, axes, geometry, panels, energies, codes


def mixed(state, matrix, inner):
    tensor = state.reshape(OUTER, FIRST, SECOND, inner)
    tensor = tensor + COEFFICIENT * tensor.sum(axis=1, keepdims=True)
    return np.einsum("kl,oalc->oakc", matrix, tensor).reshape(-1)


@pytest.mark.parametrize("inner", [1, 5, 8, 19])
@pytest.mark.parametrize("phase", [NO_PHASE, PHASE_BY_CODE, PHASE_BY_ENERGY])
def test_forward(inner, phase):
    state, matrix, numbers, axes, geometry, panels, energies, codes = setting(inner)
    table = np.exp(1j * np.arange(5.0))
    turns = {0: np.ones(1), 1: table[codes], 2: np.exp(-0.3j * energies)}[phase]
    expected = mixed(turns * state, matrix[0], inner)
    vector = state.view(np.float64).copy()
    forward_pass(
        vector, geometry, axes, numbers, 0, panels, phase, codes, table.view(np.float64), energies, 0.3
    )
    np.testing.assert_allclose(vector.view(np.complex128), expected, atol=1e-13)


@pytest.mark.parametrize("inner", [1, 5, 8, 19])
@pytest.mark.parametrize("phase", [NO_PHASE, PHASE_BY_CODE, PHASE_BY_ENERGY])
def test_backward(inner, phase):
    state, matrix, numbers, axes, geometry, panels, energies, codes = setting(inner)
    costate = setting(inner + 100)[0][: len(state)].copy()
    tensors = [vector.reshape(OUTER, FIRST, SECOND, inner) for vector in (costate, state)]
    first = np.vdot(tensors[0].sum(axis=1), tensors[1].sum(axis=1)).imag
    halves = [tensor + COEFFICIENT * tensor.sum(axis=1, keepdims=True) for tensor in tensors]
    second = np.vdot(halves[0], np.einsum("kl,oalc->oakc", matrix[1], halves[1])).imag
    before = [mixed(vector, matrix[0], inner) for vector in (costate, state)]
    levels = np.arange(5.0) - 2
    costs = {0: np.zeros(1), 1: levels[codes], 2: energies}[phase]
    turns = {0: np.ones(1), 1: np.exp(0.3j * levels)[codes], 2: np.exp(0.3j * energies)}[phase]
    third = np.vdot(before[0], costs * before[1]).imag
    vectors = [vector.view(np.float64).copy() for vector in (state, costate)]
    forms = np.zeros(3)
    table = np.exp(0.3j * levels).view(np.float64)
    backward_pass(
        *vectors, geometry, axes, numbers, forms, 0, panels, phase, codes, table, levels, energies, -0.3
    )  # fmt: skip
    np.testing.assert_allclose(forms, [first, second, third], atol=1e-11)
    np.testing.assert_allclose(vectors[0].view(np.complex128), turns * before[1], atol=1e-12)
    np.testing.assert_allclose(vectors[1].view(np.complex128), turns * before[0], atol=1e-12)
