"""A QUBO with its bits allowed anywhere from 0 to 1: what lies between gives QAOA a better start than chance.

Three ways, for x^T Q x + c^T x + constant with Q symmetric and zero on its diagonal:

* "convex": x_i**2 = x_i for bits, so x^T (Q + diag(u)) x + (c - u)^T x takes the same values on bits. With u
  large enough it is convex, and its minimum over the box is a **lower bound** of the QUBO. u is minus the
  least eigenvalue of Q for all bits, or the row sums of |Q| where those are smaller in sum.
* "linear": every product x_i x_j is replaced by a variable between max(0, x_i + x_j - 1) and min(x_i, x_j)
  (G. P. McCormick, Mathematical Programming 10 (1976) 147-175). A linear program; its value is a **lower
  bound** too. Its corners have all x_i in {0, 1/2, 1}, and bits that are 0 or 1 in a solution are so in some
  optimum of the QUBO (P. L. Hammer, P. Hansen, B. Simeone, "Roof duality", Mathematical Programming 28 (1984)
  121-155).
* "local": the plain function, minimized from several starts by a bounded quasi-Newton method. Not convex: no
  bound, but often close to good bits.

Models symmetric under flipping all bits (MaxCut) have x = 1/2 everywhere as a solution of the first two, from
which nothing can be learned; "local" breaks the symmetry by its seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import dimod
import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .errors import CircuitError
from .ising import Ising, ising_from_bqm

__all__ = ["Relaxation", "relax"]

Floats = NDArray[np.float64]
METHODS = ("convex", "linear", "local")


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The solution of a relaxed QUBO.

    Attributes:
        bits: c_i from 0 to 1, in the order of ``model.variables``, shape (N,).
        value: of the relaxed function at them, offset included.
        bound: a number no assignment's energy is below, up to rounding; None for "local".
        method: "convex", "linear" or "local".
    """

    bits: Floats
    value: float
    bound: float | None
    method: str


def relax(
    model: dimod.BinaryQuadraticModel,
    method: Literal["convex", "linear", "local"] = "local",
    *,
    starts: int = 10,
    seed: int | None = None,
) -> Relaxation:
    """Minimize a QUBO over the box from 0 to 1.

    Args:
        model: BINARY or SPIN model.
        method: see the head of this module. "convex" takes an eigenvalue of an N by N matrix, "linear" a
            linear program of N + K variables for K pairs.
        starts: of the method "local": 1/2 everywhere (nudged) and random points.
        seed: of these.

    Returns:
        The lowest solution found.

    Raises:
        CircuitError: the model cannot be used, an unknown method, no positive number of starts, an illegal
            seed, or a linear program that its solver gave up.

    Example:
        >>> model = dimod.BinaryQuadraticModel({"a": -1.0, "b": -1.0}, {("a", "b"): 3.0}, 0.0, "BINARY")
        >>> relax(model, "linear").bound
        -1.0
        >>> found = relax(model, "local", seed=0)
        >>> sorted(found.bits.tolist()), found.bound
        ([0.0, 1.0], None)
    """
    if method not in METHODS:
        raise CircuitError(f"method is {method!r}; it must be one of {', '.join(map(repr, METHODS))}")
    whole_number("starts", starts, 1)
    if seed is not None:
        whole_number("seed", seed, 0)
    operator = ising_from_bqm(model)
    # One unit for all models: solvers have absolute tolerances.
    unit = float(max(np.abs(operator.fields).max(), np.abs(operator.couplings).max(initial=0))) or 1.0
    linear, products, constant = _in_bits(operator, unit)
    if method == "linear":
        bits, value = _linear_program(linear, products, operator.pairs)
        bound: float | None = value
    elif method == "convex":
        bits, value, bound = _convex(linear, products, operator.pairs)
    else:
        bits, value = _local(linear, products, operator.pairs, starts, seed)
        bound = None
    return Relaxation(
        np.clip(bits, 0, 1),
        unit * value + constant,
        None if bound is None else unit * bound + constant,
        method,
    )


