"""The neural estimators: exact fits that are known, the course of training, and scikit-learn's tools."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.estimators import QNNClassifier, QNNRegressor

BOTH = [QNNClassifier, QNNRegressor]
QUICK = {"n_layers": 1, "solver": "lbfgs", "max_iter": 30, "tol": 1e-2, "compute": "cpu", "random_state": 0}
unsettled = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.5, 1.5, (40, 2))
    return X, (X[:, 0] > X[:, 1]).astype(int)


def test_what_the_circuit_can_say_is_fitted_exactly():
    # One qubit, RX(x): <Z> after a trained rotation spans 1, cos x and sin x.
    X = np.linspace(-3, 3, 25)[:, None]
    y = 5 + 2 * np.cos(X[:, 0]) - np.sin(X[:, 0])
    model = QNNRegressor(
        1, solver="lbfgs", max_iter=500, tol=1e-7, alpha=0, feature_range=None, reupload=False, random_state=1
    ).fit(X, y)
    assert np.abs(model.predict(X) - y).max() < 1e-3
    # and nothing else
    other = clone(model).set_params(max_iter=300, tol=1e-4).fit(X, np.cos(2 * X[:, 0]))
    assert other.score(X, np.cos(2 * X[:, 0])) < 0.5


def test_two_classes_have_one_logit(table):
    X, y = table
    model = QNNClassifier(**(QUICK | {"n_layers": 2, "max_iter": 200})).fit(X, np.array(["low", "high"])[y])
    assert model.score(X, np.array(["low", "high"])[y]) > 0.9
    logits, shares = model.decision_function(X), model.predict_proba(X)
    assert logits.shape == (40,)
    assert np.allclose(shares[:, 1], 1 / (1 + np.exp(-logits)))
    assert np.allclose(shares.sum(axis=1), 1)
    assert (model.predict(X) == model.classes_[(logits > 0).astype(int)]).all()


@unsettled
def test_three_classes_have_three_logits():
    X, y = load_iris(return_X_y=True)
    model = QNNClassifier(**(QUICK | {"max_iter": 100})).fit(X[::2], y[::2])
    assert model.decision_function(X).shape == (150, 3)
    assert np.allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.score(X[1::2], y[1::2]) > 0.9


def test_several_targets_share_the_circuit(table):
    X, _ = table
    y = np.stack([np.sin(X[:, 0]), 100 * np.sin(X[:, 1])], axis=1)
    model = QNNRegressor(**(QUICK | {"max_iter": 300, "n_layers": 2})).fit(X, y)
    assert model.predict(X).shape == (40, 2)
    assert model.model_[0].weights.numel() == 12
    assert model.score(X, y) > 0.95


@unsettled
def test_a_constant_target_is_predicted():
    X = np.linspace(-1, 1, 8)[:, None]
    assert np.allclose(QNNRegressor(**QUICK).fit(X, np.full(8, 0.1)).predict(X), 0.1, atol=1e-2)


@unsettled
def test_the_loss_is_what_it_is_said_to_be(table):
    X, y = table
    model = QNNClassifier(**(QUICK | {"alpha": 0.1})).fit(X, y)
    shares = model.predict_proba(X)[np.arange(len(y)), y]
    penalty = 0.05 * (model.model_[1].weight.detach().numpy() ** 2).sum()
    assert np.isclose(model.loss_curve_[-1], -np.log(shares).mean() + penalty)
    assert model.n_iter_ == len(model.loss_curve_)
    assert (np.diff(model.loss_curve_) < 1e-12).all()


@unsettled
def test_adam_lowers_the_loss_in_batches(table):
    X, y = table
    model = QNNClassifier(1, batch_size=8, max_iter=10, learning_rate=0.1, random_state=0).fit(X, y)
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
    whole = clone(model).set_params(batch_size="auto").fit(X, y)
    assert whole.loss_curve_[-1] != model.loss_curve_[-1]
    again = clone(model).fit(X, y)
    assert again.loss_curve_ == model.loss_curve_
    assert clone(model).set_params(random_state=1).fit(X, y).loss_curve_ != model.loss_curve_


@unsettled
def test_the_global_generators_are_left_alone(table):
    X, y = table
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    QNNClassifier(**QUICK).fit(X, y)
    assert torch.rand(1) == expected
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_early_stopping_keeps_the_best_weights(table):
    X, y = table
    y = np.where(np.random.default_rng(1).random(40) < 0.2, 1 - y, y)
    model = QNNClassifier(
        3, early_stopping=True, validation_fraction=0.3, max_iter=200, learning_rate=0.2, n_iter_no_change=5,
        alpha=0.0, random_state=2,
    ).fit(X, y)  # fmt: skip
    course = model.validation_loss_curve_
    assert len(course) == model.n_iter_ < 200
    held = model._split(_samples(model, X, y), y, _seed(2))[1]
    with torch.no_grad():
        logits = model.model_(held.inputs)[:, 0]
    value = torch.nn.functional.binary_cross_entropy_with_logits(logits, held.targets).item()
    assert np.isclose(value, min(course))
    assert QNNClassifier(**QUICK).fit(X, y).validation_loss_curve_ is None


def _samples(model, X, y):
    from hybrid_opt.estimators.qnn_training import Samples

    inputs = torch.from_numpy(model.scaler_.transform(X))
    return Samples(inputs, torch.from_numpy(y.astype(float)), torch.ones(len(y)))


def _seed(random_state):
    from hybrid_opt.estimators.kernel_model import seed_of

    return seed_of(random_state)


def test_training_that_stands_still_ends(table):
    X, y = table
    model = QNNClassifier(1, learning_rate=1e-6, n_iter_no_change=3, max_iter=50, random_state=0).fit(X, y)
    assert model.n_iter_ == 4


def test_an_unfinished_training_warns(table):
    X, y = table
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        QNNClassifier(1, max_iter=2, random_state=0).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        QNNClassifier(**(QUICK | {"max_iter": 1})).fit(X, y)


@unsettled
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_progress_is_reported(table, solver, capsys):
    X, y = table
    calls = []
    model = QNNClassifier(
        1, solver=solver, max_iter=3, progress=lambda *call: calls.append(call), random_state=0
    )
    model.fit(X, y)
    assert [share for share, _ in calls] == [1 / 3, 2 / 3, 1.0]
    assert "loss" in calls[0][1]
    model.set_params(progress=None, verbose=True).fit(X, y)  # no terminal: nothing is shown
    assert capsys.readouterr().err == ""


@unsettled
@pytest.mark.parametrize("gradient", ["parameter_shift", "spsa"])
def test_shots_train_and_predictions_are_exact(table, gradient):
    X, y = table
    model = QNNClassifier(1, shots=100, gradient=gradient, max_iter=2, random_state=0, compute="cpu").fit(
        X, y
    )
    assert (model.decision_function(X) == model.decision_function(X)).all()
    assert clone(model).fit(X, y).loss_curve_ == model.loss_curve_
    exact = clone(model).set_params(shots=None).fit(X, y)
    assert exact.loss_curve_ != model.loss_curve_


@unsettled
def test_noise_acts_in_training(table):
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    X, y = table
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.3, 1), ["rx", "u", "rz", "ry"])
    options = {"max_iter": 2, "random_state": 0, "compute": "cpu"}
    noisy = QNNClassifier(1, noise_model=noise, **options).fit(X[:10], y[:10])
    exact = QNNClassifier(1, **options).fit(X[:10], y[:10])
    assert abs(noisy.loss_curve_[0] - exact.loss_curve_[0]) > 1e-3


@unsettled
@pytest.mark.parametrize("ansatz", ["strongly_entangling", "separable", "brick_wall"])
@pytest.mark.parametrize("encoding", ["angle", "iqp", "chebyshev", "amplitude"])
def test_encodings_and_ansaetze(table, encoding, ansatz):
    X, y = table
    model = QNNClassifier(2, encoding=encoding, ansatz=ansatz, simulator="native", max_iter=2, random_state=0)
    assert model.fit(X, y).n_iter_ == 2
    assert model.circuit_.reupload is (encoding != "amplitude")


@unsettled
def test_simulators_agree(table):
    X, y = table
    native, aer = (
        QNNClassifier(1, simulator=s, max_iter=5, random_state=0).fit(X, y) for s in ("native", "aer")
    )
    assert np.abs(native.decision_function(X) - aer.decision_function(X)).max() < 1e-6


@unsettled
@pytest.mark.parametrize("cls", BOTH)
def test_weights_are_factors_of_the_losses(table, cls):
    X, y = table
    weights = np.random.default_rng(1).integers(0, 4, len(X))
    weighted = cls(**QUICK).fit(X, y, sample_weight=weights)
    repeated = cls(**QUICK).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert np.allclose(weighted.loss_curve_, repeated.loss_curve_)
    assert np.allclose(weighted.predict(X), repeated.predict(X), atol=1e-5)


@unsettled
@pytest.mark.parametrize("cls", BOTH)
def test_pickles_and_clones(table, cls):
    X, y = table
    model = cls(**QUICK).fit(X, y)
    restored = pickle.loads(pickle.dumps(model))
    assert np.array_equal(restored.predict(X), model.predict(X))
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copied.predict(X)


@unsettled
def test_a_frame_in_a_pipeline_in_a_grid_search():
    X, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(PCA(2), QNNClassifier(**QUICK))
    grid = {"qnnclassifier__ansatz": ["strongly_entangling", "separable"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X[::2], y[::2])
    assert search.score(X[1::2], y[1::2]) > 0.85
    assert search.best_estimator_.feature_names_in_.tolist() == X.columns.tolist()
    model = QNNClassifier(**QUICK).fit(X, pd.Series(y).map(str))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[X.columns[::-1]])


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"solver": "sgd"}, OptionError, "lbfgs"),
        ({"solver": "lbfgs", "shots": 10}, OptionError, "shots"),
        ({"solver": "lbfgs", "early_stopping": True}, OptionError, "early_stopping"),
        ({"learning_rate": 0}, OptionError, "learning_rate"),
        ({"max_iter": 0}, OptionError, "max_iter"),
        ({"max_iter": 1.5}, OptionError, "max_iter"),
        ({"batch_size": "all"}, OptionError, "batch_size"),
        ({"batch_size": 0}, OptionError, "batch_size"),
        ({"alpha": -1}, OptionError, "alpha"),
        ({"tol": None}, OptionError, "tol"),
        ({"n_iter_no_change": 0}, OptionError, "n_iter_no_change"),
        ({"early_stopping": True, "validation_fraction": 1.5}, OptionError, "validation_fraction"),
        ({"early_stopping": True, "validation_fraction": 0.999}, OptionError, "validation_fraction"),
        ({"feature_range": (1, 0)}, OptionError, "feature_range"),
        ({"encoding": "angel"}, CircuitError, "legal names"),
        ({"encoding": "amplitude", "reupload": True}, CircuitError, "reupload"),
        ({"ansatz": "other"}, CircuitError, "other"),
        ({"n_layers": -1}, CircuitError, "n_layers"),
        ({"gradient": "other"}, CircuitError, "gradient"),
        ({"simulator": "other"}, CircuitError, "simulator"),
        ({"shots": 0}, CircuitError, "shots"),
        ({"encoding": "amplitude", "max_qubits": 0}, OptionError, "max_qubits"),
        ({"encoding": "angle", "max_qubits": 64}, ModelTooLargeError, "PCA"),
    ],
)
def test_wrong_parameters_are_refused_by_fit(table, cls, options, error, words):
    X, y = table
    if options.get("max_qubits") == 64:
        X = np.repeat(X, 32, axis=1)
    with pytest.raises(error, match=words):
        cls(**options).fit(X, y)


def test_one_class_is_refused(table):
    X, _ = table
    with pytest.raises(OptionError, match="1 class"):
        QNNClassifier().fit(X, np.zeros(len(X)))


def test_an_interrupted_fit_leaves_the_model_before_whole():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (40, 2))
    y = np.where(X[:, 0] > 0, "b", "a")
    model = QNNClassifier(1, simulator="native", max_iter=20, learning_rate=0.3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    before = model.predict(X)

    def stop(share, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.set_params(progress=stop).fit(100 * X, np.where(X[:, 1] > 0, "z", "y"))
    assert model.predict(X).tolist() == before.tolist()


def test_a_fit_inside_no_grad_is_a_fit():
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    model = QNNRegressor(1, simulator="native", max_iter=2, solver="lbfgs", random_state=0)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert model.fit(X, X[:, 0]).predict(X).shape == (20,)


def test_lbfgs_refuses_random_gradients():
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    with pytest.raises(OptionError, match='gradient="spsa"'):
        QNNRegressor(1, solver="lbfgs", gradient="spsa").fit(X, X[:, 0])


def test_threads_reach_the_simulator():
    X = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    with pytest.raises(CircuitError, match="threads is -1"):
        QNNRegressor(1, simulator="native", threads=-1, max_iter=1).fit(X, X[:, 0])
