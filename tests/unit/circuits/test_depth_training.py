"""Climbing the depths with interpolated angles."""

from itertools import pairwise

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.angle_interpolation import interpolate_angles
from hybrid_opt.circuits.angle_tables import initial_angles
from hybrid_opt.circuits.depth_training import train_depths
from hybrid_opt.circuits.errors import CircuitError


@pytest.fixture
def model():
    rng = np.random.default_rng(4)
    pairs = {(i, j): rng.normal() for i in range(8) for j in range(i) if rng.random() < 0.5}
    return dimod.BinaryQuadraticModel(dict.fromkeys(range(8), 0.3), pairs, 0.0, "SPIN")


def test_every_depth_is_better_than_the_one_before(small_qaoa, model):
    engine = small_qaoa(model)
    records = train_depths(engine, *initial_angles(model, 1), 5, max_evaluations=400)
    assert [record.depth for record in records] == [1, 2, 3, 4, 5]
    values = [record.value for record in records]
    assert (np.diff(values) < 0).all()
    for before, record in pairwise(records):
        start = interpolate_angles(before.gammas, before.betas, record.depth)
        assert record.start_value == pytest.approx(engine.value(*start))
    # Better than the same depth from the table alone.
    assert values[-1] < engine.value(*initial_angles(model, 5))


def test_options_reach_every_depth(small_qaoa, model):
    records = train_depths(
        small_qaoa(model), *initial_angles(model, 1), 3, shots=20, max_evaluations=25, seed=3
    )
    assert all(0 < record.shots <= 500 for record in records)
    again = train_depths(
        small_qaoa(model), *initial_angles(model, 1), 3, shots=20, max_evaluations=25, seed=3
    )
    assert [record.history for record in records] == [record.history for record in again]


def test_a_callback_ends_the_climb(small_qaoa, model):
    records = train_depths(
        small_qaoa(model), *initial_angles(model, 1), 4, callback=lambda record: record.depth == 2
    )
    assert [record.stopped for record in records] == ["converged", "callback"]


def test_no_way_down(small_qaoa, model):
    with pytest.raises(CircuitError, match="3 layers already"):
        train_depths(small_qaoa(model), *initial_angles(model, 3), 2)
