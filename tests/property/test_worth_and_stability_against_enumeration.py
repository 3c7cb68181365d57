"""What one more unit is worth, and plans under draws of the curves, against brute force."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.side_constraint import SideConstraint
from hybrid_opt.planning.stability import plan_stability
from hybrid_opt.planning.worth import Change, worth_of_changes

NUMBERS = st.integers(0, 2**32 - 1)


def random_question(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    lines = [
        Line(f"l{i}", np.arange(k) * int(rng.integers(1, 3)), rng.normal(size=k))
        for i, k in enumerate(rng.integers(1, 5, n))
    ]
    sides = [SideConstraint("pay", tuple(rng.integers(0, 4, n).tolist()), None, int(rng.integers(0, 9)))]
    pairs = [Synergy(0, 1, float(rng.normal()))] if n > 1 and rng.random() < 0.5 else []
    budget = int(rng.integers(0, 9))
    return LevelQuestion(lines, budget, "at_most", synergies=pairs, reference=1.0, sides=sides)


def best_of_all(question):
    choices = itertools.product(*(range(len(line.spends)) for line in question.lines))
    return max(question.value(choice) for choice in choices if question.feasible(choice))


@given(NUMBERS)
def test_the_worth_of_one_more_unit(seed):
    asked = random_question(seed)
    (side,) = asked.sides
    changes = [
        Change("budget", "budget", 1.0, replace(asked, budget=asked.budget + 1)),
        Change("pay", "resource", 1.0, replace(asked, sides=[replace(side, high=side.high + 1)])),
    ]
    table = worth_of_changes(asked, changes, lambda question: prove(question).value)
    base = best_of_all(asked)
    for gain, change in zip(table["gain"], changes):
        assert gain == pytest.approx(best_of_all(change.question) - base, abs=1e-7)


@given(NUMBERS)
def test_every_draw_is_solved_to_its_optimum(seed):
    asked = random_question(seed)
    rng = np.random.default_rng(seed)
    bands = [[np.abs(rng.normal(size=len(line.spends))) for line in asked.lines] for _ in range(2)]
    drawn = []

    def solve(question, **options):
        drawn.append(question)
        return prove(question, **options)

    plan = prove(asked).choice
    found = plan_stability(asked, plan, *bands, draws=4, solve=solve, seed=seed)
    assert found.best == pytest.approx([best_of_all(question) for question in drawn], abs=1e-7)
    assert found.kept == pytest.approx([question.value(plan) for question in drawn])
    for question in drawn:
        for old, new, low, high in zip(asked.lines, question.lines, *bands):
            # One number per line moves its whole curve, by so many of its bands.
            moved = new.values - old.values
            shares = moved / np.where(moved > 0, high, low)
            assert shares == pytest.approx(np.full(len(shares), shares[0]))
