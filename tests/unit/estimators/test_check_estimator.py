"""scikit-learn's own conformance suite, all checks, no exception.

The neural estimators get a short training with large steps; the checks ask for a certain accuracy on easy
data, not for a good model.
"""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybrid_opt.estimators import (
    QNNClassifier,
    QNNRegressor,
    QuantumKernelClassifier,
    QuantumKernelRegressor,
    QuantumKernelTransformer,
)

SHORT = {"n_layers": 1, "max_iter": 25, "learning_rate": 0.3, "compute": "cpu"}
ESTIMATORS = [
    QuantumKernelClassifier(compute="cpu"),
    QuantumKernelClassifier("projected", encoding="angle", compute="cpu"),
    QuantumKernelRegressor(compute="cpu"),
    QuantumKernelTransformer(compute="cpu"),
    QNNClassifier(**SHORT),
    QNNRegressor(**SHORT),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)
