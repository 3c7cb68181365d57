"""The diagonal engine against dense matrices, central differences, autograd, and PennyLane's circuits."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import reduce
from multiprocessing import get_context

import dimod
import numpy as np
import pennylane as qml
import pytest
import torch
from scipy.linalg import expm

from hybrid_opt.circuits.cost_diagonal import diagonal_from_costs, diagonal_from_terms
from hybrid_opt.circuits.cost_terms import read_terms
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.diagonal_torch import TorchDiagonal
from hybrid_opt.circuits.layered_phases import LayeredEvolution
from hybrid_opt.circuits.qaoa import CircuitQAOA

X = np.array([[0.0, 1.0], [1.0, 0.0]])
ENGINES = {
    "compiled": lambda diagonal, precision: DiagonalEvolution(diagonal, precision=precision),
    "torch": lambda diagonal, precision: TorchDiagonal(diagonal, device="cpu", precision=precision),
}
TOLERANCE = {"double": 1e-12, "single": 2e-5}


def costs(n: int, kind: str, seed: int = 0) -> np.ndarray:
    """Energies: few levels, many levels, or numbers; "symmetric" ones do not mind flipping all bits."""
    rng = np.random.default_rng(100 * n + seed)
    if kind == "numbers":
        return rng.normal(size=2**n)
    values = rng.integers(-4, 60_000 if kind == "many levels" else 9, 2**n).astype(float)
    if "symmetric" in kind:
        values[2 ** (n - 1) :] = values[: 2 ** (n - 1)][::-1]
    return values


def angles(n: int, layers: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Angles whose betas reach beyond pi/2."""
    rng = np.random.default_rng(n + 50 * seed)
    return rng.normal(size=layers), rng.normal(scale=2.0, size=(layers, n))


