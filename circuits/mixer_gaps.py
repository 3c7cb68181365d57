"""How fast a mixer of a subspace turns: the number that the betas of angle rules are rescaled by.

Angle rules are made for the X mixer, whose two largest eigenvalues are 2 apart on every qubit. A mixer whose
levels are gap apart needs betas smaller by 2 / gap for the same turn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .subspace_groups import GroupWires
from .subspace_mixers import MixerChoice

__all__ = ["mixer_gap"]


def mixer_gap(groups: Sequence[GroupWires], n_free: int, choice: MixerChoice) -> float:
    """Distance of the two largest eigenvalues of a mixer, averaged over what it acts on.

    Args:
        groups: the groups.
        n_free: number of free bits.
        choice: the mixer.

    Returns:
        Mean over groups of more than one level and free bits: of k for one of k bits and of m for several of
        m (complete topology: the complete graph and the Johnson graph), of 2 - 2 cos(2 pi / m) for a ring
        (exact on one-hot groups, and taken for others), of 2 for a free bit; 1 for the Grover mixer. 2 if
        nothing can move.

    Example:
        >>> from .subspace_mixers import read_mixer
        >>> groups = [GroupWires((0, 1, 2, 3), 1), GroupWires((4, 5), 1)]
        >>> mixer_gap(groups, 1, read_mixer("xy-exact", "complete", 2))
        2.6666666666666665
    """
    if choice.grover:
        return 1.0
    gaps = [2.0] * n_free
    for group, topology in zip(groups, choice.topologies):
        size = len(group.wires)
        if group.levels > 1:
            # Two bits have one pair, not the two edges of a cycle.
            ring = topology == "ring" and size > 2
            gaps.append(2 - 2 * np.cos(2 * np.pi / size) if ring else float(size))
    return float(np.mean(gaps)) if gaps else 2.0
