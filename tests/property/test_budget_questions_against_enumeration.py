"""The least spend for a target and the floor on the return, on any small question, against all plans."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.errors import InfeasiblePlanError
from hybrid_opt.marketing.least_spend import least_units
from hybrid_opt.marketing.return_floor import prove_with_floor
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.proven_answer import prove

NUMBERS = st.integers(0, 2**32 - 1)


def random_question(seed):
    """S-shaped, falling and negative values, gaps between levels, caps, pairs."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    lines = []
    for i in range(n):
        steps = rng.integers(1, 4, int(rng.integers(1, 5)))
        spends = np.cumsum(steps) - (steps[0] if rng.random() < 0.7 else 0)
        group = "g" if rng.random() < 0.5 else None
        lines.append(Line(f"l{i}", spends, np.round(3 * rng.normal(size=len(spends)) + spends, 2), group))
    caps = {"g": int(rng.integers(3, 12))} if any(line.group for line in lines) else {}
    pairs = [Synergy(0, 1, float(rng.normal()))] if n > 1 and rng.random() < 0.5 else []
    return LevelQuestion(
        lines, int(rng.integers(3, 15)), "at_most", caps=caps, synergies=pairs, unit=2.0, reference=9.0
    )


def plans_of(question):
    """Total units and value of every plan that keeps the caps."""
    found = []
    for choice in itertools.product(*(range(len(line.spends)) for line in question.lines)):
        spends = question.spends(choice)
        if all(spends[question.members(g)].sum() <= cap for g, cap in question.caps.items()):
            found.append((int(spends.sum()), question.value(choice)))
    return found


@given(NUMBERS, st.floats(-2, 12))
def test_the_least_spend(seed, target):
    asked = random_question(seed)
    found = plans_of(asked)
    if not found:
        return
    totals = [total for total, value in found if value >= target]
    if any(abs(value - target) < 1e-6 for _, value in found):
        return
    if not totals:
        with pytest.raises(InfeasiblePlanError, match="the largest response is"):
            least_units(asked, target, prove, separable=not asked.synergies)
        return
    for separable in {not asked.synergies, False}:
        least, below = least_units(asked, target, prove, separable=separable)
        assert least == min(totals)
        smaller = [value for total, value in found if total < least]
        assert (below is None) == (not smaller)
        assert below is None or below == pytest.approx(max(smaller))


@given(NUMBERS, st.floats(0.05, 4))
def test_the_floor(seed, floor):
    asked = random_question(seed)
    rest = float(np.random.default_rng(seed).integers(0, 3))
    within = [(t, v) for t, v in plans_of(asked) if t <= asked.budget]
    if not within or any(abs(v - floor * (2 * t + rest)) < 1e-6 for t, v in within):
        return
    kept = [value for total, value in within if value >= floor * (2 * total + rest)]
    if not kept:
        with pytest.raises(InfeasiblePlanError):
            prove_with_floor(asked, floor, rest, prove)
        return
    answer = prove_with_floor(asked, floor, rest, prove)
    assert answer.value == pytest.approx(max(kept))
    assert answer.proven
