"""Energies at rows of angles."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import DiagonalQAOA
from hybrid_opt.distributed import AngleEnergies
from hybrid_opt.errors import OptionError

ENGINE = DiagonalQAOA([0.0, 1.0, 3.0, 2.0])
ANGLES = np.random.default_rng(0).uniform(0, 1, (5, 6))


class Slow:
    """An engine that knows single values only."""

    def value(self, gammas, betas):
        return ENGINE.value(gammas, betas)


@pytest.mark.parametrize("engine", [ENGINE, Slow()])
def test_first_half_costs_second_half_mixers(engine):
    expected = [ENGINE.value(row[:3], row[3:]) for row in ANGLES]
    assert AngleEnergies(engine)(ANGLES) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("rows", [ANGLES[:, :5], ANGLES[0]])
def test_wrong_shapes_are_refused(rows):
    with pytest.raises(OptionError, match=r"it must be \(B, 2 p\)"):
        AngleEnergies(ENGINE)(rows)


def test_what_is_no_engine_is_refused():
    with pytest.raises(OptionError, match="engine is 3; give a QAOA engine"):
        AngleEnergies(3)
