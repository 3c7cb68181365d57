"""Checkpoints: a resumed run ends where an uninterrupted one does, and files of other runs are refused."""

import json

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import vqe_checkpoint
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.vqe import VQE

CHAIN = qml.Z(0) @ qml.Z(1) + qml.Z(1) @ qml.Z(2) + 0.7 * (qml.X(0) + qml.X(1) + qml.X(2))


def solver(**settings):
    return VQE(CHAIN, "brick_wall", **{"simulator": "native", "seed": 5, **settings})


def interrupted(vqe, path, after, **arguments):
    steps = []

    def press(share, words):
        steps.append(share)
        if len(steps) == after:
            raise KeyboardInterrupt

    return vqe.minimize(checkpoint=path, progress=press, **arguments)


@pytest.mark.parametrize(
    "settings",
    [{"optimizer": "Adam"}, {"optimizer": "SPSA", "shots": 200}, {"optimizer": "Adam", "shots": 50}],
)
@pytest.mark.parametrize("every", [0, 1000])
def test_adam_and_spsa_resume_exactly(tmp_path, settings, every):
    arguments = {"max_evaluations": 60}
    whole = solver(**settings).minimize(**arguments)
    path = tmp_path / "run.json"
    part = interrupted(solver(**settings), path, 7, checkpoint_every=every, **arguments)
    assert part.interrupted
    assert part.evaluations < whole.evaluations
    resumed = solver(**settings).minimize(checkpoint=path, **arguments)
    assert np.array_equal(resumed.weights, whole.weights)
    assert (resumed.energy, resumed.evaluations) == (whole.energy, whole.evaluations)
    assert resumed.shots_used == whole.shots_used
    assert np.array_equal(resumed.energies, whole.energies)
    assert resumed.iterations == whole.iterations


@pytest.mark.parametrize("optimizer", ["L-BFGS-B", "Nelder-Mead", "COBYLA"])
def test_the_others_reach_the_same_minimum(tmp_path, optimizer):
    whole = solver(optimizer=optimizer).minimize(tolerance=1e-9)
    path = tmp_path / "run.json"
    part = interrupted(solver(optimizer=optimizer), path, 6, tolerance=1e-9)
    resumed = solver(optimizer=optimizer).minimize(checkpoint=path, tolerance=1e-9)
    assert part.interrupted
    assert resumed.energy == pytest.approx(whole.energy, abs=1e-6)
    assert resumed.evaluations > part.iterations[-1].evaluations
    assert resumed.iterations[:6] == part.iterations[:6]
    assert np.array_equal(resumed.energies[:5], part.energies[:5])


def test_more_evaluations_go_on_and_a_finished_run_stays(tmp_path):
    path = tmp_path / "run.json"
    first = solver(optimizer="Adam").minimize(checkpoint=path, max_evaluations=10)
    second = solver(optimizer="Adam").minimize(checkpoint=path, max_evaluations=25)
    assert (first.evaluations, second.evaluations) == (10, 25)
    done = solver().minimize(checkpoint=tmp_path / "done.json")
    again = solver().minimize(checkpoint=tmp_path / "done.json")
    assert (again.energy, again.evaluations, again.reason) == (done.energy, done.evaluations, done.reason)
    assert np.array_equal(again.weights, done.weights)
    assert "finished run" in again.notes[-1]


def test_a_file_is_whole_or_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    solver(optimizer="Adam").minimize(checkpoint=path, max_evaluations=5)
    before = path.read_text()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(vqe_checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        solver(optimizer="Adam").minimize(checkpoint=path, max_evaluations=9, checkpoint_every=0)
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (lambda: solver(optimizer="COBYLA"), "optimizer"),
        (lambda: solver(optimizer="Adam", seed=6), "start"),
        (lambda: solver(optimizer="Adam", shots=10), "shots"),
        (lambda: VQE(2 * CHAIN, "brick_wall", optimizer="Adam", simulator="native", seed=5), "hamiltonian"),
        (lambda: VQE(CHAIN, "separable", optimizer="Adam", simulator="native", seed=5), "ansatz"),
    ],
)
def test_files_of_other_runs(tmp_path, other, name):
    path = tmp_path / "run.json"
    solver(optimizer="Adam").minimize(checkpoint=path, max_evaluations=3)
    with pytest.raises(CircuitError, match=f"another run: its {name} is"):
        other().minimize(checkpoint=path)


def test_circuits_are_told_apart_by_their_gates(tmp_path):
    path = tmp_path / "run.json"

    def solver_of(function, **more):
        return VQE(CHAIN, function, weight_shape=2, simulator="native", seed=5, **more)

    def made(axis, target, factor):
        def ansatz(weights, wires):
            return [qml.RY(factor * weights[0], wires[0]), axis(weights[1], wires[target])]

        return ansatz

    solver_of(made(qml.RX, 1, 1.0)).minimize(checkpoint=path)
    for other in (made(qml.RZ, 1, 1.0), made(qml.RX, 2, 1.0), made(qml.RX, 1, 0.5)):
        with pytest.raises(CircuitError, match="its circuit is"):
            solver_of(other).minimize(checkpoint=path)
    with pytest.raises(CircuitError, match="its circuit is"):
        solver_of(made(qml.RX, 1, 1.0), initial_state=[1, 0, 1]).minimize(checkpoint=path)
    again = solver_of(made(qml.RX, 1, 1.0)).minimize(checkpoint=path)
    assert "finished run" in again.notes[-1]


def test_noise_models_are_told_apart(tmp_path):
    path = tmp_path / "run.json"

    def noisy(rate):
        model = None if rate is None else depolarizing_noise(0.0, rate)
        settings = {"simulator": "aer", "noise_model": model, "optimizer": "SPSA"}
        return solver(**settings).minimize(checkpoint=path, max_evaluations=12)

    noisy(0.01)
    noisy(0.01)
    for other in (None, 0.02):
        with pytest.raises(CircuitError, match="its noise is"):
            noisy(other)


@pytest.mark.parametrize("text", ["", "no json", "[1]", json.dumps({"format": "other"})])
def test_files_that_are_no_checkpoints(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(CircuitError, match="is no checkpoint of a VQE"):
        solver().minimize(checkpoint=path)
    assert path.read_text() == text


def test_places_that_cannot_be(tmp_path):
    with pytest.raises(CircuitError, match="does not exist"):
        solver().minimize(checkpoint=tmp_path / "missing" / "run.json")
    with pytest.raises(CircuitError, match="is no file"):
        solver().minimize(checkpoint=tmp_path)


def test_the_end_is_written_even_without_a_step(tmp_path):
    path = tmp_path / "run.json"
    constant = VQE(qml.sum(2.0 * qml.I(0)), "brick_wall", simulator="native", seed=5)
    first = constant.minimize(checkpoint=path)
    assert (first.converged, len(first.iterations)) == (True, 0)
    assert "finished run" in constant.minimize(checkpoint=path).notes[-1]


def test_evaluations_after_the_last_step_are_kept(tmp_path):
    settings = {"optimizer": "COBYLA", "shots": 50}
    first = solver(**settings).minimize(checkpoint=tmp_path / "run.json")
    assert first.converged
    assert first.iterations[-1].evaluations < first.evaluations
    for _ in range(2):
        again = solver(**settings).minimize(checkpoint=tmp_path / "run.json")
        assert again.evaluations == first.evaluations
        assert sum("finished run" in note for note in again.notes) == 1
