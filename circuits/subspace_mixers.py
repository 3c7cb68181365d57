"""The mixers of a subspace by name, and what each does to the levels of one group.

- ``xy-exact``: exp(-i beta A), A the sum over pairs of a group's wires of (XX + YY) / 2. With the topology
  "complete", on a one-hot group of k levels, A = J - 1 (J all ones), so that the step is
  exp(i beta) (1 + J (exp(-i beta k) - 1) / k): the identity plus a rank-one term. On a group of fixed weight
  A is the Johnson graph. With "ring" the pairs are those of neighbors on a cycle.
- ``xy-trotter``: the product of exp(-i beta (XX + YY) / 2) over the same pairs, in the order of
  `level_graphs.gate_order`. It is what a circuit of two-qubit gates does, and not the same.
- ``grover``: exp(-i beta |s><s|), |s> the uniform superposition of the whole subspace. A. Baertschi,
  S. Eidenbenz, "Grover Mixers for QAOA", arXiv 2006.00354.

With the XY mixers every free bit has exp(-i beta X), which is the exact complete step on two levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .level_graphs import adjacency, gate_order, trotter_step
from .subspace_groups import GroupWires
from .weight_axis import WeightAxis

__all__ = ["AxisMixer", "MatrixAxis", "MixerChoice", "RankOneAxis", "axis_mixers", "read_mixer"]

MIXERS = ("xy-exact", "xy-trotter", "grover")
TOPOLOGIES = ("complete", "ring")
# A matrix of so many levels is applied inside the cache; larger graphs are sparse.
_MOST_MATRIX = 64


@dataclass(frozen=True)
class MixerChoice:
    """A mixer, with the topology of each group.

    Attributes:
        grover: whether one rank-one step acts on the whole space; the rest has then no meaning.
        exact: for each group, whether the step is exact or a product of pair gates.
        topologies: for each group "complete" or "ring".
        label: name for tables, such as ``xy-exact (complete)``.
    """

    grover: bool
    exact: tuple[bool, ...]
    topologies: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class RankOneAxis:
    """exp(-i beta (J - 1)) on an axis.

    Attributes:
        levels: K.
    """

    levels: int

    def coefficient(self, beta: float) -> complex:
        """The c of the step 1 + c J, its phase exp(i beta) left out."""
        return complex(np.expm1(-1j * beta * self.levels) / self.levels)


@dataclass(frozen=True, eq=False)
class MatrixAxis:
    """A mixer on a few levels by its matrix.

    Attributes:
        group: the group.
        topology: "complete" or "ring".
        exact: exponential of the sum, or product of exponentials.
    """

    group: GroupWires
    topology: str
    exact: bool

    @property
    def levels(self) -> int:
        """K."""
        return self.group.levels

    @cached_property
    def _spectrum(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.complex128]]:
        matrix = adjacency(self.group, gate_order(len(self.group.wires), self.topology))
        values, vectors = np.linalg.eigh(matrix)
        return values, vectors, matrix.astype(np.complex128)

    def matrices(self, beta: float) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """The step U and its generator i (dU / d beta) U^dagger, shapes (K, K)."""
        if not self.exact:
            return trotter_step(self.group, gate_order(len(self.group.wires), self.topology), beta)
        values, vectors, generator = self._spectrum
        return (vectors * np.exp(-1j * beta * values)) @ vectors.T, generator


AxisMixer: TypeAlias = RankOneAxis | MatrixAxis | WeightAxis


def read_mixer(mixer: Any, topology: Any, n_groups: int) -> MixerChoice:
    """Check the name of a mixer and the topology.

    Args:
        mixer: "xy-exact", "xy-trotter" or "grover", or one of the first two for each group.
        topology: "complete" or "ring", or one of them for each group.
        n_groups: number of groups.

    Returns:
        The choice.

    Raises:
        CircuitError: an unknown name, or another number of names than of groups.

    Example:
        >>> read_mixer("xy-exact", "ring", 2).label
        'xy-exact (ring)'
    """
    names = _per_group("mixer", mixer, MIXERS, n_groups)
    topologies = _per_group("topology", topology, TOPOLOGIES, n_groups)
    if mixer == "grover":
        return MixerChoice(True, (), (), "grover")
    if "grover" in names:
        raise CircuitError(
            'the mixer "grover" acts on all groups at once and cannot be named for some of them'
        )
    kinds = dict.fromkeys(f"{name} ({shape})" for name, shape in zip(names, topologies))
    label = ", ".join(kinds) if names else str(mixer) if isinstance(mixer, str) else "xy-exact"
    return MixerChoice(False, tuple(name == "xy-exact" for name in names), topologies, label)


def _per_group(what: str, given: Any, legal: Sequence[str], n_groups: int) -> tuple[str, ...]:
    listed = not isinstance(given, str) and isinstance(given, Sequence)
    if isinstance(given, Mapping) or not (isinstance(given, str) or listed):
        raise CircuitError(
            f"{what} is {given!r}; it must be one of {', '.join(legal)}, or a list of them per group"
        )
    if listed and len(given) != n_groups:
        raise CircuitError(f"{len(given)} names are given as {what} and there are {n_groups} groups")
    names = tuple(given) if listed else (given,) * n_groups
    for name in names if listed else (given,):
        if name not in legal:
            raise CircuitError(f"{what} is {name!r}; it must be one of {', '.join(legal)}")
    return names


def axis_mixers(
    groups: Sequence[GroupWires], n_free: int, choice: MixerChoice, threads: int | None = None
) -> list[AxisMixer]:
    """What acts on each axis of the state: one per group, then one of two levels per free bit.

    Args:
        groups: the groups.
        n_free: number of free bits.
        choice: an XY mixer.
        threads: most threads; None or 0 for all.

    Returns:
        The mixers; axes of a single level have the trivial rank-one one.

    Example:
        >>> kinds = axis_mixers([GroupWires((0, 1, 2), 1)], 1, read_mixer("xy-exact", "complete", 1))
        >>> kinds
        [RankOneAxis(levels=3), RankOneAxis(levels=2)]
    """
    axes: list[AxisMixer] = []
    for group, exact, topology in zip(groups, choice.exact, choice.topologies):
        ends = group.weight in (1, len(group.wires) - 1)
        if group.levels <= 2 or (exact and ends and (topology == "complete" or group.levels == 3)):
            axes.append(RankOneAxis(group.levels))
        elif group.levels <= _MOST_MATRIX:
            axes.append(MatrixAxis(group, topology, exact))
        else:
            axes.append(WeightAxis(group, topology, exact, threads))
    return axes + [RankOneAxis(2)] * n_free
