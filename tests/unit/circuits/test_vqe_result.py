"""The result: history, exact energy, pictures, JSON."""

import json

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitTooLargeError
from hybrid_opt.circuits.vqe import VQE

FIELD = qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + 0.5 * qml.X(1)


@pytest.fixture(scope="module")
def result():
    return VQE(FIELD, "hva", simulator="native", seed=1).minimize()


@pytest.fixture(scope="module")
def sampled():
    return VQE(FIELD, "hva", shots=100, simulator="native", seed=1).minimize(max_evaluations=40)


def test_exact_energy_and_error(result):
    assert result.exact() == pytest.approx(-np.sqrt(2))
    assert result.error() == pytest.approx(0.0, abs=1e-10)


def test_electrons_of_the_ansatz_decide_the_exact_energy():
    hopping = (qml.X(0) @ qml.X(1) + qml.Y(0) @ qml.Y(1)) / 2 - 4.0 * qml.Z(0) - 4.0 * qml.Z(1)
    # a Givens rotation between two orbitals of equal spin, which PennyLane numbers 0 and 2
    hopping = qml.map_wires(hopping, {0: 0, 1: 2}) - 5.0 * qml.Z(1) + 5.0 * qml.I(1)
    read = VQE(hopping, "all_singles_doubles", electrons=1, wires=[0, 1, 2], simulator="native").minimize()
    assert read.exact() == pytest.approx(-1.0)
    assert read.energy == pytest.approx(-1.0)


def test_state_and_expectations(result):
    state = result.state()
    energy = np.vdot(state, qml.matrix(FIELD, wire_order=[0, 1]) @ state).real
    assert energy == pytest.approx(result.energy)
    assert result.expectation(FIELD) == pytest.approx(result.energy)
    assert result.probabilities().sum() == pytest.approx(1.0)
    parity = result.probabilities() @ [1, -1, -1, 1]
    assert result.expectation(qml.Z(0) @ qml.Z(1)) == pytest.approx(parity)


def test_table(result, sampled):
    table = result.table()
    assert list(table.columns) == ["iteration", "evaluations", "energy", "standard_error", "gradient_norm"]
    assert table["energy"].iloc[-1] == pytest.approx(result.energy, abs=1e-9)
    assert (table["evaluations"].diff().dropna() > 0).all()
    assert table["gradient_norm"].iloc[-1] < 1e-6
    assert not table["standard_error"].any()
    assert (sampled.table()["standard_error"] > 0).all()
    assert sampled.table()["gradient_norm"].isna().all()


def test_a_table_without_steps():
    table = VQE(FIELD, "hva", simulator="native").minimize(max_evaluations=1).table()
    assert len(table) == 0
    assert "energy" in table


def test_plot(result, sampled):
    figure = result.plot()
    left, right = figure.axes
    assert left.get_lines()[0].get_xdata().tolist() == list(range(1, result.evaluations + 1))
    assert left.get_lines()[0].get_ydata() == pytest.approx(result.energies)
    assert right.get_yscale() == "log"
    distances = right.get_lines()[0].get_ydata()
    assert distances == pytest.approx(
        [max(abs(step.energy - result.exact()), 1e-14) for step in result.iterations]
    )
    assert len(result.plot(exact=False).axes) == 1
    assert len(sampled.plot().axes[0].collections) == 1  # the band of the standard error


def test_plot_without_steps(tmp_path):
    one = VQE(FIELD, "hva", simulator="native").minimize(max_evaluations=1)
    one.plot().savefig(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def test_json(result, sampled, tmp_path):
    fields = json.loads(sampled.to_json(tmp_path / "result.json"))
    assert fields == json.loads((tmp_path / "result.json").read_text())
    assert fields["energy"] == sampled.energy
    assert fields["weights"] == sampled.weights.tolist()
    assert fields["iterations"][0]["evaluations"] == sampled.iterations[0].evaluations
    assert (fields["optimizer"], fields["n_qubits"], fields["seed"]) == ("SPSA", 2, 1)
    assert json.loads(result.to_json())["standard_error"] is None


def test_drawing_resources_and_repr(result, sampled):
    assert "IsingZZ" in result.draw()
    assert "w[0,0]" in result.draw(weights=False)
    assert result.resources()["weights"] == 4
    assert "±" in repr(sampled)
    assert "converged=True" in repr(result)


def test_no_exact_energy_for_many_qubits():
    wide = VQE(sum(qml.Z(i) @ qml.Z(i + 1) + qml.X(i) for i in range(16)), "hva", simulator="native")
    result = wide.minimize(max_evaluations=1)
    with pytest.raises(CircuitTooLargeError, match="17 qubits"):
        result.exact()
    assert len(result.plot().axes) == 1
