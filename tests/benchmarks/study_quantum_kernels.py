"""Do quantum kernels and circuits classify real tables better than what everyone has? Does entanglement help?

Iris, wine, breast cancer and digits as scikit-learn ships them (at most 300 samples each, drawn per seed,
stratified), standardized and, where there are more than 6 features, reduced to 6 by PCA, both learned from
the training samples. Per data set and seed there is one split, 70 to 30, and every method

* sees the same features of the same training samples,
* has the same number of settings (6), compared by the same three folds of the training samples,
* is fitted once more with its best setting, timed with empty caches, and judged on the test samples.

Every quantum method stands beside its twin without entanglement (IQP without its pair gates; the layers of
the network without CNOT), an RBF machine and a small network, as in J. Bowles, S. Ahmed, M. Schuld, arXiv
2403.07059.

Intervals are 95 % of Student's t with the variance of C. Nadeau, Y. Bengio, "Inference for the generalization
error", Machine Learning 52 (2003) 239: the training sets of different seeds overlap, so their results are not
independent and the plain interval would be too narrow.

    python tests/benchmarks/study_quantum_kernels.py docs/studies/quantum_kernels.json [DATA SET ...]

runs all data sets, or those named; what is in the file already is not run again.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from record import Record
from scipy import stats
from sklearn import datasets
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from hybrid_opt.circuits.encodings import Angle
from hybrid_opt.circuits.kernel_states import STATE_CACHE
from hybrid_opt.estimators import QNNClassifier, QuantumKernelClassifier

SEED = 17
SEEDS = 5
SAMPLES = 300
FEATURES = 6
TEST_SHARE = 0.3
FOLDS = 3
ITERATIONS = 100

DATA: dict[str, Callable[..., Any]] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
RANGES = [(-half, half) for half in (0.5, 1.0, np.pi / 2)]
# quantum method -> its twin without entanglement
TWINS = {
    "fidelity kernel": "fidelity kernel, separable",
    "projected kernel": "projected kernel, separable",
    "QNN": "QNN, separable",
}
CLASSICAL = ("RBF machine", "small network")


class RBFMachine(SVC):
    """An RBF machine whose gamma is a multiple of scikit-learn's "scale"."""

    def __init__(self, *, width: float = 1.0, C: float = 1.0) -> None:
        super().__init__(C=C)
        self.width = width

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> RBFMachine:
        """Fit with gamma = width / (features * variance)."""
        self.gamma = self.width / (X.shape[1] * X.var())
        return super().fit(X, y, sample_weight)


def methods(seed: int) -> dict[str, tuple[Any, dict[str, list[Any]]]]:
    """Name -> estimator and its settings, 6 for each."""
    # IQP without pair gates: Hadamard and RZ(x), a product state.
    kernels = {
        f"{kernel} kernel{ending}": (
            QuantumKernelClassifier(kernel, encoding=encoding, compute="cpu", random_state=seed),
            {"feature_range": RANGES, "C": [1.0, 10.0]},
        )
        for kernel in ("fidelity", "projected")
        for ending, encoding in (("", "iqp"), (", separable", Angle("Z")))
    }
    networks = {
        f"QNN{ending}": (
            QNNClassifier(
                ansatz=ansatz, solver="lbfgs", max_iter=ITERATIONS, compute="cpu", random_state=seed
            ),
            {"n_layers": [1, 2, 4], "alpha": [1e-4, 1e-2]},
        )
        for ending, ansatz in (("", "strongly_entangling"), (", separable", "separable"))
    }
    # The others bring features to a range of their own; a network wants them standardized.
    network = MLPClassifier(solver="lbfgs", max_iter=300, random_state=seed)
    classical = {
        "RBF machine": (RBFMachine(), {"width": [0.3, 1.0, 3.0], "C": [1.0, 10.0]}),
        "small network": (
            Pipeline([("scale", StandardScaler()), ("network", network)]),
            {"network__hidden_layer_sizes": [(8,), (16,), (32,)], "network__alpha": [1e-3, 1e-1]},
        ),
    }
    return kernels | networks | classical


