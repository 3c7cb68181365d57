"""SciPy's optimizers with a first step of a wanted size and with tolerances free of the model's units.

Shapes: P parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["minimize_scipy"]

Floats = NDArray[np.float64]


def minimize_scipy(
    function: Callable[..., Any], start: Floats, optimizer: str, first_step: float, exact: bool = False
) -> Floats:
    """Run one of SciPy's optimizers, with a small first step where it has one.

    Args:
        function: value, or with ``exact`` value and gradient, at a point.
        start: first point, shape (P,).
        optimizer: its SciPy name.
        first_step: size of the first step of each parameter.
        exact: whether the function gives gradients.

    Returns:
        The point it ends at.

    Example:
        >>> minimize_scipy(lambda x: float(x @ x), np.ones(2), "COBYLA", 0.1).round(2) + 0.0
        array([0., 0.])
    """
    from scipy.optimize import minimize

    # All of them take steps of 1 at first; so they work on displacements in units of the first step.
    def place(moved: Floats) -> Floats:
        return start + first_step * np.asarray(moved, dtype=np.float64)

    origin = np.zeros(len(start))
    objective: Callable[..., Any]
    if optimizer == "L-BFGS-B":
        objective = _normalized(function, place, first_step, exact)
    else:

        def objective(moved: Floats) -> Any:
            return function(place(moved))

    # The budget ends a run, not SciPy's own count. Tolerances do not depend on the model's units.
    options: dict[str, dict[str, Any]] = {
        "COBYLA": {"rhobeg": 1.0, "maxiter": 10**9, "tol": 1e-4},
        "Nelder-Mead": {
            "initial_simplex": np.vstack([origin, np.eye(len(start))]), "xatol": 1e-3, "fatol": np.inf,
        },
        "L-BFGS-B": {"maxiter": 10**6, "maxfun": 10**9, "ftol": 1e-10, "gtol": 1e-6},
    }  # fmt: skip
    arguments: dict[str, Any] = {"method": optimizer, "options": options.get(optimizer, {})}
    result = minimize(objective, origin, jac=exact or None, **arguments)
    return place(result.x)


def _normalized(
    function: Callable[..., Any], place: Callable[[Floats], Floats], first_step: float, exact: bool
) -> Callable[..., Any]:
    """The function less its first value, in units of what the first gradient promises for the first step."""
    first: list[Any] = []

    def objective(moved: Floats) -> Any:
        if not exact:
            value = function(place(moved))
            first.extend([value, abs(value) or 1.0] if not first else [])
            return (value - first[0]) / first[1]
        value, slope = function(place(moved))
        if not first:
            first.extend([value, first_step * float(np.linalg.norm(slope)) or 1.0])
        return (value - first[0]) / first[1], first_step * slope / first[1]

    return objective
