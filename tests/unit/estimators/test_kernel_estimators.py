"""The kernel estimators against closed forms, and what scikit-learn's tools do with them."""

import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

import hybrid_opt.estimators
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.errors import MissingDependencyError, ModelTooLargeError, OptionError
from hybrid_opt.estimators import QuantumKernelClassifier, QuantumKernelRegressor, QuantumKernelTransformer

ALL = [QuantumKernelClassifier, QuantumKernelRegressor, QuantumKernelTransformer]
PLAIN = {"encoding": "angle", "feature_range": None, "compute": "cpu"}


def angle_kernel(X, Y):
    return (np.cos((X[:, None] - Y[None]) / 2) ** 2).prod(axis=2)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.5, 1.5, (40, 3))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int), rng.uniform(-1.5, 1.5, (15, 3))


def test_the_classifier_is_svc_on_the_closed_form(table):
    X, y, new = table
    model = QuantumKernelClassifier(C=3.0, **PLAIN).fit(X, y)
    machine = SVC(kernel="precomputed", C=3.0, tol=1e-10).fit(angle_kernel(X, X), y)
    expected = machine.decision_function(angle_kernel(new, X))
    assert np.abs(model.decision_function(new) - expected).max() < 1e-6
    assert (model.predict(new) == machine.predict(angle_kernel(new, X))).all()
    assert len(model.support_vectors_) < len(X)


@pytest.mark.parametrize("targets", [1, 2])
def test_the_regressor_is_the_closed_form(table, targets):
    X, _, new = table
    y = np.stack([np.sin(X).sum(axis=1), X[:, 0] ** 2], axis=1)[:, :targets]
    y = y[:, 0] if targets == 1 else y
    model = QuantumKernelRegressor(alpha=0.3, **PLAIN).fit(X, y)
    dual = np.linalg.solve(angle_kernel(X, X) + 0.3 * np.eye(len(X)), y - y.mean(axis=0))
    expected = angle_kernel(new, X) @ dual + y.mean(axis=0)
    assert np.abs(model.predict(new) - expected).max() < 1e-10


def test_features_of_all_landmarks_give_the_kernel(table):
    X, _, new = table
    model = QuantumKernelTransformer(100, random_state=0, **PLAIN).fit(X)
    features = model.transform(X)
    assert features.shape == (40, 40)
    assert np.abs(features @ features.T - angle_kernel(X, X)).max() < 1e-6
    assert np.abs(model.transform(new) @ features.T - angle_kernel(new, X)).max() < 1e-6
    assert len(model.get_feature_names_out()) == 40


@pytest.mark.parametrize("landmarks", ["uniform", "kmeans"])
def test_landmarks_are_samples(table, landmarks):
    X, _, _ = table
    model = QuantumKernelTransformer(7, landmarks=landmarks, random_state=3, **PLAIN).fit(X)
    assert (model.components_ == X[model.component_indices_]).all()
    again = QuantumKernelTransformer(7, landmarks=landmarks, random_state=3, **PLAIN).fit(X)
    assert (again.component_indices_ == model.component_indices_).all()


def test_amplitude_kernels_are_squared_cosines(table):
    X, y, new = table
    model = QuantumKernelRegressor(encoding="amplitude", compute="cpu").fit(X, y)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    assert np.abs(model.kernel_(X) - (unit @ unit.T) ** 2).max() < 1e-12
    assert model.circuit_.n_qubits == 2
    assert model.predict(new).shape == (15,)


def test_gamma_scale_makes_the_mean_exponent_one(table):
    X, y, _ = table
    model = QuantumKernelRegressor("projected", compute="cpu").fit(X, y)
    assert np.isclose(-np.log(model.kernel_(model.X_fit_)).mean(), 1.0)
    assert QuantumKernelRegressor("projected", gamma=0.3, compute="cpu").fit(X, y).kernel_.gamma == 0.3
    constant = np.ones((5, 2))
    assert (
        QuantumKernelRegressor("projected", compute="cpu").fit(constant, np.arange(5.0)).kernel_.gamma == 1.0
    )


def test_new_samples_are_scaled_as_the_training_samples_were(table):
    X, y, new = table
    model = QuantumKernelClassifier(encoding="angle", feature_range=(-0.5, 0.5), compute="cpu").fit(X, y)
    scaler = MinMaxScaler((-0.5, 0.5), clip=True).fit(X)
    machine = SVC(kernel="precomputed", tol=1e-10)
    machine.fit(angle_kernel(scaler.transform(X), scaler.transform(X)), y)
    expected = machine.decision_function(angle_kernel(scaler.transform(2 * new), scaler.transform(X)))
    assert np.abs(model.decision_function(2 * new) - expected).max() < 1e-6


