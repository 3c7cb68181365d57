from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.circuits import adjoint_torch
from hybrid_opt.circuits.adjoint import adjoint_gradient
from hybrid_opt.circuits.adjoint_torch import sweep_in_torch, sweep_on_gpu
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError, DeviceUnavailableError
from hybrid_opt.circuits.gates import FIXED_MATRICES, Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector import simulate

CPU = torch.device("cpu")


def random_case(program, n_rows, seed):
    rng = np.random.default_rng(seed)
    table = rng.uniform(-4, 4, (n_rows, program.n_slots))
    shape = (n_rows, 2**program.n_qubits)
    initial = rng.normal(size=shape) + 1j * rng.normal(size=shape) if program.prepared else None
    states = simulate(program, table, initial)
    return table, states, rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(1, 2), (3, 5), (6, 3)])
@pytest.mark.parametrize("prepared", [False, True])
def test_equals_the_compiled_sweep(n_qubits, n_rows, prepared, random_program):
    program = random_program(n_qubits, 66, n_qubits, prepared=prepared)
    case = random_case(program, n_rows, 1)
    expected = adjoint_gradient(program, *case, with_initial=True)
    kept = [array.copy() for array in case]
    gradient, start = sweep_in_torch(program, *case, CPU)
    np.testing.assert_allclose(gradient, expected[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(start, expected[1], rtol=0, atol=1e-12)
    for array, copy in zip(case, kept):
        assert np.array_equal(array, copy)


def test_wanted_columns(random_program):
    program = random_program(3, 60, 2)
    case = random_case(program, 4, 3)
    wanted = np.random.default_rng(4).random(program.n_slots) < 0.5
    wanted[-2:] = True, False  # the global phases
    whole, _ = sweep_in_torch(program, *case, CPU)
    part, _ = sweep_in_torch(program, *case, CPU, wanted)
    assert np.array_equal(part, np.where(wanted, whole, 0))


def test_nothing_to_do():
    program = Program(2, (Gate("rx", (0,), (), 0),), 1)
    nothing = np.empty((0, 4), complex)
    gradient, start = sweep_in_torch(program, np.empty((0, 1)), nothing, nothing, CPU)
    assert gradient.shape == (0, 1)
    assert start.shape == (0, 4)


def test_channels_are_refused():
    kraus = np.stack([FIXED_MATRICES["x"], FIXED_MATRICES["z"]]) / np.sqrt(2)
    program = Program(1, (Gate("kraus", (0,), matrix=kraus),), 0)
    with pytest.raises(CircuitError, match="no pure final state"):
        sweep_in_torch(program, np.empty((1, 0)), np.ones((1, 2), complex), np.ones((1, 2), complex), CPU)


@pytest.fixture
def pretended_gpu(monkeypatch):
    """The CPU in place of a GPU with a little memory."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(adjoint_torch, "_CUDA", CPU)
    return monkeypatch


def test_rows_go_to_the_gpu_in_parts(random_program, pretended_gpu):
    program = random_program(3, 44, 5)
    case = random_case(program, 7, 6)
    pretended_gpu.setattr(adjoint_torch, "require_gpu_memory", lambda *arguments: None)
    expected = sweep_in_torch(program, *case, CPU)
    sizes = []
    pretended_gpu.setattr(
        adjoint_torch,
        "sweep_in_torch",
        lambda *arguments: sizes.append(len(arguments[1])) or sweep_in_torch(*arguments),
    )
    for free, parts in ((3 * 96 * 8 + 1, [3, 3, 1]), (1, [1] * 7), (None, [7])):
        sizes.clear()
        pretended_gpu.setattr(adjoint_torch, "free_gpu_memory", lambda free=free: free)
        gradient, start = sweep_on_gpu(program, *case)
        assert sizes == parts
        np.testing.assert_allclose(gradient, expected[0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(start, expected[1], rtol=0, atol=1e-13)
    through = adjoint_gradient(program, *case, with_initial=True, compute="gpu")
    np.testing.assert_allclose(through[0], expected[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(through[1], expected[1], rtol=0, atol=1e-13)


def test_too_large_for_the_gpu(pretended_gpu):
    pretended_gpu.setattr("hybrid_opt.circuits.memory.free_gpu_memory", lambda: 100)
    program = Program(1, (), 0)
    with pytest.raises(CircuitTooLargeError, match="1 qubits need 192 B on the GPU"):
        sweep_on_gpu(program, np.empty((1, 0)), np.ones((1, 2), complex), np.ones((1, 2), complex))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu():
    program = Program(1, (), 0)
    with pytest.raises(DeviceUnavailableError, match="no CUDA here"):
        sweep_on_gpu(program, np.empty((1, 0)), np.ones((1, 2), complex), np.ones((1, 2), complex))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu(random_program):
    program = random_program(6, 66, 7)
    case = random_case(program, 9, 8)
    expected = adjoint_gradient(program, *case, with_initial=True)
    gradient, start = adjoint_gradient(program, *case, with_initial=True, compute="gpu")
    np.testing.assert_allclose(gradient, expected[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(start, expected[1], rtol=0, atol=1e-12)
