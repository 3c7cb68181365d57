"""Warm-started QAOA: a start state and a mixer made from a relaxed solution.

D. J. Egger, J. Marecek, S. Woerner, "Warm-starting quantum optimization", Quantum 5, 479 (2021), arXiv
2009.10095. With the relaxed bit c_i, kept within [epsilon, 1 - epsilon], qubit i starts in

    R_Y(theta_i) |0>,    theta_i = 2 arcsin(sqrt(c_i)),

so that it is measured as 1 with probability c_i. Their mixer is -(sin theta_i X + cos theta_i Z) with the
start as its ground state. In this package the uniform state is the **top** eigenvector of the mixer sum X, so

    H_M = sum_i (sin theta_i X_i + cos theta_i Z_i),
    exp(-i beta H_i) = R_Y(theta_i) R_Z(2 beta) R_Y(-theta_i),

with the start as its top eigenvector (eigenvalue N); at c_i = 1/2 it is sum X, and betas keep their sign and
their size (the gap is 2).

A bit at 0 or 1 would never move; epsilon is how far from sure the start is kept. The authors take 0.25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import to_floats
from .continuous_relaxation import relax
from .errors import CircuitError

__all__ = [
    "WarmStart",
    "read_thetas",
    "start_operations",
    "warm_mixer_operations",
    "warm_start",
    "warm_start_from_bits",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WarmStart:
    """What warm-started QAOA needs.

    Attributes:
        probabilities: c_i, kept within [epsilon, 1 - epsilon], shape (N,), wire order.
        thetas: 2 arcsin(sqrt(c_i)), shape (N,).
        value: of the relaxed function before c was kept from the ends; None if the bits were given.
        bound: a lower bound of all energies if the relaxation is one, see `continuous_relaxation`.

    Example:
        >>> start = warm_start_from_bits([0.0, 0.5], epsilon=0.25)
        >>> start.probabilities.tolist(), (start.thetas / np.pi).round(6).tolist()
        ([0.25, 0.5], [0.333333, 0.5])
    """

    probabilities: Floats
    thetas: Floats
    value: float | None = None
    bound: float | None = None


def warm_start_from_bits(bits: ArrayLike, *, epsilon: float = 0.25) -> WarmStart:
    """A warm start from any solution: relaxed, or the bits of a heuristic.

    Args:
        bits: from 0 to 1, shape (N,), wire order.
        epsilon: distance kept from 0 and 1, from 0 to 1/2.

    Returns:
        Probabilities and angles.

    Raises:
        CircuitError: bits outside [0, 1], an illegal epsilon.

    Example:
        >>> warm_start_from_bits([1, 0], epsilon=0.1).probabilities.tolist()
        [0.9, 0.1]
    """
    values: Floats = to_floats(bits, None, "bits")
    if values.ndim != 1 or not values.size:
        raise CircuitError(f"bits have shape {values.shape}; it must be (N,) with N of at least 1")
    # Written so that a NaN fails too.
    if not ((values >= 0) & (values <= 1)).all():
        raise CircuitError(f"bits must be numbers from 0 to 1; they are {values.tolist()}")
    number = isinstance(epsilon, (int, float, np.integer, np.floating)) and not isinstance(epsilon, bool)
    if not number or not 0 <= epsilon <= 0.5:
        raise CircuitError(f"epsilon is {epsilon!r}; it must be a number from 0 to 0.5")
    kept = np.clip(values, epsilon, 1 - epsilon)
    return WarmStart(kept, 2 * np.arcsin(np.sqrt(kept)))


def warm_start(
    model: dimod.BinaryQuadraticModel,
    *,
    epsilon: float = 0.25,
    method: Any = "local",
    starts: int = 10,
    seed: int | None = None,
) -> WarmStart:
    """Relax a QUBO and make a warm start of it.

    Args:
        model: BINARY or SPIN model.
        epsilon: distance kept from 0 and 1.
        method: "local", "convex" or "linear", see `continuous_relaxation.relax`.
        starts: see there.
        seed: see there.

    Returns:
        Probabilities, angles, and what the relaxation says of the model.

    Raises:
        CircuitError: as `warm_start_from_bits` and `continuous_relaxation.relax`.

    Example:
        >>> model = dimod.BinaryQuadraticModel({"a": -1.0, "b": 2.0}, {}, 0.0, "BINARY")
        >>> start = warm_start(model, method="linear")
        >>> start.probabilities.tolist(), start.bound
        ([0.75, 0.25], -1.0)
    """
    found = relax(model, method, starts=starts, seed=seed)
    start = warm_start_from_bits(found.bits, epsilon=epsilon)
    return WarmStart(start.probabilities, start.thetas, found.value, found.bound)


def read_thetas(thetas: ArrayLike, n_qubits: int) -> Floats:
    """Angles of a start for a number of qubits, checked.

    Args:
        thetas: from 0 (bit 0) to pi (bit 1), shape (N,).
        n_qubits: N.

    Returns:
        The angles as float64.

    Raises:
        CircuitError: another shape, or angles outside this range.

    Example:
        >>> read_thetas([0, 1.5], 2)
        array([0. , 1.5])
    """
    angles: Floats = to_floats(thetas, None, "thetas")
    if angles.shape != (n_qubits,):
        raise CircuitError(
            f"thetas have shape {angles.shape}; it must be ({n_qubits},), one for every variable"
        )
    if not ((angles >= 0) & (angles <= np.pi)).all():
        raise CircuitError("thetas must be numbers from 0 to pi radians")
    return angles


def start_operations(thetas: ArrayLike, wires: Sequence[Any] | None = None) -> list[Any]:
    """The start state as PennyLane operations on |0...0>.

    Args:
        thetas: shape (N,).
        wires: of the qubits; None for 0 to N - 1.

    Returns:
        One RY per qubit.

    Raises:
        CircuitError: angles that are no finite numbers, or another number of wires.

    Example:
        >>> start_operations([0.5])
        [RY(0.5, wires=[0])]
    """
    import pennylane as qml

    return [qml.RY(theta, wire) for theta, wire in _on_wires(thetas, wires)]


def warm_mixer_operations(thetas: ArrayLike, beta: float, wires: Sequence[Any] | None = None) -> list[Any]:
    """exp(-i beta H_M) of the warm-start mixer as PennyLane operations.

    Args:
        thetas: shape (N,).
        beta: mixer angle.
        wires: of the qubits; None for 0 to N - 1.

    Returns:
        RY, RZ, RY on each qubit.

    Raises:
        CircuitError: as `start_operations`, or a beta that is no finite number.

    Example:
        >>> warm_mixer_operations([0.5], 0.25)
        [RY(-0.5, wires=[0]), RZ(0.5, wires=[0]), RY(0.5, wires=[0])]
    """
    import pennylane as qml

    angle = to_floats(beta, None, "beta")
    if angle.ndim or not np.isfinite(angle):
        raise CircuitError(f"beta is {beta!r}; it must be a finite number")
    operations: list[Any] = []
    for theta, wire in _on_wires(thetas, wires):
        operations += [qml.RY(-theta, wire), qml.RZ(2 * float(angle), wire), qml.RY(theta, wire)]
    return operations


def _on_wires(thetas: ArrayLike, wires: Sequence[Any] | None) -> list[tuple[float, Any]]:
    angles: Floats = to_floats(thetas, None, "thetas")
    if angles.ndim != 1 or not np.isfinite(angles).all():
        raise CircuitError("thetas must be finite numbers, one per qubit")
    names = list(range(len(angles))) if wires is None else list(wires)
    if len(names) != len(angles):
        raise CircuitError(
            f"there are {len(angles)} thetas and {len(names)} wires; every qubit needs one of each"
        )
    return list(zip(angles.tolist(), names))