def _in_bits(operator: Ising, unit: float) -> tuple[Floats, Floats, float]:
    """Linear and product coefficients in bits, divided by the unit, and the energy of all-zero bits."""
    # Z = 1 - 2 x: h Z = h - 2 h x and J Z Z = J - 2 J x - 2 J x + 4 J x x.
    linear = -2 * operator.fields / unit
    for end in operator.pairs.T:
        linear = linear - 2 * np.bincount(end, operator.couplings / unit, operator.n_qubits)
    constant = operator.constant + float(operator.fields.sum()) + float(operator.couplings.sum())
    return linear, 4 * operator.couplings / unit, constant


def _matrix(n: int, products: Floats, pairs: NDArray[np.int64]) -> Floats:
    """Q with x^T Q x = sum of the products."""
    matrix = np.zeros((n, n))
    matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = products / 2
    return matrix


def _descend(matrix: Floats, linear: Floats, start: Floats) -> tuple[Floats, float]:
    from scipy.optimize import minimize

    def function(x: Floats) -> tuple[float, Floats]:
        moved = matrix @ x
        return float(x @ moved + linear @ x), 2 * moved + linear

    found = minimize(
        function, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(start),
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-14, "gtol": 1e-9},
    )  # fmt: skip
    return np.asarray(found.x), float(found.fun)


def _convex(linear: Floats, products: Floats, pairs: NDArray[np.int64]) -> tuple[Floats, float, float]:
    n = len(linear)
    matrix = _matrix(n, products, pairs)
    least = float(np.linalg.eigvalsh(matrix)[0])
    rounding = 1e-12 * (1 + np.abs(matrix).sum(axis=1).max())
    rows = np.abs(matrix).sum(axis=1)
    lift = rows if rows.sum() < -least * n else np.full(n, max(-least, 0.0) + rounding)
    lifted, shifted = matrix + np.diag(lift), linear - lift
    bits, value = _descend(lifted, shifted, np.full(n, 0.5))
    # A convex function lies above each of its tangents, so this bound holds wherever the descent stopped.
    slope = 2 * lifted @ bits + shifted
    return bits, value, value - float(np.maximum(slope * bits, slope * (bits - 1)).sum())


def _local(
    linear: Floats, products: Floats, pairs: NDArray[np.int64], starts: int, seed: int | None
) -> tuple[Floats, float]:
    n = len(linear)
    matrix, rng = _matrix(n, products, pairs), np.random.default_rng(seed)
    # Exactly 1/2 may be a saddle from which no gradient leads away.
    points = [0.5 + 0.01 * rng.uniform(-1, 1, n), *rng.random((starts - 1, n))]
    return min((_descend(matrix, linear, point) for point in points), key=lambda found: found[1])


def _linear_program(linear: Floats, products: Floats, pairs: NDArray[np.int64]) -> tuple[Floats, float]:
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    n, k = len(linear), len(products)
    pair = np.arange(k)
    # A product with a positive coefficient sinks to x_i + x_j - 1 or 0, one with a negative to min(x_i, x_j).
    up, down = pair[products > 0], pair[products < 0]
    rows = np.concatenate(
        [np.repeat(np.arange(len(up)), 3), len(up) + np.repeat(np.arange(2 * len(down)), 2)]
    )
    sinking = np.stack([pairs[up, 0], pairs[up, 1], n + up], axis=1)
    rising = np.stack([n + down, pairs[down, 0], n + down, pairs[down, 1]], axis=1)
    entries = np.concatenate([np.tile([1.0, 1.0, -1.0], len(up)), np.tile([1.0, -1.0], 2 * len(down))])
    columns = np.concatenate([sinking.ravel(), rising.ravel()])
    count = len(up) + 2 * len(down)
    limits = np.concatenate([np.ones(len(up)), np.zeros(2 * len(down))])
    limited: dict[str, Any] = {}
    if count:
        limited["A_ub"] = coo_array((entries, (rows, columns)), shape=(count, n + k)).tocsr()
        limited["b_ub"] = limits
    found = linprog(np.concatenate([linear, products]), bounds=(0, 1), method="highs-ds", **limited)
    if found.status != 0 or found.x is None or found.fun is None:
        raise CircuitError(f"the linear relaxation was not solved: {found.message}")
    return np.asarray(found.x[:n]), float(found.fun)