def turned(state: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Turns about X, one qubit at a time."""
    n = len(betas)
    tensor = state.reshape((2,) * n)
    for wire, beta in enumerate(betas):
        gate = np.array([[np.cos(beta), -1j * np.sin(beta)], [-1j * np.sin(beta), np.cos(beta)]])
        tensor = np.moveaxis(np.tensordot(gate, tensor, (1, wire)), 0, wire)
    return tensor.reshape(-1)


def evolved(energies: np.ndarray, gammas: np.ndarray, betas: np.ndarray) -> np.ndarray:
    n = betas.shape[1]
    state = np.full(2**n, 2 ** (-n / 2), complex)
    for gamma, row in zip(gammas, betas):
        state = turned(state * np.exp(-1j * gamma * energies), row)
    return state


def slope(value, gammas: np.ndarray, betas: np.ndarray, scale: float = 1.0, step: float = 1e-5):
    """Directions and central differences along them; ``scale`` of the energies."""
    rng = np.random.default_rng(9)
    for _ in range(2):
        a, b = rng.normal(size=gammas.shape) / scale, rng.normal(size=betas.shape)
        change = value(gammas + step * a, betas + step * b) - value(gammas - step * a, betas - step * b)
        yield a, b, change / (2 * step)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n", range(1, 7))
def test_states_are_those_of_matrix_exponentials(engine: str, n: int):
    energies = costs(n, "numbers")
    gammas, betas = angles(n, 2)
    state = np.full(2**n, 2 ** (-n / 2), complex)
    for gamma, row in zip(gammas, betas):
        mixer = sum(
            beta * reduce(np.kron, [X if wire == other else np.eye(2) for other in range(n)])
            for wire, beta in enumerate(row)
        )
        state = expm(-1j * mixer) @ expm(-1j * gamma * np.diag(energies)) @ state
    made = ENGINES[engine](diagonal_from_costs(energies), "double").run(gammas, betas)
    assert np.allclose(made.amplitudes(), state, atol=1e-13)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("kind", ["few levels", "many levels", "numbers", "symmetric"])
@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16])
def test_states_and_gradients_of_every_size_and_kind(n: int, kind: str, precision: str):
    energies = costs(n, kind)
    diagonal = diagonal_from_costs(energies)
    engine = DiagonalEvolution(diagonal, precision=precision)
    gammas, betas = angles(n, 3)
    gammas /= max(1.0, np.abs(energies).max() / 10)
    tolerance = TOLERANCE[precision]
    state, scale = evolved(energies, gammas, betas), np.abs(energies).max()
    made = engine.run(gammas, betas)
    assert np.allclose(made.amplitudes(), state, atol=tolerance)
    assert np.allclose(made.probabilities(), np.abs(state) ** 2, atol=tolerance)
    assert made.norm() == pytest.approx(1.0, abs=tolerance)
    value = float(np.abs(state) ** 2 @ energies)
    assert made.expectation() == pytest.approx(value, abs=tolerance * scale)
    found, by_gamma, by_beta = engine.value_and_grad(gammas, betas)
    assert found == pytest.approx(value, abs=tolerance * scale)
    assert by_gamma.shape == gammas.shape
    assert by_beta.shape == betas.shape

    def exact(rows, turns):
        return np.abs(evolved(energies, rows, turns)) ** 2 @ energies

    for a, b, expected in slope(exact, gammas, betas, scale):
        slack = (4 if precision == "single" else 1) * max(tolerance, 1e-8) * scale
        assert by_gamma @ a + (by_beta * b).sum() == pytest.approx(expected, abs=slack)


def test_gradients_are_those_of_autograd():
    n, layers = 4, 3
    energies = costs(n, "numbers")
    gammas, betas = angles(n, layers)
    rows = torch.tensor(gammas, requires_grad=True)
    turns = torch.tensor(betas, requires_grad=True)
    state = torch.full((2**n,), 2 ** (-n / 2), dtype=torch.complex128)
    for layer in range(layers):
        state = (state * torch.exp(-1j * rows[layer] * torch.tensor(energies))).reshape((2,) * n)
        for wire in range(n):
            c, s = torch.cos(turns[layer, wire]), torch.sin(turns[layer, wire])
            state = c * state - 1j * s * state.flip(wire)
        state = state.reshape(-1)
    value = (state.abs() ** 2 @ torch.tensor(energies)).real
    value.backward()
    for engine in (make(diagonal_from_costs(energies), "double") for make in ENGINES.values()):
        found, by_gamma, by_beta = engine.value_and_grad(gammas, betas)
        assert found == pytest.approx(value.item(), abs=1e-13)
        assert np.allclose(by_gamma, rows.grad, atol=1e-12)
        assert np.allclose(by_beta, turns.grad, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("n", "kind"), [(3, "numbers"), (9, "symmetric"), (9, "few levels"), (15, "symmetric")]
)
def test_objectives_of_level_probabilities(engine: str, n: int, kind: str):
    energies = costs(n, kind)
    made = ENGINES[engine](diagonal_from_costs(energies), "double")
    gammas, betas = angles(n, 2)

    def square(levels, probabilities):
        mean = probabilities @ levels
        return mean**2, 2 * mean * levels

    value, by_gamma, by_beta = made.value_and_grad(gammas, betas, square)
    mean, mean_by_gamma, mean_by_beta = made.value_and_grad(gammas, betas)
    assert value == pytest.approx(mean**2, rel=1e-11)
    assert np.allclose(by_gamma, 2 * mean * mean_by_gamma, rtol=1e-9, atol=1e-10)
    assert np.allclose(by_beta, 2 * mean * mean_by_beta, rtol=1e-9, atol=1e-10)
    levels = made.diagonal.level_energies if made.diagonal.costs is None else energies
    probabilities = np.abs(evolved(energies, gammas, betas)) ** 2
    expected = [probabilities[energies == level].sum() for level in levels]
    assert np.allclose(made.run(gammas, betas).level_probabilities(), expected, atol=1e-13)


@pytest.mark.parametrize("n", [8, 14])
def test_halved_states_equal_whole_ones(n: int):
    diagonal = diagonal_from_costs(costs(n, "symmetric"))
    assert diagonal.symmetric
    whole = replace(diagonal, symmetric=False)
    gammas, betas = angles(n, 4)
    halved, full = DiagonalEvolution(diagonal), DiagonalEvolution(whole)
    assert halved.bytes_forward < 0.7 * full.bytes_forward
    assert np.allclose(
        halved.run(gammas, betas).amplitudes(), full.run(gammas, betas).amplitudes(), atol=1e-14
    )
    for one, other in zip(halved.value_and_grad(gammas, betas), full.value_and_grad(gammas, betas)):
        assert np.allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_huge_angles(engine: str):
    energies = costs(6, "numbers")
    gammas, betas = np.array([3.0e4, -2.0e7]), np.full((2, 6), 1e3)
    made = ENGINES[engine](diagonal_from_costs(energies), "double").run(gammas, betas)
    assert np.allclose(made.amplitudes(), evolved(energies, gammas, betas), atol=1e-8)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_equals_the_circuit_of_pennylane(vartype: str):
    rng = np.random.default_rng(4)
    pairs = {(i, j): rng.normal() for i in range(5) for j in range(i)}
    model = dimod.BinaryQuadraticModel({i: rng.normal() for i in range(5)}, pairs, 0.7, vartype)
    gammas, betas = rng.normal(size=3), rng.normal(size=3)
    circuit = CircuitQAOA(model, qml.device("default.qubit", wires=5))
    _, terms = read_terms(model)
    engine = DiagonalEvolution(diagonal_from_terms(terms))
    state = engine.run(gammas, betas)
    assert np.allclose(state.probabilities(), circuit.probabilities(gammas, betas), atol=1e-12)
    assert state.expectation() == pytest.approx(circuit.value(gammas, betas), abs=1e-10)


def test_cubic_terms():
    model = dimod.BinaryPolynomial({"ab": 1.5, "bcd": -2.25, "a": 0.5, "abcd": 3.0, "": -1.0}, "SPIN")
    _, terms = read_terms(model)
    spins = 2 * (np.arange(16)[:, None] >> np.arange(3, -1, -1) & 1) - 1
    a, b, c, d = spins.T
    energies = 1.5 * a * b - 2.25 * b * c * d + 0.5 * a + 3.0 * a * b * c * d - 1.0
    diagonal = diagonal_from_terms(terms)
    assert np.array_equal(diagonal.energies(), energies)
    gammas, betas = angles(4, 2)
    state = DiagonalEvolution(diagonal).run(gammas, betas)
    assert np.allclose(state.amplitudes(), evolved(energies, gammas, betas), atol=1e-13)


@pytest.mark.parametrize("product_start", [False, True])
@pytest.mark.parametrize("n", [1, 3, 7, 14])
def test_phases_by_term(n: int, product_start: bool):
    rng = np.random.default_rng(n)
    masks = np.unique(rng.integers(0, 2**n, 6))
    phases, betas = rng.normal(size=(3, len(masks))), rng.normal(scale=2.0, size=(2, n))
    energies = costs(n, "numbers")
    corner = rng.normal(size=n)
    start = np.stack([np.cos(corner), np.sin(corner)], axis=1) if product_start else None
    signs = (-1.0) ** np.bitwise_count(masks[:, None] & np.arange(2**n))

    def state(table, turns):
        result = np.full(2**n, 2 ** (-n / 2)) if start is None else reduce(np.kron, start)
        for row, angle in zip(table, turns):
            result = turned(result * np.exp(-1j * row @ signs), angle)
        return result * np.exp(-1j * table[len(turns)] @ signs)

    engine = LayeredEvolution(diagonal_from_costs(energies), masks, start=start)
    assert np.allclose(engine.run(phases, betas).amplitudes(), state(phases, betas), atol=1e-13)
    value, by_phase, by_beta = engine.value_and_grad(phases, betas)
    assert value == pytest.approx(np.abs(state(phases, betas)) ** 2 @ energies, abs=1e-12)
    for a, b, expected in slope(lambda g, h: np.abs(state(g, h)) ** 2 @ energies, phases, betas):
        assert (by_phase * a).sum() + (by_beta * b).sum() == pytest.approx(expected, abs=1e-6)


def test_a_mixer_about_another_axis_by_euler_angles():
    """exp(-i b (sin t X + cos t Z)) is a turn about Z, one about X, and the same about Z."""
    angle, tilt = 0.8, 0.6
    axis = np.sin(tilt) * X + np.cos(tilt) * np.diag([1.0, -1.0])
    exact = expm(-1j * angle * axis) @ np.array([0.6, 0.8])
    across = np.arctan2(np.sin(angle) * np.cos(tilt), np.cos(angle))  # both turns about Z together
    beta = np.arcsin(np.sin(angle) * np.sin(tilt))
    engine = LayeredEvolution(diagonal_from_costs([0.0, 1.0]), [1], start=[[0.6, 0.8]])
    made = engine.run([[across / 2], [across / 2]], [beta]).amplitudes()
    assert np.allclose(made, exact, atol=1e-14)


def results_of(n: int, threads: int | None) -> list[np.ndarray]:
    gammas, betas = angles(n, 3)
    engine = DiagonalEvolution(diagonal_from_costs(costs(n, "few levels")), threads=threads)
    value, by_gamma, by_beta = engine.value_and_grad(gammas, betas)
    return [np.array(value), by_gamma, by_beta, engine.run(gammas, betas).amplitudes()]


def send(pipe) -> None:
    pipe.send(results_of(15, None))


def test_results_do_not_depend_on_threads():
    one = results_of(17, 1)
    for threads in (2, 3):
        for a, b in zip(one, results_of(17, threads)):
            assert np.array_equal(a, b)


def test_four_threads_at_once():
    expected = results_of(15, None)
    found: list[list[np.ndarray]] = []
    workers = [threading.Thread(target=lambda: found.append(results_of(15, None))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4
    for result in found:
        assert all(np.array_equal(a, b) for a, b in zip(expected, result))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_in_another_process(method: str):
    expected = results_of(15, None)
    context = get_context(method)
    ours, theirs = context.Pipe()
    child = context.Process(target=send, args=(theirs,))
    child.start()
    assert ours.poll(120)
    result = ours.recv()
    child.join(60)
    assert child.exitcode == 0
    assert all(np.array_equal(a, b) for a, b in zip(expected, result))
