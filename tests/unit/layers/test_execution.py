"""Evaluators of layers: made once, when needed, and never copied."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pennylane as qml
import pytest

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.tape_reading import read_tape
from hybrid_opt.errors import OptionError
from hybrid_opt.layers.execution import Evaluators, Execution, layer_seed

PROGRAM = read_tape(qml.tape.QuantumScript([qml.RX(0.0, 0)])).program
EXACT = Execution("aer", "cpu", "double", None, None, None, "auto", True, 3)


def evaluators(execution: Execution, *measurements) -> Evaluators:
    return Evaluators(execution, measurements or [qml.expval(qml.Z(0))], 1)


def test_one_evaluator_per_circuit_and_mode():
    exact = evaluators(EXACT)
    assert exact.get(PROGRAM, training=True) is exact.get(PROGRAM, training=False)
    sampling = evaluators(replace(EXACT, shots=10))
    training, evaluation = sampling.get(PROGRAM, training=True), sampling.get(PROGRAM, training=False)
    assert (training.shots, training.gradient) == (10, "parameter_shift")
    assert (evaluation.shots, evaluation.gradient) == (None, "adjoint")
    always = evaluators(replace(EXACT, shots=10, exact_evaluation=False))
    assert always.get(PROGRAM, training=False) is always.get(PROGRAM, training=True)


def test_exact_evaluation_has_no_noise_model():
    model = noise.readout_noise(0.1)
    noisy = evaluators(replace(EXACT, noise_model=model))
    assert noisy.get(PROGRAM, training=True).simulator.noise_model is not None
    assert noisy.get(PROGRAM, training=False).simulator.noise_model is None


def test_several_threads_get_the_same_one():
    fresh = evaluators(EXACT)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: fresh.get(PROGRAM, training=True), range(8)))
    assert len(set(map(id, made))) == 1


def test_copies_begin_without_evaluators():
    used = evaluators(EXACT)
    first = used.get(PROGRAM, training=True)
    for other in (copy.deepcopy(used), pickle.loads(pickle.dumps(used))):
        assert other.execution == used.execution
        assert other.get(PROGRAM, training=True) is not first


def test_old_circuits_are_dropped():
    many = evaluators(EXACT)
    first = many.get(PROGRAM, training=True)
    for number in range(70):
        tape = qml.tape.QuantumScript([qml.RX(0.0, 0)] * (number + 2))
        many.get(read_tape(tape).program, training=True)
    assert many.get(PROGRAM, training=True) is not first


def test_the_readout_follows_from_the_measurements():
    assert type(evaluators(EXACT).readout).__name__ == "PauliReadout"
    assert type(evaluators(EXACT, qml.probs()).readout).__name__ == "StateReadout"
    with pytest.raises(CircuitError, match="Pauli"):
        evaluators(replace(EXACT, shots=10), qml.probs()).get(PROGRAM, training=True)


def test_a_noise_model_does_not_go_with_an_open_simulator():
    opened = replace(EXACT, simulator=open_simulator("aer"), noise_model=noise.readout_noise(0.1))
    with pytest.raises(CircuitError, match="opened before"):
        evaluators(opened)


def test_seeds():
    assert layer_seed(5) == 5
    assert 0 <= layer_seed(None) < 2**31
    with pytest.raises(OptionError):
        layer_seed(1.5)
