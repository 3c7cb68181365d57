"""Quantum kernels in scikit-learn pipelines, tuned like the RBF machine beside them.

Every row gets the same search: the same folds, the same number of settings. The rows "without entanglement"
are the control inside the quantum half: their states are products of one-qubit states, which need no quantum
computer. Needs scikit-learn (the extra "ml").
"""

import os
import time

import numpy as np
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from hybrid_opt.circuits import FidelityKernel
from hybrid_opt.estimators import QuantumKernelClassifier

QUBITS = 4
SEED = 0
FOLDS = 2 if "HYBRID_OPT_EXAMPLE_FAST" in os.environ else 5  # the tests run a reduced size
STRENGTHS = [1.0, 10.0]  # C of the support vector machine
WIDTHS = [(-0.4, 0.4), (-1.0, 1.0), (-1.5, 1.5)]  # angles in radians that the features are scaled to
GAMMAS = [0.03, 0.1, 0.3]  # what the width of an RBF kernel is called

features, wine = load_wine(return_X_y=True)


def search(machine: object, grid: dict[str, list]) -> GridSearchCV:
    """Four principal components, then the machine; settings chosen by 3 folds."""
    steps = machine if isinstance(machine, tuple) else (machine,)
    return GridSearchCV(make_pipeline(StandardScaler(), PCA(QUBITS, random_state=SEED), *steps), grid, cv=3)


def estimator(**settings: object) -> GridSearchCV:
    """The package's estimator brings its own scaling to angles, which is therefore a setting like C."""
    machine = QuantumKernelClassifier(random_state=SEED, **settings)
    name = "quantumkernelclassifier"
    return search(machine, {f"{name}__feature_range": WIDTHS, f"{name}__C": STRENGTHS})


# A kernel is a callable, so scikit-learn's own SVC takes it; scaling is then a step of the pipeline.
callable_kernel = search(
    (MinMaxScaler(clip=True), SVC(kernel=FidelityKernel(QUBITS, encoding="iqp"))),
    {"minmaxscaler__feature_range": WIDTHS, "svc__C": STRENGTHS},
)
rows = {
    "fidelity, IQP": estimator(),
    "SVC(kernel=FidelityKernel), IQP": callable_kernel,
    "projected, IQP": estimator(kernel="projected"),
    "fidelity, without entanglement": estimator(encoding="angle"),
    "projected, without entanglement": estimator(encoding="angle", kernel="projected"),
    "RBF": search(SVC(), {"svc__gamma": GAMMAS, "svc__C": STRENGTHS}),
}

# The outer folds judge what the inner ones have chosen.
outer = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
settings = len(WIDTHS) * len(STRENGTHS)
print(f"wine, {len(features)} samples, {QUBITS} principal components, {settings} settings each\n")
print(f"{'kernel':<34}{'accuracy':>9}{'worst fold':>12}{'seconds':>9}")
accuracy = {}
for name, machine in rows.items():
    start = time.perf_counter()
    scores = cross_val_score(machine, features, wine, cv=outer)
    accuracy[name] = scores.mean()
    print(f"{name:<34}{scores.mean():>9.3f}{scores.min():>12.3f}{time.perf_counter() - start:>9.1f}")

print("\nsamples more (+) or fewer (-) right than with the control:")
for name in ("fidelity, IQP", "projected, IQP"):
    for control in (f"{name.split(',')[0]}, without entanglement", "RBF"):
        samples = (accuracy[name] - accuracy[control]) * len(features)
        print(f"  {name:<15} against {control:<32}{samples:>+5.0f}")
print("another seed of the folds moves the rows by one or two samples: no kernel is better here")

# What was chosen, and the fitted kernel itself: a matrix from one state per sample.
best = rows["fidelity, IQP"].fit(features, wine)
print(f"\nchosen on all samples: {best.best_params_}")
machine = best.best_estimator_[-1]
print(f"{machine.circuit_!r} on {machine.kernel_.label}")
gram = machine.kernel_(machine.scaler_.transform(best.best_estimator_[:-1].transform(features)))
print(f"kernel matrix {gram.shape}, mean off the diagonal {gram[np.triu_indices(len(gram), 1)].mean():.3f}")
