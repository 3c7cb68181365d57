"""QAOA angles that need no optimization: published schedules, rescaled to the model at hand.

Source of the table: E. Farhi, J. Goldstone, S. Gutmann, L. Zhou, "The Quantum Approximate Optimization
Algorithm and the Sherrington-Kirkpatrick model at infinite size", arXiv 1910.08187 (Quantum 6, 759, 2022),
to four decimals, as also distributed with JPMorgan Chase's QOKit. Their cost is sum_{i<j} J_ij Z_i Z_j with
independent J of mean 0 and variance 1/n, **maximized**, with exp(-i gamma C) and exp(-i beta sum X).

Rescaling: that cost has sum_j J_ij**2 = 1 at every qubit. A model with other weights is brought there by
dividing gamma by sigma, sigma**2 = mean over qubits of (h_i**2 + sum_j J_ij**2), the idea of S. Sureshbabu
et al., "Parameter setting in quantum approximate optimization of weighted problems", Quantum 8, 1231 (2024).

Convention of this package: exp(-i gamma C), exp(-i beta sum X), C **minimized**.
"""

from __future__ import annotations

import dimod
import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .ising import ising_from_bqm

__all__ = ["angles_for_minimization", "initial_angles", "sherrington_kirkpatrick_angles"]

# depth: (gammas, betas) for the maximized cost
_TABLE: dict[int, tuple[tuple[float, ...], tuple[float, ...]]] = {
    1: (
        (0.5000,),
        (0.3927,),
    ),
    2: (
        (0.3817, 0.6655),
        (0.4960, 0.2690),
    ),
    3: (
        (0.3299, 0.5689, 0.6409),
        (0.5500, 0.3675, 0.2109),
    ),
    4: (
        (0.2950, 0.5144, 0.5585, 0.6429),
        (0.5709, 0.4175, 0.3027, 0.1729),
    ),
    5: (
        (0.2705, 0.4803, 0.5074, 0.5646, 0.6396),
        (0.5899, 0.4492, 0.3559, 0.2643, 0.1486),
    ),
    6: (
        (0.2528, 0.4531, 0.4750, 0.5146, 0.5650, 0.6392),
        (0.6004, 0.4670, 0.3881, 0.3176, 0.2325, 0.1291),
    ),
    7: (
        (0.2382, 0.4324, 0.4513, 0.4827, 0.5148, 0.5690, 0.6399),
        (0.6081, 0.4806, 0.4087, 0.3533, 0.2857, 0.2080, 0.1144),
    ),
    8: (
        (0.2268, 0.4162, 0.4332, 0.4608, 0.4818, 0.5179, 0.5717, 0.6393),
        (0.6151, 0.4906, 0.4244, 0.3780, 0.3224, 0.2606, 0.1884, 0.1030),
    ),
    9: (
        (0.2170, 0.4022, 0.4188, 0.4441, 0.4604, 0.4850, 0.5229, 0.5779, 0.6438),
        (0.6196, 0.4976, 0.4358, 0.3969, 0.3488, 0.2983, 0.2398, 0.1721, 0.0934),
    ),
    10: (
        (0.2087, 0.3905, 0.4066, 0.4302, 0.4428, 0.4609, 0.4878, 0.5278, 0.5810, 0.6412),
        (0.6245, 0.5036, 0.4430, 0.4090, 0.3672, 0.3246, 0.2759, 0.2206, 0.1572, 0.0848),
    ),
    11: (
        (0.2023, 0.3803, 0.3962, 0.4199, 0.4297, 0.4441, 0.4625, 0.4906, 0.5314, 0.5834, 0.6400),
        (0.6267, 0.5068, 0.4497, 0.4195, 0.3822, 0.3453, 0.3035, 0.2567, 0.2049, 0.1452, 0.0785),
    ),
    12: (
        (0.1949, 0.3716, 0.3903, 0.4117, 0.4193, 0.4300, 0.4455, 0.4676, 0.4956, 0.5353, 0.5863,
         0.6423),
        (0.6307, 0.5143, 0.4585, 0.4294, 0.3946, 0.3629, 0.3281, 0.2864, 0.2409, 0.1908, 0.1349,
         0.0726),
    ),
}
_DEEPEST = max(_TABLE)


def sherrington_kirkpatrick_angles(depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The published schedule, in its own convention: for a maximized cost of unit variance per qubit.

    Depths beyond the table (12) stretch its last schedule by linear interpolation over the layer number.
    That is a starting point, not a published optimum.

    Args:
        depth: number of layers p, at least 1.

    Returns:
        (gammas, betas), each of shape (depth,).

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> gammas, betas = sherrington_kirkpatrick_angles(2)
        >>> gammas.tolist(), betas.tolist()
        ([0.3817, 0.6655], [0.496, 0.269])
    """
    if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < 1:
        raise CircuitError(f"depth is {depth!r}; it must be an integer of at least 1")
    gammas, betas = (np.array(row) for row in _TABLE[min(int(depth), _DEEPEST)])
    if depth <= _DEEPEST:
        return gammas, betas
    known, wanted = np.linspace(0, 1, _DEEPEST), np.linspace(0, 1, int(depth))
    return np.interp(wanted, known, gammas), np.interp(wanted, known, betas)


def angles_for_minimization(
    gammas: NDArray[np.float64], betas: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn angles for a maximized cost C into angles that minimize the same C: beta -> -beta.

    Complex conjugation of every layer maps (gamma, beta) to (-gamma, -beta) with equal probabilities, and
    replacing C by -C maps gamma to -gamma; together they leave a change of sign in beta alone.

    Args:
        gammas: shape (p,).
        betas: shape (p,).

    Returns:
        (gammas, -betas), new arrays.

    Example:
        >>> angles_for_minimization(np.array([0.5]), np.array([0.25]))
        (array([0.5]), array([-0.25]))
    """
    return np.array(gammas, dtype=np.float64), -np.asarray(betas, dtype=np.float64)


def initial_angles(
    bqm: dimod.BinaryQuadraticModel, depth: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles for a model without any optimization, in the convention of this package.

    Args:
        bqm: the model to minimize, BINARY or SPIN.
        depth: number of layers p, at least 1.

    Returns:
        (gammas, betas), each of shape (depth,): the table's gammas divided by sigma, its betas negated. For a
        constant objective, where gamma has no effect, the gammas stay as they are.

    Raises:
        CircuitError: the depth is no positive integer or the model cannot be used.

    Example:
        >>> edge = dimod.BinaryQuadraticModel({}, {(0, 1): 1.0}, 0.0, "SPIN")
        >>> initial_angles(edge, 1)
        (array([0.5]), array([-0.3927]))
    """
    gammas, betas = angles_for_minimization(*sherrington_kirkpatrick_angles(depth))
    operator = ising_from_bqm(bqm)
    # Divide by the largest coefficient first, so that squares neither overflow nor vanish.
    largest = float(np.abs(np.concatenate([operator.fields, operator.couplings])).max())
    if largest == 0:
        return gammas, betas
    squares = float(((operator.fields / largest) ** 2).sum()) + 2 * float(
        ((operator.couplings / largest) ** 2).sum()
    )
    return gammas / (largest * np.sqrt(squares / operator.n_qubits)), betas
