from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.qubit_angles import batch_per_qubit, per_qubit


def test_a_shared_beta_becomes_one_per_qubit():
    gammas, betas = per_qubit([1, 2], [3, 4], 2)
    assert gammas.tolist() == [1, 2]
    assert betas.tolist() == [[3, 3], [4, 4]]
    assert batch_per_qubit([[1.0]], [[[5.0, 6.0]]], 2)[1].tolist() == [[[5, 6]]]


@pytest.mark.parametrize(
    ("gammas", "betas"),
    [
        ([], []),
        (1.0, 1.0),
        ([1.0], [1.0, 2.0]),
        ([1.0], [[1.0]]),
        ([[1.0]], [[1.0]]),
        ([1.0], [[1.0, 2.0, 3.0]]),
    ],
)
def test_shapes(gammas, betas):
    with pytest.raises(CircuitError, match="shape"):
        per_qubit(gammas, betas, 2)


def test_batches_need_their_axis():
    with pytest.raises(CircuitError, match="B, p"):
        batch_per_qubit([1.0], [1.0], 2)


@pytest.mark.parametrize("read", [per_qubit, batch_per_qubit])
@pytest.mark.parametrize("bad", [[float("nan")], [float("inf")], ["a"], [[1.0], [1.0, 2.0]], [1j]])
def test_what_is_no_finite_number(read, bad):
    with pytest.raises(CircuitError, match=r"number|infinite angle"):
        read(bad, [1.0], 2)
    with pytest.raises(CircuitError, match=r"number|infinite angle"):
        read([1.0], bad, 2)


def test_the_callers_arrays_stay_as_they_are():
    own = np.ones((1, 2))
    per_qubit([1.0], own, 2)[1][:] = 7
    assert (own == 1).all()
