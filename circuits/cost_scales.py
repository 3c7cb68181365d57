"""How large a cost is for QAOA: the number that its gammas are divided by.

For sum h_i Z_i + sum J_ij Z_i Z_j it is sigma, sigma**2 = mean over qubits of (h_i**2 + sum_j J_ij**2): after
division every qubit feels, in the mean, a sum of squares of 1, as in the Sherrington-Kirkpatrick model. The
idea of rescaling published angles by the weights is that of S. Sureshbabu et al., "Parameter setting in
quantum approximate optimization of weighted problems", Quantum 8, 1231 (2024).

Terms of any degree count alike: sigma**2 = mean over qubits of the sum of c_T**2 over the spin terms T that
contain the qubit, so a term of degree k is counted at k qubits. By Parseval's equality this is

    sigma**2 = mean over qubits i of E[Var_i(C)],

with Var_i the variance of the cost over the two values of bit i and E the mean over all other bits. In this
form it needs no coefficients, and it goes over to axes of more than two levels (one-hot groups): the mean
over axes of the variance along the axis.

A group with w of its m bits set counts as u = w (m - w) / (m - 1) axes: independent costs c_i of its bits
have u times the variance of a c_i along the axis, as u one-hot groups would; for w = 1 it is one. Tried out
with the XY mixers on random linear and pair costs, 2 to 10 of 12 to 40 bits, the factor sqrt(u) that this
gives the gammas is the best one for the mean energy among powers of sqrt(2), within one step nearly always.
With Grover's mixer it is not, and a group stays one axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from .arguments import to_floats
from .errors import CircuitError
from .ising import ising_from_bqm

__all__ = ["axes_scale", "cost_scale", "mean_degree"]


def cost_scale(model: Any) -> float:
    """The scale sigma of a cost; see the head of this module.

    Args:
        model: a `dimod.BinaryQuadraticModel`, a `dimod.BinaryPolynomial`, or costs: shape (2**N,), wire 0
            most significant, or one axis per group of levels, shape (k_1, ..., k_G), of which those of a
            single level do not count; or an engine with a ``cost_scale`` of its own, such as `SubspaceQAOA`.
            Costs take time proportional to their number times the number of axes.

    Returns:
        sigma; 0 for a constant cost.

    Raises:
        CircuitError: another kind of model, no variables, coefficients or costs that are not finite.

    Example:
        >>> edges = {("a", "b"): 2.0, ("b", "c"): 2.0}
        >>> model = dimod.BinaryQuadraticModel({"a": 0.0, "b": 1.0, "c": 0.0}, edges, 0.0, "SPIN")
        >>> round(cost_scale(model) ** 2, 12)  # (4 + (1 + 4 + 4) + 4) / 3
        5.666666666667
    """
    if hasattr(model, "cost_scale"):
        return float(model.cost_scale)
    if isinstance(model, dimod.BinaryPolynomial):
        degrees, coefficients, n_variables = _spin_terms(model)
        return _root_mean(degrees, coefficients, n_variables)
    if isinstance(model, (np.ndarray, list, tuple)):
        return _scale_of_costs(to_floats(model, None, "costs"))
    operator = ising_from_bqm(model)
    degrees = np.repeat([1, 2], [operator.n_qubits, len(operator.couplings)])
    coefficients = np.concatenate([operator.fields, operator.couplings])
    return _root_mean(degrees, coefficients, operator.n_qubits)


def mean_degree(model: Any) -> float:
    """How many other variables a variable meets in the model, in the mean.

    Args:
        model: as for `cost_scale`.

    Returns:
        2 K / N for K pairs with a coefficient other than 0; for a polynomial, pairs that share a spin term;
        infinity for costs and engines, where nothing is known.

    Raises:
        CircuitError: as `cost_scale`.

    Example:
        >>> path = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0, ("b", "c"): 1.0}, 0.0, "BINARY")
        >>> round(mean_degree(path), 6)
        1.333333
    """
    if isinstance(model, (np.ndarray, list, tuple)) or hasattr(model, "cost_scale"):
        return float("inf")
    if isinstance(model, dimod.BinaryPolynomial):
        _spin_terms(model)
        terms = [sorted(term, key=str) for term, value in model.to_spin(copy=True).items() if value]
        pairs = {frozenset((a, b)) for term in terms for a in term for b in term if a != b}
        return 2 * len(pairs) / len(model.variables)
    operator = ising_from_bqm(model)
    return 2 * len(operator.couplings) / operator.n_qubits


def _root_mean(degrees: NDArray[Any], coefficients: NDArray[np.float64], n_variables: int) -> float:
    # Divide by the largest coefficient first, so that squares neither overflow nor vanish.
    largest = float(np.abs(coefficients).max(initial=0))
    if largest == 0:
        return 0.0
    return largest * float(np.sqrt((degrees * (coefficients / largest) ** 2).sum() / n_variables))


def _spin_terms(polynomial: dimod.BinaryPolynomial) -> tuple[NDArray[Any], NDArray[np.float64], int]:
    if not polynomial.variables:
        raise CircuitError("the model has no variables; a circuit needs at least one qubit")
    for term, value in polynomial.items():
        if not np.isfinite(value):
            raise CircuitError(f"the term {tuple(term)!r} has a coefficient that is NaN or infinite")
    spin = polynomial.to_spin(copy=True)
    degrees = np.array([len(term) for term in spin])
    return degrees, np.array([float(value) for value in spin.values()]), len(polynomial.variables)


def _scale_of_costs(costs: NDArray[np.float64]) -> float:
    if costs.ndim == 1 and costs.size >= 2 and costs.size & (costs.size - 1) == 0:
        costs = costs.reshape((2,) * (costs.size.bit_length() - 1))
    elif costs.ndim <= 1 or costs.size == 0:
        raise CircuitError(
            f"costs have shape {costs.shape}; it must be (2**N,) with N of at least 1, or one axis per "
            "group of levels"
        )
    if not np.isfinite(costs).all():
        raise CircuitError("costs hold a NaN or infinite value")
    return axes_scale(costs)


def axes_scale(costs: NDArray[np.float64], units: Sequence[float] | None = None) -> float:
    """The scale of costs with one axis for everything that a mixer acts on by itself.

    Args:
        costs: finite, of any number of axes; those of a single level do not count.
        units: how many axes each axis counts as; None for one each.

    Returns:
        Root of the mean over axes of the variance along the axis; 0 for a constant cost.

    Example:
        >>> round(axes_scale(np.array([1.0, 2.0, 3.0])) ** 2, 6)
        0.666667
    """
    largest = float(np.abs(costs).max())
    if largest == 0:
        return 0.0
    unit = costs / largest
    variances, counted = [], 0.0
    for k, levels in enumerate(unit.shape):
        if levels == 1:
            continue
        # The same array with the axis in the middle: at most three axes are quick, twenty are not.
        table = unit.reshape(int(np.prod(unit.shape[:k], dtype=np.int64)), levels, -1)
        mean = table.mean(axis=1, keepdims=True)
        variances.append(float(((table - mean) ** 2).mean()))
        counted += 1.0 if units is None else units[k]
    return largest * float(np.sqrt(np.sum(variances) / counted)) if variances else 0.0
