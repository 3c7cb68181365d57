import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.planning.level_models import to_choice, to_cqm, to_level_model, to_sample
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy


@pytest.fixture
def question():
    lines = [
        Line("tv", [0, 2, 3], [0.0, 5.0, 6.5], "brand"),
        Line("search", [1, 2, 4], [1.0, 3.0, 4.0]),
        Line("radio", [0, 1], [0.0, 2.5], "brand"),
    ]
    return LevelQuestion(lines, 5, "at_most", {"brand": 3}, [Synergy(0, 1, 0.7)], unit=10.0)


def test_level_model_agrees_with_the_question_on_every_plan(question):
    model = to_level_model(question)
    problem = model.to_problem()
    for choice in itertools.product(*(range(len(line.spends)) for line in question.lines)):
        states = np.array([choice])
        assert -problem.objective(states)[0] == pytest.approx(question.value(choice))
        assert problem.feasible(states)[0] == question.feasible(choice)
    assert model.constraints == ["budget", "cap of brand"]


def test_cqm_agrees_with_the_question_on_every_plan(question):
    cqm = to_cqm(question)
    for choice in itertools.product(*(range(len(line.spends)) for line in question.lines)):
        sample = {
            (line.label, int(spend)): int(k == level)
            for line, level in zip(question.lines, choice)
            for k, spend in enumerate(line.spends)
        }
        assert -cqm.objective.energy(sample) == pytest.approx(question.value(choice))
        assert cqm.check_feasible(sample) == question.feasible(choice)


def test_cqm_refuses_two_levels_of_one_line(question):
    cqm = to_cqm(question)
    sample = dict.fromkeys(cqm.variables, 0) | {("tv", 0): 1, ("tv", 2): 1, ("search", 1): 1, ("radio", 0): 1}
    assert not cqm.check_feasible(sample)
    assert isinstance(cqm, dimod.ConstrainedQuadraticModel)


def test_sample_and_choice_are_inverse(question):
    choice = np.array([2, 0, 1])
    assert to_choice(question, to_sample(question, choice)).tolist() == choice.tolist()