def test_weights_are_factors_of_the_errors(table):
    X, _, new = table
    y = np.sin(X).sum(axis=1)
    weights = np.random.default_rng(1).integers(0, 4, len(X))
    weighted = QuantumKernelRegressor(compute="cpu").fit(X, y, sample_weight=weights)
    repeated = QuantumKernelRegressor(compute="cpu").fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert np.abs(weighted.predict(new) - repeated.predict(new)).max() < 1e-8
    assert len(weighted.X_fit_) == (weights > 0).sum()


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_training_raises_the_alignment(table, kernel):
    X, y, new = table
    options = {"train_kernel": True, "train_steps": 10, "random_state": 1, "compute": "cpu"}
    model = QuantumKernelClassifier(kernel, **options).fit(X, y)
    plain = QuantumKernelClassifier(kernel, n_layers=2, random_state=1, compute="cpu").fit(X, y)
    assert model.circuit_ == plain.circuit_
    assert model.alignment_.alignment > model.alignment_.checks[0][1]
    assert plain.alignment_ is None
    assert np.abs(model.kernel_.weights - plain.kernel_.weights).max() > 0.01
    again = QuantumKernelClassifier(kernel, **options).fit(X, y)
    assert (again.decision_function(new) == model.decision_function(new)).all()


def test_transformer_and_regressor_train_kernels_too(table):
    X, y, new = table
    options = {"train_kernel": True, "train_steps": 3, "random_state": 1, "compute": "cpu"}
    transformer = QuantumKernelTransformer(5, **options).fit(X, y)
    assert len(transformer.alignment_.history) == 3
    regressor = QuantumKernelRegressor(**options).fit(X, X[:, 0] ** 2)
    assert len(regressor.alignment_.history) == 3
    assert regressor.predict(new).shape == (15,)


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_shots_are_repeatable_and_close(table, kernel):
    X, y, new = table
    options = {"random_state": 2, "correction": "clip", **PLAIN}
    first, second = (QuantumKernelRegressor(kernel, shots=2000, **options).fit(X, y) for _ in range(2))
    exact = QuantumKernelRegressor(kernel, **options).fit(X, y)
    assert (first.predict(new) == second.predict(new)).all()
    assert (first.predict(new) == first.predict(new)).all()
    other = QuantumKernelRegressor(kernel, shots=2000, **(options | {"random_state": 3})).fit(X, y)
    assert (other.predict(new) != first.predict(new)).any()
    assert 0 < np.abs(first.predict(new) - exact.predict(new)).max() < 0.5


def test_noise_reaches_the_kernel(table):
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    X, _, _ = table
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.2, 1), ["rx"])
    noisy = QuantumKernelRegressor("projected", gamma=1.0, noise_model=noise, **PLAIN).fit(X[:8], X[:8, 0])
    exact = QuantumKernelRegressor("projected", gamma=1.0, **PLAIN).fit(X[:8], X[:8, 0])
    assert np.abs(noisy.kernel_(X[:8]) - exact.kernel_(X[:8])).max() > 0.01
    assert clone(noisy).get_params()["noise_model"] == noise


@pytest.mark.parametrize("cls", ALL)
def test_pickles_and_clones(table, cls):
    X, y, new = table
    model = cls(random_state=0, compute="cpu").fit(X, y)
    call = "transform" if cls is QuantumKernelTransformer else "predict"
    restored = pickle.loads(pickle.dumps(model))
    assert np.array_equal(getattr(restored, call)(new), getattr(model, call)(new))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        getattr(copy, call)(new)


@pytest.mark.parametrize("cls", ALL)
def test_every_parameter_is_documented_once(cls):
    lines = cls.__doc__.split("Args:")[1].split("Attributes:")[0].splitlines()
    named = [line.strip().split(":")[0] for line in lines if line.startswith(" " * 8) and line[8] != " "]
    assert sorted(named) == sorted(cls().get_params())


def test_a_pipeline_in_a_grid_search():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(PCA(2), QuantumKernelClassifier(compute="cpu"))
    grid = {
        "quantumkernelclassifier__kernel": ["fidelity", "projected"],
        "quantumkernelclassifier__encoding": ["angle", "iqp", "amplitude"],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(X[::2], y[::2])
    assert len(search.cv_results_["mean_test_score"]) == 6
    assert search.score(X[1::2], y[1::2]) > 0.85


def test_nystroem_features_feed_a_linear_model():
    X, y = load_iris(return_X_y=True)
    transformer = QuantumKernelTransformer(30, random_state=0, compute="cpu").set_output(transform="pandas")
    model = make_pipeline(transformer, LogisticRegression(C=10, max_iter=1000)).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.9
    assert transformer.transform(X[:2]).columns[1] == "quantumkerneltransformer1"


def test_frames_keep_their_names(table):
    X, y, _ = table
    frame = pd.DataFrame(X, columns=["price", "reach", "age"])
    model = QuantumKernelClassifier(compute="cpu").fit(frame, pd.Series(y).map({0: "no", 1: "yes"}))
    assert model.feature_names_in_.tolist() == ["price", "reach", "age"]
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(frame)) <= {"no", "yes"}
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["age", "reach", "price"]])


