import itertools

import numpy as np
import pytest

from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.selection_model import selection_cqm
from hybrid_opt.planning.side_constraint import SideConstraint


@pytest.mark.parametrize("spend", ["exactly", "at_most"])
@pytest.mark.parametrize("held", [None, 0, 1])
def test_model_and_question_agree_on_every_selection(spend, held):
    lines = [
        Line(name, [0, 1], [0.0, value], group)
        for name, value, group in zip("abc", (5, 3, 4), ("g", "g", None))
    ]
    if held is not None:
        lines[2] = Line("c", [held], [4.0 * held])
    question = LevelQuestion(
        lines,
        2,
        spend,
        caps={"g": 1},
        synergies=[Synergy(0, 2, -2.0)],
        reference=1.0,
        sides=[SideConstraint("money", (2, 1, 3), 1, 4), SideConstraint("loose", (1, 1, 1), None, 9)],
    )
    cqm = selection_cqm(question)
    assert not any("loose" in label for label in cqm.constraints)
    low = np.array([line.spends[0] for line in lines])
    for units in itertools.product((0, 1), repeat=3):
        sample = dict(zip("abc", units))
        levels = np.array(units) - low
        inside = all(0 <= level < len(line.spends) for level, line in zip(levels, lines))
        keeps = inside and question.feasible(levels)
        assert cqm.check_feasible(sample) == keeps
        if inside:
            assert cqm.objective.energy(sample) == pytest.approx(-question.value(levels))
