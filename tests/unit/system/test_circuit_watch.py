"""Circuits are counted while a model runs, and nothing stays behind."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.layers import QAOALayer, QNNLayer, QuantumKernelLayer
from hybrid_opt.system.circuit_watch import circuit_label, watch_circuits


def test_rows_and_landmarks_are_counted():
    kernel = QuantumKernelLayer(2, 3, simulator="native")
    circuit = QNNLayer(2, 1, simulator="native", seed=1)
    model = torch.nn.ModuleList([kernel, circuit, torch.nn.Linear(2, 2)])
    with watch_circuits(model) as use:
        kernel(torch.zeros(4, 2))
        circuit(torch.zeros(2, 5, 2))
    assert (use.calls, use.runs) == (2, 4 + 3 + 10)
    assert use.seconds > 0
    assert use.label.startswith("native statevector")
    circuit(torch.zeros(1, 2))
    assert use.calls == 2


def test_a_model_without_circuits():
    with watch_circuits(torch.nn.Linear(2, 2)) as use:
        pass
    assert (use.calls, use.label) == (0, "")


def test_hooks_go_also_after_an_error():
    layer = QNNLayer(2, 1, simulator="native", seed=1)
    with pytest.raises(RuntimeError), watch_circuits(layer):
        raise RuntimeError
    assert not layer._forward_hooks
    assert not layer._forward_pre_hooks


def test_labels_say_simulator_size_and_shots():
    label = circuit_label(QNNLayer(3, 2, simulator="native", seed=1))
    assert "3 qubits" in label
    assert "depth" in label
    assert label.endswith("exact values")
    assert "100 shots" in circuit_label(QNNLayer(2, 1, simulator="native", shots=100, seed=1))
    assert "4 qubits" in circuit_label(QAOALayer(4, simulator="native", seed=1))