def test_probabilities_by_calibration():
    X, y = load_iris(return_X_y=True)
    model = CalibratedClassifierCV(QuantumKernelClassifier(compute="cpu"), cv=2, ensemble=False).fit(X, y)
    assert np.allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize(
    "kernel", [FidelityKernel(2, compute="cpu"), ProjectedKernel(2, encoding="angle", compute="cpu")]
)
def test_a_kernel_is_a_callable_for_svc(kernel):
    X, y = load_iris(return_X_y=True)
    machine = SVC(kernel=kernel).fit(MinMaxScaler((-1, 1)).fit_transform(X[:, 2:]), y)
    assert machine.shape_fit_ == (150, 2)
    pipeline = make_pipeline(PCA(2), MinMaxScaler((-1, 1)), SVC(kernel=kernel))
    search = GridSearchCV(pipeline, {"svc__C": [0.1, 1.0], "svc__kernel": [kernel, "rbf"]}, cv=2)
    search.fit(X[::2], y[::2])
    assert search.score(X[1::2], y[1::2]) > 0.85
    copied = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (copied.predict(X) == search.predict(X)).all()


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"kernel": "rbf"}, OptionError, "projected"),
        ({"encoding": "angel"}, CircuitError, "legal names"),
        ({"n_layers": -1}, CircuitError, "n_layers"),
        ({"ansatz": "other", "n_layers": 1}, CircuitError, "other"),
        ({"feature_range": (1, 0)}, OptionError, "feature_range"),
        ({"kernel": "projected", "gamma": 0}, OptionError, "gamma"),
        ({"gamma": "auto"}, OptionError, "scale"),
        ({"train_kernel": True, "n_layers": 0}, OptionError, "n_layers"),
        ({"train_kernel": True, "n_layers": 1}, OptionError, "reupload"),
        ({"train_kernel": True, "encoding": "amplitude"}, OptionError, "reupload"),
        ({"train_kernel": True, "kernel": "projected", "n_layers": 0}, OptionError, "at least 1"),
        ({"train_kernel": True, "train_steps": 0}, CircuitError, "steps"),
        ({"correction": "magic"}, CircuitError, "correction"),
        ({"shots": 0}, CircuitError, "shots"),
        ({"simulator": "other"}, CircuitError, "simulator"),
        ({"max_qubits": 0}, OptionError, "max_qubits"),
        ({"encoding": "amplitude", "max_qubits": 1}, ModelTooLargeError, "PCA"),
        ({"encoding": "chebyshev", "feature_range": None}, CircuitError, "chebyshev"),
    ],
)
def test_wrong_parameters_are_refused_by_fit(table, cls, options, error, words):
    X, y, _ = table
    with pytest.raises(error, match=words):
        cls(**options).fit(3 * X, y)


@pytest.mark.parametrize(
    ("estimator", "error", "words"),
    [
        (QuantumKernelClassifier(C=0), OptionError, "C is 0"),
        (QuantumKernelClassifier(C="1"), OptionError, "C is '1'"),
        (QuantumKernelClassifier(tol=0), OptionError, "tol"),
        (QuantumKernelRegressor(alpha=-1), OptionError, "alpha"),
        (QuantumKernelTransformer(0), CircuitError, "n_landmarks"),
        (QuantumKernelTransformer(landmarks="all"), CircuitError, "kmeans"),
    ],
)
def test_wrong_strengths_are_refused_by_fit(table, estimator, error, words):
    X, y, _ = table
    with pytest.raises(error, match=words):
        estimator.fit(X, y)


def test_targets_that_cannot_be_aligned_are_refused(table):
    X, y, _ = table
    with pytest.raises(OptionError, match="y is None"):
        QuantumKernelTransformer(train_kernel=True).fit(X)
    with pytest.raises(OptionError, match="2 targets"):
        QuantumKernelRegressor(train_kernel=True).fit(X, X[:, :2])
    with pytest.raises(OptionError, match="1 class"):
        QuantumKernelClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="zero"):  # scikit-learn's own words where it has any
        QuantumKernelClassifier().fit(X, y, sample_weight=np.zeros(len(X)))


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingDependencyError, match=r"hybrid-opt\[ml\]"):
        hybrid_opt.estimators.QuantumKernelClassifier  # noqa: B018


def test_the_door_lists_its_names():
    assert dir(hybrid_opt.estimators) == sorted(hybrid_opt.estimators.__all__)
    with pytest.raises(AttributeError, match="Kernels"):
        hybrid_opt.estimators.Kernels  # noqa: B018


def test_a_kernel_is_trained_for_targets_most_of_which_are_equal():
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    settings = {"encoding": "angle", "train_kernel": True, "train_steps": 2, "simulator": "native"}
    y = (X[:, 0] > -0.6).astype(float)
    assert np.median(y) == y.max()
    assert QuantumKernelRegressor(**settings, random_state=0).fit(X, y).alignment_ is not None
    with pytest.raises(OptionError, match="all targets are equal"):
        QuantumKernelRegressor(**settings).fit(X, np.ones(20))


def test_threads_reach_the_simulator():
    X = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    model = QuantumKernelRegressor(simulator="native", threads=1, random_state=0).fit(X, X[:, 0])
    assert model.kernel_._simulator.threads == 1
    with pytest.raises(CircuitError, match="threads is -1"):
        QuantumKernelRegressor(simulator="native", threads=-1).fit(X, X[:, 0])
