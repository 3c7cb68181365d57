"""The differentiable function under the layers, against PennyLane's simulator and torch."""

from __future__ import annotations

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.evaluation import Evaluator
from hybrid_opt.circuits.readout import PauliReadout
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.tape_reading import read_tape
from hybrid_opt.layers.circuit_function import circuit_values


@pytest.fixture
def evaluator() -> Evaluator:
    tape = qml.tape.QuantumScript([qml.RX(0.0, 0), qml.CRY(0.0, [0, 1]), qml.RZ(0.0, 1), qml.RX(0.0, 1)])
    readout = PauliReadout([qml.Z(0), qml.X(0) @ qml.Y(1)], 2)
    return Evaluator(read_tape(tape).program, readout, simulator=open_simulator("aer"))


def table(rows: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(-2, 2, (rows, 4))).requires_grad_()


def test_gradients(evaluator):
    assert torch.autograd.gradcheck(lambda angles: circuit_values(evaluator, angles), (table(),))


def test_only_wanted_columns(evaluator):
    angles = table()
    (everything,) = torch.autograd.grad(circuit_values(evaluator, angles).sum(), angles)
    wanted = np.array([True, False, True, False])
    (some,) = torch.autograd.grad(circuit_values(evaluator, angles, wanted=wanted).sum(), angles)
    assert (everything.abs().sum(dim=0)[[0, 1, 3]] > 0).all()
    torch.testing.assert_close(some[:, wanted], everything[:, wanted])
    assert (some[:, ~wanted] == 0).all()


def test_cotangents_of_any_layout(evaluator):
    angles = table()
    values = circuit_values(evaluator, angles)
    factors = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).T
    (ours,) = torch.autograd.grad(values, angles, factors, retain_graph=True)
    (same,) = torch.autograd.grad(values, angles, factors.contiguous(), retain_graph=True)
    torch.testing.assert_close(ours, same)
    (ones,) = torch.autograd.grad(values, angles, torch.ones(1, dtype=torch.float64).expand(3, 2))
    assert ones.shape == (3, 4)


def test_states_are_freed_with_the_graph(evaluator):
    angles = table()
    values = circuit_values(evaluator, angles).sum()
    node = values.grad_fn.next_functions[0][0]
    assert node.evaluation.states is None
    assert node.saved_tensors[-1].shape == (3, 4)
    values.backward()
    with pytest.raises(RuntimeError, match="already been freed"):
        _ = node.saved_tensors


def test_nothing_is_kept_without_gradients(evaluator):
    assert circuit_values(evaluator, table().detach()).grad_fn is None
    with torch.no_grad():
        assert circuit_values(evaluator, table()).grad_fn is None


def test_no_rows(evaluator):
    angles = table(0)
    values = circuit_values(evaluator, angles)
    assert values.shape == (0, 2)
    values.sum().backward()
    assert angles.grad.shape == (0, 4)


def test_a_table_that_does_not_fit(evaluator):
    with pytest.raises(CircuitError, match="4"):
        circuit_values(evaluator, table()[:, :3])
    with pytest.raises(CircuitError, match="NaN"):
        circuit_values(evaluator, table() * torch.nan)
