"""Sample weights, read alike by all estimators: samples of weight 0 do not exist."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight

from ..errors import OptionError

__all__ = ["weighted_samples"]


def weighted_samples(
    X: NDArray[np.float64], y: NDArray[Any], sample_weight: Any
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64] | None]:
    """Leave out samples of weight 0, so that neither feature ranges nor targets see them.

    Args:
        X: shape (n, n_features).
        y: n targets.
        sample_weight: n numbers of at least 0, or None.

    Returns:
        The samples, targets and weights that are left; the weights are None where none were given.

    Raises:
        OptionError: no positive weight.
        ValueError: scikit-learn's, for weights of a wrong shape, or negative ones.

    Example:
        >>> X, y, weights = weighted_samples(np.eye(3), np.arange(3), [1.0, 0.0, 2.0])
        >>> y.tolist(), weights.tolist()
        ([0, 2], [1.0, 2.0])
    """
    if sample_weight is None:
        return X, y, None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    kept = weights > 0
    if not kept.any():
        raise OptionError("every sample has weight zero; at least one weight must be positive")
    return X[kept], y[kept], weights[kept]
