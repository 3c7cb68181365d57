import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.risk import covariance, of_starts, read_futures, read_risk
from hybrid_opt.errors import TableError

SQUARE = pd.DataFrame({"project": ["b", "a"], "a": [1, 4], "b": [9, 1]})


def test_rows_come_in_any_order():
    assert read_risk(SQUARE, ["a", "b"]).tolist() == [[4.0, 1.0], [1.0, 9.0]]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (SQUARE.assign(a=[2, 4]), "index 0, column 'a': 2 here, but 1 in the mirrored cell"),
        (SQUARE.assign(a=[7, 4], b=[9, 7]), "a negative eigenvalue"),
        (SQUARE[:1], "there is no row for 'a'"),
        (SQUARE.assign(project=["b", "z"]), "'z' is no project"),
        (SQUARE.drop(columns="b"), "column 'b' is missing"),
    ],
)
def test_wrong_risks(table, words):
    with pytest.raises(TableError, match=words):
        read_risk(table, ["a", "b"])


def test_covariances_are_those_of_the_outcomes():
    futures, factors = read_futures(
        pd.DataFrame({"project": ["b", "a"], "up": [1.5, 1.0], "down": [0.5, 0.8]}), ["a", "b"]
    )
    assert futures == ["up", "down"]
    assert factors.tolist() == [[1.0, 0.8], [1.5, 0.5]]
    values = np.array([10.0, 20.0])
    assert covariance(values, factors) == pytest.approx(np.cov(values[:, None] * factors, bias=True))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame({"project": ["a", "b"], "up": [1, 1]}), "only one future"),
        (pd.DataFrame({"project": ["a", "z"], "up": [1, 1], "down": [1, 1]}), "'z' is no project"),
        (pd.DataFrame({"project": ["a"], "up": [1], "down": [1]}), "there is no row for 'b'"),
        (pd.DataFrame({"project": ["a", "b"], "up": [1, None], "down": [1, 1]}), "index 1, column 'up'"),
    ],
)
def test_wrong_futures(table, words):
    with pytest.raises(TableError, match=words):
        read_futures(table, ["a", "b"])


def test_covariances_of_starts_are_those_of_their_discounted_outcomes():
    values, factors = np.array([10.0, 20.0]), np.array([[1.0, 0.8, 1.5], [1.5, 0.5, 1.1]])
    project, discounts = np.array([0, 0, 1]), np.array([0.9, 0.8, 0.7])
    outcomes = (values[:, None] * factors)[project] * discounts[:, None]
    found = of_starts(covariance(values, factors), project, discounts)
    assert found == pytest.approx(np.cov(outcomes, bias=True))