def split(data: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """Training and test samples, training and test labels."""
    X, y = DATA[data](return_X_y=True)
    if len(X) > SAMPLES:
        X, _, y, _ = train_test_split(X, y, train_size=SAMPLES, stratify=y, random_state=SEED + seed)
    parts = train_test_split(X, y, test_size=TEST_SHARE, stratify=y, random_state=SEED + seed)
    return parts[0], parts[1], parts[2], parts[3]


def run(data: str, method: str, seed: int) -> dict[str, Any]:
    """Choose a setting, fit it again with empty caches, and judge it."""
    X, X_test, y, y_test = split(data, seed)
    estimator, settings = methods(seed)[method]
    steps = [("scale", StandardScaler()), ("reduce", PCA(min(FEATURES, X.shape[1]))), ("model", estimator)]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + seed)
    grid = {f"model__{name}": values for name, values in settings.items()}
    search = GridSearchCV(Pipeline(steps), grid, cv=folds, refit=False, error_score="raise")
    with warnings.catch_warnings():
        # Training of fixed length is part of the budget.
        warnings.simplefilter("ignore", ConvergenceWarning)
        begin = perf_counter()
        search.fit(X, y)
        search_seconds = perf_counter() - begin
        model = clone(Pipeline(steps)).set_params(**search.best_params_)
        STATE_CACHE.clear()
        begin = perf_counter()
        model.fit(X, y)
    fit_seconds = perf_counter() - begin
    return {
        "accuracy": float(model.score(X_test, y_test)),
        "fold_accuracy": float(search.best_score_),
        "fit_seconds": fit_seconds,
        "search_seconds": search_seconds,
        "settings": len(search.cv_results_["params"]),
        "chosen": {name.removeprefix("model__"): repr(value) for name, value in search.best_params_.items()},
    }


def interval(values: np.ndarray) -> list[float]:
    """Mean and half width of its interval, see the head of this file."""
    if len(values) < 2:
        return [float(values.mean()), float("nan")]
    variance = values.var(ddof=1) * (1 / len(values) + TEST_SHARE / (1 - TEST_SHARE))
    return [float(values.mean()), float(stats.t.ppf(0.975, len(values) - 1) * np.sqrt(variance))]


def verdict(own: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """A method against another on the same splits; a lower mean is called a loss, told apart or not."""
    mean, half = interval(own - other)
    mean = round(mean, 12)  # differences may cancel up to rounding
    told_apart = bool(abs(mean) > half)
    word = "loss" if mean < 0 else "win" if mean > 0 else "tie"
    return {
        "difference": [round(mean, 4), round(half, 4)],
        "seeds won, tied, lost": [int(count) for count in _counts(own, other)],
        "result": word if told_apart or word == "tie" else f"{word}, within the interval",
    }


def _counts(own: np.ndarray, other: np.ndarray) -> list[int]:
    return [int((own > other).sum()), int((own == other).sum()), int((own < other).sum())]


def summary(record: Record) -> dict[str, Any]:
    """Per data set: accuracies with intervals, times, and every quantum method against its rivals."""
    table: dict[str, Any] = {}
    for data in DATA:
        results = {
            method: [
                record.content["parts"][name]
                for seed in range(SEEDS)
                if record.has(name := f"{data} | {method} | seed {seed}")
            ]
            for method in methods(0)
        }
        if any(len(parts) < SEEDS for parts in results.values()):
            continue
        scores = {method: np.array([part["accuracy"] for part in parts]) for method, parts in results.items()}
        table[data] = {
            "methods": {
                method: {
                    "accuracy": [round(number, 4) for number in interval(scores[method])],
                    "fit_seconds": round(float(np.mean([part["fit_seconds"] for part in parts])), 4),
                    "search_seconds": round(float(np.mean([part["search_seconds"] for part in parts])), 4),
                    "settings": parts[0]["settings"],
                }
                for method, parts in results.items()
            },
            "comparisons": {
                f"{method} / {rival}": verdict(scores[method], scores[rival])
                for method, twin in TWINS.items()
                for rival in (*CLASSICAL, twin)
            },
            "best": max(scores, key=lambda method: scores[method].mean()),
        }
    return table


def main(path: str, *names: str) -> None:
    """Run what is missing of the data sets named (of all, if none is) and write the summary."""
    unknown = set(names) - set(DATA)
    if unknown:
        raise SystemExit(f"no such data set: {', '.join(sorted(unknown))}; there are {', '.join(DATA)}")
    record = Record(Path(path), seed=SEED)
    record.content["versions"] |= {name: version(name) for name in ("scikit-learn", "torch")}
    for data in names or DATA:
        for seed in range(SEEDS):
            for method in methods(seed):
                part = f"{data} | {method} | seed {seed}"
                if not record.has(part):
                    record.add(part, run(data, method, seed))
                    sys.stderr.write(f"{part}: {record.content['parts'][part]['accuracy']:.3f}\n")
    record.add("summary", summary(record))


if __name__ == "__main__":
    main(*sys.argv[1:])
