"""Tables keep their convention and are converted by one function."""

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.published_angles import AngleTable, unit_schedule
from hybrid_opt.circuits.regular_graph_table import DEEP_CUBIC, GUARANTEES, REGULAR
from hybrid_opt.circuits.spin_glass_table import SHERRINGTON_KIRKPATRICK
from hybrid_opt.circuits.tree_graph_table import TREE, TREE_SHARES

TABLES = [SHERRINGTON_KIRKPATRICK, DEEP_CUBIC, *REGULAR.values(), *TREE.values()]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.source}, {table.scale:.3f}")
def test_every_schedule_has_one_angle_of_each_kind_per_layer(table):
    for depth, (gammas, betas) in table.schedules.items():
        assert len(gammas) == len(betas) == depth
        unit_gammas, unit_betas = unit_schedule(table, depth)
        assert (unit_gammas > 0).all()
        assert (unit_betas < 0).all()


def test_three_conventions_are_one_angle():
    for scale, gamma in [(np.sqrt(3) / 2, 0.6155), (np.sqrt(3), 0.3077), (np.sqrt(3) / 4, 1.2311)]:
        table = AngleTable("", "maximize", scale, {1: ((gamma,), (np.pi / 8,))})
        gammas, betas = unit_schedule(table, 1)
        assert gammas[0] == pytest.approx(np.sqrt(3) / 2 * np.arctan(1 / np.sqrt(2)), abs=2e-4)
        assert betas[0] == pytest.approx(-np.pi / 8)


def test_the_two_cubic_tables_fit_together():
    last, first = unit_schedule(REGULAR[3], 11), unit_schedule(DEEP_CUBIC, 12)
    for known, deeper in zip(last, first):
        assert abs(known[0] - deeper[0]) < 0.02
        assert abs(known[-1] - deeper[-1]) < 0.02


def test_guarantees_grow_with_depth():
    for degree, shares in GUARANTEES.items():
        together = shares | TREE_SHARES.get(degree, {})
        assert list(together) == sorted(together)
        assert (np.diff(list(together.values())) > 0).all()
    assert GUARANTEES[3][1] == pytest.approx(0.5 + 1 / (3 * np.sqrt(3)), abs=1e-4)


def test_a_table_for_minimizing_keeps_its_signs():
    table = AngleTable("", "minimize", 1.0, {1: ((0.3,), (-0.2,))})
    assert [row.tolist() for row in unit_schedule(table, 1)] == [[0.3], [-0.2]]


@pytest.mark.parametrize("depth", [0, 1.5, None])
def test_bad_depth(depth):
    with pytest.raises(CircuitError, match="depth"):
        unit_schedule(SHERRINGTON_KIRKPATRICK, depth)
