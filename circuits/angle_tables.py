"""QAOA angles that need no optimization: published schedules and ramps, rescaled to the model at hand.

A rule gives angles for a minimized cost of scale 1. A model with other weights is brought there by dividing
gamma by its scale sigma (`cost_scale`; for pair models sigma**2 = mean over qubits of (h_i**2 + sum_j
J_ij**2)), the idea of S. Sureshbabu et al., "Parameter setting in quantum approximate optimization of
weighted problems", Quantum 8, 1231 (2024). Linear terms count like couplings: a field is a coupling to a
spin that never moves.

Convention of this package: exp(-i gamma C), exp(-i beta sum X), C **minimized**.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .angle_interpolation import stretch_angles
from .angle_ramps import linear_ramp
from .arguments import real_number, whole_number
from .cost_scales import cost_scale, mean_degree
from .errors import CircuitError
from .published_angles import angles_for_minimization, unit_schedule
from .regular_graph_table import DEEP_CUBIC, REGULAR
from .spin_glass_table import SHERRINGTON_KIRKPATRICK
from .tree_graph_table import TREE

__all__ = [
    "ANGLE_RULES",
    "angles_for_minimization",
    "initial_angles",
    "regular_graph_angles",
    "sherrington_kirkpatrick_angles",
]

Rule = Callable[[int, float], tuple[NDArray[np.float64], NDArray[np.float64]]]
_DENSEST = max(REGULAR)


def sherrington_kirkpatrick_angles(depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The published schedule, in its own convention: for a maximized cost of unit variance per qubit.

    Published are the depths 1 to 20, 24, 28, 32, 40, 60 and 80. Between them the next deeper schedule, and
    beyond them the deepest, is stretched by linear interpolation over the layer number. That is a starting
    point, not a published optimum.

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
    return angles_for_minimization(*unit_schedule(SHERRINGTON_KIRKPATRICK, depth))


def regular_graph_angles(depth: int, degree: float = 3) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fixed angles of MaxCut on regular graphs, for a minimized cost of scale 1.

    Degree 3 is published to depth 17; degrees 4 to 11 are published to depth 5 (degree 4) to 2 (degree 11)
    and computed here to depth 8. Deeper, they follow the Sherrington-Kirkpatrick schedule, which is that of
    infinite degree: its angles plus the difference at the deepest depth known, stretched. Degrees above 11
    take that schedule itself.

    Args:
        depth: number of layers p, at least 1.
        degree: neighbors of each vertex; a fraction is rounded, below 3 counts as 3, infinity is allowed.

    Returns:
        (gammas, betas), each of shape (depth,). Divide the gammas by the model's scale, which is
        sqrt(degree) / 2 for the cut operator with unit weights.

    Raises:
        CircuitError: the depth is no positive integer, or the degree is negative or no number.

    Example:
        >>> gammas, betas = regular_graph_angles(1)
        >>> (gammas / (np.sqrt(3) / 2)).round(4).tolist(), betas.round(4).tolist()  # arctan(1/sqrt(2)), -pi/8
        ([0.6155], [-0.3927])
    """
    depth = whole_number("depth", depth, 1)
    if isinstance(degree, (bool, str)) or not degree >= 0:
        raise CircuitError(f"degree is {degree!r}; it must be a number of at least 0")
    dense = unit_schedule(SHERRINGTON_KIRKPATRICK, depth)
    nearest = max(3, round(min(degree, _DENSEST + 1)))
    if nearest > _DENSEST:
        return dense
    tables = (REGULAR[nearest], DEEP_CUBIC if nearest == 3 else TREE[nearest])
    for table in tables:
        if depth in table.schedules:
            return unit_schedule(table, depth)
    deepest = max(tables[1].schedules)
    known, reference = unit_schedule(tables[1], deepest), unit_schedule(SHERRINGTON_KIRKPATRICK, deepest)
    differences = stretch_angles(known[0] - reference[0], known[1] - reference[1], depth)
    return dense[0] + differences[0], dense[1] + differences[1]


def _spin_glass(depth: int, degree: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return unit_schedule(SHERRINGTON_KIRKPATRICK, depth)


def _ramp(depth: int, degree: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return linear_ramp(depth)


_RULES: dict[str, Rule] = {"spin_glass": _spin_glass, "regular": regular_graph_angles, "ramp": _ramp}
ANGLE_RULES = tuple(_RULES)


def initial_angles(
    model: Any, depth: int, *, rule: str | Rule = "regular", mixer_gap: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles for a model without any optimization, in the convention of this package.

    Args:
        model: the cost to minimize: a `dimod.BinaryQuadraticModel` (BINARY or SPIN), a
            `dimod.BinaryPolynomial`, an array of costs, shape (2**N,) or one axis per group of levels, or a
            `SubspaceQAOA`, which knows its axes and its mixer's gap.
        depth: number of layers p, at least 1.
        rule: "spin_glass", the optimum of the Sherrington-Kirkpatrick model at infinite size; "regular",
            fixed angles of regular graphs by the model's mean degree; "ramp", two straight lines; or a
            function of (depth, mean degree) that returns angles for a minimized cost of scale 1.
        mixer_gap: distance of the two largest eigenvalues of the mixer's Hamiltonian, which the betas are
            made for by a factor 2 / gap. The X mixer has 2; adjacency matrices over levels have: complete
            graph k (k levels), cycle 2 - 2 cos(2 pi / k), Johnson graph J(n, k) n; a projector (Grover) 1.
            None for that of the engine if one is given, else 2.

    Returns:
        (gammas, betas), each of shape (depth,), gammas of the rule divided by the model's `cost_scale`. For a
        constant objective, where gamma has no effect, the gammas stay as they are.

    Raises:
        CircuitError: the depth is no positive integer, an unknown rule, a gap that is not positive, or a
            model that cannot be used.

    Example:
        >>> import dimod
        >>> edge = dimod.BinaryQuadraticModel({}, {(0, 1): 1.0}, 0.0, "SPIN")
        >>> initial_angles(edge, 1, rule="spin_glass")
        (array([0.5]), array([-0.3927]))
        >>> gammas, betas = initial_angles(edge, 2, rule="ramp")
        >>> gammas.tolist(), betas.round(5).tolist()
        ([0.375, 0.75], [-0.5005, -0.25025])
    """
    if not (rule in _RULES if isinstance(rule, str) else callable(rule)):
        names = ", ".join(map(repr, _RULES))
        raise CircuitError(f"rule is {rule!r}; it must be one of {names}, or a function")
    if mixer_gap is None:
        mixer_gap = float(getattr(model, "mixer_gap", 2.0))
    mixer_gap = real_number("mixer_gap", mixer_gap, 0, above=True)
    depth = whole_number("depth", depth, 1)
    scale = cost_scale(model)
    gammas, betas = (_RULES[rule] if isinstance(rule, str) else rule)(depth, mean_degree(model))
    betas = betas * (2 / mixer_gap)
    return (gammas / scale if scale else gammas), betas
