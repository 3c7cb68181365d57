"""Plans of passes: every axis once, panels that fit, lanes that are filled."""

from math import prod

import numpy as np
import pytest

from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.subspace_mixers import MatrixAxis, RankOneAxis
from hybrid_opt.circuits.subspace_passes import encode_axes, plan_passes


@pytest.mark.parametrize("levels", [(5,) * 10, (2,) * 24, (4, 7, 3), (9000, 2), (1, 1), (3, 5000)], ids=str)
def test_every_axis_is_treated_once(levels):
    passes = plan_passes(levels, [False] * len(levels), prod(levels))
    assert sorted(axis for step in passes for axis in step.members) == list(range(len(levels)))
    for step in passes:
        rows, row_distance, _, lanes, _ = step.geometry
        assert rows == prod(levels[axis] for axis in step.members)
        assert rows <= 4096 or len([axis for axis in step.members if levels[axis] > 1]) == 1
        assert row_distance == prod(levels[step.members[-1] + 1 :])
        assert 8 * step.n_panels >= prod(levels) // rows >= step.n_panels
        assert lanes >= 1


def test_large_graphs_have_a_pass_alone_and_never_the_first():
    passes = plan_passes([2, 126, 2, 126], [False, True, False, True], 4 * 126**2)
    assert [step.members for step in passes] == [(), (3,), (2,), (1,), (0,)]
    assert passes[0].geometry[0] == 1


def test_no_axes():
    (step,) = plan_passes([], [], 100)
    assert (step.members, step.geometry, step.n_panels) == ((), (1, 1, 1, 100, 0), 13)


def test_encoded_numbers():
    (step,) = plan_passes([2, 3], [False, False], 6)
    mixers = [RankOneAxis(2), MatrixAxis(GroupWires((0, 1, 2), 1), "complete", False)]
    turn, generator = mixers[1].matrices(0.3)
    for undo, matrix, sign in ((False, turn, 1), (True, turn.conj().T, -1)):
        axes, numbers = encode_axes(step, mixers, 0.3, undo=undo)
        assert axes.tolist() == [[2, 3, 0, 0], [3, 1, 2, 1]]
        entries = numbers.view(np.complex128)
        assert entries[0] == mixers[0].coefficient(sign * 0.3)
        np.testing.assert_array_equal(entries[1:10].reshape(3, 3), matrix)
        np.testing.assert_array_equal(entries[10:].reshape(3, 3), generator)
