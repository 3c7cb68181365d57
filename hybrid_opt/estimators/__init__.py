"""scikit-learn estimators on quantum kernels and quantum neural networks.

Every estimator follows scikit-learn's contract (``clone``, pipelines, ``GridSearchCV``, pickling) and passes
its ``check_estimator``. Loading a name needs scikit-learn, which comes with the extra ``ml``.

Any callable kernel of ``hybrid_opt.circuits`` also works without them: ``SVC(kernel=FidelityKernel(4))``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kernel_classifier import QuantumKernelClassifier
    from .kernel_regressor import QuantumKernelRegressor
    from .kernel_transformer import QuantumKernelTransformer
    from .qnn_estimators import QNNClassifier, QNNRegressor

__all__ = [
    "QNNClassifier",
    "QNNRegressor",
    "QuantumKernelClassifier",
    "QuantumKernelRegressor",
    "QuantumKernelTransformer",
]

_HOMES = {
    "QNNClassifier": "qnn_estimators",
    "QNNRegressor": "qnn_estimators",
    "QuantumKernelClassifier": "kernel_classifier",
    "QuantumKernelRegressor": "kernel_regressor",
    "QuantumKernelTransformer": "kernel_transformer",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from .._optional import require

        require("sklearn", "ml")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
