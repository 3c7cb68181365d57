import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import coverage_program
from hybrid_opt.marketing.coverage_program import cover_most
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint

LINES = [Line(name, [0, 1], [0.0, 0.0]) for name in "abc"]
PATTERNS = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]])
WEIGHTS = np.array([4.0, 1.0, 3.0])


def test_one_and_two_segments():
    assert cover_most(LevelQuestion(LINES, 1), PATTERNS, WEIGHTS)[1] == pytest.approx(5.0)
    units, bound = cover_most(LevelQuestion(LINES, 2), PATTERNS, WEIGHTS)
    assert bound == pytest.approx(8.0)
    assert units[2] == 1


def test_limits_that_clash_are_named():
    side = SideConstraint("money", (1, 1, 1), None, 1)
    with pytest.raises(PlanError, match="no selection keeps all limits together \\(money\\)"):
        cover_most(LevelQuestion(LINES, 2, sides=[side]), PATTERNS, WEIGHTS)


def test_weights_of_any_size_are_proven():
    for scale in (1e-9, 1e12):
        units, bound = cover_most(LevelQuestion(LINES, 2), PATTERNS, scale * WEIGHTS)
        assert bound == pytest.approx(8.0 * scale)
        assert units.sum() == 2


@pytest.mark.parametrize(("status", "words"), [(1, "in 5 s; allow"), (4, "would not help .Solve error")])
def test_why_nothing_was_found(monkeypatch, status, words):
    failed = OptimizeResult(status=status, message="Solve error", x=None)
    monkeypatch.setattr(coverage_program, "milp", lambda *given, **options: failed)
    with pytest.raises(PlanError, match=words):
        cover_most(LevelQuestion(LINES, 2), PATTERNS, WEIGHTS, time_limit=5.0)
