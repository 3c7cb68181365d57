"""What the closed form of one layer accepts; tests/reference/test_closed_form.py checks its numbers."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.closed_form import ClosedFormQAOA
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR


@pytest.fixture
def qaoa():
    return ClosedFormQAOA(dimod.BinaryQuadraticModel({"a": 1.0, "b": 0.0}, {("a", "b"): 2.0}, 0.5, "SPIN"))


def test_names(qaoa):
    assert qaoa.variables == ("a", "b")
    assert qaoa.n_qubits == 2
    assert qaoa.pairs.tolist() == [[0, 1]]
    assert "closed form" in qaoa.simulator


def test_strengths(qaoa):
    np.testing.assert_allclose(qaoa.strengths, [np.sqrt(5), 2])
    tiny = ClosedFormQAOA(dimod.BinaryQuadraticModel({"a": 1e-200, "b": 0}, {}, 0, "SPIN"))
    np.testing.assert_allclose(tiny.strengths, [1e-200, 0])


def test_no_angle_gives_the_mean(qaoa):
    assert qaoa.value([0.0], [0.0]) == 0.5


def test_sets_of_angles(qaoa):
    sets = np.array([[0.1], [0.2]]), np.array([[-0.3], [0.4]])
    expected = [qaoa.value(g, b) for g, b in zip(*sets)]
    assert qaoa.values(*sets).tolist() == expected


def test_best_beta_is_a_minimum(qaoa):
    beta, value = qaoa.best_beta(0.4)
    assert value == pytest.approx(qaoa.value([0.4], [beta]), abs=1e-12)
    assert value <= min(qaoa.value([0.4], [b]) for b in np.linspace(-2, 2, 400))


@pytest.mark.parametrize("method", ["value", "value_and_grad", "spins", "marginals", "correlations"])
def test_more_layers_are_refused(qaoa, method):
    with pytest.raises(CircuitError, match="2 layers"):
        getattr(qaoa, method)([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(CircuitError, match="NaN"):
        getattr(qaoa, method)([np.nan], [0.1])


def test_other_objectives_are_refused(qaoa):
    with pytest.raises(CircuitError, match="DiagonalQAOA"):
        qaoa.value([0.1], [0.1], CVaR(0.5))


def test_threads_do_not_change_the_values():
    rng = np.random.default_rng(1)
    pairs = {(i, j): rng.normal() for i in range(120) for j in range(i)}
    model = dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN")
    values = [ClosedFormQAOA(model, threads=threads).value([0.05], [-0.3]) for threads in (1, 2, 4)]
    assert values[0] == values[1] == values[2]


def test_models_that_cannot_be_used():
    with pytest.raises(CircuitError, match="dimod"):
        ClosedFormQAOA({"a": 1.0})
