"""Tables: which task a label means, scaling on training rows, notes, errors."""

import numpy as np
import pandas as pd
import pytest
import torch

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.table_data import build_table_data, bundled_table_data

ROWS = 60


def table(**columns):
    base = {
        "x": np.linspace(0, 5, ROWS),
        "kind": ["a", "b", "c"] * (ROWS // 3),
        "label": [0, 1] * (ROWS // 2),
    }
    return pd.DataFrame({**base, **columns})


def test_training_rows_have_mean_zero_and_deviation_one():
    data = build_table_data("t", table())
    values = data.train.columns["input_values"]
    assert values.shape == (48, 4, 1)
    assert float(values[:, 0].mean()) == pytest.approx(0, abs=1e-6)
    assert float(values[:, 0].std(correction=0)) == pytest.approx(1, abs=1e-5)
    assert set(values[:, 1:].flatten().tolist()) == {0.0, 1.0}
    assert data.value_width == 1
    assert "3 column(s) of 0 and 1 for categories: kind=a, kind=b, kind=c" in data.notes


def test_what_the_label_says_about_the_task():
    classes = build_table_data("t", table())
    assert (classes.task, classes.labels, classes.target_scaling) == (
        "sequence_classification",
        ("0", "1"),
        None,
    )
    assert build_table_data("t", table(label=["u", "v"] * 30)).labels == ("u", "v")
    assert build_table_data("t", table(label=[True, False] * 30)).labels == ("False", "True")
    assert build_table_data("t", table(label=range(ROWS))).task == "regression"
    assert build_table_data("t", table(label=[0.5, 1] * 30)).task == "regression"
    assert build_table_data("t", table(label=[0, 1] * 30), task="regression").task == "regression"
    assert build_table_data("t", table(label=[0.0, 1.0] * 30)).task == "sequence_classification"


def test_targets_of_regression_lead_back_to_their_unit():
    data = build_table_data("t", table(price=np.linspace(100, 200, ROWS) ** 1.5), label="price")
    mean, deviation = data.target_scaling
    targets = data.train.columns["labels"]
    assert targets.shape == (48, 1)
    assert float(targets.mean()) == pytest.approx(0, abs=1e-6)
    prices = table(price=np.linspace(100, 200, ROWS) ** 1.5)["price"]
    restored = (
        torch.cat([part.columns["labels"] for part in (data.train, data.validation, data.test)]) * deviation
        + mean
    )
    assert sorted(restored.flatten().tolist()) == pytest.approx(sorted(prices), rel=1e-5)
    assert data.labels == ("price",)


def test_constant_columns_and_repeated_rows_are_said():
    data = build_table_data("t", table(x=[1] * ROWS, fixed=[2.5] * ROWS))
    assert "constant, so without use: x, fixed" in data.notes
    assert "54 row(s) repeat an earlier one, so the same row can stand in two parts" in data.notes
    assert torch.isfinite(data.train.columns["input_values"]).all()


def test_a_limit_and_the_hash():
    assert sum(build_table_data("t", table(), limit=30).table()["examples"]) == 30
    assert build_table_data("t", table()).hash == build_table_data("t", table()).hash
    assert (
        len(
            {
                build_table_data("t", table()).hash,
                build_table_data("t", table(), seed=1).hash,
                build_table_data("t", table(x=range(ROWS))).hash,
            }
        )
        == 3
    )


def test_wrong_arguments():
    with pytest.raises(DataError, match="no column 'target'"):
        build_table_data("t", table(), label="target")
    with pytest.raises(
        DataError, match="legal tasks are sequence_classification, regression, got 'causal_lm'"
    ):
        build_table_data("t", table(), task="causal_lm")
    with pytest.raises(DataError, match="holds no numbers, so it cannot be a regression"):
        build_table_data("t", table(), label="kind", task="regression")
    with pytest.raises(DataError, match="one value only"):
        build_table_data("t", table(label=["same"] * ROWS))
    with pytest.raises(DataError, match="class 1 has 1 example"):
        build_table_data("t", table(label=[0] * (ROWS - 1) + [1]))
    with pytest.raises(DataError, match="unknown table 'iris'"):
        bundled_table_data("iris")


@pytest.mark.parametrize(
    ("name", "rows", "columns", "classes"), [("wine", 178, 13, 3), ("breast_cancer", 569, 30, 2)]
)
def test_bundled_tables(name, rows, columns, classes):
    data = bundled_table_data(name)
    assert data.table()["examples"].sum() == rows
    assert data.train[0]["input_values"].shape == (columns, 1)
    assert len(data.labels) == classes


def test_a_number_that_never_changes_is_no_target():
    with pytest.raises(DataError, match=r"column 'label' has one value only \(2.5\): nothing to predict"):
        build_table_data("t", table(label=[2.5] * ROWS))
