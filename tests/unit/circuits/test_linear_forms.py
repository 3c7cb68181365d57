"""Angles as linear forms: exact columns, and no arithmetic where there is none to do."""

import numpy as np

from hybrid_opt.circuits.linear_forms import columns_of, scaled, value_of

TABLE = np.array([[0.1, 0.2, 0.3], [1.0, -2.0, 4.0]])


def test_values():
    assert value_of(((1, 1.0),), TABLE).tolist() == [0.2, -2.0]
    np.testing.assert_allclose(value_of(((0, 0.5), (2, -1.0)), TABLE), [-0.25, -3.5], atol=1e-15)
    assert value_of(((0, 1.0), (0, 1.0)), TABLE).tolist() == [0.2, 2.0]


def test_a_plain_column_is_not_copied():
    assert np.shares_memory(value_of(((1, 1.0),), TABLE), TABLE)


def test_scaled():
    assert scaled(3.0, 0.5) == 1.5
    assert scaled(((0, 1.0), (2, -0.5)), -2.0) == ((0, -2.0), (2, 1.0))


def test_columns():
    assert columns_of({((0, 1.0),): "a", ((1, 2.0),): "b"}, TABLE) == {"a": [0.1, 1.0], "b": [0.4, -4.0]}
