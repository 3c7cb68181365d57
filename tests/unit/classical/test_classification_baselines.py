"""Baselines beat the majority where there is something to learn, and look at the test part once."""

import pandas as pd
import pytest

from hybrid_opt.classical.classification_baselines import classical_baselines
from hybrid_opt.classical.digits_data import digit_tokens_data
from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.sequence_tasks import sequence_task_data
from hybrid_opt.classical.table_data import build_table_data
from hybrid_opt.classical.text_classification import text_classification_data


def test_digits():
    table = classical_baselines(digit_tokens_data(limit=400))
    assert table.index.tolist() == ["majority", "logistic regression", "RBF SVM"]
    assert table.loc["majority", "accuracy"] < 0.15
    assert (table.loc[["logistic regression", "RBF SVM"], "accuracy"] > 0.8).all()
    assert (table["macro_f1"] <= 1).all()
    assert pd.isna(table.loc["majority", "strength"])


def test_a_ring_needs_a_kernel():
    points = pd.DataFrame([(x, y) for x in range(-8, 9) for y in range(-8, 9)], columns=["x", "y"])
    points["label"] = (points["x"] ** 2 + points["y"] ** 2 < 30).map({True: "in", False: "out"})
    table = classical_baselines(build_table_data("ring", points))
    assert table.loc["RBF SVM", "accuracy"] > 0.95
    assert table.loc["logistic regression", "accuracy"] == pytest.approx(
        table.loc["majority", "accuracy"], abs=0.15
    )


def test_texts():
    texts = [f"{'sunny' if number % 2 else 'rainy'} day {number}" for number in range(60)]
    table = classical_baselines(text_classification_data("weather", texts, ["bad", "good"] * 30))
    assert table.index.tolist() == ["majority", "logistic regression"]
    assert table.loc["logistic regression", "accuracy"] == 1


def test_other_tasks_are_refused():
    with pytest.raises(DataError, match="sort is data for seq2seq"):
        classical_baselines(sequence_task_data("sort", limit=10))
