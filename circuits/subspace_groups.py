"""Groups of bits with a fixed number of ones, and the space that they and the free bits span.

A one-hot group has exactly one of its bits set; a group of fixed Hamming weight w has w of m. Bits in no
group are free.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import comb, prod
from typing import Any

from .arguments import whole_number
from .errors import CircuitError, CircuitTooLargeError
from .product_space import Factor, ProductSpace, binary_space
from .weight_walks import weight_patterns

__all__ = ["MOST_AMPLITUDES", "FixedWeight", "GroupWires", "OneHot", "read_groups", "subspace"]

MOST_AMPLITUDES = 2**24
"""Largest dimension of a subspace."""
_MOST_BITS = 62


@dataclass(frozen=True)
class OneHot:
    """Exactly one of these variables is 1.

    Args:
        variables: labels; level k of the group is "the k-th of them is set".

    Example:
        >>> OneHot(("a", "b")).weight
        1
    """

    variables: tuple[Hashable, ...]

    @property
    def weight(self) -> int:
        """Number of ones."""
        return 1


@dataclass(frozen=True)
class FixedWeight:
    """Exactly ``weight`` of these variables are 1.

    Args:
        variables: labels, m of them.
        weight: from 0 to m.

    Example:
        >>> FixedWeight(("a", "b", "c"), 2).weight
        2
    """

    variables: tuple[Hashable, ...]
    weight: int


@dataclass(frozen=True)
class GroupWires:
    """A group in wires.

    Attributes:
        wires: its wires, in the order of its variables, m of them.
        weight: number of ones.
    """

    wires: tuple[int, ...]
    weight: int

    @property
    def levels(self) -> int:
        """Number of patterns, C(m, weight)."""
        return comb(len(self.wires), self.weight)

    @property
    def units(self) -> float:
        """How many one-hot groups it counts as in the scale of a cost, w (m - w) / (m - 1), m at least 2."""
        size = len(self.wires)
        return self.weight * (size - self.weight) / (size - 1)


def read_groups(variables: Sequence[Hashable], groups: Any) -> tuple[GroupWires, ...]:
    """Groups of variables as groups of wires.

    Args:
        variables: of the model; variable i is wire i.
        groups: None, or a sequence of `OneHot`, `FixedWeight`, or sequences of variables (one-hot).

    Returns:
        The groups in the order given.

    Raises:
        CircuitError: an unknown variable, a variable twice, an empty or too long group, an illegal weight, or
            something else than groups.

    Example:
        >>> read_groups(["a", "b", "c"], [("c", "a")])
        (GroupWires(wires=(2, 0), weight=1),)
    """
    if groups is None:
        return ()
    if isinstance(groups, (str, bytes, OneHot, FixedWeight)) or not isinstance(groups, Sequence):
        raise CircuitError(
            f"groups is {groups!r}; it must be a list of groups, each a tuple of variables, OneHot(variables)"
            " or FixedWeight(variables, weight)"
        )
    wires = {variable: wire for wire, variable in enumerate(variables)}
    owner: dict[Hashable, int] = {}
    return tuple(_read_group(group, number, wires, owner) for number, group in enumerate(groups))


def _read_group(
    group: Any, number: int, wires: dict[Hashable, int], owner: dict[Hashable, int]
) -> GroupWires:
    members = group.variables if isinstance(group, (OneHot, FixedWeight)) else group
    if isinstance(members, (str, bytes)) or not isinstance(members, Sequence):
        raise CircuitError(
            f"group {number} is {group!r}; it must be a tuple of variables, OneHot(variables) or "
            "FixedWeight(variables, weight)"
        )
    if not 1 <= len(members) <= _MOST_BITS:
        raise CircuitError(f"group {number} has {len(members)} variables; legal are 1 to {_MOST_BITS}")
    for variable in members:
        if not isinstance(variable, Hashable) or variable not in wires:
            raise CircuitError(f"group {number} names {variable!r}, which is no variable of the model")
        if variable in owner:
            where = "twice" if owner[variable] == number else f"and so does group {owner[variable]}"
            raise CircuitError(
                f"group {number} holds variable {variable!r} {where}; every variable is in at most one group,"
                " once"
            )
        owner[variable] = number
    weight = 1 if not isinstance(group, FixedWeight) else whole_number("weight", group.weight, 0)
    if weight > len(members):
        raise CircuitError(
            f"group {number} has weight {weight} and {len(members)} variables; legal are 0 to {len(members)}"
        )
    return GroupWires(tuple(wires[variable] for variable in members), weight)


def subspace(n_bits: int, groups: Sequence[GroupWires]) -> ProductSpace:
    """The space of all bit strings that have the right number of ones in every group.

    Args:
        n_bits: N.
        groups: disjoint.

    Returns:
        One factor per group, then the free bits in ascending order, several to a factor.

    Raises:
        CircuitTooLargeError: the dimension is above 2**24.

    Example:
        >>> subspace(4, [GroupWires((0, 1, 2), 1)]).shape
        (3, 2)
    """
    grouped = {wire for group in groups for wire in group.wires}
    free = [wire for wire in range(n_bits) if wire not in grouped]
    dimension = prod(group.levels for group in groups) << len(free)
    if dimension > MOST_AMPLITUDES:
        parts = [f"{group.levels}" for group in groups] + ([f"2**{len(free)}"] if free else [])
        shown = " x ".join(parts if len(parts) <= 12 else [*parts[:11], "..."])
        raise CircuitTooLargeError(
            f"the subspace has dimension {dimension:,} ({shown}); at most 2**24 = {MOST_AMPLITUDES:,} "
            "amplitudes are simulated. Use fewer groups or coarser levels, put free bits into groups, or "
            "solve the model with a classical method"
        )
    factors = [Factor(group.wires, weight_patterns(len(group.wires), group.weight)) for group in groups]
    if free:
        factors += [
            Factor(tuple(free[wire] for wire in factor.wires), factor.patterns)
            for factor in binary_space(len(free)).factors
        ]
    return ProductSpace(n_bits, tuple(factors))
