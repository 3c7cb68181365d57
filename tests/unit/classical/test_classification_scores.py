"""Scores against scikit-learn and by hand."""

import json

import numpy as np
import pytest
from sklearn import metrics

from hybrid_opt.classical.classification_scores import confusion_matrix, majority_scores, score_classes
from hybrid_opt.classical.errors import DataError

LABELS = ("a", "b", "c", "d")


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_those_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    true, predicted = generator.integers(0, 3, 50), generator.integers(0, 4, 50)  # class d is never true
    scores = score_classes(true, predicted, LABELS)
    everything = {"labels": range(4), "average": None, "zero_division": 0}
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert scores.f1 == pytest.approx(metrics.f1_score(true, predicted, **everything))
    assert scores.macro_f1 == pytest.approx(
        metrics.f1_score(true, predicted, **{**everything, "average": "macro"})
    )
    assert np.array_equal(scores.confusion, metrics.confusion_matrix(true, predicted, labels=range(4)))


def test_a_class_without_examples_and_predictions_counts_as_zero():
    scores = score_classes([0, 1], [0, 1], LABELS)
    assert scores.f1.tolist() == [1, 1, 0, 0]
    assert scores.macro_f1 == 0.5


def test_the_majority_is_that_of_the_training_part():
    scores = majority_scores([2, 2, 1], [1, 1, 1, 2], LABELS)
    assert scores.accuracy == 0.25
    assert scores.confusion[:, 2].tolist() == [0, 3, 1, 0]
    assert majority_scores([1, 0, 0, 1], [0], LABELS).accuracy == 1  # of equals the first


def test_table_and_json():
    scores = score_classes([0, 1, 1], [0, 1, 0], ("no", "yes"))
    assert scores.table().loc["yes", "no"] == 1
    assert json.loads(json.dumps(scores.to_dict()))["f1"] == {
        "no": pytest.approx(2 / 3),
        "yes": pytest.approx(2 / 3),
    }


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([], [], "at least 1 each"),
        ([0, 1], [0], "same length"),
        ([[0]], [[0]], "two rows"),
        ([0, 4], [0, 1], "true classes must be integers from 0 to 3"),
        ([0, 1], [0, -1], "predicted classes must be integers"),
        ([0.0, 1.0], [0, 1], "true classes must be integers"),
    ],
)
def test_wrong_arguments(true, predicted, message):
    with pytest.raises(DataError, match=message):
        confusion_matrix(true, predicted, 4)
