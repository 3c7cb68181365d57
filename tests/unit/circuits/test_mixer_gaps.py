"""Gaps of mixers against the spectra of their graphs."""

import numpy as np
import pytest

from hybrid_opt.circuits.level_graphs import adjacency, gate_order
from hybrid_opt.circuits.mixer_gaps import mixer_gap
from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.subspace_mixers import read_mixer


def spectral_gap(group, topology):
    values = np.linalg.eigvalsh(adjacency(group, gate_order(len(group.wires), topology)))
    different = np.unique(values.round(9))
    return different[-1] - different[-2]


@pytest.mark.parametrize(
    ("size", "weight", "topology"),
    [(2, 1, "complete"), (3, 1, "complete"), (5, 1, "complete"), (5, 2, "complete"), (6, 3, "complete"),
     (2, 1, "ring"), (3, 1, "ring"), (4, 1, "ring"), (7, 1, "ring")],
)  # fmt: skip
def test_one_group(size, weight, topology):
    group = GroupWires(tuple(range(size)), weight)
    found = mixer_gap([group], 0, read_mixer("xy-exact", topology, 1))
    assert found == pytest.approx(spectral_gap(group, topology))


def test_several():
    groups = [GroupWires((0, 1, 2), 1), GroupWires((3,), 1), GroupWires((4, 5), 2)]
    choice = read_mixer("xy-exact", "complete", 3)
    assert mixer_gap(groups, 0, choice) == 3.0
    assert mixer_gap(groups, 3, choice) == pytest.approx(9 / 4)
    assert mixer_gap(groups[1:], 0, read_mixer("xy-exact", "complete", 2)) == 2.0
    assert mixer_gap(groups, 3, read_mixer("grover", "complete", 3)) == 1.0
