"""The graph on bit strings of one Hamming weight whose edges exchange a one and a zero.

All exchanges together are the Johnson graph J(m, w). It has the eigenvalues (w - j)(m - w - j) - j for
j = 0..min(w, m - w) (A. E. Brouwer, W. H. Haemers, "Spectra of Graphs", section 12.4.2), one for each total
spin m/2 - j that w of m spins can have. In the basis of total spins (`spin_coupling`) exp(-i beta A) is a
phase per spin, whatever beta.

States are float64 arrays of shape (outer, levels, inner, 2), real and imaginary parts last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .spin_coupling import couple, uncouple
from .spin_stages import spin_places

__all__ = ["johnson_eigenvalues", "johnson_rotation", "johnson_unrotation"]


def johnson_eigenvalues(n_bits: int, weight: int) -> NDArray[np.float64]:
    """The different eigenvalues of J(m, w), descending.

    Args:
        n_bits: m.
        weight: w, from 0 to m.

    Returns:
        Shape (min(w, m - w) + 1,).

    Example:
        >>> johnson_eigenvalues(6, 3).tolist()
        [9.0, 3.0, -1.0, -3.0]
    """
    rest = n_bits - weight
    return np.array([(weight - j) * (rest - j) - j for j in range(min(weight, rest) + 1)], dtype=np.float64)


def johnson_rotation(
    state: NDArray[np.float64], n_bits: int, weight: int, beta: float, threads: int | None = None
) -> NDArray[np.float64]:
    """exp(-i beta A) times a state, on its axis of levels.

    Args:
        state: shape (outer, C(m, w), inner, 2).
        n_bits: m, at least 2.
        weight: w, from 0 to m.
        beta: angle.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape.

    Example:
        >>> uniform = np.ones((1, 20, 1, 2)) * np.array([1.0, 0.0])
        >>> turned = johnson_rotation(uniform, 6, 3, np.pi / 9)
        >>> (turned[0, 0, 0] + 0.0).round(12).tolist()
        [-1.0, -0.0]
    """
    coupled = couple(state, n_bits, weight, threads)
    _turn(coupled, n_bits, weight, beta)
    return uncouple(coupled, n_bits, weight, threads)


def johnson_unrotation(
    state: NDArray[np.float64],
    costate: NDArray[np.float64],
    n_bits: int,
    weight: int,
    beta: float,
    threads: int | None = None,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Measure A between two states and take a rotation back on both, in the basis where both are phases.

    Args:
        state: after the rotation, shape (outer, C(m, w), inner, 2).
        costate: likewise.
        n_bits: m, at least 2.
        weight: w, from 0 to m.
        beta: angle of the rotation.
        threads: most threads; None or 0 for all.

    Returns:
        Im <costate| A |state>, and both states before the rotation, new arrays.

    Example:
        >>> uniform = np.ones((1, 20, 1, 2))
        >>> form, before, _ = johnson_unrotation(uniform, np.ones((1, 20, 1, 2)) * [0.0, -1.0], 6, 3, np.pi)
        >>> round(form, 9), (before[0, 0, 0] + 0.0).round(9).tolist()
        (180.0, [-1.0, -1.0])
    """
    coupled = [couple(vector, n_bits, weight, threads) for vector in (state, costate)]
    form = 0.0
    for places, eigenvalue in zip(spin_places(n_bits, weight), johnson_eigenvalues(n_bits, weight)):
        (a, b), (c, d) = ((vector[:, places, :, 0], vector[:, places, :, 1]) for vector in coupled)
        form += float(eigenvalue) * float((b * c - a * d).sum())
    for vector in coupled:
        _turn(vector, n_bits, weight, -beta)
    before, cobefore = (uncouple(vector, n_bits, weight, threads) for vector in coupled)
    return form, before, cobefore


def _turn(coupled: NDArray[np.float64], n_bits: int, weight: int, beta: float) -> None:
    """A phase for every total spin, in place."""
    amplitudes = coupled.view(np.complex128)
    for places, eigenvalue in zip(spin_places(n_bits, weight), johnson_eigenvalues(n_bits, weight)):
        amplitudes[:, places] *= np.exp(-1j * beta * eigenvalue)
